"""The ChArUco board and the bench mat as a PDF to true size, drawn as vectors."""

from __future__ import annotations

import json
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from station.calibrate.markers import known_dictionary
from station.errors import RigError
from station.values.bench import Board, Marker, Rig

CHECK_MM = 100.0
"""Length of the lines by which a print is checked."""
PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
"""Pages in mm, upright; the smaller that holds what is printed is used, upright or lying."""
_TOP, _SIDE, _FOOT = 26.0, 12.0, 22.0  # mm kept for the words, for the check lines, and below
_GAP = 3.0  # mm of white around a marker that the part's place keeps clear of

Cell = tuple[float, float, float, float]


def print_board(rig: Rig) -> bytes:
    """PDF bytes of one page with the rig's board and one with its mat: markers, the part's place, check lines.

    The same rig gives the same bytes. Raises RigError for a rig with neither board nor markers, markers that are turned
    by other than quarters, or sizes that no page holds.
    """
    import typst  # a compiler of some 40 MB: loaded when a document is asked for

    sizes = []
    if rig.board is not None:
        sizes.append((rig.board.squares[0] * rig.board.square_mm, rig.board.squares[1] * rig.board.square_mm))
    if rig.markers:
        low, high = _extent(rig.markers)
        sizes.append((high[0] - low[0], high[1] - low[1]))
    if not sizes:
        raise RigError(f"rig {rig.name!r} has neither a board nor markers", "Add a [board] or [[markers]] to the rig.")
    name, page = _page_for(sizes)
    pages = []
    if rig.board is not None:
        pages.append(_board_page(rig, rig.board, name, page))
    if rig.markers:
        pages.append(_mat_page(rig, name, page))
    data = {"title": f"Board and mat of bench {rig.name}", "page_mm": page, "pages": pages}
    with tempfile.TemporaryDirectory(prefix="station-board-") as folder:
        root = Path(folder)
        (root / "data.json").write_text(json.dumps(data), encoding="utf-8")
        source = root / "board.typ"
        template = resources.files("station.report").joinpath("board.typ")
        source.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        return bytes(typst.compile(str(source), root=folder, format="pdf", ignore_system_fonts=True))


def _page_for(sizes: list[tuple[float, float]]) -> tuple[str, tuple[float, float]]:
    for name, (short, long) in PAPERS.items():
        for words, page in ((f"{name} upright", (short, long)), (f"{name} lying", (long, short))):
            room = page[0] - 2 * _SIDE, page[1] - _TOP - _FOOT
            if all(w <= room[0] and h <= room[1] for w, h in sizes) and min(room) >= CHECK_MM:
                return words, page
    w, h = max(s[0] for s in sizes), max(s[1] for s in sizes)
    raise RigError(f"{w:g} x {h:g} mm do not go on A3", "Have the board made by a printer of plates.")


def _board_page(rig: Rig, board: Board, name: str, page: tuple[float, float]) -> dict[str, Any]:
    across, down = board.squares
    origin = _placed((across * board.square_mm, down * board.square_mm), page)
    inset = (board.square_mm - board.marker_mm) / 2
    cells: list[Cell] = []
    number = 0
    for row in range(down):
        for column in range(across):
            x, y = origin[0] + column * board.square_mm, origin[1] + row * board.square_mm
            if (row + column) % 2 == 0:  # as OpenCV has drawn them since 4.6: the first square is black
                cells.append((x, y, board.square_mm, board.square_mm))
            else:
                cells += _marker_cells(board.dictionary, number, (x + inset, y + inset), board.marker_mm, 0)
                number += 1
    length = across * board.square_mm
    words = (
        f"{across} x {down} squares of {board.square_mm:g} mm, markers {board.marker_mm:g} mm, {board.dictionary}. "
        f"{_paper(name, page)} Glue it to something flat. Measure the {across} squares with a calliper: they "
        f"should be {length:g} mm; enter what they are: "
        f"station calibrate lens --rig {rig.name} --measured-mm LENGTH --over {across} BOARD.jpg ..."
    )
    return _with_check(f"ChArUco board of bench {rig.name}", words, cells, [], page)


