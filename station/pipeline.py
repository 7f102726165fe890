"""The line for one unit: correct, align, measure, judge. No file, socket, database, clock or random number in here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_reading import fit_document
from station.calibrate.drift import drift_gate
from station.golden_line import correct_like
from station.judge import DECISION_RULES, findings_blocked, judge_finding, judge_unit
from station.judge.cross_check import cross_check, cross_check_remark, doubts
from station.judge.photo_gates import compression_gate, height_gate, noise_gate, same_card_gate
from station.judge.reviewed import judge_aside, set_aside, threshold_remark, threshold_use
from station.measure.align import align
from station.measure.body import marks_in_outline
from station.measure.boundaries import measure_boundaries, read_boundaries
from station.measure.colour import measure_regions
from station.measure.difference import reference_difference
from station.measure.features import measure_features
from station.measure.hidden import hidden_places
from station.measure.hole_rims import closed_holes, holes_of
from station.measure.logo import measure_marks
from station.measure.off_colour import with_off_colour
from station.measure.outline import OutlineShift, measure_outline, outline_document
from station.measure.residual import residual_document, residual_map, residual_remark
from station.measure.surface import find_defects
from station.quality.gauge import with_spreads
from station.sheet import Sheet
from station.values.bench import Calibration
from station.values.capability import CapabilityInForce
from station.values.digest import digest
from station.values.documents import (
    AlignmentDocument,
    CapabilityUseDocument,
    DisagreementDocument,
    FitDocument,
    GateDocument,
    GaugeUseDocument,
    ModelUseDocument,
    PoseDocument,
    UnitDocument,
    Verdict,
)
from station.values.gauge import GaugeSpreads
from station.values.line import (
    Aligned,
    Corrected,
    DefectModel,
    Finding,
    Gate,
    Master,
    Measurement,
    Shot,
)
from station.values.residual import ResidualMap
from station.values.reviewed import ThresholdsInForce

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A unit document and what the pictures of it are drawn from; ``residual`` is None where nothing was registered."""

    document: UnitDocument
    aligned: Aligned
    residual: ResidualMap | None = None


