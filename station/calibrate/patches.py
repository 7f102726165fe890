"""Where a card of coloured patches may lie in a photo: flat quadrilaterals, grown into lattices.

Own segmentation for cards of any columns x rows at any rotation. OpenCV's detector for the classic 24 is a second
opinion: it never says no, so what it proposes is verified like everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8]

EDGE_LEVELS = (10, 20, 36)
"""Coded differences within 3 x 3 pixels that end a flat area: faint gaps to noisy patches."""
MIN_AREA_PX = 24
MAX_QUADS = 700
"""Flat areas looked at for each level, the largest first: textures have thousands of small ones."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """homography : (3, 3) (column, row) index to photo pixels. columns, rows : inclusive ranges of indices seen.

    count : flat areas on it. seen : their (column, row).
    """

    homography: Float
    columns: tuple[int, int]
    rows: tuple[int, int]
    count: int
    seen: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Quads:
    """centre (m, 2), side (m,), axis (m, 2) unit vector along one side."""

    centre: Float
    side: Float
    axis: Float


def shrink(photo: Pixels, longest: int) -> tuple[Pixels, float]:
    """The photo with its longest side about ``longest`` px (a fifth more at most), and photo pixels per small pixel.

    It is halved while that is far off: halves take a tenth of the time of one step to any other size.
    """
    factor = 1.0
    while max(photo.shape[:2]) >= 2 * longest and min(photo.shape[:2]) >= 2:
        h, w = photo.shape[0] // 2, photo.shape[1] // 2
        photo = np.asarray(cv2.resize(photo[: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        factor *= 2
    h, w = photo.shape[:2]
    rest = max(h, w) / longest
    if rest <= 1.2:
        return photo, factor
    size = (max(1, round(w / rest)), max(1, round(h / rest)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), factor * w / size[0]


def to_photo_scale(homography: Float, factor: float) -> Float:
    """A homography into a shrunk picture, made one into the photo (pixel centres at whole numbers in both)."""
    shift = (factor - 1) / 2
    return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]]) @ homography


def find_lattices(small: Pixels, patches: int) -> Iterator[Lattice]:
    """Lattices of flat quadrilaterals in a small picture, the fullest first.

    small : (h, w, 3) uint8. patches : how many the card has; a lattice needs a third of them and at least six.
    """
    quads = _flat_quads(small, patches)
    found: list[dict[tuple[int, int], int]] = []
    taken = np.zeros(len(quads.side), dtype=bool)
    for seed in range(len(quads.side)):
        if taken[seed]:
            continue
        cells = _grow(quads, seed)
        if len(cells) >= max(6, patches // 3):
            taken[list(cells.values())] = True
            found.append(cells)
    for cells in sorted(found, key=len, reverse=True)[:6]:
        lattice = _fit(cells, quads)
        if lattice is not None:
            yield lattice


def mcc_lattice(small: Pixels) -> Lattice | None:
    """OpenCV's guess at a classic 24 as a lattice of 6 x 4, or None."""
    detector = cv2.mcc.CCheckerDetector_create()  # type: ignore[attr-defined]
    detector.setUseDnnModel(False)  # without its network file the network finds nothing, silently
    detector.setColorChartType(cv2.mcc.MCC24)
    if not detector.process(np.ascontiguousarray(small[..., ::-1]), 1):
        return None
    corners = np.asarray(detector.getBestColorChecker().getColorCharts(), dtype=np.float64).reshape(-1, 4, 2)
    if corners.shape[0] != 24 or not np.isfinite(corners).all():
        return None
    index = np.stack(np.meshgrid(np.arange(6.0), np.arange(4.0)), axis=-1).reshape(-1, 2)
    homography, _ = cv2.findHomography(index, corners.mean(axis=1))
    if homography is None:
        return None
    return Lattice(np.asarray(homography, dtype=np.float64), (0, 5), (0, 3), 24)


