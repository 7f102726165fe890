"""When the line is to be checked: frequencies as numbers, the next check, and what an overdue one stops (W7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from test_gate_rules import NOW, facts, record

from station.errors import RequestError
from station.quality.gate_history import History
from station.quality.gate_requirements import requirements
from station.quality.in_line_checks import next_check, read_frequency, with_numbers
from station.values.gates import ControlPlan, GateEvent, NextCheck, Requirement


@pytest.mark.parametrize(
    ("words", "pieces", "hours"),
    [
        ("every 200 pieces", 200, None), ("every 2,000 pcs or 4 hours", 2000, 4.0), ("every 30 minutes", None, 0.5),
        ("every hour", None, 1.0), ("each shift", None, None), ("1.5 h", None, 1.5), ("每 500 件", 500, None),
    ],
)  # fmt: skip
def test_a_frequency_in_words_is_read_as_numbers(words: str, pieces: int | None, hours: float | None) -> None:
    """W7."""
    assert read_frequency(words) == (pieces, hours)
    plan = ControlPlan(what=("fill",), frequency=words, keeper="Chen", sop="SOP-12 rev 3")
    if pieces is None and hours is None:
        with pytest.raises(RequestError, match="says no number that a check can be due by"):
            with_numbers(plan)
    else:
        made = with_numbers(plan)
        assert (made.every_pieces, made.every_hours, made.frequency) == (pieces, hours, words)


@pytest.mark.parametrize("changed", [{"every_pieces": 0}, {"every_hours": 0.0}, {"every_hours": 1000.0}])
def test_a_frequency_that_no_line_is_checked_by_is_refused(changed: dict[str, float]) -> None:
    """W7."""
    with pytest.raises(RequestError, match="is no frequency"):
        with_numbers(ControlPlan(what=("fill",)).model_copy(update=changed))


def test_the_next_check_of_the_line_is_called_and_blocks_when_it_is_overdue() -> None:
    """W7: every 200 pieces or 4 hours, from the release of the first pieces and from every check on."""
    plan = with_numbers(
        ControlPlan(what=("fill",), every_pieces=200, every_hours=4.0, keeper="Chen", sop="SOP-12 rev 3")
    )
    assert plan.frequency == "every 200 pieces or 4 hours"
    planned = GateEvent(kind="planned", at=NOW, gate="in-line", plan=plan, digest="p")
    released = GateEvent(kind="released", at=NOW, gate="first-off")
    late = NOW + timedelta(hours=5)

    def stand(*events: GateEvent, now: datetime) -> tuple[NextCheck | None, Requirement | None]:
        h = History(record(), (planned, *events), facts(), now, ())
        gate = next(g for g in h.record.gates if g.gate == "in-line")
        asked = {r.key: r for r in requirements(h, gate)}
        return next_check(h), asked.get("frequency")

    assert stand(now=NOW) == (None, None)  # the batch may not be made yet
    due, asked = stand(released, now=NOW)
    assert due is not None
    assert (due.due_made, due.due_at, due.overdue) == (200, NOW + timedelta(hours=4), False)
    assert asked is not None
    assert (asked.state, asked.words) == ("met", "checked every 200 pieces or 4 hours")
    made = GateEvent(kind="made", at=NOW, n=150)
    more = GateEvent(kind="made", at=NOW, n=201)
    assert stand(released, made, now=late)[1].reason == "the line was to be checked by 2026-06-01 12:00 UTC"  # type: ignore[union-attr]
    due, asked = stand(released, made, more, now=NOW)
    assert asked is not None
    assert asked.state == "open"
    assert asked.reason == "the line was to be checked at 200 units made and 201 are"
    assert asked.command.startswith("station gate check PO-7 --sku MAS in-line sample")
    checked = GateEvent(kind="checked", at=late, gate="in-line", key="sample", n=20, share=0.201)
    due, asked = stand(released, made, more, checked, now=late)
    assert due is not None
    assert asked is not None
    assert (due.last_made, due.due_made, due.due_at, asked.state) == (201, 401, late + timedelta(hours=4), "met")
    whole = GateEvent(kind="made", at=late, n=1000)
    much = late + timedelta(days=9)
    due, asked = stand(released, more, checked, whole, now=much)  # 799 pieces went by; no hours are owed any more
    assert due is not None
    assert due.due_at is None
    assert due.reason == "the line was to be checked at 401 units made and 1,000 are"
    assert next_check(History(record(), (released,), facts(), NOW, ())) is None  # an old plan, or none
