"""Grey values of coded pictures where they are needed: of the reduced whole, or in windows about chosen points.

Values stay coded by the curve of sRGB (IEC 61966-2-1), near to a root: the noise of photons and of reading is alike
over all tones, a gain of the light is a gain and an offset of the code, and pictures that were scaled or turned after
they were taken mostly were so in their codes. Twelve megapixels take longer to turn into floating-point numbers than
to register by their edges, so nothing here passes over a whole large picture in floating point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.sampling import kernel_table
from station.values.colour import DeviceRGB, LinearRGB, srgb_encode

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Codes = NDArray[np.uint8] | NDArray[np.uint16]

_WEIGHTS = np.array([0.25, 0.5, 0.25])  # of red, green and blue, about as a sensor's pixels are shared out
_CLIPPED = 0.999
_WINDOW = 12  # px: the ten taps of the blurred spline and one either side, within which a point may still move
_GUARD = 2  # px of the window's rim that may be clipped
_BLOCK = 4  # px: of each block one point is chosen, as the noise of neighbours is the same after the blur


@dataclass(frozen=True, slots=True)
class CodedLight:
    """codes : (H, W, 3). weights : (3,) that turn the codes of a pixel into its grey value, 0-1.

    clipped : the least code that counts as clipped.
    """

    codes: Codes
    weights: Float32
    clipped: int


def coded_light(picture: DeviceRGB | LinearRGB) -> CodedLight:
    """``picture`` as codes; linear light is coded with 16 bits."""
    if isinstance(picture, LinearRGB):
        codes = cast(Codes, np.rint(srgb_encode(picture.pixels) * 65535).astype(np.uint16))
    else:
        codes = cast(Codes, np.ascontiguousarray(picture.pixels))
    top = int(np.iinfo(codes.dtype).max)
    return CodedLight(codes, (_WEIGHTS / top).astype(np.float32), round(_CLIPPED * top))


@numba.njit(cache=True, nogil=True)
def _mix(codes: Codes, weights: Float32, out: Float32) -> None:  # pragma: no cover - compiled
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            out[y, x] = weights[0] * codes[y, x, 0] + weights[1] * codes[y, x, 1] + weights[2] * codes[y, x, 2]


def reduced_grey(light: CodedLight, factor: int) -> tuple[Float32, Bool]:
    """Grey values (H // factor, W // factor), and which of them are clipped or next to one that is.

    factor : a power of two.

    Codes are averaged over factor x factor pixels: pixel p of the result lies at factor * p + (factor - 1) / 2 of the
    picture.
    """
    codes = light.codes
    for _ in range(factor.bit_length() - 1):
        # halving a whole multiple of two is what OpenCV does fastest
        h, w = codes.shape[0] // 2, codes.shape[1] // 2
        codes = cast(Codes, cv2.resize(codes[: 2 * h, : 2 * w], (w, h), interpolation=cv2.INTER_AREA))
    out = np.empty(codes.shape[:2], dtype=np.float32)
    _mix(codes, light.weights, out)
    # a mean of codes that are partly clipped is seldom the greatest code
    limit = light.clipped if factor == 1 else round(0.98 * light.clipped)
    greatest = cv2.max(cv2.max(codes[..., 0], codes[..., 1]), codes[..., 2])
    blank = (np.asarray(greatest) >= limit).astype(np.uint8)
    reach = 7 if factor == 1 else 3
    return out, np.asarray(cv2.dilate(blank, np.ones((reach, reach), np.uint8)), dtype=bool)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _sample_windows(
    codes: Codes,
    weights: Float32,
    clipped: int,
    taps: Float32,
    points: Float,
    windows: Float32,
    corners: NDArray[np.int64],
    whole: Bool,
    out: Float32,
) -> None:  # pragma: no cover - compiled
    h, w = codes.shape[0], codes.shape[1]
    size = windows.shape[1]
    count = taps.shape[1]
    before = count // 2 - 1
    phases = taps.shape[0] - 1
    wx, wy = np.empty(count, np.float32), np.empty(count, np.float32)
    for i in range(points.shape[0]):
        px, py = points[i, 0], points[i, 1]
        out[i] = np.nan
        if not (px >= before + 1 and py >= before + 1 and px < w - count // 2 - 2 and py < h - count // 2 - 2):
            continue
        ix, iy = int(px), int(py)
        left, up = ix - before, iy - before
        cx, cy = left - corners[i, 0], up - corners[i, 1]
        if cx < 0 or cy < 0 or cx > size - count or cy > size - count:
            corners[i, 0], corners[i, 1] = left - 1, up - 1
            cx = cy = 1
            whole[i] = True
            for y in range(size):
                for x in range(size):
                    red = codes[up - 1 + y, left - 1 + x, 0]
                    green = codes[up - 1 + y, left - 1 + x, 1]
                    blue = codes[up - 1 + y, left - 1 + x, 2]
                    windows[i, y, x] = weights[0] * red + weights[1] * green + weights[2] * blue
                    inner = min(x, y) >= _GUARD and max(x, y) < size - _GUARD
                    if inner and max(red, green, blue) >= clipped:
                        whole[i] = False
        if not whole[i]:
            continue
        at = (px - ix) * phases
        k = int(at)
        t = np.float32(at - k)
        for j in range(count):
            wx[j] = taps[k, j] + t * (taps[k + 1, j] - taps[k, j])
        at = (py - iy) * phases
        k = int(at)
        t = np.float32(at - k)
        for j in range(count):
            wy[j] = taps[k, j] + t * (taps[k + 1, j] - taps[k, j])
        total = np.float32(0.0)
        for y in range(count):
            row = np.float32(0.0)
            for x in range(count):
                row += wx[x] * windows[i, cy + y, cx + x]
            total += wy[y] * row
        out[i] = total


class LightAtPoints:
    """Blurred grey values at ``count`` points that move little from call to call.

    The window about a point is read at the first call and when the point has left it.
    """

    def __init__(self, light: CodedLight, count: int, blur_px: float) -> None:
        self._light = light
        self._taps = kernel_table(blur_px)
        self._windows = np.empty((count, _WINDOW, _WINDOW), dtype=np.float32)
        self._corners = np.full((count, 2), -(10**6), dtype=np.int64)
        self._whole = np.zeros(count, dtype=bool)

    def __call__(self, points: Float) -> Float32:
        """(count,) values at (count, 2) px; NaN within five pixels of the border and next to clipped pixels."""
        out = np.empty(len(points), dtype=np.float32)
        _sample_windows(
            self._light.codes,
            self._light.weights,
            self._light.clipped,
            self._taps,
            np.ascontiguousarray(points, dtype=np.float64),
            self._windows,
            self._corners,
            self._whole,
            out,
        )
        return out


@numba.njit(cache=True, nogil=True)
def _steepest(plane: NDArray[np.uint8], strength: NDArray[np.int32], at: NDArray[np.int32]) -> None:  # pragma: no cover
    size = np.int32(_BLOCK)
    for row in range(strength.shape[0]):
        for column in range(strength.shape[1]):
            best, place = np.int32(0), np.int32(0)
            for j in range(size):
                for i in range(size):
                    y, x = row * size + j + 1, column * size + i + 1
                    gx = np.int32(plane[y, x + 1]) - np.int32(plane[y, x - 1])
                    gy = np.int32(plane[y + 1, x]) - np.int32(plane[y - 1, x])
                    found = gx * gx + gy * gy
                    if found > best:
                        best, place = found, j * size + i
            strength[row, column] = best
            at[row, column] = place


def steepest_points(light: CodedLight, wanted: int) -> NDArray[np.int64]:
    """(n, 2) px of the steepest places of the picture, at most one in a block of four by four, about ``wanted``."""
    plane = np.asarray(cv2.cvtColor(light.codes, cv2.COLOR_RGB2GRAY))
    if plane.dtype != np.uint8:
        plane = (plane // 256).astype(np.uint8)
    calm = np.asarray(cv2.GaussianBlur(plane, (0, 0), 1.0), dtype=np.uint8)
    shape = ((calm.shape[0] - 2) // _BLOCK, (calm.shape[1] - 2) // _BLOCK)
    strength, place = np.empty(shape, np.int32), np.empty(shape, np.int32)
    _steepest(calm, strength, place)
    flat = strength.ravel()
    rank = max(flat.size - wanted, 0)
    cut = max(int(np.partition(flat, rank)[rank]), 1)
    chosen = np.flatnonzero(flat >= cut)[: 2 * wanted]
    row, column = np.divmod(chosen, shape[1])
    within_y, within_x = np.divmod(place.ravel()[chosen], _BLOCK)
    return np.stack([column * _BLOCK + within_x + 1, row * _BLOCK + within_y + 1], axis=-1).astype(np.int64)
