"""Sub-pixel edges along the normals of a contour, in linear light.

An edge blurred by a symmetric lens lies where its gradient is steepest, but only in linear light: on coded values it
moves by 0.5-3 px.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.polygon import outward_normals, resample_closed, smooth_closed
from station.measure.profile_kernels import edge_worth, local_quadratics, softened
from station.measure.sampling import sample_rays
from station.values.colour import LinearRGB
from station.values.geometry import Frame

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

SPACING_MM = 0.1
"""Distance of neighbouring contour places."""
STEP_MM = 0.01
"""Sampling distance along a normal."""
_BLUR_PX = 0.8
_DARK = 0.02  # linear light that is added before the logarithm: noise and flare of dark pixels
_RISING = 0.05  # worth of an edge that is brighter outside
_LEFT_OUTSIDE = 0.5  # worth that a plain edge further out takes from a place
_CLEAR = 4.0  # times the bench's own texture that makes a plain edge
_BENCH_MM = 0.15  # of the outer end of the normals, where the bench is
_JUMP, _FIRM_JUMP = 0.04, 0.1  # cost of a step's jump between neighbouring places; of the outermost edge
_APART_MM = 0.06  # two edges nearer to each other than this are one
_TANGENTIAL = 1.5  # places over which profiles are averaged along the contour (Gaussian sigma)


@dataclass(frozen=True, slots=True)
class Places:
    """Evenly spaced places on a closed contour. points, normals : (n, 2) mm; normals point away from the material."""

    points: Float
    normals: Float

    def moved(self, distance_mm: Float | float) -> Float:
        """(n, 2) mm contour after moving every place along its normal, by (n,) mm or all by the same."""
        distance = np.broadcast_to(np.asarray(distance_mm, dtype=np.float64), len(self.points))
        return np.asarray(self.points + self.normals * distance[:, None], dtype=np.float64)


def places_along(contour_mm: Float, *, hole: bool = False) -> Places:
    """Places every ``SPACING_MM`` along a closed contour (n, 2) mm; the normals of a hole point into the hole."""
    points = resample_closed(contour_mm, SPACING_MM)
    normals = outward_normals(smooth_closed(points, 2.0))
    return Places(points, -normals if hole else normals)


def profiles(
    image: LinearRGB,
    frame: Frame,
    places: Places,
    reach_mm: tuple[float, float],
    *,
    blur_px: float = _BLUR_PX,
    along: float = _TANGENTIAL,
) -> tuple[Float, Float32]:
    """Linear RGB along every normal.

    reach_mm : from (negative, inside) to (positive, outside). blur_px : Gaussian blur of the raster. along : places
    over which profiles are averaged along the contour (Gaussian sigma), 0 for none. Returns the positions (m,) mm and
    the profiles (n, m, 3); NaN where the raster ends.
    """
    s = np.arange(reach_mm[0], reach_mm[1] + STEP_MM / 2, STEP_MM)
    starts = frame.to_px(places.points + places.normals * s[0])
    values = sample_rays(image.pixels, starts, places.normals * (STEP_MM / frame.pitch_mm), len(s), blur_px)
    return s, softened(values, along) if along > 0 else values


def steepest_path(
    s: Float,
    values: Float32,
    *,
    prefer_outer: float,
    centre: Float | float = 0.0,
    width_mm: float = 0.0,
    outermost: bool = False,
    plain_over_bench: float = math.inf,
) -> Float:
    """(n,) mm position of the strongest edge along each normal, continuous along the closed contour.

    values : (n, m, 3) profiles. The path maximises the gradient energy, saturated against each normal's own maximum to
    0-0.83, less a cost for jumps between neighbours (dynamic programming round the contour). prefer_outer : what a
    millimetre further out is worth. centre : mm where it may be expected, (n,) or the same for all.
    width_mm : where positive, the score fades with the distance from ``centre`` as a Gaussian.
    outermost : an edge is worth less that leaves another outside it, plainer than the bench's own texture.
    plain_over_bench : energy, in that of the bench's own texture, from which an edge is plain whatever the maximum.
    NaN where a normal leaves the raster or shows no edge (less than a hundredth of the usual energy).
    """
    # the worth of an edge is the gradient energy of the logarithm, that a shadow does not dim; less where the light
    # grows outwards, as it does from the plateau to the shoulder and out of the shadow
    logs = np.log(np.maximum(values, 0) + np.float32(_DARK))
    energy, worth = edge_worth(values, logs, float(s[-1] - s[0]) / (len(s) - 1), _RISING)
    bad = ~np.isfinite(energy).all(axis=1)
    energy[bad] = worth[bad] = 0
    # Saturated: the edge between rim and enamel is often stronger than the outline, but lies further in.
    texture = _texture(s, worth, np.asarray(~bad))
    greatest = np.clip(worth.max(axis=1, keepdims=True), 1e-12, plain_over_bench * texture)
    plain = worth / (worth + 0.1 * greatest)
    if outermost:
        plain -= _LEFT_OUTSIDE * _outside(s, worth, _CLEAR * texture)
    off = s - np.broadcast_to(np.asarray(centre, dtype=np.float64), len(worth))[:, None]
    score = plain + prefer_outer * off
    if width_mm > 0:
        score = score * np.exp(-((off / width_mm) ** 2) / 2)
    path = _dynamic_path(score, jump_cost=_FIRM_JUMP if outermost else _JUMP)
    out = _peaks(energy, path, s)
    strength = energy[np.arange(len(path)), path]
    usual = float(np.median(strength[~bad])) if not bad.all() else 0.0
    out[bad | (strength < 0.01 * usual) | (strength <= 0)] = np.nan
    return out


def edge_strengths(s: Float, values: Float32) -> Float:
    """(n, m) gradient energy of the logarithm of profiles (n, m, 3) on ``s``; 0 where a normal leaves the raster."""
    logs = np.log(np.maximum(values, 0) + np.float32(_DARK))
    _, worth = edge_worth(values, logs, float(s[-1] - s[0]) / (len(s) - 1), _RISING)
    return np.where(np.isfinite(worth), worth, 0.0)


def edge_strength(s: Float, values: Float32, at: Float) -> Float:
    """(n,) gradient energy of the logarithm of profiles (n, m, 3) on ``s`` at ``at`` (n,) mm; 0 for NaN."""
    worth = edge_strengths(s, values)
    step = float(s[-1] - s[0]) / (len(s) - 1)
    k = np.clip(np.round((np.nan_to_num(at) - s[0]) / step).astype(np.intp), 0, len(s) - 1)
    return np.where(np.isfinite(at), worth[np.arange(len(at)), k], 0.0)


def plain_edges(s: Float, values: Float, *, count: int, within: Bool, blur: float) -> tuple[Float, Float]:
    """The ``count`` plainest edges of every profile, plainest first: (n, count) mm, NaN where there are fewer, and how
    plain each is, 0-1, beside the plainest of its profile and the bench's own texture.

    values : (n, m, 3) profiles on ``s``. within : (m,) where edges are looked for. blur : Gaussian sigma in samples.
    """
    soft = softened(values.astype(np.float32), 0.0, blur)
    logs = np.log(np.maximum(soft, 0) + np.float32(_DARK))
    step = float(s[-1] - s[0]) / (len(s) - 1)
    _, worth = edge_worth(soft, logs, step, _RISING)
    good = np.asarray(np.isfinite(worth).all(axis=1))
    worth[~good] = 0
    texture = _texture(s, worth, good)
    here, at = worth[:, within], s[within]
    crest = np.zeros_like(here)
    inner = here[:, 1:-1]
    crest[:, 1:-1] = np.where((inner >= here[:, :-2]) & (inner > here[:, 2:]), inner, 0.0)
    columns = np.argsort(-crest, axis=1, kind="stable")[:, :count]
    rows = np.arange(len(here))[:, None]
    height, k = crest[rows, columns], np.clip(columns, 1, here.shape[1] - 2)
    place = at[k] + step * _vertex(here[rows, k - 1], here[rows, k], here[rows, k + 1])
    plain = height / np.maximum(height + 0.1 * here.max(axis=1, keepdims=True) + texture, 1e-12)
    return np.where(height > 0, place, np.nan), plain


def contact_valley(s: Float, values: Float32, edge: Float) -> Float:
    """(n,) mm from the edge out to the darkest place beside it, NaN where nothing is darker than what lies further out.

    Steep metal mirrors the bench beside it, and where part and bench meet both are darkest. Each channel is taken
    relative to the bench further out; the lowest counts, since a coloured metal is dark in one channel only.

    values : (n, m, 3) profiles on ``s``. edge : (n,) mm, the last bright edge.
    """
    far = values[:, s > s[-1] - 0.1].mean(axis=1)
    relative = values / np.maximum(far[:, None, :], np.float32(1e-4))
    level = np.minimum(np.minimum(relative[..., 0], relative[..., 1]), relative[..., 2])
    near = (s[None, :] > edge[:, None] + 0.02) & (s[None, :] < edge[:, None] + 0.26)
    level = np.where(near & np.isfinite(level), level, np.inf)
    k = np.clip(np.argmin(level, axis=1), 1, len(s) - 2)
    i = np.arange(len(level))
    lowest = level[i, k]
    real = np.isfinite(level[i, k - 1]) & np.isfinite(level[i, k + 1]) & (lowest < 0.95)
    return np.where(real, s[k] - edge, np.nan)


def reject_outliers(values: Float, *, half: int) -> Float:
    """Values (n,) along a closed contour with outliers and NaN replaced by a robust local quadratic through the rest.

    half : places to either side that a fit sees. Tukey weights about the fit, starting from the running median; the
    scale is that of the whole contour, so that a place is judged by what its contour is like.
    """
    n = len(values)
    known = np.isfinite(values)
    if known.sum() < max(8, n // 4):
        return np.full(n, float(np.median(values[known])) if known.any() else 0.0)
    index = (np.arange(n)[:, None] + np.arange(-half, half + 1)) % n
    fit = gap_median(np.where(known, values, np.nan)[index])
    given = np.where(known, values, 0.0)
    residual = np.where(known[index], np.abs(given[index] - fit[:, None]), 0.0)
    for limit in (12.0, 8.0, 4.685, 4.685, 4.685):
        scale = max(1.4826 * float(np.median(np.abs(values - fit)[known])), 0.5e-3)
        fit = local_quadratics(given, known, residual, half, limit * scale)
    scale = max(1.4826 * float(np.median(np.abs(values - fit)[known])), 0.5e-3)
    return np.asarray(np.where(known & (np.abs(values - fit) <= 5 * scale), values, fit), dtype=np.float64)


def gap_median(near: Float) -> Float:
    """Median of each row without its NaN; the overall median where a row has nothing else."""
    count = np.isfinite(near).sum(axis=1)
    ordered = np.sort(near, axis=1)  # NaN last
    middle = ordered[np.arange(len(near)), np.maximum(count - 1, 0) // 2]
    known = near[np.isfinite(near)]
    return np.where(count > 0, middle, np.median(known) if known.size else np.nan)


def quadratic_smooth(values: Float, half: int) -> Float:
    """Local quadratic fit along a closed contour (Savitzky and Golay 1964): keeps curvature, takes out noise."""
    from scipy.signal import savgol_filter

    window = min(2 * half + 1, (len(values) - 1) // 2 * 2 + 1)
    return np.asarray(savgol_filter(values, window, 2, axis=0, mode="wrap"), dtype=np.float64)


def _texture(s: Float, worth: Float, good: Bool) -> float:
    """What the bench's own texture is worth, which the outer end of the normals shows."""
    bench = worth[good][:, s > s[-1] - _BENCH_MM]
    return max(float(np.percentile(bench, 95)), 1e-9) if bench.size else 1e-9


