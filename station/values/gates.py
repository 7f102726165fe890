"""Orders and their gates: what each of them asks, what is on record for it, who released it and on what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from station.values.documents import DefectClass, Document, Verdict
from station.values.orders import GateName, Profile

ControlGate = Literal["pre-production", GateName]
"""Pre-production confirmation comes before the gates of the inspection plan."""

State = Literal["released", "lapsed", "ready", "closed", "locked"]
"""released : by a person, and all that it rests on still holds. lapsed : released, and that is so no more. ready : all
is met, a person has to release it. closed : something is open. locked : a gate before it is not passed."""

SampleKind = Literal["pre-production-sample", "first-article", "pilot-run", "first-50"]
PhotoKind = Literal["overall", "detail", "dimensions", "packaging", "logo", "appearance", "label", "other"]
EventKind = Literal[
    "golden", "answered", "sample", "planned", "started", "made", "bonded", "checked", "anomaly", "escalated",
    "resolved", "waived", "released",
]  # fmt: skip


class PlannedGate(Document):
    """A gate of an order. n : units it inspects. lot : units they come from, None where that is not known. allowed :
    nonconforming ones that it may find, by class; a class that is not named is allowed none."""

    gate: ControlGate
    when: str
    n: int
    lot: int | None
    allowed: dict[DefectClass, int] = Field(default_factory=dict)


class OrderRecord(Document):
    """One SKU of a purchase order. units : of this SKU; beside : of each other SKU of the order. cures : magnets or
    other parts are bonded, so that the cure clock holds."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    order: str
    sku: str
    product_type: str
    golden: str
    golden_version: int
    golden_digest: str
    units: int
    beside: tuple[int, ...]
    cures: bool
    profile: Profile
    gates: tuple[PlannedGate, ...]
    by: str
    at: AwareDatetime
    digest: str = ""


class EvidenceItem(Document):
    """What an answer rests on. file : kept as evidence, under its SHA-256. unit : that the station measured, by the
    digest of its document. record : of the station itself. version : of the artefact, of a unit the golden sample's."""

    kind: Literal["file", "record", "unit"]
    name: str
    sha256: str = ""
    about: str = ""
    artefact: str = Field(default="", description="whose version the file is")
    version: int | None = None


class LadderLevel(Document):
    """One step of the escalation ladder: who decides, and within how many hours."""

    who: str
    hours: float


class ControlPlan(Document):
    """How a gate is worked: of incoming goods (W5) or in line (W7).

    what : that is inspected, or the key parameters. standard : of the sampling. ratio : share inspected (0-1).
    frequency : of checks in line, in words; every_pieces, every_hours : as numbers, whichever comes first, None where
    the plan names none (plans from before they were asked for name neither). signer : who signs the release. keeper :
    of the records. sop : the written procedure, with its version.
    """

    what: tuple[str, ...]
    standard: str = ""
    ratio: float | None = None
    frequency: str = ""
    every_pieces: int | None = None
    every_hours: float | None = None
    signer: str = ""
    keeper: str = ""
    sop: str = ""
    ladder: tuple[LadderLevel, ...] = ()


class GateStatement(Document):
    """What is signed when a gate is released or a requirement waived. basis : digest of what the gate rests on; of a
    waiver the fault that it excuses, in waivers of earlier versions the reason in words."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    act: Literal["release", "waiver"]
    order: str
    sku: str
    gate: ControlGate
    requirement: str
    golden: str
    golden_version: int
    golden_digest: str
    basis: str
    party: str
    name: str
    role: str
    at: str
    text: str


class GateEvent(Document):
    """One thing that happened to an order. Nothing is changed or erased; a later event counts.

    key : of the question, test, requirement or batch. number : of the anomaly. n, wrong : inspected and found
    nonconforming; of ``made`` the units made so far. share : of the order made when a check was done (0-1). holds : of
    ``started``, whether both parties had signed the defect catalogue by then. versions : in force at a release.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: EventKind
    at: AwareDatetime
    by: str = ""
    gate: ControlGate | None = None
    key: str = ""
    number: int | None = None
    text: str = ""
    evidence: tuple[EvidenceItem, ...] = ()
    n: int = 0
    wrong: int = 0
    defect_class: Annotated[DefectClass | None, Field(alias="class")] = None
    lux: float | None = None
    cct_k: float | None = None
    share: float | None = None
    bonded_at: AwareDatetime | None = None
    plan: ControlPlan | None = None
    golden_version: int | None = None
    golden_digest: str = ""
    holds: bool | None = None
    versions: dict[str, int] = Field(default_factory=dict)
    statement: GateStatement | None = None
    public_key: str = ""
    signature: str = ""
    digest: str = ""


class ArtefactInForce(Document):
    """The newest version of an artefact. signed_by : parties that signed it."""

    version: int
    sha256: str
    signed_by: tuple[str, ...]


class GateLot(Document):
    """A lot that was inspected at a gate. size, decision : None where it is not decided. critical : units of the
    critical class were the reason, or are open. replaces, replaced_by : the lot of the sorted or remade goods counts in
    the place of the rejected one.

    golden_version : that its units are held to, None where nothing says it. opened_at : when its first unit or value
    came. since_began : by the ledger that was after production, or else the order, began, whatever a clock said.
    assigned_at : when it was taken in at the gate. outdated : what came after its decision and changed its
    outcome, in words; "" where the decision is what would be decided today.
    """

    lot: str
    gate: ControlGate
    size: int | None
    inspected: int
    decision: Literal["accepted", "rejected", "open"] | None
    critical: bool
    reasons: tuple[str, ...]
    replaced_by: str | None = None
    replaces: str | None = None
    golden_version: int | None = None
    opened_at: AwareDatetime | None = None
    since_began: bool = False
    assigned_at: AwareDatetime | None = None
    outdated: str = ""


