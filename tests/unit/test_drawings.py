"""The inspection drawing: dimensions where they were read, deviations enlarged by what the legend says."""

from __future__ import annotations

import numpy as np
import pytest

from station.measure.ends import End, distance_of
from station.report import drawings
from station.report.pictures import COLOURS, INK
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


def drawn_lines(
    monkeypatch: pytest.MonkeyPatch, *rows: MeasurementDocument, outline: OutlineDocument | None = None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Dimension lines and the thin lines of a drawing, each (2, 2) mm, in the order they were drawn."""
    dimensions: list[np.ndarray] = []
    thin: list[np.ndarray] = []
    line = drawings.Canvas.line
    draw = drawings.Canvas.dimension

    def note_line(
        self: drawings.Canvas, points: np.ndarray, colour: object, width: float = 1.6, alpha: int = 255
    ) -> None:
        if colour == INK and len(points) == 2 and width == 1.0:
            thin.append(np.asarray(points))
        line(self, points, colour, width, alpha)  # type: ignore[arg-type]

    def note_dimension(self: drawings.Canvas, start: np.ndarray, end: np.ndarray, colour: object) -> None:
        dimensions.append(np.array([start, end]))
        draw(self, start, end, colour)  # type: ignore[arg-type]

    monkeypatch.setattr(drawings.Canvas, "line", note_line)
    monkeypatch.setattr(drawings.Canvas, "dimension", note_dimension)
    drawings.drawing_picture(RASTER, FRAME, document(*rows, outline=outline), title="t", panel_px=400)
    return dimensions, thin


@pytest.mark.parametrize("direction", [0.0, 2.0, 30.0, 60.0, 89.0, 90.0, 120.0, 178.0])
def test_a_dimension_line_runs_as_it_was_measured_with_extension_lines_square_to_it(
    monkeypatch: pytest.MonkeyPatch, direction: float
) -> None:
    """The points that end a width do not lie opposite each other: the line between them is longer than the width."""
    u = np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction))])
    n = np.array([-u[1], u[0]])
    p = np.array([-10 * u + 4 * n, 10 * u - 5 * n])
    detail = {"points_mm": p.tolist(), "direction_deg": direction}
    row = measured("size:height", 20.0, None, detail=detail)
    (line,), thin = drawn_lines(monkeypatch, row, outline=circle(np.full(60, 0.01)))
    assert abs(float((line[1] - line[0]) @ u)) == pytest.approx(20.0, abs=1e-9)
    assert float((line[1] - line[0]) @ n) == pytest.approx(0.0, abs=1e-9)
    assert len(thin) == 2
    for extension in thin:
        assert float((extension[1] - extension[0]) @ u) == pytest.approx(0.0, abs=1e-9)  # square to the line
        at_point = np.hypot(*(p - extension[0]).T).min()
        assert at_point == pytest.approx(0.0, abs=1e-9)  # from what was measured
    outside = np.hypot(*line.mean(axis=0))
    assert outside > 14.0  # beside the part, which is round and 28 mm across


def test_a_short_distance_across_two_edges_is_drawn_square_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    detail = {"points_mm": [[-2.0, -2.0], [1.0, -1.0]], "direction_deg": 90.0}
    (line,), thin = drawn_lines(monkeypatch, measured("size:gap", 1.0, None, detail=detail))
    assert np.allclose(line, [[-2.0, -2.0], [-2.0, -1.0]])
    assert any(np.allclose(t[0], [1.0, -1.0]) and t[1][1] == pytest.approx(-1.0) for t in thin)


def test_lines_that_stand_beside_the_part_do_not_lie_on_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        measured(f"size:{k}", 24.0, None, detail={"points_mm": [[-12.0, 0.0], [12.0, 3.0]], "direction_deg": 0.0})
        for k in range(3)
    ]
    lines, _ = drawn_lines(monkeypatch, *rows)
    levels = [float(line[0][1]) for line in lines]
    assert np.diff(levels).min() > 1.0


def test_a_distance_tells_the_direction_it_was_taken_in() -> None:
    none = np.zeros(0, dtype=np.intp)
    edge, hole = End(none, np.array([0.0, 1.0])), End(none, None, 0)
    at, to = np.array([0.0, 0.0]), np.array([3.0, 4.0])
    assert distance_of(edge, hole, at, to) == (pytest.approx(4.0), pytest.approx(90.0))
    assert distance_of(hole, edge, at, to) == (pytest.approx(4.0), pytest.approx(90.0))
    assert distance_of(hole, hole, at, to) == (pytest.approx(5.0), pytest.approx(53.130, abs=1e-3))
