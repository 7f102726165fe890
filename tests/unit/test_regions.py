"""Regions on synthetic antialiased parts: cells between 0.25 mm metal lines, highlights, orange peel, specks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from station.errors import SheetError
from station.measure.regions import RegionRequest, inmost, region_map
from station.report.region_pictures import region_picture
from station.values.colour import LinearRGB, srgb_decode
from station.values.line import FIRST_REGION, METAL, OTHER, OUTSIDE

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]

PITCH = 0.03
SIZE = 480
METALS = {
    "gold": (0.85, 0.68, 0.32),
    "nickel": (0.74, 0.74, 0.72),
    "black nickel": (0.30, 0.30, 0.32),
    "antique brass": (0.50, 0.40, 0.22),
}
ENAMELS = {
    "sky": (0.15, 0.45, 0.80),
    "snow": (0.93, 0.93, 0.92),
    "rust": (0.65, 0.15, 0.12),
    "pine": (0.05, 0.30, 0.20),
}
SEEDS = {"sky": (150.0, 150.0), "snow": (330.0, 150.0), "rust": (150.0, 330.0), "pine": (330.0, 330.0)}


def _truth() -> tuple[Bool, dict[str, Bool]]:
    """A disc of 6 mm radius, its rim 0.5 mm; four quadrants parted by lines of 0.27 mm; at 5 x 5 samples a pixel."""
    k = 5
    at = ((np.arange(SIZE * k) + 0.5) / k - 0.5 - (SIZE - 1) / 2) * PITCH
    x, y = np.meshgrid(at, at)
    r = np.hypot(x, y)
    part, field = r < 6.0, r < 5.5
    inside = {
        "sky": field & (x < -0.135) & (y < -0.135),
        "snow": field & (x > 0.135) & (y < -0.135),
        "rust": field & (x < -0.135) & (y > 0.135),
        "pine": field & (x > 0.135) & (y > 0.135),
    }
    return part, inside


PART, CELLS = _truth()


def _cover(mask: Bool) -> Float:
    k = mask.shape[0] // SIZE
    return mask.reshape(SIZE, k, SIZE, k).mean(axis=(1, 3))


def _picture(metal: str, *, seed: int = 1, enamels: dict[str, tuple[float, float, float]] | None = None) -> LinearRGB:
    rng = np.random.default_rng(seed)
    rgb = np.tile(srgb_decode(np.array([0.62, 0.61, 0.6])), (SIZE, SIZE, 1))
    part = _cover(PART)[..., None]
    # Struck metal mirrors its surroundings: its brightness wanders along the lines, its hue hardly.
    shine = gaussian_filter(rng.normal(0, 1, (SIZE, SIZE)), 12)
    shine = 1 + 0.35 * shine / np.abs(shine).max()
    rgb = rgb * (1 - part) + part * srgb_decode(np.array(METALS[metal])) * shine[..., None]
    peel = gaussian_filter(rng.normal(0, 1, (SIZE, SIZE)), 4)
    peel = 1 + 0.06 * peel / peel.std()
    for name, colour in (enamels or ENAMELS).items():
        cover = _cover(CELLS[name])[..., None]
        rgb = rgb * (1 - cover) + cover * srgb_decode(np.array(colour)) * peel[..., None]
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    for cx, cy in SEEDS.values():  # a glossy highlight 0.36 mm wide on every seed
        rgb += 0.5 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 3.0**2))[..., None]
    rgb = gaussian_filter(rgb, (0.9, 0.9, 0)) + rng.normal(0, 0.006, rgb.shape)
    return LinearRGB(np.clip(rgb, 0, 1).astype(np.float32))


def _mask() -> Bool:
    return np.asarray(_cover(PART) > 0.5)


def _likeness(found: Bool, truth: Bool) -> float:
    """Intersection over union."""
    true = _cover(truth) > 0.5
    return float((found & true).sum() / (found | true).sum())


def _cell(image: LinearRGB, seed: tuple[float, float]) -> NDArray[np.bool_]:
    """The mask that a sheet's one seeded region gets."""
    request = RegionRequest("sky", "soft enamel", seed_px=seed)
    return region_map(image, _mask(), [request], pitch_mm=PITCH) == FIRST_REGION


@pytest.mark.parametrize("metal", list(METALS))
def test_every_cell_is_found_up_to_its_lines(metal: str) -> None:
    image = _picture(metal)
    requests = [RegionRequest(n, "soft enamel", seed_px=s) for n, s in SEEDS.items()]
    labels = region_map(image, _mask(), requests, pitch_mm=PITCH)
    for index, name in enumerate(SEEDS):
        assert _likeness(labels == FIRST_REGION + index, CELLS[name]) > 0.95, name
    everything = np.any(list(CELLS.values()), axis=0)
    assert _likeness(labels == METAL, PART & ~everything) > 0.8
    assert not (labels == OTHER).any()
    assert np.array_equal(labels == OUTSIDE, ~_mask())


def test_dark_enamel_beside_black_nickel_keeps_off_the_rim() -> None:
    """Seen darkly, as a bench photo shows it, the difference is smaller than the calmest stretch of tolerances."""
    dark = dict.fromkeys(ENAMELS, (0.29, 0.24, 0.22))
    image = LinearRGB(_picture("black nickel", enamels=dark).pixels * 0.5)
    x, y = SEEDS["sky"]
    found = _cell(image, (x + 20, y))
    assert _likeness(found, CELLS["sky"]) > 0.95


