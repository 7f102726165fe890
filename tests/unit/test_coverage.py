"""Enamel that no region covers: a cell crossed by a raised line, a twin in a tint near the metal's, and what is left
out on purpose."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.measure.coverage import uncovered_enamel
from station.measure.regions import RegionRequest, region_map
from station.report.region_pictures import region_picture
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, MarkMaster, Master, RegionMaster

FRAME = Frame(0.05, 400, 300, (199.5, 149.5))
METAL_TONE = (0.42, 0.38, 0.31)
BLUE, CREAM, RED = (0.05, 0.1, 0.35), (0.66, 0.60, 0.47), (0.4, 0.03, 0.04)
LINE_MM = 0.3


def golden(colour: tuple[float, float, float], *, marks: tuple[MarkMaster, ...] = ()) -> Master:
    """A plate with one cell of 8 x 4 mm that a raised line parts at x = 1, its seed on the left; and a red disc."""
    mm = FRAME.grid_mm()
    x, y = mm[..., 0], mm[..., 1]
    part = (np.abs(x) < 9) & (np.abs(y) < 6.5)
    image = np.full((*x.shape, 3), 0.19)
    image[part] = METAL_TONE
    image[part & (x > 6)] *= 1.9  # a reflection: lightness does not tell enamel from metal
    image[(np.abs(x) < 4) & (np.abs(y) < 2) & (np.abs(x - 1) > LINE_MM / 2)] = colour
    image[np.hypot(x + 6.5, y) < 1.2] = RED
    image += np.random.default_rng(2).normal(0, 0.004, image.shape)
    picture = LinearRGB(cv2.GaussianBlur(np.clip(image, 0, 1).astype(np.float32), (0, 0), 0.9))
    seed = FRAME.to_px(np.array([-1.5, 0.0]))
    request = RegionRequest("field", "soft enamel", (float(seed[0]), float(seed[1])))
    labels = region_map(picture, part, [request], pitch_mm=FRAME.pitch_mm)
    region = RegionMaster("field", "soft enamel", FIRST_REGION, None, 0.0, (-1.5, 0.0), 20.0)
    return Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=picture, correction=None,
        labels=labels, outline_mm=np.zeros((0, 2)), holes_mm=(), thickness_mm=None, regions=(region,), marks=marks,
        sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=0.004, blur_px=0.9, pose=Similarity(),
    )  # fmt: skip


@pytest.mark.parametrize("colour", [BLUE, CREAM])
def test_what_lies_beyond_a_raised_line_is_told_with_its_area(colour: tuple[float, float, float]) -> None:
    beyond, other = uncovered_enamel(golden(colour))
    assert beyond.region == "field"
    assert beyond.area_mm2 == pytest.approx((3 - LINE_MM / 2) * 4, rel=0.08)
    assert beyond.at_mm == pytest.approx((2.6, 0.0), abs=1.0)
    assert other.region == ""
    assert other.area_mm2 == pytest.approx(np.pi * 1.2**2, rel=0.12)


def test_it_is_hatched_where_the_map_takes_it_for_metal() -> None:
    master = golden(CREAM)
    beyond = uncovered_enamel(master)[0].where
    assert (master.labels[beyond] == METAL).mean() > 0.9  # else there is nothing to prove
    plain = region_picture(master.image, master.labels, ["field"])
    hatched = region_picture(master.image, master.labels, ["field"], beyond)
    shown = (hatched == (255, 0, 255)).all(axis=2) & beyond
    assert 0.1 < shown.sum() / beyond.sum() < 0.25
    assert not ((plain == (255, 0, 255)).all(axis=2) & beyond).any()


def test_a_mark_is_measured_as_a_mark() -> None:
    around = np.array([[-8.0, -1.5], [-5.0, -1.5], [-5.0, 1.5], [-8.0, 1.5]])
    found = uncovered_enamel(golden(BLUE, marks=(MarkMaster("dot", around),)))
    assert [u.region for u in found] == ["field"]
