"""What reviewers say of single findings: a defect, none, or not to be told. It is kept as data; units and lots are
decided as before."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Literal

from station.errors import ModelError, NotFoundError, RequestError
from station.quality.kind_words import kind_meant
from station.service import views
from station.service.reviewing import MAX_TEXT
from station.store import inspections, records
from station.store import reviewed as store
from station.store.database import Database
from station.store.rows import FindingReviewRow, NewFindingReview, UnitRow
from station.values.documents import FindingDocument, SetAsideDocument, UnitDocument
from station.values.names import plain_spaces
from station.values.reviewed import Answer

ANSWERS: tuple[Answer, ...] = ("confirm", "refuse", "undecidable", "undo")

Standing = Literal["", "confirmed", "refused", "undecidable", "disputed"]
Key = tuple[str, str, float, float]
"""What tells a finding from all others, also where its photo is inspected again: photo, kind and place."""

_KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """A reviewer's answer. number : of the finding in its unit, from 1. named : what it is, where the station called it
    something else, or None. new_kind : ``named`` is meant, though neither the control sheet nor the models know it."""

    number: int
    answer: Answer
    named: str | None = None
    reason: str = ""
    new_kind: bool = False


class FindingReviews:
    """The use cases of reviewed findings, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock

    def find(self, unit: str, *, golden: str | None = None, lot: str | None = None) -> int:
        """Id of the newest inspection of a unit of that name.

        Raises NotFoundError where there is none, RequestError where units of several lots or goldens bear the name.
        """
        found = self._of_name(unit, golden, lot)
        places = dict.fromkeys(f"lot {u.lot}" if u.lot else f"golden {u.golden}, no lot" for u in found)
        if len(places) > 1:
            raise RequestError(
                f"{unit} is a unit of {' and of '.join(places)}", "Say which: --lot ID or --golden NUMBER"
            )
        return found[-1].id

    def of_photo(self, sha256: str, golden: str) -> int | None:
        """Id of the newest inspection of a photo against a golden sample, by the photo's SHA-256; None without any."""
        found = [u.id for u in inspections.units_of_photo(self._db, sha256) if u.golden == golden]
        return found[-1] if found else None

    def findings(self, unit_id: int) -> views.UnitFindingsView:
        """The findings of a unit with what was said of each, also of the same photo when it was inspected before."""
        row = inspections.unit(self._db, unit_id)
        document = UnitDocument.model_validate_json(row.document)
        said: dict[Key, list[FindingReviewRow]] = {}
        for one in store.finding_reviews(self._db, photo_sha256=row.photo_sha256):
            said.setdefault(key_of(one.photo_sha256, one), []).append(one)
        return views.UnitFindingsView(
            unit_id=row.id, unit=row.unit, photo=row.photo, golden=row.golden, golden_version=row.golden_version,
            lot=row.lot, verdict=row.verdict, model=document.model, disagreements=document.disagreements,
            kinds=self._kinds(row, document.model), others=len(self._of_name(row.unit, row.golden, row.lot)) - 1,
            findings=tuple(
                views.NumberedFindingView(
                    number=number,
                    set_aside=isinstance(f, SetAsideDocument),
                    finding=f,
                    standing=standing(said.get(key_of(row.photo_sha256, f), ())),
                    answers=tuple(map(_view, said.get(key_of(row.photo_sha256, f), ()))),
                )
                for number, f in numbered(document)
            ),
        )  # fmt: skip

    def answer(
        self,
        unit_id: int,
        answers: Sequence[NewAnswer],
        reviewer: str,
        *,
        expected: int | None = None,
        request_key: str | None = None,
    ) -> list[views.FindingAnswerView]:
        """Record a reviewer's answers about findings of a unit, all or none. A later answer is a new record; ``undo``
        takes the reviewer's own answer back.

        expected, request_key : of a single answer, see :func:`station.store.reviewed.add_finding_reviews`.

        Raises
        ------
        NotFoundError
            No such unit, or no such finding in it.
        RequestError
            Another answer, a finding that is answered twice, a kind that is not known, no reviewer, no plain text, or
            nothing to take back.
        ConflictError
            The reviewer answered elsewhere in the meantime, or the key was used for another answer.
        """
        row = inspections.unit(self._db, unit_id)
        document = UnitDocument.model_validate_json(row.document)
        there = dict(numbered(document))
        golden = records.golden(self._db, row.golden, row.golden_version)
        reviewer = _plain(reviewer, "reviewer")
        if not reviewer:
            raise RequestError("the reviewer is missing", "Say who decides.")
        at = self._clock()
        times = Counter(a.number for a in answers)
        twice = next((number for number, count in times.items() if count > 1), None)
        if twice is not None:
            raise RequestError(f"finding {twice} is answered twice", "Give one answer for each finding.")
        use = document.model_use
        kinds = self._kinds(row, document.model) if any(a.named is not None for a in answers) else ()
        answers = [replace(a, named=_meant(a.named, kinds)) for a in answers]
        new = []
        for one in answers:
            _vet(one, row.unit, len(there), kinds)
            f = there[one.number]
            new.append(
                NewFindingReview(
                    unit_id=row.id, golden_id=golden.id, number=one.number, unit_digest=row.digest, answer=one.answer,
                    kind=f.kind, named=one.named, x_mm=f.x_mm, y_mm=f.y_mm, size_mm=f.size_mm,
                    length_mm=f.length_mm, region=f.region, score=f.score, contrast_to_noise=f.contrast_to_noise,
                    set_aside=isinstance(f, SetAsideDocument), model=document.model,
                    weights="" if use is None else use.weights, program=document.program, reviewer=reviewer,
                    reason=_plain(one.reason, "reason"), at=at, undone=one.answer == "undo",
                )
            )  # fmt: skip
        rows = store.add_finding_reviews(self._db, new, expected=expected, request_key=request_key)
        return [_view(r) for r in rows]

    def _kinds(self, row: UnitRow, model: str) -> tuple[str, ...]:
        """What a finding may be: the kinds of the unit's control sheet, then those that the models know."""
        from station.judge.reviewed import UNTOUCHED
        from station.models import FOUND, PAIR_MODEL, REFERENCE_DIFFERENCE, card_of
        from station.sheet import load_sheet

        sheet = load_sheet(records.golden(self._db, row.golden, row.golden_version).sheet_toml.encode())
        known: tuple[str, ...] = ()
        for name in dict.fromkeys((model, PAIR_MODEL)):
            if name != REFERENCE_DIFFERENCE:
                with contextlib.suppress(ModelError):  # the card of one's own model may be gone since
                    known += card_of(name)[1].kinds
        plain = (*FOUND[REFERENCE_DIFFERENCE], *sorted(UNTOUCHED))
        return tuple(dict.fromkeys([*(d.kind for d in sheet.defects), *known, *plain]))

    def _of_name(self, unit: str, golden: str | None, lot: str | None) -> list[UnitRow]:
        found = inspections.units(self._db, unit=unit, golden=golden, lot=lot, current=True)
        if not found:
            where = "".join(f" of {what} {name}" for what, name in (("golden", golden), ("lot", lot)) if name)
            raise NotFoundError(f"there is no unit {unit[:80]!r}{where}", "Inspect it: station inspect PHOTO ...")
        return found


