"""Colour cards: references, finding and reading them in drawn photos, the correction and its gates."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.calibrate.card import BUILT_IN, load_cards, parse_card
from station.calibrate.card_finding import find_card
from station.calibrate.card_reading import card_document
from station.calibrate.correction import fit_correction
from station.calibrate.field import flat_field, gain_rows
from station.calibrate.light import correct
from station.errors import CalibrationError, RigError
from station.values.bench import Calibration, CameraSpec, CardReference, Rig
from station.values.colour import DeviceRGB, Lab, PhotoLight, lab_to_xyz, linearise, srgb_encode
from station.values.difference import delta_e_2000
from station.values.digest import digest
from station.values.line import Shot

CLASSIC = load_cards("colorchecker24-after-2014")[0]
MICRO = CLASSIC.model_copy(update={"name": "micro 24", "patch_mm": 4.0, "pitch_mm": 4.7, "height_mm": 0.8})
SAMPLES = Path(__file__).parents[2] / "sample_data"
# A camera whose primaries are not sRGB's: XYZ (D50) to its linear RGB.
TO_CAMERA = np.array([[1.30, -0.25, -0.18], [-0.32, 1.24, 0.07], [0.02, -0.14, 1.16]])


def device_light(lab: np.ndarray) -> np.ndarray:
    return np.clip(lab_to_xyz(Lab(lab)) @ TO_CAMERA.T, 0.0, None)


def draw(
    card: CardReference = MICRO,
    *,
    size: tuple[int, int] = (640, 480),
    pitch_px: float = 46.0,
    at: tuple[float, float] = (300.0, 240.0),
    degrees: float = 0.0,
    mirrored: bool = False,
    exposure: float = 0.9,
    tone: float = 1.0,
    noise: float = 0.004,
    seed: int = 3,
    field: np.ndarray | None = None,
    patch_lab: np.ndarray | None = None,
    light: np.ndarray | None = None,
) -> tuple[Shot, np.ndarray]:
    """A photo of a card on a bench with a bright disc beside it, and the homography from cells to pixels."""
    c, s = pitch_px * np.cos(np.radians(degrees)), pitch_px * np.sin(np.radians(degrees))
    turn = np.array([[c, -s], [s, c]])
    if mirrored:
        turn[:, 0] *= -1
    middle = np.array([(card.columns - 1) / 2, (card.rows - 1) / 2])
    homography = np.eye(3)
    homography[:2, :2], homography[:2, 2] = turn, np.asarray(at) - turn @ middle
    scale = 2  # supersampling
    w, h = size
    big = np.full((h * scale, w * scale, 3), 0.35, dtype=np.float32)
    lift = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2], [0, 0, 1]]) @ homography

    def polygon(corners: np.ndarray, colour: np.ndarray) -> None:
        p = corners @ lift[:2, :2].T + lift[:2, 2]
        cv2.fillPoly(big, [np.rint(p * 16).astype(np.int32)], tuple(map(float, colour)), shift=4)

    edge = np.array(
        [[-0.7, -0.7], [card.columns - 0.3, -0.7], [card.columns - 0.3, card.rows - 0.3], [-0.7, card.rows - 0.3]]
    )
    polygon(edge, np.full(3, 0.02))
    fill = card.patch_mm / card.pitch_mm / 2 if card.patch_mm and card.pitch_mm else 0.45
    if light is None:
        light = device_light(card.lab if patch_lab is None else patch_lab) * exposure
    for i, colour in enumerate(light):
        cell = np.array([i % card.columns, i // card.columns])
        polygon(cell + fill * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]), colour)
    cv2.circle(big, (580 * scale, 60 * scale), 30 * scale, (1.5, 1.4, 0.9), -1)
    linear = cv2.resize(big, size, interpolation=cv2.INTER_AREA).astype(np.float64)
    linear = cv2.GaussianBlur(linear, (0, 0), 0.9)
    if field is not None:
        linear = linear * field
    rng = np.random.default_rng(seed)
    linear = linear + rng.normal(0, noise, linear.shape) * np.sqrt(np.maximum(linear, 0.02))
    coded = np.rint(255 * srgb_encode(np.clip(linear, 0, 1) ** tone)).astype(np.uint8)
    return Shot(DeviceRGB(coded), "0" * 64, "drawn.png"), homography


def corners_of(homography: np.ndarray, card: CardReference) -> np.ndarray:
    c, r = card.columns - 0.5, card.rows - 0.5
    p = np.array([[-0.5, -0.5], [c, -0.5], [c, r], [-0.5, r]])
    return p @ homography[:2, :2].T + homography[:2, 2]


DEEP_BLACKS = (
    np.array(
        [  # linear light in thousandths of a card's patches as a camera with deepened blacks gave them
            (37.6, 16, 10.3),
            (444, 137.8, 91.3),
            (34.4, 68.1, 149.3),
            (20.6, 35.5, 10.5),
            (89.5, 100, 240.4),
            (70.2, 347.6, 280.2),
            (600.4, 80.3, 10.2),
            (18.4, 35, 202.7),
            (356.9, 32.2, 29.2),
            (17.6, 10.1, 28.7),
            (170.9, 329.3, 23.8),
            (618.8, 219.6, 12.2),
            (7.5, 15.8, 108.9),
            (21.5, 106.7, 18.6),
            (269.8, 15.9, 8.2),
            (767.8, 472.5, 13),
            (289.6, 39.3, 114.1),
            (16.2, 103.2, 233.3),
            (1000, 1000, 1000),
            (533.4, 597.1, 574.9),
            (186, 216.5, 212.2),
            (54.4, 60.1, 58.5),
            (15.2, 16.7, 17.3),
            (4.4, 4.5, 4.6),
        ]
    )
    / 1000
)


# --- references -------------------------------------------------------------------------------------------------------


def test_default_is_both_editions_of_the_classic_card() -> None:
    cards = load_cards(None)
    assert [c.name for c in cards] == ["colorchecker24-after-2014", "colorchecker24-before-2014"]
    apart = delta_e_2000(Lab(cards[0].lab), Lab(cards[1].lab))
    assert apart.mean() == pytest.approx(0.85, abs=0.02)
    assert apart.max() == pytest.approx(1.95, abs=0.02)


@pytest.mark.parametrize("name", [*BUILT_IN, "colorchecker24-nano-before-2014"])
def test_every_built_in_name_loads(name: str) -> None:
    for card in load_cards(name):
        assert (card.columns, card.rows) == (6, 4)
        if name.startswith("colorchecker24"):
            assert card.patches[0].name == "dark skin"
            assert card.patches[-1].name == "black 2"


@pytest.mark.filterwarnings("ignore")
def test_references_are_those_of_colour_science() -> None:
    import colour

    for card, key in zip(load_cards(None), ("After", "Before"), strict=True):
        chart = colour.CCS_COLOURCHECKERS[f"ColorChecker24 - {key} November 2014"]
        xyz = np.array([colour.xyY_to_XYZ(v) for v in chart.data.values()])
        np.testing.assert_allclose(card.lab, colour.XYZ_to_Lab(xyz, chart.illuminant), atol=6e-4)


def _toml(patches: int = 24, lab: str = "[50.0, 1.0, 2.0]", extra: str = "") -> bytes:
    head = f'name = "own"\ncolumns = 6\nrows = 4\npatch_mm = 4.0\npitch_mm = 4.7\n{extra}\n'
    return (head + f'[[patches]]\nname = "p"\nlab = {lab}\n' * patches).encode()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_toml(23), "patches"),
        (_toml(extra="colour = 1"), "colour"),
        (_toml(lab="[nan, 0.0, 0.0]"), "patches.0.lab"),
        (_toml(lab="[120.0, 0.0, 0.0]"), "patches.0.lab"),
        (_toml(lab='["dark", 0.0, 0.0]'), "patches.0.lab"),
        (_toml(extra="height_mm = -1.0"), "height_mm"),
        (_toml(extra="height_mm = inf"), "height_mm"),
        (_toml(9).replace(b"columns = 6\nrows = 4", b"columns = 3\nrows = 3"), "has 9 patches, a .* needs 10"),
        (b"name = ", "not TOML"),
        (b"\xff\xfe", "not TOML"),
    ],
)
def test_a_faulty_card_file_is_refused_with_its_key(text: bytes, named: str) -> None:
    with pytest.raises(RigError, match=named):
        parse_card(text, "own.toml")


def test_a_card_without_known_gaps_keeps_the_digest_it_had_before_there_were_any() -> None:
    card = parse_card(_toml(), "own.toml")
    old = card.model_dump(mode="json")
    del old["fill"]
    assert card.digest == digest(old)
    assert parse_card(_toml(extra="fill = [[0.8, 0.8]]"), "own.toml").digest != card.digest


def test_a_card_file_is_read_and_an_unknown_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(_toml())
    assert load_cards(str(path))[0].pitch_mm == 4.7
    with pytest.raises(RigError, match="cannot be read"):
        load_cards(str(tmp_path / "absent.toml"))
    with pytest.raises(RigError, match="'spyder'") as refused:
        load_cards("spyder")
    offered = refused.value.do.removeprefix("Use one of ").removesuffix(", or a path ending in .toml.").split(", ")
    assert {*BUILT_IN, "spydercheckr24", "colorchecker24-nano-before-2014"} <= set(offered)
    assert len(offered) == len(set(offered))


# --- finding and reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 33, 90, 137, 180, 270, 311])
def test_a_micro_card_is_found_in_place_and_order_at_any_rotation(degrees: float) -> None:
    shot, truth = draw(degrees=degrees)
    reading = find_card(shot, (MICRO,))
    assert reading.usable, reading.reason
    assert not reading.mirrored
    assert reading.corners_px is not None
    assert np.hypot(*(reading.corners_px - corners_of(truth, MICRO)).T).max() < 0.35
    assert reading.loo_mean is not None
    assert reading.loo_mean < 1.0
    # card millimetres to pixels: the pitch comes back to 0.1 per cent
    assert reading.homography is not None
    assert np.hypot(*reading.homography[:2, 0]) * 4.7 == pytest.approx(46.0, rel=1e-3)


def test_patches_come_back_in_order_with_their_names() -> None:
    shot, truth = draw(degrees=20)
    reading = find_card(shot, (MICRO,))
    assert [p.name for p in reading.patches] == [p.name for p in MICRO.patches]
    expected = device_light(MICRO.lab) * 0.9
    got = np.array([p.rgb for p in reading.patches])
    np.testing.assert_allclose(got, np.clip(expected, 0, 1), atol=0.012)
    np.testing.assert_allclose(reading.patches[0].centre_px, truth[:2, 2], atol=0.4)


def test_the_edition_that_was_photographed_is_named() -> None:
    for edition in load_cards(None):
        shot, _ = draw(edition.model_copy(update={"patch_mm": 4.0, "pitch_mm": 4.7}), noise=0.002)
        assert find_card(shot, load_cards(None)).edition == edition.name


def test_a_tone_curve_is_followed_and_a_plain_camera_gets_a_plain_matrix() -> None:
    plain, _ = draw(noise=0.001)
    assert find_card(plain, (MICRO,)).loo_mean < 0.8  # type: ignore[operator]
    curved, _ = draw(tone=1.25, noise=0.001)
    reading = find_card(curved, (MICRO,))
    assert reading.correction is not None
    assert "gamma" in reading.correction.method
    assert reading.loo_mean is not None
    assert reading.loo_mean < 1.2


def test_a_mirrored_photo_is_named_and_not_used() -> None:
    shot, _ = draw(mirrored=True, degrees=15)
    reading = find_card(shot, (MICRO,))
    assert reading.found
    assert reading.mirrored
    assert not reading.usable
    assert "mirror" in reading.reason


def test_a_card_of_other_colours_is_never_usable() -> None:
    """C2."""
    rng = np.random.default_rng(5)
    for spread in (8.0, 20.0):
        lab = MICRO.lab + rng.normal(0, spread, (24, 3)) * (0.3, 1, 1)
        lab[:, 0] = lab[:, 0].clip(10, 97)
        shot, _ = draw(patch_lab=lab)
        assert not find_card(shot, (MICRO,)).usable


@pytest.mark.parametrize("columns", [3, 2])
def test_a_partly_covered_card_is_never_usable(columns: int) -> None:
    shot, truth = draw()
    pixels = shot.photo.pixels.copy()
    left = int(truth[0, 2] + (6 - columns - 0.5) * 46)
    pixels[100:380, left:] = (120, 140, 90)
    assert not find_card(dataclasses.replace(shot, photo=DeviceRGB(pixels)), (MICRO,)).usable


def with_pixels(shot: Shot, pixels: np.ndarray) -> Shot:
    return dataclasses.replace(shot, photo=DeviceRGB(np.ascontiguousarray(pixels)))


@pytest.mark.parametrize("left", [(72.0, 240.0), (140.0, 240.0)])
def test_a_card_cut_off_by_the_frame_is_named(left: tuple[float, float]) -> None:
    shot, _ = draw(at=left)
    reading = find_card(shot, (MICRO,))
    assert not reading.found or left[0] > 138  # the second one just fits
    if not reading.found:
        assert "outside the photo" in reading.reason


@pytest.mark.parametrize(("side", "cut"), [("left", 0.3), ("right", 0.8), ("top", 0.8), ("bottom", 0.3)])
def test_a_card_cut_by_any_edge_is_not_called_covered(side: str, cut: float) -> None:
    """A sample photo cropped so that a part of the card's first or last row or column of patches is outside."""
    decoded = cv2.imread(str(SAMPLES / "alpine" / "golden.jpg"), cv2.IMREAD_REDUCED_COLOR_2)
    assert decoded is not None
    photo = np.ascontiguousarray(decoded[80:640, 620:, ::-1])  # the card and the bench around it
    card = load_cards(str(SAMPLES / "bench" / "card.toml"))
    whole = find_card(Shot(DeviceRGB(photo), "0" * 64, "golden.jpg"), card)
    assert whole.usable
    assert whole.corners_px is not None
    x, y = whole.corners_px.T
    pitch = float(np.hypot(*(whole.corners_px[1] - whole.corners_px[0])) / 6)
    into = round((0.075 + cut * 0.85) * pitch)  # from the middle of the gap into the patches
    pixels = {
        "left": photo[:, round(x.min()) + into :],
        "right": photo[:, : round(x.max()) - into],
        "top": photo[round(y.min()) + into :],
        "bottom": photo[: round(y.max()) - into],
    }[side]
    reading = find_card(with_pixels(Shot(DeviceRGB(photo), "0" * 64, "cut.jpg"), pixels), card)
    assert not reading.usable
    assert "reaches over the picture's edge" in reading.reason
    assert "lie outside the photo" in reading.reason


