"""Pictures of smooth coloured discs, known between the pixels: a displaced picture is drawn anew, not resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.values.colour import LinearRGB
from station.values.geometry import Similarity

GROUND = (0.45, 0.42, 0.38)
_EDGE_PX = 0.9


@dataclass(frozen=True, slots=True)
class Blob:
    """A disc in raster px and linear light. layer : which motion it follows."""

    x: float
    y: float
    radius: float
    colour: tuple[float, float, float]
    layer: int = 0


def picture(
    blobs: Sequence[Blob],
    size: tuple[int, int],
    motions: Sequence[Similarity] = (Similarity(),),
    *,
    noise: float = 0.001,
    seed: int = 7,
) -> LinearRGB:
    """(h, w, 3) of discs, each moved by the motion of its layer, golden px to picture px. size : (w, h)."""
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float64), np.arange(size[1], dtype=np.float64))
    at = np.stack([x, y], axis=-1)
    out = np.broadcast_to(np.array(GROUND), (*x.shape, 3)).copy()
    for b in blobs:
        golden = motions[b.layer].inverse().apply(at)
        inside: NDArray[np.float64] = 1 / (1 + np.exp((np.hypot(*(golden - (b.x, b.y)).T).T - b.radius) / _EDGE_PX))
        out += inside[..., None] * (np.array(b.colour) - out)
    out += np.random.default_rng(seed).normal(0, noise, out.shape)
    return LinearRGB(np.clip(out, 0, 1).astype(np.float32))
