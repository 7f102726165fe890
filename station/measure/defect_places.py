"""Places that a defect model's scores mark, the pieces of one defect put together again.

A pixel belongs to a place by the sum of its scores over all kinds: whether something is there is one question, what it
is another, and a spot that is half a pit and half a bubble to a model is still there for certain. One defect may lie in
several pieces, and two defects close together are two:

- what goes on in the line of a long thin piece, beyond a gap that a highlight or a fold of the relief left, is the same
  scratch or fibre;
- a lit and a shaded half that face each other and reach no further together than apart are one hollow or dome;
- what lies against a piece, or inside it, with the same sign is a crumb of it.

Pieces are of one defect only where some kind is likely for both; a pit at the end of a scratch stays a pit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.course import course_length, course_of
from station.measure.morphology import disc
from station.values.line import ScoreMaps

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Pixels = NDArray[np.intp]

THRESHOLD = 0.5
"""Sum of scores from which a pixel is part of a place."""

_LEAST_PX = 3  # of a piece
_PLACE_PX = 5  # of a place: smaller is the ragged rim of something or the picture's own grain
_LIKELY = 0.2  # share of a piece's scores that a kind has at least to be likely for it
_ALIKE = ({"pit", "bubble"},)  # kinds that one hollow's halves are taken for
_SLENDER = 3.0  # length over width of a piece that gives a line
_LINE_MM = 0.27  # and its least length
_GAP_MM = 0.7  # between two pieces of one scratch, and no more than the longer of the two is long
_ASIDE_MM, _BENDS = 0.10, 0.15  # of the one piece from the other's line, and what is added per mm of the gap
_TOWARDS = 0.82  # cosine of the greatest angle between two pieces of one line, 35 degrees
_TANGENT_MM = 0.4  # of a piece's end give its direction
_HALVES_MM, _HALVES = (
    0.35,
    0.5,
)  # between the lit and the shaded half of one hollow, and as a share of their joint reach
_TOGETHER = 0.9  # of the lengths of two halves, that both together are long at most
_UNLIKE = 0.3  # length of the one half over that of the other, at least
_FILLED = 0.3  # share of their joint hull that both halves fill at least
_CRUMB_MM = 0.06  # between a piece and a crumb of it
_WITHIN = 0.6  # share of a piece that lies inside another's hull
_SHARP = 0.3  # of the difference of a piece's pixels, that their mean is at least where they are of one sign


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place that differs. pixels : (n, 2) x, y in the raster, gaps between its pieces filled in. sums : (K,) its
    scores by kind, summed over the pixels. count : of pixels over the threshold. sign : 1 lighter than the golden, -1
    darker, 0 both."""

    pixels: Pixels
    sums: Float
    count: int
    sign: int

    def likely(self, kinds: tuple[str, ...]) -> set[str]:
        """Kinds with a good share of its scores."""
        share = self.sums / max(float(self.sums.sum()), 1e-9)
        return {kind for kind, part in zip(kinds, share, strict=True) if part >= _LIKELY}


def total_score(maps: ScoreMaps) -> Float32:
    """(H, W) 0-1: a pixel's scores summed over all kinds."""
    return np.asarray(np.minimum(maps.scores.sum(axis=0), 1.0), dtype=np.float32)


