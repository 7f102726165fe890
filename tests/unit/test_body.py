"""Marks relative to the struck outline, on outlines whose displacement is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.measure.body import marks_in_outline, outline_displacement
from station.measure.outline import OutlineShift
from station.values.budget import LengthBudget
from station.values.line import Measurement


def _outline(dx: float, dy: float, *, grown: float = 0.0, nick: float = 0.0) -> OutlineShift:
    """An ellipse of 30 x 24 mm against the same displaced, grown by a share, with a nick along a twentieth of it."""
    t = np.linspace(0, 2 * np.pi, 900, endpoint=False)
    at = np.stack([15 * np.cos(t), 12 * np.sin(t)], axis=1)
    normals = np.stack([np.cos(t) / 15, np.sin(t) / 12], axis=1)
    normals /= np.hypot(*normals.T)[:, None]
    shift = normals @ (dx, dy) + grown * (normals * at).sum(axis=1)
    shift[:45] -= nick
    shift += np.random.default_rng(1).normal(0, 0.004, len(t))
    return OutlineShift(at + normals * shift[:, None], shift, np.full(len(t), 0.004), 0.0, 0.1, at)


def _marks(dx: float, dy: float) -> tuple[Measurement, ...]:
    budget = LengthBudget(edges=0.003, placement=0.002)
    detail: dict[str, object] = {"budget": budget.as_detail()}
    values = {"offset-x": dx, "offset-y": dy, "offset": float(np.hypot(dx, dy)), "rotation": 0.4}
    return tuple(
        Measurement(f"{k}:logo", k, v, "mm", budget.expanded, "test", detail=dict(detail)) for k, v in values.items()
    )


def test_the_displacement_is_found_beside_growth_and_a_nick() -> None:
    found, u = outline_displacement(_outline(0.12, -0.08, grown=0.004, nick=0.3))
    assert found == pytest.approx([0.12, -0.08], abs=0.002)
    assert 0.03 < u < 0.08
    assert outline_displacement(_outline(0.12, -0.08, nick=0.3))[1] < 0.02


def test_an_outline_misread_along_one_side_is_uncertain_by_what_it_leaves() -> None:
    outline = _outline(0.0, 0.2)
    below = outline.golden[:, 1] > 0
    found, u = outline_displacement(replace(outline, shift=np.where(below, 0.01, outline.shift)))
    assert abs(found[1] - 0.2) > 0.05
    assert abs(found[1] - 0.2) < 2 * u


def test_a_mark_is_told_relative_to_an_outline_off_centre() -> None:
    told = {m.kind: m for m in marks_in_outline(_marks(0.05, 0.02), _outline(0.15, -0.10))}
    assert told["offset-x"].value == pytest.approx(-0.10, abs=0.002)
    assert told["offset-y"].value == pytest.approx(0.12, abs=0.002)
    assert told["offset"].value == pytest.approx(np.hypot(0.10, 0.12), abs=0.003)
    assert told["offset"].detail["outline_mm"] == pytest.approx([0.15, -0.10], abs=0.002)
    assert told["offset"].u > _marks(0, 0)[2].u
    assert told["rotation"] == _marks(0.05, 0.02)[3]


def test_what_light_can_do_to_an_outline_changes_nothing() -> None:
    marks = _marks(0.05, 0.02)
    assert marks_in_outline(marks, _outline(0.02, 0.02)) == marks
    assert marks_in_outline(marks, None) == marks


def test_the_outline_and_the_marks_are_told_in_one_frame() -> None:
    """A mark is told against the body's enamel, an outline where the unit was registered."""
    beside = [replace(m, detail=m.detail | {"body_mm": [0.01, -0.02]}) for m in _marks(0.05, 0.02)]
    told = {m.kind: m for m in marks_in_outline(beside, _outline(0.15, -0.10))}
    assert told["offset-x"].value == pytest.approx(-0.09, abs=0.002)
    assert told["offset-y"].value == pytest.approx(0.10, abs=0.002)
