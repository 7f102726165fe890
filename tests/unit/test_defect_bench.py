"""The figures that benchmarks of defect models print, on examples worked out by hand."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bench_defects import (
    CUTS,
    HARD,
    SOFT,
    Cut,
    Outcome,
    Trial,
    add_unit,
    finish_of,
    print_outcome,
    recall_least,
    size_errors,
)
from bench_precision import Agreement, compared_units, over_limit
from defect_bench import PixelFigures, Spot, auroc, card_of_precision, linear_light, matched

from station.models import card_of, defect_model, shipped
from station.models.card import read_card
from station.quality.pod import rate_upper

TRUTH = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]], dtype=bool)
SCORES = np.array([[0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.85, 0.1, 0.8, 0.8], [0.1, 0.5, 0.1, 0.2, 0.2]], dtype=np.float32)
"""Good pixels: one at 0.85, one at 0.5, eight at 0.1. Overlap over false-positive rate: 0.5 from 0, 0.75 from 0.1, 1
from 0.2 on."""


def figures(scores: np.ndarray, truth: np.ndarray) -> PixelFigures:
    one = PixelFigures()
    one.add(scores, truth)
    return one


@pytest.mark.parametrize(("limit", "area"), [(0.05, 0.025), (0.1, 0.05), (0.15, 0.0875), (0.3, 0.225), (1.0, 0.925)])
def test_the_overlap_of_regions_is_integrated_up_to_the_limit(limit: float, area: float) -> None:
    assert figures(SCORES, TRUTH).aupro(limit) == pytest.approx(area / limit, rel=1e-9)


def test_a_small_region_counts_as_much_as_a_large_one() -> None:
    truth = np.zeros((40, 40), dtype=bool)
    truth[2, 2] = truth[10:30, 10:30] = True
    for found in ((slice(2, 3),) * 2, (slice(10, 30),) * 2):
        scores = np.zeros((40, 40), dtype=np.float32)
        scores[found] = 1
        # the other region comes with the good pixels: a straight line from half to one
        assert figures(scores, truth).aupro(0.3) == pytest.approx(0.5 + 0.5 * 0.15)


def test_perfect_constant_and_random_scores() -> None:
    assert figures(TRUTH.astype(np.float32), TRUTH).aupro(0.05) == 1
    assert figures(TRUTH.astype(np.float32), TRUTH).average_precision() == 1
    assert figures(np.full(TRUTH.shape, 0.7, dtype=np.float32), TRUTH).aupro(0.3) == pytest.approx(0.15)
    rng = np.random.default_rng(1)
    truth = rng.random((400, 400)) < 0.01
    chance = figures(rng.random(truth.shape, dtype=np.float32), truth)
    assert chance.aupro(0.3) == pytest.approx(0.15, abs=0.01)
    assert chance.average_precision() == pytest.approx(truth.mean(), rel=0.15)


def test_average_precision_of_pixels() -> None:
    # right / taken: 1/1, then 3/4 (the good 0.85 among them), then 5/7
    expected = 1 / 5 + 2 / 5 * 3 / 4 + 2 / 5 * 5 / 7
    assert figures(SCORES, TRUTH).average_precision() == pytest.approx(expected)


def test_figures_do_not_depend_on_scale_and_take_good_pictures_in() -> None:
    one = figures(SCORES, TRUTH)
    scaled = figures(1000 * SCORES, TRUTH)
    assert scaled.aupro(0.3) == pytest.approx(one.aupro(0.3))
    one.add(np.zeros((3, 10), dtype=np.float32), np.zeros((3, 10), dtype=bool))
    # 30 more good pixels below everything: every rate is a quarter of what it was
    assert one.regions == 2
    assert one.aupro(0.075) == pytest.approx(figures(SCORES, TRUTH).aupro(0.3))


def test_without_a_bad_pixel_there_is_no_figure() -> None:
    none = figures(SCORES, np.zeros_like(TRUTH))
    assert math.isnan(none.aupro(0.3))
    assert math.isnan(none.average_precision())


def test_pictures_are_ranked_with_ties_counted_half() -> None:
    assert auroc([1, 2], [3, 4]) == 1
    assert auroc([1, 2], [2, 3]) == pytest.approx(3.5 / 4)
    assert auroc([1, 1], [1, 1]) == 0.5
    assert math.isnan(auroc([], [1]))


def test_findings_match_defects_one_to_one() -> None:
    truth = [Spot(0, 0, 0.2), Spot(0.4, 0, 0.2), Spot(5, 5, 4.0)]
    # the first finding is near to both small defects, the second to the first alone; the third lies on the long one
    found = [Spot(0.15, 0), Spot(-0.2, 0), Spot(6.9, 5), Spot(9, 9)]
    assert matched(truth, found) == {0: 1, 1: 0, 2: 2}
    assert matched(truth, [Spot(0, 0.29), Spot(0, 0.1)]) == {0: 1}
    assert matched([Spot(0, 0, 0.2)], [Spot(0, 0.31)]) == {}
    assert matched([Spot(0, 0, 1.0)], [Spot(0, 0.49)]) == {0: 0}
    assert matched([], found) == {}


def _finding(kind: str, x: float, y: float, verdict: str = "nonconforms") -> Any:
    return SimpleNamespace(kind=kind, x_mm=x, y_mm=y, size_mm=0.3, length_mm=2.0, verdict=verdict, region="sky")


def _defect(kind: str, x: float, y: float, length: float = 0.0, *, harmless: bool = False) -> dict[str, Any]:
    place = {"kind": kind, "x_mm": x, "y_mm": y, "size_mm": 0.25, "length_mm": length, "harmless": harmless}
    return place if harmless else {**place, "limit_mm": 0.2, "contrast_to_noise": 5.0}


def test_a_units_findings_are_hits_or_false() -> None:
    truth = {
        "defects": [
            _defect("pit", 0, 0),
            _defect("scratch", 5, 0, 4.0),
            _defect("pit", -5, 0),
            _defect("speck", -5, 5),
            _defect("dust", 0, 5, harmless=True),
        ]
    }
    found = [
        _finding("speck", 0.1, 0),
        _finding("scratch", 6.5, 0),
        _finding("dust", -5, 0, "conforms"),
        _finding("pit", 0, 5.1),
        _finding("bubble", 8, 8),
        _finding("bubble", 9, 9, "conforms"),
    ]
    outcome = Outcome()
    add_unit(outcome, truth, SimpleNamespace(findings=found, alignment=object()))  # type: ignore[arg-type]
    # the speck belongs to the pit under another name, and dust counts for nothing
    assert [(t.kind, t.called, t.seen_mm) for t in outcome.trials] == [
        ("pit", "speck", 0.3),
        ("scratch", "scratch", 2.0),
        ("pit", "dust", None),
        ("speck", "", None),
    ]
    assert outcome.false_all == ["pit on dust or lint", "bubble on sky"]
    assert (outcome.parts, outcome.good, outcome.false_good) == (1, 0, [])


def test_a_part_with_nothing_but_dust_is_good() -> None:
    outcome = Outcome()
    truth = {"defects": [_defect("lint", 0, 0, 1.0, harmless=True)]}
    add_unit(outcome, truth, SimpleNamespace(findings=[_finding("pit", 3, 3)], alignment=None))  # type: ignore[arg-type]
    assert (outcome.good, outcome.false_good, outcome.undecided) == (1, ["pit on sky"], 1)


def _trial(kind: str, size: float, contrast: float, finish: str, seen: float | None = None) -> Trial:
    return Trial(kind, size, 0.2, contrast, seen, kind, "nonconforms", finish)


def test_what_a_sheet_counts_on_is_cut_by_finish_size_and_contrast() -> None:
    kept = [
        _trial("pit", 0.15, 5.1, HARD, 0.16),
        _trial("pit", 0.20, 6.0, SOFT),
        _trial("scratch", 1.5, math.nan, SOFT, 1.4),
        _trial("scratch", 1.6, 7.0, HARD),
    ]
    left = [
        _trial("pit", 0.19, 9.0, SOFT),
        _trial("pit", 0.14, 9.0, HARD),
        _trial("pit", 0.3, 5.0, SOFT),
        _trial("pit", 0.3, math.nan, SOFT),
        _trial("speck", 0.9, 9.0, HARD),
        _trial("scratch", 1.4, 9.0, HARD),
    ]
    assert [cut.of([*kept, *left]) for cut in CUTS] == [kept[:1], kept[1:2], kept[2:], kept[3:]]
    assert str(Cut("pit", 0.15, HARD, 5.0)) == "pit from 0.15 mm in hard enamel, contrast over 5"


def test_size_errors_and_the_bound_of_a_recall() -> None:
    assert size_errors(np.array([-0.03, 0.01, 0.02])) == pytest.approx((0.01, 0.02, math.sqrt(0.0014 / 3)))
    assert recall_least(29, 29) == pytest.approx(0.05 ** (1 / 29))
    assert recall_least(0, 5) == 0.0
    # P(at least 9 of 10) = 0.05 at 0.6058
    assert recall_least(9, 10) == pytest.approx(0.6058, abs=1e-4)


def test_good_parts_are_counted_by_finish_and_printed_with_their_bound(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome()
    good: dict[str, Any] = {"defects": []}
    false = SimpleNamespace(findings=[_finding("pit", 3, 3), _finding("pit", 5, 5, "undecided")], alignment=object())
    clean = SimpleNamespace(findings=[], alignment=object())
    for document, finish in ((false, SOFT), (clean, SOFT), (clean, HARD)):
        add_unit(outcome, good, document, finish)  # type: ignore[arg-type]
    add_unit(outcome, {"defects": [_defect("pit", 0, 0)]}, clean, HARD)  # type: ignore[arg-type]
    soft, hard = outcome.by_finish[SOFT], outcome.by_finish[HARD]
    assert (soft.parts, soft.false, soft.waiting) == (2, 1, 1)
    assert (hard.parts, hard.false, hard.waiting) == (1, 0, 0)
    assert [t.finish for t in outcome.trials] == [HARD]
    print_outcome("some", outcome)
    out = capsys.readouterr().out
    assert "on 3 parts without a defect: 1, 0.333 a part, with 95 % confidence under 1.581" in out
    assert "pit from 0.20 mm in soft enamel, contrast over 5" in out
    (row,) = (line for line in out.splitlines() if line.strip().startswith("soft enamel"))
    assert row.split()[-5:] == ["2", "1", "0.500", "2.372", "1"]


def test_the_finish_is_that_of_the_sheet() -> None:
    samples = Path(__file__).parents[2] / "sample_data"
    assert (finish_of(samples / "alpine" / "sheet.toml"), finish_of(samples / "hexagon" / "sheet.toml")) == (SOFT, HARD)


def test_two_answers_agree_where_places_and_kinds_do() -> None:
    agreement = Agreement()
    agreement.add("here", [_finding("pit", 0, 0), _finding("pit", 5, 0)], [_finding("speck", 0.1, 0)])
    assert (agreement.both, agreement.named_alike, agreement.only) == (1, 0, (1, 0))
    assert agreement.lines == [
        "here: pit of 0.30 mm at +0.00, +0.00 in int8 is speck in fp32",
        "here: pit of 0.30 mm at +5.00, +0.00 in int8 alone",
    ]


def _held(kind: str, x: float, size: float, limit: float | None = 0.2) -> Any:
    return SimpleNamespace(kind=kind, x_mm=x, y_mm=0.0, size_mm=size, length_mm=2.0, limit_mm=limit)


def test_what_is_over_its_limit_in_one_way_alone_is_listed() -> None:
    assert over_limit(_held("pit", 0, 0.21))
    assert not over_limit(_held("pit", 0, 0.20))
    assert over_limit(_held("scratch", 0, 0.1, 1.9))  # by its length
    assert not over_limit(_held("dust", 0, 0.5))
    assert not over_limit(_held("pit", 0, 9.0, None))
    agreement = Agreement(("fp32", "PyTorch"))
    first = [_held("pit", 0, 0.3), _held("pit", 5, 0.21), _held("pit", 9, 0.4)]
    second = [_held("pit", 0.1, 0.3), _held("pit", 5, 0.19), _held("speck", -9, 0.3)]
    agreement.add("here", first, second)
    assert (agreement.both, agreement.only, agreement.over) == (2, (1, 1), (2, 1))
    assert [line for line in agreement.lines if "limit" in line] == [
        "here: pit of 0.21 mm at +5.00, +0.00 over its limit in fp32 alone",
        "here: pit of 0.40 mm at +9.00, +0.00 over its limit in fp32 alone",
        "here: speck of 0.30 mm at -9.00, +0.00 over its limit in PyTorch alone",
    ]


def test_units_whose_verdict_differs_are_listed() -> None:
    def unit(verdict: str, *findings: Any) -> Any:
        return SimpleNamespace(verdict=verdict, findings=findings)

    bad = _held("pit", 0, 0.3)
    first = {"a": unit("conforms"), "b": unit("nonconforms", bad), "c": unit("undecided")}
    second = {"a": unit("conforms"), "b": unit("conforms")}
    agreement, unlike = compared_units(("int8", "fp32"), first, second)
    assert unlike == ["b: nonconforms in int8, conforms in fp32", "c: refused in fp32 alone"]
    assert agreement.over == (1, 0)


def test_the_bound_of_a_rate_is_exact() -> None:
    assert rate_upper(0, 10) == pytest.approx(-math.log(0.05) / 10)
    # e^-m (1 + m) = 0.05 at m = 4.7439
    assert rate_upper(1, 1) == pytest.approx(4.7439, abs=1e-4)


def test_linear_light_of_levels() -> None:
    light = linear_light(np.array([[[0, 128, 255]]], dtype=np.uint8)).pixels
    assert light[0, 0] == pytest.approx([0, 0.21586, 1], abs=1e-5)


def test_a_card_of_one_precision_runs_those_weights() -> None:
    name = shipped()[0]
    with card_of_precision(name, "fp32") as path:
        text = Path(path).read_text("utf-8")
        light = linear_light(np.full((32, 32, 3), 128, dtype=np.uint8))
        labels = np.full((32, 32), 1, dtype=np.uint8)
        models = [defect_model(path), defect_model(name, precision="fp32")]
        one, other = (model(light, light, labels, 0.004).scores for model in models)
        kept, card = read_card(Path(path)), card_of(name)[1]
    assert "int8" not in text
    assert (kept.sure_scores, kept.least_scores, kept.trials) == (card.sure_scores, card.least_scores, card.trials)
    assert np.array_equal(one, other)
