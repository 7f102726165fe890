"""Why a photo's colour card may not be used, beyond the fit's residual: tests that need no threshold on colours."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card import load_cards
from station.calibrate.patches import Lattice
from station.calibrate.placement import PartialPlacement, cells, margin, partial_placements, placements
from station.values.bench import CardReference
from station.values.colour import XYZ_TO_SRGB, Lab, lab_to_xyz
from station.values.geometry import project

Float = NDArray[np.float64]
Pixels = NDArray[np.uint8]

MONOCHROME, COLOURED_PX = 8.0, 24
"""Coded difference (of 255) of red and blue from their mean at equal green that noise and the coder bring about, and
how many pixels of the shrunk photo must exceed it for it to have colours: the smallest card has ten times as many."""
CHANNEL_MARGIN = 0.1
"""How much better, in summed correlation, another order of the channels must explain the card to be named."""
FILL_SLACK, OWN_SLACK = 0.018, 0.06
"""Tolerance of the patch size over the pitch: of the built-in cards, whose gaps are known from photographs and spread
by 0.012, and of cards whose patch and pitch were given in millimetres."""
EDGE_PX = 0.6
"""Error in px of a patch's width, found between two edges, added to either tolerance."""
KNOWN_CHARTS = ("colorchecker24-after-2014", "spydercheckr24")
"""Charts of 24 patches that are recognised and named where another card is asked for."""
LARGER = 2.0
"""Patches on one lattice, over the card's own, from which it is another chart. Two cards side by side are not more."""
HIDDEN_SCORE = (0.5, 0.6)
"""Share of the card that must be seen for it to count as the card, and of the patches inside the photo that must match
for those outside to be the reason: beside a patch cut by the photo's edge a clipped one or two seldom match."""
OPEN = (0.25, 0.75)
"""Share of all patches, and of those that do not match, that lie open as flat patches of other colours on another
chart. What covers a card hides the patches' edges."""


def is_monochrome(small: Pixels) -> bool:
    """Whether red and blue follow from green all over the picture: grey-scale, sepia or any other tint of one channel.

    small : (h, w, 3) uint8.
    """
    red, green, blue = (small[::2, ::2, c].ravel() for c in range(3))
    if max(int(c.max()) - int(c.min()) for c in (red, green, blue)) < 4:
        return False  # an even picture shows neither
    count = np.maximum(np.bincount(green, minlength=256), 1)
    coloured = np.zeros(green.size, dtype=bool)
    for other in (red, blue):
        mean = np.bincount(green, weights=other, minlength=256) / count
        coloured |= np.abs(other - mean[green]) > MONOCHROME
    return int(np.count_nonzero(coloured)) < COLOURED_PX


def channel_fault(rgb: Float, lab: Float) -> str:
    """Names channels in another order than red, green, blue, and negatives; empty where the photo has neither.

    A correction with a free 3x3 matrix absorbs both. Gain and tone of a channel do not change the correlation of its
    logarithm with the card's own, so it is the order of the channels that is tested, not the light.

    rgb, lab : (n, 3) linear device RGB and reference Lab of the patches that may be used.
    """
    if len(rgb) < 6:
        return ""
    card = np.log(np.maximum(lab_to_xyz(Lab(lab)) @ XYZ_TO_SRGB.T, 0.004))
    seen = np.log(np.maximum(rgb, 0.004))
    correlation = np.corrcoef(seen.T, card.T)[:3, 3:]
    if not np.isfinite(correlation).all():
        return ""
    if np.trace(correlation) < 0:
        return "card: the photo is a negative: its bright patches are dark and its dark ones bright"
    orders = {p: float(correlation[range(3), p].sum()) for p in permutations(range(3))}
    best = max(orders, key=lambda p: orders[p])
    if orders[best] - orders[0, 1, 2] < CHANNEL_MARGIN:
        return ""
    names = ("red", "green", "blue")
    moved = " and ".join(names[i] for i in range(3) if best[i] != i) if best in _SWAPS else "red, green and blue"
    return f"card: the photo's {moved} channels are swapped by the program that saved it: hand in the camera's own file"


_SWAPS = ((1, 0, 2), (2, 1, 0), (0, 2, 1))


