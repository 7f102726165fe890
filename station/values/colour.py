"""Colour state in the type: an uncorrected picture cannot reach a colour difference.

``DeviceRGB`` (coded) --linearise--> ``LinearRGB`` --ColourCorrection.lab--> ``Lab``. Only a correction makes a Lab.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# CIE D50 white point for the 2 degree observer, Y = 1 (CIE 15:2018, table T.3, rounded as ICC.1 does).
WHITE_D50: Float = np.array([0.96422, 1.0, 0.82521])

# Columns: XYZ relative to D50 of the sRGB primaries, as in the ICC's own sRGB profiles.
SRGB_TO_XYZ: Float = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
XYZ_TO_SRGB: Float = np.asarray(np.linalg.inv(SRGB_TO_XYZ), dtype=np.float64)


SATURATED = 250
"""Coded value, of 255, from which a pixel of a photo counts as clipped."""


@dataclass(frozen=True, slots=True)
class DeviceRGB:
    """A decoded picture, upright, its tone curve already that of sRGB. Its primaries stay the file's own.

    pixels : (H, W, 3) uint8 or uint16, red first.
    space : name of the primaries. to_xyz : (3, 3) linear light in them to XYZ relative to D50.
    A colour card's correction maps any primaries to XYZ, and turning them into those of sRGB would clip saturated
    enamel; only a picture without a card needs ``to_xyz``.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    space: str = "sRGB"
    to_xyz: Float = field(default_factory=SRGB_TO_XYZ.copy)

    def __post_init__(self) -> None:
        p = self.pixels
        if p.ndim != 3 or p.shape[2] != 3 or p.dtype not in (np.uint8, np.uint16):
            raise ValueError(f"DeviceRGB needs (H, W, 3) uint8 or uint16, got {p.shape} {p.dtype}")

    @property
    def saturated(self) -> int:
        """``SATURATED`` on the scale of ``pixels``."""
        return SATURATED if self.pixels.dtype == np.uint8 else SATURATED * 257

    def clipped(self) -> NDArray[np.bool_]:
        """(H, W) true where a channel is saturated."""
        import cv2

        # numpy's maximum over three channels takes twenty times as long
        below = cv2.inRange(self.pixels, (0, 0, 0), (self.saturated - 1,) * 3)
        return np.asarray(below == 0)


@dataclass(frozen=True, slots=True)
class LinearRGB:
    """Linear light in the camera's (or sRGB's) primaries, relative: 1.0 is the coded maximum.

    pixels : (H, W, 3) float32, 0 to about 1; a flat field may lift values above 1.
    """

    pixels: NDArray[np.float32]

    def __post_init__(self) -> None:
        p = self.pixels
        if p.ndim != 3 or p.shape[2] != 3 or p.dtype != np.float32:
            raise ValueError(f"LinearRGB needs (H, W, 3) float32, got {p.shape} {p.dtype}")

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        h, w = self.pixels.shape[:2]
        return h, w

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.float32]:
        """(y1 - y0, x1 - x0, 3) pixels; a view."""
        return self.pixels[y0:y1, x0:x1]

    def whole(self) -> LinearRGB:
        """The picture itself."""
        return self


@dataclass(frozen=True, slots=True)
class PhotoLight:
    """Linear light of a whole photo, made of its coded values where it is asked for: a picture of it would take 150 MB
    for twelve megapixels, and much longer to be written than what is looked at takes to be made.

    coded : the photo. gain : (rows, W, 3) float32 flat field, stretched to the photo's width and to be stretched to its
    height, or None.
    """

    coded: DeviceRGB
    gain: NDArray[np.float32] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        h, w = self.coded.pixels.shape[:2]
        return h, w

    def window(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.float32]:
        """(y1 - y0, x1 - x0, 3) linear light, as :class:`LinearRGB` has it."""
        out = linearise(replace(self.coded, pixels=self.coded.pixels[y0:y1, x0:x1])).pixels
        if self.gain is not None:
            even_out(out, self.gain[:, x0:x1], y0, self.shape[0])
        return out

    def whole(self) -> LinearRGB:
        """The whole picture."""
        h, w = self.shape
        return LinearRGB(self.window(0, 0, w, h))