def test_another_chart_that_shares_half_of_the_colours_is_not_called_covered() -> None:
    """As other makers sell them: 24 open patches, the greys and some hues are the classic card's, the others not."""
    lab = MICRO.lab.copy()
    other = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    lab[other] = lab[np.roll(other, 3)] * (1, -0.8, -0.8)
    shot, _ = draw(patch_lab=lab)
    reading = find_card(shot, (MICRO,))
    assert not reading.usable
    assert "looks like another chart" in reading.reason
    assert "of its 24 patches lie open and have other colours (blue flower, " in reading.reason
    assert "covered" not in reading.reason


def test_a_covered_card_is_named_with_its_patches() -> None:
    shot, truth = draw()
    pixels = shot.photo.pixels.copy()
    pixels[100:380, int(truth[0, 2] + 3.5 * 46) :] = (90, 140, 160)
    reason = find_card(with_pixels(shot, pixels), (MICRO,)).reason
    assert "covered" in reason
    assert "blue flower" in reason


def test_a_grey_scale_or_tinted_photo_is_named() -> None:
    shot, _ = draw()
    grey = cv2.cvtColor(shot.photo.pixels, cv2.COLOR_RGB2GRAY)
    sepia = np.stack([np.minimum(grey * 1.1, 255), grey * 0.9, grey * 0.7], axis=-1).astype(np.uint8)
    for pixels in (np.repeat(grey[..., None], 3, axis=2), sepia):
        reading = find_card(with_pixels(shot, pixels), (MICRO,))
        assert not reading.found
        assert "grey-scale" in reading.reason


