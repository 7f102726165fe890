"""Lots while they are inspected: what can no longer change, pick lists that know golden and stream, sizes that stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import Clock, draw_line, photo
from hypothesis import given, settings
from hypothesis import strategies as st

from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, NotFoundError, RequestError
from station.lots.decide import UnitOutcome, decide, sample_sizes
from station.lots.tally import sample_of, stage_reached, tally
from station.report.tally_charts import running, tally_picture
from station.service import Station
from station.service.draws import shuffled
from station.settings import Settings
from station.sheet import Aql
from station.values.documents import ClassDecision, ClassTally, DefectClass, Verdict

SHEET = """schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[golden]
number = "{number}"
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[aql]
level = "{level}"
"""
GOOD, BAD = 1, 150  # steps of 2 um
WHO = {"by": "QA", "reason": "new die"}
GRAINS = count(1)  # no two photos are the same file


# --- mathematics -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(n=st.integers(1, 7), ac=st.integers(0, 3), gap=st.integers(0, 2), data=st.data())
def test_what_can_still_happen_is_what_every_completion_of_the_sample_shows(
    n: int, ac: int, gap: int, data: st.DataObject
) -> None:
    """Rejected, or not any more: held against every way in which the rest of the sample may turn out."""
    re = ac + 1 + gap
    seen = data.draw(st.lists(st.sampled_from("gbu"), max_size=n))  # good, bad, undecided
    found, open_, left = seen.count("b"), seen.count("u"), n - len(seen)
    ends = [found + sum(rest) for rest in product((0, 1), repeat=open_ + left)]
    made = tally(n=n, re=re, inspected=len(seen), nonconforming=found, undecided=open_)
    if found >= re:
        expected: str = "rejected"
    elif max(ends) < re:
        expected = "cannot be rejected" if left else "accepted"
    else:
        expected = "open"
    assert (made.standing, made.missing) == (expected, left)
    if expected == "open":
        assert made.to_reject == re - found
        further = next((k for k in range(left + 1) if found + open_ + left - k < re), None)
        assert made.to_accept == further


def test_nonconformities_of_units_not_seen_are_never_out_of_reach() -> None:
    made = tally(n=50, re=8, inspected=49, nonconforming=0, undecided=0, per_100=True)
    assert (made.standing, made.to_accept, made.to_reject) == ("open", 1, 8)
    assert tally(n=50, re=8, inspected=50, nonconforming=7, undecided=0, per_100=True).standing == "accepted"
    assert tally(n=50, re=8, inspected=50, nonconforming=0, undecided=1, per_100=True).to_accept is None


def follow(ac: tuple[int, ...], re: tuple[int, ...], ends: list[int], units: str) -> str:
    """A plan's text walked naively over a sample known to its end, ``b`` nonconforming: its end and the last sample."""
    for k, end in enumerate(ends):
        found = units[:end].count("b")
        if found <= ac[k]:
            return f"accepted {k}"
        if found >= re[k]:
            return f"rejected {k}"
        if k == len(ends) - 1:
            return f"accepted {k}"
    raise AssertionError


