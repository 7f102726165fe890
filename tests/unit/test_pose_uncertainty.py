"""How well a pose is known: what rests on one place is known less well than what rests on many."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.pose_uncertainty import PoseUncertainty, pose_uncertainty
from station.measure.refine import BLUR_SIGMA, Refined, detail, make_template, refine, responses
from station.measure.sampling import sample, spline_coefficients
from station.values.geometry import Similarity

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

PITCH = 0.05
N = 501
MIDDLE = ((N - 1) / 2, (N - 1) / 2)


def disc(spots: list[tuple[float, float]], noise: int) -> Float32:
    """A round plate of 22 mm with round spots at (x, y) mm, with the noise of that number."""
    axis = (np.arange(N) - MIDDLE[0]) * PITCH
    x, y = np.meshgrid(axis, axis)

    def inside(radius: float, at: tuple[float, float]) -> Float:
        return np.asarray(np.clip((radius - np.hypot(x - at[0], y - at[1])) / PITCH + 0.5, 0, 1))

    image = 0.2 + 0.4 * inside(11.0, (0.0, 0.0)) - 0.3 * sum(inside(1.5, at) for at in spots)
    grain = np.random.default_rng(noise).normal(0, 0.01, image.shape)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0) + grain, dtype=np.float32)


def fit(spots: list[tuple[float, float]]) -> tuple[Refined, Float]:
    """The plate laid over another picture of it, and its responses."""
    template = make_template(detail(disc(spots, 3)), None, points_wanted=6000, origin_px=MIDDLE, pitch=PITCH)
    assert template is not None
    coefficients = spline_coefficients(detail(disc(spots, 4)), BLUR_SIGMA)

    def target(mm: Float) -> Float32:
        return sample(coefficients, mm / PITCH + MIDDLE)

    refined = refine(template, target, np.eye(3), "similarity")
    assert refined is not None
    return refined, responses(refined, target)


def known(found: tuple[Refined, Float], turn_deg: float = 180.0, second: Similarity | None = None) -> PoseUncertainty:
    pose = Similarity.from_matrix(found[0].matrix)
    return pose_uncertainty(
        found[0], pose, pitch_mm=PITCH, turn_deg=turn_deg, relief_mm=0.01, second=second, response=found[1]
    )


def test_a_rotation_that_rests_on_one_post_is_known_as_well_as_the_post_is() -> None:
    one, many = fit([(0, -4.4)]), fit([(0, -8), (8, 0), (0, 8), (-8, 0), (-5, -5), (5, 5)])
    alone = np.degrees(0.02 / 4.4)  # a displacement of 0.02 mm at 4.4 mm from the middle
    assert 0.5 * alone < known(one).rotation_deg < 4 * alone
    assert known(many).rotation_deg < 0.4 * known(one).rotation_deg
    assert known(one, turn_deg=0.0).rotation_deg < known(one).rotation_deg


def test_nothing_but_round_edges_tells_no_rotation() -> None:
    assert known(fit([])).rotation_deg > 0.3


def test_two_signals_that_disagree_leave_the_pose_between_them() -> None:
    found = fit([(0, -8), (8, 0), (0, 8), (-8, 0)])
    other = Similarity(0.06, 0.0, 0.1, 1.002)
    apart = known(found, turn_deg=0.0, second=other)
    assert 0.06 / np.sqrt(6) < apart.offset_mm < 0.06
    assert 0.1 / np.sqrt(3) * 0.9 < apart.rotation_deg < 0.1
    assert 0.002 / np.sqrt(3) * 0.9 < apart.scale < 0.002
