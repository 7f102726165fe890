"""Regions of the golden sample: enamel cells grown from a seed, polygons, and the struck metal between them.

Segmentation needs only *differences* of colour inside one picture, so it works on a median-filtered, perceptually
spaced copy of the linear picture (the sRGB primaries taken as they are). No colour is measured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import SheetError
from station.measure.morphology import disc
from station.measure.polygon import polygon_mask
from station.values.colour import LinearRGB
from station.values.line import FIRST_REGION, METAL, OTHER, OUTSIDE

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Labels = NDArray[np.uint8]

_LIGHTNESS_WEIGHT = 0.7  # gloss and shading change lightness first, another material changes the hue as well
_LINE_RADIUS_MM = 0.20  # struck lines are 0.25-0.4 mm wide
_HOLE_MM2 = 0.30  # a highlight, pit or speck this large inside a cell still belongs to the cell
_CELL_MM2 = 0.06  # smaller flat zones are texture, not cells
_TINT_SPREAD = 0.06  # least spread of the metal's log chromaticity
_OTHER_MATERIAL = 8.0  # weighted Lab; metal reaches its rim within 5, dark enamel on black nickel at 13
_MOST_REGIONS = OTHER - FIRST_REGION


@dataclass(frozen=True, slots=True)
class RegionRequest:
    """One region as the control sheet asks for it: a seed (x, y) or a polygon (n, 2), in pixels of the golden
    raster."""

    name: str
    surface: str
    seed_px: tuple[float, float] | None = None
    polygon_px: Float | None = None


def region_map(image: LinearRGB, part_mask: Bool, regions: Sequence[RegionRequest], *, pitch_mm: float) -> Labels:
    """(H, W) uint8 labels: OUTSIDE, METAL, the regions in the given order from FIRST_REGION on, OTHER.

    A seeded cell is the connected zone of the seed's colour at the tolerance at which its area is most stable (the
    criterion of maximally stable extremal regions, Matas et al. 2002, on the distance to the seed's colour), its small
    holes filled. A seed on a small highlight or speck is moved to the cell that surrounds it.

    Enamel that no region names is OTHER, so that it is never taken for metal. A region with the surface ``plating`` and
    a seed takes the whole connected metal around its seed; the rest of the metal stays METAL. Raises SheetError, naming
    the region, for a seed outside the part or, of enamel, on a metal line or rim, an empty polygon, or an overlap.
    """
    if len(regions) > _MOST_REGIONS:
        raise SheetError(
            f"the sheet names {len(regions)} regions, {_MOST_REGIONS} at most", "Remove regions from the sheet."
        )
    work = _Segmenter(image, part_mask, pitch_mm)
    labels = np.where(part_mask, METAL, OUTSIDE).astype(np.uint8)
    cells: dict[int, Bool] = {}
    for index, region in enumerate(regions):
        if region.surface == "plating" and region.polygon_px is None:
            continue
        mask = _requested(work, region)
        for other, taken in cells.items():
            _refuse_overlap(regions[other].name, taken, region.name, mask)
        cells[index] = mask
    for index, mask in cells.items():
        labels[mask & (labels == METAL)] = FIRST_REGION + index
    labels[work.unnamed_cells(labels == METAL)] = OTHER
    _take_plating(labels, part_mask, regions, pitch_mm)
    return labels


def inmost(mask: Bool) -> NDArray[np.float64]:
    """(2,) the pixel (x, y) of ``mask`` (H, W), not empty, that lies farthest from its edge.

    The mean of a ring's pixels lies in its hole, on another region. Of places as deep to half a pixel the nearest to
    the mean is taken, so that what is compact keeps its middle. Distances are Euclidean and exact (Felzenszwalb and
    Huttenlocher, Theory of Computing 8, 2012), the picture's edge counts as the region's.
    """
    y, x = np.nonzero(mask)
    x0, y0 = int(x.min()), int(y.min())
    framed = np.pad(mask[y0 : y.max() + 1, x0 : x.max() + 1], 1).astype(np.uint8)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[y - y0 + 1, x - x0 + 1]
    deep = depth >= depth.max() - 0.5
    x, y, middle = x[deep], y[deep], (x.mean(), y.mean())
    nearest = int(np.argmin((x - middle[0]) ** 2 + (y - middle[1]) ** 2))
    return np.array([x[nearest], y[nearest]], dtype=np.float64)


class _Segmenter:
    """One golden picture prepared for segmentation: perceptual copy, part mask, and what the metal looks like."""

    def __init__(self, image: LinearRGB, part_mask: Bool, pitch_mm: float) -> None:
        self.part = np.asarray(part_mask, dtype=bool)
        self.pitch = pitch_mm
        if self.part.shape != image.pixels.shape[:2]:
            raise ValueError(f"part mask {self.part.shape} does not fit the picture {image.pixels.shape[:2]}")
        # A 5 px median keeps 8 px lines whole and takes out noise, glints and JPEG ringing.
        calm = cv2.medianBlur(np.ascontiguousarray(image.pixels), 5)
        space = np.asarray(cv2.cvtColor(np.clip(calm, 0, 1), cv2.COLOR_LRGB2Lab), dtype=np.float32)
        self.space: NDArray[np.float32] = space * np.array([_LIGHTNESS_WEIGHT, 1, 1], dtype=np.float32)
        # A mirror keeps its tint where its brightness changes; 0.02 stands against the noise of dark pixels.
        light = np.log(np.maximum(calm, 0) + 0.02)
        self.tint: NDArray[np.float32] = np.stack(
            [light[..., 0] - light[..., 1], light[..., 2] - light[..., 1]], axis=2
        )
        self.depth = cv2.distanceTransform(np.pad(self.part.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]

    def grow(self, seed_px: tuple[float, float], name: str, forbid_metal: bool) -> Bool:
        x, y = round(seed_px[0]), round(seed_px[1])
        height, width = self.part.shape
        if not (0 <= x < width and 0 <= y < height and self.part[y, x]):
            raise SheetError(
                f"the seed of region {name!r} lies outside the part",
                "Give a point inside the region in the golden photo.",
            )
        mask = self._zone((x, y))
        if self._is_line(mask) or mask.sum() * self.pitch**2 < _HOLE_MM2:
            around = self._surrounding_cell(mask)
            if around is not None:
                mask = around
            elif forbid_metal and self._is_line(mask):
                raise SheetError(
                    f"the seed of region {name!r} lies on a metal line",
                    "Give a point in the middle of the enamel cell.",
                )
        if forbid_metal and self._touches_rim(mask):
            # dark enamel beside dark metal: the difference that parts them is smaller than the calmest one
            mask = self._zone((x, y), inland=True)
        if forbid_metal and not mask[y, x]:
            raise SheetError(
                f"the seed of region {name!r} lies on the metal rim or its colour runs out to the outline",
                "Give a point inside an enamel cell, or a polygon.",
            )
        return mask

    def _zone(self, at: tuple[int, int], *, inland: bool = False) -> Bool:
        """The stable connected zone of the colour at a pixel.

        inland : among the tolerances at which it keeps off the rim; empty where the metal's own texture already needs
        more.
        """
        x, y = at
        r = max(round(0.12 / self.pitch), 1)
        window = np.s_[max(y - r, 0) : y + r + 1, max(x - r, 0) : x + r + 1]
        near = self.space[window][self.part[window]]
        colour = np.median(
            near[np.argsort(np.abs(near - self.space[y, x]).sum(axis=1))[: max(len(near) // 2, 1)]], axis=0
        )
        mask = self._stable(colour, at, inland)
        core = cv2.erode(mask.astype(np.uint8), disc(3)).astype(bool)
        if core.sum() > 30:  # once more with the zone's own colour: the seed may lie on a shaded flank
            again = self._stable(np.median(self.space[core], axis=0), at, inland)
            if again[y, x]:
                mask = again
        return self._close_holes(mask)

    def _stable(self, colour: Float, at: tuple[int, int], inland: bool) -> Bool:
        """Connected zone around ``at`` at the colour tolerance where its area changes least."""
        distance = np.sqrt(((self.space - colour.astype(np.float32)) ** 2).sum(axis=2))
        distance[~self.part] = np.inf
        start = float(distance[at[1], at[0]])
        coarse = np.ascontiguousarray(distance[::2, ::2])
        seed = (at[0] // 2, at[1] // 2)
        levels = np.arange(max(3.0, start + 1), max(3.0, start + 1) + 34, 1.0)
        if inland:
            greatest = self._inland(distance, at)
            if greatest < _OTHER_MATERIAL:
                return np.zeros_like(self.part)
            levels = np.linspace(max(1.0, start + 0.5), greatest, len(levels))
        areas = np.array([_connected(coarse <= t, seed).sum() for t in levels], dtype=np.float64)
        growth = (areas[4:] - areas[:-4]) / np.maximum(areas[2:-2], 1.0)
        # The first calm stretch: later ones have already run over the metal into other cells.
        calm = growth < max(0.08, 1.5 * float(growth.min()))
        first = int(np.argmax(calm))
        last = first
        while last + 1 < len(calm) and calm[last + 1]:
            last += 1
        best = first + int(np.argmin(growth[first : last + 1]))
        level = levels[min((best + last) // 2, last) + 2] if last > best else levels[best + 2]
        return _connected(distance <= level, at)

    def _inland(self, distance: NDArray[np.float32], at: tuple[int, int]) -> float:
        """The greatest tolerance, found by halving, whose zone does not run along the rim."""
        low, high = 0.0, 40.0
        for _ in range(7):
            middle = (low + high) / 2
            if self._touches_rim(_connected(distance <= middle, at)):
                high = middle
            else:
                low = middle
        return low

    def _close_holes(self, mask: Bool) -> Bool:
        """Fill what lies inside the mask and is small: highlights, pits, specks."""
        _, parts, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
        small = stats[:, cv2.CC_STAT_AREA] * self.pitch**2 < _HOLE_MM2
        small[0] = False
        return np.asarray(mask | (small[parts] & self.part))

    def _is_line(self, mask: Bool) -> bool:
        """Thin everywhere and long: a struck line, not a cell."""
        depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)
        radius = max(float(depth.max()), 1.0)
        return radius * self.pitch < _LINE_RADIUS_MM and float(mask.sum()) > 30 * radius**2

    def _touches_rim(self, mask: Bool) -> bool:
        """Whether a zone runs along the outline, where struck metal always is, for more than a millimetre."""
        edge = mask & (self.depth <= max(0.06 / self.pitch, 2.0))
        return float(edge.sum()) * self.pitch**2 > 0.06

    def _surrounding_cell(self, mask: Bool) -> Bool | None:
        """The one cell that encloses a small zone, if there is one."""
        if mask.sum() * self.pitch**2 > _HOLE_MM2:
            return None
        inner = cv2.dilate(mask.astype(np.uint8), disc(max(round(0.09 / self.pitch), 2)))
        outer = cv2.dilate(inner, disc(2))
        ys, xs = np.nonzero((outer > 0) & (inner == 0) & self.part)
        if len(xs) == 0:
            return None
        middle = np.median(self.space[ys, xs], axis=0)
        nearest = int(np.argmin(((self.space[ys, xs] - middle) ** 2).sum(axis=1)))
        cell = self._zone((int(xs[nearest]), int(ys[nearest])))
        around = float(np.mean(cell[ys, xs]))
        if around < 0.7 or self._is_line(cell):
            return None
        return np.asarray(cell | mask)

    def unnamed_cells(self, metal: Bool) -> Bool:
        """(H, W) mask of enamel among what is not in any region.

        A wide flat zone whose chromaticity is not that of the metal. The metal is known where it cannot be enamel:
        along the outline, and in the thin lines of the rest.
        """
        depth = cv2.distanceTransform(np.pad(metal.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        radius = _LINE_RADIUS_MM / self.pitch
        wide = cv2.morphologyEx(metal.astype(np.uint8), cv2.MORPH_OPEN, disc(round(radius))).astype(bool)
        sure = metal & (depth > 1.5) & (~wide | (self.depth * self.pitch < 0.25))
        found = np.zeros_like(metal)
        if sure.sum() < 50:
            return found
        tint = self.tint[sure]
        middle = np.median(tint, axis=0)
        spread = np.maximum(1.4826 * np.median(np.abs(tint - middle), axis=0), _TINT_SPREAD)
        low, high = np.percentile(self.space[sure][:, 0], [1, 99])
        off = np.sqrt((((self.tint - middle) / spread) ** 2).sum(axis=2))
        odd = (off > 3.5) | (self.space[..., 0] < low - 6) | (self.space[..., 0] > high + 6)
        core = (odd & wide).astype(np.uint8)
        core = cv2.morphologyEx(core, cv2.MORPH_OPEN, disc(max(round(0.1 / self.pitch), 2)))
        count, parts, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
        for k in range(1, count):
            if stats[k, cv2.CC_STAT_AREA] * self.pitch**2 < _CELL_MM2:
                continue
            zone = parts == k
            if not self._touches_rim(zone):
                found |= zone
        grown = cv2.dilate(found.astype(np.uint8), disc(2)).astype(bool) & odd & metal
        return np.asarray(found | grown)


def _requested(work: _Segmenter, region: RegionRequest) -> Bool:
    if region.polygon_px is not None:
        mask = polygon_mask(region.polygon_px, work.part.shape) & work.part
        if not mask.any():
            raise SheetError(
                f"the polygon of region {region.name!r} lies outside the part",
                "Draw it inside the part in the golden photo.",
            )
        return np.asarray(mask)
    if region.seed_px is None:
        raise SheetError(f"region {region.name!r} has neither seed nor polygon", "Give it a seed_px or a polygon_px.")
    return work.grow(region.seed_px, region.name, region.surface in ("soft enamel", "hard enamel"))


def _refuse_overlap(first: str, a: Bool, second: str, b: Bool) -> None:
    """A common border of a pixel or two is drawn differently from both sides; more is the same ground twice."""
    shared = int((a & b).sum())
    if shared > 0.1 * min(int(a.sum()), int(b.sum())):
        raise SheetError(
            f"regions {first!r} and {second!r} overlap: they lie in the same cell",
            "Remove one of them, or move its seed into its own cell.",
        )


def _take_plating(labels: Labels, part: Bool, regions: Sequence[RegionRequest], pitch_mm: float) -> None:
    """Give the connected metal around each plating seed its region's label."""
    metal = labels == METAL
    count, parts = cv2.connectedComponents(metal.astype(np.uint8), connectivity=8)
    owner: dict[int, str] = {}
    reach = max(round(0.15 / pitch_mm), 1)
    for index, region in enumerate(regions):
        if region.surface != "plating" or region.polygon_px is not None:
            continue
        if region.seed_px is None:
            raise SheetError(
                f"region {region.name!r} has neither seed nor polygon", "Give it a seed_px or a polygon_px."
            )
        x, y = round(region.seed_px[0]), round(region.seed_px[1])
        height, width = labels.shape
        if not (0 <= x < width and 0 <= y < height and part[y, x]):
            raise SheetError(
                f"the seed of region {region.name!r} lies outside the part",
                "Give a point inside the region in the golden photo.",
            )
        near = parts[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        votes = np.bincount(near.ravel(), minlength=count)
        votes[0] = 0
        here = int(parts[y, x]) or (int(np.argmax(votes)) if votes.any() else 0)
        if here == 0:
            raise SheetError(
                f"the seed of region {region.name!r} is not on metal, though its surface is plating",
                "Give a point on the plated metal in the golden photo.",
            )
        if here in owner:
            raise SheetError(
                f"regions {owner[here]!r} and {region.name!r} overlap: they lie on the same metal",
                "Remove one of them, or give polygons.",
            )
        owner[here] = region.name
        labels[parts == here] = FIRST_REGION + index


def _connected(mask: Bool, at: tuple[int, int]) -> Bool:
    """The 4-connected component of the opened mask at a pixel, regrown to the mask by one opening radius."""
    bare = mask.astype(np.uint8)
    opened = cv2.morphologyEx(bare, cv2.MORPH_OPEN, disc(1))
    if not opened[at[1], at[0]]:
        opened = bare  # a seed on a place thinner than the opening: take it as it is
    if not opened[at[1], at[0]]:
        return np.zeros_like(mask)
    _, parts = cv2.connectedComponents(opened, connectivity=4)
    return np.asarray(parts == parts[at[1], at[0]])
