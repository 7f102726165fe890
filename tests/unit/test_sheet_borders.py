"""Borders of regions and marks that cross themselves: found, remarked on, and never refused, since sealed sheets may
have them."""

from __future__ import annotations

import math
import time
from random import Random

import pytest

from station.sheet import lint_sheet, load_sheet
from station.sheet.borders import crossing

SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0))
BOW = ((0.0, 0.0), (3.0, 2.0), (3.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("corners", "found"),
    [
        (SQUARE, None),
        (SQUARE[::-1], None),
        (BOW, (0, 2)),
        ((*BOW[1:], BOW[0]), (1, 3)),
        ((BOW[2], BOW[3], BOW[0], BOW[1]), (0, 2)),
        (((0, 0), (4, 0), (4, 4), (2, 0), (0, 4)), None),  # a corner that lies on another edge
        (((0, 0), (4, 0), (4, 4), (2, -1), (0, 4)), (0, 2)),
        (((0, 0), (2, 0), (1, 0), (2, 2)), None),  # back along an edge
        (((0, 0), (1, 1), (0, 1)), None),
    ],
)
def test_edges_that_cross_are_told_by_where_they_begin(
    corners: tuple[tuple[float, float], ...], found: tuple[int, int] | None
) -> None:
    assert crossing(corners) == found


def test_a_star_of_any_size_and_place_crosses_and_its_hull_does_not() -> None:
    random = Random(7)
    for _ in range(50):
        n, x, y = random.choice([5, 7, 9]), random.uniform(-90, 90), random.uniform(-90, 90)
        size, turns = random.uniform(0.1, 9), [2 * math.pi * i / n for i in range(n)]
        hull = [(x + size * math.cos(turn), y + size * math.sin(turn)) for turn in turns]
        assert crossing(hull) is None
        assert crossing([hull[2 * i % n] for i in range(n)]) is not None


def test_a_border_of_any_number_of_corners_is_looked_at_in_a_moment() -> None:
    comb = [(float(i), 100.0 * (i % 2)) for i in range(20_000)]
    tangled = [(1000.0 * (i % 2), float(i)) for i in range(5_000)]  # every edge beside every other
    begun = time.perf_counter()
    crossing([*comb, (20_000.0, 200.0)])
    crossing(tangled)
    assert time.perf_counter() - begun < 10


@pytest.mark.parametrize("key", ["polygon_px", "polygon_mm"])
@pytest.mark.parametrize("table", ["regions", "marks"])
def test_a_border_that_crosses_itself_is_remarked_on(table: str, key: str) -> None:
    def remarks(corners: tuple[tuple[float, float], ...]) -> list[str]:
        row = f'[[{table}]]\nname = "star"\n{key} = {[list(p) for p in corners]}\n'
        found = lint_sheet(load_sheet(f'schema = 1\n[product]\nsku = "PIN"\n{row}'.encode()))
        return [str(r) for r in found if "crosses itself" in r.message]

    assert remarks(SQUARE) == []
    assert remarks((*BOW[1:], BOW[0])) == [
        f'[[{table}]] "star": its border crosses itself, edge 2-3 and edge 4-1, so what lies in a loop of it may not '
        "count. Move a corner until it does not, or give the corners in the order of the border."
    ]
