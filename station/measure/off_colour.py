"""Local off-colour: a part of a cell that is another colour than the rest of it, as when it was filled twice.

Golden and unit are averaged over small squares inside a region, which leaves neither pixel noise nor the mosaic, and
compared as Lab. What the whole region is off by is subtracted, for that is the region's own measurement: the shift of
the quarter of the squares that agree best with the golden, so that up to three quarters of a cell may be wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.measure.polygon import polygon_mask
from station.measure.surface import follow_marks
from station.values.colour import ColourCorrection, Lab, LinearRGB
from station.values.difference import delta_e_2000
from station.values.line import Aligned, Finding, Master, Measurement

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

KIND = "off-colour"

_SQUARE_MM = 0.13  # side of the squares: four pixels of a usual raster
_EDGE_PX = 5.0  # kept away from a region's edge: blur, the wall's shadow, chroma bleed
_COVERED = 0.75  # share of a square that must be measurable
_LEAST_SQUARES = 20  # of a region; fewer have no rest to differ from
_DIFFERENT = 4.0  # CIEDE2000
# Width in mm that such an area has at least: shadows of walls and glare beside them differ as much and are narrower.
# Of 356 good regions none has a wider place beyond 3 CIEDE2000; at two thirds of this width one in a hundred has.
_WIDE_MM = 0.8
_U_SIZE = 0.2  # expanded, of a size: where the region's edge and its line work hide part of the area
_SAME_PLACE = 0.5  # share of one finding that another covers
_NAMED_BETTER = ("missing-enamel", "speck")  # kinds that say more of such an area, where they cover it
_MERE_EDGE = ("scratch", "lint", "bubble")  # what the edge of such an area looks like to a defect model


def with_off_colour(
    aligned: Aligned, master: Master, marks: Sequence[Measurement], found: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Findings with those of kind ``off-colour`` among them, no place being reported twice; largest first.

    marks : the unit's mark measurements, so that a mark that moved is not an area of another colour.
    found : what a defect model made of the same unit.
    """
    shape = master.labels.shape
    kept, areas = list(found), []
    for area in find_off_colour(aligned, master, marks):
        mask = _drawn(area, master)
        here = {id(f): _drawn(f, master) for f in kept if f.region == area.region}
        better = np.zeros(shape, dtype=bool)
        for f in kept:
            if id(f) in here and f.kind in _NAMED_BETTER:
                better |= here[id(f)]
        if (better & mask).sum() >= _SAME_PLACE * mask.sum():
            continue
        wide = cv2.dilate(mask.astype(np.uint8), disc(2 * _SQUARE_MM / master.frame.pitch_mm)).astype(bool)

        def apart(f: Finding, here: dict[int, Bool] = here, mask: Bool = mask, wide: Bool = wide) -> bool:
            """Whether a finding is a defect of its own: elsewhere, or small and no edge of the area."""
            if id(f) not in here or (f.kind not in _MERE_EDGE and f.size_mm < _WIDE_MM):
                return True
            least = min(here[id(f)].sum(), mask.sum())
            return bool((here[id(f)] & wide).sum() < _SAME_PLACE * least)

        kept = [f for f in kept if apart(f)]
        areas.append(area)
    return tuple(sorted([*kept, *areas], key=lambda f: (-f.area_mm2, f.x_mm, f.y_mm)))


def _drawn(finding: Finding, master: Master) -> Bool:
    """The pixels of the golden frame that a finding covers, its outline among them: a hairline may have no inside."""
    corners = master.frame.to_px(finding.polygon_mm)
    outline = np.zeros(master.labels.shape, dtype=np.uint8)
    cv2.polylines(outline, [np.rint(corners).astype(np.int32)], True, 1)
    drawn = outline > 0
    return drawn | polygon_mask(corners, master.labels.shape) if len(corners) >= 3 else drawn