@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_a_class_is_at_the_sample_that_every_completion_needs(data: st.DataObject) -> None:
    """S6: held against every way in which missing and undecided units of the samples may turn out."""
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    ends = [sum(sizes[: k + 1]) for k in range(len(sizes))]
    ac = [data.draw(st.integers(-1, 1))]
    re = [data.draw(st.integers(max(1, ac[0] + 2), 4))]
    for _ in sizes[1:]:
        ac.append(data.draw(st.integers(max(0, ac[-1]), 3)))
        re.append(max(re[-1], ac[-1] + 2))
    re[-1] = max(re[-1] - data.draw(st.integers(0, 1)), ac[-1] + 1, re[-2])
    seen = data.draw(st.text("gbu", max_size=ends[-1]))
    rest = [i for i in range(ends[-1]) if i >= len(seen) or seen[i] == "u"]
    outcomes = set()
    for bad in product("gb", repeat=len(rest)):
        whole = list(seen.ljust(ends[-1], "u"))
        for i, what in zip(rest, bad, strict=True):
            whole[i] = what
        outcomes.add(follow(tuple(ac), tuple(re), ends, "".join(whole)))

    def counts(n: int) -> tuple[int, int, int]:
        first = seen[:n]
        return len(first), first.count("b"), first.count("u")

    stage = stage_reached(ends, ac, re, counts)
    assert min(int(o.split()[1]) for o in outcomes) >= stage  # no completion ends before it
    inspected, found, undecided = counts(ends[stage])
    limit = re[-1] if stage == len(ends) - 1 else ac[stage] + 1
    made = tally(n=ends[stage], re=re[stage], limit=limit, inspected=inspected, nonconforming=found,
                 undecided=undecided)  # fmt: skip
    if made.standing == "rejected":
        assert all(o.startswith("rejected") for o in outcomes)
    elif made.standing == "open":
        assert len(outcomes) > 1
    else:
        assert outcomes == {f"accepted {stage}"}


def unit(name: str, *wrong: DefectClass, order: int = 0) -> UnitOutcome:
    verdict = Verdict.NONCONFORMS if wrong else Verdict.CONFORMS
    return UnitOutcome(name, verdict, frozenset(wrong), frozenset(), frozenset(), order=order)


def test_a_drawn_sample_is_the_same_units_whichever_of_them_came_first() -> None:
    drawn = [f"d{i}" for i in (3, 1, 4, 0, 2)]
    first = sample_of([unit("d0"), unit("d2"), unit("d4")], 3, 5, drawn)
    assert [u.unit for u in first.counted] == ["d4"]  # d3 and d1 are to come; d0 and d2 do not fill in for them
    assert first.settled
    whole = sample_of([unit(f"d{i}") for i in range(5)], 3, 5, drawn)
    assert {u.unit for u in whole.counted} == {"d3", "d1", "d4"}
    filled = sample_of([unit("d4"), unit("x1"), unit("x2"), unit("x3")], 3, 5, drawn)
    assert [u.unit for u in filled.counted] == ["d4", "x1", "x2"]
    assert not filled.settled
    short = [unit(name) for name in ("d0", "d1", "x1", "x2")]  # a list of two units for a sample of four
    assert [u.unit for u in sample_of(short, 4, 4, ["d1", "d0"]).counted] == ["d0", "d1", "x1", "x2"]
    assert sample_of(short, 4, 4, ["d1", "d0"]).settled
    assert not sample_of(short[1:], 4, 4, ["d1", "d0"]).settled


@pytest.mark.parametrize(
    ("inspected", "n", "settled"), [(20, 32, False), (20, 50, True), (40, 32, False), (50, 32, True)]
)
def test_without_a_pick_list_a_smaller_sample_is_settled_at_its_end(inspected: int, n: int, settled: bool) -> None:
    assert sample_of([unit(f"u{i}") for i in range(inspected)], n, 50).settled is settled


def test_the_course_is_in_the_order_of_inspection() -> None:
    units = [unit("a", "major", order=3), unit("b", order=1), unit("c", "major", order=2)]
    major = decide("L", "GS", units, Aql(), 500).classes[1]
    assert major.tally is not None
    assert major.tally.found_at == (2, 3)
    assert running(major.tally.found_at, 3) == [0, 0, 1, 2]


def test_samples_are_those_of_the_decision() -> None:
    aql = Aql(major=0.25, minor=4.0)
    for size, severities in ((200, {}), (200, {"minor": "reduced"}), (3, {}), (5000, {"major": "reduced"})):
        sizes = sample_sizes(aql, size, severities)  # type: ignore[arg-type]
        decided = decide("L", "GS", [], aql, size, severities=severities)  # type: ignore[arg-type]
        assert sizes == {c.defect_class: c.n for c in decided.classes}
        assert max(sizes.values()) == decided.sample


