"""The light of a photo: colour card to correction, grey pictures to flat field, and a Shot to a Corrected."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.correction import MIN_PATCHES, FittedCorrection, fit_correction
from station.calibrate.field import apply_flat_field, flat_field, gain_at
from station.calibrate.lens import locate_plane, plane_from_card
from station.calibrate.patches import Lattice, find_lattices, mcc_lattice, shrink, to_photo_scale
from station.calibrate.placement import Placement, cells, is_mirrored, margin, placements, refine, score
from station.values.bench import Calibration, CardReference, LightCalibration
from station.values.colour import linearise, srgb_decode
from station.values.documents import CardDocument, FitDocument, PatchDocument
from station.values.geometry import PlaneMap, project
from station.values.line import LENGTHS, CardReading, Corrected, Gate, PatchReading, Shot

Float = NDArray[np.float64]

CLIPPED = 0.975
"""Coded value from which a patch no longer tells how bright it was."""
NEAR_BLACK = 0.004
"""Linear light of a patch's brightest channel below which noise, haze and the coder decide its colour."""
DARK_WHITE = 0.2
"""Linear light of the card's lightest patch below which the photo is too dark to measure from."""
INNER = 0.55
"""Part of a patch's side that is read: away from its edges, where blur, glare and chroma subsampling reach in."""
PATCH_PIXELS = 2500
"""Pixels of a patch that are read, spread over it: more would not make its mean more certain."""
MAX_SCORE = 14.0
"""Mean Lab residual of the order test above which a lattice is not taken for the card."""
MIN_MARGIN = 1.5
"""How many times worse every other symmetry must score before the order counts as settled."""
MAX_RESIDUAL = (3.0, 8.0)
"""Largest mean and largest single CIEDE2000 of the fit. A mean of 4 let a clone of the classic card pass."""
SATURATED = 250
"""Coded value (of 255) from which a pixel of the photo counts as clipped."""

GLARE_WIDTH, GLARE_SHARE = 0.012, 0.002
"""Width of a clipped area as part of the photo's longer side, and the share of the photo in such areas, that no bench
photo has: 0.0 % over goldens and units, 1.3 % with a lamp mirrored in the enamel."""


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
            patches = _read(photo, homography, group[0], light)
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
    return _judge(*best)


def card_document(shot: Shot, reading: CardReading) -> CardDocument:
    """What leaves the station about a card."""
    fit = None
    if reading.correction is not None and reading.fit_mean is not None and reading.fit_max is not None:
        assert reading.loo_mean is not None
        assert reading.loo_max is not None
        fit = FitDocument(
            method=reading.correction.method,
            mean=reading.fit_mean,
            max=reading.fit_max,
            loo_mean=reading.loo_mean,
            loo_max=reading.loo_max,
        )
    corners = None
    if reading.corners_px is not None:
        corners = tuple((round(float(x), 3), round(float(y), 3)) for x, y in reading.corners_px)
    return CardDocument(
        photo=shot.name,
        sha256=shot.sha256,
        found=reading.found,
        usable=reading.usable,
        reason=reading.reason,
        edition=reading.edition,
        mirrored=reading.mirrored,
        corners_px=corners,
        patches=tuple(
            PatchDocument(
                name=p.name,
                centre_px=p.centre_px,
                lab_reference=_triple(p.lab_reference),
                lab_measured=None if p.lab_measured is None else _triple(p.lab_measured),
                delta_e_00=p.delta_e_00,
                clipped=p.clipped,
            )
            for p in reading.patches
        ),
        fit=fit,
    )


