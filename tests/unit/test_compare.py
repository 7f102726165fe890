"""Parts side by side in one photo: found, ordered, told apart, compared; two lights; matched sets. Drawn scenes."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.calibrate.card import load_cards
from station.cli import app
from station.cli.conduct import run
from station.comparison import pick, same_colours
from station.errors import AlignmentError, NotFoundError, RequestError
from station.measure.bench_field import bench_field
from station.measure.metamerism import metamerism, special_index
from station.measure.parts import find_parts, reading_order
from station.measure.sets import PairDifference, coverage_factor, odd_one, worst_pair
from station.measure.side_by_side import SeenRegion, assumed_srgb, common_veil, differences
from station.service import Station, comparing, matching
from station.service.matching import region_of_set
from station.service.station import open_database
from station.settings import Settings
from station.sheet import Sets, load_sheet
from station.store import inspections
from station.store import records as store_records
from station.store.evidence import Evidence
from station.store.rows import File, NewUnit
from station.values.colour import Lab, LinearRGB, lab_to_xyz, srgb_encode
from station.values.difference import delta_e_2000
from station.values.documents import Verdict
from station.values.geometry import Frame, Similarity
from station.values.line import Master

Float = NDArray[np.float64]

SIZE = (960, 560)
RADIUS = 118.0
GOLD, SKY, HILL, WOOD, SUN, SNOW = (
    (0.60, 0.42, 0.16),
    (0.10, 0.32, 0.62),
    (0.42, 0.05, 0.05),
    (0.05, 0.22, 0.09),
    (0.72, 0.42, 0.06),
    (0.66, 0.64, 0.58),
)
CELLS = {
    "sky": (SKY, (0.0, -0.45)),
    "hill": (HILL, (-0.35, 0.3)),
    "wood": (WOOD, (0.45, 0.25)),
    "sun": (SUN, (0.0, 0.7)),
}
XYZ_TO_SRGB = np.linalg.inv(assumed_srgb().matrix)

RGB = tuple[float, float, float]
Colours = dict[str, RGB]
Part = tuple[Colours, tuple[float, float], float]


def art(colours: Colours, *, other_design: bool = False) -> NDArray[np.float32]:
    """(n, n, 4) linear light and coverage of a round pin with four cells and a white star off its middle."""
    n = 2 * round(RADIUS) + 8
    made = np.zeros((n, n, 4), dtype=np.float32)

    def px(points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
        return np.round((np.array(points) * RADIUS + n / 2) * 16).astype(np.int32)

    def fill(points: Sequence[tuple[float, float]], colour: tuple[float, float, float]) -> None:
        cv2.fillPoly(made, [px(points)], (*colour, 1.0), lineType=cv2.LINE_AA, shift=4)

    ring = [(math.cos(a), math.sin(a)) for a in np.linspace(0, 2 * np.pi, 120, endpoint=False)]
    fill(ring, GOLD)
    if other_design:
        fill([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)], WOOD)
        fill([(-0.4, -0.1), (0.4, -0.1), (0.4, 0.1), (-0.4, 0.1)], SNOW)
        return made
    tone = {name: colours.get(name, colour) for name, (colour, _) in CELLS.items()}
    fill([(0.9 * x, 0.9 * y) for x, y in ring], tone["sky"])
    for name, corners in (
        ("hill", [(-0.84, 0.1), (-0.3, -0.15), (0.05, 0.1), (0.0, 0.5), (-0.55, 0.62)]),
        ("wood", [(0.12, 0.05), (0.5, -0.2), (0.86, 0.1), (0.62, 0.55), (0.12, 0.5)]),
        ("sun", [(-0.45, 0.68), (0.45, 0.62), (0.2, 0.86), (-0.2, 0.86)]),
    ):
        mx, my = (float(v) for v in np.mean(corners, axis=0))
        fill([(mx + 1.14 * (x - mx), my + 1.14 * (y - my)) for x, y in corners], GOLD)
        fill(corners, tone[name])
    fill([(-0.55, -0.62), (-0.3, -0.5), (-0.42, -0.3), (-0.62, -0.4)], SNOW)
    return made


def photo(
    path: Path,
    parts: Sequence[Part],
    *,
    card: bool = False,
    slope: float = 0.0,
    other: int | None = None,
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
    size: tuple[int, int] = SIZE,
) -> Path:
    """A photo (PNG) of parts on a grey bench: colours that differ from the golden's, middle in px, turn in degrees.

    slope : relative change of the light from left to right. other : index of a part of another design.
    """
    w, h = size
    rng = np.random.default_rng(4)
    picture: NDArray[np.float32] = np.full((h, w, 3), 0.22, dtype=np.float32)
    for index, (colours, (x, y), turn) in enumerate(parts):
        drawn = art(colours, other_design=index == other)
        n = len(drawn)
        m = np.asarray(cv2.getRotationMatrix2D((n / 2, n / 2), -turn, 1.0), dtype=np.float64)
        m[:, 2] += np.array([x - n / 2, y - n / 2])
        shadow = cv2.GaussianBlur(cv2.warpAffine(drawn[..., 3], m, (w, h)), (0, 0), 4.0)
        picture *= 1 - 0.35 * shadow[..., None]
        layer = cv2.warpAffine(drawn, m, (w, h), flags=cv2.INTER_AREA)
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3] * layer[..., 3:]
    if card:
        _draw_card(picture, (w - 190, 60))
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), dtype=np.float32)
    picture *= (1 + slope * (np.arange(w) / w - 0.5)).astype(np.float32)[None, :, None]
    picture = picture * np.array(tint, dtype=np.float32) + rng.normal(0, 0.003, picture.shape).astype(np.float32)
    coded = np.round(srgb_encode(picture) * 255).astype(np.uint8)
    assert cv2.imwrite(str(path), coded[..., ::-1])
    return path


def _draw_card(picture: NDArray[np.float32], at: tuple[int, int]) -> None:
    """The classic card, upright: four columns of six, 40 px a patch."""
    patches = load_cards("colorchecker24")[0].patches
    x, y = at
    picture[y - 8 : y + 6 * 44 + 4, x - 8 : x + 4 * 44 + 4] = 0.02
    for i, patch in enumerate(patches):
        row, column = divmod(i, 6)
        light = lab_to_xyz(Lab(np.array(patch.lab))) @ XYZ_TO_SRGB.T
        left, top = x + (3 - row) * 44, y + column * 44
        picture[top : top + 40, left : left + 40] = np.clip(light, 0.0, 1.0)


def sheet_text(golden_px: tuple[float, float], extra: str = "") -> str:
    rows = ['schema = 1\n[product]\nsku = "PIN"\nthickness_mm = 1.0\n' + extra]
    for name, (_, (x, y)) in CELLS.items():
        seed = (golden_px[0] + x * RADIUS, golden_px[1] + y * RADIUS)
        rows.append(
            f'[[regions]]\nname = "{name}"\nseed_px = [{seed[0]:.1f}, {seed[1]:.1f}]\nsurface = "soft enamel"\n'
        )
    return "".join(rows)


def true_difference(name: str, colour: tuple[float, float, float]) -> float:
    correction = assumed_srgb()
    return float(delta_e_2000(correction.lab(np.array(CELLS[name][0])), correction.lab(np.array(colour))))


OTHER_SKY, NEAR_HILL = (0.15, 0.28, 0.42), (0.43, 0.052, 0.051)
GOLDEN_AT = (150.0, 210.0)
THREE: list[Part] = [
    ({}, GOLDEN_AT, 8.0),
    ({"sky": OTHER_SKY}, (420.0, 230.0), 75.0),
    ({"hill": NEAR_HILL}, (660.0, 420.0), -140.0),
]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the photos and the sheet that several tests share."""
    folder = tmp_path_factory.mktemp("scenes")
    photo(folder / "card.png", THREE, card=True, slope=0.12)
    photo(folder / "bare.png", THREE[:2], slope=0.12)
    (folder / "sheet.toml").write_text(sheet_text(GOLDEN_AT))
    return folder


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(Settings(home=tmp_path / "home"))


