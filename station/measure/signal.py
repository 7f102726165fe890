"""The scalar picture that is registered: tint where colours tell the edges, light where they do not.

Struck metal and the meniscus of enamel turn light into shadow when a part is turned under its lamps, so an intensity
edge moves by a tenth of a millimetre; the ratio of two channels stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

TINT_CONTRAST = 0.15
"""Spread of a log ratio of channels above which things are told from each other by tint."""
_DARK = 0.03  # linear light that is added before a ratio is taken: noise and flare of dark pixels


@dataclass(frozen=True, slots=True)
class Signal:
    """How a picture is made a scalar. axis : (3,) weights; of the channels' logarithms for tint (they sum to zero), of
    linear light or of its square root otherwise."""

    kind: Literal["tint", "light", "root"]
    axis: Float

    def of(self, pixels: Float32) -> Float32:
        """(h, w) scalar of (h, w, 3) linear RGB."""
        if self.kind == "tint":
            return np.asarray(logs(pixels) @ self.axis.astype(np.float32), dtype=np.float32)
        light = np.sqrt(np.maximum(pixels, 0)) if self.kind == "root" else pixels
        return np.asarray(light @ self.axis.astype(np.float32), dtype=np.float32)


ROOT = Signal("root", np.array([0.25, 0.5, 0.25]))
"""The square root of linear light, luminance-like: photon noise is even over the tones."""


def tint_signal(pixels: Float32, mask: Bool) -> Signal | None:
    """The tint in which ``pixels`` (h, w, 3) under ``mask`` differ most, or None where they hardly do."""
    signal = Signal("tint", principal(logs(pixels)[mask], opponent=True))
    return signal if float(signal.of(pixels)[mask].std()) >= TINT_CONTRAST else None


def principal(values: NDArray[np.floating], *, opponent: bool) -> Float:
    """(3,) weights of the direction in which (n, 3) values spread most; opponent : among those that sum to zero."""
    v = np.asarray(values, dtype=np.float64)
    v = v - v.mean(axis=0)
    if opponent:
        v = v - v.mean(axis=1, keepdims=True)
    axis = np.linalg.eigh(v.T @ v)[1][:, -1]
    return np.asarray(axis / np.abs(axis).sum() * (1.0 if axis[0] >= 0 else -1.0), dtype=np.float64)


def logs(pixels: Float32) -> Float32:
    """(h, w, 3) logarithms of linear light, calmed by one pixel of blur."""
    calm = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.0), dtype=np.float32)
    np.maximum(calm, 0, out=calm)  # in place: of a large photo each of these steps is a hundred megabytes
    calm += np.float32(_DARK)
    return np.log(calm, out=calm)
