"""The scalars that pictures are registered by: what does shading do to an edge?"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.signal import EDGES, Signal, chroma_signal, tint_signal

Float32 = NDArray[np.float32]

ENAMEL, METAL = np.array([0.45, 0.06, 0.05]), np.array([0.5, 0.46, 0.36])


def edge(metal: float, enamel: float) -> Float32:
    """(60, 120, 3) metal on the left, enamel on the right, each in so much light, seen through a lens."""
    image = np.empty((60, 120, 3), dtype=np.float32)
    image[:, :60], image[:, 60:] = metal * METAL, enamel * ENAMEL
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0))


def place(signal: Signal, image: Float32) -> float:
    """Where the signal is halfway between its two sides."""
    row = signal.of(image)[30]
    share = (row - row[20]) / (row[100] - row[20])
    i = int(np.argmax(share > 0.5))
    return float(i - (share[i] - 0.5) / (share[i] - share[i - 1]))


def test_a_bright_shoulder_moves_the_edge_of_a_damped_chroma_by_half_as_much_as_that_of_a_tint() -> None:
    even = edge(1.0, 1.0)
    metal = np.zeros(even.shape[:2], dtype=bool)
    metal[:, :56] = True
    everywhere = np.ones_like(metal)
    tint, chroma = tint_signal(even, everywhere), chroma_signal(even, everywhere, metal)
    assert tint is not None
    bright = edge(1.9, 1.0)
    moved = {s.kind: place(s, bright) - place(s, even) for s in (tint, chroma)}
    assert moved["tint"] > 0.3
    assert 0 <= moved["chroma"] < 0.5 * moved["tint"]


def test_the_chroma_does_not_see_the_metal() -> None:
    image = edge(1.0, 1.0)
    metal = np.zeros(image.shape[:2], dtype=bool)
    metal[:, :56] = True
    scalar = chroma_signal(image, np.ones_like(metal), metal).of(image)
    assert abs(scalar[:, :50]).max() < 0.02 * abs(scalar[:, 70:]).max()


def test_without_known_metal_the_chroma_is_none_of_grey() -> None:
    image = edge(1.0, 1.0)
    signal = chroma_signal(image, np.ones(image.shape[:2], dtype=bool), np.zeros(image.shape[:2], dtype=bool))
    assert float(signal.axis.sum()) == pytest.approx(0, abs=1e-9)


def test_edges_are_the_same_whichever_side_is_lit() -> None:
    step = np.zeros((40, 80), dtype=np.float32)
    step[:, 40:] = 0.7
    seen, turned = (EDGES.of(np.float32(g) * np.exp(s * step)[..., None] * np.ones(3, np.float32)) for s, g in LIT)
    assert seen[20, 38:42].max() > 0.5
    assert np.abs(seen - turned).max() < 0.1 * seen.max()


LIT = ((1, 0.1), (-1, 0.2))
"""Way of the step, and light on its left side: both have 0.1 on their darker side."""
