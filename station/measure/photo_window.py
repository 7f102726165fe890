"""Linear light of the rows of a photo for compiled loops, which make it of the coded values as they go along."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.threads import thread_count, together
from station.values.colour import DeviceRGB, LinearRGB, PhotoLight, linearise

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Rows:
    """A picture as compiled loops read it. flat : (H, 3 W), coded or linear. table : linear light of every code, None
    where the picture is linear. gain : (rows, 3 W) flat field, to be stretched over the picture's height, or None."""

    flat: NDArray[Any]
    table: Float32 | None
    gain: Float32 | None


def rows_of(image: LinearRGB | PhotoLight | Float32) -> Rows:
    """The rows of a picture; those of float32 pixels (H, W, 3) are linear."""
    if isinstance(image, PhotoLight):
        pixels = image.coded.pixels
        gain = None if image.gain is None else np.ascontiguousarray(image.gain).reshape(len(image.gain), -1)
        return Rows(np.ascontiguousarray(pixels).reshape(len(pixels), -1), _table(pixels.dtype.itemsize), gain)
    linear = image.pixels if isinstance(image, LinearRGB) else image
    return Rows(np.ascontiguousarray(linear).reshape(len(linear), -1), None, None)


@lru_cache(maxsize=2)
def _table(size: int) -> Float32:
    """Linear light of every code of so many bytes."""
    codes = np.arange(256**size, dtype=np.uint8 if size == 1 else np.uint16)
    return linearise(DeviceRGB(np.repeat(codes[:, None, None], 3, axis=2))).pixels[:, 0, 0].copy()


@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def linear_row(
    flat: NDArray[Any], table: Float32 | None, gain: Float32 | None, y: int, start: int, out: Float32
) -> None:  # pragma: no cover - compiled
    """Linear light of ``out.size`` numbers of row ``y`` of a picture, from the ``start``-th on. flat, table, gain : as
    :class:`Rows`; what is None is left out of the compiled code."""
    count = out.size
    row = flat[y, start : start + count]
    if table is None:
        for i in range(count):
            out[i] = row[i]
    else:
        for i in range(count):
            out[i] = table[row[i]]
    if gain is not None:
        rows = gain.shape[0]
        at = min(max((y + 0.5) * rows / flat.shape[0] - 0.5, 0.0), rows - 1.0)
        above = min(int(at), rows - 2)
        part = np.float32(at - above)
        a, b = gain[above, start : start + count], gain[above + 1, start : start + count]
        for i in range(count):
            out[i] *= a[i] + part * (b[i] - a[i])


def reduced(
    image: LinearRGB | PhotoLight, window: tuple[int, int, int, int], size: tuple[int, int], every: int = 1
) -> Float32:
    """A window x0, y0, x1, y1 of a picture reduced to ``size`` (w, h): means over the areas of its pixels, (h, w, 3).

    every : of the rows one in so many is looked at.
    """
    rows = rows_of(image)
    x0, y0, x1, y1 = window
    seen = np.arange(y0 + every // 2, y1, every)
    out = np.zeros((size[1], 3 * size[0]), dtype=np.float32)
    cuts = np.linspace(0, size[1], thread_count() + 1).astype(int)

    def fill(first: int, end: int) -> None:
        _reduce(rows.flat, rows.table, rows.gain, seen, x0, x1, out, first, end)

    together(*(partial(fill, int(a), int(b)) for a, b in pairwise(cuts)))
    return out.reshape(size[1], size[0], 3)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _reduce(
    flat: NDArray[Any],
    table: Float32 | None,
    gain: Float32 | None,
    seen: Index,
    x0: int,
    x1: int,
    out: Float32,
    first: int,
    end: int,
) -> None:  # pragma: no cover - compiled
    """Rows ``first`` to ``end`` of a reduced picture (h, 3 w) of the rows ``seen`` of a picture."""
    high, wide = len(seen) / out.shape[0], (x1 - x0) / (out.shape[1] // 3)
    line, total = np.empty(3 * (x1 - x0), dtype=np.float32), np.empty(3 * (x1 - x0), dtype=np.float32)
    # of every reduced pixel the first and the last column, and how much of them lies in it
    columns = out.shape[1] // 3
    begin, end_at = np.empty(columns, dtype=np.int64), np.empty(columns, dtype=np.int64)
    opening, closing = np.empty(columns, dtype=np.float32), np.empty(columns, dtype=np.float32)
    for i in range(columns):
        low, top = i * wide, (i + 1) * wide
        begin[i], end_at[i] = int(low), min(int(np.ceil(top - 1e-9)), x1 - x0) - 1
        opening[i] = min(top, begin[i] + 1.0) - low
        closing[i] = top - end_at[i] if end_at[i] > begin[i] else 0.0
    for j in range(first, end):
        total[:] = 0
        low, top = j * high, (j + 1) * high
        for k in range(int(low), min(int(np.ceil(top - 1e-9)), len(seen))):
            weight = np.float32((min(top, k + 1.0) - max(low, float(k))) / (high * wide))
            linear_row(flat, table, gain, seen[k], 3 * x0, line)
            for i in range(line.size):
                total[i] += weight * line[i]
        for i in range(columns):
            k, last = begin[i], end_at[i]
            r, g, b = opening[i] * total[3 * k], opening[i] * total[3 * k + 1], opening[i] * total[3 * k + 2]
            for m in range(k + 1, last):
                r += total[3 * m]
                g += total[3 * m + 1]
                b += total[3 * m + 2]
            w = closing[i]
            out[j, 3 * i] = r + w * total[3 * last]
            out[j, 3 * i + 1] = g + w * total[3 * last + 1]
            out[j, 3 * i + 2] = b + w * total[3 * last + 2]
