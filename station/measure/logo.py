"""Logos and printed marks: where a mark sits on the body, how it is turned and how large it is, against the golden.

The ground around a shifted mark stays with the body while the mark moves. So only the mark's own strokes and their
edges are the template; the search is a masked normalised correlation over shift, rotation and scale, and the result is
refined by the robust direct method of ``refine``. That tells whether the mark is there and whole. Where it lies, turned
and grown against the body, is then read by :mod:`station.measure.mark_place`: struck metal is bright on the side that
faces the lamp, and the edges of a part turned by half a turn would else seem displaced by a whole pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.mark_place import UnitColours, place_mark, unit_colours
from station.measure.mark_template import Mark, Prepared, golden_mark
from station.measure.polygon import centroid
from station.measure.refine import Refined, Template, refine
from station.measure.sampling import sample, spline_coefficients
from station.values.budget import LengthBudget
from station.values.geometry import Frame, Similarity
from station.values.line import Aligned, MarkMaster, Master, Measurement

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

SEARCH_MM = 1.2
_ROTATIONS_DEG = (-8.0, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0)
_SCALES = (0.95, 0.975, 1.0, 1.025, 1.05)
_COARSE_SIDE = 90  # px of the mark's longer side in the coarse search
_FOUND = 0.55  # correlation below which a mark does not count as found
_MODEL_PX = 0.05  # standard uncertainty at the mark's rim of an edge that looks a little different on every unit
_WHOLE = 0.6  # share of the edges that keep their weight on a whole mark: 0.92 and more on 86 rendered ones
_PLAIN = 0.95  # correlation from which a registration started at the golden's own place is the right one
_OTHERWISE = 0.75  # correlation from which a mark is there after all, only turned round or mirrored
_MARGIN = 0.12  # of the mark's longer side, room for its turn and growth
_METHOD = "registration of the mark and of the body's enamel in all colours, t weights"
_KINDS = (("offset-x", "mm"), ("offset-y", "mm"), ("offset", "mm"), ("rotation", "deg"), ("scale", "1"))


@dataclass(frozen=True, slots=True)
class _Scene:
    """The unit's signal round the mark's place. corner : (x, y) raster pixel of its first pixel."""

    values: Float32
    corner: tuple[int, int]


def measure_marks(aligned: Aligned, master: Master) -> tuple[Measurement, ...]:
    """Offset, rotation and scale of every mark of the master, five measurements each.

    ``offset-x``, ``offset-y`` (positive right, down) and ``offset`` in mm are those of the centre of the mark's
    polygon, relative to the body, in the golden frame; ``rotation`` in degrees, clockwise; ``scale`` relative to the
    golden mark. ``u`` (k = 2) joins the covariance of the mark's registration with that of the body's, what light may
    have displaced, and what the mark's unknown height over the body does in perspective. ``detail["points_mm"]``: the
    golden's and the unit's centre in the frame; ``detail["body_mm"]``: how far the body lies beside it there.
    A mark that is not there, or stands there turned round or mirrored (``detail["instead"]``), has the value None and
    ``detail["missing"]``; one of which only a part is seen (``detail["damaged"]``), or that glare hides, has None
    without it.
    """
    if not master.marks:
        return ()
    unit = unit_colours(aligned, master)
    found: list[Measurement] = []
    for mark in master.marks:
        found.extend(_measure(mark, unit, aligned, master))
    return tuple(found)


def _measure(mark: MarkMaster, unit: UnitColours, aligned: Aligned, master: Master) -> list[Measurement]:
    frame = master.frame
    where = centroid(mark.polygon_mm)
    place = (float(where[0]), float(where[1]))
    prepared = golden_mark(mark, master)
    golden, template = prepared.mark, prepared.template
    if golden is None:
        return _none(mark.name, place, "the golden shows no mark inside the polygon", {})
    seen = _visible(golden, aligned)
    if seen < 0.6:
        return _none(
            mark.name,
            place,
            f"only {seen:.0%} of the mark can be seen (glare, or outside the photo)",
            {"visible": seen},
        )
    scene = _scene(golden, aligned.image.pixels, frame.pitch_mm)
    fit = _find(golden, template, scene, frame)
    if fit is None:
        instead = _otherwise(golden, scene)
        if instead:
            return _none(mark.name, place, f"it stands there {instead}", {"missing": True, "instead": instead})
        part = _part_seen(golden, scene)
        if part:
            why = f"only its {part} is there: the rest is missing, smeared or covered"
            return _none(mark.name, place, why, {"damaged": why})
        return _none(mark.name, place, "mark not found", {"missing": True})
    return _report(mark.name, place, prepared, fit, unit, aligned, master)


def _report(
    name: str,
    place: tuple[float, float],
    prepared: Prepared,
    fit: Refined,
    unit: UnitColours,
    aligned: Aligned,
    master: Master,
) -> list[Measurement]:
    golden = prepared.mark
    found = place_mark(prepared, fit.matrix, unit, aligned, master)
    if golden is None or found is None:
        return _none(name, place, "its edges are seen, but its colours do not tell where it lies", {})
    pitch = master.frame.pitch_mm
    to_units = np.array([pitch, pitch, 1.0, 180 / math.pi])
    dx, dy, grown, turned = (float(v) for v in found.motion.value * to_units)
    noise = np.sqrt(np.diag(found.motion.covariance)) * to_units
    left = np.hypot(found.body_u, found.light) * to_units
    relief = found.relief * to_units
    rim_px = max(golden.mask.shape) / 2  # where an edge out of place is a turn or a growth
    offset = math.hypot(dx, dy)

    def length(value: float, edges: float, i: int) -> LengthBudget:
        return LengthBudget(
            calibration=abs(value) * aligned.u_scale,
            height=math.hypot(value * aligned.u_height, float(relief[i])),
            edges=edges,
            placement=float(left[i]),
            definition=_MODEL_PX * pitch,
        )

    budget_x, budget_y = length(dx, float(noise[0]), 0), length(dy, float(noise[1]), 1)
    larger = max(budget_x, budget_y, key=lambda b: b.standard)
    # Rayleigh: near zero the direction is unknown and the offset is as uncertain as the larger of its parts.
    if offset > 3 * larger.standard:
        height = math.hypot(dx * budget_x.height, dy * budget_y.height) / offset
        edges = math.hypot(dx * budget_x.edges, dy * budget_y.edges) / offset
        budget = replace(length(offset, edges, 0), height=height)
    else:
        budget = larger
    growth = LengthBudget(edges=float(noise[2]), placement=float(left[2]), definition=_MODEL_PX / rim_px)
    turn = LengthBudget(edges=float(noise[3]), placement=float(left[3]), definition=math.degrees(_MODEL_PX / rim_px))
    body_mm = [float(v) * pitch for v in found.body[:2]]
    detail: dict[str, object] = {
        "signal": golden.signal.kind,
        "correlation": round(fit.correlation, 4),
        "kept": round(fit.kept, 4),
        "body_mm": body_mm,
        "points_mm": [list(place), [place[0] + dx + body_mm[0], place[1] + dy + body_mm[1]]],
    }
    if fit.kept < _WHOLE:
        detail["damaged"] = f"only {fit.kept:.0%} of its edges look as on the golden"
    values = (dx, dy, offset, turned, 1 + grown)
    budgets = (budget_x, budget_y, budget, turn, growth)
    return [
        Measurement(
            f"{kind}:{name}", kind, value, unit_, b.expanded, _METHOD, place, detail=detail | {"budget": b.as_detail()}
        )
        for (kind, unit_), value, b in zip(_KINDS, values, budgets, strict=True)
    ]


def _none(name: str, place: tuple[float, float], why: str, detail: dict[str, object]) -> list[Measurement]:
    return [
        Measurement(f"{kind}:{name}", kind, None, unit, 0.0, _METHOD, place, why, dict(detail)) for kind, unit in _KINDS
    ]


def _visible(golden: Mark, aligned: Aligned) -> float:
    """Share of the mark's place in the unit that is covered by the photo and not clipped."""
    h, w = golden.mask.shape
    window = np.s_[golden.corner[1] : golden.corner[1] + h, golden.corner[0] : golden.corner[0] + w]
    good = aligned.valid[window] & ~aligned.clipped[window]
    return float(good[golden.mask].mean())


