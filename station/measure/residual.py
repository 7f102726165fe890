"""How well a registered unit lies over the golden from place to place: the residual map of the registration.

One similarity lays a whole part onto its golden. Where the part is bent, its face stands at another height or the
lens is not what was calibrated, it fits here and not there. At places on a grid, on edges only, the shift that is
left is fitted as :mod:`station.measure.refine` fits the whole: in the signal that the part was registered by, with
gain and bias of the place's own and Tukey's weights, coarse to fine. What all places say together, smoothed, is where
each starts from in the next turn, so that a shift that changes within a window is followed there.

A place whose edges look little like the golden's (missing enamel, glare, a reflection) is left out. What is known of
the others is the sandwich of their edges' residuals, and besides it what residuals that are alike over half a
millimetre leave, what light does to relief when the part is turned, and what is known of the registration.
"""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.residual_kernels import mixed, read_points, smoothed, solve_windows
from station.measure.residual_template import (
    STEP_MM,
    Level,
    ResidualTemplate,
    signal_levels,
    signal_picture,
    template_of,
)
from station.measure.threads import thread_count, together
from station.values.documents import ResidualDocument, ResidualPlace
from station.values.geometry import Frame
from station.values.line import Aligned, Gate, Master
from station.values.residual import ResidualMap

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

REMARK = "residual"
"""Name of the remark among a unit's gates."""

_TURNS, _PASSES = 2, 2  # at each level, and fits with new weights in each
_ALIKE, _KEPT = 0.85, 0.6  # least correlation of a place's edges, and share of them that keep their weight
_GAIN = 0.6  # of what is usual on the unit, either way: beyond it, what is seen there is something else
_BLOCKS = 2.0  # least half millimetres of edges: fewer do not show how they differ
_LONGEST_PX = 2.5  # step that a level may take
_SMOOTH_MM = 1.2
_UNTOLD_MM = 0.05  # standard; where no edge tells of it, the shift is taken to be as about it, and this uncertain
# Set such that U covers the truth of 32 rendered units of five designs (98 %; of 21 others of seven designs 98 %).
# Residuals of neighbouring pixels are alike, and count as one of so many
_ALIKE_POINTS = 8.0
# median of a place's squared shift beside its neighbours' over its covariance, where that needs no factor
_BESIDE = 0.25
_SCATTER = (0.35, 3.0)  # the least and the largest such factor
# standard, times 2 sin(t / 2) of a part turned by t against the golden: what light does to its edges. On plain metal
# shadows are edges too, and go where the lamp is not
_U_RELIEF_MM = {"chroma": 0.006, "edges": 0.07}
_LEAST_U_MM = 0.0015  # standard; interpolation and the photo's own grain of pixels
FAR_MM = 0.05
"""Shift that a place must exceed by its uncertainty for a remark."""
_STRETCH = 4  # places of a stretch
_LEAST_PLACES = 8  # of which a map is made


def residual_map(aligned: Aligned, master: Master) -> ResidualMap | None:
    """The residual shifts of a unit that was registered to its master; None where too few of its edges can be read.

    A shift says how far the unit's detail lies off the golden's in the golden frame. Marks and the outline's shoulder
    take no part: they are measured themselves.
    """
    template = template_of(master)
    pictures = signal_levels(signal_picture(aligned.image.pixels, template.signal))
    hidden = _hidden(aligned, pictures)
    rows, columns = template.nodes_mm.shape[:2]
    field = np.zeros((rows * columns, 2))
    good = np.zeros(len(field), dtype=bool)
    total, covariance = np.zeros_like(field), np.zeros((len(field), 2, 2))
    for i in reversed(range(len(template.levels))):
        for _ in range(_TURNS):
            good, total, covariance = _step(template, template.levels[i], pictures[i], hidden[i], field)
            field = _field(template, good, total, covariance)
    if good.sum() < _LEAST_PLACES:
        return None
    at = template.at_mm[good]
    about = np.empty_like(total)
    mixed(field, *template.between, about)
    known = _scatter((total - about)[good], covariance[good]) * covariance[good]
    # what no edge of its own tells, a place takes from those about it
    weight = np.linalg.inv(known)
    posterior = np.asarray(np.linalg.inv(weight + np.eye(2) / _UNTOLD_MM**2), dtype=np.float64)
    shift = about[good] + np.einsum("nij,njk,nk->ni", posterior, weight, (total - about)[good])
    return ResidualMap(
        at_mm=at,
        shift_mm=shift,
        covariance_mm2=posterior + _common(aligned, master, at, template),
        asked=int(template.asked.sum()),
        nodes_mm=template.nodes_mm,
        field_mm=field.reshape(rows, columns, 2),
    )


