"""Score thresholds from reviews of findings: proposed, set by a named person with a reason, taken back the same way."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from station.errors import RequestError
from station.judge.reviewed import UNTOUCHED
from station.quality import thresholds as rule
from station.service.finding_reviews import Key, Standing, key_of, standing
from station.service.reviewing import MAX_TEXT
from station.store import inspections, records
from station.store import reviewed as store
from station.store.database import Database
from station.store.rows import FindingReviewRow, GoldenRow, UnitRow
from station.values.digest import digest
from station.values.documents import ModelUseDocument
from station.values.names import plain_spaces
from station.values.reviewed import (
    TOGETHER,
    GroupDocument,
    RecalibrationDocument,
    ShareDocument,
    ThresholdsDocument,
    ThresholdsInForce,
    in_words,
)

METHOD = (
    "a threshold is the lowest score of the confirmed and the disputed findings, stated from "
    f"{rule.LEAST_CONFIRMED} confirmed on {rule.LEAST_UNITS} units; a place that several photos of a unit show counts "
    "once, by its lowest score, where it is refused by its highest: "
    f"at most {rule.MOST_LOST:.0%} of such findings then lie below it, at 95 % confidence "
    "(Wilks 1941); bounds of shares are those of Clopper and Pearson, each one-sided at 95 %"
)

_ELSE_MODEL = "by another defect model, other weights or another version of the program"
_ELSE_VERSION = "on another version of the golden"
_ELSE_KIND = "of kinds that no threshold holds for"
_UNSEEN = "on units whose findings set aside were not all answered"


_SAME_MM = 0.3  # and half its extent, between what two photos of a unit show of one place


@dataclass(frozen=True, slots=True)
class _Seen:
    """A reviewed finding as it stands. place : its unit, by lot and name, and which place of that unit, whatever it is
    called there. score : of several photos that show it the lowest, of a refused one the highest."""

    kind: str
    place: tuple[str | None, str, int]
    score: float
    standing: Standing


class Recalibration:
    """The use cases of reviewed thresholds, for one :class:`station.service.Station`. model : in use, by its card."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], model: Callable[[], ModelUseDocument], program: str
    ) -> None:
        self._db, self._clock, self._model, self._program = db, clock, model, program

    def propose(self, golden: str) -> RecalibrationDocument:
        """What the reviews of a golden sample's newest version propose for the model in use. It changes nothing."""
        row, use = records.golden(self._db, golden), self._model()
        force = thresholds_in_force(self._db, row, use, self._program)
        old = {} if force is None else dict(force.scores)
        seen, left_out = self._seen(row, use)
        groups = _groups(seen, old)
        proposed = {kind: score for g in groups for kind, score in g.new.items()}
        return RecalibrationDocument(
            golden=row.number, golden_version=row.version, golden_digest=row.digest, model=use.name,
            weights=use.weights, program=self._program, old=old, proposed=dict(sorted(proposed.items())),
            groups=tuple(groups), left_out=left_out, method=METHOD,
        )  # fmt: skip

    def apply(self, golden: str, *, by: str, reason: str) -> tuple[int, ThresholdsDocument]:
        """Set the proposed thresholds; they hold for every inspection from then on. Answers the record and its number.

        Raises RequestError where nothing is proposed, where it is in force already, and without a name and a reason.
        """
        report = self.propose(golden)
        if not report.proposed:
            lacking = "; ".join(f"{g.kind}: {g.reason}" for g in report.groups) or "no finding was reviewed"
            raise RequestError(
                f"the reviews propose no threshold: {lacking}", "Review more findings: station review UNIT"
            )
        if report.proposed == report.old:
            raise RequestError("the proposed thresholds are in force already", "There is nothing to do.")
        return self._record(golden, "apply", by, reason, report)

    def reset(self, golden: str, *, by: str, reason: str) -> tuple[int, ThresholdsDocument]:
        """Take the thresholds back: every finding counts again from then on.

        Raises RequestError where none are set, and without a name and a reason.
        """
        row = records.golden(self._db, golden)
        found = store.thresholds(self._db, golden_id=row.id, model=self._model().name)
        if not found or found[0].action == "reset":
            raise RequestError(f"golden {golden} has no reviewed thresholds", "There is nothing to take back.")
        return self._record(golden, "reset", by, reason, None)

    def history(self, golden: str) -> list[tuple[int, ThresholdsDocument]]:
        """Every record of thresholds of a golden sample's newest version and the model in use, newest first."""
        row = records.golden(self._db, golden)
        found = store.thresholds(self._db, golden_id=row.id, model=self._model().name)
        return [(r.id, ThresholdsDocument.model_validate_json(r.document)) for r in found]

    def _record(
        self,
        golden: str,
        action: Literal["apply", "reset"],
        by: str,
        reason: str,
        report: RecalibrationDocument | None,
    ) -> tuple[int, ThresholdsDocument]:
        by, reason = (_said(text, option) for text, option in ((by, "--by"), (reason, "--reason")))
        row, use, at = records.golden(self._db, golden), self._model(), self._clock()
        found = store.thresholds(self._db, golden_id=row.id, model=use.name)
        document = ThresholdsDocument(
            action=action, golden=row.number, golden_version=row.version, golden_digest=row.digest, model=use.name,
            weights=use.weights, program=self._program, made_at=at, by=by, reason=reason,
            scores={} if report is None else report.proposed, report=report,
        )  # fmt: skip
        content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
        document = document.model_copy(update={"digest": digest(content)})
        number = store.add_thresholds(
            self._db, golden_id=row.id, model=use.name, action=action, digest=document.digest, at=at,
            document=document.model_dump_json(by_alias=True), after=found[0].id if found else 0,
        )  # fmt: skip
        return number, document

    def _seen(self, golden: GoldenRow, use: ModelUseDocument) -> tuple[list[_Seen], dict[str, int]]:
        """Reviewed findings that count, each once, and how many do not, by reason."""
        told: dict[Key, list[FindingReviewRow]] = defaultdict(list)
        left: dict[str, set[Key]] = defaultdict(set)
        for r in store.finding_reviews(self._db, golden=golden.number):
            key = key_of(r.photo_sha256, r)
            if r.golden_id != golden.id:
                left[_ELSE_VERSION].add(key)
            elif (r.model, r.weights, r.program) != (use.name, use.weights, self._program):
                left[_ELSE_MODEL].add(key)
            elif r.kind in UNTOUCHED:
                left[_ELSE_KIND].add(key)
            else:
                told[key].append(r)
        told = {key: rows for key, rows in told.items() if standing(rows)}  # what was taken back was not said
        units = {i: inspections.unit(self._db, i) for i in {r.unit_id for rows in told.values() for r in rows}}
        whole = _whole(units.values(), set(told))
        for key in [k for k in told if k[0] not in whole]:
            left[_UNSEEN].add(key)
            del told[key]
        by_unit: dict[tuple[str | None, str], list[list[FindingReviewRow]]] = defaultdict(list)
        for rows in told.values():
            unit = units[rows[-1].unit_id]
            by_unit[unit.lot, unit.unit].append(rows)
        seen = [one for unit, found in by_unit.items() for one in _each_once(unit, found)]
        return seen, {reason: len(keys) for reason, keys in sorted(left.items())}


