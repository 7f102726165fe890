"""Signatures as they come in and are recorded: what a detached one has to be, whose key may sign, what a page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from station.errors import ConflictError, NotFoundError, RequestError, StoreError
from station.quality import sign_off as rules
from station.quality.signing import fingerprint
from station.store import sign_offs
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import File
from station.store.sign_offs import Before, SignOffRow
from station.values.colour import DeviceRGB
from station.values.digest import digest
from station.values.sign_off import DetachedSignature, Method, SignOffDocument, StatementDocument

MAX_DETACHED = 20_000
"""Bytes of a detached signature; one with the longest names and statement has about 3,000."""


def read_detached(data: bytes, file: str, *, party: str, now: datetime) -> DetachedSignature:
    """A detached signature that holds in itself and signs for a party. file : its name, for the message.

    Raises RequestError, also for a statement that was signed more than :data:`station.quality.sign_off.CLOCK_SKEW`
    from now.
    """
    try:
        detached = DetachedSignature.model_validate_json(data)
    except ValidationError as error:
        raise RequestError(
            f"{file} is no detached signature", "Give the file that `station golden countersign` wrote."
        ) from error
    said = detached.statement
    fault = rules.signature_fault(said, detached.key, detached.signature)
    if fault is not None:
        raise RequestError(f"the signature of {file} does not hold: {fault}", "Ask for it again.")
    if said["party"] != party:
        raise RequestError(f"{file} signs for the {said['party']}, not for the {party}", "Name that party.")
    early = rules.ahead(said, now)
    if early is not None:
        raise RequestError(
            f"{file} was signed at {said['at'][:19]}, which has not come yet here: {_span(early.total_seconds())} from "
            f"now, and at most {rules.CLOCK_SKEW.total_seconds() / 60:.0f} min are allowed",
            "Set the clocks of the two stations, then have it signed again.",
        )
    return detached


def record(
    db: Database, said: dict[str, Any], method: Method, key: str | None, signature: str | None, file: File | None,
    at: datetime, remarks: tuple[str, ...] = (),
) -> SignOffDocument:  # fmt: skip
    """Record a sign-off; the same one again is the one that is there.

    Raises ConflictError where somebody else signed for the party, the key is the other party's, or the photo of the
    page is on record as something else.
    """
    content = {**said, "digest": digest(said)}
    values = {k: said[k] for k in ("number", "artefact", "version", "party")} | {
        "method": method, "document": json.dumps(content), "digest": content["digest"], "key": key,
        "signature": signature,
    }  # fmt: skip
    before: list[Before] = []

    def vet(found: Before) -> None:
        if key is not None:
            rules.require_own_key(key, said["party"], [(w.party, w.key) for w in found.own])
        if found.shown_by is not None:
            raise ConflictError(
                f"the photo is on record already, as {found.shown_by}",
                f"Photograph the page with the {said['party']}'s signature: each signature has a photo of its own.",
            )
        before.append(found)

    row, new = sign_offs.add_sign_off(db, values, file, at, vet)
    if row.damage is not None:
        raise ConflictError(
            f"{said['artefact']} version {said['version']} has a damaged signature for the {said['party']}, which "
            f"nobody can take back: {row.damage}",
            "Record a new version and have that signed.",
        )
    made = sign_off_document(row)
    if not new and (made.statement.name, made.method) != (said["name"], method):
        raise ConflictError(
            f"{said['artefact']} version {said['version']} was signed for the {said['party']} already, by "
            f"{made.statement.name} ({made.method}, {made.statement.at[:10]})",
            "A signature is never replaced; seal a new version to sign anew.",
        )
    told = (*_key_remarks(said, key, before[0]), *_word_remarks(db, said), *remarks) if new else ()
    return made.model_copy(update={"new": new, "remarks": told})


def vet_page(photo: DeviceRGB, said: Mapping[str, Any], file: str) -> tuple[str, ...]:
    """Remarks on the photo of a page by its code; none where that names what is signed.

    Raises ConflictError where the page is that of something else.
    """
    from station.devices.qr_reading import qr_texts
    from station.quality.page_code import find_page, page_fault

    text = find_page(qr_texts(photo))
    if text is None:
        return ("no code of an approval sheet could be read in the photo: look whether it is the page of this version",)
    wrong = page_fault(text, said)
    if wrong is not None:
        what = f"{said['artefact']} version {said['version']} of golden {said['number']}"
        raise ConflictError(
            f"{file} is not the page of {what}: {wrong}",
            f"Print the page of the version in force: station golden approval-sheet {said['number']} -o FILE.pdf",
        )
    return ()


def unsigned_remarks(db: Database, evidence: Evidence, photo: DeviceRGB, said: Mapping[str, Any]) -> tuple[str, ...]:
    """That the photo of a page shows no ink beside that of the page which the other party signed, as one that was saved
    again does: somebody has to look whether this party's signature is on it."""
    from station.devices.page_ink import ALIKE, new_ink
    from station.devices.photo import read_photo

    for row in sign_offs.sign_offs(db, said["number"]):
        other = (row.artefact, row.version) == (said["artefact"], said["version"]) and row.party != said["party"]
        if not other or row.file_sha256 is None:
            continue
        try:
            shown = read_photo(evidence.read(row.file_sha256), name="the page on record").photo
        except (NotFoundError, StoreError):  # `station check` names it
            continue
        ink = new_ink(photo, shown)
        if ink is not None and ink < ALIKE:
            return (
                f"the photo shows no ink beside that of the page which the {row.party} signed: look whether the "
                f"{said['party']}'s signature is on it",
            )
    return ()


def _key_remarks(said: Mapping[str, Any], key: str | None, before: Before) -> tuple[str, ...]:
    """What people should ask about: a party that signs with another key than before, a key that signed for the other
    party elsewhere."""
    if key is None:
        return ()
    found = []
    mine = [w for w in before.own if w.golden == said["number"] and w.party == said["party"]]
    if mine and mine[-1].key != key:
        found.append(f"the {said['party']} signed {mine[-1].what} with another key ({fingerprint(mine[-1].key)}): "
                     "ask them")  # fmt: skip
    other = next((w for w in before.all if w.key == key and w.party != said["party"]), None)
    if other is not None:
        found.append(f"this key signed for the {other.party} under {other.what}: ask whose it is")
    return tuple(found)


def _word_remarks(db: Database, said: Mapping[str, Any]) -> tuple[str, ...]:
    """That the other party signed the same version in other words, such as before the record named attributes."""
    for row in sign_offs.sign_offs(db, said["number"]):
        same = (row.artefact, row.version) == (said["artefact"], said["version"]) and row.party != said["party"]
        if same and row.damage is None and json.loads(row.document)["text"] != said["text"]:
            return (f"the {row.party} signed this version in other words: station golden status {said['number']}",)
    return ()


def sign_off_document(row: SignOffRow) -> SignOffDocument:
    """A recorded sign-off as it is shown."""
    content = json.loads(row.document)
    said = StatementDocument.model_validate({k: v for k, v in content.items() if k != "digest"})
    return SignOffDocument.model_validate(
        {
            "statement": said, "method": row.method, "key": row.key, "signature": row.signature, "digest": row.digest,
            "fingerprint": None if row.key is None else fingerprint(row.key), "sheet_photo_sha256": row.file_sha256,
        }
    )  # fmt: skip


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"
