"""The boundaries of decision 0045 (D1-D5, V1), each on both of its sides, and requests that say one thing twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from station.cli import app
from station.cli.conduct import run
from station.lots.charts import unlike_spread
from station.lots.extents import could_show
from station.lots.measurement_causes import light
from station.lots.screening import is_obvious
from station.values.documents import FindingDocument, GateDocument, UnitDocument, Verdict
from station.values.lot_analysis import OverdispersionDocument, SmallestEffectDocument


def unit(**parts: Any) -> UnitDocument:
    given: dict[str, Any] = {"reasons": (), "gates": (), "measurements": (), "findings": ()} | parts
    return UnitDocument(
        unit="u1", photo="u1.jpg", sha256="0" * 64, golden="GS", golden_version=1, golden_digest="", sheet_digest="",
        calibration="", model="", program="", taken_at=None, pose=None, alignment=None,
        verdict=Verdict.NONCONFORMS, **given,
    )  # fmt: skip


def finding(kind: str, size: float, length: float, verdict: Verdict = Verdict.NONCONFORMS) -> FindingDocument:
    return FindingDocument(
        kind=kind, x_mm=0.0, y_mm=0.0, size_mm=size, length_mm=length, area_mm2=0.1, region="sky", score=0.9,
        defect_class="minor", verdict=verdict,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "obvious"),
    [
        (finding("speck", 0.99, 0.99), False),
        (finding("speck", 1.0, 1.0), True),
        (finding("scratch", 0.1, 0.999), False),
        (finding("scratch", 0.1, 1.0), True),
        (finding("missing-enamel", 0.2, 0.2), True),
        (finding("speck", 5.0, 5.0, Verdict.UNDECIDED), False),
    ],
)
def test_a_defect_of_a_millimetre_shows_at_arms_length(found: FindingDocument, obvious: bool) -> None:
    assert is_obvious(unit(findings=(found,))) is obvious


@pytest.mark.parametrize(
    ("failed", "state"), [(0, "ruled out"), (1, "not ruled out"), (5, "not ruled out"), (6, "suspect")]
)
def test_more_than_a_quarter_of_the_photos_make_the_light_suspect(failed: int, state: str) -> None:
    """V1: of 20 photos; a gate that is not about light does not count."""
    bad, other = (GateDocument(name=name, ok=False) for name in ("clipping", "sharpness"))
    units = [unit(gates=(bad,)) for _ in range(failed)] + [unit(gates=(other,)) for _ in range(20 - failed)]
    assert light(units).state == state


def spread(high: float) -> OverdispersionDocument:
    return OverdispersionDocument(
        factor="carton", z=0.0, p=0.5, rho=0.0, low=-0.1, high=high, design_effect=1.0, n_effective=80.0, phi=1.0
    )


@pytest.mark.parametrize(
    ("rate", "high", "shown"),
    [(None, 0.2, True), (None, 0.2001, False), (0.55, 0.9, True), (0.5501, 0.9, False)],
)
def test_a_sample_could_show_half_of_the_good_units_or_units_that_are_not_alike(
    rate: float | None, high: float, shown: bool
) -> None:
    """At a share of a tenth, half of the good ones besides are 55 %; else the correlation lies at most at 0.2."""
    smallest = SmallestEffectDocument(factor="carton", level_units=8, rate=rate)
    assert could_show(smallest, spread(high), 0.1) is shown


def test_subgroups_spread_alike_down_to_one_chart_in_a_hundred() -> None:
    """The factor by which one subgroup spreads more at which Bartlett's p is 0.01 exactly, by scipy."""
    rng = np.random.default_rng(3)
    one, two, three = rng.normal(size=(3, 12))
    at = optimize.brentq(lambda k: stats.bartlett(one, two, k * three).pvalue - 0.01, 1.0, 20.0)
    assert unlike_spread([one, two, 0.9999 * at * three]) is None
    found = unlike_spread([one, two, 1.0001 * at * three])
    assert found == pytest.approx(0.01, rel=1e-2)
    assert unlike_spread([one, two, np.zeros(12)]) is None


def test_a_request_that_says_a_key_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others of the file are answered; JSON itself would keep the last value without a word."""
    file = tmp_path / "requests.jsonl"
    file.write_text('{"lot_size": 1200, "aql": 2.5, "aql": 4.0}\n{"lot_size": 1200, "aql": 2.5}\n')
    assert run(app, ["plan", "--requests", str(file)]) == 2
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["error"]["message"] == 'The request has "aql" twice'
    assert second["aql"] == 2.5
