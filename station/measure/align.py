"""Registration of a unit onto the master: golden frame mm --similarity--> bench mm --plane at the part's height-->
photo px.

Coarse: the part's outline gives place and size; the rotation is searched all round by correlation of colour and edge
maps, and several hypotheses are kept until the warped pair itself has been compared. Fine:
:mod:`station.measure.refine`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.blur import edge_blur_px, pixel_noise
from station.measure.coarse import (
    GRID,
    Hypothesis,
    feature_maps,
    grid_mm,
    pair_correlation,
    search,
    tint_spread,
)
from station.measure.frame import U_PART_SCALE, GoldenFrame, exclusions, golden_frame, resample
from station.measure.identity import MIRRORED, SAME_SIZE, mismatch, preference
from station.measure.master_index import PLACING_LEVELS, MasterIndex, index_master, index_of
from station.measure.part import PartOutline, find_part, look_at_bench, rough_part
from station.measure.polygon import centroid, polygon_mask, signed_area
from station.measure.pose_uncertainty import UNKNOWN, PoseUncertainty, pose_uncertainty
from station.measure.refine import Refined, Template, refine, responses
from station.measure.seen_photo import SeenPhoto, look, px_mm
from station.measure.threads import together
from station.values.colour import LinearRGB
from station.values.geometry import FlatPlane, PlaneMap, Similarity, camera_centre
from station.values.line import Aligned, Corrected, Gate, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

__all__ = ["GoldenFrame", "MasterIndex", "align", "golden_frame", "index_master"]

# the last step of the fit, a tenth of what is claimed; on plain metal the weights keep it moving by less
_SETTLED_PX = 0.01
_COARSE_FROM = 2  # pyramid levels from this one up are used while several hypotheses are still open

# Gates, set on rendered units of two designs and on drawn scenes: like pairs score 0.85 and more, unlike 0.4 and less.
_SAME_PRODUCT = 0.70  # correlation of the warped pair's colour and edge maps
# that is enough where the edges of the reduced pictures correlate by as much as the second: plain metal has little
# colour, and its maps are soon spoilt by dust and glare. No other rendered design on a plain back had half of both
_PLAINLY_LIKE = (0.5, 0.85)
_SAME_TURN_DEG = 3.0  # of two poses: less than a step of the search, so that both come from one of its peaks
_REGISTERED = 0.75  # correlation of the edge pixels after refinement
_OVERLAP = 0.90
_PLAIN_OVERLAP = 0.95  # with a rough outline; below, the outline is found with all care before anything is said of it
_SIMILAR = 0.4  # a pose that leaves more than 1 / 0.4 times as much unexplained as the best is no rival
_CLEAR = 0.15  # of about 0.5: how plainly the unit must prefer one of two rivals
_ADDED_BLUR_PX = 1.0
# standard; walls and shoulders seen and lit from another side: edges of light, and of enamel, rms of rendered products
_U_RELIEF_MM = {"edges": 0.01, "chroma": 0.003}


@dataclass(frozen=True, slots=True)
class _Fit:
    """A pose with what speaks for it. seen : the unit's maps in it, see :func:`_seen_maps`. score : their correlation
    with the golden's; coarse_correlation : of the edge pixels at reduced size."""

    pose: Similarity
    refined: Refined
    seen: tuple[Float32, Bool]
    score: float
    coarse_correlation: float


@dataclass(frozen=True, slots=True)
class _Placed:
    """The pose that is handed on. rms_px : see :class:`Refined`; ``known`` is infinite where nothing was fitted."""

    pose: Similarity
    rms_px: float = math.inf
    known: PoseUncertainty = UNKNOWN


def align(corrected: Corrected, master: Master, *, part: PartOutline | None = None) -> Aligned:
    """Register a unit's photo onto the master and resample it into the golden frame.

    part : the unit as found among several in the photo; None looks for the one there is.

    A photo that cannot be registered gives an ``Aligned`` whose gates ``part``, ``alignment``, ``identity`` or
    ``sharpness`` say so; its image is then a best effort.

    Raises
    ------
    AlignmentError
        The master itself cannot be registered by.
    """
    index = index_of(master)
    if part is not None:
        return _register(corrected, master, index, part.contour_px, part.touches_border)
    bench = None
    try:
        if corrected.plane is not None:
            bench = look_at_bench(corrected.image, exclusions(corrected))
            area = _expected_area(corrected.plane, corrected.image.shape, index, master.thickness_mm or 0.0)
            rough = rough_part(bench, corrected.image.shape, area)
            # a known product needs no careful outline to be registered; whatever else is seen gets one
            if rough is not None and not rough[1]:
                quick = _register(corrected, master, index, *rough)
                registered = all(g.ok for g in quick.gates if g.name in ("part", "alignment", "identity"))
                if registered and quick.overlap >= _PLAIN_OVERLAP:
                    return quick
            part = find_part(corrected.image, area_px=area, bench=bench)
        else:
            part = find_part(corrected.image, exclusions(corrected))
    except AlignmentError as error:
        return _nothing(corrected, master, error.message)
    return _register(corrected, master, index, part.contour_px, part.touches_border)


