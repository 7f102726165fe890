"""A clock that is set back: records keep their order, the ledger says so, nothing that is late becomes early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from signed_home import NOON, NUMBER, detached, seal

from station.quality.corrective import replay_actions
from station.service import Station
from station.service.order_exchange import verify
from station.settings import Settings
from station.values.nonconformity import NcEvent


def days(*back: int) -> Iterator[datetime]:
    """The clock at every look: noon, less so many days."""
    yield from (NOON - timedelta(days=n) for n in back)
    while True:
        yield NOON - timedelta(days=back[-1])


def test_who_holds_what_is_what_was_said_last_whatever_the_clock_said(tmp_path: Path) -> None:
    """G3: the factory says version 2, then, a month earlier by the clock, version 1."""
    with Station(Settings(home=tmp_path / "home")) as station:
        seal(station._db, station._evidence, 1)
        seal(station._db, station._evidence, 2)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    set_back = days(30)
    with Station(Settings(home=tmp_path / "home"), clock=lambda: next(set_back)) as station:
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", version=1)
        (held,) = station.sign_off.status(NUMBER).artefacts[0].held
        assert (held.version, held.current) == (1, False)
        found = station.check()
        assert found.ok
        assert any("the clock was set back by" in remark for remark in found.remarks)
        made = station.packages.orders.export(NUMBER, tmp_path / "order.zip")
        assert verify(tmp_path / "order.zip", [made.key]).ok
    with Station(Settings(home=tmp_path / "other")) as station:
        seal(station._db, station._evidence, 1)
        seal(station._db, station._evidence, 2)
        station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
        versions = station.packages.orders.compare(tmp_path / "order.zip", keys=[made.key]).versions
    assert ("product held by factory", "", "version 1") in [
        (v.what.partition(", ")[2], v.own, v.other) for v in versions
    ]


def test_an_overdue_action_stays_overdue() -> None:
    """W9: due on 10 June, put off on 12 June to 20 June, and the clock then says 15 May or 25 June."""

    def event(kind: str, day: int, **more: object) -> NcEvent:
        at = datetime(2026, 6, day, 8, 0, tzinfo=UTC)
        return NcEvent.model_validate({"kind": kind, "at": at, "by": "QA", **more})

    added = event("action", 1, action="correction", text="Pin the plate.", owner="Chen Wei", due=date(2026, 6, 10))
    later = event("answer", 12, text="The jig has 2 dowels.")
    put_off = event("due", 12, number=1, due=date(2026, 6, 20), text="Dowels arrive on 18 June.")
    back, on = date(2026, 5, 15), date(2026, 6, 25)

    def overdue(today: date, *events: NcEvent) -> bool:
        return replay_actions(events, today)[0].overdue

    assert not overdue(back, added)
    assert overdue(back, added, later)  # 12 June has been, whatever the clock says now
    assert not overdue(back, added, put_off)
    assert overdue(on, added, put_off)
