"""When a bench is out of bounds: what its calibrations and checks say against it, and what to do.

Each fault is a gate that fails whatever a photo shows: ``light`` takes down colour, ``scale`` lengths. The time is
passed in, and so is what the sheet asks of the light.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from station.calibrate.flicker import flickers
from station.sheet import Viewing
from station.values.bench import Calibration, LensCalibration, LightCalibration
from station.values.light import LightCheck
from station.values.line import SCALED, Gate

LOWEST_UNIFORMITY = 0.75
"""Darkest of the nine positions over the brightest, as ISO 3664 asks of a viewing area of up to one metre."""
LOWEST_LUX_UNIFORMITY = 0.75
"""The same of the meter's readings, which see the lamp without the lens: the highest is a third above the lowest."""
LUX_DAYS = 90
"""Age of a meter's reading in days up to which it counts, where the sheet does not say."""
SOON = timedelta(days=3)
"""A calibration that expires within this time is announced."""
COLOUR = ("colour",)


def light_faults(light: LightCalibration, last: LightCheck | None, *, now: datetime) -> list[str]:
    """What stands against judging colour under this light, each with what to do; empty where nothing does.

    last : the newest check since the calibration was made.
    """
    again = f"run `station calibrate light --rig {light.rig} GREY.jpg ...`"
    faults = []
    if light.expires_at <= now:
        faults.append(f"the light calibration of rig {light.rig} expired on {light.expires_at:%Y-%m-%d}: {again}")
    if light.uniformity < LOWEST_UNIFORMITY:
        faults.append(
            f"the darkest of nine places has {light.uniformity:.0%} of the brightest, "
            f"at least {LOWEST_UNIFORMITY:.0%} is needed: move or diffuse the lamps, then {again}"
        )
    read = light.meter.readings_lux if light.meter else ()
    if read and min(read) < LOWEST_LUX_UNIFORMITY * max(read):
        faults.append(
            f"the lux meter read {min(read):,.0f} to {max(read):,.0f}: the lowest is {min(read) / max(read):.0%} of "
            f"the highest, at least {LOWEST_LUX_UNIFORMITY:.0%} is needed: move or diffuse the lamps, read it again, "
            f"then {again}"
        )
    spoilt = flickers(light.flicker) if light.flicker else []
    steady = f"use lamps that do not flicker, or a longer exposure, then {again}"
    faults += [f"{said}: {steady}" for said in spoilt]
    if light.warm_up is not None and light.warm_up.settled is False:
        faults.append(
            f"the lamp had not settled: {light.warm_up.level_per_minute:+.1%} of level and "
            f"{light.warm_up.tint_per_minute:.2f} CIEDE2000 of tint a minute: let it burn half an hour, then {again}"
        )
    if last is not None and not last.ok:
        faults.append(
            f"{last.reason} (checked {last.at:%Y-%m-%d %H:%M}): put lamp and camera back and run "
            f"`station calibrate check --rig {light.rig} PHOTO`, or {again}"
        )
    return faults


def entry_remarks(light: LightCalibration, *, dated: bool) -> list[str]:
    """What a light calibration lacks, for whoever has just made it; empty where it lacks nothing.

    dated : the day of the meter's reading was named. Nothing of this stands against judging by itself.
    """
    said = []
    if light.images == 1:
        blind = light.flicker is None or light.flicker.temporal is None
        said.append(
            "One grey picture only: several lower the noise"
            + (", and flicker and warm-up cannot be seen in one." if blind else ", and warm-up cannot be seen in one.")
        )
    meter = light.meter
    if meter is None:
        return said
    if not meter.instrument:
        day = "" if dated else f" and its day, taken to be {meter.measured_on},"
        said.append(
            f"The lux meter{day} {'is' if dated else 'are'} not named: say which meter (--meter TEXT)"
            + ("." if dated else " and when it was read (--measured-on YYYY-MM-DD).")
        )
    age = (light.made_at.date() - meter.measured_on).days
    if age > LUX_DAYS:
        said.append(
            f"The lux meter was read on {meter.measured_on}, {age} days ago: a sheet that asks for lux allows "
            f"{LUX_DAYS} days unless it says otherwise. Read it again."
        )
    return said


