"""The bench in use: calibrated, checked, run out, calibrated again; by the service, the commands and the API."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sample_data
from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import CalibrationError, NotFoundError, RequestError, SheetError
from station.service import Station
from station.service.views import Inspected
from station.settings import Settings
from station.values.colour import DeviceRGB, linearise, srgb_encode
from station.values.documents import UnitDocument, Verdict

SAMPLES = Path(sample_data.__file__).parent
BENCH = SAMPLES / "bench"
CARD = str(BENCH / "card.toml")
GREYS = sorted(BENCH.glob("grey-*.jpg"))
GOLDEN = SAMPLES / "alpine" / "golden.jpg"
UNIT = SAMPLES / "alpine" / "units" / "unit-01.jpg"
MAY = datetime(2026, 5, 20, 8, 0, tzinfo=UTC)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample bench calibrated and the alpine golden sealed on it, on 20 May 2026."""
    home = tmp_path_factory.mktemp("bench") / "home"
    with Station(Settings(home=home), clock=Clock(MAY)) as station:
        station.bench.add_rig(BENCH / "rig.toml")
        station.bench.calibrate_lens("bench-a", sorted(BENCH.glob("board-*.jpg")))
        station.bench.calibrate_light("bench-a", GREYS, lux=[900.0], instrument="T-10A, no. 123")
        station.seal_golden(SAMPLES / "alpine" / "sheet.toml", GOLDEN, rig="bench-a", card=CARD)
    return home


@pytest.fixture(scope="module")
def before(calibrated: Path, tmp_path_factory: pytest.TempPathFactory) -> UnitDocument:
    """The first unit as inspected while the bench is within bounds."""
    home = Path(shutil.copytree(calibrated, tmp_path_factory.mktemp("before") / "home"))
    with Station(Settings(home=home), clock=Clock(MAY + timedelta(hours=1))) as station:
        return inspect(station, UNIT)


@pytest.fixture
def home(calibrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(calibrated, tmp_path / "home"))


@pytest.fixture
def clock() -> Clock:
    return Clock(MAY + timedelta(hours=1))


@pytest.fixture
def station(home: Path, clock: Clock) -> Iterator[Station]:
    with Station(Settings(home=home), clock=clock) as opened:
        yield opened


def altered(
    path: Path, target: Path, *, light: float | list[float] = 1.0, exposure: tuple[int, int] | None = None
) -> Path:
    """A copy of a photo under more or less light, a channel or all, or with another exposure time in its header."""
    with Image.open(path) as image:
        exif, pixels = image.getexif(), np.asarray(image)
        inner = exif.get_ifd(0x8769)
    if exposure is not None:
        inner[0x829A] = exposure[0] / exposure[1]
    linear = linearise(DeviceRGB(pixels)).pixels * np.array(light)
    out = io.BytesIO()
    Image.fromarray(np.rint(255 * srgb_encode(linear)).astype(np.uint8)).save(out, "JPEG", quality=97, exif=exif)
    target.write_bytes(out.getvalue())
    return target


def inspect(station: Station, photo: Path) -> UnitDocument:
    done: list[Inspected] = []
    station.inspect_many(
        [photo], golden=station.goldens()[0].number, engine=Serial(), on_done=done.append, rig="bench-a", card=CARD
    )
    assert done[0].document is not None
    return done[0].document


def verdicts(document: UnitDocument, kind: str) -> set[Verdict]:
    return {m.verdict for m in document.measurements if m.kind == kind}


def gate(document: UnitDocument, name: str) -> tuple[bool, str]:
    found = [g for g in document.gates if g.name == name]
    worst = next((g for g in found if not g.ok), found[0])
    return worst.ok, worst.reason


# --- the bench in use ------------------------------------------------------------------------------------------------


def test_the_sample_bench_is_within_bounds(station: Station) -> None:
    found = station.bench.status("bench-a")
    assert (found.state, found.in_use, found.faults, found.expiring) == ("ok", True, (), ())
    assert found.light is not None
    assert found.light.nine is not None
    assert min(map(min, found.light.nine)) == pytest.approx(found.light.uniformity)
    assert found.light.meter is not None
    assert found.light.meter.instrument == "T-10A, no. 123"
    assert found.light.meter.measured_on == date(2026, 5, 20)
    assert found.light.settings["exposure_time"] == "0.02"
    assert found.light.flicker is not None
    assert found.light.flicker.banding < 0.005


