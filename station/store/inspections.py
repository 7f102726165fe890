"""Units, their findings and what reviewers said of them. A unit is written in one transaction, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from station.errors import ConflictError, NotFoundError, RequestError
from station.judge.second_look import Word, disputed_by, may_settle
from station.store import tables as t
from station.store import unit_claims
from station.store.database import Database
from station.store.ledger import insert, insert_all, insert_once, touch, touched
from station.store.records import ensure_lot, keep_files
from station.store.rows import NewUnit, QueuedRow, ReviewRow, UnitRow
from station.values.documents import Verdict

_Truth = TypeVar("_Truth", bool, sa.ColumnElement[bool])
_AT_ONCE = 500
"""Units that are asked for by their ids in one query."""
_REVIEW = ("id", "decision", "reason", "reviewer", "at", "supersedes", "disputes")


@cache  # a statement is never changed, and building it takes longer than the query
def _units(*, bare: bool = False) -> sa.Select[Any]:
    review = [t.reviews.c[k].label(f"review_{k}") for k in _REVIEW]
    return _of_units(
        *(c for c in t.units.c if c.name not in (_BEHIND if bare else ("document",))),
        *(empty.label(name) for name, empty in _BEHIND.items() if bare),
        *(() if bare else (t.units.c.document,)),
        t.goldens.c.number.label("golden"),
        t.goldens.c.version.label("golden_version"),
        t.lots.c.name.label("lot"),
        *review,
    )


@cache
def _one_unit() -> sa.Select[Any]:
    """The unit whose id is the parameter ``unit``."""
    return _units().where(t.units.c.id == sa.bindparam("unit"))


_BEHIND: dict[str, sa.ColumnElement[Any]] = {
    **{name: sa.literal("") for name in ("document", "digest", "carton")},
    "identifiers": sa.literal("{}"),
    "inspected_at": sa.literal(datetime.min.replace(tzinfo=UTC), t.units.c.inspected_at.type),
}
"""A unit's document and what stands behind it in its row, empty: to get there SQLite would read the whole document."""


def _of_units(*columns: Any) -> sa.Select[Any]:
    """Columns of units with their golden, their lot and their newest review."""
    other = t.reviews.alias("other")
    newest = sa.select(sa.func.max(other.c.id)).where(other.c.unit_id == t.units.c.id).scalar_subquery()
    return (
        sa.select(*columns)
        .select_from(t.units)
        .join(t.goldens, t.goldens.c.id == t.units.c.golden_id)
        .outerjoin(t.lots, t.lots.c.id == t.units.c.lot_id)
        .outerjoin(t.reviews, t.reviews.c.id == newest)
    )


def _replaced() -> sa.ColumnElement[bool]:
    """Whether the same picture was inspected again for the same lot and golden, by a newer model or calibration."""
    later = t.units.alias("later")
    return sa.exists().where(
        later.c.photo_sha256 == t.units.c.photo_sha256,
        later.c.golden_id == t.units.c.golden_id,
        sa.func.coalesce(later.c.lot_id, 0) == sa.func.coalesce(t.units.c.lot_id, 0),
        later.c.id > t.units.c.id,
    )


def _unit(row: sa.Row[Any]) -> UnitRow:
    m = row._mapping
    review = None
    if m["review_id"] is not None:
        review = ReviewRow(
            id=m["review_id"], unit_id=m["id"], decision=m["review_decision"], reason=m["review_reason"],
            reviewer=m["review_reviewer"], at=m["review_at"], supersedes=m["review_supersedes"],
            disputes=m["review_disputes"],
        )  # fmt: skip
    return UnitRow(
        id=m["id"], unit=m["unit"], photo=m["photo"], photo_sha256=m["photo_sha256"],
        frame_sha256=m["frame_sha256"], annotated_sha256=m["annotated_sha256"],
        golden=m["golden"], golden_version=m["golden_version"], lot=m["lot"], verdict=Verdict(m["verdict"]),
        margin=m["margin"], document=m["document"], digest=m["digest"], carton=m["carton"],
        identifiers=json.loads(m["identifiers"]), inspected_at=m["inspected_at"], review=review,
    )  # fmt: skip