def _register(
    corrected: Corrected, master: Master, index: MasterIndex, contour_px: Float, touches_border: bool
) -> Aligned:
    """Register the part of a rough outline (n, 2) px."""
    height = master.thickness_mm or 0.0
    plane = corrected.plane or _plane_from_part(contour_px, index)
    contour = plane.to_plane(contour_px, height)
    if not np.isfinite(contour).all() or abs(signed_area(contour)) < 1e-6:
        return _nothing(corrected, master, "The part lies outside the calibrated bench")
    photo = look(corrected, plane, height, contour_px, contour, index.signal, master.frame.pitch_mm)
    ratio = math.sqrt(abs(signed_area(contour)) / index.area_mm2)
    scale = ratio if abs(ratio - 1) > 0.06 else 1.0
    maps = feature_maps(*_unit_view(photo, index, scale))
    hypotheses = search(index.coarse, maps)
    fits = sorted(
        (f for f in (_fit_coarse(photo, index, h, scale) for h in hypotheses) if f is not None),
        key=lambda f: -f.score,
    )
    placed = _Placed(_pose_of(photo, index, hypotheses[0], scale))
    alignment = Gate("alignment", False, "The unit could not be laid over the golden sample")
    alike, other = False, None
    if fits:
        winner, rival = _settle(index, fits)
        best = _fit_fine(photo, index, winner)
        alike = best.score >= _SAME_PRODUCT or _plainly_like(best)
        alignment = _alignment_gate(best, rival)
        placed = _place(photo, index, best, master)
        if rival is not None and _alignment_gate(best, None).ok:
            other = rival.pose
    gates: tuple[Gate, ...]
    if touches_border:
        # of a part that is seen in part only, nothing can be said about its product
        gates = (Gate("part", False, "The picture's edge cuts the part: move it into the middle"), alignment)
    else:
        same = alike and (corrected.plane is None or SAME_SIZE[0] < ratio < SAME_SIZE[1])
        identity = Gate("identity", True)
        if not same:
            identity = _named(photo, index, master, scale, hypotheses[0].score, ratio)
        elif index.mirror is not None and index.mirror.is_seen(photo.light_at(placed.pose.apply(index.mirror.mm))):
            identity = Gate("identity", False, MIRRORED)
        gates = (Gate("part", True), alignment, identity)
    # registration is over, and of a large photo these are large
    photo = replace(photo, scalar=(), pixels=photo.pixels[:0])
    return replace(_filled(corrected, master, photo, placed, gates), rival=other)


def sharpness_gate(added: float) -> Gate:
    """The gate of a unit whose edges are blurred by ``added`` px (sigma) of the golden frame more than the golden's."""
    if added <= _ADDED_BLUR_PX:
        return Gate("sharpness", True)
    reason = f"The photo is less sharp than the golden's: its edges are blurred by {added:.1f} px more"
    return Gate("sharpness", False, reason)


def _expected_area(plane: PlaneMap, shape: tuple[int, ...], index: MasterIndex, height_mm: float) -> float:
    """Area in px of the golden's outline in the middle of the photo."""
    return index.area_mm2 / max(px_mm(plane, np.array([shape[1] / 2, shape[0] / 2]), height_mm) ** 2, 1e-12)


def _plane_from_part(contour_px: Float, index: MasterIndex) -> FlatPlane:
    """Without rig and card the unit's outline is taken to be as large as the golden's."""
    px_per_mm = math.sqrt(abs(signed_area(contour_px)) / index.area_mm2)
    return FlatPlane(np.diag([px_per_mm, px_per_mm, 1.0]), U_PART_SCALE, "part")


def _unit_view(photo: SeenPhoto, index: MasterIndex, scale: float) -> tuple[Float32, Bool]:
    """The unit about its centroid and where it is, on the search grid of the golden's size."""
    pitch = index.coarse.pitch_mm * scale
    middle = centroid(photo.contour_mm)
    mask = polygon_mask((photo.contour_mm - middle) / pitch + (GRID - 1) / 2, (GRID, GRID))
    return photo.colour_at(middle + grid_mm(pitch, GRID)), mask


