"""Colours of parts that lie in one photo: same light, same camera, same correction, so only the place differs.

What two photos do not have in common (the camera, its white balance, the reading of the card) cancels between two parts
of one photo. What stays is the light's field between their places, what their gloss mirrors from there, each mean's own
scatter, and that a camera scales a difference otherwise than an eye does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.bench_field import BenchField
from station.measure.colour import MAX_SCATTER, region_mean
from station.measure.part import PartOutline
from station.measure.polygon import signed_area
from station.values.colour import ColourCorrection, DeviceRGB, Lab
from station.values.difference import colour_difference, delta_e_2000
from station.values.geometry import FlatPlane, PlaneMap
from station.values.line import Aligned, Corrected, Master, RegionMaster

Float = NDArray[np.float64]

U_VEIL = 0.004
"""Standard uncertainty, in linear light with white = 1, of how much more light one gloss mirrors into the camera than
the same gloss at another place: lens and lamp are mirrored from other sides there."""
U_VEIL_LEFT = 0.0009
"""What is left of it for one region when it was taken from the others: their faces are not one plane."""
MOST_VEIL = 0.01
"""White light, of white = 1, beyond which nothing mirrored explains what lies over a part: two and a half times
``U_VEIL``."""
LEAST_FOR_VEIL = 3
"""Other regions of enamel or print that must be seen on both parts before their common veil is taken out."""
U_PLATING = 6.0
"""Standard uncertainty in CIEDE2000 of a metal's tone at another place, turned another way: it mirrors other things. 38
rendered pairs of like plating, turned at random, differed by 4.9 in the median and 12.4 at the 95th percentile."""
U_REST = 0.1
"""The same of everything else: walls' shadows, what the neighbours reflect."""
U_SLOPE = 0.1
"""Relative standard uncertainty of a difference seen through the card: the camera is no observer, and the correction's
slope is known no better than its patches fit."""
U_SLOPE_ASSUMED = 0.25
"""The same without a card: cameras bend tones and saturate colours to please."""

ASSUMED = "assumed"
"""``ColourCorrection.method`` of what takes a photo at its word."""

_COLOUR_NOISE, _COLOUR_SPREAD = 0.0007, 0.03  # of a colour between good parts: in linear light, and relative


def assumed(photo: DeviceRGB) -> ColourCorrection:
    """What a photo without a colour card is read through: its values are taken for what its file says they are, linear
    light in the primaries of ``photo.space``."""
    return ColourCorrection(
        offset=np.zeros(3), gamma=np.ones(3), matrix=photo.to_xyz.copy(), method=ASSUMED, loo_mean=0.0
    )


@dataclass(frozen=True, slots=True)
class SeenRegion:
    """One region of one part, as seen at its place in the photo.

    rgb : (3,) mean in linear light. at_px : (2,) its middle in the photo. u : standard uncertainty (k = 1) of the mean
    from its own scatter, in CIEDE2000. scatter : of its tiles. why : why there is no colour, then rgb is None.
    """

    name: str
    surface: str
    rgb: Float | None
    at_px: Float
    u: float
    scatter: float
    pixels: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class SeenDifference:
    """CIEDE2000 between one region on two parts of one photo, or why there is none.

    u : standard uncertainty (k = 1), and ``budget`` its shares by name. lab_a, lab_b : (3,), both under the light at
    the first. parts : delta L', delta C', delta H'. veil : white light taken out of the second, of white = 1.
    """

    name: str
    value: float | None
    u: float
    lab_a: Float | None
    lab_b: Float | None
    parts: tuple[float, float, float] | None
    budget: dict[str, float]
    why: str = ""
    veil: float = 0.0

    @property
    def u_none(self) -> float:
        """Standard uncertainty of no difference at all: without what grows with the difference."""
        return math.hypot(*(share for name, share in self.budget.items() if name != "slope"))


def see_regions(
    aligned: Aligned, master: Master, corrected: Corrected, outline: PartOutline, correction: ColourCorrection
) -> tuple[SeenRegion, ...]:
    """The master's regions on one part of a photo; the part was aligned to the master, ``outline`` is the part's."""
    plane = corrected.plane or plane_of_part(outline, master)
    return tuple(_see(region, aligned, master, plane, correction) for region in master.regions)


def plane_of_part(outline: PartOutline, master: Master) -> PlaneMap:
    """Photo px of a part's millimetres where the photo has no scale: the part is taken to be as large as the golden."""
    px_per_mm = math.sqrt(outline.area_px / abs(signed_area(master.outline_mm)))
    return FlatPlane(np.diag([px_per_mm, px_per_mm, 1.0]), 0.0, "part")


def _see(
    region: RegionMaster, aligned: Aligned, master: Master, plane: PlaneMap, correction: ColourCorrection
) -> SeenRegion:
    seen = region_mean(
        aligned.image,
        master.labels,
        region.label,
        aligned.clipped,
        correction,
        surface=region.surface,
        valid=aligned.valid,
    )
    at = plane.to_photo(aligned.similarity.apply(np.array(region.centre_mm)), master.thickness_mm or 0.0)
    rgb = None if seen.why else seen.rgb
    return SeenRegion(region.name, region.surface, rgb, at, seen.u, seen.scatter, seen.pixels, seen.why)