def _whole(units: Iterable[UnitRow], answered: set[Key]) -> set[str]:
    """Photos with a reviewed inspection of which every finding that was set aside is answered: where only what counts
    is looked at, a threshold would never see what it costs."""
    whole = set()
    for row in units:
        aside = json.loads(row.document).get("set_aside", ())
        keys = {(row.photo_sha256, f["kind"], round(f["x_mm"], 6), round(f["y_mm"], 6)) for f in aside}
        if keys <= answered:
            whole.add(row.photo_sha256)
    return whole


def _each_once(unit: tuple[str | None, str], found: Iterable[Sequence[FindingReviewRow]]) -> Iterator[_Seen]:
    """What was reviewed of one unit, each kind once at every place, on however many photos it shows.

    Two findings of one photo are two places. found : the answers about each finding. What one photo's answers confirm
    and another's refuse is disputed.
    """
    places: list[list[FindingReviewRow]] = []  # of each the last answers about what photos show there
    at: dict[tuple[int, str], list[Sequence[FindingReviewRow]]] = defaultdict(list)
    for rows in found:
        last = rows[-1]
        same = [i for i, there in enumerate(places) if _is_of(last, there)]
        number = min(same, key=lambda i: _apart(last, places[i][0])) if same else len(places)
        if not same:
            places.append([])
        places[number].append(last)
        at[number, last.kind].append(rows)
    for (number, kind), shown in at.items():
        said = {standing(rows) for rows in shown}
        decided = said - {"undecidable"}
        stands: Standing = "undecidable" if not decided else decided.pop() if len(decided) == 1 else "disputed"
        scores = [rows[-1].score for rows in shown]
        yield _Seen(kind, (*unit, number), max(scores) if stands == "refused" else min(scores), stands)


def _is_of(one: FindingReviewRow, there: Sequence[FindingReviewRow]) -> bool:
    """Whether a finding is another photo's view of a place."""
    reach = _SAME_MM + max(one.size_mm, one.length_mm) / 2
    return one.photo_sha256 not in {r.photo_sha256 for r in there} and _apart(one, there[0]) <= reach


def _apart(a: FindingReviewRow, b: FindingReviewRow) -> float:
    return math.hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm)