# --- service and commands --------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    draw_line(monkeypatch)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        seal(opened, "GS-1")
        yield opened


def seal(station: Station, number: str, level: str = "II", grain: int = 399) -> None:
    Path("sheet.toml").write_text(SHEET.format(number=number, level=level))
    station.seal_golden(Path("sheet.toml"), photo(Path("golden.png"), 0, grain=grain))


def inspect(station: Station, lot: str, names: list[str], bad: int = 0, golden: str = "GS-1") -> None:
    folder = Path(f"{lot}-{names[0]}")
    for i, name in enumerate(names):
        photo(folder / f"{name}.png", BAD if i < bad else GOOD, grain=next(GRAINS))
    station.inspect_many([folder], golden=golden, lot=lot, engine=Serial(), on_done=lambda _: None)


def of(station: Station, lot: str, c: DefectClass = "major", **names: Any) -> tuple[ClassDecision, ClassTally]:
    found = next(x for x in station.lot_tally(lot, **names).classes if x.defect_class == c)
    assert found.tally is not None
    return found, found.tally


def test_a_pick_list_takes_the_sample_that_golden_and_stream_ask_for(station: Station) -> None:
    """A lot of which no unit is known yet; level S-4 with its 20 units, and under tightened inspection more."""
    seal(station, "GS-4", "S-4", grain=390)
    drawn = station.draws.draw("L1", size=1200, golden="GS-4")
    assert (drawn.n, drawn.golden, drawn.golden_version, drawn.stream) == (20, "GS-4", 1, None)
    assert (drawn.severities, drawn.samples) == (
        {"major": "normal", "minor": "normal"},
        {"critical": 20, "major": 20, "minor": 20},
    )
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5, "minor": 4.0})
    station.streams.direct("pins", severity="reduced", **WHO)
    reduced = station.draws.draw("L2", size=1200, golden="GS-1", stream="pins")
    assert (reduced.n, reduced.rule) == (
        32, "z1.4, level II, major reduced, minor reduced, its control sheet, stream pins",
    )  # fmt: skip
    alone = station.draws.draw("L3", size=1200, stream="pins")
    assert (alone.n, alone.golden) == (32, None)
    with pytest.raises(RequestError, match="other AQLs, another level"):
        station.draws.draw("L4", size=1200, golden="GS-4", stream="pins")
    with pytest.raises(NotFoundError, match="no golden"):
        station.draws.draw("L4", size=1200, golden="GS-9")
    with pytest.raises(NotFoundError, match="no stream"):
        station.draws.draw("L4", size=1200, stream="coins")
    few = station.draws.draw("L2", size=1200, units=20)  # golden and stream are those of the list before
    assert (few.golden, few.stream) == ("GS-1", "pins")
    assert few.remarks == ("the plans take 32 units: with 20 the lot can be rejected, not accepted",)


def test_a_lot_is_held_to_the_golden_and_decided_by_the_stream_it_was_drawn_for(station: Station) -> None:
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5, "minor": 4.0})
    station.streams.direct("pins", severity="reduced", **WHO)
    drawn = station.draws.draw("L1", size=1200, cartons=12, golden="GS-1", stream="pins")
    assert station.lot_tally("L1").reasons[0] == "0 of 32 units inspected: 32 more are needed"
    seal(station, "GS-1", "S-4", grain=391)  # a new version does not change what was drawn
    seal(station, "GS-2", grain=392)
    names = [p.label for p in drawn.picks]
    with pytest.raises(ConflictError, match="held to golden GS-1, not to GS-2"):
        inspect(station, "L1", names, golden="GS-2")
    inspect(station, "L1", names)
    assert station.lot("L1").golden_version == 1
    with pytest.raises(ConflictError, match="drawn for stream pins, not for coins"):
        station.decide_lot("L1", stream="coins")
    decided = station.decide_lot("L1")
    assert (decided.decision, decided.size, decided.stream, decided.draw) == ("accepted", 1200, "pins", drawn.digest)
    assert {c.plan.severity for c in decided.classes if c.plan} == {"reduced"}
    assert station.streams.status("pins").lots == 1
    with pytest.raises(ConflictError, match="counted in stream pins as one of 1200 units, not of 900"):
        station.decide_lot("L1", 900)


