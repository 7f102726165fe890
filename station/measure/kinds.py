"""What a local difference probably is: its kind, from its place, its shape, and its colour beside cell and plating."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.line import METAL, OUTSIDE

KINDS = ("pit", "scratch", "missing-enamel", "speck", "overflow", "bubble", "plating-spot", "dust", "lint")
"""Kinds the reference difference tells apart. ``dust`` and ``lint`` lie on the part and are harmless."""

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_LONG_PX = 16.0
_SLENDER = 3.5
_BENT = 0.04  # a fibre strays further from a straight line than this share of its length; a scratch does not
_GRAIN_PX = 34  # area of the largest grain of dust, about 0.22 mm across at 0.033 mm a pixel
_HOLE_PX = 130  # area from which bare metal is missing enamel and not the floor of a pit, about 0.43 mm across
_HUE = 0.16  # change of colour as a share of lightness that no shading makes
_FAINT = 0.12
_ALIKE = 0.14


@dataclass(frozen=True, slots=True)
class Spot:
    """A connected place outside the envelope: its window, its mask in it, and its peak over the tolerance."""

    rows: slice
    columns: slice
    mask: Bool
    peak: float


@dataclass(frozen=True, slots=True)
class Scene:
    """golden (moved to the unit's colours) and unit, (H, W, 3) opponent channels; region map.

    plating : (2,) colour of the golden's metal as a share of its lightness, None where there is no metal.
    """

    golden: F32
    unit: F32
    labels: NDArray[np.uint8]
    plating: F32 | None


def tint(opponent: F32) -> F32:
    """(..., 2) colour as a share of lightness: shading and shadow leave it as it is."""
    return np.asarray(opponent[..., 1:] / np.maximum(opponent[..., :1], 0.15), dtype=np.float32)


def name_spot(spot: Spot, scene: Scene) -> str:
    """The likeliest of ``KINDS`` for a spot."""
    mask = spot.mask
    g, u = scene.golden[spot.rows, spot.columns], scene.unit[spot.rows, spot.columns]
    labels = scene.labels[spot.rows, spot.columns]
    lighter = u[..., 0][mask] - g[..., 0][mask]
    length, width, bend = _shape(mask)
    if length > _LONG_PX and length > _SLENDER * width:
        return "lint" if bend > _BENT else "scratch"
    middle = np.median(u[mask], axis=0)
    if float((labels[mask] == METAL).mean()) > 0.5:
        if _is_neighbour(middle, mask, g, labels):
            return "overflow"
        return "dust" if lighter.mean() > 0 and mask.sum() <= _GRAIN_PX else "plating-spot"
    before = np.median(g[mask], axis=0)
    turned = float(np.abs(tint(middle) - tint(before)).max())
    bare = scene.plating is not None and _bare_share(u[mask], before, scene.plating) > 0.25
    if bare:
        return "missing-enamel" if mask.sum() > _HOLE_PX else "pit"
    mean = float(lighter.mean())
    one_sided = abs(mean) > 0.6 * float(np.abs(lighter).mean())
    if mean > 0 and one_sided and mask.sum() <= _GRAIN_PX:
        return "dust"
    if turned > _HUE and one_sided:
        return "speck"
    if mask.sum() > 2 * _HOLE_PX and mean < 0 and one_sided:
        return "missing-enamel"
    # A dome lights one flank and shades the other, faintly; a pit is darker inside than any dome and has a bright rim.
    faint = float(np.percentile(np.abs(lighter), 90)) < _FAINT
    return "bubble" if faint and not (mean < 0 and one_sided) else "pit"


def _bare_share(colours: F32, before: F32, plating: F32) -> float:
    """Share of the pixels that have the plating's hue and not the cell's."""
    if float(np.abs(tint(before) - plating).max()) < 2 * _ALIKE:  # an enamel like the plating: by lightness alone
        return 0.0
    return float((np.abs(tint(colours) - plating).max(axis=1) < _ALIKE).mean())


def _shape(mask: Bool) -> tuple[float, float, float]:
    """Length and width in px along the main axis, and how far the middle line strays from it as a share of length."""
    rows, columns = np.nonzero(mask)
    points = np.stack([columns, rows], axis=1).astype(np.float64)
    points -= points.mean(axis=0)
    if len(points) < 3:
        return float(len(points)), 1.0, 0.0
    axes = np.linalg.eigh(np.cov(points.T))[1]
    along, across = points @ axes[:, 1], points @ axes[:, 0]
    length = float(np.ptp(along)) + 1
    steps = np.round(along).astype(int)
    middle = np.array([across[steps == s].mean() for s in np.unique(steps)])
    return length, len(points) / length, float(middle.std()) / length


def _is_neighbour(colour: F32, mask: Bool, g: F32, labels: NDArray[np.uint8]) -> bool:
    """Whether a colour on the metal is that of an enamel cell beside it rather than that of the metal."""
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((17, 17), np.uint8)).astype(bool)
    metal = g[grown & (labels == METAL)]
    to_metal = float(np.linalg.norm(colour - np.median(metal, axis=0))) if len(metal) else np.inf
    for label in np.unique(labels[grown]):
        if label in (OUTSIDE, METAL):
            continue
        cell = np.median(g[grown & (labels == label)], axis=0)
        if float(np.linalg.norm(colour - cell)) < 0.6 * to_metal:
            return True
    return False