def viewing_faults(light: LightCalibration, viewing: Viewing, last: LightCheck | None, *, now: datetime) -> list[str]:
    """What stands against the illuminance and the colour temperature that the sheet asks for; empty where it asks for
    none."""
    return [*_lux_faults(light, viewing, last, now), *_cct_faults(light, viewing, now)]


def _lux_faults(light: LightCalibration, viewing: Viewing, last: LightCheck | None, now: datetime) -> list[str]:
    if viewing.lux is None:
        return []
    low, high = viewing.lux
    band = f"the control sheet asks for {low:,g} to {high:,g} lux"
    again = f"run `station calibrate light --rig {light.rig} GREY.jpg ... --lux N`"
    if light.lux is None:
        return [f"{band} and none was entered: read a lux meter and {again}"]
    if not low <= light.lux <= high:
        return [f"{band} and the meter read {light.lux:,.0f}: set the lamps, then {again}"]
    old = _aged(light, viewing, now)
    if old:
        return [f"{old}: read it and {again}"]
    if last is not None and last.lux is not None and not low * (1 - LUX_DOUBT) <= last.lux <= high * (1 + LUX_DOUBT):
        return [f"{band} and the grey patches let {last.lux:,.0f} be estimated: read a lux meter and {again}"]
    return []


def _cct_faults(light: LightCalibration, viewing: Viewing, now: datetime) -> list[str]:
    """A camera tells no colour temperature: it sees the light through the white balance that it was given (T17)."""
    if viewing.cct_k is None:
        return []
    low, high = viewing.cct_k
    band = f"the control sheet asks for {low:,g} to {high:,g} K"
    again = f"run `station calibrate light --rig {light.rig} GREY.jpg ... --lux N --cct K`"
    read = light.meter.cct_k if light.meter else None
    if read is None:
        return [f"{band} and no colour temperature was entered: read a meter and {again}"]
    if not low <= read <= high:
        return [f"{band} and the meter read {read:,.0f}: set the lamps, then {again}"]
    old = _aged(light, viewing, now) if viewing.lux is None else ""
    return [f"{old}: read it and {again}"] if old else []


def _aged(light: LightCalibration, viewing: Viewing, now: datetime) -> str:
    """That the meter's readings are older than the sheet allows; "" where they are not."""
    measured = light.meter.measured_on if light.meter else light.made_at.date()
    days = viewing.lux_days or LUX_DAYS
    if (now.date() - measured).days <= days:
        return ""
    return f"the lux meter was read on {measured}, {days} days are allowed"  # no age: one photo on two days is one unit


LUX_DOUBT = 0.05
"""Relative doubt of lux estimated from the card, whose greys reflect a little otherwise than the grey card."""


def lens_faults(lens: LensCalibration, *, now: datetime) -> list[str]:
    """What stands against judging lengths; empty where nothing does."""
    if lens.expires_at > now:
        return []
    again = f"run `station calibrate lens --rig {lens.rig} BOARD.jpg ...`"
    return [f"the lens calibration of rig {lens.rig} expired on {lens.expires_at:%Y-%m-%d}: {again}"]


def with_faults(calibration: Calibration, last: LightCheck | None, *, now: datetime) -> Calibration:
    """The calibration with what stands against its lens and light at this time."""
    light = light_faults(calibration.light, last, now=now) if calibration.light else []
    lens = lens_faults(calibration.lens, now=now) if calibration.lens else []
    gates = [Gate("light", False, reason, COLOUR) for reason in light]
    gates += [Gate("scale", False, reason, SCALED) for reason in lens]
    return replace(calibration, faults=(*calibration.faults, *gates), last_check=last)


def hold_to_viewing(calibration: Calibration, viewing: Viewing, *, now: datetime) -> Calibration:
    """The calibration with what stands against the light that the sheet asks for."""
    if calibration.light is None:
        return calibration
    reasons = viewing_faults(calibration.light, viewing, calibration.last_check, now=now)
    gates = tuple(Gate("light", False, reason, COLOUR) for reason in reasons)
    return replace(calibration, faults=(*calibration.faults, *gates), unmet=(*calibration.unmet, *gates))
