"""Documents about the life of a golden sample: artefacts, sign-offs, who holds what, packages; and the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from station.values.documents import Document

Method = Literal["local key", "detached", "printed sheet"]


class ArtefactDocument(Document):
    """One version of an artefact beside the product: packaging, label, carton mark, manual or accessories."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    kind: str
    version: int
    name: str
    sha256: str
    size: int
    note: str
    by: str
    at: datetime
    digest: str


class StatementDocument(Document):
    """What a party signs. artefact_digest : of the sealed golden version, or of the artefact's version."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    sku: str
    artefact: str
    version: int
    artefact_digest: str
    party: str
    name: str
    role: str
    at: str
    text: str


class DetachedSignature(Document):
    """A sign-off on its way from one station to another. key, signature : hexadecimal; Ed25519."""

    what: Literal["sign-off of a golden sample"]
    statement: dict[str, Any]
    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


class SignOffDocument(Document):
    """A recorded sign-off. key, fingerprint, signature : None under a printed sheet. new : False where it was recorded
    before."""

    statement: StatementDocument
    method: Method
    key: str | None
    fingerprint: str | None
    signature: str | None
    sheet_photo_sha256: str | None
    digest: str
    new: bool = False
    remarks: tuple[str, ...] = ()


class AcknowledgementDocument(Document):
    """That a party said which version of an artefact it holds. attached_sha256 : of what shows it, such as a reply."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    artefact: str
    version: int
    party: str
    name: str
    note: str
    attached_sha256: str | None
    at: datetime
    digest: str
    remarks: tuple[str, ...] = ()


class HeldDocument(Document):
    """What a party holds of an artefact. current : it is the version in force."""

    party: str
    version: int
    current: bool
    signed: bool
    name: str
    at: datetime


class ArtefactStatus(Document):
    """One row of the matrix. version : in force; None where the golden sample has no such artefact yet. signed_by : who
    signed the version in force, by which method."""

    artefact: str
    version: int | None
    name: str
    digest: str | None
    at: datetime | None
    signed_by: dict[str, Method]
    held: tuple[HeldDocument, ...]


class GoldenStatusDocument(Document):
    """Who signed and who holds which version of each artefact of a golden sample.

    state : superseded where ``superseded_by`` is sealed for the SKU; approved where both parties signed the product's
    version in force, conditionally where its sheet names items that are still to be confirmed.
    one_version : nobody holds another version than the one in force, so that units may be inspected.
    """

    number: str
    sku: str
    product: str
    version: int
    state: Literal["sealed", "signed by one party", "conditionally approved", "approved", "superseded"]
    superseded_by: str | None
    one_version: bool
    reason: str
    artefacts: tuple[ArtefactStatus, ...]
    sign_offs: tuple[SignOffDocument, ...]
    remarks: tuple[str, ...]


class KeyDocument(Document):
    """A public key. name : under which this home knows it."""

    name: str
    key: str
    fingerprint: str
    pem: str


class LedgerEntryDocument(Document):
    """One entry of the ledger. rows : how many records it cites."""

    sequence: int
    at: datetime
    kind: str
    by: str
    about: dict[str, Any]
    rows: int
    hash: str
    key: str


class LedgerHeadDocument(Document):
    """The newest head of the ledger. head : ``NUMBER:HASH``, to be kept elsewhere."""

    sequence: int
    hash: str
    key: str
    signature: str
    head: str


class PackageFault(Document):
    """What is wrong with a package and where. where : a file of the package, or a place in it."""

    where: str
    what: str


class PackageSigner(Document):
    """Who signed for a party. trusted : the key was named with ``--key``."""

    party: str
    artefact: str
    version: int
    name: str
    role: str
    at: str
    method: Method
    key: str | None
    fingerprint: str | None
    trusted: bool


class PackageRelease(Document):
    """A gate of an order that was released, or a requirement of it that was waived, on this version of the golden
    sample. trusted : the key was named with ``--key``."""

    act: Literal["release", "waiver"]
    order: str
    sku: str
    gate: str
    requirement: str
    party: str
    name: str
    role: str
    at: str
    text: str
    key: str
    fingerprint: str
    trusted: bool


class PackageDocument(Document):
    """What the verification of a package found. Fields of the golden sample are None where they could not be read.
    recorded : events of the golden's record. gates : releases and waivers that were signed on this version."""

    ok: bool
    file: str
    sha256: str
    faults: tuple[PackageFault, ...]
    number: str | None = None
    version: int | None = None
    sku: str | None = None
    golden_digest: str | None = None
    sealed_by: str | None = None
    sealed_by_fingerprint: str | None = None
    head: str | None = None
    signers: tuple[PackageSigner, ...] = ()
    files: int = 0
    remarks: tuple[str, ...] = ()
    recorded: int = 0
    gates: tuple[PackageRelease, ...] = ()


class ExportDocument(Document):
    """A package that was written."""

    file: str
    sha256: str
    size: int
    number: str
    version: int
    files: tuple[str, ...]
    key: str
    fingerprint: str
    head: str
    remarks: tuple[str, ...] = ()
