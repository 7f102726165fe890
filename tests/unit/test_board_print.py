"""The printed board and mat: rasterised at a known resolution, found again, and measured against the rig."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

import sample_data
from station.calibrate.markers import marker_corners
from station.calibrate.rig import load_rig
from station.cli import app
from station.cli.conduct import run
from station.errors import RigError
from station.report.board import print_board
from station.values.bench import Board, CameraSpec, Marker, Rig

RIG = Rig(
    name="print",
    camera=CameraSpec(width=2000, height=1500, distance_mm=300.0),
    markers=tuple(
        Marker(dictionary="DICT_4X4_50", id=i, centre_mm=at, side_mm=8.0, rotation_deg=90.0 * i)
        for i, at in enumerate([(-45.0, -30.0), (45.0, -30.0), (45.0, 30.0), (-45.0, 30.0)])
    ),
    board=Board(squares=(14, 9), square_mm=6.5, marker_mm=4.7, dictionary="DICT_5X5_100"),
)
DPI = 600
PX = DPI / 25.4


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    if shutil.which("pdftoppm") is None:
        pytest.fail("pdftoppm is missing: apt-get install poppler-utils", pytrace=False)
    folder = tmp_path_factory.mktemp("print")
    (folder / "print.pdf").write_bytes(print_board(RIG))
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", "print.pdf", "page"], cwd=folder, check=True)
    found = [cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in sorted(folder.glob("page-*.png"))]
    assert [f.shape for f in found] == [(7016, 4961)] * 2  # A4 at 600 dpi
    return found


def test_the_board_is_printed_to_true_size(pages: list[np.ndarray]) -> None:
    board = RIG.board
    assert board is not None
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_100)
    charuco = cv2.aruco.CharucoBoard(board.squares, board.square_mm, board.marker_mm, dictionary)
    corners, ids, _, _ = cv2.aruco.CharucoDetector(charuco).detectBoard(pages[0])
    assert len(ids) == 13 * 8
    mm, px = charuco.matchImagePoints(corners, ids)
    mm, px = np.reshape(mm, (-1, 3))[:, :2], np.reshape(px, (-1, 2))
    for axis in (0, 1):
        slope, level = np.polyfit(mm[:, axis], px[:, axis], 1)
        assert abs(slope / PX - 1) < 5e-4
        assert np.abs(px[:, axis] - slope * mm[:, axis] - level).max() < 1.0  # none is out of its place


def test_the_mat_has_the_markers_where_the_rig_has_them(pages: list[np.ndarray]) -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(pages[1])
    seen = {int(i): np.reshape(c, (4, 2)).astype(float) for i, c in zip(np.ravel(ids), corners, strict=True)}
    assert sorted(seen) == [0, 1, 2, 3]

    mm = np.concatenate([marker_corners(m) for m in RIG.markers])
    px = np.concatenate([seen[m.id] for m in RIG.markers])
    for axis in (0, 1):
        slope, level = np.polyfit(mm[:, axis], px[:, axis], 1)
        assert abs(slope / PX - 1) < 5e-4
        # corners in the rig's order: a marker that is turned otherwise, or mirrored, is 8 mm off
        assert np.abs(px[:, axis] - slope * mm[:, axis] - level).max() < 1.5


def test_both_check_lines_are_a_hundred_millimetres(pages: list[np.ndarray]) -> None:
    for page in pages:
        for lines in (page, page.T):
            # the ticks at its ends add half their width on either side
            assert max(_longest_run(line < 128) for line in lines) / PX == pytest.approx(100.1, abs=0.1)


def _longest_run(black: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], black.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def test_the_same_rig_gives_the_same_bytes() -> None:
    assert print_board(RIG) == print_board(RIG)


def test_what_cannot_be_printed_is_refused() -> None:
    with pytest.raises(RigError, match="neither a board nor markers"):
        print_board(RIG.model_copy(update={"board": None, "markers": ()}))
    with pytest.raises(RigError, match="do not go on A3"):
        print_board(
            RIG.model_copy(
                update={"board": Board(squares=(20, 20), square_mm=30, marker_mm=20, dictionary="DICT_5X5_250")}
            )
        )
    askew = RIG.markers[0].model_copy(update={"rotation_deg": 30.0})
    with pytest.raises(RigError, match="turned by 30 degrees"):
        print_board(RIG.model_copy(update={"markers": (askew,)}))


def test_the_command_writes_the_file_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    rig = Path(sample_data.__file__).parent / "bench" / "rig.toml"
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    assert run(app, ["calibrate", "board", "--rig", str(rig), "--out", str(tmp_path / "b.pdf")]) == 0
    assert "100 %" in capsys.readouterr().out
    assert (tmp_path / "b.pdf").read_bytes() == print_board(load_rig(rig))
    assert run(app, ["calibrate", "board", "--rig", str(rig), "--out", str(tmp_path / "no" / "b.pdf")]) == 2
    assert "--out" in capsys.readouterr().err
