"""Is a unit that registers the golden's mirror image after all? Asked of designs much like their own mirror image.

The golden's mirror image is laid over the golden as a unit would be, by the same fit. A few strokes and cells are all
that tells the two, so they are compared at half the resolution of the golden frame, in the blocks where they differ
most. A unit is called the mirror image only where those blocks show it: where what tells the two is missing on the
unit, neither is seen, and a part is not called mirrored for its missing enamel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.coarse import CoarseMaster, search
from station.measure.identity import COLOURED, local_preference
from station.measure.refine import BLUR_SIGMA, Template, detail, pyramid, refine
from station.measure.sampling import sample, spline_coefficients
from station.measure.signal import Signal
from station.values.geometry import Frame, Similarity

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

LEVEL = 1
"""Level of the golden's pyramid in which it is compared with its mirror image."""
# Choices; what each was tried against alone is not on record. Before faces were compared here, the maps of the search
# answered four of six mirrored foxes and one good one wrongly.
_MIRROR_LIKE = 0.5  # a design less like its mirror image does not register on it
_RIM = 0.1  # of the part's inner radius: the rim, whose light and shadow change as the part is turned
# a mark is often all that tells, and may lie off: blocks are matched within a reach of their place
_BLOCK_MM, _REACH_MM = 4.0, 0.6
_LEAST_BLOCK_MM = 1.0  # a part too narrow for such blocks is compared in smaller ones
_BLOCKS, _TELLS = 8, 0.5  # the most of them, and the least that one tells of what the best one does
_CONTRAST = 0.5  # of a block's own, from which its correlation counts in full
_SOFT_PX = 1.0
# Likeness and preference (see below) under which a coloured face is the mirror image. 18 mirrored units of three
# rendered designs had at most -0.39, and -0.04 by a mark 0.64 mm off. Of good-handed ones, any one cell or mark of them
# filled with any other colour, the likeness fell under -0.11 only where the preference stayed above 0.5.
_MIRRORED, _PREFERRED = -0.2, 0.1
_CELL_MM = 0.5  # sigma of the neighbourhood in which the unit is correlated with both, for the preference
_LEAST_TOLD = 0.003  # share of the golden's contrast; what differs by less from its mirror image is symmetric


@dataclass(frozen=True, slots=True)
class Blocks:
    """places : (y, x, weight) of the first pixels of square blocks of ``size`` px, looked for within ``reach`` px."""

    places: tuple[tuple[int, int, float], ...]
    size: int
    reach: int


@dataclass(frozen=True, slots=True)
class MirrorImage:
    """golden, mirrored : (h, w, k) maps of the golden and of its mirror image laid over it. where : (h, w) where they
    are compared, at mm : (h, w, 2) of the golden frame. coloured : whether colours tell them, or edges. own : how much
    better its blocks are found in the golden than those of its mirror image."""

    golden: Float32
    mirrored: Float32
    where: Bool
    mm: Float
    scale: Float32
    cell_px: float
    coloured: bool
    blocks: Blocks
    own: float

    def is_seen(self, light: Float32) -> bool:
        """Whether a unit's light (h, w, 3) at ``mm``, NaN where it was not seen, looks like the mirror image."""
        if not self.coloured:
            return self.likeness(light) < 0
        return self.likeness(light) < _MIRRORED and self._preference(light) < _PREFERRED

    def likeness(self, light: Float32) -> float:
        """How much more a unit's light, as in :meth:`is_seen`, looks like the golden than like its mirror image, over
        what the golden itself does: about 1 for the golden, -1 for its mirror image, 0 where neither is seen."""
        unit, seen = self._seen(light)
        return _matched(self.golden, self.mirrored, np.where(seen[..., None], unit, 0), self.blocks) / self.own

    def _preference(self, light: Float32) -> float:
        """Of all places where the two differ, not of the blocks alone: see :func:`local_preference`."""
        unit, seen = self._seen(light)
        first, second, shown = (np.moveaxis(m, -1, 0) for m in (self.golden, self.mirrored, unit))
        return local_preference(first, second, shown, seen, power=2, cell_px=self.cell_px)

    def _seen(self, light: Float32) -> tuple[Float32, Bool]:
        return _maps(light, coloured=self.coloured) / self.scale, self.where & np.isfinite(light[..., 0])


def mirror_image(
    pixels: Float32,
    body: Bool,
    frame: Frame,
    coarse: CoarseMaster,
    signal: Signal,
    templates: Sequence[tuple[int, Template]],
) -> MirrorImage | None:
    """The golden's mirror image over the golden; None where the two are quite unlike or the same.

    pixels : (H, W, 3) the golden; body : (H, W) the part. signal, templates : those that units are registered by.
    """
    like = search(coarse, coarse.maps, mirrored=True, keep=1)[0]
    if like.score < _MIRROR_LIKE:
        return None
    over = _over_itself(pixels, frame, coarse, signal, templates, like.rotation_deg)
    if over is None:
        return None
    step = 2**LEVEL
    ys, xs = np.mgrid[0 : frame.height : step, 0 : frame.width : step].astype(np.float64)
    mm = frame.to_mm(np.stack([xs, ys], axis=-1))
    light = pyramid(pixels, LEVEL + 1)[LEVEL]
    coloured = coarse.tint >= COLOURED
    at = frame.to_px(_flipped(over.apply(mm), coarse.centre_mm)) / step
    turned = sample(spline_coefficients(light), at)
    depth = cv2.distanceTransform(body[::step, ::step].astype(np.uint8), cv2.DIST_L2, 3)
    where = (depth > _RIM * depth.max()) & np.isfinite(turned[..., 0])
    golden, mirrored = _maps(light, coloured=coloured), _maps(turned, coloured=coloured)
    scale = golden[where].std(axis=0) + np.float32(1e-6)
    golden, mirrored = golden / scale, mirrored / scale
    if float(((golden - mirrored)[where] ** 2).mean()) < _LEAST_TOLD:
        return None
    pitch = step * frame.pitch_mm
    blocks = _telling(golden, mirrored, where, pitch)
    own = _matched(golden, mirrored, np.where(where[..., None], golden, 0), blocks)
    if own <= 0:
        return None
    return MirrorImage(golden, mirrored, where, mm, scale, _CELL_MM / pitch, coloured, blocks, own)


