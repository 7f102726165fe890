"""Colour profiles: bring a picture to the sRGB tone curve, once, without losing colour or precision on the way.

Profiles made of three tone curves and a matrix (every phone and camera writes these) say two things. The curve is
undone in floating point, and the values are coded anew with the sRGB curve as uint16; where the curve is that of sRGB
already, as in Display P3, nothing is touched. The primaries stay the file's own and travel beside the pixels.
Profiles built on tables are evaluated in floating point by :mod:`station.devices.icc_tables`.
Source: ICC.1:2022, clauses 7.3 (tag table), 10.6 (curveType), 10.18 (parametricCurveType) and annex F.3 (matrix model).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.devices.primaries import ADOBE_GAMMA, ADOBE_RGB
from station.values.colour import SRGB_TO_XYZ, WHITE_D50, Lab, lab_to_xyz, srgb_decode, srgb_encode

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Float = NDArray[np.float64]

_TOLERANCE = 0.002
_SAMPLES = 4096
_GAMMAS = (0.2, 5.0)
"""Exponents of tone curves that pictures have: linear is 1, screens 1.8 to 2.6, their inverses from 0.38."""


class ProfileError(ValueError):
    """The profile is damaged or of a kind that cannot be applied."""


@dataclass(frozen=True, slots=True)
class MatrixProfile:
    """Tone curves and a matrix. curves : (C, 4096) linear light at evenly spaced coded values; C is 3, or 1 for grey.

    matrix : (3, C) linear light to XYZ D50. name : the profile's own description.
    """

    curves: Float
    matrix: Float
    name: str

    @property
    def has_srgb_curve(self) -> bool:
        """True where undoing the curve as that of sRGB is right within 0.002 of full scale."""
        curve = srgb_decode(np.linspace(0, 1, self.curves.shape[1]))
        return bool(np.abs(self.curves - curve).max() < _TOLERANCE)

    @property
    def has_srgb_primaries(self) -> bool:
        """True for the primaries of sRGB within 0.002, and for a grey profile, which has none."""
        return self.matrix.shape != (3, 3) or bool(np.abs(self.matrix - SRGB_TO_XYZ).max() < _TOLERANCE)


def adobe_rgb() -> MatrixProfile:
    """The space that a camera names by the EXIF interoperability index ``R03`` without embedding a profile."""
    return gamma_profile(ADOBE_GAMMA, ADOBE_RGB, "Adobe RGB (1998)")


def gamma_profile(gamma: float, to_xyz: Float, name: str) -> MatrixProfile:
    """A space of one power curve and three primaries."""
    curve = np.linspace(0, 1, _SAMPLES) ** gamma
    return MatrixProfile(np.stack([curve] * 3), to_xyz, name)


def srgb_curve_profile(to_xyz: Float, name: str) -> MatrixProfile:
    """A space with the tone curve of sRGB and other primaries, such as Display P3."""
    curve = srgb_decode(np.linspace(0, 1, _SAMPLES))
    return MatrixProfile(np.stack([curve] * 3), to_xyz, name)


def colour_space(icc: bytes) -> str:
    """``RGB``, ``GRAY``, ``CMYK`` ... of the profile's header. Raises :class:`ProfileError`."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        raise ProfileError("not an ICC profile")
    return icc[16:20].decode("ascii", "replace").strip()


def read_matrix_profile(icc: bytes) -> MatrixProfile | None:
    """The profile's curves and matrix, or None where it is built on tables. Raises :class:`ProfileError`."""
    space = colour_space(icc)
    tags = read_tags(icc)
    if "A2B0" in tags or "A2B1" in tags:
        return None
    try:
        if space == "GRAY":
            grey = curve(tags["kTRC"])
            if icc[20:24] == b"Lab ":  # annex F.2: there the curve gives lightness
                grey = lab_to_xyz(Lab(np.stack([100 * grey, 0 * grey, 0 * grey], axis=1)))[:, 1]
            return MatrixProfile(grey[None, :], WHITE_D50[:, None], _description(tags))
        curves = np.stack([curve(tags[f"{c}TRC"]) for c in "rgb"])
        matrix = np.stack([_xyz(tags[f"{c}XYZ"]) for c in "rgb"], axis=1)
    except (KeyError, struct.error) as error:
        raise ProfileError("its curves or primaries are missing") from error
    if np.abs(matrix.sum(axis=1) - WHITE_D50).max() > 0.02:
        raise ProfileError("its primaries do not add up to white")
    return MatrixProfile(curves, matrix, _description(tags))


