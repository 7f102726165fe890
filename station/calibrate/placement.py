"""Which way a card lies on a lattice: every placement and symmetry scored against the reference, then refined.

A placement maps card cells (column, row) to photo pixels. Scores are the mean Lab residual of an affine map from the
cube roots of linear light to the reference Lab: it absorbs white balance, exposure and most tone curves, and one
pseudo-inverse serves every symmetry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.patches import Lattice
from station.values.colour import srgb_decode
from station.values.geometry import project

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]

SIDE_SPAN = (0.28, 0.54)
"""Where a patch's edge is sought, in pitches from its centre: patches fill 0.6 to 1.0 of the pitch."""
_SIDE_STEPS, _SIDE_LINES = 27, 7
UNCLIPPED = 0.94
"""Linear light below which a patch still tells its colour."""
LARGEST_LATTICE = 40
"""Cells along one side of a lattice beyond which it is a texture, not a card."""
MATCHING = 16.0
"""Lab residual below which a patch of a partly covered card counts as seen; other colours are 30 away and more."""


@dataclass(frozen=True, slots=True)
class Placement:
    """homography : (3, 3) card cell (column, row) to photo px. score : mean Lab residual. mirrored : by its winding.

    rgb : (n, 3) linear light it was scored on. fill : width and height of its patches in pitches, NaN where not seen.
    """

    homography: Float
    score: float
    mirrored: bool
    rgb: Float
    fill: tuple[float, float] = (np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class PartialPlacement:
    """A card of which a part is outside or hidden. inside, matching : (n,) patches inside the photo, and as they are
    on the card."""

    homography: Float
    inside: NDArray[np.bool_]
    matching: NDArray[np.bool_]


def cells(columns: int, rows: int) -> Float:
    """(columns * rows, 2) card cells in the order of its patches."""
    return np.stack(np.meshgrid(np.arange(float(columns)), np.arange(float(rows))), axis=-1).reshape(-1, 2)


def is_mirrored(homography: Float) -> bool:
    """True where the card's columns and rows wind the other way in the photo (y down in both)."""
    at, right, below = project(homography, np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    u, v = right - at, below - at
    return bool(u[0] * v[1] - u[1] * v[0] < 0)


def symmetries(columns: int, rows: int) -> Iterator[Float]:
    """(3, 3) index maps of a card onto a grid of its own or its transposed shape: the eight symmetries."""
    for swap, flip_x, flip_y in product((False, True), repeat=3):
        p = np.array([[0, 1], [1, 0]]) if swap else np.eye(2, dtype=int)
        sign = np.array([-1 if flip_x else 1, -1 if flip_y else 1])
        p = p * sign[:, None]
        span = np.array([rows, columns] if swap else [columns, rows]) - 1
        origin = np.where(sign < 0, span, 0)
        yield np.array([[p[0, 0], p[0, 1], origin[0]], [p[1, 0], p[1, 1], origin[1]], [0, 0, 1]], dtype=np.float64)


def placements(lattice: Lattice, small: NDArray[np.uint8], columns: int, rows: int, lab: Float) -> list[Placement]:
    """Every placement of the card on a lattice that lies inside the picture, best score first."""
    sampled = _sample_lattice(lattice, small, columns, rows)
    if sampled is None:
        return []
    found: list[Placement] = []
    for homography, rgb, inside in _windows(lattice, sampled, columns, rows):
        if inside.all():
            found.append(Placement(homography, score(rgb, lab), is_mirrored(homography), rgb))
    return sorted(found, key=lambda p: p.score)


def partial_placements(
    lattice: Lattice, small: NDArray[np.uint8], columns: int, rows: int, lab: Float
) -> list[PartialPlacement]:
    """Placements of which a part is outside the picture or does not match; those that explain most patches first.

    They never serve for measuring: they say why a card that is in the photo cannot be read.
    """
    sampled = _sample_lattice(lattice, small, columns, rows)
    if sampled is None:
        return []
    found: list[PartialPlacement] = []
    for homography, rgb, inside in _windows(lattice, sampled, columns, rows):
        if inside.sum() < max(9, 0.45 * columns * rows):
            continue
        matching = _matching(rgb, lab, inside, columns)
        found.append(PartialPlacement(homography, inside, matching))
    return sorted(found, key=lambda p: 0.5 * int(p.inside.sum()) - 1.5 * int(p.matching.sum()))


def _sample_lattice(
    lattice: Lattice, small: NDArray[np.uint8], columns: int, rows: int
) -> tuple[Float, NDArray[np.bool_], tuple[int, int]] | None:
    """Linear light (j, i, 3) at every cell a card on this lattice could use, which of them lie inside the picture, and
    the index (i, j) of the first; None where the lattice cannot carry the card."""
    h, w = small.shape[:2]
    span = (lattice.columns[1] - lattice.columns[0] + 1, lattice.rows[1] - lattice.rows[0] + 1)
    pitch = _pitch(lattice.homography, (sum(lattice.columns) / 2, sum(lattice.rows) / 2))
    if not 4 <= pitch < max(h, w) or min(span) < 2 or max(span) > LARGEST_LATTICE:
        return None
    reach = max(columns, rows) - 2
    first = (lattice.columns[0] - reach, lattice.rows[0] - reach)
    x = np.arange(first[0], lattice.columns[1] + reach + 1, dtype=np.float64)
    y = np.arange(first[1], lattice.rows[1] + reach + 1, dtype=np.float64)
    index = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    corner = np.array([[-0.4, -0.4], [0.4, -0.4], [0.4, 0.4], [-0.4, 0.4]])
    flat = project(lattice.homography, (index[:, None] + corner).reshape(-1, 2)).reshape(-1, 4, 2)
    inside = np.asarray((np.isfinite(flat) & (flat >= -0.5) & (flat <= (w - 0.5, h - 0.5))).all(axis=(1, 2)))
    box = max(1, int(0.4 * pitch)) | 1
    smooth = np.asarray(cv2.blur(small, (box, box)))
    centre = np.rint(np.where(inside[:, None], flat.mean(axis=1), 0.0)).astype(int)
    rgb = srgb_decode(smooth[centre[:, 1].clip(0, h - 1), centre[:, 0].clip(0, w - 1)] / 255.0)
    return rgb.reshape(len(y), len(x), 3), inside.reshape(len(y), len(x)), first


def _windows(
    lattice: Lattice, sampled: tuple[Float, NDArray[np.bool_], tuple[int, int]], columns: int, rows: int
) -> Iterator[tuple[Float, Float, NDArray[np.bool_]]]:
    """Homography, patches (n, 3) and which lie inside the picture, for every symmetry and shift of the card."""
    rgb, inside, first = sampled
    index = cells(columns, rows)
    for symmetry in symmetries(columns, rows):
        size = (rows, columns) if symmetry[0, 0] == 0 else (columns, rows)
        starts = []
        for axis, seen in enumerate((lattice.columns, lattice.rows)):
            slack = size[axis] - (seen[1] - seen[0] + 1)
            if slack > max(3, size[axis] // 2):
                break
            starts.append(range(seen[0] - max(slack, 0), seen[0] + max(-slack, 0) + 1))
        if len(starts) < 2:
            continue
        local = np.rint(project(symmetry, index)).astype(int)
        for i, j in product(*starts):
            x, y = local[:, 0] + i - first[0], local[:, 1] + j - first[1]
            shift = np.array([[1, 0, i], [0, 1, j], [0, 0, 1.0]])
            yield lattice.homography @ shift @ symmetry, rgb[y, x], inside[y, x]


def _matching(rgb: Float, lab: Float, inside: NDArray[np.bool_], columns: int) -> NDArray[np.bool_]:
    """Patches that one affine map explains, by least trimmed squares from the halves and the whole of the card."""
    design = np.concatenate([np.cbrt(np.maximum(rgb, 0.0)), np.ones((len(rgb), 1))], axis=1)
    n = len(rgb)
    row, column = np.divmod(np.arange(n), columns)
    top, left = row <= row.max() / 2, column <= column.max() / 2
    halves = [np.ones(n, dtype=bool), top, ~top, left, ~left]
    best, best_spread = np.zeros(n, dtype=bool), np.inf
    keep_count = max(8, round(0.5 * n))
    for start in halves:
        kept = start & inside
        residual = np.full(n, np.inf)
        for _ in range(4):
            if kept.sum() < 6:
                break
            solution, *_ = np.linalg.lstsq(design[kept], lab[kept], rcond=1e-6)
            residual = np.where(inside, np.linalg.norm(lab - design @ solution, axis=1), np.inf)
            kept = residual <= np.partition(residual, keep_count - 1)[keep_count - 1]
            kept &= inside
        spread = float(np.sort(residual)[keep_count - 1])
        if spread < best_spread:
            best, best_spread = kept, spread
    for _ in range(3):  # from the half that fits best to all that fit with it
        if best.sum() < 6:
            break
        solution, *_ = np.linalg.lstsq(design[best], lab[best], rcond=1e-6)
        best = inside & (np.linalg.norm(lab - design @ solution, axis=1) < MATCHING)
    return best


def score(rgb: Float, lab: Float) -> float:
    """Mean Lab residual of the best affine map from cube roots of linear RGB (n, 3); the worst tenth does not count,
    nor clipped patches where enough others remain."""
    unclipped = (rgb < UNCLIPPED).all(axis=1)
    if unclipped.sum() >= max(10, 0.4 * len(rgb)):
        rgb, lab = rgb[unclipped], lab[unclipped]
    design = np.concatenate([np.cbrt(np.maximum(rgb, 0.0)), np.ones((len(rgb), 1))], axis=1)
    solution, *_ = np.linalg.lstsq(design, lab, rcond=1e-6)
    residual = np.sort(np.linalg.norm(lab - design @ solution, axis=1))
    return float(residual[: max(1, round(0.9 * len(residual)))].mean())


def margin(rgb: Float, lab: Float, columns: int, rows: int) -> float:
    """Score of the best other symmetry over the score of this order: how clearly the order is settled."""
    grid = np.arange(columns * rows).reshape(rows, columns)
    own = score(rgb, lab)
    others = [grid[::-1, ::-1], grid[::-1], grid[:, ::-1]]
    if columns == rows:
        others += [grid.T, grid.T[::-1], grid.T[:, ::-1], grid.T[::-1, ::-1]]
    return min(score(rgb[o.ravel()], lab) for o in others) / max(own, 1e-6)


def refine(photo: Pixels, homography: Float, columns: int, rows: int) -> Float:
    """The placement moved onto the patch edges at full resolution, located in linear light.

    Returns the homography; the one given where too few edges were seen.
    """
    index = cells(columns, rows)
    for _ in range(2):
        side, contrast = _edges(photo, homography, index)
        seen = (contrast > 0.01) & np.isfinite(side)
        both_x, both_y = seen[:, 0] & seen[:, 1], seen[:, 2] & seen[:, 3]
        centred = both_x & both_y
        size = np.stack([side[:, 0] + side[:, 1], side[:, 2] + side[:, 3]], axis=-1)
        if centred.sum() < max(8, 0.4 * len(index)):
            return homography
        typical = np.median(size[centred], axis=0)
        centred &= (np.abs(size - typical) < 0.06).all(axis=1)
        if centred.sum() < max(8, 0.4 * len(index)):
            return homography
        offset = np.stack([side[:, 0] - side[:, 1], side[:, 2] - side[:, 3]], axis=-1) / 2
        centre = project(homography, index + np.where(centred[:, None], offset, 0.0))
        pitch = _pitch(homography, ((columns - 1) / 2, (rows - 1) / 2))
        better, _ = cv2.findHomography(index[centred], centre[centred], cv2.RANSAC, max(0.02 * pitch, 0.7))
        if better is None:
            return homography
        moved = project(np.asarray(better, dtype=np.float64), index) - project(homography, index)
        if np.hypot(*moved.T).max() > 0.3 * pitch:
            return homography
        homography = np.asarray(better, dtype=np.float64)
    return homography


def patch_fill(photo: Pixels, homography: Float, columns: int, rows: int) -> tuple[float, float]:
    """Width and height of the patches in pitches, median of those whose both edges are seen; NaN below six.

    Card makers leave gaps of their own, so this tells a card from a copy of its colours without asking for a colour.
    """
    side, contrast = _edges(photo, homography, cells(columns, rows))
    seen = (contrast > 0.01) & np.isfinite(side)
    fill: list[float] = []
    for k in (0, 2):
        both = seen[:, k] & seen[:, k + 1]
        fill.append(float(np.median((side[:, k] + side[:, k + 1])[both])) if both.sum() >= 6 else np.nan)
    return fill[0], fill[1]


def _pitch(homography: Float, at: tuple[float, float]) -> float:
    p = project(homography, np.array([at, (at[0] + 1, at[1]), (at[0], at[1] + 1)]))
    return float((np.hypot(*(p[1] - p[0])) + np.hypot(*(p[2] - p[0]))) / 2)


def _edges(photo: Pixels, homography: Float, index: Float) -> tuple[Float, Float]:
    """Distances (n, 4) in pitches from the patch centres to the edges right, left, below, above, and their contrast."""
    t = np.linspace(*SIDE_SPAN, _SIDE_STEPS)
    s = np.linspace(-0.22, 0.22, _SIDE_LINES)
    tt, ss = np.meshgrid(t, s, indexing="ij")  # (steps, lines)
    sides = np.stack([np.stack([tt, ss], -1), np.stack([-tt, ss], -1), np.stack([ss, tt], -1), np.stack([ss, -tt], -1)])
    points = project(homography, index[:, None, None, None, :] + sides[None])  # (n, 4, steps, lines, 2)
    shape = points.shape[:-1]
    flat = points.reshape(len(index), -1, 2).astype(np.float32)
    coded = cv2.remap(photo, flat[..., 0], flat[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    top = 255.0 if photo.dtype == np.uint8 else 65535.0
    profile = srgb_decode(np.asarray(coded, dtype=np.float64) / top).reshape(*shape, 3).mean(axis=3)  # (n, 4, steps, 3)
    slope = np.abs(np.diff(profile, axis=2)).sum(axis=3)  # (n, 4, steps - 1)
    middle = (t[1:] + t[:-1]) / 2
    peak = slope.argmax(axis=2)
    near = np.abs(np.arange(_SIDE_STEPS - 1) - peak[..., None]) <= 3
    weight = np.where(near, np.maximum(slope - 0.25 * slope.max(axis=2, keepdims=True), 0.0), 0.0)
    total = weight.sum(axis=2)
    with np.errstate(invalid="ignore"):
        where = (weight * middle).sum(axis=2) / total
    where[(peak == 0) | (peak == _SIDE_STEPS - 2)] = np.nan
    return where, np.where(near, slope, 0.0).sum(axis=2)