def _telling(golden: Float32, mirrored: Float32, where: Bool, pitch_mm: float) -> Blocks:
    """The blocks of two maps (h, w, k) that differ most, wherever within reach of its place one may lie."""
    side_mm, reach = _BLOCK_MM, round(_REACH_MM / pitch_mm)
    found: list[tuple[int, int, float]] = []
    size = 0
    while not found and side_mm >= _LEAST_BLOCK_MM:
        size = max(round(side_mm / pitch_mm), 2)
        for y in range(reach, where.shape[0] - size - reach, size // 2):
            for x in range(reach, where.shape[1] - size - reach, size // 2):
                if where[y : y + size, x : x + size].all():
                    block = golden[y : y + size, x : x + size]
                    apart = 1 - _best_match(mirrored, block, y, x, reach)
                    found.append((y, x, _spread(block) ** 2 * apart))
        side_mm /= 2
    found.sort(key=lambda b: -b[2])
    telling = [b for b in found[:_BLOCKS] if b[2] > _TELLS * found[0][2]]
    return Blocks(tuple(telling), size, reach)


def _best_match(unit: Float32, block: Float32, y: int, x: int, reach: int) -> float:
    """Best correlation of a block (n, n, k) with a map about its place, less where the map has little contrast there:
    of what is even, the noise alone would be correlated."""
    n = len(block)
    window = np.ascontiguousarray(unit[y - reach : y + n + reach, x - reach : x + n + reach])
    found = cv2.matchTemplate(window, np.ascontiguousarray(block), cv2.TM_CCOEFF_NORMED)
    _, best, _, (dx, dy) = cv2.minMaxLoc(found)
    contrast = _spread(window[dy : dy + n, dx : dx + n]) / max(_spread(block), 1e-6)
    return float(best) * min(1.0, contrast / _CONTRAST)


def _spread(block: Float32) -> float:
    """Root of the variances of a block's maps, added."""
    return float(np.sqrt(block.var(axis=(0, 1)).sum()))


def _matched(golden: Float32, mirrored: Float32, unit: Float32, blocks: Blocks) -> float:
    """How much better the blocks of the golden's map are found in the unit's than those of its mirror image."""
    unit, n, total = np.asarray(unit, dtype=np.float32), blocks.size, 0.0
    for y, x, weight in blocks.places:
        first, second = (_best_match(unit, m[y : y + n, x : x + n], y, x, blocks.reach) for m in (golden, mirrored))
        total += weight * (first - second)
    return total / max(sum(b[2] for b in blocks.places), 1e-9)


def _flipped(mm: Float, centre_mm: Float) -> Float:
    return np.asarray((mm - centre_mm) * (-1.0, 1.0) + centre_mm)


def _over_itself(
    pixels: Float32,
    frame: Frame,
    coarse: CoarseMaster,
    signal: Signal,
    templates: Sequence[tuple[int, Template]],
    rotation_deg: float,
) -> Similarity | None:
    """Golden mm to mm of the flipped golden, by the fit that lays units on, from about that rotation."""
    scalars = [
        spline_coefficients(detail(p), BLUR_SIGMA) for p in pyramid(signal.of(pixels), 1 + max(t[0] for t in templates))
    ]
    turn = Similarity(0.0, 0.0, -rotation_deg, 1.0)
    at = coarse.centre_mm - turn.apply(coarse.centre_mm)
    matrix, found = Similarity(float(at[0]), float(at[1]), -rotation_deg, 1.0).matrix(), None
    for level, template in reversed(templates):

        def target(mm: Float, level: int = level) -> Float32:
            return sample(scalars[level], frame.to_px(_flipped(mm, coarse.centre_mm)) / 2**level)

        step = refine(template, target, matrix, "similarity", tolerance_px=0.02)
        if step is not None:
            found, matrix = step, step.matrix
    return None if found is None else Similarity.from_matrix(matrix)


def _maps(light: Float32, *, coloured: bool) -> Float32:
    """(h, w, k) what tells the golden from its mirror image: two log chromaticities, or how strong edges are, since
    light and shadow of a relief change sides as a part is turned. light : (h, w, 3), NaN where unseen."""
    calm = np.asarray(cv2.GaussianBlur(np.nan_to_num(np.maximum(light, 0)), (0, 0), 0.8), dtype=np.float32)
    log = np.log(calm + np.float32(0.02))
    if coloured:
        return np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=-1)
    grey = np.ascontiguousarray(log.mean(axis=-1))
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.GaussianBlur(np.sqrt(np.hypot(gx, gy)), (0, 0), _SOFT_PX)[..., None], dtype=np.float32)
