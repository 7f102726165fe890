"""A bench out of bounds: what stands against judging, in which words, and what goes on being judged."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from station.calibrate.bounds import hold_to_viewing, lens_faults, light_faults, viewing_faults, with_faults
from station.calibrate.drift import (
    CHECK_LIGHTNESS,
    CHECK_TINT,
    UNIT_LIGHTNESS,
    UNIT_TINT,
    check_light,
    drift_gate,
    grey_patches,
)
from station.calibrate.light import correct
from station.errors import CalibrationError, SheetError
from station.sheet import Viewing, dump_sheet, load_sheet
from station.values.bench import Calibration, CameraSpec, Grey, LensCalibration, LightCalibration, Rig
from station.values.colour import SRGB_TO_XYZ, ColourCorrection, DeviceRGB, Lab, lab_to_xyz
from station.values.light import Flicker, LightCheck, MeterReading, WarmUp
from station.values.line import LENGTHS, CardReading, PatchReading, Shot

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
RIG = Rig(name="bench-a", camera=CameraSpec(width=64, height=48, distance_mm=300.0), grey=Grey(reflectance=0.184))
SETTINGS = {"exposure_time": "0.02", "iso": "100", "white_balance": "manual"}
LIGHT = LightCalibration(
    rig="bench-a", gain=np.ones((2, 2, 3), dtype=np.float32), photo_size=(64, 48), uniformity=0.92, residual=0.003,
    lux=900.0, images=16, made_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(days=29),
    grey=(0.1472, 0.1472, 0.1472), flicker=Flicker(0.001, 0.0005, 300.0, "rows", 16, 0.02, 2),
    warm_up=WarmUp(10.0, 0.0001, 0.001, True), meter=MeterReading((900.0,), date(2026, 5, 9), "T-10A"),
    settings=SETTINGS,
)  # fmt: skip
LENS = LensCalibration(
    rig="bench-a", camera_matrix=np.diag([1000.0, 1000, 1]), distortion=np.zeros(5), rms_px=0.1, u_scale=1e-3,
    images=6, made_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(days=9), method="drawn",
)  # fmt: skip
GREYS = {"white": 96.0, "neutral 8": 81.0, "neutral 6.5": 66.0, "neutral 5": 51.0, "neutral 3.5": 36.0, "black": 20.0}
IDENTITY = ColourCorrection(np.zeros(3), np.ones(3), SRGB_TO_XYZ / 0.8, "drawn", 0.5)
"""Of a camera that sees sRGB and puts the perfect diffuser at 0.8."""


def reading(change: tuple[float, float, float] = (1.0, 1.0, 1.0), *, tone: float = 1.0) -> CardReading:
    """A card's greys under light changed per channel, and the correction that undoes it, as a fitted one does."""
    patches = []
    for name, lightness in GREYS.items():
        y = float(lab_to_xyz(Lab(np.array([lightness, 0.0, 0.0])))[1])
        rgb = 0.8 * (y * np.array(change)) ** tone
        patches.append(
            PatchReading(name, (0.0, 0.0), rgb, np.zeros(3), False, np.array([lightness, 0.0, 0.0]), None, None)
        )
    blue = PatchReading(
        "blue", (0.0, 0.0), np.array([0.02, 0.04, 0.3]), np.zeros(3), False, np.array([29.0, 14, -50]), None, None
    )
    matrix = IDENTITY.matrix / np.array(change)
    correction = dataclasses.replace(IDENTITY, matrix=matrix)
    return CardReading(True, True, "", edition="micro 24", patches=(*patches, blue), correction=correction)


def shot(settings: dict[str, str] = SETTINGS, size: tuple[int, int] = (64, 48)) -> Shot:
    pixels = np.full((size[1], size[0], 3), 120, np.uint8)
    return Shot(DeviceRGB(pixels), "0" * 64, "bench.jpg", metadata=dict(settings))


def check(now: CardReading, reference: LightCheck | None = None, settings: dict[str, str] = SETTINGS) -> LightCheck:
    return check_light(shot(settings), now, LIGHT, RIG, reference=reference, at=NOW)


# --- the light by itself ---------------------------------------------------------------------------------------------