def foreign_gap(fill: tuple[float, float], pitch_px: float, card: CardReference) -> str:
    """Names a card whose patches are not as wide, in pitches, as the reference's: a copy of its colours by another
    maker, or a print. Empty where they agree or nothing is known.

    fill : width and height of the patches over the pitch as seen in the photo; NaN where not seen.
    pitch_px : of the card in the photo; edges are good to a part of a pixel.
    """
    sizes, slack = card.fill, FILL_SLACK + EDGE_PX / pitch_px
    if card.patch_mm and card.pitch_mm:
        sizes, slack = ((card.patch_mm / card.pitch_mm,) * 2,), OWN_SLACK + EDGE_PX / pitch_px
    if not sizes or any(all(not abs(f - s) > slack for f, s in zip(fill, size, strict=True)) for size in sizes):
        return ""
    seen = " x ".join("?" if np.isnan(f) else f"{100 * f:.0f}" for f in fill)
    known = ", ".join(f"{100 * w:.0f} x {100 * h:.0f}" for w, h in sizes)
    copied = f"those of {card.name} {known} %: it is a copy by another maker, or a print"
    if max(f for f in fill if not np.isnan(f)) > 0.95:
        return f"card: its patches touch each other, {copied}"
    return f"card: its patches fill {seen} % of their pitch, {copied}"


def why_not_found(lattices: list[tuple[Pixels, Lattice]], card: CardReference) -> str:
    """What the lattices of a photo show where no card was accepted: another chart, or the card cut off or covered."""
    for small, lattice in lattices:
        name = _other_chart(small, lattice, card)
        if name:
            return f"card: this is another chart, {name}, not {card.name}: use the card chosen, or choose this one"
    for small, lattice in lattices:
        reason = _hidden(small, lattice, card)
        if reason:
            return reason
    larger = larger_chart(lattices, card)
    if larger:
        return larger
    return "card: no colour card was found in the photo"


def larger_chart(lattices: list[tuple[Pixels, Lattice]], card: CardReference) -> str:
    """Names a chart of many more patches than the card has, which may hold the card's own colours within it."""
    for _, lattice in lattices:
        if lattice.count > LARGER * card.columns * card.rows:
            columns, rows = (lattice.columns[1] - lattice.columns[0] + 1, lattice.rows[1] - lattice.rows[0] + 1)
            return f"card: another chart, of about {columns} x {rows} patches, lies in the photo, not {card.name}"
    return ""


def _other_chart(small: Pixels, lattice: Lattice, card: CardReference) -> str:
    asked = {(p.name, p.lab) for p in card.patches}
    for name in KNOWN_CHARTS:
        known = load_cards(name)[0]
        if {(p.name, p.lab) for p in known.patches} & asked or {p.name for p in known.patches} == {
            p.name for p in card.patches
        }:
            continue
        for placed in placements(lattice, small, known.columns, known.rows, known.lab)[:1]:
            if placed.score <= 10.0:
                clear = margin(placed.rgb, known.lab, known.columns, known.rows)
                if clear >= 1.5:
                    return known.name
    return ""


def _hidden(small: Pixels, lattice: Lattice, card: CardReference) -> str:
    for part in partial_placements(lattice, small, card.columns, card.rows, card.lab)[:1]:
        total, inside, matching = len(part.inside), int(part.inside.sum()), int(part.matching.sum())
        if matching < max(9, HIDDEN_SCORE[0] * total):
            continue
        if inside < total and matching >= HIDDEN_SCORE[1] * inside:
            return (
                f"card: it reaches over the picture's edge, {total - inside} of its {total} patches lie outside the "
                "photo, wholly or in part: photograph the whole card"
            )
        unlike = ~part.matching
        names = [p.name for p, other in zip(card.patches, unlike, strict=True) if other]
        named = f"{', '.join(names[:4])}{' ...' if len(names) > 4 else ''}"
        lies_open = int((unlike & _seen(part, lattice, card)).sum())
        if lies_open >= max(OPEN[0] * total, OPEN[1] * len(names)):
            return (
                f"card: this looks like another chart, not {card.name}: {len(names)} of its {total} patches lie open "
                f"and have other colours ({named}): use the card chosen, or choose this one; if it is the card chosen, "
                "light it evenly"
            )
        return (
            f"card: {len(names)} of its {total} patches are covered or spoilt ({named}): lay the card open, with "
            "nothing on it"
        )
    return ""


def _seen(part: PartialPlacement, lattice: Lattice, card: CardReference) -> NDArray[np.bool_]:
    """(n,) patches that show as flat areas of their own on the lattice."""
    onto = np.asarray(np.linalg.solve(lattice.homography, part.homography), dtype=np.float64)
    index = np.rint(project(onto, cells(card.columns, card.rows))).astype(int)
    return np.array([(int(i), int(j)) in lattice.seen for i, j in index])
