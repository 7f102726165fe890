"""Colour boundaries on drawn pictures whose edges are known exactly: three round cells in gold."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr

from station.judge import judge_measurement
from station.measure.boundaries import measure_boundaries
from station.measure.boundary_places import build_places
from station.measure.outline import OutlineShift
from station.sheet import Sheet
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, OUTSIDE, Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]
Rim = Callable[[Float], Float]

FRAME = Frame(0.03, 440, 420, (219.5, 209.5))
GOLD = np.array([0.42, 0.30, 0.11])
CELLS = {
    "sky": ((-2.6, -1.8), 2.0, np.array([0.10, 0.32, 0.62])),
    "hill": ((2.6, -1.6), 2.1, np.array([0.42, 0.05, 0.05])),
    "wood": ((0.1, 2.7), 2.2, np.array([0.05, 0.22, 0.09])),
}
BLUR_MM = 0.025


def _even(angle: Float) -> Float:
    return np.zeros_like(angle)


def _bump(size_mm: float, half_deg: float = 25.0) -> Rim:
    """A stretch to the right, flat in its middle, that is moved outwards by ``size_mm``."""
    return lambda angle: np.asarray(size_mm * np.exp(-((np.degrees(angle) / half_deg) ** 8)))


def _picture(
    rims: dict[str, Rim] | None = None, *, colours: dict[str, Float] | None = None, gain: float = 1.0, seed: int = 1
) -> LinearRGB:
    """The part seen by a lens of Gaussian blur; the radius of each cell changed by its rim's function of the angle."""
    p = FRAME.grid_mm()
    light = np.where((np.hypot(p[..., 0], p[..., 1]) < 5.8)[..., None], GOLD, 0.2)
    for name, ((x, y), radius, colour) in CELLS.items():
        angle = np.arctan2(p[..., 1] - y, p[..., 0] - x)
        out = np.hypot(p[..., 0] - x, p[..., 1] - y) - radius - (rims or {}).get(name, _even)(angle)
        cover = ndtr(-out / BLUR_MM)[..., None]
        light = light * (1 - cover) + (colours or {}).get(name, colour) * cover
    noise = np.random.default_rng(seed).normal(0, 0.003, light.shape)
    return LinearRGB((light * gain + noise).astype(np.float32))


@pytest.fixture(scope="module")
def master() -> Master:
    p = FRAME.grid_mm()
    labels = np.where(np.hypot(p[..., 0], p[..., 1]) < 5.8, METAL, OUTSIDE).astype(np.uint8)
    regions = []
    for i, (name, ((x, y), radius, _)) in enumerate(CELLS.items()):
        labels[np.hypot(p[..., 0] - x, p[..., 1] - y) < radius - 0.05] = FIRST_REGION + i  # coarse
        regions.append(RegionMaster(name, "soft enamel", FIRST_REGION + i, None, 0.1, (x, y), np.pi * radius**2))
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    outline = 5.8 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=_picture(), correction=None,
        labels=labels, outline_mm=outline, holes_mm=(), thickness_mm=1.6, regions=tuple(regions), marks=(),
        sizes_mm={}, u_scale=0.0, scale_source="rig", noise=0.003, blur_px=BLUR_MM / 0.03, pose=Similarity(),
    )  # fmt: skip


def _aligned(image: LinearRGB, *, turned_deg: float = 0.0) -> Aligned:
    shape = image.pixels.shape[:2]
    return Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool),
        similarity=Similarity(rotation_deg=turned_deg), rms_px=0.1, overlap=1.0, u_offset_mm=0.001,
        u_rotation_deg=0.005, u_scale=1e-4, correction=None, scale_source="rig", noise=0.003, blur_px=0.8,
    )  # fmt: skip


def _measured(aligned: Aligned, master: Master) -> dict[str, Measurement]:
    found = measure_boundaries(aligned, master, dict.fromkeys(CELLS, 0.15))
    assert [m.characteristic for m in found] == [f"boundary-shift:{name}" for name in CELLS]
    assert all(m.kind == "boundary-shift" and m.unit == "mm" for m in found)
    return {m.characteristic.partition(":")[2]: m for m in found}


def _number(m: Measurement, key: str) -> float:
    value = m.detail[key]
    assert isinstance(value, float)
    return value


