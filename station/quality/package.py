"""What a sealed package of a golden sample holds, and whether that holds together: rules over its files alone.

The manifest names every file by its SHA-256 and is signed by the station that exported it. Within, the golden's digest
covers sheet, photo and master; each party's statement covers that digest; and a stretch of that station's ledger
shows that all of it was entered, in order, under a signed head.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from station.errors import StationError
from station.quality.ledger import Head, Link, proof_faults
from station.quality.shown_records import gaps
from station.quality.shown_records import statement_fault as release_fault
from station.quality.sign_off import PRODUCT, signature_fault, statement_fault
from station.quality.signing import PACKAGE, verify
from station.values.digest import canonical_json, digest, sha256_hex

MANIFEST, SEAL = "manifest.json", "manifest.sig.json"
LARGEST = {MANIFEST: 10_000_000, SEAL: 1_000}
"""Bytes of what is read before a seal is known to hold."""
GOLDEN, SHEET, MASTER, ARRAYS = "golden.json", "sheet.toml", "master.json", "master.npz"
SIGNATURES, ARTEFACTS, ACKNOWLEDGEMENTS, LEDGER = (
    "signatures.json",
    "artefacts.json",
    "acknowledgements.json",
    "ledger.json",
)
RECORD, GATES = "record.json", "gates.json"
FORMAT = "package of a golden sample, 2"
FORMATS = (FORMAT, "package of a golden sample, 1")
"""Formats that are read. The first one had neither the golden's record nor the releases of gates."""

GOLDEN_DIGESTED = ("number", "version", "sheet_digest", "photo_sha256", "master_digest")
"""What a golden's digest covers."""

Fault = tuple[str, str]


@dataclass(slots=True)
class Contents:
    """What could be read of a package, and what is wrong with it: pairs of the place and what is wrong."""

    files: Mapping[str, bytes]
    faults: list[Fault] = field(default_factory=list)
    golden: dict[str, Any] = field(default_factory=dict)
    signatures: list[dict[str, Any]] = field(default_factory=list)
    artefacts: list[dict[str, Any]] = field(default_factory=list)
    acknowledgements: list[dict[str, Any]] = field(default_factory=list)
    record: list[dict[str, Any]] = field(default_factory=list)
    gates: list[dict[str, Any]] = field(default_factory=list)
    format: str = ""
    sealed_by: str | None = None
    head: Head | None = None

    def add(self, *parts: Iterator[Fault]) -> None:
        """Take in the faults of rules; a document that does not let a rule end is a fault too."""
        for part in parts:
            try:
                self.faults += part
            except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
                name = getattr(part, "__name__", "the archive")
                self.faults.append((name, f"a document lacks what it should say ({error})"))

    def lacks(self, name: str) -> None:
        """Name a file as missing, once."""
        if (name, "it is missing") not in self.faults:
            self.faults.append((name, "it is missing"))

    def document(self, name: str, kind: type) -> Any:
        """A JSON file of the package, of the kind that it is to be; an empty one, and a fault, where it is not."""
        data = self.files.get(name)
        if data is None:
            self.lacks(name)
            return kind()
        try:
            if len(data) > LARGEST.get(name, len(data)):
                raise ValueError(name)
            found = json.loads(data)
            if isinstance(found, kind) and canonical_json(found) == data:
                return found
        except (ValueError, TypeError, RecursionError):
            pass
        self.faults.append((name, "it is not the document that it should be"))
        return kind()


def manifest(files: Mapping[str, bytes], *, number: str, version: int, digest: str, head: Mapping[str, Any]) -> bytes:
    """The manifest of a package's files."""
    return listing(files, FORMAT, number=number, version=version, digest=digest, head=dict(head))


def listing(files: Mapping[str, bytes], format: str, **about: Any) -> bytes:
    """A manifest of files: what format they have together, what they are about, and each by its SHA-256 and size."""
    listed = {n: {"sha256": sha256_hex(d), "size": len(d)} for n, d in files.items()}
    return canonical_json({"format": format, **about, "files": listed})


def sealed(manifest: bytes) -> dict[str, str]:
    """What the exporting station signs of a manifest."""
    return {"manifest_sha256": sha256_hex(manifest)}


def vet_contents(
    files: Mapping[str, bytes],
    trusted: Sequence[str],
    *,
    sheet_digest: Callable[[bytes], str],
    master_fault: Callable[[bytes, dict[str, Any], str], str | None],
) -> Contents:
    """Hold a package's files to its manifest, to one another and to the keys.

    trusted : public keys; the package is to be sealed by one of them, and each of the others is to have signed as a
    party. Nothing but manifest and seal is read of a package that does not keep to them. sheet_digest : of a control
    sheet's bytes, raising StationError. master_fault : what is wrong with a master of these bytes, this document and
    this digest.
    """
    found = Contents(files)
    hold_to_manifest(found, trusted)
    if found.faults:
        return found  # nobody vouches for what is in it: nothing of it is handed to a reader
    found.golden = found.document(GOLDEN, dict)
    found.signatures = found.document(SIGNATURES, list)
    found.artefacts = found.document(ARTEFACTS, list)
    found.acknowledgements = found.document(ACKNOWLEDGEMENTS, list)
    if found.format == FORMAT:
        found.record, found.gates = found.document(RECORD, list), found.document(GATES, list)
    found.add(
        _golden_faults(found, sheet_digest, master_fault), _artefact_faults(found), _signature_faults(found, trusted),
        _acknowledgement_faults(found), _record_faults(found), _gate_faults(found), _ledger_faults(found),
    )  # fmt: skip
    return found


