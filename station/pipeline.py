"""The line for one unit: correct, align, measure, judge. No file, socket, database, clock or random number in here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_reading import fit_document
from station.calibrate.drift import drift_gate
from station.calibrate.light import correct
from station.errors import AlignmentError, SheetError
from station.judge import DECISION_RULES, findings_blocked, judge_finding, judge_unit
from station.judge.cross_check import cross_check, cross_check_remark
from station.judge.photo_gates import compression_gate, height_gate, noise_gate, same_card_gate
from station.judge.reviewed import judge_aside, set_aside, threshold_remark, threshold_use
from station.measure.align import GoldenFrame, align, golden_frame
from station.measure.body import marks_in_outline
from station.measure.boundaries import measure_boundaries, read_boundaries
from station.measure.colour import measure_regions, region_mean
from station.measure.difference import reference_difference
from station.measure.features import FeatureRequest, measure_features, place_features
from station.measure.hole_rims import closed_holes, holes_of
from station.measure.logo import measure_marks
from station.measure.off_colour import with_off_colour
from station.measure.outline import OutlineShift, measure_outline, outline_document, struck_outline
from station.measure.outline_sizes import measure_golden_sizes
from station.measure.part import PartOutline
from station.measure.placements import unlike_enamel, with_placements
from station.measure.polygon import polygon_mask
from station.measure.regions import RegionRequest, inmost, region_map
from station.measure.residual import residual_document, residual_map, residual_remark
from station.measure.surface import find_defects
from station.measure.variation import learn_variation
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
)
from station.values.gauge import GaugeSpreads
from station.values.geometry import Frame, Similarity, camera_centre
from station.values.line import (
    FIRST_REGION,
    U_THICKNESS_MM,
    Aligned,
    Corrected,
    DefectModel,
    Finding,
    Gate,
    MarkMaster,
    Master,
    Measurement,
    RegionMaster,
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


def measure_master(
    corrected: Corrected,
    sheet: Sheet,
    *,
    number: str,
    version: int,
    found: PartOutline | None = None,
    width_mm: float | None = None,
) -> Master:
    """Measure the golden sample in its photo into a master.

    found : the golden among several parts in the photo. width_mm : of the golden, where neither the photo nor the sheet
    gives a scale.

    Raises SheetError where the sheet points outside the part or at the same cell twice, AlignmentError where the photo
    shows no part that can be measured.
    """
    _vet_places(sheet, corrected.shot)
    thickness, tolerance = sheet.product.thickness_mm, sheet.product.thickness_tolerance_mm
    width = next((s.nominal_mm for s in sheet.sizes if s.name == "width" and s.nominal_mm != "golden"), None)
    golden = golden_frame(corrected, thickness_mm=thickness, width_mm=width or width_mm, part=found)
    frame, pose, outline, holes = _centred(golden)

    def in_frame(px: object, mm: object) -> Float | None:
        """A place of the sheet, given in photo pixels or in millimetres, in pixels of the frame."""
        if px is not None:
            photo = golden.plane.to_plane(np.asarray(px, dtype=np.float64), golden.height_mm)
            return frame.to_px(pose.inverse().apply(photo))
        return None if mm is None else frame.to_px(np.asarray(mm, dtype=np.float64))

    requests = []
    for region in sheet.regions:
        seed = in_frame(region.seed_px, region.seed_mm)
        polygon = in_frame(region.polygon_px, region.polygon_mm)
        place = None if seed is None else (float(seed[0]), float(seed[1]))
        requests.append(RegionRequest(region.name, region.surface, place, polygon))
    # a disc of enamel in the bench's grey looks like a hole, unless the sheet says that it is a region
    seeds = [r.seed_px for r in requests if r.seed_px is not None]
    holes = tuple(h for h in holes if not any(_encloses(frame.to_px(h), seed) for seed in seeds))
    part = polygon_mask(frame.to_px(outline), (frame.height, frame.width))
    for hole in holes:
        part &= ~polygon_mask(frame.to_px(hole), part.shape)
    labels = region_map(golden.image, part, requests, pitch_mm=frame.pitch_mm)
    marks = []
    for mark in sheet.marks:
        polygon = in_frame(mark.polygon_px, mark.polygon_mm)
        if polygon is None or not (polygon_mask(polygon, part.shape) & part).any():
            raise SheetError(f"mark {mark.name!r} lies outside the part", "Draw its polygon on the golden photo again.")
        marks.append(MarkMaster(mark.name, frame.to_mm(polygon)))
    regions = tuple(
        _region_master(request, FIRST_REGION + i, golden, frame, labels, corrected)
        for i, request in enumerate(requests)
    )
    master = Master(
        number=number,
        version=version,
        sheet_digest=sheet.digest,
        photo_sha256=corrected.shot.sha256,
        frame=frame,
        image=golden.image,
        correction=corrected.correction,
        labels=labels,
        outline_mm=outline,
        holes_mm=holes,
        thickness_mm=thickness,
        u_thickness_mm=U_THICKNESS_MM if tolerance is None else tolerance / math.sqrt(3),
        regions=regions,
        marks=tuple(marks),
        sizes_mm=measure_golden_sizes(
            golden.image,
            frame,
            outline,
            holes,
            pose=pose,
            camera_mm=camera_centre(golden.plane),
            thickness_mm=thickness,
        ),
        u_scale=golden.u_scale,
        scale_source=golden.scale_source,
        noise=golden.noise,
        blur_px=golden.blur_px,
        pose=pose,
        card=corrected.card.edition if corrected.card is not None and corrected.card.usable else None,
        card_light=corrected.card.light if corrected.card is not None else None,
        coding_step=corrected.shot.coding_step,
        bench=corrected.bench,
        fit=_fit(corrected),
        card_colours=corrected.card.colours if corrected.card is not None and corrected.card.usable else None,
    )
    places = [
        FeatureRequest(s.name, s.kind, _mm(frame, in_frame(s.at_px, s.at_mm)), _mm(frame, in_frame(s.to_px, s.to_mm)))
        for s in sheet.sizes
    ]
    return replace(master, features=place_features(master, places))


def correct_like(master: Master, shot: Shot, calibration: Calibration) -> Corrected:
    """A photo corrected as the golden's was: through its edition of the card and its family of colour correction."""
    model = None if master.correction is None else master.correction.method
    return correct(shot, of_edition(calibration, master.card), model=model)


