"""The class rule of the board benchmark on drawn tracks, where the class is known."""

from __future__ import annotations

import importlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

BLACK, WHITE = 0, 255


def _track() -> NDArray[np.uint8]:
    """Two tracks of copper, 14 px wide and 16 px apart, on light ground."""
    board = np.full((120, 120), WHITE, dtype=np.uint8)
    board[:, 30:44] = BLACK
    board[:, 60:74] = BLACK
    return board


# columns, rows, what is there instead, the class
CASES = [
    ((28, 46), (50, 58), WHITE, "open"),
    ((44, 60), (50, 56), BLACK, "short"),
    ((37, 44), (50, 58), WHITE, "mousebite"),
    ((44, 52), (50, 56), BLACK, "spur"),
    ((90, 98), (50, 58), BLACK, "copper"),
    ((34, 40), (50, 56), WHITE, "pin-hole"),
]


@pytest.mark.parametrize("moved", [0, 2])
@pytest.mark.parametrize(("columns", "rows", "level", "name"), CASES)
def test_the_class_follows_from_what_the_change_touches(
    monkeypatch: pytest.MonkeyPatch,
    columns: tuple[int, int],
    rows: tuple[int, int],
    level: int,
    name: str,
    moved: int,
) -> None:
    """Whether the box is roomy or tight, and where the tested board lies two pixels off."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    rule = importlib.import_module("board_classes")
    golden, unit = _track(), _track()
    unit[rows[0] : rows[1], columns[0] : columns[1]] = level
    unit = np.asarray(
        cv2.warpAffine(unit, np.array([[1.0, 0, moved], [0, 1, 0]]), (120, 120), borderMode=cv2.BORDER_REPLICATE),
        dtype=np.uint8,
    )
    for room in (0, 10):
        box = (columns[0] - room, rows[0] - room, columns[1] + room, rows[1] + room)
        assert rule.CLASSES[rule.class_of(golden, unit, box) - 1] == name
