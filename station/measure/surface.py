"""Local defects: a defect model's score maps become findings with a place, sizes in millimetres and a region.

Where something is comes from :mod:`station.measure.defect_places`, how large it is from :mod:`station.measure.extent`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.defect_places import Place, find_places, total_score
from station.measure.exposure import exposure_gain
from station.measure.extent import Extent, measure_extent
from station.measure.morphology import disc
from station.measure.polygon import polygon_mask
from station.measure.variation import damped
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OTHER, OUTSIDE, Aligned, DefectModel, Finding, Master, Measurement, ScoreMaps

_SHOULDER_MM = 0.45  # width of a hole's rounded edge; 0.35 mm on a pin 2 mm thick
_SHADING = 0.3  # of a size: a judgement; nine in ten rendered pits of 0.2-0.5 mm were off by less than 0.13 mm
_RAGGED = 2.2  # times its diameter: a blob longer than this is broken up by shading, and its size twice as doubtful
_WORTH_TELLING = 0.05  # score of a kind from which a finding names it
_ROUND_PX = 12  # px of its surroundings that a place is looked at in
_UNSETTLED = 0.05  # cube-root units of difference between the golden with and without the mark's move
_LONG = ("scratch", "lint")


@dataclass(frozen=True, slots=True)
class Compared:
    """What a defect model compares. golden : with the marks where the unit has them. unit : in the golden's exposure.
    labels : (H, W) region map, ``OUTSIDE`` where the photo does not reach. hidden : (H, W) where nothing is judged.
    noise : of a pixel."""

    golden: LinearRGB
    unit: LinearRGB
    labels: NDArray[np.uint8]
    hidden: NDArray[np.bool_]
    noise: float


def compared(aligned: Aligned, master: Master, marks: Sequence[Measurement] = ()) -> Compared:
    """An aligned unit and its golden as a defect model compares them; ``marks`` as in :func:`find_defects`."""
    golden, labels, unsettled = follow_marks(master, marks)
    gain = exposure_gain(golden, aligned, labels)
    noise = max(aligned.noise * float(gain.max()), master.noise)
    unit = aligned.image if (gain == 1).all() else LinearRGB(aligned.image.pixels * gain)
    hidden = ~aligned.valid | aligned.clipped | unsettled | hole_shoulders(master)
    labels = np.where(aligned.valid, labels, OUTSIDE).astype(np.uint8)
    return Compared(golden, unit, labels, hidden, noise)


def score_maps(pair: Compared, master: Master, model: DefectModel) -> ScoreMaps:
    """A model's scores, less where the golden's own pictures vary."""
    golden, unit = pair.golden, pair.unit
    return damped(model(golden, unit, pair.labels, pair.noise), master, golden, unit, pair.noise)


def find_defects(
    aligned: Aligned, master: Master, model: DefectModel, marks: Sequence[Measurement] = ()
) -> tuple[Finding, ...]:
    """Findings of ``model`` on an aligned unit, largest first.

    marks : the unit's mark measurements; a mark that moved is compared where it now lies, so that one shifted logo is
    one shifted logo and not a dozen scratches.
    """
    pair = compared(aligned, master, marks)
    maps = score_maps(pair, master, model)
    total = total_score(maps)
    difference = np.asarray((pair.unit.pixels - pair.golden.pixels).mean(axis=2), dtype=np.float32)
    places = find_places(maps, total, difference, pair.hidden, master.frame.pitch_mm)
    owner = np.zeros(pair.labels.shape, dtype=np.int32)
    for i, place in enumerate(places):
        owner[place.pixels[:, 1], place.pixels[:, 0]] = i + 1
    scene = _Scene(pair.golden, pair.unit, pair.labels, total, owner, pair.noise)
    findings = [_finding(place, i + 1, scene, maps.kinds, master, aligned) for i, place in enumerate(places)]
    told = [
        replace(f, unsure_below=maps.sure[f.kind]) if f.score < maps.sure.get(f.kind, 0.0) else f
        for f in findings
        if f.score >= maps.least.get(f.kind, 0.0)
    ]
    return tuple(sorted(told, key=lambda f: (-f.area_mm2, f.x_mm, f.y_mm)))


def hole_shoulders(master: Master) -> NDArray[np.bool_]:
    """(H, W) the rounded edge of through holes: a mirror in which other lamps stand when the part is turned."""
    holes = np.zeros(master.labels.shape, dtype=np.uint8)
    for hole in master.holes_mm:
        holes |= polygon_mask(master.frame.to_px(hole), master.labels.shape).astype(np.uint8)
    return np.asarray(cv2.dilate(holes, disc(_SHOULDER_MM / master.frame.pitch_mm)) > 0)


def follow_marks(
    master: Master, marks: Sequence[Measurement]
) -> tuple[LinearRGB, NDArray[np.uint8], NDArray[np.bool_]]:
    """The golden raster and region map with every mark moved to where the unit has it, and where that is unsettled.

    A mark's polygon holds some of the body round the mark, which does not move with it: wherever the golden looks
    different moved and unmoved, in the old or the new place, nobody knows which of the two the unit should show.
    """
    image, labels = master.image.pixels, master.labels
    unsettled = np.zeros(labels.shape, dtype=bool)
    for mark in master.marks:
        values = {m.kind: m.value for m in marks if m.characteristic.partition(":")[2] == mark.name}
        dx, dy = values.get("offset-x"), values.get("offset-y")
        if dx is None or dy is None:
            continue
        centre = mark.polygon_mm.mean(axis=0)
        turn = Similarity(0, 0, values.get("rotation") or 0.0, values.get("scale") or 1.0).matrix()
        shift = np.eye(3)
        shift[:2, 2] = centre + (dx, dy)
        back = np.eye(3)
        back[:2, 2] = -centre
        to_unit = shift @ turn @ back
        moved = mark.polygon_mm @ to_unit[:2, :2].T + to_unit[:2, 2]
        area = polygon_mask(master.frame.to_px(moved), master.labels.shape)
        pixels = _pixel_matrix(master.frame, to_unit)
        size = (master.frame.width, master.frame.height)
        warped = cv2.warpAffine(master.image.pixels, pixels, size, flags=cv2.INTER_LINEAR)
        warped_labels = cv2.warpAffine(master.labels, pixels, size, flags=cv2.INTER_NEAREST)
        inside = area & (warped_labels != OUTSIDE) & (master.labels != OUTSIDE)
        old = polygon_mask(master.frame.to_px(mark.polygon_mm), master.labels.shape)
        differs = np.zeros(area.shape, dtype=bool)
        here = area | old
        change = np.cbrt(np.maximum(warped[here], 0)) - np.cbrt(np.maximum(image[here], 0))
        differs[here] = (np.abs(change) > _UNSETTLED).any(axis=1)
        unsettled |= cv2.dilate(differs.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
        image, labels = image.copy(), labels.copy()
        image[inside], labels[inside] = warped[inside], warped_labels[inside]
    return LinearRGB(image), labels, unsettled


def _pixel_matrix(frame: Frame, mm: NDArray[np.float64]) -> NDArray[np.float64]:
    to_px = np.array(
        [[1 / frame.pitch_mm, 0, frame.origin_px[0]], [0, 1 / frame.pitch_mm, frame.origin_px[1]], [0, 0, 1]]
    )
    return np.asarray((to_px @ mm @ np.linalg.inv(to_px))[:2], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Scene:
    """golden, unit : the pictures that were compared. labels : region map. total : scores over all kinds. owner :
    (H, W) number of the place that a pixel is of, from 1, 0 of none. noise : of a pixel."""

    golden: LinearRGB
    unit: LinearRGB
    labels: NDArray[np.uint8]
    total: NDArray[np.float32]
    owner: NDArray[np.int32]
    noise: float


def _finding(
    place: Place, number: int, scene: _Scene, kinds: tuple[str, ...], master: Master, aligned: Aligned
) -> Finding:
    frame, pitch = master.frame, master.frame.pitch_mm * aligned.similarity.scale
    low = np.maximum(place.pixels.min(axis=0) - _ROUND_PX, 0)
    high = place.pixels.max(axis=0) + _ROUND_PX + 1
    window = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
    owner, total = scene.owner[window], scene.total[window]
    mask = owner == number
    golden, unit = scene.golden.pixels[window], scene.unit.pixels[window]
    # Score 0.5 lies at half height: sharing out 0.25 to 0.75 linearly is sub-pixel, and blur does not bias it.
    rim = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) * ((owner == 0) | mask)
    share = np.where(mask & (total < 0.5), np.float32(1), np.clip((total - 0.25) / 0.5, 0, 1) * rim)
    usable = (scene.labels[window] != OUTSIDE) & ((owner == 0) | mask)
    extent = measure_extent(
        mask, share.astype(np.float32), golden, unit, usable, blur_px=aligned.blur_px, noise=scene.noise
    )
    kind = kinds[int(place.sums.argmax())]
    scores = {k: float(v) / place.count for k, v in zip(kinds, place.sums, strict=True)}
    told = sorted(((k, v) for k, v in scores.items() if v >= _WORTH_TELLING or k == kind), key=lambda kv: -kv[1])
    size = extent.width if kind in _LONG else extent.diameter
    if kind == "bubble":  # a dome shows its lit and its shaded flank, not its top: it is as wide as both are apart
        size = max(size, extent.feret)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64) + low
    weight = np.maximum(scene.total[place.pixels[:, 1], place.pixels[:, 0]], 0.05)
    x_mm, y_mm = (float(v) for v in frame.to_mm(np.average(place.pixels, axis=0, weights=weight)))
    names = {r.label: r.name for r in master.regions} | {METAL: "metal", OTHER: "other enamel", OUTSIDE: "edge"}
    here, counts = np.unique(scene.labels[place.pixels[:, 1], place.pixels[:, 0]], return_counts=True)
    return Finding(
        kind=kind,
        x_mm=x_mm,
        y_mm=y_mm,
        size_mm=size * pitch,
        length_mm=max(extent.length, size) * pitch,
        area_mm2=extent.area * pitch**2,
        region=names.get(int(here[counts.argmax()]), "other"),
        score=min(float(place.sums.sum()) / place.count, 1.0),
        u_mm=_uncertainty(extent, kind) * pitch,
        contrast_to_noise=_contrast(golden, unit, mask) / max(scene.noise, 1e-6),
        polygon_mm=frame.to_mm(contour),
        feret_mm=extent.feret * pitch,
        width_mm=extent.width * pitch,
        kind_scores=dict(told),
        sized_by="picture" if extent.seen else "scores",
    )


def _contrast(golden: NDArray[np.float32], unit: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    delta = (unit - golden)[mask]
    return float(np.abs(delta.mean(axis=0)).max())


def _uncertainty(extent: Extent, kind: str) -> float:
    """Expanded uncertainty (k = 2) in px of the diameter, of a long kind of the length: what the picture leaves open,
    and beyond that a defect's own shading, which hides part of it or adds to it."""
    told = extent.length if kind in _LONG else extent.diameter
    ragged = kind not in _LONG and extent.length > _RAGGED * extent.diameter
    u = extent.u_length if kind in _LONG else extent.u
    return math.hypot(2 * u, _SHADING * told * (2 if ragged else 1))