def numbered(document: UnitDocument) -> list[tuple[int, FindingDocument]]:
    """The findings of a unit by number from 1, those set aside after the others."""
    return list(enumerate((*document.findings, *document.set_aside), 1))


def key_of(photo_sha256: str, f: FindingDocument | FindingReviewRow) -> Key:
    """What tells a finding from all others."""
    return (photo_sha256, f.kind, round(f.x_mm, 6), round(f.y_mm, 6))


def standing(answers: Iterable[FindingReviewRow]) -> Standing:
    """What answers about one finding come to, given oldest first: of every reviewer the newest counts, unless it was
    taken back. ``undecidable`` is no vote; where the others disagree the finding is disputed."""
    newest = {a.reviewer: a for a in answers}
    votes = [a.answer for a in newest.values() if not a.undone]
    decided = set(votes) - {"undecidable"}
    if len(decided) == 1:
        return "confirmed" if decided == {"confirm"} else "refused"
    return "disputed" if decided else "undecidable" if votes else ""


def _vet(one: NewAnswer, unit: str, count: int, kinds: Sequence[str]) -> None:
    if one.answer not in ANSWERS:
        raise RequestError(f"{one.answer[:40]!r} is no answer", f"Use one of {', '.join(ANSWERS)}.")
    if not 1 <= one.number <= count:
        have = f"it has {count}" if count else "it has none"
        raise NotFoundError(f"unit {unit} has no finding {one.number}, {have}", f"See them: station review {unit}")
    if one.answer == "undo" and one.named is not None:
        raise RequestError("an answer that is taken back names no kind", "Leave the kind out.")
    if one.named is not None and not _KIND.fullmatch(one.named):
        raise RequestError(f"{one.named[:40]!r} is no kind of finding", "Write it as the sheet does, such as pit.")
    if one.named is not None and one.named not in kinds and not one.new_kind:
        near = get_close_matches(one.named, kinds, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise RequestError(
            f"neither the control sheet nor the models know the kind {one.named!r}",
            f"{meant}Known are {', '.join(kinds)}; one that is really new is recorded with --new-kind.",
        )


def _meant(named: str | None, kinds: Sequence[str]) -> str | None:
    """The kind of the sheet or the models that a reviewer's word means, the word itself where it means none (S4)."""
    meant = None if named is None or named in kinds else kind_meant(named)
    return meant if meant in kinds else named


def _plain(text: str, what: str) -> str:
    text = plain_spaces(text).strip()
    if not text.replace("\n", " ").isprintable() or len(text) > MAX_TEXT:
        raise RequestError(f"the {what} is no plain text of at most {MAX_TEXT} characters", "Write it in a few words.")
    return text


def _view(row: FindingReviewRow) -> views.FindingAnswerView:
    told = {k: getattr(row, k) for k in views.FindingAnswerView.model_fields}
    return views.FindingAnswerView.model_validate(told | ({"answer": "undo", "named": None} if row.undone else {}))
