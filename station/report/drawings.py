"""The measured unit as a drawing: dimension lines and balloons with a table of values and limits, as on an inspection
drawing, and beside it the outline and the marks with their deviations enlarged.

Everything is drawn from the unit document: each measurement says in ``detail["points_mm"]`` between which points it
was read, in millimetres of the golden frame.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.pictures import COLOURS, GREY, INK, PAPER, RGB, WHITE, Canvas, Colour, gravity, jpeg, write
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
    rows = _rows(document)
    dimensions = _dimensions(raster, frame, document, panel_px)
    deviations = _deviations(raster, frame, document, panel_px)
    gap, head = 20, 64
    width = 2 * panel_px + 3 * gap
    table = _table(rows, width - 2 * gap)
    below = head + dimensions.height + 40
    sheet = Image.new("RGB", (width, below + table.height + gap), PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, (gap, 18), title, 24, width=width - 2 * gap)
    sheet.paste(dimensions, (gap, head))
    sheet.paste(deviations, (2 * gap + panel_px, head))
    write(draw, (gap, head + dimensions.height + 8), "dimensions; numbers as in the table", 18)
    sheet.paste(table, (gap, below))
    return np.asarray(sheet)


def _rows(document: UnitDocument) -> list[MeasurementDocument]:
    return [m for m in document.measurements if m.kind in DRAWN_KINDS]


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


def _dimensions(raster: RGB, frame: Frame, document: UnitDocument, panel_px: int) -> Image.Image:
    rows = _rows(document)
    outline = None if document.outline is None else np.asarray(document.outline.points_mm, dtype=np.float64)
    padded, wide = _padded(raster, frame, 0.35)
    canvas = Canvas(padded, wide, panel_px)
    low, high = frame.to_mm(np.zeros(2)), frame.to_mm(np.array([frame.width - 1.0, frame.height - 1.0]))
    extent = float((high - low).max())
    room = _Room(low, high, 0.06 * extent, outline)
    balloons: list[_Balloon] = []
    for number, m in sorted(enumerate(rows, start=1), key=lambda row: _slanted_first(row[1])):
        p = _points(m)
        if p is None or m.kind in ("offset", "rotation", "scale") or m.characteristic in _NO_LENGTH:
            continue
        colour = _colour(m.verdict)
        if _is_circle(m):
            at = _diameter(canvas, p, colour)
        elif len(p) >= 3:
            at = _angle(canvas, p, colour)
        else:
            at = room.draw(canvas, p, m)
        balloons.append(_Balloon(number, at, colour))
    for b in _apart(balloons, 0.055 * extent):
        canvas.balloon((float(b.at[0]), float(b.at[1])), str(b.number), b.colour)
    return canvas.finish()


def ballooned_jpeg(
    picture: bytes, frame: Frame, numbers: Sequence[tuple[int, tuple[float, float], Verdict]], *, width_px: int = 900
) -> bytes:
    """JPEG of a raster in ``frame`` with the number of every characteristic in a circle at its place.

    picture : JPEG or PNG bytes. numbers : number, place in mm of the golden frame, verdict, which colours it.
    """
    canvas = Canvas(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")), frame, width_px)
    balloons = [_Balloon(n, np.asarray(at, dtype=np.float64), _colour(v)) for n, at, v in numbers]
    for b in _apart(balloons, 0.04 * frame.width * frame.pitch_mm):
        canvas.balloon((float(b.at[0]), float(b.at[1])), str(b.number), b.colour)
    return jpeg(np.asarray(canvas.finish()))


def _without(m: MeasurementDocument) -> str:
    """What stands in place of a value that there is none of."""
    return "missing" if m.detail.get("missing") else "not measured"


def _is_circle(m: MeasurementDocument) -> bool:
    return m.kind == "size" and (
        "diameter" in m.characteristic or m.detail.get("feature") in ("diameter", "hole-diameter")
    )


class _Room:
    """Where dimension lines stand: long ones beside the part, each further out than the last, short ones where they
    were read. A line runs in the direction that was measured, with extension lines from both points, square to it.

    low, high : corners (2,) of the picture. step : between two lines. outline : (n, 2) of the part. All in mm.
    """

    def __init__(self, low: Float, high: Float, step: float, outline: Float | None) -> None:
        corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])])
        self._part = corners if outline is None or len(outline) < 3 else outline
        self._low, self._high, self._step = low, high, step
        self._taken: list[Float] = []  # both ends of the lines drawn so far

    def draw(self, canvas: Canvas, p: Float, m: MeasurementDocument) -> Float:
        """One length; answers where its balloon belongs. p : (2, 2) mm it was read between."""
        along = _measured_along(m, p)
        length = float((p[1] - p[0]) @ along)
        if length < 0:
            along, length = -along, -length
        out = np.array([-along[1], along[0]])
        axial = float(np.abs(along).max()) >= _ALONG
        # Below and at the left is paper; a slanted one goes to whichever of both corners its own points are nearer.
        toward = np.array([-1.0, 0.0]) if abs(along[1]) >= _ALONG else np.array([0.0, 1.0])
        if not axial:
            toward = np.array([-1.0, 1.0])
        out = out if out @ toward >= 0 else -out
        long_enough = length >= _LONG * 0.5 * float((self._high - self._low).max())
        level = self._level(p, along, out, axial) if long_enough else None
        if level is not None and not axial and not self._on_paper(p + out * (level - p @ out)[:, None]):
            level = None  # a slanted line that would leave the paper is drawn where it was read
        if level is None:
            return self._in_place(canvas, p, along, out, m)
        ends = p + out * (level - p @ out)[:, None]
        self._taken.append(ends)
        self._extend(canvas, p, ends, out)
        canvas.dimension(ends[0], ends[1], _colour(m.verdict))
        limits = f"  ({_limits(m)})" if m.lower is not None or m.upper is not None else ""
        text = _without(m) if m.value is None else f"{_number(m.value, m)}{limits}"
        canvas.note(ends.mean(axis=0), text, INK, turn_deg=_readable(along))
        beside = length < 0.6 * float((self._high - self._low).max())  # the text takes the whole of a shorter line
        return np.asarray(ends[0] - 0.8 * self._step * along if beside else ends[0] + 0.14 * (ends[1] - ends[0]))

    def _level(self, p: Float, along: Float, out: Float, axial: bool) -> float:
        """How far along ``out`` a line stands: clear of the part, and of the lines that stand there already."""
        if axial:  # clear of the picture, which a line along an axis stands beside
            edge = float(self._high[1]) if abs(out[1]) > abs(out[0]) else -float(self._low[0])
            tilt = abs(float(along[1] if abs(out[1]) > abs(out[0]) else along[0]))
            level = edge + tilt * 0.5 * float((self._high - self._low).max()) + 0.9 * self._step
        else:
            level = float((self._part @ out).max()) + self._step
        span = p @ along
        for ends in self._taken:
            same = ends[1] - ends[0]
            parallel = abs(float(same @ along)) > 0.9 * float(np.hypot(*same))
            if parallel or (axial and _overlap(ends @ along, span)):
                level = max(level, float((ends @ out).max()) + self._step)
        return level

    def _on_paper(self, ends: Float) -> bool:
        span = float((self._high - self._low).max())
        low = self._low - np.array([_MARGIN, _EDGE]) * span
        high = self._high + np.array([_EDGE, _MARGIN]) * span
        return bool(((ends > low) & (ends < high)).all())

    def _extend(self, canvas: Canvas, p: Float, ends: Float, out: Float) -> None:
        """Extension lines from what was measured to the dimension line and a little past it."""
        for start, end in zip(p, ends, strict=True):
            way = float((end - start) @ out)
            past = end + math.copysign(0.15 * self._step, way) * out
            if abs(way) > 0.05 * self._step:
                canvas.line(np.array([start, past]), WHITE, 3.0, 130)  # told from a dark part and from pale paper
                canvas.line(np.array([start, past]), INK, 1.0, 220)

    def _in_place(self, canvas: Canvas, p: Float, along: Float, out: Float, m: MeasurementDocument) -> Float:
        """A length drawn where it was read; its balloon stands beside it, away from the part's middle."""
        colour = _colour(m.verdict)
        ends = np.stack([p[0], p[0] + along * float((p[1] - p[0]) @ along)])
        self._extend(canvas, p, ends, out)
        canvas.dimension(ends[0], ends[1], colour)
        middle = ends.mean(axis=0)
        outward = middle / max(float(np.hypot(*middle)), 1e-9)
        at = middle + self._step * outward
        canvas.line(np.array([middle, at]), colour, 1.0, 220)
        return np.asarray(at)


