"""Charts of colour and light: what they show is where it belongs, and nothing of it is cut or missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageDraw

from station.calibrate.card import load_cards
from station.calibrate.card_finding import find_card
from station.calibrate.card_reading import card_document
from station.calibrate.correction import gate_residual
from station.devices.photo import read_photo
from station.errors import RequestError
from station.report import colour_pictures as charts
from station.report.pictures import display_lab
from station.service.picturing import write
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.documents import MeasurementDocument, Verdict

ORANGE = (213, 94, 0)
SAMPLES = Path(__file__).parents[2] / "sample_data"


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=2) <= 2).sum())


def test_the_scale_grows_in_lightness_from_one_end_to_the_other() -> None:
    colours = charts.scale_colours(np.linspace(0, 5, 40), 5.0).astype(float)
    light = colours @ [0.30, 0.59, 0.11]
    assert (np.diff(light) > 0).all()
    np.testing.assert_array_equal(charts.scale_colours(np.array([9.0]), 5.0), charts.scale_colours(np.array([5.0]), 5))


@pytest.mark.parametrize(("value", "top"), [(0.3, 0.3), (1.01, 2.0), (6.5, 8.0), (9.0, 10.0), (12.0, 20.0)])
def test_scales_end_on_round_numbers(value: float, top: float) -> None:
    assert charts.round_top(value) == pytest.approx(top)


def test_the_map_shows_the_difference_where_it_counts() -> None:
    difference = np.zeros((100, 120), np.float32)
    difference[:, 60:] = 6.0
    where = np.ones((100, 120), bool)
    where[:10] = False
    unit = np.full((100, 120, 3), 200, np.uint8)
    marks = [charts.Mark(2.0, "accept"), charts.Mark(3.0, "reject")]
    picture = charts.map_picture(difference, where, unit, marks, title="unit", width_px=120)
    body = picture[60:160, 20:140]
    low, high = (tuple(int(c) for c in charts.scale_colours(np.array(v), 6.0)) for v in (0.0, 6.0))
    assert np.abs(body[50, 20].astype(int) - low).max() <= 2
    assert np.abs(body[50, 100].astype(int) - high).max() <= 2
    assert len({int(c) for c in body[3, 50]}) == 1  # outside: grey
    assert count(picture, ORANGE) > 100  # both limits on the scale


def test_rings_are_as_far_away_as_they_say() -> None:
    golden = np.array([40.0, 30.0, -55.0])
    for level in (1.0, 3.0):
        ring = charts._ring(golden, level)
        seen = np.column_stack([np.full(len(ring), golden[0]), golden[1:] + ring])
        np.testing.assert_allclose(delta_e_2000(Lab(np.broadcast_to(golden, seen.shape)), Lab(seen)), level, atol=0.01)


def measured(value: float | None, verdict: Verdict, lab: tuple[float, float, float] | None) -> MeasurementDocument:
    return MeasurementDocument.model_validate(
        {
            "characteristic": "colour:sky", "kind": "colour", "value": value, "unit": "CIEDE2000", "u": 0.4,
            "nominal": 0.0, "lower": None, "upper": 3.0, "class": "major", "verdict": verdict, "where_mm": (0.0, 0.0),
            "method": "", "reason": "" if lab else "glare lies on it", "lab": lab, "lab_golden": (50.0, 10.0, -30.0),
            "dL": 0.1, "dC": -0.2, "dH": 0.3, "detail": {"accept": 2.0},
        }
    )  # fmt: skip


def test_vectors_show_one_panel_a_region_with_limits_and_verdict() -> None:
    wrong = measured(4.2, Verdict.NONCONFORMS, (50.0, 17.0, -30.0))
    one = charts.vectors_picture([wrong], title="unit")
    assert count(one, ORANGE) > 200
    good = charts.vectors_picture([measured(1.1, Verdict.CONFORMS, (50.0, 12.0, -30.0))], title="unit")
    assert count(good, (0, 114, 178)) > 10
    assert count(one, (0, 114, 178)) == 0
    none = charts.vectors_picture([measured(None, Verdict.UNDECIDED, None)], title="unit")
    assert count(none, ORANGE) < count(good, ORANGE)
    assert charts.vectors_picture([wrong] * 5, title="unit").shape[0] > one.shape[0]


def test_swatches_are_the_colours_themselves() -> None:
    np.testing.assert_array_equal(display_lab(np.array([[100.0, 0, 0], [0.0, 0, 0]])), [[255] * 3, [0] * 3])
    grey = display_lab(np.array([53.585, 0.0, 0.0])).astype(int)
    assert np.ptp(grey) <= 1
    assert abs(int(grey[1]) - 128) <= 1


def test_the_card_picture_tells_the_gate_s_own_residuals_in_words() -> None:
    """The gate has a fit of its own: its limits have no place on the scale of the patches' errors."""
    shot = read_photo(SAMPLES / "alpine" / "golden.jpg")
    reading = find_card(shot, load_cards(str(SAMPLES / "bench" / "card.toml")))
    card = card_document(shot, reading)
    use = np.array([p.used for p in reading.patches])
    gate = gate_residual(
        np.array([p.rgb for p in reading.patches]), np.array([p.lab_reference for p in card.patches]), use
    )
    assert gate is not None
    assert card.fit is not None
    assert card.fit.gate_mean == pytest.approx(gate[use].mean())
    assert card.fit.gate_max == pytest.approx(gate[use].max())
    assert card.fit.gate_mean > card.fit.mean  # the chosen correction is the richer one
    told = charts.card_picture(shot.photo.pixels, card, limits=(3.0, 8.0))
    assert count(told, ORANGE) == 0
    fit = card.fit.model_copy(update={"gate_mean": None, "gate_max": None})
    silent = charts.card_picture(shot.photo.pixels, card.model_copy(update={"fit": fit}), limits=(3.0, 8.0))
    rows = np.flatnonzero((told != silent).any(axis=(1, 2)))
    assert 10 < len(rows) < 30  # one line below the picture
    assert rows[0] > told.shape[0] - 70


