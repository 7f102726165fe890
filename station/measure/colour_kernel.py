"""The compiled kernel of colour maps: coded or linear pixels to Lab to CIEDE2000 in float32, without trigonometry.

Every step is straight-line arithmetic over short row buffers, so that LLVM turns it into vector instructions: numba's
wheels bring no vector mathematics library, and one call of libm a pixel costs more than all the rest.

- The mean hue is the direction of the sum of the two unit hue vectors; of their difference, turned by 90 degrees, where
  they are more than 90 degrees apart and the sum is ill-conditioned. Multiples of it follow by the addition theorems.
- ``delta H' = cross sqrt(2 / (C1 C2 + dot))``, or ``sqrt(2 (C1 C2 - dot))`` signed as ``cross``, beyond 90.
- ``sin(2 delta theta)`` is even about 275 degrees: a polynomial in ``sin^2(h - 275)``, off by less than 1e-5.
- Cube roots start from the bits of the number, take a third-order step and one of Newton's; powers go through base 2.

Literals are float32 throughout: one float64 among them would widen the whole loop.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

F32 = NDArray[np.float32]

CHUNK = 512
"""Pixels of a row buffer: the buffers of one chunk stay in the first-level cache."""

_f = np.float32
_ZERO, _HALF, _ONE, _TWO, _THREE = _f(0), _f(0.5), _f(1), _f(2), _f(3)
_ROOT2 = _f(math.sqrt(2))
_TINY = _f(1e-20)
_THIRD, _TWO_NINTHS = _f(1 / 3), _f(2 / 9)
_CUBE_GUESS = _f(0x54A20000)  # of the inverse cube root: off by less than 3.5 %, 2e-4 after one step
_EPS, _SLOPE, _SHIFT = _f(216 / 24389), _f(24389 / 27 / 116), _f(16 / 116)
_L, _16, _A, _B = _f(116), _f(16), _f(500), _f(200)
_C25 = _f(25.0**7)
_SEAM = _f(3e-7)  # sine of an angle to opposite hues that float32 does not resolve
_C30, _S30 = _f(math.cos(math.radians(30))), _f(math.sin(math.radians(30)))
_C6, _S6 = _f(math.cos(math.radians(6))), _f(math.sin(math.radians(6)))
_C63, _S63 = _f(math.cos(math.radians(63))), _f(math.sin(math.radians(63)))
_C275, _S275 = _f(math.cos(math.radians(275))), _f(math.sin(math.radians(275)))
_T1, _T2, _T3, _T4 = _f(0.17), _f(0.24), _f(0.32), _f(0.20)
_K15, _K45, _20, _50 = _f(0.015), _f(0.045), _f(20), _f(50)
_SPLIT = np.int32(0x3F2AAAAB)  # 2/3: mantissas are taken between 2/3 and 4/3
_EXPONENT = np.int32(-0x800000)
_UNIT = _f(1 / 0x800000)
_BIAS, _STEP = _f(127), _f(0x800000)


def _fit(function: Any, low: float, high: float, degree: int) -> tuple[np.float32, ...]:
    """Coefficients, lowest first, of the near-minimax polynomial of that degree on [low, high], in float32."""
    series = chebyshev.Chebyshev.interpolate(function, degree, domain=[low, high])
    power = chebyshev.cheb2poly(series.coef)
    return tuple(np.float32(c) for c in power)


def _rotation_term(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """sin(2 delta theta) against ``2 sin^2(h - 275) - 1``."""
    apart = np.degrees(np.arcsin(np.sqrt(np.clip((x + 1) / 2, 0, 1))))
    return np.asarray(np.sin(np.radians(60 * np.exp(-((apart / 25) ** 2)))))


_R = _fit(_rotation_term, -1, 1, 11)
_LOG = _fit(lambda x: np.log2(1 + x / 3), -1, 1, 10)  # of the mantissa less one, times three
_EXP = _fit(lambda x: np.exp2(x / 2), -1, 1, 6)  # of twice the fraction


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _polynomial(c: Any, x: Any) -> Any:  # pragma: no cover - compiled
    y = c[len(c) - 1]
    for i in range(len(c) - 2, -1, -1):
        y = y * x + c[i]
    return y


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _power(v: Any, gamma: Any, bend: Any) -> Any:  # pragma: no cover - compiled
    """``(v * 2 ** (bend * v)) ** gamma`` for v > 0."""
    i = np.float32(v).view(np.int32)
    whole = np.int32(np.int32(i - _SPLIT) & _EXPONENT)
    mantissa = np.int32(i - whole).view(np.float32)
    log = np.float32(whole) * _UNIT + _polynomial(_LOG, (mantissa - _ONE) * _THREE)
    p = (log + bend * v) * gamma
    n = np.float32(np.int32(p + _BIAS + _HALF)) - _BIAS
    return _polynomial(_EXP, (p - n) * _TWO) * np.int32((n + _BIAS) * _STEP).view(np.float32)


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _cube_root(v: Any) -> Any:  # pragma: no cover - compiled
    """Of a number not below ``_EPS``."""
    y = np.int32(_CUBE_GUESS - np.float32(np.float32(v).view(np.int32)) * _THIRD).view(np.float32)
    e = _ONE - v * y * y * y
    y = y * (_ONE + e * (_THIRD + _TWO_NINTHS * e))
    square = y * y
    root = v * square
    return root + (v - root * root * root) * square * _THIRD


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _apart(t1: Any, f1: Any, t2: Any, f2: Any, d: Any) -> Any:  # pragma: no cover - compiled
    """``f1 - f2``, of CIE's f at t1 and t2 that are ``d`` apart: by d itself, or a grey would be given a hue."""
    cubes = d / (f1 * f1 + f1 * f2 + f2 * f2)
    lines = _SLOPE * d
    low1, low2 = t1 <= _EPS, t2 <= _EPS
    return lines if low1 and low2 else (f1 - f2 if low1 or low2 else cubes)


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _lab(dx: Any, ty: Any, dz: Any) -> Any:  # pragma: no cover - compiled
    """L*, a*, b* of X/Xn - Y/Yn, Y/Yn and Y/Yn - Z/Zn."""
    tx, tz = ty + dx, ty - dz
    fx = _cube_root(tx) if tx > _EPS else _SLOPE * tx + _SHIFT
    fy = _cube_root(ty) if ty > _EPS else _SLOPE * ty + _SHIFT
    fz = _cube_root(tz) if tz > _EPS else _SLOPE * tz + _SHIFT
    return _L * fy - _16, _A * _apart(tx, fx, ty, fy, dx), _B * _apart(ty, fy, tz, fz, dz)


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _lab_rows(rgb: Any, m: Any, n: int) -> None:  # pragma: no cover - compiled
    """Buffers (3, n) of curved RGB to L*, a*, b*, in place; ``m`` (3, 3 or 6) as :func:`kernel_matrix` makes it."""
    r, g, b = rgb[0], rgb[1], rgb[2]
    m00, m01, m02 = m[0, 0], m[0, 1], m[0, 2]
    m10, m11, m12 = m[1, 0], m[1, 1], m[1, 2]
    m20, m21, m22 = m[2, 0], m[2, 1], m[2, 2]
    if m.shape[1] == 3:
        for i in range(n):
            green = g[i]
            red, blue = r[i] - green, b[i] - green
            dx = m00 * red + m01 * green + m02 * blue
            ty = m10 * red + m11 * green + m12 * blue
            dz = m20 * red + m21 * green + m22 * blue
            r[i], g[i], b[i] = _lab(dx, ty, dz)
        return
    m03, m04, m05 = m[0, 3], m[0, 4], m[0, 5]
    m13, m14, m15 = m[1, 3], m[1, 4], m[1, 5]
    m23, m24, m25 = m[2, 3], m[2, 4], m[2, 5]
    for i in range(n):
        green, root_red, root_green = g[i], math.sqrt(r[i]), math.sqrt(g[i])
        red, blue = r[i] - green, b[i] - green
        above, below = root_red - root_green, math.sqrt(b[i]) - root_green
        rg, gb = root_green * above, root_green * below
        br = root_red * below + rg
        dx = m00 * red + m01 * green + m02 * blue + m03 * rg + m04 * gb + m05 * br
        ty = m10 * red + m11 * green + m12 * blue + m13 * rg + m14 * gb + m15 * br
        dz = m20 * red + m21 * green + m22 * blue + m23 * rg + m24 * gb + m25 * br
        r[i], g[i], b[i] = _lab(dx, ty, dz)


