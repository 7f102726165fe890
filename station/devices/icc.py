"""Colour profiles: turn a picture's values into sRGB, once, without losing precision on the way.

Profiles made of three tone curves and a matrix (every phone and camera writes these) are computed in floating point and
handed over as uint16; littleCMS through Pillow answers in 8 bits, which costs accuracy on saturated enamel. Profiles
built on tables go through littleCMS.
Source: ICC.1:2022, clauses 7.3 (tag table), 10.6 (curveType), 10.18 (parametricCurveType) and annex F.3 (matrix model).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import WHITE_D50, srgb_decode, srgb_encode

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Float = NDArray[np.float64]

# Columns are the D50-adapted XYZ of the primaries: of sRGB as in the ICC's sRGB profiles, and of Adobe RGB (1998),
# version 2005-05, section 4.3.5.3 adapted by Bradford.
SRGB_TO_XYZ: Float = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
_ADOBE_TO_XYZ: Float = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
_ADOBE_GAMMA = 563 / 256
_TOLERANCE = 0.002
_ROWS = 64


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
    def is_srgb(self) -> bool:
        """True where applying the profile would change no value by more than 0.002."""
        if self.matrix.shape != (3, 3):
            return False
        curve = srgb_decode(np.linspace(0, 1, self.curves.shape[1]))
        return bool(
            np.abs(self.curves - curve).max() < _TOLERANCE and np.abs(self.matrix - SRGB_TO_XYZ).max() < _TOLERANCE
        )


def adobe_rgb() -> MatrixProfile:
    """The space that a camera names by the EXIF interoperability index ``R03`` without embedding a profile."""
    curve = np.linspace(0, 1, 4096) ** _ADOBE_GAMMA
    return MatrixProfile(np.stack([curve] * 3), _ADOBE_TO_XYZ, "Adobe RGB (1998)")


def colour_space(icc: bytes) -> str:
    """``RGB``, ``GRAY``, ``CMYK`` ... of the profile's header. Raises :class:`ProfileError`."""
    if len(icc) < 132 or icc[36:40] != b"acsp":
        raise ProfileError("not an ICC profile")
    return icc[16:20].decode("ascii", "replace").strip()


def read_matrix_profile(icc: bytes) -> MatrixProfile | None:
    """The profile's curves and matrix, or None where it is built on tables. Raises :class:`ProfileError`."""
    space = colour_space(icc)
    tags = _tags(icc)
    if "A2B0" in tags:
        return None
    try:
        if space == "GRAY":
            return MatrixProfile(_curve(tags["kTRC"])[None, :], WHITE_D50[:, None], _description(tags))
        curves = np.stack([_curve(tags[f"{c}TRC"]) for c in "rgb"])
        matrix = np.stack([_xyz(tags[f"{c}XYZ"]) for c in "rgb"], axis=1)
    except (KeyError, struct.error) as error:
        raise ProfileError("its curves or primaries are missing") from error
    if np.abs(matrix.sum(axis=1) - WHITE_D50).max() > 0.02:
        raise ProfileError("its primaries do not add up to white")
    return MatrixProfile(curves, matrix, _description(tags))


def to_srgb(pixels: Pixels, profile: MatrixProfile) -> tuple[NDArray[np.uint16], float]:
    """Values in the profile's space to sRGB.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 or uint16; for a grey profile all channels are alike.

    Returns
    -------
    (H, W, 3) uint16 coded with the sRGB curve, and the share of pixels, 0-1, that lay outside sRGB and were clipped.
    """
    top = np.iinfo(pixels.dtype).max
    grid = np.linspace(0, 1, profile.curves.shape[1])
    tables = [np.interp(np.arange(top + 1) / top, grid, c).astype(np.float32) for c in profile.curves]
    mix = (np.linalg.solve(SRGB_TO_XYZ, profile.matrix) * 65535).astype(np.float32)
    encode = np.rint(srgb_encode(np.arange(65536) / 65535) * 65535).astype(np.uint16)
    low, high = -_TOLERANCE * 65535, (1 + _TOLERANCE) * 65535
    out = np.empty(pixels.shape, np.uint16)
    outside = 0
    for y in range(0, pixels.shape[0], _ROWS):  # by bands: the floats of a whole photo would be half a gigabyte
        band = pixels[y : y + _ROWS]
        light = np.empty((*band.shape[:2], len(tables)), np.float32)
        for i, table in enumerate(tables):
            light[..., i] = np.take(table, band[..., i])
        linear = light.reshape(-1, len(tables)) @ mix.T
        beyond = (linear < low) | (linear > high)
        outside += int(np.count_nonzero(beyond[:, 0] | beyond[:, 1] | beyond[:, 2]))
        nearest = (np.clip(linear, 0, 65535) + np.float32(0.5)).astype(np.uint16)
        out[y : y + _ROWS] = np.take(encode, nearest).reshape(band.shape)
    return out, outside / (pixels.shape[0] * pixels.shape[1])


def to_srgb_by_tables(pixels: NDArray[np.uint8], icc: bytes) -> NDArray[np.uint8]:
    """A table-based profile applied by littleCMS, relative colorimetric; (H, W, 3) uint8.

    Raises :class:`ProfileError`.
    """
    from PIL import Image, ImageCms

    grey = colour_space(icc) == "GRAY"
    source = Image.fromarray(np.ascontiguousarray(pixels[..., 0]) if grey else pixels)
    try:
        done = ImageCms.profileToProfile(
            source,
            io.BytesIO(icc),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            "RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ProfileError("its tables cannot be read") from error
    if done is None:
        raise ProfileError("its tables cannot be read")
    return np.asarray(done)


def _tags(icc: bytes) -> dict[str, bytes]:
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


def _curve(tag: bytes) -> Float:
    """A tone curve sampled at 4096 evenly spaced coded values; linear light 0-1."""
    x = np.linspace(0, 1, 4096)
    if tag[:4] == b"curv":
        count = struct.unpack_from(">I", tag, 8)[0]
        if count > 65536:
            raise ProfileError("a tone curve is damaged")
        values = np.array(struct.unpack_from(f">{count}H", tag, 12), dtype=np.float64)
        if count == 0:
            return x
        if count == 1:
            return np.asarray(x ** (values[0] / 256), dtype=np.float64)
        return np.interp(x, np.linspace(0, 1, count), values / 65535)
    if tag[:4] != b"para":
        raise ProfileError("a tone curve is of an unknown kind")
    kind = struct.unpack_from(">H", tag, 8)[0]
    if kind > 4:
        raise ProfileError("a tone curve is of an unknown kind")
    p = [v / 65536 for v in struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}i", tag, 12)]
    return _parametric(x, kind, p)


def _parametric(x: Float, kind: int, p: list[float]) -> Float:
    """Table 68 of ICC.1:2022: (a x + b)^g + e from d on, c x + f below."""
    g, a, b, c, d, e, f = p[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
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
    """First text of the ``desc`` tag (textDescriptionType or multiLocalizedUnicodeType), or "unnamed"."""
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
    return "".join(c for c in text if c.isprintable())[:64].strip() or "unnamed"
