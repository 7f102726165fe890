"""The decision on a lot, and where it stands while it is inspected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from station.errors import ConflictError, NotFoundError, RequestError
from station.service.entering import missing_values, without_photo
from station.service.lots import draw_of_lot, known_golden, outcome
from station.service.reviewing import preference_of
from station.store import records
from station.store.database import Database
from station.store.rows import LotDecisionRow, UnitRow
from station.values.documents import DefectClass, LotDocument, PreferenceDocument, Verdict
from station.values.draw import DrawDocument

if TYPE_CHECKING:
    from station.service.station import Station


class Deciding:
    """The use cases, for one :class:`station.service.Station`."""

    def __init__(self, station: Station, db: Database, clock: Callable[[], datetime]) -> None:
        self._station, self._db, self._clock = station, db, clock

    def decide(self, lot: str, size: int | None, *, stream: str | None) -> LotDocument:
        """See :meth:`station.service.Station.decide_lot`."""
        self._station.releases.require(lot, "decided")
        document = self.tally(lot, size, stream=stream)
        if not document.inspected:
            raise ConflictError(
                f"lot {lot} is not decided: no unit of it was inspected",
                f"Inspect its sample: station inspect PHOTOS --golden {document.golden} --lot {lot}",
            )
        records.add_lot_decision(
            self._db, lot_id=records.lot(self._db, lot).id, decision=document.decision,
            document=document.model_dump_json(by_alias=True), digest=document.digest, at=self._clock(),
        )  # fmt: skip
        if document.stream is not None:
            self._station.streams.record_decision(document.stream, document)
        if any(c.next_due for c in document.classes) and (document.decision == "open" or document.stream is not None):
            self._station.draws.draw_next(lot, document.sample)
        return document

    def tally(
        self, lot: str, size: int | None = None, *, stream: str | None = None, explained: bool = True
    ) -> LotDocument:
        """The decision as it would be now, recorded nowhere.

        size : units in the whole lot; None: that of its newest decision or pick list. stream : whose severities are in
        force, in place of the sheet's; None: the pick list's, if it names one. explained : with clusters and cause.

        Raises
        ------
        NotFoundError
            Neither units nor a pick list with a golden sample are known of the lot.
        RequestError
            Nobody said its size.
        ConflictError
            It was drawn for another stream, or is counted there as one of another size; or its plans take several
            samples and no pick list says which units are the first one.
        """
        from station.lots.decide import decide
        from station.sheet import load_sheet

        golden = known_golden(self._db, lot)
        if golden is None:
            golden = records.golden_by_id(self._db, records.lot(self._db, lot).golden_id)
        drawn = draw_of_lot(self._db, lot)
        size = self._size(lot, drawn) if size is None else size
        stream = self._stream(lot, drawn, stream, size)
        aql = (sheet := load_sheet(golden.sheet_toml.encode())).aql
        severities = None if stream is None else self._station.streams.severities(stream, aql, lot)
        aql = aql if stream is None else self._station.streams.held(stream, aql)
        if aql.type != "single" and drawn is None:
            raise ConflictError(
                f"Lot {lot} has {aql.type} plans, and no pick list says which units are its first sample",
                f"Draw it before it is inspected: station lot draw {lot} --size {size}",
            )
        units = self._station.standing_units(lot)
        found = self._station.analysis.of_decision(lot) if explained and units else ((), None, None)
        return decide(
            lot, golden.number, [outcome(u, sheet) for u in units], aql, size,
            lacking=missing_values(self._db, lot, sheet),
            remarks=(*without_photo(self._db, lot, units), *self._changed(lot, size, drawn, severities or {})),
            severities=severities, stream=stream, drawn=self._station.draws.in_drawn_order(lot),
            draw=None if drawn is None else drawn.digest, preferences=_preferences(units),
            clusters=found[0], extent=found[1], cause=found[2], at_worst=sheet.decision.undecided == "nonconforming",
        )  # fmt: skip

    def newest(self, lot: str) -> LotDocument:
        """The newest decision on a lot. Raises NotFoundError where there is none yet."""
        return LotDocument.model_validate_json(self._newest(lot).document)

    def decided_at(self, lot: str) -> datetime:
        """When the newest decision on a lot was made. Raises NotFoundError where there is none yet."""
        return self._newest(lot).at

    def outdated(self, lot: str, units: Sequence[UnitRow] | None = None) -> str:
        """That the newest decision on a lot is not what would be decided today, in words: units, values or reviews
        came since that change its outcome; "" where it is.

        units : its standing units, where they are known. To decide anew takes every unit's document, so that it is done
        only where something was recorded since, or the verdicts are other ones. Raises NotFoundError where nothing was
        decided.
        """
        newest = self._newest(lot)
        decided = LotDocument.model_validate_json(newest.document)
        count = Counter(u.standing for u in (self._station.standing_units(lot) if units is None else units))
        verdicts = [count[v] for v in (Verdict.CONFORMS, Verdict.NONCONFORMS, Verdict.UNDECIDED)]
        same = verdicts == [decided.conforms, decided.nonconforms, decided.undecided]
        if same and not records.changed_since(self._db, newest):
            return ""
        again = f"lot {lot} was decided ({decided.decision}) before the newest units, values and reviews came"
        try:
            now = self.tally(lot, decided.size, stream=decided.stream, explained=False)
        except (ConflictError, RequestError) as error:
            return f"{again}: {error.message}"
        if now.decision == decided.decision and (now.decision == "accepted" or _found(now) == _found(decided)):
            return ""
        return f"{again}, by which it is {now.decision}: decide it again"

    def size(self, lot: str) -> int | None:
        """Units in a lot as they were last said, by its pick list or its newest decision; None where nobody did."""
        drawn = draw_of_lot(self._db, lot)
        decided = self._decisions(lot)
        if decided and (drawn is None or decided[0].at > drawn.at):
            return LotDocument.model_validate_json(decided[0].document).size
        return None if drawn is None else drawn.size

    def _newest(self, lot: str) -> LotDecisionRow:
        decided = records.lot_decisions(self._db, records.lot(self._db, lot).id)
        if not decided:
            raise NotFoundError(f"lot {lot} is not decided yet", f"Decide it: station lot decide {lot} --size N")
        return decided[0]

    def _decisions(self, lot: str) -> list[LotDecisionRow]:
        opened = any(x.name == lot for x in records.lots(self._db))
        return records.lot_decisions(self._db, records.lot(self._db, lot).id) if opened else []

    def _size(self, lot: str, drawn: DrawDocument | None) -> int:
        found = self.size(lot)
        if found is None:
            raise RequestError(
                f"the size of lot {lot} is missing: it was neither drawn nor decided before, so nobody said it",
                f"Say how many units the whole lot has: station lot decide {lot} --size N; over HTTP the field size.",
            )
        return found

    def _stream(self, lot: str, drawn: DrawDocument | None, stream: str | None, size: int) -> str | None:
        """The stream that holds. Raises ConflictError where it is not that of the pick list, or counts another size."""
        own = None if drawn is None else drawn.stream
        if stream is not None and own is not None and stream != own:
            raise ConflictError(
                f"The sample of lot {lot} was drawn for stream {own}, not for {stream}",
                f"Leave out --stream, or draw it again: station lot draw {lot} --stream {stream}",
            )
        stream = own if stream is None else stream
        counted = [] if stream is None else [e.size for e in self._station.streams.counted(stream, lot)]
        if counted and size not in counted:
            raise ConflictError(
                f"Lot {lot} is counted in stream {stream} as one of {counted[-1]} units, not of {size}",
                f"Give --size {counted[-1]}; a lot that comes again after sorting is recorded with station stream lot "
                "--resubmitted.",
            )
        return stream

    def _changed(
        self, lot: str, size: int, drawn: DrawDocument | None, severities: dict[DefectClass, str]
    ) -> list[str]:
        """What is not any more as it was when the sample was drawn or the lot was decided before, in words."""
        remarks = []
        if drawn is not None and drawn.size != size:
            remarks.append(f"its sample was drawn from a lot of {drawn.size} units, it is decided as one of {size}")
        before = [LotDocument.model_validate_json(d.document).size for d in self._decisions(lot)]
        others = dict.fromkeys(str(b) for b in reversed(before) if b != size)
        if others:
            remarks.append(
                f"it was decided before as a lot of {' and of '.join(others)} units, now of {size}: a lot keeps its "
                "size unless units are taken out of it"
            )
        was = {} if drawn is None or drawn.stream is None else drawn.severities
        for c, severity in severities.items():
            if was.get(c, severity) != severity:
                remarks.append(
                    f"{c}: its sample was drawn for {was[c]} inspection, since then {severity} inspection is in force"
                )
        return remarks


def _found(decided: LotDocument) -> list[tuple[str, int, bool | None]]:
    return [(c.defect_class, c.nonconforming, c.accepted) for c in decided.classes]


def _preferences(units: Sequence[UnitRow]) -> list[PreferenceDocument]:
    """What reviewers would rather have otherwise on units that they accepted."""
    accepted = [u for u in units if u.review is not None and u.review.counted == "accept" and not u.overtaken]
    return [
        PreferenceDocument(unit=u.unit, words=words, by=u.review.reviewer)
        for u in accepted
        if u.review is not None and (words := preference_of(u.review.reason))
    ]
