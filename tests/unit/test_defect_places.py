"""Places from drawn score maps: summed over kinds, the pieces of one defect together, two defects apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.measure.defect_places import Place, find_places, total_score
from station.values.line import ScoreMaps

PITCH = 0.03
KINDS = ("pit", "bubble", "scratch", "lint", "dust")
SIZE = 160


class Drawn:
    """Score maps and a difference to draw into; x, y and sizes in px."""

    def __init__(self) -> None:
        self.scores = np.zeros((len(KINDS), SIZE, SIZE), dtype=np.float32)
        self.difference = np.zeros((SIZE, SIZE), dtype=np.float32)
        self.hidden = np.zeros((SIZE, SIZE), dtype=bool)

    def add(self, mask: np.ndarray, sign: int = -1, **scores: float) -> None:
        for kind, score in scores.items():
            self.scores[KINDS.index(kind)][mask] = score
        self.difference[mask] = 0.1 * sign

    def disc(self, x: float, y: float, diameter: float, sign: int = -1, **scores: float) -> None:
        ys, xs = np.mgrid[:SIZE, :SIZE]
        self.add(np.hypot(xs - x, ys - y) <= diameter / 2, sign, **scores)

    def line(self, *points: tuple[int, int], kind: str = "scratch", thick: int = 2) -> None:
        mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
        cv2.polylines(mask, [np.array(points, dtype=np.int32)], False, 1, thick)
        self.add(mask > 0, 1, **{kind: 0.9})

    def arc(self, centre: int, radius: int, start: float, end: float) -> None:
        turn = np.radians(np.linspace(start, end, 40))
        self.line(*[(round(centre + radius * np.cos(t)), round(centre + radius * np.sin(t))) for t in turn])

    def places(self) -> list[Place]:
        maps = ScoreMaps(KINDS, self.scores)
        return find_places(maps, total_score(maps), self.difference, self.hidden, PITCH)


def test_a_spot_whose_kind_is_in_doubt_is_still_there() -> None:
    """No kind reaches half, together they do; the likelier kind has the greater sum."""
    drawn = Drawn()
    drawn.disc(50, 50, 9, pit=0.35, bubble=0.30, dust=0.15)
    (place,) = drawn.places()
    assert KINDS[int(place.sums.argmax())] == "pit"
    assert place.sums / place.sums.sum() == pytest.approx([0.4375, 0.375, 0, 0, 0.1875], abs=1e-3)


def test_scores_in_all_kinds_together_are_one_at_most() -> None:
    drawn = Drawn()
    drawn.disc(50, 50, 9, pit=0.9, bubble=0.9)
    assert total_score(ScoreMaps(KINDS, drawn.scores)).max() == 1.0


@pytest.mark.parametrize("gap", [6, 14, 21])
def test_a_scratch_that_a_highlight_breaks_is_one(gap: int) -> None:
    drawn = Drawn()
    drawn.line((20, 40), (60, 50))
    drawn.line((60 + gap, 50 + gap // 4), (120, 65))
    assert len(drawn.places()) == 1


def test_a_bent_scratch_goes_on_in_its_own_direction() -> None:
    drawn = Drawn()
    drawn.arc(80, 55, 0, 70)
    drawn.arc(80, 55, 85, 150)
    drawn.arc(80, 55, 162, 200)
    assert len(drawn.places()) == 1


@pytest.mark.parametrize(
    "points",
    [
        ((60, 62), (110, 74)),  # beside it
        ((66, 50), (74, 100)),  # across
        ((95, 58), (130, 67)),  # too far on
    ],
)
def test_two_scratches_that_are_not_in_one_line_are_two(points: tuple[tuple[int, int], ...]) -> None:
    drawn = Drawn()
    drawn.line((20, 40), (60, 50))
    drawn.line(*points)
    assert len(drawn.places()) == 2


def test_a_pit_at_the_end_of_a_scratch_stays_a_pit() -> None:
    drawn = Drawn()
    drawn.line((20, 40), (60, 50))
    drawn.disc(70, 52, 7, pit=0.9)
    assert len(drawn.places()) == 2
    kindred = Drawn()
    kindred.line((20, 40), (60, 50))
    kindred.disc(70, 52, 3, scratch=0.9)
    assert len(kindred.places()) == 1


@pytest.mark.parametrize("kinds", [("pit", "pit"), ("pit", "bubble"), ("bubble", "bubble")])
def test_the_lit_and_the_shaded_half_of_one_hollow_are_one(kinds: tuple[str, str]) -> None:
    ys, xs = np.mgrid[:SIZE, :SIZE]
    inside = np.hypot(xs - 70, ys - 70) <= 8
    drawn = Drawn()
    drawn.add(inside & (xs < 68), 1, **{kinds[0]: 0.9})
    drawn.add(inside & (xs > 72), -1, **{kinds[1]: 0.9})
    (place,) = drawn.places()
    assert len(place.pixels) > 0.95 * inside.sum()  # with what lies between
    assert place.sign == 0


def test_the_flanks_of_a_dome_are_one() -> None:
    ys, xs = np.mgrid[:SIZE, :SIZE]
    radius = np.hypot(xs - 70, ys - 70)
    ring = (radius <= 10) & (radius > 6.5)
    drawn = Drawn()
    drawn.add(ring & (xs - 70 < -4), 1, bubble=0.9)
    drawn.add(ring & (xs - 70 > 4), -1, bubble=0.9)
    assert len(drawn.places()) == 1


@pytest.mark.parametrize("signs", [(-1, -1), (1, -1), (1, 1)])
@pytest.mark.parametrize("diameter", [0.15, 0.2, 0.3])
def test_two_pits_four_tenths_of_a_millimetre_apart_are_two(diameter: float, signs: tuple[int, int]) -> None:
    drawn = Drawn()
    drawn.disc(60, 60, diameter / PITCH, signs[0], pit=0.9)
    drawn.disc(60 + 0.4 / PITCH, 60, diameter / PITCH, signs[1], pit=0.9)
    assert len(drawn.places()) == 2


def test_two_pits_with_lit_and_shaded_halves_are_two() -> None:
    ys, xs = np.mgrid[:SIZE, :SIZE]
    drawn = Drawn()
    for x in (60, 60 + 0.4 / PITCH):
        inside = np.hypot(xs - x, ys - 60) <= 4.5
        drawn.add(inside & (xs < x - 1), 1, pit=0.9)
        drawn.add(inside & (xs > x + 1), -1, pit=0.9)
    assert len(drawn.places()) == 2


def test_a_crumb_beside_a_spot_is_of_it_unless_it_is_of_another_kind() -> None:
    drawn = Drawn()
    drawn.disc(60, 60, 10, pit=0.9)
    drawn.disc(68, 60, 2.9, pit=0.9)
    assert len(drawn.places()) == 1
    other = Drawn()
    other.disc(60, 60, 10, pit=0.9)
    other.disc(68, 60, 2.9, dust=0.9)
    assert len(other.places()) == 2


def test_what_lies_where_nothing_is_judged_is_left_out() -> None:
    drawn = Drawn()
    drawn.disc(60, 60, 10, pit=0.9)
    drawn.disc(100, 60, 10, pit=0.9)
    drawn.hidden[:, 90:] = True
    assert len(drawn.places()) == 1


def test_four_pixels_are_no_place() -> None:
    drawn = Drawn()
    drawn.scores[0, 50:52, 50:52] = 0.9
    assert drawn.places() == []
    drawn.scores[0, 52, 50] = 0.9
    assert len(drawn.places()) == 1
