"""Colour of regions against the golden: robust means in linear light, CIEDE2000 with its parts and uncertainty.

Card-relative: golden and unit each go through the correction of the card in their own photo, so the card's edition and
most of the camera's metamerism are in both and cancel. What does not cancel is the uncertainty given here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.colour import ColourCorrection, Lab, LinearRGB
from station.values.difference import ColourDifference, colour_difference, delta_e_2000
from station.values.line import Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

ERODE_PX = 4
"""Kept away from a region's edge: blur, the wall's shadow and 4:2:0 chroma bleed reach 3 to 4 px in."""
MIN_PIXELS = 40
TILE_PX = 12
"""Side of the tiles whose scatter gives the uncertainty of the mean: neighbours share demosaic and coder noise."""
MAX_HIDDEN = 0.25
MAX_SCATTER = (2.5, 3.0)
"""Scatter of a region's tiles in CIEDE2000 that is even light at any rate, and how many times the golden's may be
reached. Even regions stay below 1.8, regions under a glare's skirt exceed 3.3."""
MAX_CLIPPED = {"plating": 0.60}
"""Share of a region that may be clipped: speculars are part of metal, on enamel they are glare."""
MAX_CLIPPED_OTHER = 0.15
U_SAME_BENCH = 0.12
"""Standard uncertainty of one correction per CIEDE2000 of its leave-one-out error when golden and unit share rig and
card: the model's misfit repeats from photo to photo and cancels, the patches' reading does not."""
U_FIELD = 0.2
"""Standard uncertainty left by the light's field after its correction and by what the gloss mirrors, in CIEDE2000."""
U_OTHER_CAMERA = 2.0
"""Standard uncertainty between two cameras or lights, whatever the correction: held-out colours, phone against phone in
one light, differ by 3.4 CIEDE2000 in the mean and 5.3 at the 95th percentile."""


@dataclass(frozen=True, slots=True)
class RegionColour:
    """The colour of one region, or why there is none.

    rgb : (3,) robust mean in linear light. lab : (3,) under the correction. u : standard uncertainty (k = 1) of the
    mean in CIEDE2000, 0 where there is no lab. scatter : root mean square distance of the region's tiles from that
    mean, in CIEDE2000. pixels : how many were used.
    """

    rgb: Float | None
    lab: Float | None
    u: float
    pixels: int
    why: str = ""
    scatter: float = 0.0


def region_mean(
    image: LinearRGB,
    labels: NDArray[np.uint8],
    label: int,
    clipped: Bool,
    correction: ColourCorrection | None,
    *,
    surface: str = "other",
    valid: Bool | None = None,
    erode_px: int = ERODE_PX,
) -> RegionColour:
    """Robust mean colour of the pixels with one label, away from the region's edge.

    Parameters
    ----------
    image, labels, clipped, valid
        Picture (H, W, 3), region map (H, W), clipped and covered pixels (H, W), all on one raster.
    label
        Value of the region in ``labels``.
    surface
        ``plating`` tolerates speculars: they are masked, and the middle half by brightness is averaged.
    erode_px
        Distance kept from the region's edge; a region too thin for it is measured along its middle.
    """
    core = _core(labels == label, erode_px)
    total = int(core.sum())
    if total < MIN_PIXELS:
        return RegionColour(None, None, 0.0, total, "the region is too small to be measured")
    seen = core if valid is None else core & valid
    if int(seen.sum()) < (1 - MAX_HIDDEN) * total:
        return RegionColour(None, None, 0.0, int(seen.sum()), "the region is not wholly in the photo")
    kept = seen & ~_spread(clipped)
    limit = MAX_CLIPPED.get(surface, MAX_CLIPPED_OTHER)
    if int(kept.sum()) < max((1 - limit) * int(seen.sum()), MIN_PIXELS):
        share = 100 * (1 - kept.sum() / seen.sum())
        return RegionColour(None, None, 0.0, int(kept.sum()), f"{share:.0f} % of the region is clipped or glares")
    y, x = np.nonzero(kept)
    rgb = image.pixels[y, x].astype(np.float64)
    chosen = _middle_half(rgb) if surface == "plating" else _without_outliers(rgb)
    mean = rgb[chosen].mean(axis=0)
    if correction is None:
        return RegionColour(mean, None, 0.0, int(chosen.sum()), "the photo has no usable colour card")
    lab = correction.lab(mean).values
    scatter, tiles = _scatter(rgb[chosen], y[chosen], x[chosen], lab, correction)
    return RegionColour(mean, lab, scatter / math.sqrt(tiles), int(chosen.sum()), scatter=scatter)


def measure_regions(aligned: Aligned, master: Master) -> tuple[Measurement, ...]:
    """CIEDE2000 of every region of the master, kind ``colour``, with lab, lab_golden, dL, dC and dH in the detail.

    A region that cannot be measured has value None and ``why``.
    """
    same_bench = aligned.scale_source == "rig" and master.scale_source == "rig"
    return tuple(_measure(region, aligned, master, same_bench) for region in master.regions)


