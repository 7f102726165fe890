"""Curves of detection as a picture: where curves, dots, a90/95 and limits lie."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from station.report.capability_charts import capability_picture
from station.report.pictures import RGB
from station.values.capability import CapabilityDocument

BLUE, GREEN, ORANGE = (0, 114, 178), (0, 158, 115), (213, 94, 0)
LEFT, TOP, WIDTH, HEIGHT, CELL = 92, 162 + 52, 430, 230, 62 + 430 + 30
LEAST, LARGEST = 0.1, 1.0


def curve(kind: str, region: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "region": region, "trials": 80, "hits": 60, "named": 60, "harmless": 0, "least_mm": LEAST,
        "largest_mm": LARGEST, "intercept": 6.0, "slope": 4.0, "a90_mm": 0.39, "a90_95_mm": 0.5, "unreached": False,
        "reason": "", **more,
    }  # fmt: skip


def study(curves: list[dict[str, Any]], limits: list[dict[str, Any]]) -> CapabilityDocument:
    trials = [
        {"kind": c["kind"], "region": c["region"], "size_mm": mm, "contrast_to_noise": 9.0, "called": (), "found": hit}
        for c in curves
        for mm, hit in ((0.15, False), (0.8, True))
    ]  # fmt: skip
    return CapabilityDocument.model_validate(
        {
            "golden": "GS-1", "golden_version": 1, "golden_digest": "d", "model": "m", "program": "p",
            "made_at": datetime(2026, 5, 10, tzinfo=UTC), "seed": 1, "pitch_mm": 0.03, "noise": 0.01, "blur_px": 0.8,
            "searched_share": 0.9, "wanted": 80, "renderings": 20, "method": "", "limits": limits, "curves": curves,
            "false_alarms": {
                "parts": 60, "alarms": 0, "per_part": 0.0, "per_part_upper": 0.05, "parts_with": 0, "share_upper": 0.05,
                "kinds": {},
            },
            "warnings": (), "trials": trials,
        }
    )  # fmt: skip


def limit(kind: str, mm: float, state: str = "below") -> dict[str, Any]:
    return {
        "kind": kind, "where": "", "limit_mm": mm, "state": state, "reason": "", "a90_95_mm": 0.5,
        "region": "soft enamel",
    }  # fmt: skip


def x_of(mm: float) -> float:
    low, high = math.log(LEAST / 1.1), math.log(LARGEST * 1.1)
    return LEFT + WIDTH * (math.log(mm) - low) / (high - low)


def places(picture: RGB, colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the pixels of a colour."""
    y, x = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) < 25)
    return x, y


def test_limit_and_a90_95_lie_at_their_sizes() -> None:
    picture = capability_picture(study([curve("pit", "soft enamel")], [limit("pit", 0.2)]))
    top = TOP + 7
    x, y = places(picture, ORANGE)
    line = x[(y > top + 20) & (y < top + HEIGHT - 20)]
    assert line.mean() == pytest.approx(x_of(0.2), abs=1.5)
    # the large dot: blue at 90 % far off the curve, which is there at 0.39 mm
    x, y = places(picture, BLUE)
    dot = x[np.abs(y - (top + 0.1 * HEIGHT)) < 4]
    assert dot[dot > x_of(0.43)].mean() == pytest.approx(x_of(0.5), abs=1.5)


def test_hits_lie_above_the_plot_and_misses_below_it() -> None:
    picture = capability_picture(study([curve("pit", "soft enamel", intercept=None, slope=None, a90_95_mm=None)], []))
    x, y = places(picture, BLUE)
    plot = (y < TOP + 7 + HEIGHT + 20) & (y > TOP - 20)
    found = plot & (np.abs(x - x_of(0.8)) < 4)
    missed = plot & (np.abs(x - x_of(0.15)) < 4)
    assert y[found].max() < TOP + 7
    assert y[missed].min() > TOP + 7 + HEIGHT
    assert plot.sum() == found.sum() + missed.sum()


def test_a_kind_of_region_has_one_colour_in_all_panels() -> None:
    """The second panel has no hard enamel: its only curve is still drawn as soft enamel is in the first."""
    picture = capability_picture(
        study(
            [curve("pit", "hard enamel", intercept=9.0), curve("pit", "soft enamel"), curve("speck", "soft enamel")], []
        )
    )
    second = picture[:, LEFT + CELL - 10 :]
    assert len(places(second, GREEN)[0]) > 100
    assert len(places(second, BLUE)[0]) == 0
    assert len(places(picture[:, : LEFT + CELL - 70], BLUE)[0]) > 100


def test_a_long_reason_is_told_in_full_on_further_lines() -> None:
    reason = "of the largest third 20 of 33 were found, fewer than a curve that rises to certainty allows"
    short = capability_picture(study([curve("pit", "soft enamel")], []))
    long = capability_picture(study([curve("pit", "soft enamel", a90_95_mm=None, reason=reason)], []))
    assert long.shape[0] == short.shape[0] + 2 * 19
    assert (long[-60:] < 100).any()
