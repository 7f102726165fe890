"""Where the silhouette of a struck part lies: the visible edge along the normals of the golden's outline, and what lies
beyond it (:mod:`station.measure.shoulder`)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.edge_choice import choose_edges
from station.measure.edges import (
    Places,
    contact_valley,
    places_along,
    profiles,
    quadratic_smooth,
    reject_outliers,
    steepest_path,
)
from station.measure.per_master import PerMaster
from station.measure.profile_kernels import median_profiles, softened
from station.measure.shoulder import PLACES_MM, REACH_MM, STEP_MM, Shoulder, fit_shoulder, silhouette
from station.values.colour import LinearRGB
from station.values.geometry import Frame
from station.values.line import Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

DEPARTURE_MM = 0.25
"""Further inside and outside for a unit, which may depart from its golden by half a millimetre."""
VISIBLE_REACH_MM = (-0.4, 0.4)
"""Of the profiles that the visible edge is looked for in, inside and outside."""
OUTER = 0.8
"""Worth of a millimetre further out, in units of the saturated gradient energy."""
WIDTH_MM = 0.12
"""Over which the worth of an edge fades with its distance from the golden's outline."""
EVERY = 4
"""Places of the contour to one group of profiles, which are explained together."""
_FREE_MM = 0.35  # as WIDTH_MM, where a unit may depart from its golden
_DEPARTS_MM = 0.06  # half of WIDTH_MM: an outline that departs further is looked for about itself
_WAVES = 3  # round the contour: a part too wide, oval, or off its artwork departs in one or two
_HALF = 5  # places to either side of a group's middle whose median profile it is
_REACH = 6  # groups to either side (2.4 mm) that hold a place of the silhouette
_SMOOTH = 4  # places to either side of a local quadratic fit along the visible edge
_SHARP_PX, _SOFT_PX = 0.4, 0.8  # blur of the raster for the profiles that are explained, and for the visible edge
_ALONG = 1.5  # places along the contour over which the latter are averaged (Gaussian sigma)
_LED_ASTRAY_MM = 0.06  # between two readings of one silhouette: places of one edge agree to about half of that
_OFTEN = 0.03  # share of places led back from which the outline itself is to blame
_ELSEWHERE, _UNLIKE = 7.0, 1.5  # median deviations of the shift, and medians of the residual
_EXPLAINED = 0.05  # of the bench's light, rms: where more is left over, the part has no shoulder that mirrors the bench
_SHOULDER_MM = 0.03  # where the picture does not show it: the last 0.13 of a radius of 0.2-0.25 mm is beyond 60 degrees
_BLUR_MM = 0.03  # edge blur of a bench photo, about one pixel