def inspect(
    shot: Shot,
    master: Master,
    sheet: Sheet,
    calibration: Calibration,
    *,
    unit: str,
    model: DefectModel,
    model_name: str,
    golden_digest: str,
    program: str,
    taken_at: str | None,
    unseen: Sequence[str] = (),
    gauge: GaugeSpreads | None = None,
    capability: CapabilityInForce | None = None,
    model_use: ModelUseDocument | None = None,
    thresholds: ThresholdsInForce | None = None,
    seldom: Collection[str] = (),
) -> Inspection:
    """Measure one photo of a unit against the master and judge it by the sheet.

    unseen : remarks on kinds of defect that the model is known to miss; they stand in the document as the gate
    ``capability``, which blocks nothing. gauge : what a study of this golden on this bench found; it enters the
    uncertainties, and the document names it. capability : what a study says this bench finds: a unit that would conform
    is undecided where the sheet limits a kind of defect below that. model_use : which model ran and where, for the
    document; what it remarks stands there as the gate ``model``, which blocks nothing.
    thresholds : scores from which a finding counts by what reviewers said; what lies below stands in the document under
    ``set_aside``, and the gate ``reviewed-thresholds``, which blocks nothing, says so.

    Where the model is not the reference difference, that one is asked too, and places that only one of them finds over
    the limit stand in the document under ``disagreements`` and as the gate ``cross-check``, which blocks nothing.
    seldom : kinds that the model is known to miss; where only the reference difference finds one over its limit, a unit
    that would conform is undecided.

    Deterministic: the same inputs give a document with the same digest. A photo that cannot be measured gives an
    undecided document whose gates say why; it never raises for what a photo shows.
    """
    corrected = correct_like(master, shot, calibration)
    aligned = align(corrected, master)
    remarked: tuple[Gate, ...] = (Gate("capability", True, "; ".join(unseen)),) if unseen else ()
    if model_use is not None and model_use.remark:
        remarked += (Gate("model", True, model_use.remark),)
    gates = (
        *corrected.gates,
        *aligned.gates,
        *same_card_gate(master, corrected),
        *_drift_gate(master, corrected, calibration),
        *height_gate(master, aligned),
        *compression_gate(shot),
        *noise_gate(master, aligned),
        *remarked,
    )
    correction = _fit(corrected)
    if correction is not None:
        correction = correction.model_copy(update={"candidates": ()})  # all refused: the golden's family is asked for
    del corrected  # of a 12-megapixel photo 150 MB, and all that follows looks at the golden frame only
    measurements: tuple[Measurement, ...] = ()
    findings: tuple[Finding, ...] = ()
    plain: tuple[Finding, ...] | None = None  # by the reference difference, where another model was asked for
    outline: OutlineShift | None = None
    calliper = {s.name: s.golden_mm for s in sheet.sizes if s.golden_mm is not None}
    registered = all(g.ok for g in aligned.gates if g.name in ("part", "alignment", "identity"))
    residual = residual_map(aligned, master) if registered else None
    # without a scale the camera may have looked on from anywhere, and a face in perspective is no fault of the unit
    remarks = () if residual is None or aligned.scale_source == "part" else residual_remark(residual)
    if registered:
        marks = measure_marks(aligned, master)
        outline = measure_outline(aligned.image, master, master.outline_mm)
        boundaries = read_boundaries(aligned, master)
        holes = holes_of(aligned, master)
        measurements = (
            *measure_regions(aligned, master),
            *marks_in_outline(marks, outline),
            *measure_features(aligned, master, sheet.sizes, outline=outline, boundaries=boundaries, holes=holes),
        )
        if aligned.scale_source != "part":
            bounds = {r.name: r.boundary_mm for r in sheet.regions if r.boundary_mm is not None}
            measurements += measure_boundaries(aligned, master, bounds, outline, boundaries)
        findings = find_defects(aligned, master, model, marks)
        findings = (*closed_holes(holes), *with_off_colour(aligned, master, marks, findings))
        findings = (*findings, *hidden_places(aligned, master))
        if model is not reference_difference and not findings_blocked(gates):
            plain = find_defects(aligned, master, reference_difference, marks)
    if gauge is not None:
        measurements = with_spreads(measurements, gauge.spreads)
    golden_sizes = {**master.sizes_mm, **{f.name: f.value for f in master.features}, **calliper}
    below = () if capability is None else tuple(capability.below.values())
    findings, below_score = set_aside(findings, thresholds, sheet)
    judged = judge_unit(measurements, findings, gates, sheet, golden_sizes_mm=golden_sizes, unproven=below)
    aside = judge_aside(below_score, thresholds, sheet, gates)
    disagreements: tuple[DisagreementDocument, ...] = ()
    if plain is not None:
        seen = [judge_finding(f, sheet, gates=gates) for f in plain]
        disagreements = cross_check(
            (*judged.findings, *aside), seen, model=model_name, reference_model="the reference difference"
        )
    left = doubts(disagreements, seldom, model=model_name) if judged.verdict is Verdict.CONFORMS else {}
    disagreeing = cross_check_remark([p for p in disagreements if p.words not in left])
    pose = aligned.similarity
    document = UnitDocument(
        unit=unit,
        photo=shot.name,
        sha256=shot.sha256,
        golden=master.number,
        golden_version=master.version,
        golden_digest=golden_digest,
        sheet_digest=sheet.digest,
        calibration=calibration.digest,
        model=model_name,
        program=program,
        taken_at=taken_at,
        verdict=Verdict.UNDECIDED if left else judged.verdict,
        reasons=(*judged.reasons, *left.values()),
        gates=tuple(
            GateDocument(name=g.name, ok=g.ok, reason=g.reason)
            for g in (*gates, *remarks, *disagreeing, *threshold_remark(thresholds, aside))
        ),
        pose=PoseDocument(x_mm=pose.x, y_mm=pose.y, rotation_deg=pose.rotation_deg - master.pose.rotation_deg)
        if registered and aligned.scale_source == "rig"
        else None,
        alignment=AlignmentDocument(rms_px=aligned.rms_px, overlap=aligned.overlap) if registered else None,
        measurements=judged.measurements,
        findings=judged.findings,
        outline=outline_document(outline, aligned.similarity.scale)
        if outline is not None and aligned.scale_source != "part"
        else None,
        decision_rule=DECISION_RULES[sheet.decision.guard_band],
        correction=correction,
        residual=None if residual is None else residual_document(residual, "; ".join(g.reason for g in remarks)),
        gauge=_gauge_use(gauge, measurements),
        capability=None
        if capability is None
        else CapabilityUseDocument(
            study=capability.study, made_at=capability.made_at, undecided=dict(capability.below)
        ),
        model_use=model_use,
        thresholds=threshold_use(thresholds),
        set_aside=aside,
        disagreements=disagreements,
    )
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return Inspection(document.model_copy(update={"digest": digest(content)}), aligned, residual)


def _fit(corrected: Corrected) -> FitDocument | None:
    """How the correction of a photo was chosen, where it is used."""
    return fit_document(corrected.card) if corrected.card is not None and corrected.card.usable else None


def _gauge_use(gauge: GaugeSpreads | None, measurements: Sequence[Measurement]) -> GaugeUseDocument | None:
    """What the document says of a study; None where it tells nothing of what was measured."""
    seen = [m.characteristic for m in measurements if gauge is not None and m.characteristic in gauge.spreads]
    if gauge is None or not seen:
        return None
    spreads = {name: gauge.spreads[name] for name in sorted(seen)}
    return GaugeUseDocument(study=gauge.study, made_at=gauge.made_at.isoformat(), spreads=spreads)


def _drift_gate(master: Master, corrected: Corrected, calibration: Calibration) -> tuple[Gate, ...]:
    """On a bench, the golden and every unit lie in one light; a photo taken anywhere says so by its uncertainty."""
    if calibration.rig is None or any(g.name == "light" and not g.ok for g in corrected.gates):
        return ()
    gate = drift_gate(master.correction, corrected.card)
    return () if gate is None else (gate,)
