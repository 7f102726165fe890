"""Pictures of findings: each enlarged beside the same place of the golden, and a model's scores over the unit."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.colour_pictures import Mark, draw_scale, scale_colours, titled_sheet
from station.report.pictures import COLOURS, GREY, INK, RGB, WHITE, Canvas, Colour, fit_text, font, gravity, jpeg
from station.values.documents import FindingDocument, SetAsideDocument, Verdict
from station.values.geometry import Frame

MOST = 24
"""Findings that one picture shows, the gravest first."""

_SIDE = 260  # px of a crop
_TEXT = 300  # px beside it
_GAP, _PAD, _HEAD = 16, 10, 62
_COLUMNS = 2
_REACH, _LEAST_MM = 3.2, 1.6  # width of a crop: times the finding's extent, and at least
_MARK_MM = 0.10  # between a finding and the corners that mark it
_BARS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SHOWN = 0.05  # score from which the heat map covers the unit
_OVERSAMPLE = 2
_NAMES = ("golden", "unit")
_LETTERS, _LETTERS_PRINTED = 17, 32  # px of the words on a crop; printed, a crop is 2 cm wide


def findings_picture(
    golden: RGB, unit: RGB, frame: Frame, findings: Sequence[FindingDocument], *, title: str, notes: Sequence[str] = ()
) -> RGB:
    """Every finding in the unit beside the same place of the golden, at one scale, (H, W, 3) uint8.

    golden, unit : (h, w, 3) sRGB in ``frame``, of one tone. findings : of the unit in the order of their numbers; shown
    are those that count against it first, at most ``MOST``. notes : lines at the foot.
    """
    order = sorted(range(len(findings)), key=lambda i: _rank(findings[i]))
    shown = order[:MOST]
    notes = [*([f"{len(order) - len(shown)} more findings are not shown."] if len(order) > MOST else []), *notes]
    if not shown:
        notes = ["Nothing was found.", *notes]
    width = 2 * _SIDE + _TEXT + 3 * _PAD
    columns = min(_COLUMNS, max(len(shown), 1))
    rows = -(-len(shown) // columns)
    cell = _SIDE + _GAP
    foot = _HEAD + rows * cell
    sheet, draw = titled_sheet(columns * (width + _GAP) + 20, foot + 24 * len(notes) + _GAP, title)
    for k, i in enumerate(shown):
        x, y = 20 + (k % columns) * (width + _GAP), _HEAD + (k // columns) * cell
        _draw_row(sheet, (x, y), golden, unit, frame, i + 1, findings[i])
    for k, note in enumerate(notes):
        text = fit_text(draw, note, sheet.width - 40, 16)
        draw.text((20, foot + 6 + 24 * k), text, font=font(16), fill=INK)
    return np.asarray(sheet)


def heat_picture(
    unit: RGB,
    frame: Frame,
    scores: NDArray[np.float32],
    findings: Sequence[FindingDocument],
    *,
    title: str,
    threshold: float,
    notes: Sequence[str] = (),
    width_px: int = 900,
) -> RGB:
    """A model's scores over the unit, (H, W, 3) uint8.

    unit : (h, w, 3) sRGB in ``frame``; grey and pale where nothing is scored. scores : (h, w) 0-1, of all kinds
    together. findings : in the order of their numbers. threshold : score from which a pixel belongs to a finding.
    """
    # paler than the middle of the scale, which is a mid-grey
    grey = 0.32 * (unit @ np.array([0.30, 0.59, 0.11])) + 168
    cover = np.clip((scores - _SHOWN) / 0.15, 0, 1)[..., None]
    body = grey[..., None] * (1 - cover) + scale_colours(scores, 1.0) * cover
    canvas = Canvas(np.clip(np.rint(body), 0, 255).astype(np.uint8), frame, width_px)
    across = frame.width * frame.pitch_mm
    taken: list[NDArray[np.float64]] = []
    for number, f in enumerate(findings, 1):
        low, high = _box(f)
        radius = max(0.5 * float(np.hypot(*(high - low))), 0.012 * across)
        centre = (low + high) / 2
        canvas.ring((float(centre[0]), float(centre[1])), radius, _colour(f), 1.8)
        reach = radius + 0.02 * across
        corners = [centre + reach * np.array(way) for way in ((0.8, -0.8), (-0.8, -0.8), (0.8, 0.8), (-0.8, 0.8))]
        # the first corner whose number does not cover another finding's, else the freest one
        room = [min((float(np.hypot(*(c - t))) for t in taken), default=across) for c in corners]
        best = next((i for i, r in enumerate(room) if r > 0.035 * across), int(np.argmax(room)))
        taken.append(corners[best])
        canvas.balloon((float(corners[best][0]), float(corners[best][1])), str(number), _colour(f))
    drawn = canvas.finish()
    sheet, draw = titled_sheet(width_px + 240, drawn.height + 90 + 24 * len(notes), title)
    sheet.paste(drawn, (20, 60))
    marks = [Mark(threshold, "a finding")]
    draw_scale(draw, (width_px + 50, 95), drawn.height - 70, 1.0, marks, name="score", most=True)
    for k, note in enumerate(notes):
        draw.text((20, drawn.height + 72 + 24 * k), fit_text(draw, note, width_px + 200, 16), font=font(16), fill=INK)
    return np.asarray(sheet)


def _rank(f: FindingDocument) -> tuple[bool, int, float, float, float]:
    """What counts against the unit first, then what was set aside, the largest first."""
    return (isinstance(f, SetAsideDocument), -gravity(f.verdict), -f.area_mm2, f.x_mm, f.y_mm)


def _colour(f: FindingDocument) -> Colour:
    return GREY if isinstance(f, SetAsideDocument) else COLOURS[f.verdict]


def _box(f: FindingDocument) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(2,) and (2,) corners of a finding in mm: of its outline, or round its place where nobody drew one."""
    if len(f.polygon_mm) >= 3:
        outline = np.asarray(f.polygon_mm)
        return outline.min(axis=0), outline.max(axis=0)
    centre, half = np.array([f.x_mm, f.y_mm]), max(f.size_mm, f.length_mm) / 2
    return centre - half, centre + half


