"""The reference difference: a defect model that needs nothing but the golden. A tolerance envelope, not a subtraction.

Working space is the cube root of linear light, which is even to the eye and makes a colour shift of a whole cell an
offset. What is normal is an interval per pixel: the golden's own neighbourhood (so that a misregistration of two pixels
is nothing), wider along walls (where light and shadow turn with the part) and as wide as the whole plating on metal
(a mirror that sees other lamps when it is turned). Variation model and interval after C. Steger et al., Machine Vision
Algorithms and Applications, 2nd ed., section 3.4.1, with the variation taken from the neighbourhood of one golden.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.colour import LinearRGB
from station.values.line import METAL, OUTSIDE, ScoreMaps

KINDS = ("pit", "scratch", "missing-enamel", "speck", "overflow", "bubble", "plating-spot", "dust", "lint")
"""Kinds the reference difference tells apart. ``dust`` and ``lint`` lie on the part and are harmless."""

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_REACH = 2  # px: registration and local warp that are forgiven
_RIM = 5  # px at the part's edge that belong to the outline, not to the surface
_WALL = 5  # px around struck lines where relief turns light into shadow
_SIGMAS = 5.0  # noise that is forgiven
_FLOOR = 0.030  # difference in cube-root units that is forgiven whatever the noise (about 2.5 L*)
_WALL_FLOOR = 0.085
_METAL_FLOOR = 0.06
_MIN_AREA = 7  # px of a finding


@dataclass(frozen=True, slots=True)
class _Spot:
    """A connected place outside the envelope: its window, its mask and signed difference inside."""

    rows: slice
    columns: slice
    mask: Bool


def reference_difference(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
    """Score maps (9, H, W), 0-1, of ``KINDS``; 0.5 is half the height of a finding's own contrast.

    golden, unit : the same raster, linear light. labels : region map. noise : standard deviation of a pixel at mid
    tone, in linear light. Deterministic; a picture against itself gives zeros.
    """
    g, u = _even(golden), _even(unit)
    inside = cv2.erode((labels != OUTSIDE).astype(np.uint8), _disc(_RIM)).astype(bool)
    walls = _near_walls(labels)
    adjusted = _follow_cells(g, u, labels, inside, walls)
    difference = u - adjusted
    excess = _outside_envelope(adjusted, u, labels, walls, noise)
    excess[~inside] = 0
    strength = np.sqrt((difference**2).sum(axis=2))
    scores = np.zeros((len(KINDS), *labels.shape), dtype=np.float32)
    for spot in _spots(excess, strength, inside):
        kind = _name(spot, g, u, difference, labels)
        window = (KINDS.index(kind), spot.rows, spot.columns)
        local = strength[spot.rows, spot.columns]
        plateau = max(float(np.percentile(local[spot.mask], 85)), 1e-6)
        soft = np.clip(local / plateau, 0, 1) * cv2.dilate(spot.mask.astype(np.uint8), _disc(1))
        scores[window] = np.maximum(scores[window], soft.astype(np.float32))
    return ScoreMaps(KINDS, scores)


def _even(picture: LinearRGB) -> F32:
    smooth = cv2.GaussianBlur(picture.pixels, (0, 0), 0.6)
    return np.asarray(np.cbrt(np.maximum(smooth, 0)), dtype=np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), dtype=np.uint8)


def _near_walls(labels: NDArray[np.uint8]) -> Bool:
    """Pixels within ``_WALL`` of a border between labels, where the struck relief casts light and shadow."""
    kernel = _disc(_WALL)
    return np.asarray(cv2.dilate(labels, kernel) != cv2.erode(labels, kernel))


def _follow_cells(g: F32, u: F32, labels: NDArray[np.uint8], inside: Bool, walls: Bool) -> F32:
    """The golden with every cell's colour and slow shading moved to the unit's: those are measured elsewhere."""
    out = g.copy()
    for label in np.unique(labels):
        if label == OUTSIDE:
            continue
        cell = (labels == label) & inside
        core = cell & ~walls if label != METAL else cell
        if core.sum() < 50:
            core = cell
        if not core.any():
            continue
        x, y, w, h = cv2.boundingRect(cell.astype(np.uint8))
        window = (slice(y, y + h), slice(x, x + w))
        delta = (u - g)[window]
        offset = np.median((u - g)[core], axis=0)
        moved = np.clip(delta - offset, -_FLOOR, _FLOOR) * core[window][..., None]
        weight = cv2.GaussianBlur(core[window].astype(np.float32), (0, 0), 40)
        slow = cv2.GaussianBlur(moved.astype(np.float32), (0, 0), 40) / np.maximum(weight, 1e-3)[..., None]
        out[window][cell[window]] += (offset + slow)[cell[window]]
    return out


def _outside_envelope(g: F32, u: F32, labels: NDArray[np.uint8], walls: Bool, noise: float) -> F32:
    """How far the unit leaves the interval of what is normal, the largest channel, (H, W), 0 inside it."""
    kernel = _disc(_REACH)
    high, low = cv2.dilate(g, kernel), cv2.erode(g, kernel)
    metal = labels == METAL
    if metal.any():
        bright, dark = np.percentile(g[metal], 99, axis=0), np.percentile(g[metal], 1, axis=0)
        near_metal = cv2.dilate(metal.astype(np.uint8), kernel).astype(bool)
        high[near_metal] = np.maximum(high[near_metal], bright)
        low[near_metal] = np.minimum(low[near_metal], dark)
    # Photon noise grows with the root of the light; the cube root's slope is a third of v^(-2/3).
    light = np.maximum(g, 0.15) ** 3
    sigma = noise * np.sqrt(light / 0.2) / (3 * light ** (2 / 3))
    floor = np.where(metal, _METAL_FLOOR, np.where(walls, _WALL_FLOOR, _FLOOR)).astype(np.float32)
    tolerance = np.maximum(floor[..., None], _SIGMAS * sigma)
    return np.asarray(np.maximum(u - high - tolerance, low - tolerance - u).max(axis=2).clip(0), dtype=np.float32)


def _spots(excess: F32, strength: F32, inside: Bool) -> list[_Spot]:
    """Places that leave the envelope, each grown to where its difference falls to half its height."""
    seeds = cv2.morphologyEx((excess > 0).astype(np.uint8), cv2.MORPH_CLOSE, _disc(2))
    count, marks, stats, _ = cv2.connectedComponentsWithStats(seeds, connectivity=8)
    height, width = excess.shape
    taken = np.zeros(excess.shape, dtype=bool)
    order = sorted(range(1, count), key=lambda i: (-int(stats[i, cv2.CC_STAT_AREA]), i))
    spots = []
    for i in order:
        x, y, w, h, area = (int(v) for v in stats[i])
        pad = 6
        rows, columns = (
            slice(max(0, y - pad), min(height, y + h + pad)),
            slice(max(0, x - pad), min(width, x + w + pad)),
        )
        seed = marks[rows, columns] == i
        local = strength[rows, columns]
        half = 0.5 * float(np.percentile(local[seed], 85))
        grown = (local >= half) & inside[rows, columns] & ~taken[rows, columns]
        _, parts = cv2.connectedComponents((grown | seed).astype(np.uint8), connectivity=8)
        touched = np.unique(parts[seed])
        mask = np.isin(parts, touched[touched > 0]) & (grown | seed)
        if area < 3 or mask.sum() < _MIN_AREA:
            continue
        taken[rows, columns] |= mask
        spots.append(_Spot(rows, columns, mask))
    return spots


def _name(spot: _Spot, g: F32, u: F32, difference: F32, labels: NDArray[np.uint8]) -> str:
    """The likeliest kind of a spot, from where it lies, its shape and its colour beside cell and plating."""
    where = labels[spot.rows, spot.columns][spot.mask]
    colour = u[spot.rows, spot.columns][spot.mask]
    change = difference[spot.rows, spot.columns][spot.mask].mean(axis=0)
    on_metal = float((where == METAL).mean())
    length, width = _extent(spot.mask)
    slender = length / max(width, 1.0)
    chroma = float(np.ptp(colour.mean(axis=0)))
    pale = chroma < 0.10 and float(change.mean()) > 0
    if slender > 5 and length > 25:
        straight = width < 0.12 * length
        return "scratch" if straight or not pale else "lint"
    if on_metal > 0.6:
        return "overflow" if _closer_to_a_cell(colour, spot, g, labels) else "plating-spot"
    metal = labels == METAL
    plating = np.median(g[metal], axis=0) if metal.any() else np.zeros(3)
    to_plating = float(np.linalg.norm(np.median(colour, axis=0) - plating))
    to_cell = float(np.linalg.norm(change))
    if spot.mask.sum() > 450 and (to_plating < to_cell or change.mean() < 0):
        return "missing-enamel"
    lightness = difference[spot.rows, spot.columns].mean(axis=2)[spot.mask]
    if lightness.max() > 0.05 and lightness.min() < -0.05 and abs(float(lightness.mean())) < 0.02:
        return "bubble"
    if change.mean() < 0 or to_plating < 0.5 * to_cell:
        return "pit" if _neutral(change) else "speck"
    return "dust" if pale else "speck"


def _neutral(change: F32) -> bool:
    """Whether a change is one of light rather than of hue."""
    return float(np.ptp(change)) < 0.6 * float(np.abs(change).max())


def _extent(mask: Bool) -> tuple[float, float]:
    points = cv2.findNonZero(mask.astype(np.uint8))
    (_, _), (a, b), _ = cv2.minAreaRect(points)
    return max(a, b) + 1, min(a, b) + 1


def _closer_to_a_cell(colour: F32, spot: _Spot, g: F32, labels: NDArray[np.uint8]) -> bool:
    """Whether the spot has the colour of an enamel cell beside it rather than that of the plating."""
    grown = cv2.dilate(spot.mask.astype(np.uint8), _disc(12)).astype(bool)
    around = labels[spot.rows, spot.columns][grown]
    reference = g[spot.rows, spot.columns][grown]
    mine = np.median(colour, axis=0)
    metal = reference[around == METAL]
    to_metal = float(np.linalg.norm(mine - np.median(metal, axis=0))) if len(metal) else np.inf
    for label in np.unique(around):
        if label in (OUTSIDE, METAL):
            continue
        if float(np.linalg.norm(mine - np.median(reference[around == label], axis=0))) < 0.6 * to_metal:
            return True
    return False
