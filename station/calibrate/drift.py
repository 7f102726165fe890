"""Drift of the bench light, read from the grey patches of the colour card.

The card corrects every photo by itself, so drift matters only where it exceeds what a correction can be trusted for.
With the spectra of the sample renderer (24 patches read at 8 bits, 60 enamel colours compared, an LED of 5100 K moved
towards six other lamps; tests/benchmarks/bench_light.py) the error that the correction leaves has a 95th percentile of
0.5 to 0.8 CIEDE2000 with a change of level alone, by a fifth either way, which is the rounding of 8-bit pixels; of at
most 0.8 up to a tint of 5; beyond that it grows, to 1.3 at 5.4 towards D65.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from station.calibrate.camera_settings import EXPOSURE, differences, settings_of
from station.calibrate.grey_frame import LUMINANCE, MID_GREY
from station.errors import CalibrationError
from station.values.bench import LightCalibration, Rig
from station.values.colour import ColourCorrection, Lab, lab_to_xyz
from station.values.difference import delta_e_2000
from station.values.light import LightCheck
from station.values.line import CardReading, Gate, PatchReading, Shot

Float = NDArray[np.float64]

CHECK_LIGHTNESS, CHECK_TINT = 2.5, 3.0
"""Limits of a session's check against the first: 2.5 of lightness is 11 % of the light, half the width of the usual
band of 800 to 1,000 lux. A locked camera on a settled lamp stays far below this tint; the correction bears more."""
UNIT_LIGHTNESS, UNIT_TINT = 5.0, 4.0
"""Limits of a unit's photo against the golden's, wider by the scatter of two single exposures: between 60 rendered
units and their goldens, whose white balance scatters, the tint is 1.1 in the median, 2.0 at p95 and 3.1 at most."""
NEUTRAL = 4.0
"""Chroma of a reference patch up to which it counts as grey."""
LOWEST = 0.01
"""Linear level below which flare and the coder decide a patch."""
FEWEST = 3


def grey_patches(reading: CardReading) -> list[PatchReading]:
    """The card's grey patches that are neither clipped nor near black."""
    return [
        p
        for p in reading.patches
        if not p.clipped
        and float(np.hypot(p.lab_reference[1], p.lab_reference[2])) <= NEUTRAL
        and float(p.rgb.min()) >= LOWEST
    ]


def shift(reference: Lab, now: Lab) -> tuple[float, float]:
    """(mean change of L*, mean CIEDE2000 at equal lightness) from one reading (n, 3) of the grey patches to another."""
    lightness = now.values[:, 0] - reference.values[:, 0]
    level = now.values.copy()
    level[:, 0] = reference.values[:, 0]
    return float(lightness.mean()), float(delta_e_2000(reference, Lab(level)).mean())


def check_light(
    shot: Shot,
    reading: CardReading,
    light: LightCalibration,
    rig: Rig,
    *,
    reference: LightCheck | None,
    at: datetime,
) -> LightCheck:
    """Hold the light in a photo of the bench with the colour card against a reference reading.

    Parameters
    ----------
    reading
        The card as found in ``shot`` with ``light``'s flat field.
    reference
        The first check since the light was calibrated; None makes this one the reference.
    at
        The time to record.

    Raises
    ------
    CalibrationError
        The card cannot be used, shows fewer than three usable grey patches, or is of another edition.
    """
    if not reading.usable or reading.correction is None or reading.edition is None:
        raise CalibrationError(f"the light cannot be checked: {reading.reason}", "Photograph the colour card again.")
    greys = {p.name: p for p in grey_patches(reading)}
    if len(greys) < FEWEST:
        raise CalibrationError(
            f"{shot.name} shows {len(greys)} usable grey patches of the card, {FEWEST} are needed",
            "Photograph the card so that its greys are neither clipped nor black.",
        )
    if reference is not None and reference.edition != reading.edition:
        raise CalibrationError(
            f"the card was read as {reading.edition}, the reference as {reference.edition}",
            "Check with the card of the reference, named by --card.",
        )
    settings = settings_of(shot)
    lightness, tint, level = 0.0, 0.0, 1.0
    if reference is not None:
        common = [n for n in greys if n in reference.rgb]
        if len(common) < FEWEST:
            raise CalibrationError(
                "other grey patches are usable than in the reference", "Expose as for the reference."
            )
        then, now = np.array([reference.rgb[n] for n in common]), np.array([greys[n].rgb for n in common])
        correction = ColourCorrection.from_dict(reference.correction)
        lightness, tint = shift(correction.lab(then), correction.lab(now))
        level = float(np.exp(np.mean(np.log(now @ LUMINANCE) - np.log(then @ LUMINANCE))))
    tone, at_grey = _tone(list(greys.values()), rig.grey.reflectance if rig.grey else MID_GREY)
    lux, lux_reason = _estimate_lux(light, settings, at_grey, tone)
    return LightCheck(
        at=at,
        edition=reading.edition,
        rgb={n: (float(p.rgb[0]), float(p.rgb[1]), float(p.rgb[2])) for n, p in greys.items()},
        correction=reading.correction.as_dict(),
        settings=settings,
        lightness=lightness,
        tint=tint,
        level=level,
        lux=lux,
        lux_reason=lux_reason,
        tone=tone,
        reference=reference is None,
        reason=_reason(lightness, tint, differences(light.settings, settings)),
    )


