"""Where struck metal and enamel meet, to a fraction of a pixel, in linear light.

Metal mirrors, and so does the rim of enamel that rises at its wall: what shines there lies on the one side of a part
today and on the other tomorrow, and an edge taken where the picture is steepest walks by 0.03 mm with it. Enamel keeps
its pigment's colour underneath the shine (dichromatic reflection, Shafer, Color Research and Application 10, 1985).
The picture is therefore projected on the direction of colour that tells enamel from metal best whatever shines:
Fisher's linear discriminant (Annals of Eugenics 7, 1936) of the pixels on both sides. Along that direction an edge
is a blurred step between two levels, and lies where half the step is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM, gap_median
from station.measure.polygon import outward_normals, resample_closed, smooth_closed
from station.values.colour import LinearRGB
from station.values.geometry import Frame
from station.values.line import METAL, OUTSIDE, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Index = NDArray[np.intp]
Bool = NDArray[np.bool_]

REACH_MM = 0.45
"""How far from the golden's place an edge is looked for."""

_STEP_MM = 0.02
_BEYOND_MM = 0.3  # of the profiles past the reach, for the levels beside the edge
_ROOM_MM = 0.6  # how far metal and enamel beside an edge are followed
_GUARD_MM = 0.07  # beside the edge, that blur and shoulder take
_NEAR_MM = 0.25  # of the levels beside the edge
_SHORTEST_MM = 1.5  # a shorter contour has no inside that is clear of its own edge
_NOISE = 3e-3  # linear light, so that a colour without any scatter is not trusted beyond a photo's noise
_CONTRAST = 1.5  # step over its scatter, below which enamel and metal look alike
_AVERAGED = np.exp(-((np.arange(-3, 4) / 1.5) ** 2) / 2)  # weights along the contour