def correct(shot: Shot, calibration: Calibration) -> Corrected:
    """A photo in linear light, flat-fielded, with its colour correction, its millimetres and the gates they passed.

    Nothing is raised for a photo that cannot be measured: the gate that failed says why and what it blocks.
    """
    light = calibration.light
    if light is not None and light.photo_size != shot.size:
        light = None
    reading = find_card(shot, calibration.cards, light)
    gates = _card_gates(reading)
    if all(g.name != "light" for g in gates):
        gates = [*_light_gates(shot, calibration), *gates]

    plane: PlaneMap | None = None
    if calibration.rig is not None and calibration.lens is not None:
        plane, gate = locate_plane(shot, calibration.rig, calibration.lens)
        gates.append(gate)
    else:
        card = next((c for c in calibration.cards if c.name == reading.edition), None)
        if reading.found and not reading.mirrored and card is not None and card.pitch_mm is not None:
            plane = plane_from_card(reading, card)
        if calibration.rig is not None:
            reason = f"rig {calibration.rig.name!r} has no lens calibration: run `station calibrate lens`"
            gates.append(Gate("scale", plane is not None, "" if plane is not None else reason, (*LENGTHS, "scale")))

    pixels = shot.photo.pixels
    limit = SATURATED if pixels.dtype == np.uint8 else SATURATED * 257
    clipped = pixels.max(axis=2) >= limit
    if calibration.rig is not None and all(g.name != "clipping" for g in gates):
        gates.append(_glare_gate(clipped))
    image = linearise(shot.photo)
    if light is not None:
        image = apply_flat_field(image, light)
    return Corrected(
        shot=shot,
        image=image,
        clipped=clipped,
        correction=reading.correction if reading.usable else None,
        plane=plane,
        card=reading,
        gates=tuple(gates),
    )