@pytest.mark.parametrize(("order", "named"), [((2, 1, 0), "red and blue"), ((1, 2, 0), "channels")])
def test_swapped_channels_are_named(order: tuple[int, int, int], named: str) -> None:
    for tone in (1.0, 1.3):
        shot, _ = draw(tone=tone)
        reading = find_card(with_pixels(shot, shot.photo.pixels[..., order]), (MICRO,))
        assert reading.found
        assert not reading.usable
        assert "channels are swapped" in reading.reason
        assert named in reading.reason


@pytest.mark.parametrize("exposure", [0.5, 0.9, 1.05])
def test_a_negative_is_named_before_its_exposure(exposure: float) -> None:
    """The white patch of a negative is its darkest: asking for a longer exposure would be no help."""
    shot, _ = draw(exposure=exposure)
    reading = find_card(with_pixels(shot, 255 - shot.photo.pixels), (MICRO,))
    assert reading.found
    assert not reading.usable
    assert "negative" in reading.reason
    assert reading.correction is None


@pytest.mark.parametrize(("side_px", "usable"), [(10, False), (14, False), (20, True), (26, True)])
def test_patches_of_too_few_pixels_are_refused_with_their_size(side_px: int, usable: bool) -> None:
    shot, _ = draw(pitch_px=side_px * 4.7 / 4.0, noise=0.001)
    reading = find_card(shot, (MICRO,))
    assert reading.found
    assert reading.usable is usable, reading.reason
    if not usable:
        assert f"its patches are {side_px} px wide, 20 are needed: photograph nearer" in reading.reason


