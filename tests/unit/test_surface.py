"""The reference difference and its findings on drawn parts whose defects are known to the sample."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.boxes import find_boxes
from station.measure.difference import KINDS, reference_difference
from station.measure.surface import find_defects, follow_marks
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import (
    FIRST_REGION,
    METAL,
    OTHER,
    OUTSIDE,
    Aligned,
    DefectModel,
    Finding,
    MarkMaster,
    Master,
    Measurement,
    ScoreMaps,
)

PITCH = 0.03
SIZE = 360
FRAME = Frame(PITCH, SIZE, SIZE, ((SIZE - 1) / 2, (SIZE - 1) / 2))
BLUE, GREEN, WHITE = (0.10, 0.30, 0.62), (0.04, 0.22, 0.08), (0.78, 0.76, 0.70)
GOLD, BENCH = (0.60, 0.45, 0.20), (0.25, 0.25, 0.26)
NOISE = 0.002
FINE = 3  # drawn this much finer than the raster, then averaged: edges are those of areas, not of pixels


@cache
def _grid(shift_px: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (mm) of the fine raster's samples, the scene moved right and down by ``shift_px`` pixels."""
    axis = ((np.arange(SIZE * FINE) + 0.5) / FINE - 0.5 - FRAME.origin_px[0] - shift_px) * PITCH
    x, y = np.meshgrid(axis, axis)
    return x, y


@cache
def _scene(*, shift_px: float = 0.0, mark_mm: float = 0.0, add: object = None, seed: int = 1) -> LinearRGB:
    """A round pin: bench, gold rim, blue upper and green lower cell, a gold bar between, a white mark on the blue."""
    x, y = _grid(shift_px)
    radius = np.hypot(x, y)
    fine = np.empty((*x.shape, 3), dtype=np.float32)
    fine[:] = BENCH
    fine[radius < 5.0] = GOLD
    inner = radius < 4.4
    fine[inner & (y < -0.15)] = BLUE
    fine[inner & (y > 0.15)] = GREEN
    mark = np.hypot(x - mark_mm, y + 2.2) < 0.8
    fine[mark] = GOLD
    fine[np.hypot(x - mark_mm, y + 2.2) < 0.6] = WHITE
    if callable(add):
        add(fine, x, y)
    linear = cv2.GaussianBlur(cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA), (0, 0), 0.8)
    grain = np.random.default_rng(seed).normal(0, NOISE, linear.shape)
    return LinearRGB((linear + grain).astype(np.float32).clip(0, None))


@cache
def _labels() -> np.ndarray:
    axis = (np.arange(SIZE) - FRAME.origin_px[0]) * PITCH
    x, y = np.meshgrid(axis, axis)
    radius = np.hypot(x, y)
    labels = np.full(x.shape, OUTSIDE, dtype=np.uint8)
    labels[radius < 5.0] = METAL
    labels[(radius < 4.4) & (y < -0.15)] = FIRST_REGION
    labels[(radius < 4.4) & (y > 0.15)] = FIRST_REGION + 1
    labels[np.hypot(x, y + 2.2) < 0.8] = METAL
    labels[np.hypot(x, y + 2.2) < 0.6] = OTHER
    return labels


@cache
def _master() -> Master:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    polygon = np.stack([1.0 * np.cos(turn), 1.0 * np.sin(turn) - 2.2], axis=1)
    outline = 5.0 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return Master(
        number="GS-TEST-01", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=_scene(), correction=None,
        labels=_labels(), outline_mm=outline, holes_mm=(), thickness_mm=1.5, regions=(),
        marks=(MarkMaster("flower", polygon),), sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=NOISE, blur_px=0.8,
        pose=Similarity(),
    )  # fmt: skip


def _unit(image: LinearRGB) -> Aligned:
    everywhere = np.ones((SIZE, SIZE), dtype=bool)
    return Aligned(
        image=image, clipped=~everywhere, valid=everywhere, similarity=Similarity(), rms_px=0.1, overlap=1.0,
        u_offset_mm=0.003, u_rotation_deg=0.01, u_scale=1e-4, correction=None, scale_source="rig", noise=NOISE,
        blur_px=0.8,
    )  # fmt: skip


def _find(image: LinearRGB, marks: tuple[Measurement, ...] = ()) -> tuple[Finding, ...]:
    return find_defects(_unit(image), _master(), reference_difference, marks)


