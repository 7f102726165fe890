"""The store over SQLite and PostgreSQL: one suite, both databases."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError, RequestError, StaleSchemaError
from station.store import (
    capability,
    entered,
    foreign_orders,
    gates,
    gauge,
    golden_events,
    inspections,
    nonconformities,
    records,
    reviewed,
    sign_offs,
    streams,
    tables,
)
from station.store.audit import audit
from station.store.database import HEAD, Database
from station.store.evidence import Evidence
from station.store.rows import File, NewEntered, NewFindingReview, NewUnit, ReviewRow
from station.values.digest import digest, document_digest
from station.values.documents import Verdict

NOON = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def db(store_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(store_url, home=tmp_path)
    database.ensure()
    yield database
    database.close()


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return Evidence(tmp_path / "evidence")


def put(evidence: Evidence, data: bytes) -> File:
    return File(evidence.put(data), len(data), "image/jpeg")


@pytest.fixture
def golden_id(db: Database, evidence: Evidence) -> int:
    return seal(db, evidence, "GS-1", 1)


def seal(db: Database, evidence: Evidence, number: str, version: int) -> int:
    file = put(evidence, f"{number} {version}".encode())
    values = {
        "number": number, "version": version, "sku": "MAS", "product": "pin", "digest": "d" * 64, "sheet_toml": "x",
        "sheet_digest": "s", "master_digest": "m", "master_document": "{}", "master_sha256": file.sha256,
        "photo_sha256": file.sha256, "frame_sha256": file.sha256, "photo": "front.jpg", "rig": None,
        "calibration_digest": "c", "warnings": "[]",
    }  # fmt: skip
    return records.add_golden(db, values, [file], NOON).id


def add_signed(db: Database, file: File) -> None:
    """An artefact, a sign-off and an acknowledgement."""
    place: dict[str, Any] = {"number": "GS-1", "version": 1, "document": "{}", "digest": "d"}
    artefact = {"kind": "label", "name": "a.pdf", "note": "", "by": "x"}
    sign_offs.add_artefact(db, {**place, **artefact}, file, NOON)
    signed = {"artefact": "product", "party": "buyer", "method": "local key", "key": "k", "signature": "s"}
    sign_offs.add_sign_off(db, {**place, **signed}, None, NOON, lambda there: None)
    sign_offs.add_acknowledgement(db, {**place, "artefact": "product", "party": "factory"}, None, NOON)


def new_value(golden_id: int, unit: str, value: str, lot: str | None = "L1") -> NewEntered:
    key = digest([golden_id, unit, value, lot])
    content = {"unit": unit, "value": value}
    return NewEntered(
        content_key=key, golden_id=golden_id, lot=lot, unit=unit, name="weight", verdict=Verdict.CONFORMS,
        document=json.dumps({**content, "digest": digest(content)}), digest=digest(content), at=NOON,
    )  # fmt: skip


def new_unit(
    evidence: Evidence,
    golden_id: int,
    name: str,
    *,
    key: str | None = None,
    lot: str | None = "L1",
    verdict: str = "nonconforms",
    margin: float | None = -0.5,
) -> NewUnit:
    document = {"unit": name, "verdict": verdict}
    return NewUnit(
        ingest_key=key or f"key {name}", unit=name, photo=f"{name}.jpg",
        photo_file=put(evidence, name.encode()), frame_file=None, annotated_file=None, golden_id=golden_id, lot=lot,
        verdict=Verdict(verdict), margin=margin, document=json.dumps({**document, "digest": digest(document)}),
        digest=digest(document), inspected_at=NOON, carton="C1", identifiers={"line": "Ä 7"},
        findings=({"kind": "pit", "x_mm": 1.5, "y_mm": -2.0, "size_mm": 0.2, "length_mm": 0.2, "area_mm2": 0.03,
                   "region": "sky", "score": 0.9, "class": "major", "verdict": "nonconforms"},),
    )  # fmt: skip


def test_a_unit_comes_back_as_it_was_recorded(db: Database, evidence: Evidence, golden_id: int) -> None:
    row, created = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    assert created
    assert (row.unit, row.lot, row.golden, row.golden_version) == ("u1", "L1", "GS-1", 1)
    assert (row.verdict, row.margin, row.carton, row.identifiers) == (Verdict.NONCONFORMS, -0.5, "C1", {"line": "Ä 7"})
    assert row.inspected_at == NOON
    assert document_digest(row.document) == row.digest
    assert [f["kind"] for f in inspections.findings(db, kind="pit", lot="L1")] == ["pit"]
    assert inspections.findings(db, kind="scratch") == []


def test_one_key_is_one_unit_however_often_it_is_handed_in(db: Database, evidence: Evidence, golden_id: int) -> None:
    first, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1", key="k"))
    second, created = inspections.add_unit(db, new_unit(evidence, golden_id, "u2", key="k"))
    assert (created, second.id, second.unit) == (False, first.id, "u1")
    assert inspections.presentations(db, first.id) == [("u1", "L1"), ("u2", "L1")]
    assert len(inspections.findings(db)) == 1
    assert len(inspections.units(db)) == 1


def test_eight_writers_of_the_same_units_leave_each_once(db: Database, evidence: Evidence, golden_id: int) -> None:
    items = [new_unit(evidence, golden_id, f"u{i % 10}") for i in range(80)]
    with ThreadPoolExecutor(8) as pool:
        created = [done for _, done in pool.map(lambda item: inspections.add_unit(db, item), items)]
    assert sum(created) == 10
    assert len(inspections.units(db, lot="L1")) == 10


def test_a_unit_without_a_lot_joins_the_lot_named_later_but_never_changes_it(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    row, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1", lot=None))
    again = {"unit_name": "u1", "photo": "u1.jpg", "at": NOON, "golden_id": golden_id}
    assert inspections.present_again(db, row.id, lot="L1", **again).lot == "L1"
    assert inspections.present_again(db, row.id, lot="L2", **again).lot == "L1"


def test_a_lot_is_held_to_one_golden_version(db: Database, evidence: Evidence, golden_id: int) -> None:
    inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    other = seal(db, evidence, "GS-1", 2)
    with pytest.raises(ConflictError, match="lot L1 is held to another golden"):
        inspections.add_unit(db, new_unit(evidence, other, "u2"))
    assert [u.unit for u in inspections.units(db)] == ["u1"]


def test_golden_versions(db: Database, evidence: Evidence, golden_id: int) -> None:
    seal(db, evidence, "GS-1", 2)
    assert records.golden(db, "GS-1").version == 2
    assert records.golden(db, "GS-1", 1).id == golden_id
    with pytest.raises(NotFoundError, match="no version 3"):
        records.golden(db, "GS-1", 3)
    with pytest.raises(NotFoundError, match="no golden 'GS-2'"):
        records.golden(db, "GS-2")
    with pytest.raises(ConflictError, match="version 2 of GS-1 was sealed"):
        seal(db, evidence, "GS-1", 2)


def test_the_queue_shows_undecided_first_then_the_worst_margin(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    for name, verdict, margin in (
        ("bad", "nonconforms", -0.5), ("worse", "nonconforms", -2.0), ("close", "undecided", 0.1),
        ("blind", "undecided", None), ("good", "conforms", 0.8),
    ):  # fmt: skip
        inspections.add_unit(db, new_unit(evidence, golden_id, name, verdict=verdict, margin=margin))
    assert [u.unit for u in inspections.queued(db, lot="L1")] == ["blind", "close", "worse", "bad"]
    assert inspections.queued(db, lot="L2") == []


def review(db: Database, unit_id: int, decision: str, **more: object) -> ReviewRow:
    given = {"reason": "seen", "reviewer": "Mei", "at": NOON, **more}
    return inspections.add_review(db, unit_id=unit_id, decision=decision, **given)  # type: ignore[arg-type]


def test_reviews_supersede_and_are_never_lost(db: Database, evidence: Evidence, golden_id: int) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = review(db, unit.id, "accept")
    assert (first.supersedes, inspections.unit(db, unit.id).standing) == (None, Verdict.CONFORMS)
    assert inspections.queued(db) == []
    second = review(db, unit.id, "defer")
    assert (second.supersedes, inspections.unit(db, unit.id).standing) == (first.id, Verdict.UNDECIDED)
    assert [u.unit for u in inspections.queued(db)] == ["u1"]
    review(db, unit.id, "undo")
    assert inspections.unit(db, unit.id).standing is Verdict.NONCONFORMS
    assert [r.decision for r in inspections.reviews(db, unit.id)] == ["accept", "defer", "undo"]


def test_a_reviewer_who_saw_an_older_state_is_told(db: Database, evidence: Evidence, golden_id: int) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = review(db, unit.id, "accept")
    review(db, unit.id, "reject", expected=first.id)
    with pytest.raises(ConflictError, match="reviewed by somebody else"):
        review(db, unit.id, "accept", expected=first.id)


def test_a_request_key_makes_one_review(db: Database, evidence: Evidence, golden_id: int) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = review(db, unit.id, "accept", request_key="r1")
    assert review(db, unit.id, "accept", request_key="r1") == first
    with pytest.raises(ConflictError, match="request key"):
        review(db, unit.id, "reject", request_key="r1")
    assert len(inspections.reviews(db, unit.id)) == 1


def test_the_same_request_at_two_stations_at_once_is_one_review(
    db: Database, store_url: str, tmp_path: Path, evidence: Evidence, golden_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits for the first, and answers its review."""
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    words, inside, other = inspections._words, threading.Event(), Database(store_url, home=tmp_path)

    def slow(c: sa.Connection, unit_id: int) -> list[ReviewRow]:
        found = words(c, unit_id)
        if not inside.is_set():
            inside.set()
            time.sleep(0.5)
        return found

    monkeypatch.setattr(inspections, "_words", slow)
    with ThreadPoolExecutor(1) as pool, contextlib.closing(other):
        first = pool.submit(review, db, unit.id, "accept", request_key="r1")
        assert inside.wait(30)
        assert review(other, unit.id, "accept", request_key="r1") == first.result()
    assert len(inspections.reviews(db, unit.id)) == 1


