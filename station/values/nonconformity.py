"""A nonconformity: what a lot's data say of it, what people added, and where its corrective actions stand.

Nothing in it is in a language: sentences are :class:`Phrase` until a report or a message renders them. Every quantity
counts units of the product, unless ``counted`` names something else, such as cartons.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from station.values.claim_costs import Consequence, CostComparison, CostInput
from station.values.documents import Cause, DefectClass, Document, Extent
from station.values.phrase import Phrase as Phrase

Question = Literal["item", "standard", "size", "quantity", "function", "sales", "packaging", "rework", "pause"]
"""The nine questions of a complaint (N1), in their order."""
Category = Literal[
    "mark", "colour", "size", "surface", "function", "assembly", "material", "label", "packaging", "count"
]
Disposition = Literal["accept", "concession", "discount", "sort", "rework", "replace", "return", "scrap"]
"""``accept``: conforming units released. ``sort``: every unit of them still to be inspected."""
Use = Literal["internal", "giveaway", "tool", "retail", "display", "gift", "matched-set", "premium"]
Face = Literal["front", "back"]
Carton = Literal["transit", "retail"]
ActionKind = Literal["root-cause", "containment", "correction", "prevention"]
RecordStep = Literal["asked", "came", "refused"]
ActionState = Literal["open", "done", "verified", "not effective", "withdrawn"]


class Context(Document):
    """What the goods are for. face : that the control sheet's photo shows. event_on : the day by which they are needed.
    answer_days : calendar days within which the supplier owes root cause and plan (N13), 1-90."""

    use: Use | None = None
    face: Face = "front"
    carton: Carton | None = None
    licensed: bool = False
    brand_colour: bool = False
    event_on: date | None = None
    answer_days: int = Field(default=14, ge=1, le=90)


class Level(Document):
    """Units of one carton or identifier that show an item, of those inspected there."""

    name: str
    units: int
    of: int


class Item(Document):
    """One thing that does not conform, as the data or a person's eyes say it.

    key : ``mark-place:logo``, ``colour:sky``, ``finding:scratch``, ``entered:weight``, ``seen:wrong-card:card``; the
    same in every lot of the product. characteristics : of unit documents that are behind it. kind : of the catalogue.
    units of ``of`` inspected show it, a share between low and high (two-sided 95 %, Clopper and Pearson).
    value, u, limit : of the worst unit in ``unit_of_measure``, the value signed where it has a direction;
    median : of the nonconforming ones. clause : where the standard says so, "" where it says nothing (S8).
    """

    key: str
    name: str
    source: Literal["measured", "finding", "entered", "seen"]
    kind: str
    category: Category
    characteristics: tuple[str, ...] = ()
    defect_class: Annotated[DefectClass | None, Field(alias="class")]
    counted: Literal["units", "cartons"] = "units"
    units: int
    of: int
    low: float
    high: float
    value: float | None = None
    median: float | None = None
    u: float | None = None
    limit: float | None = None
    nominal: float | None = None
    unit_of_measure: str = ""
    direction: tuple[Phrase, ...] = ()
    proven: int = Field(default=0, description="units whose value is beyond the limit by more than its uncertainty")
    worst_unit: str = ""
    unit_id: int | None = None
    note: str = ""
    clause: str = ""
    extent: Extent | None = None
    levels: tuple[Level, ...] = ()
    shown_by: tuple[str, ...] = Field(default=(), description="inspected units that show it, by name")


class Facts(Document):
    """What the lot's records say on the day of a draft.

    nonconforming of ``inspected`` units show any item, undecided ones none yet. lot_digest : of the newest decision.
    drawn : the sample was drawn by a pick list. scaled : units whose photo has a scale from bench or card, of
    ``photos``; studied : those with a gauge study in their uncertainties. suspect : causes in the measurement that are
    not ruled out. ask_for : of which causes the factory's records are to be asked for, the telling one first.
    """

    lot: str
    size: int
    decision: Literal["accepted", "rejected", "open"]
    decided_on: date
    lot_digest: str
    aql: dict[DefectClass, float]
    inspected: int
    nonconforming: int
    undecided: int
    sku: str
    product: str
    product_type: str
    supplier: str
    order: str
    artwork: str
    approved_by: str
    confirmed_by: str
    golden: str
    golden_version: int
    golden_digest: str
    sheet_digest: str
    cartons: tuple[str, ...]
    identifiers: dict[str, tuple[str, ...]]
    items: tuple[Item, ...]
    drawn: bool
    photos: int
    scaled: int
    studied: int
    suspect: tuple[str, ...]
    cause: Cause | None
    ask_for: tuple[Cause, ...]
    preferences: tuple[str, ...] = Field(default=(), description="what reviewers of accepted units would rather have")


class Answer(Document):
    """One of the nine answers about an item. source : ``open`` where neither data, rule nor person has answered."""

    question: Question
    source: Literal["data", "rule", "person", "open"]
    phrases: tuple[Phrase, ...] = ()
    text: str = ""
    by: str = ""


class Point(Document):
    """An item with its nine answers and the remedy that the matrix gives it in this context."""

    number: int
    item: Item
    answers: tuple[Answer, ...]
    remedy: Disposition
    why: tuple[Phrase, ...]
    threatens: tuple[Consequence, ...] = Field(default=(), description="what may come of it beside the goods (C7)")
    photo_sha256: str = Field(default="", description="of a photo that a person handed in for it (S10)")
    photo_scale: str = Field(default="", description="what that photo shows sizes by, such as a calliper; '' for none")
    preference: bool = Field(description="no standard says so: a wish for the next order, not a nonconformance (S8)")


class Share(Document):
    """Quantity of the lot under one disposition."""

    disposition: Disposition
    quantity: int = Field(ge=0)


class EvidencePart(Document):
    """One thing that makes a claim hard to refuse: points of ``most``, and what was found."""

    name: str
    points: int
    most: int
    words: Phrase


class Evidence(Document):
    """How strong the claim is (N12), 0-100."""

    score: int
    level: Literal["strong", "fair", "weak"]
    parts: tuple[EvidencePart, ...]


class LotShare(Document):
    """Units of a later lot that show what an action is against, of those inspected there. accepted : within Ac of
    their class. shift : median distance of the values from the nominal, in their unit, None without values."""

    lot: str
    units: int
    of: int
    accepted: bool
    shift: float | None = None


class Effect(Document):
    """Whether later lots show an action to be effective. before : the lot of the nonconformity. p : one-sided, of
    Fisher's exact test that the share fell. wanted : further units without it that would show it, None where shown."""

    verdict: Literal["effective", "not effective", "not shown"]
    before: LotShare
    after: tuple[LotShare, ...]
    p: float | None
    wanted: int | None
    words: Phrase


