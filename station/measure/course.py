"""The course of a long thin place from one end to the other: of an arc the length along it, not its chord."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_STEP_PX = 4.0  # between two points of the course, or twice its width where that is more: across it the pixels average
_NEXT = 1.5  # px: pixels that touch at a side or a corner are neighbours


def course_of(pixels: Float) -> Float:
    """(m, 2) points x, y from one end of a place to the other, m >= 2; the ends are the outer sides of the end pixels.

    pixels : (n, 2) x, y of its pixels, n >= 2. Where they are in several pieces, the course leaps the gaps.

    The pixels are sorted by their distance from one end along the place (shortest paths from pixel to pixel), and the
    course runs through the mean places of successive slices; a branch counts for nothing but a small detour.
    """
    distance = _from_end(pixels)
    reach = float(distance.max())
    width = len(pixels) / (reach + 1)
    slices = max(2, round(reach / max(_STEP_PX, 2 * width)))
    which = np.minimum((distance / max(reach, 1e-9) * slices).astype(int), slices - 1)
    counts = np.bincount(which, minlength=slices)
    there = counts > 0
    x, y = (np.bincount(which, weights=pixels[:, k], minlength=slices)[there] / counts[there] for k in (0, 1))
    middle = np.stack([x, y], axis=1)
    ends = []
    for slice_, at, inner in ((0, middle[0], middle[1]), (slices - 1, middle[-1], middle[-2])):
        out = (at - inner) / max(float(np.hypot(*(at - inner))), 1e-9)
        ends.append(at + out * (float(((pixels[which == slice_] - at) @ out).max()) + 0.5))
    return np.concatenate([ends[:1], middle, ends[1:]])


def course_length(course: Float) -> float:
    """Length of a course (m, 2) from point to point, in its own unit."""
    return float(np.hypot(*np.diff(course, axis=0).T).sum())


def _from_end(pixels: Float) -> Float:
    """(n,) distance of every pixel from that end of the place which lies farthest from its first pixel."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, dijkstra
    from scipy.spatial import cKDTree

    pairs = cKDTree(pixels).query_pairs(_NEXT, output_type="ndarray")
    n = len(pixels)

    def graph(edges: NDArray[np.intp]) -> csr_array:
        apart = np.hypot(*(pixels[edges[:, 0]] - pixels[edges[:, 1]]).T)
        return csr_array((apart, (edges[:, 0], edges[:, 1])), shape=(n, n))

    count, piece = connected_components(graph(pairs), directed=False)
    while count > 1:  # leap the shortest gap from the first piece to any other
        here, there = np.flatnonzero(piece == piece[0]), np.flatnonzero(piece != piece[0])
        gap, nearest = (np.atleast_1d(found) for found in cKDTree(pixels[there]).query(pixels[here]))
        k = int(np.argmin(gap))
        pairs = np.concatenate([pairs, [[here[k], there[int(nearest[k])]]]])
        count, piece = connected_components(graph(pairs), directed=False)
    links = graph(pairs)
    first = dijkstra(links, directed=False, indices=np.zeros(1, dtype=np.intp))[0]
    end = np.array([int(np.argmax(first))])
    return np.asarray(dijkstra(links, directed=False, indices=end)[0], dtype=np.float64)
