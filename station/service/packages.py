"""Sealed packages: a golden version with everything that shows what it is and who signed it, in one file.

Exported from a home, verified anywhere with the file and a public key, signed by the other party on their own station.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from station.errors import RequestError
from station.quality import package as rules
from station.quality import sign_off
from station.quality.shown_records import SIGNED
from station.quality.signing import SIGN_OFF, fingerprint
from station.service.approving import approval_text
from station.service.order_exchange import OrderExchange
from station.service.package_vetting import refuse_faults, seal, unpacked, vet, vet_keys
from station.store import gates, golden_events, package_file, records, sign_offs, signers
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.proofs import ledger_proof
from station.store.rows import GoldenRow
from station.values.digest import canonical_json, digest, sha256_hex
from station.values.sign_off import (
    DetachedSignature,
    ExportDocument,
    PackageDocument,
    PackageFault,
    PackageRelease,
    PackageSigner,
)

MOST_BYTES = package_file.MAX_BYTES
"""Of a package or an archive that is read."""
_SUFFIX = {"image/jpeg": "jpg", "image/png": "png", "image/tiff": "tif", "image/webp": "webp", "image/heif": "heic"}


class Packages:
    """Exports sealed packages. Reached as ``Station.packages``. ``orders`` exchanges whole orders."""

    def __init__(self, db: Database, evidence: Evidence, clock: Callable[[], datetime]) -> None:
        self._db, self._evidence, self._clock = db, evidence, clock
        self.orders = OrderExchange(db, evidence, clock, self.sealed)

    def export(self, number: str, out: Path, *, version: int | None = None) -> ExportDocument:
        """Write the package of a sealed version, its newest by default. The same records give the same bytes.

        Raises StoreError where the records do not hold together, so that nothing doubtful is sealed.
        """
        if out.suffix.lower() != ".zip" or out.is_dir():
            raise RequestError(f"{out} is no .zip file", "Name the file of the package with -o FILE.zip.")
        row = records.golden(self._db, number, version)
        files, head = self.sealed(row)
        keys = self._db.ledger.keys
        data = package_file.pack(files)
        package_file.write(out, data)
        return ExportDocument(
            file=str(out), sha256=sha256_hex(data), size=len(data), number=row.number, version=row.version,
            files=tuple(sorted(files)), key=keys.public, fingerprint=fingerprint(keys.public),
            head=f"{head['sequence']}:{head['hash']}",
        )  # fmt: skip

    def sealed(self, row: GoldenRow) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Files of the sealed package of a version, and the head of the ledger that it shows. Raises StoreError."""
        files, head = self._files(row)
        files[rules.MANIFEST] = rules.manifest(
            files, number=row.number, version=row.version, digest=row.digest, head=head
        )
        seal(files, self._db.ledger.keys)
        refuse_faults(f"golden {row.number}", vet(files, [self._db.ledger.keys.public]).faults)
        return files, head

    def countersign(
        self, file: Path, out: Path | None = None, *, keys: Sequence[str], party: str, name: str, role: str = "",
        artefact: str = sign_off.PRODUCT,
    ) -> DetachedSignature:  # fmt: skip
        """Sign what a package of another station holds, with this station's key; out : the file that the signature is
        written to. The same statement signed again is the same signature.

        The ledger has it before the file has its name: a signature is nowhere that the ledger does not know of, and one
        whose file was not finished is made by doing it again. Raises RequestError where the package does not hold.
        """
        if out is not None and out.is_dir():
            raise RequestError(f"{out} is a folder", "Give the name of a file in it.")
        party = sign_off.vet("signing party", party, sign_off.SIGNERS)
        artefact = sign_off.vet("artefact", artefact, sign_off.ARTEFACTS)
        found = opened(file, keys)
        if found.faults:
            where, what = found.faults[0]
            raise RequestError(f"{file.name} does not hold: {where}: {what}", "Ask for the package again.")
        g = found.golden
        rows = {sign_off.PRODUCT: (g["version"], g["digest"])}
        rows |= {a["kind"]: (a["version"], a["digest"]) for a in found.artefacts}
        if artefact not in rows:
            raise RequestError(f"{file.name} has no {artefact}", f"It has {', '.join(rows)}.")
        version, artefact_digest = rows[artefact]
        said = sign_off.statement(
            number=g["number"], sku=g["sku"], artefact=artefact, version=version, digest=artefact_digest, party=party,
            name=sign_off.vet_person(name), role=sign_off.vet_person(role, what="--role", empty=True), at=self._clock(),
            text=_approval(found) if artefact == sign_off.PRODUCT
            else sign_off.confirmation(number=g["number"], artefact=artefact, version=version),
        )  # fmt: skip
        own = self._db.ledger.keys
        signed = [(s["statement"]["party"], s["key"]) for s in found.signatures if s["key"] is not None]
        signed += [(x["event"]["statement"]["party"], x["event"]["public_key"]) for x in found.gates]
        with self._db.changing():
            signed += [(w.party, w.key) for w in signers.words_about(self._db, g["number"])]
            sign_off.require_own_key(own.public, party, signed)
            before = signers.countersigned_at(self._db, said, own.public)
            said["at"] = before or said["at"]
            made = DetachedSignature(
                what="sign-off of a golden sample", statement=said, key=own.public, signature=own.sign(SIGN_OFF, said)
            )

            def enter() -> None:
                if before is None:
                    about = {k: said[k] for k in ("number", "artefact", "version", "party", "artefact_digest", "at")}
                    sign_offs.enter_countersigned(self._db, {**about, "digest": digest(said)}, by=said["party"])

            if out is None:
                enter()
            else:
                package_file.write(out, (made.model_dump_json(indent=2) + "\n").encode(), enter)
        return made

    def _files(self, row: GoldenRow) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Every file of a package but its manifest, and the head of the ledger that it shows."""
        master = json.loads(row.master_document)
        files = {
            rules.SHEET: row.sheet_toml.encode(),
            rules.MASTER: canonical_json(master),
            rules.ARRAYS: self._evidence.read(row.master_sha256),
            f"photos/golden.{self._suffix(row.photo_sha256)}": self._evidence.read(row.photo_sha256),
            f"photos/frame.{self._suffix(row.frame_sha256)}": self._evidence.read(row.frame_sha256),
        }
        for i, sha256 in enumerate(master.get("again", ()), 1):
            files[f"photos/again-{i}.{self._suffix(sha256)}"] = self._evidence.read(sha256)
        keys = ("number", "version", "sku", "product", "digest", "sheet_digest", "master_digest", "photo_sha256",
                "frame_sha256", "photo", "rig", "calibration_digest")  # fmt: skip
        golden = {k: getattr(row, k) for k in keys}
        golden |= {"warnings": json.loads(row.warnings), "sealed_at": row.sealed_at.isoformat(timespec="microseconds")}
        files[rules.GOLDEN] = canonical_json(golden)
        artefacts = self._artefacts(row, files)
        self._signatures(row, artefacts, files)
        self._record(row, files)
        files[rules.GATES] = canonical_json(self._gates(row))
        proof = ledger_proof(self._db, row)
        files[rules.LEDGER] = canonical_json(proof)
        return files, proof["head"]

    def _artefacts(self, row: GoldenRow, files: dict[str, bytes]) -> set[tuple[str, int]]:
        """Put the artefacts' records in, and the files of those in force; answers which versions are in."""
        rows = sign_offs.artefacts(self._db, row.number)
        newest = {r.kind: r.id for r in rows}
        listed = []
        for r in rows:
            name = None
            if newest[r.kind] == r.id:
                suffix = "".join(c for c in Path(r.name).suffix.lower()[1:9] if c.isascii() and c.isalnum()) or "bin"
                name = f"artefacts/{r.kind}-v{r.version}.{suffix}"
                files[name] = self._evidence.read(r.file_sha256)
            listed.append({**json.loads(r.document), "file": name})
        files[rules.ARTEFACTS] = canonical_json(listed)
        return {(r.kind, r.version) for r in rows}

    def _signatures(self, row: GoldenRow, artefacts: set[tuple[str, int]], files: dict[str, bytes]) -> None:
        """Put in the signatures under this version and under the artefacts, and who acknowledged what."""
        shown = {*artefacts, (sign_off.PRODUCT, row.version)}
        listed = []
        for r in sign_offs.sign_offs(self._db, row.number):
            if (r.artefact, r.version) not in shown:
                continue
            name = None
            if r.file_sha256 is not None:
                name = f"signatures/{r.party}-{r.artefact}-v{r.version}.{self._suffix(r.file_sha256)}"
                files[name] = self._evidence.read(r.file_sha256)
            said = {k: v for k, v in json.loads(r.document).items() if k != "digest"}
            listed.append(
                {"statement": said, "digest": r.digest, "method": r.method, "key": r.key, "signature": r.signature,
                 "file": name, "sheet_photo_sha256": r.file_sha256}
            )  # fmt: skip
        files[rules.SIGNATURES] = canonical_json(listed)
        acknowledged = [json.loads(r.document) for r in sign_offs.acknowledgements(self._db, row.number)]
        files[rules.ACKNOWLEDGEMENTS] = canonical_json(acknowledged)

    def _record(self, row: GoldenRow, files: dict[str, bytes]) -> None:
        """Put in what people said of the golden sample, with the files that they gave of this version."""
        listed = []
        for n, text in enumerate(golden_events.events(self._db, row.number), 1):
            event = json.loads(text)
            listed.append({**event, "sequence": n})
            if event["version"] == row.version:
                files |= {f"record/{f['sha256']}": self._evidence.read(f["sha256"]) for f in event["files"]}
        files[rules.RECORD] = canonical_json(listed)

    def _gates(self, row: GoldenRow) -> list[dict[str, Any]]:
        """Releases and waivers of gates that were signed on this version, each with its order."""
        found = []
        for order in (r for r in gates.orders(self._db) if r.golden == row.number):
            events = [json.loads(text) for text in gates.events(self._db, order.id)]
            found += [
                {"order": json.loads(order.document), "event": e}
                for e in events
                if e["kind"] in SIGNED and e["statement"]["golden_digest"] == row.digest
            ]
        return found

    def _suffix(self, sha256: str) -> str:
        return _SUFFIX.get(records.media_type(self._db, sha256), "jpg")


