"""Registration on metric scenes drawn here: a part on a textured bench, seen by a calibrated camera."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.align import align
from station.measure.frame import golden_frame
from station.measure.part import find_part
from station.values.colour import DeviceRGB, LinearRGB
from station.values.geometry import CameraPlane, PlaneMap, Similarity
from station.values.line import Aligned, Corrected, MarkMaster, Master, Shot

Float = NDArray[np.float64]

THICKNESS = 1.6
SIZE = (1000, 750)  # photo, px; 0.066 mm a px, so that a test takes half a second
ART_PITCH = 0.03
ART_HALF = 17.0
CAMERA = CameraPlane(
    camera_matrix=np.array([[4545.0, 0, 502.0], [0, 4545.0, 371.0], [0, 0, 1]]),
    distortion=np.array([-0.12, 0.0, 0.0, 0.0, 0.0]),
    rotation=np.asarray(cv2.Rodrigues(np.array([0.02, -0.015, 0.004]))[0], dtype=np.float64),
    translation_mm=np.array([0.3, -0.2, 300.0]),
    u_scale=0.0005,
)
SKY, RED, GREEN, WHITE, GOLD = (
    (0.05, 0.22, 0.52),
    (0.5, 0.03, 0.05),
    (0.04, 0.3, 0.08),
    (0.7, 0.68, 0.6),
    (0.62, 0.42, 0.14),
)


def _canvas() -> NDArray[np.float32]:
    n = round(2 * ART_HALF / ART_PITCH)
    return np.zeros((n, n, 4), dtype=np.float32)


def _px(mm: Float) -> NDArray[np.int32]:
    return np.round(((np.asarray(mm) + ART_HALF) / ART_PITCH - 0.5) * 16).astype(np.int32)


def _fill(art: NDArray[np.float32], polygon: Float, colour: tuple[float, float, float]) -> None:
    cv2.fillPoly(art, [_px(polygon)], (*colour, 1.0), lineType=cv2.LINE_8, shift=4)


def _ring(radius: float, points: int = 360, centre: tuple[float, float] = (0.0, 0.0)) -> Float:
    a = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([radius * np.cos(a) + centre[0], radius * np.sin(a) + centre[1]], axis=-1)


def _logo(art: NDArray[np.float32], shift: tuple[float, float]) -> None:
    x, y = shift
    _fill(art, np.array([[-3, 4], [3, 4], [3, 5], [-3, 5]]) + (x, y), WHITE)
    _fill(art, np.array([[-2, 6], [0, 5.5], [2, 7.5], [-1, 8]]) + (x, y), WHITE)


def round_pin(*, logo: tuple[float, float] = (0.0, 0.0), sky: tuple[float, float, float] = SKY) -> NDArray[np.float32]:
    """A round pin: gold rim, sky, a red hill, a green wood, gold lines between, a white logo."""
    art = _canvas()
    _fill(art, _ring(14.0), GOLD)
    _fill(art, _ring(13.0), sky)
    hill = np.array([[-12.2, 3], [-6, -5], [-1, 0], [5, -8], [12.4, 2.6], [9, 9], [0, 12.8], [-9, 9]])
    _fill(art, hill * 1.02, GOLD)
    _fill(art, hill * 0.97, RED)
    _fill(art, _ring(2.4, centre=(-6, 6)), GOLD)
    _fill(art, _ring(2.1, centre=(-6, 6)), GREEN)
    _fill(art, _ring(1.6, centre=(4, -9.8)), WHITE)
    _logo(art, logo)
    return art


def shield() -> NDArray[np.float32]:
    art = _canvas()
    outer = np.array([[-11, -13], [11, -13], [12, -2], [8, 8], [0, 14], [-8, 8], [-12, -2]], dtype=np.float64)
    _fill(art, outer, GOLD)
    _fill(art, outer * 0.92, GREEN)
    _fill(art, np.array([[-9, -11], [0, -11], [0, 10], [-6, 6]]), WHITE)
    _fill(art, np.array([[2, -6], [8, -4], [6, 3], [2, 2]]), RED)
    return art


def rosette() -> NDArray[np.float32]:
    """Twelve equal petals on a round coin; only one small dot tells the rotation."""
    art = _canvas()
    _fill(art, _ring(14.0), GOLD)
    _fill(art, _ring(13.0), SKY)
    for k in range(12):
        a = k * np.pi / 6
        _fill(art, _ring(1.9, centre=(9 * math.cos(a), 9 * math.sin(a))), GOLD)
        _fill(art, _ring(1.6, centre=(9 * math.cos(a), 9 * math.sin(a))), RED)
    _fill(art, _ring(3.0), WHITE)
    _fill(art, _ring(1.0, centre=(9.0, 0.0)), GREEN)
    return art


def _bench(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.float32]:
    w, h = size
    grain = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), 2.0)
    grain /= grain.std()
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    light = 1 + 0.12 * (x / w - 0.5) - 0.08 * (y / h - 0.5)
    return np.asarray((0.2 * light * (1 + 0.05 * grain))[..., None] * np.array([1.04, 1.0, 0.94]), dtype=np.float32)


@lru_cache(maxsize=2)
def _bench_mm(height: float) -> Float:
    """(h, w, 2) bench millimetres of every pixel; undistorting them takes longer than the rest of a drawing."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float64)
    return CAMERA.to_plane(np.stack([x, y], axis=-1), height)


