"""The flat field: a smooth field measured on pictures of a grey card, in linear light."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.lens import size_of
from station.errors import CalibrationError
from station.values.bench import LightCalibration, Rig
from station.values.colour import LinearRGB, linearise
from station.values.line import Shot

Float = NDArray[np.float64]

GRID = (48, 36)
"""Columns and rows of the stored gain field; its detail is that of the fitted surface, not of these cells."""
ORDER = 4
"""Degree of the fitted surface: vignetting (even powers of the radius to the fourth) and a sloping lamp."""
LOWEST_LEVEL, HIGHEST_SHARE_CLIPPED = 0.03, 0.001
LOWEST_UNIFORMITY = 0.35
LARGEST_RESIDUAL = 0.02
LARGEST_COLOUR_SPREAD = 0.25


def flat_field(
    shots: Sequence[Shot], rig: Rig, *, lux: float | None, made_at: datetime, valid_days: int = 30
) -> LightCalibration:
    """The bench's flat field from pictures of an even grey card that fills the picture.

    Parameters
    ----------
    shots
        One picture or more, all of the size that the rig names; several lower the noise (their median is used).
    lux
        Reading of a lux meter, or None: a camera cannot read lux.
    made_at, valid_days
        When it was made and for how long it holds.

    Raises
    ------
    CalibrationError
        No picture, another size than the rig's, too dark, clipped, not grey, or not even: markers, a part or a shadow
        in the picture leave a residual that no smooth field has.
    """
    if not shots:
        raise CalibrationError("there is no grey picture", "Hand in at least one picture of the grey card.")
    size = size_of(shots, rig)
    fields = []
    for shot in shots:
        coded = shot.photo.pixels
        top = 255 if coded.dtype == np.uint8 else 65535
        if float((coded.max(axis=2) >= 250 / 255 * top).mean()) > HIGHEST_SHARE_CLIPPED:
            raise CalibrationError(f"{shot.name} is overexposed", "Expose shorter: no channel may reach its top.")
        linear = linearise(shot.photo).pixels
        fields.append(cv2.resize(linear, GRID, interpolation=cv2.INTER_AREA).astype(np.float64))
    cells = np.median(np.stack(fields), axis=0)
    level = cells.mean(axis=(0, 1))
    if level.min() < LOWEST_LEVEL:
        raise CalibrationError(
            f"the grey pictures are too dark ({100 * level.min():.1f} % of full scale)", "Expose longer or add light."
        )
    if level.max() / level.min() > 4:
        raise CalibrationError("the pictures do not show a grey card: one channel is four times another", _RETAKE)
    surface = _smooth(cells)
    relative = surface / level
    residual = float(np.abs(cells / surface - 1).max(axis=2).mean())
    peak = float(np.quantile(np.abs(cells / surface - 1), 0.995))
    nine = _nine_positions(surface.mean(axis=2))
    uniformity = float(nine.min() / nine.max())
    if residual > LARGEST_RESIDUAL or peak > 6 * LARGEST_RESIDUAL:
        raise CalibrationError(
            f"the pictures do not show an even grey field: {100 * residual:.1f} % remain after a smooth fit, "
            f"{100 * peak:.0f} % at the worst place",
            _RETAKE,
        )
    tint = relative / relative.mean(axis=2, keepdims=True)
    if uniformity < LOWEST_UNIFORMITY or float(np.abs(tint - 1).max()) > LARGEST_COLOUR_SPREAD:
        raise CalibrationError(
            f"the light is too uneven to be corrected: the darkest of nine places has {100 * uniformity:.0f} % of the "
            "brightest",
            "Move the lamps until the field is even within a factor of two.",
        )
    gain = 1 / relative
    gain /= gain.mean(axis=(0, 1))
    return LightCalibration(
        rig=rig.name,
        gain=np.round(gain, 6).astype(np.float32),
        photo_size=size,
        uniformity=uniformity,
        residual=residual,
        lux=lux,
        images=len(shots),
        made_at=made_at,
        expires_at=made_at + timedelta(days=valid_days),
    )


_RETAKE = "Photograph an even grey card that fills the whole picture, without parts, markers or shadows."


def apply_flat_field(image: LinearRGB, light: LightCalibration) -> LinearRGB:
    """The picture multiplied by the gain field, stretched over it. Raises CalibrationError for another picture size."""
    h, w = image.pixels.shape[:2]
    if (w, h) != light.photo_size:
        raise CalibrationError(
            f"the picture is {w} x {h} px, the light was calibrated at "
            f"{light.photo_size[0]} x {light.photo_size[1]} px",
            "Calibrate the light at this size.",
        )
    gain = np.asarray(cv2.resize(light.gain, (w, h), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    np.multiply(gain, image.pixels, out=gain)
    return LinearRGB(gain)


def gain_at(light: LightCalibration, point_px: Float, size: tuple[int, int]) -> Float:
    """(3,) gain at a photo pixel (x, y), as :func:`apply_flat_field` interpolates it."""
    h, w = light.gain.shape[:2]
    x = np.clip((point_px[0] + 0.5) * w / size[0] - 0.5, 0, w - 1)
    y = np.clip((point_px[1] + 0.5) * h / size[1] - 0.5, 0, h - 1)
    x0, y0 = min(int(x), w - 2), min(int(y), h - 2)
    fx, fy = x - x0, y - y0
    g = light.gain[y0 : y0 + 2, x0 : x0 + 2].astype(np.float64)
    return np.asarray((1 - fy) * ((1 - fx) * g[0, 0] + fx * g[0, 1]) + fy * ((1 - fx) * g[1, 0] + fx * g[1, 1]))


def _smooth(cells: Float) -> Float:
    """Least-squares polynomial surface of degree ``ORDER`` through (h, w, 3) cells, one a channel."""
    h, w = cells.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    x, y = (2 * x + 1) / w - 1, (2 * y + 1) / h - 1
    terms = [x**i * y**j for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    design = np.stack(terms, axis=-1).reshape(h * w, -1)
    flat = cells.reshape(h * w, 3)
    solution, *_ = np.linalg.lstsq(design, flat, rcond=None)
    # One round of trimming keeps dust on the card out of the surface.
    off = np.abs(flat / (design @ solution) - 1).max(axis=1)
    kept = off <= 4 * np.median(off) + 1e-6
    solution, *_ = np.linalg.lstsq(design[kept], flat[kept], rcond=None)
    return np.asarray((design @ solution).reshape(h, w, 3), dtype=np.float64)


def _nine_positions(field: Float) -> Float:
    """Means around nine places, at a sixth, a half and five sixths of width and height (as ISO 3664 lays them out)."""
    h, w = field.shape
    return np.array(
        [
            field[max(0, int(h * fy) - 2) : int(h * fy) + 2, max(0, int(w * fx) - 2) : int(w * fx) + 2].mean()
            for fy in (1 / 6, 1 / 2, 5 / 6)
            for fx in (1 / 6, 1 / 2, 5 / 6)
        ]
    )
