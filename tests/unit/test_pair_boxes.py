"""Boxes of two plain pictures: what registration leaves, and what it must not take along."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.errors import RequestError
from station.measure.boxes import compare_pair, find_boxes
from station.measure.local_shift import REACH_PX, local_shift
from station.values.colour import LinearRGB
from station.values.line import ScoreMaps

SIZE = 256


def _drawn(bend_px: float = 0.0) -> NDArray[np.float32]:
    """Dark tracks and discs on light ground, bent by a slow wave: they lie ``bend_px`` off along x and y at most."""
    fine = np.full((SIZE, SIZE), 0.7, dtype=np.float32)
    for k in range(12, SIZE, 40):
        fine[:, k : k + 12] = 0.05
        cv2.circle(fine, (k + 6, (k * 5) % SIZE), 14, 0.05, -1)
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    dx, dy = bend_px * np.sin(2 * np.pi * y / SIZE), bend_px * np.cos(2 * np.pi * x / SIZE)
    return cv2.remap(fine, x - dx.astype(np.float32), y - dy.astype(np.float32), cv2.INTER_LINEAR, None, 1)


def _rgb(grey: NDArray[np.float32]) -> LinearRGB:
    return LinearRGB(np.repeat(grey[..., None], 3, axis=2))


def _differing(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
    del labels, noise
    return ScoreMaps(("speck",), (np.abs(unit.pixels - golden.pixels).max(axis=-1) > 0.2)[None].astype(np.float32))


def test_a_shift_that_changes_from_place_to_place_is_found() -> None:
    golden, unit = np.cbrt(_drawn()), np.cbrt(_drawn(2.0))
    found = local_shift(golden, unit, np.ones(golden.shape, dtype=bool))
    rows = np.arange(SIZE)
    columns = np.zeros_like(golden, dtype=bool)
    columns[20:-20, 20:-20] = True  # tracks run down: their shift along x is told everywhere
    error = (found[..., 0] - 2.0 * np.sin(2 * np.pi * rows / SIZE)[:, None])[columns]
    assert found.shape == (SIZE, SIZE, 2)
    assert np.sqrt(np.mean(error**2)) < 0.35
    assert np.abs(found).max() <= REACH_PX + 0.5


def test_where_nothing_tells_a_shift_there_is_none() -> None:
    noise = np.random.default_rng(1).normal(0.8, 0.01, (2, SIZE, SIZE)).astype(np.float32)
    assert np.abs(local_shift(noise[0], noise[1], np.ones((SIZE, SIZE), dtype=bool))).max() < 0.05


def test_a_defect_hardly_pulls_its_surroundings_along() -> None:
    """Left in the matching, it draws the field by 1.4 px out of its own way."""
    plain = np.full((SIZE, SIZE), 0.9, dtype=np.float32)
    plain[:, :60] = 0.4
    spotted = plain.copy()
    cv2.circle(spotted, (150, 130), 12, 0.4, -1)
    covered = np.ones(plain.shape, dtype=bool)
    for golden, unit in ((plain, spotted), (spotted, plain)):
        assert np.abs(local_shift(golden, unit, covered)).max() < 0.7


def test_a_bent_unit_has_no_boxes_and_its_defects_keep_theirs() -> None:
    golden, bent = _drawn(), _drawn(2.0)
    assert find_boxes(_rgb(golden), _rgb(bent), _differing) == ()
    bent[100:110, 90:100] = 0.7  # a hole in a track
    bent[200:208, 152:160] = 0.05  # and a speck beside one
    found = find_boxes(_rgb(golden), _rgb(bent), _differing)
    centres = sorted((b.x + b.w / 2, b.y + b.h / 2) for b in found)
    assert len(centres) == 2
    assert centres[0] == pytest.approx((95, 105), abs=4)
    assert centres[1] == pytest.approx((156, 204), abs=4)


def test_what_a_pixels_shift_explains_scores_less() -> None:
    """The same patch of five pixels by forty: on plain ground, and as an edge that lies further out."""
    golden = np.full((SIZE, SIZE), 0.7, dtype=np.float32)
    golden[:, 128:] = 0.05
    plain, edge = golden.copy(), golden.copy()
    plain[100:140, 40:45] = 0.05
    edge[100:140, 123:128] = 0.05
    (clear,) = find_boxes(_rgb(golden), _rgb(plain), _differing)
    (doubtful,) = find_boxes(_rgb(golden), _rgb(edge), _differing)
    assert clear.score == pytest.approx(1.0, abs=0.01)
    assert 0.5 < doubtful.score < 0.9


def _nothing(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
    del golden, unit, noise
    return ScoreMaps(("speck",), np.zeros((1, *labels.shape), np.float32))


def _everything(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
    del golden, unit, noise
    return ScoreMaps(("speck",), np.ones((1, *labels.shape), np.float32))


def test_black_and_white_differ_as_a_whole_whatever_is_marked() -> None:
    black, white = np.zeros((64, 64), np.float32), np.ones((64, 64), np.float32)
    found = compare_pair(_rgb(black), _rgb(white), _nothing)
    assert found.boxes == ()
    assert found.differ_as_a_whole
    assert "features" in found.unregistered
    same = compare_pair(_rgb(black), _rgb(black), _nothing)
    assert (same.differ_as_a_whole, same.unregistered, same.golden_share, same.unit_share) == (False, "", 1.0, 1.0)


def test_what_of_two_sizes_was_compared_is_told() -> None:
    golden = np.full((64, 96), 0.4, np.float32)
    found = compare_pair(_rgb(golden), _rgb(golden[:32, :48]), _nothing)
    assert (found.golden_share, found.unit_share) == (0.25, 1.0)
    assert not found.differ_as_a_whole


def test_what_is_left_out_as_a_remainder_of_registration_is_counted() -> None:
    found = compare_pair(_rgb(_drawn()), _rgb(_drawn()), _everything)
    assert (found.boxes, found.left_out, found.left_out_share) == ((), 1, 1.0)


def test_a_picture_too_long_to_be_resampled_is_refused() -> None:
    strip = _rgb(np.zeros((2, 32767), np.float32))
    with pytest.raises(RequestError, match="32767 x 2 pixels, at most 32766 a side"):
        compare_pair(_rgb(np.zeros((2, 2), np.float32)), strip, _nothing)
