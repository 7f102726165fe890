"""Colour of regions against the golden: robust means in linear light, CIEDE2000 with its parts and uncertainty.

Card-relative: on one bench the unit's light is brought into the golden's by the card in both photos and then both go
through the golden's correction; without a common bench each goes through its own. The card's edition and most of the
camera's metamerism are in both and cancel. What does not cancel is the uncertainty given here, component by component
(:mod:`station.measure.colour_uncertainty`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.colour_uncertainty import (
    DifferenceUncertainty,
    along,
    coding_covariance,
    difference_uncertainty,
    lab_slope,
    round_covariance,
)
from station.measure.relative_light import RelativeLight, light_between, same_bench
from station.values.colour import ColourCorrection, Lab, LinearRGB, rounded
from station.values.difference import (
    ColourDifference,
    colour_difference,
    delta_e_76,
    delta_e_94,
    delta_e_2000,
    delta_e_cmc,
    metric_at,
)
from station.values.line import Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_OTHER_FORMULAS = {"dE76": delta_e_76, "dE94": delta_e_94, "dECMC": delta_e_cmc}
"""Reported beside CIEDE2000 for those whose agreements name them; never judged."""

ERODE_PX = 4
"""Kept away from a region's edge: blur, the wall's shadow and 4:2:0 chroma bleed reach 3 to 4 px in. Keeping further
away makes it worse: in an even middle all of the coder's blocks stand on one level of its quantiser."""
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
SPECULAR = 1.6
"""Plating brighter than this many times its median mirrors a lamp."""

# Standard uncertainties (k = 1), calibrated on rendered benches of seeds 31 and 20261 (see docs/colour-uncertainty.md).
U_CODING = 0.71
"""Of the coder's step in a region, against an even area's (maximum likelihood: 0.73 and 0.68 on the two seeds): regions
are shaded, so that their blocks take more than one level."""
U_POSITION, U_DRIFT = 0.005, 0.0035
"""Relative light left by the flat field between two places of the bench, and its drift between two photos."""
U_VEIL, U_VEIL_TURN = 0.0005, 0.0015
"""Linear light (white = 1) that gloss mirrors more in one photo than in the other: where the part lies otherwise, and
what turning it by half a turn adds, for lamps and room are not the same from all sides."""
U_PLATING = 1.2
"""Of a metal's tone from one placement to another, in CIEDE2000: it is nothing but mirror. 120 rendered placements of
plating of one tone differ by 1.25 (root mean square), whatever the turn. Taken where the golden was not photographed
again."""
U_SLOPE = 0.03
"""Of the difference itself: the correction's slope between two colours is known no better than its patches fit."""
U_FIT = 0.12
"""Of one correction, for each CIEDE2000 of its leave-one-out error, where it does not give its own account."""
U_OTHER_CAMERA = 2.0
"""Between two cameras or lights in CIEDE2000, whatever the correction: held-out colours, phone against phone in one
light, differ by 3.4 in the mean and 5.3 at the 95th percentile, as a standard deviation of 2.0 a coordinate gives."""


@dataclass(frozen=True, slots=True)
class RegionColour:
    """The colour of one region, or why there is none.

    rgb : (3,) robust mean in linear light. lab : (3,) under the correction. u : standard uncertainty (k = 1) of the
    mean in CIEDE2000, 0 where there is no lab, and cov (3, 3) its covariance in Lab. scatter : root mean square
    distance of the region's tiles from that mean, in CIEDE2000. pixels : how many were used. specular_share : of the
    region, 0-1, masked because it is clipped or mirrors a lamp.
    """

    rgb: Float | None
    lab: Float | None
    u: float
    pixels: int
    why: str = ""
    scatter: float = 0.0
    cov: Float | None = None
    specular_share: float = 0.0


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
    region = np.asarray(labels == label).astype(np.uint8)
    x0, y0, width, height = cv2.boundingRect(region)
    # Everything below looks one pixel round the region at most.
    box = np.s_[max(0, y0 - 2) : y0 + height + 2, max(0, x0 - 2) : x0 + width + 2]
    core = _core(region[box] > 0, erode_px)
    total = int(core.sum())
    if total < MIN_PIXELS:
        return RegionColour(None, None, 0.0, total, "the region is too small to be measured")
    seen = core if valid is None else core & valid[box]
    if int(seen.sum()) < (1 - MAX_HIDDEN) * total:
        return RegionColour(None, None, 0.0, int(seen.sum()), "the region is not wholly in the photo")
    pixels = image.pixels[box]
    kept = seen & ~_spread(clipped[box])
    limit = MAX_CLIPPED.get(surface, MAX_CLIPPED_OTHER)
    if int(kept.sum()) < max((1 - limit) * int(seen.sum()), MIN_PIXELS):
        share = 100 * (1 - kept.sum() / seen.sum())
        return RegionColour(None, None, 0.0, int(kept.sum()), f"{share:.0f} % of the region is clipped or glares")
    if surface == "plating":
        kept = _without_speculars(pixels, kept)
    specular = 1 - float(kept.sum()) / max(int(seen.sum()), 1)
    y, x = np.nonzero(kept)
    rgb = pixels[y, x].astype(np.float64)
    chosen = _middle_half(rgb) if surface == "plating" else _without_outliers(rgb)
    mean = rgb[chosen].mean(axis=0)
    if correction is None:
        return RegionColour(mean, None, 0.0, int(chosen.sum()), "the photo has no usable colour card")
    lab = correction.lab(mean).values
    scatter, tiles, cov = _scatter(rgb[chosen], y[chosen], x[chosen], lab, correction)
    u = scatter / math.sqrt(tiles)
    return RegionColour(mean, lab, u, int(chosen.sum()), scatter=scatter, cov=cov, specular_share=specular)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What golden and unit have in common. light : the unit's in the golden's, on one bench. turn : sine of half the
    unit's turn against the golden, 0-1."""

    aligned: Aligned
    master: Master
    same_bench: bool
    light: RelativeLight | None
    turn: float