def test_a_cell_that_the_sheet_does_not_name_is_other_enamel() -> None:
    requests = [RegionRequest(n, "hard enamel", seed_px=SEEDS[n]) for n in ("sky", "snow", "pine")]
    labels = region_map(_picture("gold"), _mask(), requests, pitch_mm=PITCH)
    assert _likeness(labels == OTHER, CELLS["rust"]) > 0.9


def test_plating_takes_the_connected_metal() -> None:
    requests = [RegionRequest(n, "soft enamel", seed_px=s) for n, s in SEEDS.items()]
    requests.append(RegionRequest("plate", "plating", seed_px=(239.5, 150.0)))
    labels = region_map(_picture("nickel"), _mask(), requests, pitch_mm=PITCH)
    everything = np.any(list(CELLS.values()), axis=0)
    assert _likeness(labels == FIRST_REGION + 4, PART & ~everything) > 0.8


def test_the_same_cell_from_any_seed() -> None:
    image = _picture("gold")
    a, b = _cell(image, (120.0, 160.0)), _cell(image, (200.0, 110.0))
    assert (a & b).sum() / (a | b).sum() > 0.97


def test_a_polygon_is_taken_as_it_is() -> None:
    polygon = np.array([[100.5, 100.5], [140.5, 100.5], [140.5, 120.5], [100.5, 120.5]])
    labels = region_map(
        _picture("gold"), _mask(), [RegionRequest("patch", "other", polygon_px=polygon)], pitch_mm=PITCH
    )
    assert (labels == FIRST_REGION).sum() == 40 * 20


@pytest.mark.parametrize(
    ("seed", "says"),
    [((5.0, 5.0), "outside the part"), ((-40.0, 900.0), "outside the part"), ((239.5, 48.0), "metal")],
)
def test_a_bad_seed_is_refused_by_name(seed: tuple[float, float], says: str) -> None:
    with pytest.raises(SheetError, match=says) as refused:
        _cell(_picture("gold"), seed)
    assert "'sky'" in refused.value.message
    assert refused.value.do


def test_two_seeds_in_one_cell_are_refused_by_both_names() -> None:
    requests = [
        RegionRequest("sky", "soft enamel", seed_px=(120.0, 160.0)),
        RegionRequest("heaven", "soft enamel", seed_px=(200.0, 110.0)),
    ]
    with pytest.raises(SheetError, match="'sky' and 'heaven'"):
        region_map(_picture("gold"), _mask(), requests, pitch_mm=PITCH)


def test_plating_seeds_are_checked_too() -> None:
    cells = [RegionRequest(n, "soft enamel", seed_px=s) for n, s in SEEDS.items()]
    plates = [RegionRequest(n, "plating", seed_px=s) for n, s in (("rim", (239.5, 45.0)), ("line", (239.5, 150.0)))]
    image = _picture("gold")
    with pytest.raises(SheetError, match="'rim' and 'line'"):
        region_map(image, _mask(), cells + plates, pitch_mm=PITCH)
    wrong = RegionRequest("plate", "plating", seed_px=(120.0, 160.0))
    with pytest.raises(SheetError, match="not on metal"):
        region_map(image, _mask(), [*cells, wrong], pitch_mm=PITCH)
    with pytest.raises(SheetError, match="neither seed nor polygon"):
        region_map(image, _mask(), [RegionRequest("x", "soft enamel")], pitch_mm=PITCH)
    off = RegionRequest("x", "other", polygon_px=np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]]))
    with pytest.raises(SheetError, match="polygon of region 'x' lies outside"):
        region_map(image, _mask(), [off], pitch_mm=PITCH)


def test_the_picture_shows_outlines_and_names() -> None:
    image = _picture("gold")
    requests = [RegionRequest(n, "soft enamel", seed_px=s) for n, s in SEEDS.items()]
    labels = region_map(image, _mask(), requests, pitch_mm=PITCH)
    plain = region_picture(image, np.zeros_like(labels), [])
    marked = region_picture(image, labels, list(SEEDS))
    assert marked.shape == (SIZE, SIZE, 3)
    assert marked.dtype == np.uint8
    changed = (marked != plain).any(axis=2)
    assert 0.01 < changed.mean() < 0.3
    assert changed[140:160, 130:170].any()


def test_the_inmost_pixel_of_a_ring_lies_on_the_ring() -> None:
    y, x = np.mgrid[0:200, 0:240]
    radius = np.hypot(x - 120, y - 90)
    ring = (radius < 80) & (radius > 60)
    px = inmost(ring)
    assert ring[int(px[1]), int(px[0])]
    assert np.hypot(px[0] - 120, px[1] - 90) == pytest.approx(70, abs=1.0)


def test_the_inmost_pixel_of_a_compact_region_is_its_middle_and_of_a_comma_its_head() -> None:
    bar = np.zeros((60, 200), dtype=bool)
    bar[20:41, 0:181] = True  # reaches the picture's edge
    np.testing.assert_array_equal(inmost(bar), (90, 30))
    comma = np.zeros((100, 100), dtype=bool)
    comma[5:36, 5:36] = True
    comma[36:95, 5:10] = True
    np.testing.assert_allclose(inmost(comma), (20, 20), atol=1)