def crop_pair(
    golden: RGB,
    unit: RGB,
    frame: Frame,
    f: FindingDocument,
    *,
    letters_px: int = _LETTERS,
    names: tuple[str, str] = _NAMES,
) -> tuple[Image.Image, Image.Image]:
    """A finding's place on the golden and on the unit, marked, at one scale: squares of some 260 px.

    golden, unit : (h, w, 3) sRGB in ``frame``. letters_px : size of the words on them. names : what the two are called
    on them, "" for nothing.
    """
    low, high = _box(f)
    side_mm = max(_LEAST_MM, _REACH * float((high - low).max()))
    centre = (low + high) / 2
    made: list[Image.Image] = []
    for raster, colour, name in ((golden, WHITE, names[0]), (unit, _colour(f), names[1])):
        crop = _crop(raster, frame, centre, side_mm)
        _mark(crop, (low - centre) / side_mm, (high - centre) / side_mm, colour, _MARK_MM / side_mm)
        if name:
            _say(crop, 10 * _OVERSAMPLE, 1.4 * letters_px * _OVERSAMPLE, name, letters_px)
        if not made:
            _bar(crop, side_mm, letters_px)
        made.append(crop.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS))
    return made[0], made[1]


def pair_jpeg(
    golden: bytes, unit: bytes, frame: Frame, f: FindingDocument, *, names: tuple[str, str] = _NAMES
) -> bytes:
    """JPEG bytes of :func:`crop_pair` side by side. golden, unit : JPEG bytes of the rasters in ``frame``."""
    rasters = [_raster(data) for data in (golden, unit)]
    pair = Image.new("RGB", (2 * _SIDE + _PAD, _SIDE), WHITE)
    for k, crop in enumerate(crop_pair(rasters[0], rasters[1], frame, f, letters_px=_LETTERS_PRINTED, names=names)):
        pair.paste(crop, (k * (_SIDE + _PAD), 0))
    return jpeg(np.asarray(pair))


def numbered_jpeg(
    picture: bytes, frame: Frame, findings: Sequence[tuple[int, FindingDocument]], *, width_px: int = 900
) -> bytes:
    """JPEG of a raster in ``frame`` with a ring and a number at each finding. picture : JPEG bytes."""
    canvas = Canvas(_raster(picture), frame, width_px)
    across = frame.width * frame.pitch_mm
    for number, f in findings:
        low, high = _box(f)
        centre, radius = (low + high) / 2, max(0.5 * float(np.hypot(*(high - low))), 0.012 * across)
        canvas.ring((float(centre[0]), float(centre[1])), radius, _colour(f), 1.8)
        reach = centre + (radius + 0.02 * across) * np.array((0.75, -0.75))
        canvas.balloon((float(reach[0]), float(reach[1])), str(number), _colour(f))
    return jpeg(np.asarray(canvas.finish()))


def _raster(data: bytes) -> RGB:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _draw_row(
    sheet: Image.Image,
    at: tuple[int, int],
    golden: RGB,
    unit: RGB,
    frame: Frame,
    number: int,
    f: FindingDocument,
) -> None:
    x, y = at
    for k, crop in enumerate(crop_pair(golden, unit, frame, f)):
        sheet.paste(crop, (x + k * (_SIDE + _PAD), y))
    _words(ImageDraw.Draw(sheet), (x + 2 * (_SIDE + _PAD), y), number, f)


