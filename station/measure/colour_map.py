"""Colour maps: CIEDE2000 of every pixel of a unit against the golden, for pictures and for finding local off-colour.

A map is float32 and within 0.002 of the exact formula (``station.values.difference``) for the Lab that float32 makes
of the light: at exactly opposite hues the formula jumps, and a grey beside a strong colour shows 1e-5 in Lab as 0.03.
Numbers that are judged never come from here. The golden's Lab is handed in, so that it is computed once for many units;
the unit goes from pixels to difference in one pass, only where it is asked for, in as many threads as the caller gives.
The line hands in linear light; coded pictures are taken too, because other software's maps start from them and are
compared on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure import colour_kernel as kernel
from station.values.colour import WHITE_D50, ColourCorrection, DeviceRGB, Lab, LinearRGB, srgb_decode
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Spans = NDArray[np.int32]

Picture = DeviceRGB | LinearRGB


def spans_of(mask: Bool) -> Spans:
    """Runs of true pixels of a mask (H, W) as rows (y, first x, x after the last), (n, 3)."""
    step = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    y, first = np.nonzero(step == 1)
    _, after = np.nonzero(step == -1)
    return np.stack([y, first, after], axis=1).astype(np.int32)


def lab_planes(picture: Picture, correction: ColourCorrection, spans: Spans | None = None, threads: int = 1) -> F32:
    """Lab of a picture (H, W, 3) as planes (3, H, W) float32; black where no span lies."""
    out = np.zeros((3, *picture.pixels.shape[:2]), dtype=np.float32)
    form = _matrix_form(correction)

    def run(part: Spans) -> None:
        if form is None:
            for y, x0, x1 in part:
                out[:, y, x0:x1] = correction.lab(_linear_row(picture, y, x0, x1)).values.T
        elif isinstance(picture, DeviceRGB):
            kernel.coded_lab(picture.pixels, form.tables(picture), form.matrix, part, out)
        else:
            kernel.linear_lab(picture.pixels, form.curve, form.plain, form.matrix, part, out)

    _in_threads(run, _spans(spans, picture), threads)
    return out


def colour_map(
    picture: Picture,
    correction: ColourCorrection,
    golden_lab: F32,
    spans: Spans | None = None,
    *,
    threads: int = 1,
) -> F32:
    """CIEDE2000 (H, W) float32 of a picture against the golden, kL = kC = kH = 1.

    Parameters
    ----------
    picture
        (H, W, 3): coded with the sRGB curve, uint8 or uint16, or linear light. Not flat-fielded where it is coded.
    correction
        Of the unit's photo. A tone curve and a 3x3 matrix, or a root-polynomial, go through the compiled kernel; a
        spline through its own ``lab`` in float64, far slower.
    golden_lab
        (3, H, W) of :func:`lab_planes`, the same raster.
    spans
        Where to compute, of :func:`spans_of`; None is everywhere. Elsewhere the map is 0.
    threads
        How many threads share the spans.

    Raises
    ------
    ValueError
        The two rasters differ in size.
    """
    shape = picture.pixels.shape[:2]
    if golden_lab.shape != (3, *shape):
        raise ValueError(f"the golden's Lab has shape {golden_lab.shape}, a map of {shape} wants {(3, *shape)}")
    out = np.zeros(shape, dtype=np.float32)
    form = _matrix_form(correction)

    def run(part: Spans) -> None:
        if form is None:
            for y, x0, x1 in part:
                seen = correction.lab(_linear_row(picture, y, x0, x1))
                golden = Lab(golden_lab[:, y, x0:x1].T.astype(np.float64))
                out[y, x0:x1] = delta_e_2000(golden, seen)
        elif isinstance(picture, DeviceRGB):
            kernel.coded_map(picture.pixels, form.tables(picture), form.matrix, golden_lab, part, out)
        else:
            kernel.linear_map(picture.pixels, form.curve, form.plain, form.matrix, golden_lab, part, out)

    _in_threads(run, _spans(spans, picture), threads)
    return out


@dataclass(frozen=True, slots=True)
class _MatrixForm:
    """A correction as the kernel wants it.

    curve : (3, 3) offsets, exponents, bends. matrix : (3, 3 or 6) of ``kernel_matrix``. plain : the curve does nothing.
    """

    correction: ColourCorrection
    curve: F32
    matrix: F32
    plain: bool

    def tables(self, picture: DeviceRGB) -> F32:
        """(3, 256 or 65536) curved linear light of every coded value."""
        top = 255 if picture.pixels.dtype == np.uint8 else 65535
        linear = srgb_decode(np.arange(top + 1) / top)
        return np.ascontiguousarray(self.correction.curves(np.stack([linear] * 3, axis=-1)).T, dtype=np.float32)


def _matrix_form(correction: ColourCorrection) -> _MatrixForm | None:
    """Curve and matrix of a correction; None where these do not give its Lab: a spline, roots beside a curve."""
    bend = np.full(3, correction.shoulder / math.log(2))
    curve = np.stack([correction.offset, correction.gamma, bend])
    plain = bool((curve == np.array([[0.0], [1.0], [0.0]])).all())
    if correction.spline is not None or (correction.roots is not None and not plain):
        return None
    matrix = kernel.kernel_matrix(correction.matrix, correction.roots, WHITE_D50)
    return _MatrixForm(correction, curve.astype(np.float32), matrix, plain)


def _linear_row(picture: Picture, y: int, x0: int, x1: int) -> Float:
    pixels = picture.pixels[y, x0:x1]
    if isinstance(picture, LinearRGB):
        return pixels.astype(np.float64)
    return srgb_decode(pixels / (255 if pixels.dtype == np.uint8 else 65535))


def _spans(spans: Spans | None, picture: Picture) -> Spans:
    return _whole(*picture.pixels.shape[:2]) if spans is None else spans


def _whole(height: int, width: int) -> Spans:
    y = np.arange(height)
    return np.stack([y, np.zeros_like(y), np.full_like(y, width)], axis=1).astype(np.int32)


def _in_threads(run: Callable[[Spans], None], spans: Spans, threads: int) -> None:
    """``run`` on the spans, shared out by pixels; the kernels give the interpreter lock back."""
    if threads <= 1 or len(spans) < threads:
        run(spans)
        return
    pixels = np.cumsum(spans[:, 2] - spans[:, 1])
    cuts = np.searchsorted(pixels, pixels[-1] * np.arange(1, threads) / threads)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(run, part) for part in np.split(spans, cuts)]:
            done.result()
