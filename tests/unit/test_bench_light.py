"""What the grey card's pictures say of the bench light: nine positions, flicker, bands, warm-up, camera settings."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from station.calibrate.camera_settings import differences, exposure_text, settings_of
from station.calibrate.field import flat_field, remarks_on_field
from station.calibrate.flicker import LARGEST_BANDING, LARGEST_TEMPORAL, flickers, mains_of, measure_flicker, remarks
from station.calibrate.grey_frame import grey_frame
from station.calibrate.warm_up import measure_warm_up, tint_shift
from station.devices.exif_settings import exposure_settings
from station.devices.photo import read_photo
from station.errors import CalibrationError
from station.values.bench import CameraSpec, LightCalibration, Rig
from station.values.colour import DeviceRGB, srgb_encode
from station.values.light import Flicker, MeterReading
from station.values.line import Shot

WIDTH, HEIGHT = 400, 300
RIG = Rig(name="bench-a", camera=CameraSpec(width=WIDTH, height=HEIGHT, distance_mm=300.0))
NOON = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SETTINGS = {"maker": "Acme", "exposure_time": "0.02", "f_number": "8", "iso": "100", "white_balance": "manual"}
Float = NDArray[np.float64]


def vignette() -> Float:
    """Falling off to 80 % in the corners of the picture, as lamp and lens do together."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    u, v = (2 * x + 1) / WIDTH - 1, (2 * y + 1) / HEIGHT - 1
    return np.asarray(1 - 0.1 * (u**2 + v**2))