@dataclass(frozen=True, slots=True)
class Silhouette:
    """A silhouette along the normals of a contour.

    places : (n,) on the contour. visible : (n,) mm to the visible edge. seen : (n,) true where it was seen.
    edge : (g,) mm to the silhouette at every ``EVERY``-th place, as read; NaN where it cannot be. residual : (g,) of
    the bench's light, rms, what its shoulder leaves unexplained there. shoulder : None where the part has none that
    mirrors the bench. shoulder_mm : from the visible edge to the silhouette, median. moved_mm :
    how much of it is a correction that is the same all round. led_back : (g,) where the edge was chosen among several
    by its neighbours', None for nowhere.
    """

    places: Places
    visible: Float
    seen: Bool
    edge: Float
    residual: Float
    shoulder: Shoulder | None
    shoulder_mm: float
    moved_mm: float = 0.0
    led_back: Bool | None = None

    def steady(self, values: Float) -> Float:
        """(n,) mm at every place from (g,) values of the groups, without outliers, by local quadratics over 2.4 mm."""
        half = min(_REACH, max((len(values) - 1) // 2, 1))
        clean = quadratic_smooth(reject_outliers(values, half=half), half // 2 + 1)
        at = np.arange(0, len(self.visible), EVERY)
        every = np.interp(np.arange(len(self.visible)), [*at, len(self.visible)], [*clean, clean[0]])
        return np.asarray(every, dtype=np.float64)

    @property
    def contour(self) -> Float:
        """(n, 2) mm."""
        return self.places.moved(self.steady(self.edge))


def find_silhouette(image: LinearRGB, frame: Frame, outline_mm: Float) -> Silhouette:
    """The silhouette of a part in its own picture. outline_mm : its visible outline, which may follow a highlight
    inside the part in places."""
    found, led_back = _read(image, frame, outline_mm)
    return found if led_back < _OFTEN else _read(image, frame, _inside(found))[0]


def led_back_outline(image: LinearRGB, frame: Frame, outline_mm: Float) -> Float:
    """(n, 2) mm visible outline of a part in its own picture, led back to where the silhouette says that it is, should
    it follow a highlight inside the part; otherwise as it is."""
    found, led_back = _read(image, frame, outline_mm)
    return outline_mm if led_back < _OFTEN else _inside(found)


def _inside(found: Silhouette) -> Float:
    """(n, 2) mm where the visible edge usually lies inside a silhouette."""
    return found.places.moved(found.steady(found.edge) - found.shoulder_mm)


def _read(image: LinearRGB, frame: Frame, outline_mm: Float) -> tuple[Silhouette, float]:
    """The silhouette near a visible outline, and the share of it that had to be led back."""
    places = places_along(outline_mm)
    look = _look(image, frame, places)
    visible, seen, valley = look.visible, look.seen, look.contact
    groups, whole = _groups(look)
    # Without a line of contact there is nothing that a shoulder could be told from: a sheet cut square has none.
    if whole.sum() >= 20 and math.isfinite(valley):
        shoulder = fit_shoulder(groups[whole], frame.pitch_mm)
        if shoulder.residual < _EXPLAINED:
            beyond, residual = silhouette(groups, shoulder, frame.pitch_mm)
            edge = np.where(whole, visible[::EVERY] + beyond, np.nan)
            # Two readings of the shoulder's width with unlike errors: the whole profile's, and the line of contact's.
            own = float(np.nanmedian(edge - visible[::EVERY]))
            moved = (valley - own) / 2
            edge, residual, back = _led_back(look, frame, shoulder, np.zeros(len(edge)), edge, residual)
            found = Silhouette(places, visible, seen, edge + moved, residual, shoulder, own + moved, moved, back)
            return found, float(back.mean())
    width = valley if math.isfinite(valley) else _SHOULDER_MM
    edge = visible[::EVERY] + width
    return Silhouette(places, visible, seen, edge, np.zeros_like(edge), None, width), 0.0


def find_like(image: LinearRGB, frame: Frame, golden: Silhouette) -> Silhouette:
    """The silhouette of a unit in the golden frame, along the golden's normals and with the golden's shoulder."""
    look = _look(image, frame, golden.places, golden.visible)
    visible, seen = look.visible, look.seen
    if golden.shoulder is None:
        edge = visible[::EVERY] + golden.shoulder_mm
        return Silhouette(golden.places, visible, seen, edge, np.zeros_like(edge), None, golden.shoulder_mm)
    groups, whole = _groups(look)
    beyond, residual = silhouette(groups, golden.shoulder, frame.pitch_mm)
    width = float(np.median(beyond[whole])) + golden.moved_mm if whole.any() else golden.shoulder_mm
    edge = np.where(whole, visible[::EVERY] + beyond, np.nan)
    expected = golden.steady(golden.edge)[::EVERY] - golden.moved_mm
    shift, back = edge - expected, None
    # Only an outline that departs from its golden's other than slowly needs the careful look.
    if not bool((np.abs(shift - slow_course(shift)) < _LED_ASTRAY_MM).all()):
        edge, residual, back = _led_back(look, frame, golden.shoulder, expected, edge, residual)
    edge = edge + golden.moved_mm
    # Light inside the part may be taken for its edge: it lies elsewhere, and it does not look like this part's edge.
    shift = edge - golden.edge
    off = np.abs(shift - np.nanmedian(shift)) if whole.any() else shift
    elsewhere = off > _ELSEWHERE * max(float(np.nanmedian(off)), 0.003) if whole.any() else ~whole
    edge[elsewhere & (residual > _UNLIKE * np.median(residual))] = np.nan
    return Silhouette(golden.places, visible, seen, edge, residual, golden.shoulder, width, golden.moved_mm, back)


def _led_back(
    look: _Look, frame: Frame, shoulder: Shoulder, expected: Float, edge: Float, residual: Float
) -> tuple[Float, Float, Bool]:
    """``edge`` and ``residual`` (g,) where they lie on the cheapest course of silhouettes, that course and what it
    leaves unexplained elsewhere; and (g,) where that is."""
    every = np.broadcast_to(np.arange(len(look.s), dtype=np.float64), look.values.shape[:2])
    groups = median_profiles(look.values, every, EVERY, _HALF).astype(np.float64)
    whole = np.asarray(np.isfinite(groups).all(axis=(1, 2)))
    if not whole.any():
        return edge, residual, ~whole
    groups /= np.maximum(np.median(groups[whole][:, -5:].reshape(-1, 3), axis=0), 1e-4)
    within = (look.s > look.s[0] - REACH_MM[0]) & (look.s < look.s[-1] - REACH_MM[1])
    chosen, left = choose_edges(look.s, groups, shoulder, frame.pitch_mm, within, expected)
    back = ~(np.abs(edge - chosen) < _LED_ASTRAY_MM)
    return np.where(back, chosen, edge), np.where(back, left, residual), back


_silhouette = PerMaster(lambda m: find_silhouette(m.image, m.frame, m.outline_mm))


def silhouette_of(master: Master) -> Silhouette:
    """The golden's silhouette, kept for the last four master objects."""
    return _silhouette(master)


def shoulder_width(image: LinearRGB, frame: Frame, outline_mm: Float) -> float:
    """How far (mm) inside the struck outline its visible edge lies, by the dark line of contact beyond it.

    For a part whose shoulder cannot be explained as a mirror, and for the edges of holes: part and bench meet where
    both are darkest.
    """
    contact = _look(image, frame, places_along(outline_mm)).contact
    return contact if math.isfinite(contact) else _SHOULDER_MM


@dataclass(frozen=True, slots=True)
class _Look:
    """Profiles along the normals of a contour. s : (m,) mm. values : (n, m, 3) linear light, hardly blurred. visible :
    (n,) mm to the visible edge. seen : (n,) where it was seen and agrees with its neighbours'. contact : width of the
    shoulder in mm by the dark line of contact, NaN where less than a third of the contour shows one."""

    s: Float
    values: Float32
    visible: Float
    seen: Bool
    contact: float


def _look(image: LinearRGB, frame: Frame, places: Places, golden: Float | None = None) -> _Look:
    """golden : (n,) mm to the golden's visible edge, where a unit's is looked for: about the places, or where the
    outermost edges say that its outline as a whole departs from the golden's, about itself."""
    further = 0.0 if golden is None else DEPARTURE_MM
    inside, outside = VISIBLE_REACH_MM[0] - further, VISIBLE_REACH_MM[1] + further
    s, sharp = profiles(image, frame, places, (inside + REACH_MM[0], outside + REACH_MM[1]), blur_px=_SHARP_PX, along=0)
    across = math.sqrt(_SOFT_PX**2 - _SHARP_PX**2) * frame.pitch_mm / STEP_MM
    soft = softened(sharp, _ALONG, across)
    near = (s > VISIBLE_REACH_MM[0] - STEP_MM / 2) & (s < VISIBLE_REACH_MM[1] + STEP_MM / 2)
    wide = (s > inside - STEP_MM / 2) & (s < outside + STEP_MM / 2)
    rough = np.zeros(len(soft))
    if golden is not None:
        free = steepest_path(s[wide], soft[:, wide], prefer_outer=OUTER, width_mm=_FREE_MM, outermost=True)
        rough = slow_course(free - golden)
    departs = bool(np.abs(rough).max() > _DEPARTS_MM)
    if departs:
        near = wide
    centre: Float | float = rough if departs else 0.0
    raw = steepest_path(s[near], soft[:, near], prefer_outer=OUTER, centre=centre, width_mm=WIDTH_MM, outermost=departs)
    clean = reject_outliers(raw, half=10)
    return _Look(
        s, sharp, quadratic_smooth(clean, _SMOOTH), np.asarray(raw == clean), _contact(s[near], soft[:, near], raw)
    )


def slow_course(shift: Float) -> Float:
    """(n,) mm slow course round the contour of a shift, in up to three waves; what goes its own way in places, such as
    edges led astray or a cut, is left out (least absolute values)."""
    known = np.isfinite(shift)
    turn = 2 * np.pi * np.arange(len(shift)) / len(shift)
    basis = np.stack([np.ones_like(turn), *(f(k * turn) for k in range(1, _WAVES + 1) for f in (np.cos, np.sin))], 1)
    if known.sum() < 4 * basis.shape[1]:
        return np.zeros(len(shift))
    course = np.zeros(len(shift))
    for _ in range(10):
        weight = np.sqrt(1 / np.maximum(np.abs(shift[known] - course[known]), 0.01))
        found = np.linalg.lstsq(basis[known] * weight[:, None], shift[known] * weight, rcond=None)[0]
        course = basis @ found
    return np.asarray(course, dtype=np.float64)


def _contact(s: Float, values: Float32, edge: Float) -> float:
    distance = contact_valley(s, values, edge)
    known = distance[np.isfinite(distance)]
    if len(known) < 0.3 * len(edge):
        return math.nan
    valley = float(np.median(known))
    # The tail of the blurred edge pushes the valley out while the two are close together.
    return valley - _BLUR_MM * math.exp(-((valley / (2 * _BLUR_MM)) ** 2))


def _groups(look: _Look) -> tuple[Float, Bool]:
    """(g, m, 3) median profiles on ``PLACES_MM`` about the visible edge, over the bench's light; (g,) true if whole."""
    at = (look.visible[:, None] + PLACES_MM - look.s[0]) / STEP_MM
    groups = median_profiles(look.values, at, EVERY, _HALF).astype(np.float64)
    whole = np.asarray(np.isfinite(groups).all(axis=(1, 2)))
    if not whole.any():
        return np.zeros_like(groups), whole
    bench = np.median(groups[whole][:, -5:].reshape(-1, 3), axis=0)
    return np.where(whole[:, None, None], groups, 0.0) / np.maximum(bench, 1e-4), whole
