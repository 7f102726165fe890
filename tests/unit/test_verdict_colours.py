"""The colours of the verdicts as the pages have them, seen with each kind of colour blindness.

Simulated after G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A physiologically-based model for simulation of
color vision deficiency", IEEE Transactions on Visualization and Computer Graphics 15 (2009) 1291: their matrices for a
severity of 1, applied in linear light. Differences are CIEDE2000 under sRGB's own white, D65.
"""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from numpy.typing import NDArray

from station.values.colour import Lab, srgb_decode
from station.values.difference import delta_e_2000
from station.web.showing import STATIC

MACHADO = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)  # IEC 61966-2-1, D65
VERDICTS = ("conforms", "nonconforms", "undecided")


def colours() -> dict[str, str]:
    """The custom properties of the style sheet that all pages share."""
    return dict(re.findall(r"--(\w[\w-]*):\s*(#[0-9a-fA-F]{6})\b", (STATIC / "page.css").read_text(encoding="utf-8")))


def linear(colour: str) -> NDArray[np.float64]:
    return srgb_decode(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255)


def lab(light: NDArray[np.float64]) -> Lab:
    """CIELAB under D65 of linear sRGB."""
    ratio = (TO_XYZ @ light) / (TO_XYZ @ np.ones(3))
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return Lab(np.array([[116 * y - 16, 500 * (x - y), 200 * (y - z)]]))


def difference(first: str, second: str, sight: str = "") -> float:
    """CIEDE2000 between two colours as somebody with that sight tells them apart; "" sees all of them."""
    matrix = np.array(MACHADO[sight]) if sight else np.eye(3)
    one, other = (lab(np.clip(matrix @ linear(colour), 0, 1)) for colour in (first, second))
    return float(np.asarray(delta_e_2000(one, other)).item())


def test_the_verdicts_have_the_colours_that_were_chosen_for_every_sight() -> None:
    found = colours()
    assert [found[v].upper() for v in VERDICTS] == ["#0072B2", "#D55E00", "#F0E442"]


@pytest.mark.parametrize("sight", ["", *MACHADO])
def test_every_sight_tells_the_verdicts_apart(sight: str) -> None:
    found = colours()
    for first, second in itertools.combinations(VERDICTS, 2):
        assert difference(found[first], found[second], sight) > 20, (first, second)


def test_accept_and_reject_lie_far_apart_without_red_and_green_where_those_two_do_not() -> None:
    found = colours()
    assert difference(found["conforms"], found["nonconforms"], "deuteranopia") == pytest.approx(57, abs=0.5)
    assert difference("#00A000", "#D00000", "deuteranopia") == pytest.approx(7, abs=1)


def test_every_verdict_has_a_shape_of_its_own_and_a_badge_has_its_word() -> None:
    source = (STATIC / "dom.js").read_text(encoding="utf-8")
    shapes = dict(re.findall(r'(\w+): "(M[^"]+)"', source[source.index("const SHAPES") :].partition(";")[0]))
    assert set(shapes) == set(VERDICTS)
    assert len(set(shapes.values())) == len(VERDICTS)
    assert "badge(verdict, text = WORDS[verdict])" in source
    assert 'el("span", { class: `badge ${verdict}` }, shape(verdict), text)' in source