def seen(path: Path) -> LinearRGB:
    coded = np.asarray(cv2.imread(str(path)))[..., ::-1] / 255
    return LinearRGB(np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32))


# --- finding ----------------------------------------------------------------------------------------------------------


def test_every_part_is_found_in_reading_order(scenes: Path) -> None:
    found = find_parts(seen(scenes / "bare.png"))
    assert [p.number for p in found] == [1, 2]
    for part, (_, centre, _) in zip(found, THREE, strict=False):
        assert part.outline.centre_px == pytest.approx(centre, abs=2.5)
        assert part.outline.area_px == pytest.approx(math.pi * RADIUS**2, rel=0.04)
        assert part.fault == ""


def test_rows_are_read_from_the_top_and_each_from_the_left() -> None:
    centres = [(300.0, 320.0), (100.0, 100.0), (310.0, 80.0), (90.0, 310.0)]
    assert reading_order(centres, [100.0] * 4) == [1, 2, 3, 0]
    assert reading_order([(500.0, 100.0), (100.0, 130.0)], [100.0] * 2) == [1, 0]


def test_parts_that_almost_touch_are_told_apart(tmp_path: Path) -> None:
    gap = 5
    pair: list[Part] = [({}, (300.0, 280.0), 0.0), ({}, (300.0 + 2 * RADIUS + gap, 280.0), 50.0)]
    found = find_parts(seen(photo(tmp_path / "near.png", pair)))
    assert [p.near for p in found] == [(2,), (1,)]
    for part, (_, centre, _) in zip(found, pair, strict=True):
        assert part.outline.centre_px == pytest.approx(centre, abs=4)