def frame(
    *,
    seed: int = 0,
    level: float = 0.3,
    field: Float | None = None,
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
    seconds: float | None = None,
    settings: dict[str, str] | None = None,
) -> Shot:
    """A picture of the grey card; ``seconds``: when it was taken, after noon."""
    rng = np.random.default_rng(seed)
    linear = level * (vignette() if field is None else field)[..., None] * np.array(tint)
    coded = np.rint(65535 * srgb_encode(linear + rng.normal(0, 0.004, linear.shape))).astype(np.uint16)
    at = None if seconds is None else (NOON + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    return Shot(
        DeviceRGB(coded), f"{seed:064x}", f"grey-{seed}.png", at, metadata=SETTINGS if settings is None else settings
    )


def rolling(exposure_s: float, hz: float, *, row_s: float, start_s: float, depth: float = 0.3) -> Float:
    """(HEIGHT, WIDTH) light of a lamp of 1 + depth sin(2 pi hz t), exposed row by row."""
    begin = start_s + row_s * np.arange(HEIGHT)
    w = 2 * np.pi * hz
    mean = 1 + depth * (np.cos(w * begin) - np.cos(w * (begin + exposure_s))) / (w * exposure_s)
    return np.asarray(np.repeat(mean[:, None], WIDTH, axis=1))


# --- nine positions --------------------------------------------------------------------------------------------------


def test_nine_positions_show_the_falling_off() -> None:
    light = flat_field([frame(seed=s) for s in range(4)], RIG, lux=None, made_at=NOON)
    assert light.nine is not None
    corner = (1 - 0.1 * 2 * (2 / 3) ** 2) / 1.0
    side = 1 - 0.1 * (2 / 3) ** 2
    expected = np.array([[corner, side, corner], [side, 1, side], [corner, side, corner]])
    np.testing.assert_allclose(light.nine, expected, atol=0.004)
    assert light.uniformity == pytest.approx(corner, abs=0.004)


def test_the_grey_level_is_that_of_the_evened_card() -> None:
    light = flat_field([frame(seed=s, tint=(1.1, 1.0, 0.9)) for s in range(4)], RIG, lux=900.0, made_at=NOON)
    evened = 1 / (1 / vignette()).mean()
    assert light.grey == pytest.approx([0.3 * evened * c for c in (1.1, 1.0, 0.9)], rel=0.005)


def test_a_lamp_warming_up_does_not_choose_the_median_frame() -> None:
    """Frames of unlike level but one shape give the field of that shape, and so does each alone."""
    together = flat_field([frame(seed=s, level=0.2 + 0.04 * s) for s in range(5)], RIG, lux=None, made_at=NOON)
    alone = flat_field([frame(seed=9)], RIG, lux=None, made_at=NOON)
    np.testing.assert_allclose(together.gain, alone.gain, atol=0.004)


def test_a_black_frame_is_too_dark_before_anything_is_divided() -> None:
    black = Shot(DeviceRGB(np.zeros((HEIGHT, WIDTH, 3), np.uint8)), "0" * 64, "black.png", metadata=SETTINGS)
    with pytest.raises(CalibrationError, match=r"too dark \(0.0 % of full scale\)"):
        flat_field([black], RIG, lux=None, made_at=NOON)
    with pytest.raises(CalibrationError, match="too dark"):
        flat_field([frame(), black, frame(seed=1)], RIG, lux=None, made_at=NOON)


def test_a_painted_frame_is_no_cameras() -> None:
    painted = Shot(DeviceRGB(np.full((HEIGHT, WIDTH, 3), 120, np.uint8)), "0" * 64, "painted.png", metadata=SETTINGS)
    (remark,) = remarks_on_field(flat_field([painted], RIG, lux=None, made_at=NOON))
    assert "no noise at all" in remark
    assert remarks_on_field(flat_field([frame()], RIG, lux=None, made_at=NOON)) == []


# --- flicker ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mains", [50, 60])
def test_a_rolling_shutter_shows_bands_of_the_right_period(mains: int) -> None:
    """Light at twice the mains, 0.1 ms a row: 100 rows a period at 50 Hz, 83 at 60 Hz."""
    row_s, exposure = 1e-4, 1 / 250
    shots = [frame(seed=s, field=rolling(exposure, 2 * mains, row_s=row_s, start_s=0.0037 * s)) for s in range(3)]
    found = measure_flicker([[grey_frame(s) for s in shots]])
    w = np.pi * 2 * mains * exposure
    assert found.banding == pytest.approx(0.3 * abs(np.sin(w) / w), rel=0.05)
    assert found.period_px == pytest.approx(1 / (2 * mains * row_s), rel=0.05)
    assert found.along == "rows"
    assert found.banding > LARGEST_BANDING


@pytest.mark.parametrize(("mains", "exposure"), [(50, 1 / 50), (50, 1 / 25), (60, 1 / 60), (60, 1 / 30)])
def test_an_exposure_of_whole_periods_shows_none(mains: int, exposure: float) -> None:
    shots = [frame(seed=s, field=rolling(exposure, 2 * mains, row_s=1e-4, start_s=0.0037 * s)) for s in range(3)]
    found = measure_flicker([[grey_frame(s) for s in shots]])
    assert found.banding < 0.001
    assert found.temporal is not None
    assert found.temporal < 0.001
    assert mains in mains_of(exposure)


def test_a_photo_turned_upright_has_its_bands_standing() -> None:
    upright = np.repeat(rolling(1 / 250, 100, row_s=1e-4, start_s=0.0)[:, :1].T, HEIGHT, axis=0)
    wide = np.concatenate([upright, upright], axis=1)[:, :WIDTH]
    assert measure_flicker([[grey_frame(frame(field=wide))]]).along == "columns"


def test_bands_as_long_as_the_picture_show_by_moving() -> None:
    """One and a quarter periods in a picture, which a single frame's smooth field takes up."""
    row_s = 1 / 100 / HEIGHT * 1.25
    shots = [frame(seed=s, field=rolling(1 / 500, 100, row_s=row_s, start_s=0.0031 * s)) for s in range(4)]
    assert measure_flicker([[grey_frame(s) for s in shots]]).banding > 0.1


def test_a_rate_that_divides_the_pulsation_is_blind_and_a_second_one_is_not() -> None:
    """A global shutter at 1/250 s: every 40 ms the lamp stands where it stood, every 43 ms it does not."""

    def taken(every_s: float) -> list[Shot]:
        rows = [rolling(1 / 250, 100, row_s=0.0, start_s=0.001 + every_s * i) for i in range(6)]
        settings = {**SETTINGS, "exposure_time": "0.004"}
        return [frame(seed=i, field=row, seconds=i, settings=settings) for i, row in enumerate(rows)]

    blind = measure_flicker([[grey_frame(s) for s in taken(0.040)]])
    assert blind.temporal is not None
    assert blind.temporal < 0.001
    assert "--second-rate" in " ".join(remarks(blind))
    seen = flat_field(taken(0.040), RIG, lux=None, made_at=NOON, second=taken(0.043)).flicker
    assert seen is not None
    assert seen.rates == 2
    assert seen.second_temporal is not None
    assert seen.second_temporal > LARGEST_TEMPORAL
    assert "at the second rate" in flickers(seen)[0]


def test_noise_and_a_trend_are_no_flicker() -> None:
    shots = [frame(seed=s, level=0.3 * (1 + 0.01 * s), seconds=60 * s) for s in range(6)]
    found = measure_flicker([[grey_frame(s) for s in shots]])
    assert found.banding < 0.0005
    assert found.temporal is not None
    assert found.temporal < 0.002
    assert measure_flicker([[grey_frame(shots[0])]]).temporal is None


@pytest.mark.parametrize(("jitter", "blocks", "remarked"), [(0.004, 0, 0), (0.025, 0, 1), (0.08, 1, 0)])
def test_a_level_that_the_card_corrects_is_remarked_before_it_blocks(jitter: float, blocks: int, remarked: int) -> None:
    levels = (0.3 * (1 - jitter), 0.3 * (1 + jitter))
    found = measure_flicker([[grey_frame(frame(seed=s, level=level)) for s, level in enumerate(levels)]])
    assert len(flickers(found)) == blocks
    assert sum("level departs" in said for said in remarks(found)) == remarked


def test_remarks_name_what_is_in_doubt() -> None:
    def said(exposure: float | None, rates: int) -> str:
        return " ".join(remarks(Flicker(0.0, 0.0, 100.0, "rows", 4, exposure, rates)))

    assert "1/125 s is no whole multiple" in said(1 / 125, 2)
    assert "--second-rate" in said(None, 1)
    assert "--second-rate" in said(1 / 125, 1)
    assert said(None, 2) == ""
    assert said(1 / 50, 1) == ""
    assert (mains_of(1 / 100), mains_of(1 / 120), mains_of(1 / 250), mains_of(0.1)) == ([50], [60], [], [50, 60])


def test_what_the_working_exposure_averages_out_is_remarked_only() -> None:
    """A lamp of 100 Hz: 1/50 s shows nothing of it, 1/125 s does."""
    fast = {**SETTINGS, "exposure_time": "0.008"}
    working = [frame(seed=s, field=rolling(1 / 50, 100, row_s=1e-4, start_s=0.0037 * s)) for s in range(3)]
    short = [
        frame(seed=s, field=rolling(1 / 125, 100, row_s=1e-4, start_s=0.0037 * s), settings=fast) for s in range(3)
    ]
    averaged = measure_flicker([[grey_frame(s) for s in working], [grey_frame(s) for s in short]])
    assert averaged.second_banding is not None
    assert averaged.second_banding > LARGEST_BANDING > averaged.banding
    assert flickers(averaged) == []
    assert "averages it out: keep to it" in remarks(averaged)[0]
    spoilt = measure_flicker([[grey_frame(s) for s in short], [grey_frame(s) for s in working]])
    assert "bands of" in flickers(spoilt)[0]


# --- warm-up ---------------------------------------------------------------------------------------------------------


def warm_up_of(level_per_minute: float, tint_per_minute: float, minutes: float, frames: int) -> list[Shot]:
    """Frames of a light that changes exponentially in level, and in the red against the others."""
    shots = []
    for i in range(frames):
        at = minutes * i / (frames - 1)
        red = np.exp(tint_per_minute * at)
        shots.append(frame(seed=i, level=0.25 * np.exp(level_per_minute * at), tint=(red, 1.0, 1.0), seconds=60 * at))
    return shots


def test_a_lamp_that_warms_up_is_not_settled() -> None:
    found = measure_warm_up([grey_frame(s) for s in warm_up_of(0.01, 0.0, 10.0, 8)])
    assert found is not None
    assert found.minutes == pytest.approx(10.0)
    assert found.level_per_minute == pytest.approx(0.01, abs=0.0005)
    assert found.settled is False


def test_a_lamp_that_turns_red_is_not_settled() -> None:
    found = measure_warm_up([grey_frame(s) for s in warm_up_of(0.0, 0.01, 10.0, 8)])
    assert found is not None
    assert found.tint_per_minute == pytest.approx(tint_shift(np.exp(np.array([0.01, 0.0, 0.0]))), rel=0.05)
    assert found.settled is False


def test_a_steady_lamp_has_settled_and_a_short_look_says_nothing() -> None:
    steady = measure_warm_up([grey_frame(s) for s in warm_up_of(0.0, 0.0, 10.0, 8)])
    assert steady is not None
    assert steady.settled is True
    short = measure_warm_up([grey_frame(s) for s in warm_up_of(0.0, 0.0, 1.0, 8)])
    assert short is not None
    assert short.settled is None
    assert measure_warm_up([grey_frame(frame(seed=s)) for s in range(3)]) is None  # frames that do not say when


def test_the_later_half_counts() -> None:
    """A lamp that warmed up by 5 % in the first ten of forty minutes and stands since."""
    shots = []
    for i in range(21):
        minute = 2.0 * i
        shots.append(frame(seed=i, level=0.3 * min(0.95 + 0.005 * minute, 1.0), seconds=60 * minute))
    found = measure_warm_up([grey_frame(s) for s in reversed(shots)])
    assert found is not None
    assert found.settled is True
    assert found.minutes == pytest.approx(40.0)


def test_a_shift_of_tint_leaves_lightness_out() -> None:
    assert tint_shift(np.array([1.2, 1.2, 1.2])) == pytest.approx(0.0, abs=1e-9)
    assert 1.0 < tint_shift(np.array([1.03, 1.0, 0.97])) < 4.0


# --- camera settings -------------------------------------------------------------------------------------------------


def test_settings_are_read_from_exif() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "M 3"
    inner = exif.get_ifd(0x8769)
    inner[0x829A], inner[0x829D], inner[0x920A] = IFDRational(1, 50), IFDRational(56, 10), IFDRational(35, 1)
    inner[0x8827], inner[0xA403] = 200, 1
    out = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 120, np.uint8)).save(out, "JPEG", exif=exif)
    assert settings_of(read_photo(out.getvalue(), name="a.jpg")) == {
        "maker": "Acme", "model": "M 3", "exposure_time": "0.02", "f_number": "5.6", "iso": "200",
        "white_balance": "manual", "focal_length": "35",
    }  # fmt: skip


