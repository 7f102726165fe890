"""Shards of pairs as training takes them, as far as it needs no PyTorch: which there are, what shares they have in a
batch, and what each of their pixels counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.train.faults import KINDS
from models.train.samples import IGNORED

Shard = dict[str, NDArray[np.generic]]

_SHARES = {"worn": 0.35}  # of a maker's pairs in a batch, of all others 1
_WEIGHT = 1.5  # of a defect's pixel over a good one's
_WEIGHTS = {"burn-mark": 0.6, "scratch": 3.5}  # light on metal looks like the first
_USUAL_AREA_PX = 100.0  # of a defect; larger ones' pixels count less, smaller ones' more
_LEAST_AND_MOST = (0.3, 4.0)


def linear(coded: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 3, h, w) linear light of (n, h, w, 3) uint8 sRGB (IEC 61966-2-1)."""
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.ascontiguousarray(table[coded].transpose(0, 3, 1, 2))


def makers_of(folder: Path) -> dict[str, list[Path]]:
    """The shards of a folder by the name of what made them."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.npz")):
        found.setdefault(path.name.split("-")[0], []).append(path)
    if not found:
        raise SystemExit(f"no shards in {folder} yet: draw some with models.train.samples")
    return found


def shares_of(makers: Sequence[str], size: int) -> list[int]:
    """How many of ``size`` pairs are of each maker; they add up to ``size``."""
    ends = np.cumsum([_SHARES.get(name, 1.0) for name in makers])
    return [int(v) for v in np.diff(np.round(size * ends / ends[-1]), prepend=0)]


def weights_of(kinds: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, h, w) what each pixel of an (n, h, w) target counts. A defect counts by the root of its area and not by its
    area, or the few large ones would leave the network blind to all that is fine; what is not asked for counts nothing.
    """
    of_kind = np.ones(IGNORED + 1, dtype=np.float32)
    of_kind[1 : 1 + len(KINDS)] = [_WEIGHTS.get(k, _WEIGHT) for k in KINDS]
    of_kind[IGNORED] = 0.0
    weights = of_kind[kinds]
    for picture, weight in zip(kinds, weights, strict=True):
        bad = ((picture > 0) & (picture != IGNORED)).astype(np.uint8)
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(bad, connectivity=8)
        areas = np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
        share = np.clip(np.sqrt(_USUAL_AREA_PX / areas), *_LEAST_AND_MOST).astype(np.float32)
        share[0] = 1.0  # what is as it should be
        weight *= share[pieces]
    return np.asarray(weights, dtype=np.float32)
