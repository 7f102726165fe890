"""Local defects: a defect model's score maps become findings with a place, a size in millimetres and a region."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.measure.polygon import polygon_mask
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OTHER, OUTSIDE, Aligned, DefectModel, Finding, Master, Measurement, ScoreMaps

_THRESHOLD = 0.5
_SHOULDER_MM = 0.45  # width of a hole's rounded edge; 0.35 mm on a pin 2 mm thick
_SHADING = 0.3  # of a size: a judgement; nine in ten rendered pits of 0.2-0.5 mm were off by less than 0.13 mm
_RAGGED = 2.2  # times its diameter: a blob longer than this is broken up by shading, and its size twice as doubtful
_LEAST_PX = 5  # smaller than this is the ragged rim of something or the picture's own grain
_UNSETTLED = 0.05  # cube-root units of difference between the golden with and without the mark's move
_SAME_LIGHT = 0.10  # of the light, either way: what differs less, the model follows cell by cell
_DARK = 0.01  # linear light below which a ratio says nothing
_LONG = ("scratch", "lint")


def find_defects(
    aligned: Aligned, master: Master, model: DefectModel, marks: Sequence[Measurement] = ()
) -> tuple[Finding, ...]:
    """Findings of ``model`` on an aligned unit, largest first.

    marks : the unit's mark measurements; a mark that moved is compared where it now lies, so that one shifted logo is
    one shifted logo and not a dozen scratches.
    """
    golden, labels, unsettled = follow_marks(master, marks)
    gain = _exposure(golden, aligned, labels)
    noise = max(aligned.noise * float(gain.max()), master.noise)
    unit = aligned.image if (gain == 1).all() else LinearRGB(aligned.image.pixels * gain)
    hidden = ~aligned.valid | aligned.clipped | unsettled | hole_shoulders(master)
    labels = np.where(aligned.valid, labels, OUTSIDE).astype(np.uint8)
    maps = model(golden, unit, labels, noise)
    findings = _findings(maps, master, labels, golden, unit, aligned, hidden, noise)
    return tuple(sorted(findings, key=lambda f: (-f.area_mm2, f.x_mm, f.y_mm)))


def _exposure(golden: LinearRGB, aligned: Aligned, labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(3,) what brings the unit's photo to the golden's exposure and white balance, 1 where they are the same.

    The median over the part: a defect, or a cell of another colour, does not move it far.
    """
    seen = np.flatnonzero((labels != OUTSIDE) & aligned.valid & ~aligned.clipped)[::7]
    before, now = (p.pixels.reshape(-1, 3)[seen] for p in (golden, aligned.image))
    lit = (before > _DARK).all(axis=1) & (now > _DARK / 4).all(axis=1)
    if lit.sum() < 100:
        return np.ones(3, dtype=np.float32)
    gain = np.median(before[lit] / now[lit], axis=0)
    same = bool((np.abs(np.log(gain)) <= _SAME_LIGHT).all())
    return np.ones(3, dtype=np.float32) if same else np.asarray(gain, dtype=np.float32)


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


def _findings(
    maps: ScoreMaps,
    master: Master,
    labels: NDArray[np.uint8],
    golden: LinearRGB,
    unit: LinearRGB,
    aligned: Aligned,
    hidden: NDArray[np.bool_],
    noise: float,
) -> list[Finding]:
    best = maps.scores.max(axis=0)
    pitch = master.frame.pitch_mm * aligned.similarity.scale
    names = {r.label: r.name for r in master.regions} | {METAL: "metal", OTHER: "other enamel", OUTSIDE: "edge"}
    count, parts, stats, _ = cv2.connectedComponentsWithStats((best >= _THRESHOLD).astype(np.uint8), connectivity=8)
    findings = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area < _LEAST_PX:
            continue
        rows = slice(max(0, y - 2), min(best.shape[0], y + h + 2))
        columns = slice(max(0, x - 2), min(best.shape[1], x + w + 2))
        mask = parts[rows, columns] == i
        if hidden[rows, columns][mask].mean() > 0.5:
            continue
        local = maps.scores[:, rows, columns]
        kind = maps.kinds[int((local * mask).sum(axis=(1, 2)).argmax())]
        # Score 0.5 lies at half height: sharing out 0.25 to 0.75 linearly is sub-pixel, and blur does not bias it.
        share = np.clip((best[rows, columns] - 0.25) / 0.5, 0, 1) * cv2.dilate(mask.astype(np.uint8), np.ones((3, 3)))
        area_mm2 = float(share.sum()) * pitch**2
        contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        contour = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64) + (columns.start, rows.start)
        length = _length(contour, mask) * pitch
        yy, xx = np.nonzero(mask)
        weight = best[rows, columns][mask]
        centre = np.array([np.average(xx, weights=weight) + columns.start, np.average(yy, weights=weight) + rows.start])
        x_mm, y_mm = (float(v) for v in master.frame.to_mm(centre))
        size = 2 * math.sqrt(area_mm2 / math.pi)
        if kind == "bubble":  # a dome shows its lit and its shaded flank, not its top: it is as wide as both are apart
            size = max(size, length)
        here, counts = np.unique(labels[rows, columns][mask], return_counts=True)
        extent = length if kind in _LONG else size
        shading = _SHADING * extent * (2 if kind not in _LONG and length > _RAGGED * size else 1)
        contrast = _contrast(golden.pixels[rows, columns], unit.pixels[rows, columns], mask)
        cnr = contrast / max(noise, 1e-6)
        findings.append(
            Finding(
                kind=kind,
                x_mm=x_mm,
                y_mm=y_mm,
                size_mm=area_mm2 / max(length, pitch) if kind in _LONG else size,
                length_mm=max(length, size),
                area_mm2=area_mm2,
                region=names.get(int(here[counts.argmax()]), "other"),
                score=float(local.max(axis=0)[mask].mean()),
                u_mm=_size_uncertainty(pitch, aligned.blur_px, cnr, area, shading),
                contrast_to_noise=cnr,
                polygon_mm=master.frame.to_mm(contour),
            )
        )
    return findings


def _length(contour: NDArray[np.float64], mask: NDArray[np.bool_]) -> float:
    """Length in pixels: the longer side of the least rectangle, or along the curve where it bends."""
    (_, _), (a, b), _ = cv2.minAreaRect(contour.astype(np.float32))
    chord = max(a, b) + 1
    perimeter = cv2.arcLength(contour.astype(np.float32), True)
    width = float(mask.sum()) / max(perimeter / 2, 1.0)
    return max(chord, perimeter / 2 - width) if chord > 4 * width else chord


def _contrast(golden: NDArray[np.float32], unit: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    delta = (unit - golden)[mask]
    return float(np.abs(delta.mean(axis=0)).max())


def _size_uncertainty(pitch: float, blur_px: float, cnr: float, area_px: int, shading_mm: float) -> float:
    """Expanded uncertainty of a diameter or length in mm.

    The rim's place is known to a share of the blur that noise decides, averaged over the rim's independent pixels, and
    to a fifth of a pixel by where half height lies. Beyond that a defect's own shading hides part of it or adds to it.
    """
    rim = max(math.sqrt(4 * math.pi * area_px), 4.0)
    edge = max(blur_px, 0.5) * 2.5 / max(cnr, 1.0) / math.sqrt(rim / max(2 * blur_px, 1.0))
    return math.hypot(2 * pitch * math.hypot(2 * edge, 0.4), shading_mm)