def test_the_reason_and_the_patches_speak_of_the_same_residuals() -> None:
    lab = MICRO.lab.copy()
    lab[5] += (12, 25, 0)  # bluish green
    shot, _ = draw(patch_lab=lab, noise=0.001)
    reading = find_card(shot, (MICRO,))
    document = card_document(shot, reading)
    gate = {p.name: p.gate_delta_e_00 for p in document.patches}
    assert not document.usable
    assert document.fit is not None
    known = [g for g in gate.values() if g is not None]
    assert document.fit.gate_max == max(known) == gate["bluish green"]
    assert document.fit.gate_mean == pytest.approx(np.mean(known))
    assert f"bluish green {gate['bluish green']:.2f}" in document.reason
    assert (
        f"{document.fit.gate_mean:.2f} CIEDE2000 in the mean and {document.fit.gate_max:.2f} at most" in reading.reason
    )
    assert "stiffer than the correction" in document.reason


def test_only_a_nearly_black_patch_may_be_beyond_the_gate() -> None:
    """A camera that deepens the blacks is no other card; the same residual on a patch that can be seen is."""
    shot, _ = draw(light=DEEP_BLACKS, noise=0.0005)
    reading = find_card(shot, (MICRO,))
    black = reading.patches[23]
    assert black.used
    assert black.gate_delta_e_00 is not None
    assert reading.gate_max is not None
    assert black.gate_delta_e_00 > 8 > reading.gate_max
    assert reading.usable, reading.reason
    assert any("too dark to count" in n and "black 2" in n for n in reading.notes)
    other = DEEP_BLACKS.copy()
    other[23] = 0.06  # as light as the patch beside it
    assert not find_card(draw(light=other, noise=0.0005)[0], (MICRO,)).usable