@dataclass(frozen=True, slots=True)
class MetalEdges:
    """Places every 0.1 mm along the boundaries of metal and enamel on the golden, one contour after another.

    points : (n, 2) mm, on the edge as the golden's picture has it. normals : (n, 2), from the enamel into the metal.
    contour : (n,) number of the closed contour that a place belongs to. start, count : (contours,) its first place and
    how many it has. metal_mm, enamel_mm : (n,) how far the golden is metal and enamel along the normal, 0.6 mm at most;
    metal_mm is 0 where no metal lies beside the enamel. direction : (contours, 3) of colour, scaled so that
    the golden's enamel is 0 and its metal 1 less ``level``, (contours,). offset : (n,) mm that is left of the edge from
    ``points`` where it is read once more; NaN where none is seen. step : (n,) as in :class:`EdgeReading`.
    """

    points: Float
    normals: Float
    contour: Index
    start: Index
    count: Index
    metal_mm: Float
    enamel_mm: Float
    direction: Float
    level: Float
    offset: Float
    step: Float

    def neighbours(self, places: Index, half: int) -> Index:
        """(n, 2 half + 1) places along the same closed contour."""
        start, count = self.start[self.contour[places]], self.count[self.contour[places]]
        around = (places - start)[:, None] + np.arange(-half, half + 1)
        return np.asarray(start[:, None] + around % count[:, None], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class EdgeReading:
    """Edges of one picture at some places. offset : (k,) mm along the normal, NaN where none is seen. step : (k,)
    distance in linear light of the colours on the two sides of the golden's place; near 0 where one side is gone."""

    offset: Float
    step: Float


def soften(image: LinearRGB) -> Float32:
    """(H, W, 3) the picture, blurred by one pixel so that it can be sampled bilinearly."""
    return np.asarray(cv2.GaussianBlur(image.pixels, (0, 0), 1.0), dtype=np.float32)


def find_metal_edges(master: Master) -> MetalEdges:
    """Every boundary between metal and enamel of the golden's region map, located on its picture."""
    edges = _contours(master)
    soft = soften(master.image)
    every = np.flatnonzero(edges.metal_mm > 0)
    if not len(every):
        return edges
    for _ in range(2):  # the second time from the edge itself, so that the levels are taken clear of it
        edges = _with_levels(edges, soft, master.frame)
        shift = np.zeros(len(edges.points))
        shift[every] = locate(soft, master.frame, edges, every).offset
        steady = np.nan_to_num(_steady(edges, np.arange(len(shift)), np.where(edges.metal_mm > 0, shift, np.nan)))
        edges = replace(edges, points=edges.points + edges.normals * steady[:, None])
    edges = _with_levels(edges, soft, master.frame)
    offset, step = np.full(len(edges.points), np.nan), np.zeros(len(edges.points))
    reading = locate(soft, master.frame, edges, every)
    offset[every], step[every] = reading.offset, reading.step
    return replace(edges, offset=offset, step=step)


def locate(soft: Float32, frame: Frame, edges: MetalEdges, places: Index) -> EdgeReading:
    """The edges of a picture at some of the golden's places.

    soft : the picture in the golden frame as :func:`soften` makes it. places : (k,) sorted indices of ``edges``.

    An edge is looked for within ``REACH_MM`` along the golden's direction of colour first. The direction and the two
    levels are then taken from the picture's own pixels beside it, so that another enamel or another light on the metal
    do not move it.
    """
    if not len(places):
        return EdgeReading(np.zeros(0), np.zeros(0))
    s, values = _scan(soft, frame, edges, places)
    contour = edges.contour[places]
    golden = np.einsum("nmk,nk->nm", values, edges.direction[contour]) - edges.level[contour][:, None]
    signal = _along(edges, places, golden)
    first = _steady(edges, places, _crossing(s, signal, np.zeros(len(places))))
    inside, outside = _beside(s, edges, places, first)
    own = signal.copy()
    for c in np.unique(contour):
        rows = contour == c
        direction = _discriminant(values[rows][inside[rows]], values[rows][outside[rows]])
        if direction is not None:
            own[rows] = _along(edges, places[rows], values[rows] @ direction)
    low = _smooth_levels(edges, places, gap_median(np.where(inside, own, np.nan)))
    high = _smooth_levels(edges, places, gap_median(np.where(outside, own, np.nan)))
    span = np.where(np.abs(high - low) < 1e-6, np.nan, high - low)
    offset = _crossing(s, (own - low[:, None]) / span[:, None], first)
    inside, outside = _beside(s, edges, places, np.zeros(len(places)))
    step = np.linalg.norm(_mean(values, outside) - _mean(values, inside), axis=1)
    return EdgeReading(np.where(np.abs(offset) <= REACH_MM, offset, np.nan), step)


def _contours(master: Master) -> MetalEdges:
    """Places on the outlines of the enamel in the region map, to about two pixels."""
    plating = [r.label for r in master.regions if r.surface == "plating"]
    labels, frame = master.labels, master.frame
    metal = (labels == METAL) | np.isin(labels, plating)
    enamel = ~metal & (labels != OUTSIDE)
    points, normals, sizes = [], [], []
    for label in np.unique(labels[enamel]):
        is_cell = (labels == label).astype(np.uint8)
        cell = np.asarray(cv2.morphologyEx(is_cell, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), dtype=np.uint8)
        for contour in cv2.findContours(cell, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[0]:
            rough = contour[:, 0].astype(np.float64)
            if len(rough) * frame.pitch_mm < _SHORTEST_MM:
                continue
            along = resample_closed(smooth_closed(rough, 3.0), SPACING_MM / frame.pitch_mm)
            normal = outward_normals(smooth_closed(along, 1.0))
            if _share(cell, along + 3 * normal) > 0.5:  # the contour of a hole in the cell
                normal = -normal
            points.append(frame.to_mm(along))
            normals.append(normal)
            sizes.append(len(along))
    count = np.array(sizes, dtype=np.intp)
    start = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.intp) if sizes else count
    at = np.concatenate(points) if points else np.zeros((0, 2))
    out = np.concatenate(normals) if normals else np.zeros((0, 2))
    n, k = len(at), len(count)
    return MetalEdges(
        at, out, np.repeat(np.arange(k), count), start, count, _room(metal, frame, at, out),
        _room(enamel, frame, at, -out), np.zeros((k, 3)), np.zeros(k), np.zeros(n), np.zeros(n),
    )  # fmt: skip


def _share(mask: NDArray[np.uint8], px: Float) -> float:
    x, y = np.round(px).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return float(mask[y[inside], x[inside]].mean()) if inside.any() else 0.0


def _room(mask: Bool, frame: Frame, points: Float, normals: Float) -> Float:
    """(n,) mm that ``mask`` reaches from a place along its normal; the two pixels beside the place do not matter."""
    steps = np.arange(2, max(round(_ROOM_MM / frame.pitch_mm), 3) + 1)
    at = np.round(frame.to_px(points)[:, None, :] + normals[:, None, :] * steps[None, :, None]).astype(int)
    x, y = np.clip(at[..., 0], 0, mask.shape[1] - 1), np.clip(at[..., 1], 0, mask.shape[0] - 1)
    run = np.cumprod(mask[y, x], axis=1).sum(axis=1)
    return np.where(run > 0, (run + 1) * frame.pitch_mm, 0.0)


def _scan(soft: Float32, frame: Frame, edges: MetalEdges, places: Index) -> tuple[Float, Float32]:
    """Positions (m,) mm along the normals and (k, m, 3) linear light there."""
    end = REACH_MM + _BEYOND_MM
    s = np.arange(-end, end + _STEP_MM / 2, _STEP_MM)
    points = edges.points[places][:, None, :] + edges.normals[places][:, None, :] * s[None, :, None]
    at = frame.to_px(points).astype(np.float32)
    mode = cv2.BORDER_REPLICATE
    return s, np.asarray(cv2.remap(soft, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=mode), dtype=np.float32)


def _with_levels(edges: MetalEdges, soft: Float32, frame: Frame) -> MetalEdges:
    """The golden's own direction and levels of every contour."""
    direction, level = np.zeros_like(edges.direction), np.zeros_like(edges.level)
    places = np.flatnonzero(edges.metal_mm > 0)
    s, values = _scan(soft, frame, edges, places)
    inside, outside = _beside(s, edges, places, np.zeros(len(places)))
    contour = edges.contour[places]
    for c in np.unique(contour):
        rows = contour == c
        enamel, metal = values[rows][inside[rows]], values[rows][outside[rows]]
        found = _discriminant(enamel, metal)
        if found is None:
            continue
        low, high = float(np.median(enamel @ found)), float(np.median(metal @ found))
        if high - low > 1e-6:
            direction[c], level[c] = found / (high - low), low / (high - low)
    return replace(edges, direction=direction, level=level)


def _discriminant(enamel: Float32, metal: Float32) -> Float | None:
    """(3,) direction of colour of Fisher's linear discriminant from enamel (k, 3) to metal (m, 3), of length 1; None
    where there are too few pixels or the two look alike."""
    if len(enamel) < 40 or len(metal) < 20:
        return None
    a, b = enamel.astype(np.float64), metal.astype(np.float64)
    step = np.median(b, axis=0) - np.median(a, axis=0)
    scatter = np.cov(a.T) + np.cov(b.T) + _NOISE**2 * np.eye(3)
    direction = np.linalg.solve(scatter, step)
    length = float(np.linalg.norm(direction))
    if length < 1e-9 or step @ direction < _CONTRAST**2:
        return None
    return np.asarray(direction / length, dtype=np.float64)


def _beside(s: Float, edges: MetalEdges, places: Index, at: Float) -> tuple[Bool, Bool]:
    """(k, m) samples that are enamel and those that are metal beside an edge at (k,) mm, clear of its blur."""
    enamel, metal = edges.enamel_mm[places][:, None], edges.metal_mm[places][:, None]
    beyond = s[None, :] - at[:, None]
    within = np.clip(0.8 * enamel, 0.1, _NEAR_MM + _GUARD_MM)
    inside = (beyond < -np.minimum(_GUARD_MM, 0.5 * within)) & (beyond > -within)
    reach = np.clip(0.6 * metal, 0.1, _NEAR_MM)
    outside = (beyond > np.minimum(_GUARD_MM, 0.5 * reach)) & (beyond < reach)
    return inside, outside


def _mean(values: Float32, where: Bool) -> Float:
    """(k, 3) mean colour of some samples of every profile."""
    weight = where / np.maximum(where.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.einsum("nm,nmk->nk", weight, values), dtype=np.float64)


def _crossing(s: Float, signal: Float, near: Float) -> Float:
    """(k,) mm where the signal (k, m) rises through a half, of several the place nearest to ``near`` (k,)."""
    low, high = signal[:, :-1], signal[:, 1:]
    rises = (low < 0.5) & (high >= 0.5)
    far = np.where(rises, np.abs(s[None, :-1] - near[:, None]), np.inf)
    k = np.argmin(far, axis=1)
    i = np.arange(len(signal))
    a, b = low[i, k], high[i, k]
    at = s[k] + (0.5 - a) / np.where(b - a < 1e-9, 1.0, b - a) * (s[1] - s[0])
    return np.where(np.isfinite(far[i, k]), at, np.nan)


def _table(edges: MetalEdges, places: Index, half: int) -> tuple[Index, Bool]:
    """Rows of ``places`` that are the neighbours of each along its contour, and whether they are among them."""
    row = np.full(len(edges.points), -1, dtype=np.intp)
    row[places] = np.arange(len(places))
    near = row[edges.neighbours(places, half)]
    return np.maximum(near, 0), near >= 0


def _along(edges: MetalEdges, places: Index, signal: Float) -> Float:
    """The signal (k, m), averaged a little along the contour."""
    near, there = _table(edges, places, len(_AVERAGED) // 2)
    weight = _AVERAGED * there
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("nj,njm->nm", weight, signal[near]), dtype=np.float64)


def _steady(edges: MetalEdges, places: Index, offset: Float) -> Float:
    """(k,) running median along the contour, 0 where a neighbourhood shows no edge."""
    near, there = _table(edges, places, 4)
    rows = np.where(there, offset[near], np.nan)
    return np.where(np.isfinite(rows).any(axis=1), gap_median(rows), 0.0)


def _smooth_levels(edges: MetalEdges, places: Index, level: Float) -> Float:
    near, there = _table(edges, places, 5)
    known = there & np.isfinite(level[near])
    return np.asarray(np.where(known, level[near], 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1), dtype=np.float64)
