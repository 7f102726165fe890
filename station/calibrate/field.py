"""The flat field: a smooth field measured on pictures of a grey card, in linear light.

It is measured and applied on values that the sRGB curve is undone of. A camera whose own tone curve is another power
leaves it exact, because a power of a product is the product of the powers: the falling off of lamp and lens, raised
to that power, is what the grey card shows and what is divided out at every level. Only what is no power, an offset by
flare or a shoulder, is left: of 1.5 CIEDE2000 of falling off 0.02 without and 0.2 with 2 % of flare in a dark tone
(tests/benchmarks/bench_light.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.camera_settings import differences
from station.calibrate.flicker import measure_flicker
from station.calibrate.grey_frame import LUMINANCE, GreyFrame, grey_frame
from station.calibrate.rig import size_of
from station.calibrate.warm_up import measure_warm_up
from station.errors import CalibrationError
from station.values.bench import LightCalibration, Rig
from station.values.light import LIGHT_DAYS, MeterReading
from station.values.line import Shot

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

ORDER = 4
"""Degree of the fitted surface: vignetting (even powers of the radius to the fourth) and a sloping lamp."""
LOWEST_LEVEL = 0.03
LOWEST_UNIFORMITY = 0.35
LARGEST_RESIDUAL = 0.02
LARGEST_COLOUR_SPREAD = 0.25
SMALLEST_RESIDUAL = 1e-5
"""Below it nothing is left that a sensor's noise leaves: 3e-3 in the sample's grey pictures, 3e-8 in a painted one."""


def flat_field(
    shots: Iterable[Shot],
    rig: Rig,
    *,
    lux: float | None,
    made_at: datetime,
    valid_days: int = LIGHT_DAYS,
    meter: MeterReading | None = None,
    second: Iterable[Shot] = (),
) -> LightCalibration:
    """The bench's flat field from pictures of an even grey card that fills the picture.

    Parameters
    ----------
    shots
        One picture or more, all of the size that the rig names and of the same camera settings; several lower the noise
        (their median is used) and show flicker and warm-up. Pictures at another exposure among them, as their headers
        name it, count as ``second``. Taken one by one, so that a generator need hold no more than one.
    lux
        Illuminance in lux, or None: a camera cannot read it. ``meter`` is where, when and by what it was read.
    made_at, valid_days
        When it was made and for how long it holds.
    second
        Pictures at another frame rate or exposure, for flicker only.

    Raises
    ------
    CalibrationError
        No picture, another size than the rig's, other camera settings, too dark, clipped, not grey, or not even:
        markers, a part or a shadow in the picture leave a residual that no smooth field has.
    """
    groups = _by_exposure(_reduced(shots, rig))
    if not groups:
        raise CalibrationError("there is no grey picture", "Hand in at least one picture of the grey card.")
    frames = groups[0]
    _require_one_setting(frames)
    if others := _reduced(second, rig):
        groups.append(others)
    # Before anything is divided by a level: a black frame has none.
    darkest = min(float(f.rgb.min()) for f in frames)
    if darkest < LOWEST_LEVEL:
        raise CalibrationError(
            f"the grey pictures are too dark ({100 * darkest:.1f} % of full scale)", "Expose longer or add light."
        )
    # Each frame over its own level, so that a lamp warming up does not choose which frame the median takes.
    evenness = np.median(np.stack([f.cells / f.level for f in frames]), axis=0)
    cells = evenness * float(np.median([f.level for f in frames]))
    level = cells.mean(axis=(0, 1))
    if level.max() / level.min() > 4:
        raise CalibrationError("the pictures do not show a grey card: one channel is four times another", _RETAKE)
    surface = _smooth(cells)
    relative = surface / level
    residual = float(np.abs(cells / surface - 1).max(axis=2).mean())
    peak = float(np.quantile(np.abs(cells / surface - 1), 0.995))
    nine = nine_positions(surface @ LUMINANCE)
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
    scale = gain.mean(axis=(0, 1))
    gain /= scale
    grey = level / scale
    return LightCalibration(
        rig=rig.name,
        gain=np.round(gain, 6).astype(np.float32),
        photo_size=(rig.camera.width, rig.camera.height),
        uniformity=uniformity,
        residual=residual,
        lux=lux,
        images=len(frames),
        made_at=made_at,
        expires_at=made_at + timedelta(days=valid_days),
        nine=nine / nine.max(),
        grey=(float(grey[0]), float(grey[1]), float(grey[2])),
        flicker=measure_flicker(groups),
        warm_up=measure_warm_up(frames),
        meter=meter,
        settings=frames[0].settings,
        orientation=frames[0].orientation,
    )


def remarks_on_field(light: LightCalibration) -> list[str]:
    """What a person should know of the grey pictures; empty where nothing is in doubt."""
    if light.residual < SMALLEST_RESIDUAL:
        return ["The grey pictures have no noise at all: that is not a camera's picture."]
    return []


def _reduced(shots: Iterable[Shot], rig: Rig) -> list[GreyFrame]:
    """Each picture reduced before the next is asked for: sixteen of them need the memory of one."""
    frames = []
    for shot in shots:
        size_of([shot], rig)
        frames.append(grey_frame(shot))
    return frames


def _by_exposure(frames: Sequence[GreyFrame]) -> list[list[GreyFrame]]:
    """The frames grouped by the exposure time that they name, the largest group first."""
    groups: dict[float | None, list[GreyFrame]] = {}
    for frame in frames:
        groups.setdefault(frame.exposure_s, []).append(frame)
    return sorted(groups.values(), key=len, reverse=True)


def _require_one_setting(frames: Sequence[GreyFrame]) -> None:
    for frame in frames[1:]:
        other = differences(frames[0].settings, frame.settings)
        if frame.orientation != frames[0].orientation:
            other.append(f"EXIF orientation {frame.orientation} instead of {frames[0].orientation}")
        if other:
            raise CalibrationError(
                f"{frame.name} was taken with other settings than {frames[0].name}: {', '.join(other)}",
                "Lock exposure, ISO, white balance, aperture, focus and rotation, and photograph the grey card again.",
            )


_RETAKE = "Photograph an even grey card that fills the whole picture, without parts, markers or shadows."


def gain_rows(light: LightCalibration, size: tuple[int, int]) -> Float32:
    """(rows, W, 3) the gain field stretched to a photo's width, as :class:`PhotoLight` takes it.

    size : (W, H) of the photo. Raises CalibrationError for another one than the light was calibrated at.
    """
    if size != light.photo_size:
        raise CalibrationError(
            f"the picture is {size[0]} x {size[1]} px, the light was calibrated at "
            f"{light.photo_size[0]} x {light.photo_size[1]} px",
            "Calibrate the light at this size.",
        )
    stretched = cv2.resize(light.gain, (size[0], len(light.gain)), interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched, dtype=np.float32)


def gain_at(light: LightCalibration, point_px: Float, size: tuple[int, int]) -> Float:
    """(3,) gain at a photo pixel (x, y), as a picture of light is multiplied by it (:class:`PhotoLight`)."""
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


def nine_positions(field: Float) -> Float:
    """(3, 3) means around nine places, at a sixth, a half and five sixths of width and height (after ISO 3664)."""
    h, w = field.shape
    places = (1 / 6, 1 / 2, 5 / 6)
    return np.array(
        [
            [
                field[max(0, int(h * fy) - 2) : int(h * fy) + 2, max(0, int(w * fx) - 2) : int(w * fx) + 2].mean()
                for fx in places
            ]
            for fy in places
        ]
    )