def test_the_chosen_correction_is_kept_with_unit_and_golden(station: Station, before: UnitDocument) -> None:
    sealed = station.master(before.golden)
    assert sealed.fit is not None
    assert sealed.correction is not None
    assert (sealed.fit.method, sealed.fit.loo_mean) == (sealed.correction.method, sealed.correction.loo_mean)
    assert "the best of" in sealed.fit.why
    assert [c.method for c in sealed.fit.candidates if not c.reason] == [sealed.fit.method]
    assert before.correction is not None
    assert before.correction.method == sealed.fit.method
    assert 0 < before.correction.mean <= before.correction.max < 8
    assert before.correction.mean < before.correction.loo_mean <= before.correction.loo_max
    assert "the golden was read with it" in before.correction.why
    assert before.correction.candidates == ()


def test_an_expired_light_leaves_colour_undecided_and_sizes_judged(
    station: Station, clock: Clock, before: UnitDocument
) -> None:
    assert gate(before, "light") == (True, "")
    clock.now = MAY + timedelta(days=31)
    after = inspect(station, UNIT)
    ok, reason = gate(after, "light")
    assert not ok
    assert "the light calibration of rig bench-a expired on 2026-06-19" in reason
    assert "station calibrate light --rig bench-a" in reason
    assert verdicts(after, "colour") == {Verdict.UNDECIDED}
    assert verdicts(after, "size") == verdicts(before, "size")
    assert verdicts(after, "offset") == verdicts(before, "offset")
    assert any("expired" in r for r in after.reasons)
    assert gate(after, "scale")[0]
    station.bench.calibrate_light("bench-a", GREYS, lux=[900.0])
    assert station.bench.status("bench-a").state == "ok"


def test_an_expired_lens_leaves_lengths_undecided_and_colour_judged(
    station: Station, clock: Clock, before: UnitDocument
) -> None:
    clock.now = MAY + timedelta(days=181)
    station.bench.calibrate_light("bench-a", GREYS)
    after = inspect(station, UNIT)
    ok, reason = gate(after, "scale")
    assert not ok
    assert "station calibrate lens --rig bench-a BOARD.jpg" in reason
    assert verdicts(after, "size") == {Verdict.UNDECIDED}
    assert verdicts(after, "colour") == verdicts(before, "colour")


def test_a_photo_with_another_exposure_is_not_judged_for_colour(station: Station, tmp_path: Path) -> None:
    ok, reason = gate(inspect(station, altered(UNIT, tmp_path / "fast.jpg", exposure=(1, 100))), "light")
    assert not ok
    assert "exposure time 1/100 s instead of 1/50 s" in reason


def test_a_photo_without_its_exposure_passes_with_a_remark(station: Station, tmp_path: Path) -> None:
    bare = tmp_path / "bare.jpg"
    with Image.open(UNIT) as image:
        image.save(bare, "JPEG", quality=97)
    ok, reason = gate(inspect(station, bare), "light")
    assert ok
    assert reason == "the photo does not name its exposure, so its settings could not be compared"
    assert gate(inspect(station, UNIT), "light") == (True, "")


