"""Registration in colours on pictures whose displacement is known to a thousandth of a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from blob_pictures import Blob, picture

from station.measure.colour_fit import (
    POWER,
    ColourScene,
    ColourTemplate,
    coded,
    fit_colours,
    log_likelihood,
    make_colour_template,
    shading_columns,
)
from station.values.colour import LinearRGB
from station.values.geometry import Similarity

SIZE = (150, 110)  # wider than high: an axis taken for the other shows
BLOBS = (
    Blob(45, 40, 14, (0.60, 0.08, 0.06)), Blob(100, 38, 12, (0.05, 0.12, 0.45)), Blob(72, 72, 15, (0.70, 0.60, 0.10)),
    Blob(115, 78, 9, (0.08, 0.30, 0.10)), Blob(30, 82, 8, (0.75, 0.72, 0.68)),
)  # fmt: skip


@pytest.fixture(scope="module")
def template() -> ColourTemplate:
    made = make_colour_template(picture(BLOBS, SIZE).pixels, np.ones(SIZE[::-1], dtype=bool))
    assert made is not None
    return made


def scene(image: LinearRGB, corner: tuple[int, int] = (0, 0)) -> ColourScene:
    return ColourScene(coded(image.pixels, POWER), corner)


@pytest.mark.parametrize(
    "motion",
    [
        Similarity(0.37, 0.0),
        Similarity(0.0, -0.52),
        Similarity(-1.20, 0.85),
        Similarity(0.8, -0.6, rotation_deg=0.4),
        Similarity(0.2, 0.3, scale=1.006),
    ],
)
def test_a_known_motion_is_found_with_its_signs_and_axes(template: ColourTemplate, motion: Similarity) -> None:
    fit = fit_colours(template, scene(picture(BLOBS, SIZE, [motion])), np.eye(3))
    assert fit is not None
    found = Similarity.from_matrix(fit.matrix)
    places = np.array([[30.0, 30.0], [120.0, 30.0], [75.0, 90.0]])
    assert np.abs(found.apply(places) - motion.apply(places)).max() < 0.01
    assert found.rotation_deg == pytest.approx(motion.rotation_deg, abs=0.01)
    assert found.scale == pytest.approx(motion.scale, abs=2e-4)
    assert fit.contrast == pytest.approx(1.0, abs=0.02)


def test_the_covariance_is_that_of_the_scatter_over_many_pictures(template: ColourTemplate) -> None:
    fits = [fit_colours(template, scene(picture(BLOBS, SIZE, noise=0.012, seed=k)), np.eye(3)) for k in range(24)]
    assert all(f is not None for f in fits)
    at = np.array([Similarity.from_matrix(f.matrix).apply(np.array(template.centre)) for f in fits if f is not None])
    stated = np.sqrt(np.mean([np.diag(f.covariance)[:2] for f in fits if f is not None], axis=0)) * template.half
    ratio = at.std(axis=0, ddof=1) / stated  # of 24, known to 15 %
    assert (ratio > 0.7).all()
    assert (ratio < 1.6).all()


def test_a_scene_that_begins_elsewhere_is_found_in_raster_pixels(template: ColourTemplate) -> None:
    whole = picture(BLOBS, SIZE, [Similarity(0.4, -0.3)])
    cut = LinearRGB(np.ascontiguousarray(whole.pixels[9:, 4:]))
    fit = fit_colours(template, scene(cut, corner=(4, 9)), np.eye(3))
    assert fit is not None
    assert fit.matrix[:2, 2] == pytest.approx((0.4, -0.3), abs=0.02)


def test_other_exposure_and_tint_move_nothing(template: ColourTemplate) -> None:
    """An affine map of the coded colours is light, not displacement."""
    unit = picture(BLOBS, SIZE, [Similarity(0.3, 0.2)])
    tinted = LinearRGB((unit.pixels * np.array([1.15, 0.9, 0.8])).astype(np.float32))
    fit = fit_colours(template, scene(tinted), np.eye(3))
    assert fit is not None
    assert fit.matrix[:2, 2] == pytest.approx((0.3, 0.2), abs=0.01)


def test_a_patch_of_glare_moves_little(template: ColourTemplate) -> None:
    pixels = picture(BLOBS, SIZE, [Similarity(0.3, 0.2)]).pixels.copy()
    pixels[34:46, 52:60] = 0.98  # on an edge of the first disc
    fit = fit_colours(template, scene(LinearRGB(pixels)), np.eye(3))
    assert fit is not None
    assert fit.matrix[:2, 2] == pytest.approx((0.3, 0.2), abs=0.03)


def test_what_is_not_seen_is_not_fitted(template: ColourTemplate) -> None:
    unit = scene(picture(BLOBS, SIZE))
    assert fit_colours(template, unit, Similarity(100.0, 0.0).matrix()) is None
    assert make_colour_template(picture(BLOBS, SIZE).pixels, np.zeros(SIZE[::-1], dtype=bool)) is None


def test_the_likelihood_is_greatest_where_the_patch_lies(template: ColourTemplate) -> None:
    motion = Similarity(0.6, -0.4)
    unit = scene(picture(BLOBS, SIZE, [motion]))
    fit = fit_colours(template, unit, np.eye(3))
    assert fit is not None
    shifts = [(0.6, -0.4), (0.0, 0.0), (-0.6, 0.4), (-0.4, 0.6), (1.6, -0.4)]
    told = [log_likelihood(template, unit, fit, Similarity(*s).matrix()).sum() for s in shifts]
    assert max(told) == told[0]
    assert told[1] > told[2]  # nearer is likelier


def test_an_even_picture_codes_to_nothing_and_power_compresses_light() -> None:
    even = np.full((60, 70, 3), 0.3, dtype=np.float32)
    assert np.abs(coded(even, POWER)).max() < 1e-6
    step = even.copy()
    step[:, 35:] = 0.6
    high, low = (float(np.ptp(coded(step, p)[30, :, 0])) for p in (1.0, 0.5))
    assert high / low == pytest.approx(0.3 / (0.6**0.5 - 0.3**0.5), rel=1e-3)


def test_shading_columns_follow_an_edge_and_the_side_it_faces() -> None:
    raised = np.zeros((40, 50), dtype=bool)
    raised[:, 25:] = True  # metal at the right: depth grows along x
    columns = shading_columns(raised)
    assert columns.shape == (40, 50, 9)
    flank, edge, rim = (columns[20, :, k] for k in (6, 3, 0))  # 2 px inside the metal, at the edge, 2 px outside
    assert int(np.argmax(rim)) in (22, 23)  # the edge lies between 24 and 25
    assert int(np.argmax(edge)) in (24, 25)
    assert int(np.argmax(flank)) in (26, 27)
    assert columns[20, 27, 7] > 0.5 * columns[20, 27, 6]  # faces along x
    assert abs(columns[20, 27, 8]) < 1e-6  # and not along y
    turned = shading_columns(np.ascontiguousarray(~raised))
    assert turned[20, 22, 7] < -0.5 * turned[20, 22, 6]
