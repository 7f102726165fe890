"""Charts of colour and light as pictures: card patches, a*b* vectors, the colour map, uniformity and drift.

Plain data in, (H, W, 3) uint8 out. One scale for every difference: cividis, which reads the same with any colour vision
and in grey (Nunez, Anderton and Renslow, PLoS ONE 13, 2018); limits are marked on the scale itself.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.pictures import COLOURS, GREY, INK, PAPER, RGB, WHITE, Colour, display_lab, font, write
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.documents import CardDocument, MeasurementDocument, Verdict

Float = NDArray[np.float64]

_CIVIDIS = np.array(
    [
        [0, 34, 78], [8, 51, 112], [53, 69, 108], [79, 87, 108], [102, 105, 112],
        [125, 124, 120], [148, 142, 119], [174, 163, 113], [200, 184, 102], [229, 207, 82], [254, 232, 56],
    ],
    dtype=np.float64,
)  # fmt: skip
_SOFT: Colour = (200, 200, 197)
_ORANGE: Colour = (213, 94, 0)
_BLUE: Colour = (0, 114, 178)


def scale_colours(value: NDArray[np.floating], top: float) -> RGB:
    """(..., 3) uint8 of the scale at values 0 to ``top``; beyond it the last colour."""
    at = np.clip(np.asarray(value, dtype=np.float64) / top, 0, 1) * (len(_CIVIDIS) - 1)
    return np.stack([np.interp(at, np.arange(len(_CIVIDIS)), _CIVIDIS[:, k]) for k in range(3)], axis=-1).astype(
        np.uint8
    )


def clear_scale_png(value: NDArray[np.floating], where: NDArray[np.bool_], top: float) -> bytes:
    """PNG bytes of values (h, w) on the scale of 0 to ``top``, to be laid over a picture: clear outside ``where``."""
    codes = np.where(where, 1 + np.rint(np.clip(np.asarray(value, dtype=np.float64) / top, 0, 1) * 254), 0)
    picture = Image.fromarray(codes.astype(np.uint8))
    colours = scale_colours(np.linspace(0.0, top, 255), top)
    picture.putpalette(np.concatenate([np.zeros((1, 3), np.uint8), colours]).tobytes())
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=0)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit on a scale or an axis: its value and its name."""

    value: float
    name: str


