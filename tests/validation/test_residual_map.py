"""The residual map on rendered units: nothing where nothing is, known warps recovered, faults not taken for one."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.golden_line import measure_master
from station.measure.align import align
from station.measure.residual import residual_document, residual_field, residual_map, residual_remark
from station.measure.sampling import sample, spline_coefficients
from station.service import Station
from station.settings import Settings
from station.sheet import load_sheet
from station.values.bench import Calibration
from station.values.colour import LinearRGB
from station.values.geometry import Similarity
from station.values.line import METAL, Aligned, Master
from station.values.residual import ResidualMap

Float = NDArray[np.float64]
Warp = Callable[[Float], Float]
SAMPLES = Path(__file__).parents[2] / "sample_data"
UNITS = (
    ("alpine", 1),
    ("alpine", 10),
    ("shield", 1),
    ("shield", 3),
    ("keychain", 1),
    ("keychain", 3),
    ("fox", 1),
    ("hexagon", 2),
)


@dataclass(frozen=True)
class Case:
    """A unit registered to its golden, with the truth of both."""

    master: Master
    aligned: Aligned
    golden: dict[str, Any]
    unit: dict[str, Any]

    def true_shift(self, at_mm: Float) -> Float:
        """(n, 2) mm by which the unit's raster really lies off the golden's: what the registration is wrong by."""
        on_golden = _pose(self.golden).inverse().apply(self.master.pose.apply(at_mm))
        on_bench = _pose(self.unit, self.unit["size_factor"]).apply(on_golden)
        return np.asarray(self.aligned.similarity.inverse().apply(on_bench) - at_mm)

    def seen_with(self, pixels: NDArray[np.float32]) -> Aligned:
        return replace(self.aligned, image=LinearRGB(np.maximum(pixels, 0).astype(np.float32)))


def _pose(truth: dict[str, Any], scale: float = 1.0) -> Similarity:
    p = truth["pose"]
    return Similarity(p["x_mm"], p["y_mm"], p["rotation_deg"], scale)


@cache
def calibration() -> Calibration:
    bench = SAMPLES / "bench"
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg"))[:1])
        return station.bench.calibration(rig, str(bench / "card.toml"))


@cache
def golden_of(design: str) -> tuple[Master, dict[str, Any]]:
    folder = SAMPLES / design
    corrected = correct(read_photo(folder / "golden.jpg"), calibration())
    master = measure_master(corrected, load_sheet(folder / "sheet.toml"), number="GS", version=1)
    return master, tomllib.loads((folder / "truth.toml").read_text())


@cache
def case(design: str, number: int) -> Case:
    master, truth = golden_of(design)
    unit = truth["units"][number]
    aligned = align(correct(read_photo(SAMPLES / design / unit["photo"]), calibration()), master)
    assert all(g.ok for g in aligned.gates)
    return Case(master, aligned, truth["golden"], unit)


def found(one: Case, seen: Aligned | None = None) -> ResidualMap:
    residual = residual_map(seen or one.aligned, one.master)
    assert residual is not None
    return residual


def within(residual: ResidualMap, true: Float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(residual.shift_mm - true) <= residual.u_mm)


def warped(one: Case, warp: Warp) -> Aligned:
    """The unit with what lay at p in the golden frame at p + warp(p)."""
    frame = one.master.frame
    grid = np.stack(np.meshgrid(np.arange(frame.width), np.arange(frame.height)), axis=-1)
    there = frame.to_mm(grid.astype(np.float64))
    here = there.copy()
    for _ in range(8):
        here = there - warp(here)
    seen = sample(spline_coefficients(one.aligned.image.pixels), frame.to_px(here))
    return one.seen_with(np.nan_to_num(seen))


def bump(x: float, y: float, reach: float, dx: float, dy: float) -> Warp:
    def warp(at: Float) -> Float:
        height = np.exp(-((at - (x, y)) ** 2).sum(axis=-1) / (2 * reach**2))
        return np.asarray(height[..., None] * (dx, dy))

    return warp


def bent(at: Float) -> Float:
    """Ends of the part lie 0.1 mm off its middle."""
    return np.stack([0.1 * (at[..., 1] / 12) ** 2, 0.1 * np.sin(at[..., 0] / 4)], axis=-1)


def test_the_truth_of_unwarped_units_lies_within_u() -> None:
    inside, far = [], []
    for design, number in UNITS:
        one = case(design, number)
        residual = found(one)
        assert len(residual.at_mm) > 150
        inside.append(within(residual, one.true_shift(residual.at_mm)).ravel())
        far.append(residual.significant)
        assert residual_remark(residual) == ()
    assert 0.93 <= np.concatenate(inside).mean() <= 0.98
    assert np.concatenate(far).mean() < 0.01


@pytest.mark.parametrize(
    ("warp", "largest"),
    [
        (bump(4.0, 3.0, 3.0, 0.03, 0.04), 0.05),
        (bump(-4.0, 3.0, 4.0, 0.12, -0.16), 0.2),
        (bent, 0.1),
    ],
)
def test_a_smooth_warp_is_recovered_within_u(warp: Warp, largest: float) -> None:
    inside = []
    for design, number in (("hexagon", 2), ("fox", 3), ("keychain", 1)):
        one = case(design, number)
        residual = found(one, warped(one, warp))
        before = one.true_shift(residual.at_mm)
        true = before + warp(residual.at_mm + before)
        assert np.hypot(*true.T).max() > 0.8 * largest
        inside.append(within(residual, true).ravel())
        field = residual_field(residual, one.master.frame)
        assert field.shape == (one.master.frame.height, one.master.frame.width, 2)
        x, y = np.rint(one.master.frame.to_px(residual.at_mm)).astype(int).T
        error = np.hypot(*(field[y, x] - true).T)
        assert np.median(error) < 0.015
        # without the map a model would have to allow for all of it
        moved = np.hypot(*true.T) > 0.5 * largest
        assert np.median(error[moved]) < 0.35 * np.median(np.hypot(*true[moved].T))
    assert np.concatenate(inside).mean() >= 0.93


def test_a_bent_stretch_is_remarked_with_its_place() -> None:
    one = case("hexagon", 2)
    residual = found(one, warped(one, bump(-4.0, 3.0, 4.0, 0.12, -0.16)))
    (gate,) = residual_remark(residual)
    assert gate.ok
    assert gate.name == "residual"
    assert "bent" in gate.reason
    told = residual_document(residual, gate.reason)
    assert told.worst.significant
    np.testing.assert_allclose(told.worst.at_mm, (-4.0, 3.0), atol=2.0)
    np.testing.assert_allclose(told.worst.shift_mm, (0.12, -0.16), atol=0.04)
    assert told.rms_mm > 3 * found(one).rms_mm


def _glare(one: Case) -> NDArray[np.float32]:
    """A soft lamp over an eighth of the part, brighter than its enamel."""
    frame = one.master.frame
    grid = np.stack(np.meshgrid(np.arange(frame.width), np.arange(frame.height)), axis=-1)
    far = ((frame.to_mm(grid.astype(np.float64)) - (3.0, -4.0)) ** 2).sum(axis=-1)
    return np.asarray(one.aligned.image.pixels + 0.4 * np.exp(-far / (2 * 3.0**2))[..., None], dtype=np.float32)


def _missing(one: Case) -> NDArray[np.float32]:
    """Bare metal where a cell should be filled."""
    pixels = one.aligned.image.pixels.copy()
    bare = np.median(pixels[one.master.labels == METAL], axis=0)
    pixels[one.master.labels == one.master.regions[0].label] = bare
    return pixels


def _tinted(one: Case) -> NDArray[np.float32]:
    """Every cell in another shade, as enamel of another batch."""
    pixels = one.aligned.image.pixels.copy()
    for i, region in enumerate(one.master.regions):
        pixels[one.master.labels == region.label] *= np.array([1.15, 0.9, 1.0] if i % 2 else [0.9, 1.0, 1.2])
    return pixels


@pytest.mark.parametrize("spoilt", [_glare, _missing, _tinted])
@pytest.mark.parametrize(("design", "number"), [("hexagon", 2), ("fox", 1), ("shield", 2)])
def test_glare_missing_enamel_and_another_shade_are_no_shift(
    design: str, number: int, spoilt: Callable[[Case], NDArray[np.float32]]
) -> None:
    one = case(design, number)
    residual = found(one, one.seen_with(spoilt(one)))
    assert residual_remark(residual) == ()
    assert within(residual, one.true_shift(residual.at_mm)).mean() >= 0.93
    assert residual.significant.mean() < 0.02


def test_what_was_clipped_or_not_seen_is_not_read() -> None:
    one = case("hexagon", 2)
    hidden = np.zeros(one.aligned.valid.shape, dtype=bool)
    hidden[:, : hidden.shape[1] // 2] = True
    whole = found(one)
    for seen in (replace(one.aligned, clipped=hidden), replace(one.aligned, valid=~hidden)):
        part = found(one, seen)
        assert part.asked == whole.asked
        assert part.at_mm[:, 0].min() > -2.0
        assert len(part.at_mm) < 0.6 * len(whole.at_mm)
    assert residual_map(replace(one.aligned, valid=np.zeros_like(hidden)), one.master) is None