def photograph(
    art: NDArray[np.float32] | None,
    pose: Similarity,
    *,
    seed: int,
    noise: float = 0.006,
    blur_px: float = 0.7,
    gain: float = 1.0,
    plane: PlaneMap = CAMERA,
    known_plane: bool = True,
) -> Corrected:
    """The part as drawn, at ``pose`` on the bench, with a contact shadow, light field, blur and noise."""
    rng = np.random.default_rng(seed)
    w, h = SIZE
    picture = _bench(rng, SIZE)
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    if art is not None:
        px = np.stack([x, y], axis=-1)

        def seen(height: float, blur_mm: float) -> NDArray[np.float32]:
            mm = pose.inverse().apply(_bench_mm(height) if plane is CAMERA else plane.to_plane(px, height))
            at = ((mm + ART_HALF) / ART_PITCH - 0.5).astype(np.float32)
            soft = cv2.GaussianBlur(art, (0, 0), blur_mm / ART_PITCH)
            return np.asarray(cv2.remap(soft, at[..., 0], at[..., 1], cv2.INTER_LINEAR))

        shadow = cv2.GaussianBlur(seen(0.0, 0.05)[..., 3], (0, 0), 6.0)
        picture *= (1 - 0.45 * np.roll(shadow, (5, 4), (0, 1)))[..., None]
        part = seen(THICKNESS, blur_px * 0.066)
        glint = 1 + 0.25 * np.sin(x / w * 5 + 0.7)[..., None]
        picture = picture * (1 - part[..., 3:]) + part[..., :3] * glint
    picture = picture * gain + rng.normal(0, noise, picture.shape)
    coded = np.clip(picture, 0, 1).astype(np.float32)
    shot = Shot(DeviceRGB(np.zeros((h, w, 3), dtype=np.uint8)), f"{seed:064x}", "drawn")
    return Corrected(
        shot=shot,
        image=LinearRGB(coded),
        clipped=np.asarray((coded >= 0.999).any(axis=-1)),
        correction=None,
        plane=plane if known_plane else None,
        card=None,
    )


GOLDEN_POSE = Similarity(-4.0, 2.0, 0.0, 1.0)


def seal(art: NDArray[np.float32], marks: tuple[MarkMaster, ...] = ()) -> Master:
    corrected = photograph(art, GOLDEN_POSE, seed=1)
    g = golden_frame(corrected, thickness_mm=THICKNESS)
    return Master(
        number="GS-TEST",
        version=1,
        sheet_digest="0" * 64,
        photo_sha256=str(hash(art.tobytes())),
        frame=g.frame,
        image=g.image,
        correction=None,
        labels=np.zeros((g.frame.height, g.frame.width), dtype=np.uint8),
        outline_mm=g.outline_mm,
        holes_mm=(),
        thickness_mm=THICKNESS,
        regions=(),
        marks=marks,
        sizes_mm={},
        u_scale=0.0005,
        scale_source="rig",
        noise=g.noise,
        blur_px=g.blur_px,
        pose=g.pose,
    )


@pytest.fixture(scope="module")
def pin() -> Master:
    mark = MarkMaster("logo", np.array([[-3.4, 3.6], [3.4, 3.6], [3.4, 8.4], [-3.4, 8.4]]))
    return seal(round_pin(), (mark,))


@dataclass(frozen=True)
class Error:
    position_mm: float
    rotation_deg: float
    scale: float


def error(aligned: Aligned, pose: Similarity, master: Master) -> Error:
    """Against the drawn pose; the golden's own pose maps its frame to the art's."""
    to_art = Similarity.from_matrix(GOLDEN_POSE.inverse().matrix() @ master.pose.matrix())
    true = Similarity.from_matrix(pose.matrix() @ to_art.matrix())
    s = aligned.similarity
    turn = math.remainder(s.rotation_deg - true.rotation_deg, 360)
    return Error(math.hypot(s.x - true.x, s.y - true.y), abs(turn), abs(s.scale / true.scale - 1))


def refused(aligned: Aligned) -> list[str]:
    return [g.name for g in aligned.gates if not g.ok]