def add_unit(db: Database, new: NewUnit) -> tuple[UnitRow, bool]:
    """Record a unit in one transaction; where its key is known already, answer the stored one and False."""
    with db.write() as c:
        keep_files(c, (new.photo_file, new.frame_file, new.annotated_file), new.inspected_at)
        lot_id = None if new.lot is None else ensure_lot(c, new.lot, new.golden_id, new.inspected_at)
        values = {
            "ingest_key": new.ingest_key, "unit": new.unit, "photo": new.photo,
            "photo_sha256": new.photo_file.sha256,
            "frame_sha256": new.frame_file.sha256 if new.frame_file else None,
            "annotated_sha256": new.annotated_file.sha256 if new.annotated_file else None,
            "golden_id": new.golden_id, "lot_id": lot_id, "verdict": str(new.verdict), "margin": new.margin,
            "document": new.document, "digest": new.digest, "carton": new.carton,
            "identifiers": json.dumps(new.identifiers, ensure_ascii=False), "inspected_at": new.inspected_at,
        }  # fmt: skip
        created = insert_once(c, t.units, values)
        unit_id = c.execute(sa.select(t.units.c.id).where(t.units.c.ingest_key == new.ingest_key)).scalar_one()
        if created:
            insert_all(c, t.findings, [{"unit_id": unit_id, **f} for f in new.findings])
        _present(c, unit_id, new.unit, new.photo, new.lot, new.inspected_at)
        if touched(c):
            about = {"unit": new.unit, "lot": new.lot, "verdict": str(new.verdict), "digest": new.digest}
            db.ledger.enter(c, "unit inspected" if created else "picture presented again", about=about)
    return unit(db, unit_id), created


def present_again(
    db: Database, unit_id: int, *, unit_name: str, photo: str, lot: str | None, at: datetime, golden_id: int
) -> UnitRow:
    """Note that a known picture was handed in (again); a unit without a lot joins the one named now."""
    with db.write() as c:
        if lot is not None:
            lot_id = ensure_lot(c, lot, golden_id, at)
            free = (t.units.c.id == unit_id) & t.units.c.lot_id.is_(None)
            if c.execute(sa.update(t.units).where(free).values(lot_id=lot_id)).rowcount:
                touch(c, t.units, unit_id)
        _present(c, unit_id, unit_name, photo, lot, at)
        if touched(c):
            db.ledger.enter(c, "picture presented again", about={"unit": unit_name, "lot": lot})
    return unit(db, unit_id)


def _present(c: sa.Connection, unit_id: int, name: str, photo: str, lot: str | None, at: datetime) -> None:
    insert_once(c, t.presentations, {"unit_id": unit_id, "unit": name, "photo": photo, "lot": lot or "", "at": at})


def presentations(db: Database, unit_id: int) -> list[tuple[str, str | None]]:
    """Names and lots under which the picture of a unit was handed in, oldest first."""
    p = t.presentations.c
    with db.read() as c:
        query = sa.select(p.unit, p.lot).where(p.unit_id == unit_id).order_by(p.id)
        return [(r.unit, r.lot or None) for r in c.execute(query)]


def units_of_photo(db: Database, sha256: str) -> list[UnitRow]:
    """Every unit measured in this picture, oldest first."""
    with db.read() as c:
        return [_unit(r) for r in c.execute(_units().where(t.units.c.photo_sha256 == sha256).order_by(t.units.c.id))]


def unit_of_key(db: Database, ingest_key: str) -> UnitRow | None:
    """The unit recorded under an ingest key."""
    with db.read() as c:
        row = c.execute(_units().where(t.units.c.ingest_key == ingest_key)).first()
    return None if row is None else _unit(row)


