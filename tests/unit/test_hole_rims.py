"""Holes by the shoulder around them, on drawn rims whose place and radius are known."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from station.measure.hole_rims import UnitHole, find_rim, holes_of, measure_hole, measure_holes
from station.measure.round_features import RoundFeature
from station.sheet import Size
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OUTSIDE, Aligned, Master

FRAME = Frame(0.03, 501, 401, (250.0, 200.0))  # wider than high
HOLE, RADIUS, SHOULDER = (2.5, -1.5), 1.3, 0.15
DIAMETER = Size(name="hole-diameter", nominal_mm=2.6, plus_mm=0.1, minus_mm=0.1)
POSITION = Size(name="position", nominal_mm=0.0, plus_mm=0.2)


def plate(x: float, y: float, radius: float | None, light_deg: float = 0.0) -> LinearRGB:
    """A plate with a shoulder of ``radius`` struck round (x, y) mm, lit from one side, and a dark hole inside it."""
    mm = FRAME.grid_mm()
    light = np.full(mm.shape[:2], 0.4)
    if radius is not None:
        dx, dy = mm[..., 0] - x, mm[..., 1] - y
        r, a = np.hypot(dx, dy), np.arctan2(dy, dx)
        light += 0.15 * np.cos(a - math.radians(light_deg)) / (1 + np.exp((r - radius) / 0.03))
        light = np.where(r < radius - SHOULDER, 0.05, light)
    light += np.random.default_rng(5).normal(0, 0.002, light.shape)
    calm = cv2.GaussianBlur(np.clip(light, 0, 1).astype(np.float32), (0, 0), 0.9)
    return LinearRGB(np.repeat(calm[..., None], 3, axis=2))


def circle(x: float, y: float, radius: float) -> np.ndarray:
    a = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    return np.array([x, y]) + radius * np.stack([np.cos(a), np.sin(a)], axis=1)


@pytest.fixture(scope="module")
def master() -> Master:
    image = plate(*HOLE, RADIUS)
    inside = np.hypot(*np.moveaxis(FRAME.grid_mm() - np.array(HOLE), -1, 0)) < RADIUS - SHOULDER
    return Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=image, correction=None,
        labels=np.where(inside, OUTSIDE, METAL).astype(np.uint8), outline_mm=circle(0, 0, 5.5),
        holes_mm=(circle(*HOLE, RADIUS - SHOULDER),), thickness_mm=1.6, regions=(), marks=(),
        sizes_mm={"hole-diameter": 2.6}, u_scale=1e-4, scale_source="rig", noise=0.002, blur_px=0.9, pose=Similarity(),
    )  # fmt: skip


def aligned(image: LinearRGB, *, scale: float = 1.0, rotation_deg: float = 0.0) -> Aligned:
    shape = image.pixels.shape[:2]
    return Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool),
        similarity=Similarity(0.0, 0.0, rotation_deg, scale), rms_px=0.1, overlap=1.0, u_offset_mm=0.001,
        u_rotation_deg=0.005, u_scale=2e-4, correction=None, scale_source="rig", noise=0.002, blur_px=0.9,
    )  # fmt: skip


def rim(master: Master) -> RoundFeature:
    found = find_rim(master, master.holes_mm[0])
    assert found is not None
    return found


def hole(unit: Aligned, master: Master) -> UnitHole:
    (only,) = holes_of(unit, master)
    return only


def test_the_rim_of_the_golden_is_its_shoulder_and_not_the_hole(master: Master) -> None:
    found = rim(master)
    assert found.centre_mm == pytest.approx(HOLE, abs=0.02)
    assert RADIUS - SHOULDER - 0.03 < found.radius_mm < RADIUS + 0.05


@pytest.mark.parametrize(("dx", "dy", "wider"), [(0.12, 0.0, 0.0), (0.0, -0.2, 0.0), (-0.3, 0.15, 0.05), (0, 0, -0.04)])
def test_a_hole_that_moved_and_widened(master: Master, dx: float, dy: float, wider: float) -> None:
    unit = aligned(plate(HOLE[0] + dx, HOLE[1] + dy, RADIUS + wider))
    width = measure_hole(unit, master, DIAMETER, hole(unit, master), 2.6)
    assert width.value == pytest.approx(2.6 + 2 * wider, abs=0.015)
    x, y = width.detail["points_mm"][0]  # type: ignore[index]
    assert (x - HOLE[0], y - HOLE[1]) == pytest.approx((dx, dy), abs=0.02)
    place = measure_hole(unit, master, POSITION, hole(unit, master), 2.6)
    assert place.value == pytest.approx(math.hypot(dx, dy), abs=0.015)
    assert (place.unit, place.kind, width.unit, width.kind) == ("mm", "position", "mm", "size")


def test_a_calliper_size_and_the_units_scale_enter_the_diameter(master: Master) -> None:
    own = rim(master)
    unit = aligned(plate(*HOLE, RADIUS), scale=1.01)
    told = measure_hole(unit, master, DIAMETER, hole(unit, master), 2.5)
    assert told.value == pytest.approx(2.5 + 2 * 0.01 * own.radius_mm, abs=0.015)
    compared = measure_hole(unit, master, DIAMETER.model_copy(update={"golden_mm": 2.5}), hole(unit, master), 2.5)
    assert compared.u < told.u  # the golden's own diameter is no longer in doubt
    turned, still = (aligned(plate(*HOLE, RADIUS), rotation_deg=r) for r in (180.0, 0.0))
    turned_u, still_u = (measure_hole(u, master, DIAMETER, hole(u, master), 2.6).u for u in (turned, still))
    assert turned_u > still_u


def test_a_hole_that_is_not_there_has_no_size(master: Master) -> None:
    unit = aligned(plate(*HOLE, None))
    rows = {"hole-diameter": DIAMETER, "position": POSITION}
    told = measure_holes(unit, master, rows, None, holes_of(unit, master))
    assert set(told) == {"hole-diameter", "position"}
    for m in told.values():
        assert m.value is None
        assert m.why
        assert m.where_mm == pytest.approx(HOLE, abs=0.05)


def test_rows_are_known_by_the_source_that_the_outline_names(master: Master) -> None:
    unit = aligned(plate(*HOLE, RADIUS))
    rows = {"hole-diameter": DIAMETER.model_copy(update={"name": "eye"}), "position": POSITION, "position-2": POSITION}
    assert set(measure_holes(unit, master, rows, None, holes_of(unit, master))) == {"eye", "position"}
    plain = replace(master, image=plate(*HOLE, None))
    open_hole = [replace(h, rim=None) for h in holes_of(unit, master)]
    assert measure_holes(unit, plain, rows, None, open_hole) == {}