def _disc_of(colour: tuple[float, float, float], x_mm: float, y_mm: float, diameter_mm: float) -> object:
    def add(fine: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        fine[np.hypot(x - x_mm, y - y_mm) < diameter_mm / 2] = colour

    return add


def _line_of(colour: tuple[float, float, float], x_mm: float, y_mm: float, length_mm: float, width_mm: float) -> object:
    def add(fine: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        along, across = (x - x_mm) * 0.8 + (y - y_mm) * 0.6, (y - y_mm) * 0.8 - (x - x_mm) * 0.6
        fine[(np.abs(along) < length_mm / 2) & (np.abs(across) < width_mm / 2)] = colour

    return add


DARKER_GREEN = (0.022, 0.11, 0.044)


def test_picture_against_itself_scores_nothing() -> None:
    image = _scene()
    maps = reference_difference(image, image, _labels(), NOISE)
    assert maps.kinds == KINDS
    assert maps.scores.shape == (len(KINDS), SIZE, SIZE)
    assert not maps.scores.any()


def test_another_grain_is_no_finding() -> None:
    assert _find(_scene(seed=2)) == ()


@pytest.mark.parametrize("shift", [-1.5, 0.5, 1.5])
def test_misregistration_is_no_finding(shift: float) -> None:
    assert _find(_scene(shift_px=shift, seed=2)) == ()


@pytest.mark.parametrize("gain", [0.93, 1.08])
def test_brightness_is_no_finding(gain: float) -> None:
    assert _find(LinearRGB((_scene(seed=2).pixels * gain).astype(np.float32))) == ()


def test_slow_shading_is_no_finding() -> None:
    ramp = np.linspace(0.95, 1.05, SIZE, dtype=np.float32)[None, :, None]
    assert _find(LinearRGB((_scene(seed=2).pixels * ramp).astype(np.float32))) == ()


@pytest.mark.parametrize("diameter", [0.2, 0.3, 0.5])
def test_hole_in_enamel_is_found_where_it_is_and_as_large_as_it_is(diameter: float) -> None:
    """T11."""
    found = _find(_scene(seed=2, add=_disc_of(DARKER_GREEN, 1.3, 2.0, diameter)))
    assert len(found) == 1
    hole = found[0]
    assert hole.kind in ("pit", "speck")
    assert (hole.x_mm, hole.y_mm) == pytest.approx((1.3, 2.0), abs=0.02)
    assert hole.size_mm == pytest.approx(diameter, abs=0.05)
    assert hole.contrast_to_noise > 5


def test_bare_metal_is_missing_enamel() -> None:
    found = _find(_scene(seed=2, add=_disc_of(GOLD, -1.0, 2.2, 0.9)))
    assert [f.kind for f in found] == ["missing-enamel"]
    assert found[0].size_mm == pytest.approx(0.9, abs=0.05)


def test_foreign_pigment_is_a_speck() -> None:
    found = _find(_scene(seed=2, add=_disc_of((0.03, 0.02, 0.02), -2.6, -1.4, 0.4)))
    assert [f.kind for f in found] == ["speck"]
    assert found[0].size_mm == pytest.approx(0.4, abs=0.05)


def test_scratch_has_its_length() -> None:
    found = _find(_scene(seed=2, add=_line_of((0.12, 0.34, 0.18), 0.5, 2.3, 2.0, 0.08)))
    assert [f.kind for f in found] == ["scratch"]
    assert found[0].length_mm == pytest.approx(2.0, abs=0.15)
    assert found[0].size_mm < 0.2


def test_dust_is_no_pit() -> None:
    found = _find(_scene(seed=2, add=_disc_of((0.35, 0.36, 0.36), 1.3, 2.0, 0.1)))
    assert [f.kind for f in found] == ["dust"]


def _moved(by_mm: float) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(f"{kind}:flower", kind, value, "mm", 0.01, "test")
        for kind, value in (("offset-x", by_mm), ("offset-y", 0.0), ("rotation", 0.0), ("scale", 1.0))
    )


@pytest.mark.parametrize("offset", [0.06, 0.15, 0.4])
def test_moved_mark_is_no_finding(offset: float) -> None:
    image = _scene(seed=2, mark_mm=offset)
    assert _find(image, _moved(offset)) == ()


def test_mark_that_moved_is_seen_where_nobody_measured_it() -> None:
    assert _find(_scene(seed=2, mark_mm=0.4)) != ()


def test_golden_follows_a_mark() -> None:
    golden, labels, unsettled = follow_marks(_master(), _moved(0.3))
    assert labels[FRAME.height // 2 - 73, FRAME.width // 2 + 10] == OTHER
    assert unsettled.any()
    unmoved, same, settled = follow_marks(_master(), ())
    assert np.array_equal(unmoved.pixels, _master().image.pixels)
    assert np.array_equal(same, _labels())
    assert not settled.any()
    assert not np.array_equal(golden.pixels, unmoved.pixels)


def test_what_the_photo_does_not_cover_is_not_judged() -> None:
    image = _scene(seed=2, add=_disc_of(DARKER_GREEN, 1.3, 2.0, 0.5))
    unit = _unit(image)
    unit.valid[200:, 200:] = False
    assert find_defects(unit, _master(), reference_difference) == ()


def test_same_input_gives_the_same_scores() -> None:
    golden, unit = _scene(), _scene(seed=2, add=_disc_of(DARKER_GREEN, 1.3, 2.0, 0.3))
    first = reference_difference(golden, unit, _labels(), NOISE)
    second = reference_difference(golden, unit, _labels(), NOISE)
    assert np.array_equal(first.scores, second.scores)
    assert first.scores.max() == pytest.approx(1.0)


def test_part_without_a_pixel_has_no_scores() -> None:
    image = _scene()
    maps = reference_difference(image, image, np.full((SIZE, SIZE), OUTSIDE, dtype=np.uint8), NOISE)
    assert not maps.scores.any()


def test_two_plain_pictures_give_a_box_round_the_difference() -> None:
    spot = _disc_of((0.03, 0.02, 0.02), 1.2, 2.0, 0.5)
    boxes = find_boxes(_scene(), _scene(seed=2, add=spot), reference_difference)
    assert len(boxes) == 1
    box = boxes[0]
    middle = FRAME.to_px(np.array([1.2, 2.0]))
    assert abs(box.x + box.w / 2 - middle[0]) < 2
    assert abs(box.y + box.h / 2 - middle[1]) < 2
    assert box.w == pytest.approx(0.5 / PITCH, abs=4)
    assert find_boxes(_scene(), _scene(seed=2), reference_difference) == ()


def test_the_rounded_edge_of_a_hole_is_no_place_for_findings() -> None:
    """Beside a hole's edge the shoulder mirrors other lamps; a millimetre further on a spot is a spot again."""
    spot = _scene(add=_disc_of(DARKER_GREEN, 2.2, 1.0, 0.4), seed=3)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)

    def holed(x_mm: float) -> Master:
        hole = np.stack([x_mm + 0.5 * np.cos(turn), 1.0 + 0.5 * np.sin(turn)], axis=1)
        return replace(_master(), holes_mm=(hole,))

    found = [len(find_defects(_unit(spot), holed(x), reference_difference)) for x in (2.9, 4.2)]
    assert found == [0, 1]


@pytest.mark.parametrize("gain", [(0.35, 0.35, 0.35), (1.5, 1.5, 1.5), (1.15, 1.0, 0.8)])
def test_another_exposure_or_white_balance_is_no_defect(gain: tuple[float, float, float]) -> None:
    image = _scene(add=_disc_of((0.02, 0.02, 0.02), -2.0, -1.6, 0.5), seed=3)
    found = _find(LinearRGB(image.pixels * np.array(gain, dtype=np.float32)))
    assert [f.kind for f in found] == [f.kind for f in _find(image)]
    assert len(found) == 1
    assert _find(LinearRGB(_scene(seed=4).pixels * np.array(gain, dtype=np.float32))) == ()


def _answers(x_mm: float, y_mm: float, diameter_mm: float, **scores: float) -> DefectModel:
    """A model that gives these scores in a disc, wherever the pictures differ or not."""

    def model(golden: LinearRGB, unit: LinearRGB, labels: np.ndarray, noise: float) -> ScoreMaps:
        assert golden.pixels.shape == unit.pixels.shape
        assert noise > 0
        axis = (np.arange(SIZE) - FRAME.origin_px[0]) * PITCH
        x, y = np.meshgrid(axis, axis)
        inside = np.hypot(x - x_mm, y - y_mm) < diameter_mm / 2
        maps = [np.where(inside & (labels != OUTSIDE), score, 0) for score in scores.values()]
        return ScoreMaps(tuple(k.replace("_", "-") for k in scores), np.stack(maps).astype(np.float32))

    return model


def test_a_finding_whose_kind_is_in_doubt_keeps_all_its_kinds() -> None:
    model = _answers(1.3, 2.0, 0.4, bubble=0.30, pit=0.42, scratch=0.04, speck=0.20)
    (found,) = find_defects(_unit(_scene(seed=2)), _master(), model)
    assert found.kind == "pit"
    assert found.score == pytest.approx(0.96, abs=0.01)
    assert list(found.kind_scores) == ["pit", "bubble", "speck"]  # greatest first, and none that says nothing
    assert found.kind_scores["bubble"] == pytest.approx(0.30, abs=0.01)


def test_the_score_of_a_hollow_in_two_flanks_is_that_of_its_flanks() -> None:
    """What lies between them is filled in for the size and has no score of its own."""

    def flanks(fine: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        inside = np.hypot(x - 1.3, y - 2.0) < 0.24
        fine[inside & (x < 1.21)] += 0.15
        fine[inside & (x > 1.39)] -= 0.15

    def model(golden: LinearRGB, unit: LinearRGB, *_: object) -> ScoreMaps:
        there = np.abs(unit.pixels - golden.pixels).mean(axis=2) > 0.03
        return ScoreMaps(("pit",), there[None].astype(np.float32))

    (found,) = find_defects(_unit(_scene(add=flanks, seed=2)), _master(), model)
    assert found.score == pytest.approx(1.0)
    assert found.kind_scores == {"pit": pytest.approx(1.0)}


def test_no_kind_is_found_where_all_together_are_unlikely() -> None:
    assert find_defects(_unit(_scene(seed=2)), _master(), _answers(1.3, 2.0, 0.4, pit=0.2, bubble=0.25)) == ()


@pytest.mark.parametrize("diameter", [0.12, 0.2, 0.4])
def test_sizes_are_read_in_the_picture_however_generous_the_scores(diameter: float) -> None:
    """A network's rim moves with its confidence; the picture's does not."""
    image = _scene(seed=2, add=_disc_of(DARKER_GREEN, 1.3, 2.0, diameter))
    for scored in (diameter - 0.03, diameter + 0.06):
        (found,) = find_defects(_unit(image), _master(), _answers(1.3, 2.0, scored, pit=0.9))
        assert found.sized_by == "picture"
        assert found.size_mm == pytest.approx(diameter, abs=0.01)
        assert found.feret_mm == pytest.approx(diameter, abs=0.012)
        assert found.length_mm == found.feret_mm
        assert found.area_mm2 == pytest.approx(np.pi * diameter**2 / 4, rel=0.2)
        assert found.u_mm >= 0.3 * diameter  # what a defect's shading hides is not in the picture


def test_a_scratch_broken_by_a_highlight_is_one_finding_of_its_whole_length() -> None:
    line = _line_of((0.12, 0.34, 0.18), 0.5, 2.3, 2.4, 0.08)

    def broken(fine: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        before = fine.copy()
        line(fine, x, y)  # type: ignore[operator]
        gap = np.hypot(x - 0.5, y - 2.3) < 0.2
        fine[gap] = before[gap]

    image = _scene(seed=2, add=broken)

    def model(golden: LinearRGB, unit: LinearRGB, labels: np.ndarray, noise: float) -> ScoreMaps:
        off = np.abs(unit.pixels - golden.pixels).max(axis=2) - 3 * noise
        return ScoreMaps(("scratch",), np.clip(off / 0.08, 0, 1)[None].astype(np.float32) * (labels != OUTSIDE))

    (found,) = [f for f in find_defects(_unit(image), _master(), model) if f.length_mm > 0.3]
    assert found.length_mm == pytest.approx(2.4, abs=0.1)
    assert found.width_mm is not None
    assert found.size_mm == found.width_mm < 0.12


def test_a_kind_counts_from_the_least_score_its_model_names() -> None:
    def light(fine: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        fine[np.hypot(x - 0.5, y - 2.3) < 0.3] = 0.6

    image = _scene(seed=2, add=light)

    def told(least: float, sure: float = 0.0) -> list[float | None]:
        def model(golden: LinearRGB, unit: LinearRGB, _labels: np.ndarray, _noise: float) -> ScoreMaps:
            there = np.abs(unit.pixels - golden.pixels).max(axis=2) > 0.2
            kind = "plating-spot"
            return ScoreMaps((kind,), 0.8 * there[None].astype(np.float32), {kind: least}, {kind: sure})

        return [f.unsure_below for f in find_defects(_unit(image), _master(), model) if f.kind == "plating-spot"]

    assert told(0.7) == [None]
    assert told(0.9) == []
    assert told(0.7, sure=0.75) == [None]
    assert told(0.7, sure=0.9) == [0.9], "it is told, and marked as one the model is not sure of"


def test_a_narrow_difference_along_an_edge_is_registration_and_across_a_plain_is_none() -> None:
    """A right half that lies four pixels further to the left; and a line of that width on plain ground."""
    picture = np.full((120, 160, 3), 0.6, dtype=np.float32)
    picture[:, 80:] = 0.05
    moved, lined = picture.copy(), picture.copy()
    moved[:, 76:80] = 0.05
    lined[20:100, 30:34] = 0.05

    def differing(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
        del labels, noise
        return ScoreMaps(("pit",), (np.abs(unit.pixels - golden.pixels).max(axis=-1) > 0.2)[None].astype(np.float32))

    assert find_boxes(LinearRGB(picture), LinearRGB(moved), differing) == ()
    (box,) = find_boxes(LinearRGB(picture), LinearRGB(lined), differing)
    assert (box.x, box.y, box.w, box.h) == (30, 20, 4, 80)
