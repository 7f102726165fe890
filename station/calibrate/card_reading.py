"""A placed colour card read: patches in linear light, the correction that explains them, and the gates on both."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.correction import MIN_PATCHES, FittedCorrection, fit_correction
from station.calibrate.field import gain_at
from station.calibrate.placement import Placement, cells
from station.values.bench import CardReference, LightCalibration
from station.values.colour import srgb_decode
from station.values.documents import CardDocument, FitDocument, PatchDocument
from station.values.geometry import project
from station.values.line import CardReading, PatchReading, Shot

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
MAX_RESIDUAL = (3.0, 8.0)
"""Largest mean and largest single CIEDE2000 of the fit. A mean of 4 let a clone of the classic card pass."""


def read_patches(
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


def judge_reading(
    placed: Placement, patches: tuple[PatchReading, ...], group: tuple[CardReference, ...]
) -> CardReading:
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


def _triple(v: Float) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])
