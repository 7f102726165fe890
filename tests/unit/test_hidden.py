"""Places that a photo does not show: what nobody can see is no good enamel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_off_colour import BLUE, CELL, FRAME, PITCH, X, Y, aligned, master, picture

from station.judge.finding_rules import judge_finding
from station.measure.hidden import hidden_places
from station.sheet import load_sheet
from station.values.colour import LinearRGB
from station.values.documents import Verdict

SHEET = load_sheet(
    """
schema = 1
[product]
sku = "x"
thickness_mm = 1.6
[[regions]]
name = "sky"
surface = "soft enamel"
seed_mm = [0.0, 0.0]
[[defects]]
kind = "pit"
limit_mm = 0.30
[[defects]]
kind = "scratch"
limit_mm = 1.5
"""
)


def white(where: np.ndarray):  # type: ignore[no-untyped-def]
    image = picture(BLUE)
    pixels = image.pixels.copy()
    pixels[where] = 1.0
    return aligned(LinearRGB(pixels), clipped=where)


@pytest.mark.parametrize(("radius", "verdict"), [(4.0, Verdict.CONFORMS), (15.0, Verdict.UNDECIDED)])
def test_a_white_place_is_told_and_one_that_hides_a_defect_over_its_limit_is_for_a_person(
    radius: float, verdict: Verdict
) -> None:
    (found,) = hidden_places(white(np.hypot(X - 130, Y - 170) < radius), master())
    assert (found.kind, found.region) == ("glare", "sky")
    assert found.size_mm == pytest.approx(2 * radius * PITCH, abs=2 * PITCH)
    assert (found.x_mm, found.y_mm) == pytest.approx(FRAME.to_mm(np.array([[130.0, 170.0]]))[0], abs=0.1)
    judged = judge_finding(found, SHEET)
    assert judged.verdict is verdict
    assert judged.limit_mm is None
    if verdict is Verdict.UNDECIDED:
        assert "where a pit may have 0.3 mm: photograph the part again so that it shows" in judged.reason


def test_what_lies_beyond_the_photo_is_for_a_person_be_it_metal_or_enamel() -> None:
    whole = aligned(picture(BLUE))
    cut = replace(whole, valid=np.asarray(X < 250))
    (found,) = hidden_places(cut, master())
    assert (found.kind, found.region) == ("cut-off", "metal")
    judged = judge_finding(found, SHEET)
    assert judged.verdict is Verdict.UNDECIDED
    assert judged.reason.startswith("the photo does not show")
    assert hidden_places(whole, master()) == ()


def test_slivers_metal_and_what_the_golden_shows_white_are_left_out() -> None:
    assert hidden_places(white(CELL & (np.abs(X - 150) < 1)), master()) == ()
    assert hidden_places(white(~CELL), master()) == ()
    golden = master()
    pale = replace(golden, image=LinearRGB(np.where(CELL[..., None], 0.97, golden.image.pixels).astype(np.float32)))
    assert hidden_places(white(np.hypot(X - 130, Y - 170) < 15), pale) == ()


def test_where_the_sheet_limits_nothing_glare_is_only_told() -> None:
    (found,) = hidden_places(white(np.hypot(X - 130, Y - 170) < 15), master())
    nothing = SHEET.model_copy(update={"defects": ()})
    assert judge_finding(found, nothing).verdict is Verdict.CONFORMS
