"""A photo finer than the golden frame: nothing aliases into it, and its pitch stays that of what is looked for."""

from __future__ import annotations

import numpy as np

from station.measure.frame import FINEST_PITCH_MM, golden_frame, resample
from station.values.colour import DeviceRGB, LinearRGB
from station.values.geometry import FlatPlane, Frame, Similarity
from station.values.line import Corrected, Shot


def corrected(image: np.ndarray, px_per_mm: float) -> Corrected:
    shot = Shot(DeviceRGB(np.zeros((*image.shape[:2], 3), np.uint8)), "0" * 64, "a.jpg")
    plane = FlatPlane(np.diag([px_per_mm, px_per_mm, 1.0]), 0.001, "rig")
    return Corrected(shot, LinearRGB(image.astype(np.float32)), np.zeros(image.shape[:2], bool), None, plane, None)


def test_noise_of_a_fine_photo_is_averaged_not_picked() -> None:
    grain = 0.5 + np.random.default_rng(1).normal(0, 0.05, (400, 400, 3))
    fine = corrected(grain, 100.0)
    assert fine.plane is not None
    for pitch, least, most in ((0.01, 0.6, 1.1), (0.03, 0.1, 0.55)):
        frame = Frame(pitch, 81, 81, (40.0, 40.0))
        image, _, valid = resample(fine, fine.plane, Similarity(2.0, 2.0), frame, 0.0)
        assert valid.all()
        assert least * 0.05 < float(image.pixels.std()) < most * 0.05
        assert abs(float(image.pixels.mean()) - 0.5) < 0.01


def test_the_frame_is_as_fine_as_its_photo_but_no_finer_than_the_bound() -> None:
    y, x = np.mgrid[0:600, 0:600]
    disc = np.where(np.hypot(x - 300, y - 300)[..., None] < 180, [0.6, 0.2, 0.1], [0.25, 0.25, 0.25])
    for px_per_mm, pitch in ((60.0, FINEST_PITCH_MM), (25.0, 0.04)):
        golden = golden_frame(corrected(disc, px_per_mm), thickness_mm=None)
        assert golden.frame.pitch_mm == pitch
        extent = np.ptp(golden.outline_mm, axis=0)
        np.testing.assert_allclose(extent, 360 / px_per_mm, atol=0.05)