def residual_field(found: ResidualMap, frame: Frame) -> Float32:
    """(H, W, 2) the shift in mm at every pixel of the golden frame, x and y: the unit's raster shows at ``p + shift``
    what the golden's shows at ``p``. Zero where no edges are near."""
    xs = (np.arange(frame.width) - frame.origin_px[0]) * frame.pitch_mm
    ys = (np.arange(frame.height) - frame.origin_px[1]) * frame.pitch_mm
    at = [
        np.clip((axis - found.nodes_mm[0, 0, k]) / STEP_MM, 0, found.nodes_mm.shape[1 - k] - 1).astype(np.float32)
        for k, axis in enumerate((xs, ys))
    ]
    x, y = np.meshgrid(*at)
    return np.asarray(cv2.remap(found.field_mm.astype(np.float32), x, y, cv2.INTER_LINEAR), dtype=np.float32)


def residual_remark(found: ResidualMap) -> tuple[Gate, ...]:
    """A remark where a stretch of the unit departs significantly and far; it blocks nothing."""
    there = found.departure(FAR_MM, 2 * STEP_MM, _STRETCH)
    if there is None:
        return ()
    (x, y), (dx, dy) = there.at_mm, there.shift_mm
    reason = (
        f"Over {there.extent_mm:.1f} mm about x {x:+.1f}, y {y:+.1f} mm the unit lies {there.length_mm:.2f} mm off the "
        f"golden (x {dx:+.2f}, y {dy:+.2f}, U {there.u_mm:.2f} mm) although it was laid over it as a whole: the part "
        "is bent or differs there, its face stands at another height, or the lens is out of calibration. See station "
        "picture residual"
    )
    return (Gate(REMARK, True, reason),)


def residual_document(found: ResidualMap, remark: str) -> ResidualDocument:
    """What the unit document says of a map."""
    both = 4 * found.covariance_mm2[:, 0, 1] / found.u_mm.prod(axis=1)
    places = tuple(
        ResidualPlace(
            at_mm=_pair(at),
            shift_mm=_pair(shift),
            u_mm=_pair(u),
            correlation=round(float(alike), 3),
            significant=bool(sure),
        )
        for at, shift, u, alike, sure in zip(
            found.at_mm, found.shift_mm, found.u_mm, both, found.significant, strict=True
        )
    )
    return ResidualDocument(
        rms_mm=found.rms_mm,
        worst=places[found.worst],
        share_read=len(places) / found.asked,
        remark=remark,
        places=places,
    )


def _pair(values: Float) -> tuple[float, float]:
    """As micrometres tell: nobody reads more."""
    return round(float(values[0]), 4), round(float(values[1]), 4)


def _hidden(aligned: Aligned, pictures: list[Float32]) -> list[NDArray[np.uint8]]:
    """Of every level the pixels that take part of their value from what was clipped or is not in the photo."""
    h, w = pictures[0].shape
    lost = (aligned.clipped | ~aligned.valid)[: 2 * h, : 2 * w].view(np.uint8)
    out = []
    for picture in pictures:
        size = (picture.shape[1], picture.shape[0])
        # as 255, of which a single pixel of a reduced one is not rounded off
        lost = np.asarray(cv2.resize(255 * (lost > 0).view(np.uint8), size, interpolation=cv2.INTER_AREA))
        out.append(lost)
    return out


