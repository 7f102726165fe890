"""From rows to what the use cases answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from station.service import bench_views, views
from station.store import records
from station.store.audit import Audit
from station.store.database import Database
from station.store.rows import GoldenRow, LotDecisionRow, LotRow, ReviewRow, RigRow, UnitRow
from station.values.bench import Calibration, LensCalibration, LightCalibration, Rig
from station.values.documents import Verdict
from station.values.light import LightCheck


def rig_view(db: Database, row: RigRow) -> bench_views.RigView:
    """A bench and until when its calibrations hold."""
    lens, light = (records.calibration(db, row.id, kind) for kind in ("lens", "light"))
    return bench_views.RigView(
        name=row.name,
        digest=row.digest,
        added_at=row.added_at,
        lens_expires_at=lens.expires_at if lens else None,
        light_expires_at=light.expires_at if light else None,
    )


def check_view(rig: str, photo: str, check: LightCheck) -> bench_views.LightCheckView:
    """A check of the bench light."""
    return bench_views.LightCheckView(
        rig=rig, photo=photo, at=check.at, card=check.edition, reference=check.reference, ok=check.ok,
        reason=check.reason, lightness=check.lightness, tint=check.tint, level=check.level, lux=check.lux,
        lux_reason=check.lux_reason, tone=check.tone,
    )  # fmt: skip


def bench_view(
    found: Calibration, *, in_use: bool, history: Sequence[bench_views.LightCheckView], now: datetime
) -> bench_views.BenchView:
    """A bench as it stands at ``now``; its calibration names a rig. history : checks of its light, oldest first."""
    from station.calibrate.bounds import COLOUR, SOON
    from station.values.line import LENGTHS

    assert found.rig is not None
    name = found.rig.name
    commands = {kind: f"station calibrate {kind} --rig {name} {what}.jpg ..." for kind, what in
                (("lens", "BOARD"), ("light", "GREY"))}  # fmt: skip
    faults, expiring = [], []
    for kind, gate, blocks, one in (("lens", "scale", LENGTHS, found.lens), ("light", "light", COLOUR, found.light)):
        if one is None and kind == "light":  # without a lens, lengths come from the card, with their uncertainty
            reason = f"rig {name} has no light calibration"
            faults.append(bench_views.BenchFault(gate=gate, reason=reason, blocks=blocks, command=commands[kind]))
        elif one is not None and now < one.expires_at <= now + SOON:
            reason = f"the {kind} calibration of rig {name} expires on {one.expires_at:%Y-%m-%d %H:%M} UTC"
            expiring.append(bench_views.BenchFault(gate=gate, reason=reason, blocks=blocks, command=commands[kind]))
    for fault in found.faults:
        kind = "lens" if fault.name == "scale" else "light"
        faults.append(
            bench_views.BenchFault(gate=fault.name, reason=fault.reason, blocks=fault.blocks, command=commands[kind])
        )
    return bench_views.BenchView(
        rig=name,
        state="out" if faults else "soon" if expiring else "ok",
        in_use=in_use,
        faults=tuple(faults),
        expiring=tuple(expiring),
        lens=None
        if found.lens is None
        else lens_view(found.lens, found.rig),
        light=_light_view(found.light) if found.light else None,
        last_check=history[-1] if found.last_check else None, drift=tuple(history),
    )  # fmt: skip


def lens_view(lens: LensCalibration, rig: Rig) -> bench_views.LensView:
    """A lens calibration as a person reads it."""
    from station.calibrate.lens import u_lengths_mm

    names = ("focal length", "principal point x", "principal point y", "k1", "k2")
    spreads = lens.spreads
    return bench_views.LensView(
        made_at=lens.made_at,
        expires_at=lens.expires_at,
        rms_px=lens.rms_px,
        images=lens.images,
        method=lens.method,
        figures=tuple(
            bench_views.LensFigure(
                name=name,
                value=float(lens.parameters[i]),
                u=None if spreads is None else 2 * float(spreads[i]),
                unit="px" if i < 3 else "1",
            )
            for i, name in enumerate(names)
        ),
        u_length_mm=u_lengths_mm(lens, rig),
        watched=lens.pose is not None,
    )


def lens_remarks(lens: LensCalibration, rig: Rig) -> list[str]:
    """What a lens calibration leaves open, and what would close it."""
    from station.calibrate.lens import FOCAL_FROM_RIG

    said = []
    if FOCAL_FROM_RIG in lens.method:
        said.append(
            f"The focal length follows from the rig's distance of {rig.camera.distance_mm:g} mm: for parts that stand "
            "high add tilted views, or a view on a spacer."
        )
    if lens.pose is None and rig.markers:
        said.append(
            "No picture shows the bench markers: add one of the empty bench, or a camera that was knocked is not "
            "noticed."
        )
    if rig.mat is not None and rig.mat.made == "printed" and lens.u_print is None:
        said.append("The mat is a print nobody measured: add --measured-mm LENGTH --over SQUARES.")
    return said


def _light_view(light: LightCalibration) -> bench_views.LightView:
    from station.calibrate.flicker import remarks

    meter = light.meter
    return bench_views.LightView(
        made_at=light.made_at,
        expires_at=light.expires_at,
        images=light.images,
        uniformity=light.uniformity,
        residual=light.residual,
        nine=None if light.nine is None else tuple(tuple(float(v) for v in row) for row in light.nine),
        flicker=bench_views.FlickerView(**asdict(light.flicker), remarks=tuple(remarks(light.flicker)))
        if light.flicker
        else None,
        warm_up=bench_views.WarmUpView(**asdict(light.warm_up)) if light.warm_up else None,
        lux=light.lux,
        meter=bench_views.MeterView(**asdict(meter), uniformity=meter.uniformity) if meter else None,
        settings=light.settings,
    )


def golden_view(row: GoldenRow, *, new: bool = False) -> views.GoldenView:
    """A golden sample as sealed; ``new``: by this call."""
    return views.GoldenView(
        number=row.number,
        version=row.version,
        digest=row.digest,
        regions=tuple(r["name"] for r in json.loads(row.master_document)["regions"]),
        warnings=tuple(json.loads(row.warnings)),
        sku=row.sku,
        product=row.product,
        sheet_digest=row.sheet_digest,
        photo=row.photo,
        photo_sha256=row.photo_sha256,
        frame_sha256=row.frame_sha256,
        rig=row.rig,
        sealed_at=row.sealed_at,
        new=new,
    )


def unit_view(row: UnitRow) -> views.UnitView:
    """A unit for a list."""
    return views.UnitView(
        id=row.id,
        unit=row.unit,
        photo=row.photo,
        sha256=row.photo_sha256,
        golden=row.golden,
        golden_version=row.golden_version,
        lot=row.lot,
        carton=row.carton,
        identifiers=row.identifiers,
        verdict=row.verdict,
        standing=row.standing,
        margin=row.margin,
        reasons=tuple(json.loads(row.document)["reasons"]),
        inspected_at=row.inspected_at,
        review=review_view(row.review) if row.review else None,
        overtaken=row.overtaken,
        has_pictures=row.frame_sha256 is not None,
        frame_sha256=row.frame_sha256,
        annotated_sha256=row.annotated_sha256,
    )


def review_view(row: ReviewRow) -> views.ReviewView:
    """A review for a list."""
    return views.ReviewView(
        id=row.id,
        unit_id=row.unit_id,
        decision=row.decision,
        reason=row.reason,
        reviewer=row.reviewer,
        at=row.at,
        supersedes=row.supersedes,
        disputes=row.disputes,
    )


def lot_view(
    row: LotRow, standing: Mapping[Verdict, int], decided: LotDecisionRow | None, *, waiting: int, drawn: bool
) -> views.LotView:
    """A lot as it stands. standing : units by verdict, each unit once; waiting : of them for a reviewer. drawn : it has
    a pick list."""
    return views.LotView(
        lot=row.name,
        golden=row.golden,
        golden_version=row.golden_version,
        created_at=row.created_at,
        inspected=sum(standing.values()),
        conforms=standing[Verdict.CONFORMS],
        nonconforms=standing[Verdict.NONCONFORMS],
        undecided=standing[Verdict.UNDECIDED],
        waiting=waiting,
        decision=decided.decision if decided else None,
        drawn=drawn,
    )


def audit_view(found: Audit, removed: Sequence[Path]) -> views.AuditView:
    """What a walk over the records found. removed : what dead processes had left."""
    return views.AuditView(
        ok=found.ok,
        rows=found.rows,
        files=found.files,
        missing=found.missing,
        extra=found.extra,
        changed=found.changed,
        added=found.added,
        removed=tuple(p.name for p in removed),
        remarks=found.remarks,
        ledger_entries=found.entries,
    )