def _named(photo: SeenPhoto, index: MasterIndex, master: Master, scale: float, straight: float, ratio: float) -> Gate:
    """What the photo shows instead of the golden's product."""
    view, mask = _unit_view(photo, index, scale)
    maps, tint = feature_maps(view, mask), tint_spread(view, mask)
    return mismatch(index.coarse, master.outline_mm, maps, tint, photo.contour_mm, straight, ratio)


def _pose_of(photo: SeenPhoto, index: MasterIndex, hypothesis: Hypothesis, scale: float) -> Similarity:
    turn = Similarity(0.0, 0.0, hypothesis.rotation_deg, scale)
    at = centroid(photo.contour_mm) + scale * np.array(hypothesis.shift_mm) - turn.apply(index.centre_mm)
    return Similarity(float(at[0]), float(at[1]), hypothesis.rotation_deg, scale)


def _fit_coarse(photo: SeenPhoto, index: MasterIndex, hypothesis: Hypothesis, scale: float) -> _Fit | None:
    matrix = _pose_of(photo, index, hypothesis, scale).matrix()
    refined = None
    for level, template in reversed(index.templates):
        if level < _COARSE_FROM and refined is not None:
            break
        step = refine(template, photo.scalar_at(level), matrix, "similarity", iterations=20, tolerance_px=0.02)
        if step is not None:
            refined, matrix = step, step.matrix
    if refined is None:
        return None
    pose = Similarity.from_matrix(matrix)
    seen = _seen_maps(photo, index, pose)
    return _Fit(pose, refined, seen, pair_correlation(index.coarse, *seen), refined.correlation)


def _fit_fine(photo: SeenPhoto, index: MasterIndex, fit: _Fit) -> _Fit:
    fine = [(level, template) for level, template in index.templates if level < _COARSE_FROM]
    refined = _refined_from(photo, fine, fit.pose.matrix()) or fit.refined
    pose = Similarity.from_matrix(refined.matrix)
    seen = _seen_maps(photo, index, pose)
    return _Fit(pose, refined, seen, pair_correlation(index.coarse, *seen), fit.coarse_correlation)


def _place(photo: SeenPhoto, index: MasterIndex, fit: _Fit, master: Master) -> _Placed:
    """The pose of a fit, with tint by further steps in the damped chroma, and how well it is known."""
    refined, second, relief, response = fit.refined, None, _U_RELIEF_MM["edges"], None
    if index.placing is not None:
        signal, templates = index.placing
        chroma = replace(photo, scalar=photo.seen_as(signal, PLACING_LEVELS))
        found = _refined_from(chroma, templates, fit.pose.matrix())
        if found is not None:
            refined, second, relief = found, fit.pose, _U_RELIEF_MM["chroma"]
    elif refined.template is index.templates[0][1]:
        response = responses(refined, photo.scalar_at(index.templates[0][0]))
    pose = Similarity.from_matrix(refined.matrix)
    known = pose_uncertainty(
        refined,
        pose,
        pitch_mm=master.frame.pitch_mm,
        turn_deg=pose.rotation_deg - master.pose.rotation_deg,
        relief_mm=relief,
        second=second,
        response=response,
    )
    return _Placed(pose, refined.rms_px, known)


def _refined_from(photo: SeenPhoto, templates: Sequence[tuple[int, Template]], matrix: Float) -> Refined | None:
    refined = None
    for level, template in reversed(templates):
        step = refine(template, photo.scalar_at(level), matrix, "similarity", tolerance_px=_SETTLED_PX)
        if step is not None:
            refined, matrix = step, step.matrix
    return refined


def _settle(index: MasterIndex, fits: list[_Fit]) -> tuple[_Fit, _Fit | None]:
    """The pose that wins against every other, and a rival it cannot be told from, if there is one.

    A round design of many like petals correlates almost as well when turned by one petal. Two poses are therefore
    compared only on what tells them apart.
    """
    near = [f for f in fits if 1 - fits[0].score > _SIMILAR * (1 - f.score)]
    best = near[0]
    for other in near[1:]:
        if _preference(index, best, other) < 0:
            best = other
    for other in near:
        apart = abs(math.remainder(other.pose.rotation_deg - best.pose.rotation_deg, 360))
        if apart > _SAME_TURN_DEG and abs(_preference(index, best, other)) < _CLEAR:
            return best, other
    return best, None


def _plainly_like(fit: _Fit) -> bool:
    return fit.score >= _PLAINLY_LIKE[0] and fit.coarse_correlation >= _PLAINLY_LIKE[1]


