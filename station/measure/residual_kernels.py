"""Compiled inner loops of the residual map of a registration."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Index = NDArray[np.int64]

_SOME = 64  # residuals of a window, at least where it has as many, that their median is taken of


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def halved_chroma(
    pixels: Float32, axis: Float32, level: np.float32, first: int, end: int, out: Float32
) -> None:  # pragma: no cover - compiled
    """Rows ``first`` to ``end`` of ``out`` (h // 2, w // 2): means over 2 x 2 pixels of the damped chroma of
    ``pixels`` (h, w, 3), ``axis`` . light / (mean light + level)."""
    third, quarter, zero = np.float32(1 / 3), np.float32(0.25), np.float32(0)
    for y in range(first, end):
        for x in range(out.shape[1]):
            total = zero
            for j in range(2):
                for i in range(2):
                    p = pixels[2 * y + j, 2 * x + i]
                    r, g, b = max(p[0], zero), max(p[1], zero), max(p[2], zero)
                    total += (axis[0] * r + axis[1] * g + axis[2] * b) / ((r + g + b) * third + level)
            out[y, x] = quarter * total


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def halved_light(pixels: Float32, first: int, end: int, out: Float32) -> None:  # pragma: no cover - compiled
    """Rows ``first`` to ``end`` of ``out`` (h // 2, w // 2): means over 2 x 2 pixels and the channels of ``pixels``
    (h, w, 3), nothing below zero."""
    share, zero = np.float32(1 / 12), np.float32(0)
    for y in range(first, end):
        for x in range(out.shape[1]):
            total = zero
            for j in range(2):
                for i in range(2):
                    p = pixels[2 * y + j, 2 * x + i]
                    total += max(p[0], zero) + max(p[1], zero) + max(p[2], zero)
            out[y, x] = share * total


@numba.njit(cache=True, nogil=True)
def read_points(
    picture: Float32, hidden: NDArray[np.uint8], places: Float, out: Float
) -> None:  # pragma: no cover - compiled
    """Bilinear values (n,) of ``picture`` (h, w) at ``places`` (n, 2) px; NaN outside it and where ``hidden``."""
    h, w = picture.shape
    for i in range(len(places)):
        x, y = places[i, 0], places[i, 1]
        if not (x >= 0.0 and y >= 0.0 and x < w - 1 and y < h - 1):
            out[i] = np.nan
            continue
        ix, iy = int(x), int(y)
        t, v = x - ix, y - iy
        if hidden[iy, ix] or hidden[iy, ix + 1] or hidden[iy + 1, ix] or hidden[iy + 1, ix + 1]:
            out[i] = np.nan
            continue
        above = (1 - t) * picture[iy, ix] + t * picture[iy, ix + 1]
        below = (1 - t) * picture[iy + 1, ix] + t * picture[iy + 1, ix + 1]
        out[i] = (1 - v) * above + v * below


@numba.njit(cache=True, nogil=True)
def _median(some: Float, count: int) -> float:  # pragma: no cover - compiled
    """Median of the first ``count`` of ``some``, which are put in another order (Hoare's selection)."""
    low, high, middle = 0, count - 1, count // 2
    while low < high:
        pivot, i, j = some[middle], low, high
        while i <= j:
            while some[i] < pivot:
                i += 1
            while pivot < some[j]:
                j -= 1
            if i <= j:
                some[i], some[j] = some[j], some[i]
                i += 1
                j -= 1
        if j < middle:
            low = i
        if middle < i:
            high = j
    return float(some[middle])


@numba.njit(cache=True, nogil=True)
def _inverse(normal: Float, out: Float) -> bool:  # pragma: no cover - compiled
    """Inverse (4, 4) of a symmetric matrix by Gauss and Jordan without pivots; False where it is not positive."""
    work = normal.copy()
    out[:] = 0.0
    for i in range(4):
        out[i, i] = 1.0
    for i in range(4):
        pivot = work[i, i]
        if not pivot > 1e-12 * normal[i, i] or not pivot > 0.0:
            return False
        for j in range(4):
            work[i, j] /= pivot
            out[i, j] /= pivot
        for k in range(4):
            if k != i:
                factor = work[k, i]
                for j in range(4):
                    work[k, j] -= factor * work[i, j]
                    out[k, j] -= factor * out[i, j]
    return True


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def solve_windows(
    windows: tuple[Index, Index, Float, Index],
    values: Float,
    gradient: Float,
    seen: Float,
    passes: int,
    first: int,
    end: int,
    shift: Float,
    covariance: Float,
    told: Float,
) -> None:  # pragma: no cover - compiled
    """Windows ``first`` to ``end``: the displacement that the edges in each are seen with.

    windows : (start, member, share, block); window k holds the points ``member[start[k]:start[k + 1]]``, of weight
    ``share`` and in that ``block`` of it, within which residuals may be correlated. values, gradient : (n,), (n, 2) of
    the golden; seen : (n,) of the unit, NaN where hidden. Gain, bias and shift are fitted ``passes`` times, each with
    Tukey's weights of the last residuals.

    shift : (k, 2) in the unit of the gradient's length. covariance : (2, k, 2, 2) of it, by the sandwich of the blocks
    and by the variance of the residuals were all of them independent. told : (k, 4) correlation of both pictures,
    share of the edges' weight that was kept, their gain, and how many blocks tell of the shift; zeros where nothing
    could be solved.
    """
    start, member, share, block = windows
    longest, most = 1, 1
    for k in range(first, end):
        longest = max(longest, start[k + 1] - start[k])
    for i in range(start[first], start[end]):
        most = max(most, block[i] + 1)
    weight, residual, some = np.empty(longest), np.empty(longest), np.empty(longest)
    normal, inverse, fit, x = np.empty((4, 4)), np.empty((4, 4)), np.empty(4), np.empty(4)
    score, strength, spread = np.empty((most, 4)), np.empty(most), np.empty((4, 4))
    x[1] = 1.0
    for k in range(first, end):
        begin, count = start[k], start[k + 1] - start[k]
        told[k] = 0.0
        offered = 0.0
        for i in range(count):
            p = member[begin + i]
            weight[i] = share[begin + i] if seen[p] == seen[p] else 0.0
            offered += share[begin + i] * (gradient[p, 0] ** 2 + gradient[p, 1] ** 2)
        good = count > 0
        cutoff, per = 0.0, 0.0
        for turn in range(passes):
            if not good:
                break
            n00, n01, n02, n03, n11, n12, n13, n22, n23, n33 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            r0, r1, r2, r3 = 0.0, 0.0, 0.0, 0.0
            for i in range(count):
                w = weight[i]
                if w <= 0.0:
                    continue
                p = member[begin + i]
                v, gx, gy, y = values[p], gradient[p, 0], gradient[p, 1], seen[p]
                wv, wx, wy = w * v, w * gx, w * gy
                n00 += wv * v
                n01 += wv
                n02 += wv * gx
                n03 += wv * gy
                n11 += w
                n12 += wx
                n13 += wy
                n22 += wx * gx
                n23 += wx * gy
                n33 += wy * gy
                r0 += wv * y
                r1 += w * y
                r2 += wx * y
                r3 += wy * y
            # along a single straight edge next to nothing holds the shift, and the covariance says so
            ridge = 1e-6 * (n22 + n33)
            normal[0, 0], normal[1, 1], normal[2, 2], normal[3, 3] = n00, n11, n22 + ridge, n33 + ridge
            normal[0, 1] = normal[1, 0] = n01
            normal[0, 2] = normal[2, 0] = n02
            normal[0, 3] = normal[3, 0] = n03
            normal[1, 2] = normal[2, 1] = n12
            normal[1, 3] = normal[3, 1] = n13
            normal[2, 3] = normal[3, 2] = n23
            good = _inverse(normal, inverse)
            if not good:
                break
            for a in range(4):
                fit[a] = inverse[a, 0] * r0 + inverse[a, 1] * r1 + inverse[a, 2] * r2 + inverse[a, 3] * r3
            used, step = 0, max(1, count // _SOME)
            for i in range(count):
                p = member[begin + i]
                residual[i] = seen[p] - fit[0] * values[p] - fit[1] - fit[2] * gradient[p, 0] - fit[3] * gradient[p, 1]
            if turn < 2:  # it settles sooner than the fit
                for i in range(0, count, step):
                    if residual[i] == residual[i]:
                        some[used] = abs(residual[i])
                        used += 1
                cutoff = 4.685 * (1.4826 * _median(some, used) + 1e-6) if used > 0 else 0.0
                good = cutoff > 0.0
            per = 1.0 / max(cutoff, 1e-30)
            for i in range(count):
                t = residual[i] * per
                t = 1.0 - t * t
                weight[i] = share[begin + i] * t * t if t > 0.0 else 0.0
        if not good or not fit[0] > 0.0:
            continue
        total, mean, kept, squares = 0.0, 0.0, 0.0, 0.0
        score[:], strength[:] = 0.0, 0.0
        for i in range(count):
            w = weight[i]
            if w <= 0.0:
                continue
            p, at = member[begin + i], block[begin + i]
            s, steep = w * residual[i], w * (gradient[p, 0] ** 2 + gradient[p, 1] ** 2)
            total += w
            squares += w * w
            mean += w * seen[p]
            kept += steep
            score[at, 0] += s * values[p]
            score[at, 1] += s
            score[at, 2] += s * gradient[p, 0]
            score[at, 3] += s * gradient[p, 1]
            strength[at] += steep
        if not total > 0.0:
            continue
        mean /= total
        explained, left, slope = 0.0, 0.0, 0.0
        for i in range(count):
            w = weight[i]
            if w > 0.0:
                p = member[begin + i]
                a = seen[p] - mean
                t = (residual[i] * per) ** 2
                slope += share[begin + i] * (1.0 - t) * (1.0 - 5.0 * t) * (gradient[p, 0] ** 2 + gradient[p, 1] ** 2)
                left += w * residual[i] ** 2
                explained += w * a * a
        # weights give way with the residuals, and the fit with them (Huber, Ann. Statist. 1, 1973)
        answer = fit[0] * min(max(slope / max(kept, 1e-30), 0.2), 1.0)
        for a in range(4):
            for b in range(4):
                spread[a, b] = 0.0
                for at in range(most):
                    spread[a, b] += score[at, a] * score[at, b]
        for a in range(2):
            for b in range(2):
                through = 0.0
                for i in range(4):
                    for j in range(4):
                        through += inverse[2 + a, i] * spread[i, j] * inverse[j, 2 + b]
                covariance[0, k, a, b] = through / answer**2
                covariance[1, k, a, b] = inverse[2 + a, 2 + b] * left / total * (squares / total) / answer**2
        largest, even = 0.0, 0.0
        for at in range(most):
            largest += strength[at]
            even += strength[at] ** 2
        shift[k, 0], shift[k, 1] = -fit[2] / fit[0], -fit[3] / fit[0]
        told[k, 0] = np.sqrt(max(1.0 - left / max(explained, 1e-30), 0.0))
        told[k, 1] = kept / max(offered, 1e-30)
        told[k, 2] = fit[0]
        told[k, 3] = largest * largest / max(even, 1e-30)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def smoothed(
    at: Float, places: Float, shift: Float, information: Float, reach: float, held: float, out: Float
) -> None:  # pragma: no cover - compiled
    """out (m, 2): the field at ``at`` (m, 2) by the shifts (n, 2) of ``places`` (n, 2), each counted by its
    ``information`` (n, 2, 2), the inverse of its covariance, and by a Gaussian of sigma ``reach`` of its distance; all
    in mm. Far from all places it goes to zero, which counts as a shift known with the information ``held``."""
    half = 0.5 / (reach * reach)
    for m in range(len(at)):
        a, b, c, u, v = held, 0.0, held, 0.0, 0.0
        for i in range(len(places)):
            dx, dy = places[i, 0] - at[m, 0], places[i, 1] - at[m, 1]
            far = (dx * dx + dy * dy) * half
            if far > 8.0:
                continue
            w = np.exp(-far)
            xx, xy, yy = w * information[i, 0, 0], w * information[i, 0, 1], w * information[i, 1, 1]
            a += xx
            b += xy
            c += yy
            u += xx * shift[i, 0] + xy * shift[i, 1]
            v += xy * shift[i, 0] + yy * shift[i, 1]
        determinant = a * c - b * b
        out[m, 0], out[m, 1] = (c * u - b * v) / determinant, (a * v - b * u) / determinant


@numba.njit(cache=True, nogil=True)
def mixed(field: Float, grid: Index, mix: Float, out: Float) -> None:  # pragma: no cover - compiled
    """out (m, 2): the field (n, 2) of the nodes between four of them, ``grid`` (m, 4), by the shares ``mix`` (m, 4)."""
    for i in range(len(out)):
        x, y = 0.0, 0.0
        for j in range(4):
            x += mix[i, j] * field[grid[i, j], 0]
            y += mix[i, j] * field[grid[i, j], 1]
        out[i, 0], out[i, 1] = x, y