def recode(pixels: Pixels, profile: MatrixProfile) -> NDArray[np.uint16]:
    """Values coded with the profile's curves to linear light in the same primaries, coded with the sRGB curve.

    pixels : (H, W, 3) uint8 or uint16; for a grey profile all channels are alike. Returns (H, W, 3) uint16.
    """
    top = np.iinfo(pixels.dtype).max
    grid = np.linspace(0, 1, profile.curves.shape[1])
    out = np.empty(pixels.shape, np.uint16)
    for i in range(3):
        curve = profile.curves[min(i, len(profile.curves) - 1)]
        linear = np.interp(np.arange(top + 1) / top, grid, curve)
        out[..., i] = np.rint(srgb_encode(linear) * 65535).astype(np.uint16)[pixels[..., i]]
    return out


def profile_name(icc: bytes) -> str:
    """The profile's own description, or "an unnamed profile". Raises :class:`ProfileError`."""
    return _description(read_tags(icc))


def read_tags(icc: bytes) -> dict[str, bytes]:
    """The profile's tags by signature. Raises :class:`ProfileError`."""
    count = struct.unpack_from(">I", icc, 128)[0]
    if count > 200 or 132 + 12 * count > len(icc):
        raise ProfileError("its tag table is damaged")
    tags = {}
    for i in range(count):
        name, start, size = struct.unpack_from(">4sII", icc, 132 + 12 * i)
        if start + size > len(icc):
            raise ProfileError("it is cut off")
        tags[name.decode("latin-1")] = icc[start : start + size]
    return tags


def _xyz(tag: bytes) -> Float:
    return np.array(struct.unpack_from(">3i", tag, 8), dtype=np.float64) / 65536


def curve(tag: bytes) -> Float:
    """A tone curve sampled at 4096 evenly spaced coded values; linear light 0-1. Raises :class:`ProfileError`."""
    x = np.linspace(0, 1, _SAMPLES)
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count > 65536:
            raise ProfileError("a tone curve is damaged")
        values = np.array(struct.unpack_from(f">{count}H", tag, 12), dtype=np.float64)
        if count == 0:
            return x
        if count == 1:
            return np.asarray(x ** _gamma(values[0] / 256), dtype=np.float64)
        return np.interp(x, np.linspace(0, 1, count), values / 65535)
    if tag[:4] != b"para":
        raise ProfileError("a tone curve is of an unknown kind")
    kind = struct.unpack_from(">H", tag, 8)[0]
    if kind > 4:
        raise ProfileError("a tone curve is of an unknown kind")
    p = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    return _parametric(x, kind, p)


def _gamma(exponent: float) -> float:
    """The exponent of a tone curve. Raises :class:`ProfileError` for one that no picture has."""
    if not _GAMMAS[0] <= exponent <= _GAMMAS[1]:
        raise ProfileError(f"a tone curve has the gamma {exponent:g}, which no picture has")
    return exponent


def _parametric(x: Float, kind: int, p: list[float]) -> Float:
    """Table 68 of ICC.1:2022: (a x + b)^g + e from d on, c x + f below."""
    g, a, b, c, d, e, f = _gamma(p[0]), 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind >= 1:
        a, b = p[1], p[2]
        if a == 0:
            raise ProfileError("a tone curve is damaged")
        d = -b / a
    if kind == 2:
        e = f = p[3]
    if kind >= 3:
        c, d = p[3], p[4]
    if kind == 4:
        e, f = p[5], p[6]
    with np.errstate(all="ignore"):
        y = np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
    if not np.isfinite(y).all():
        raise ProfileError("a tone curve is damaged")
    return np.clip(y, 0, 1)


def _description(tags: Mapping[str, bytes]) -> str:
    """First text of the ``desc`` tag (textDescriptionType or multiLocalizedUnicodeType), or "an unnamed profile"."""
    tag = tags.get("desc", b"")
    text = ""
    try:
        if tag[:4] == b"desc":
            text = tag[12 : 12 + struct.unpack_from(">I", tag, 8)[0]].decode("ascii", "replace")
        elif tag[:4] == b"mluc":
            size, start = struct.unpack_from(">II", tag, 20)
            text = tag[start : start + size].decode("utf-16-be", "replace")
    except struct.error:
        text = ""
    return "".join(c for c in text if c.isprintable())[:64].strip() or "an unnamed profile"