def drift_gate(golden: ColourCorrection | None, reading: CardReading | None) -> Gate | None:
    """The gate ``light`` where the light on a unit's photo is another than on the golden's; None where it is not.

    The unit's grey patches are read twice, through the golden's correction and through the unit's own: what the card's
    own fit leaves on them is in both and cancels.
    """
    if golden is None or reading is None or not reading.usable or reading.correction is None:
        return None
    greys = grey_patches(reading)
    if len(greys) < FEWEST:
        return None
    rgb = np.stack([p.rgb for p in greys])
    lightness, tint = shift(reading.correction.lab(rgb), golden.lab(rgb))
    if abs(lightness) <= UNIT_LIGHTNESS and tint <= UNIT_TINT:
        return None
    reason = (
        f"the light differs from the golden's photo by {lightness:+.1f} in lightness and {tint:.1f} CIEDE2000 in tint; "
        f"the card corrects no more than {UNIT_LIGHTNESS:g} and {UNIT_TINT:g}: bring lamp and camera back to their "
        "settings, or seal the golden again in this light"
    )
    return Gate("light", False, reason, ("colour",))


def _reason(lightness: float, tint: float, changed: Sequence[str]) -> str:
    said = [f"the camera's settings have changed: {', '.join(changed)}"] if changed else []
    if abs(lightness) > CHECK_LIGHTNESS or tint > CHECK_TINT:
        said.append(
            f"the light has drifted by {lightness:+.1f} in lightness and {tint:.1f} CIEDE2000 in tint, "
            f"{CHECK_LIGHTNESS:g} and {CHECK_TINT:g} are allowed"
        )
    return "; ".join(said)


def _tone(greys: Sequence[PatchReading], reflectance: float) -> tuple[float, float]:
    """Slope of log level over log reflectance between the patches beside ``reflectance``, and the level there."""
    y = np.log([float(lab_to_xyz(Lab(p.lab_reference))[1]) for p in greys])
    level = np.log([float(p.rgb @ LUMINANCE) for p in greys])
    order = np.argsort(y)
    y, level = y[order], level[order]
    above = int(np.clip(np.searchsorted(y, np.log(reflectance)), 1, len(y) - 1))
    # over two steps of the card, as one step of two neighbours doubles their noise
    low, high = max(0, above - 2), min(len(y) - 1, above + 1)
    slope = float((level[high] - level[low]) / (y[high] - y[low]))
    return slope, float(np.exp(np.interp(np.log(reflectance), y, level)))


def _estimate_lux(
    light: LightCalibration, settings: dict[str, str], level: float, tone: float
) -> tuple[float | None, str]:
    """Lux from the grey level now over that of the grey card when a meter was read; only with the same settings."""
    changed = differences(light.settings, settings)
    unnamed = [n for n in EXPOSURE if n not in light.settings or n not in settings]
    if light.lux is None or light.grey is None:
        return None, "no lux was entered when the light was calibrated"
    if changed:
        return None, f"the camera's settings have changed: {', '.join(changed)}"
    if unnamed:
        return None, "the pictures do not name the camera's exposure, so it may have changed"
    return light.lux * float((level / (np.array(light.grey) @ LUMINANCE)) ** (1 / tone)), ""