def unit(db: Database, unit_id: int) -> UnitRow:
    """A unit by its id. Raises NotFoundError."""
    with db.read() as c:
        row = c.execute(_one_unit(), {"unit": unit_id}).first()
    if row is None:
        raise NotFoundError(f"there is no unit {unit_id}", "Look it up in the list of units.")
    return _unit(row)


def newest_of_rig(db: Database, rig: str, limit: int) -> list[UnitRow]:
    """The newest units held to golden samples that were sealed on a bench, oldest first."""
    query = _units().where(t.goldens.c.rig == rig).order_by(t.units.c.id.desc()).limit(limit)
    with db.read() as c:
        return [_unit(r) for r in reversed(c.execute(query).all())]


def units(
    db: Database,
    *,
    lot: str | None = None,
    golden: str | None = None,
    unit: str | None = None,
    verdict: Verdict | None = None,
    current: bool = False,
    bare: bool = False,
    after: int = 0,
    limit: int | None = None,
) -> list[UnitRow]:
    """Units in the order of inspection; ``current`` leaves out what a later inspection of the picture replaced.

    bare : without their documents, digests, cartons, identifiers and times, for counting. after : only units with a
    greater id, which is how a list is read page by page while units are added to it.
    """
    query = _units(bare=bare).where(t.units.c.id > after).order_by(t.units.c.id).limit(limit)
    if lot is not None:
        query = query.where(t.lots.c.name == lot)
    if golden is not None:
        query = query.where(t.goldens.c.number == golden)
    if unit is not None:
        query = query.where(t.units.c.unit == unit)
    if verdict is not None:
        query = query.where(t.units.c.verdict == str(verdict))
    if current:
        query = query.where(~_replaced())
    with db.read() as c:
        return [_unit(r) for r in c.execute(query)]


def of_ids(db: Database, ids: Sequence[int]) -> list[UnitRow]:
    """Units by their ids, in that order. Raises NotFoundError for one that does not exist."""
    found: dict[int, UnitRow] = {}
    with db.read() as c:
        for first in range(0, len(ids), _AT_ONCE):
            query = _units().where(t.units.c.id.in_(ids[first : first + _AT_ONCE]))
            found |= {r.id: _unit(r) for r in c.execute(query)}
    missing = next((i for i in ids if i not in found), None)
    if missing is not None:
        raise NotFoundError(f"there is no unit {missing}", "Look it up in the list of units.")
    return [found[i] for i in ids]


def in_queue(
    flagged: _Truth, decided: _Truth, unsettled: _Truth, again: _Truth, *, settled: bool, second_look: bool
) -> _Truth:
    """The rule of the queue, of a condition in SQL or of a unit at hand.

    flagged : it does not conform by its verdict. decided : accepted or rejected, and no reviewer disagrees; unsettled :
    not so. again : deferred or in disagreement, whatever the verdict. settled, second_look : as of :func:`queued`.
    """
    if settled:
        return flagged & decided
    return again if second_look else again | (flagged & unsettled)


def queued(
    db: Database, *, lot: str | None = None, settled: bool = False, second_look: bool = False
) -> list[QueuedRow]:
    """What a list of thousands shows of the units that wait for a reviewer by the line's own verdict: flagged and not
    settled, deferred, or in disagreement; undecided first, worst margin first. Those too of which a value was entered
    that does not conform: whether they wait is for :mod:`station.service.queueing` to say, which knows all of it.

    settled : flagged ones that a reviewer accepted or rejected instead, the newest review first. second_look : of those
    that wait only what was deferred and what reviewers disagree about.

    Nothing is asked for that stands behind a unit's document in its row: SQLite would read all of that to get there.
    """
    review = [t.reviews.c[k].label(f"review_{k}") for k in ("id", "decision", "reviewer", "disputes")]
    query = _of_units(
        t.units.c.id, t.units.c.unit, t.goldens.c.number.label("golden"), t.goldens.c.version.label("golden_version"),
        t.lots.c.name.label("lot"), t.units.c.verdict, t.units.c.margin, *review,
    )  # fmt: skip
    with db.read() as c:
        return [
            QueuedRow(
                r.id,
                r.unit,
                r.golden,
                r.golden_version,
                r.lot,
                Verdict(r.verdict),
                r.margin,
                r.review_id,
                r.review_decision,
                r.review_reviewer,
                r.review_disputes,
            )
            for r in c.execute(_queued(query, lot, settled, second_look))
        ]


