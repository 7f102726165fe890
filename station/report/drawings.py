"""The measured unit as a drawing: dimension lines and balloons with a table of values and limits, as on an inspection
drawing, and beside it the outline and the marks with their deviations enlarged.

Everything is drawn from the unit document: each measurement says in ``detail["points_mm"]`` between which points it
was read, in millimetres of the golden frame.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.pictures import COLOURS, GREY, INK, PAPER, RGB, WHITE, Canvas, Colour, fit_text, font, gravity
from station.values.documents import MeasurementDocument, OutlineDocument, UnitDocument, Verdict
from station.values.geometry import Frame

Float = NDArray[np.float64]

DRAWN_KINDS = ("size", "border", "position", "boundary-shift", "offset", "rotation", "scale")
"""Kinds of measurement that have a row in the table."""

_MARGIN = 0.22  # paper left of and below the part for dimension lines, of the longer side of the picture
_EDGE = 0.06  # paper on the other two sides
_ALONG = math.cos(math.radians(15))  # a length closer than that to an axis has its dimension line outside the part
_LONG = 0.6  # of the part's extent: a shorter one is drawn where it is
_ROW = 30
_ENLARGED = (2, 5, 10, 20, 50, 100, 200)
_TARGET = 0.05  # of the part's extent that the largest deviation is drawn as
_ARROW = 0.15  # the same of the marks' arrows
_INWARD: Colour = COLOURS[Verdict.CONFORMS]
_OUTWARD: Colour = COLOURS[Verdict.NONCONFORMS]


@dataclass(frozen=True, slots=True)
class _Balloon:
    number: int
    at: Float
    colour: Colour


def drawing_picture(raster: RGB, frame: Frame, document: UnitDocument, *, title: str, panel_px: int = 860) -> RGB:
    """Dimensions left, deviations right, the table of all of them below. (H, W, 3) uint8.

    raster : (h, w, 3) uint8 picture of the unit in ``frame``.
    """
    rows = [m for m in document.measurements if m.kind in DRAWN_KINDS]
    dimensions = _dimensions(raster, frame, rows, panel_px)
    deviations = _deviations(raster, frame, document, panel_px)
    gap, head = 20, 64
    width = 2 * panel_px + 3 * gap
    table = _table(rows, width - 2 * gap)
    below = head + dimensions.height + 40
    sheet = Image.new("RGB", (width, below + table.height + gap), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((gap, 18), fit_text(draw, title, width - 2 * gap, 24), font=font(24), fill=INK)
    sheet.paste(dimensions, (gap, head))
    sheet.paste(deviations, (2 * gap + panel_px, head))
    draw.text((gap, head + dimensions.height + 8), "dimensions; numbers as in the table", font=font(18), fill=INK)
    sheet.paste(table, (gap, below))
    return np.asarray(sheet)


_NO_LENGTH = ("size:area", "size:roundness")
"""Sizes that no line between two points shows; they stand in the table alone."""


def _padded(raster: RGB, frame: Frame, dim: float) -> tuple[RGB, Frame]:
    """The picture, paled by ``dim``, on paper with room for dimension lines at its left and below it."""
    pale = (raster.astype(np.float32) * (1 - dim) + 255 * dim).astype(np.uint8)
    h, w = raster.shape[:2]
    wide, narrow = (round(share * max(h, w)) for share in (_MARGIN, _EDGE))
    out = np.full((h + wide + narrow, w + wide + narrow, 3), PAPER, dtype=np.uint8)
    out[narrow : narrow + h, wide : wide + w] = pale
    origin = (frame.origin_px[0] + wide, frame.origin_px[1] + narrow)
    return out, Frame(frame.pitch_mm, out.shape[1], out.shape[0], origin)


def _points(m: MeasurementDocument) -> Float | None:
    """(n, 2) mm between which a measurement was read, or None where it does not say."""
    points = m.detail.get("points_mm")
    if not isinstance(points, list | tuple) or len(points) < 2:
        return None
    p = np.asarray(points, dtype=np.float64)
    return p if p.ndim == 2 and p.shape[1] == 2 and np.isfinite(p).all() else None


def _dimensions(raster: RGB, frame: Frame, rows: Sequence[MeasurementDocument], panel_px: int) -> Image.Image:
    padded, wide = _padded(raster, frame, 0.35)
    canvas = Canvas(padded, wide, panel_px)
    low, high = frame.to_mm(np.zeros(2)), frame.to_mm(np.array([frame.width - 1.0, frame.height - 1.0]))
    extent = float((high - low).max())
    step = 0.06 * extent
    below, left = float(high[1]) + 0.4 * step, float(low[0]) - 0.4 * step
    balloons: list[_Balloon] = []
    for number, m in enumerate(rows, start=1):
        p = _points(m)
        if p is None or m.kind in ("offset", "rotation", "scale") or m.characteristic in _NO_LENGTH:
            continue
        colour = _colour(m.verdict)
        if _is_circle(m):
            at = _diameter(canvas, p, colour)
        elif len(p) >= 3:
            at = _angle(canvas, p, colour)
        else:
            along = p[1] - p[0]
            length = float(np.hypot(*along))
            unit = along / max(length, 1e-9)
            if length < _LONG * extent * 0.5 or max(abs(unit)) < _ALONG:
                at = _between(canvas, p, colour, 0.5 * step)
            elif abs(unit[0]) >= _ALONG:
                at = _outside(canvas, p, m, 1, below, step)
                below += step
            else:
                at = _outside(canvas, p, m, 0, left, -step)
                left -= step
        balloons.append(_Balloon(number, at, colour))
    for b in _apart(balloons, 0.055 * extent):
        canvas.balloon((float(b.at[0]), float(b.at[1])), str(b.number), b.colour)
    return canvas.finish()


def _without(m: MeasurementDocument) -> str:
    """What stands in place of a value that there is none of."""
    return "missing" if m.detail.get("missing") else "not measured"


def _is_circle(m: MeasurementDocument) -> bool:
    return m.kind == "size" and (
        "diameter" in m.characteristic or m.detail.get("feature") in ("diameter", "hole-diameter")
    )


def _outside(canvas: Canvas, p: Float, m: MeasurementDocument, axis: int, level: float, step: float) -> Float:
    """A dimension line beside the part with its extension lines, value and limits; answers where its balloon belongs.

    axis : 1 below (at y), 0 at the left (at x).
    """
    colour = _colour(m.verdict)
    a, b = p[0].copy(), p[1].copy()
    a[axis] = b[axis] = level + 0.5 * step
    for start, end in ((p[0], a), (p[1], b)):
        past = end.copy()
        past[axis] += 0.15 * step
        canvas.line(np.array([start, past]), GREY, 1.0, 200)
    canvas.dimension(a, b, colour)
    limits = f"  ({_limits(m)})" if m.lower is not None or m.upper is not None else ""
    text = _without(m) if m.value is None else f"{_number(m.value, m)}{limits}"
    canvas.note((a + b) / 2, text, INK, upright=axis == 0)
    return np.asarray(a + 0.14 * (b - a))


def _between(canvas: Canvas, p: Float, colour: Colour, beside: float) -> Float:
    """A length drawn where it was read; its balloon stands beside it, away from the part's middle."""
    a, b = p[0], p[1]
    canvas.dimension(a, b, colour)
    middle = (a + b) / 2
    outward = middle / max(float(np.hypot(*middle)), 1e-9)
    at = middle + 2 * beside * outward
    canvas.line(np.array([middle, at]), colour, 1.0, 220)
    return np.asarray(at)