def _scene(golden: Mark, pixels: Float32, pitch_mm: float) -> _Scene:
    """What the mark can lie in: its place and all round it as far as it is looked for."""
    h, w = golden.patch.shape
    margin = math.ceil(SEARCH_MM / pitch_mm) + math.ceil(_MARGIN * max(h, w)) + _coarse_step(golden)
    x0, y0 = golden.corner[0] - margin, golden.corner[1] - margin
    return _Scene(golden.signal.of(_window(pixels, x0, y0, w + 2 * margin, h + 2 * margin)), (x0, y0))


def _find(golden: Mark, template: Template | None, scene: _Scene, frame: Frame) -> Refined | None:
    if template is None:
        return None
    coefficients = spline_coefficients(scene.values, 1.0)

    def target(points: Float) -> Float32:
        return sample(coefficients, points - scene.corner)

    here = np.array([[1, 0, golden.corner[0]], [0, 1, golden.corner[1]], [0, 0, 1]], dtype=np.float64)
    best = refine(template, target, here, "similarity")
    if best is None or not best.converged or best.correlation < _PLAIN:
        for start in _coarse(golden, scene, frame.pitch_mm):
            fit = refine(template, target, start, "similarity")
            if fit is not None and (best is None or fit.correlation * fit.kept > best.correlation * best.kept):
                best = fit
    if best is None or not best.converged or best.correlation < _FOUND or best.covered < 0.6:
        return None
    similar = Similarity.from_matrix(best.matrix)
    local = golden.centre - golden.corner
    shift = float(np.hypot(*(similar.apply(local) - golden.centre))) * frame.pitch_mm
    if shift > 1.5 * SEARCH_MM or abs(similar.rotation_deg) > 12 or abs(similar.scale - 1) > 0.1:
        return None
    return best


