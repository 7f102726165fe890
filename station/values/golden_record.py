"""The record of a golden sample: what people add to its sealed versions, event by event, and what follows from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from station.values.documents import Document

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Item = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Amount = Annotated[float, Field(gt=0, le=1e6)]

Alias = Literal[
    "approval sample", "confirmed sample", "sealed sample", "approved sample", "pre-production sample"
]  # fmt: skip
"""What else a golden sample is called (G1)."""

Care = Literal["food contact", "children", "appliance", "heat resistant", "load bearing"]
"""Where a material needs extra care (C4)."""

PhotoKind = Literal[
    "overall", "detail", "dimensions", "colour", "packing", "label", "logo", "problem-areas",
    "first-article", "pre-shipment",
]  # fmt: skip
Role = Literal["factory-sealed", "buyer-retained", "expendable-inline"]
Condition = Literal["intact", "worn", "damaged", "missing"]
HoldReason = Literal["order", "custom", "restocked", "branded", "dimension-precise", "high-packaging"]
Attribute = Literal[
    "logo", "colour", "packaging", "material", "mould", "size", "accessories", "manual", "label", "carton",
    "tests", "customer-standards",
]  # fmt: skip
"""The variables of a custom product that a change is controlled by (G19)."""

Proof = Literal[
    "logo-revision", "packaging-file", "material-confirmation", "tolerance", "sample-photo", "customer-confirmation",
    "supplier-reply",
]  # fmt: skip
"""What a change is recorded with (G20)."""

EventKind = Literal[
    "entry", "photo", "copy", "copy checked", "copy used", "copy removed", "item", "item settled", "resolution",
    "change", "change acknowledged", "hold",
]  # fmt: skip


class Carton(Document):
    """The outer carton (C6). quantity : units in it. size_cm : length, width, height."""

    quantity: Annotated[int, Field(ge=1, le=10**6)] | None = None
    gross_kg: Amount | None = None
    net_kg: Amount | None = None
    size_cm: tuple[Amount, Amount, Amount] | None = None
    mark: Line = ""
    numbering: Line = ""
    origin: Line = ""
    notes: Line = ""


class Label(Document):
    """The label or print (C6). file : of the artwork, with its version. size_mm : width, height."""

    file: Line = ""
    text: Line = ""
    logo: Line = ""
    print_colour: Line = ""
    barcode: Line = ""
    size_mm: tuple[Amount, Amount] | None = None
    position: Line = ""


class MaterialFacts(Document):
    """What no camera tells of the material (C4). certificate : what shows it."""

    grade: Line = ""
    coating: Line = ""
    care: tuple[Care, ...] = ()
    certificate: Line = ""


class MasterFile(Document):
    """What the sealed master's file holds beside its measurements (G14). weight_g : lowest and highest."""

    rim_mm: Amount | None = None
    centre_mm: Amount | None = None
    attachment: Line = ""
    plating: Line = ""
    pantone: tuple[Item, ...] = ()
    weight_g: tuple[Amount, Amount] | None = None
    card_orientation: Line = ""
    insert_revision: Line = ""
    barcode_version: Line = ""


class ArtworkFile(Document):
    """The artwork file that the golden sample was made by (G11)."""

    name: Line = ""
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""


class ArtworkDocument(Document):
    """That a file is the artwork of a golden sample. recorded : its digest was put on record by this."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    name: str
    sha256: str
    recorded: bool


class RecordEntry(Document):
    """What people write into the record, since no sheet, signature or master says it.

    acceptable, unacceptable : variation that passes and that does not, each with its number. controlled : attributes
    whose change needs both parties. light : in which colour was confirmed.
    """

    aliases: tuple[Alias, ...] = ()
    supplier_contact: Line = ""
    order: Line = ""
    printing: Line = ""
    packing: Line = ""
    packaging_components: tuple[Item, ...] = ()
    hardware: Line = ""
    accessories: tuple[Item, ...] = ()
    acceptable: tuple[Item, ...] = ()
    unacceptable: tuple[Item, ...] = ()
    controlled: tuple[Attribute, ...] = ()
    light: Line = ""
    notes: Line = ""
    carton: Carton = Carton()
    label: Label = Label()
    material: MaterialFacts = MaterialFacts()
    master: MasterFile = MasterFile()
    artwork: ArtworkFile = ArtworkFile()


class Attachment(Document):
    """A file of the evidence folder that an event names. what : front, back, or a :data:`Proof`."""

    what: str
    name: str
    sha256: str


class PhotoFacts(Document):
    """A photo of the golden sample. blur : of its edges, sigma in px of the picture brought to 1,000 px on its shorter
    side; None where it shows no edge. reason : why it does not count, empty where it does. light : it was taken in."""

    kind: PhotoKind
    width: int
    height: int
    blur: float | None
    reason: str
    light: str = ""


class CopyFacts(Document):
    """A physical copy of the sample. every_days : how often it is looked at."""

    name: str
    role: Role
    holder: str
    place: str
    seal: str
    every_days: int


class CheckFacts(Document):
    """That somebody looked at a copy."""

    copy_name: str
    on: date
    condition: Condition
    seal_intact: bool | None


class RecordEvent(Document):
    """One thing that was said of a golden sample. version : in force when it was said. key : what it is about.

    number : of a change, from 1. until : of a hold, open without it.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: EventKind
    key: str
    version: int
    at: datetime
    by: str
    text: str = ""
    files: tuple[Attachment, ...] = ()
    entry: RecordEntry | None = None
    photo: PhotoFacts | None = None
    sample: CopyFacts | None = None
    check: CheckFacts | None = None
    attribute: Attribute | None = None
    number: int | None = None
    reason: HoldReason | None = None
    until: date | None = None
    region: str = ""
    digest: str = ""