def test_notes_stand_below_the_map() -> None:
    flat, where, unit = np.zeros((60, 80), np.float32), np.ones((60, 80), bool), np.full((60, 80, 3), 90, np.uint8)
    bare, noted = (
        charts.map_picture(flat, where, unit, [], title="unit", notes=n, width_px=300) for n in ((), ["A", "B"])
    )
    assert noted.shape[0] == bare.shape[0] + 48
    np.testing.assert_array_equal(noted[: bare.shape[0] - 20], bare[:-20])


def test_uniformity_marks_what_is_out_of_bounds() -> None:
    nine = np.array([[0.95, 1.0, 0.9], [0.9, 1.0, 0.97], [0.6, 0.9, 0.88]])
    out = charts.uniformity_picture(nine, title="bench", least=0.75)
    within = charts.uniformity_picture(nine, title="bench", least=0.5)
    cells = slice(0, 3 * 150 + 60)  # below them the scale
    assert count(out[cells], ORANGE) > 500
    assert count(within[cells], ORANGE) == 0
    for bound in (out, within):
        assert count(bound[cells.stop :], ORANGE) > 50  # the limit on the scale
    assert count(charts.uniformity_picture(nine, title="bench"), ORANGE) == 0


def test_uniformity_tells_the_bound_from_the_brightest_apart() -> None:
    picture = charts.uniformity_picture(np.array([[1.0, 0.75, 1.0]] * 3), title="bench", least=0.75).astype(int)
    bright, bound = picture[80, 40], picture[80, 240]
    np.testing.assert_array_equal(bright, (254, 232, 56))
    assert np.abs(bright - bound).sum() > 150


def test_no_difference_is_written_as_minus_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    draw = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw,
        "text",
        lambda d, xy, text, *a, **k: (written.append(text), draw(d, xy, text, *a, **k)),
    )
    same = measured(0.1, Verdict.CONFORMS, (50.0, 10.0, -30.0)).model_copy(update={"dL": -0.04, "dC": 0.0, "dH": -1.26})
    charts.vectors_picture([same], title="unit")
    assert "delta  L +0.0   C +0.0   H -1.3" in written


def test_drift_shows_every_check_against_the_limit() -> None:
    start = datetime(2026, 5, 10, 8, tzinfo=UTC)
    at = [start + timedelta(hours=k) for k in range(5)]
    calm = charts.Series("tint", [0.0, 0.2, 0.1, 0.3, 0.2], 1.5)
    wild = charts.Series("tint", [0.0, 0.2, 0.1, 0.3, 2.0], 1.5)
    inside, outside = (count(charts.drift_picture(at, [s], title="bench"), ORANGE) for s in (calm, wild))
    assert outside > inside
    for few in (0, 1):
        picture = charts.drift_picture(at[:few], [charts.Series("tint", calm.values[:few], 1.5)], title="bench")
        assert picture.shape == (480, 900, 3)


def test_pictures_are_written_as_their_name_says(tmp_path: Path) -> None:
    picture = np.full((8, 8, 3), 90, np.uint8)
    write(picture, tmp_path / "a.png")
    write(picture, tmp_path / "a.JPG")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "a.JPG").read_bytes()[:2] == b"\xff\xd8"
    with pytest.raises(RequestError, match="no JPEG or PNG"):
        write(picture, tmp_path / "a.gif")
    with pytest.raises(RequestError, match="there is no folder"):
        write(picture, tmp_path / "nowhere" / "a.png")