def _queued(query: sa.Select[Any], lot: str | None, settled: bool, second_look: bool) -> sa.Select[Any]:
    disputed = t.reviews.c.disputes.is_not(None)
    decided = t.reviews.c.decision.in_(("accept", "reject")) & ~disputed
    rule = in_queue(
        t.units.c.verdict != "conforms", decided, t.reviews.c.id.is_(None) | ~decided,
        disputed | (t.reviews.c.decision == "defer"), settled=settled, second_look=second_look,
    )  # fmt: skip
    e, of = t.entered_values, t.units.alias("of")
    same = (of.c.unit == e.c.unit) & (of.c.golden_id == e.c.golden_id)
    same &= sa.func.coalesce(of.c.lot_id, 0) == sa.func.coalesce(e.c.lot_id, 0)
    spoken_against = sa.select(of.c.id).select_from(e.join(of, same)).where(e.c.verdict != "conforms")
    query = query.where(rule | t.units.c.id.in_(spoken_against), ~_replaced())
    if lot is not None:
        query = query.where(t.lots.c.name == lot)
    order: tuple[sa.ColumnElement[Any], ...] = (
        sa.case((t.units.c.verdict == "undecided", 0), else_=1),
        sa.case((t.units.c.margin.is_(None), 0), else_=1),
        t.units.c.margin,
        t.units.c.id,
    )
    return query.order_by(t.reviews.c.id.desc()) if settled else query.order_by(*order)


def inspected(db: Database, lot: str) -> int:
    """Units of a lot, without those that a later inspection of the same picture replaced."""
    query = sa.select(sa.func.count()).select_from(t.units).join(t.lots).where(t.lots.c.name == lot, ~_replaced())
    with db.read() as c:
        return int(c.execute(query).scalar_one())


