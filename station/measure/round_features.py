"""Round features, such as the post on a back or the shoulder around a through hole: found near a point and placed by
their edge.

Under oblique light one flank of a post is bright and the other dark, so an edge counts by the amount of its radial
change alone, and the circle that shows most of it all round is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import SheetError
from station.measure.body import off_centre
from station.measure.feature_rows import measurement_of, rounded, unmeasured
from station.measure.feret import fit_circle_robustly
from station.measure.outline import OutlineShift
from station.sheet import Size
from station.values.budget import LengthBudget
from station.values.colour import LinearRGB
from station.values.geometry import Frame
from station.values.line import Aligned, FeatureMaster, Master, Measurement

Float = NDArray[np.float64]
Point = tuple[float, float]

ROUND = "round"
"""Source of a position whose feature is no through hole but round and raised, such as a post."""
_U_ROUND_MM = 0.035  # standard: the edge of a post seen and lit from another side, six rendered backs
METHOD = "circle through the steepest change of light along its radii, against the golden's place"
_DARK = 0.02  # linear light that is added before the logarithm: noise and flare of dark pixels
_REACH_MM = 1.5  # from the given point to the centre, and from the golden's place to the unit's
_RADII_MM = np.arange(0.5, 5.01, 0.1)
_STEP_MM = 0.15
_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_NEAR_MM = 0.15  # about the circle, where its edge is located
_PROFILE_MM = np.arange(-0.3, 0.3001, 0.02)
# radial over tangential change, mean all round, from which a circle is there: six rendered posts had 24 up
_PLAIN = 2.5
_SEEN = 0.35  # of the strong places' change, from which a place shows the edge; light along it leaves none
# of the golden's radial change of light, below which what is left of an edge is none: the strongest and the faintest of
# nine rims of a rendered hole, at any turn, are 3.5 to 1, four posts 1.2 to 1; painted over by nine tenths one has 0.05
_FAINT = 0.2
_SAME = 0.4  # of the golden's plainness, below which the unit does not have it


@dataclass(frozen=True, slots=True)
class RoundFeature:
    """centre_mm, radius_mm : of its edge in the golden frame. u_mm : standard uncertainty of the centre, by the scatter
    of the edge about the circle. plain : radial over tangential change of light all round. amount : of radial change,
    mean all round, of the logarithm of light a pixel."""

    centre_mm: Point
    radius_mm: float
    u_mm: float
    plain: float
    amount: float


def find_round(image: LinearRGB, frame: Frame, at_mm: Point) -> RoundFeature | None:
    """The plainest circle that holds the point ``at_mm``, its centre at most 1.5 mm off; None where there is none."""
    return find_circle(light_gradient(image), frame, at_mm, _RADII_MM, holds=True)


def find_again(image: LinearRGB, frame: Frame, golden: RoundFeature) -> RoundFeature | None:
    """The golden's circle on a unit, within 1.5 mm of its place; None where it is not there."""
    radii = golden.radius_mm * np.array([0.94, 0.97, 1.0, 1.03, 1.06])
    found = find_circle(light_gradient(image), frame, golden.centre_mm, radii, holds=False)
    if found is None or found.amount < _FAINT * golden.amount:
        return None
    return found if found.plain - 1 > _SAME * (golden.plain - 1) else None


def place_round(master: Master, name: str, at: Point) -> FeatureMaster:
    """A post or another round feature on the golden: its centre, and a point of its edge.

    name : of the sheet's row. at : a point in it, mm. Raises SheetError where there is nothing round.
    """
    seen = find_round(master.image, master.frame, at)
    if seen is None:
        raise SheetError(
            f"size {name!r}: there is no hole and nothing round at x {at[0]:.2f}, y {at[1]:.2f} mm on the golden",
            "Give a point within it.",
        )
    x, y = seen.centre_mm
    return FeatureMaster(name, "position", 0.0, (x, y), (x + seen.radius_mm, y), source=ROUND)


def measure_round(
    aligned: Aligned, master: Master, row: Size, f: FeatureMaster, outline: OutlineShift | None = None
) -> Measurement:
    """How far a post or another round feature lies from the golden's place, relative to the outline where all the
    artwork lies off it (``outline``: of the unit)."""
    golden = None if f.at_mm is None else find_round(master.image, master.frame, f.at_mm)
    if golden is None:
        return unmeasured(row, "the golden was sealed without its place: seal it again")
    unit = find_again(aligned.image, master.frame, golden)
    if unit is None:
        return missing(row, golden, "nothing round")
    return moved(aligned, row, golden, unit, _U_ROUND_MM, outline)


def missing(row: Size, golden: RoundFeature, what: str) -> Measurement:
    """A row whose feature is not on the unit. what : there is, in words."""
    x, y = golden.centre_mm
    why = f"there is {what} within 1.5 mm of x {x:.1f}, y {y:.1f} mm"
    points = [rounded(np.array(p)) for p in ((x, y), (x + golden.radius_mm, y))]
    return replace(unmeasured(row, why), detail={"missing": True, "points_mm": points}, where_mm=golden.centre_mm)