def find_off_colour(aligned: Aligned, master: Master, marks: Sequence[Measurement] = ()) -> tuple[Finding, ...]:
    """Areas whose colour differs from the rest of their region against the golden, one finding a region.

    ``delta_e_00`` of a finding is the mean CIEDE2000 of its area against the golden, the region's own shift taken out.
    Nothing is found in metal, nor without a usable colour card in both photos.
    """
    if aligned.correction is None or master.correction is None:
        return ()
    golden, labels, unsettled = follow_marks(master, marks)
    measurable = aligned.valid & ~aligned.clipped & ~unsettled
    side = max(1, round(_SQUARE_MM / master.frame.pitch_mm))
    findings: list[Finding] = []
    for region in master.regions:
        if region.lab is None or region.surface == "plating":
            continue
        inside = (labels == region.label).astype(np.uint8)
        x0, y0, w, h = cv2.boundingRect(inside)
        if min(w, h) < 2 * side:
            continue
        window = (slice(y0, y0 + h), slice(x0, x0 + w))
        depth = cv2.distanceTransform(np.pad(inside[window], 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        core = np.asarray(depth > _EDGE_PX) & measurable[window]
        pair = (LinearRGB(golden.pixels[window]), LinearRGB(aligned.image.pixels[window]))
        off, usable = _difference(*pair, core, side, master.correction, aligned.correction)
        share, _ = _squares(inside[window] > 0, side)
        area = _area(off, usable, share, side * master.frame.pitch_mm * aligned.similarity.scale)
        if area is not None:
            findings.append(_finding(area, off, share, (x0, y0), side, aligned, master, region.name))
    return tuple(findings)


def _difference(
    golden: LinearRGB, unit: LinearRGB, core: Bool, side: int, before: ColourCorrection, now: ColourCorrection
) -> tuple[Float, Bool]:
    """CIEDE2000 of squares (h, w), the region's own shift taken out, and which of them could be measured."""
    share, (g, u) = _squares(core, side, golden.pixels, unit.pixels)
    usable = share >= _COVERED
    off = np.zeros(share.shape)
    if int(usable.sum()) < _LEAST_SQUARES:
        return off, usable
    lab_golden, lab_unit = before.lab(g[usable]).values, now.lab(u[usable]).values
    apart = delta_e_2000(Lab(lab_golden), Lab(lab_unit))
    best = apart <= np.quantile(apart, 0.25)
    shift = (lab_unit - lab_golden)[best].mean(axis=0)
    off[usable] = delta_e_2000(Lab(lab_golden), Lab(lab_unit - shift))
    return off, usable


def _squares(core: Bool, side: int, *pictures: NDArray[np.float32]) -> tuple[Float, list[Float]]:
    """Share of each square that lies in ``core``, and the pictures' means over that share."""
    size = (math.ceil(core.shape[1] / side), math.ceil(core.shape[0] / side))
    pad = ((0, size[1] * side - core.shape[0]), (0, size[0] * side - core.shape[1]))
    weight = np.pad(core.astype(np.float32), pad)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).astype(np.float64)
    means = []
    for picture in pictures:
        weighted = np.pad(picture, (*pad, (0, 0))) * weight[..., None]
        mean = cv2.resize(weighted, size, interpolation=cv2.INTER_AREA).astype(np.float64)
        means.append(mean / np.maximum(share, 1e-6)[..., None])
    return share, means


def _area(off: Float, usable: Bool, share: Float, square_mm: float) -> Bool | None:
    """Squares of the region (share above 0) that are of another colour; None where no such place is wide enough."""
    different = (off > _DIFFERENT).astype(np.uint8)
    wide = disc(_WIDE_MM / square_mm / 2)
    seeds = cv2.morphologyEx(different, cv2.MORPH_OPEN, wide, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not np.any(seeds):
        return None
    # opening rounds corners off: give back what is different within one square of what it left
    area = np.asarray(cv2.dilate(np.asarray(seeds), np.ones((3, 3), np.uint8))) * different > 0
    # a square that could not be measured, along the region's edge above all, is like the nearest that could
    _, nearest = cv2.distanceTransformWithLabels(
        (~usable).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(nearest.max()) + 1, dtype=bool)
    of_label[nearest[usable]] = area[usable]
    return np.asarray(of_label[nearest] & (share > 0))


def _finding(
    area: Bool,
    off: Float,
    share: Float,
    corner: tuple[int, int],
    side: int,
    aligned: Aligned,
    master: Master,
    name: str,
) -> Finding:
    frame, scale = master.frame, aligned.similarity.scale
    square_mm = side * frame.pitch_mm * scale
    measured = area & (off > 0)
    strength = float(off[measured].mean())
    area_mm2 = float(share[area].sum()) * square_mm**2
    size = 2 * math.sqrt(area_mm2 / math.pi)
    pieces = cv2.resize(area.astype(np.uint8), None, fx=side, fy=side, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(pieces, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = max(contours, key=cv2.contourArea)
    _, (a, b), _ = cv2.minAreaRect(contour)
    y, x = np.nonzero(area)
    weight = share[y, x]
    middle = np.array([np.average(x, weights=weight), np.average(y, weights=weight)])
    x_mm, y_mm = (float(v) for v in frame.to_mm(side * (middle + 0.5) - 0.5 + corner))
    rest = off[(off > 0) & ~area]
    return Finding(
        kind=KIND,
        x_mm=x_mm,
        y_mm=y_mm,
        size_mm=size,
        length_mm=max((max(a, b) + 1) * frame.pitch_mm * scale, size),
        area_mm2=area_mm2,
        region=name,
        score=strength / (strength + _DIFFERENT),
        u_mm=math.hypot(2 * square_mm, _U_SIZE * size),
        contrast_to_noise=strength / max(float(np.sqrt(np.mean(rest**2))) if len(rest) else 0.0, 0.1),
        polygon_mm=frame.to_mm(contour[:, 0].astype(np.float64) + corner),
        delta_e_00=strength,
    )