def _diameter(canvas: Canvas, p: Float, colour: Colour) -> Float:
    """A circle through the rim point about the centre, and its diameter."""
    centre, reach = p[0], p[1] - p[0]
    turn = np.linspace(0, 2 * np.pi, 91)
    radius = float(np.hypot(*reach))
    canvas.line(centre + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1), colour, 1.4)
    slant = radius * np.array([math.sqrt(0.5), -math.sqrt(0.5)])
    canvas.dimension(centre - slant, centre + slant, colour)
    return np.asarray(centre + slant * (1 + 0.9 / max(radius, 0.5)))


def _angle(canvas: Canvas, p: Float, colour: Colour) -> Float:
    """Two legs from the vertex, the middle point, and the arc between them."""
    first, second = p[0] - p[1], p[2] - p[1]
    canvas.line(p[:3], colour, 1.4)
    radius = 0.4 * min(float(np.hypot(*first)), float(np.hypot(*second)))
    start = math.atan2(first[1], first[0])
    turn = (math.atan2(second[1], second[0]) - start + math.pi) % (2 * math.pi) - math.pi
    arc = start + np.linspace(0, turn, 31)
    canvas.line(p[1] + radius * np.stack([np.cos(arc), np.sin(arc)], axis=1), colour, 1.4)
    half = start + turn / 2
    return np.asarray(p[1] + 1.4 * radius * np.array([math.cos(half), math.sin(half)]))