class Action(Document):
    """A corrective action. number : within its nonconformity. result : what was done, by the owner's word. done_at :
    when that was said, which later lots are opened after."""

    number: int
    kind: ActionKind
    words: str
    owner: str
    due: date
    items: tuple[str, ...] = Field(description="keys of the items that it is against; empty: all")
    state: ActionState
    overdue: bool
    added_at: AwareDatetime
    done_on: date | None = None
    done_at: AwareDatetime | None = None
    result: str = ""
    verified_by: str = ""
    verification: str = ""
    effect: Effect | None = None
    delays: int = Field(default=0, description="how often its due date was put off")


class Recurrence(Document):
    """An item that was found again in a lot that came after its prevention was verified."""

    key: str
    lot: str
    units: int
    of: int


class Package(Document):
    """The corrective package that was written (N14). sha256 : of the archive."""

    sha256: str
    sheet_digest: str
    at: AwareDatetime
    by: str


class FactoryRecord(Document):
    """A record that the factory is asked for (D4). record : by the cause that it tells; name : what it is. due : day by
    which it is to be there. settled_on : when it came, or when the factory said that there is none. sha256 : of the
    record itself, "" where none was handed in; file_name : its name then, "" in records of earlier versions. by, at :
    who said the newest of it, and when. ``overdue``: asked for, not there, and the day has passed."""

    record: Cause
    name: str
    state: Literal["not asked", "asked", "came", "refused", "overdue"]
    asked_on: date | None = None
    due: date | None = None
    settled_on: date | None = None
    note: str = ""
    sha256: str = ""
    file_name: str = ""
    by: str = ""
    at: AwareDatetime | None = None