def round_top(value: float) -> float:
    """The next round number above: 1, 2, 3, 4, 5, 6, 8, 10 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(value, 1e-6)))
    return float(next(step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if step * power >= value - 1e-9))


def map_picture(
    difference: NDArray[np.float32],
    where: NDArray[np.bool_],
    unit: RGB,
    marks: Sequence[Mark],
    *,
    title: str,
    notes: Sequence[str] = (),
    width_px: int = 900,
) -> RGB:
    """A colour map over its unit, with the scale beside it.

    difference : (H, W) CIEDE2000. where : (H, W) where it counts; elsewhere the unit is shown, grey and dim.
    unit : (H, W, 3) sRGB. marks : limits to be marked on the scale. notes : lines below the map, such as over what area
    it is averaged.
    """
    common = float(np.quantile(difference[where], 0.95)) if where.any() else 1.0
    # limits stand in the middle of the scale: edges, where registration shows, would stretch it beyond use
    top = round_top(2 * max(m.value for m in marks) if marks else max(common, 2.0))
    grey = (unit @ np.array([0.30, 0.59, 0.11]))[..., None].repeat(3, axis=2)
    picture = np.where(where[..., None], scale_colours(difference, top), (0.35 * grey + 40).astype(np.uint8))
    height = round(width_px * unit.shape[0] / unit.shape[1])
    body = Image.fromarray(picture.astype(np.uint8)).resize((width_px, height), Image.Resampling.LANCZOS)
    sheet, draw = titled_sheet(width_px + 240, height + 90 + 24 * len(notes), title)
    sheet.paste(body, (20, 60))
    draw_scale(draw, (width_px + 50, 95), height - 70, top, marks)
    for k, note in enumerate(notes):
        write(draw, (20, height + 72 + 24 * k), note, 16)
    return np.asarray(sheet)


def draw_scale(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    height: int,
    top: float,
    marks: Sequence[Mark],
    *,
    name: str = "CIEDE2000",
    most: bool = False,
    colours: Callable[[Float], RGB] | None = None,
) -> None:
    """The upright scale from 0 to ``top`` of what ``name`` says, with its limits. most : it ends at ``top``. colours :
    of values, where they are not those of :func:`scale_colours`."""
    x, y = at
    values = np.linspace(top, 0, height)
    for i, colour in enumerate(scale_colours(values, top) if colours is None else colours(values)):
        draw.line((x, y + i, x + 28, y + i), fill=tuple(int(c) for c in colour))
    draw.rectangle((x, y, x + 28, y + height), outline=INK)
    write(draw, (x, y - 28), name, 17)
    for k in range(5):
        value = top * k / 4
        level = y + height - round(height * k / 4)
        near = any(abs(m.value - value) < top / 30 for m in marks)
        draw.line((x + 28, level, x + 34, level), fill=INK)
        if not near:
            text = f"{value:g} and more" if k == 4 and not most else f"{value:g}"
            write(draw, (x + 39, level), text, 16, anchor="lm")
    ink = _ORANGE if colours is None else INK  # which parts from whatever colours it lies on
    for mark in marks:
        level = y + height - round(height * min(mark.value / top, 1.0))
        draw.line((x - 6, level, x + 38, level), fill=ink, width=3)
        write(draw, (x + 43, level), f"{mark.value:g} {mark.name}", 16, fill=ink, anchor="lm")


def vectors_picture(measurements: Sequence[MeasurementDocument], *, title: str, columns: int = 4) -> RGB:
    """One a*b* panel a region: the golden in the middle, an arrow to the unit with the circle of its uncertainty.

    Rings round the golden, at its lightness: 1 CIEDE2000 (about a just noticeable difference) and the sheet's limits.
    Regions without a colour stand there with the reason.
    """
    rows = [m for m in measurements if m.kind == "colour"]
    columns = max(1, min(columns, len(rows)))
    side, foot, gap = 260, 84, 16
    lines = math.ceil(max(len(rows), 1) / columns)
    sheet, draw = titled_sheet(max(columns * (side + gap) + gap, 460), lines * (side + foot + gap) + 130, title)
    for i, m in enumerate(rows):
        x, y = gap + (i % columns) * (side + gap), 60 + (i // columns) * (side + foot + gap)
        panel = _vector_panel(m, side)
        sheet.paste(panel, (x, y))
        _vector_foot(draw, m, (x, y + side), side)
    key = 60 + lines * (side + foot + gap)
    write(draw, (gap, key), "thin ring: 1 CIEDE2000, just noticeable", 16, fill=GREY)
    write(draw, (gap, key + 20), "orange rings: accept and reject; disc: U (k = 2)", 16, fill=_ORANGE)
    write(draw, (gap, key + 40), "edge: a* and b* off the golden's at the panel's edge", 16, fill=GREY)
    return np.asarray(sheet)


def _vector_panel(m: MeasurementDocument, side: int) -> Image.Image:
    zoom = 2
    panel = Image.new("RGB", (side * zoom, side * zoom), WHITE)
    draw = ImageDraw.Draw(panel)
    middle = side * zoom / 2
    if m.value is not None and m.lab is not None and m.lab_golden is not None:
        golden, unit = np.array(m.lab_golden), np.array(m.lab)
        limits = [float(v) for v in (m.detail.get("accept"), m.upper) if isinstance(v, int | float)]
        rings = [(1.0, GREY, 1)] + [(v, _ORANGE, 2) for v in limits if v > 0]
        outlines = [(_ring(golden, level), colour, width) for level, colour, width in rings]
        away = unit[1:] - golden[1:]
        reach = max([float(np.hypot(*o.T).max()) for o, _, _ in outlines] + [float(np.hypot(*away))]) * 1.15
        per = middle / reach

        def at(ab: Float) -> tuple[float, float]:
            return float(middle + ab[0] * per), float(middle - ab[1] * per)

        draw.line((0, middle, side * zoom, middle), fill=_SOFT)
        draw.line((middle, 0, middle, side * zoom), fill=_SOFT)
        for outline, colour, width in outlines:
            draw.line([at(p) for p in np.vstack([outline, outline[:1]])], fill=colour, width=width * zoom)
        x, y = at(away)
        # U is a CIEDE2000: drawn to the measure that the ring of 1 has along the arrow
        ring = outlines[0][0]
        bearing = math.atan2(away[1], away[0])
        k = int(np.argmin(np.abs(np.angle(np.exp(1j * (np.arctan2(ring[:, 1], ring[:, 0]) - bearing))))))
        r = float(np.hypot(*ring[k])) * m.u * per
        colour = COLOURS[m.verdict] if m.verdict is not Verdict.UNDECIDED else (150, 135, 0)
        halo = Image.new("RGBA", panel.size, (0, 0, 0, 0))
        ImageDraw.Draw(halo).ellipse((x - r, y - r, x + r, y + r), fill=(*colour, 70), outline=(*colour, 255))
        panel.paste(halo, (0, 0), halo)
        draw.line((middle, middle, x, y), fill=colour, width=3 * zoom)
        draw.ellipse((middle - 8, middle - 8, middle + 8, middle + 8), fill=INK)
        draw.ellipse((x - 9, y - 9, x + 9, y + 9), fill=colour, outline=INK)
        write(draw, (side * zoom - 14, middle + 8), "a*", 13 * zoom, fill=GREY, anchor="ra")
        write(draw, (middle + 10, 6), "b*", 13 * zoom, fill=GREY)
        write(draw, (12, side * zoom - 12), f"edge at ±{reach:.1f}", 12 * zoom, fill=GREY, anchor="ls")
    draw.rectangle((0, 0, side * zoom - 1, side * zoom - 1), outline=_SOFT, width=zoom)
    return panel.resize((side, side), Image.Resampling.LANCZOS)


def _ring(golden: Float, level: float, points: int = 72) -> Float:
    """(n, 2) a*b* offsets at which a colour of the golden's lightness is ``level`` CIEDE2000 away, by regula falsi."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    step = np.stack([np.zeros(points), np.cos(turn), np.sin(turn)], axis=-1)
    radius = np.full(points, level)
    for _ in range(25):
        seen = delta_e_2000(Lab(np.broadcast_to(golden, step.shape)), Lab(golden + radius[:, None] * step))
        radius = radius * np.clip(level / np.maximum(seen, 1e-9), 0.5, 2.0)
    return np.asarray(radius[:, None] * step[:, 1:])


