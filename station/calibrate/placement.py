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


@dataclass(frozen=True, slots=True)
class Placement:
    """homography : (3, 3) card cell (column, row) to photo px. score : mean Lab residual. mirrored : by its winding."""

    homography: Float
    score: float
    mirrored: bool


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
    h, w = small.shape[:2]
    pitch = _pitch(lattice.homography, (sum(lattice.columns) / 2, sum(lattice.rows) / 2))
    if not 4 <= pitch < max(h, w):
        return []
    box = max(1, int(0.4 * pitch)) | 1
    smooth = np.asarray(cv2.blur(small, (box, box)), dtype=np.uint8)
    span = (lattice.columns[1] - lattice.columns[0] + 1, lattice.rows[1] - lattice.rows[0] + 1)
    found: list[Placement] = []
    for symmetry in symmetries(columns, rows):
        size = (rows, columns) if symmetry[0, 0] == 0 else (columns, rows)
        starts = []
        for axis, seen in enumerate((lattice.columns, lattice.rows)):
            slack = size[axis] - span[axis]
            starts.append(range(seen[0] - max(slack, 0), seen[0] + max(-slack, 0) + 1))
            if abs(slack) > max(3, size[axis] // 2):
                break
        if len(starts) < 2 or abs(size[1] - span[1]) > max(3, size[1] // 2):
            continue
        for i, j in product(*starts):
            shift = np.array([[1, 0, i], [0, 1, j], [0, 0, 1.0]])
            homography = lattice.homography @ shift @ symmetry
            rgb = _sample(smooth, homography, columns, rows)
            if rgb is not None:
                found.append(Placement(homography, score(rgb, lab), is_mirrored(homography)))
    return sorted(found, key=lambda p: p.score)


def score(rgb: Float, lab: Float) -> float:
    """Mean Lab residual of the best affine map from cube roots of linear RGB (n, 3); the worst tenth does not count."""
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


def _pitch(homography: Float, at: tuple[float, float]) -> float:
    p = project(homography, np.array([at, (at[0] + 1, at[1]), (at[0], at[1] + 1)]))
    return float((np.hypot(*(p[1] - p[0])) + np.hypot(*(p[2] - p[0]))) / 2)


def _sample(smooth: NDArray[np.uint8], homography: Float, columns: int, rows: int) -> Float | None:
    """(n, 3) linear light at the patch centres, or None where the card would reach over the picture's edge."""
    h, w = smooth.shape[:2]
    corner = np.array([[-0.4, -0.4], [columns - 0.6, -0.4], [columns - 0.6, rows - 0.6], [-0.4, rows - 0.6]])
    outer = project(homography, corner)
    if not np.isfinite(outer).all() or (outer < -0.5).any() or (outer > (w - 0.5, h - 0.5)).any():
        return None
    p = np.rint(project(homography, cells(columns, rows))).astype(int)
    return srgb_decode(smooth[p[:, 1].clip(0, h - 1), p[:, 0].clip(0, w - 1)] / 255.0)


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
