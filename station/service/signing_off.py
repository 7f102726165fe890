"""Artefacts, sign-off by both parties, acknowledgements, and the matrix of who holds what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality import sign_off as rules
from station.quality.signing import SIGN_OFF
from station.service import signatures
from station.service.approving import approval_text
from station.service.measuring import keep
from station.service.record_standing import standing
from station.settings import Settings
from station.store import records, sign_offs
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import GoldenRow
from station.store.sign_offs import AcknowledgementRow, ArtefactRow, SignOffRow
from station.values.digest import digest
from station.values.names import require_text_name
from station.values.sign_off import (
    AcknowledgementDocument,
    ArtefactDocument,
    ArtefactStatus,
    GoldenStatusDocument,
    HeldDocument,
    SignOffDocument,
)

MAX_FILE = 25_000_000
"""Bytes of an artefact's file or of what is attached to an acknowledgement."""


class SignOff:
    """What the parties say of golden samples. Reached as ``Station.sign_off``."""

    def __init__(self, db: Database, evidence: Evidence, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._db, self._evidence, self._settings, self._clock = db, evidence, settings, clock

    # --- artefacts ---------------------------------------------------------------------------------------------------

    def add_artefact(
        self, number: str, kind: str, path: Path, *, by: str, version: int | None = None, note: str = ""
    ) -> ArtefactDocument:
        """Record a version of an artefact; the newest file recorded again is the same version.

        version : its own number where it has one, above the newest; left out, the next. Raises RequestError,
        NotFoundError.
        """
        kind = rules.vet("artefact", kind, rules.ARTEFACTS)
        if kind == rules.PRODUCT:
            raise RequestError(
                "the product's version is the sealed golden sample", "Seal it: station golden seal --sheet --photo"
            )
        by, note = rules.vet_person(by, what="--by"), rules.vet_person(note, what="--note", empty=True)
        records.golden(self._db, number)
        there = sign_offs.artefacts(self._db, number, kind)
        newest = there[-1].version if there else 0
        data = read_file(path)
        file = keep(self._evidence, data, media_type(data))
        if there and there[-1].file_sha256 == file.sha256 and version in (None, newest):
            return _artefact(there[-1])
        if version is not None and version <= newest:
            raise RequestError(f"{kind} has version {newest} already", f"Give one above {newest}, or none.")
        content = {
            "schema": 1, "number": number, "kind": kind, "version": newest + 1 if version is None else version,
            "name": path.name[:120], "sha256": file.sha256, "size": file.size, "note": note, "by": by,
            "at": self._clock().isoformat(timespec="microseconds"),
        }  # fmt: skip
        document = ArtefactDocument.model_validate({**content, "digest": digest(content)})
        values = {k: content[k] for k in ("number", "kind", "version", "name", "note", "by")}
        values |= {"document": json.dumps({**content, "digest": document.digest}), "digest": document.digest}
        return _artefact(sign_offs.add_artefact(self._db, values, file, document.at))

    # --- sign-off ----------------------------------------------------------------------------------------------------

    def sign(
        self, number: str, *, party: str, name: str, role: str = "", artefact: str = rules.PRODUCT,
        sheet_photo: Path | None = None,
    ) -> SignOffDocument:  # fmt: skip
        """Sign the version in force of an artefact for a party, with this station's key; or, with the photo of the
        printed sheet that a person signed, record that it was signed on paper.

        Raises ConflictError where the version was superseded or lacks photo or specification (G4), somebody else
        signed it for the party, this key signed for the other party, or the photo is on record as something else or
        shows another page.
        """
        at = self._clock()
        said = self.statement(number, party=party, name=name, role=role, artefact=artefact, at=at)
        if sheet_photo is not None:
            from station.service.tools import read

            shot = read(require_text_name(sheet_photo), self._settings)
            remarks = signatures.vet_page(shot.photo, said, sheet_photo.name)
            remarks += signatures.unsigned_remarks(self._db, self._evidence, shot.photo, said)
            data = sheet_photo.read_bytes()
            file = keep(self._evidence, data, media_type(data))
            if file.sha256 != shot.sha256:
                raise RequestError(f"{sheet_photo.name} changed while it was read", "Run it again.")
            return signatures.record(self._db, said, "printed sheet", None, None, file, at, remarks)
        keys = self._db.ledger.keys
        return signatures.record(self._db, said, "local key", keys.public, keys.sign(SIGN_OFF, said), None, at)

    def import_signature(self, number: str, path: Path, *, party: str) -> SignOffDocument:
        """Record a signature that was made on another station under a package of this golden sample."""
        now = self._clock()
        detached = signatures.read_detached(
            read_file(path, most=signatures.MAX_DETACHED), path.name, party=party, now=now
        )  # fmt: skip
        said = detached.statement
        own = self.statement(
            number, party=party, name=said["name"], role=said["role"], artefact=said["artefact"], at=now
        )  # fmt: skip
        for key in ("number", "artefact", "version", "artefact_digest", "sku", "text"):
            if said[key] != own[key]:
                raise ConflictError(
                    f"{path.name} signs {key.replace('_', ' ')} {str(said[key])[:80]}, and this home has {own[key]}",
                    f"Export the version in force and have that signed: station golden export {number} -o FILE.zip",
                )
        return signatures.record(self._db, said, "detached", detached.key, detached.signature, None, now)

    def statement(
        self, number: str, *, party: str, name: str, role: str = "", artefact: str = rules.PRODUCT, at: datetime
    ) -> dict[str, Any]:
        """What the party signs of the version in force, by name."""
        party, artefact = rules.vet("signing party", party, rules.SIGNERS), _kind(artefact)
        row = self._golden_in_force(number)
        version, artefact_digest = self._in_force(row, artefact)
        return rules.statement(
            number=number, sku=row.sku, artefact=artefact, version=version, digest=artefact_digest, party=party,
            name=rules.vet_person(name), role=rules.vet_person(role, what="--role", empty=True), at=at,
            text=self._approval(row) if artefact == rules.PRODUCT
            else rules.confirmation(number=number, artefact=artefact, version=version),
        )  # fmt: skip

    def approval_statement(self, number: str) -> str:
        """What is signed under the newest version (G5). Raises ConflictError for what cannot be approved (G4)."""
        return self._approval(records.golden(self._db, number))

    def _approval(self, row: GoldenRow) -> str:
        return approval_text(
            row.number, row.version, row.sheet_toml, photo=self._evidence.path(row.photo_sha256).is_file(),
            controlled=standing(self._db, row, self._clock().date()).entry.controlled,
        )  # fmt: skip

    # --- acknowledgements --------------------------------------------------------------------------------------------

    def acknowledge(
        self, number: str, *, party: str, name: str, artefact: str = rules.PRODUCT, version: int | None = None,
        note: str = "", attach: Path | None = None,
    ) -> AcknowledgementDocument:  # fmt: skip
        """Record which version of an artefact a party holds; the version in force where none is given.

        attach : the party's reply, kept as evidence. Raises NotFoundError for a version that there never was.
        """
        party, artefact = rules.vet("party", party, rules.PARTIES), _kind(artefact)
        name, note = rules.vet_person(name), rules.vet_person(note, what="--note", empty=True)
        newest, _ = self._in_force(records.golden(self._db, number), artefact)
        version = newest if version is None else version
        if version not in self._versions(number, artefact):
            raise NotFoundError(f"{artefact} of {number} has no version {version}", f"In force is version {newest}.")
        data = None if attach is None else read_file(attach)
        file = None if data is None else keep(self._evidence, data, media_type(data))
        at = self._clock()
        content = {
            "schema": 1, "number": number, "artefact": artefact, "version": version, "party": party, "name": name,
            "note": note, "attached_sha256": file.sha256 if file else None, "at": at.isoformat(timespec="microseconds"),
        }  # fmt: skip
        values = {k: content[k] for k in ("number", "artefact", "version", "party")}
        values |= {"document": json.dumps({**content, "digest": digest(content)}), "digest": digest(content)}
        row = sign_offs.add_acknowledgement(self._db, values, file, at)
        remarks = () if version == newest else (f"in force is version {newest}: nobody inspects before {party} has it",)
        return AcknowledgementDocument.model_validate_json(row.document).model_copy(update={"remarks": remarks})

    # --- who holds what ----------------------------------------------------------------------------------------------

    def status(self, number: str) -> GoldenStatusDocument:
        """The matrix of a golden sample: versions in force, who signed them, who holds which."""
        row = records.golden(self._db, number)
        signed = sign_offs.sign_offs(self._db, number)
        held = self.held(number)
        in_force = self.versions_in_force(row)
        try:
            rules.require_one_version(number, held, in_force)
            reason = ""
        except ConflictError as error:
            reason = str(error)
        by = {r.party for r in signed if (r.artefact, r.version) == (rules.PRODUCT, row.version)}
        other, open_items = self.superseded_by(row), self._open_items(row)
        return GoldenStatusDocument(
            number=number, sku=row.sku, product=row.product, version=row.version,
            state="superseded" if other else _state(len(by), bool(open_items)),
            superseded_by=other, one_version=not reason, reason=reason,
            artefacts=tuple(self._artefact_status(row, kind, signed, held) for kind in rules.ARTEFACTS),
            sign_offs=tuple(signatures.sign_off_document(r) for r in signed),
            remarks=self._status_remarks(row, signed, by),
        )  # fmt: skip

    def held(self, number: str) -> list[rules.Held]:
        """Everything that a party signed or acknowledged under a golden sample, oldest first."""
        rows: list[SignOffRow | AcknowledgementRow] = [
            *sign_offs.sign_offs(self._db, number),
            *sign_offs.acknowledgements(self._db, number),
        ]
        order = sign_offs.entered(self._db, rows)  # by the ledger's numbers: clocks are set back at times
        return [
            rules.Held(
                r.party, r.artefact, r.version, isinstance(r, SignOffRow), str(json.loads(r.document)["name"]), r.at
            )
            for r in sorted(rows, key=lambda r: order[type(r), r.id])
        ]

    def versions_in_force(self, row: GoldenRow) -> dict[str, int]:
        """The newest version of each artefact that there is."""
        newest = {a.kind: a.version for a in sign_offs.artefacts(self._db, row.number)}
        return {rules.PRODUCT: row.version, **newest}

    def require_inspectable(self, row: GoldenRow, wanted: int | None = None) -> tuple[str, ...]:
        """What should be said before units are inspected against the newest version of a golden sample.

        wanted : the version that whoever inspects works by. Raises ConflictError, naming each party's version, where it
        was superseded or the parties hold different ones.
        """
        if wanted is not None and wanted not in self._versions(row.number, rules.PRODUCT):
            raise NotFoundError(f"golden {row.number} has no version {wanted}", f"In force is version {row.version}.")
        held = self.held(row.number)
        rules.require_in_force(row.number, row.version if wanted is None else wanted, row.version, held)
        rules.require_one_version(row.number, held, self.versions_in_force(row))
        other = self.superseded_by(row)
        if other is not None:
            said = f"golden {row.number} of {row.sku} is superseded by {other}"
            if held:
                raise ConflictError(f"{said} ({rules.who_holds(rules.newest_held(held).values())})", f"Use {other}.")
            return (f"{said}; nobody signed either, so units are inspected all the same",)
        by = sorted({r.party for r in sign_offs.sign_offs(self._db, row.number) if r.version == row.version
                     and r.artefact == rules.PRODUCT})  # fmt: skip
        if len(by) == 1:
            return (f"version {row.version} of golden {row.number} is signed by the {by[0]} alone",)
        return ()

    def superseded_remarks(self, row: GoldenRow) -> tuple[str, ...]:
        """That a version which was just sealed takes the place of one that somebody signed, before anybody is told."""
        signed: dict[int, set[str]] = {}
        for r in sign_offs.sign_offs(self._db, row.number):
            if r.artefact == rules.PRODUCT and r.version < row.version:
                signed.setdefault(r.version, set()).add(r.party)
        before = max(self._versions(row.number, rules.PRODUCT) - {row.version}, default=0)
        if before not in signed:
            return ()
        who = " and ".join(sorted(signed[before]))
        return (
            f"version {before}, which the {who} signed, is superseded by version {row.version}: nobody has signed this "
            "one yet, and whoever holds the old one is to be told",
        )

    def file_of(self, number: str, artefact: str) -> str:
        """SHA-256 of the file of an artefact's newest version. Raises NotFoundError where there is none."""
        self._in_force(records.golden(self._db, number), artefact)
        return sign_offs.artefacts(self._db, number, artefact)[-1].file_sha256

    def newest_version(self, number: str, artefact: str) -> int:
        """The newest version of an artefact, 0 where there is none."""
        there = sign_offs.artefacts(self._db, number, artefact)
        return there[-1].version if there else 0

    def version_of_file(self, number: str, artefact: str, sha256: str) -> int | None:
        """The newest version of an artefact that is this file, None where it is none of them."""
        found = [a.version for a in sign_offs.artefacts(self._db, number, artefact) if a.file_sha256 == sha256]
        return found[-1] if found else None

    # --- inside ------------------------------------------------------------------------------------------------------

    def _golden_in_force(self, number: str) -> GoldenRow:
        row = records.golden(self._db, number)
        other = self.superseded_by(row)
        if other is not None:
            raise ConflictError(f"golden {number} of {row.sku} is superseded by {other}", f"Sign {other}.")
        return row

    def superseded_by(self, row: GoldenRow) -> str | None:
        """The golden sample that was sealed last for the same SKU under another number, in words."""
        last = next(g for g in records.golden_versions(self._db) if g.sku == row.sku)
        return None if last.number == row.number else f"{last.number} version {last.version}"

    def _in_force(self, row: GoldenRow, artefact: str) -> tuple[int, str]:
        """Version in force of an artefact and its digest. Raises NotFoundError where there is none."""
        if artefact == rules.PRODUCT:
            return row.version, row.digest
        there = sign_offs.artefacts(self._db, row.number, artefact)
        if not there:
            raise NotFoundError(
                f"golden {row.number} has no {artefact} yet",
                f"Add it: station golden artefact add {row.number} {artefact} FILE --by WHO",
            )
        return there[-1].version, there[-1].digest

    def _versions(self, number: str, artefact: str) -> set[int]:
        if artefact == rules.PRODUCT:
            return {g.version for g in records.golden_versions(self._db, number)}
        return {a.version for a in sign_offs.artefacts(self._db, number, artefact)}

    def _artefact_status(
        self, row: GoldenRow, kind: str, signed: list[SignOffRow], held: list[rules.Held]
    ) -> ArtefactStatus:
        newest = None
        if kind != rules.PRODUCT:
            there = sign_offs.artefacts(self._db, row.number, kind)
            newest = there[-1] if there else None
            if newest is None:
                return ArtefactStatus(artefact=kind, version=None, name="", digest=None, at=None, signed_by={}, held=())
        version = row.version if newest is None else newest.version
        mine = sorted((h for h in rules.newest_held(held).values() if h.artefact == kind),
                      key=lambda h: rules.PARTIES.index(h.party))  # fmt: skip
        by = {r.party: r.method for r in signed if (r.artefact, r.version) == (kind, version)}
        return ArtefactStatus.model_validate(
            {
                "artefact": kind, "version": version, "name": row.product if newest is None else newest.name,
                "digest": row.digest if newest is None else newest.digest,
                "at": row.sealed_at if newest is None else newest.at, "signed_by": by,
                "held": [
                    HeldDocument(party=h.party, version=h.version, current=h.version == version, signed=h.signed,
                                 name=h.name, at=h.at)
                    for h in mine
                ],
            }
        )  # fmt: skip

    def _open_items(self, row: GoldenRow) -> tuple[str, ...]:
        """What is still to be confirmed, of the sheet and of the record."""
        found = standing(self._db, row, self._clock().date()).open_items()
        return tuple(item.text for item in found)

    def _status_remarks(self, row: GoldenRow, signed: list[SignOffRow], by: set[str]) -> tuple[str, ...]:
        remarks = [f"nobody has signed version {row.version} for the {p} yet" for p in rules.SIGNERS if p not in by]
        paper = [r.party for r in signed if r.method == "printed sheet" and r.version == row.version
                 and r.artefact == rules.PRODUCT]  # fmt: skip
        remarks += [f"still to be confirmed: {item}" for item in self._open_items(row)]
        remarks += [f"the {p} signed on paper: compare the photo with the sheet's digest" for p in paper]
        remarks += sign_offs.damaged(self._db, row.number)
        return tuple(remarks)


def _state(signed: int, open_items: bool) -> str:
    """The state of a version in force that so many parties signed."""
    if signed < len(rules.SIGNERS):
        return "signed by one party" if signed else "sealed"
    return "conditionally approved" if open_items else "approved"


def _artefact(row: ArtefactRow) -> ArtefactDocument:
    return ArtefactDocument.model_validate_json(row.document)


def _kind(artefact: str) -> str:
    return rules.vet("artefact", artefact, rules.ARTEFACTS)


def read_file(path: Path, *, most: int = MAX_FILE) -> bytes:
    """A file's bytes, if they are not too many. Raises RequestError, also for a name that cannot be recorded."""
    require_text_name(path)
    try:
        size = path.stat().st_size
        if not path.is_file() or not 0 < size <= most:
            limit = f"{most / 1e6:g} MB" if most >= 1e6 else f"{most / 1e3:g} kB"
            raise RequestError(
                f"{path} is no file of 1 byte to {limit}", "Give one file; pack several into an archive."
            )
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}", "Check the path.") from error


def media_type(data: bytes) -> str:
    """What a file is, by its first bytes: pictures and PDFs are told, all else is bytes."""
    from station.devices.photo_header import recognise

    if data.startswith(b"%PDF-"):
        return "application/pdf"
    kind, _ = recognise(data)
    return "application/octet-stream" if kind is None else f"image/{kind.lower()}"
