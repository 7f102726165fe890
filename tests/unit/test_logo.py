"""Marks on synthetic antialiased pictures: the mark moves, the body does not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.logo import measure_marks
from station.values.budget import LengthBudget
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OTHER, Aligned, MarkMaster, Master

Float = NDArray[np.float64]

FRAME = Frame(0.03, 400, 360, (199.5, 179.5))
CENTRE = np.array([0.6, -0.9])
POLYGON = CENTRE + np.array([[-2.0, -1.6], [2.0, -1.6], [2.0, 1.6], [-2.0, 1.6]])
BLUE, GOLD, RED = np.array([0.05, 0.12, 0.4]), np.array([0.62, 0.42, 0.13]), np.array([0.4, 0.05, 0.05])


def _strokes(p: Float) -> NDArray[np.bool_]:
    """An asymmetric mark about its centre: a ring, a bar, a tooth. p : (..., 2) mm."""
    x, y = p[..., 0], p[..., 1]
    r = np.hypot(x + 0.4, y)
    ring = (r < 1.1) & (r > 0.8)
    bar = (np.abs(x - 1.1) < 0.15) & (np.abs(y) < 1.2)
    tooth = (x > -0.4) & (x < 0.2) & (y > -0.2) & (y < 0.15)
    return np.asarray(ring | bar | tooth)


def _picture(pose: Similarity | None, seed: int = 1, noise: float = 0.004, gain: float = 1.0) -> LinearRGB:
    """A blue cell inside a gold border on a red body, with a gold mark posed about CENTRE; 6 x 6 samples a pixel."""
    total = np.zeros((FRAME.height, FRAME.width, 3))
    grid = FRAME.grid_mm()
    steps = (np.arange(6) + 0.5) / 6 - 0.5
    for dy in steps:
        for dx in steps:
            p = grid + np.array([dx, dy]) * FRAME.pitch_mm
            cell = np.abs(p - CENTRE).max(axis=-1)
            rgb = np.where((cell < 2.6)[..., None], BLUE, np.where((cell < 2.85)[..., None], GOLD, RED))
            if pose is not None:
                rgb = np.where(_strokes(pose.inverse().apply(p - CENTRE))[..., None], GOLD, rgb)
            total += rgb / 36
    from scipy.ndimage import gaussian_filter

    total = gaussian_filter(total, (0.8, 0.8, 0)) * gain
    total += np.random.default_rng(seed).normal(0, noise, total.shape)
    return LinearRGB(total.astype(np.float32))


@pytest.fixture(scope="module")
def master() -> Master:
    image = _picture(Similarity())
    return Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=image, correction=None,
        labels=np.ones((FRAME.height, FRAME.width), dtype=np.uint8), outline_mm=POLYGON, holes_mm=(), thickness_mm=1.6,
        regions=(), marks=(MarkMaster("logo", POLYGON),), sizes_mm={}, u_scale=0.0, scale_source="rig", noise=0.004,
        blur_px=0.8, pose=Similarity(),
    )  # fmt: skip


def _aligned(image: LinearRGB) -> Aligned:
    shape = image.pixels.shape[:2]
    return Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool), similarity=Similarity(),
        rms_px=0.1, overlap=1.0, u_offset_mm=0.001, u_rotation_deg=0.005, u_scale=1e-4, correction=None,
        scale_source="rig", noise=0.004, blur_px=0.8,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dx", "dy", "rotation", "scale"),
    [
        (0.0, 0.0, 0.0, 1.0),
        (0.123, -0.287, 1.7, 1.012),
        (-0.61, 0.42, -5.3, 0.965),
        (0.95, 0.3, 0.0, 1.0),
        (0.0, -0.4, 7.0, 1.04),
    ],
)
def test_a_moved_mark_is_measured_to_a_hundredth_of_a_millimetre(
    master: Master, dx: float, dy: float, rotation: float, scale: float
) -> None:
    """C5: place, turn and size of a logo."""
    unit = _picture(Similarity(dx, dy, rotation, scale), seed=2, gain=0.85)
    found = {m.kind: m for m in measure_marks(_aligned(unit), master)}
    assert [m.characteristic for m in found.values()] == [
        "offset-x:logo", "offset-y:logo", "offset:logo", "rotation:logo", "scale:logo",
    ]  # fmt: skip
    truth = {"offset-x": dx, "offset-y": dy, "offset": math.hypot(dx, dy), "rotation": rotation, "scale": scale}
    bound = {"offset-x": 0.003, "offset-y": 0.003, "offset": 0.003, "rotation": 0.06, "scale": 0.0015}
    for kind, value in truth.items():
        m = found[kind]
        assert m.value is not None, m.why
        assert abs(m.value - value) < bound[kind], kind
        assert 0 < m.u < 10 * bound[kind], kind


def test_the_stated_uncertainty_covers_the_error(master: Master) -> None:
    """Over twelve noisy units the error stays within u (k = 2) nearly always, and u is small against 0.3 mm."""
    ratios = []
    clean = _picture(Similarity(0.2, 0.1, 1.0, 1.0), noise=0.0).pixels
    for seed in range(12):
        noise = np.random.default_rng(10 + seed).normal(0, 0.02, clean.shape)
        unit = LinearRGB((clean + noise).astype(np.float32))
        found = {m.kind: m for m in measure_marks(_aligned(unit), master)}
        for kind, truth in (("offset-x", 0.2), ("offset-y", 0.1), ("rotation", 1.0), ("scale", 1.0)):
            value = found[kind].value
            assert value is not None
            ratios.append(abs(value - truth) / found[kind].u)
    assert np.mean(np.array(ratios) <= 1) >= 0.9
    assert found["offset-x"].u < 0.01
    assert found["rotation"].u < 0.25


def test_a_missing_mark_is_said_to_be_missing(master: Master) -> None:
    """C5."""
    found = measure_marks(_aligned(_picture(None, seed=3)), master)
    assert len(found) == 5
    assert all(m.value is None and m.why == "mark not found" and m.detail["missing"] is True for m in found)


def test_glare_over_the_mark_is_not_a_missing_mark(master: Master) -> None:
    aligned = _aligned(_picture(Similarity(), seed=4))
    found = measure_marks(replace(aligned, clipped=np.ones_like(aligned.clipped)), master)
    assert all(m.value is None and "glare" in m.why and "missing" not in m.detail for m in found)


def test_an_empty_polygon_on_the_golden_is_named(master: Master) -> None:
    bare = replace(master, image=_picture(None, noise=0.0005))
    plain = replace(bare, marks=(MarkMaster("logo", CENTRE + 0.5 * (POLYGON - CENTRE)),))
    found = measure_marks(_aligned(_picture(None, seed=5)), plain)
    assert all(m.value is None and "golden shows no mark" in m.why for m in found)


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [(-1, -1, "turned by 180 degrees"), (1, -1, "mirrored left to right")],
)
def test_a_mark_that_stands_wrong_is_named(master: Master, rows: int, columns: int, words: str) -> None:
    pixels = _picture(Similarity(), seed=6).pixels.copy()
    x, y = np.round(FRAME.to_px(CENTRE)).astype(int)
    cell = np.s_[y - 65 : y + 66, x - 75 : x + 76]
    pixels[cell] = pixels[cell][::rows, ::columns].copy()
    found = measure_marks(_aligned(LinearRGB(pixels)), master)
    assert all(m.value is None and words in m.why and m.detail["missing"] is True for m in found)


def test_a_half_missing_mark_is_told_from_a_missing_one(master: Master) -> None:
    whole, bare = _picture(Similarity(), seed=7).pixels, _picture(None, seed=7).pixels
    x, _ = np.round(FRAME.to_px(CENTRE)).astype(int)
    pixels = whole.copy()
    pixels[:, x + 8 :] = bare[:, x + 8 :]
    found = measure_marks(_aligned(LinearRGB(pixels)), master)
    assert all("left half" in m.why and "damaged" in m.detail and "missing" not in m.detail for m in found)
    assert all("damaged" not in m.detail for m in measure_marks(_aligned(LinearRGB(whole)), master))


def test_every_offset_has_a_budget_and_points_to_draw(master: Master) -> None:
    found = measure_marks(_aligned(_picture(Similarity(0.2, 0.1, 0.0, 1.0), seed=8)), master)
    for m in found:
        budget = m.detail["budget"]
        assert isinstance(budget, dict)
        assert m.u == pytest.approx(LengthBudget.from_detail(budget).expanded, abs=1e-5)
    start, end = np.array(found[2].detail["points_mm"])
    assert end - start == pytest.approx([0.2, 0.1], abs=0.005)


def _on_stripe(pose: Similarity, seed: int) -> LinearRGB:
    """The mark on a ground with a gold stripe that ends at it."""
    with_mark, bare = _picture(pose, seed=seed).pixels, _picture(None, seed=seed).pixels
    gold = np.abs(with_mark - GOLD).max(axis=-1, keepdims=True) < 0.12
    p = FRAME.grid_mm() - CENTRE
    stripes = (np.abs(p[..., 1] - 0.55) < 0.06) & (p[..., 0] < -1.3) & (p[..., 0] > -2.6)
    from scipy.ndimage import gaussian_filter

    share = gaussian_filter(stripes.astype(np.float64), 0.8)[..., None]
    ground = bare * (1 - share) + GOLD * share
    soft = np.clip(np.abs(with_mark - bare).max(axis=-1, keepdims=True) / 0.4, 0, 1)
    return LinearRGB(np.where(gold, with_mark, ground * (1 - soft) + with_mark * soft).astype(np.float32))


def test_the_ground_behind_a_turned_mark_does_not_hold_it_back(master: Master) -> None:
    striped = replace(master, image=_on_stripe(Similarity(), 9))
    found = {m.kind: m for m in measure_marks(_aligned(_on_stripe(Similarity(0.0, 0.0, 3.0, 1.0), 10)), striped)}
    assert found["rotation"].value == pytest.approx(3.0, abs=0.06)


def test_a_mark_is_told_against_the_body_as_its_own_enamel_shows_it(master: Master) -> None:
    """Where the whole unit lies a little beside where it was registered, no mark is displaced on it."""
    from scipy.ndimage import shift

    p = FRAME.grid_mm() - CENTRE
    border = (np.abs(p).max(axis=-1) > 2.6) & (np.abs(p).max(axis=-1) < 2.85)
    labels = np.where(border, METAL, OTHER).astype(np.uint8)
    tinted = replace(master, labels=labels)
    unit = shift(_picture(Similarity(), seed=11).pixels, (0.5, -0.4, 0.0), order=3, mode="nearest")
    aligned = replace(_aligned(LinearRGB(unit.astype(np.float32))), u_offset_mm=0.02, u_rotation_deg=0.05)
    found = {m.kind: m for m in measure_marks(aligned, tinted)}
    assert found["offset-x"].value == pytest.approx(0.0, abs=0.002)
    assert found["offset-y"].value == pytest.approx(0.0, abs=0.002)
    assert found["offset"].detail["body_mm"] == pytest.approx([-0.012, 0.015], abs=0.002)
