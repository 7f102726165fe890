"""The unit's light brought into the golden's: one 3x3 between two readings of one card on one bench.

Exposure, white balance and lamps move a little from photo to photo; camera and card do not. Two photos read through a
full correction each carry the noise of its eleven or fifteen parameters twice, and may even choose different models. A
3x3 from the unit's patches to the golden's has nine parameters for seventy-two readings, leaves the card's reference
values out, and lets both colours go through the golden's own correction, whose misfit is then in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.measure.colour_uncertainty import coding_covariance
from station.values.colour import ColourCorrection
from station.values.line import Aligned, Master

Float = NDArray[np.float64]

LEAST_PATCHES = 12
"""Patches that both photos must have read for nine parameters to mean something."""


@dataclass(frozen=True, slots=True)
class RelativeLight:
    """matrix : (3, 3), ``rgb @ matrix`` is the unit's light as the golden's photo would have it. unit : (n, 3) patches
    as the unit's photo shows them. gain : (3, n), the matrix is ``gain @ golden``. noise : (n, 3, 3) covariance of the
    reading of both photos."""

    matrix: Float
    unit: Float
    gain: Float
    noise: Float

    def of(self, rgb: Float) -> Float:
        """(..., 3) linear light in the golden's light."""
        return np.asarray(rgb @ self.matrix)

    def covariance(self, rgb: Float) -> Float:
        """(3, 3) covariance of :meth:`of` at ``rgb`` (3,) that the patches' reading leaves."""
        share = rgb @ self.gain
        return np.asarray(np.einsum("n,nij->ij", share**2, self.noise))


def relative_light(
    golden: Float | None,
    unit: Float | None,
    correction: ColourCorrection | None,
    *,
    steps: tuple[tuple[float, float], tuple[float, float]],
) -> RelativeLight | None:
    """Fit the 3x3 between two readings of a card.

    Parameters
    ----------
    golden, unit
        (n, 3) patches in linear light, NaN where one could not be read; None without a card.
    correction
        The golden's. It weighs the patches, dark ones as the eye counts them.
    steps
        Quantiser steps (luma, chroma) of the golden's and of the unit's file, see :func:`coding_covariance`.

    Returns
    -------
    None where fewer than ``LEAST_PATCHES`` patches were read in both photos.
    """
    if golden is None or unit is None or correction is None or golden.shape != unit.shape:
        return None
    both = np.isfinite(golden).all(axis=1) & np.isfinite(unit).all(axis=1)
    if int(both.sum()) < LEAST_PATCHES:
        return None
    golden, unit = golden[both], unit[both]
    weight = 1 / (0.02 + np.maximum(correction.xyz(golden)[:, 1:2], 0.0)) ** (2 / 3)
    gain = np.linalg.pinv(unit * weight) * weight.T
    noise = coding_covariance(golden, steps[0]) + coding_covariance(unit, steps[1])
    return RelativeLight(gain @ golden, unit, gain, noise)


def same_bench(aligned: Aligned, master: Master) -> bool:
    """Whether both were photographed on one bench, by one camera. A master that was sealed before it kept which bench
    it was is taken to be of this one."""
    if aligned.scale_source != "rig" or master.scale_source != "rig":
        return False
    return master.bench is None or master.bench == aligned.bench


def light_between(aligned: Aligned, master: Master) -> RelativeLight | None:
    """The unit's light in the golden's; None without a common bench or enough patches, each then goes through its own
    correction."""
    if not same_bench(aligned, master):
        return None
    steps = (master.coding_step, aligned.coding_step)
    return relative_light(master.card_light, aligned.card_light, master.correction, steps=steps)
