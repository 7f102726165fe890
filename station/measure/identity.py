"""Which of two poses is the unit's, and what does a photo show that is not the golden's product?"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.coarse import GRID, CoarseMaster, grid_mm, search
from station.measure.polygon import centroid, polygon_mask
from station.values.geometry import Similarity
from station.values.line import Gate

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

SAME_SIZE = (0.9, 1.1)
"""Size of a unit's outline against the golden's, where the photo has a scale."""

_SAME_TWICE = 0.003  # share of the golden's contrast; a turn that changes less is a symmetry of the design
_RIM = 0.2  # of the part's inner radius: rim and shoulder, whose light and shadow change as the part is turned
_CELL_PX = 4.0  # sigma of the neighbourhood in which the unit is correlated with both predictions
_SAME_OUTLINE = 0.93  # intersection over union of two outlines: 16 turned photos of six rendered designs gave 0.95 up
_PLAIN = 0.35  # of the golden's spread of chromaticity: six rendered bare backs had 0.01-0.08 of their faces'
MIRRORED = "The part is the golden's mirror image: the photo is flipped or the part lies face down"
# spread of log chromaticity of a coloured face: six rendered ones had 0.35 to 0.86, their bare backs up to 0.05
COLOURED = 0.06


def preference(c: CoarseMaster, maps: Float32, covered: Bool, between: Similarity) -> float:
    """How much more the unit looks as one pose predicts than as another: about 0.5 for a clear yes, negative for no.

    maps : (4, n, n) of the unit, warped into the golden frame by the first pose; covered : (n, n) where it was seen.
    between : golden mm under the first pose to golden mm under the second. 0.5 where both predict the same.

    The unit is correlated with both predictions in small neighbourhoods, each weighted by how much the predictions
    differ there. What a lamp does to the metal as the part is turned is thereby neither counted over large areas nor,
    the rim being left out, where it is strongest: the inner detail decides.
    """
    n = len(c.fine_mask)
    at = grid_mm(c.pitch_mm / 2, n) + c.centre_mm
    px = (between.apply(at) - c.centre_mm) / (c.pitch_mm / 2) + (n - 1) / 2
    layers = np.ascontiguousarray(np.moveaxis(c.fine_maps, 0, -1))
    other = cv2.remap(layers, px[..., 0].astype(np.float32), px[..., 1].astype(np.float32), cv2.INTER_LINEAR)
    second = np.moveaxis(np.asarray(other, dtype=np.float32), -1, 0)
    depth = cv2.distanceTransform(c.fine_mask.astype(np.uint8), cv2.DIST_L2, 3)
    for where in (covered & (depth > _RIM * depth.max()), covered):
        energy = float(((c.fine_maps - second)[:, where] ** 2).sum())
        if energy >= _SAME_TWICE * float((c.fine_maps[:, where] ** 2).sum()) > 0:
            return local_preference(c.fine_maps, second, maps, where)
    return 0.5


def local_preference(
    first: Float32, second: Float32, unit: Float32, where: Bool, *, power: int = 1, cell_px: float = _CELL_PX
) -> float:
    """How much more ``unit`` looks like the ``first`` than like the ``second`` prediction, all (k, h, w) maps, see
    :func:`preference`. power : of the predictions' local difference, by which a neighbourhood is weighted."""
    weight = where.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), cell_px) + 1e-6

    def mean(values: Float32) -> Float32:
        return np.asarray(cv2.GaussianBlur(values * weight, (0, 0), cell_px) / share)

    total = energy = 0.0
    for a, b, u in zip(first, second, unit, strict=True):
        ma, mb, mu, md = mean(a), mean(b), mean(u), mean(a - b)
        difference = mean((a - b) ** 2) - md**2
        towards = mean((a - b) * u) - md * mu
        spread = (mean(u * u) - mu**2) * (mean(a * a) - ma**2 + mean(b * b) - mb**2) / 2
        weights = np.maximum(difference, 0) ** power
        total += float((towards / np.sqrt(np.maximum(spread, 1e-3)) * weights)[where].sum())
        energy += float(weights[where].sum())
    return total / max(energy, 1e-9)


def outline_overlap(outline_mm: Float, other_mm: Float, rotation_deg: float, scale: float) -> float:
    """Intersection over union of two outlines (n, 2), the first turned and scaled, centroid on centroid."""
    a = Similarity(0.0, 0.0, rotation_deg, scale).apply(outline_mm - centroid(outline_mm))
    b = other_mm - centroid(other_mm)
    reach = float(max(np.abs(a).max(), np.abs(b).max()))
    pitch = 2 * reach / (GRID - 4)
    one, two = (polygon_mask(p / pitch + (GRID - 1) / 2, (GRID, GRID)) for p in (a, b))
    return float((one & two).sum() / max(1, (one | two).sum()))


def _best_overlap(outline_mm: Float, other_mm: Float, scale: float) -> float:
    return max(outline_overlap(outline_mm, other_mm, turn, scale) for turn in np.arange(0.0, 360.0, 4.0))


def mismatch(
    c: CoarseMaster, outline_mm: Float, maps: Float32, tint: float, contour_mm: Float, straight: float, ratio: float
) -> Gate:
    """The gate ``identity`` that names what the picture shows instead of the golden's product.

    outline_mm : (n, 2) the golden's. maps : (4, GRID, GRID) of the unit about its centroid; tint : its
    :func:`tint_spread`; contour_mm : (n, 2) its outline. straight : best correlation of the design, any rotation.
    ratio : size of the unit's outline over the golden's.
    """
    mirrored = search(c, maps, mirrored=True, keep=1)[0].score
    if mirrored > max(straight + 0.08, 0.6):
        return Gate("identity", False, MIRRORED)
    if not SAME_SIZE[0] < ratio < SAME_SIZE[1]:
        reason = f"This is not the golden's product: the part is {ratio:.2f} times as large as the golden sample"
        return Gate("identity", False, reason)
    same = _best_overlap(outline_mm, contour_mm, ratio)
    turned_over = _best_overlap(outline_mm * (-1.0, 1.0), contour_mm, ratio)
    plain = c.tint >= COLOURED and tint < _PLAIN * c.tint
    if turned_over >= _SAME_OUTLINE and (plain or turned_over > same + 0.02):
        reason = (
            "The part seems to lie upside down: its outline is the golden's turned over, its face is not the golden's. "
            "Turn it over; if it shows its face already, this is not the golden's product"
        )
    elif max(same, turned_over) >= _SAME_OUTLINE:
        reason = (
            f"This is not the golden's product: its outline is the same, its design correlates only {straight:.2f} "
            "with the golden's; or the part lies upside down"
        )
    else:
        reason = f"This is not the golden's product: its design correlates only {straight:.2f} with the golden's"
    return Gate("identity", False, reason)
