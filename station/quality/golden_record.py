"""The record of a golden sample, replayed from what was said of it: photos, copies, open items, changes, holds.

The sealed version is what was agreed; the record says what no sheet, signature or photo says (G6, G14), what is still
to be confirmed, and what of it is kept where. Nothing in it is edited: the newest word on a matter counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, get_args

from station.errors import ConflictError, RequestError
from station.quality.repetition import is_repeated
from station.values.golden_record import (
    Attachment,
    ChangeDocument,
    CopyDocument,
    CopyFacts,
    EventKind,
    HoldDocument,
    OpenItemDocument,
    PhotoKind,
    RecordEntry,
    RecordEvent,
    ResolutionDocument,
    SettledItemDocument,
    SlotDocument,
)

SLOTS: tuple[PhotoKind, ...] = get_args(PhotoKind)[:8]
"""The eight kinds of photo without which a sample that is only photographed is no standard (G8)."""

LEAST_SIDE_PX = 1000
"""Shorter side of a photo that may stand for the sample: a 30 mm pin that fills most of it has 0.04 mm a pixel."""
LARGEST_BLUR_PX = 1.8
"""Blur of the edges, sigma, in a picture brought to 1,000 px on its shorter side."""

CHECK_DAYS = 180
"""How often a physical copy is looked at unless it says otherwise."""

SEALED_ROLES = ("factory-sealed", "buyer-retained")
"""Copies that are kept, never used: in line only the expendable one may be (G13)."""

TOPICS: Mapping[EventKind, str] = {
    "item settled": "item", "copy removed": "copy", "change acknowledged": "acknowledged",
}  # fmt: skip
"""Events that answer one of another kind about the same thing; of both the newest counts."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A golden sample's events in their order, seen from its version in force.

    sealed : day of sealing of every version, by its number. sheet_items : open items of the sheet in force. notes : of
    every version's sheet, those of its regions among them.
    """

    number: str
    version: int
    events: tuple[RecordEvent, ...]
    today: date
    sealed: Mapping[int, date] = field(default_factory=dict)
    sheet_items: tuple[str, ...] = ()
    notes: Mapping[int, str] = field(default_factory=dict)

    def of(self, *kinds: EventKind) -> list[RecordEvent]:
        """Events of some kinds, in their order."""
        return [e for e in self.events if e.kind in kinds]

    # --- the entry ---------------------------------------------------------------------------------------------------

    @property
    def entry(self) -> RecordEntry:
        """What people wrote, the newest; empty where nobody wrote anything."""
        return next((e.entry for e in reversed(self.events) if e.entry is not None), RecordEntry())

    @property
    def entry_version(self) -> int | None:
        """The version that was in force when it was written."""
        return next((e.version for e in reversed(self.events) if e.entry is not None), None)

    # --- photos ------------------------------------------------------------------------------------------------------

    def slot(self, kind: PhotoKind) -> SlotDocument:
        """A photo slot of the version in force."""
        mine = [e for e in self.of("photo") if e.photo and e.photo.kind == kind and e.version == self.version]
        reasons = tuple(f"{e.files[0].name}: {e.photo.reason}" for e in mine if e.photo and e.photo.reason)
        return SlotDocument(
            kind=kind, filled=any(e.photo and not e.photo.reason for e in mine),
            photos=tuple(e.files[0] for e in mine), reasons=reasons,
        )  # fmt: skip

    def slots(self) -> tuple[SlotDocument, ...]:
        """Every photo slot: the eight of the sample, then those of production."""
        return tuple(self.slot(kind) for kind in get_args(PhotoKind))

    # --- copies ------------------------------------------------------------------------------------------------------

    def copies(self) -> tuple[CopyDocument, ...]:
        """The physical copies as they stand, in the order in which they were made."""
        return tuple(self._copy(name) for name in dict.fromkeys(e.key for e in self.of("copy")))

    def _copy(self, name: str) -> CopyDocument:
        mine = [e for e in self.events if e.key == name and e.kind.startswith("copy")]
        removed = [e.kind for e in mine if e.kind in ("copy", "copy removed")][-1] == "copy removed"
        if not removed:  # a name that was free again is another copy's
            gone = max((i for i, e in enumerate(mine) if e.kind == "copy removed"), default=-1)
            mine = mine[gone + 1 :]
        said = [e for e in mine if e.sample is not None]
        first, sample = said[0], said[-1].sample
        assert sample is not None
        checks = [e.check for e in mine if e.check is not None]
        last = max(reversed(checks), key=lambda c: c.on) if checks else None  # of one day's the newest
        checked_on = max(last.on, first.at.date()) if last else first.at.date()
        due = checked_on + timedelta(days=sample.every_days)
        condition = last.condition if last else "intact"
        sound = condition in ("intact", "worn") and not (last and last.seal_intact is False)
        overdue = self.today > due and not removed
        return CopyDocument(
            name=name, role=sample.role, version=first.version, current=first.version == self.version,
            holder=sample.holder, place=sample.place, seal=sample.seal, condition=condition,
            seal_intact=last.seal_intact if last else (True if sample.seal else None), checked_on=checked_on, due=due,
            overdue=overdue, used=tuple(e.text for e in mine if e.kind == "copy used"), removed=removed,
            good=sound and not overdue and not removed and first.version == self.version,
        )  # fmt: skip

    # --- items, resolutions, changes ---------------------------------------------------------------------------------

    def open_items(self) -> tuple[OpenItemDocument, ...]:
        """What is still to be confirmed: of the sheet, of the record, changes without the supplier's word, resolutions
        that no version holds yet."""
        found: list[tuple[str, Any, str]] = []
        settle = f"station golden item settle {self.number} N --how TEXT --by WHO"
        for text in self.sheet_items:
            if not any(e.key == item_key(text) and e.version == self.version for e in self.of("item settled")):
                found.append((text, "sheet", settle))
        for text in self._opened():
            if item_key(text) not in {item_key(t) for t, _, _ in found}:
                found.append((text, "record", settle))
        for change in self.changes():
            if change.needs_acknowledgement and not change.acknowledged_by:
                do = f"station golden change acknowledge {self.number} {change.number} --by WHO"
                found.append((f"the supplier has not acknowledged change {change.number}: {change.text}", "change", do))
        for r in self.resolutions():
            if r.sealed_in is None:
                place = f', or into the note of region "{r.region}",' if r.region else ""
                do = (
                    f'write its very words, "{r.text}", into notes under [product]{place} of the control sheet and '
                    "seal it: station golden seal --sheet --photo"
                )
                found.append((f"no version holds what was resolved of {r.feature}", "resolution", do))
        return tuple(
            OpenItemDocument(number=n, text=text, source=source, do=do.replace(" N ", f" {n} "))
            for n, (text, source, do) in enumerate(found, 1)
        )

    def _opened(self) -> list[str]:
        """Items of the record that were not settled after they were last opened."""
        newest = {e.key: e for e in self.of("item", "item settled")}
        return [e.text for e in newest.values() if e.kind == "item"]

    def settled_items(self) -> tuple[SettledItemDocument, ...]:
        """What was confirmed, in that order."""
        named = {e.key: e.text for e in self.of("item")} | {item_key(t): t for t in self.sheet_items}
        return tuple(
            SettledItemDocument(text=named.get(e.key, e.key), how=e.text, by=e.by, at=e.at, files=e.files)
            for e in self.of("item settled")
        )

    def resolutions(self) -> tuple[ResolutionDocument, ...]:
        """Ambiguities that were resolved, the newest word on each feature, and the version since which the sheet has
        these very words among its notes (G15)."""
        newest = {e.key: e for e in self.of("resolution")}
        return tuple(
            ResolutionDocument(
                feature=e.key, region=e.region, text=e.text, files=e.files, by=e.by, at=e.at, version=e.version,
                sealed_in=self._held_since(e),
            )
            for e in newest.values()
        )  # fmt: skip

    def _held_since(self, resolution: RecordEvent) -> int | None:
        """The first version since that has the words among its notes; None where the one in force has them not."""
        words = item_key(resolution.text)
        holding = [v for v, said in self.notes.items() if v >= resolution.version and words in item_key(said)]
        return min(holding) if self.version in holding else None

    def changes(self) -> tuple[ChangeDocument, ...]:
        """Every change, with the supplier's word on it."""
        answers = {e.key: e for e in self.of("change acknowledged")}
        made = []
        for e in self.of("change"):
            assert e.attribute is not None
            assert e.number is not None
            answer = answers.get(e.key)
            made.append(
                ChangeDocument(
                    number=e.number, attribute=e.attribute, text=e.text, version=e.version, by=e.by, at=e.at,
                    files=(*e.files, *(answer.files if answer else ())),
                    needs_acknowledgement=e.attribute in controlled(self.entry),
                    acknowledged_by=answer.by if answer else "", acknowledged_at=answer.at if answer else None,
                    reply=answer.text if answer else "",
                )
            )  # fmt: skip
        return tuple(made)

    # --- holds -------------------------------------------------------------------------------------------------------

    def holds(self) -> tuple[HoldDocument, ...]:
        """Every retention hold, whether it is in force today or its last day is past."""
        return tuple(
            HoldDocument(
                reason=e.reason, until=e.until, text=e.text, by=e.by, at=e.at,
                in_force=e.until is None or e.until >= self.today,
            )
            for e in self.of("hold")
            if e.reason is not None
        )  # fmt: skip