def of_edition(calibration: Calibration, edition: str | None) -> Calibration:
    """The calibration with only that edition of the card, or as it is where it has none of that name."""
    same = tuple(c for c in calibration.cards if c.name == edition)
    return replace(calibration, cards=same or calibration.cards)


def place_again(master: Master, photos: Sequence[Corrected]) -> Master:
    """The master with the spread of its colours over further photos of the same golden, lifted and laid down again, and
    from three photos in all with that of every pixel.

    photos : corrected by :func:`correct_like`.

    Raises AlignmentError where one of them shows no such part, another unit of it, or no usable colour card.
    """
    seen = []
    for corrected in photos:
        aligned = align(corrected, master)
        failed = next((g for g in (*corrected.gates, *aligned.gates) if not g.ok), None)
        if failed is not None or aligned.correction is None:
            reason = f"{failed.name}: {failed.reason}" if failed is not None else "no usable colour card"
            raise AlignmentError(
                f"{corrected.shot.name} does not tell how the golden looks when it is laid down again: {reason}",
                "Photograph the golden that is being sealed, lifted and laid down elsewhere, or leave the photo out.",
            )
        unlike = unlike_enamel(master, aligned)
        if unlike:
            raise AlignmentError(
                f"{corrected.shot.name} shows another part than the golden: {unlike}",
                "Photograph the golden that is being sealed, lifted and laid down elsewhere, or leave the photo out.",
            )
        seen.append(aligned)
    return replace(
        with_placements(master, seen),
        again=tuple(sorted(c.shot.sha256 for c in photos)),
        variation=learn_variation(master, seen),
    )


def _mm(frame: Frame, px: Float | None) -> tuple[float, float] | None:
    if px is None:
        return None
    x, y = frame.to_mm(px)
    return float(x), float(y)


def _fit(corrected: Corrected) -> FitDocument | None:
    """How the correction of a photo was chosen, where it is used."""
    return fit_document(corrected.card) if corrected.card is not None and corrected.card.usable else None