def _flat_quads(small: Pixels, patches: int) -> _Quads:
    smooth = cv2.GaussianBlur(small, (0, 0), 0.8)
    kernel = np.ones((3, 3), np.uint8)
    red, green, blue = cv2.split(cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, kernel))
    edge = cv2.max(cv2.max(red, green), blue)
    h, w = edge.shape
    rows: list[tuple[float, float, float, float, float]] = []
    for level in EDGE_LEVELS:
        flat = (edge < level).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
        x, y, bw, bh, area = stats.T
        ok = (area >= MIN_AREA_PX) & (area < 1.5 * h * w / patches) & (area > 0.42 * bw * bh)
        ok &= (np.maximum(bw, bh) < 2.6 * np.minimum(bw, bh)) & (labels[0, 0] != np.arange(len(area)))
        largest = np.flatnonzero(ok)
        for i in largest[np.argsort(-area[largest], kind="stable")][:MAX_QUADS]:
            crop = (labels[y[i] : y[i] + bh[i], x[i] : x[i] + bw[i]] == i).astype(np.uint8)
            contours, _ = cv2.findContours(crop, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            contour = max(contours, key=len)
            (cx, cy), (rw, rh), angle = cv2.minAreaRect(contour)
            rw, rh = rw + 1, rh + 1  # contour points are pixel centres
            inside = cv2.contourArea(contour) + len(contour) / 2
            if inside < 0.78 * rw * rh or max(rw, rh) > 2.0 * min(rw, rh):
                continue
            moments = cv2.moments(contour)
            if moments["m00"] > 0:
                cx, cy = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
            rows.append((cx + float(x[i]), cy + float(y[i]), float(np.sqrt(rw * rh)), angle, abs(rw - rh)))
    if not rows:
        return _Quads(np.empty((0, 2)), np.empty(0), np.empty((0, 2)))
    table = np.array(rows)
    keep: list[int] = []
    for i in np.argsort(-table[:, 2]):  # the same patch at several levels: its largest area is the least eaten away
        near = np.hypot(*(table[keep, :2] - table[i, :2]).T) < 0.4 * table[i, 2] if keep else np.zeros(0, bool)
        if not (near & (table[keep, 2] < 2.0 * table[i, 2])).any():
            keep.append(int(i))
    table = table[keep]
    angle = np.radians(table[:, 3])
    return _Quads(table[:, :2], table[:, 2], np.stack([np.cos(angle), np.sin(angle)], axis=-1))


def _grow(q: _Quads, seed: int) -> dict[tuple[int, int], int]:
    """Cells (column, row) -> quad of the lattice that grows from ``seed``; empty where it has no two neighbours."""
    away = q.centre - q.centre[seed]
    distance = np.hypot(*away.T)
    alike = np.abs(np.log(q.side / q.side[seed])) < 0.45
    near = alike & (distance > 0.85 * q.side[seed]) & (distance < 2.2 * q.side[seed])
    steps: list[Float] = []
    for axis in (q.axis[seed], np.array([-q.axis[seed][1], q.axis[seed][0]])):
        along = away @ axis
        candidates = np.flatnonzero(near & (np.abs(along) > 0.9 * distance))
        if candidates.size == 0:
            return {}
        nearest = candidates[np.argmin(distance[candidates])]
        steps.append(away[nearest] * np.sign(along[nearest]))
    cells = {(0, 0): seed}
    used = {seed}
    queue = [((0, 0), steps[0], steps[1])]
    while queue:
        (i, j), u, v = queue.pop(0)
        here = q.centre[cells[i, j]]
        for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            cell = (i + di, j + dj)
            if cell in cells or abs(cell[0]) > 40 or abs(cell[1]) > 40:
                continue
            step = di * u + dj * v
            gap = np.hypot(*(q.centre - here - step).T)
            gap[np.abs(np.log(q.side / q.side[cells[i, j]])) > 0.5] = np.inf
            k = int(np.argmin(gap))
            if gap[k] > 0.22 * np.hypot(*step) or k in used:
                continue
            cells[cell] = k
            used.add(k)
            new = (q.centre[k] - here) * (di + dj)
            queue.append((cell, new if di else u, new if dj else v))
    return cells


def _fit(cells: dict[tuple[int, int], int], q: _Quads) -> Lattice | None:
    index = np.array(list(cells), dtype=np.float64)
    if len(set(index[:, 0])) < 2 or len(set(index[:, 1])) < 2:
        return None
    centre = q.centre[list(cells.values())]
    side = float(np.median(q.side[list(cells.values())]))
    homography, inlier = cv2.findHomography(index, centre, cv2.RANSAC, 0.15 * side)
    if homography is None:
        return None
    kept = index[inlier.ravel().astype(bool)]
    if len(kept) < 6 or len(set(kept[:, 0])) < 2 or len(set(kept[:, 1])) < 2:
        return None
    low, high = kept.min(axis=0).astype(int), kept.max(axis=0).astype(int)
    return Lattice(
        np.asarray(homography, dtype=np.float64),
        (int(low[0]), int(high[0])),
        (int(low[1]), int(high[1])),
        len(kept),
        frozenset((int(i), int(j)) for i, j in kept),
    )