def test_a_good_light_has_nothing_against_it() -> None:
    assert light_faults(LIGHT, check(reading()), now=NOW) == []
    assert light_faults(LIGHT, None, now=NOW) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"expires_at": NOW}, "the light calibration of rig bench-a expired on 2026-05-10"),
        ({"uniformity": 0.7}, "the darkest of nine places has 70% of the brightest, at least 75% is needed"),
        ({"flicker": Flicker(0.07, 0.0, 1.0, "rows", 4, None, 2)}, "a frame's level departs by 7.0%"),
        ({"flicker": Flicker(None, 0.012, 240.0, "rows", 1, None, 1)}, "bands of 1.2% lie across the picture every"),
        ({"warm_up": WarmUp(10.0, 0.012, 0.1, False)}, "the lamp had not settled: +1.2% of level"),
        ({"meter": MeterReading((1000.0, 740.0), date(2026, 5, 9))}, "the lowest is 74% of the highest, at least 75%"),
    ],
)  # fmt: skip
def test_each_fault_of_the_light_is_named_with_the_command(changes: dict[str, object], text: str) -> None:
    (fault,) = light_faults(dataclasses.replace(LIGHT, **changes), None, now=NOW)
    assert text in fault
    assert "station calibrate light --rig bench-a GREY.jpg" in fault


def test_a_look_too_short_to_say_is_no_fault() -> None:
    unsure = dataclasses.replace(LIGHT, warm_up=WarmUp(1.0, 0.05, 2.0, None), flicker=None)
    assert light_faults(unsure, None, now=NOW) == []


# --- what the sheet asks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "viewing", "text"),
    [
        ({}, Viewing(), None),
        ({"lux": None}, Viewing(), None),
        ({}, Viewing(lux=(800.0, 1000.0)), None),
        ({"lux": 800.0}, Viewing(lux=(800.0, 1000.0)), None),
        ({"lux": None, "meter": None}, Viewing(lux=(800.0, 1000.0)), "asks for 800 to 1,000 lux and none was entered"),
        ({"lux": 799.0}, Viewing(lux=(800.0, 1000.0)), "asks for 800 to 1,000 lux and the meter read 799"),
        ({"lux": 1200.0}, Viewing(lux=(800.0, 1000.0)), "the meter read 1,200"),
        ({"meter": MeterReading((900.0,), date(2026, 2, 8))}, Viewing(lux=(800.0, 1000.0)), "2026-02-08, 90 days"),
        ({"meter": MeterReading((900.0,), date(2026, 2, 9))}, Viewing(lux=(800.0, 1000.0)), None),
        ({}, Viewing(lux=(800.0, 1000.0), lux_days=1), None),
        ({"meter": MeterReading((900.0,), date(2026, 5, 8))}, Viewing(lux=(800.0, 1000.0), lux_days=1), "1 days are"),
        ({"meter": None, "made_at": NOW - timedelta(days=100)}, Viewing(lux=(800.0, 1000.0)), "2026-01-30, 90 days"),
    ],
)  # fmt: skip
def test_lux_is_held_to_the_sheets_band(changes: dict[str, object], viewing: Viewing, text: str | None) -> None:
    """T10, T17."""
    found = viewing_faults(dataclasses.replace(LIGHT, **changes), viewing, None, now=NOW)
    if text is None:
        assert found == []
    else:
        assert text in found[0]
        assert "station calibrate light --rig bench-a GREY.jpg ... --lux N" in found[0]


def test_what_stands_against_a_bench_does_not_depend_on_the_day() -> None:
    """A fault is part of the calibration's digest, and so of the unit's: the same photo on two days is one unit."""
    asked = Viewing(lux=(800.0, 1000.0), lux_days=5)
    bench = Calibration(cards=(), rig=RIG, light=LIGHT, lens=LENS)
    digests = set()
    for days in (400, 401):
        now = NOW + timedelta(days=days)
        found = hold_to_viewing(with_faults(bench, None, now=now), asked, now=now)
        assert [g.name for g in found.faults] == ["light", "scale", "light"]
        assert found.unmet == found.faults[2:]
        digests.add(found.digest)
    assert len(digests) == 1


def test_an_estimate_outside_the_band_asks_for_the_meter() -> None:
    reference = check(reading())
    dark = check(reading((0.8, 0.8, 0.8)), reference)
    assert dark.lux == pytest.approx(0.8 * 900, rel=0.01)
    (fault,) = viewing_faults(LIGHT, Viewing(lux=(800.0, 1000.0)), dark, now=NOW)
    assert "the grey patches let 720 be estimated: read a lux meter" in fault
    assert viewing_faults(LIGHT, Viewing(lux=(800.0, 1000.0)), check(reading((0.87,) * 3), reference), now=NOW) == []


