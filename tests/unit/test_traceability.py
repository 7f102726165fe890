"""Records of the factory, suppliers that cannot show them, and the thirteen causes of variance: D4, V1."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from claimed_lots import LOGO, Days, make_home
from test_claim_rules import facts, item

from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, RequestError
from station.quality.traceability import (
    Claim,
    replay_records,
    sourcing_history,
    sourcing_risk,
    vet_record,
    vet_step,
)
from station.quality.variance_causes import CAUSES, MEASUREMENT, replay_causes, vet_word
from station.service import Station
from station.settings import Settings
from station.values.nonconformity import Context, NcEvent

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)
DAYS = Days()
BY = "M. Weber"


def drafted(**changes: Any) -> NcEvent:
    return NcEvent(kind="drafted", at=AT, facts=facts(items=(item(),), ask_for=("drift", "screening"), **changes))


def sent(on: datetime = AT) -> NcEvent:
    return NcEvent(kind="sent", at=on)


def stepped(record: str, step: str, on: datetime = AT, **more: Any) -> NcEvent:
    return NcEvent(kind="record", at=on, record=vet_record(record), step=vet_step(step), **more)


TODAY = AT.date()


def states(*events: NcEvent, today: date = TODAY) -> dict[str, str]:
    return {r.record: r.state for r in replay_records(events, today)}


# --- D4 --------------------------------------------------------------------------------------------------------------


def test_a_claim_that_is_sent_asks_for_the_records_that_its_cause_needs() -> None:
    """D4: whether they came and when; what is not there by the day of the answer is overdue."""
    assert states(drafted()) == {"drift": "not asked", "substitution": "not asked", "screening": "not asked"}
    assert states(drafted(), sent()) == {"drift": "asked", "substitution": "not asked", "screening": "asked"}
    later = AT.date() + timedelta(days=15)
    assert states(drafted(), sent(), today=later)["drift"] == "overdue"
    longer = NcEvent(kind="context", at=AT, context=Context(answer_days=30))
    assert states(drafted(), longer, sent(), today=later)["drift"] == "asked"
    came = stepped("lot-dates", "came", AT + timedelta(days=20), due=date(2026, 6, 12), text="two baths")
    (drift, *_) = replay_records([drafted(), sent(), came], later)
    assert (drift.state, drift.asked_on, drift.due) == ("came", date(2026, 6, 1), date(2026, 6, 15))
    assert (drift.settled_on, drift.note) == (date(2026, 6, 12), "two baths")
    own = NcEvent(kind="ask", at=AT, asks=("Sort it.",))
    assert states(drafted(), own, sent()) == states(drafted())  # what the claim did not ask for is not owed
    assert states(drafted(), stepped("incoming-lots", "asked"), today=later)["substitution"] == "overdue"


def test_what_came_before_the_claim_was_sent_is_not_owed() -> None:
    """D4: sending the claim asks for it on paper, and takes nothing back."""
    later = AT.date() + timedelta(days=15)
    early = [drafted(), stepped("lot-dates", "came"), stepped("inspection-reports", "refused", text="not kept"), sent()]
    found = {r.record: (r.state, r.asked_on) for r in replay_records(early, later)}
    assert found["drift"] == ("came", AT.date())
    assert found["screening"] == ("refused", AT.date())


def test_a_record_says_by_whom_and_when() -> None:
    asked = replay_records([drafted(), sent().model_copy(update={"by": BY})], TODAY)[0]
    assert (asked.by, asked.at) == (BY, AT)
    later = AT + timedelta(days=2)
    came = stepped("lot-dates", "came", later, by="Chen Wei", photo_sha256="a" * 64, file_name="dates.xlsx")
    (drift, incoming, _) = replay_records([drafted(), sent(), came], TODAY)
    assert (drift.by, drift.at, drift.file_name) == ("Chen Wei", later, "dates.xlsx")
    assert (incoming.by, incoming.at) == ("", None)


def test_a_risk_is_told_with_every_record_it_is_counted_from() -> None:
    """D4: each number is that of the records that stand so."""
    later = AT.date() + timedelta(days=15)
    came = replay_records([drafted(), sent(), stepped("lot-dates", "came")], later)  # and one is overdue
    refused = replay_records([drafted(), stepped("inspection-reports", "refused", text="not kept")], later)
    claims = [
        Claim("NC-1", "L1", "Hongda", came),
        Claim("NC-2", "L2", "HONGDA", refused),
        Claim("NC-3", "L3", "x", came),
    ]
    found = sourcing_history("Hongda", claims)
    assert (found.nonconformities, found.came, found.awaited, found.overdue, found.refused) == (2, 1, 0, 1, 1)
    assert [(r.nonconformity, r.record.record, r.record.state) for r in found.records] == [
        ("NC-1", "drift", "came"), ("NC-1", "screening", "overdue"), ("NC-2", "screening", "refused"),
    ]  # fmt: skip
    assert found.reasons == sourcing_risk("Hongda", claims)
    assert len(found.reasons) == found.overdue + found.refused
    unnamed = sourcing_history("", claims)
    assert (unnamed.records, unnamed.reasons, unnamed.nonconformities) == ((), (), 0)


def test_a_supplier_without_its_records_is_a_risk() -> None:
    """D4."""
    later = AT.date() + timedelta(days=15)
    refused = stepped("inspection-reports", "refused", text="not kept")
    records = replay_records([drafted(), sent(), refused], later)
    claims = [Claim("NC-1", "L1", "Hongda", records), Claim("NC-2", "L2", "Other", records)]
    assert sourcing_risk("hongda", claims) == (
        "hongda owes production lot dates of lot L1 since 2026-06-15 (NC-1)",
        "hongda could not show final inspection reports of lot L1 (NC-1): not kept",
    )
    assert (
        sourcing_risk("Hongda", [Claim("NC-1", "L1", "Hongda", replay_records([drafted(), sent()], AT.date()))]) == ()
    )
    assert sourcing_risk("", claims) == ()


@pytest.mark.parametrize(("name", "step"), [("weather", "came"), ("lot-dates", "lost")])
def test_another_record_or_step_is_refused(name: str, step: str) -> None:
    with pytest.raises(RequestError, match=r"Use (one of lot-dates|asked)"):
        stepped(name, step)


# --- V1 --------------------------------------------------------------------------------------------------------------


def word(name: str, holds: bool) -> NcEvent:
    return NcEvent(kind="cause", at=AT, by=BY, variance=name, holds=holds, text="measured")


def test_thirteen_causes_and_those_of_the_measurement_first() -> None:
    """V1: what the data rule out or suspect is said; a person's word stands above it."""
    assert len(CAUSES) == 13
    found = replay_causes([drafted()], facts(suspect=("light", "white point"), cause="substitution"))
    assert [c.name for c in found[:3]] == list(MEASUREMENT)
    told = {c.name: (c.state, c.why) for c in found}
    assert told["photo-lighting"] == ("suspect", "not ruled out by the data: light, white point")
    assert told["measurement-method"] == ("ruled out", "by the lot's data")
    assert told["material-batch"] == ("suspect", "the lot's data speak for substitution")
    assert told["mould"] == ("open", "")
    own = {c.name: (c.state, c.by, c.at) for c in replay_causes([word("mould", True), word("mould", False)], facts())}
    assert own["mould"] == ("ruled out", BY, AT)
    assert own["coating"] == ("open", "", None)


