"""The record of a golden sample: its fields, photos, physical copies, open items, resolutions, changes and holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality import golden_record as rules
from station.quality.sign_off import vet_person
from station.service.measuring import keep, keep_photo
from station.service.record_entry import entry_file, entry_of, set_value
from station.service.record_standing import events_of, facts, standing
from station.service.signing_off import SignOff, media_type, read_file
from station.settings import Settings
from station.store import golden_events, records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import File, GoldenRow
from station.values import golden_record as v
from station.values.digest import digest, sha256_hex
from station.values.names import require_text_name

if TYPE_CHECKING:
    from station.quality.record_fields import Facts
    from station.values.line import Shot

_SHORT_SIDE = 1000
"""Pixels that a photo's shorter side is brought to before its blur is told."""


class GoldenRecords:
    """The use cases of records of golden samples. Reached as ``Station.record``.

    Everything that is said again in the same words is recorded once. Each use case raises NotFoundError for a number
    that there is none of and RequestError for what makes no sense.
    """

    def __init__(
        self, db: Database, evidence: Evidence, settings: Settings, clock: Callable[[], datetime], sign_off: SignOff
    ) -> None:
        self._db, self._evidence, self._settings, self._clock = db, evidence, settings, clock
        self._sign_off = sign_off

    # --- looking -----------------------------------------------------------------------------------------------------

    def show(self, number: str) -> v.GoldenRecordDocument:
        """The record of the version in force (G6)."""
        from station.quality.record_fields import fields, material_remarks, missing, retained

        f = self.facts(number)
        stands, found = f.standing, fields(f)
        items = stands.open_items()
        return v.GoldenRecordDocument(
            number=number, version=f.version, sku=f.sheet.product.sku, state=self._sign_off.status(number).state,
            aliases=f.entry.aliases, fields=found, complete=not missing(found), missing=missing(found), entry=f.entry,
            entry_version=stands.entry_version, slots=stands.slots(), copies=stands.copies(), open_items=items,
            settled_items=stands.settled_items(), settled=not items, resolutions=stands.resolutions(),
            changes=stands.changes(), controlled=rules.controlled(f.entry), holds=stands.holds(),
            retained=retained(f), remarks=tuple(material_remarks(f.entry.material, f.sheet.product.material)),
        )  # fmt: skip

    def facts(self, number: str) -> Facts:
        """What fields, checklist and linter rest on."""
        row = records.golden(self._db, number)
        return facts(
            self._db, self._evidence, row, superseded_by=self._sign_off.superseded_by(row),
            held=self._sign_off.held(number), today=self._clock().date(),
        )  # fmt: skip

    def events(self, number: str) -> list[v.RecordEvent]:
        """Everything that people said of a golden sample, in its order."""
        return [v.RecordEvent.model_validate_json(text) for text in golden_events.events(self._db, number)]

    def checklist(self, number: str) -> v.ChecklistDocument:
        """The twenty items (G22), derived from the records."""
        from station.quality.checklist import checklist

        return checklist(self.facts(number))

    def lint(self, number: str) -> v.GoldenLintDocument:
        """What would be argued about: the nine mistakes (G23), vague words, what is missing."""
        from station.quality.checklist import lint
        from station.service.sheet_advice import linted

        f = self.facts(number)
        return linted(lint(f), f.sheet.product.sku, number, f.version)

    def open_items(self, number: str) -> tuple[str, ...]:
        """What is still to be confirmed, in words."""
        return tuple(i.text for i in self._standing(number)[1].open_items())

    def controlled(self, number: str) -> tuple[str, ...]:
        """Attributes whose change the record controls, as an approval names them; none where it names none (G19)."""
        return self._standing(number)[1].entry.controlled

    def artwork_digest(self, number: str) -> str:
        """SHA-256 of the artwork file that the golden sample was made by, as the sealed sheet has it, else the record;
        "" where neither says it (G11)."""
        from station.sheet import load_sheet

        row, stands = self._standing(number)
        return load_sheet(row.sheet_toml.encode()).golden.artwork_sha256 or stands.entry.artwork.sha256

    def artwork(self, number: str, file: Path, *, by: str | None = None) -> v.ArtworkDocument:
        """Hold a file against the artwork of a golden sample; with ``by`` its digest is recorded where there is none.

        Raises ConflictError where it is another file, or where no digest is on record and nobody records one.
        """
        data = read_file(file)
        found, known = sha256_hex(data), self.artwork_digest(number)
        if not known:
            if by is None:
                raise ConflictError(
                    f"no digest of the artwork of golden {number} is on record",
                    f"Record it: station golden artwork {number} {file.name} --by WHO",
                )
            row, stands = self._standing(number)
            written = v.ArtworkFile(name=file.name, sha256=found)
            entry = stands.entry.model_copy(update={"artwork": written})
            kept = keep(self._evidence, data, media_type(data))
            self._say(stands, self._event("entry", "", row, by, entry=entry), [kept])
        elif found != known:
            raise ConflictError(
                f"{file.name} is not the artwork of golden {number}: its SHA-256 is {found}, on record is {known}",
                "Work by the file that was approved, or seal a new version for the new one.",
            )
        return v.ArtworkDocument(number=number, name=file.name, sha256=found, recorded=not known)

    # --- the entry ---------------------------------------------------------------------------------------------------

    def write(
        self, number: str, *, by: str, file: Path | None = None, values: Sequence[str] = ()
    ) -> v.GoldenRecordDocument:
        """Write into the record: a whole entry as TOML, single values as ``KEY=VALUE`` above it, or both.

        A value is TOML or plain text; an empty one takes the key back. Raises RequestError for an unknown key, for what
        the sealed sheet says already, and for criteria in vague words.
        """
        from station.quality.record_fields import refuse_typed_twice
        from station.quality.wording import refuse_vague
        from station.sheet import load_sheet

        row, stands = self._standing(number)
        if file is None and not values:
            raise RequestError("nothing is to be written", "Give --file RECORD.toml or --set KEY=VALUE.")
        table = stands.entry.model_dump(exclude_defaults=True) if file is None else entry_file(file)
        for value in values:
            set_value(table, value)
        entry = entry_of(table)
        refuse_typed_twice(entry, load_sheet(row.sheet_toml.encode()))
        for key in ("acceptable", "unacceptable"):
            for text in getattr(entry, key):
                refuse_vague(text, key)
        self._say(stands, self._event("entry", "", row, by, entry=entry))
        return self.show(number)

    # --- photos ------------------------------------------------------------------------------------------------------

    def add_photo(self, number: str, kind: str, photo: Path, *, by: str, light: str = "") -> v.GoldenRecordDocument:
        """Put a photo of the version in force into a slot (G8); one that is too small or blurred is kept and does not
        count. light : that it was taken in. Raises PhotoError for what is no photo."""
        from station.service.tools import read

        row, stands = self._standing(number)
        slot: v.PhotoKind = rules.vetted("kind of photo", kind, get_args(v.PhotoKind))
        shot = read(require_text_name(photo), self._settings)
        width, height = shot.size
        blur = blur_of(shot)
        seen = v.PhotoFacts(kind=slot, width=width, height=height, blur=blur, light=_words(light, "--light"),
                            reason=rules.photo_fault(width, height, blur))  # fmt: skip
        file = keep_photo(self._evidence, photo, shot.sha256)
        files = (rules.attachment(slot, photo.name, file.sha256),)
        event = self._event("photo", f"{slot} {file.sha256} {row.version}", row, by, photo=seen, files=files)
        self._say(stands, event, [file])
        return self.show(number)

    # --- copies ------------------------------------------------------------------------------------------------------

    def add_copy(
        self, number: str, name: str, *, role: str, holder: str, place: str, seal: str = "",
        every_days: int | None = None, by: str,
    ) -> v.GoldenRecordDocument:  # fmt: skip
        """Record a physical copy of the version in force (G7, G13), or that it lies elsewhere now.

        Raises RequestError where the factory's master has no seal number (G9), ConflictError where a copy that is kept
        sealed would have another role (G13, G18).
        """
        row, stands = self._standing(number)
        kind: v.Role = rules.vetted("role", role, get_args(v.Role))
        if kind == "factory-sealed" and not seal.strip():
            raise RequestError("a factory-sealed copy needs the number of its seal", "Give --seal NUMBER.")
        spelled = rules.spelled_before(stands.copies(), vet_person(name, what="the copy's name"))
        sample = v.CopyFacts(
            name=spelled, role=kind, holder=vet_person(holder, what="--holder"),
            place=vet_person(place, what="--place"), seal=_words(seal, "--seal"),
            every_days=rules.CHECK_DAYS if every_days is None else every_days,
        )  # fmt: skip
        rules.require_same_role(stands.copies(), sample)
        self._say(stands, self._event("copy", sample.name, row, by, sample=sample))
        return self.show(number)

    def check_copy(
        self, number: str, name: str, *, condition: str, seal_intact: bool | None = None, on: date | None = None,
        note: str = "", photo: Path | None = None, by: str,
    ) -> v.GoldenRecordDocument:  # fmt: skip
        """Record that somebody looked at a copy. on : the day, today without it."""
        row, stands = self._standing(number)
        copy = rules.find_copy(stands.copies(), name, number)
        day = on or self._clock().date()
        if day > self._clock().date():
            raise RequestError(f"{day} has not come yet", "Give the day on which the copy was looked at.")
        if seal_intact is not None and not copy.seal:
            raise RequestError(f"{copy.name} has no seal", "Leave the seal out, or record its number: golden copy add.")
        state: v.Condition = rules.vetted("condition", condition, get_args(v.Condition))
        check = v.CheckFacts(copy_name=copy.name, on=day, condition=state, seal_intact=seal_intact)
        files, kept = self._attached([] if photo is None else [("photo", photo)])
        event = self._event("copy checked", copy.name, row, by, check=check, text=_words(note, "--note"), files=files)
        self._say(stands, event, kept)
        return self.show(number)

    def use_copy(self, number: str, name: str, *, purpose: str, by: str) -> v.GoldenRecordDocument:
        """Record that a copy is compared with in line. Raises ConflictError for a sealed or retained one (G13)."""
        row, stands = self._standing(number)
        copy = rules.find_copy(stands.copies(), name, number)
        rules.require_expendable(copy)
        self._say(stands, self._event("copy used", copy.name, row, by, text=vet_person(purpose, what="--for")))
        return self.show(number)

    def remove_copy(self, number: str, name: str, *, reason: str, by: str) -> v.GoldenRecordDocument:
        """Record that a copy is no longer kept. Raises ConflictError while a hold is in force (G18)."""
        row, stands = self._standing(number)
        copy = rules.find_copy(stands.copies(), name, number)
        if not copy.removed:
            rules.require_no_hold(number, f"copy {copy.name}", stands.holds())
        self._say(stands, self._event("copy removed", copy.name, row, by, text=vet_person(reason, what="--reason")))
        return self.show(number)

    # --- open items, resolutions, changes, holds ---------------------------------------------------------------------

    def open_item(self, number: str, text: str, *, by: str) -> v.GoldenRecordDocument:
        """Name something that is still to be confirmed; until then the golden sample is approved conditionally."""
        row, stands = self._standing(number)
        words = vet_person(text, what="the item")
        if rules.item_key(words) not in {rules.item_key(i.text) for i in stands.open_items()}:
            self._say(stands, self._event("item", rules.item_key(words), row, by, text=words))
        return self.show(number)

    def settle_item(
        self, number: str, item: str, *, how: str, attach: Path | None = None, by: str
    ) -> v.GoldenRecordDocument:
        """Confirm an open item, by its number or its words. how : what was agreed. Raises NotFoundError."""
        row, stands = self._standing(number)
        items = [i for i in stands.open_items() if i.source in ("sheet", "record")]
        found = next((i for i in items if item.strip() in (str(i.number), i.text)
                      or rules.item_key(i.text) == rules.item_key(item)), None)  # fmt: skip
        words = vet_person(how, what="--how")
        if found is None:
            settled = next((s for s in stands.settled_items() if rules.item_key(s.text) == rules.item_key(item)), None)
            if settled is not None and settled.how == words:
                return self.show(number)
            known = "; ".join(f"{i.number} {i.text}" for i in items) or "none"
            raise NotFoundError(f"golden {number} has no open item {item[:40]!r}", f"Open are: {known}.")
        files, kept = self._attached([] if attach is None else [("proof", attach)])
        event = self._event("item settled", rules.item_key(found.text), row, by, text=words, files=files)
        self._say(stands, event, kept)
        return self.show(number)

    def resolve(
        self, number: str, feature: str, *, text: str, front: Path, back: Path, region: str = "", by: str
    ) -> v.GoldenRecordDocument:
        """Resolve what the sample leaves ambiguous, in words with reference images of front and back (G15).

        region : of the sheet. The next sealed version holds it; until then it is an open item. Raises PhotoError,
        RequestError for vague words and for a region that the sheet has not.
        """
        from station.quality.wording import refuse_vague
        from station.sheet import load_sheet

        row, stands = self._standing(number)
        names = [r.name for r in load_sheet(row.sheet_toml.encode()).regions]
        if region and region not in names:
            raise RequestError(
                f"the sheet has no region {region[:40]!r}", f"Its regions: {', '.join(names) or 'none'}."
            )
        words = refuse_vague(text, "--text")
        files, kept = self._attached([("front", front), ("back", back)], photos=True)
        key = vet_person(feature, what="the feature")
        self._say(stands, self._event("resolution", key, row, by, text=words, region=region, files=files), kept)
        return self.show(number)

    def change(
        self, number: str, attribute: str, text: str, *, attach: Sequence[str] = (), by: str
    ) -> v.GoldenRecordDocument:
        """Record a change of the product (G20). attach : ``KIND=FILE``, what shows it. Raises RequestError."""
        from station.quality.wording import refuse_vague

        row, stands = self._standing(number)
        what: v.Attribute = rules.vetted("attribute", attribute, get_args(v.Attribute))
        words = refuse_vague(text, "the change")
        files, kept = self._attached([_proof(a) for a in attach])
        n = len(stands.of("change")) + 1
        event = self._event("change", str(n), row, by, attribute=what, text=words, files=files, number=n)
        if rules.same_change(stands.events, event) is None:
            self._say(stands, event, kept)
        return self.show(number)

    def acknowledge_change(
        self, number: str, change: int, *, text: str = "", attach: Path | None = None, by: str
    ) -> v.GoldenRecordDocument:
        """Record that the supplier acknowledged a change. by : who of the supplier. attach : their reply."""
        row, stands = self._standing(number)
        found = next((c for c in stands.changes() if c.number == change), None)
        if found is None:
            raise NotFoundError(f"golden {number} has no change {change}", f"List them: station golden record {number}")
        files, kept = self._attached([] if attach is None else [("supplier-reply", attach)])
        event = self._event(
            "change acknowledged", str(change), row, by, text=_words(text, "--text"), number=change, files=files
        )
        if not found.acknowledged_by or (found.acknowledged_by, found.reply) != (event.by, event.text):
            self._say(stands, event, kept)
        return self.show(number)

    def hold(
        self, number: str, reason: str, *, until: date | None = None, text: str = "", by: str
    ) -> v.GoldenRecordDocument:
        """Hold everything of a golden sample (G18): it ends with its last day, and no command ends it earlier."""
        row, stands = self._standing(number)
        why: v.HoldReason = rules.vetted("reason", reason, get_args(v.HoldReason))
        if until is not None and until < self._clock().date():
            raise RequestError(f"{until} is past", "Give the last day of the hold, or none.")
        key = f"{why} {until or 'open'}"
        self._say(stands, self._event("hold", key, row, by, reason=why, until=until, text=_words(text, "--note")))
        return self.show(number)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _standing(self, number: str) -> tuple[GoldenRow, rules.Standing]:
        row = records.golden(self._db, number)
        return row, standing(self._db, row, self._clock().date())

    def _event(self, kind: v.EventKind, key: str, row: GoldenRow, by: str, **said: Any) -> v.RecordEvent:
        return v.RecordEvent(kind=kind, key=key, version=row.version, at=self._clock(), by=vet_person(by, what="--by"),
                             **said)  # fmt: skip

    def _say(self, seen: rules.Standing, event: v.RecordEvent, files: Sequence[File] = ()) -> None:
        """Record an event unless the newest word on the matter says the same. seen : what its decision rests on; raises
        ConflictError where another event came in since."""
        number = seen.number
        if rules.holds_already(events_of(self._db, number), event):
            return
        sealed = event.model_copy(update={"digest": digest(event.model_dump(mode="json", by_alias=True,
                                                                            exclude={"digest"}))})  # fmt: skip
        row = {"kind": sealed.kind, "document": sealed.model_dump_json(by_alias=True), "digest": sealed.digest}
        try:
            golden_events.add_event(
                self._db, number, row, after=len(seen.events), by=sealed.by, at=sealed.at, files=files
            )
        except ConflictError:
            if not rules.holds_already(events_of(self._db, number), event):  # else somebody said it at this moment
                raise

    def _attached(
        self, given: Sequence[tuple[str, Path]], *, photos: bool = False
    ) -> tuple[tuple[v.Attachment, ...], list[File]]:
        """Files kept as evidence, and how an event names them. photos : each must be one."""
        from station.service.tools import read

        named, kept = [], []
        for what, path in given:
            if photos:
                read(require_text_name(path), self._settings)
            data = read_file(path)
            file = keep(self._evidence, data, media_type(data))
            named.append(rules.attachment(what, path.name, file.sha256))
            kept.append(file)
        return tuple(named), kept


def blur_of(shot: Shot) -> float | None:
    """Blur of a photo's sharp edges, sigma in px of the picture brought to 1,000 px on its shorter side; None where it
    shows no edge."""
    import cv2
    import numpy as np

    from station.measure.blur import edge_blur_px
    from station.values.colour import linearise

    light = linearise(shot.photo).pixels
    share = _SHORT_SIDE / min(light.shape[:2])
    if share < 1:
        light = np.asarray(cv2.resize(light, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.float32)
    found = edge_blur_px(light, np.ones(light.shape[:2], dtype=bool))
    return None if np.isnan(found) else round(float(found), 2)


def _proof(text: str) -> tuple[str, Path]:
    what, equals, path = text.partition("=")
    if not equals or not path:
        raise RequestError(f"{text[:60]!r} is no KIND=FILE", "Write it as customer-confirmation=mail.eml.")
    return str(rules.vetted("record of a change", what, get_args(v.Proof))), Path(path)


def _words(text: str, what: str) -> str:
    return vet_person(text, what=what, empty=True)