class FormValue(Document):
    """A measured value of one unit in a row of the form. u : expanded (k = 2), in the row's unit."""

    unit: str
    value: float | None
    u: float
    instrument: str
    verdict: Verdict
    note: str = ""


class FormRow(Document):
    """One characteristic of the first-article form (after AS9102, form 3). number : of the characteristic. clause : the
    control sheet's row. key : ``KIND:NAME`` as the control sheet's limits name it, ``defect:KIND`` of a local defect.
    lower, upper : limits, None on an open side. needed : units it has to be measured on."""

    number: int
    characteristic: str
    clause: str
    requirement: str
    nominal: float | None
    lower: float | None
    upper: float | None
    unit: str
    defect_class: Annotated[DefectClass, Field(alias="class")]
    needed: int
    values: tuple[FormValue, ...]
    verdict: Verdict
    reason: str = ""
    key: str = ""


class FirstArticleDocument(Document):
    """The first-article inspection, item by item against the master. units : inspected, of ``needed``. verdict : of
    all rows. functional : what was tried and found."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    order: str
    sku: str
    golden: str
    golden_version: int
    sheet_digest: str
    lots: tuple[str, ...]
    units: tuple[str, ...]
    needed: int
    rows: tuple[FormRow, ...]
    functional: str
    verdict: Verdict
    reasons: tuple[str, ...]
    digest: str = ""


class GateFacts(Document):
    """What the records say beside the order's own events.

    version, golden_digest : of the golden sample in force under the order's number. catalogue : the control sheet
    names defects with their classes. lux, cct_k : the light that is agreed, lowest and highest. artwork_sha256 : of
    the artwork file, "" where nothing says it. held_by_factory : the version of the product that the factory
    acknowledged. sourcing_risk : records that the supplier could not show or owes. plan_remarks : what should be known
    of the inspection plan. unit_faults : why a unit that somebody showed as evidence shows nothing, in words, by the
    SHA-256 under which it was shown; units that do are not in it.
    """

    version: int
    golden_digest: str
    state: str
    superseded_by: str | None
    version_reason: str
    open_items: tuple[str, ...]
    sheet_digest: str
    artwork: str
    catalogue: bool
    lux: tuple[float, float]
    cct_k: tuple[float, float] | None = None
    artwork_sha256: str = ""
    sourcing_risk: tuple[str, ...] = ()
    plan_remarks: tuple[str, ...] = ()
    unit_faults: dict[str, str] = Field(default_factory=dict)
    signed_by: tuple[str, ...]
    held_by_factory: int | None
    artefacts: dict[str, ArtefactInForce]
    lots: tuple[GateLot, ...]
    form: FirstArticleDocument


class Requirement(Document):
    """What a gate asks. reason : why it is open, and command : what mends it. waivable : False where no reason excuses
    it. evidence : what it rests on. fault : what is wrong, as a waiver names it; "" where nothing is."""

    key: str
    words: str
    state: Literal["met", "open", "waived"]
    reason: str = ""
    command: str = ""
    fault: str = ""
    waivable: bool = True
    evidence: tuple[EvidenceItem, ...] = ()
    waived_by: str = ""
    waiver: str = ""


class GateRelease(Document):
    """Who released a gate, when, on what. basis : digest of the requirements as they stood."""

    name: str
    party: str
    role: str
    at: AwareDatetime
    basis: str
    fingerprint: str
    text: str


class GateStatus(Document):
    """A gate as it stands. passed : it and every gate before it is released. reason, command : why it is not, and what
    to do about it."""

    gate: ControlGate
    when: str
    n: int
    state: State
    passed: bool
    reason: str
    command: str
    requirements: tuple[Requirement, ...]
    release: GateRelease | None
    basis: str


class Anomaly(Document):
    """Something odd in the process, on the rung of the ladder where it stands. overdue : its deadline has passed and it
    is not resolved: the next level has to decide."""

    number: int
    gate: ControlGate
    text: str
    by: str
    opened_at: AwareDatetime
    level: int
    who: str
    due: AwareDatetime
    overdue: bool
    next_who: str
    resolved_at: AwareDatetime | None
    resolution: str


class NextCheck(Document):
    """When the line is to be checked next (W7): once ``due_made`` units are made or by ``due_at``, whichever comes
    first; None where the plan does not say, or where all is made. last_at, last_made : time of the last check, or of
    the release of the first pieces, and units made by then. reason : why it is overdue, "" where it is not."""

    every_pieces: int | None
    every_hours: float | None
    last_at: AwareDatetime
    last_made: int
    due_made: int | None
    due_at: AwareDatetime | None
    overdue: bool
    reason: str


class OrderGatesDocument(Document):
    """An order with its gates as they stand. shippable : all are passed. made : units made so far."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    record: OrderRecord
    golden_version: int
    started_at: AwareDatetime | None
    made: int
    gates: tuple[GateStatus, ...]
    lots: tuple[GateLot, ...]
    anomalies: tuple[Anomaly, ...]
    next_check: NextCheck | None = None
    shippable: bool
    remarks: tuple[str, ...]
    digest: str = ""