def _vector_foot(draw: ImageDraw.ImageDraw, m: MeasurementDocument, at: tuple[int, int], side: int) -> None:
    x, y = at
    name = m.characteristic.partition(":")[2]
    write(draw, (x, y + 6), name, 19)
    if m.value is None or m.lab is None or m.lab_golden is None:
        write(draw, (x, y + 32), (m.reason or "not measured")[:36], 14, fill=GREY)
        return
    for k, lab in enumerate((m.lab_golden, m.lab)):
        colour = tuple(int(c) for c in display_lab(np.array(lab)))
        draw.rectangle((x + side - 92 + 46 * k, y + 6, x + side - 46 + 46 * k, y + 30), fill=colour, outline=GREY)
    write(draw, (x, y + 32), f"{m.value:.2f} ± {m.u:.2f}  {m.verdict.value}", 17)
    parts = "   ".join(f"{n} {v:+z.1f}" for n, v in (("L", m.dL), ("C", m.dC), ("H", m.dH)) if v is not None)
    write(draw, (x, y + 56), f"delta  {parts}", 14, fill=GREY)


def card_picture(photo: RGB, card: CardDocument, *, limits: tuple[float, float], width_px: int = 1000) -> RGB:
    """The card as it lies in the photo, every patch with its error. photo : (H, W, 3) sRGB, upright.

    limits : of the gate's mean and largest CIEDE2000. They are told in words and not marked on the scale: the gate has
    a fit of its own, and the patches show that of the chosen correction.
    """
    if card.corners_px is None or not card.patches:
        sheet, draw = titled_sheet(900, 120, f"{card.photo}: no colour card")
        write(draw, (20, 66), card.reason[:110], 17)
        return np.asarray(sheet)
    corners = np.array(card.corners_px)
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.12 * float((high - low).max())
    x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
    x1, y1 = np.ceil(high + margin).astype(int)
    crop = Image.fromarray(np.ascontiguousarray(photo[y0:y1, x0:x1]))
    zoom = width_px / crop.width
    height = round(crop.height * zoom)
    state = "may be used" if card.usable else "may not be used"
    sheet, draw = titled_sheet(width_px + 240, height + 156, f"{card.photo}: {card.edition or 'colour card'} {state}")
    sheet.paste(crop.resize((width_px, height), Image.Resampling.LANCZOS), (20, 60))
    points = (corners - (x0, y0) + 0.5) * zoom + (20, 60)
    draw.line([tuple(p) for p in np.vstack([points, points[:1]])], fill=WHITE, width=3)
    known = [p.delta_e_00 for p in card.patches if p.delta_e_00 is not None]
    top = round_top(1.05 * max([2.0, *known]))
    pitch = zoom * math.sqrt(_area(corners) / len(card.patches))
    for p in card.patches:
        x, y = (np.array(p.centre_px) - (x0, y0) + 0.5) * zoom + (20, 60)
        r = 0.27 * pitch
        fill = GREY if p.delta_e_00 is None else tuple(int(c) for c in scale_colours(np.array(p.delta_e_00), top))
        draw.rounded_rectangle((x - r, y - 0.6 * r, x + r, y + 0.6 * r), radius=4, fill=fill, outline=WHITE)
        text = "clip" if p.clipped else "-" if p.delta_e_00 is None else f"{p.delta_e_00:.1f}"
        ink = INK if sum(fill) > 360 else WHITE
        write(draw, (x, y), text, max(11.0, min(0.24 * pitch, 30)), fill=ink, anchor="mm")
    if card.fit is not None:
        line = (
            f"{card.fit.method}: mean {card.fit.mean:.2f}, max {card.fit.max:.2f}; leaving one patch out "
            f"{card.fit.loo_mean:.2f}, max {card.fit.loo_max:.2f}"
        )
        write(draw, (20, height + 72), line, 18)
        if card.fit.gate_mean is not None and card.fit.gate_max is not None:
            line = (
                f"gate, by a plain fit of its own: mean {card.fit.gate_mean:.2f} (at most {limits[0]:g}), "
                f"max {card.fit.gate_max:.2f} (at most {limits[1]:g})"
            )
            write(draw, (20, height + 98), line, 18)
    if card.reason:
        write(draw, (20, height + 124), card.reason[:120], 17, fill=_ORANGE)
    draw_scale(draw, (width_px + 50, 95), max(height - 70, 120), top, ())
    return np.asarray(sheet)