def find_places(maps: ScoreMaps, total: Float32, difference: Float32, hidden: Bool, pitch_mm: float) -> list[Place]:
    """Every place of a unit, from top to bottom.

    total : see :func:`total_score`. difference : (H, W) lightness of the unit over that of the golden, linear. hidden :
    (H, W) where nothing is judged; a piece that lies there for more than half is left out.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats((total >= THRESHOLD).astype(np.uint8), connectivity=8)
    pieces = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area < _LEAST_PX:
            continue
        window = (slice(y, y + h), slice(x, x + w))
        mask = labels[window] == i
        if hidden[window][mask].mean() > 0.5:
            continue
        sums = (maps.scores[:, *window] * mask).sum(axis=(1, 2), dtype=np.float64)
        ys, xs = np.nonzero(mask)
        pixels = np.stack([xs + x, ys + y], axis=1)
        pieces.append(_Piece.of(Place(pixels, sums, area, _sign(difference, window, mask)), maps.kinds, pitch_mm))
    merged = _merged(pieces, maps.kinds, pitch_mm)
    return [p.place for p in merged if p.place.count >= _PLACE_PX]


def _sign(difference: Float32, window: tuple[slice, slice], mask: Bool) -> int:
    """Whether a piece is lighter or darker than its surroundings make the golden there, or neither as a whole."""
    pad = 6
    rows, columns = (slice(max(0, s.start - pad), s.stop + pad) for s in window)
    here = difference[rows, columns]
    inside = np.zeros(here.shape, dtype=np.uint8)
    inside[window[0].start - rows.start :, window[1].start - columns.start :][: mask.shape[0], : mask.shape[1]] = mask
    ring = cv2.dilate(inside, disc(5)) - cv2.dilate(inside, disc(2))
    base = float(np.median(here[ring > 0])) if ring.any() else 0.0
    off = here[inside > 0] - base
    mean = float(off.mean())
    return 0 if abs(mean) < _SHARP * float(np.abs(off).mean()) else int(math.copysign(1, mean))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A place with what tells whether another belongs to it. box : left, top, right, bottom. hull : of its pixels.
    course : from end to end in px, None where it is no line. reach : its greatest width or its length in px."""

    place: Place
    box: tuple[int, int, int, int]
    hull: Float32
    course: Float | None
    reach: float

    @classmethod
    def of(cls, place: Place, kinds: tuple[str, ...], pitch_mm: float) -> _Piece:
        """The piece that a place is."""
        p = place.pixels
        left, top = (int(v) for v in p.min(axis=0))
        right, bottom = (int(v) for v in p.max(axis=0))
        hull = _hull(p)
        reach = _reach(hull)
        course = None
        # of a curved line the reach is its chord, so the pixels that a compact place of this reach had tell as well
        if len(p) >= 2 and len(p) < reach * reach / 2.5:
            course = course_of(p.astype(np.float64))
            long = course_length(course)
            if long * pitch_mm < _LINE_MM or long * long < _SLENDER * len(p):
                course = None
            else:
                reach = long
        return cls(place, (left, top, right, bottom), hull, course, reach)


def _hull(points: Pixels | Float32) -> Float32:
    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], dtype=np.float32)


def _reach(hull: Float32) -> float:
    apart = hull[:, None] - hull[None]
    return float(np.sqrt((apart**2).sum(axis=2).max())) + 1


def _merged(pieces: list[_Piece], kinds: tuple[str, ...], pitch_mm: float) -> list[_Piece]:
    """The pieces with those of one defect put together, until no two are."""
    if not pieces:
        return []
    order = sorted(pieces, key=lambda p: (-p.reach, p.box))
    boxes = np.array([p.box for p in order])
    waiting = np.ones(len(order), dtype=bool)
    done: list[_Piece] = []
    for i, first in enumerate(order):
        if not waiting[i]:
            continue
        waiting[i] = False
        piece, grown = first, True
        while grown:
            grown = False
            left, top, right, bottom = piece.box
            across = np.maximum(boxes[:, 0] - right, left - boxes[:, 2])
            apart = np.maximum(across, np.maximum(boxes[:, 1] - bottom, top - boxes[:, 3]))
            for k in np.flatnonzero(waiting & (apart * pitch_mm <= _GAP_MM)):
                joined = _joined(piece, order[k], kinds, pitch_mm)
                if joined is not None:
                    waiting[k] = False
                    piece, grown = _Piece.of(joined, kinds, pitch_mm), True
                    break
        done.append(piece)
    return sorted(done, key=lambda p: (p.box[1], p.box[0]))


def _joined(a: _Piece, b: _Piece, kinds: tuple[str, ...], pitch_mm: float) -> Place | None:
    """Both as one place, where they are of one defect."""
    if not _of_one_kind(a.place, b.place, kinds):
        return None
    bridge = _in_line(a, b, pitch_mm) or _in_line(b, a, pitch_mm)
    if bridge is not None:
        return _put_together(a.place, b.place, bridge)
    gap, ends = _nearest(a.place.pixels, b.place.pixels)
    if a.place.sign * b.place.sign < 0:
        return _put_together(a.place, b.place, None) if _are_halves(a, b, gap, pitch_mm) else None
    if a.course is None and b.course is None and (gap * pitch_mm <= _CRUMB_MM or _inside(b, a) or _inside(a, b)):
        return _put_together(a.place, b.place, ends)
    return None


