"""Flicker of the bench light in pictures of the grey card: from frame to frame, and as bands within a frame.

A lamp on the mains pulsates at twice the mains frequency. A camera with a rolling shutter exposes one row after
another and shows that as bands; one with a global shutter shows it as frames of unequal brightness. Neither shows at an
exposure that is a whole multiple of the pulsation (10 ms at 50 Hz mains, 8.33 ms at 60 Hz), and a frame rate that
divides the pulsation shows every frame the same bands: hence two rates or two exposures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.calibrate.camera_settings import exposure_text
from station.calibrate.grey_frame import GreyFrame, in_order
from station.values.light import Flicker

Float = NDArray[np.float64]

NOTICED_TEMPORAL, LARGEST_TEMPORAL = 0.01, 0.05
"""Departure of a frame's level from the trend that is remarked, and that no steady lamp or locked camera has. The card
in every photo corrects its level, by a fifth without a trace (tests/benchmarks/bench_light.py), so that only the second
takes colour down."""
LARGEST_BANDING = 0.005
"""Largest amplitude of bands. Lower than between frames: the card lies in another band than the part, so that its
correction does not follow."""

PERIODS_S = (1 / 100, 1 / 120)
"""Periods of the pulsation at 50 Hz and 60 Hz mains."""
_EXPOSURE_TOLERANCE = 0.02
_SHORTEST_PERIOD_PX = 16
"""Below it lie the blocks of JPEG; a rolling shutter's bands are hundreds of rows apart."""
_SAMPLES = 512
_STEP = 0.25


def measure_flicker(groups: Sequence[Sequence[GreyFrame]]) -> Flicker:
    """Flicker of one group of frames or more, each group taken at one frame rate and exposure, the working one first.

    The frames of a group are put in the order of time; with four or more their straight trend (a lamp warming up) is no
    flicker. An amplitude below about 0.05 % is the noise of the pictures.
    """
    working, *others = groups
    banding, period, along = max(_bands(working))
    departures = [d for d in map(_departure, others) if d is not None]
    return Flicker(
        temporal=_departure(working),
        banding=banding,
        period_px=period,
        along=along,
        frames=sum(map(len, groups)),
        exposure_s=working[0].exposure_s,
        rates=len(groups),
        second_temporal=max(departures, default=None),
        second_banding=max((band[0] for group in others for band in _bands(group)), default=None),
    )


def averages_out(flicker: Flicker) -> bool:
    """Whether the working exposure is known to be a whole multiple of the mains' pulsation."""
    return flicker.exposure_s is not None and bool(mains_of(flicker.exposure_s))


def flickers(flicker: Flicker) -> list[str]:
    """What of the flicker spoils a measurement, in words; empty where nothing does.

    What only the pictures at another rate show counts too, unless the working exposure averages it out.
    """
    said = []
    if flicker.temporal is not None and flicker.temporal > LARGEST_TEMPORAL:
        said.append(
            f"the light flickers: a frame's level departs by {flicker.temporal:.1%} from the others', "
            f"{LARGEST_TEMPORAL:.0%} is allowed"
        )
    if flicker.banding > LARGEST_BANDING:
        said.append(
            f"the light flickers: bands of {flicker.banding:.1%} lie across the picture every "
            f"{flicker.period_px:.0f} px, {LARGEST_BANDING:.1%} is allowed"
        )
    second = _second(flicker)
    if second and not said and not averages_out(flicker):
        said.append(f"the light flickers at the second rate: {second}")
    return said


def mains_of(exposure_s: float) -> list[int]:
    """The mains frequencies in Hz whose pulsation this exposure averages out: a whole multiple of its period."""
    found = []
    for period in PERIODS_S:
        multiple = round(exposure_s / period)
        if multiple >= 1 and abs(exposure_s - multiple * period) <= _EXPOSURE_TOLERANCE * period:
            found.append(round(1 / period / 2))
    return found