def findings(
    db: Database,
    *,
    kind: str | None = None,
    lot: str | None = None,
    unit_id: int | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Findings with the unit's name and lot, in the order they were recorded; ``after``: with a greater id."""
    query = (
        sa.select(t.findings, t.units.c.unit.label("unit"), t.lots.c.name.label("lot"))
        .join(t.units, t.units.c.id == t.findings.c.unit_id)
        .outerjoin(t.lots, t.lots.c.id == t.units.c.lot_id)
        .where(t.findings.c.id > after)
        .order_by(t.findings.c.id)
        .limit(limit)
    )
    if kind is not None:
        query = query.where(t.findings.c.kind == kind)
    if lot is not None:
        query = query.where(t.lots.c.name == lot)
    if unit_id is not None:
        query = query.where(t.findings.c.unit_id == unit_id)
    with db.read() as c:
        return [dict(r._mapping) for r in c.execute(query)]


# --- reviews ---------------------------------------------------------------------------------------------------------


def add_review(
    db: Database,
    *,
    unit_id: int,
    decision: str,
    reason: str,
    reviewer: str,
    at: datetime,
    expected: int | None = None,
    request_key: str | None = None,
    approves: bool = False,
    take_over: bool = False,
) -> ReviewRow:
    """Record a reviewer's word; it supersedes the unit's newest. Nothing is changed or erased. The unit's claim ends.

    Parameters
    ----------
    expected
        The id of the review the reviewer saw, 0 for a unit without one; a newer one in the records is a conflict.
        None: do not ask.
    request_key
        The same key a second time answers the first record.
    approves
        The reviewer is an approver, whose word settles what others disagree about.
    take_over
        Decide the unit although another reviewer looks at it.

    Raises
    ------
    ConflictError
        Somebody else reviewed the unit in the meantime, the key was used for another review, or the reviewer deferred
        the unit, which is for another one to settle.
    ClaimedError
        Another reviewer looks at the unit.
    """
    with db.write() as c:
        unit_claims.lock_unit(c, unit_id)  # before the key: the same request may be under way in another process
        if request_key is not None:
            again = c.execute(_OF_KEY, {"key": request_key}).first()
            if again is not None:
                if (again.unit_id, again.decision, again.reason, again.reviewer) != (
                    unit_id,
                    decision,
                    reason,
                    reviewer,
                ):
                    raise ConflictError("this request key was used for another review", "Send a new key.")
                return _review(again)
        words = _words(c, unit_id)
        newest = words[-1].id if words else None
        if expected is not None and (newest or 0) != expected:
            raise ConflictError(
                "this unit was reviewed by somebody else in the meantime", "Look at it again, then decide."
            )
        if decision == "undo" and newest is None:
            raise RequestError(f"unit {unit_id} has no review to undo", "Accept, reject or defer it.")
        if decision in ("accept", "reject") and not may_settle(words, reviewer):
            raise ConflictError(
                f"{reviewer} deferred this unit, and a second reviewer is to settle it",
                "Leave it to somebody else, or undo the deferral first.",
            )
        held = unit_claims.holder(c, unit_id, at)
        if held is not None and not take_over:
            unit_claims.refuse_others(held, reviewer)
        disputes = disputed_by(words, decision, reviewer, approves=approves)
        values = {
            "unit_id": unit_id, "decision": decision, "reason": reason, "reviewer": reviewer, "at": at,
            "supersedes": newest, "request_key": request_key, "disputes": disputes,
        }  # fmt: skip
        made = insert(c, t.reviews, values)
        unit_claims.end(c, unit_id)
        told = {"lot": _lot_of(c, unit_id), "disputes": disputes}
        about = {"unit": unit_id, "decision": decision} | {k: v for k, v in told.items() if v is not None}
        db.ledger.enter(c, "unit reviewed", by=reviewer, about=about)
        return _review(made)


# built once, like all that a decision waits for: building a statement takes longer than the query
_UNIT: sa.BindParameter[int] = sa.bindparam("unit")
_OF_KEY = sa.select(t.reviews).where(t.reviews.c.request_key == sa.bindparam("key"))
_LOT_NAME = sa.select(t.lots.c.name).join(t.units, t.units.c.lot_id == t.lots.c.id).where(t.units.c.id == _UNIT)
_SAID = (
    sa.select(*(t.reviews.c[k] for k in ("id", "decision", "reviewer", "disputes")))
    .where(t.reviews.c.unit_id == _UNIT)
    .order_by(t.reviews.c.id)
)


def _lot_of(c: sa.Connection, unit_id: int) -> str | None:
    return c.execute(_LOT_NAME, {"unit": unit_id}).scalar()


def _words(c: sa.Connection, unit_id: int) -> list[Word]:
    """Every word on a unit, oldest first."""
    return [Word(**r._mapping) for r in c.execute(_SAID, {"unit": unit_id})]


def reviews(db: Database, unit_id: int) -> list[ReviewRow]:
    """Every review of a unit, oldest first."""
    with db.read() as c:
        return [
            _review(r)
            for r in c.execute(sa.select(t.reviews).where(t.reviews.c.unit_id == unit_id).order_by(t.reviews.c.id))
        ]


def _review(row: sa.Row[Any]) -> ReviewRow:
    return ReviewRow(
        id=row.id, unit_id=row.unit_id, decision=row.decision, reason=row.reason, reviewer=row.reviewer, at=row.at,
        supersedes=row.supersedes, disputes=row.disputes,
    )  # fmt: skip