def measure_regions(aligned: Aligned, master: Master) -> tuple[Measurement, ...]:
    """CIEDE2000 of every region of the master, kind ``colour``, with lab, lab_golden, dL, dC and dH in the detail, and
    the budget of its uncertainty: ``u_parts`` (k = 1, CIEDE2000, by name), ``u_bias`` and ``best_limit`` as
    :class:`~station.measure.colour_uncertainty.DifferenceUncertainty` has them.

    A region that cannot be measured has value None and ``why``.
    """
    turned = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    bench, light = same_bench(aligned, master), light_between(aligned, master)
    pair = _Pair(aligned, master, bench, light, abs(math.sin(turned / 2)))
    return tuple(_measure(region, pair) for region in master.regions)


def _measure(region: RegionMaster, pair: _Pair) -> Measurement:
    aligned, master = pair.aligned, pair.master
    name = f"colour:{region.name}"
    method = "CIEDE2000, card-relative, " + ("same bench" if pair.same_bench else "no common bench")
    if region.surface == "plating":
        method += ", compared with the golden only: no absolute tone of metal is claimed"
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
    if why or seen.rgb is None or seen.lab is None or region.lab is None or aligned.correction is None:
        return Measurement(name, "colour", None, "CIEDE2000", 0.0, method, region.centre_mm, why)
    golden, unit = np.asarray(region.lab, dtype=np.float64), seen.lab
    if pair.light is not None and master.correction is not None:
        unit = master.correction.lab(pair.light.of(seen.rgb)).values
    difference = colour_difference(Lab(golden), Lab(unit))
    budget = _budget(region, seen, unit, golden, pair)
    detail: dict[str, object] = {
        "lab": rounded(unit),
        "lab_golden": rounded(golden),
        "dL": round(float(difference.dL), 4),
        "dC": round(float(difference.dC), 4),
        "dH": round(float(difference.dH), 4),
        **{name: round(float(of(Lab(golden), Lab(unit))), 4) for name, of in _OTHER_FORMULAS.items()},
        "pixels": seen.pixels,
        "u_parts": {part: round(u, 4) for part, u in budget.parts.items()},
        "u_bias": round(budget.bias, 4),
        "best_limit": round(budget.best_limit, 4),
    }
    if region.surface == "plating":
        detail["specular_share"] = round(seen.specular_share, 4)
    value = float(difference.delta_e)
    return Measurement(name, "colour", value, "CIEDE2000", budget.u, method, region.centre_mm, "", detail)


