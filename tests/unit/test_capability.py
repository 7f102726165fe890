"""Capability studies from the golden to the judged unit, on a drawn master."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn_capability import draw_capability_line
from entered_line import Clock

from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.lots.decide import outcome_of
from station.measure.surface import find_defects
from station.models import REFERENCE_DIFFERENCE
from station.service import Station
from station.service.capability import Answer
from station.service.measuring import Line
from station.settings import Settings
from station.sheet import load_sheet
from station.values.capability import CapabilityDocument
from station.values.documents import UnitDocument
from station.values.line import Finding

SHEET = """schema = 1
[product]
sku = "DRAWN"
thickness_mm = 1.5
[golden]
number = "GS-1"
[[defects]]
kind = "speck"
limit_mm = 0.6
class = "critical"
"""


def _limit(speck_mm: float, *more: str) -> str:
    return SHEET.replace("0.6", f"{speck_mm}") + "".join(
        f'[[defects]]\nkind = "{kind}"\nlimit_mm = 0.5\n' for kind in more
    )


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw_capability_line(monkeypatch)
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STATION_DEFECT_MODEL", REFERENCE_DIFFERENCE)
    monkeypatch.chdir(tmp_path)
    for i in range(3):
        cv2.imwrite(f"{i}.png", np.full((64, 64, 3), 60 + i, dtype=np.uint8))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        yield opened


def _seal(station: Station, sheet: str = SHEET) -> tuple[str, ...]:
    Path("sheet.toml").write_text(sheet)
    return station.seal_golden(Path("sheet.toml"), Path("0.png")).warnings


def _study(station: Station, **more: int) -> CapabilityDocument:
    answer = station.capability.run(golden="GS-1", engine=Serial(), **({"trials": 120, "parts": 4} | more))
    assert answer.document is not None
    return answer.document


def _unit(station: Station, photo: str = "1.png") -> UnitDocument:
    document = station.inspect(Path(photo), golden="GS-1").document
    assert document is not None
    return document


def test_without_a_study_nothing_changes_but_a_remark(station: Station) -> None:
    warnings = _seal(station)
    assert "run: station model capability --golden GS-1" in warnings[-1]
    document = _unit(station)
    assert document.capability is None
    assert document.verdict == "conforms"
    assert any("has not been studied" in g.reason for g in document.gates if g.name == "capability")
    with pytest.raises(NotFoundError, match="there is no capability study of golden GS-1"):
        station.capability.newest("GS-1")


def test_a_limit_that_is_proven_judges_as_before_and_one_below_leaves_units_undecided(station: Station) -> None:
    _seal(station)
    study = _study(station)
    (kind,) = study.limits
    assert (kind.kind, kind.state) == ("speck", "proven")
    assert kind.a90_95_mm is not None
    assert 0.1 < kind.a90_95_mm < 0.6
    pooled = next(c for c in study.curves if c.region == "")
    assert pooled.trials == sum(c.trials for c in study.curves if c.region) == len(study.trials)
    assert kind.a90_95_mm == max(c.a90_95_mm or 9 for c in study.curves if c.region)
    document = _unit(station)
    assert document.verdict == "conforms"
    assert document.capability is not None
    assert (document.capability.study, document.capability.undecided) == (study.digest, {})

    warnings = _seal(station, _limit(0.1))  # a new version, with a study to be made anew
    assert "has not been studied" in warnings[-1]
    assert _unit(station, "2.png").capability is None
    below = _study(station)
    said = below.warnings[0]
    assert said.startswith("speck: the limit of 0.1 mm lies below the a90 of ")  # too few trials for a bound
    assert _seal(station, _limit(0.1))[-1] == said
    document = _unit(station, "2.png")
    assert document.verdict == "undecided"
    assert document.reasons == (said,)
    assert document.capability is not None
    assert document.capability.undecided == {"speck": said}
    assert "critical" in outcome_of(document, load_sheet(_limit(0.1).encode())).undecided
    assert station.check().ok


def test_kinds_that_cannot_be_told_stay_as_they_were(station: Station) -> None:
    _seal(station, _limit(0.6, "burn-mark"))
    study = _study(station)
    state = {k.kind: (k.state, k.reason) for k in study.limits}
    assert state["burn-mark"] == ("unknown", "none could be rendered where the limit holds")
    document = _unit(station)
    assert document.verdict == "conforms"
    told = " ".join(g.reason for g in document.gates)
    assert "burn-mark: the capability study does not tell" in told
    assert "burn-mark: the defect model reference-difference does not know this kind" in told


def test_every_limit_is_held_to_where_it_holds(station: Station) -> None:
    """A speck may be larger in hard enamel, where the limit is proven, than elsewhere, where it is not."""
    row = '[[defects]]\nkind = "speck"\nsurface = "hard enamel"\nlimit_mm = 0.6\n'
    sky = '[[regions]]\nname = "sky"\nseed_mm = [0.0, -1.5]\nsurface = "hard enamel"\n'
    sheet = SHEET.replace("[[defects]]", sky + "[[defects]]").replace("0.6", "0.1") + row
    _seal(station, sheet)
    wide, narrow = sorted(_study(station).limits, key=lambda one: -one.limit_mm)
    assert (wide.where, wide.state, wide.region) == ("hard enamel", "proven", "hard enamel")
    assert (narrow.where, narrow.state, narrow.region) == ("", "below", "soft enamel")
    document = _unit(station)
    assert document.capability is not None
    assert set(document.capability.undecided) == {"speck"}
    assert outcome_of(document, load_sheet(sheet.encode())).undecided >= {"critical"}


def test_too_few_trials_state_no_size(station: Station) -> None:
    _seal(station)
    study = _study(station, trials=12)
    assert {c.a90_95_mm for c in study.curves if c.region} == {None}
    assert study.limits[0].state == "unknown"
    assert study.limits[0].reason == "12 trials are too few for an a90/95, it takes 60"
    assert study.warnings == ()
    assert _unit(station).verdict == "conforms"


def test_a_kind_that_is_never_found_is_below_every_limit(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.measure.surface.find_defects", lambda *_a, **_k: ())
    _seal(station)
    (kind,) = _study(station).limits
    assert (kind.state, kind.a90_95_mm) == ("below", None)
    assert "no unit is proven free of one over the limit of 0.6 mm" in kind.reason
    assert _unit(station).verdict == "undecided"


def test_what_the_verdict_lets_through_is_no_hit(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every speck is found and called a bubble, which the sheet does not limit: a unit with one would conform."""

    def misnamed(*given: Any, **named: Any) -> tuple[Finding, ...]:
        return tuple(replace(f, kind="bubble", kind_scores={"bubble": 1.0}) for f in find_defects(*given, **named))

    monkeypatch.setattr("station.measure.surface.find_defects", misnamed)
    _seal(station, _limit(0.3))
    study = _study(station)
    (limit,) = study.limits
    assert limit.state == "below"
    pooled = next(c for c in study.curves if c.region == "")
    assert pooled.let_through > 20
    assert pooled.hits + pooled.let_through + pooled.harmless <= pooled.trials
    # the very smallest are measured too large
    assert [t.size_mm for t in study.trials if t.found and 0.1 < t.size_mm < 0.4] == []
    assert _unit(station).verdict == "undecided"