def test_a_copy_with_other_gaps_is_refused_though_its_colours_are_right() -> None:
    genuine, _ = draw(CLASSIC.model_copy(update={"patch_mm": 0.874, "pitch_mm": 1.0}), noise=0.001)
    copy, _ = draw(CLASSIC.model_copy(update={"patch_mm": 0.97, "pitch_mm": 1.0}), noise=0.001)
    assert find_card(genuine, load_cards(None)).usable
    reading = find_card(copy, load_cards(None))
    assert reading.fit_mean is not None
    assert reading.fit_mean < 1.0
    assert not reading.usable
    assert "copy" in reading.reason


def test_a_spydercheckr_is_named_and_can_be_asked_for() -> None:
    spyder = load_cards("spydercheckr24")
    shot, truth = draw(spyder[0], degrees=12)
    other = find_card(shot, load_cards(None))
    assert not other.found
    assert "spydercheckr24" in other.reason
    own = find_card(shot, spyder)
    assert own.usable
    assert own.corners_px is not None
    assert np.hypot(*(own.corners_px - corners_of(truth, spyder[0])).T).max() < 0.7


def random_card(columns: int, rows: int, seed: int, width: float = 4.0) -> CardReference:
    rng = np.random.default_rng(seed)
    n = columns * rows
    lab = np.stack([rng.uniform(25, 85, n), rng.uniform(-45, 45, n), rng.uniform(-45, 45, n)], axis=-1)
    patches = [{"name": f"p{i}", "lab": tuple(map(float, v))} for i, v in enumerate(lab)]
    return CardReference.model_validate(
        {
            "name": f"{columns} by {rows}",
            "columns": columns,
            "rows": rows,
            "patch_mm": width,
            "pitch_mm": 4.7,
            "patches": patches,
        }
    )