# --- what follows from the events ------------------------------------------------------------------------------------


class FieldDocument(Document):
    """One of the nineteen fields (G6). source : where it is from, empty where it is missing. do : the command, or the
    part of the control sheet, that supplies what is missing."""

    field: str
    required: bool
    value: str
    source: str
    do: str = ""


class SlotDocument(Document):
    """A photo slot. filled : by a photo of the version in force that is large and sharp enough."""

    kind: PhotoKind
    filled: bool
    photos: tuple[Attachment, ...]
    reasons: tuple[str, ...]


class CopyDocument(Document):
    """A physical copy as it stands. version : that it is a copy of. current : that version is in force. overdue : it
    should have been looked at by ``due``. removed : it is no longer kept."""

    name: str
    role: Role
    version: int
    current: bool
    holder: str
    place: str
    seal: str
    condition: Condition
    seal_intact: bool | None
    checked_on: date
    due: date
    overdue: bool
    used: tuple[str, ...]
    removed: bool
    good: bool


class OpenItemDocument(Document):
    """What is still to be confirmed. number : to settle it by. source : sheet, record, change or resolution."""

    number: int
    text: str
    source: Literal["sheet", "record", "change", "resolution"]
    do: str


class SettledItemDocument(Document):
    """What was confirmed, how, and by whom."""

    text: str
    how: str
    by: str
    at: datetime
    files: tuple[Attachment, ...]


class ResolutionDocument(Document):
    """An ambiguity that was resolved (G15). sealed_in : the version sealed after it, None while there is none."""

    feature: str
    region: str
    text: str
    files: tuple[Attachment, ...]
    by: str
    at: datetime
    version: int
    sealed_in: int | None


class ChangeDocument(Document):
    """A change (G20). needs_acknowledgement : its attribute is controlled. acknowledged_by : who answered."""

    number: int
    attribute: Attribute
    text: str
    version: int
    by: str
    at: datetime
    files: tuple[Attachment, ...]
    needs_acknowledgement: bool
    acknowledged_by: str
    acknowledged_at: datetime | None
    reply: str


class HoldDocument(Document):
    """A retention hold (G18); it ends with its last day and by no command. in_force : today."""

    reason: HoldReason
    until: date | None
    text: str
    by: str
    at: datetime
    in_force: bool


class RetainedDocument(Document):
    """One of the things that are kept (G18)."""

    what: str
    kept: bool
    where: str


class GoldenRecordDocument(Document):
    """The record of a golden sample's version in force.

    state : as in the golden-status document. complete : no required field is missing. settled : nothing is still to be
    confirmed, so that a gate may open.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str
    version: int
    sku: str
    state: str
    aliases: tuple[str, ...]
    fields: tuple[FieldDocument, ...]
    complete: bool
    missing: tuple[str, ...]
    entry: RecordEntry
    entry_version: int | None
    slots: tuple[SlotDocument, ...]
    copies: tuple[CopyDocument, ...]
    open_items: tuple[OpenItemDocument, ...]
    settled_items: tuple[SettledItemDocument, ...]
    settled: bool
    resolutions: tuple[ResolutionDocument, ...]
    changes: tuple[ChangeDocument, ...]
    controlled: tuple[str, ...]
    holds: tuple[HoldDocument, ...]
    retained: tuple[RetainedDocument, ...]
    remarks: tuple[str, ...] = ()


class ChecklistItem(Document):
    """One of the twenty (G22). found : what shows it. do : the command that supplies what is missing."""

    number: int
    item: str
    ok: bool
    found: str
    do: str


class ChecklistDocument(Document):
    """The twenty items, derived from the records. score : how many hold."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    golden: str
    version: int
    score: int
    of: int
    items: tuple[ChecklistItem, ...]


class LintDocument(Document):
    """A remark of the linter. rule : a row of the requirements, L1 to L9 for the nine mistakes."""

    rule: str
    where: str
    message: str
    do: str


class GoldenLintDocument(Document):
    """What the linter remarks. mistakes : which of the nine (G23) are made. number : None of a sheet alone."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    number: str | None
    version: int | None
    sku: str
    mistakes: tuple[str, ...]
    remarks: tuple[LintDocument, ...]


def plain(value: Any) -> bool:
    """Whether a field of an entry says anything."""
    return bool(value) and value not in (Carton(), Label(), MaterialFacts(), MasterFile())