def remarks(flicker: Flicker) -> list[str]:
    """What a person should know of how flicker was looked for; empty where nothing is in doubt."""
    said = []
    averaged = averages_out(flicker)
    if flicker.temporal is not None and NOTICED_TEMPORAL < flicker.temporal <= LARGEST_TEMPORAL:
        said.append(
            f"A frame's level departs by {flicker.temporal:.1%} from the others': look whether the camera's exposure "
            "is locked and the lamp steady."
        )
    if flicker.exposure_s is not None and not averaged:
        said.append(
            f"An exposure of {exposure_text(flicker.exposure_s)} is no whole multiple of 10 ms (50 Hz mains) or "
            "8.33 ms (60 Hz): a lamp that pulsates shows in it. Use 1/50 s or 1/25 s, or 1/60 s or 1/30 s."
        )
    if flicker.rates < 2 and not averaged:
        said.append(
            "Flicker was looked for at one frame rate only, which is blind to a lamp that pulsates in step with it: "
            "add frames at another rate or exposure, --second-rate FRAME.jpg for each."
        )
    second = _second(flicker)
    if second and averaged and flicker.exposure_s is not None:
        said.append(
            f"The lamp flickers at the second rate ({second}); the working exposure of "
            f"{exposure_text(flicker.exposure_s)} averages it out: keep to it."
        )
    return said


def _second(flicker: Flicker) -> str:
    """What the pictures at another rate show beyond the limits."""
    parts = []
    if flicker.second_temporal is not None and flicker.second_temporal > LARGEST_TEMPORAL:
        parts.append(f"{flicker.second_temporal:.1%} from frame to frame")
    if flicker.second_banding is not None and flicker.second_banding > LARGEST_BANDING:
        parts.append(f"bands of {flicker.second_banding:.1%}")
    return ", ".join(parts)


def _departure(frames: Sequence[GreyFrame]) -> float | None:
    if len(frames) < 2:
        return None
    ordered, minutes = in_order(frames)
    levels = np.array([f.level for f in ordered])
    levels /= levels.mean()
    if len(levels) < 4:
        return float(np.abs(levels - 1).max())
    if minutes is None or minutes[-1] <= 0:
        minutes = np.arange(len(levels), dtype=np.float64)
    trend = np.polynomial.Polynomial.fit(minutes, levels, 1)
    return float(np.abs(levels - trend(minutes)).max())


def _bands(frames: Sequence[GreyFrame]) -> list[tuple[float, float, str]]:
    """(amplitude, period in px, direction) of the strongest band of each frame, rows and columns apart: a photo that
    was turned upright has its shutter's rows standing."""
    found = []
    for along in ("rows", "columns"):
        profiles = np.stack([getattr(f, along) for f in frames])
        length = profiles.shape[1]
        for profile in profiles:
            alone = _sampled(profile)
            at = np.linspace(-1, 1, len(alone))
            smooth = np.polynomial.Polynomial.fit(at, alone, 4)(at)
            found.append((*_strongest(alone[None] / smooth - 1, length, 1.5), along))
        if len(frames) > 1:  # bands as long as the picture look like a sloping lamp, unless they move
            relative = profiles / profiles.mean(axis=1, keepdims=True)
            moving = np.stack([_sampled(p) for p in relative / relative.mean(axis=0)]) - 1
            found.append((*_strongest(moving, length, 1.0), along))
    return found


def _sampled(profile: Float) -> Float:
    """Means of up to ``_SAMPLES`` equal pieces."""
    size = max(1, -(-len(profile) // _SAMPLES))
    whole = len(profile) // size * size
    return np.asarray(profile[:whole].reshape(-1, size).mean(axis=1))


def _strongest(waves: Float, length_px: int, lowest: float) -> tuple[float, float]:
    """Amplitude, root mean square over waves (n, samples), and period in px of the strongest sinusoid of at least
    ``lowest`` cycles a picture."""
    cycles = np.arange(lowest, length_px / _SHORTEST_PERIOD_PX, _STEP)
    if not len(cycles):
        return 0.0, float(length_px)
    samples = waves.shape[1]
    at = (np.arange(samples) + 0.5) / samples
    amplitudes = 2 / samples * np.abs(np.exp(-2j * np.pi * np.outer(cycles, at)) @ waves.T)
    amplitude = np.sqrt((amplitudes**2).mean(axis=1))
    best = int(amplitude.argmax())
    return float(amplitude[best]), float(length_px / cycles[best])
