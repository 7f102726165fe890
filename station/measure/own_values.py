"""The golden sample's own sizes, read on its picture as on a unit's, with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from station.measure.features import measure_features
from station.sheet import Size
from station.values.line import Aligned, Master, Measurement


def own_sizes(master: Master, rows: Sequence[Size]) -> tuple[Measurement, ...]:
    """Every row of the sheet's sizes on the golden itself, in their order.

    The uncertainty (k = 2) is the one that a unit exactly like the golden would be told with, lying as the golden did:
    the golden's picture laid on itself, so that registration adds nothing. What the part's height leaves open is not in
    it, for a master does not know the camera.
    """
    shape = master.image.pixels.shape[:2]
    itself = Aligned(
        image=master.image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool),
        similarity=replace(master.pose, scale=1.0), rms_px=0.0, overlap=1.0, u_offset_mm=0.0, u_rotation_deg=0.0,
        u_scale=master.u_scale, correction=master.correction, scale_source=master.scale_source, noise=master.noise,
        blur_px=master.blur_px, coding_step=master.coding_step, bench=master.bench,
    )  # fmt: skip
    return measure_features(itself, master, rows)