@pytest.mark.parametrize("angle", [0.0, 3.0, 90.0, 133.0, 222.0, 318.0])
def test_any_rotation_is_registered_to_a_tenth_of_a_pixel(pin: Master, angle: float) -> None:
    pose = Similarity(3.0 + angle / 90, -2.0, angle, 1.0)
    aligned = align(photograph(round_pin(), pose, seed=int(angle) + 5, gain=1.07), pin)
    e = error(aligned, pose, pin)
    assert refused(aligned) == []
    assert e.position_mm < 0.0066
    assert e.rotation_deg < 0.02
    assert e.scale < 0.0006
    assert aligned.overlap > 0.97
    assert 0 < aligned.u_offset_mm < 0.025


@pytest.mark.parametrize("angle", [20.0, 160.0])
def test_a_shifted_mark_does_not_move_the_body(pin: Master, angle: float) -> None:
    pose = Similarity(2.0, 1.0, angle, 1.0)
    e = error(align(photograph(round_pin(logo=(0.6, -0.5)), pose, seed=31), pin), pose, pin)
    assert e.position_mm < 0.005
    assert e.rotation_deg < 0.02


def test_a_unit_of_another_size_has_its_own_scale(pin: Master) -> None:
    pose = Similarity(1.0, -1.0, 75.0, 1.012)
    aligned = align(photograph(round_pin(), pose, seed=32), pin)
    assert refused(aligned) == []
    assert aligned.similarity.scale == pytest.approx(1.012, abs=4e-4)


def test_another_colour_of_enamel_is_still_the_same_product(pin: Master) -> None:
    pose = Similarity(1.0, -1.0, 200.0, 1.0)
    aligned = align(photograph(round_pin(sky=(0.08, 0.2, 0.4)), pose, seed=33), pin)
    assert refused(aligned) == []
    assert error(aligned, pose, pin).position_mm < 0.005


def test_another_product_is_not_judged(pin: Master) -> None:
    for art in (shield(), rosette()):
        aligned = align(photograph(art, Similarity(0.0, 0.0, 10.0, 1.0), seed=34), pin)
        reasons = {g.name: g.reason for g in aligned.gates if not g.ok}
        assert "not the golden's product" in reasons["identity"]


def test_a_mirrored_part_is_named_so(pin: Master) -> None:
    art = np.ascontiguousarray(round_pin()[:, ::-1])
    aligned = align(photograph(art, Similarity(0.0, 0.0, 110.0, 1.0), seed=35), pin)
    reasons = {g.name: g.reason for g in aligned.gates if not g.ok}
    assert "mirror" in reasons["identity"]


def test_a_blurred_photo_fails_sharpness_only(pin: Master) -> None:
    aligned = align(photograph(round_pin(), Similarity(0.0, 0.0, 40.0, 1.0), seed=36, blur_px=2.2), pin)
    assert refused(aligned) == ["sharpness"]


def test_noise_and_exposure_do_not_pass_for_blur(pin: Master) -> None:
    for noise, gain in ((0.0005, 1.0), (0.02, 1.0), (0.006, 0.6)):
        aligned = align(photograph(round_pin(), Similarity(0, 0, 40.0, 1.0), seed=37, noise=noise, gain=gain), pin)
        assert refused(aligned) == []


def test_an_empty_bench_and_a_cut_part_are_refused_by_name(pin: Master) -> None:
    empty = align(photograph(None, Similarity(), seed=38), pin)
    assert refused(empty) == ["part"]
    assert empty.image.pixels.shape == pin.image.pixels.shape
    cut = align(photograph(round_pin(), Similarity(-26.0, 0.0, 0.0, 1.0), seed=39), pin)
    assert "part" in refused(cut)


def test_a_near_symmetric_design_settles_by_its_detail_or_is_refused() -> None:
    master = seal(rosette())
    right = 0
    for angle in (33.0, 100.0, 210.0):
        pose = Similarity(2.0, -1.0, angle, 1.0)
        aligned = align(photograph(rosette(), pose, seed=int(angle)), master)
        if not refused(aligned):
            assert error(aligned, pose, master).rotation_deg < 0.05
            right += 1
    assert right == 3


def test_without_rig_or_card_the_parts_own_size_gives_the_scale(pin: Master) -> None:
    aligned = align(photograph(round_pin(), Similarity(0.0, 0.0, 65.0, 1.0), seed=40, known_plane=False), pin)
    assert refused(aligned) == []
    assert aligned.scale_source == "part"
    assert aligned.similarity.scale == pytest.approx(1.0, abs=0.01)
    assert aligned.u_scale >= 0.01


def test_the_same_photo_gives_the_same_answer_to_the_bit(pin: Master) -> None:
    corrected = photograph(round_pin(), Similarity(2.0, 2.0, 77.0, 1.0), seed=41)
    a, b = align(corrected, pin), align(corrected, pin)
    assert a.similarity == b.similarity
    assert np.array_equal(a.image.pixels, b.image.pixels)


