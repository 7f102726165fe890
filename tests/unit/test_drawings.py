"""The inspection drawing: dimensions where they were read, deviations enlarged by what the legend says."""

from __future__ import annotations

import numpy as np
import pytest

from station.report import drawings
from station.report.pictures import COLOURS
from station.values.documents import MeasurementDocument, OutlineDocument, UnitDocument, Verdict
from station.values.geometry import Frame

FRAME = Frame(0.1, 341, 341, (170.0, 170.0))
RASTER = np.full((341, 341, 3), 190, np.uint8)
ORANGE, BLUE = COLOURS[Verdict.NONCONFORMS], COLOURS[Verdict.CONFORMS]


def measured(characteristic: str, value: float | None, points: object, **more: object) -> MeasurementDocument:
    row: dict[str, object] = {
        "characteristic": characteristic,
        "kind": characteristic.partition(":")[0],
        "value": value,
        "unit": "mm",
        "u": 0.02,
        "nominal": None,
        "lower": None,
        "upper": None,
        "class": "major",
        "verdict": Verdict.CONFORMS,
        "detail": {"points_mm": points},
    }
    return MeasurementDocument.model_validate(row | more)


def document(*measurements: MeasurementDocument, outline: OutlineDocument | None = None) -> UnitDocument:
    texts = ("unit", "photo", "sha256", "golden", "golden_digest", "sheet_digest", "calibration", "model", "program")
    return UnitDocument.model_validate(
        dict.fromkeys(texts, "x")
        | {"golden_version": 1, "taken_at": None, "verdict": Verdict.CONFORMS, "reasons": (), "gates": ()}
        | {"pose": None, "alignment": None, "measurements": measurements, "findings": (), "outline": outline}
    )


def circle(shift: np.ndarray, radius: float = 14.0) -> OutlineDocument:
    turn = np.linspace(0, 2 * np.pi, len(shift), endpoint=False)
    points = radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return OutlineDocument(
        points_mm=tuple((float(x), float(y)) for x, y in points),
        shift_mm=tuple(None if np.isnan(s) else float(s) for s in shift),
        u_mm=0.01,
    )


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=2) <= 6).sum())


def centroid_x(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float(np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) <= 6)[1].mean())


def test_an_outline_that_is_out_at_the_right_is_drawn_out_at_the_right() -> None:
    turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    shift = 0.05 * np.clip(np.cos(turn), 0, None)  # x right: the first place lies at the right
    panel = drawings.drawing_picture(RASTER, FRAME, document(outline=circle(shift)), title="t", panel_px=400)
    right = panel[64:464, 440:840]
    assert count(right, ORANGE) > 200
    assert centroid_x(right, ORANGE) > 300
    inward = drawings.drawing_picture(RASTER, FRAME, document(outline=circle(-shift)), title="t", panel_px=400)
    assert count(inward[64:464, 440:840], BLUE) > 200


def test_the_enlargement_is_a_round_number_that_keeps_the_largest_on_the_paper() -> None:
    assert drawings.enlargement(0.05, 34.0) == 20  # 1.0 mm of 34
    assert drawings.enlargement(0.004, 34.0) == 200
    assert drawings.enlargement(5.0, 34.0) == 1


def test_a_dimension_out_of_its_limits_is_drawn_in_its_colour_below_the_part() -> None:
    bad = measured(
        "size:width", 28.3, [[-14.0, 0.0], [14.0, 2.0]], verdict=Verdict.NONCONFORMS, upper=28.15, lower=27.85
    )
    picture = drawings.drawing_picture(RASTER, FRAME, document(bad), title="t", panel_px=400)
    rows = np.nonzero((np.abs(picture[64:464, 20:420].astype(int) - ORANGE).max(axis=2) <= 6).any(axis=1))[0]
    assert len(rows) > 0
    assert rows.min() > 300  # below the part
    fine = measured("size:width", 28.0, [[-14.0, 0.0], [14.0, 2.0]], upper=28.15, lower=27.85)
    assert count(drawings.drawing_picture(RASTER, FRAME, document(fine), title="t", panel_px=400), ORANGE) == 0


@pytest.mark.parametrize(
    "points",
    [None, [], [[1.0, 2.0]], [[0.0, float("nan")], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]], "nonsense"],
)
def test_a_measurement_without_a_place_stands_in_the_table_alone(points: object) -> None:
    m = measured("size:width", 28.0, points)
    picture = drawings.drawing_picture(RASTER, FRAME, document(m), title="t", panel_px=400)
    assert picture.shape[1] == 2 * 400 + 60


def test_balloons_do_not_cover_one_another() -> None:
    balloons = [drawings._Balloon(i, np.array([1.0, 1.0]), (0, 0, 0)) for i in range(6)]
    at = np.array([b.at for b in drawings._apart(balloons, 2.0)])
    gaps = [float(np.hypot(*(at[i] - at[j]))) for i in range(6) for j in range(i)]
    assert min(gaps) > 1.9


def test_an_outline_with_gaps_or_none_at_all_is_said() -> None:
    gaps = np.full(60, 0.02)
    gaps[10:20] = np.nan
    drawings.drawing_picture(RASTER, FRAME, document(outline=circle(gaps)), title="t", panel_px=400)
    nothing = circle(np.full(60, np.nan))
    empty = drawings.drawing_picture(RASTER, FRAME, document(outline=nothing), title="t", panel_px=400)
    assert count(empty, ORANGE) == 0