def test_a_larger_chart_that_holds_the_card_is_refused() -> None:
    large = random_card(12, 8, seed=2)
    patches = list(large.patches)
    for i, patch in enumerate(MICRO.patches):
        patches[(2 + i // 6) * 12 + 3 + i % 6] = patch
    shot, _ = draw(large.model_copy(update={"patches": tuple(patches)}), pitch_px=34.0, size=(640, 480), at=(310, 240))
    reading = find_card(shot, (MICRO,))
    assert not reading.usable
    assert "another chart" in reading.reason


@pytest.mark.parametrize(("columns", "rows", "degrees"), [(5, 5, 0), (5, 5, 115), (4, 3, 200), (6, 3, 270), (3, 7, 45)])
def test_cards_of_any_layout_are_found_in_their_own_order(columns: int, rows: int, degrees: float) -> None:
    card = random_card(columns, rows, seed=columns + rows)
    shot, truth = draw(card, degrees=degrees, pitch_px=40)
    reading = find_card(shot, (card,))
    assert reading.found
    assert reading.corners_px is not None
    assert np.hypot(*(reading.corners_px - corners_of(truth, card)).T).max() < 0.7


def test_small_patches_in_a_large_photo_are_found() -> None:
    """24 px a pitch are patches of 20 px: found even where the whole photo is 12 megapixels."""
    shot, truth = draw(pitch_px=24.0, size=(320, 240), at=(150, 120))
    rng = np.random.default_rng(1)
    pixels = np.clip(rng.normal(110, 3, (3000, 4000, 3)), 0, 255).astype(np.uint8)
    pixels[1700:1940, 900:1220] = shot.photo.pixels
    reading = find_card(with_pixels(shot, pixels), (MICRO,))
    assert reading.found
    assert reading.corners_px is not None
    assert np.hypot(*(reading.corners_px - (900, 1700) - corners_of(truth, MICRO)).T).max() < 1.0


def test_of_two_cards_the_better_one_is_read_and_said_so() -> None:
    near, truth = draw(noise=0.002)
    worn = MICRO.lab + np.random.default_rng(6).normal(0, 3, (24, 3))
    far, _ = draw(patch_lab=worn, degrees=90, pitch_px=40.0)
    reading = find_card(with_pixels(near, np.concatenate([far.photo.pixels, near.photo.pixels], axis=1)), (MICRO,))
    assert reading.usable
    assert any("2 colour cards" in n for n in reading.notes)
    assert reading.corners_px is not None
    assert np.hypot(*(reading.corners_px - (640, 0) - corners_of(truth, MICRO)).T).max() < 1.0


def test_perspective_is_followed() -> None:
    shot, truth = draw(size=(640, 480))
    quad = np.array([[60, 40], [560, 110], [600, 440], [20, 400]], dtype=np.float32)
    frame = np.array([[0, 0], [639, 0], [639, 479], [0, 479]], dtype=np.float32)
    tilt = cv2.getPerspectiveTransform(frame, quad)
    pixels = cv2.warpPerspective(shot.photo.pixels, tilt, (640, 480), flags=cv2.INTER_LINEAR, borderValue=(90, 90, 90))
    reading = find_card(with_pixels(shot, pixels), (MICRO,))
    true = cv2.perspectiveTransform(corners_of(truth, MICRO)[None].astype(np.float64), tilt)[0]
    assert reading.found
    assert reading.corners_px is not None
    assert np.hypot(*(reading.corners_px - true).T).max() < 1.0


def test_a_patch_with_glare_or_a_shadow_takes_no_part_and_is_named() -> None:
    shot, truth = draw(noise=0.001)
    pixels = shot.photo.pixels.copy()
    x, y = (round(v) for v in truth[:2] @ (2, 1, 1))  # moderate red
    cv2.circle(pixels, (x + 5, y - 4), 6, (250, 249, 245), -1)
    x, y = (round(v) for v in truth[:2] @ (4, 2, 1))  # magenta
    shade = pixels[y - 20 : y + 20, x : x + 20].astype(np.float64) * 0.75
    pixels[y - 20 : y + 20, x : x + 20] = shade.astype(np.uint8)
    clean, spoilt = find_card(shot, (MICRO,)), find_card(with_pixels(shot, pixels), (MICRO,))
    faults = {p.name: p.fault for p in spoilt.patches if p.fault}
    assert faults == {"moderate red": "glare", "magenta": "uneven light"}
    assert spoilt.usable
    assert any("moderate red (glare)" in n for n in spoilt.notes)
    assert spoilt.loo_mean == pytest.approx(clean.loo_mean, abs=0.1)
    assert all(p.glare < 0.01 and p.gradient < 0.05 for p in clean.patches if p.lab_reference[0] > 30)


def test_glare_on_too_many_patches_is_named() -> None:
    shot, truth = draw(noise=0.001)
    pixels = shot.photo.pixels.copy()
    for i in range(8):
        x, y = (round(v) for v in truth[:2] @ (i % 6, i // 6, 1))
        cv2.circle(pixels, (x + 5, y - 4), 6, (250, 249, 245), -1)
    reading = find_card(with_pixels(shot, pixels), (MICRO,))
    assert not reading.usable
    assert "unevenly on 8 of 24" in reading.reason
    assert "dark skin" in reading.reason


def test_no_card_in_a_photo_without_one() -> None:
    rng = np.random.default_rng(0)
    noise = DeviceRGB(rng.integers(0, 255, (300, 400, 3), dtype=np.uint8))
    board = np.kron((np.indices((9, 12)).sum(axis=0) % 2) * 255, np.ones((40, 40)))
    chess = DeviceRGB(np.repeat(board[..., None], 3, axis=2).astype(np.uint8))
    tiny = DeviceRGB(np.zeros((1, 1, 3), np.uint8))
    for photo in (noise, chess, tiny):
        reading = find_card(Shot(photo, "0" * 64, "x.png"), load_cards(None))
        assert not reading.found
        assert "no colour card" in reading.reason


def test_exposure_gates_name_themselves() -> None:
    dark, _ = draw(exposure=0.05)
    assert find_card(dark, (MICRO,)).reason.startswith("light")
    bright, _ = draw(exposure=3.5)
    reading = find_card(bright, (MICRO,))
    assert not reading.usable
    if reading.found:
        assert reading.reason.startswith("clipping")
        assert sum(p.clipped for p in reading.patches) > 6


def test_sixteen_bit_photos_read_the_same() -> None:
    shot, _ = draw()
    deep = dataclasses.replace(shot, photo=DeviceRGB(shot.photo.pixels.astype(np.uint16) * 257))
    one, other = find_card(shot, (MICRO,)), find_card(deep, (MICRO,))
    assert one.loo_mean == pytest.approx(other.loo_mean, rel=2e-3)  # edges are interpolated to a coded step


def test_the_document_carries_the_reading() -> None:
    shot, _ = draw()
    document = card_document(shot, find_card(shot, (MICRO,)))
    assert document.usable
    assert document.edition == "micro 24"
    assert document.corners_px is not None
    assert len(document.corners_px) == 4
    assert document.fit is not None
    assert document.fit.loo_mean >= document.fit.mean > 0
    assert {p.name for p in document.patches} == {p.name for p in MICRO.patches}
    assert "found" in document.model_dump_json()


# --- the correction ---------------------------------------------------------------------------------------------------


def test_leave_one_out_is_the_error_of_a_real_refit() -> None:
    rng = np.random.default_rng(4)
    rgb = device_light(CLASSIC.lab) * (1 + rng.normal(0, 0.02, (24, 3)))
    use = np.ones(24, dtype=bool)
    whole = fit_correction(rgb, CLASSIC.lab, use)
    assert whole is not None
    for i in (0, 7, 14, 18):
        without = use.copy()
        without[i] = False
        rest = fit_correction(rgb, CLASSIC.lab, without)
        assert rest is not None
        if rest.correction.method == whole.correction.method:
            error = delta_e_2000(Lab(CLASSIC.lab[i]), rest.correction.lab(rgb[i]))
            assert whole.loo[i] == pytest.approx(float(error), abs=0.05)


def test_left_out_patches_take_no_part() -> None:
    rgb = device_light(CLASSIC.lab)
    use = np.ones(24, dtype=bool)
    use[18] = False
    clean = fit_correction(rgb, CLASSIC.lab, use)
    spoilt = rgb.copy()
    spoilt[18] = 1.0
    same = fit_correction(spoilt, CLASSIC.lab, use)
    assert clean is not None
    assert same is not None
    np.testing.assert_array_equal(clean.correction.matrix, same.correction.matrix)
    assert np.isnan(same.loo[18])
    assert fit_correction(rgb, CLASSIC.lab, np.arange(24) < 9) is None


def test_the_correction_brings_unseen_colours_home() -> None:
    rng = np.random.default_rng(8)
    lab = np.stack([rng.uniform(30, 85, 200), rng.uniform(-35, 35, 200), rng.uniform(-35, 35, 200)], axis=-1)
    rgb = device_light(lab)
    inside = (rgb > 0.01).all(axis=1)
    fitted = fit_correction(device_light(CLASSIC.lab), CLASSIC.lab, np.ones(24, dtype=bool))
    assert fitted is not None
    error = delta_e_2000(Lab(lab[inside]), fitted.correction.lab(rgb[inside]))
    assert np.median(error) < 0.3


# --- the light --------------------------------------------------------------------------------------------------------

RIG = Rig(name="bench-a", camera=CameraSpec(width=640, height=480, distance_mm=300.0))
NOW = datetime(2026, 5, 10, tzinfo=UTC)


def sloping(size: tuple[int, int] = (640, 480)) -> np.ndarray:
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    u, v = x / size[0] - 0.5, y / size[1] - 0.5
    vignette = 1 - 0.5 * (u**2 + v**2)
    return np.stack(
        [vignette * (1 + 0.25 * u), vignette * (1 + 0.2 * u), vignette * (1 + 0.15 * u + 0.05 * v)], axis=-1
    )


def grey_shot(field: np.ndarray, seed: int, level: float = 0.3, noise: float = 0.01) -> Shot:
    rng = np.random.default_rng(seed)
    linear = level * field + rng.normal(0, noise, field.shape)
    coded = np.rint(255 * srgb_encode(linear)).astype(np.uint8)
    return Shot(DeviceRGB(coded), "0" * 64, f"grey-{seed}.png")


def test_the_flat_field_evens_the_light() -> None:
    field = sloping()
    light = flat_field([grey_shot(field, s) for s in range(4)], RIG, lux=900.0, made_at=NOW)
    assert light.gain.mean(axis=(0, 1)) == pytest.approx([1, 1, 1], abs=1e-4)
    assert light.residual < 0.003
    nine = field[80::160, 106::213].mean(axis=2)
    assert nine.shape == (3, 3)
    assert light.uniformity == pytest.approx(nine.min() / nine.max(), abs=0.01)
    assert light.lux == 900.0
    assert (light.expires_at - light.made_at).days == 30
    exact = DeviceRGB(np.rint(65535 * srgb_encode(0.3 * field)).astype(np.uint16))
    flat = PhotoLight(exact, gain_rows(light, (field.shape[1], field.shape[0]))).whole().pixels
    inner = flat[12:-12, 12:-12]  # beyond the outermost cells' centres the gain is held
    assert np.ptp(inner, axis=(0, 1)).max() / inner.mean() < 0.01


@pytest.mark.parametrize("spoilt", ["part", "dark", "bright", "size", "none", "coloured"])
def test_pictures_that_are_no_grey_field_are_refused(spoilt: str) -> None:
    shots = [grey_shot(sloping(), 1)]
    if spoilt == "part":
        pixels = shots[0].photo.pixels.copy()
        cv2.circle(pixels, (250, 190), 75, (200, 40, 40), -1)
        shots = [dataclasses.replace(shots[0], photo=DeviceRGB(pixels))]
    elif spoilt == "dark":
        shots = [grey_shot(sloping(), 1, level=0.01)]
    elif spoilt == "bright":
        shots = [grey_shot(sloping(), 1, level=1.2)]
    elif spoilt == "size":
        shots = [grey_shot(sloping((320, 240)), 1)]
    elif spoilt == "none":
        shots = []
    else:
        shots = [grey_shot(sloping() * (1.5, 0.3, 0.2), 1)]
    with pytest.raises(CalibrationError):
        flat_field(shots, RIG, lux=None, made_at=NOW)


def test_correct_reads_card_and_part_in_one_light() -> None:
    field = sloping()
    light = flat_field([grey_shot(field, s) for s in range(4)], RIG, lux=None, made_at=NOW)
    even, _ = draw()
    uneven, _ = draw(field=field)
    with_field = correct(uneven, Calibration(cards=(MICRO,), rig=RIG, light=light))
    reference = correct(even, Calibration(cards=(MICRO,)))
    assert with_field.correction is not None
    assert reference.correction is not None
    assert with_field.card is not None
    assert with_field.card.loo_mean is not None
    assert with_field.card.loo_mean < 1.0
    # the card's own patch, far from the centre, has its colour back in the corrected picture
    patch = with_field.card.patches[5]
    x, y = (round(v) for v in patch.centre_px)
    seen = with_field.correction.lab(
        with_field.image.whole().pixels[y - 4 : y + 4, x - 4 : x + 4].reshape(-1, 3).mean(axis=0)
    )
    assert float(delta_e_2000(Lab(patch.lab_reference), seen)) < 1.0


def test_too_dark_too_bright_and_glare_are_gates_of_their_own() -> None:
    light = flat_field([grey_shot(np.ones((480, 640, 3)), s) for s in range(2)], RIG, lux=None, made_at=NOW)
    bench = Calibration(cards=(MICRO,), rig=RIG, light=light)

    def failed(shot: Shot) -> dict[str, tuple[str, ...]]:
        return {g.name: g.blocks for g in correct(shot, bench).gates if not g.ok and g.name != "scale"}

    good, _ = draw()
    pixels = good.photo.pixels.copy()
    cv2.circle(pixels, (580, 60), 45, (120, 120, 100), -1)  # without the bright disc
    even = dataclasses.replace(good, photo=DeviceRGB(pixels))
    assert failed(even) == {}
    assert failed(draw(exposure=0.12)[0])["light"] == ()
    assert failed(draw(exposure=3.5)[0])["clipping"] == ()
    glare = pixels.copy()
    cv2.circle(glare, (80, 430), 30, (255, 254, 250), -1)
    assert failed(dataclasses.replace(good, photo=DeviceRGB(glare))) == {"clipping": ()}
    thin = pixels.copy()
    cv2.circle(thin, (580, 400), 40, (255, 254, 250), 3)  # a highlight along a rim
    assert failed(dataclasses.replace(good, photo=DeviceRGB(thin))) == {}


def test_correct_gates_what_is_missing_and_marks_clipped_pixels() -> None:
    shot, _ = draw()
    alone = correct(shot, Calibration(cards=(MICRO,)))
    assert alone.plane is not None
    assert alone.plane.source == "card"
    assert alone.clipped[60, 580]  # the bright disc
    assert not alone.clipped[240, 300]
    assert [g.name for g in alone.gates] == ["card"]
    assert alone.gates[0].ok
    np.testing.assert_array_equal(alone.image.whole().pixels, linearise(shot.photo).pixels)
    bench = correct(shot, Calibration(cards=(MICRO,), rig=RIG))
    faulty = {g.name: g for g in bench.gates if not g.ok}
    assert "station calibrate light" in faulty["light"].reason
    assert faulty["light"].blocks == ("colour",)
    blank = dataclasses.replace(shot, photo=DeviceRGB(np.full_like(shot.photo.pixels, 90)))
    without = correct(blank, Calibration(cards=(MICRO,)))
    assert without.correction is None
    gate = next(g for g in without.gates if g.name == "card")
    assert not gate.ok
    assert gate.blocks == ("colour",)


def test_the_table_of_photographs_names_enough_of_each_kind() -> None:
    table = tomllib.loads((Path(__file__).parents[1] / "benchmarks" / "card_photos.toml").read_text("utf-8"))["photo"]
    kinds = [p["set"] for p in table]
    assert kinds.count("classic") >= 40
    assert kinds.count("webcam") >= 40
    assert kinds.count("refuse") >= 20
    assert sum(p.get("mirrored", False) for p in table) >= 15
    for photo in table:
        assert len(photo["sha256"]) == 64
        assert ("why" in photo) == (photo["set"] == "refuse")
        assert ("corners" in photo) == (photo["set"] != "refuse")