def _measure(region: RegionMaster, aligned: Aligned, master: Master, same_bench: bool) -> Measurement:
    name = f"colour:{region.name}"
    method = "CIEDE2000, card-relative, " + ("same bench" if same_bench else "no common bench")
    seen = region_mean(
        aligned.image,
        master.labels,
        region.label,
        aligned.clipped,
        aligned.correction,
        surface=region.surface,
        valid=aligned.valid,
    )
    why = seen.why
    if not why and region.lab is None:
        why = "the golden has no colour for this region"
    if not why and seen.scatter > MAX_SCATTER[0] and seen.scatter > MAX_SCATTER[1] * _golden_scatter(region, master):
        why = f"the region's light is uneven ({seen.scatter:.1f} CIEDE2000): glare or a shadow lies on it"
    if why or seen.lab is None or region.lab is None or aligned.correction is None:
        return Measurement(name, "colour", None, "CIEDE2000", 0.0, method, region.centre_mm, why)
    golden_loo = master.correction.loo_mean if master.correction is not None else 0.0
    u = u_colour(seen.u, region.u_lab, aligned.correction.loo_mean, golden_loo, same_bench=same_bench)
    difference = colour_difference(Lab(np.asarray(region.lab, dtype=np.float64)), Lab(seen.lab))
    detail: dict[str, object] = {
        "lab": _rounded(seen.lab),
        "lab_golden": _rounded(region.lab),
        "dL": round(float(difference.dL), 4),
        "dC": round(float(difference.dC), 4),
        "dH": round(float(difference.dH), 4),
        "pixels": seen.pixels,
    }
    value = float(difference.delta_e)
    return Measurement(name, "colour", value, "CIEDE2000", 2 * u, method, region.centre_mm, "", detail)


def _golden_scatter(region: RegionMaster, master: Master) -> float:
    """Scatter of the region in the golden's own photo: what its texture brings along."""
    none = np.zeros(master.labels.shape, dtype=bool)
    seen = region_mean(master.image, master.labels, region.label, none, master.correction, surface=region.surface)
    return seen.scatter


def u_colour(u_unit: float, u_golden: float, loo_unit: float, loo_golden: float, *, same_bench: bool) -> float:
    """Standard uncertainty (k = 1) of a CIEDE2000 between unit and golden.

    Scatter of both means; the corrections' repeatability on one bench, or ``U_OTHER_CAMERA`` where golden and unit
    come from cameras or lights that are not known to be the same; the light's field.
    """
    scatter = math.hypot(u_unit, u_golden)
    between = U_SAME_BENCH * math.hypot(loo_unit, loo_golden) if same_bench else U_OTHER_CAMERA
    return math.hypot(scatter, between, U_FIELD)


def _core(region: Bool, erode_px: int) -> Bool:
    """The region without ``erode_px`` along its edge; of a thin region the pixels nearest to its middle line."""
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    for reach in range(erode_px, 0, -1):
        core = depth > reach
        if int(core.sum()) >= 4 * MIN_PIXELS:
            return np.asarray(core)
    return np.asarray(depth > 1)


def _spread(clipped: Bool) -> Bool:
    """Clipped pixels and their neighbours: demosaicing and the coder carry a highlight one pixel further."""
    return np.asarray(cv2.dilate(clipped.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _without_outliers(rgb: Float) -> Bool:
    """Pixels within three robust standard deviations of the median in every channel: specks, pits and dust go."""
    median = np.median(rgb, axis=0)
    spread = 1.4826 * np.median(np.abs(rgb - median), axis=0) + 1e-4
    kept = (np.abs(rgb - median) <= 3 * spread).all(axis=1)
    return np.asarray(kept if kept.sum() >= MIN_PIXELS else np.ones(len(rgb), dtype=bool))


def _middle_half(rgb: Float) -> Bool:
    """The middle half by brightness: metal mirrors lamp and room, its median tone compares with the golden's."""
    brightness = rgb.sum(axis=1)
    low, high = np.quantile(brightness, [0.25, 0.75])
    return np.asarray((brightness >= low) & (brightness <= high))


def _scatter(
    rgb: Float, y: NDArray[np.intp], x: NDArray[np.intp], lab: Float, correction: ColourCorrection
) -> tuple[float, int]:
    """Root mean square CIEDE2000 between the means of tiles and the region's mean, and how many tiles there are."""
    tile = (y // TILE_PX) * 100_000 + x // TILE_PX
    _, member, count = np.unique(tile, return_inverse=True, return_counts=True)
    full = count >= max(4, int(np.median(count) / 4))
    if int(full.sum()) < 3:
        pixel = delta_e_2000(Lab(np.broadcast_to(lab, rgb.shape)), correction.lab(rgb))
        return float(np.sqrt(np.mean(pixel**2))), max(1, len(rgb) // 16)
    sums = np.stack([np.bincount(member, weights=rgb[:, c]) for c in range(3)], axis=-1)
    means = correction.lab((sums / count[:, None])[full])
    apart = delta_e_2000(Lab(np.broadcast_to(lab, means.values.shape)), means)
    return float(np.sqrt(np.mean(apart**2))), int(full.sum())


def _rounded(lab: Float) -> list[float]:
    return [round(float(v), 4) for v in lab]


__all__ = ["ColourDifference", "RegionColour", "colour_difference", "delta_e_2000", "measure_regions", "region_mean"]