def thresholds_in_force(
    db: Database, golden: GoldenRow, use: ModelUseDocument, program: str
) -> ThresholdsInForce | None:
    """The newest record for this version of a golden sample and this model, None where none was ever made.

    Thresholds of other weights or another version of the program have lapsed: its scores mean something else.
    """
    found = store.thresholds(db, golden_id=golden.id, model=use.name)
    if not found:
        return None
    record = ThresholdsDocument.model_validate_json(found[0].document)
    lapsed = ""
    if record.scores and (record.weights, record.program) != (use.weights, program):
        lapsed = (
            f"the reviewed thresholds of {record.made_at:%Y-%m-%d} ({in_words(record.scores)}) hold no longer: they "
            "are of another version of the model or the program; review findings anew, then run: "
            f"station model recalibrate --golden {golden.number}"
        )
    return ThresholdsInForce(
        record=record.digest,
        made_at=record.made_at.isoformat(),
        by=record.by,
        scores={} if lapsed else dict(record.scores),
        lapsed=lapsed,
    )


def threshold_remarks(found: ThresholdsInForce | None, golden: str) -> tuple[str, ...]:
    """What whoever inspects should be told before the units."""
    if found is None or not (found.scores or found.lapsed):
        return ()
    if found.lapsed:
        return (found.lapsed,)
    return (
        f"reviewed thresholds of {found.made_at[:10]}, set by {found.by}, are in force for golden {golden}: a finding "
        f"counts where its score is {in_words(found.scores)}; what lies below is listed as set aside",
    )


def _said(text: str, option: str) -> str:
    text = plain_spaces(text).strip()
    if not text:
        raise RequestError(f"{option} is empty", "Thresholds are set and taken back with a name and a reason.")
    if not text.isprintable() or len(text) > MAX_TEXT:
        raise RequestError(f"{option} is no plain text", f"Use at most {MAX_TEXT} characters.")
    return text


# --- from findings to the document -----------------------------------------------------------------------------------


def _groups(seen: Sequence[_Seen], old: Mapping[str, float]) -> list[GroupDocument]:
    """A group for every kind that has enough for itself, and one for all others together."""
    kinds = sorted({s.kind for s in seen})
    own = [k for k in kinds if not _lacking([s for s in seen if s.kind == k])]
    rest = [k for k in kinds if k not in own]
    groups = [_group(k, (k,), [s for s in seen if s.kind == k], old) for k in own]
    if rest:
        name = rest[0] if len(rest) == 1 else TOGETHER
        groups.append(_group(name, tuple(rest), [s for s in seen if s.kind in rest], old))
    return groups


def _lacking(seen: Iterable[_Seen]) -> str:
    """What a group lacks for a threshold, in words; "" where it has enough."""
    confirmed = _places(s for s in seen if s.standing == "confirmed")
    units = len({place[:2] for place in confirmed})
    if rule.enough(len(confirmed)) and units >= rule.LEAST_UNITS:
        return ""
    return (
        f"{len(confirmed)} confirmed findings on {units} units are too few, it takes {rule.LEAST_CONFIRMED} on "
        f"{rule.LEAST_UNITS}"
    )


def _group(name: str, kinds: tuple[str, ...], seen: Sequence[_Seen], old: Mapping[str, float]) -> GroupDocument:
    confirmed = [s for s in seen if s.standing == "confirmed"]
    refused = [s for s in seen if s.standing == "refused"]
    disputed = [s for s in seen if s.standing == "disputed"]  # may be real: they hold the threshold as well
    lacking = _lacking(seen)
    new = {} if lacking else dict.fromkeys(kinds, rule.lowest([s.score for s in (*confirmed, *disputed)]))
    real = _places(confirmed)
    return GroupDocument(
        kind=name, kinds=kinds, state="insufficient" if lacking else "proposed", reason=lacking,
        confirmed=len(real), refused=len(_places(refused)), disputed=len(_places(disputed)),
        undecidable=len(_places(s for s in seen if s.standing == "undecidable")),
        units=len({place[:2] for place in real}), old={k: old[k] for k in kinds if k in old}, new=new,
        confirmed_old=_share(confirmed, old), refused_old=_share(refused, old),
        confirmed_new=_share(confirmed, new) if new else None, refused_new=_share(refused, new) if new else None,
    )  # fmt: skip


def _places(seen: Iterable[_Seen]) -> set[tuple[str | None, str, int]]:
    return {s.place for s in seen}


def _share(seen: Sequence[_Seen], scores: Mapping[str, float]) -> ShareDocument:
    """Of the places that these findings lie at, those where one is dropped."""
    dropped = _places(s for s in seen if s.score < scores.get(s.kind, 0.0))
    found = rule.share(len(dropped), len(_places(seen)))
    return ShareDocument(dropped=found.dropped, of=found.of, low=found.low, high=found.high)