def test_a_smaller_later_study_does_not_take_the_place_of_one_that_says_below(station: Station) -> None:
    _seal(station, _limit(0.1))
    first = _study(station)
    assert first.limits[0].state == "below"
    later = station.capability.run(golden="GS-1", engine=Serial(), trials=1, parts=1)
    assert later.document is not None
    assert later.document.limits[0].state == "unknown"
    (said,) = later.remarks
    assert "with 120 trials stays in force" in said
    assert "has only 1 and does not tell of speck" in said
    document = _unit(station)
    assert document.verdict == "undecided"
    assert document.capability is not None
    assert document.capability.study == first.digest
    assert said in next(g.reason for g in document.gates if g.name == "capability")
    assert _seal(station, _limit(0.1))[-2:] == (said, first.warnings[0])
    again = _study(station, seed=2)  # as many trials, and it tells as much
    force = station.line("GS-1").capability
    assert force is not None
    assert (force.study, force.passed_over) == (again.digest, "")


def test_the_same_seed_gives_the_same_trials_and_another_gives_others(station: Station) -> None:
    _seal(station)
    one, same, other = (_study(station, trials=6, seed=s) for s in (1, 1, 2))
    assert one.trials == same.trials != other.trials
    assert one.false_alarms == same.false_alarms
    assert (one.false_alarms.parts, one.false_alarms.alarms) == (4, 0)
    assert one.false_alarms.per_part_upper == pytest.approx(-np.log(0.05) / 4)


def test_a_study_of_another_program_version_does_not_hold(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    _seal(station)
    _study(station, trials=6)
    assert station.line("GS-1").capability is not None
    monkeypatch.setattr("station.service.lines.PROGRAM", "golden-sample-station 99")
    line: Line = station.line("GS-1")
    assert line.capability is None


def test_a_stopped_study_is_not_kept(station: Station) -> None:
    _seal(station)
    stop = threading.Event()
    answer = station.capability.run(golden="GS-1", engine=Serial(), trials=60, on_done=stop.set, stop=stop)
    assert answer == Answer(None, None)
    with pytest.raises(NotFoundError):
        station.capability.newest("GS-1")


@pytest.mark.parametrize("bad", [{"trials": 0}, {"parts": 0}, {"trials": 2001}, {"seed": -1}])
def test_counts_out_of_range_are_refused(station: Station, bad: dict[str, int]) -> None:
    _seal(station)
    with pytest.raises(RequestError, match=f"--{next(iter(bad))} .* is out of range"):
        _study(station, **bad)


def test_a_sheet_without_a_kind_that_can_be_rendered_is_refused(station: Station) -> None:
    _seal(station, SHEET.replace('"speck"', '"burn-mark"'))
    with pytest.raises(RequestError, match="limits no kind of defect that can be rendered"):
        _study(station)


def test_the_command_tells_draws_and_shows(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    _seal(station)
    arguments = ["model", "capability", "--golden", "GS-1"]
    assert run(app, [*arguments, "--show"]) == 2
    assert "Make one: station model capability --golden GS-1" in capsys.readouterr().err
    made = [*arguments, "--trials", "120", "--parts", "3", "--jobs", "1", "--picture", "pod.png"]
    assert run(app, made) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "False alarms: 0 on 3 renderings without a defect" in out
    assert "expect more false alarms" in out
    assert "speck: the limit of 0.6 mm is not below the a90/95 of" in out
    drawn = cv2.imread("pod.png")
    assert drawn is not None
    assert min(drawn.shape[:2]) > 300
    assert run(app, [*arguments, "--show", "--json"]) == 0
    study = json.loads(capsys.readouterr().out)
    assert (study["golden"], study["wanted"], study["renderings"] >= 18) == ("GS-1", 120, True)
    assert run(app, [*arguments, "--picture", "nowhere/pod.png"]) == 2
    assert "there is no folder nowhere" in capsys.readouterr().err