def why_not(a: SeenRegion, b: SeenRegion) -> str:
    """Why two seen regions cannot be compared, or nothing."""
    for seen in (a, b):
        if seen.rgb is None:
            return seen.why
    low, high = sorted((a.scatter, b.scatter))
    if high > MAX_SCATTER[0] and high > MAX_SCATTER[1] * low:
        return f"the region's light is uneven ({high:.1f} CIEDE2000): glare or a shadow lies on it"
    return ""


def differences(
    a: Sequence[SeenRegion], b: Sequence[SeenRegion], correction: ColourCorrection, field: BenchField
) -> tuple[SeenDifference, ...]:
    """CIEDE2000 of every region of part ``b`` against the same region of part ``a`` in one photo, in their order.

    Both are brought under the light at ``a``. What the enamel mirrors of lamp and lens lies over all regions as a veil
    of white light that is another one at another place. For each region it is taken from the *other* regions of the
    two parts, so that no region's own difference is taken for veil, and taken out.
    """
    scaled = [None if s.rgb is None else s.rgb * field.ratio(r.at_px, s.at_px) for r, s in zip(a, b, strict=True)]
    found = []
    for i, (r, s) in enumerate(zip(a, b, strict=True)):
        why = why_not(r, s)
        other = scaled[i]
        if why or r.rgb is None or other is None:
            found.append(SeenDifference(r.name, None, 0.0, None, None, None, {}, why))
            continue
        pairs = [
            (q.rgb, light)
            for k, (q, light) in enumerate(zip(a, scaled, strict=True))
            if k != i and q.surface != "plating" and q.rgb is not None and light is not None and not why_not(q, b[k])
        ]
        metal = r.surface == "plating"
        veil, u_veil = (0.0, 0.0) if metal else common_veil(pairs)
        if abs(veil) > MOST_VEIL:
            why = (
                f"{100 * abs(veil):.1f} % of white lies more on one part than on the other, and haze, fading or glare "
                "cannot be told apart: let the parts change places and photograph them again"
            )
            found.append(SeenDifference(r.name, None, 0.0, None, None, None, {}, why))
            continue
        found.append(_difference(r, s, r.rgb, np.maximum(other - veil, 0.0), (veil, u_veil), correction, field))
    return tuple(found)


def _difference(
    a: SeenRegion,
    b: SeenRegion,
    rgb_a: Float,
    rgb: Float,
    veil: tuple[float, float],
    correction: ColourCorrection,
    field: BenchField,
) -> SeenDifference:
    """The difference of ``rgb`` (3,), region ``b`` under the light at ``a`` without its veil, from ``rgb_a``."""
    lab_a, lab_b = correction.lab(rgb_a).values, correction.lab(rgb).values
    d = colour_difference(Lab(lab_a), Lab(lab_b))
    value = float(d.delta_e)

    def moved(to: Float) -> float:
        """How far the colour moves to another light; no difference to it changes by more (triangle inequality)."""
        return float(delta_e_2000(Lab(lab_b), correction.lab(to)))

    brightness, tint = field.u_ratio(a.at_px, b.at_px)
    channels = np.eye(3)
    budget = {
        "scatter": math.hypot(a.u, b.u),
        "light": math.hypot(
            moved(rgb * (1 + brightness)), *(moved(rgb * (1 + tint[c] * channels[c])) for c in range(3))
        ),
        # What was taken out may belong to the part, as haze or fading: anything between none and all of it.
        "veil": math.hypot(moved(rgb + veil[1]), moved(rgb + veil[0]) / math.sqrt(3)),
        "surface": U_PLATING if a.surface == "plating" else U_REST,
        "slope": (U_SLOPE_ASSUMED if correction.method == ASSUMED else U_SLOPE) * value,
    }
    parts = (float(d.dL), float(d.dC), float(d.dH))
    return SeenDifference(a.name, value, math.hypot(*budget.values()), lab_a, lab_b, parts, budget, "", veil[0])


def common_veil(pairs: Sequence[tuple[Float, Float]]) -> tuple[float, float]:
    """The white light that lies on the second of all pairs of colours (3,) more than on the first, and its standard
    uncertainty for a region that is not among them; in linear light.

    A weighted Huber mean: what a colour itself may differ by grows with its brightness, so the dark ones say most. The
    mean is drawn towards 0 as a prior of ``U_VEIL`` says. 0 where there are too few pairs.
    """
    if len(pairs) < LEAST_FOR_VEIL:
        return 0.0, U_VEIL
    first, second = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    step = (second - first).ravel()
    sigma = np.hypot(_COLOUR_NOISE, _COLOUR_SPREAD * (first + second) / 2).ravel()
    order = np.argsort(step)
    weight = np.cumsum(1 / sigma[order])
    veil = float(step[order][np.searchsorted(weight, weight[-1] / 2)])
    for _ in range(10):
        z = np.abs(step - veil) / sigma
        w = np.minimum(1.0, 1.5 / np.maximum(z, 1e-9)) / sigma**2
        veil = float((w * step).sum() / w.sum())
    misfit = max(1.0, float(np.sqrt((w * (step - veil) ** 2).sum() / (len(step) - 1))))
    u = misfit * math.sqrt(3 / float(w.sum()))  # the three channels of a colour err together
    share = U_VEIL**2 / (U_VEIL**2 + u**2)
    return share * veil, math.hypot(math.sqrt(share) * u, U_VEIL_LEFT)
