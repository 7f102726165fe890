"""Pictures of findings: each enlarged beside the same place of the golden, and a model's scores over the unit."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from station.judge.folding import folded, is_well_within
from station.report.colour_pictures import Mark, draw_scale, titled_sheet
from station.report.pictures import COLOURS, GREY, INK, RGB, WHITE, Canvas, Colour, decoded, font, gravity, jpeg, write
from station.values.documents import FindingDocument, SetAsideDocument, Verdict
from station.values.geometry import Frame

MOST = 24
"""Findings that one picture shows, the gravest first."""

_SIDE = 260  # px of a crop
_TEXT = 330  # px beside them
_CROPS = 3  # golden, unit, their difference
_GAP, _PAD, _HEAD = 16, 10, 62
_COLUMNS = 2
_REACH, _LEAST_MM = 3.2, 1.6  # width of a crop: times the finding's extent, and at least
_MARK_MM = 0.10  # between a finding and the corners that mark it
_BARS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_SHOWN = 0.05  # score from which the heat map covers the unit
_OVERSAMPLE = 2
_LINES = 9  # of words beside a finding
_NAMES = ("golden", "unit")
_HEAT = np.array(
    [[216, 216, 214], [240, 214, 150], [246, 158, 44], [205, 48, 56], [84, 10, 96]], dtype=np.float64
)  # at scores 0, 0.25, 0.5, 0.75, 1
_STRETCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # of a difference; beyond, the grain of the picture is all there is
_GRAIN_PX = 0.8  # of the raster, over which a difference is smoothed
_FULL = 100  # of 255 codes off mid-grey, that a stretched difference reaches at the finding
_STRONGEST = 95  # per cent of a finding's pixels that differ less than what is stretched to that
_LETTERS, _LETTERS_PRINTED = 17, 32  # px of the words on a crop; printed, a crop is 2 cm wide


def findings_picture(
    golden: RGB,
    unit: RGB,
    frame: Frame,
    findings: Sequence[FindingDocument],
    *,
    title: str,
    notes: Sequence[str] = (),
    everything: bool = False,
) -> RGB:
    """Every finding in the unit beside the same place of the golden, at one scale, and what differs, stretched in
    contrast; (H, W, 3) uint8.

    golden, unit : (h, w, 3) sRGB in ``frame``, of one tone. findings : of the unit in the order of their numbers; shown
    are those that count against it first, at most ``MOST``, and those well within their limits only where
    ``everything`` is asked for. notes : lines at the foot.
    """
    order = sorted(range(len(findings)), key=lambda i: _rank(findings[i]))
    open_ones = [i for i in order if everything or not is_well_within(findings[i])]
    shown = open_ones[:MOST]
    said = folded(len(order) - len(open_ones))
    more = [f"{len(open_ones) - len(shown)} more findings are not shown."] if len(open_ones) > MOST else []
    notes = [*more, *([f"{said}: --all shows them."] if said else []), *notes]
    if not order:
        notes = ["Nothing was found.", *notes]
    width = _CROPS * (_SIDE + _PAD) + _TEXT
    columns = min(_COLUMNS, max(len(shown), 1))
    rows = -(-len(shown) // columns)
    cell = _SIDE + _GAP
    foot = _HEAD + rows * cell
    sheet, draw = titled_sheet(columns * (width + _GAP) + 20, foot + 24 * len(notes) + _GAP, title)
    for k, i in enumerate(shown):
        x, y = 20 + (k % columns) * (width + _GAP), _HEAD + (k // columns) * cell
        _draw_row(sheet, (x, y), golden, unit, frame, i + 1, findings[i])
    for k, note in enumerate(notes):
        write(draw, (20, foot + 6 + 24 * k), note, 16, width=sheet.width - 40)
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
    everything: bool = False,
) -> RGB:
    """A model's scores over the unit, (H, W, 3) uint8.

    unit : (h, w, 3) sRGB in ``frame``; grey and pale where nothing is scored. scores : (h, w) 0-1, of all kinds
    together. findings : in the order of their numbers; those well within their limits are numbered only where
    ``everything`` is asked for. threshold : score from which a pixel belongs to a finding.
    """
    grey = 0.32 * (unit @ np.array([0.30, 0.59, 0.11])) + 168
    cover = np.clip((scores - _SHOWN) / 0.15, 0, 1)[..., None]
    body = grey[..., None] * (1 - cover) + heat_colours(scores) * cover
    canvas = Canvas(np.clip(np.rint(body), 0, 255).astype(np.uint8), frame, width_px)
    across = frame.width * frame.pitch_mm
    taken: list[NDArray[np.float64]] = []
    numbered = [(n, f) for n, f in enumerate(findings, 1) if everything or not is_well_within(f)]
    said = folded(len(findings) - len(numbered))
    notes = [*notes, *([f"Not numbered: {said}; --all numbers them."] if said else [])]
    for number, f in numbered:
        low, high = _box(f)
        radius = max(0.5 * float(np.hypot(*(high - low))), 0.012 * across)
        centre = (low + high) / 2
        canvas.thin_ring((float(centre[0]), float(centre[1])), radius)
        reach = radius + 0.02 * across
        corners = [centre + reach * np.array(way) for way in ((0.8, -0.8), (-0.8, -0.8), (0.8, 0.8), (-0.8, 0.8))]
        # the first corner whose number does not cover another finding's, else the freest one
        room = [min((float(np.hypot(*(c - t))) for t in taken), default=across) for c in corners]
        best = next((i for i, r in enumerate(room) if r > 0.035 * across), int(np.argmax(room)))
        taken.append(corners[best])
        canvas.balloon((float(corners[best][0]), float(corners[best][1])), str(number), _colour(f))
    bar = max(b for b in _BARS if b <= 0.25 * across)
    canvas.bar(bar, f"{bar:g} mm")
    drawn = canvas.finish()
    sheet, draw = titled_sheet(width_px + 240, drawn.height + 90 + 24 * len(notes), title)
    sheet.paste(drawn, (20, 60))
    marks = [Mark(threshold, "a finding")]
    draw_scale(draw, (width_px + 50, 95), drawn.height - 70, 1.0, marks, name="score", most=True, colours=heat_colours)
    for k, note in enumerate(notes):
        write(draw, (20, drawn.height + 72 + 24 * k), note, 16, width=width_px + 200)
    return np.asarray(sheet)


def heat_colours(score: NDArray[np.floating]) -> RGB:
    """(..., 3) uint8 of scores 0-1: from the pale grey of a unit over orange and red to a dark violet, so that the
    higher is the darker, and from 0.5 on none is a grey."""
    at = np.clip(np.asarray(score, dtype=np.float64), 0, 1) * (len(_HEAT) - 1)
    return np.stack([np.interp(at, np.arange(len(_HEAT)), _HEAT[:, k]) for k in range(3)], axis=-1).astype(np.uint8)


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


def difference_crop(golden: RGB, unit: RGB, frame: Frame, f: FindingDocument) -> tuple[Image.Image, int]:
    """A finding's place on the unit less that on the golden, in grey about the crop's own middle, and by how much the
    difference is stretched: as much as brings the finding out. golden, unit : of one tone, as for :func:`crop_pair`."""
    low, high = _box(f)
    side_mm = max(_LEAST_MM, _REACH * float((high - low).max()))
    centre = (low + high) / 2
    grain = ImageFilter.GaussianBlur(_GRAIN_PX * frame.pitch_mm / side_mm * _SIDE)
    there, here = (
        np.asarray(
            _crop(raster, frame, centre, side_mm).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).filter(grain),
            dtype=np.float64,
        ).mean(axis=2)
        for raster in (golden, unit)
    )
    difference = here - there - np.median(here - there)
    left, top, right, bottom = (
        int(np.clip(round((v / side_mm + 0.5) * _SIDE), 0, _SIDE - 1)) for v in (*(low - centre), *(high - centre))
    )
    strongest = float(np.percentile(np.abs(difference[top : bottom + 1, left : right + 1]), _STRONGEST))
    factor = max((s for s in _STRETCHES if s * strongest <= _FULL), default=1)
    grey = np.clip(np.rint(GREY[0] + factor * difference), 0, 255).astype(np.uint8)
    crop = Image.fromarray(grey).convert("RGB")
    crop = crop.resize((_SIDE * _OVERSAMPLE, _SIDE * _OVERSAMPLE), Image.Resampling.BICUBIC)
    _mark(crop, (low - centre) / side_mm, (high - centre) / side_mm, _colour(f), _MARK_MM / side_mm)
    said = "difference" if factor == 1 else f"difference, stretched {factor} times"
    _say(crop, 10 * _OVERSAMPLE, 1.4 * _LETTERS * _OVERSAMPLE, said, _LETTERS)
    return crop.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), factor


def pair_jpeg(
    golden: bytes, unit: bytes, frame: Frame, f: FindingDocument, *, names: tuple[str, str] = _NAMES
) -> bytes:
    """JPEG bytes of :func:`crop_pair` side by side. golden, unit : JPEG bytes of the rasters in ``frame``."""
    rasters = [decoded(data) for data in (golden, unit)]
    pair = Image.new("RGB", (2 * _SIDE + _PAD, _SIDE), WHITE)
    for k, crop in enumerate(crop_pair(rasters[0], rasters[1], frame, f, letters_px=_LETTERS_PRINTED, names=names)):
        pair.paste(crop, (k * (_SIDE + _PAD), 0))
    return jpeg(np.asarray(pair))


def numbered_jpeg(
    picture: bytes, frame: Frame, findings: Sequence[tuple[int, FindingDocument]], *, width_px: int = 900
) -> bytes:
    """JPEG of a raster in ``frame`` with a ring and a number at each finding. picture : JPEG bytes."""
    canvas = Canvas(decoded(picture), frame, width_px)
    across = frame.width * frame.pitch_mm
    for number, f in findings:
        low, high = _box(f)
        centre, radius = (low + high) / 2, max(0.5 * float(np.hypot(*(high - low))), 0.012 * across)
        canvas.ring((float(centre[0]), float(centre[1])), radius, _colour(f), 1.8)
        reach = centre + (radius + 0.02 * across) * np.array((0.75, -0.75))
        canvas.balloon((float(reach[0]), float(reach[1])), str(number), _colour(f))
    return jpeg(np.asarray(canvas.finish()))


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
    crops = [*crop_pair(golden, unit, frame, f), difference_crop(golden, unit, frame, f)[0]]
    for k, crop in enumerate(crops):
        sheet.paste(crop, (x + k * (_SIDE + _PAD), y))
    _words(ImageDraw.Draw(sheet), (x + len(crops) * (_SIDE + _PAD), y), number, f)


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
    face = font(letters_px * _OVERSAMPLE, text)
    ImageDraw.Draw(crop).text(
        (x, y), text, font=face, fill=WHITE, anchor="ls", stroke_width=2 * _OVERSAMPLE, stroke_fill=INK
    )


def _words(draw: ImageDraw.ImageDraw, at: tuple[int, int], number: int, f: FindingDocument) -> None:
    """What is known of a finding, in lines; its verdict on a plate of its colour."""
    x, y = at
    extent = f.length_mm if f.kind == "scratch" else f.size_mm
    write(draw, (x, y), f"{number}  {f.kind}", 22, width=_TEXT)
    aside = isinstance(f, SetAsideDocument)
    verdict = "set aside" if aside else f.verdict.value
    ink = INK if not aside and f.verdict is Verdict.UNDECIDED else WHITE
    wide = draw.textlength(verdict, font=font(16, verdict))
    draw.rounded_rectangle((x, y + 32, x + wide + 16, y + 56), radius=4, fill=_colour(f))
    write(draw, (x + 8, y + 35), verdict, 16, fill=ink)
    limit = "no limit in the sheet" if f.limit_mm is None else f"limit {f.limit_mm:g} mm"
    what = "long" if f.kind == "scratch" else "across"
    lines = [
        *_wrapped(
            draw,
            f"{extent:.2f} mm {what} ± {f.u_mm:.2f} (k = 2), {limit}" + (f" for {f.limit_for}" if f.limit_for else ""),
        ),
        f"x {f.x_mm:+.1f}, y {f.y_mm:+.1f} mm" + (f", {f.region}" if f.region else ""),
        f"contrast {f.contrast_to_noise:.0f} times the noise",
        *_wrapped(draw, scores_in_words(f)),
        *_wrapped(draw, why(f)),
    ]
    for k, line in enumerate(lines[:_LINES]):
        write(draw, (x, y + 62 + 22 * k), line, 16, width=_TEXT)


def scores_in_words(f: FindingDocument) -> str:
    """The score of a finding and those of each kind in question, whose sum it is about: ``score 0.66 in all: bubble
    0.32, pit 0.18``."""
    kinds = [f"{k} {v:.2f}" for k, v in f.kind_scores.items()]
    words = f"score {f.score:.2f}"
    if len(kinds) > 1:
        words += f" in all: {', '.join(kinds[:3])}"
    return words + (f"; counts from {f.threshold:.2f}" if isinstance(f, SetAsideDocument) else "")


def why(f: FindingDocument) -> str:
    """The reason of a finding's verdict, without its size and place, which stand beside it."""
    return re.sub(rf"^{re.escape(f.kind)} [\d.]+ mm [^:]*: ", "", f.reason) if ": " in f.reason else ""


def _wrapped(draw: ImageDraw.ImageDraw, text: str) -> list[str]:
    """Lines of a text that the room beside the crops holds."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=font(16, longer)) <= _TEXT:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
