"""A mark's place on its body, on pictures in which both have moved by known amounts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from blob_pictures import Blob, picture

from station.measure.colour_fit import ColourFit, ColourTemplate
from station.measure.mark_place import (
    MarkPlace,
    _faded,
    _isotropic,
    _motion,
    _registered,
    _relief,
    place_mark,
    unit_colours,
)
from station.measure.mark_template import golden_mark
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, OUTSIDE, Aligned, MarkMaster, Master, RegionMaster

W, H = 300, 240  # wider than high: an axis taken for the other shows
FRAME = Frame(0.05, W, H, (149.5, 119.5))
BODY = (
    Blob(70, 60, 22, (0.55, 0.06, 0.05)), Blob(225, 65, 24, (0.05, 0.10, 0.42)), Blob(75, 180, 24, (0.62, 0.52, 0.08)),
    Blob(220, 178, 22, (0.06, 0.28, 0.09)),
)  # fmt: skip
STROKES = (
    Blob(136, 112, 6, (0.10, 0.02, 0.30), 1), Blob(152, 118, 8, (0.10, 0.02, 0.30), 1),
    Blob(164, 104, 5, (0.10, 0.02, 0.30), 1), Blob(148, 132, 5, (0.10, 0.02, 0.30), 1),
)  # fmt: skip
STILL = Similarity()


@pytest.fixture(scope="module")
def master() -> Master:
    image = picture([*BODY, *STROKES], (W, H), [STILL, STILL])
    y, x = np.mgrid[:H, :W]
    labels = np.where((abs(x - 149.5) < 140) & (abs(y - 119.5) < 110), METAL, OUTSIDE).astype(np.uint8)
    for i, b in enumerate(BODY):
        labels[np.hypot(x - b.x, y - b.y) < b.radius] = FIRST_REGION + i
    corners = np.array([[122.0, 92.0], [178.0, 92.0], [178.0, 146.0], [122.0, 146.0]])
    box = FRAME.to_mm(np.array([[10.0, 10], [290, 10], [290, 230], [10, 230]]))
    return Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=image, correction=None,
        labels=labels, outline_mm=box, holes_mm=(), thickness_mm=1.6,
        regions=tuple(
            RegionMaster(f"r{i}", "soft enamel", FIRST_REGION + i, None, 0.1, (0.0, 0.0), 1.0) for i in range(len(BODY))
        ),
        marks=(MarkMaster("logo", FRAME.to_mm(corners)),), sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=0.001,
        blur_px=0.9, pose=STILL,
    )  # fmt: skip


def aligned(image: LinearRGB, **changes: object) -> Aligned:
    shape = image.pixels.shape[:2]
    made = Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool), similarity=STILL,
        rms_px=0.1, overlap=1.0, u_offset_mm=0.02, u_rotation_deg=0.1, u_scale=1e-3, correction=None,
        scale_source="rig", noise=0.001, blur_px=0.9,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def placed(master: Master, body: Similarity, mark: Similarity) -> MarkPlace | None:
    unit = aligned(picture([*BODY, *STROKES], (W, H), [body, mark]))
    prepared = golden_mark(master.marks[0], master)
    assert prepared.mark is not None
    rough = Similarity(*(float(v) for v in prepared.mark.corner)).matrix()
    return place_mark(prepared, rough, unit_colours(unit, master), unit, master)


@pytest.mark.parametrize(("dx", "dy"), [(0.8, 0.0), (0.0, -0.7), (-1.1, 0.4)])
def test_a_displaced_mark_is_found_right_and_down_positive(master: Master, dx: float, dy: float) -> None:
    found = placed(master, STILL, Similarity(dx, dy))
    assert found is not None
    assert found.motion.value[:2] == pytest.approx((dx, dy), abs=0.02)
    assert found.motion.value[2:] == pytest.approx((0.0, 0.0), abs=2e-3)
    assert found.body == pytest.approx(np.zeros(4), abs=0.02)


def test_what_the_body_moved_by_is_taken_off_the_mark(master: Master) -> None:
    """Registration left the body 0.3 px off; the mark lies 0.9 px off it."""
    found = placed(master, Similarity(0.3, -0.2), Similarity(1.2, 0.3))
    assert found is not None
    assert found.body[:2] == pytest.approx((0.3, -0.2), abs=0.03)
    assert found.motion.value[:2] == pytest.approx((0.9, 0.5), abs=0.04)


def test_a_turned_mark_turns_clockwise_positive_about_its_middle(master: Master) -> None:
    turn = math.radians(1.2)
    centre = golden_mark(master.marks[0], master).mark
    assert centre is not None
    x, y = centre.centre
    about = Similarity(
        x - (math.cos(turn) * x - math.sin(turn) * y), y - (math.sin(turn) * x + math.cos(turn) * y), math.degrees(turn)
    )
    found = placed(master, STILL, about)
    assert found is not None
    assert found.motion.value[3] == pytest.approx(turn, abs=1.5e-3)
    assert found.motion.value[:2] == pytest.approx((0.0, 0.0), abs=0.03)


def test_a_place_far_from_the_rough_one_is_none(master: Master) -> None:
    assert placed(master, STILL, Similarity(5.0, 0.0)) is None


def test_without_a_body_what_registration_left_is_its_uncertainty(master: Master) -> None:
    unit = aligned(picture([*BODY, *STROKES], (W, H), [STILL, Similarity(0.5, 0.0)]))
    prepared = golden_mark(master.marks[0], master)
    assert prepared.mark is not None
    rough = Similarity(*(float(v) for v in prepared.mark.corner)).matrix()
    colours = unit_colours(unit, master)
    alone = place_mark(prepared, rough, replace(colours, fits=()), unit, master)
    beside = place_mark(prepared, rough, colours, unit, master)
    assert alone is not None
    assert beside is not None
    assert not alone.body.any()
    assert alone.body_u[0] == pytest.approx(
        0.02 / 0.05, rel=0.02
    )  # u_offset_mm in px; the lever is small at the centre
    assert beside.body_u[0] < 0.5 * alone.body_u[0]


# --- the parts, by hand ----------------------------------------------------------------------------------------------


def hand_template() -> ColourTemplate:
    none = np.zeros((1, 2))
    return ColourTemplate(none, none, np.zeros((1, 13)), 1, np.ones(1, bool), np.zeros(1, np.int64), (20.0, 10.0), 25.0)


def hand_fit(matrix: np.ndarray, covariance: np.ndarray, contrast: float = 1.0) -> ColourFit:
    return ColourFit(matrix, covariance, np.eye(3), np.ones(1), contrast)


def test_a_motion_is_told_where_the_mark_is_with_its_lever() -> None:
    """Patch px to raster px: the patch begins at (100, 50), and is turned by 0.01 about its own corner."""
    turn = 0.01
    matrix = Similarity(100.0, 50.0, math.degrees(turn)).matrix()
    covariance = np.diag([0.0, 0.0, 0.0, 1e-6])  # only the turn is unsure, by 0.001
    found = _motion(hand_template(), (100, 50), hand_fit(matrix, covariance), np.array([145.0, 65.0]))
    local = np.array([45.0, 15.0])
    c, s = math.cos(turn), math.sin(turn)
    expected = [c * local[0] - s * local[1] - local[0], s * local[0] + c * local[1] - local[1]]
    assert found.value == pytest.approx([*expected, 0.0, turn], abs=1e-12)
    # 25 px right of the patch's centre and 5 px below it: clockwise moves it down, and a little to the left
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx([0.005, 0.025, 0.0, 0.001], abs=1e-12)
    assert found.covariance[0, 3] == pytest.approx(-0.005 * 0.001)
    assert found.covariance[1, 3] == pytest.approx(0.025 * 0.001)


def test_what_registration_leaves_is_in_pixels_and_grows_with_the_distance(master: Master) -> None:
    unit = aligned(master.image, u_scale=5e-4, u_plane=3e-4)
    at_centre = np.sqrt(np.diag(_registered(unit, master, np.array([149.5, 119.5]))))
    assert at_centre == pytest.approx([0.4, 0.4, 4e-4, math.radians(0.1)])
    away = np.sqrt(np.diag(_registered(unit, master, np.array([249.5, 119.5]))))  # 5 mm
    lever = math.radians(0.1) * 5 / math.sqrt(2)
    assert away[:2] == pytest.approx(2 * [math.hypot(0.02, lever) / 0.05])


def test_relief_is_seen_from_another_side_in_the_direction_the_part_was_moved(master: Master) -> None:
    rig = replace(master, scale_source="rig", pose=Similarity(0.0, 0.0))
    centre = np.array([149.5, 119.5])
    moved = aligned(master.image, similarity=Similarity(30.0, 0.0), camera_mm=(0.0, 0.0, 301.6))
    # 30 mm further right under a camera 300 mm over the face: 0.1 mm of relief is seen 0.01 mm aside, 0.2 px
    assert _relief(moved, rig, centre) == pytest.approx([0.2, 0.0, 0.0, 0.0])
    turned = aligned(master.image, similarity=Similarity(0.0, 30.0, 90.0), camera_mm=(0.0, 0.0, 301.6))
    assert _relief(turned, rig, centre) == pytest.approx([0.2, 0.0, 0.0, 0.0])  # down on the bench is right on the part
    askew = aligned(master.image, similarity=Similarity(30.0, 10.0, 30.0), camera_mm=(0.0, 0.0, 301.6))
    c, s = math.cos(math.radians(30)), math.sin(math.radians(30))
    expected = [(30 * c + 10 * s) / 150, (30 * s - 10 * c) / 150, 0.0, 0.0]
    assert _relief(askew, rig, centre) == pytest.approx(expected)
    assert not _relief(replace(moved, camera_mm=None), rig, centre).any()
    assert not _relief(moved, replace(rig, scale_source="card"), centre).any()


def test_light_that_made_edges_anew_counts_by_what_is_missing_of_their_contrast() -> None:
    assert not _faded(hand_fit(np.eye(3), np.eye(4), contrast=1.2), 50.0).any()
    assert _faded(hand_fit(np.eye(3), np.eye(4), contrast=0.5), 50.0) == pytest.approx([0.35, 0.35, 0.007, 0.007])
    assert _isotropic(np.array([0.3, -0.4, -0.01, 0.02])) == pytest.approx([0.5 / math.sqrt(2)] * 2 + [0.01, 0.02])
