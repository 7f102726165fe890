"""The colour card in a photo: candidates at several scales, the placement that scores best, its reading."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_reading import judge_reading, read_patches
from station.calibrate.patches import Lattice, find_lattices, mcc_lattice, shrink, to_photo_scale
from station.calibrate.placement import Placement, is_mirrored, margin, placements, refine, score
from station.values.bench import CardReference, LightCalibration
from station.values.line import CardReading, PatchReading, Shot

MAX_SCORE = 14.0
"""Mean Lab residual of the order test above which a lattice is not taken for the card."""
MIN_MARGIN = 1.5
"""How many times worse every other symmetry must score before the order counts as settled."""


def find_card(shot: Shot, cards: tuple[CardReference, ...], light: LightCalibration | None = None) -> CardReading:
    """Find the colour card, settle its order, read its patches and fit the correction.

    Parameters
    ----------
    shot
        The photo. A tenth of a megapixel to the decoder's cap.
    cards
        References to hold it against; the one that fits best is named in ``edition``.
    light
        Flat field to read the patches through, so that card and part share one light.

    Returns
    -------
    A reading whose ``found`` says that place and order were verified, and whose ``usable`` that every gate held.
    """
    photo = shot.photo.pixels
    best: tuple[Placement, tuple[PatchReading, ...], tuple[CardReference, ...]] | None = None
    for group in _by_layout(cards):
        lab = group[0].lab
        for candidate in _candidates(photo, group[0]):
            homography = refine(photo, candidate.homography, group[0].columns, group[0].rows)
            patches = read_patches(photo, homography, group[0], light)
            if patches is None:
                continue
            rgb = np.array([p.rgb for p in patches])
            placed = Placement(homography, score(rgb, lab), is_mirrored(homography))
            clear = margin(rgb, lab, group[0].columns, group[0].rows)
            if placed.score <= MAX_SCORE and clear >= MIN_MARGIN and (best is None or placed.score < best[0].score):
                best = (placed, patches, group)
            if best is not None and best[0].score < 0.6 * MAX_SCORE:
                break
    if best is None:
        return CardReading(found=False, usable=False, reason="card: no colour card was found in the photo")
    return judge_reading(*best)


def _by_layout(cards: tuple[CardReference, ...]) -> Iterator[tuple[CardReference, ...]]:
    """Cards of one layout together: editions share place and order."""
    groups: dict[tuple[int, int, tuple[str, ...]], list[CardReference]] = {}
    for card in cards:
        groups.setdefault((card.columns, card.rows, tuple(p.name for p in card.patches)), []).append(card)
    for group in groups.values():
        yield tuple(group)


def _candidates(photo: NDArray[np.uint8] | NDArray[np.uint16], card: CardReference) -> Iterator[Placement]:
    """Likely placements of the card in photo pixels, the cheapest search first."""
    eight_bit = photo if photo.dtype == np.uint8 else (photo >> 8).astype(np.uint8)
    longest = max(photo.shape[:2])
    tried: set[tuple[int, int]] = set()
    for target in (1000, 1700, 640):
        small, factor = shrink(np.asarray(eight_bit, dtype=np.uint8), target)
        if small.shape[:2] in tried:
            continue
        tried.add((small.shape[0], small.shape[1]))
        for lattice in find_lattices(small, card.columns * card.rows):
            yield from _placed(lattice, small, factor, card)
    if (card.columns, card.rows) == (6, 4):
        for target in (1000, 1500, longest):
            if target > 2600:
                continue
            small, factor = shrink(np.asarray(eight_bit, dtype=np.uint8), target)
            guess = mcc_lattice(small)
            if guess is not None:
                yield from _placed(guess, small, factor, card)


def _placed(lattice: Lattice, small: NDArray[np.uint8], factor: float, card: CardReference) -> Iterator[Placement]:
    for placed in placements(lattice, small, card.columns, card.rows, card.lab)[:2]:
        if placed.score <= 1.5 * MAX_SCORE:
            yield dataclasses.replace(placed, homography=to_photo_scale(placed.homography, factor))
