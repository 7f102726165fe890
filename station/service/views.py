"""What the use cases answer, beside the contract's documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from station.errors import StationError
from station.values.documents import (
    DisagreementDocument,
    Document,
    FindingDocument,
    SetAsideDocument,
    UnitDocument,
    Verdict,
)
from station.values.reviewed import Answer

Decision = Literal["accept", "reject", "defer", "undo"]


class ProposalView(Document):
    """A size that the golden sample offers. value_mm : the golden's own. u_mm : its expanded uncertainty (k = 2).
    at_mm : a point on it, in the golden frame. toml : the row for the control sheet."""

    name: str
    feature: str
    value_mm: float
    u_mm: float
    at_mm: tuple[float, float] | None
    toml: str


class GoldenView(Document):
    """A sealed golden sample. proposals : sizes that it offers, when it is sealed."""

    number: str
    version: int
    digest: str
    regions: tuple[str, ...]
    warnings: tuple[str, ...]
    sku: str
    product: str
    sheet_digest: str
    photo: str
    photo_sha256: str
    frame_sha256: str
    rig: str | None
    sealed_at: datetime
    new: bool = True
    proposals: tuple[ProposalView, ...] = ()


class FrameView(Document):
    """The golden frame's raster: ``px = mm / pitch_mm + origin_px``, the centre of the first pixel at (0, 0)."""

    pitch_mm: float
    width: int
    height: int
    origin_px: tuple[float, float]


class ReviewView(Document):
    """One reviewer's word; the newest of a unit stands. ``disputes`` is the id of another reviewer's word that it
    contradicts: both are kept, and the unit is undecided until one of them comes round, a third reviewer or an approver
    decides."""

    id: int
    unit_id: int
    decision: Decision
    reason: str
    reviewer: str
    at: datetime
    supersedes: int | None
    disputes: int | None = None


class UnitView(Document):
    """An inspected unit in a list. ``standing`` is the verdict after review, ``margin`` the distance of its worst
    characteristic to the limit over the tolerance (below 0: beyond the limit; None: nothing was measured).
    ``overtaken`` : a value entered after the review speaks against the unit, so that the review no longer stands."""

    id: int
    unit: str
    photo: str
    sha256: str
    golden: str
    golden_version: int
    lot: str | None
    carton: str | None
    identifiers: dict[str, str]
    verdict: Verdict
    standing: Verdict
    margin: float | None
    reasons: tuple[str, ...]
    inspected_at: datetime
    review: ReviewView | None
    overtaken: bool = False
    has_pictures: bool
    frame_sha256: str | None
    annotated_sha256: str | None


class FindingView(Document):
    """A recorded finding with the unit and the lot it belongs to."""

    id: int
    unit_id: int
    unit: str
    lot: str | None
    kind: str
    x_mm: float
    y_mm: float
    size_mm: float
    length_mm: float
    area_mm2: float
    region: str
    score: float
    defect_class: str | None
    verdict: Verdict


class FindingAnswerView(Document):
    """One reviewer's answer about one finding; ``undo`` takes the reviewer's earlier one back. named : what it is by
    that reviewer, None where it was not said. supersedes : the same reviewer's earlier answer."""

    id: int
    number: int
    answer: Answer
    named: str | None
    reviewer: str
    reason: str
    at: datetime
    supersedes: int | None


class NumberedFindingView(Document):
    """A finding of a unit with what reviewers said of it. number : from 1, in the order of the unit document, those
    set aside after the others. standing : what the newest answers of all reviewers come to; "" without any."""

    number: int
    set_aside: bool
    finding: SetAsideDocument | FindingDocument
    standing: Literal["", "confirmed", "refused", "undecidable", "disputed"]
    answers: tuple[FindingAnswerView, ...]


class UnitFindingsView(Document):
    """The findings of one unit, for review. others : further photos of a unit of that name, older than this one.
    model : the defect model that found them. disagreements : places where it and the reference difference disagree.
    kinds : that a finding may be, those of the control sheet first."""

    unit_id: int
    unit: str
    photo: str
    golden: str
    golden_version: int
    lot: str | None
    verdict: Verdict
    others: int
    model: str
    disagreements: tuple[DisagreementDocument, ...]
    kinds: tuple[str, ...]
    findings: tuple[NumberedFindingView, ...]


class LotView(Document):
    """A lot as it stands: units by standing verdict, how many wait for a reviewer, the newest decision; drawn : whether
    there is a pick list of it."""

    lot: str
    golden: str
    golden_version: int
    created_at: datetime
    inspected: int
    conforms: int
    nonconforms: int
    undecided: int
    waiting: int
    decision: Literal["accepted", "rejected", "open"] | None
    drawn: bool = False


class AuditView(Document):
    """What a walk over records, files and ledger found. added : records that stand in no entry of the ledger. removed :
    what dead processes left half-written. remarks : what is not wrong and should be known."""

    ok: bool
    rows: int
    files: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    remarks: tuple[str, ...]
    ledger_entries: int


class AlignDocument(Document):
    """One picture registered onto another. ``transform``: golden to unit pixels; ``covariance``: of its parameters;
    ``method``: what led to it where the usual way did not."""

    transform: tuple[tuple[float, ...], ...] | None
    model: str
    rms_px: float | None
    covariance: tuple[tuple[float, ...], ...] | None
    registered: bool
    reason: str
    method: str = ""


class EditSignDocument(Document):
    """One sign that a photo is not as its camera wrote it: evidence, never proof."""

    name: str
    grade: Literal["note", "suspect", "strong"]
    words: str


class PhotoDocument(Document):
    """What the decoder made of a photo file.

    format : in words. bits : of a channel. primaries : the colour space whose primaries the pixels are in. metadata :
    the kept header texts. notes : what the decoder did. edits : signs of editing, the gravest first.
    """

    photo: str
    sha256: str
    format: str
    width: int
    height: int
    bits: int
    primaries: str
    taken_at: str | None
    metadata: dict[str, str]
    notes: tuple[str, ...]
    edits: tuple[EditSignDocument, ...]


class BoxDocument(Document):
    """A place that differs: its top left pixel and its size in pixels of the golden picture."""

    x: int
    y: int
    w: int
    h: int
    kind: str
    score: float


class BoxesDocument(Document):
    """What the defect model marks on two pictures of the same thing.

    remarks : on where the model ran. doubts : why the boxes do not tell all that differs, in words. registered : the
    unit could be laid onto the golden as a whole. golden_share, unit_share : of either picture's pixels that were
    compared, 0-1. left_out : places that were marked and are no box, since registration may have left them;
    left_out_share : of the compared pixels that they cover, 0-1.
    """

    boxes: tuple[BoxDocument, ...]
    remarks: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    registered: bool = True
    differ_as_a_whole: bool = False
    golden_share: float = 1.0
    unit_share: float = 1.0
    left_out: int = 0
    left_out_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file as stored."""

    data: bytes
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """One photo done: the document, or the error; ``new`` is False where it was inspected before.

    remarks : what a person should know, such as the same picture under another unit's name.
    """

    photo: str
    unit: str
    document: UnitDocument | None
    unit_id: int | None = None
    new: bool = False
    remarks: tuple[str, ...] = ()
    error: StationError | None = None


@dataclass(frozen=True, slots=True)
class BatchResult:
    """How a batch ended. ``stopped``: not every photo was reached; the same command goes on where it stopped.

    remarks : what a person should know of the batch, such as rows of the units file whose photos were not given.
    """

    total: int
    inspected: int
    known: int
    failed: int
    nonconforming: int
    stopped: bool
    remarks: tuple[str, ...] = ()