def test_no_cause_in_the_goods_is_confirmed_before_the_measurement_is_ruled_out() -> None:
    """V1."""
    suspect = facts(suspect=("light", "repeatability"))
    found = replay_causes([], suspect)
    with pytest.raises(
        ConflictError, match=r"the measurement itself may be the cause: measurement-method, photo-light"
    ):
        vet_word(found, "coating", True, "two baths")
    vet_word(found, "coating", False, "one bath alone")
    ruled = replay_causes([word("photo-lighting", False), word("measurement-method", False)], suspect)
    vet_word(ruled, "coating", True, "two baths")
    with pytest.raises(RequestError, match=r"is none of the thirteen causes\. Use one of measurement-method"):
        vet_word(ruled, "luck", True, "x")
    with pytest.raises(RequestError, match="nothing says what shows it"):
        vet_word(ruled, "coating", True, "")


# --- through a home --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    home = make_home(tmp_path_factory.mktemp("traced"), DAYS, lots=(LOGO,))
    with Station(Settings(home=home), clock=DAYS) as opened:
        yield opened


def test_what_a_factory_cannot_show_is_told_with_its_lots(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D4, V1: kept as evidence, shown by `lot explain`, found again by the audit."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    number = station.nonconformities.draft(LOGO, by=BY, use="retail").number
    assert run(app, ["nc", "records", number, "inspection-reports", "refused", "--text", "not kept", "--by", BY]) == 0
    assert "Sourcing risk: Hongda Metal Crafts could not show final inspection reports" in capsys.readouterr().out
    report = tmp_path / "dates.pdf"
    report.write_bytes(b"%PDF lot dates")
    assert run(app, ["nc", "records", number, "lot-dates", "came", "--file", str(report), "--by", BY]) == 0
    assert run(app, ["nc", "records", number, "lot-dates", "came", "--on", "2030-01-01", "--by", BY]) == 2
    assert run(app, ["nc", "records", number, "lot-dates"]) == 2
    found = {r.record: r for r in station.nonconformities.show(number).factory_records}
    assert found["screening"].state == "refused"
    owed = (
        f"final inspection reports could not be shown on {found['screening'].settled_on}: station nc records {number}"
    )
    assert owed in station.nonconformities.show(number).remarks
    assert (found["drift"].state, len(found["drift"].sha256)) == ("came", 64)
    risk = "Hongda Metal Crafts could not show final inspection reports of lot L-LOGO"
    explained = station.analysis.explain(LOGO)
    assert explained.sourcing_risk[0].startswith(risk)
    assert any(s.startswith(f"Sourcing risk: {risk}") for s in explained.sentences)
    assert station.traceability.sourcing_risk("Other supplier") == ()
    assert run(app, ["nc", "cause", number, "coating", "--rule-out", "--text", "one bath", "--by", BY]) == 0
    assert run(app, ["nc", "cause", number, "--json"]) == 0
    assert run(app, ["nc", "cause", number, "coating"]) == 2
    causes = {c.name: c.state for c in station.nonconformities.show(number).variance}
    assert causes["coating"] == "ruled out"
    assert station.check().ok
    assert station.check().extra == ()