class VarianceCause(Document):
    """One of the thirteen causes of variance (V1). measurement : it lies in the measurement, not in the goods. state :
    ``suspect`` and ``ruled out`` by the lot's data, or by a person's word, by whom and when says ``by`` and ``at``."""

    name: str
    words: str
    measurement: bool
    state: Literal["open", "suspect", "confirmed", "ruled out"]
    why: str
    by: str = ""
    at: AwareDatetime | None = None


class Ask(Document):
    """What the supplier is to do next (N5): proposed by rule, or a person's words."""

    phrase: Phrase | None = None
    text: str = ""


class NonconformityDocument(Document):
    """A nonconformity as it stands. ``digest`` covers all but itself and the package, which holds the document itself.

    faults : what stands against sending it, in words; empty where it may be sent. to_close : what stands against
    closing it. revision : how often it was sent. recurrences : later lots that show it again after it was prevented.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    status: Literal["draft", "sent", "closed"]
    revision: int
    opened_on: date
    sent_on: date | None
    closed_on: date | None
    facts: Facts
    context: Context
    points: tuple[Point, ...]
    pause: bool
    asks: tuple[Ask, ...]
    answer_by: date
    dispositions: tuple[Share, ...]
    proposed: tuple[Share, ...]
    costs: CostComparison | None
    evidence: Evidence
    actions: tuple[Action, ...]
    package: Package | None
    recurrences: tuple[Recurrence, ...]
    factory_records: tuple[FactoryRecord, ...] = ()
    variance: tuple[VarianceCause, ...] = ()
    faults: tuple[str, ...]
    to_close: tuple[str, ...]
    remarks: tuple[str, ...]
    digest: str = ""


class KindDocument(Document):
    """A kind of nonconformity. name, remedy_name : in a language. words : what else people call it."""

    kind: str
    category: str
    remedy: str
    name: str
    remedy_name: str
    words: tuple[str, ...]


class ReorderDocument(Document):
    """Whether a product may be ordered again (N18). blocked : by a failed lot without its corrective package."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    sku: str
    last_lot: str | None
    blocked: bool
    reasons: tuple[str, ...]


EventKind = Literal[
    "drafted", "context", "seen", "answer", "class", "ask", "disposition", "cost", "sent", "closed",
    "record", "cause", "photo", "action", "due", "done", "verified", "withdrawn", "package",
]  # fmt: skip


class NcEvent(Document):
    """One thing that happened to a nonconformity. Nothing is changed or erased; a later event counts.

    item : key of the item that it is about, "" for all. number : of the corrective action. due : of an action; of a
    record the day on which ``step`` happened. variance, holds : the cause of variance, and whether it is one.
    photo_sha256, file_name : of the file that is attached; the name of a record of the factory alone.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: EventKind
    at: AwareDatetime
    by: str = ""
    text: str = ""
    item: str = ""
    number: int | None = None
    question: Question | None = None
    defect_class: Annotated[DefectClass | None, Field(alias="class")] = None
    facts: Facts | None = None
    context: Context | None = None
    seen: Item | None = None
    asks: tuple[str, ...] = ()
    dispositions: tuple[Share, ...] = ()
    cost: CostInput | None = None
    action: ActionKind | None = None
    owner: str = ""
    due: date | None = None
    keys: tuple[str, ...] = ()
    effect: Effect | None = None
    package: Package | None = None
    record: Cause | None = None
    step: RecordStep | None = None
    variance: str = ""
    holds: bool | None = None
    photo_sha256: str = ""
    photo_scale: str = ""
    file_name: str = ""
    document_digest: str = ""
    digest: str = ""
