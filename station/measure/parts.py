"""Finding every part in a photo that shows several, such as the golden sample beside a unit.

Two parts side by side are one blob where the search closes gaps widely and two where it does not, or where it opens
what is narrow. A blob that falls apart into pieces of like size is therefore several parts. Where it is as large as two
of the others, or the only one, it is worn off until it parts at its neck, if it has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.morphology import disc
from station.measure.part import BenchView, PartOutline, candidates, look_at_bench, outline_of
from station.values.colour import LinearRGB, PhotoLight

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_LEAST = 0.2  # of the largest part's area: markers' labels, dust and the marks on a ruler are smaller
_ALIKE = 0.4  # pieces of one blob that are no smaller than this share of its largest are parts of their own
_WHOLE = 0.75  # of a blob's area that its pieces must make up
_DOUBLE = 1.6  # times the other parts' area: two parts that touch. One blob alone is tried, too
_NECK = 0.5  # of the blob's inner radius that is worn off to part what touches
_NEAR = 0.05  # of the part's size: a neighbour this near shades it, and its edge may be taken for the part's


@dataclass(frozen=True, slots=True)
class FoundPart:
    """One of the parts in a photo, in reading order: rows from top to bottom, each from left to right.

    number : from 1. outline : as :func:`station.measure.part.find_part` gives it. fault : why it cannot be measured
    (the picture's edge cuts it), or nothing. near : numbers of the parts that touch it or almost do.
    """

    number: int
    outline: PartOutline
    fault: str = ""
    near: tuple[int, ...] = ()

    @property
    def box_px(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in photo px."""
        low, high = self.outline.contour_px.min(axis=0), self.outline.contour_px.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def find_parts(image: LinearRGB | PhotoLight, exclude_px: Sequence[Float] = ()) -> tuple[FoundPart, ...]:
    """Find every part in a photo.

    Parameters
    ----------
    image
        The whole photo in linear light.
    exclude_px
        Polygons (n, 2) in photo px of what is known not to be a part: the colour card, the bench's markers.

    Raises
    ------
    AlignmentError
        Nothing on the bench looks like a part, or the picture is too small to tell.
    """
    bench = look_at_bench(image, exclude_px)
    blobs = _blobs(bench)
    if not blobs:
        raise AlignmentError(
            "No part was found in the photo",
            "Lay the parts on a plain matt bench, clear of one another, of the card and of the picture's edge.",
        )
    outlines = [outline_of(image, _alone(bench, blobs, i), blob) for i, blob in enumerate(blobs)]
    order = reading_order([o.centre_px for o in outlines], [float(np.sqrt(o.area_px)) for o in outlines])
    near = _neighbours(outlines)
    place = {index: number for number, index in enumerate(order, start=1)}
    return tuple(
        FoundPart(
            place[i],
            outlines[i],
            "the picture's edge cuts it: move it into the picture" if outlines[i].touches_border else "",
            tuple(sorted(place[k] for k in near[i])),
        )
        for i in order
    )


def reading_order(centres: Sequence[tuple[float, float]], sizes: Sequence[float]) -> list[int]:
    """Indices in reading order. A row holds what lies within half a part's size of its mean height in the picture."""
    reach = 0.5 * float(np.median(sizes)) if sizes else 0.0
    rows: list[list[int]] = []
    for i in sorted(range(len(centres)), key=lambda i: centres[i][1]):
        if rows and centres[i][1] - float(np.mean([centres[k][1] for k in rows[-1]])) <= reach:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda i: centres[i][0])]


def _blobs(bench: BenchView) -> list[Bool]:
    """Masks (h, w) of the parts: of overlapping candidates the one that is most like a part, or its pieces."""
    every = [
        candidate
        for found, close, open_ in (
            (bench.evidence, 4, 4),
            (bench.evidence, 2, 4),
            (bench.evidence, 1, 2),
            (bench.evidence, 2, 9),
            (bench.coloured, 1, 9),
        )
        for candidate in candidates(bench, found, close, open_)
    ]
    every.sort(key=lambda c: -c[1])
    kept: list[Bool] = []
    for blob, _ in every:
        if any((blob & k).sum() > 0.2 * min(int(blob.sum()), int(k.sum())) for k in kept):
            continue
        kept += _pieces(blob, [other for other, _ in every])
    largest = max((int(k.sum()) for k in kept), default=0)
    kept = [k for k in kept if int(k.sum()) >= _LEAST * largest]
    parts: list[Bool] = []
    for i, blob in enumerate(kept):
        rest = [int(k.sum()) for n, k in enumerate(kept) if n != i]
        double = not rest or int(blob.sum()) >= _DOUBLE * float(np.median(rest))
        parts += _halves(blob) if double else [blob]
    return parts


def _pieces(blob: Bool, others: Sequence[Bool]) -> list[Bool]:
    """The blob, or the disjoint candidates inside it that make it up: parts that almost touch."""
    area = int(blob.sum())
    inside: list[Bool] = []
    for other in sorted(others, key=lambda o: -int(o.sum())):
        size = int(other.sum())
        if size > 0.8 * area or (other & blob).sum() < 0.9 * size:
            continue
        if all(not (other & i).any() for i in inside):
            inside.append(other)
    inside = [i for i in inside if i.sum() >= _ALIKE * max(int(k.sum()) for k in inside)]
    if len(inside) > 1 and sum(int(i.sum()) for i in inside) >= _WHOLE * area:
        return inside
    return [blob]


def _alone(bench: BenchView, blobs: Sequence[Bool], index: int) -> BenchView:
    """The bench's view with every other part painted over with bench, so that it is not learnt as bench's colour."""
    others = np.zeros(bench.excluded.shape, dtype=bool)
    for i, blob in enumerate(blobs):
        if i != index:
            others |= cv2.dilate(blob.astype(np.uint8), disc(3)).astype(bool)
    others &= ~blobs[index]
    lum, chroma = bench.lum.copy(), bench.chroma.copy()
    lum[others], chroma[others] = 0, 0
    return replace(bench, lum=lum, chroma=chroma, excluded=bench.excluded | others)


def _halves(blob: Bool) -> list[Bool]:
    """The pieces of like size that wearing the blob off leaves, as it does where convex parts touch; or the blob."""
    padded = np.pad(blob.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((depth > _NECK * depth.max()).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    seeds = [i for i in range(1, count) if areas[i] >= _ALIKE * max(areas[1:])]
    if len(seeds) < 2:
        return [blob]
    far = np.stack([cv2.distanceTransform((labels != i).astype(np.uint8), cv2.DIST_L2, 5) for i in seeds])
    nearest = np.argmin(far, axis=0)[1:-1, 1:-1]
    return [blob & (nearest == i) for i in range(len(seeds))]


def _neighbours(outlines: Sequence[PartOutline]) -> list[list[int]]:
    """For each part the indices of those that lie within ``_NEAR`` of its size."""
    found: list[list[int]] = [[] for _ in outlines]
    for i, a in enumerate(outlines):
        for k in range(i + 1, len(outlines)):
            b = outlines[k]
            gap = np.hypot(*(a.contour_px[::4, None] - b.contour_px[None, ::4]).transpose(2, 0, 1)).min()
            if gap < _NEAR * np.sqrt(min(a.area_px, b.area_px)):
                found[i].append(k)
                found[k].append(i)
    return found