def test_reviews_of_what_is_not_there(db: Database, evidence: Evidence, golden_id: int) -> None:
    with pytest.raises(NotFoundError, match="no unit 7"):
        review(db, 7, "accept")
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    with pytest.raises(RequestError, match="no review to undo"):
        review(db, unit.id, "undo")


def finding_review(golden_id: int, unit_id: int, **more: Any) -> NewFindingReview:
    values: dict[str, Any] = {
        "unit_id": unit_id, "golden_id": golden_id, "number": 1, "unit_digest": "d", "answer": "confirm", "kind": "pit",
        "named": None, "x_mm": 1.0, "y_mm": 2.5, "size_mm": 0.3, "length_mm": 0.3, "region": "sky", "score": 0.75,
        "contrast_to_noise": 8.0, "set_aside": False, "model": "m", "weights": "", "program": "p", "reviewer": "A",
        "reason": "", "at": NOON, "undone": False,
    }  # fmt: skip
    return NewFindingReview(**(values | more))


def test_answers_about_findings_supersede_only_the_same_reviewer_s(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = finding_review(golden_id, unit.id)
    more = [{"reviewer": "B", "set_aside": True}, {"number": 2, "x_mm": 4.0}, {"answer": "refuse", "named": "dust"}]
    made = [reviewed.add_finding_reviews(db, [dataclasses.replace(first, **one)])[0] for one in ({}, *more)]
    assert [m.supersedes for m in made] == [None, None, None, made[0].id]
    assert made == reviewed.finding_reviews(db, golden="GS-1")
    assert made == reviewed.finding_reviews(db, photo_sha256=unit.photo_sha256)
    assert reviewed.finding_reviews(db, golden="GS-2") == []
    kept = made[3]
    assert (kept.score, kept.y_mm, kept.named, kept.set_aside, kept.at) == (0.75, 2.5, "dust", False, NOON)
    assert (made[1].set_aside, kept.golden_version, kept.photo_sha256) == (True, 1, unit.photo_sha256)


def test_an_answer_is_taken_back_once_and_by_whom_it_is(db: Database, evidence: Evidence, golden_id: int) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = finding_review(golden_id, unit.id, named="bubble")
    (made,) = reviewed.add_finding_reviews(db, [first])
    back = dataclasses.replace(first, answer="undo", named=None, undone=True)
    with pytest.raises(RequestError, match="finding 1 has no answer of B to take back"):
        reviewed.add_finding_reviews(db, [dataclasses.replace(back, reviewer="B")])
    (undone,) = reviewed.add_finding_reviews(db, [back])
    assert (undone.answer, undone.named, undone.undone, undone.supersedes) == ("confirm", "bubble", True, made.id)
    with pytest.raises(RequestError, match="no answer of A to take back"):
        reviewed.add_finding_reviews(db, [back])


def test_an_answer_holds_to_what_was_seen_and_a_key_records_it_once(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    first = finding_review(golden_id, unit.id)
    one, again = (reviewed.add_finding_reviews(db, [first], expected=0, request_key="k-1")[0] for _ in range(2))
    assert one == again
    with pytest.raises(ConflictError, match="key was used for another answer"):
        reviewed.add_finding_reviews(db, [dataclasses.replace(first, answer="refuse")], request_key="k-1")
    with pytest.raises(ConflictError, match="A answered about this finding elsewhere"):
        reviewed.add_finding_reviews(db, [first], expected=0)
    other = dataclasses.replace(first, reviewer="B")
    assert reviewed.add_finding_reviews(db, [other], expected=0)[0].supersedes is None
    assert reviewed.add_finding_reviews(db, [first], expected=one.id)[0].supersedes == one.id


def test_answers_are_recorded_all_or_none(db: Database, evidence: Evidence, golden_id: int) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    both = [finding_review(golden_id, unit.id), finding_review(golden_id, unit.id, answer="accept")]
    with pytest.raises(ConflictError):
        reviewed.add_finding_reviews(db, both)
    assert reviewed.finding_reviews(db) == []


def test_thresholds_are_found_by_golden_and_model(db: Database, golden_id: int) -> None:
    add = {"golden_id": golden_id, "document": "{}", "digest": "d", "at": NOON}
    first = reviewed.add_thresholds(db, model="m", action="apply", after=0, **add)
    second = reviewed.add_thresholds(db, model="m", action="reset", after=first, **add)
    reviewed.add_thresholds(db, model="other", action="apply", after=0, **add)
    found = reviewed.thresholds(db, golden_id=golden_id, model="m")
    assert [(f.id, f.action) for f in found] == [(second, "reset"), (first, "apply")]
    with pytest.raises(ConflictError, match="in the meantime"):
        reviewed.add_thresholds(db, model="m", action="apply", after=first, **add)


def open_nonconformity(db: Database, lot_id: int, number: str = "NC-1") -> bool:
    first = {"kind": "drafted", "document": '{"n": 1}', "digest": "d"}
    return nonconformities.open_nonconformity(
        db, number=number, lot_id=lot_id, document="{}", digest="d", first=first, at=NOON
    )


def test_a_lot_has_one_nonconformity_and_its_events_follow_each_other(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    lot = records.lot(db, "L1")
    assert open_nonconformity(db, lot.id)
    assert not open_nonconformity(db, lot.id, "NC-2")
    assert [(r.number, r.lot) for r in nonconformities.nonconformities(db)] == [("NC-1", "L1")]
    found = nonconformities.nonconformity_of_lot(db, lot.id)
    assert found == nonconformities.nonconformity(db, "NC-1")
    assert found is not None
    photo = put(evidence, b"photo")
    event = {"kind": "sent", "document": '{"n": 2}', "digest": "d"}
    nonconformities.add_event(db, found.id, event, after=1, at=NOON, file=photo)
    assert records.media_type(db, photo.sha256) == photo.media_type
    with pytest.raises(ConflictError, match="in the meantime"):
        nonconformities.add_event(db, found.id, event, after=1, at=NOON)
    assert nonconformities.events(db, found.id) == ['{"n": 1}', '{"n": 2}']
    with pytest.raises(NotFoundError, match="station nc list"):
        nonconformities.nonconformity(db, "NC-9")


GOLDEN_EVENT = {"kind": "item", "document": '{"n": 1}', "digest": "d"}


def test_events_of_a_golden_record_follow_each_other_and_name_their_files(db: Database, evidence: Evidence) -> None:
    photo = put(evidence, b"photo")
    golden_events.add_event(db, "GS-1", GOLDEN_EVENT, after=0, by="W", at=NOON, files=[photo])
    assert records.media_type(db, photo.sha256) == photo.media_type
    with pytest.raises(ConflictError, match="of GS-1 in the meantime"):
        golden_events.add_event(db, "GS-1", GOLDEN_EVENT, after=0, by="W", at=NOON)
    golden_events.add_event(db, "GS-2", GOLDEN_EVENT, after=0, by="W", at=NOON)
    golden_events.add_event(db, "GS-1", {**GOLDEN_EVENT, "document": '{"n": 2}'}, after=1, by="W", at=NOON)
    assert golden_events.events(db, "GS-1") == ['{"n": 1}', '{"n": 2}']
    assert golden_events.events(db, "GS-3") == []


def open_order(db: Database) -> gates.OrderRow:
    """An order with one event and one lot."""
    row = {"name": "PO-7", "sku": "MAS", "golden": "GS-1", "document": "{}", "digest": "d", "at": NOON}
    assert gates.open_order(db, row, "M. Weber")
    assert not gates.open_order(db, row, "M. Weber")
    found = gates.order(db, "PO-7", None)
    event = {"kind": "started", "document": "{}", "digest": "d", "at": NOON}
    gates.add_event(db, found, event, after=0, by="M. Weber", about={})
    gates.add_lot(db, found, "L1", "final", by="M. Weber", at=NOON)
    return found


def test_orders_events_and_lots_are_kept_apart(db: Database) -> None:
    row = open_order(db)
    event = {"kind": "made", "document": '{"n": 5}', "digest": "e", "at": NOON}
    with pytest.raises(ConflictError, match="something else was recorded of order PO-7 in the meantime"):
        gates.add_event(db, row, event, after=0, by="M. Weber", about={})
    gates.add_event(db, row, event, after=1, by="M. Weber", about={})
    assert gates.events(db, row.id) == ["{}", '{"n": 5}']
    other = {"name": "PO-7", "sku": "MAS-2", "golden": "GS-2", "document": "{}", "digest": "d", "at": NOON}
    assert gates.open_order(db, other, "M. Weber")
    with pytest.raises(ConflictError, match="has several SKUs: MAS, MAS-2"):
        gates.order(db, "PO-7", None)
    second = gates.order(db, "PO-7", "MAS-2")
    with pytest.raises(ConflictError, match=r"lot L1 is inspected at the final gate of order PO-7 \(MAS\)"):
        gates.add_lot(db, second, "L1", "final", by="M. Weber", at=NOON)
    gates.add_lot(db, row, "L2", "final", by="M. Weber", at=NOON, replaces="L1")
    with pytest.raises(ConflictError, match="lot L1 was replaced by another lot"):
        gates.add_lot(db, row, "L3", "final", by="M. Weber", at=NOON, replaces="L1")
    assert [(x.lot, x.replaces) for x in gates.lots_of_order(db, row.id)] == [("L1", None), ("L2", "L1")]
    assert gates.order_of_lot(db, "L3") is None


@pytest.mark.parametrize("table", [t for t in tables.APPEND_ONLY if not t.startswith("ledger")])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
def test_sealed_rows_cannot_be_changed(db: Database, evidence: Evidence, golden_id: int, table: str, verb: str) -> None:
    unit, _ = inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    review(db, unit.id, "accept")
    lot = records.lot(db, "L1")
    records.add_lot_decision(db, lot_id=lot.id, decision="accepted", document="{}", digest="d", at=NOON)
    gauge.add_capture(
        db, ingest_key="k", golden_id=golden_id, photo="a.jpg", file=put(evidence, b"a"), document="{}", digest="d",
        at=NOON,
    )  # fmt: skip
    gauge.add_study(db, golden_id=None, rig=None, source="values", by="", document="{}", digest="d", at=NOON)
    entered.add_entered(db, [new_value(golden_id, "u1", "33.9")])
    capability.add_study(db, golden_id=golden_id, model="m", document="{}", digest="d", at=NOON)
    reviewed.add_finding_reviews(db, [finding_review(golden_id, unit.id)])
    reviewed.add_thresholds(
        db, golden_id=golden_id, model="m", action="apply", document="{}", digest="d", at=NOON, after=0
    )
    streams.add_stream(db, name="s", document="{}", digest="d", at=NOON)
    stream = streams.stream(db, "s").id
    streams.add_event(db, stream, sequence=1, kind="lot", document="{}", digest="d", at=NOON)
    streams.add_draw(db, lot="L1", document="{}", digest="d", at=NOON)
    open_nonconformity(db, lot.id)
    golden_events.add_event(db, "GS-1", GOLDEN_EVENT, after=0, by="W", at=NOON)
    add_signed(db, put(evidence, b"label"))
    open_order(db)
    order = dict.fromkeys(("order_name", "party", "key", "hash", "document", "digest"), "x") | {"sequence": 1}
    assert foreign_orders.add_foreign_order(db, order, put(evidence, b"archive"), NOON)
    assert not foreign_orders.add_foreign_order(db, order, put(evidence, b"archive"), NOON)
    statement = f"DELETE FROM {table}" if verb == "DELETE" else f"UPDATE {table} SET id = id + 1"
    with pytest.raises(ConflictError, match="append-only"), db.write() as connection:
        connection.exec_driver_sql(statement)
    with db.read() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 1


def test_a_decision_is_recorded_once_and_again_when_it_changes(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    lot = records.lot(db, "L1")
    for decision, mark in (("open", "a"), ("open", "a"), ("rejected", "b"), ("open", "a")):
        records.add_lot_decision(db, lot_id=lot.id, decision=decision, document="{}", digest=mark, at=NOON)
    assert [d.digest for d in records.lot_decisions(db, lot.id)] == ["a", "b", "a"]


def test_calibrations_belong_to_the_bench_as_it_is_now(db: Database, evidence: Evidence) -> None:
    assert records.add_rig(db, name="a", digest="1", document="{}", at=NOON)
    assert not records.add_rig(db, name="a", digest="1", document="{}", at=NOON)
    rig = records.rig(db, "a")
    for document in ('{"rms_px": 0.1}', '{"rms_px": 0.2}'):
        records.add_calibration(db, rig_id=rig.id, kind="lens", document=document, files=[put(evidence, b"board")],
                                made_at=NOON, expires_at=NOON + timedelta(days=90))  # fmt: skip
    found = records.calibration(db, rig.id, "lens")
    assert found is not None
    assert (found.document, found.expires_at) == ('{"rms_px": 0.2}', NOON + timedelta(days=90))
    assert records.calibration(db, rig.id, "light") is None
    assert records.add_rig(db, name="a", digest="2", document="{}", at=NOON)
    assert records.calibration(db, records.rig(db, "a").id, "lens") is None
    assert [r.digest for r in records.rigs(db)] == ["2"]


def test_instants_are_kept_in_utc_and_need_a_zone(db: Database) -> None:
    records.add_rig(db, name="a", digest="1", document="{}", at=NOON.astimezone(timezone(timedelta(hours=8))))
    assert records.rig(db, "a").added_at == NOON
    assert records.rig(db, "a").added_at.utcoffset() == timedelta(0)
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        records.add_rig(db, name="b", digest="1", document="{}", at=datetime(2026, 5, 10))


def test_a_row_cannot_name_evidence_that_the_records_do_not_know(
    db: Database, evidence: Evidence, golden_id: int
) -> None:
    inspections.add_unit(db, new_unit(evidence, golden_id, "u1"))
    with pytest.raises(ConflictError, match="refuse this"), db.write() as connection:
        connection.execute(sa.text("UPDATE units SET photo_sha256 = 'nothing'"))
    assert len(inspections.units(db)) == 1


def test_the_audit_names_what_is_missing_extra_and_changed(db: Database, evidence: Evidence, golden_id: int) -> None:
    for name in ("u1", "u2", "u3"):
        inspections.add_unit(db, new_unit(evidence, golden_id, name))
    gone, bent = (inspections.units(db)[i].photo_sha256 for i in (0, 1))
    evidence.path(gone).unlink()
    evidence.path(bent).write_bytes(b"x2")
    stray = evidence.put(b"nobody knows me")
    with db.write() as connection:
        connection.execute(sa.text("UPDATE units SET document = '{\"verdict\": \"conforms\"}' WHERE unit = 'u3'"))
    found = audit(db, evidence)
    assert found.missing == (f"evidence {gone}",)
    assert found.extra == (f"evidence {stray}",)
    assert f"evidence {bent}" in found.changed
    assert any(c.startswith("unit u3") for c in found.changed)
    assert not found.ok


def test_the_first_revision_makes_the_tables_of_this_version(db: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with db.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    scripts = ScriptDirectory(str(Path(tables.__file__).parent / "migrations"))
    assert scripts.get_current_head() == HEAD == db.revision()


@pytest.mark.parametrize(("revision", "do"), [("0000", "station upgrade"), ("9999", "pip install --upgrade")])
def test_a_database_of_another_version_is_refused_with_the_command(db: Database, revision: str, do: str) -> None:
    with db.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    with pytest.raises(StaleSchemaError, match=f"schema {revision}") as error:
        db.ensure()
    assert do in error.value.do


def test_two_processes_make_the_tables_at_once(empty_url: str, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from station.store.database import Database; "
        f"d = Database({empty_url!r}, home=Path({str(tmp_path)!r})); d.ensure(); d.close()"
    )
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [c.wait(60) for c in children] == [0, 0]


def test_a_corrected_value_supersedes_and_both_are_kept(db: Database, golden_id: int) -> None:
    first = [new_value(golden_id, "u1", "33.9"), new_value(golden_id, "u2", "34.0")]
    assert [new for _, new in entered.add_entered(db, first)] == [True, True]
    ((corrected, new),) = entered.add_entered(db, [new_value(golden_id, "u1", "33.5")])
    assert new
    kept = entered.entered_values(db, golden="GS-1", lot="L1", unit="u1", standing=False)
    assert [(v.standing, v.supersedes) for v in kept] == [(False, None), (True, kept[0].id)]
    assert corrected.id == kept[1].id
    # the same file a second time neither adds a row nor brings the old value back
    assert [new for _, new in entered.add_entered(db, first)] == [False, False]
    assert [v.id for v in entered.entered_values(db, unit="u1")] == [corrected.id]


def test_the_same_unit_of_another_lot_has_values_of_its_own(db: Database, golden_id: int) -> None:
    for lot in ("L1", "L2", None):
        ((row, _),) = entered.add_entered(db, [new_value(golden_id, "u1", "33.9", lot)])
        assert (row.lot, row.supersedes, row.golden, row.golden_version) == (lot, None, "GS-1", 1)
    assert len(entered.entered_values(db, unit="u1")) == 3


def test_entered_values_are_recorded_all_or_none(db: Database, evidence: Evidence, golden_id: int) -> None:
    entered.add_entered(db, [new_value(golden_id, "u1", "33.9")])
    other = seal(db, evidence, "GS-2", 1)
    with pytest.raises(ConflictError, match="held to another golden"):
        entered.add_entered(db, [new_value(other, "u8", "33.9", None), new_value(other, "u9", "33.9", "L1")])
    assert [v.unit for v in entered.entered_values(db)] == ["u1"]


def test_many_values_take_few_statements_and_keep_their_order(db: Database, golden_id: int) -> None:
    count = 2 * entered.BLOCK + 7
    values = [new_value(golden_id, f"u{i}", "33.9") for i in range(count)]
    asked: list[str] = []
    written: list[None] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    for engine in {db._writer, db._reader}:
        sa.event.listen(engine, "before_cursor_execute", note)
    found = entered.add_entered(db, values, lambda: written.append(None))
    assert len(asked) < 40
    assert len(written) == count
    assert all(new for _, new in found)
    assert [r.unit for r, _ in found] == [v.unit for v in values]
    assert [r.unit for r in entered.entered_values(db)] == [v.unit for v in values]


def test_values_stopped_half_way_are_not_there(db: Database, golden_id: int) -> None:
    values = [new_value(golden_id, f"u{i}", "33.9") for i in range(entered.BLOCK + 1)]
    left = iter(range(entered.BLOCK))

    def stop() -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        entered.add_entered(db, values, stop)
    assert entered.entered_values(db) == []
    assert records.lots(db) == []
    assert [new for _, new in entered.add_entered(db, values)] == [True] * len(values)


def test_a_value_corrected_in_the_same_list_is_superseded(db: Database, golden_id: int) -> None:
    first, second = new_value(golden_id, "u1", "33.9"), new_value(golden_id, "u1", "33.5")
    (old, _), (new, _), (again, known) = entered.add_entered(db, [first, second, first])
    assert (old.standing, new.standing, new.supersedes) == (False, True, old.id)
    assert (again.id, known) == (old.id, False)


def test_two_who_enter_at_once_supersede_one_another(
    db: Database, store_url: str, golden_id: int, tmp_path: Path
) -> None:
    started = threading.Barrier(4)

    def enter(k: int) -> None:
        mine = Database(store_url, home=tmp_path)
        started.wait(timeout=20)
        for i in range(5):
            entered.add_entered(mine, [new_value(golden_id, "u1", f"{k} {i}")])
        mine.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, range(4)))
    found = entered.entered_values(db, standing=False)
    assert len(found) == 20
    assert [r.standing for r in found] == [False] * 19 + [True]
    assert [r.supersedes for r in found] == [None, *(r.id for r in found[:-1])]


def test_studies_are_found_by_golden_and_bench(db: Database, evidence: Evidence, golden_id: int) -> None:
    made = [
        gauge.add_study(db, golden_id=g, rig=r, source=s, by="M", document="{}", digest="d", at=NOON)
        for g, r, s in ((golden_id, "a", "photos"), (golden_id, "b", "photos"), (None, None, "values"))
    ]
    assert [s.id for s in gauge.studies(db)] == made[::-1]
    assert [s.id for s in gauge.studies(db, golden="GS-1")] == made[1::-1]
    assert [(s.id, s.golden_version) for s in gauge.studies(db, golden="GS-1", rig="a")] == [(made[0], 1)]
    assert (gauge.study(db, made[2]).golden, gauge.study(db, made[2]).source) == (None, "values")
    with pytest.raises(NotFoundError, match="no gauge study 99"):
        gauge.study(db, 99)
    for _ in range(2):  # a run that is taken up again finds what was measured
        gauge.add_capture(
            db, ingest_key="k", golden_id=golden_id, photo="a.jpg", file=put(evidence, b"a"), document="{}", digest="d",
            at=NOON,
        )  # fmt: skip
    found = gauge.capture_of_key(db, "k")
    assert found is not None
    assert (found.photo, gauge.capture_of_key(db, "other")) == ("a.jpg", None)


def test_the_audit_knows_the_new_tables(db: Database, evidence: Evidence, golden_id: int) -> None:
    value = new_value(golden_id, "u1", "33.9")
    entered.add_entered(db, [NewEntered(**{**dataclasses.asdict(value), "document": '{"unit": "u1", "value": "40"}'})])
    study = {"captures": ["e" * 64]}
    gauge.add_study(
        db,
        golden_id=golden_id,
        rig="a",
        source="photos",
        by="",
        document=json.dumps(study),
        digest=digest(study),
        at=NOON,
    )
    reviewed.add_thresholds(
        db, golden_id=golden_id, model="m", action="reset", document="{}", digest="d", at=NOON, after=0
    )
    found = audit(db, evidence)
    assert found.changed[:2] == ("entered value 1", "record of reviewed thresholds 1")
    assert f"evidence {'e' * 64} of gauge study 1" in found.missing
