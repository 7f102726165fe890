"""A cut edge that the fine outline bridged is told by the rough one."""

from __future__ import annotations

import numpy as np
import pytest

from station.measure.rough_outline import contradiction

TURN = np.linspace(0, 2 * np.pi, 942, endpoint=False)
DISC = 15 * np.stack([np.cos(TURN), np.sin(TURN)], axis=1)  # a place every tenth of a millimetre


def cut(depth_mm: float) -> np.ndarray:
    """The disc with a straight cut at its right, roughly found: a little too small, as usual."""
    return np.stack([np.minimum(DISC[:, 0], 15 - depth_mm), DISC[:, 1]], axis=1) * 0.995


@pytest.mark.parametrize("depth", [0.5, 0.8, 1.2])
def test_a_cut_where_no_edge_was_seen_is_told_with_its_place(depth: float) -> None:
    seen = DISC[:, 0] < 15 - depth
    found = contradiction(cut(depth), DISC, seen)
    assert found is not None
    assert found.at_mm == pytest.approx((15.0, 0.0), abs=0.3)
    assert found.inside_mm == pytest.approx(depth, abs=0.1)
    assert 1.0 < found.length_mm <= 2 * np.sqrt(15**2 - (15 - depth) ** 2)


def test_where_the_edge_was_seen_or_lies_close_nothing_is_told() -> None:
    everywhere = np.ones(len(DISC), dtype=bool)
    assert contradiction(cut(0.8), DISC, everywhere) is None
    assert contradiction(DISC * 0.99, DISC, ~everywhere) is None
    assert contradiction(cut(0.2), DISC, ~everywhere) is None
