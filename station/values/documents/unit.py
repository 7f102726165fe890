"""The ``unit`` document: what the station says of one unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from station.values.documents.base import DefectClass, Document, Verdict
from station.values.documents.card import FitDocument


class GateDocument(Document):
    name: str
    ok: bool
    reason: str = ""


class PoseDocument(Document):
    """The part on the bench: golden-frame origin in bench millimetres, clockwise rotation against the golden."""

    x_mm: float
    y_mm: float
    rotation_deg: float


class AlignmentDocument(Document):
    rms_px: float
    overlap: float


class MeasurementDocument(Document):
    """One judged number. ``u`` is the expanded uncertainty, k = 2."""

    characteristic: str
    kind: str
    value: float | None
    unit: str
    u: float
    nominal: float | None
    lower: float | None
    upper: float | None
    defect_class: Annotated[DefectClass | None, Field(alias="class")]
    verdict: Verdict
    where_mm: tuple[float, float] | None = None
    method: str = ""
    reason: str = ""
    lab: tuple[float, float, float] | None = None
    lab_golden: tuple[float, float, float] | None = None
    dL: float | None = None
    dC: float | None = None
    dH: float | None = None
    detail: dict[str, Any] = Field(default_factory=dict)


class FindingDocument(Document):
    """One judged local defect, in millimetres of the golden frame.

    size_mm : equivalent diameter, of a bubble its greatest width, of a scratch its mean width. length_mm : along the
    curve. feret_mm, width_mm : greatest and least calliper width, of a line its mean width. u_mm : expanded uncertainty
    (k = 2) of what is held to the limit. kind_scores : 0-1, the kinds that come into question, likeliest first.
    limit_for : the surface or region that the limit is for, "" where it holds everywhere.
    sized_by : ``picture`` where its sizes were read in the photo, ``scores`` where in the model's scores.
    """

    kind: str
    x_mm: float
    y_mm: float
    size_mm: float
    length_mm: float
    area_mm2: float
    region: str
    score: float
    u_mm: float = 0.0
    contrast_to_noise: float = 0.0
    limit_mm: float | None = None
    defect_class: Annotated[DefectClass | None, Field(alias="class")]
    verdict: Verdict
    reason: str = ""
    polygon_mm: tuple[tuple[float, float], ...] = ()
    delta_e_00: float | None = None
    feret_mm: float | None = None
    width_mm: float | None = None
    kind_scores: dict[str, float] = Field(default_factory=dict)
    sized_by: str = ""
    limit_for: str = ""


class SetAsideDocument(FindingDocument):
    """A finding that does not count because reviewers found such ones to be false alarms. ``threshold`` is the score
    from which it would count; its verdict is what it would be judged then."""

    threshold: float


class DisagreementDocument(Document):
    """A place that the unit's defect model finds over the limit and the reference difference does not, or the other way
    round.

    over : which of the two finds it over the limit. number : of the unit's own finding there, from 1 in the order of
    ``findings`` and then ``set_aside``; None where its model finds nothing. reference : what the reference difference
    finds there, judged by the same limits; None where it finds nothing. words : what each of them finds.
    """

    over: Literal["model", "reference"]
    number: int | None
    reference: FindingDocument | None
    words: str


class OutlineDocument(Document):
    """A unit's outline against the golden's, thinned out: what the drawing of its deviations is made from.

    points_mm : places on the golden's outline in the golden frame, clockwise as seen. shift_mm : how far the unit's
    edge lies off there along the outward normal, positive outwards; None where no edge was seen. u_mm : expanded
    uncertainty (k = 2) of one shift.
    """

    points_mm: tuple[tuple[float, float], ...]
    shift_mm: tuple[float | None, ...]
    u_mm: float


class ResidualPlace(Document):
    """One place of the residual map: how far the unit's detail lies off the golden's, x to the right, y down.

    u_mm : expanded uncertainty (k = 2) in x and in y; correlation : of the two, near -1 or 1 at a single slanted edge,
    across which more is known. significant : a shift that is none once in a thousand places.
    """

    at_mm: tuple[float, float]
    shift_mm: tuple[float, float]
    u_mm: tuple[float, float]
    correlation: float
    significant: bool


class ResidualDocument(Document):
    """How well the unit lies over the golden from place to place after registration, in mm of the golden frame.

    rms_mm : of all shifts, each direction counted by how well it is known. worst : the place whose shift exceeds its
    uncertainty by most. share_read : of the places with edges on the golden, 0-1. remark : on a stretch that departs
    significantly and far, "" without one.
    """

    rms_mm: float
    worst: ResidualPlace
    share_read: float
    remark: str
    places: tuple[ResidualPlace, ...]


class GaugeUseDocument(Document):
    """The gauge study that entered a unit's uncertainties.

    study : digest of its document. spreads : standard deviation of each characteristic that was measured, in its unit.
    """

    study: str
    made_at: str
    spreads: dict[str, float]


class CapabilityUseDocument(Document):
    """The capability study that a unit's findings were held to. study : digest of its document. undecided : limits,
    by kind of defect and where they hold, that no unit is proven to keep on this bench, with the reason."""

    study: str
    made_at: str
    undecided: dict[str, str]


class ModelUseDocument(Document):
    """The defect model as it ran. version, precision : by its card. weights : SHA-256 of its file. All are "" for the
    reference difference, which has none and belongs to the program. device : cpu, cuda ... threads : of one inference.
    remark : why device or threads are not those that were asked for."""

    name: str
    version: str = ""
    precision: str = ""
    weights: str = ""
    device: str = "cpu"
    threads: int = 1
    remark: str = ""


class ThresholdUseDocument(Document):
    """The reviewed thresholds of this golden and model. record : digest of the record that set them or took them back.
    scores : by kind, from which a finding counts; a kind that is not named counts always. lapsed : why they do not
    hold, "" where they do.
    """

    record: str
    made_at: str
    by: str
    scores: dict[str, float]
    lapsed: str = ""


class UnitDocument(Document):
    """What the station says of one unit. Everything in it follows from the inputs; ``digest`` covers all but itself."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    unit: str
    photo: str
    sha256: str
    golden: str
    golden_version: int
    golden_digest: str
    sheet_digest: str
    calibration: str
    model: str
    program: str
    taken_at: str | None
    verdict: Verdict
    reasons: tuple[str, ...]
    gates: tuple[GateDocument, ...]
    pose: PoseDocument | None
    alignment: AlignmentDocument | None
    measurements: tuple[MeasurementDocument, ...]
    findings: tuple[FindingDocument, ...]
    outline: OutlineDocument | None = Field(
        default=None, description="where the unit's outline lies off the golden's, if it was measured"
    )
    residual: ResidualDocument | None = Field(
        default=None, description="how well the unit lies over the golden from place to place, if it was registered"
    )
    gauge: GaugeUseDocument | None = Field(
        default=None, description="the gauge study of this golden and bench that entered the uncertainties"
    )
    capability: CapabilityUseDocument | None = Field(
        default=None, description="the capability study of this golden that its findings were held to"
    )
    model_use: ModelUseDocument | None = Field(
        default=None, description="version and file of the defect model; absent in records of earlier versions"
    )
    thresholds: ThresholdUseDocument | None = Field(
        default=None, description="the score thresholds that reviews of findings led to, where any were set"
    )
    set_aside: tuple[SetAsideDocument, ...] = Field(
        default=(), description="findings below a reviewed threshold: they do not count, and stay on record"
    )
    disagreements: tuple[DisagreementDocument, ...] = Field(
        default=(), description="places where the defect model and the reference difference disagree, worst first"
    )
    decision_rule: str = Field(default="", description="the guard band that the sheet chose, and where it is defined")
    correction: FitDocument | None = Field(
        default=None,
        description="the colour correction that this photo's card gave: the golden's family, so no other was tried",
    )
    digest: str = ""