def hold_to_manifest(found: Contents, trusted: Sequence[str], formats: Sequence[str] = FORMATS) -> None:
    """Name what is missing, changed or added against the manifest, and a seal that is none of a trusted key.

    formats : that are read; the one that the manifest names is the contents' then, the first where it names none.
    """
    named = found.document(MANIFEST, dict)
    seal = found.document(SEAL, dict)
    key, signature = str(seal.get("key")), str(seal.get("signature"))
    if set(seal) != {"key", "signature"} or not verify(key, PACKAGE, sealed(found.files.get(MANIFEST, b"")), signature):
        found.faults.append((SEAL, f"it is not the signature of {MANIFEST}: one of the two was changed"))
    else:
        found.sealed_by = key
        if key not in trusted:
            found.faults.append((SEAL, f"the package is sealed with key {key}, which is not a key that you named"))
    known = named.get("format") in formats
    found.format = str(named["format"]) if known else formats[0]
    listed = named.get("files") if known else {}
    listed = listed if isinstance(listed, dict) else {}
    if named and not known:
        found.faults.append((MANIFEST, "its format is not known to this version of the station"))
    present = found.files.keys() - {MANIFEST, SEAL}
    found.faults += [(name, "it is missing") for name in sorted(listed.keys() - present)]
    found.faults += [(name, "it was added: the manifest does not name it") for name in sorted(present - listed.keys())]
    for name in sorted(present & listed.keys()):
        entry = listed[name]
        if not isinstance(entry, dict):
            found.faults.append((name, "the manifest does not say its SHA-256"))
        elif sha256_hex(found.files[name]) != entry.get("sha256"):
            found.faults.append((name, "it was changed: its SHA-256 is not the one in the manifest"))


def _golden_faults(
    found: Contents,
    sheet_digest: Callable[[bytes], str],
    master_fault: Callable[[bytes, dict[str, Any], str], str | None],
) -> Iterator[Fault]:
    g, files = found.golden, found.files
    if not g:
        return
    if digest({k: g[k] for k in GOLDEN_DIGESTED}) != g["digest"]:
        yield GOLDEN, "its digest is not that of its number, version, sheet, photo and master"
    try:
        if sheet_digest(files.get(SHEET, b"")) != g["sheet_digest"]:
            yield SHEET, "it is not the control sheet that was sealed"
    except StationError as error:
        yield SHEET, f"it cannot be read: {error.message}"
    for kind, sha256 in (("golden", g["photo_sha256"]), ("frame", g["frame_sha256"])):
        name = next((n for n in files if n.startswith(f"photos/{kind}.")), f"photos/{kind}.jpg")
        if sha256_hex(files.get(name, b"")) != sha256:
            yield name, "it is not the picture that was sealed"
    master = found.document(MASTER, dict)
    if not master:
        return
    wrong = master_fault(files.get(ARRAYS, b""), master, g["master_digest"])
    if wrong is not None:
        yield MASTER, wrong
    again = {sha256_hex(d) for n, d in files.items() if n.startswith("photos/again-")}
    if again != set(master.get("again", ())):
        yield "photos/again", "the further photos are not those that were sealed"


def _artefact_faults(found: Contents) -> Iterator[Fault]:
    for a in found.artefacts:
        name = f"{a['kind']} version {a['version']}"
        if digest({k: v for k, v in a.items() if k not in ("digest", "file")}) != a["digest"]:
            yield ARTEFACTS, f"the record of {name} was changed"
        if a["file"] is not None and sha256_hex(found.files.get(a["file"], b"")) != a["sha256"]:
            yield str(a["file"]), f"it is not the file of {name}"


def _signature_faults(found: Contents, trusted: Sequence[str]) -> Iterator[Fault]:
    digests = {(a["kind"], a["version"]): a["digest"] for a in found.artefacts}
    signed_with = {found.sealed_by}
    for s in found.signatures:
        said = s["statement"]
        name = f"the signature of the {said['party']} under {said['artefact']} version {said['version']}"
        product = said["artefact"] == PRODUCT
        if product and said["version"] == found.golden.get("version"):
            expected = found.golden.get("digest")
        else:
            expected = digests.get((said["artefact"], said["version"]))
        if said["number"] != found.golden.get("number") or said["artefact_digest"] != expected:
            yield SIGNATURES, f"{name} is for something else than what is in the package"
        if digest(said) != s["digest"]:  # by which the ledger has it; a photo does not say who signed when
            yield SIGNATURES, f"{name}: it is not the statement that was recorded"
        if s["method"] == "printed sheet":
            wrong = statement_fault(said)
            if wrong is not None:
                yield SIGNATURES, f"{name}: {wrong}"
            if sha256_hex(found.files.get(s["file"], b"")) != s["sheet_photo_sha256"]:
                yield str(s["file"]), f"it is not the photo of {name}"
            continue
        wrong = signature_fault(said, s["key"], s["signature"])
        if wrong is not None:
            yield SIGNATURES, f"{name}: {wrong}"
        else:
            signed_with.add(s["key"])
    signed_with |= {x["event"]["public_key"] for x in found.gates}
    for key in trusted:
        if key not in signed_with:
            yield SIGNATURES, f"nothing in the package is signed with key {key}, which you named"