def test_settings_that_make_no_sense_are_left_out() -> None:
    assert exposure_settings({}) == {}
    assert exposure_settings({0x829A: (1, 0), 0x829D: "f/8", 0x8827: -100, 0x920A: float("nan"), 0xA403: 7}) == {}
    assert exposure_settings({0x829A: (1, 50), 0x8827: (100, 100)}) == {"exposure_time": "0.02", "iso": "100"}


def test_differences_are_named_in_words() -> None:
    photo = {**SETTINGS, "exposure_time": "0.01", "iso": "400", "white_balance": "auto"}
    assert differences(SETTINGS, photo) == [
        "exposure time 1/100 s instead of 1/50 s", "ISO 400 instead of 100", "white balance auto instead of manual",
    ]  # fmt: skip
    assert differences(SETTINGS, {**SETTINGS, "exposure_time": "0.0199"}) == []
    assert differences(SETTINGS, {}) == []
    assert differences({}, photo) == []
    assert [exposure_text(s) for s in (1 / 8000, 1 / 50, 0.4, 2.0)] == ["1/8000 s", "1/50 s", "0.4 s", "2 s"]


def test_frames_of_other_settings_are_refused_and_of_another_exposure_counted_apart() -> None:
    other = frame(seed=3, settings={**SETTINGS, "iso": "400"})
    with pytest.raises(CalibrationError, match=r"grey-3.png was taken with other settings .*ISO 400 instead of 100"):
        flat_field([frame(seed=1), other], RIG, lux=None, made_at=NOON)
    longer = frame(seed=4, level=0.6, settings={**SETTINGS, "exposure_time": "0.04"})
    light = flat_field([frame(seed=1), longer, frame(seed=2)], RIG, lux=None, made_at=NOON)
    assert light.settings == SETTINGS
    assert light.flicker is not None
    assert (light.flicker.rates, light.flicker.exposure_s, light.flicker.frames) == (2, 0.02, 3)
    assert light.grey is not None
    assert max(light.grey) < 0.31  # the longer exposure is not in the field
    assert light.images == 2