def _step(
    template: ResidualTemplate, level: Level, picture: Float32, hidden: NDArray[np.uint8], field: Float
) -> tuple[Bool, Float, Float]:
    """Which windows could be read (k,), their shifts (k, 2) and the covariance (k, 2, 2), from a field (k, 2) on."""
    at_edges, at_windows = np.empty((len(level.px), 2)), np.empty_like(field)
    mixed(field, *level.between, at_edges)
    mixed(field, *template.between, at_windows)
    seen = np.empty(len(level.px))
    read_points(picture, hidden, level.px + at_edges / level.pitch_mm, seen)
    count = len(field)
    shift, told = np.zeros((count, 2)), np.zeros((count, 4))
    covariance = np.zeros((2, count, 2, 2))
    cuts = [int(c) for c in np.linspace(0, count, thread_count() + 1)]
    edges = (level.windows, level.values, level.gradient, seen, _PASSES)
    together(*(partial(solve_windows, *edges, a, b, shift, covariance, told) for a, b in pairwise(cuts)))
    correlation, kept, gain, blocks = told.T
    good = (correlation > _ALIKE) & (kept > _KEPT) & (blocks > _BLOCKS)
    usual = float(np.median(gain[good])) if good.any() else 1.0
    good &= (gain > _GAIN * usual) & (gain < usual / _GAIN) & (np.hypot(*shift.T) < _LONGEST_PX * level.pitch_mm)
    known = level.loss @ (covariance[0] + _ALIKE_POINTS * covariance[1]) @ level.loss
    return good, at_windows + shift, known + np.eye(2) * _LEAST_U_MM**2


def _field(template: ResidualTemplate, good: Bool, shift: Float, covariance: Float) -> Float:
    """(k, 2) the shifts smoothed onto the nodes. What the smoothing takes off is smoothed and added once more."""
    at, wanted = template.at_mm[good], shift[good]
    weight = np.asarray(np.linalg.inv(covariance[good]), dtype=np.float64)
    nodes = template.nodes_mm.reshape(-1, 2)
    field, rest = np.zeros_like(nodes), np.empty_like(nodes)
    reached = np.empty_like(template.at_mm)
    for _ in range(2):
        mixed(field, *template.between, reached)
        smoothed(nodes, at, wanted - reached[good], weight, _SMOOTH_MM, _UNTOLD_MM**-2, rest)
        field += rest
    return field


def _scatter(beside: Float, covariance: Float) -> float:
    """By what the covariances (n, 2, 2) of a unit are to be multiplied, from how far its places lie beside what their
    neighbours say, (n, 2): relief of another design looks another way from another side (Birge, Phys. Rev. 40, 1932).
    """
    told = np.einsum("ni,nij,nj->n", beside, np.linalg.inv(covariance), beside)
    return float(np.clip(np.median(told) / _BESIDE, *_SCATTER))


def _common(aligned: Aligned, master: Master, at_mm: Float, template: ResidualTemplate) -> Float:
    """(n, 2, 2) what light does to relief, and what is not known of the registration that the shifts are told from."""
    turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    relief = _U_RELIEF_MM[template.signal.kind] * 2 * math.sin(turn / 2)
    across = np.stack([-at_mm[:, 1], at_mm[:, 0]], axis=1)
    turned = math.radians(aligned.u_rotation_deg)
    u_plane = aligned.u_scale if aligned.u_plane is None else aligned.u_plane
    grown = max(aligned.u_scale**2 - u_plane**2, 0.0)
    outer = np.einsum("ni,nj->nij", across, across) * turned**2 + np.einsum("ni,nj->nij", at_mm, at_mm) * grown
    return np.asarray(outer + np.eye(2) * (relief**2 + aligned.u_offset_mm**2))
