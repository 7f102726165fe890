"""Streams of lots from their opening to the severity of the next lot, through service, records and commands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from entered_line import Clock

from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, NotFoundError, RequestError
from station.lots.decide import UnitOutcome, decide
from station.lots.streams import replay, stream_document
from station.service import Station
from station.settings import Settings
from station.sheet import Aql
from station.store import streams as store
from station.values.documents import Verdict
from station.values.stream import ClassInspected, StreamDocument, StreamEvent, StreamSettings

WHO = {"by": "QA"}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        yield opened


def opened(station: Station, name: str = "pins", **more: object) -> StreamDocument:
    options: dict[str, object] = {"sku": "PIN", "supplier": "Acme", "process": "die 2"}
    options |= {"aql": {"major": 2.5, "minor": 4.0}, "edition": "iso2859-1"} | more
    return station.streams.open(name, **options)  # type: ignore[arg-type]


def lots(station: Station, majors: Sequence[int], *, first: int = 1, name: str = "pins") -> StreamDocument:
    for i, d in enumerate(majors, first):
        found = station.streams.record_lot(name, f"L{i}", size=1000, found={"major": (d,), "minor": (0,)})
    return found


def severities(found: StreamDocument) -> dict[str, str]:
    return {c.defect_class: c.severity for c in found.classes}


def test_each_class_is_switched_on_its_own_and_with_its_reason(station: Station) -> None:
    assert severities(opened(station)) == {"major": "normal", "minor": "normal"}
    found = lots(station, [6, 5, 6])  # n 80, Ac 5
    assert severities(found) == {"major": "tightened", "minor": "normal"}
    change = found.changes[0]
    assert (change.event, change.lot, change.before, change.after) == (3, "L3", "normal", "tightened")
    assert change.reason == "2 of 3 consecutive lots were not accepted"
    plans = station.streams.next_lot("pins", 1000).plans
    assert [(p.severity, p.n, p.ac) for p in plans] == [("tightened", (80,), (3,)), ("normal", (80,), (7,))]
    assert severities(lots(station, [0] * 5, first=4))["major"] == "normal"


def test_resubmitted_lots_do_not_count_and_a_lot_counts_once(station: Station) -> None:
    opened(station)
    lots(station, [6])
    with pytest.raises(ConflictError, match="counted in this stream already"):
        lots(station, [6])
    again = station.streams.record_lot("pins", "L1", size=1000, found={"major": (9,), "minor": (0,)}, resubmitted=True)
    assert severities(again)["major"] == "normal"
    assert again.lots == 1
    lots(station, [0], first=2)
    with pytest.raises(ConflictError, match="was accepted"):
        station.streams.record_lot("pins", "L2", size=1000, found={"major": (0,), "minor": (0,)}, resubmitted=True)
    with pytest.raises(ConflictError, match="not inspected in this stream yet"):
        station.streams.record_lot("pins", "L7", size=1000, found={"major": (0,), "minor": (0,)}, resubmitted=True)
    clean = {"major": (0,), "minor": (0,)}
    assert station.streams.record_lot("pins", "L1", size=1000, found=clean, resubmitted=True).lots == 2
    with pytest.raises(ConflictError, match="was accepted"):
        station.streams.record_lot("pins", "L1", size=1000, found=clean, resubmitted=True)


def test_reduced_by_score_word_and_consent_and_back(station: Station) -> None:
    opened(station)
    found = lots(station, [0] * 10)
    assert found.classes[0].score == 30
    assert found.classes[0].waits_for == ("word that production is steady", "the responsible authority's consent")
    station.streams.production("pins", steady=True, **WHO)
    found = station.streams.consent("pins", agreed=True, **WHO)
    assert severities(found) == {"major": "reduced", "minor": "reduced"}
    assert [p.n for p in station.streams.next_lot("pins", 1000).plans] == [(32,), (32,)]
    assert severities(station.streams.production("pins", steady=False, **WHO))["minor"] == "normal"


def test_discontinued_until_the_supplier_has_acted(station: Station) -> None:
    opened(station)
    found = lots(station, [9] * 7)
    assert severities(found)["major"] == "discontinued"
    with pytest.raises(RequestError, match="is discontinued in class major"):
        lots(station, [0], first=8)
    with pytest.raises(RequestError, match="No reason"):
        station.streams.resume("pins", by="QA", reason=" ")
    found = station.streams.resume("pins", by="QA", reason="new die")
    assert severities(found) == {"major": "tightened", "minor": "normal"}
    lots(station, [0], first=8)
    with pytest.raises(RequestError, match="discontinued before its later lots"):
        station.streams.void("pins", 8, by="QA", reason="too early")
    with pytest.raises(ConflictError, match="is not discontinued"):
        station.streams.resume("pins", by="QA", reason="new die")


def test_a_void_event_is_out_of_the_count_and_stays_in_the_history(station: Station) -> None:
    opened(station)
    lots(station, [6, 6])
    found = station.streams.void("pins", 2, by="QA", reason="wrong lot")
    assert severities(found)["major"] == "normal"
    assert found.lots == 1
    assert [e.kind for e in station.streams.events("pins")] == ["lot", "lot", "void"]
    lots(station, [0], first=2)  # it may be recorded again
    for number in (2, 3, 9):
        with pytest.raises(RequestError, match=f"event {number}"):
            station.streams.void("pins", number, by="QA", reason="again")


def test_a_lot_that_came_again_keeps_its_first_inspection(station: Station) -> None:
    opened(station)
    lots(station, [6])
    again = {"major": (2,), "minor": (0,)}
    station.streams.record_lot("pins", "L1", size=1000, found=again, resubmitted=True)
    with pytest.raises(RequestError, match="came again at event 2"):
        station.streams.void("pins", 1, by="QA", reason="wrong lot")
    station.streams.void("pins", 2, by="QA", reason="wrong lot")
    assert station.streams.void("pins", 1, by="QA", reason="wrong lot").lots == 0
    assert lots(station, [0]).lots == 1


def test_a_resubmission_alone_is_no_lot() -> None:
    """Records from before a first inspection could no longer be taken out alone."""
    settings = StreamSettings(
        name="pins", sku="P", supplier="A", process="d", edition="iso2859-1", level="II", type="single",
        fractional=False, aql={"major": 2.5},
    )  # fmt: skip
    result = ClassInspected(
        defect_class="major", severity="normal", n=(80,), ac=(5,), re=(6,), found=(6,), accepted=False, in_gap=False,
        points=0, fraction=None,
    )  # fmt: skip
    first = StreamEvent(kind="lot", at=Clock()(), lot="L1", size=1000, results=(result,))
    again = first.model_copy(update={"resubmitted": True})
    standing = replay(settings, [first, again, StreamEvent(kind="void", at=Clock()(), voids=1)])
    assert standing.lots == {}
    assert "came again at event 2" in standing.remarks[0]


def test_a_lot_smaller_than_n_has_no_more_than_its_units(station: Station) -> None:
    opened(station, edition="z1.4", aql={"major": 0.10})  # n 125 from letter J on
    (plan,) = station.streams.next_lot("pins", 60).plans
    assert (plan.n, plan.hundred_percent) == ((60,), True)
    with pytest.raises(RequestError, match=r"70\] nonconforming units cannot be found in samples of \[60\]"):
        station.streams.record_lot("pins", "L1", size=60, found={"major": (70,)})
    station.streams.record_lot("pins", "L1", size=60, found={"major": (0,)})
    assert station.streams.events("pins")[0].results[0].n == (60,)


def test_an_aql_that_differs_in_its_last_digits_is_the_preferred_one(station: Station) -> None:
    opened(station, aql={"major": 2.5000000001, "minor": 4.0})
    assert lots(station, [0]).classes[0].score == 3


def test_a_fractional_lot_counts_under_the_plan_it_was_inspected_under(station: Station) -> None:
    """Decision 0032. Under normal inspection Ac is 1/2, under tightened 1/3: the score gains 5 or 3."""
    opened(station, aql={"major": 0.40}, fractional=True)
    for k, found in enumerate([0, 2, 2, 0], 1):
        station.streams.record_lot("pins", f"L{k}", size=1000, found={"major": (found,)})
    events = station.streams.events("pins")
    assert [e.results[0].severity for e in events] == ["normal"] * 3 + ["tightened"]
    gained = station.streams.status("pins").classes[0].acceptance_score
    station.streams.void("pins", 2, by="QA", reason="wrong lot")
    after = station.streams.status("pins").classes[0]
    assert (after.severity, after.acceptance_score) == ("normal", gained)


def test_a_class_of_which_none_may_be_wrong_needs_no_switching(station: Station) -> None:
    found = opened(station, aql={"critical": 0.0, "major": 2.5})
    assert list(severities(found)) == ["major"]
    with pytest.raises(RequestError, match="no class to switch"):
        opened(station, "others", aql={"critical": 0})


def test_a_missing_class_is_named_and_tightened_says_how_it_ends(station: Station) -> None:
    opened(station)
    with pytest.raises(RequestError, match="minor is missing") as refused:
        station.streams.record_lot("pins", "L1", size=1000, found={"major": (0,)})
    assert "--found minor=0" in refused.value.do
    found = lots(station, [9, 9, 0, 9])
    assert found.classes[0].waits_for == (
        "5 lots accepted in a row, now 0, for normal inspection",
        "it is discontinued after 5 lots not accepted in all, now 1",
    )


def test_the_authority_directs_and_a_lot_under_another_severity_is_remarked(station: Station) -> None:
    opened(station)
    lots(station, [6, 6, 1])
    found = station.streams.direct("pins", severity="tightened", by="QA", reason="new tool", classes=["minor"])
    assert severities(found) == {"major": "tightened", "minor": "tightened"}
    assert found.changes[-1].reason == "QA directed it: new tool"
    found = station.streams.void("pins", 1, by="QA", reason="typing error")
    assert "lot L3 was inspected in class major under tightened inspection, normal was due" in found.remarks
    with pytest.raises(RequestError, match="class of this stream"):
        station.streams.direct("pins", severity="normal", by="QA", reason="x", classes=["critical"])


def test_fractional_acceptance_numbers_need_clean_lots_before(station: Station) -> None:
    opened(station, aql={"major": 0.40}, fractional=True)  # J: Ac 1/2
    plan = station.streams.next_lot("pins", 1000).plans[0]
    assert (plan.n, plan.ac, plan.fraction) == ((80,), (0,), "1/2")
    station.streams.record_lot("pins", "L1", size=1000, found={"major": (0,)})
    assert station.streams.next_lot("pins", 1000).plans[0].ac == (1,)
    station.streams.record_lot("pins", "L2", size=1000, found={"major": (1,)})
    assert station.streams.next_lot("pins", 1000).plans[0].ac == (0,)
    last = station.streams.record_lot("pins", "L3", size=1000, found={"major": (1,)})
    results = [e.results[0].accepted for e in station.streams.events("pins")]
    assert results == [True, True, False]
    assert last.classes[0].score == 0


def test_double_plans_are_counted_stage_by_stage(station: Station) -> None:
    opened(station, edition="z1.4", type="double", aql={"major": 2.5})
    with pytest.raises(RequestError, match="not decided"):
        station.streams.record_lot("pins", "L1", size=1000, found={"major": (3,)})
    station.streams.record_lot("pins", "L1", size=1000, found={"major": (3, 6)})
    event = station.streams.events("pins")[0]
    assert (event.results[0].accepted, event.results[0].n) == (True, (50, 50))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"aql": {}}, "no class to switch"),
        ({"aql": {"major": 2.4}}, "nearest are"),
        ({"edition": "iso2859-1", "type": "double"}, "only single plans"),
        ({"edition": "z1.4", "fractional": True}, "option of the single plans of ISO"),
        ({"level": "IV"}, "Unknown level"),
    ],
)
def test_streams_that_cannot_be(station: Station, more: dict[str, object], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        opened(station, **more)


def test_names_and_what_is_not_there(station: Station) -> None:
    with pytest.raises(RequestError, match="no name of a stream"):
        opened(station, " pins")
    opened(station)
    with pytest.raises(ConflictError, match="already"):
        opened(station)
    with pytest.raises(NotFoundError, match="no stream"):
        station.streams.status("coins")
    with pytest.raises(RequestError, match="minor is missing"):
        station.streams.record_lot("pins", "L1", size=1000, found={"major": (0,)})


def test_two_events_at_once_are_one_event(station: Station) -> None:
    opened(station)
    db, row = station.streams._db, store.stream(station.streams._db, "pins")
    at = station.streams._clock()
    store.add_event(db, row.id, sequence=1, kind="lot", document="{}", digest="d", at=at)
    with pytest.raises(ConflictError, match="in the meantime"):
        store.add_event(db, row.id, sequence=1, kind="lot", document="{}", digest="d", at=at)


def test_the_events_give_the_severity_that_the_text_gives(station: Station) -> None:
    """Major at n 80, Ac 5 (tightened 3): the severity each lot was inspected under, by the rules applied by hand."""
    opened(station)
    found = [6, 1, 6, 0, 4, 2, 1, 1, 1, 1, 6, 0]
    for i, d in enumerate(found, 1):
        lots(station, [d], first=i)
    severity, history, due = "normal", list[bool](), list[str]()
    for d in found:
        due.append(severity)
        history.append(d <= {"normal": 5, "tightened": 3}[severity])
        if severity == "normal" and history[-5:].count(False) >= 2:
            severity, history = "tightened", []
        elif severity == "tightened" and history[-5:] == [True] * 5:
            severity, history = "normal", []
    events = station.streams.events("pins")
    assert [e.results[0].severity for e in events] == due
    assert set(due) == {"normal", "tightened"}
    settings = station.streams.status("pins").stream
    assert severities(stream_document(settings, replay(settings, events)))["major"] == severity
    assert station.check().ok


def unit(i: int, wrong: bool) -> UnitOutcome:
    verdict = Verdict.NONCONFORMS if wrong else Verdict.CONFORMS
    return UnitOutcome(f"u{i}", verdict, frozenset({"major"} if wrong else ()), frozenset(), frozenset())


def test_a_decided_lot_is_held_to_the_streams_severity_and_counted(station: Station) -> None:
    sheet = Aql(edition="iso2859-1")
    opened(station)
    lots(station, [6, 6])
    in_force = station.streams.severities("pins", sheet)
    assert in_force == {"major": "tightened", "minor": "normal"}
    decided = decide("L3", "GS-1", [unit(i, i < 4) for i in range(80)], sheet, 1000, severities=in_force)
    assert decided.decision == "rejected"  # tightened: Ac 3
    found = station.streams.record_decision("pins", decided)
    assert found.lots == 3
    assert station.streams.record_decision("pins", decided) == found
    assert station.streams.severities("pins", sheet, "L1") == {
        "major": "normal",
        "minor": "normal",
    }  # as it was counted
    still_open = decide("L4", "GS-1", [unit(0, False)], sheet, 1000, severities=in_force)
    assert station.streams.record_decision("pins", still_open) == found
    half = decide("L5", "GS-1", [unit(i, i < 4) for i in range(20)], sheet, 1000, severities=in_force)
    assert (half.decision, [c.accepted for c in half.classes if c.defect_class == "minor"]) == ("rejected", [None])
    assert station.streams.record_decision("pins", half) == found  # the rest of its sample would count as good
    with pytest.raises(RequestError, match="other AQLs"):
        station.streams.severities("pins", Aql(edition="iso2859-1", minor=6.5))


def test_commands_from_opening_to_status(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> str:
        assert run(app, ["stream", *words]) == 0
        return capsys.readouterr().out

    said("open", "pins", "--sku", "PIN", "--major", "2.5", "--minor", "4.0")
    text = said("lot", "pins", "L1", "--size", "1000", "--found", "major=6", "--found", "minor=0")
    assert "Lot L1, major: 6 found in 80 under normal inspection: not accepted" in text
    said("lot", "pins", "L2", "--size", "1000", "--found", "major=7", "--found", "minor=0")
    status = json.loads(said("status", "pins", "--json"))
    assert [c["severity"] for c in status["classes"]] == ["tightened", "normal"]
    assert "normal -> tightened, 2 of 2 consecutive lots" in said("status")
    assert "tightened" in said("plan", "pins", "--size", "1000")
    assert json.loads(said("plan", "pins", "--size", "1000", "--json"))["plans"][0]["ac"] == [3]
    said("production", "pins", "--by", "QA")
    said("consent", "pins", "--by", "QA")
    said("direct", "pins", "--severity", "normal", "--by", "QA", "--reason", "sorted")
    said("void", "pins", "1", "--by", "QA", "--reason", "mistyped")
    assert len(said("history", "pins", "--json").splitlines()) == 6
    assert "void" in said("history", "pins")
    assert run(app, ["stream", "lot", "pins", "L3", "--size", "1000", "--found", "major=x"]) == 2
    assert "--found major=x is no count" in capsys.readouterr().err
    assert run(app, ["stream", "resume", "pins", "--by", "QA", "--reason", "x"]) == 2


def test_counts_that_cannot_be(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    opened(station)
    with pytest.raises(RequestError, match="cannot be found in samples of"):
        station.streams.record_lot("pins", "L1", size=1000, found={"major": (300,), "minor": (0,)})
    given = ["stream", "lot", "pins", "L1", "--size", "1000", "--found", "major=3", "--found", "major=9"]
    assert run(app, given) == 2
    assert "given twice" in capsys.readouterr().err


def test_the_picture_of_a_stream_has_a_block_for_each_lot(station: Station, tmp_path: Path) -> None:
    opened(station)
    lots(station, [0, 9])
    two = station.streams.picture("pins")
    lots(station, [0], first=3)
    three = station.streams.picture("pins")
    blue = [int((p == (0, 114, 178)).all(axis=-1).sum()) for p in (two, three)]
    assert blue[1] - blue[0] == 2 * 21 * 21  # a lot more in each of two classes, as block of 21 pixels
    out = tmp_path / "pins.png"
    assert run(app, ["stream", "status", "pins", "--picture", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert run(app, ["stream", "status", "--picture", str(out)]) == 2