def moved(
    aligned: Aligned,
    row: Size,
    golden: RoundFeature,
    unit: RoundFeature,
    u_light_mm: float,
    outline: OutlineShift | None,
) -> Measurement:
    """How far a circle lies from the golden's."""
    displaced, u_outline = off_centre(outline) or (np.zeros(2), 0.0)
    way = np.subtract(unit.centre_mm, golden.centre_mm) - displaced
    value = float(np.hypot(*way)) * aligned.similarity.scale
    budget = LengthBudget(
        calibration=value * aligned.u_scale,
        height=value * aligned.u_height,
        edges=math.hypot(golden.u_mm, unit.u_mm),
        placement=math.hypot(aligned.u_offset_mm, u_light_mm, u_outline),
    )
    detail: dict[str, object] = {
        "scale_source": aligned.scale_source,
        "diameter_mm": round(2 * unit.radius_mm * aligned.similarity.scale, 3),
        "budget": budget.as_detail(),
    }
    ends = np.array([np.add(golden.centre_mm, displaced), unit.centre_mm])
    return replace(
        measurement_of(row.characteristic, "position", value, budget, ends, detail),
        method=METHOD,
        where_mm=unit.centre_mm,
    )


def light_gradient(image: LinearRGB) -> NDArray[np.float32]:
    """(H, W, 2) gradient of the logarithm of light, a pixel."""
    light = np.log(np.maximum(image.pixels.mean(axis=2), 0) + np.float32(_DARK))
    calm = cv2.GaussianBlur(light, (0, 0), 1.2)
    return np.stack([cv2.Sobel(calm, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(calm, cv2.CV_32F, 0, 1, scale=0.125)], 2)


def find_circle(
    gradient: NDArray[np.float32], frame: Frame, near: Point, radii: Float, *, holds: bool
) -> RoundFeature | None:
    shifts = np.arange(-_REACH_MM, _REACH_MM + 1e-9, _STEP_MM)
    best: tuple[float, Float, float] = (0.0, np.array(near), 0.0)
    for dx in shifts:
        for dy in shifts:
            away = math.hypot(dx, dy)
            fit = radii[radii > away] if holds else radii
            if away > _REACH_MM or not len(fit):
                continue
            centre = np.array(near) + (dx, dy)
            plain, amount = _plainness(gradient, frame, centre, fit)
            k = int(np.argmax(amount * (plain > _PLAIN)))
            if plain[k] > _PLAIN and amount[k] > best[0]:
                best = (float(amount[k]), centre, float(fit[k]))
    if best[0] == 0.0:
        return None
    centre, radius = best[1], best[2]
    scatter = math.inf
    for _ in range(5):
        edges = _edges(gradient, frame, centre, radius)
        if len(edges) < len(_ANGLES) // 3:
            return None
        circle = fit_circle_robustly(edges)
        centre, radius = np.array([circle.x, circle.y]), circle.radius
        scatter = 1.4826 * float(np.median(np.abs(np.hypot(*(edges - centre).T) - radius)))
    plain, amount = _plainness(gradient, frame, centre, np.array([radius]))
    # places within a millimetre share their blur and their light, and count as one
    independent = max(2 * math.pi * radius, 4.0)
    place = (float(centre[0]), float(centre[1]))
    return RoundFeature(place, float(radius), scatter * math.sqrt(2 / independent), float(plain[0]), float(amount[0]))


def _sampled(gradient: NDArray[np.float32], frame: Frame, points: Float) -> Float:
    """(..., 2) gradient at points (..., 2) mm; 0 outside."""
    at = frame.to_px(points).astype(np.float32)
    return np.asarray(cv2.remap(gradient, at[..., 0], at[..., 1], cv2.INTER_LINEAR), dtype=np.float64)


def _plainness(gradient: NDArray[np.float32], frame: Frame, centre: Float, radii: Float) -> tuple[Float, Float]:
    """(n,) radial over tangential change along circles, and (n,) how much radial change there is, no place above three
    times the usual one of its circle."""
    g = _sampled(gradient, frame, centre + radii[:, None, None] * _DIRECTIONS)
    radial = np.abs((g * _DIRECTIONS).sum(axis=2))
    tangential = np.abs(g[..., 0] * -_DIRECTIONS[:, 1] + g[..., 1] * _DIRECTIONS[:, 0])
    radial = np.minimum(radial, 3 * np.median(radial, axis=1, keepdims=True))
    amount = radial.mean(axis=1)
    return amount / np.maximum(tangential.mean(axis=1), 1e-6), amount


def _edges(gradient: NDArray[np.float32], frame: Frame, centre: Float, radius: float) -> Float:
    """(m, 2) mm of the middle of where light changes along the radii, near a circle."""
    r = radius + _PROFILE_MM
    r = r[r > 0.1]
    g = _sampled(gradient, frame, centre + r[:, None, None] * _DIRECTIONS)
    radial = np.abs((g * _DIRECTIONS).sum(axis=2)) * np.exp(-(((r - radius) / _NEAR_MM) ** 2) / 2)[:, None]
    strength = radial.max(axis=0)
    j = np.flatnonzero(strength > _SEEN * np.quantile(strength, 0.8))
    # a flank is a band between two edges, of which now one and now the other is the steeper: their middle stays
    weight = np.clip(radial[:, j] - 0.3 * strength[j], 0, None)
    fine = (r[:, None] * weight).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
    return np.asarray(centre + fine[:, None] * _DIRECTIONS[j])