def verify(file: Path, keys: Sequence[str]) -> PackageDocument:
    """Hold a package to itself and to public keys, given in hexadecimal; needs no home.

    The first of ``keys`` that sealed the package vouches for all of it. Raises RequestError for what is no file, or too
    large a one.
    """
    vet_keys(keys)
    data = package_file.read(file)
    found = unpacked(data, keys)
    g = found.golden
    signers = [
        PackageSigner(
            **{k: s["statement"][k] for k in ("party", "artefact", "version", "name", "role", "at")},
            method=s["method"],
            key=s["key"],
            fingerprint=None if s["key"] is None else fingerprint(s["key"]),
            trusted=s["key"] in keys,
        )
        for s in (found.signatures if not found.faults else ())
    ]
    return PackageDocument(
        ok=not found.faults, file=file.name, sha256=sha256_hex(data),
        faults=tuple(PackageFault(where=w, what=x) for w, x in found.faults),
        number=g.get("number"), version=g.get("version"), sku=g.get("sku"), golden_digest=g.get("digest"),
        sealed_by=found.sealed_by,
        sealed_by_fingerprint=None if found.sealed_by is None else fingerprint(found.sealed_by),
        head=None if found.head is None else f"{found.head.sequence}:{found.head.hash}", signers=tuple(signers),
        files=len(found.files), remarks=tuple(_remarks(signers)) if not found.faults else (),
        recorded=0 if found.faults else len(found.record),
        gates=tuple(_release(x["event"], keys) for x in (found.gates if not found.faults else ())),
    )  # fmt: skip