def controlled(entry: RecordEntry) -> tuple[str, ...]:
    """Attributes whose change the supplier must acknowledge: those of the record, all twelve without any (G19)."""
    from station.values.golden_record import Attribute

    return entry.controlled or get_args(Attribute)


def item_key(text: str) -> str:
    """By what an item is known: its words without regard to case and blanks."""
    return " ".join(text.split()).casefold()


def photo_fault(width: int, height: int, blur: float | None) -> str:
    """Why a photo cannot stand for the sample, "" where it can (G8: "don't rely on one blurry photo").

    blur : sigma of its edges in px of the picture brought to 1,000 px on its shorter side; None where it has no edge.
    """
    if min(width, height) < LEAST_SIDE_PX:
        return f"{width} x {height} px, at least {LEAST_SIDE_PX:,} px on the shorter side are needed"
    if blur is None:
        return "nothing in it has an edge"
    if blur > LARGEST_BLUR_PX:
        return f"its edges are blurred by {blur:.1f} px of 1,000, at most {LARGEST_BLUR_PX:g} are allowed"
    return ""


def require_no_hold(number: str, what: str, holds: Iterable[HoldDocument]) -> None:
    """Raises ConflictError where a hold is in force: there is no command that overrides one (G18)."""
    held = [h for h in holds if h.in_force]
    if held:
        ends = [h.until for h in held]
        last = "the order's end, which is not dated" if None in ends else str(max(d for d in ends if d is not None))
        raise ConflictError(
            f"{what} of golden {number} is kept until {last} ({', '.join(h.reason for h in held)})",
            "Keep it; a hold ends with its last day and by no command.",
        )


