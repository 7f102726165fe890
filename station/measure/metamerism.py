"""Two lights: whether a pair that matches under one light matches under another.

The special index of metamerism, change in illuminant (CIE 15:2018, clause 9; CIE 80-1989), is the colour difference of
a pair under the test light after what it already differs by under the reference light has been taken out; here by the
additive correction, component by component in L*, a* and b*.

A camera's photos say it in its own terms: each light's photo is read through its own card, so both Labs are what the
card's certificate says under D50, and what the camera's sensitivities see otherwise than the eye stays in the figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.side_by_side import SeenDifference
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.line import CardReading

Float = NDArray[np.float64]

U_CAMERA = 0.5
"""Standard uncertainty in CIEDE2000 of a pair's change from light to light as a camera sees it: its sensitivities are
not the eye's, and each light's card is fitted anew."""
DARKEST, FEWEST = 0.01, 6
"""Linear light below which a patch does not tell of the light, and the patches that it takes."""


@dataclass(frozen=True, slots=True)
class MetamerismIndex:
    """The special index of metamerism of a pair in CIEDE2000 and its standard uncertainty (k = 1)."""

    value: float
    u: float


def special_index(reference: tuple[Float, Float], test: tuple[Float, Float]) -> float:
    """CIEDE2000 of a pair under the test light, corrected additively for its mismatch under the reference light.

    reference, test : Lab (3,) of the standard and of the sample under each light.
    """
    standard, sample = reference
    mismatch = np.asarray(sample, dtype=np.float64) - np.asarray(standard, dtype=np.float64)
    corrected = np.asarray(test[1], dtype=np.float64) - mismatch
    return float(delta_e_2000(Lab(np.asarray(test[0], dtype=np.float64)), Lab(corrected)))


def metamerism(reference: SeenDifference, test: SeenDifference) -> MetamerismIndex | None:
    """The index of one region seen under two lights, or None where it has no colour under one of them.

    The slopes of both corrections err on what the pair differs by, so of their uncertainty only the part that belongs
    to the index itself counts; everything else is independent from photo to photo.
    """
    if reference.lab_a is None or reference.lab_b is None or test.lab_a is None or test.lab_b is None:
        return None
    value = special_index((reference.lab_a, reference.lab_b), (test.lab_a, test.lab_b))
    u = U_CAMERA
    for seen in (reference, test):
        u = math.hypot(u, *(share for name, share in seen.budget.items() if name != "slope"))
        if seen.value:
            u = math.hypot(u, seen.budget.get("slope", 0.0) / seen.value * value / math.sqrt(2))
    return MetamerismIndex(value, u)


def light_change(first: CardReading, second: CardReading) -> float | None:
    """How otherwise the colour card looks in two photos than exposure and white balance explain: mean CIEDE2000 between
    its patches, one gain a channel taken out. Rendered pairs: 0.0 to 0.65 under one light, 1.8 to 1.9 between D50 and a
    shop tube. None where fewer than six patches can be used in both."""
    pairs = [(a.rgb, b.rgb) for a, b in zip(first.patches, second.patches, strict=False) if a.used and b.used]
    pairs = [(a, b) for a, b in pairs if min(a.min(), b.min()) > DARKEST]
    if first.correction is None or len(pairs) < FEWEST:
        return None
    x, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    gain = np.exp(np.log(x / y).mean(axis=0))
    return float(delta_e_2000(first.correction.lab(x), first.correction.lab(y * gain)).mean())