def _budget(region: RegionMaster, seen: RegionColour, unit: Float, golden: Float, pair: _Pair) -> DifferenceUncertainty:
    """The components of the difference's uncertainty as Lab covariances, propagated."""
    master, aligned = pair.master, pair.aligned
    assert seen.rgb is not None
    assert aligned.correction is not None
    metric = metric_at((golden + unit) / 2)
    if pair.light is not None and master.correction is not None:
        rgb = pair.light.of(seen.rgb)
        slope = lab_slope(master.correction, rgb)
        card = slope @ pair.light.covariance(seen.rgb) @ slope.T
    else:
        rgb = seen.rgb
        slope = lab_slope(aligned.correction, rgb)
        card = _card_covariance(master.correction, region, metric) + _card_covariance(aligned.correction, seen, metric)
    light, white = slope @ rgb, slope @ np.ones(3)
    coding = coding_covariance(rgb, aligned.coding_step) + coding_covariance(rgb, master.coding_step)
    golden_mean = region.cov if region.cov is not None else round_covariance(region.u_lab, metric) / 3
    unit_mean = seen.cov if seen.cov is not None else round_covariance(seen.u, metric) / 3
    if region.u_placement is not None:
        placement = along(light, math.sqrt(2) * region.u_placement, metric)
    elif region.surface == "plating":
        placement = along(light, U_PLATING, metric)
    else:
        placement = math.hypot(U_VEIL, U_VEIL_TURN * pair.turn) ** 2 * np.outer(white, white)
    components = {
        "pixels": unit_mean + golden_mean,
        "coding": U_CODING**2 * slope @ coding @ slope.T,
        "card": card,
        "position": U_POSITION**2 * np.outer(light, light),
        "drift": U_DRIFT**2 * np.outer(light, light),
        "placement": placement,
        "correction": U_SLOPE**2 * np.outer(unit - golden, unit - golden),
    }
    if not pair.same_bench:
        components["camera"] = round_covariance(U_OTHER_CAMERA, metric)
    return difference_uncertainty(golden, unit, components)


def _card_covariance(correction: ColourCorrection | None, of: RegionMaster | RegionColour, metric: Float) -> Float:
    """(3, 3) Lab covariance of one correction at a colour: by its own account, or by its leave-one-out error."""
    if correction is None:
        return np.zeros((3, 3))
    by_fit = np.zeros((3, 3)) if of.rgb is None else correction.u_lab(of.rgb)
    return by_fit if by_fit.any() else round_covariance(U_FIT * correction.loo_mean, metric)


def _golden_scatter(region: RegionMaster, master: Master) -> float:
    """Scatter of the region in the golden's own photo: what its texture brings along."""
    if region.scatter is not None:
        return region.scatter
    none = np.zeros(master.labels.shape, dtype=bool)
    seen = region_mean(master.image, master.labels, region.label, none, master.correction, surface=region.surface)
    return seen.scatter


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
    kept = np.ones(len(rgb), dtype=bool)
    for channel in rgb.T:
        away = np.abs(channel - np.median(channel))
        kept &= away <= 3 * (1.4826 * np.median(away) + 1e-4)
    return kept if np.count_nonzero(kept) >= MIN_PIXELS else np.ones(len(rgb), dtype=bool)


def _without_speculars(pixels: NDArray[np.float32], kept: Bool) -> Bool:
    """Without what mirrors a lamp, and its neighbours."""
    brightness = pixels @ np.ones(3, dtype=np.float32)
    return kept & ~_spread(brightness > SPECULAR * float(np.median(brightness[kept])))


def _middle_half(rgb: Float) -> Bool:
    """The middle half by brightness: metal mirrors lamp and room, its median tone compares with the golden's."""
    brightness = rgb.sum(axis=1)
    low, high = np.quantile(brightness, [0.25, 0.75])
    return np.asarray((brightness >= low) & (brightness <= high))


def _scatter(
    rgb: Float, y: NDArray[np.intp], x: NDArray[np.intp], lab: Float, correction: ColourCorrection
) -> tuple[float, int, Float]:
    """Root mean square CIEDE2000 between the means of tiles and the region's mean, how many tiles there are, and the
    Lab covariance of the region's mean that follows from them."""
    member = (y // TILE_PX) * (int(x.max()) // TILE_PX + 1) + x // TILE_PX
    count = np.bincount(member)
    full = count >= max(4, int(np.median(count[count > 0]) / 4))
    if int(full.sum()) < 3:
        means, tiles = correction.lab(rgb), max(1, len(rgb) // 16)
    else:
        sums = np.stack([np.bincount(member, weights=rgb[:, c]) for c in range(3)], axis=-1)
        means, tiles = correction.lab(sums[full] / count[full][:, None]), int(full.sum())
    apart = delta_e_2000(Lab(np.broadcast_to(lab, means.values.shape)), means)
    off = means.values - lab
    return float(np.sqrt(np.mean(apart**2))), tiles, np.asarray(off.T @ off / len(off) / tiles)


__all__ = ["ColourDifference", "RegionColour", "colour_difference", "delta_e_2000", "measure_regions", "region_mean"]