def _outside(s: Float, worth: Float, clear: float) -> Float:
    """(n, m) 0-1 how plainly an edge lies further out than each place: beyond the outline there is only bench."""
    beyond = np.maximum.accumulate((worth**2 / (worth**2 + clear**2))[:, ::-1], axis=1)[:, ::-1]
    steps = round(_APART_MM / float(s[1] - s[0]))
    return np.pad(beyond[:, steps:], ((0, 0), (0, steps)))


def _vertex(a: Float, b: Float, c: Float) -> Float:
    """Offset of the parabola's vertex through three neighbouring values, in samples, within +-0.5."""
    bend = a - 2 * b + c
    safe = np.where(np.abs(bend) < 1e-12, 1.0, bend)
    return np.where(np.abs(bend) < 1e-12, 0.0, np.clip((a - c) / (2 * safe), -0.5, 0.5))


def _peaks(energy: Float, path: NDArray[np.intp], s: Float) -> Float:
    """(n,) the local maximum of each row's energy nearest to the path's sample, to a fraction of a sample."""
    last = len(s) - 1
    rows = np.arange(len(path))
    k = path.copy()
    for _ in range(last):
        here = energy[rows, k]
        up, down = energy[rows, np.minimum(k + 1, last)], energy[rows, np.maximum(k - 1, 0)]
        climbs = (k > 0) & (k < last) & (np.maximum(up, down) > here)
        if not climbs.any():
            break
        k = np.where(climbs, np.where(up > down, k + 1, k - 1), k)
    inner = np.clip(k, 1, last - 1)
    vertex = _vertex(energy[rows, inner - 1], energy[rows, inner], energy[rows, inner + 1])
    return np.asarray(s[k] + np.where((k > 0) & (k < last), vertex, 0.0) * (s[1] - s[0]), dtype=np.float64)


@numba.njit(cache=True, nogil=True)
def _dynamic_path(score: Float, jump_cost: float) -> NDArray[np.intp]:  # pragma: no cover - compiled
    """(n,) column of the best closed path through (n, m) scores; neighbouring rows differ by three columns at most."""
    n, m = score.shape
    total = score[0].copy()
    best = np.empty(m)
    back = np.zeros((2 * n, m), dtype=np.int8)
    for i in range(1, 2 * n):  # twice round, so that the ends meet
        row = score[i % n]
        for k in range(m):
            value = -np.inf
            for jump in range(-3, 4):
                if 0 <= k - jump < m:
                    option = total[k - jump] - jump_cost * abs(jump)
                    if option > value:
                        value, back[i, k] = option, jump
            best[k] = value + row[k]
        total[:] = best
    path = np.empty(n, dtype=np.intp)
    k = int(np.argmax(total))
    for i in range(2 * n - 1, n // 2 - 1, -1):
        if i < n // 2 + n:
            path[i % n] = k
        k -= back[i, k]
    return path