def test_a_switch_after_the_draw_binds_the_lot_and_is_said(station: Station) -> None:
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5, "minor": 4.0})
    drawn = station.draws.draw("L1", size=1200, golden="GS-1", stream="pins")
    station.streams.direct("pins", severity="tightened", classes=["major"], **WHO)
    inspect(station, "L1", [p.label for p in drawn.picks], bad=4)
    decided = station.decide_lot("L1")  # normal Ac 5, tightened Ac 3
    assert decided.decision == "rejected"
    assert (
        "major: its sample was drawn for normal inspection, since then tightened inspection is in force"
        in decided.reasons
    )


def test_a_size_that_changes_is_said(station: Station) -> None:
    inspect(station, "L1", [f"u{i}" for i in range(8)])
    assert station.decide_lot("L1", 8).decision == "accepted"
    assert not any("was decided before" in r for r in station.decide_lot("L1", 8).reasons)
    again = station.decide_lot("L1", 12)
    assert any(r.startswith("it was decided before as a lot of 8 units, now of 12") for r in again.reasons)
    assert station.lot_tally("L1").size == 12
    station.draws.draw("L1", size=15)
    assert station.lot_tally("L1").size == 15  # the newest word holds
    told = station.decide_lot("L1", 12).reasons
    assert "its sample was drawn from a lot of 15 units, it is decided as one of 12" in told


def test_a_resubmitted_lot_keeps_its_units_but_for_those_taken_out(station: Station) -> None:
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5})

    def lot(size: int, found: int, **names: Any) -> None:
        station.streams.record_lot("pins", "L1", size=size, found={"major": (found,)}, **names)

    lot(1200, 9)
    with pytest.raises(RequestError, match="only of a lot that comes again"):
        station.streams.record_lot("pins", "L2", size=1200, found={"major": (0,)}, removed=4)
    with pytest.raises(ConflictError, match="had 1200 units and comes again with 1300"):
        lot(1300, 0, resubmitted=True)
    with pytest.raises(ConflictError, match="comes again with 1150; nothing is said of the others"):
        lot(1150, 0, resubmitted=True)
    with pytest.raises(ConflictError, match="30 are said to be taken out"):
        lot(1150, 0, resubmitted=True, removed=30)
    lot(1150, 9, resubmitted=True, removed=50)
    with pytest.raises(ConflictError, match="had 1150 units"):
        lot(1200, 0, resubmitted=True)
    lot(1150, 0, resubmitted=True)
    assert [(e.size, e.removed) for e in station.streams.events("pins")] == [(1200, 0), (1150, 50), (1150, 0)]


def test_a_lot_comes_again_under_normal_inspection_where_reduced_is_in_force(station: Station) -> None:
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5})
    station.streams.record_lot("pins", "L1", size=1200, found={"major": (9,)})
    station.streams.direct("pins", severity="reduced", **WHO)
    found = station.streams.record_lot("pins", "L1", size=1200, found={"major": (5,)}, resubmitted=True)
    event = station.streams.events("pins")[-1]
    assert (event.results[0].severity, event.results[0].n, event.results[0].accepted) == ("normal", (80,), True)
    assert (found.remarks, found.classes[0].severity) == ((), "reduced")


