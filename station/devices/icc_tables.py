"""Colour profiles built on tables, evaluated in floating point: lut8Type, lut16Type and lutAToBType.

The colorimetric table (A2B1) is used where there is one, else A2B0, as littleCMS does for the relative colorimetric
intent. Between grid points the table is interpolated over tetrahedra, which keeps greys grey. The result is coded with
the sRGB curve in the primaries of Rec. 2020, in which no colour of a real surface is clipped.
Source: ICC.1:2022, clauses 10.10 (lut8Type), 10.11 (lut16Type), 10.12 (lutAToBType), 6.3.4 (PCS encodings); Kasson,
Nin, Plouffe and Hafner 1995 (tetrahedral interpolation).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from station.devices.icc import Pixels, ProfileError, colour_space, curve, read_tags
from station.devices.primaries import REC_2020
from station.values.colour import Lab, lab_to_xyz, srgb_encode

Float = NDArray[np.float64]
Stage = Callable[[Float], Float]

_ROWS = 64
_MANY = 3_000_000  # values; below that the tables of all colours cost more than they save
_MAX_GRID_VALUES = 8_000_000
_XYZ_TOP = 1 + 32767 / 32768  # what 65535 stands for in an encoded XYZ


@dataclass(frozen=True, slots=True)
class TableProfile:
    """What the tables do, stage by stage, with device values 0-1 to encoded connection-space values 0-1.

    channels : 3, or 1 for grey. to_xyz : encoded connection-space values (n, 3) to XYZ relative to D50.
    """

    channels: int
    stages: tuple[Stage, ...]
    to_xyz: Stage

    def xyz(self, device: Float) -> Float:
        """XYZ (n, 3) relative to D50, Y = 1 for white, of device values (n, channels), 0-1."""
        values = device
        for stage in self.stages:
            values = stage(values)
        return self.to_xyz(values)


def read_table_profile(icc: bytes) -> TableProfile:
    """The tables of a profile. Raises :class:`ProfileError` where they are damaged or of another kind."""
    tags = read_tags(icc)
    tag = tags.get("A2B1", tags.get("A2B0", b""))
    channels = 1 if colour_space(icc) == "GRAY" else 3
    pcs = icc[20:24]
    try:
        if tag[:4] in (b"mft1", b"mft2"):
            stages = _lut(tag, channels)
        elif tag[:4] == b"mAB ":
            stages = _a_to_b(tag, channels)
        else:
            raise ProfileError("its tables are of an unknown kind")
    except (struct.error, IndexError, ValueError) as error:
        if isinstance(error, ProfileError):
            raise
        raise ProfileError("its tables are damaged") from error
    if pcs == b"XYZ ":
        return TableProfile(channels, stages, lambda v: v * _XYZ_TOP)
    if pcs != b"Lab ":
        raise ProfileError("it connects through an unknown space")
    # lut16Type keeps the Lab encoding of version 2, in which 0xFF00 and not 0xFFFF stands for L* = 100
    high = 65535 / 65280 if tag[:4] == b"mft2" else 1.0
    return TableProfile(channels, stages, lambda v: lab_to_xyz(_lab(v * high)))


def recode_by_tables(pixels: Pixels, profile: TableProfile) -> tuple[NDArray[np.uint16], float]:
    """Device values to the primaries of Rec. 2020, coded with the sRGB curve.

    pixels : (H, W, 3) uint8 or uint16; for a grey profile all channels are alike.
    Returns (H, W, 3) uint16, and the share of pixels, 0-1, that lay outside Rec. 2020 and were clipped.
    """
    if pixels.dtype == np.uint8 and pixels.size > _MANY:  # far fewer colours than pixels: each is computed once
        wide = pixels.astype(np.uint32)
        packed = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
        present = np.zeros(1 << 24, dtype=bool)
        present[packed] = True
        colours = np.flatnonzero(present)
        coded, beyond = _coded(np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1) / 255, profile)
        where = np.empty(1 << 24, np.uint32)
        where[colours] = np.arange(len(colours), dtype=np.uint32)
        which = where[packed]
        return coded[which], float(np.mean(beyond[which]))
    top = np.iinfo(pixels.dtype).max
    out = np.empty(pixels.shape, np.uint16)
    outside = 0
    for y in range(0, pixels.shape[0], _ROWS):  # by bands: the floats of a whole photo would be gigabytes
        band = pixels[y : y + _ROWS]
        coded, beyond = _coded(band.reshape(-1, 3) / top, profile)
        outside += int(np.count_nonzero(beyond))
        out[y : y + _ROWS] = coded.reshape(band.shape)
    return out, outside / (pixels.shape[0] * pixels.shape[1])


def _coded(device: Float, profile: TableProfile) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    linear = profile.xyz(device[:, : profile.channels]) @ np.linalg.inv(REC_2020).T
    beyond = np.asarray(((linear < -0.002) | (linear > 1.002)).any(axis=1))
    return np.rint(srgb_encode(linear) * 65535).astype(np.uint16), beyond


def _lab(encoded: Float) -> Lab:
    return Lab(np.asarray(encoded * (100.0, 255.0, 255.0) - (0.0, 128.0, 128.0), dtype=np.float64))


def _lut(tag: bytes, channels: int) -> tuple[Stage, ...]:
    inputs, outputs, points = tag[8], tag[9], tag[10]
    if inputs != channels or outputs != 3 or points < 2:
        raise ProfileError("its tables have another number of channels")
    if tag[:4] == b"mft1":
        kind, scale, entries_in, entries_out, start = "u1", 255, 256, 256, 48
    else:
        kind, scale, start = ">u2", 65535, 52
        entries_in, entries_out = struct.unpack_from(">HH", tag, 48)
    if not (2 <= entries_in <= 4096 and 2 <= entries_out <= 4096):
        raise ProfileError("its curves are damaged")
    sizes = (entries_in * inputs, points**inputs * 3, entries_out * 3)
    tables = np.frombuffer(tag, np.dtype(kind), sum(sizes), start) / scale
    before, grid, after = np.split(tables, np.cumsum(sizes)[:2])
    stages: list[Stage] = []
    # the matrix acts on XYZ alone (10.10), and an RGB or grey device value is none; lut types of such devices ignore it
    stages.append(_curves(before.reshape(inputs, -1)))
    stages.append(_grid(grid.reshape(*[points] * inputs, 3)))
    stages.append(_curves(after.reshape(3, -1)))
    return tuple(stages)


def _a_to_b(tag: bytes, channels: int) -> tuple[Stage, ...]:
    """A curves, grid, M curves, matrix, B curves; an offset of 0 means that the element is not there."""
    if tag[8] != channels or tag[9] != 3:
        raise ProfileError("its tables have another number of channels")
    b, matrix, m, grid, a = struct.unpack_from(">5I", tag, 12)
    if not b or bool(a) != bool(grid) or bool(m) != bool(matrix) or (not grid and channels != 3):
        raise ProfileError("its tables lack a part")
    stages: list[Stage] = []
    if grid:
        points = tuple(tag[grid : grid + channels])
        width = tag[grid + 16]
        if min(points) < 2 or width not in (1, 2) or math.prod(points) * 3 > _MAX_GRID_VALUES:
            raise ProfileError("its tables are damaged")
        values = np.frombuffer(tag, np.dtype("u1" if width == 1 else ">u2"), math.prod(points) * 3, grid + 20)
        stages += [
            _curves(_curve_set(tag, a, channels)),
            _grid((values / (255 if width == 1 else 65535)).reshape(*points, 3)),
        ]
    if matrix:
        e = np.array(struct.unpack_from(">12i", tag, matrix), dtype=np.float64) / 65536
        stages += [_curves(_curve_set(tag, m, 3)), _matrix(e[:9].reshape(3, 3), e[9:])]
    stages.append(_curves(_curve_set(tag, b, 3)))
    return tuple(stages)


def _curve_set(tag: bytes, start: int, count: int) -> Float:
    """Curves that follow one another, each padded to four bytes, sampled as (count, 4096)."""
    sampled = []
    for _ in range(count):
        sampled.append(curve(tag[start:]))
        if tag[start : start + 4] == b"curv":
            size = 12 + 2 * struct.unpack_from(">I", tag, start + 8)[0]
        else:
            size = 12 + 4 * (1, 3, 4, 5, 7)[struct.unpack_from(">H", tag, start + 8)[0]]
        start += size + -size % 4
    return np.stack(sampled)


def _curves(tables: Float) -> Stage:
    if np.abs(tables - np.linspace(0, 1, tables.shape[1])).max() < 1e-9:
        return lambda v: np.clip(v, 0, 1)

    def look_up(v: Float) -> Float:
        out = np.empty_like(v)
        _linear(np.ascontiguousarray(tables), v, out)
        return out

    return look_up


def _matrix(e: Float, offset: Float) -> Stage:
    return lambda v: np.asarray(v @ e.T + offset, dtype=np.float64)


def _grid(grid: Float) -> Stage:
    if grid.ndim == 2:
        return lambda v: np.stack(
            [np.interp(v[:, 0] * (len(grid) - 1), np.arange(len(grid)), column) for column in grid.T], axis=1
        )
    table = np.ascontiguousarray(grid)

    def look_up(v: Float) -> Float:
        out = np.empty((len(v), 3))
        _tetrahedral(table, np.ascontiguousarray(v), out)
        return out

    return look_up


@numba.njit(cache=True, nogil=True)
def _linear(tables: Float, values: Float, out: Float) -> None:  # pragma: no cover - compiled
    last = tables.shape[1] - 1
    for i in range(len(values)):
        for k in range(values.shape[1]):
            place = min(max(values[i, k], 0.0), 1.0) * last
            cell = min(int(place), last - 1)
            out[i, k] = tables[k, cell] + (place - cell) * (tables[k, cell + 1] - tables[k, cell])


@numba.njit(cache=True, nogil=True)
def _tetrahedral(grid: Float, values: Float, out: Float) -> None:  # pragma: no cover - compiled
    """Walk from the cell's lower corner along the axes, the longest way first, weighting each step by its length."""
    cell = np.empty(3, np.int64)
    rest = np.empty(3)
    order = np.empty(3, np.int64)
    for i in range(len(values)):
        for k in range(3):
            size = grid.shape[k] - 1
            place = min(max(values[i, k], 0.0), 1.0) * size
            cell[k] = min(int(place), size - 1)
            rest[k] = place - cell[k]
            order[k] = k
        for m, n in ((0, 1), (1, 2), (0, 1)):
            if rest[order[n]] > rest[order[m]]:
                order[m], order[n] = order[n], order[m]
        x, y, z = cell[0], cell[1], cell[2]
        before = grid[x, y, z]
        for c in range(3):
            out[i, c] = before[c]
        for axis in order:
            x, y, z = x + (axis == 0), y + (axis == 1), z + (axis == 2)
            after = grid[x, y, z]
            for c in range(3):
                out[i, c] += rest[axis] * (after[c] - before[c])
            before = after
