"""What a local difference probably is: its kind, from its place, its shape, and its colour beside cell and plating."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.spots import Spot
from station.values.line import METAL, OUTSIDE

KINDS = ("pit", "scratch", "missing-enamel", "speck", "overflow", "bubble", "plating-spot", "dust", "lint")
"""Kinds the reference difference tells apart. ``dust`` and ``lint`` lie on the part and are harmless."""

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_LONG_PX = 16.0
_SLENDER = 3.5
_BENT = 0.06  # a fibre strays further from a straight line than this share of its length; a scratch does not
_GRAIN_PX = 34  # area of the largest grain of dust, about 0.22 mm across at 0.033 mm a pixel
_HOLE_PX = 130  # area from which bare metal is missing enamel and not the floor of a pit, about 0.43 mm across
_HUE = 0.16  # change of colour as a share of lightness that no shading makes
_FAINT = 0.12  # lightness that a dome's flanks gain or lose at most
_BLACK = 0.18  # lightness that foreign pigment loses and no hole in enamel does
_DOME_PX = 9.0  # a dome smaller than that cannot be told from a pit
_ALIKE = 0.14  # the same for two colours of one hue


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
    g, u = scene.golden[spot.rows, spot.columns], scene.unit[spot.rows, spot.columns]
    strength = np.sqrt(((u - g) ** 2).sum(axis=2))
    height = float(np.percentile(strength[spot.mask], 90))
    mask = spot.mask & (strength >= 0.4 * height)
    core = spot.mask & (strength >= 0.7 * height)
    area = int(mask.sum())
    labels = scene.labels[spot.rows, spot.columns]
    lighter = (u - g)[..., 0][mask]
    length, width, bend = _shape(spot.mask)
    if length > _LONG_PX and length > _SLENDER * width:
        return "lint" if bend > _BENT else "scratch"
    before, middle = np.median(g[mask], axis=0), np.median(u[core], axis=0)
    mean = float(lighter.mean())
    if float((labels[mask] == METAL).mean()) > 0.5:
        if _is_neighbour(middle, mask, g, labels):
            return "overflow"
        return "dust" if mean > 0 and area <= _GRAIN_PX else "plating-spot"
    if scene.plating is not None and _bare_share(u[mask], before, scene.plating) > 0.3:
        return "missing-enamel" if area > _HOLE_PX else "pit"
    one_sided = abs(mean) > 0.6 * float(np.abs(lighter).mean())
    if mean > 0 and one_sided and area <= _GRAIN_PX:
        return "dust"
    turned = float(np.abs(tint(middle) - tint(before)).max())
    if one_sided and (turned > _HUE or float(np.median((u - g)[..., 0][core])) < -_BLACK):
        return "speck"
    if area > 2 * _HOLE_PX and mean < 0 and one_sided:
        return "missing-enamel"
    # A dome lights one flank and shades the other, faintly; a pit is darker inside than any dome and has a bright rim.
    faint = float(np.percentile(np.abs(lighter), 90)) < _FAINT
    return "bubble" if faint and length > _DOME_PX and not (mean < 0 and one_sided) else "pit"


def _bare_share(colours: F32, before: F32, plating: F32) -> float:
    """Share of the pixels that have the plating's hue rather than the cell's."""
    if float(np.abs(tint(before) - plating).max()) < _ALIKE:  # an enamel like the plating
        return 0.0
    to_plating = np.abs(tint(colours) - plating).max(axis=1)
    to_cell = np.abs(tint(colours) - tint(before)).max(axis=1)
    return float(((to_plating < _ALIKE) & (to_plating < to_cell)).mean())


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
