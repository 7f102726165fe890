"""Defects that pairs are trained on: what each does to height, material and colour, and that it says where."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.train.artwork import FINISHES, Artwork, blurred
from models.train.faults import KINDS, paint, pitting

N = 192
GOLD = np.array([0.95, 0.72, 0.38], dtype=np.float32)
BLUE = np.array([0.05, 0.12, 0.45], dtype=np.float32)
RED = np.array([0.40, 0.05, 0.05], dtype=np.float32)
SEEDS = range(8)
ENAMEL_ALONE, METAL_ALONE = ("missing-enamel", "bubble"), ("overflow", "plating-spot", "exposed-metal")


def artwork(finish: str = "soft") -> Artwork:
    """Two cells of enamel, blue and red, 6 samples below a bar and a frame of metal; of a print, ink without relief."""
    metal = np.ones((N, N), dtype=bool)
    metal[16 : N - 16, 16 : N // 2 - 8] = metal[16 : N - 16, N // 2 + 8 : N - 16] = False
    count, cells = cv2.connectedComponents((~metal).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    assert count == 3
    albedo = np.stack([GOLD, BLUE, RED])[cells].astype(np.float32)
    flat = finish in ("print", "drawing")
    wall = np.where(
        metal, *(cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, 3) for m in (metal, ~metal))
    ).astype(np.float32)
    return Artwork(
        metal=np.zeros_like(metal) if flat else metal,
        cells=np.asarray(cells + 1 if flat else cells, dtype=np.int32),
        height=blurred(np.where(metal | flat, 0, -6), 1.5),
        albedo=albedo,
        tint=GOLD,
        wall=wall,
        coat=0.05,
        rough=0.3,
        finish=finish,
    )


def painted(kind: str, finish: str = "soft") -> list[tuple[Artwork, Artwork, np.ndarray]]:
    """Before, after and where, of every seed that there was a place for."""
    found = []
    for seed in SEEDS:
        art = artwork(finish)
        done = paint(np.random.default_rng(seed), art, kind)
        if done is not None and done[1].any():
            found.append((art, *done))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("finish", ["soft", "drawing"])
def test_a_defect_changes_a_copy_and_nothing_far_from_where_it_says(kind: str, finish: str) -> None:
    assert finish in FINISHES
    for before, after, where in painted(kind, finish):
        untouched = artwork(finish)
        for name in ("metal", "height", "albedo", "cells"):
            assert np.array_equal(getattr(before, name), getattr(untouched, name)), name
        assert where.shape == (N, N)
        assert where.dtype == bool
        reach = 12 + int(0.5 * np.sqrt(where.sum()))  # a lip and a shadow stand round it
        near = cv2.dilate(where.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
        assert np.array_equal(after.metal[~near], before.metal[~near])
        assert np.abs(after.albedo - before.albedo)[~near & ~after.metal & ~before.metal].max(initial=0) < 1e-3
        assert np.abs(after.height - before.height)[~near].max(initial=0) < 1.0  # walls are a little smoother
        changed = (np.abs(after.height - before.height) > 0.05) | (np.abs(after.albedo - before.albedo).max(2) > 0.005)
        assert (changed | (after.metal != before.metal))[where].mean() > 0.5
        assert np.isfinite(after.height).all()
        assert 0 <= after.albedo.min() <= after.albedo.max() <= 1.3


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_a_place_on_enamelled_metal(kind: str) -> None:
    assert len(painted(kind)) >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_generator_paints_the_same(kind: str) -> None:
    one, same = (paint(np.random.default_rng(3), artwork(), kind) for _ in "ab")
    assert (one is None) == (same is None)
    if one is not None and same is not None:
        assert np.array_equal(one[0].height, same[0].height)
        assert np.array_equal(one[0].albedo, same[0].albedo)
        assert np.array_equal(one[1], same[1])


def test_kinds_keep_to_their_material() -> None:
    for kind in ENAMEL_ALONE:
        for before, _, where in painted(kind):
            middle = cv2.erode(where.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            assert before.metal[middle].mean() < 0.5, kind
    for kind in METAL_ALONE:
        for before, _, where in painted(kind):
            assert before.metal[where].all(), kind


def test_what_defects_do_to_height_and_metal() -> None:
    for before, after, where in painted("pit"):
        assert (after.height - before.height)[where].min() < -0.2  # a hole
    for before, after, where in painted("scratch"):
        assert (after.height - before.height)[where].mean() < 0  # a groove
    assert any((a.height - b.height)[w].max() > 0.3 for b, a, w in painted("bubble"))  # a dome, or the ring of a burst
    for _, after, where in painted("overflow"):
        assert not after.metal[where].any()
        near = [np.abs(after.albedo[where] - colour).max() < 1e-5 for colour in (BLUE, RED)]
        assert any(near)  # the colour of the cell beside it
    laid_bare = [after.metal[where].all() for _, after, where in painted("missing-enamel")]
    low = [(a.height - b.height)[w].mean() < 0 for b, a, w in painted("missing-enamel")]
    assert any(laid_bare)
    assert all(bare or sunk for bare, sunk in zip(laid_bare, low, strict=True))


def test_a_burn_is_the_darker_the_deeper_and_a_burnt_metal_is_no_mirror() -> None:
    for before, after, where in painted("burn-mark"):
        was = np.where(before.metal[..., None], before.tint, before.albedo)
        assert after.albedo[where].mean() < was[where].mean()
        assert not after.metal[where].any()


def test_ink_too_much_is_darker_and_ink_missing_lighter() -> None:
    for kind, sign in (("overflow", -1), ("missing-enamel", 1)):
        some = painted(kind, "drawing")
        assert some
        for before, after, where in some:
            assert sign * (after.albedo - before.albedo)[where].mean() > 0


def test_a_kind_without_a_place_says_so() -> None:
    bare = replace(artwork(), metal=np.ones((N, N), dtype=bool))
    for kind in ENAMEL_ALONE:
        assert paint(np.random.default_rng(1), bare, kind) is None
    print_ = replace(artwork(), metal=np.zeros((N, N), dtype=bool))
    for kind in METAL_ALONE:
        assert paint(np.random.default_rng(1), print_, kind) is None


def test_worn_faces_break_out_in_holes() -> None:
    for seed in SEEDS:
        art = artwork()
        after, where = pitting(np.random.default_rng(seed), art)
        if where.sum() > 200:
            assert (after.height - art.height)[where].mean() < 0
        assert np.array_equal(after.albedo[~where], art.albedo[~where])