SHEET = 'schema = 1\n[product]\nsku = "A"\n'


def test_viewing_is_left_out_of_sheets_that_do_not_name_it() -> None:
    plain = load_sheet(SHEET)
    assert plain.viewing == Viewing()
    assert "viewing" not in dump_sheet(plain)
    lit = load_sheet(SHEET + "[viewing]\nlux = [800, 1000]\n")
    assert lit.viewing.lux == (800.0, 1000.0)
    assert lit.digest != plain.digest
    assert load_sheet(dump_sheet(lit)).digest == lit.digest
    assert load_sheet(SHEET + "[viewing]\n").digest == plain.digest


def test_a_band_upside_down_is_refused() -> None:
    with pytest.raises(SheetError, match=r"\[viewing\]: lux 1000 to 800 is no band") as refused:
        load_sheet(SHEET + "[viewing]\nlux = [1000, 800]\n")
    assert "Give the lower value first" in refused.value.do


# --- drift -----------------------------------------------------------------------------------------------------------


def test_the_first_check_is_the_reference() -> None:
    first = check(reading())
    assert (first.reference, first.lightness, first.tint, first.level, first.ok) == (True, 0.0, 0.0, 1.0, True)
    assert first.lux == pytest.approx(900.0, rel=0.01)
    assert first.tone == pytest.approx(1.0, abs=0.01)
    assert "blue" not in first.rgb
    assert LightCheck.from_dict(first.as_dict()) == first


def test_a_darker_and_a_redder_light_are_measured() -> None:
    """T17."""
    first = check(reading())
    dark = check(reading((0.8, 0.8, 0.8)), first)
    assert dark.level == pytest.approx(0.8)
    assert dark.tint == pytest.approx(0.0, abs=0.05)
    y = np.array([float(lab_to_xyz(Lab(np.array([v, 0.0, 0.0])))[1]) for v in GREYS.values()])
    used = y[0.8 * y * 0.8 >= 0.01]
    assert dark.lightness == pytest.approx(float(np.mean(116 * (np.cbrt(0.8 * used) - np.cbrt(used)))), abs=0.2)
    assert not dark.ok
    assert "the light has drifted by" in dark.reason
    red = check(reading((1.12, 1.0, 0.9)), first)
    assert red.tint > CHECK_TINT
    assert abs(red.lightness) < CHECK_LIGHTNESS
    assert not red.ok
    assert check(reading((1.01, 1.0, 0.99)), first).ok


def test_a_camera_that_was_touched_gives_no_lux() -> None:
    touched = check(reading(), check(reading()), {**SETTINGS, "iso": "200"})
    assert touched.lux is None
    assert "ISO 200 instead of 100" in touched.lux_reason
    assert "settings have changed" in touched.reason
    faults = light_faults(LIGHT, touched, now=NOW)
    assert "station calibrate check --rig bench-a PHOTO" in faults[0]


def test_lux_needs_a_meter_and_follows_the_cameras_own_curve() -> None:
    without = dataclasses.replace(LIGHT, lux=None, meter=None)
    found = check_light(shot(), reading(), without, RIG, reference=None, at=NOW)
    assert (found.lux, found.lux_reason) == (None, "no lux was entered when the light was calibrated")
    for stripped in ({}, {"iso": "100"}):
        unnamed = check(reading(), settings=stripped)
        assert (unnamed.lux, unnamed.ok) == (None, True)
        assert "do not name the camera's exposure" in unnamed.lux_reason
    contrasty = dataclasses.replace(LIGHT, grey=(0.8 * 0.184**1.3,) * 3)
    half = check_light(shot(), reading((0.5, 0.5, 0.5), tone=1.3), contrasty, RIG, reference=None, at=NOW)
    assert half.tone == pytest.approx(1.3, abs=0.01)
    assert half.lux == pytest.approx(450.0, rel=0.01)