def _mat_page(rig: Rig, name: str, page: tuple[float, float]) -> dict[str, Any]:
    low, high = _extent(rig.markers)
    corner = _placed((high[0] - low[0], high[1] - low[1]), page)
    origin = (corner[0] - low[0], corner[1] - low[1])
    cells: list[Cell] = []
    for m in rig.markers:
        quarters, rest = divmod(m.rotation_deg, 90.0)
        if rest != 0:
            raise RigError(
                f"marker {m.id} is turned by {m.rotation_deg:g} degrees", "Only markers turned by quarters are printed."
            )
        at = (origin[0] + m.centre_mm[0] - m.side_mm / 2, origin[1] + m.centre_mm[1] - m.side_mm / 2)
        cells += _marker_cells(m.dictionary, m.id, at, m.side_mm, int(quarters) % 4)
    frames = [
        {"box": [x + origin[0], y + origin[1], w, h], "label": label} for (x, y, w, h), label in _places(rig.markers)
    ]
    words = (
        f"Bench {rig.name}: markers at their places, x to the right and y down as the camera sees them. "
        f"{_paper(name, page)} Glue it down, keep the markers uncovered, and write into the rig file: "
        'a table [mat] with made = "printed". Printed along with the board, it has the scale that the board is '
        "measured to."
    )
    return _with_check(f"Bench mat of {rig.name}", words, cells, frames, page)


def _paper(name: str, page: tuple[float, float]) -> str:
    return f"Page {name}, {page[0]:g} x {page[1]:g} mm: print at 100 %, do not fit to the page."


def _places(markers: tuple[Marker, ...]) -> list[tuple[Cell, str]]:
    """Places for the part (left) and the colour card (right) between the markers, in mm of the bench."""
    centres = np.array([m.centre_mm for m in markers])
    half = max(m.side_mm for m in markers) / 2 + _GAP
    low, high = centres.min(axis=0), centres.max(axis=0)
    (x0, y0), (x1, y1) = (low[0], low[1] + half), (high[0], high[1] - half)
    if x1 - x0 < 10 or y1 - y0 < 5:
        return []
    middle = (x0 + x1) / 2
    return [
        ((x0, y0, middle - x0 - 1, y1 - y0), "part"),
        ((middle + 1, y0, x1 - middle - 1, y1 - y0), "colour card"),
    ]


def _with_check(
    title: str, words: str, cells: list[Cell], frames: list[dict[str, Any]], page: tuple[float, float]
) -> dict[str, Any]:
    """The page with a line of ``CHECK_MM`` along and one across the paper, for a printer's feed is off by itself."""
    x, y = (page[0] - CHECK_MM) / 2, page[1] - 10.0
    left, top = 6.0, (page[1] - CHECK_MM) / 2
    lines = [[x, y, x + CHECK_MM, y], [left, top, left, top + CHECK_MM]]
    for k in range(11):
        tick = 3.0 if k in (0, 10) else 1.5
        lines.append([x + 10 * k, y - tick, x + 10 * k, y])
        lines.append([left, top + 10 * k, left + tick, top + 10 * k])
    texts = [{"x": x, "y": y + 1, "words": f"This line is {CHECK_MM:g} mm long, and so is the one at the left edge."}]
    return {"title": title, "words": words, "cells": cells, "frames": frames, "lines": lines, "texts": texts}


def _placed(size: tuple[float, float], page: tuple[float, float]) -> tuple[float, float]:
    return (page[0] - size[0]) / 2, _TOP + (page[1] - _TOP - _FOOT - size[1]) / 2


def _extent(markers: tuple[Marker, ...]) -> tuple[tuple[float, float], tuple[float, float]]:
    low = np.min([np.array(m.centre_mm) - m.side_mm / 2 for m in markers], axis=0)
    high = np.max([np.array(m.centre_mm) + m.side_mm / 2 for m in markers], axis=0)
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def _marker_cells(dictionary: str, number: int, at: tuple[float, float], side: float, quarters: int) -> list[Cell]:
    """Black runs of a marker's cells; ``quarters`` : turns of 90 degrees clockwise as seen."""
    found = known_dictionary(dictionary)
    cells = int(found.markerSize) + 2
    bits = np.rot90(found.generateImageMarker(number, cells), -quarters) == 0
    step = side / cells
    runs: list[Cell] = []
    for row in range(cells):
        start = 0
        while start < cells:
            if not bits[row, start]:
                start += 1
                continue
            end = start
            while end < cells and bits[row, end]:
                end += 1
            runs.append((at[0] + start * step, at[1] + row * step, (end - start) * step, step))
            start = end
    return runs
