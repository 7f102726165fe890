"""A placed colour card read: patches in linear light, the correction that explains them, and the gates on both."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_faults import channel_fault, foreign_gap
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
PATCH_SIDE = 40
"""Pixels read along a side of a patch, spread over it: more would not make its mean more certain."""
GLARE_RISE = 0.02
"""Linear light above the patch's median, in all channels and beyond 4 standard deviations, that is glare, not noise."""
MAX_GLARE = 0.03
"""Share of a patch that may glare before it is left out."""
MAX_GRADIENT = 0.25
"""Change of light across the read part of a patch, over its mean, from which it is left out: a shadow's edge or a
reflection lies on it. On photographs of cards the 95th percentile is half of this, dark patches aside."""
MIN_USED = 0.75
"""Part of the patches that must remain for a fit."""
MAX_RESIDUAL = (3.0, 8.0)
"""Largest mean and largest single CIEDE2000 of the fit. A mean of 4 let a clone of the classic card pass."""
_SQUARE = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def read_patches(
    photo: NDArray[np.uint8] | NDArray[np.uint16],
    homography: Float,
    card: CardReference,
    light: LightCalibration | None,
) -> tuple[PatchReading, ...] | None:
    """The patches' robust means in linear light, or None where the card reaches over the photo's edge."""
    h, w = photo.shape[:2]
    index = cells(card.columns, card.rows)
    fill = card.patch_mm / card.pitch_mm if card.patch_mm and card.pitch_mm else 0.85
    corners = project(homography, (index[:, None] + INNER * fill / 2 * _SQUARE).reshape(-1, 2)).reshape(-1, 4, 2)
    if not np.isfinite(corners).all() or (corners < 0).any() or (corners > (w - 1, h - 1)).any():
        return None
    sides = np.hypot(*np.moveaxis(corners - np.roll(corners, 1, axis=1), -1, 0))
    count = int(np.clip(round(float(np.median(sides))), 2, PATCH_SIDE))
    u = (np.arange(count) - (count - 1) / 2) / count * 2  # -1..1, pixel centres
    across = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
    at = project(homography, (index[:, None] + INNER * fill / 2 * across).reshape(-1, 2))
    pixel = np.rint(at).astype(np.intp).reshape(len(index), -1, 2)
    values = photo[pixel[..., 1], pixel[..., 0]]
    top = 255 if photo.dtype == np.uint8 else 65535
    linear = srgb_decode(np.arange(top + 1) / top)[values]  # (n, m, 3)
    median = np.median(linear, axis=1, keepdims=True)
    away = np.abs(linear - median)
    spread = 1.4826 * np.median(away, axis=1, keepdims=True) + 0.5 / 255 * np.maximum(median, 0.02)
    kept: NDArray[np.bool_] = np.asarray((away <= 3 * spread).all(axis=2))
    kept[kept.sum(axis=1) < 4] = True
    mean = (linear * kept[..., None]).sum(axis=1) / kept.sum(axis=1)[:, None]
    glare = (linear - median > 4 * spread + GLARE_RISE).all(axis=2).mean(axis=1)
    gradient = _gradient(linear.mean(axis=2), across)
    clipped = ((values / top).mean(axis=1) > CLIPPED).any(axis=1) | ((values > CLIPPED * top).mean(axis=1) > 0.05).any(
        axis=1
    )
    centres = project(homography, index)
    readings: list[PatchReading] = []
    for i, patch in enumerate(card.patches):
        gain = np.ones(3) if light is None else gain_at(light, centres[i], (w, h))
        reading = PatchReading(
            name=patch.name,
            centre_px=(round(float(centres[i, 0]), 3), round(float(centres[i, 1]), 3)),
            rgb=mean[i] * gain,
            noise=linear[i].std(axis=0) * gain,
            clipped=bool(clipped[i]),
            lab_reference=np.array(patch.lab),
            lab_measured=None,
            delta_e_00=None,
            glare=round(float(glare[i]), 4),
            gradient=round(float(gradient[i]), 4),
        )
        fault = _fault(reading)
        readings.append(dataclasses.replace(reading, used=not fault, fault=fault))
    return tuple(readings)