def test_touching_parts_are_named_and_so_is_one_that_the_edge_cuts(tmp_path: Path) -> None:
    parts: list[Part] = [
        ({}, (200.0, 280.0), 0.0),
        ({}, (200.0 + 2 * RADIUS, 280.0), 50.0),
        ({}, (SIZE[0] - 60.0, 280.0), 0.0),
    ]
    found = find_parts(seen(photo(tmp_path / "touching.png", parts)))
    assert [p.near for p in found] == [(2,), (1,), ()]
    assert [bool(p.fault) for p in found] == [False, False, True]
    assert "the picture's edge cuts it" in found[2].fault


# --- the light's field and the veil -----------------------------------------------------------------------------------


def test_the_bench_tells_how_the_light_falls_off(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    assert field.even
    here, there = np.array([150.0, 210.0]), np.array([420.0, 230.0])
    true = (1 + 0.12 * (150 / 960 - 0.5)) / (1 + 0.12 * (420 / 960 - 0.5))
    assert field.ratio(here, there) == pytest.approx(np.full(3, true), abs=0.003)
    brightness, tint = field.u_ratio(here, there)
    assert 0.003 < brightness < 0.02
    assert (tint < brightness).all()


def test_a_patterned_bench_corrects_nothing_and_doubts_more() -> None:
    y, x = np.mgrid[0:400, 0:600]
    checks = np.where(((x // 40) + (y // 40)) % 2, 0.15, 0.4).astype(np.float32)
    field = bench_field(LinearRGB(np.repeat(checks[..., None], 3, axis=2)), [], [])
    assert not field.even
    assert "not plain" in field.reason
    assert (field.ratio(np.array([10.0, 10.0]), np.array([500.0, 300.0])) == 1).all()
    assert field.u_ratio(np.array([10.0, 10.0]), np.array([500.0, 300.0]))[0] > 0.05


def test_a_common_veil_is_found_and_one_odd_colour_does_not_move_it() -> None:
    colours = [np.array(c) for c, _ in CELLS.values()]
    veil, u = common_veil([(c, c + 0.004) for c in colours])
    assert veil == pytest.approx(0.004, rel=0.15)
    odd = [*((c, c + 0.004) for c in colours), (np.array(SKY), np.array(OTHER_SKY))]
    assert common_veil(odd)[0] == pytest.approx(0.004, abs=2 * u)
    assert common_veil([(colours[0], colours[0] + 0.004)] * 2)[0] == 0.0


def _regions(colours: Colours, x: float) -> list[SeenRegion]:
    tone = {name: colours.get(name, colour) for name, (colour, _) in CELLS.items()}
    return [SeenRegion(n, "soft enamel", np.array(c), np.array([x, 200.0]), 0.05, 0.5, 900) for n, c in tone.items()]


def test_a_regions_own_difference_is_never_taken_for_veil(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    found = differences(_regions({}, 300.0), _regions({"sky": OTHER_SKY}, 300.0), assumed_srgb(), field)
    by_name = {d.name: d for d in found}
    assert by_name["sky"].value == pytest.approx(true_difference("sky", OTHER_SKY), abs=0.05)
    assert all(d.value == pytest.approx(0, abs=0.15) for name, d in by_name.items() if name != "sky")
    assert by_name["sky"].u == pytest.approx(math.hypot(*by_name["sky"].budget.values()))


def test_scatter_that_only_one_part_has_is_refused(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [], [])
    calm, wild = _regions({}, 300.0), _regions({}, 300.0)
    wild[0] = SeenRegion("sky", "soft enamel", np.array(SKY), np.array([1.0, 1.0]), 0.1, 6.0, 900)
    first = differences(calm, wild, assumed_srgb(), field)[0]
    assert first.value is None
    assert "uneven" in first.why


# --- side by side -----------------------------------------------------------------------------------------------------


def test_units_are_compared_with_the_golden_beside_them_through_the_card(station: Station, scenes: Path) -> None:
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
    assert comparing.comparison_picture(compared)[:2] == b"\xff\xd8"


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
    assert same_colours(master, pose, Similarity(5.0, 3.0, 200.0, 1.0))
    assert not same_colours(master, pose, Similarity(5.0, 3.0, 110.0, 1.0))


# --- two lights -------------------------------------------------------------------------------------------------------


def test_the_special_index_takes_out_what_differs_already() -> None:
    a, b, shift = np.array([50.0, 10.0, -20.0]), np.array([53.0, 12.0, -19.0]), np.array([1.0, 2.0, 3.0])
    assert special_index((a, b), (a + shift, b + shift)) == pytest.approx(0)
    further = np.array([0.0, 0.0, 4.0])
    expected = float(delta_e_2000(Lab(a), Lab(a + further)))
    assert special_index((a, b), (a, b + further)) == pytest.approx(expected)


def test_metamerism_is_warned_of_only_beyond_its_uncertainty(scenes: Path) -> None:
    image = seen(scenes / "bare.png")
    field = bench_field(image, [p.outline.contour_px for p in find_parts(image)], [])
    golden, same, other = _regions({}, 300.0), _regions({}, 300.0), _regions({"sky": OTHER_SKY}, 300.0)
    match = differences(golden, same, assumed_srgb(), field)[0]
    apart = differences(golden, other, assumed_srgb(), field)[0]
    calm, loud = metamerism(match, match), metamerism(match, apart)
    assert calm is not None
    assert loud is not None
    assert calm.value < 2 * calm.u
    assert loud.value == pytest.approx(true_difference("sky", OTHER_SKY), abs=0.1)
    assert loud.value > 2 * loud.u


def test_two_photos_under_two_lights_name_the_metameric_region(station: Station, tmp_path: Path) -> None:
    first = photo(tmp_path / "day.png", [THREE[0], ({}, (420.0, 230.0), 75.0)], card=True)
    second = photo(tmp_path / "shop.png", THREE[:2], card=True, tint=(1.0, 0.93, 0.8))
    (tmp_path / "sheet.toml").write_text(sheet_text(GOLDEN_AT))
    standard = comparing.standard_of(station, None, tmp_path / "sheet.toml")
    both, _ = comparing.compare_lights(
        station, (first, second), standard, card="colorchecker24", lights=("D65", "TL84")
    )
    warned = [r for r in both.metamerism if r.warning]
    assert [r.region for r in warned] == ["sky"]
    assert "matches the golden under D65 but not under TL84" in warned[0].reason
    assert warned[0].index == pytest.approx(true_difference("sky", OTHER_SKY), abs=warned[0].u)
    assert len(both.warnings) == 1


# --- sets -------------------------------------------------------------------------------------------------------------


def test_the_widest_of_many_pairs_needs_more_proof() -> None:
    assert coverage_factor(1) == pytest.approx(2.0)
    assert 2.3 < coverage_factor(3) < 2.5
    assert coverage_factor(45) > 3.2
    with pytest.raises(ValueError, match="at least one pair"):
        coverage_factor(0)


def test_the_odd_one_of_a_set_is_named() -> None:
    pairs = [PairDifference("a", "b", 0.4, 0.2), PairDifference("a", "c", 3.0, 0.2), PairDifference("b", "c", 3.2, 0.2)]
    assert worst_pair(pairs).b == "c"
    assert odd_one(pairs) == "c"
    assert odd_one(pairs[1:2]) == ""
    spread = [
        PairDifference("a", "b", 1.6, 0.2),
        PairDifference("a", "c", 3.2, 0.2),
        PairDifference("b", "c", 1.6, 0.2),
    ]
    assert odd_one(spread) == ""


def test_the_verdict_on_a_set_weighs_every_pair() -> None:
    limits = Sets(accept=2.0)

    def verdict(*pairs: tuple[str, str, float, float], why: str = "", gate: str = "") -> Verdict:
        return region_of_set("sky", [PairDifference(*p) for p in pairs], limits, why, gate).verdict

    near, far = ("a", "b", 0.5, 0.3), ("a", "c", 4.0, 0.3)
    assert verdict(near) is Verdict.CONFORMS
    assert verdict(near, far) is Verdict.NONCONFORMS
    assert verdict(("a", "b", 1.6, 0.3)) is Verdict.UNDECIDED
    # beyond the limit with k = 2, but not for the widest of so many
    edge = ("a", "z", 2.7, 0.34)
    assert verdict(edge) is Verdict.NONCONFORMS
    assert verdict(edge, *(("a", f"u{i}", 0.3, 0.3) for i in range(40))) is Verdict.UNDECIDED
    assert verdict(near, why="glare") is Verdict.UNDECIDED
    assert verdict(near, far, gate="card: none") is Verdict.UNDECIDED
    assert verdict() is Verdict.UNDECIDED


def test_parts_of_one_photo_are_held_to_each_other(station: Station, scenes: Path) -> None:
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    found, _ = matching.match_photo(station, scenes / "card.png", standard, card="colorchecker24")
    rows = {r.region: r for r in found.regions}
    assert len(rows["sky"].pairs) == 3
    assert rows["sky"].odd == "part 2"
    assert rows["sky"].verdict is Verdict.NONCONFORMS
    assert rows["wood"].verdict is Verdict.CONFORMS
    assert found.verdict is Verdict.NONCONFORMS


def test_recorded_units_that_share_a_set_are_held_to_each_other(review_home: Path) -> None:
    """Lot L/1 gets a set of three: two alike, one with another sky."""
    db = open_database(Settings(home=review_home))
    with Station(Settings(home=review_home)) as records:
        with pytest.raises(NotFoundError, match="names a set"):
            matching.match_lot(records, "L/1")
        model = next(u for u in records.units(lot="L/1") if u.verdict is Verdict.CONFORMS)
        document = records.unit_document(model.id)
        golden_id = store_records.golden(db, "GS-1").id
        photo_file = File(Evidence(review_home / "evidence").put(b"a photo"), 7, "image/jpeg")
        for name, a in (("s-1", -8.0), ("s-2", -8.2), ("s-3", -14.0)):
            colour = document.measurements[0].model_copy(update={"lab": (60.0, a, -30.0), "u": 0.4})
            own = document.model_copy(update={"unit": name, "measurements": (colour,)})
            inspections.add_unit(
                db,
                NewUnit(
                    ingest_key=name, unit=name, photo=f"{name}.jpg", photo_file=photo_file, frame_file=None,
                    annotated_file=None, golden_id=golden_id, lot="L/1", verdict=own.verdict, margin=None,
                    document=own.model_dump_json(by_alias=True), digest=own.digest, inspected_at=model.inspected_at,
                    identifiers={"set": "A"},
                ),
            )  # fmt: skip
        (found,) = matching.match_lot(records, "L/1")
        with pytest.raises(NotFoundError, match="no set 'B'"):
            matching.match_lot(records, "L/1", "B")
    db.close()
    assert found.members == ("s-1", "s-2", "s-3")
    (sky,) = found.regions
    assert sky.odd == "s-3"
    assert {sky.worst.a, sky.worst.b} == {"s-1", "s-3"} if sky.worst else False
    assert found.verdict is Verdict.NONCONFORMS
    pair = next(p for p in sky.pairs if (p.a, p.b) == ("s-1", "s-2"))
    assert pair.u == pytest.approx(0.4 * math.sqrt(2))
    assert pair.value == pytest.approx(
        float(delta_e_2000(Lab(np.array([60.0, -8.0, -30.0])), Lab(np.array([60.0, -8.2, -30.0]))))
    )


def test_sets_keep_the_digest_of_sheets_without_them() -> None:
    text = sheet_text(GOLDEN_AT)
    plain, with_sets = load_sheet(text.encode()), load_sheet((text + "[sets]\naccept = 1.5\n").encode())
    assert "sets" not in plain.agreed(mode="json")
    assert plain.digest != with_sets.digest
    assert with_sets.sets == Sets(accept=1.5, reject=1.5)


# --- the command ------------------------------------------------------------------------------------------------------


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