def _apart(balloons: list[_Balloon], distance: float) -> list[_Balloon]:
    """The balloons pushed from one another until none covers another's number."""
    at = np.array([b.at for b in balloons]).reshape(-1, 2)
    for _ in range(60):
        moved = False
        for i in range(len(at)):
            for j in range(i):
                d = at[i] - at[j]
                length = float(np.hypot(*d))
                if length < distance:
                    push = (d / length if length > 1e-6 else np.array([1.0, 0.3])) * (distance - length) / 2
                    at[i] += push
                    at[j] -= push
                    moved = True
        if not moved:
            break
    return [_Balloon(b.number, p, b.colour) for b, p in zip(balloons, at, strict=True)]


def _deviations(raster: RGB, frame: Frame, document: UnitDocument, panel_px: int) -> Image.Image:
    """The outline and the marks off the golden's, enlarged as the legend says."""
    padded, wide = _padded(raster, frame, 0.6)
    canvas = Canvas(padded, wide, panel_px)
    extent = max(frame.width, frame.height) * frame.pitch_mm
    legend: list[str] = []
    if document.outline is not None:
        legend.append(_outline(canvas, document.outline, extent))
    marks = {m.characteristic.partition(":")[2]: m for m in document.measurements if m.kind == "offset"}
    placed = [m for m in document.measurements if m.kind in ("offset", "rotation", "scale")]
    arrows = [(n, m, p) for n, m in marks.items() if (p := _points(m)) is not None and m.value is not None]
    if arrows:
        times = enlargement(max(float(m.value or 0.0) for _, m, _ in arrows), extent, _ARROW)
        for name, m, p in arrows:
            end = p[0] + times * (p[1] - p[0])
            told = [o for o in placed if o.characteristic.partition(":")[2] == name]
            colour = _colour(max((o.verdict for o in told), key=gravity))
            turn = next((f", {o.value:+.2f}°" for o in told if o.kind == "rotation" and o.value is not None), "")
            canvas.dot((float(p[0][0]), float(p[0][1])), colour)
            canvas.arrow((float(p[0][0]), float(p[0][1])), (float(end[0]), float(end[1])), colour)
            clear = -0.075 if end[1] > p[0][1] else 0.03  # the label stands on the side that the arrow leaves free
            canvas.label((float(p[0][0]), float(p[0][1]) + clear * extent), f"{name} {m.value:.3f} mm{turn}", colour)
        legend.append(f"arrows: offset of the marks, enlarged {times} times")
    out = canvas.finish()
    draw = ImageDraw.Draw(out)
    for k, text in enumerate(legend):
        draw.text((10, out.height - 26 * (len(legend) - k) - 4), text, font=font(17), fill=INK)
    return out