def _vet_places(sheet: Sheet, shot: Shot) -> None:
    """Raises SheetError for a place of the sheet outside the golden photo: far out there is no lens to undistort it."""
    places: list[tuple[str, tuple[tuple[float, float], ...]]]
    places = [(f"the seed of region {r.name!r}", (r.seed_px,)) for r in sheet.regions if r.seed_px is not None]
    for what, rows in (("region", sheet.regions), ("mark", sheet.marks)):
        places += [(f"a corner of {what} {row.name!r}", row.polygon_px) for row in rows if row.polygon_px is not None]
    for size in sheet.sizes:
        places += [(f"the point of size {size.name!r}", (p,)) for p in (size.at_px, size.to_px) if p is not None]
    width, height = shot.size
    for what, points in places:
        x, y = next((p for p in points if not (0 <= p[0] <= width - 1 and 0 <= p[1] <= height - 1)), (None, None))
        if x is not None:
            raise SheetError(
                f"{what} at {x:g}, {y:g} lies outside the golden photo of {width} x {height} px",
                "Read the pixels in the photo that is handed in, as it is displayed upright.",
            )


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
        verdict=judged.verdict,
        reasons=judged.reasons,
        gates=tuple(
            GateDocument(name=g.name, ok=g.ok, reason=g.reason)
            for g in (*gates, *remarks, *cross_check_remark(disagreements), *threshold_remark(thresholds, aside))
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


def _gauge_use(gauge: GaugeSpreads | None, measurements: Sequence[Measurement]) -> GaugeUseDocument | None:
    """What the document says of a study; None where it tells nothing of what was measured."""
    seen = [m.characteristic for m in measurements if gauge is not None and m.characteristic in gauge.spreads]
    if gauge is None or not seen:
        return None
    spreads = {name: gauge.spreads[name] for name in sorted(seen)}
    return GaugeUseDocument(study=gauge.study, made_at=gauge.made_at.isoformat(), spreads=spreads)


def _encloses(contour_px: Float, place: tuple[float, float]) -> bool:
    low = np.floor(contour_px.min(axis=0)) - 1
    high = np.ceil(contour_px.max(axis=0)) + 2
    x, y = (round(v) for v in np.asarray(place) - low)
    width, height = (int(v) for v in high - low)
    inside = 0 <= x < width and 0 <= y < height
    return inside and bool(polygon_mask(contour_px - low, (height, width))[y, x])


def _centred(golden: GoldenFrame) -> tuple[Frame, Similarity, Float, tuple[Float, ...]]:
    """The frame with its origin at the centre of the box of the struck outline, which is found to sub-pixels."""
    fine = struck_outline(golden.image, golden.frame, golden.outline_mm)
    holes = [struck_outline(golden.image, golden.frame, h, hole=True) for h in golden.holes_mm]
    centre = (fine.min(axis=0) + fine.max(axis=0)) / 2
    x, y = golden.frame.to_px(centre)
    frame = replace(golden.frame, origin_px=(float(x), float(y)))
    at = golden.pose.apply(centre)
    pose = replace(golden.pose, x=float(at[0]), y=float(at[1]))
    return frame, pose, fine - centre, tuple(h - centre for h in holes)


def _region_master(
    request: RegionRequest,
    label: int,
    golden: GoldenFrame,
    frame: Frame,
    labels: NDArray[np.uint8],
    corrected: Corrected,
) -> RegionMaster:
    where = labels == label
    seen = region_mean(
        golden.image, labels, label, golden.clipped, corrected.correction, surface=request.surface, valid=golden.valid
    )
    centre = frame.to_mm(inmost(where))
    return RegionMaster(
        name=request.name,
        surface=request.surface,
        label=label,
        lab=seen.lab,
        u_lab=seen.u,
        centre_mm=(float(centre[0]), float(centre[1])),
        area_mm2=float(where.sum()) * frame.pitch_mm**2,
        rgb=seen.rgb,
        cov=seen.cov,
        scatter=seen.scatter if seen.lab is not None else None,
    )


def _drift_gate(master: Master, corrected: Corrected, calibration: Calibration) -> tuple[Gate, ...]:
    """On a bench, the golden and every unit lie in one light; a photo taken anywhere says so by its uncertainty."""
    if calibration.rig is None or any(g.name == "light" and not g.ok for g in corrected.gates):
        return ()
    gate = drift_gate(master.correction, corrected.card)
    return () if gate is None else (gate,)
