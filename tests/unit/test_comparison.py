"""Units beside the golden in one photo, compared with it; the command. Drawn scenes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from drawn_scenes import (
    CELLS,
    GOLD,
    GOLDEN_AT,
    HILL,
    NEAR_HILL,
    OTHER_SKY,
    SKY,
    SRGB,
    THREE,
    Colours,
    Part,
    photo,
    seen,
    sheet_text,
    true_difference,
)

from station.calibrate.card import load_cards
from station.calibrate.light import correct
from station.cli import app
from station.cli.comparing import drift_sentence
from station.cli.conduct import run
from station.comparison import NOMINAL_WIDTH_MM, pick, same_colours
from station.devices.primaries import DISPLAY_P3
from station.errors import AlignmentError, RequestError
from station.golden_line import measure_master
from station.measure.colour import measure_regions
from station.measure.parts import find_parts
from station.measure.side_by_side import assumed
from station.service import Station, comparing, matching, tools
from station.settings import Settings
from station.sheet import Viewing
from station.values.bench import Calibration
from station.values.colour import DeviceRGB, LinearRGB
from station.values.comparison import DriftDocument
from station.values.difference import delta_e_2000
from station.values.documents import Verdict
from station.values.geometry import Frame, Similarity
from station.values.line import Aligned, CardReading, Gate, Master, Measurement, Shot


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(Settings(home=tmp_path / "home"))


def test_units_are_compared_with_the_golden_beside_them_through_the_card(station: Station, scenes: Path) -> None:
    """C1, C2: beside the golden, in one light, with a colour card."""
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    found = comparing.compare(station, scenes / "card.png", standard, card="colorchecker24").document
    assert found.basis == "card"
    assert found.golden_part == 1
    assert "leftmost" in found.chosen
    assert [p.role for p in found.parts] == ["golden", "unit", "unit"]
    values = {(p.number, m.characteristic): m for p in found.parts for m in p.regions}
    sky = values[2, "colour:sky"]
    assert sky.value == pytest.approx(true_difference("sky", OTHER_SKY), abs=sky.u)
    assert sky.verdict is Verdict.NONCONFORMS
    assert found.parts[1].verdict is Verdict.NONCONFORMS
    for (_, name), m in values.items():
        if m is not sky:
            true = true_difference("hill", NEAR_HILL) if name == "colour:hill" and m is values[3, name] else 0.0
            assert m.value == pytest.approx(true, abs=m.u), name
            assert m.verdict is Verdict.CONFORMS
    assert found.parts[2].verdict is Verdict.CONFORMS
    assert found.parts[1].rotation_deg == pytest.approx(67, abs=0.5)
    assert found.verdict is Verdict.NONCONFORMS
    assert found.field.known
    assert len(found.digest) == 64


def test_without_a_card_nothing_is_certified(station: Station, scenes: Path) -> None:
    """C3."""
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    compared = comparing.compare(station, scenes / "bare.png", standard)
    unit = compared.document.parts[1]
    assert compared.document.basis == "assumed sRGB"
    assert unit.verdict is Verdict.UNDECIDED
    assert {m.verdict for m in unit.regions} == {Verdict.UNDECIDED}
    assert any("sRGB" in r for r in compared.document.remarks)
    sky = next(m for m in unit.regions if m.characteristic == "colour:sky")
    assert sky.value == pytest.approx(true_difference("sky", OTHER_SKY), abs=0.5)
    assert sky.u > 0.4 * (sky.value or 0)
    assert comparing.picture(compared).shape[2] == 3


def test_the_golden_is_picked_as_asked(scenes: Path) -> None:
    parts = find_parts(seen(scenes / "bare.png"))
    assert pick(parts, None, None)[0].number == 1
    assert pick(parts, None, "right")[0].number == 2
    assert pick(parts, None, "bottom")[0].number == 2
    assert pick(parts, None, "2")[0].number == 2
    assert pick(parts, (430.0, 240.0), None)[0].number == 2
    for at, which in (((5.0, 5.0), None), (None, "3"), (None, "middle"), ((1.0, 1.0), "left")):
        with pytest.raises(RequestError):
            pick(parts, at, which)


def test_another_product_beside_the_golden_is_named(station: Station, scenes: Path, tmp_path: Path) -> None:
    path = photo(tmp_path / "other.png", THREE[:2], other=1)
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    unit = comparing.compare(station, path, standard).document.parts[1]
    assert unit.verdict is Verdict.UNDECIDED
    assert unit.regions == ()
    assert "not the golden's product" in unit.reasons[0]


def test_one_part_alone_is_refused(station: Station, scenes: Path, tmp_path: Path) -> None:
    path = photo(tmp_path / "one.png", THREE[:1])
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    with pytest.raises(AlignmentError, match="one part only"):
        comparing.compare(station, path, standard)


def test_a_sealed_golden_gives_the_regions_and_its_drift(station: Station, tmp_path: Path) -> None:
    """The unit with the sky of another batch is taken for the golden: the sealed measurement knows better."""
    alone = photo(tmp_path / "golden.png", THREE[:1], card=True)
    width = '[[sizes]]\nname = "width"\nnominal_mm = 30.0\n'
    (tmp_path / "sheet.toml").write_text(sheet_text(GOLDEN_AT) + width)
    number = station.seal_golden(tmp_path / "sheet.toml", alone, card="colorchecker24").number
    standard = comparing.standard_of(station, number, None)
    all_other: Colours = {n: (0.8 * r, 0.8 * g, 0.8 * b) for n, ((r, g, b), _) in CELLS.items()}
    parts: list[Part] = [(all_other, GOLDEN_AT, 0.0), ({}, (420.0, 230.0), 75.0)]
    path = photo(tmp_path / "two.png", parts, card=True)
    wrong = comparing.compare(station, path, standard, card="colorchecker24").document
    assert any("is part 2 the golden?" in r for r in wrong.remarks)
    choice = comparing.Choice(which="2")
    right = comparing.compare(station, path, standard, choice=choice, card="colorchecker24").document
    assert not any("the golden?" in r for r in right.remarks)
    assert max(d.value or 0.0 for d in right.drift) < 1.0 < max(d.value or 0.0 for d in wrong.drift)
    flipped = tmp_path / "flipped.png"
    cv2.imwrite(str(flipped), cv2.flip(np.asarray(cv2.imread(str(path))), 1))
    with pytest.raises(AlignmentError, match="mirror image"):
        comparing.compare(station, flipped, standard, card="colorchecker24")


def test_two_rotations_that_show_the_same_colours_do_not_matter() -> None:
    frame = Frame(0.1, 201, 201, (100.0, 100.0))
    y, x = np.mgrid[0:201, 0:201] - 100.0
    turn = np.degrees(np.arctan2(y, x)) % 360
    picture = np.zeros((201, 201, 3), dtype=np.float32)
    picture[...] = GOLD
    labels = np.ones((201, 201), dtype=np.uint8)
    petal = (np.hypot(x, y) > 30) & (np.hypot(x, y) < 90)
    for k, colour in enumerate((SKY, HILL, SKY, HILL)):  # the same after half a turn, not after a quarter
        picture[petal & (np.abs(turn - 90 * k - 45) < 30)] = colour
    labels[petal & (np.abs(turn - 45) < 30)] = 2
    region = SimpleNamespace(label=2)
    master = cast(Master, SimpleNamespace(frame=frame, labels=labels, image=LinearRGB(picture), regions=[region]))
    pose = Similarity(5.0, 3.0, 20.0, 1.0)
    assert same_colours(master, pose, Similarity(5.0, 3.0, 200.0, 1.0), SRGB)
    assert not same_colours(master, pose, Similarity(5.0, 3.0, 110.0, 1.0), SRGB)


def test_a_photo_without_a_card_is_read_in_its_own_primaries(
    station: Station, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, settings: Settings) -> Shot:
        shot = read_as_srgb(path, settings)
        return replace(shot, photo=DeviceRGB(shot.photo.pixels, "Display P3", DISPLAY_P3))

    read_as_srgb = tools.read
    monkeypatch.setattr(tools, "read", read)
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    found = comparing.compare(station, scenes / "bare.png", standard).document
    assert found.basis == "assumed Display P3"
    assert any("taken for Display P3" in r for r in found.remarks)
    sky = next(m for m in found.parts[1].regions if m.characteristic == "colour:sky")
    wide = assumed(DeviceRGB(np.zeros((1, 1, 3), dtype=np.uint8), "Display P3", DISPLAY_P3))
    expected = float(delta_e_2000(wide.lab(np.array(SKY)), wide.lab(np.array(OTHER_SKY))))
    assert sky.value == pytest.approx(expected, abs=0.5)
    in_p3, in_srgb = wide.lab(np.array(SKY)).values, SRGB.lab(np.array(SKY)).values
    assert np.abs(in_p3 - in_srgb).max() > 4.0
    assert sky.lab_golden == pytest.approx(in_p3, abs=1.5)
    matched, _ = matching.match_photo(station, scenes / "bare.png", standard)
    assert matched.basis == "assumed Display P3"


def test_the_bench_is_asked_once_and_held_to_the_sheets_viewing(
    station: Station, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str | None, str | None, Viewing | None]] = []

    def calibration(rig: str | None, card: str | None = None, viewing: Viewing | None = None) -> Calibration:
        asked.append((rig, card, viewing))
        gate = Gate("light", False, "the control sheet asks for 1,500 lux", ("colour",))
        return Calibration(cards=load_cards(card), faults=(gate,), unmet=(gate,))

    monkeypatch.setattr(station.bench, "calibration", calibration)
    (tmp_path / "sheet.toml").write_text(sheet_text(GOLDEN_AT) + "[viewing]\nlux = [1500, 2500]\n")
    standard = comparing.standard_of(station, None, tmp_path / "sheet.toml")
    found = comparing.compare(station, scenes / "card.png", standard, card="colorchecker24").document
    assert asked == [(None, "colorchecker24", Viewing(lux=(1500, 2500)))]
    assert found.calibration == calibration(None, "colorchecker24").digest
    assert {p.verdict for p in found.parts if p.role == "unit"} == {Verdict.UNDECIDED}
    assert found.parts[1].reasons == ("light: the control sheet asks for 1,500 lux",)


def test_the_goldens_drift_is_read_in_the_family_it_was_sealed_with(
    station: Station, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibration = station.bench.calibration(None, "colorchecker24")
    alone = photo(tmp_path / "golden.png", THREE[:1], card=True, slope=0.12)
    sheet = comparing.standard_of(station, None, scenes / "sheet.toml").sheet
    chosen = correct(tools.read(scenes / "card.png", station.settings), calibration).correction
    assert chosen is not None
    family = next(m for m in ("3x3, perceptual", "root-polynomial 2, perceptual") if m != chosen.method)
    shot = tools.read(alone, station.settings)
    master = measure_master(
        correct(shot, calibration, model=family), sheet, number="GS-1", version=1, width_mm=NOMINAL_WIDTH_MM
    )
    seen_in: list[str] = []

    def measured(aligned: Aligned, master: Master) -> tuple[Measurement, ...]:
        assert aligned.correction is not None
        seen_in.append(aligned.correction.method)
        return measure_regions(aligned, master)

    monkeypatch.setattr("station.comparison.measure_regions", measured)
    standard = comparing.Standard(sheet, master, "GS-1", 1, "0" * 64)
    found = comparing.compare(station, scenes / "card.png", standard, card="colorchecker24").document
    assert seen_in == [family] * 3
    assert all(d.value is not None and d.value < 1.0 for d in found.drift)

    def misfit(*_: object, model: str | None = None) -> CardReading:
        assert model == family
        return CardReading(found=True, usable=False, reason="card: the fit is off")

    monkeypatch.setattr("station.comparison.find_card", misfit)
    found = comparing.compare(station, scenes / "card.png", standard, card="colorchecker24").document
    assert found.drift == ()
    assert "from its sealed measurement is not known" in found.remarks[0]


def test_the_command_prints_the_document_and_a_table(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    base = ["compare", str(scenes / "bare.png"), "--sheet", str(scenes / "sheet.toml")]
    assert run(app, [*base, "--json", "--picture", str(tmp_path / "out.jpg")]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["schema"] == 1
    assert out["golden_part"] == 1
    assert (tmp_path / "out.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert run(app, base) == 0
    text = capsys.readouterr().out
    assert "Part 2 at" in text
    assert "leftmost" in text
    assert "not certified" in text


def test_no_difference_from_the_seal_is_claimed_within_its_uncertainty() -> None:
    def drift(region: str, value: float | None, u: float) -> DriftDocument:
        return DriftDocument(region=region, value=value, u=u)

    forest, sky = drift("forest", 3.2, 5.7), drift("sky", 1.1, 1.2)
    assert drift_sentence([drift("sky", None, 0.0)]) == ""
    none = (
        "No difference of the golden in this photo from its sealed measurement is seen (largest forest 3.20 CIEDE2000, "
    )
    assert drift_sentence([sky, forest]) == none + "u 5.70)."
    seen = drift_sentence([drift("sky", 1.3, 1.2), forest])
    assert seen == (
        "The golden in this photo differs from its sealed measurement (largest sky 1.30 CIEDE2000, u 1.20)."
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "0 photos"),
        (["a.png", "b.png", "c.png"], "3 photos"),
        (["a.png"], "neither is given"),
        (["a.png", "--golden", "GS-1", "--sheet", "sheet.toml"], "both are given"),
        (["a.png", "--golden", "GS-9"], "no golden 'GS-9'"),
        (["a.png", "--sheet", "sheet.toml", "--golden-at", "here"], "not a point"),
        (["a.png", "--sheet", "sheet.toml", "--golden-at", "1,1", "--golden-is", "left"], "both given"),
        (["a.png", "--sheet", "sheet.toml", "--light", "a", "--light", "b"], "--light is given 2 times"),
        (["a.png", "--lot", "L"], "--lot goes with --set"),
        (["--set", "--lot", "L"], "no lot"),
        (["--set", "a.png", "b.png", "--sheet", "sheet.toml"], "2 photos"),
        (["nowhere.png", "--sheet", "sheet.toml"], "nowhere.png"),
        (["a.png", "--sheet", "sheet.toml"], "No part was found"),
    ],
)
def test_bad_requests_get_one_line_and_exit_2(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((120, 160, 3), 128, dtype=np.uint8))
    Path("sheet.toml").write_text(sheet_text((80.0, 60.0)))
    assert run(app, ["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err


def test_each_photo_has_its_own_picture_under_a_name_that_says_what_it_is(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    second = photo(tmp_path / "second.png", THREE[:2], slope=0.12, tint=(1.0, 0.9, 0.7))
    base = ["compare", str(scenes / "bare.png"), str(second), "--sheet", str(scenes / "sheet.toml")]
    assert run(app, [*base, "--picture", str(tmp_path / "out.png")]) == 0
    text = capsys.readouterr().out
    assert not (tmp_path / "out.png").exists()
    for name in ("out-1.png", "out-2.png"):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"
        assert name in text
    assert "Metamerism is not judged" in text
    # a name that does not do is refused before a photo is looked for
    assert run(app, ["compare", "nowhere.png", "--golden", "GS-9", "--picture", "x.txt"]) == 2
    assert "x.txt is no JPEG or PNG" in capsys.readouterr().err