def kernel_matrix(matrix: NDArray[np.float64], roots: NDArray[np.float64] | None, white: NDArray[np.float64]) -> F32:
    """A matrix (3, 3) from RGB to XYZ as the kernel wants it: rows X/Xn - Y/Yn, Y/Yn, Y/Yn - Z/Zn of red less green,
    green, blue less green. A grey then has no chroma but that of the matrix itself.

    roots : (3, 3) of the square roots of RG, GB and BR, which become columns 3 to 5, of each root less green.
    """
    columns = matrix if roots is None else np.hstack([matrix, roots])
    x, y, z = columns / white[:, None]
    rows = np.stack([x - y, y, y - z])
    rows[:, 1] = rows.sum(axis=1)
    return rows.astype(np.float32)


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _ciede2000(l1: Any, a1: Any, b1: Any, l2: Any, a2: Any, b2: Any) -> Any:  # pragma: no cover - compiled
    c = _HALF * (math.sqrt(a1 * a1 + b1 * b1) + math.sqrt(a2 * a2 + b2 * b2))
    c3 = c * c * c
    c7 = c3 * c3 * c + _TINY
    g = _ONE + _HALF - _HALF * math.sqrt(c7 / (c7 + _C25))
    a1, a2 = a1 * g, a2 * g
    s1, s2 = a1 * a1 + b1 * b1 + _TINY, a2 * a2 + b2 * b2 + _TINY
    i1, i2 = _ONE / math.sqrt(s1), _ONE / math.sqrt(s2)
    c1, c2 = s1 * i1, s2 * i2
    product, dot, cross = c1 * c2, a1 * a2 + b1 * b2, a1 * b2 - a2 * b1
    # exactly opposite hues: the formula takes the mean on the side of the hue below 180 degrees
    upper = b1 > _ZERO or (b1 == _ZERO and a1 > _ZERO)
    tie = _ONE if upper else -_ONE
    side = _ONE if cross > _SEAM * product else (-_ONE if cross < -_SEAM * product else tie)
    near = dot >= _ZERO
    apart = product - dot
    d_h = _ROOT2 * (cross if near else side * apart) / math.sqrt((product + dot if near else apart) + _TINY)
    x1, y1, x2, y2 = a1 * i1, b1 * i1, a2 * i2, b2 * i2
    x = x1 + x2 if near else side * (y2 - y1)
    y = y1 + y2 if near else side * (x1 - x2)
    unit = _ONE / math.sqrt(x * x + y * y + _TINY)
    x, y = x * unit, y * unit
    cos2, sin2 = x * x - y * y, _TWO * x * y
    cos3, sin3 = cos2 * x - sin2 * y, sin2 * x + cos2 * y
    cos4, sin4 = cos2 * cos2 - sin2 * sin2, _TWO * sin2 * cos2
    t = (
        _ONE
        - _T1 * (x * _C30 + y * _S30)
        + _T2 * cos2
        + _T3 * (cos3 * _C6 - sin3 * _S6)
        - _T4 * (cos4 * _C63 + sin4 * _S63)
    )
    c = _HALF * (c1 + c2)
    c3 = c * c * c
    c7 = c3 * c3 * c + _TINY
    away = y * _C275 - x * _S275
    turned = _polynomial(_R, _TWO * away * away - _ONE) if x * _C275 + y * _S275 > _ZERO else _ZERO
    light = _HALF * (l1 + l2) - _50
    light = light * light
    s_l = _ONE + _K15 * light / math.sqrt(_20 + light)
    s_c = _ONE + _K45 * c
    s_h = _ONE + _K15 * c * t
    once = _ONE / (s_l * s_c * s_h)
    x_l = (l2 - l1) * (s_c * s_h * once)
    x_c = (c2 - c1) * (s_l * s_h * once)
    x_h = d_h * (s_l * s_c * once)
    r_t = _TWO * math.sqrt(c7 / (c7 + _C25)) * turned
    return math.sqrt(max(x_l * x_l + x_c * x_c + x_h * x_h - r_t * x_c * x_h, _ZERO))


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _decoded_rows(rows: Any, pixels: Any, tables: Any, n: Any) -> None:  # pragma: no cover - compiled
    r, g, b = rows[0], rows[1], rows[2]
    red, green, blue = tables[0], tables[1], tables[2]
    for i in range(n):
        r[i] = red[pixels[i, 0]]
        g[i] = green[pixels[i, 1]]
        b[i] = blue[pixels[i, 2]]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def coded_lab(pixels: Any, tables: F32, m: F32, spans: Any, out: F32) -> None:  # pragma: no cover - compiled
    """Lab of coded pixels (H, W, 3), through tables (3, 2 ** bits) of curved linear light, into ``out`` (3, H, W)."""
    rows = np.empty((3, CHUNK), np.float32)
    for s in range(spans.shape[0]):
        y = spans[s, 0]
        for x0 in range(spans[s, 1], spans[s, 2], CHUNK):
            n = min(CHUNK, spans[s, 2] - x0)
            _decoded_rows(rows, pixels[y, x0 : x0 + n], tables, n)
            _lab_rows(rows, m, n)
            for k in range(3):
                row, target = rows[k], out[k, y, x0 : x0 + n]
                for i in range(n):
                    target[i] = row[i]


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _difference_rows(rows: Any, lab: Any, out: Any, y: Any, x0: Any, n: Any) -> None:  # pragma: no cover - compiled
    """CIEDE2000 of the Lab in buffers 0-2 into ``out``; computed in whole vectors, of which the rest is dropped."""
    l2, a2, b2, l1, a1, b1, difference = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], rows[6]
    golden_l, golden_a, golden_b = lab[0, y, x0 : x0 + n], lab[1, y, x0 : x0 + n], lab[2, y, x0 : x0 + n]
    for i in range(n):
        l1[i] = golden_l[i]
        a1[i] = golden_a[i]
        b1[i] = golden_b[i]
    for i in range((n + 15) // 16 * 16):
        difference[i] = _ciede2000(l1[i], a1[i], b1[i], l2[i], a2[i], b2[i])
    target = out[y, x0 : x0 + n]
    for i in range(n):
        target[i] = difference[i]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def coded_map(pixels: Any, tables: F32, m: F32, lab: F32, spans: Any, out: F32) -> None:  # pragma: no cover - compiled
    """CIEDE2000 of coded pixels (H, W, 3) against ``lab`` (3, H, W) into ``out`` (H, W), inside the spans."""
    rows = np.ones((7, CHUNK), np.float32)
    for s in range(spans.shape[0]):
        y = spans[s, 0]
        for x0 in range(spans[s, 1], spans[s, 2], CHUNK):
            n = min(CHUNK, spans[s, 2] - x0)
            _decoded_rows(rows, pixels[y, x0 : x0 + n], tables, n)
            _lab_rows(rows, m, (n + 15) // 16 * 16)
            _difference_rows(rows, lab, out, y, x0, n)


@numba.njit(fastmath=True, error_model="numpy", inline="always")
def _curved_rows(rows: Any, pixels: Any, n: Any, curve: Any, plain: Any) -> None:  # pragma: no cover - compiled
    r, g, b = rows[0], rows[1], rows[2]
    for i in range(n):
        r[i] = max(pixels[i, 0], _ZERO) if plain else pixels[i, 0]
        g[i] = max(pixels[i, 1], _ZERO) if plain else pixels[i, 1]
        b[i] = max(pixels[i, 2], _ZERO) if plain else pixels[i, 2]
    if not plain:
        for k in range(3):
            row, offset, gamma, bend = rows[k], curve[0, k], curve[1, k], curve[2, k]
            for i in range(n):
                v = row[i] + offset
                row[i] = _power(max(v, _TINY), gamma, bend) if v > _ZERO else _ZERO


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def linear_lab(pixels: F32, curve: F32, plain: bool, m: F32, spans: Any, out: F32) -> None:  # pragma: no cover
    """Lab of linear pixels (H, W, 3) into ``out`` (3, H, W). curve : (3, 3) offsets, exponents and bends
    (shoulder over ln 2), unless ``plain``."""
    rows = np.empty((3, CHUNK), np.float32)
    for s in range(spans.shape[0]):
        y = spans[s, 0]
        for x0 in range(spans[s, 1], spans[s, 2], CHUNK):
            n = min(CHUNK, spans[s, 2] - x0)
            _curved_rows(rows, pixels[y, x0 : x0 + n], n, curve, plain)
            _lab_rows(rows, m, n)
            for k in range(3):
                row, target = rows[k], out[k, y, x0 : x0 + n]
                for i in range(n):
                    target[i] = row[i]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def linear_map(
    pixels: F32, curve: F32, plain: bool, m: F32, lab: F32, spans: Any, out: F32
) -> None:  # pragma: no cover - compiled
    """CIEDE2000 of linear pixels (H, W, 3) against ``lab`` (3, H, W) into ``out`` (H, W), inside the spans."""
    rows = np.ones((7, CHUNK), np.float32)
    for s in range(spans.shape[0]):
        y = spans[s, 0]
        for x0 in range(spans[s, 1], spans[s, 2], CHUNK):
            n = min(CHUNK, spans[s, 2] - x0)
            _curved_rows(rows, pixels[y, x0 : x0 + n], n, curve, plain)
            _lab_rows(rows, m, (n + 15) // 16 * 16)
            _difference_rows(rows, lab, out, y, x0, n)