def _coarse_step(golden: Mark) -> int:
    return max(round(int(max(golden.patch.shape)) / _COARSE_SIDE), 1)


def _coarse(golden: Mark, scene: _Scene, pitch_mm: float) -> list[Float]:
    """The best (3, 3) maps from patch to raster pixels by masked normalised correlation, best first, two at most."""
    h, w = golden.patch.shape
    step = _coarse_step(golden)
    x0, y0 = scene.corner
    small = cv2.resize(scene.values, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    centre = np.array([(w - 1) / 2, (h - 1) / 2])
    ranked: list[tuple[float, Float]] = []
    for rotation in _ROTATIONS_DEG:
        for scale in _SCALES:
            turned, mask, grid = _turned(golden, rotation, scale, step)
            found = _match(np.asarray(small, dtype=np.float32), turned, mask)
            if found is None:
                continue
            score, x, y = found
            # grid : patch pixel to pixel of the turned template, both full size
            shift = np.array([[1, 0, x0 + x * step], [0, 1, y0 + y * step], [0, 0, 1]], dtype=np.float64)
            start = shift @ grid
            middle = (start @ np.array([centre[0], centre[1], 1.0]))[:2] - centre - golden.corner
            if float(np.hypot(*middle)) * pitch_mm <= 1.25 * SEARCH_MM:
                ranked.append((score, start))
    ranked.sort(key=lambda r: -r[0])
    return [start for _, start in ranked[:2]]


def _match(scene: Float32, template: Float32, mask: Float32) -> tuple[float, int, int] | None:
    """Best masked normalised correlation and its column and row; None where the template is larger than the scene."""
    if template.shape[0] > scene.shape[0] or template.shape[1] > scene.shape[1]:
        return None
    score = cv2.matchTemplate(scene, template, cv2.TM_CCOEFF_NORMED, mask=mask)
    score[~np.isfinite(score)] = -1
    y, x = np.unravel_index(int(np.argmax(score)), score.shape)
    return float(score[y, x]), int(x), int(y)


def _otherwise(golden: Mark, scene: _Scene) -> str:
    """How a mark stands that is not as it should be: turned by 180 degrees or mirrored; "" where it is not there."""
    found: list[tuple[float, str]] = []
    for words, rows, columns in (
        ("turned by 180 degrees", -1, -1),
        ("mirrored left to right", 1, -1),
        ("mirrored upside down", -1, 1),
    ):
        patch = np.ascontiguousarray(golden.patch[::rows, ::columns])
        mask = np.ascontiguousarray(golden.mask[::rows, ::columns])
        found.append((_upright(replace(golden, patch=patch, mask=mask), scene), words))
    score, words = max(found)
    return words if score >= _OTHERWISE else ""


def _part_seen(golden: Mark, scene: _Scene) -> str:
    """The half of a mark that was not found as a whole which stands there by itself; "" where none does."""
    h, w = golden.mask.shape
    found: list[tuple[float, str]] = []
    for words, half in (
        ("left half", np.s_[:, w // 2 :]),
        ("right half", np.s_[:, : w // 2]),
        ("upper half", np.s_[h // 2 :, :]),
        ("lower half", np.s_[: h // 2, :]),
    ):
        mask = golden.mask.copy()
        mask[half] = False
        if mask.sum() >= golden.mask.sum() / 4:
            found.append((_upright(replace(golden, mask=mask), scene), words))
    score, words = max(found, default=(0.0, ""))
    return words if score >= _OTHERWISE else ""


def _upright(golden: Mark, scene: _Scene) -> float:
    """Best masked normalised correlation without turn or growth."""
    step = _coarse_step(golden)
    small = cv2.resize(scene.values, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    template, mask, _ = _turned(golden, 0.0, 1.0, step)
    found = _match(np.asarray(small, dtype=np.float32), template, mask)
    return -1.0 if found is None else found[0]


def _turned(golden: Mark, rotation: float, scale: float, step: int) -> tuple[Float32, Float32, Float]:
    """The patch turned and scaled about its centre, shrunk by ``step``; with its mask and the full-size map."""
    h, w = golden.patch.shape
    about = np.array([[1, 0, -(w - 1) / 2], [0, 1, -(h - 1) / 2], [0, 0, 1]])
    pose = Similarity(0, 0, rotation, scale).matrix() @ about
    corners = pose @ np.array([[0, w - 1, 0, w - 1], [0, 0, h - 1, h - 1], [1, 1, 1, 1]], dtype=np.float64)
    low = np.floor(corners[:2].min(axis=1))
    size = np.ceil((corners[:2].max(axis=1) - low + 1) / step).astype(int) * step
    grid = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ pose
    shape = (int(size[0]), int(size[1]))
    picture = cv2.warpAffine(golden.patch, grid[:2], shape, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(golden.mask.astype(np.float32), grid[:2], shape, flags=cv2.INTER_LINEAR)
    small = (shape[0] // step, shape[1] // step)
    picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.float32), np.asarray(mask > 0.5, dtype=np.float32), grid


def _window(image: Float32, x0: int, y0: int, width: int, height: int) -> Float32:
    """A window that may reach over the border, where the nearest pixel stands."""
    top, left = max(-y0, 0), max(-x0, 0)
    bottom, right = max(y0 + height - image.shape[0], 0), max(x0 + width - image.shape[1], 0)
    inside = image[y0 + top : y0 + height - bottom, x0 + left : x0 + width - right]
    return np.asarray(cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE), dtype=np.float32)
