"""What reviewers said of findings, and the score thresholds that follow from it. Nothing is changed or erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from station.errors import ConflictError, RequestError
from station.store import tables as t
from station.store.database import Database
from station.store.ledger import insert
from station.store.rows import FindingReviewRow, NewFindingReview, ThresholdsRow

_SAME_MM = 1e-6
"""Within which a finding of the same photo, inspected again, lies at the same place."""


def add_finding_reviews(
    db: Database,
    new: Sequence[NewFindingReview],
    *,
    expected: int | None = None,
    request_key: str | None = None,
) -> list[FindingReviewRow]:
    """Record answers about findings, all or none. One supersedes the same reviewer's newest about the same finding,
    also of another inspection of the same photo.

    Parameters
    ----------
    expected
        The id of the reviewer's own newest answer that was seen, 0 for none; a newer one in the records is a conflict.
        None: do not ask. With it, or with a key, there is one answer only.
    request_key
        The same key a second time answers the first record.

    Raises
    ------
    ConflictError
        The reviewer answered elsewhere in the meantime, or the key was used for another answer.
    RequestError
        There is no answer of this reviewer to take back.
    """
    k = t.finding_reviews.c
    ids = []
    with db.write() as c:
        for one in new:
            # the row lock keeps two answers of one reviewer apart in PostgreSQL, and two that are the same request;
            # SQLite has one writer anyway
            c.execute(sa.select(t.units.c.id).where(t.units.c.id == one.unit_id).with_for_update())
            if request_key is not None:
                again = c.execute(_reviews().where(k.request_key == request_key)).first()
                if again is not None:
                    return [_same_request(_row(again), one)]
            newest = c.execute(_own(one).order_by(k.id.desc())).first()
            if expected is not None and (0 if newest is None else newest.id) != expected:
                raise ConflictError(
                    f"{one.reviewer} answered about this finding elsewhere in the meantime",
                    "Look at it again, then answer.",
                )
            values = {**asdict(one), "set_aside": int(one.set_aside), "undone": int(one.undone)}
            if one.undone:
                if newest is None or newest.undone:
                    raise RequestError(
                        f"finding {one.number} has no answer of {one.reviewer} to take back", "Confirm or refuse it."
                    )
                values |= {"answer": newest.answer, "named": newest.named}
            values |= {"supersedes": None if newest is None else newest.id, "request_key": request_key}
            ids.append(int(insert(c, t.finding_reviews, values).id))
        db.ledger.enter(c, "findings reviewed", by=", ".join(dict.fromkeys(one.reviewer for one in new)))
    with db.read() as c:
        return [_row(r) for r in c.execute(_reviews().where(k.id.in_(ids)).order_by(k.id))]


def _own(one: NewFindingReview) -> sa.Select[Any]:
    """A reviewer's answers about one finding: of its kind and at its place in the same photo."""
    k = t.finding_reviews.c
    photo = sa.select(t.units.c.photo_sha256).where(t.units.c.id == one.unit_id).scalar_subquery()
    same_place = (sa.func.abs(k.x_mm - one.x_mm) < _SAME_MM, sa.func.abs(k.y_mm - one.y_mm) < _SAME_MM)
    return _reviews().where(
        t.units.c.photo_sha256 == photo, k.kind == one.kind, k.reviewer == one.reviewer, *same_place
    )


def _same_request(row: FindingReviewRow, one: NewFindingReview) -> FindingReviewRow:
    said = [(x.unit_id, x.number, x.undone, x.reviewer, x.reason) for x in (row, one)]
    if said[0] != said[1] or (not one.undone and (row.answer, row.named) != (one.answer, one.named)):
        raise ConflictError("this request key was used for another answer", "Send a new key.")
    return row


def finding_reviews(
    db: Database, *, golden: str | None = None, photo_sha256: str | None = None
) -> list[FindingReviewRow]:
    """Answers about findings, oldest first. golden : number, of all its versions. photo_sha256 : of one photo."""
    query = _reviews().order_by(t.finding_reviews.c.id)
    if golden is not None:
        query = query.where(t.goldens.c.number == golden)
    if photo_sha256 is not None:
        query = query.where(t.units.c.photo_sha256 == photo_sha256)
    with db.read() as c:
        return [_row(r) for r in c.execute(query)]


def _reviews() -> sa.Select[Any]:
    k = t.finding_reviews.c
    return (
        sa.select(t.finding_reviews, t.units.c.photo_sha256, t.goldens.c.version.label("golden_version"))
        .join(t.units, t.units.c.id == k.unit_id)
        .join(t.goldens, t.goldens.c.id == k.golden_id)
    )


def _row(row: sa.Row[Any]) -> FindingReviewRow:
    return FindingReviewRow(**{**row._mapping, "set_aside": bool(row.set_aside), "undone": bool(row.undone)})


def add_thresholds(
    db: Database, *, golden_id: int, model: str, action: str, document: str, digest: str, at: datetime, after: int
) -> int:
    """Record thresholds, or that they are taken back; answers the record's id.

    after : id of the newest record that the new one was made from, 0 for none. Raises ConflictError where another came
    in between.
    """
    k = t.finding_thresholds.c
    row = {
        "golden_id": golden_id, "model": model, "action": action, "document": document, "digest": digest, "at": at,
    }  # fmt: skip
    with db.write() as c:
        c.execute(sa.select(t.goldens.c.id).where(t.goldens.c.id == golden_id).with_for_update())
        newest = c.execute(sa.select(sa.func.max(k.id)).where(k.golden_id == golden_id, k.model == model)).scalar()
        if (newest or 0) != after:
            raise ConflictError("other thresholds were set in the meantime", "Look at them, then run it again.")
        made = int(insert(c, t.finding_thresholds, row).id)
        db.ledger.enter(c, "thresholds set" if action == "apply" else "thresholds taken back", about={"model": model})
        return made


def thresholds(db: Database, *, golden_id: int, model: str) -> list[ThresholdsRow]:
    """Records of thresholds of a golden's version and a model, newest first."""
    k = t.finding_thresholds.c
    query = sa.select(t.finding_thresholds).where(k.golden_id == golden_id, k.model == model).order_by(k.id.desc())
    with db.read() as c:
        return [ThresholdsRow(**r._mapping) for r in c.execute(query)]