def _are_halves(a: _Piece, b: _Piece, gap: float, pitch_mm: float) -> bool:
    """Whether a lighter and a darker piece face each other across one hollow or dome."""
    hull = _hull(np.concatenate([a.hull, b.hull]))
    both = _reach(hull)
    filled = (a.place.count + b.place.count) / max(cv2.contourArea(hull), 1.0)
    unlike = min(a.reach, b.reach) / max(a.reach, b.reach)
    near = gap <= min(_HALVES_MM / pitch_mm, _HALVES * both)
    return near and both <= _TOGETHER * (a.reach + b.reach) and unlike >= _UNLIKE and filled >= _FILLED


def _of_one_kind(a: Place, b: Place, kinds: tuple[str, ...]) -> bool:
    first, second = a.likely(kinds), b.likely(kinds)
    return bool(first & second) or any(first & alike and second & alike for alike in _ALIKE)


def _in_line(a: _Piece, b: _Piece, pitch_mm: float) -> tuple[Float, Float] | None:
    """Where ``b`` goes on in the line of ``a``: the two places to be joined."""
    if a.course is None:
        return None
    greatest = min(_GAP_MM / pitch_mm, max(a.reach, b.reach))
    others = b.place.pixels.astype(np.float64)
    for course in (a.course, a.course[::-1]):
        end, out = course[0], _outwards(course, pitch_mm)
        off = others - end
        ahead, aside = off @ out, np.abs(off @ np.array([-out[1], out[0]]))
        k = int(np.argmin((off**2).sum(axis=1)))
        allowed = _ASIDE_MM / pitch_mm + _BENDS * np.maximum(ahead, 0)
        if float(np.hypot(*off[k])) > greatest or ahead[k] < -_ASIDE_MM / pitch_mm or aside[k] > allowed[k]:
            continue
        if b.course is None:
            if (aside <= allowed).all():
                return end, others[k]
            continue
        for back in (b.course, b.course[::-1]):
            near = float(np.hypot(*(back[0] - others[k]))) <= 2 * _ASIDE_MM / pitch_mm
            if near and float(out @ _outwards(back, pitch_mm)) <= -_TOWARDS:
                return end, back[0]
    return None


def _outwards(course: Float, pitch_mm: float) -> Float:
    """Direction in which a course leaves its first point, away from the rest of it."""
    run = np.cumsum(np.hypot(*np.diff(course, axis=0).T))
    inner = course[1 + min(int(np.searchsorted(run, _TANGENT_MM / pitch_mm)), len(run) - 1)]
    way = course[0] - inner
    return np.asarray(way / max(float(np.hypot(*way)), 1e-9), dtype=np.float64)


def _nearest(a: Pixels, b: Pixels) -> tuple[float, tuple[Float, Float]]:
    """Distance between the rims of two pieces in px, and the two pixels that are nearest to each other."""
    from scipy.spatial import cKDTree

    gap, nearest = (np.atleast_1d(found) for found in cKDTree(b).query(a))
    k = int(np.argmin(gap))
    return float(gap[k]) - 1, (a[k].astype(np.float64), b[int(nearest[k])].astype(np.float64))


def _inside(a: _Piece, b: _Piece) -> bool:
    """Whether most of ``a`` lies in the hull of ``b``."""
    if len(b.hull) < 3:
        return False
    some = a.place.pixels[:: max(1, len(a.place.pixels) // 200)]
    within = [cv2.pointPolygonTest(b.hull, (float(x), float(y)), False) >= 0 for x, y in some]
    return float(np.mean(within)) >= _WITHIN


def _put_together(a: Place, b: Place, bridge: tuple[Float, Float] | None) -> Place:
    """One place of two, with a line between them, or with all that lies between where there is no bridge."""
    every = np.concatenate([a.pixels, b.pixels])
    ends = every if bridge is None else np.concatenate([every, np.rint(np.stack(bridge)).astype(np.intp)])
    origin = ends.min(axis=0)
    width, height = (int(v) for v in ends.max(axis=0) - origin + 1)
    mask = np.zeros((height, width), dtype=np.uint8)
    mask[every[:, 1] - origin[1], every[:, 0] - origin[0]] = 1
    if bridge is None:
        cv2.fillConvexPoly(mask, cv2.convexHull((every - origin).astype(np.int32)), 1)
    else:
        (ax, ay), (bx, by) = (np.rint(p).astype(int) - origin for p in bridge)
        cv2.line(mask, (int(ax), int(ay)), (int(bx), int(by)), 1, 1)
    ys, xs = np.nonzero(mask)
    sign = a.sign if a.sign == b.sign else 0
    return Place(np.stack([xs, ys], axis=1) + origin, a.sums + b.sums, a.count + b.count, sign)
