"""Pairs that the network is trained on: pictures, targets, products and shards, as far as they need no PyTorch."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from models import train
from models.train import samples, worn
from models.train.artwork import OVER
from models.train.camera import Camera, coded, misregistered, photographed, scanned
from models.train.designs import Engraving, Ornament, _engraved, _struck, random_design
from models.train.faults import KINDS
from models.train.samples import IGNORED, PRINT, SIDE, Pair, target_of, write_shard
from models.train.shards import linear, makers_of, shares_of, weights_of
from sample_data.renderer.canvas import Canvas

SHARP = Camera(blur_px=0.5, noise=0.002, quality=0, sharpen=0.0)
TORCH = {"ablations", "export", "network", "run", "start"}
"""Modules that need PyTorch, which is there only where models are trained."""


def test_what_draws_pairs_needs_no_pytorch() -> None:
    folder = Path(train.__file__).parent
    for path in folder.glob("*.py"):
        nodes = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Import | ast.ImportFrom)]
        names = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}
        needs = any(name.split(".")[0] in ("torch", "onnx") for name in names)
        needs |= any(f"models.train.{name}" in names for name in TORCH)
        assert needs == (path.stem in TORCH), path.name


# --- camera ----------------------------------------------------------------------------------------------------------


def _lines(n: int, width: int, tones: tuple[float, float] = (0.6, 0.05)) -> tuple[np.ndarray, np.ndarray]:
    """(n, n, 3) light with dark upright lines ``width`` samples wide, and (n / OVER,) the pixels in their middle."""
    light = np.full((n, n, 3), tones[0], dtype=np.float32)
    starts = np.arange(20, n - 20, 32)
    for x in starts:
        light[:, x : x + width] = tones[1]
    return light, (starts + width // 2) // OVER


@pytest.mark.parametrize("blur_px", [0.5, 1.5, 3.0])
def test_thin_lines_stay_in_a_scan_however_blurred_the_camera(blur_px: float) -> None:
    """Lines two pixels wide; a lens that lost them would teach that lines may be missing."""
    light, middles = _lines(256, 2 * OVER)
    for seed in range(6):
        picture = scanned(np.random.default_rng(seed), light, Camera(blur_px, 0.01, 0, 0.0))
        dark = (picture.max(axis=2) < 128)[8:-8]
        near = np.stack([dark[:, m - 1 : m + 2].any(axis=1) for m in middles])
        assert near.mean() > 0.9, seed
        between = (middles[:-1] + middles[1:]) // 2
        assert dark[:, between].mean() < 0.05


def test_a_scan_has_two_tones_but_for_its_jpeg() -> None:
    picture = scanned(np.random.default_rng(2), _lines(256, 8)[0], SHARP)
    assert picture.shape == (128, 128, 3)
    assert picture.dtype == np.uint8
    assert ((picture < 60) | (picture > 195)).mean() > 0.97


def test_a_photo_has_the_noise_and_the_light_it_says() -> None:
    light = np.full((256, 256, 3), 0.4, dtype=np.float32)
    picture = photographed(np.random.default_rng(1), light, Camera(0.5, 0.01, 0, 0.0))
    back = linear(picture[None])[0]
    assert float(back.mean()) == pytest.approx(0.4, abs=0.002)
    assert float(back.std()) == pytest.approx(0.01, rel=0.05)


def test_levels_and_light_are_inverse() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    assert np.array_equal(coded(linear(levels)[0].transpose(1, 2, 0)), levels[0])


def test_misregistration_keeps_to_its_bound() -> None:
    n = 200
    light = np.zeros((n, n, 3), dtype=np.float32)
    light[90:110, 90:110] = 1
    y, x = np.mgrid[0:n, 0:n]
    far = []
    for seed in range(20):
        moved = misregistered(np.random.default_rng(seed), light, 2.5)[..., 0]
        far.append(np.hypot((moved * x).sum() / moved.sum() - 99.5, (moved * y).sum() / moved.sum() - 99.5) / OVER)
    assert max(far) < 2.5 + 1.5  # and what warps it locally
    assert max(far) > 0.5


# --- targets ---------------------------------------------------------------------------------------------------------


def _target(change: float, noise: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    """The target of a patch of 20 px whose light changes by so much, and (SIDE, SIDE) where it is."""
    n = SIDE * OVER
    clean = np.full((n, n, 3), 0.3, dtype=np.float32)
    mark = np.zeros((n, n), dtype=bool)
    mark[100:140, 100:140] = True
    spoilt = clean + np.float32(change) * mark[..., None]
    return target_of(np.random.default_rng(1), clean, spoilt, [(3, mark)], SHARP, noise, 0.0), mark[::OVER, ::OVER]


def test_a_defect_that_shows_is_asked_for_and_its_rim_is_not() -> None:
    target, where = _target(0.2)
    assert (target[54:66, 54:66] == 3).all()
    assert set(np.unique(target)) == {0, 3, IGNORED}
    assert (target[:40] == 0).all()
    ring = (target == IGNORED) & ~where
    assert 0 < ring.sum() < 8 * 20


def test_a_defect_below_the_noise_is_not_asked_for_and_not_called_good() -> None:
    target, where = _target(0.004)
    assert set(np.unique(target)) == {0, IGNORED}
    assert (target[where] == IGNORED).mean() > 0.8


@pytest.mark.parametrize("make", [samples.make_pair, worn.make_pair])
def test_a_pair_is_what_its_shard_promises_and_the_same_for_a_seed(make: object) -> None:
    assert callable(make)
    kinds = set()
    for seed in range(3):
        pair, same = (make(np.random.default_rng(seed)) for _ in "ab")
        assert isinstance(pair, Pair)
        for name in ("golden", "unit", "regions", "target"):
            one = getattr(pair, name)
            assert (one.shape[:2], one.dtype) == ((SIDE, SIDE), np.uint8)
            assert np.array_equal(one, getattr(same, name))
        assert set(np.unique(pair.regions)) <= {1, 2, 3}
        assert 0 < pair.noise < 0.05
        kinds |= set(np.unique(pair.target).tolist())
        assert pair.golden.std() > 0
    assert kinds <= {0, IGNORED, *range(1, 1 + len(KINDS))}
    if make is worn.make_pair:  # of a picture without a master, and pits alone
        assert set(np.unique(pair.regions)) == {PRINT}
        assert kinds <= {0, IGNORED, 1 + KINDS.index("pit")}


# --- products --------------------------------------------------------------------------------------------------------

CANVAS = Canvas.around(10, 10, 0.05)


def _inside() -> np.ndarray:
    """mm from the edge of a disc of 9 mm inwards."""
    return (4.5 - np.hypot(CANVAS.x, CANVAS.y)).astype(np.float32)


@pytest.mark.parametrize("kind", ["rope", "beads", "reeds"])
def test_an_ornament_is_sunk_into_its_band_alone_and_repeats(kind: str) -> None:
    ornament = Ornament(kind, count=24, slant=0.8, inset_mm=0.3, width_mm=1.2, sink_mm=0.2)
    inside = _inside()
    carved = _struck(CANVAS, inside, ornament)
    band = (inside > 0.3) & (inside < 1.5)
    assert (carved[~band & (np.abs(inside - 0.3) > 0.01) & (np.abs(inside - 1.5) > 0.01)] == 0).all()
    assert -0.2001 <= carved.min() < -0.1
    assert carved.max() <= 0
    turn = np.linspace(0, 2 * np.pi, 24 * 40, endpoint=False)
    rows = np.round(3.6 * np.sin(turn) / 0.05 + CANVAS.origin_px[1]).astype(int)
    columns = np.round(3.6 * np.cos(turn) / 0.05 + CANVAS.origin_px[0]).astype(int)
    spectrum = np.abs(np.fft.rfft(carved[rows, columns] - carved[rows, columns].mean()))
    assert int(spectrum[1:400].argmax()) + 1 == 24


@pytest.mark.parametrize("ringed", [True, False])
def test_engine_turning_is_as_deep_and_as_fine_as_it_says(ringed: bool) -> None:
    carved = _engraved(CANVAS, Engraving(pitch_mm=0.5, depth_mm=0.02, way=0.0, ringed=ringed))
    assert carved.min() == pytest.approx(-0.02, abs=1e-4)
    assert carved.max() == pytest.approx(0.0, abs=1e-4)
    middle = np.broadcast_to(carved, (CANVAS.height, CANVAS.width))[CANVAS.height // 2, CANVAS.width // 2 :]
    assert np.allclose(middle[:80], middle[10:90], atol=1e-4)  # 0.5 mm on


def test_random_products_are_the_same_for_a_seed_and_differ_in_what_they_bear() -> None:
    borne = set()
    for seed in range(8):
        design, same = random_design(seed), random_design(seed)
        assert np.array_equal(design.outline, same.outline)
        assert (design.metal, design.cells, design.enamel) == (same.metal, same.cells, same.enamel)
        told = design.draw.keywords  # type: ignore[attr-defined]
        borne.add((told["ornament"] is None, told["engraving"] is None))
        size = np.ptp(design.outline, axis=0).max()
        assert 7.9 <= size <= 11.6
    assert len(borne) >= 3


def test_a_drawn_product_has_its_ornament_outside_its_cells() -> None:
    seed = next(s for s in range(40) if random_design(s).draw.keywords["ornament"] is not None)  # type: ignore[attr-defined]
    design = random_design(seed)
    canvas = Canvas.around(12.5, 12.5, 0.06)
    art, again = design.draw(canvas), design.draw(canvas)
    cells = np.any(list(art.cells.values()), axis=0)
    assert art.body.any()
    assert not (cells & ~art.body).any()
    assert np.array_equal(art.carving, again.carving)
    assert np.abs(np.broadcast_to(art.carving, art.body.shape)[art.body & ~cells]).max() > 0.02


# --- shards ----------------------------------------------------------------------------------------------------------


def _pair(fill: int) -> Pair:
    picture, flat = np.full((SIDE, SIDE, 3), fill, np.uint8), np.full((SIDE, SIDE), 1, np.uint8)
    return Pair(picture, picture, flat, 0.004, np.zeros_like(flat))


def test_shards_are_whole_and_known_by_their_maker(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="draw some with"):
        makers_of(tmp_path)
    for name in ("worn-001-0001", "drawn-001-0001", "worn-001-0000"):
        write_shard(tmp_path / f"{name}.npz", [_pair(10), _pair(20)])
    makers = makers_of(tmp_path)
    assert {k: [p.stem for p in v] for k, v in makers.items()} == {
        "drawn": ["drawn-001-0001"],
        "worn": ["worn-001-0000", "worn-001-0001"],
    }
    assert not list(tmp_path.glob("*.part"))
    with np.load(makers["drawn"][0]) as shard:
        assert shard["golden"].shape == (2, SIDE, SIDE, 3)
        assert shard["noise"].dtype == np.float32


@pytest.mark.parametrize("size", [1, 16, 24, 64])
def test_a_batch_is_shared_out_whole(size: int) -> None:
    shares = shares_of(["drawn", "rendered", "worn"], size)
    assert sum(shares) == size
    assert shares_of(["drawn"], size) == [size]
    if size > 8:
        assert shares[2] < shares[0]  # worn steel is the least of it


def test_a_pixel_of_a_small_defect_counts_more_and_what_is_not_asked_for_nothing() -> None:
    pit, scratch = (1 + KINDS.index(k) for k in ("pit", "scratch"))
    target = np.zeros((1, 64, 64), dtype=np.int64)
    target[0, 2:4, 2:4] = pit
    target[0, 10:50, 10:50] = pit
    target[0, 60, 2:12] = scratch
    target[0, 55:58, 55:58] = IGNORED
    weights = weights_of(target)[0]
    assert weights[0, 0] == 1
    assert weights[56, 56] == 0
    assert weights[2, 2] > weights[20, 20] > 0
    assert weights[20, 20] * 40 * 40 > weights[2, 2] * 4  # as a whole the larger one still counts more
    assert weights[60, 5] > 2 * weights[2, 2] * 0.75 * np.sqrt(4 / 10)  # scratches count more for their area
