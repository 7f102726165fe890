"""A post on a plain back: its place by its edge, lit from one side or the other."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from station.errors import SheetError
from station.measure.features import measure_features
from station.measure.golden_features import FeatureRequest, place_features
from station.measure.hole_rims import closed_holes, holes_of
from station.measure.round_features import find_again, find_round
from station.sheet import Size
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, Aligned, Master, Measurement

FRAME = Frame(0.03, 601, 601, (300.0, 300.0))


def back(x_mm: float | None, y_mm: float = 0.0, *, light_deg: float = 0.0, radius_mm: float = 1.6) -> LinearRGB:
    """A plain plate of 8 mm radius with a dome of a post, shaded by its slope towards the light."""
    mm = FRAME.grid_mm()
    height = np.zeros(mm.shape[:2])
    if x_mm is not None:
        r = np.hypot(mm[..., 0] - x_mm, mm[..., 1] - y_mm)
        height = 0.4 / (1 + np.exp((r - radius_mm) / 0.05))
    gy, gx = np.gradient(height, FRAME.pitch_mm)
    a = math.radians(light_deg)
    light = 0.35 * (1 + 0.5 * np.tanh(0.4 * (gx * math.cos(a) + gy * math.sin(a))))
    light = np.where(np.hypot(mm[..., 0], mm[..., 1]) < 8, light, 0.15)
    light = light + np.random.default_rng(3).normal(0, 0.003, light.shape)
    calm = cv2.GaussianBlur(np.clip(light, 0, 1).astype(np.float32), (0, 0), 0.8)
    return LinearRGB(np.repeat(calm[..., None], 3, axis=2))


@pytest.mark.parametrize(("x", "y", "light"), [(0.4, -1.2, 0.0), (-0.6, -0.3, 75.0), (0.0, -0.9, 180.0)])
def test_a_post_is_found_where_it_is_whatever_side_the_light_comes_from(x: float, y: float, light: float) -> None:
    golden = find_round(back(0.0, -0.8), FRAME, (0.5, -0.4))
    assert golden is not None
    assert golden.centre_mm == pytest.approx((0.0, -0.8), abs=0.05)
    assert golden.radius_mm == pytest.approx(1.6, abs=0.05)
    unit = find_again(back(x, y, light_deg=light), FRAME, golden)
    assert unit is not None
    assert unit.centre_mm == pytest.approx((x, y), abs=0.05)


def test_a_post_that_is_not_there_is_not_made_up() -> None:
    golden = find_round(back(0.0, -0.8), FRAME, (0.0, -0.8))
    assert golden is not None
    assert find_again(back(None), FRAME, golden) is None
    assert find_round(back(None), FRAME, (0.0, -0.8)) is None


@pytest.mark.parametrize("left", [0.03, 0.1])
def test_what_is_left_of_a_post_that_is_gone_is_no_post(left: float) -> None:
    golden = find_round(back(0.0, -0.8), FRAME, (0.0, -0.8))
    assert golden is not None
    faint = left * back(0.0, -0.8, light_deg=40.0).pixels + (1 - left) * cv2.GaussianBlur(back(None).pixels, (0, 0), 3)
    assert find_again(LinearRGB(faint), FRAME, golden) is None


POST = Size(name="post", feature="position", at_mm=(0.3, -0.6), nominal_mm=0.0, plus_mm=0.5)


def sealed() -> Master:
    """The back with its post at (0, -0.8) mm, sealed with a row for it."""
    image = back(0.0, -0.8)
    a = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    mm = FRAME.grid_mm()
    bare = Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=image, correction=None,
        labels=np.where(np.hypot(mm[..., 0], mm[..., 1]) < 8, METAL, 0).astype(np.uint8),
        outline_mm=8 * np.stack([np.cos(a), np.sin(a)], axis=1), holes_mm=(), thickness_mm=1.6, regions=(), marks=(),
        sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=0.003, blur_px=0.9, pose=Similarity(),
    )  # fmt: skip
    return replace(bare, features=place_features(bare, [FeatureRequest("post", "position", POST.at_mm)]))


def measured(master: Master, image: LinearRGB) -> Measurement:
    (found,) = _rows(master, image, (POST,))
    return found


def _rows(master: Master, image: LinearRGB, rows: tuple[Size, ...]) -> tuple[Measurement, ...]:
    return measure_features(_aligned(image), master, rows)


def _aligned(image: LinearRGB) -> Aligned:
    shape = image.pixels.shape[:2]
    return Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool), similarity=Similarity(),
        rms_px=0.1, overlap=1.0, u_offset_mm=0.001, u_rotation_deg=0.005, u_scale=2e-4, correction=None,
        scale_source="rig", noise=0.003, blur_px=0.9, bench="b",
    )  # fmt: skip


def test_a_row_of_the_sheet_measures_the_posts_place_and_misses_one_that_is_gone() -> None:
    """T8, T12."""
    master = sealed()
    moved = measured(master, back(0.6, -0.8, light_deg=120.0))
    assert moved.characteristic == "position:post"
    assert moved.value == pytest.approx(0.6, abs=moved.u)
    assert moved.u < 0.12
    points = np.array(moved.detail["points_mm"])
    assert points[1] - points[0] == pytest.approx((0.6, 0.0), abs=0.08)
    gone = measured(master, back(None))
    assert gone.value is None
    assert gone.detail["missing"] is True


PLUG = {"metal": (0.45, 0.33, 0.25), "enamel": (0.3, 0.02, 0.03), "the bench's grey": (0.12, 0.12, 0.12)}


def pierced(
    x_mm: float, *, light_deg: float = 0.0, radius_mm: float = 1.6, plug: str | None = None, rim: float = 1.0
) -> LinearRGB:
    """The back with a hole at (x, -0.8) mm through which the bench shows, its upper edge in shadow. rim : what is left
    of the shoulder around it."""
    whole = back(x_mm, -0.8, light_deg=light_deg, radius_mm=radius_mm).pixels
    image = rim * whole + (1 - rim) * back(None).pixels
    mm = FRAME.grid_mm()
    r = np.hypot(mm[..., 0] - x_mm, mm[..., 1] + 0.8)
    shadow = np.exp(-0.7 + 0.45 * (mm[..., 1] + 0.8))[..., None] * 0.15
    seen = shadow * np.ones(3) if plug is None else np.array(PLUG[plug])
    inside = cv2.GaussianBlur((r < radius_mm - 0.15).astype(np.float32), (0, 0), 0.8)[..., None]
    noise = np.random.default_rng(5).normal(0, 0.002, image.shape)
    return LinearRGB(np.clip(image * (1 - inside) + (seen + noise) * inside, 0, 1).astype(np.float32))


def sealed_with_hole() -> Master:
    a = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    ring = np.stack([1.4 * np.cos(a), -0.8 + 1.4 * np.sin(a)], axis=1)  # within the drawn edge of 1.6 mm
    sizes = {"hole-diameter": 2.8, "position": 0.0}
    return replace(sealed(), image=pierced(0.0), holes_mm=(ring,), features=(), sizes_mm=sizes, bench="b")


HOLE_ROWS = (
    Size(name="hole-diameter", nominal_mm=2.8, plus_mm=0.15, minus_mm=0.15, golden_mm=2.8),
    Size(name="position", nominal_mm=0.0, plus_mm=0.2),
)


def test_a_hole_is_measured_by_its_rim() -> None:
    wide, off = _rows(sealed_with_hole(), pierced(0.15, light_deg=60.0, radius_mm=1.65), HOLE_ROWS)
    assert wide.value == pytest.approx(2.9, abs=0.03)
    assert off.value == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("rim", [1.0, 0.15, 0.0])
@pytest.mark.parametrize("plug", ["metal", "enamel"])
def test_a_hole_that_is_closed_is_missing_though_its_rim_is_there(plug: str, rim: float) -> None:
    master, unit = sealed_with_hole(), pierced(0.0, light_deg=30.0, plug=plug, rim=rim)
    for closed in _rows(master, unit, HOLE_ROWS):
        assert closed.value is None
        assert closed.detail["missing"] is True
        assert "the hole is closed" in closed.why
    (finding,) = closed_holes(holes_of(_aligned(unit), master))
    assert finding.kind == "closed-hole"
    assert (finding.x_mm, finding.y_mm) == pytest.approx((0.0, -0.8), abs=0.01)
    assert closed_holes(holes_of(_aligned(pierced(0.0)), master)) == ()


def test_a_hole_that_shows_the_benchs_grey_without_its_shadow_is_not_measured() -> None:
    for unclear in _rows(sealed_with_hole(), pierced(0.0, plug="the bench's grey"), HOLE_ROWS):
        assert unclear.value is None
        assert "missing" not in unclear.detail
        assert "it may be filled" in unclear.why


def test_an_open_hole_whose_shoulder_is_not_seen_is_not_called_missing() -> None:
    for unseen in _rows(sealed_with_hole(), pierced(0.0, rim=0.0, radius_mm=1.0), HOLE_ROWS):
        assert unseen.value is None
        assert "missing" not in unseen.detail


def test_a_place_where_nothing_is_round_is_refused_by_the_rows_name() -> None:
    with pytest.raises(SheetError, match="size 'stud': there is no hole and nothing round at x 5"):
        place_features(sealed(), [FeatureRequest("stud", "position", (5.0, 3.0))])