def test_what_cannot_be_checked_is_refused() -> None:
    with pytest.raises(CalibrationError, match="cannot be checked: card: covered"):
        check(dataclasses.replace(reading(), usable=False, reason="card: covered"))
    with pytest.raises(CalibrationError, match="0 usable grey patches"):
        check(
            dataclasses.replace(
                reading(), patches=tuple(dataclasses.replace(p, clipped=True) for p in reading().patches)
            )
        )
    other = dataclasses.replace(reading(), edition="colorchecker24")
    with pytest.raises(CalibrationError, match="read as colorchecker24, the reference as micro 24"):
        check(other, check(reading()))
    assert {p.name for p in grey_patches(reading())} == set(GREYS)
    assert {p.name for p in grey_patches(reading((0.3, 0.3, 0.3)))} == set(GREYS) - {"black"}


def test_a_units_photo_is_held_against_the_goldens() -> None:
    golden = reading().correction
    assert drift_gate(golden, reading()) is None
    assert drift_gate(golden, reading((0.95, 1.0, 1.02))) is None
    assert drift_gate(golden, reading((0.9, 0.9, 0.9))) is None
    assert drift_gate(None, reading()) is None
    assert drift_gate(golden, dataclasses.replace(reading(), usable=False)) is None
    gate = drift_gate(golden, reading((1.2, 1.0, 0.8)))
    assert gate is not None
    assert (gate.name, gate.ok, gate.blocks) == ("light", False, ("colour",))
    assert "the light differs from the golden's photo" in gate.reason
    assert f"{UNIT_LIGHTNESS:g} and {UNIT_TINT:g}" in gate.reason
    assert drift_gate(golden, reading((0.6, 0.6, 0.6))) is not None


# --- expiry and the gates --------------------------------------------------------------------------------------------


def test_an_expired_lens_takes_down_lengths_only_and_an_expired_light_colour_only() -> None:
    late = NOW + timedelta(days=15)
    bench = Calibration((), RIG, LENS, LIGHT)
    (lens,) = with_faults(bench, None, now=late).faults
    assert lens.name == "scale"
    assert set(LENGTHS) <= set(lens.blocks)
    assert "colour" not in lens.blocks
    assert "station calibrate lens --rig bench-a BOARD.jpg" in lens.reason
    faults = with_faults(bench, None, now=NOW + timedelta(days=30)).faults
    assert {(g.name, g.blocks == ("colour",)) for g in faults} == {("light", True), ("scale", False)}
    assert lens_faults(LENS, now=NOW) == []


def test_a_fault_changes_the_digest_and_none_does_not() -> None:
    bench = Calibration((), RIG, LENS, LIGHT)
    assert with_faults(bench, None, now=NOW).digest == bench.digest
    assert with_faults(bench, check(reading()), now=NOW).digest == bench.digest
    assert with_faults(bench, None, now=NOW + timedelta(days=15)).digest != bench.digest
    assert hold_to_viewing(bench, Viewing(), now=NOW).digest == bench.digest
    assert hold_to_viewing(bench, Viewing(lux=(1.0, 2.0)), now=NOW).digest != bench.digest
    assert hold_to_viewing(Calibration(()), Viewing(lux=(1.0, 2.0)), now=NOW).faults == ()


def light_gate(photo: Shot, bench: Calibration) -> tuple[bool, str, tuple[str, ...]]:
    (gate,) = (g for g in correct(photo, bench).gates if g.name == "light")
    return gate.ok, gate.reason, gate.blocks


def test_the_gate_light_tells_the_faults_of_the_bench() -> None:
    bench = Calibration((), RIG, None, LIGHT)
    assert light_gate(shot(), bench) == (True, "", ())
    late = with_faults(
        dataclasses.replace(bench, light=dataclasses.replace(LIGHT, uniformity=0.7)), None, now=NOW + timedelta(days=30)
    )
    ok, reason, blocks = light_gate(shot(), late)
    assert (ok, blocks) == (False, ("colour",))
    assert "expired" in reason
    assert "darkest of nine places" in reason


def test_a_photo_with_other_settings_is_not_judged_for_colour() -> None:
    bench = Calibration((), RIG, None, LIGHT)
    ok, reason, blocks = light_gate(shot({**SETTINGS, "exposure_time": "0.01"}), bench)
    assert (ok, blocks) == (False, ("colour",))
    assert "exposure time 1/100 s instead of 1/50 s" in reason
    assert "station calibrate light --rig bench-a" in reason
    assert light_gate(shot({}), bench)[0]  # a stripped header says nothing either way
    assert light_gate(shot({"iso": "400"}), dataclasses.replace(bench, light=dataclasses.replace(LIGHT, settings={})))[
        0
    ]