def _seen_maps(photo: SeenPhoto, index: MasterIndex, pose: Similarity) -> tuple[Float32, Bool]:
    """The unit's maps (4, n, n) in the golden frame and where it was seen, at half the pitch of the search."""
    c = index.coarse
    seen = photo.colour_at(pose.apply(grid_mm(c.pitch_mm / 2, len(c.fine_mask)) + c.centre_mm))
    covered = np.isfinite(seen[..., 0]) & c.fine_mask
    return feature_maps(seen, covered), covered


def _preference(index: MasterIndex, a: _Fit, b: _Fit) -> float:
    """How plainly the unit looks as pose ``a`` predicts rather than as ``b``, see :func:`preference`."""
    between = Similarity.from_matrix(b.pose.inverse().matrix() @ a.pose.matrix())
    return preference(index.coarse, *a.seen, between)


def _alignment_gate(best: _Fit, rival: _Fit | None) -> Gate:
    r = best.refined
    # a blurred unit is laid on rightly though its finest edges correlate little; the sharpness gate speaks for itself
    correlation = max(r.correlation, best.coarse_correlation)
    if correlation >= _REGISTERED and not (r.converged or r.correlation < _REGISTERED):
        return Gate("alignment", False, "The unit was laid over the golden sample, but the fit did not settle")
    if correlation < _REGISTERED:
        return Gate(
            "alignment",
            False,
            "The unit could not be laid over the golden sample "
            f"(edges correlate {correlation:.2f}, wanted {_REGISTERED:.2f})",
        )
    if rival is not None:
        return Gate(
            "alignment",
            False,
            "Two rotations fit about equally well "
            f"({best.pose.rotation_deg:.0f} and {rival.pose.rotation_deg:.0f} degrees)",
        )
    return Gate("alignment", True)


def _filled(
    corrected: Corrected,
    master: Master,
    photo: SeenPhoto,
    placed: _Placed,
    gates: tuple[Gate, ...],
) -> Aligned:
    """Resample by the pose and measure blur, noise and overlap."""
    frame, pose, known = master.frame, placed.pose, placed.known
    image, clipped, valid = resample(corrected, photo.plane, pose, frame, photo.height_mm)
    shape = (frame.height, frame.width)
    golden = polygon_mask(frame.to_px(master.outline_mm), shape)
    rough = pose.inverse().apply(photo.contour_mm)
    unit = polygon_mask(frame.to_px(rough), shape)
    overlap = float((golden & unit & valid).sum() / max(1, (golden | unit).sum()))
    blur, noise = together(
        lambda: edge_blur_px(image.pixels, golden & valid & ~clipped),
        lambda: pixel_noise(image.pixels, golden & valid),
    )
    added = math.sqrt(max(0.0, blur**2 - master.blur_px**2)) if math.isfinite(blur) else math.inf
    if math.isfinite(placed.rms_px) and overlap < _OVERLAP and gates[1].ok:
        gates = (gates[0], Gate("alignment", False, f"Only {overlap:.0%} of the outlines coincide"), *gates[2:])
    sharpness = sharpness_gate(added)
    u_plane = photo.plane.u_scale_at(np.array([pose.x, pose.y]), photo.height_mm)
    return Aligned(
        image=image,
        clipped=clipped,
        valid=valid,
        similarity=pose,
        rms_px=placed.rms_px,
        overlap=overlap,
        u_offset_mm=known.offset_mm,
        u_rotation_deg=known.rotation_deg,
        u_scale=math.hypot(u_plane, known.scale),
        u_plane=u_plane,
        camera_mm=camera_centre(photo.plane),
        rough_outline_mm=rough,
        u_height=photo.plane.height_gain(photo.height_mm) * master.u_thickness_mm,
        correction=corrected.correction,
        scale_source=photo.plane.source,
        noise=noise,
        blur_px=blur,
        gates=(*gates, sharpness),
        card_light=corrected.card.light if corrected.card is not None else None,
        coding_step=corrected.shot.coding_step,
        bench=corrected.bench,
    )


def _nothing(corrected: Corrected, master: Master, reason: str) -> Aligned:
    """What is handed on where no part was seen: an empty raster and the gate that says why."""
    frame = master.frame
    none = np.zeros((frame.height, frame.width), dtype=bool)
    return Aligned(
        image=LinearRGB(np.zeros((frame.height, frame.width, 3), dtype=np.float32)),
        clipped=none,
        valid=none,
        similarity=Similarity(),
        rms_px=math.inf,
        overlap=0.0,
        u_offset_mm=math.inf,
        u_rotation_deg=math.inf,
        u_scale=math.inf,
        correction=corrected.correction,
        scale_source=corrected.plane.source if corrected.plane is not None else "part",
        noise=0.0,
        blur_px=math.nan,
        gates=(Gate("part", False, reason),),
        bench=corrected.bench,
    )
