"""The line for the golden sample: its photo measured into a master, and more photos of it laid down again. No file,
socket, database, clock or random number in here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_reading import fit_document
from station.calibrate.light import correct
from station.errors import AlignmentError, SheetError
from station.measure.align import GoldenFrame, align, golden_frame
from station.measure.colour import region_mean
from station.measure.golden_features import FeatureRequest, place_features
from station.measure.outline import struck_outline
from station.measure.outline_sizes import measure_golden_sizes
from station.measure.part import PartOutline
from station.measure.placements import unlike_enamel, with_placements
from station.measure.polygon import polygon_mask
from station.measure.regions import RegionRequest, inmost, region_map
from station.measure.variation import learn_variation
from station.sheet import Sheet
from station.values.bench import Calibration
from station.values.geometry import Frame, Similarity, camera_centre
from station.values.line import FIRST_REGION, U_THICKNESS_MM, Corrected, MarkMaster, Master, RegionMaster, Shot

Float = NDArray[np.float64]


def measure_master(
    corrected: Corrected,
    sheet: Sheet,
    *,
    number: str,
    version: int,
    found: PartOutline | None = None,
    width_mm: float | None = None,
    on_border: Callable[[str, Float], None] = lambda *_: None,
) -> Master:
    """Measure the golden sample in its photo into a master.

    found : the golden among several parts in the photo. width_mm : of the golden, where neither the photo nor the sheet
    gives a scale. on_border : hears of each region that the sheet gives a border its name and corners, (n, 2) in mm.

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
        if polygon is not None:
            on_border(region.name, frame.to_mm(polygon))
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
    usable = corrected.card if corrected.card is not None and corrected.card.usable else None
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
        card=None if usable is None else usable.edition,
        card_light=corrected.card.light if corrected.card is not None else None,
        coding_step=corrected.shot.coding_step,
        bench=corrected.bench,
        fit=None if usable is None else fit_document(usable),
        card_colours=None if usable is None else usable.colours,
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
