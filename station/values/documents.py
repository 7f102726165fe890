"""What leaves the station as JSON, version 1: the ``unit``, ``card``, ``lot`` and ``plan`` documents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DefectClass = Literal["critical", "major", "minor"]
Extent = Literal["isolated", "carton", "lot", "systemic", "insufficient evidence"]
Cause = Literal["drift", "substitution", "screening"]


class Verdict(StrEnum):
    """conforms | nonconforms | undecided."""

    CONFORMS = "conforms"
    NONCONFORMS = "nonconforms"
    UNDECIDED = "undecided"


class Document(BaseModel):
    """Base of every document: frozen, no unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


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


class CandidateDocument(Document):
    """One model of the colour correction that was tried; ``reason`` is empty for the one that was taken."""

    method: str
    parameters: float
    mean: float
    max: float
    loo_mean: float
    loo_max: float
    reason: str


class FitDocument(Document):
    """Residuals of the colour correction in CIEDE2000, of the fit itself and leaving one patch out.

    ``why`` says why this model was taken, ``candidates`` what else was tried. ``light_range`` is the brightest over the
    darkest light on the card, as fitted along. ``gate_mean`` and ``gate_max`` are of the plain fit in even light that
    alone decides whether it is this card and whole: the chosen correction could explain another card too.
    """

    method: str
    mean: float
    max: float
    loo_mean: float
    loo_max: float
    why: str = ""
    candidates: tuple[CandidateDocument, ...] = ()
    light_range: float | None = None
    gate_mean: float | None = None
    gate_max: float | None = None


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


class PatchDocument(Document):
    name: str
    centre_px: tuple[float, float]
    lab_reference: tuple[float, float, float]
    lab_measured: tuple[float, float, float] | None
    delta_e_00: float | None
    clipped: bool
    noise: tuple[float, float, float] = (0.0, 0.0, 0.0)
    glare: float = 0.0
    gradient: float = 0.0
    used: bool = True
    fault: str = ""
    gate_delta_e_00: float | None = None


class CardDocument(Document):
    """What the station says of the colour card in a photo."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    photo: str
    sha256: str
    found: bool
    usable: bool
    reason: str
    edition: str | None
    mirrored: bool
    corners_px: tuple[tuple[float, float], ...] | None
    patches: tuple[PatchDocument, ...]
    fit: FitDocument | None
    notes: tuple[str, ...] = ()


class OcPoint(Document):
    """p : fraction nonconforming (or nonconformities a unit), pa : probability of acceptance."""

    p: float
    pa: float


class PlanPoint(Document):
    """What a plan does at a quality ``p``: asn : units inspected on average. aoq : quality after sorting the lots that
    are not accepted. pa_cartons : probability of acceptance of a sample from cartons, where they were asked for."""

    p: float
    asn: float
    aoq: float
    pa_cartons: float | None = None


class PlanFigures(Document):
    """Figures of a plan beside its operating characteristic; ``points`` at the same qualities.

    aoql, aoql_at : the largest average outgoing quality and where it comes about. cartons, correlation : how the sample
    is drawn and how alike the units of a carton are; effective_sample : units at random that would tell as much.
    """

    points: tuple[PlanPoint, ...]
    asn_at_aql: float
    aoql: float
    aoql_at: float
    cartons: int | None = None
    correlation: float | None = None
    effective_sample: float | None = None
    producer_risk_cartons: float | None = None
    consumer_quality_cartons: float | None = None


class PlanDocument(Document):
    """A sampling plan. The lists have one entry a stage; ``ac`` is -1 where a stage cannot accept.

    fraction : "1/2", "1/3" or "1/5" where the acceptance number is fractional (ISO 2859-1, clause 13): ``ac`` is 0, and
    one nonconforming unit is accepted where none was found in the 1, 2 or 4 lots just before. per_100_units : counted
    are nonconformities, of which a unit may have several, and every ``p`` is a unit's; always above an AQL of 10.
    hundred_percent : the stages would take the whole lot, so ``n`` is the lot: every unit is inspected, and there are
    no risks (None), no curve and no figures.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    edition: str
    lot_size: int | None
    code_letter: str
    letter: str
    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]
    severity: str
    level: str
    aql: float
    type: str
    oc: tuple[OcPoint, ...]
    producer_risk: float | None
    consumer_quality: float | None
    hundred_percent: bool
    fraction: str | None = None
    per_100_units: bool = False
    figures: PlanFigures | None = None