def test_the_aligned_picture_lies_on_the_golden(pin: Master) -> None:
    aligned = align(photograph(round_pin(), Similarity(3.0, -2.0, 290.0, 1.0), seed=42), pin)
    inner = np.hypot(*np.moveaxis(pin.frame.grid_mm(), -1, 0)) < 13.5
    mine, golden = aligned.image.pixels[inner & aligned.valid], pin.image.pixels[inner & aligned.valid]
    # the two stand at different places in a drawn light field, so gain is left free
    assert np.corrcoef(mine[:, 0], golden[:, 0])[0, 1] > 0.97


def test_the_golden_frame_is_centred_on_the_outline_box() -> None:
    corrected = photograph(shield(), GOLDEN_POSE, seed=1)
    g = golden_frame(corrected, thickness_mm=THICKNESS)
    low, high = g.outline_mm.min(axis=0), g.outline_mm.max(axis=0)
    assert low + high == pytest.approx([0, 0], abs=1e-9)
    assert high - low == pytest.approx([24.0, 27.0], abs=0.08)
    origin = g.plane.to_plane(CAMERA.to_photo(g.pose.apply(np.zeros(2)), THICKNESS), g.height_mm)
    assert g.pose.inverse().apply(origin) == pytest.approx([0, 0], abs=1e-6)


def test_the_outline_follows_the_part_and_not_its_shadow() -> None:
    corrected = photograph(round_pin(), Similarity(1.0, 1.0, 0.0, 1.0), seed=43)
    part = find_part(corrected.image)
    radius = np.hypot(*(CAMERA.to_plane(part.contour_px, THICKNESS) - (1.0, 1.0)).T)
    assert np.abs(radius - 14.0).max() < 0.15
    assert radius.mean() == pytest.approx(14.0, abs=0.03)


def test_a_rim_as_grey_as_the_shadow_belongs_to_the_part() -> None:
    """Nickel on a grey bench: darker than the bench, with its chromaticity, and a shoulder as light as the bench."""
    art = _canvas()
    tint = np.array([1.04, 1.0, 0.94])
    for radius, (r, g, b) in ((14.0, 0.2 * tint), (13.85, 0.11 * tint), (13.0, SKY), (11.5, 0.11 * tint), (11.2, RED)):
        _fill(art, _ring(radius), (float(r), float(g), float(b)))
    part = find_part(photograph(art, Similarity(1.0, 1.0, 0.0, 1.0), seed=44).image)
    found = np.hypot(*(CAMERA.to_plane(part.contour_px, THICKNESS) - (1.0, 1.0)).T)
    assert np.abs(found - 14.0).max() < 0.3


def test_a_tiny_picture_and_a_bad_polygon_are_refused() -> None:
    with pytest.raises(AlignmentError, match="too small"):
        find_part(LinearRGB(np.zeros((1, 1, 3), dtype=np.float32)))
    with pytest.raises(ValueError, match="polygon"):
        find_part(LinearRGB(np.zeros((200, 200, 3), dtype=np.float32)), [np.zeros((2, 2))])


@pytest.mark.parametrize("side", [5, 6, 7, 9, 12])
def test_a_part_of_a_few_pixels_is_found_or_refused(side: int) -> None:
    """Files of random bytes that happen to be pictures are of this kind."""
    found = 0
    for seed in range(12):
        chance = np.random.default_rng([side, seed])
        picture = chance.normal(0.4, 0.01, (50, 64, 3)).astype(np.float32)
        x, y = chance.integers(4, 34, 2)
        picture[y : y + side, x : x + side] *= chance.uniform(0.2, 1.6, 3)
        with contextlib.suppress(AlignmentError):
            part = find_part(LinearRGB(np.clip(picture, 0, 1).astype(np.float32)))
            assert np.isfinite(part.contour_px).all()
            assert part.centre_px == pytest.approx((x + (side - 1) / 2, y + (side - 1) / 2), abs=side)
            found += 1
    assert found >= 6


def test_a_large_part_in_nearly_the_benchs_colour_is_not_modelled_as_bench() -> None:
    side = ART_HALF - 1
    square = np.array([[-side, -side], [side, -side], [side, side], [-side, side]])
    area = (2 * side / 0.066) ** 2  # a third of the picture
    for colour in ((0.12, 0.095, 0.08), (0.34, 0.30, 0.26)):
        art = _canvas()
        _fill(art, square, colour)
        corrected = photograph(art, Similarity(1.0, 1.0, 12.0, 1.0), seed=45, noise=0.002)
        assert find_part(corrected.image, area_px=area).area_px == pytest.approx(area, rel=0.03)