def test_numbers_that_are_not_finite_are_not_kept_and_old_ones_count_as_absent(
    station: Station, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    light = station.bench.light("bench-a")
    assert light is not None
    spoilt = replace(light, gain=np.full_like(light.gain, np.nan), made_at=light.made_at + timedelta(minutes=1))
    with monkeypatch.context() as patched:
        patched.setattr("station.calibrate.field.flat_field", lambda *_, **__: spoilt)
        with pytest.raises(CalibrationError, match="without finite numbers"):
            station.bench.calibrate_light("bench-a", GREYS)
    assert station.bench.status("bench-a").state == "ok"
    with closing(sqlite3.connect(home / "station.db")) as db, db:
        db.execute("UPDATE calibrations SET document = ? WHERE kind = 'light'", [json.dumps(spoilt.as_dict())])
    (fault,) = station.bench.status("bench-a").faults
    assert fault.reason == "rig bench-a has no light calibration"
    assert fault.command == "station calibrate light --rig bench-a GREY.jpg ..."
    assert station.bench.rigs()[0].light_expires_at is None
    assert verdicts(inspect(station, UNIT), "colour") == {Verdict.UNDECIDED}


def test_a_photo_in_another_light_than_the_goldens_is_not_judged_for_colour(
    station: Station, tmp_path: Path, before: UnitDocument
) -> None:
    warm = inspect(station, altered(UNIT, tmp_path / "warm.jpg", light=[1.2, 1.0, 0.7]))
    ok, reason = gate(warm, "light")
    assert not ok
    assert "the light differs from the golden's photo" in reason
    assert verdicts(warm, "colour") == {Verdict.UNDECIDED}
    assert verdicts(warm, "size") == verdicts(before, "size")


def test_drift_is_recorded_and_stops_colour_until_the_light_is_back(station: Station, tmp_path: Path) -> None:
    dark = altered(GOLDEN, tmp_path / "dark.jpg", light=0.75)
    first = station.bench.check_light("bench-a", GOLDEN, CARD)
    assert first.reference
    assert first.lux == pytest.approx(900.0, rel=0.03)  # the renderer's light is the same for grey card and golden
    drifted = station.bench.check_light("bench-a", dark, CARD)
    assert not drifted.ok
    assert drifted.level == pytest.approx(0.75, abs=0.01)
    assert drifted.lux == pytest.approx(0.75 * (first.lux or 0), rel=0.03)
    found = station.bench.status("bench-a")
    assert found.state == "out"
    assert "the light has drifted" in found.faults[0].reason
    assert verdicts(inspect(station, UNIT), "colour") == {Verdict.UNDECIDED}
    station.bench.check_light("bench-a", GOLDEN, CARD)
    assert station.bench.status("bench-a").state == "ok"
    history = station.bench.drift_history("bench-a")
    assert station.bench.status("bench-a").drift == tuple(history)
    assert station.bench.status("bench-a").last_check == history[-1]
    assert [(c.photo, c.reference, c.ok) for c in history] == [
        ("golden.jpg", True, True), ("dark.jpg", False, False), ("golden.jpg", False, True),
    ]  # fmt: skip
    assert station.check().ok


def test_a_new_calibration_begins_a_new_reference(station: Station) -> None:
    station.bench.check_light("bench-a", GOLDEN, CARD)
    station.bench.calibrate_light("bench-a", GREYS)
    again = station.bench.check_light("bench-a", GOLDEN, CARD)
    assert again.reference
    assert (again.lux, again.lux_reason) == (None, "no lux was entered when the light was calibrated")


def test_a_check_needs_a_calibrated_light_and_a_card(station: Station, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="the light cannot be checked: card"):
        station.bench.check_light("bench-a", GREYS[0], CARD)
    other = tmp_path / "other.toml"
    other.write_text((BENCH / "rig.toml").read_text().replace('"bench-a"', '"b"'))
    station.bench.add_rig(other)
    with pytest.raises(CalibrationError, match="the light of rig b is not calibrated") as refused:
        station.bench.check_light("b", GOLDEN, CARD)
    assert refused.value.do == "Run: station calibrate light --rig b GREY.jpg ..."
    with pytest.raises(NotFoundError, match="no rig 'c'"):
        station.bench.status("c")
    state = station.bench.status("b")
    assert (state.state, state.in_use, [f.gate for f in state.faults]) == ("out", False, ["light"])


def test_a_check_upside_down_is_refused_and_one_that_the_camera_calls_so_is_not(
    station: Station, tmp_path: Path
) -> None:
    turned, flagged = tmp_path / "turned.jpg", tmp_path / "flagged.jpg"
    with Image.open(GOLDEN) as image:
        exif = image.getexif()
        image.transpose(Image.Transpose.ROTATE_180).save(turned, "JPEG", quality=97, exif=exif)
        exif[0x0112] = 3
        image.save(flagged, "JPEG", quality="keep", exif=exif)
    reference = station.bench.check_light("bench-a", GOLDEN, card=CARD)
    assert reference.reference
    with pytest.raises(CalibrationError, match="turned by 180 degrees against the calibration"):
        station.bench.check_light("bench-a", turned, card=CARD)
    assert station.bench.check_light("bench-a", flagged, card=CARD).lightness == pytest.approx(0, abs=0.02)


def test_the_sheets_lux_is_held_against_the_meter(station: Station, tmp_path: Path) -> None:
    """T17."""
    sheet = tmp_path / "sheet.toml"
    sheet.write_text((SAMPLES / "alpine" / "sheet.toml").read_text() + "\n[viewing]\nlux = [1000, 1200]\n")
    sealed = station.seal_golden(sheet, GOLDEN, rig="bench-a", card=CARD)
    assert any("asks for 1,000 to 1,200 lux and the meter read 900" in w for w in sealed.warnings)
    with pytest.raises(CalibrationError, match=r"colours cannot be measured.*and the meter read 900\. Set") as refused:
        station.seal_golden(sheet, GOLDEN, rig="bench-a", card=CARD, again=[UNIT])
    assert refused.value.do.startswith("Set the lamps, then run `station calibrate light --rig bench-a GREY.jpg")
    document = inspect(station, UNIT)
    assert "the meter read 900" in gate(document, "light")[1]
    assert verdicts(document, "colour") == {Verdict.UNDECIDED}
    assert station.bench.status("bench-a").state == "out"


def test_a_calliper_that_contradicts_the_photo_is_refused(station: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.toml"
    text = (SAMPLES / "alpine" / "sheet.toml").read_text()
    assert "golden_mm = 30.0\n" in text
    sheet.write_text(text.replace("golden_mm = 30.0\n", "golden_mm = 32.0\n"))
    with pytest.raises(SheetError, match=r"golden_mm = 32, and the photo shows a part of (29\.[89]|30\.)"):
        station.seal_golden(sheet, GOLDEN, rig="bench-a", card=CARD)


def test_what_one_golden_asks_of_the_light_is_not_said_of_another(
    home: Path, station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alpine = station.goldens()[0].number
    sheet = tmp_path / "sheet.toml"
    text = (SAMPLES / "alpine" / "sheet.toml").read_text().replace("GS-ALPINE-01", "GS-ALPINE-02")
    sheet.write_text(f"{text}\n[viewing]\nlux = [1000, 1200]\n")
    other = station.seal_golden(sheet, GOLDEN, rig="bench-a", card=CARD).number
    assert other != alpine
    assert station.bench.status("bench-a").state == "out"
    assert station.bench.status("bench-a", alpine).state == "ok"
    assert station.bench.status("bench-a", other).state == "out"
    with pytest.raises(NotFoundError):
        station.bench.status("bench-a", "nobody")
    no_photo = tmp_path / "text.jpg"
    no_photo.write_text("not a picture")
    for golden, said_so in ((alpine, False), (other, True)):
        run(app, ["--home", str(home), "inspect", str(no_photo), "--golden", golden, "--rig", "bench-a"])
        assert ("1,000 to 1,200 lux" in capsys.readouterr().err) is said_so


def test_a_bench_about_to_expire_is_announced(station: Station, clock: Clock) -> None:
    clock.now = MAY + timedelta(days=28)
    found = station.bench.status("bench-a")
    assert found.state == "soon"
    assert found.expiring[0].command == "station calibrate light --rig bench-a GREY.jpg ..."
    clock.now = MAY + timedelta(days=26)
    assert station.bench.status("bench-a").state == "ok"


@pytest.mark.parametrize(
    ("lux", "instrument", "measured_on", "text"),
    [
        ([], "T-10A", None, "a lux meter is named without its reading"),
        ([0.0], "", None, "more than 0 and at most 200,000 lux"),
        ([9e9], "", None, "more than 0 and at most 200,000 lux"),
        ([900.0], "", date(2026, 5, 22), "which is yet to come"),
        ([900.0], "", date(9999, 1, 1), "which is yet to come"),
        ([900.0], "x\n", date(2026, 5, 20), None),
        ([900.0], "x\ny", None, "no plain text"),
    ],
)
def test_a_meters_reading_is_vetted(
    station: Station, lux: list[float], instrument: str, measured_on: date | None, text: str | None
) -> None:
    if text is None:
        station.bench.calibrate_light("bench-a", GREYS[:1], lux=lux, instrument=instrument, measured_on=measured_on)
        return
    with pytest.raises(RequestError, match=text):
        station.bench.calibrate_light("bench-a", GREYS[:1], lux=lux, instrument=instrument, measured_on=measured_on)


def test_one_grey_picture_is_not_counted_twice(station: Station, tmp_path: Path) -> None:
    copy = Path(shutil.copy(GREYS[0], tmp_path / "copy.jpg"))
    for greys, second in (([GREYS[0], GREYS[0]], []), ([GREYS[0], GREYS[1], copy], []), (GREYS[:2], [copy])):
        with pytest.raises(RequestError, match=f"is the same grey picture as {GREYS[0].name}"):
            station.bench.calibrate_light("bench-a", greys, second_rate=second)


def test_one_picture_of_the_board_is_not_counted_twice(station: Station) -> None:
    board = BENCH / "board-1.jpg"
    with pytest.raises(RequestError, match="the same picture of the board"):
        station.bench.calibrate_lens("bench-a", [board, board])


def test_one_view_does_not_take_the_place_of_six_unless_asked_to(station: Station, clock: Clock) -> None:
    boards = sorted(BENCH.glob("board-*.jpg"))
    six = station.bench.status("bench-a").lens
    with pytest.raises(CalibrationError) as refused:
        station.bench.calibrate_lens("bench-a", boards[:1])
    said = str(refused.value)
    assert "of 2026-05-20 (6 pictures) is surer than this one (1), and holds until 2026-11-16" in said
    assert re.search(r"the focal length, ± \d\.\d px from the pictures, would be ± \d{2,3}\.\d px from the rig", said)
    assert re.search(r"30 mm 3 mm over it, ± 0\.0122 mm, would be ± 0\.01\d\d mm", said)
    assert "--replace" in refused.value.do
    assert station.bench.status("bench-a").lens == six
    again = station.bench.calibrate_lens("bench-a", boards[:5])
    assert again.images == 5  # hardly less sure: nothing is lost
    assert station.bench.calibrate_lens("bench-a", boards[:1], replace=True).images == 1
    assert station.bench.calibrate_lens("bench-a", boards[1:2]).images == 1  # one view after one view
    station.bench.calibrate_lens("bench-a", boards)
    clock.now += timedelta(days=181)
    assert station.bench.calibrate_lens("bench-a", boards[:1]).images == 1  # what has run out is not lost


def test_poor_input_to_the_light_is_remarked_at_once(station: Station) -> None:
    poor = station.bench.calibrate_light("bench-a", GREYS[:1], lux=[900.0])
    assert any("One grey picture only: several lower the noise, and flicker" in r for r in poor.remarks)
    assert any("its day, taken to be 2026-05-20, are not named: say which meter (--" in r for r in poor.remarks)
    stale = {"instrument": "T-10A", "measured_on": date(2026, 1, 20)}
    old = station.bench.calibrate_light("bench-a", GREYS[:1], lux=[900.0], **stale)
    assert any("read on 2026-01-20, 120 days ago" in r for r in old.remarks)
    good = station.bench.calibrate_light(
        "bench-a", GREYS[:2], lux=[900.0, 880.0], instrument="T-10A", measured_on=date(2026, 5, 20)
    )
    assert not any("picture" in r or "meter" in r for r in good.remarks)
    uneven = station.bench.calibrate_light("bench-a", GREYS[:2], lux=[900.0, 660.0], instrument="T-10A")
    assert any("the lux meter read 660 to 900: the lowest is 73% of the highest" in f for f in uneven.faults)
    assert station.bench.status("bench-a").state == "out"


# --- the commands ----------------------------------------------------------------------------------------------------


def said(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> str:
    assert run(app, ["--home", str(home), *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_calibrate_light_prints_all_it_measured(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    greys = [str(g) for g in GREYS]
    meter = ["--lux", "900", "--lux", "850", "--meter", "T-10A, no. 9", "--measured-on", "2026-05-19"]
    out = said(capsys, home, "calibrate", "light", "--rig", "bench-a", *greys, *meter)
    for text in ("darkest place 92% of the brightest", "Nine positions", "100%", "Flicker: frame to frame", "bands",
                 "Warm-up over 1 min", "Lux: 875, 2 positions, lowest 94% of the highest, 2026-05-19 by T-10A, no. 9",
                 "exposure time 0.02"):  # fmt: skip
        assert text in out
    assert "COLOUR IS NOT JUDGED" not in out
    one = json.loads(said(capsys, home, "calibrate", "light", "--rig", "bench-a", greys[0], "--json"))
    assert (one["detail"]["lux"], one["faults"], one["images"]) == (None, [], 1)
    assert run(app, ["--home", str(home), "calibrate", "light", "--rig", "bench-a", greys[0], "--meter", "x"]) == 2
    assert "Add --lux N" in capsys.readouterr().err


def test_check_and_status_draw_the_drift(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, home, "calibrate", "light", "--rig", "bench-a", *map(str, GREYS), "--lux", "900")
    check = ["calibrate", "check", "--rig", "bench-a", "--card", CARD]
    assert "golden.jpg is the reference" in said(capsys, home, *check, str(GOLDEN))
    dark = str(altered(GOLDEN, tmp_path / "dark.jpg", light=0.75))
    out = said(capsys, home, *check, dark)
    assert "the light has drifted by" in out
    assert "COLOUR IS NOT JUDGED" in out
    assert "estimated from the grey patches, not measured" in out
    status = said(capsys, home, "calibrate", "status", "--rig", "bench-a")
    assert "#" * 24 + "!" in status
    assert "reference" in status
    assert "NOT JUDGED (colour)" in status
    document = json.loads(said(capsys, home, "calibrate", "status", "--rig", "bench-a", "--json"))
    assert (document["state"], document["last_check"]["ok"]) == ("out", False)
    assert "NOT JUDGED (colour)" in said(capsys, home, "rig", "list")
    no_photo = tmp_path / "text.jpg"
    no_photo.write_text("not a picture")
    golden = next(iter(json.loads(said(capsys, home, "golden", "list", "--json").splitlines()[0]).values()))
    assert run(app, ["--home", str(home), "inspect", str(no_photo), "--golden", golden, "--rig", "bench-a"]) == 2
    assert "note: colour is not judged on bench bench-a: the light has drifted by" in capsys.readouterr().err


def test_a_rig_without_its_lens_is_not_called_within_bounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "other"
    with Station(Settings(home=home)) as station:
        station.bench.add_rig(BENCH / "rig.toml")
        station.bench.calibrate_light("bench-a", GREYS[:2], lux=[900.0])
    for words in (("rig", "list"), ("calibrate", "status", "--rig", "bench-a")):
        out = said(capsys, home, *words)
        assert "Rig bench-a is within bounds" not in out
        assert "The light of rig bench-a is within bounds." in out
        assert "Rig bench-a has no lens calibration: lengths come from the colour card" in out
        assert "Run: station calibrate lens --rig bench-a BOARD.jpg" in out
    assert "(0.2% allowed)" in out
    assert "(0.02 allowed)" in out


def test_a_record_names_the_bench_and_its_dates_though_it_was_calibrated_anew(calibrated: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(calibrated, home)
    with Station(Settings(home=home), clock=Clock(MAY + timedelta(days=1))) as station:
        done: list[Inspected] = []
        station.inspect_many(
            [UNIT], golden="GS-ALPINE-01", engine=Serial(), on_done=done.append, rig="bench-a", card=CARD
        )
        unit = station.units(limit=1)[0].id
        found = station.review_screen.sources(unit)
        assert (found.rig, found.told) == ("bench-a", "bench bench-a, as it is calibrated now")
        made = {d.kind: d.made_at for d in found.dates}
        assert set(made) == {"lens", "light"}
        station.bench.calibrate_light("bench-a", GREYS, lux=[900.0], instrument="T-10A, no. 123")
        then = station.review_screen.sources(unit)
        assert then.told == "bench bench-a, as it was calibrated then; it was calibrated anew since"
        assert {d.kind: d.made_at for d in then.dates} == made


def test_with_a_card_of_ones_own_the_bench_is_named_by_the_golden_sample(calibrated: Path, tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "own.toml"
    shutil.copytree(calibrated, home)
    own.write_text(re.sub(r'(?m)^name = ".*"', 'name = "ours"', Path(CARD).read_text("utf-8"), count=1), "utf-8")
    with Station(Settings(home=home), clock=Clock(MAY + timedelta(days=1))) as station:
        station.inspect_many(
            [UNIT], golden="GS-ALPINE-01", engine=Serial(), on_done=lambda _: None, rig="bench-a", card=str(own)
        )
        found = station.review_screen.sources(station.units(limit=1)[0].id)
        assert found.rig == "bench-a"
        assert "by the golden sample's record" in found.told
        assert "the colour card, which was one of your own" in found.told
        assert {d.kind for d in found.dates} == {"lens", "light"}