def _outline(canvas: Canvas, outline: OutlineDocument, extent: float) -> str:
    """Draw the golden's outline and the unit's, its deviations enlarged; answers the legend."""
    points = np.asarray(outline.points_mm, dtype=np.float64)
    shift = np.array([np.nan if s is None else s for s in outline.shift_mm], dtype=np.float64)
    known = np.isfinite(shift)
    if len(points) < 3 or not known.any():
        return "the outline could not be followed"
    times = enlargement(float(np.abs(shift[known]).max()), extent)
    tangent = np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1])[:, None], 1e-9)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)  # points run clockwise as seen, y down
    moved = points + normal * (times * np.nan_to_num(shift))[:, None]
    canvas.line(np.vstack([points, points[:1]]), INK, 1.2)
    for i in range(len(points)):
        j = (i + 1) % len(points)
        if known[i] and known[j]:
            colour = _OUTWARD if shift[i] + shift[j] > 0 else _INWARD
            canvas.line(np.array([points[i], moved[i]]), colour, 1.0, 150)
            canvas.line(np.array([moved[i], moved[j]]), colour, 2.0)
    for k, word in ((int(np.nanargmax(shift)), "out"), (int(np.nanargmin(shift)), "in")):
        if (shift[k] > 0) == (word == "out"):
            colour = _OUTWARD if word == "out" else _INWARD
            canvas.label((float(moved[k][0]), float(moved[k][1])), f"{word} {abs(shift[k]):.3f} mm", colour)
    return (
        f"outline: deviations from the golden's enlarged {times} times; orange out, blue in; "
        f"U of one place {outline.u_mm:.3f} mm (k = 2)"
    )


def enlargement(largest: float, extent: float, share: float = _TARGET) -> int:
    """How many times a deviation is enlarged, so that the largest is plain and stays on the paper."""
    fitting = [t for t in _ENLARGED if t * largest <= share * extent]
    return fitting[-1] if fitting else 1


def _colour(verdict: Verdict) -> Colour:
    return INK if verdict is Verdict.CONFORMS else COLOURS[verdict]


def _table(rows: Sequence[MeasurementDocument], width: int) -> Image.Image:
    """One line a measurement: number, what, value with its uncertainty, limits, verdict in a word."""
    columns = (0, 60, 420, 720, 1020, 1250)
    out = Image.new("RGB", (width, _ROW * (len(rows) + 1) + 12), WHITE)
    draw = ImageDraw.Draw(out)
    head = ("", "characteristic", "value", "U (k = 2)", "limits", "verdict")
    for x, text in zip(columns, head, strict=True):
        draw.text((x + 12, 6), text, font=font(16), fill=GREY)
    for i, m in enumerate(rows):
        y = _ROW * (i + 1) + 6
        draw.line((0, y - 4, width, y - 4), fill=(225, 225, 222))
        limited = m.upper is not None or m.lower is not None
        cells = (
            str(i + 1),
            _name(m),
            _without(m) if m.value is None else f"{_number(m.value, m)} {_UNITS.get(m.unit, m.unit)}".strip(),
            "" if m.value is None else _number(m.u, m),
            _limits(m) if limited else "not limited",
            m.verdict.value if limited or m.verdict is not Verdict.CONFORMS else "",
        )
        if m.verdict is not Verdict.CONFORMS:
            draw.rectangle((columns[-1] + 4, y, columns[-1] + 9, y + _ROW - 10), fill=COLOURS[m.verdict], outline=INK)
        for k, (x, text) in enumerate(zip(columns, cells, strict=True)):
            room = (columns[k + 1] if k + 1 < len(columns) else width) - x - 24
            draw.text((x + 14, y), fit_text(draw, text, room, 18), font=font(18), fill=INK)
    return out


_UNITS = {"deg": "°", "1": ""}


def _name(m: MeasurementDocument) -> str:
    """What was measured, in words: a size and a border go by their own names."""
    kind, _, name = m.characteristic.partition(":")
    return name if name and (kind == "size" or name == kind) else f"{kind} {name}".strip()


def _number(value: float, m: MeasurementDocument) -> str:
    return f"{value:.4f}" if m.unit == "1" else f"{value:.3f}"


def _limits(m: MeasurementDocument) -> str:
    if m.lower is not None and m.upper is not None:
        return f"{m.lower:g} to {m.upper:g}"
    return f"at most {m.upper:g}" if m.upper is not None else f"at least {m.lower:g}"