def _acknowledgement_faults(found: Contents) -> Iterator[Fault]:
    for a in found.acknowledgements:
        if digest({k: v for k, v in a.items() if k != "digest"}) != a["digest"]:
            yield ACKNOWLEDGEMENTS, f"the record of {a['party']} for {a['artefact']} version {a['version']} was changed"


def _record_faults(found: Contents) -> Iterator[Fault]:
    """The golden's record: every event as it was recorded, none left out, the files of this version beside them."""
    version = found.golden.get("version")
    named: set[str] = set()
    for n, e in enumerate(found.record, 1):
        if digest({k: v for k, v in e.items() if k not in ("digest", "sequence")}) != e["digest"]:
            yield RECORD, f"event {n} of the golden's record was changed"
        named |= {f["sha256"] for f in e["files"] if e["version"] == version}
    for n in gaps(int(e["sequence"]) for e in found.record):
        yield RECORD, f"event {n} of the golden's record is missing"
    there = {name.partition("/")[2]: data for name, data in found.files.items() if name.startswith("record/")}
    for sha256, data in there.items():
        if sha256 not in named or sha256_hex(data) != sha256:
            yield f"record/{sha256}", "it is not a file that the golden's record names"
    if found.format == FORMAT:
        yield from ((f"record/{sha256}", "it is missing") for sha256 in sorted(named - there.keys()))


def _gate_faults(found: Contents) -> Iterator[Fault]:
    """Releases and waivers of gates: each signed as it stands, for this version of the golden sample."""
    g = found.golden
    for x in found.gates:
        order, event = x["order"], x["event"]
        said = event["statement"]
        name = f"the {said['act']} of the {said['gate']} gate of order {said['order']} ({said['sku']})"
        for document in (order, event):
            if digest({k: v for k, v in document.items() if k != "digest"}) != document["digest"]:
                yield GATES, f"the record of {name} was changed"
        wrong = release_fault(event, order)
        if wrong is not None:
            yield GATES, f"{name}: {wrong}"
        if [said["golden"], said["golden_version"], said["golden_digest"]] != [g["number"], g["version"], g["digest"]]:
            yield GATES, f"{name} is for another golden sample than the one in the package"


def ledger_links(proof: Mapping[str, Any]) -> list[Link]:
    """The entries that a proof shows, whole or by the SHA-256 of their content. Raises KeyError, TypeError."""
    return [
        Link(None, x) if isinstance(x, str) else Link(x["content"], sha256_hex(x["content"].encode()))
        for x in proof["links"]
    ]


def cited_rows(content: str) -> str:
    """The digest of the rows that an entry cites, by its content. Raises KeyError, ValueError, TypeError."""
    return str(json.loads(content)["rows"]["sha256"])


def stretch_faults(found: Contents, proof: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a proof's stretch of the ledger, which is to lead to the head that the manifest names."""
    found.head = Head(**proof["head"])
    for wrong in proof_faults(proof["first"], proof["previous"], ledger_links(proof), found.head):
        yield LEDGER, wrong
    if found.document(MANIFEST, dict).get("head") != proof["head"]:
        yield LEDGER, "its head is not the one that the manifest names"


def _ledger_faults(found: Contents) -> Iterator[Fault]:
    proof = found.document(LEDGER, dict)
    if not proof:
        return
    yield from stretch_faults(found, proof)
    shown = [json.loads(x.content) for x in ledger_links(proof) if x.content is not None]
    entered = {str(e["about"].get("digest")) for e in shown}
    sealed = [[g[0], g[1], g[2]] for e in shown for g in e["about"].get("goldens", ())]
    g = found.golden
    if g and g["digest"] not in entered and [g["number"], g["version"], g["digest"]] not in sealed:
        yield LEDGER, "no entry says that this golden sample was sealed"
    for what, rows in (
        ("signature", [s["digest"] for s in found.signatures]), ("artefact", [a["digest"] for a in found.artefacts]),
        ("acknowledgement", [a["digest"] for a in found.acknowledgements]),
        ("event", [e["digest"] for e in found.record]),
        ("gate", [x[k]["digest"] for x in found.gates for k in ("order", "event")]),
    ):  # fmt: skip
        missing = sum(d not in entered for d in rows)
        if missing:
            yield LEDGER, f"{missing} {what}{'s' * (missing > 1)} of the package stand in no entry"