def test_the_tally_says_what_is_settled_while_units_come_in(station: Station) -> None:
    names = [p.label for p in station.draws.draw("L1", size=1200, cartons=20, golden="GS-1").picks]
    inspect(station, "L1", names[:40], bad=2)
    found, stands = of(station, "L1")  # n 80, Ac 5
    assert (stands.inspected, stands.standing, stands.to_accept, stands.to_reject) == (40, "open", 37, 4)
    inspect(station, "L1", names[40:77])
    found, stands = of(station, "L1")
    assert (stands.standing, stands.missing, found.accepted) == ("cannot be rejected", 3, None)
    assert "can no longer be rejected, open: inspect 3 more" in found.reason
    assert station.lot_tally("L1").decision == "open"
    inspect(station, "L1", names[77:])
    assert (of(station, "L1")[1].standing, station.lot_tally("L1").decision) == ("accepted", "accepted")
    other = [p.label for p in station.draws.draw("L2", size=1200, cartons=20, golden="GS-1").picks]
    inspect(station, "L2", other[:10], bad=6)
    assert (of(station, "L2")[1].standing, of(station, "L2")[1].settled) == ("rejected", True)
    assert len(of(station, "L2")[1].found_at) == 6


def test_a_second_sample_is_asked_for_and_drawn_from_what_is_left(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    """S1, S6: of a lot of 60 major has n 13 + 13, Ac 0 1, Re 2 2 and minor n 8 + 8."""
    station.streams.open("pins", sku="MAS", supplier="", process="", aql={"major": 2.5, "minor": 4.0}, type="double")
    inspect(station, "L2", ["u1"])
    with pytest.raises(ConflictError, match="no pick list says which units are its first sample"):
        station.lot_tally("L2", 60, stream="pins")
    drawn = station.draws.draw("L1", size=60, cartons=5, golden="GS-1", stream="pins")
    assert drawn.samples == {"critical": 13, "major": 13, "minor": 8}
    assert ", double plans, major normal" in drawn.rule
    inspect(station, "L1", [p.label for p in drawn.picks], bad=1)
    found, stands = of(station, "L1")
    assert (found.stage, found.stages, found.n, found.ac, found.re, stands.missing) == (2, 2, 26, 1, 2, 13)
    assert "major, second sample: 1 nonconforming" in found.reason
    assert found.reason.endswith("open: take the second sample: 13 more")
    assert station.draws.newest("L1") == drawn  # a tally draws nothing
    text = told(capsys, "lot", "decide", "L1")
    assert "Take these 13 too (sample 2)" in text
    assert "2 of 2" in text
    more = station.draws.newest("L1")
    assert (more.n, more.seed, len({p.label for p in more.picks})) == (26, drawn.seed, 26)
    assert [p for p in more.picks if p.sample == 1] == list(drawn.picks)
    assert station.draws.in_drawn_order("L1")[:13] == shuffled(drawn.seed, [p.label for p in drawn.picks])
    station.decide_lot("L1")
    assert station.draws.newest("L1") == more  # once
    assert station.streams.status("pins").lots == 0
    assert "Class major: sample 2 of at most 2; 1 were found up to the one before" in told(capsys, "lot", "tally", "L1")
    inspect(station, "L1", [p.label for p in more.picks if p.sample == 2])
    decided = station.decide_lot("L1")
    assert (decided.decision, decided.draw, decided.sample) == ("accepted", more.digest, 26)
    results = {r.defect_class: r for r in station.streams.events("pins")[-1].results}
    assert (results["major"].found, results["minor"].found) == ((1, 1), (0,))
    assert station.check().ok


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(app, list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("station")
def test_commands_from_the_draw_to_the_tally(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "stream", "open", "pins", "--major", "2.5", "--minor", "4.0")
    draw = ["lot", "draw", "L1", "--size", "1200", "--cartons", "20", "--golden", "GS-1", "--stream", "pins"]
    text = told(capsys, *draw)
    assert "It is held to golden GS-1 v1." in text
    assert "The plans take: major 80 (normal), minor 80 (normal)." in text
    names = [p["label"] for p in json.loads(told(capsys, "lot", "draw", "L1", "--show", "--json"))["picks"]]
    for i, name in enumerate(names[:8]):
        photo(Path("in") / f"{name}.png", BAD if i < 6 else GOOD, grain=i)
    inspected = ["inspect", "in", "--golden", "GS-1", "--lot", "L1", "--jobs", "1"]
    text = told(capsys, *inspected)
    assert "Lot L1 of 1200: 8 of 80 units inspected, already rejected." in text
    assert "Nothing that is still to be inspected can change that" in text
    assert run(app, [*inspected, "--json"]) == 0
    both = capsys.readouterr()
    assert len([json.loads(line) for line in both.out.splitlines()]) == 8
    assert "station: Lot L1 of 1200: 8 of 80 units inspected, already rejected." in both.err
    text = told(capsys, "lot", "tally", "L1", "--picture", "tally.png")
    assert "already rejected" in text
    assert "8 of 80" in text
    assert cv2.imread("tally.png") is not None
    found = json.loads(told(capsys, "lot", "tally", "L1", "--json"))
    assert [c["tally"]["standing"] for c in found["classes"]] == ["open", "rejected", "open"]
    assert run(app, ["lot", "tally", "L1", "--fail-on-nonconforming"]) == 1
    assert "rejected" in told(capsys, "lot", "decide", "L1")
    assert run(app, ["lot", "tally", "L9"]) == 2
    assert "no lot 'L9'" in capsys.readouterr().err


@pytest.mark.usefixtures("station")
def test_inspecting_without_a_known_size_points_to_the_tally(capsys: pytest.CaptureFixture[str]) -> None:
    photo(Path("in") / "u1.png", GOOD)
    inspected = ["inspect", "in", "--golden", "GS-1", "--lot", "L5", "--jobs", "1"]
    assert "Where the lot stands: station lot tally L5 --size N" in told(capsys, *inspected)
    assert run(app, ["lot", "tally", "L5"]) == 2
    assert "is missing" in capsys.readouterr().err
    photo(Path("in") / "u2.png", BAD, grain=5)
    told(capsys, "lot", "decide", "L5", "--size", "500")
    text = told(capsys, *inspected)
    assert "2 of 50 units inspected, open." in text
    assert "3 more nonconforming would reject it" in text
    assert "48 more units that conform, and it can no longer be rejected." in text


@pytest.mark.usefixtures("station")
def test_a_resubmission_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "stream", "open", "pins", "--major", "2.5")
    lot = ["stream", "lot", "pins", "L1", "--found"]
    told(capsys, *lot, "major=9", "--size", "1200")
    assert run(app, [*lot, "major=0", "--size", "1100", "--resubmitted"]) == 2
    assert "Say how many were taken out: --removed 100" in capsys.readouterr().err
    text = told(capsys, *lot, "major=0", "--size", "1100", "--resubmitted", "--removed", "100")
    assert "Lot L1 comes again, 100 units taken out since; it does not count for switching." in text
    assert "again, 100 taken out, major accepted" in told(capsys, "stream", "history", "pins")


def test_the_picture_draws_the_count_between_its_lines() -> None:
    """Six of eight units nonconforming, Ac 5, Re 6: the blue line ends on the orange one."""
    units = [unit(f"u{i}", *(("major",) if i < 6 else ()), order=i) for i in range(8)]
    document = decide("L1", "GS", units, Aql(), 1200)
    major = document.model_copy(update={"classes": document.classes[1:2]})
    picture = tally_picture(major)
    blue = np.argwhere(np.all(picture == (0, 114, 178), axis=2))
    orange = np.argwhere(np.all(picture == (213, 94, 0), axis=2))
    level = int(np.bincount(orange[:, 0]).argmax())
    end = blue[blue[:, 1] > blue[:, 1].max() - 4][:, 0].mean()
    assert abs(end - level) < 6
    assert blue[blue[:, 1] < blue[:, 1].min() + 3][:, 0].min() > level + 100