def _crop(raster: RGB, frame: Frame, centre_mm: NDArray[np.float64], side_mm: float) -> Image.Image:
    """A square of ``side_mm`` round a place, mid-grey beyond the raster, oversampled."""
    half = side_mm / frame.pitch_mm / 2
    x, y = frame.to_px(centre_mm) + 0.5
    size = _SIDE * _OVERSAMPLE
    box = (x - half, y - half, x + half, y + half)
    made = Image.fromarray(raster).transform(
        (size, size),
        Image.Transform.EXTENT,
        box,
        Image.Resampling.BICUBIC,
        fillcolor=GREY,
    )
    return made.convert("RGB")


def _mark(
    crop: Image.Image, low: NDArray[np.float64], high: NDArray[np.float64], colour: Colour, margin: float
) -> None:
    """Corners round a finding, which hide nothing of it. low, high, margin : as shares of the crop, from its middle."""
    draw, size = ImageDraw.Draw(crop), crop.width
    left, top, right, bottom = (float(v) * size for v in (*(low - margin + 0.5), *(high + margin + 0.5)))
    arm = min(0.3 * min(right - left, bottom - top), 0.08 * size)
    for width, fill in ((5 * _OVERSAMPLE, INK), (4 * _OVERSAMPLE, WHITE), (2 * _OVERSAMPLE, colour)):
        for cx, dx in ((left, arm), (right, -arm)):
            for cy, dy in ((top, arm), (bottom, -arm)):
                draw.line([(cx + dx, cy), (cx, cy), (cx, cy + dy)], fill=fill, width=width, joint="curve")


def _bar(crop: Image.Image, side_mm: float, letters_px: int) -> None:
    """A bar of a round length in millimetres, in the lower left corner."""
    draw, size = ImageDraw.Draw(crop), crop.width
    length = max(b for b in _BARS if b <= 0.4 * side_mm)
    pad, thick = 10 * _OVERSAMPLE, 5 * _OVERSAMPLE
    end, base = pad + length / side_mm * size, size - pad
    edge = _OVERSAMPLE
    draw.rectangle((pad - edge, base - thick - edge, end + edge, base + edge), fill=INK)
    draw.rectangle((pad, base - thick, end, base), fill=WHITE)
    _say(crop, pad, base - thick - 4 * _OVERSAMPLE, f"{length:g} mm", letters_px)


def _say(crop: Image.Image, x: float, y: float, text: str, letters_px: int) -> None:
    """White letters with a dark edge, readable on any enamel; x, y : left end of their base line."""
    face = font(letters_px * _OVERSAMPLE)
    ImageDraw.Draw(crop).text(
        (x, y), text, font=face, fill=WHITE, anchor="ls", stroke_width=2 * _OVERSAMPLE, stroke_fill=INK
    )


def _words(draw: ImageDraw.ImageDraw, at: tuple[int, int], number: int, f: FindingDocument) -> None:
    """What is known of a finding, in lines; its verdict on a plate of its colour."""
    x, y = at
    extent = f.length_mm if f.kind == "scratch" else f.size_mm
    draw.text((x, y), fit_text(draw, f"{number}  {f.kind}", _TEXT, 22), font=font(22), fill=INK)
    aside = isinstance(f, SetAsideDocument)
    verdict = "set aside" if aside else f.verdict.value
    ink = INK if not aside and f.verdict is Verdict.UNDECIDED else WHITE
    wide = draw.textlength(verdict, font=font(16))
    draw.rounded_rectangle((x, y + 32, x + wide + 16, y + 56), radius=4, fill=_colour(f))
    draw.text((x + 8, y + 35), verdict, font=font(16), fill=ink)
    limit = "no limit in the sheet" if f.limit_mm is None else f"limit {f.limit_mm:g} mm"
    what = "long" if f.kind == "scratch" else "across"
    lines = [
        f"{extent:.2f} mm {what} ± {f.u_mm:.2f} (k = 2)",
        limit + (f" for {f.limit_for}" if f.limit_for else ""),
        f"contrast {f.contrast_to_noise:.0f} times the noise",
        f"score {f.score:.2f}" + (f", counts from {f.threshold:.2f}" if isinstance(f, SetAsideDocument) else ""),
        f"x {f.x_mm:+.1f}, y {f.y_mm:+.1f} mm" + (f", {f.region}" if f.region else ""),
    ]
    others = [f"{k} {v:.2f}" for k, v in f.kind_scores.items() if k != f.kind]
    if others:
        lines.append(f"or {', '.join(others[:2])}")
    for k, line in enumerate(lines):
        draw.text((x, y + 66 + 25 * k), fit_text(draw, line, _TEXT, 17), font=font(17), fill=INK)
