"""Finding every part in a photo that shows several, such as the golden sample beside a unit.

Two parts side by side are one blob where the search closes gaps widely and two where it does not, or where it opens
what is narrow. A blob that falls apart into pieces of like size is therefore several parts; one that only falls apart
when much more of it is opened is parts that touch.
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
from station.values.colour import LinearRGB

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_LEAST = 0.2  # of the largest part's area: markers' labels, dust and the marks on a ruler are smaller
_ALIKE = 0.4  # pieces of one blob that are no smaller than this share of its largest are parts of their own
_WHOLE = 0.75  # of a blob's area that its pieces must make up
_NECK = 0.4  # of the part's inner radius: what still joins two halves after opening this far is no point of contact
_NEAR = 0.05  # of the part's size: a neighbour this near shades it, and its edge may be taken for the part's


@dataclass(frozen=True, slots=True)
class FoundPart:
    """One of the parts in a photo, in reading order: rows from top to bottom, each from left to right.

    number : from 1. outline : as :func:`station.measure.part.find_part` gives it. fault : why it cannot be measured
    (cut by the picture's edge, touching another), or nothing. near : numbers of the parts that almost touch it.
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


def find_parts(image: LinearRGB, exclude_px: Sequence[Float] = ()) -> tuple[FoundPart, ...]:
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
            _fault(blobs[i], outlines[i]),
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
    return [k for k in kept if int(k.sum()) >= _LEAST * largest]


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


def _fault(blob: Bool, outline: PartOutline) -> str:
    if outline.touches_border:
        return "the picture's edge cuts it: move it into the picture"
    if _falls_apart(blob):
        return "it looks like two parts that touch: lay them apart by a tenth of their width at least"
    return ""


def _falls_apart(blob: Bool) -> bool:
    """Whether opening parts the blob into pieces of like size, as it does where two convex parts touch."""
    padded = np.pad(blob.astype(np.uint8), 1)
    inner = float(cv2.distanceTransform(padded, cv2.DIST_L2, 5).max())
    radius = max(2, round(_NECK * inner))
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc(radius))
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(opened))
    areas = np.sort(stats[1:, cv2.CC_STAT_AREA])[::-1]
    return len(areas) > 1 and float(areas[1]) >= _ALIKE * float(areas[0])


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