class ClassTally(Document):
    """Where a class stands while its sample is inspected.

    inspected, missing : units of its sample. standing : rejected, accepted, ``cannot be rejected`` (accepted whatever
    the missing and undecided units turn out to be), open. to_accept : further units after which, all of them
    conforming, it can no longer be rejected; None where only a decision on undecided units helps, or nothing.
    to_reject : further nonconforming ones that reject it, None where no number does. settled : units that are still to
    come cannot take the place of counted ones. found_at, undecided_at : the counted units in the order in which they
    were inspected, from 1, that are nonconforming (several times over, where nonconformities are counted) or undecided.
    """

    inspected: int
    missing: int
    standing: Literal["rejected", "accepted", "cannot be rejected", "open"]
    to_accept: int | None
    to_reject: int | None
    settled: bool
    found_at: tuple[int, ...]
    undecided_at: tuple[int, ...]


class ClassDecision(Document):
    """The decision for one class: nonconforming units against Ac and Re, nonconformities where the plan counts per 100
    units. ``plan`` is absent where Ac is 0 by rule, ``tally`` in records of earlier versions."""

    defect_class: Annotated[DefectClass, Field(alias="class")]
    aql: float
    n: int
    ac: int
    re: int
    nonconforming: int
    undecided: int
    accepted: bool | None
    reason: str
    plan: PlanDocument | None
    tally: ClassTally | None = None


class ClusterDocument(Document):
    """A level of a factor, such as one carton, in which a defect was found more often than chance brings about.

    defect : characteristic or finding kind, ``nonconforming`` for any. units of ``of`` inspected show it there,
    ``elsewhere`` of ``elsewhere_of`` in all other levels. p : one-sided mid-p of this level against all others.
    p_holm : among the levels of its factor. q : false discovery rate among all defects, factors and levels of the lot.
    p_family : family-wise among all of them. p_given : by other factor, of this level against the others of the same
    level of that factor (mid-p, defects dealt within those levels); a factor that leaves nothing to compare is not in
    it. odds_given :
    by how many times the odds of the defect are larger here then (Mantel and Haenszel's common odds ratio), where
    units speak on both sides.
    """

    defect: str
    factor: str
    level: str
    units: int
    of: int
    elsewhere: int
    elsewhere_of: int
    p: float
    p_holm: float
    q: float | None = None
    p_family: float
    p_given: dict[str, float] = Field(default_factory=dict)
    odds_given: dict[str, float] = Field(default_factory=dict)


class PreferenceDocument(Document):
    """What somebody would rather have otherwise on a unit that was accepted: no nonconformity, and counted nowhere."""

    unit: str
    words: str
    by: str


class LotDocument(Document):
    """The decision on a lot: accepted, rejected, or open while units are missing or undecided.

    clusters : where defects lie together more than chance brings about. extent : isolated, carton, lot, systemic or
    insufficient evidence; None without a nonconforming unit. cause : drift, substitution or screening; None where the
    evidence does not tell one from the others. draw : digest of the pick list whose units are counted. stream : of
    lots, whose severities are those of the plans.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    golden: str
    size: int
    sample: int
    inspected: int
    conforms: int
    nonconforms: int
    undecided: int
    decision: Literal["accepted", "rejected", "open"]
    reasons: tuple[str, ...]
    classes: tuple[ClassDecision, ...]
    counts: dict[str, int] = Field(description="units a characteristic or finding kind was nonconforming in")
    clusters: tuple[ClusterDocument, ...] = ()
    extent: Extent | None = None
    cause: Cause | None = None
    draw: str | None = None
    stream: str | None = None
    preferences: tuple[PreferenceDocument, ...] = ()
    digest: str = ""
