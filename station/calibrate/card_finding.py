"""The colour card in a photo: candidates at several scales, the placement that scores best, its reading."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_faults import is_monochrome, larger_chart, why_not_found
from station.calibrate.card_reading import judge_reading, read_patches
from station.calibrate.patches import Lattice, find_lattices, mcc_lattice, shrink, to_photo_scale
from station.calibrate.placement import Placement, is_mirrored, margin, patch_fill, placements, refine, score
from station.values.bench import CardReference, LightCalibration
from station.values.geometry import project
from station.values.line import CardReading, PatchReading, Shot

Pixels = NDArray[np.uint8]

MAX_SCORE = 16.0
"""Mean Lab residual of the order test above which a lattice is not taken for the card."""
GOOD_SCORE = 11.0
"""Score below which no further scale is searched."""
MIN_MARGIN = 1.5
"""How many times worse every other symmetry must score before the order counts as settled."""
SCALES = (1000, 1800, 640, 4000)
"""Longest sides in px at which patches are sought, in this order: most cards show at the first, cards with patches of
20 px in a photo of 12 megapixels only at full resolution."""
MCC_SCALES = (1000, 1500, 2500)
"""Longest sides in px at which OpenCV's detector is asked, where no own lattice was accepted."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A verified card. placed : refined, with its patch fill. score : of the read patches."""

    placed: Placement
    patches: tuple[PatchReading, ...]
    group: tuple[CardReference, ...]


@dataclass(slots=True)
class _Search:
    """The lattices of a photo at every scale, each searched once for all cards of one number of patches."""

    photo: Pixels
    seen: dict[tuple[int, int], tuple[Pixels, float, list[Lattice]]] = field(default_factory=dict)

    def at(self, longest: int, count: int) -> tuple[Pixels, float, list[Lattice]]:
        """The shrunk photo, photo pixels per its pixel, and its lattices."""
        longest = min(longest, max(self.photo.shape[:2]))
        if (longest, count) not in self.seen:
            small, factor = shrink(self.photo, longest)
            self.seen[longest, count] = (small, factor, list(find_lattices(small, count)))
        return self.seen[longest, count]

    def lattices(self) -> list[tuple[Pixels, Lattice]]:
        """Every lattice found so far with the picture it was found in, the fullest first."""
        seen = [(small, lattice) for small, _, lattices in self.seen.values() for lattice in lattices]
        return sorted(seen, key=lambda s: -s[1].count)


def find_card(
    shot: Shot,
    cards: tuple[CardReference, ...],
    light: LightCalibration | None = None,
    *,
    model: str | None = None,
) -> CardReading:
    """Find the colour card, settle its order, read its patches and fit the correction.

    Parameters
    ----------
    shot
        The photo. A tenth of a megapixel to the decoder's cap.
    cards
        References to hold it against; the one that fits best is named in ``edition``.
    light
        Flat field to read the patches through, so that card and part share one light.
    model
        The family of corrections to use, a golden's ``ColourCorrection.method``; None chooses the best.

    Returns
    -------
    A reading whose ``found`` says that place and order were verified, and whose ``usable`` that every gate held.
    Where several cards lie in the photo the one that scores best is read, and ``notes`` says so.
    """
    photo = shot.photo.pixels
    eight_bit = photo if photo.dtype == np.uint8 else (photo >> 8).astype(np.uint8)
    search = _Search(np.asarray(eight_bit, dtype=np.uint8))
    groups = list(_by_layout(cards))
    if groups and is_monochrome(search.at(SCALES[0], len(groups[0][0].patches))[0]):
        reason = "card: no colour card can be read: the photo is grey-scale, its three channels are alike"
        return CardReading(found=False, usable=False, reason=reason)
    found: list[_Found] = []
    for group in groups:
        found += _find_layout(photo, search, group, light)
    if not found:
        return CardReading(found=False, usable=False, reason=_why_not(search, groups))
    found.sort(key=lambda f: f.placed.score)
    reading = judge_reading(found[0].placed, found[0].patches, found[0].group, model)
    if len(found) == 1:
        larger = larger_chart(search.lattices(), found[0].group[0])
        return dataclasses.replace(reading, usable=False, reason=larger) if larger else reading
    note = f"{len(found)} colour cards lie in the photo: the one that fits best is used"
    return dataclasses.replace(reading, notes=(note, *reading.notes))