def test_the_golden_itself_has_no_shift(master: Master) -> None:
    for m in _measured(_aligned(_picture(seed=2)), master).values():
        assert m.value is not None
        assert m.value < 0.005
        assert m.value <= m.u < 0.02
        assert _number(m, "share_read") > 0.9


@pytest.mark.parametrize("shift", [0.06, -0.06, 0.10, -0.10, 0.15, -0.15, 0.2, -0.2])
def test_a_moved_stretch_is_measured_where_it_is_and_no_other_region_moves(master: Master, shift: float) -> None:
    """T11."""
    found = _measured(_aligned(_picture({"hill": _bump(shift)}, seed=3)), master)
    m = found["hill"]
    assert m.value == pytest.approx(abs(shift), abs=0.01)
    assert _number(m, "signed_mm") * shift > 0
    assert m.where_mm is not None
    (x, y), radius, _ = CELLS["hill"]
    angle = np.degrees(np.arctan2(m.where_mm[1] - y, m.where_mm[0] - x))
    assert abs(angle) < 28
    (golden, unit) = np.array(m.detail["points_mm"])
    assert np.hypot(*(golden - (x, y))) == pytest.approx(radius, abs=0.01)
    assert np.hypot(*(unit - (x, y))) == pytest.approx(radius + shift, abs=0.015)
    assert all(found[name].value < 0.01 for name in ("sky", "wood"))  # type: ignore[operator]


def test_one_displaced_cell_is_not_hidden_by_what_all_cells_share(master: Master) -> None:
    def displaced(angle: Float) -> Float:
        return np.asarray(0.08 * np.cos(angle))  # to first order a displacement of 0.08 mm to the right

    found = _measured(_aligned(_picture({"hill": displaced}, seed=4), turned_deg=180.0), master)
    # three cells of which one is displaced in light from the other side: a third of it may be what all share
    assert found["hill"].value == pytest.approx(0.08, abs=0.03)
    assert abs(found["hill"].value - 0.08) < found["hill"].u  # type: ignore[operator]
    everywhere = dict.fromkeys(CELLS, lambda angle: np.asarray(0.05 * np.cos(angle)))
    together = _measured(_aligned(_picture(everywhere, seed=4), turned_deg=180.0), master)
    assert {name: m.value for name, m in together.items()} == dict.fromkeys(CELLS, pytest.approx(0.0, abs=0.025))


def test_another_colour_or_exposure_is_no_shift(master: Master) -> None:
    paler = {"sky": np.array([0.14, 0.36, 0.60]), "hill": np.array([0.36, 0.06, 0.07])}
    for m in _measured(_aligned(_picture(colours=paler, gain=0.85, seed=5)), master).values():
        assert m.value is not None
        assert m.value < 0.01


def test_a_soft_reflection_over_a_part_of_the_part_is_no_shift(master: Master) -> None:
    picture = _picture(seed=11)
    grid = FRAME.grid_mm()
    veil = 0.15 * np.exp(-(((grid[..., 0] + 1.0) ** 2 + (grid[..., 1] + 1.0) ** 2) / 3.0**2))
    veiled = LinearRGB((picture.pixels + veil[..., None]).astype(np.float32))
    for m in _measured(_aligned(veiled), master).values():
        assert m.value is not None
        assert m.value < 0.015


def test_dust_on_the_boundary_is_no_shift(master: Master) -> None:
    (x, y), radius, _ = CELLS["sky"]
    at = FRAME.to_px(np.array([x + radius, y]))
    pixels = _picture(seed=6).pixels.copy()
    yy, xx = np.mgrid[0 : FRAME.height, 0 : FRAME.width]
    pixels[np.hypot(xx - at[0], yy - at[1]) < 3.0] = 0.55  # a grain of 0.18 mm
    m = _measured(_aligned(LinearRGB(pixels)), master)["sky"]
    assert m.value is not None
    assert m.value < 0.01


def test_missing_fill_at_the_wall_is_told_as_a_bay(master: Master) -> None:
    short = _measured(_aligned(_picture({"wood": _bump(-0.2, half_deg=8.0)}, seed=7)), master)["wood"]
    assert short.value is not None
    assert short.value + short.u > 0.15  # not kept over 0.6 mm, yet it does not conform
    found = _measured(_aligned(_picture({"wood": _bump(-0.2, half_deg=12.0)}, seed=7)), master)["wood"]
    assert found.value is not None
    assert found.value > 0.12
    assert found.detail["shape"] == "bay"
    long = _measured(_aligned(_picture({"wood": _bump(-0.2, half_deg=60.0)}, seed=7)), master)["wood"]
    assert long.detail["shape"] == "stretch"


