"""Where a mark that was found lies on its body, both read alike: in all colours, against the golden's.

Light displaces what it shades, the mark as well as the body it is seen against, so both are registered by
:mod:`station.measure.colour_fit` and subtracted. How much light is left is seen in the same picture: taken at another
power of the light, glints count more or less, and the place that they displace moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.colour_fit import (
    POWER,
    ColourFit,
    ColourScene,
    ColourTemplate,
    coded,
    fit_colours,
    log_likelihood,
)
from station.measure.mark_template import POWERS, Body, Mark, Prepared, body_of
from station.values.geometry import Similarity
from station.values.line import Aligned, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

# Where no line says otherwise these are choices. Decision 0021's figures (48 rendered units of six products that it was
# developed on, 28 that nothing was tuned on) hold for all of them together; singly they have no record.
_AT_OTHER_POWER = 4  # steps of a fit that starts at the one beside it
_APART_PX = (1.5, 3.0)  # displacement from which the ground can be told from the mark, and plainly
_SMOOTH_PX = 2.5  # over which the evidence for mark or ground is joined
_TOLD = 4.4  # independent pixels among those, as blur and demosaicing leave them: (2.5 / 1.19)², their sigmas in px
_MARK_ODDS = 3.0  # logarithm, of a pixel among the strokes, before the unit is seen: 95 %
_FADED_PX = 0.7  # standard, of edges that light has made anew; from marks and bodies of six rendered products
_RELIEF_MM = 0.1  # standard, of the height between a mark's edges and the body's: struck 0.1 to 0.3 mm deep
_AS_ON_GOLDEN = 0.4  # contrast of the body's edges, below which nothing is taken from them
_FARTHEST_PX = 3.0  # between the rough place of a mark and the one its colours give


@dataclass(frozen=True, slots=True)
class Motion:
    """value : (4,) displacement in raster px at the mark's centre, growth, turn in radians. covariance : (4, 4)."""

    value: Float
    covariance: Float


@dataclass(frozen=True, slots=True)
class MarkPlace:
    """A mark on its body. motion : against the body, with what noise leaves. body : (4,) the body's own motion in the
    golden frame. body_u, light, relief : (4,) standard uncertainties of the body's place, of what light leaves, and of
    the unknown height of the mark over the body's edges, seen from another side."""

    motion: Motion
    body: Float
    body_u: Float
    light: Float
    relief: Float


@dataclass(frozen=True, slots=True)
class UnitColours:
    """The unit's picture at ``POWER`` and ``POWERS``, and the body's fits there, fewer where it shows too little."""

    scenes: tuple[ColourScene, ...]
    body: Body
    fits: tuple[ColourFit, ...]


def unit_colours(aligned: Aligned, master: Master) -> UnitColours:
    """What all marks of a unit share."""
    body = body_of(master)
    scenes = tuple(ColourScene(coded(aligned.image.pixels, p), (0, 0)) for p in (POWER, *POWERS))
    fits = _fit_at_powers(body.templates, scenes, _shift(body.corner), None)
    if fits and fits[0].contrast < _AS_ON_GOLDEN:
        fits = ()
    return UnitColours(scenes, body, fits)


def place_mark(
    prepared: Prepared, rough: Float, unit: UnitColours, aligned: Aligned, master: Master
) -> MarkPlace | None:
    """The place of a mark whose rough one is known, (3, 3) patch px to raster px; None where its colours give none."""
    golden = prepared.mark
    if golden is None:
        return None
    share, matrix = None, rough
    for _ in range(2):
        first = fit_colours(prepared.colours[0], unit.scenes[0], matrix, share=share) if prepared.colours else None
        if first is None:
            return None
        matrix = first.matrix
        share = _of_mark(golden, prepared.colours[0], unit.scenes[0], first)
        if share is None:
            break
    fits = _fit_at_powers(prepared.colours, unit.scenes, matrix, share)
    if not fits:
        return None
    at = golden.centre
    seen = [_motion(t, golden.corner, f, at) for t, f in zip(prepared.colours, fits, strict=True)]
    local = np.append(at - golden.corner, 1.0)
    if float(np.hypot(*(seen[0].value[:2] - (rough @ local)[:2] + at))) > _FARTHEST_PX:
        return None
    prior = _registered(aligned, master, at)
    if unit.fits:
        bodies = [_motion(t, unit.body.corner, f, at) for t, f in zip(unit.body.templates, unit.fits, strict=True)]
        between = bodies[1].value - bodies[2].value
        read = bodies[0].covariance + np.diag(_faded(unit.fits[0], unit.body.templates[0].half) ** 2)
        trusted = prior @ np.linalg.inv(prior + read)
        body, left = trusted @ bodies[0].value, (np.eye(4) - trusted) @ prior
        between = trusted @ between
    else:
        body, left, between = np.zeros(4), prior, np.zeros(4)
    light = np.hypot(_isotropic(seen[1].value - seen[2].value - between), _faded(fits[0], prepared.colours[0].half))
    return MarkPlace(
        Motion(seen[0].value - body, seen[0].covariance),
        body,
        np.sqrt(np.maximum(np.diag(left), 0)),
        light,
        _relief(aligned, master, at),
    )


