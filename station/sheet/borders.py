"""Borders of regions and marks as closed lines of corners."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]

MOST_COMPARED = 200_000
"""Pairs of edges that are looked at in one border: a drawn one has a few hundred, this takes a tenth of a second."""


def crossing(corners: Sequence[Point]) -> tuple[int, int] | None:
    """The first two edges of a closed border that cross, each by the index of the corner that it begins at, the lower
    first; None where no two do, or where none was found among so many. Edges that only touch do not cross.

    Such a border has more than one reading: by the even-odd rule of ``measure.polygon`` what it goes round twice is not
    of it, and its area and centre are the differences of its loops.
    """
    n = len(corners)
    edges = sorted(range(n), key=lambda i: min(corners[i][0], corners[(i + 1) % n][0]))
    compared, found = 0, None
    for at, i in enumerate(edges):
        a, b = corners[i], corners[(i + 1) % n]
        right = max(a[0], b[0])
        for j in edges[at + 1 :]:
            c, d = corners[j], corners[(j + 1) % n]
            if min(c[0], d[0]) > right:
                break
            compared += 1
            if compared > MOST_COMPARED:
                return found
            if (i - j) % n in (1, n - 1):
                continue
            if _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0:
                pair = min(i, j), max(i, j)
                found = pair if found is None else min(found, pair)
    return found


def _side(a: Point, b: Point, p: Point) -> int:
    """Of the line from a to b: 1 on one side, -1 on the other, 0 on it."""
    turn = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return (turn > 0) - (turn < 0)