def test_a_boundary_under_glare_has_no_value(master: Master) -> None:
    aligned = _aligned(_picture(seed=8))
    found = _measured(replace(aligned, clipped=np.ones_like(aligned.clipped)), master)
    assert all(m.value is None and "can be read" in m.why for m in found.values())


def test_an_uneven_boundary_is_less_certain(master: Master) -> None:
    even = _measured(_aligned(_picture(seed=9)), master)["sky"]
    wavy = _measured(_aligned(_picture({"sky": lambda angle: 0.03 * np.sin(9 * angle)}, seed=9)), master)["sky"]
    assert even.value is not None
    assert wavy.value is not None
    assert even.u < 0.02
    assert wavy.u > 1.5 * even.u
    assert abs(wavy.value - 0.03) < wavy.u


def test_a_stretch_that_is_not_read_leaves_the_verdict_open(master: Master) -> None:
    (x, y), radius, _ = CELLS["sky"]
    grid = FRAME.grid_mm()
    away = np.hypot(grid[..., 0] - x - radius, grid[..., 1] - y)
    aligned = _aligned(_picture(seed=10))
    for glare_mm, least in ((0.15, 0.0), (0.8, 0.3)):
        m = _measured(replace(aligned, clipped=away < glare_mm), master)["sky"]
        assert m.value is not None
        assert m.value < 0.01
        assert m.value + m.u >= least
        assert (m.u > 0.15) == (least > 0)


def test_every_cell_of_a_colour_belongs_to_its_region(master: Master) -> None:
    labels = master.labels.copy()
    labels[labels == FIRST_REGION + 1] = METAL  # the sheet names no region there, and it has the colour of the sky
    same = {"hill": CELLS["sky"][2]}
    cells = replace(master, labels=labels, image=_picture(colours=same), regions=(master.regions[0], master.regions[2]))
    places = build_places(cells)
    assert places is not None
    around = np.linalg.norm(FRAME.to_mm(places.points[places.label == FIRST_REGION]) - CELLS["hill"][0], axis=1)
    assert np.count_nonzero(np.abs(around - CELLS["hill"][1]) < 0.02) > 100
    unit = _aligned(_picture({"hill": _bump(0.15)}, colours=same, seed=11))
    found = {m.characteristic: m for m in measure_boundaries(unit, cells)}
    assert found["boundary-shift:sky"].value == pytest.approx(0.15, abs=0.015)
    assert found["boundary-shift:wood"].value == pytest.approx(0.0, abs=0.01)


def test_artwork_that_lies_off_the_outline_is_displaced_as_a_whole(master: Master) -> None:
    outline = master.outline_mm
    normals = outline / np.linalg.norm(outline, axis=1)[:, None]
    shift = normals @ (-0.12, 0.0)
    moved = OutlineShift(outline + normals * shift[:, None], shift, np.full(len(shift), 0.003), 0.0, 0.1, outline)
    for m in measure_boundaries(_aligned(_picture(seed=12)), master, outline=moved):
        assert m.value == pytest.approx(0.12, abs=0.01)


@pytest.mark.parametrize(
    ("signed", "shape", "words"),
    [
        (0.25, "stretch", "shifted by 0.25 mm outwards, limit"),
        (-0.25, "bay", "inwards, as where fill is missing, limit"),
    ],
)
def test_the_reason_says_which_way_the_boundary_is_shifted(signed: float, shape: str, words: str) -> None:
    text = '[product]\nsku = "P"\nthickness_mm = 1\n[[regions]]\nname = "sky"\nseed_px = [1, 2]\nboundary_mm = 0.15\n'
    detail: dict[str, object] = {"signed_mm": signed, "shape": shape}
    m = Measurement("boundary-shift:sky", "boundary-shift", abs(signed), "mm", 0.05, "test", detail=detail)
    judged = judge_measurement(m, Sheet.model_validate({"schema": 1, **tomllib.loads(text)}))
    assert judged.verdict == "nonconforms"
    assert words in judged.reason