def _release(event: dict[str, Any], keys: Sequence[str]) -> PackageRelease:
    said, key = event["statement"], event["public_key"]
    return PackageRelease(
        **{k: said[k] for k in ("act", "order", "sku", "gate", "requirement", "party", "name", "role", "at", "text")},
        key=key, fingerprint=fingerprint(key), trusted=key in keys,
    )  # fmt: skip


def opened(file: Path, keys: Sequence[str]) -> rules.Contents:
    """A package's contents with what is wrong with them."""
    return unpacked(package_file.read(file), keys)


def _remarks(signers: Sequence[PackageSigner]) -> list[str]:
    by = {s.party for s in signers if s.artefact == sign_off.PRODUCT}
    said = [f"nobody signed for the {p}" for p in sign_off.SIGNERS if p not in by]
    said += [
        f"the {s.party} signed {s.artefact} version {s.version} with a key that you did not name: compare it"
        for s in signers
        if s.key is not None and not s.trusted
    ]
    return said + [f"the {s.party} signed on paper: look at the photo" for s in signers if s.method == "printed sheet"]


def _approval(found: rules.Contents) -> str:
    """The approval statement of a package's version, with the attributes that the golden's record names. It is made
    here, from what was verified: nobody signs words that a package merely brings along."""
    entries = [e["entry"] for e in found.record if e.get("entry")]
    return approval_text(
        found.golden["number"], found.golden["version"], found.files[rules.SHEET].decode(), photo=True,
        controlled=entries[-1]["controlled"] if entries else (),
    )  # fmt: skip