# --- the record ------------------------------------------------------------------------------------------------------


def test_the_record_survives_the_trip_and_old_ones_load() -> None:
    meter = MeterReading((900.0, 880.0, 860.0), date(2026, 5, 9), "T-10A")
    made = flat_field([frame(seed=s, seconds=200 * s) for s in range(4)], RIG, lux=880.0, made_at=NOON, meter=meter)
    document = json.loads(json.dumps(made.as_dict()))
    again = LightCalibration.from_dict(document)
    assert made.nine is not None
    assert again.nine is not None
    np.testing.assert_allclose(again.nine, made.nine, atol=1e-6)
    assert (again.flicker, again.warm_up, again.meter) == (made.flicker, made.warm_up, meter)
    assert (again.settings, again.grey) == (SETTINGS, made.grey)
    assert meter.lux == 880.0
    assert meter.uniformity == pytest.approx(860 / 900)
    assert MeterReading((900.0,), date(2026, 5, 9)).uniformity is None
    for new in ("nine", "grey", "flicker", "warm_up", "meter", "settings"):
        del document[new]
    old = LightCalibration.from_dict(document)
    assert (old.nine, old.grey, old.flicker, old.warm_up, old.meter, old.settings) == (None,) * 5 + ({},)
    assert old.lux == 880.0