def even_out(pixels: NDArray[np.float32], gain: NDArray[np.float32], top: int, height: int) -> None:
    """Multiply rows of a picture (h, w, 3), in place, by a flat field (rows, w, 3), stretched over ``height`` rows of
    which they are those from ``top`` on; some at a time, as the field would take as much memory as the picture."""
    rows = len(gain)
    at = np.clip((np.arange(top, top + len(pixels)) + 0.5) * rows / height - 0.5, 0, rows - 1)
    above = np.minimum(at.astype(int), rows - 2)
    for i in np.unique(above):
        first, after = np.searchsorted(above, [i, i + 1])
        field = (at[first:after] - i).astype(np.float32)[:, None, None] * (gain[i + 1] - gain[i])
        field += gain[i]
        pixels[first:after] *= field


@dataclass(frozen=True, slots=True)
class Lab:
    """CIE L*a*b*, D50, 2 degree observer. values : (..., 3) float64, L* 0-100."""

    values: Float

    def __post_init__(self) -> None:
        v = self.values
        if v.ndim < 1 or v.shape[-1] != 3 or v.dtype != np.float64:
            raise ValueError(f"Lab needs (..., 3) float64, got {v.shape} {v.dtype}")


def srgb_decode(coded: NDArray[np.floating]) -> Float:
    """IEC 61966-2-1 coded values in 0..1 to linear light in 0..1."""
    c = np.asarray(coded, dtype=np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((np.maximum(c, 0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_encode(linear: NDArray[np.floating]) -> Float:
    """Linear light to IEC 61966-2-1 coded values, both 0..1; out-of-range input is clipped."""
    v = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055)


def linearise(picture: DeviceRGB) -> LinearRGB:
    """Undo the sRGB curve by table (exact for every coded value)."""
    import cv2

    p = picture.pixels
    top = 255 if p.dtype == np.uint8 else 65535
    table = srgb_decode(np.arange(top + 1) / top).astype(np.float32)
    if p.dtype == np.uint8:  # numpy would first make an index of eight bytes of every sample
        return LinearRGB(np.asarray(cv2.LUT(p, table), dtype=np.float32).reshape(p.shape))
    out = np.empty(p.shape, dtype=np.float32)
    for row, coded in zip(out, p, strict=True):
        row[:] = table[coded]
    return LinearRGB(out)


def in_srgb_primaries(picture: DeviceRGB) -> LinearRGB:
    """Linear light in the primaries of sRGB, for pictures compared without a card.

    Colours outside sRGB keep their values below 0 or above 1.
    """
    linear = linearise(picture)
    if picture.space == "sRGB":
        return linear
    mix = (XYZ_TO_SRGB @ picture.to_xyz).astype(np.float32)
    return LinearRGB(linear.pixels @ mix.T)


def xyz_to_lab(xyz: Float) -> Lab:
    """XYZ (..., 3) relative to D50 with Y = 1 for white, to Lab (CIE 15:2018, 8.2.1)."""
    t = np.asarray(xyz, dtype=np.float64) / WHITE_D50
    eps, kappa = 216 / 24389, 24389 / 27
    f = np.where(t > eps, np.cbrt(np.maximum(t, eps)), (kappa * t + 16) / 116)
    return Lab(
        np.stack(
            [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])],
            axis=-1,
        )
    )


def lab_to_xyz(lab: Lab) -> Float:
    """Inverse of :func:`xyz_to_lab`; XYZ (..., 3), Y = 1 for white."""
    v = lab.values
    fy = (v[..., 0] + 16) / 116
    f = np.stack([fy + v[..., 1] / 500, fy, fy - v[..., 2] / 200], axis=-1)
    kappa = 24389 / 27
    t = np.where(f > 6 / 29, f**3, (116 * f - 16) / kappa)
    return np.asarray(t * WHITE_D50, dtype=np.float64)


_ROWS = 8192  # colours that a spline moves at a time: their distances to its centres then stay in the cache


def root_terms(rgb: Float) -> Float:
    """The square roots that a root-polynomial of degree 2 adds to (..., 3) linear RGB: of RG, GB and RB, (..., 3).

    Finlayson, Mackiewicz and Hurlbert, "Color correction using root-polynomial regression", IEEE Transactions on Image
    Processing 24 (2015). Of the first degree in the light, so that exposure does not bend a colour.
    """
    root = np.sqrt(np.maximum(rgb, 0.0))
    return np.asarray(root * root[..., [1, 2, 0]], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class LabSpline:
    """A smooth displacement in Lab: Gaussian radial functions about the card's patches; none far from all of them.

    centres : (n, 3) Lab. weights : (n, 3). reach : the functions' standard deviation in Lab units.
    """

    centres: Float
    weights: Float
    reach: float

    def __call__(self, lab: Float) -> Float:
        """Displacement (..., 3) at Lab (..., 3)."""
        flat, centres = lab.reshape(-1, 3) / self.reach, self.centres / self.reach
        moved = np.empty_like(flat)
        for at in range(0, len(flat), _ROWS):
            part = flat[at : at + _ROWS]
            squared = (part**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * part @ centres.T
            moved[at : at + _ROWS] = np.exp(-0.5 * np.maximum(squared, 0.0)) @ self.weights
        return moved.reshape(lab.shape)


def rounded(lab: Float) -> list[float]:
    """Lab (3,) as documents state it: four decimals."""
    return [round(float(v), 4) for v in lab]


@dataclass(frozen=True, slots=True)
class ColourCorrection:
    """From linear device RGB to CIE XYZ (D50, 2 degrees): ``xyz = matrix @ (v * exp(shoulder * v)) ** gamma`` with
    ``v = max(rgb + offset, 0)``, and what ``roots`` and ``spline`` add to it.

    offset, gamma : (3,) per channel; (0, 0, 0) and (1, 1, 1) for a plain 3x3.
    matrix : (3, 3).
    method : name of the model that was chosen.
    loo_mean : leave-one-patch-out mean CIEDE2000 of the fit; 0..  The honest size of a colour error in this photo.
    shoulder : bend of the tone curve near full scale, 0 for none.
    roots : (3, 3) of the square roots of a root-polynomial, ``xyz += roots @ root_terms(rgb)``, or None.
    spline : displacement in Lab that follows, or None.
    deviations : (m, p) deviations of this correction's own parameters, independent, each one standard uncertainty: what
        the reading noise of the patches makes of it. None where that noise is not known.
    """

    offset: Float
    gamma: Float
    matrix: Float
    method: str
    loo_mean: float
    shoulder: float = 0.0
    roots: Float | None = None
    spline: LabSpline | None = None
    deviations: Float | None = None

    def curves(self, rgb: NDArray[np.floating]) -> Float:
        """What the matrix multiplies, (..., 3): each channel's own tone curve at linear device RGB (..., 3).

        Tabulated per channel over the coded values this is a whole picture's curve; with ``matrix`` (and ``spline``) it
        is the correction, unless there are ``roots``.
        """
        v = np.maximum(np.asarray(rgb, dtype=np.float64) + self.offset, 0.0)
        if self.shoulder:
            v = v * np.exp(self.shoulder * v)
        return np.asarray(v**self.gamma, dtype=np.float64)

    def xyz(self, rgb: NDArray[np.floating]) -> Float:
        """XYZ (..., 3) of linear device RGB (..., 3)."""
        if self.spline is not None:
            return lab_to_xyz(self.lab(rgb))
        return self._parametric(rgb)

    def lab(self, rgb: NDArray[np.floating]) -> Lab:
        """Lab of linear device RGB (..., 3)."""
        plain = xyz_to_lab(self._parametric(rgb))
        return plain if self.spline is None else Lab(plain.values + self.spline(plain.values))

    def _parametric(self, rgb: NDArray[np.floating]) -> Float:
        xyz = self.curves(rgb) @ self.matrix.T
        if self.roots is not None:
            xyz = xyz + root_terms(np.asarray(rgb, dtype=np.float64)) @ self.roots.T
        return np.asarray(xyz, dtype=np.float64)

    def u_lab(self, rgb: NDArray[np.floating]) -> Float:
        """Covariance (..., 3, 3) of the Lab at linear device RGB (..., 3) that the patches' reading noise brings.

        Standard, k = 1. Zeros where the noise was not known. What the model cannot follow is not in it: ``loo_mean``.
        """
        v = np.asarray(rgb, dtype=np.float64)
        covariance = np.zeros((*v.shape, 3))
        if self.deviations is None:
            return covariance
        here = self.parameters()
        for deviation in self.deviations:
            above, below = self.with_parameters(here + deviation), self.with_parameters(here - deviation)
            change = (above.lab(v).values - below.lab(v).values) / 2
            covariance += change[..., :, None] * change[..., None, :]
        return covariance

    def parameters(self) -> Float:
        """(p,) all numbers of the correction in one row, in the order of ``deviations``."""
        parts = [self.offset, self.gamma, self.matrix.ravel(), np.array([self.shoulder])]
        if self.roots is not None:
            parts.append(self.roots.ravel())
        if self.spline is not None:
            parts += [self.spline.centres.ravel(), self.spline.weights.ravel()]
        return np.concatenate(parts)

    def with_parameters(self, p: Float) -> ColourCorrection:
        """The same model with other numbers; inverse of :meth:`parameters`. Its uncertainty is not known."""
        roots, spline, at = self.roots, self.spline, 16
        if roots is not None:
            roots, at = p[at : at + 9].reshape(3, 3), at + 9
        if spline is not None:
            centres, weights = p[at:].reshape(2, -1, 3)
            spline = LabSpline(centres, weights, spline.reach)
        return replace(
            self,
            offset=p[:3],
            gamma=p[3:6],
            matrix=p[6:15].reshape(3, 3),
            shoulder=float(p[15]),
            roots=roots,
            spline=spline,
            deviations=None,
        )

    def as_dict(self) -> dict[str, object]:
        """JSON-compatible form; what a model does not have is left out."""
        d: dict[str, object] = {
            "offset": self.offset.tolist(),
            "gamma": self.gamma.tolist(),
            "matrix": self.matrix.tolist(),
            "method": self.method,
            "loo_mean": self.loo_mean,
        }
        if self.shoulder:
            d["shoulder"] = self.shoulder
        if self.roots is not None:
            d["roots"] = self.roots.tolist()
        if self.spline is not None:
            d["spline"] = {
                "centres": self.spline.centres.tolist(),
                "weights": self.spline.weights.tolist(),
                "reach": self.spline.reach,
            }
        if self.deviations is not None:
            d["deviations"] = self.deviations.tolist()
        return d

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> ColourCorrection:
        """Inverse of :meth:`as_dict`; reads also what was written before there were shoulders and splines."""

        def array(key: str) -> Float | None:
            return None if d.get(key) is None else np.asarray(d[key], dtype=np.float64)

        spline = d.get("spline")
        return cls(
            offset=np.asarray(d["offset"], dtype=np.float64),
            gamma=np.asarray(d["gamma"], dtype=np.float64),
            matrix=np.asarray(d["matrix"], dtype=np.float64),
            method=str(d["method"]),
            loo_mean=float(d["loo_mean"]),
            shoulder=float(d.get("shoulder", 0.0)),
            roots=array("roots"),
            spline=None
            if spline is None
            else LabSpline(
                np.asarray(spline["centres"], dtype=np.float64),
                np.asarray(spline["weights"], dtype=np.float64),
                float(spline["reach"]),
            ),
            deviations=array("deviations"),
        )
