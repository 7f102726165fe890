"""Rows as frozen objects: what ``records`` takes in and hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from station.values.documents import Verdict

STANDING = {"accept": Verdict.CONFORMS, "reject": Verdict.NONCONFORMS, "defer": Verdict.UNDECIDED}
"""What a review makes of a unit. ``undo`` gives the line's own verdict back."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the evidence folder, to be named by a row."""

    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class RigRow:
    """A registered bench; ``document`` is its JSON."""

    id: int
    name: str
    digest: str
    document: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A dated calibration; ``kind`` is lens or light, ``document`` its JSON."""

    id: int
    rig_id: int
    kind: str
    document: str
    photos: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LightCheckRow:
    """A check of the bench light; ``document`` is its JSON."""

    id: int
    rig_id: int
    photo_sha256: str
    photo: str
    document: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GoldenRow:
    """A sealed golden sample. ``digest`` covers number, version, sheet, photo and master."""

    id: int
    number: str
    version: int
    sku: str
    product: str
    digest: str
    sheet_toml: str
    sheet_digest: str
    master_digest: str
    master_document: str
    master_sha256: str
    photo_sha256: str
    frame_sha256: str
    photo: str
    rig: str | None
    calibration_digest: str
    warnings: str
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A measured unit on its way into the records. ``margin`` is None where nothing could be measured."""

    ingest_key: str
    unit: str
    photo: str
    photo_file: File
    frame_file: File | None
    annotated_file: File | None
    golden_id: int
    lot: str | None
    verdict: Verdict
    margin: float | None
    document: str
    digest: str
    inspected_at: datetime
    carton: str | None = None
    identifiers: dict[str, str] = field(default_factory=dict)
    findings: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One reviewer's word on one unit. disputes : the other reviewer's word that it contradicts, if any."""

    id: int
    unit_id: int
    decision: str
    reason: str
    reviewer: str
    at: datetime
    supersedes: int | None
    disputes: int | None = None

    @property
    def counted(self) -> str:
        """The decision as it counts: one that disputes another reviewer's leaves the unit open, as a deferral does."""
        return self.decision if self.disputes is None else "defer"


@dataclass(frozen=True, slots=True)
class QueuedRow:
    """What a list of thousands shows of a unit. review_id, decision, reviewer, disputes : of its newest review, None
    without one."""

    id: int
    unit: str
    golden: str
    golden_version: int
    lot: str | None
    verdict: Verdict
    margin: float | None
    review_id: int | None
    decision: str | None
    reviewer: str | None
    disputes: int | None


@dataclass(frozen=True, slots=True)
class UnitRow:
    """An inspected unit with its golden, its lot and its standing review.

    overtaken : a value entered after the review speaks against the unit, so that the review no longer stands.
    """

    id: int
    unit: str
    photo: str
    photo_sha256: str
    frame_sha256: str | None
    annotated_sha256: str | None
    golden: str
    golden_version: int
    lot: str | None
    verdict: Verdict
    margin: float | None
    document: str
    digest: str
    carton: str | None
    identifiers: dict[str, str]
    inspected_at: datetime
    review: ReviewRow | None
    overtaken: bool = False

    @property
    def standing(self) -> Verdict:
        """The line's verdict, or what a reviewer made of it."""
        return (
            self.verdict if self.review is None or self.overtaken else STANDING.get(self.review.counted, self.verdict)
        )


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot under inspection."""

    id: int
    name: str
    golden_id: int
    golden: str
    golden_version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LotDecisionRow:
    """One decision on a lot; the newest is the standing one."""

    id: int
    lot_id: int
    decision: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GaugeCaptureRow:
    """A photo of a gauge study as the line measured it; ``document`` is a unit document."""

    id: int
    ingest_key: str
    golden_id: int
    photo_sha256: str
    photo: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GaugeStudyRow:
    """An evaluated gauge study; ``golden`` and ``golden_version`` are None for values that belong to none."""

    id: int
    golden_id: int | None
    golden: str | None
    golden_version: int | None
    rig: str | None
    source: str
    by: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    """A capability study of a golden sample's version with a defect model."""

    id: int
    golden_id: int
    golden: str
    golden_version: int
    model: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewFindingReview:
    """A reviewer's answer about a finding on its way into the records. number : of the finding in the unit's document,
    from 1, those set aside after the others. kind : as the station called it; named : what the reviewer says it is.
    undone : it takes the reviewer's own answer back, which ``answer`` then repeats."""

    unit_id: int
    golden_id: int
    number: int
    unit_digest: str
    answer: str
    kind: str
    named: str | None
    x_mm: float
    y_mm: float
    size_mm: float
    length_mm: float
    region: str
    score: float
    contrast_to_noise: float
    set_aside: bool
    model: str
    weights: str
    program: str
    reviewer: str
    reason: str
    at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class FindingReviewRow(NewFindingReview):
    """A recorded answer about a finding. photo_sha256 : of the unit's photo, in which the finding lies. golden_version
    : that the unit was held to. supersedes : the same reviewer's earlier answer. request_key : of the request that
    brought it."""

    id: int
    photo_sha256: str
    golden_version: int
    supersedes: int | None
    request_key: str | None


@dataclass(frozen=True, slots=True)
class ThresholdsRow:
    """A record of reviewed thresholds; the newest of a golden's version and a model stands."""

    id: int
    golden_id: int
    model: str
    action: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewEntered:
    """An entered value on its way into the records. ``content_key``: digest of what was entered."""

    content_key: str
    golden_id: int
    lot: str | None
    unit: str
    name: str
    verdict: Verdict
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EnteredRow:
    """A recorded entered value. ``standing``: no later one supersedes it."""

    id: int
    golden: str
    golden_version: int
    lot: str | None
    unit: str
    name: str
    verdict: Verdict
    document: str
    digest: str
    supersedes: int | None
    at: datetime
    standing: bool


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream of lots; ``document`` is its settings' JSON."""

    id: int
    name: str
    document: str
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NonconformityRow:
    """A nonconformity; ``document`` names what it is about, its events say the rest."""

    id: int
    number: str
    lot_id: int
    lot: str
    document: str
    at: datetime