def _overlap(a: Float, b: Float) -> bool:
    """Whether two ranges, each told by two of its points, have a place in common."""
    return bool(a.min() <= b.max() and b.min() <= a.max())


def _slanted_first(m: MeasurementDocument) -> bool:
    """Key that puts slanted lengths first: the lines beside the picture are then laid clear of them."""
    p = _points(m)
    return p is None or len(p) != 2 or float(np.abs(_measured_along(m, p)).max()) >= _ALONG


def _measured_along(m: MeasurementDocument, p: Float) -> Float:
    """(2,) unit vector of the direction a length was taken in: as its row says, else from one point to the other."""
    turn = m.detail.get("direction_deg")
    if isinstance(turn, int | float) and math.isfinite(turn):
        return np.array([math.cos(math.radians(turn)), math.sin(math.radians(turn))])
    way = p[1] - p[0]
    length = float(np.hypot(*way))
    return way / length if length > 1e-9 else np.array([1.0, 0.0])


def _readable(along: Float) -> float:
    """Degrees clockwise as seen that a text beside a line is turned by: it reads from the left, or from below."""
    turn = math.degrees(math.atan2(along[1], along[0]))
    return turn - 180 if turn >= 89 else turn + 180 if turn < -91 else turn


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
        write(draw, (10, out.height - 26 * (len(legend) - k) - 4), text, 17)
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
        f"outline: deviations enlarged {times} times; orange out, blue in; U of one place {outline.u_mm:.3f} mm (k = 2)"
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
        write(draw, (x + 12, 6), text, 16, fill=GREY)
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
            write(draw, (x + 14, y), text, 18, width=room)
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