def _fit_at_powers(
    templates: tuple[ColourTemplate, ...], scenes: tuple[ColourScene, ...], start: Float, share: Float | None
) -> tuple[ColourFit, ...]:
    """The fits at all powers, the further ones from where the first ends; none where one fails."""
    if len(templates) < len(scenes):
        return ()
    first = fit_colours(templates[0], scenes[0], start, share=share)
    if first is None:
        return ()
    others = [
        fit_colours(t, s, first.matrix, share=share, steps=_AT_OTHER_POWER)
        for t, s in zip(templates[1:], scenes[1:], strict=True)
    ]
    fits = (first, *(f for f in others if f is not None))
    return fits if len(fits) == len(templates) else ()


def _shift(corner: tuple[int, int]) -> Float:
    return np.array([[1, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1]], dtype=np.float64)


def _of_mark(golden: Mark, template: ColourTemplate, scene: ColourScene, fit: ColourFit) -> Float | None:
    """(n,) probability that a point moved along with the mark and is no structure of the ground behind it, where the
    mark lies so far off that the two can be told apart; None where it does not."""
    still = template.points + golden.corner
    moved = Similarity.from_matrix(fit.matrix).apply(template.points)
    low, high = _APART_PX
    plain = np.clip((np.hypot(*(moved - still).T) - low) / (high - low), 0, 1)
    if not plain.any():
        return None
    along = log_likelihood(template, scene, fit, fit.matrix)
    evidence = along - log_likelihood(template, scene, fit, _shift(golden.corner))
    x, y = template.points.astype(np.intp).T
    total = np.zeros((*golden.mask.shape, 2), np.float32)
    total[y, x, 0], total[y, x, 1] = evidence, 1.0
    joined = np.asarray(cv2.GaussianBlur(total, (0, 0), _SMOOTH_PX))[y, x]
    odds = np.clip(_MARK_ODDS + _TOLD * joined[:, 0] / np.maximum(joined[:, 1], 1e-6), -30, 30)
    return np.asarray(1 - plain + plain / (1 + np.exp(-odds)), dtype=np.float64)


def _motion(template: ColourTemplate, corner: tuple[int, int], fit: ColourFit, at: Float) -> Motion:
    """Motion at a raster px by a fit of a patch, whose increments act at the patch's centre."""
    similar = Similarity.from_matrix(fit.matrix)
    local = at - corner
    u, v = (local - template.centre) / template.half
    half = template.half
    jacobian = np.array(
        [[half, 0.0, half * u, -half * v], [0.0, half, half * v, half * u], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    )
    value = np.array([*(similar.apply(local) - at), similar.scale - 1, math.radians(similar.rotation_deg)])
    return Motion(value, np.asarray(jacobian @ fit.covariance @ jacobian.T, dtype=np.float64))


def _registered(aligned: Aligned, master: Master, at: Float) -> Float:
    """(4, 4) covariance of the body's motion that the registration left."""
    frame = master.frame
    turn = math.radians(aligned.u_rotation_deg)
    lever = turn * float(np.hypot(*frame.to_mm(at))) / math.sqrt(2)
    offset = math.hypot(aligned.u_offset_mm, lever) / frame.pitch_mm
    growth = math.sqrt(max(aligned.u_scale**2 - (aligned.u_plane or 0.0) ** 2, 1e-12))
    return np.diag(np.array([offset, offset, growth, turn]) ** 2)


def _faded(fit: ColourFit, half: float) -> Float:
    """(4,) standard uncertainties by the share of the edges' contrast that is not as on the golden: light has made
    those edges, and may have displaced them."""
    return _FADED_PX * max(1 - fit.contrast, 0.0) * np.array([1.0, 1.0, 1 / half, 1 / half])


def _isotropic(difference: Float) -> Float:
    """(4,) sizes of a difference of two motions, the displacement's the same each way."""
    each = float(np.hypot(difference[0], difference[1])) / math.sqrt(2)
    return np.array([each, each, abs(difference[2]), abs(difference[3])])


def _relief(aligned: Aligned, master: Master, at: Float) -> Float:
    """(4,) px by which a mark may seem displaced because it stands higher or lower than the body's edges, and the
    camera looks on the unit from another side than it did on the golden."""
    if aligned.camera_mm is None or master.scale_source != "rig":
        return np.zeros(4)
    x, y, height = aligned.camera_mm
    where = master.frame.to_mm(at)
    back = Similarity(0.0, 0.0, master.pose.rotation_deg - aligned.similarity.rotation_deg)
    unit = back.apply(aligned.similarity.apply(where) - (x, y))
    side = np.abs(unit - (master.pose.apply(where) - (x, y))) / max(height - (master.thickness_mm or 0.0), 1e-6)
    return np.array([*(side * _RELIEF_MM / master.frame.pitch_mm), 0.0, 0.0])
