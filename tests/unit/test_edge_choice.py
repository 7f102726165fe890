"""The silhouette among several edges, and outlines that strayed onto the bench, on drawn discs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from station.measure.edge_choice import choose_edges
from station.measure.shoulder import Shoulder
from station.measure.strays import without_strays
from station.values.colour import LinearRGB
from station.values.geometry import Frame

Float = NDArray[np.float64]

S = np.arange(-0.7, 1.0, 0.01)
PITCH_MM = 0.033
SHOULDER = Shoulder(0.25, (0.5, 0.48, 0.46), 0.01)


def _profile(end_mm: float, light: float, highlight: float) -> Float:
    """(m, 3) light over the bench's: a face, perhaps a highlight on it, the shoulder's light, mirrored bench, bench."""
    fine = np.arange(S[0], S[-1] + 0.0125, 0.0025)
    horizon = end_mm - 0.305 * SHOULDER.radius_mm
    value = np.where(fine < end_mm, 0.5, 1.0)
    value = np.where(fine < horizon, light, value)
    value = np.where(fine < horizon - 0.12, 0.8, value)
    value = np.where((fine > end_mm - 0.45) & (fine < end_mm - 0.32), highlight, value)
    soft = gaussian_filter1d(value, 0.75 * PITCH_MM / 0.0025)
    return np.interp(S, fine, soft)[:, None] * np.array([1.0, 0.99, 0.98])


@pytest.fixture(scope="module")
def groups() -> tuple[Float, Float]:
    """Sixty profiles round a part, and their ends; over a quarter the shoulder is dim and a highlight shines inside."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ends = 0.05 * np.cos(2 * turn)
    dim = (np.arange(60) >= 20) & (np.arange(60) < 35)
    rows = [_profile(e, 0.55 if d else 1.6, 3.0 if d else 0.8) for e, d in zip(ends, dim, strict=True)]
    noise = np.random.default_rng(3).normal(0, 0.004, (60, len(S), 3))
    return np.stack(rows) + noise, ends


def test_a_highlight_inside_does_not_lead_the_silhouette_astray(groups: tuple[Float, Float]) -> None:
    values, ends = groups
    within = (S > -0.5) & (S < 0.5)
    found, left = choose_edges(S, values, SHOULDER, PITCH_MM, within, np.zeros(60))
    assert np.abs(found - ends).max() < 0.05
    assert np.median(left) < 0.05


def test_a_profile_that_leaves_the_raster_has_no_silhouette(groups: tuple[Float, Float]) -> None:
    values, ends = groups
    values = values.copy()
    values[7, -30:] = np.nan
    found, _ = choose_edges(S, values, SHOULDER, PITCH_MM, (S > -0.5) & (S < 0.5), np.zeros(60))
    assert np.isnan(found[7])
    assert np.abs(np.delete(found - ends, 7)).max() < 0.05


FRAME = Frame(0.033, 420, 420, (209.5, 209.5))


def _bumped(height_mm: float) -> Float:
    """(n, 2) mm circle of 5 mm with a bump outwards, 2.4 mm long."""
    turn = np.linspace(0, 2 * np.pi, 1200, endpoint=False)
    along = np.abs((turn - 1.0 + np.pi) % (2 * np.pi) - np.pi) * 5.0
    radius = 5.0 + height_mm * np.clip((1.2 - along) / 0.3, 0, 1)
    return radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])


def _disc(outline: Float) -> LinearRGB:
    """A bright disc of that outline on a plain bench."""
    turn = np.arctan2(outline[:, 1], outline[:, 0]) % (2 * np.pi)
    order = np.argsort(turn)
    mm = FRAME.grid_mm()
    edge = np.interp(np.arctan2(mm[..., 1], mm[..., 0]) % (2 * np.pi), turn[order], np.hypot(*outline.T)[order])
    inside = np.clip((edge - np.hypot(mm[..., 0], mm[..., 1])) / FRAME.pitch_mm + 0.5, 0, 1)
    soft = gaussian_filter(0.3 + 0.4 * inside, 0.8)
    noise = np.random.default_rng(5).normal(0, 0.004, (*soft.shape, 3))
    return LinearRGB((soft[..., None] + noise).astype(np.float32))


def test_an_outline_that_strayed_onto_the_bench_comes_back() -> None:
    back = without_strays(_disc(_bumped(0.0)), FRAME, _bumped(0.6))
    assert np.abs(np.hypot(*back.T) - 5.0).max() < 0.12


def test_a_lug_of_the_part_stays() -> None:
    outline = _bumped(0.6)
    kept = without_strays(_disc(outline), FRAME, outline)
    assert np.hypot(*kept.T).max() > 5.55