def _glare_gate(clipped: NDArray[np.bool_]) -> Gate:
    """Highlights on metal are thin; a wide clipped area is a lamp seen in the gloss, or overexposure."""
    shrunk = cv2.resize(clipped.astype(np.uint8) * 255, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    width = max(3, round(GLARE_WIDTH * max(clipped.shape) / 8))
    wide = cv2.morphologyEx(
        (np.asarray(shrunk) > 204).astype(np.uint8), cv2.MORPH_OPEN, np.ones((width, width), np.uint8)
    )
    share = float(np.mean(wide))
    if share <= GLARE_SHARE:
        return Gate("clipping", True)
    reason = f"{100 * share:.1f} % of the photo is glare or overexposed: move the lamp or the part, or expose shorter"
    return Gate("clipping", False, reason)


def _light_gates(shot: Shot, calibration: Calibration) -> list[Gate]:
    light = calibration.light
    if calibration.rig is None:
        return []
    if light is None:
        reason = f"rig {calibration.rig.name!r} has no light calibration: run `station calibrate light`"
        return [Gate("light", False, reason, ("colour",))]
    if light.photo_size != shot.size:
        w, h = light.photo_size
        reason = f"the photo is {shot.size[0]} x {shot.size[1]} px, the light was calibrated at {w} x {h} px"
        return [Gate("light", False, reason, ("colour",))]
    return [Gate("light", True)]


def _card_gates(reading: CardReading) -> list[Gate]:
    """The reading's gate; a faulty exposure spoils more than colour."""
    if not reading.usable:
        name, _, reason = reading.reason.partition(": ")
        if name in ("light", "clipping"):
            return [Gate(name, False, reason)]
        return [Gate("card", False, reason, ("colour",))]
    return [Gate("card", True)]


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


def _read(
    photo: NDArray[np.uint8] | NDArray[np.uint16],
    homography: Float,
    card: CardReference,
    light: LightCalibration | None,
) -> tuple[PatchReading, ...] | None:
    """The patches' robust means in linear light, or None where the card reaches over the photo's edge."""
    h, w = photo.shape[:2]
    top = 255 if photo.dtype == np.uint8 else 65535
    index = cells(card.columns, card.rows)
    centres = project(homography, index)
    fill = card.patch_mm / card.pitch_mm if card.patch_mm and card.pitch_mm else 0.85
    half = INNER * fill / 2
    square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    readings: list[PatchReading] = []
    for patch, cell, centre in zip(card.patches, index, centres, strict=True):
        quad = project(homography, cell + square)
        low, high = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
        if not np.isfinite(quad).all() or (low < 0).any() or high[0] >= w or high[1] >= h:
            return None
        crop = photo[low[1] : high[1] + 1, low[0] : high[0] + 1]
        mask = np.zeros(crop.shape[:2], dtype=np.uint8)
        cv2.fillConvexPoly(mask, np.rint((quad - low) * 16).astype(np.int32), 1, shift=4)
        inside = crop[mask > 0]
        if len(inside) < 4:
            return None
        coded = inside[:: max(1, len(inside) // PATCH_PIXELS)].astype(np.float64) / top
        linear = srgb_decode(coded)
        median = np.median(linear, axis=0)
        spread = 1.4826 * np.median(np.abs(linear - median), axis=0) + 0.5 / 255 * np.maximum(median, 0.02)
        kept = linear[(np.abs(linear - median) <= 3 * spread).all(axis=1)]
        kept = kept if len(kept) >= 4 else linear
        gain = np.ones(3) if light is None else gain_at(light, centre, (w, h))
        clipped = bool((np.mean(coded, axis=0) > CLIPPED).any() or ((coded > CLIPPED).mean(axis=0) > 0.05).any())
        readings.append(
            PatchReading(
                name=patch.name,
                centre_px=(round(float(centre[0]), 3), round(float(centre[1]), 3)),
                rgb=kept.mean(axis=0) * gain,
                noise=linear.std(axis=0) * gain,
                clipped=clipped,
                lab_reference=np.array(patch.lab),
                lab_measured=None,
                delta_e_00=None,
            )
        )
    return tuple(readings)


def _judge(placed: Placement, patches: tuple[PatchReading, ...], group: tuple[CardReference, ...]) -> CardReading:
    """Fit every edition, name the better one, and hold the reading against the gates."""
    rgb = np.array([p.rgb for p in patches])
    use = np.array([not p.clipped for p in patches]) & (rgb.max(axis=1) > NEAR_BLACK)
    fits: list[tuple[float, CardReference, FittedCorrection]] = []
    for card in group:
        fitted = fit_correction(rgb, card.lab, use)
        if fitted is not None:
            fits.append((float(fitted.fit[use].mean()), card, fitted))
    corners = np.array([[-0.5, -0.5], [0, -0.5], [0, 0], [-0.5, 0]])
    corners[1:3, 0] = group[0].columns - 0.5
    corners[2:, 1] = group[0].rows - 0.5
    common = {
        "found": True,
        "mirrored": placed.mirrored,
        "corners_px": project(placed.homography, corners),
    }
    reason = _exposure_fault(rgb, use, group[0].lab)
    if not fits:
        reason = reason or "card: too few patches can be read, or no correction explains them"
        return CardReading(**common, usable=False, reason=reason, patches=patches)  # type: ignore[arg-type]
    mean, card, fitted = min(fits, key=lambda f: f[0])
    lab = fitted.correction.lab(rgb).values
    patches = tuple(
        dataclasses.replace(
            p,
            lab_reference=np.array(r.lab),
            lab_measured=m,
            delta_e_00=float(d),
        )
        for p, r, m, d in zip(patches, card.patches, lab, fitted.fit, strict=True)
    )
    worst, loo = float(fitted.fit[use].max()), fitted.loo[use]
    if placed.mirrored:
        reason = "card: the photo is mirrored, as a webcam's preview is; hand in the unmirrored photo"
    elif not reason and (mean > MAX_RESIDUAL[0] or worst > MAX_RESIDUAL[1]):
        reason = (
            f"card: the residual of its patches is {mean:.1f} CIEDE2000 in the mean and {worst:.1f} at most, the "
            f"limits are {MAX_RESIDUAL[0]:.0f} and {MAX_RESIDUAL[1]:.0f}: part of it is covered or "
            "glares, or it is another card"
        )
    homography = None
    if card.pitch_mm is not None:
        homography = placed.homography @ np.diag([1 / card.pitch_mm, 1 / card.pitch_mm, 1.0])
    return CardReading(
        **common,  # type: ignore[arg-type]
        usable=not reason,
        reason=reason,
        edition=card.name,
        homography=homography,
        patches=patches,
        correction=fitted.correction,
        fit_mean=mean,
        fit_max=worst,
        loo_mean=float(loo.mean()),
        loo_max=float(loo.max()),
    )


def _exposure_fault(rgb: Float, use: NDArray[np.bool_], lab: Float) -> str:
    """Why the exposure does not allow the card to be used, or nothing."""
    lightest = int(lab[:, 0].argmax())
    if rgb[lightest].max() < DARK_WHITE:
        share = 100 * float(rgb[lightest].max())
        return f"light: the card's lightest patch reaches {share:.0f} % of full scale: expose longer"
    needed = max(MIN_PATCHES, round(0.75 * len(rgb)))
    if int(use.sum()) < needed:
        return (
            f"clipping: only {int(use.sum())} of {len(rgb)} patches are neither clipped nor black: expose differently"
        )
    return ""


def _triple(v: Float) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])


__all__ = ["apply_flat_field", "card_document", "correct", "find_card", "flat_field"]