def _gradient(light: Float, across: Float) -> Float:
    """(n,) change of light (n, m) from side to side by a fitted plane, over its mean; what noise alone gives is taken
    off (3 standard errors)."""
    power = float((across[:, 0] ** 2).sum())
    slope = (light - light.mean(axis=1, keepdims=True)) @ across / power  # (n, 2), per half side
    rest = light - light.mean(axis=1, keepdims=True) - slope @ across.T
    change = 2 * np.hypot(slope[:, 0], slope[:, 1]) - 6 * rest.std(axis=1) / np.sqrt(power)
    return np.asarray(np.maximum(change, 0.0) / np.maximum(light.mean(axis=1), 0.05), dtype=np.float64)


def _fault(patch: PatchReading) -> str:
    """Why a patch takes no part in the fit; empty where it does."""
    if patch.clipped:
        return "clipped"
    if patch.rgb.max() <= NEAR_BLACK:
        return "black"
    if patch.glare > MAX_GLARE:
        return "glare"
    if patch.gradient > MAX_GRADIENT:
        return "uneven light"
    return ""


def judge_reading(
    placed: Placement, patches: tuple[PatchReading, ...], group: tuple[CardReference, ...]
) -> CardReading:
    """Fit every edition, name the better one, and hold the reading against the gates."""
    rgb = np.array([p.rgb for p in patches])
    use = np.array([p.used for p in patches])
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
    reason = _light_fault(patches, group[0].lab)
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
    elif not reason:
        reason = channel_fault(rgb[use], group[0].lab[use]) or foreign_gap(placed.fill, card)
    if not reason and (mean > MAX_RESIDUAL[0] or worst > MAX_RESIDUAL[1]):
        reason = (
            f"card: the residual of its patches is {mean:.1f} CIEDE2000 in the mean and {worst:.1f} at most "
            f"({_worst(patches)}), the limits are {MAX_RESIDUAL[0]:.0f} and {MAX_RESIDUAL[1]:.0f}: part of it is "
            "covered or glares, the photo was edited, or it is another card"
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
        notes=_left_out(patches),
    )


def _left_out(patches: Sequence[PatchReading]) -> tuple[str, ...]:
    spoilt = [f"{p.name} ({p.fault})" for p in patches if p.fault]
    return (f"patches left out of the fit: {', '.join(spoilt)}",) if spoilt else ()


def _light_fault(patches: Sequence[PatchReading], lab: Float) -> str:
    lightest = int(lab[:, 0].argmax())
    brightness = float(patches[lightest].rgb.max())
    if brightness < DARK_WHITE:
        return f"light: the card's lightest patch reaches {100 * brightness:.0f} % of full scale: expose longer"
    needed = max(MIN_PATCHES, round(MIN_USED * len(patches)))
    faults = Counter(p.fault for p in patches if p.fault)
    used = len(patches) - faults.total()
    if used >= needed:
        return ""
    if faults["clipped"] + faults["black"] >= faults["glare"] + faults["uneven light"]:
        return f"clipping: only {used} of {len(patches)} patches are neither clipped nor black: expose differently"
    spoilt = ", ".join(p.name for p in patches if p.fault in ("glare", "uneven light"))
    return (
        f"card: light falls unevenly on {faults['glare'] + faults['uneven light']} of {len(patches)} patches "
        f"({spoilt}): a lamp is mirrored in them or a shadow's edge lies on them; turn the card or move the lamp"
    )


def _worst(patches: Sequence[PatchReading]) -> str:
    """The three patches that fit worst, with their CIEDE2000."""
    worst = sorted((p for p in patches if p.used), key=lambda p: -(p.delta_e_00 or 0.0))[:3]
    return ", ".join(f"{p.name} {p.delta_e_00:.1f}" for p in worst)


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
                noise=_triple(p.noise),
                glare=p.glare,
                gradient=p.gradient,
                used=p.used,
                fault=p.fault,
            )
            for p in reading.patches
        ),
        fit=fit,
        notes=reading.notes,
    )


def _triple(v: Float) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])
