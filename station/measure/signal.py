"""The scalar picture that is registered: tint where colours tell the edges; where they do not, the steepness of a
body's light and the light of a mark.

Struck metal and the meniscus of enamel turn light into shadow when a part is turned under its lamps, so an intensity
edge moves by a tenth of a millimetre; the ratio of two channels stays nearly where it is. Nearly: a pixel on an edge is
a mixture of both sides, whose ratio is that of the brighter one. A shoulder that faces the lamp is brighter than the
enamel by a factor of several and pushes the edge of the ratio into it, by about the blur's width times the factor's
logarithm. In the share of enamel, a linear combination of the channels that is zero for the metal, the metal's
brightness has no part, but the enamel's own has. A chroma that is damped by a level of light lies between the two.
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
# level that damps a chroma, over the face's median light: midway, in logarithms, of 1 and 2, between which the errors
# of five rendered enamelled designs hardly changed
_DAMPING = 1.5
_LEAST_METAL = 50  # pixels from which the metal's colour is taken
_STEEP = 0.05  # gradient of log light a pixel at which an edge counts half: ten times a sandblasted face's grain


@dataclass(frozen=True, slots=True)
class Signal:
    """How a picture is made a scalar. axis : (3,) weights; of the channels' logarithms for tint (they sum to zero), of
    linear light otherwise, over its mean and ``level`` for chroma. Edges are the steepness of log light without its
    sign, which a shoulder keeps when light and shadow change sides."""

    kind: Literal["tint", "chroma", "edges", "light"]
    axis: Float
    level: float = 0.0

    def of(self, pixels: Float32) -> Float32:
        """(h, w) scalar of (h, w, 3) linear RGB."""
        if self.kind == "tint":
            return np.asarray(logs(pixels) @ self.axis.astype(np.float32), dtype=np.float32)
        if self.kind == "chroma":
            return np.asarray(_damped(pixels, self.level) @ self.axis.astype(np.float32), dtype=np.float32)
        if self.kind == "edges":
            return steepness(np.maximum(pixels, 0) @ self.axis.astype(np.float32))
        return np.asarray(pixels @ self.axis.astype(np.float32), dtype=np.float32)


EDGES = Signal("edges", np.array([1.0, 1.0, 1.0]) / 3)
"""Where light changes, whichever side is the brighter."""


def chroma_signal(pixels: Float32, face: Bool, metal: Bool) -> Signal:
    """The damped chroma that is zero for the metal and in which ``pixels`` (h, w, 3) differ most on the ``face``.

    face, metal : (h, w); where hardly any metal is known, the chroma is zero for grey.
    """
    level = _DAMPING * float(np.median(pixels[face].mean(axis=-1)))
    lit = pixels[metal & face]
    lit = lit[lit.sum(axis=-1) > _DARK]
    bare = np.ones(3)
    if len(lit) >= _LEAST_METAL:
        bare = np.median(lit / lit.sum(axis=-1, keepdims=True), axis=0)
    bare = bare / np.linalg.norm(bare)
    off_metal = _damped(pixels[face], level) @ (np.eye(3) - np.outer(bare, bare))
    return Signal("chroma", principal(off_metal, opponent=False), level)


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


def _damped(pixels: Float32, level: float) -> Float32:
    light = np.maximum(pixels, 0)
    return np.asarray(light / (light.mean(axis=-1, keepdims=True) + np.float32(level)), dtype=np.float32)


def steepness(light: Float32, pixel: float = 1.0) -> Float32:
    """(h, w) 0-1 gradient of the logarithm of ``light`` (h, w), whose half is ``_STEEP`` a pixel of the photo's raster.

    pixel : how many of those a pixel of ``light`` is wide.
    """
    log = cv2.GaussianBlur(np.log(light + np.float32(_DARK)), (0, 0), 1.0)
    g = cv2.magnitude(cv2.Sobel(log, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(log, cv2.CV_32F, 0, 1, scale=0.125))
    return np.asarray(g / (g + np.float32(_STEEP * pixel)), dtype=np.float32)


def logs(pixels: Float32) -> Float32:
    """(h, w, 3) logarithms of linear light, calmed by one pixel of blur."""
    calm = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.0), dtype=np.float32)
    np.maximum(calm, 0, out=calm)  # in place: of a large photo each of these steps is a hundred megabytes
    calm += np.float32(_DARK)
    return np.log(calm, out=calm)