def _area(quad: Float) -> float:
    x, y = quad.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def uniformity_picture(nine: Float, *, title: str, least: float | None = None) -> RGB:
    """The nine positions of the field. nine : (3, 3) luminance, 1 at the brightest. least : bound of the darkest."""
    cell_w, cell_h = 200, 150
    nine = nine / nine.max()
    darkest = float(nine.min())
    # the bound stands in the middle of the scale: from it to the brightest is half of all colours
    bottom = min(0.5 if least is None else 2 * least - 1, darkest)
    sheet, draw = titled_sheet(3 * cell_w + 40, 3 * cell_h + 180, title)
    for (row, column), value in np.ndenumerate(nine):
        x, y = 20 + column * cell_w, 60 + row * cell_h
        fill = tuple(int(c) for c in scale_colours(np.array(value - bottom), 1 - bottom))
        out = least is not None and value < least
        edge = _ORANGE if out else PAPER
        draw.rectangle((x, y, x + cell_w - 4, y + cell_h - 4), fill=fill, outline=edge, width=7 if out else 1)
        ink = INK if sum(fill) > 360 else WHITE
        text = f"{100 * value:.0f} %"
        write(draw, (x + cell_w / 2, y + cell_h / 2), text, 30, fill=ink, anchor="mm")
    left, level, width = 20, 3 * cell_h + 72, 3 * cell_w - 4
    for i, colour in enumerate(scale_colours(np.linspace(0, 1, width), 1)):
        draw.line((left + i, level, left + i, level + 22), fill=tuple(int(c) for c in colour))
    draw.rectangle((left, level, left + width, level + 22), outline=INK)
    write(draw, (left, level + 28), f"{100 * bottom:.0f} %", 16)
    write(draw, (left + width, level + 28), "100 %, brightest", 16, anchor="ra")
    if least is not None:
        x = left + round(width * (least - bottom) / (1 - bottom))
        draw.line((x, level - 5, x, level + 27), fill=_ORANGE, width=3)
        write(draw, (x, level + 28), f"{100 * least:.0f} % limit", 16, fill=_ORANGE, anchor="ma")
    bound = "" if least is None else f" (at least {100 * least:.0f} %)"
    write(draw, (20, level + 66), f"darkest over brightest {100 * darkest:.0f} %{bound}", 18)
    return np.asarray(sheet)


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a drift chart: its values, one a check, and the limit of their size."""

    name: str
    values: Sequence[float]
    limit: float


def drift_picture(at: Sequence[datetime], series: Sequence[Series], *, title: str) -> RGB:
    """Drift of the light, every series as a share of its limit. at : times of the checks, oldest first."""
    width, height, left, top_y = 900, 420, 80, 96
    sheet, draw = titled_sheet(width, height + 60, title)
    right, bottom = width - 40, height - 10
    shares = [[abs(v) / one.limit for v in one.values] for one in series]
    top = round_top(max([1.2, *(1.05 * v for row in shares for v in row)]))
    for k in range(5):
        level = bottom - (bottom - top_y) * k / 4
        draw.line((left, level, right, level), fill=_SOFT)
        write(draw, (left - 10, level), f"{100 * top * k / 4:.0f} %", 16, anchor="rm")
    level = bottom - (bottom - top_y) / top
    draw.line((left, level, right, level), fill=_ORANGE, width=3)
    write(draw, (right, level - 6), "limit", 16, fill=_ORANGE, anchor="rs")
    if not at:
        write(draw, ((left + right) / 2, bottom - 40), "no check yet", 18, fill=GREY, anchor="mm")
        return np.asarray(sheet)
    span = (at[-1] - at[0]).total_seconds()
    room = right - left - 24
    x = [left + 12 + room * ((t - at[0]).total_seconds() / span if span > 0 else 0.5) for t in at]
    word = left
    for one, row, colour in zip(series, shares, (_BLUE, INK, GREY), strict=False):
        points = [(a, bottom - (bottom - top_y) * min(v / top, 1.0)) for a, v in zip(x, row, strict=True)]
        draw.line(points, fill=colour, width=3, joint="curve")
        for (a, b), v in zip(points, row, strict=True):
            draw.ellipse((a - 6, b - 6, a + 6, b + 6), fill=_ORANGE if v > 1 else colour, outline=WHITE)
        text = f"{one.name}, limit {one.limit:g}"
        draw.ellipse((word, top_y - 36, word + 12, top_y - 24), fill=colour)
        write(draw, (word + 18, top_y - 30), text, 16, anchor="lm")
        word += 60 + int(draw.textlength(text, font=font(16, text)))
    form = "%Y-%m-%d %H:%M"
    write(draw, (left, bottom + 12), at[0].strftime(form), 16)
    if span > 0:
        write(draw, (right, bottom + 12), at[-1].strftime(form), 16, anchor="ra")
    return np.asarray(sheet)


def titled_sheet(width: int, height: int, title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A sheet of paper with its title, smaller where it is long."""
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    size = 23.0
    while size > 12 and draw.textlength(title, font=font(size, title)) > width - 40:
        size -= 1
    write(draw, (20, 18), title, size)
    return sheet, draw