def _find_layout(
    photo: NDArray[np.uint8] | NDArray[np.uint16],
    search: _Search,
    group: tuple[CardReference, ...],
    light: LightCalibration | None,
) -> list[_Found]:
    """The verified cards of one layout; no further scale is searched once one scores well."""
    found: list[_Found] = []
    for stage in _stages(search, group[0]):
        for candidate in stage:
            if any(_overlap(candidate, f.placed, group[0]) for f in found if f.placed.score < GOOD_SCORE):
                continue
            verified = _verify(photo, candidate, group, light)
            if verified is not None:
                clash = [f for f in found if _overlap(verified.placed, f.placed, group[0])]
                if all(verified.placed.score < f.placed.score for f in clash):
                    found = [f for f in found if f not in clash] + [verified]
        if any(f.placed.score < GOOD_SCORE for f in found):
            break
    return found


def _verify(
    photo: NDArray[np.uint8] | NDArray[np.uint16],
    candidate: Placement,
    group: tuple[CardReference, ...],
    light: LightCalibration | None,
) -> _Found | None:
    """The candidate refined at full resolution and read, or None where its colours are not the card's in this order."""
    card = group[0]
    homography = refine(photo, candidate.homography, card.columns, card.rows)
    patches = read_patches(photo, homography, card, light)
    if patches is None:
        return None
    rgb = np.array([p.rgb for p in patches])
    own = score(rgb, card.lab)
    if own > MAX_SCORE or margin(rgb, card.lab, card.columns, card.rows) < MIN_MARGIN:
        return None
    fill = patch_fill(photo, homography, card.columns, card.rows)
    return _Found(Placement(homography, own, is_mirrored(homography), rgb, fill), patches, group)


def _overlap(a: Placement, b: Placement, card: CardReference) -> bool:
    """Whether two placements claim the same part of the photo: the centre of one lies on the other."""
    middle = np.array([[(card.columns - 1) / 2, (card.rows - 1) / 2]])
    for one, other in ((a, b), (b, a)):
        x, y = project(np.asarray(np.linalg.inv(other.homography), dtype=np.float64), project(one.homography, middle))[
            0
        ]
        if -0.5 < x < card.columns - 0.5 and -0.5 < y < card.rows - 0.5:
            return True
    return False


def _by_layout(cards: tuple[CardReference, ...]) -> Iterator[tuple[CardReference, ...]]:
    """Cards of one layout together: editions share place and order."""
    groups: dict[tuple[int, int, tuple[str, ...]], list[CardReference]] = {}
    for card in cards:
        groups.setdefault((card.columns, card.rows, tuple(p.name for p in card.patches)), []).append(card)
    for group in groups.values():
        yield tuple(group)


def _stages(search: _Search, card: CardReference) -> Iterator[list[Placement]]:
    """Likely placements of the card in photo pixels, one scale at a time, the cheapest first."""
    tried: set[tuple[int, ...]] = set()
    for target in SCALES:
        small, factor, lattices = search.at(target, len(card.patches))
        if small.shape not in tried:
            tried.add(small.shape)
            yield [p for lattice in lattices for p in _placed(lattice, small, factor, card)]
    if (card.columns, card.rows) == (6, 4):
        for target in MCC_SCALES:
            small, factor = shrink(search.photo, target)
            guess = mcc_lattice(small)
            if guess is not None:
                yield list(_placed(guess, small, factor, card))


def _placed(lattice: Lattice, small: Pixels, factor: float, card: CardReference) -> Iterator[Placement]:
    taken: list[Placement] = []
    for placed in placements(lattice, small, card.columns, card.rows, card.lab)[:12]:
        if placed.score > 1.5 * MAX_SCORE or len(taken) == 3:
            break
        if not any(_overlap(placed, t, card) for t in taken):
            taken.append(placed)
            yield dataclasses.replace(placed, homography=to_photo_scale(placed.homography, factor))


def _why_not(search: _Search, groups: list[tuple[CardReference, ...]]) -> str:
    if not groups:
        return "card: no colour card is described to look for"
    return why_not_found(search.lattices()[:8], groups[0][0])
