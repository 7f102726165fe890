"""The rim of a part: one for each defect model, and studies that look where the model does."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_capability import drawn_master

from station.measure.planted import Places, places_of
from station.measure.rim import ENVELOPE_RIM, NETWORK_RIM, Rim
from station.models import PAIR_MODEL, REFERENCE_DIFFERENCE, defect_model, rim_of
from station.values.colour import LinearRGB
from station.values.line import OTHER, OUTSIDE

MASTER = drawn_master()


def _square(margin: int) -> np.ndarray:
    labels = np.full((64, 64), OUTSIDE, dtype=np.uint8)
    labels[margin : 64 - margin, margin : 64 - margin] = OTHER
    return labels


@pytest.mark.parametrize("rim", [ENVELOPE_RIM, NETWORK_RIM])
def test_a_rim_is_as_wide_as_it_says(rim: Rim) -> None:
    rows, columns = np.nonzero(rim.inside(_square(8)))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (
        8 + rim.px,
        55 - rim.px,
        8 + rim.px,
        55 - rim.px,
    )
    assert rim.inside(_square(0)).all()  # where the picture ends the part has no rim


def test_a_round_rim_is_narrower_on_a_slant_than_a_square_one() -> None:
    y, x = np.mgrid[0:101, 0:101]
    labels = np.where(x + y > 100, OTHER, OUTSIDE).astype(np.uint8)
    left = [int(rim.inside(labels)[np.arange(101), np.arange(101)].argmax()) for rim in (Rim(6), Rim(6, square=True))]
    assert left[0] < left[1]


@pytest.mark.parametrize(("name", "rim"), [(REFERENCE_DIFFERENCE, ENVELOPE_RIM), (PAIR_MODEL, NETWORK_RIM)])
def test_a_study_plants_where_the_model_looks_and_nowhere_else(name: str, rim: Rim) -> None:
    assert rim_of(name) == rim
    places = places_of(MASTER, rim_of(name))
    assert not (places.searched & ~rim.inside(MASTER.labels)).any()
    assert (places.searched == Places(MASTER, rim).searched).all()
    assert places_of(MASTER, rim_of(name)) is places


def test_the_network_answers_up_to_its_rim() -> None:
    """A line over a part from edge to edge."""
    labels = _square(8)
    golden = np.full((64, 64, 3), 0.1, dtype=np.float32) + np.random.default_rng(1).normal(0, 0.002, (64, 64, 3))
    unit = golden.copy()
    unit[28:36] += 0.6
    pictures = (LinearRGB(p.astype(np.float32)) for p in (golden, unit))
    scores = defect_model(PAIR_MODEL)(*pictures, labels, 0.002).scores.max(axis=0)
    assert scores[~NETWORK_RIM.inside(labels)].max() == 0
    assert scores[28:36][:, [8 + NETWORK_RIM.px, 55 - NETWORK_RIM.px]].min() > 0
