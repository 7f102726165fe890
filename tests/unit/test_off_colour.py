"""Cells filled twice: a drawn part whose halves are known, and what must not be taken for one."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from station.measure.off_colour import find_off_colour, with_off_colour
from station.values.colour import ColourCorrection, LinearRGB
from station.values.difference import delta_e_2000
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, Aligned, Finding, Master, RegionMaster

PITCH, SIZE = 0.033, 300
FRAME = Frame(PITCH, SIZE, SIZE, ((SIZE - 1) / 2, (SIZE - 1) / 2))
MATRIX = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
CARD = ColourCorrection(np.zeros(3), np.ones(3), MATRIX, "3x3", 1.0)
BLUE, TEAL, METALLIC = np.array([0.10, 0.30, 0.62]), np.array([0.08, 0.36, 0.50]), np.array([0.6, 0.45, 0.2])
Y, X = np.mgrid[0:SIZE, 0:SIZE]
CELL = np.hypot(X - 150, Y - 150) < 120


def picture(colour: np.ndarray, seed: int = 1, light: np.ndarray | float = 1.0) -> LinearRGB:
    """The round cell in ``colour`` (3,) or (H, W, 3), in metal, blurred and with grain."""
    drawn = np.where(CELL[..., None], colour, METALLIC).astype(np.float32) * np.asarray(light, np.float32)
    grain = np.random.default_rng(seed).normal(0, 0.004, drawn.shape)
    return LinearRGB((cv2.GaussianBlur(drawn, (0, 0), 0.8) + grain).astype(np.float32).clip(0, None))


def half(left_of: int, other: np.ndarray = TEAL) -> np.ndarray:
    return np.where((left_of > X)[..., None], other, BLUE)


def master(surface: str = "soft enamel", correction: ColourCorrection | None = CARD) -> Master:
    lab = None if correction is None else correction.lab(BLUE).values
    labels = np.where(CELL, FIRST_REGION, METAL).astype(np.uint8)
    area = float(CELL.sum()) * PITCH**2
    return Master(
        number="GS-1", version=1, sheet_digest="2" * 64, photo_sha256="0" * 64, frame=FRAME, image=picture(BLUE, 2),
        correction=correction, labels=labels, outline_mm=np.zeros((3, 2)), holes_mm=(), thickness_mm=1.5,
        regions=(RegionMaster("sky", surface, FIRST_REGION, lab, 0.1, (0.0, 0.0), area),), marks=(), sizes_mm={},
        u_scale=0.0, scale_source="rig", noise=0.004, blur_px=0.8, pose=Similarity(),
    )  # fmt: skip


def aligned(image: LinearRGB, correction: ColourCorrection | None = CARD, clipped: np.ndarray | None = None) -> Aligned:
    nothing = np.zeros((SIZE, SIZE), bool)
    return Aligned(
        image=image, clipped=nothing if clipped is None else clipped, valid=~nothing, similarity=Similarity(),
        rms_px=0.1, overlap=1.0, u_offset_mm=0.01, u_rotation_deg=0.1, u_scale=0.001, correction=correction,
        scale_source="rig", noise=0.004, blur_px=0.8,
    )  # fmt: skip


@pytest.mark.parametrize("left_of", [90, 150, 190])
def test_half_a_cell_of_the_wrong_enamel(left_of: int) -> None:
    (found,) = find_off_colour(aligned(picture(half(left_of))), master())
    wrong = CELL & (left_of > X)
    size = 2 * math.sqrt(wrong.sum() * PITCH**2 / math.pi)
    assert (found.kind, found.region) == ("off-colour", "sky")
    assert abs(found.size_mm - size) <= found.u_mm < 0.25 * size
    true = float(delta_e_2000(CARD.lab(BLUE), CARD.lab(TEAL)))
    assert found.delta_e_00 == pytest.approx(true, abs=0.5)
    centre = FRAME.to_mm(np.array([X[wrong].mean(), Y[wrong].mean()]))
    assert math.dist((found.x_mm, found.y_mm), centre) < 0.15
    assert found.length_mm >= found.size_mm
    assert found.score > 0.5


def test_a_region_that_is_off_as_a_whole_is_its_own_measurement() -> None:
    assert find_off_colour(aligned(picture(TEAL)), master()) == ()


def test_a_good_cell_with_grain_shading_and_a_narrow_shadow_has_none() -> None:
    assert find_off_colour(aligned(picture(BLUE)), master()) == ()
    slope = (1 + 0.08 * (X - 150) / 120)[..., None]
    assert find_off_colour(aligned(picture(BLUE, light=slope)), master()) == ()
    wall = np.where(np.abs(X - 100) < 8, 0.5, 1.0)[..., None]  # half a millimetre
    assert find_off_colour(aligned(picture(BLUE, light=wall)), master()) == ()


def test_nothing_in_metal_without_a_card_or_where_it_is_clipped() -> None:
    image = picture(half(150))
    assert find_off_colour(aligned(image), master("plating")) == ()
    assert find_off_colour(aligned(image, correction=None), master()) == ()
    assert find_off_colour(aligned(image), master(correction=None)) == ()
    assert find_off_colour(aligned(image, clipped=X < 150), master()) == ()


def drawn(kind: str, left: int, right: int, size: float = 3.0) -> Finding:
    corners = np.array([[left, 20], [right, 20], [right, 280], [left, 280]], dtype=float)
    return Finding(kind, 0.0, 0.0, size, 3.0, 7.0, "sky", 0.9, 0.1, 9.0, FRAME.to_mm(corners))


def test_no_place_is_reported_twice() -> None:
    unit, golden = aligned(picture(half(150))), master()
    kinds = [f.kind for f in with_off_colour(unit, golden, (), (drawn("missing-enamel", 20, 150),))]
    assert kinds == ["missing-enamel"]
    kinds = [f.kind for f in with_off_colour(unit, golden, (), (drawn("scratch", 145, 155), drawn("pit", 60, 64, 0.4)))]
    assert sorted(kinds) == ["off-colour", "pit"]
    kinds = [f.kind for f in with_off_colour(unit, golden, (), (drawn("speck", 60, 110), drawn("bubble", 40, 260)))]
    assert kinds == ["off-colour"]
    elsewhere = drawn("scratch", 200, 220)
    assert elsewhere in with_off_colour(unit, golden, (), (elsewhere,))


def test_a_hairline_without_an_inside_is_a_finding_of_its_own() -> None:
    line = Finding(
        "scratch", 0.0, 0.0, 0.1, 3.0, 0.1, "sky", 0.9, 0.1, 9.0, FRAME.to_mm(np.array([[200, 40], [215, 90.0]]))
    )
    assert line in with_off_colour(aligned(picture(half(150))), master(), (), (line,))