def require_same_role(copies: Iterable[CopyDocument], sample: CopyFacts) -> None:
    """Raises ConflictError where a copy that is kept sealed would have another role: no hold is got round so, and what
    was sealed stays what it was."""
    for c in copies:
        same = c.name.casefold() == sample.name.casefold() and not c.removed
        if same and c.role in SEALED_ROLES and c.role != sample.role:
            raise ConflictError(
                f"{c.name} is the {c.role.replace('-', ' ')} copy, which stays one",
                "Give the other copy a name of its own.",
            )


def require_expendable(copy: CopyDocument) -> None:
    """Raises ConflictError for a copy that is kept sealed: in line only the expendable one is used (G13)."""
    if copy.role in SEALED_ROLES:
        raise ConflictError(
            f"{copy.name} is the {copy.role.replace('-', ' ')} master, which is kept and never used in line",
            "Use the expendable copy, or the station's measured master.",
        )
    if copy.removed:
        raise ConflictError(f"{copy.name} is no longer kept", "Use another copy.")


def spelled_before(copies: Iterable[CopyDocument], name: str) -> str:
    """A copy's name as it is on record, whatever its case: all that names a copy later finds it so."""
    return next((c.name for c in copies if c.name.casefold() == name.casefold()), name)


def find_copy(copies: Sequence[CopyDocument], name: str, number: str) -> CopyDocument:
    """The copy of that name. Raises RequestError."""
    for c in copies:
        if c.name.casefold() == name.strip().casefold():
            return c
    known = ", ".join(c.name for c in copies) or "none"
    raise RequestError(f"golden {number} has no copy {name[:40]!r}", f"Its copies: {known}.")


def holds_already(events: Sequence[RecordEvent], event: RecordEvent) -> bool:
    """Whether the newest word on the same matter says the same, so that nothing is to be recorded."""

    def topic(e: RecordEvent) -> tuple[str, str]:
        return TOPICS.get(e.kind, e.kind), e.key

    newest = next((e for e in reversed(events) if topic(e) == topic(event)), None)
    if newest is None or _content(newest) != _content(event):
        return False
    return event.kind != "copy used" or is_repeated(newest.at, event.at)  # it is used again and again for one thing


def _content(event: RecordEvent) -> dict[str, Any]:
    aside = {"at", "by", "digest", "number"}
    if event.kind not in ("photo", "item settled", "resolution"):
        aside.add("version")  # what is said of them is said of the golden sample, whatever its version
    return event.model_dump(mode="json", exclude=aside)


def same_change(events: Sequence[RecordEvent], event: RecordEvent) -> RecordEvent | None:
    """A change that was recorded before in the same words with the same files."""
    for e in events:
        if e.kind == "change" and (e.attribute, e.text, e.files) == (event.attribute, event.text, event.files):
            return e
    return None


def vetted(kind: str, value: str, allowed: Iterable[str]) -> Any:
    """``value`` as one of those allowed, whatever its case and whether it is written with "-", "_" or blanks."""
    for one in allowed:
        if _plain(one) == _plain(value):
            return one
    raise RequestError(f"{value[:40]!r} is no {kind}", f"Use one of {', '.join(allowed)}.")


def _plain(text: str) -> str:
    return text.strip().lower().replace("_", "-").replace(" ", "-")


def attachment(what: str, name: str, sha256: str) -> Attachment:
    """A file that an event names, by the last part of its path."""
    return Attachment(what=what, name=name[:120], sha256=sha256)
