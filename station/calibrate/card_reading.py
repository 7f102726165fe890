"""A placed colour card read: patches in linear light, the correction that explains them, and the gates on both."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_faults import channel_fault, foreign_gap
from station.calibrate.correction import MIN_PATCHES, fit_correction, gate_residual
from station.calibrate.field import gain_at
from station.calibrate.placement import Placement, cells
from station.values.bench import CardReference, LightCalibration
from station.values.colour import Lab, srgb_decode
from station.values.difference import delta_e_2000
from station.values.documents import CandidateDocument, CardDocument, FitDocument, PatchDocument
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
SPOT = 0.3
"""Share of a patch from which its brighter part is no spot of glare: a shadow's edge lies on it."""
MAX_GRADIENT = 0.25
"""Change of light across the read part of a patch, over its mean, from which it is left out: a shadow's edge or a
reflection lies on it. On photographs of cards the 95th percentile is half of this, dark patches aside."""
MIN_USED = 0.75
"""Part of the patches that must remain for a fit."""
MAX_RESIDUAL = (3.0, 8.0)
"""Largest mean and largest single CIEDE2000 of the fit. A mean of 4 let a clone of the classic card pass."""
GATE_DARK = 0.01
"""Linear light of a patch's brightest channel (25 of 255 coded) below which its residual does not count as the gate's
largest: the black offset of the gate's model takes a black patch to L* 0 there, which costs it 13, on genuine cards in
photos whose camera deepens the blacks. The darkest patch that helps to tell a copy is brighter."""
MIN_PATCH_PX, WANTED_PATCH_PX = 16.0, 20
"""Side of a patch in px below which a card is refused, and the side asked for. Seven photos made smaller and saved as
JPEG read their patches otherwise by 0.30 CIEDE2000 in the mean (95th percentile 0.96) at 32 px, 0.36 (0.96) at 20,
0.45 (1.10) at 16, 0.66 (1.76) at 12 and 0.90 (2.08) at 9."""
CORRELATED_PIXELS = 16
"""Pixels that share one noise: demosaicing, halved chroma and the coder's blocks spread it over 4 x 4."""
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
    corners = project(homography, (index[:, None] + INNER * card.side / 2 * _SQUARE).reshape(-1, 2)).reshape(-1, 4, 2)
    if not np.isfinite(corners).all() or (corners < 0).any() or (corners > (w - 1, h - 1)).any():
        return None
    sides = np.hypot(*np.moveaxis(corners - np.roll(corners, 1, axis=1), -1, 0))
    count = int(np.clip(round(float(np.median(sides))), 2, PATCH_SIDE))
    u = (np.arange(count) - (count - 1) / 2) / count * 2  # -1..1, pixel centres
    across = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2)
    at = project(homography, (index[:, None] + INNER * card.side / 2 * across).reshape(-1, 2))
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
    if MAX_GLARE < patch.glare <= SPOT:
        return "glare"  # named before clipping: a lamp's image clips where the patch does not
    if patch.clipped:
        return "clipped"
    if patch.rgb.max() <= NEAR_BLACK:
        return "black"
    if patch.glare > SPOT or patch.gradient > MAX_GRADIENT:
        return "uneven light"
    return ""


def judge_reading(
    placed: Placement, patches: tuple[PatchReading, ...], group: tuple[CardReference, ...], model: str | None = None
) -> CardReading:
    """Name the edition that fits better, hold the reading against the gates, and fit the correction.

    model : as :func:`station.calibrate.correction.fit_correction` takes it.
    """
    rgb = np.array([p.rgb for p in patches])
    use = np.array([p.used for p in patches])
    card, edition_note = _edition(rgb[use], use, group)
    corners = np.array([[-0.5, -0.5], [0, -0.5], [0, 0], [-0.5, 0]])
    corners[1:3, 0] = group[0].columns - 0.5
    corners[2:, 1] = group[0].rows - 0.5
    corners = project(placed.homography, corners)
    common = {"found": True, "mirrored": placed.mirrored, "corners_px": corners}
    mirrored = "card: the photo is mirrored, as a webcam's preview is; hand in the unmirrored photo"
    # Before the exposure, for a negative's white is dark; no correction is fitted to what no camera saw.
    channels = channel_fault(rgb[use], group[0].lab[use])
    if channels:
        reason = mirrored if placed.mirrored else channels
        return CardReading(**common, usable=False, reason=reason, patches=patches)  # type: ignore[arg-type]
    reason = mirrored if placed.mirrored else _light_fault(patches, group[0].lab)
    gate = gate_residual(rgb, card.lab, use)
    noise = _noise_of_means(placed, patches, group[0])
    fitted = fit_correction(rgb, card.lab, use, noise, model=model, places=_places(card))
    if fitted is None or gate is None:
        reason = reason or "card: too few patches can be read, or no correction explains them"
        return CardReading(**common, usable=False, reason=reason, patches=patches)  # type: ignore[arg-type]
    patches = tuple(
        dataclasses.replace(
            p,
            lab_reference=np.array(r.lab),
            lab_measured=m,
            delta_e_00=float(d),
            gate_delta_e_00=float(g) if p.used else None,
        )
        for p, r, m, d, g in zip(patches, card.patches, fitted.lab, fitted.fit, gate, strict=True)
    )
    fit, loo = fitted.fit[use], fitted.loo[use]
    held = use & (rgb.max(axis=1) >= GATE_DARK)
    mean, worst = float(gate[use].mean()), float(gate[held].max(initial=0.0))
    pitch_px = _pitch_px(corners, card)
    reason = (
        reason
        or _small(placed, pitch_px, card)
        or foreign_gap(placed.fill, pitch_px, card)
        or _gate_fault(mean, worst, [p for p, h in zip(patches, held, strict=True) if h])
    )
    homography = None
    if card.pitch_mm is not None:
        homography = placed.homography @ np.diag([1 / card.pitch_mm, 1 / card.pitch_mm, 1.0])
    return CardReading(
        **common,  # type: ignore[arg-type]
        usable=not reason,
        reason=reason,
        edition=card.name,
        colours=card.colours,
        homography=homography,
        patches=patches,
        correction=fitted.correction,
        fit_mean=float(fit.mean()),
        fit_max=float(fit.max()),
        loo_mean=float(loo.mean()),
        loo_max=float(loo.max()),
        notes=(*edition_note, *_left_out(patches), *_too_dark_to_tell(patches, use & ~held)),
        candidates=fitted.candidates,
        why=fitted.why,
        light_range=float(fitted.light.max() / fitted.light.min()),
        gate_mean=mean,
        gate_max=worst,
    )


def _edition(
    rgb: Float, use: NDArray[np.bool_], group: tuple[CardReference, ...]
) -> tuple[CardReference, tuple[str, ...]]:
    """The edition whose patches predict one another best, and a note where the photo does not settle it.

    Every patch is predicted from the others by an affine map from the cube roots of linear light to Lab (leave one out,
    by the hat matrix): too stiff to bend itself to either edition, so that photos of one card agree on it.
    """
    if len(group) == 1 or len(rgb) < MIN_PATCHES:
        return group[0], ()
    design = np.concatenate([np.cbrt(np.maximum(rgb, 0.0)), np.ones((len(rgb), 1))], axis=1)
    hat = design @ np.linalg.pinv(design)
    errors = []
    for card in group:
        lab = card.lab[use]
        left_out = (lab - hat @ lab) / np.maximum(1 - np.diag(hat), 0.2)[:, None]
        errors.append(delta_e_2000(Lab(lab), Lab(lab - left_out)))
    order = sorted(range(len(group)), key=lambda i: float(errors[i].mean()))
    best, other = group[order[0]], group[order[1]]
    lead = errors[order[1]] - errors[order[0]]
    if float(lead.mean()) > 2 * float(lead.std()) / np.sqrt(len(lead)):
        return best, ()
    return best, (f"the photo does not settle the card's edition: {best.name} fits little better than {other.name}",)


def _pitch_px(corners: Float, card: CardReference) -> float:
    """The smallest pitch on the card's four sides, in photo pixels."""
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    return float((sides / [card.columns, card.rows, card.columns, card.rows]).min())


def _places(card: CardReference) -> Float:
    """(n, 2) where the patches lie, from the card's middle in halves of its longer side."""
    index = cells(card.columns, card.rows)
    return np.asarray((index - index.mean(axis=0)) * 2 / (max(card.columns, card.rows) - 1), dtype=np.float64)


def _noise_of_means(placed: Placement, patches: Sequence[PatchReading], card: CardReference) -> Float:
    """(n, 3) standard uncertainty of the patches' means: a camera's neighbouring pixels share their noise."""
    grid = project(placed.homography, np.array([[0.0, 0.0], [card.columns - 1, 0.0], [0.0, card.rows - 1]]))
    pitch = np.hypot(*(grid[1:] - grid[0]).T) / (card.columns - 1, card.rows - 1)
    pixels = float(np.prod(pitch)) * (INNER * card.side) ** 2
    independent = np.clip(pixels / CORRELATED_PIXELS, 1, PATCH_SIDE**2)
    return np.asarray(np.array([p.noise for p in patches]) / np.sqrt(independent), dtype=np.float64)


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


def _small(placed: Placement, pitch_px: float, card: CardReference) -> str:
    """Refuses patches of too few pixels; empty where they have enough."""
    seen = [f for f in placed.fill if not np.isnan(f)]
    side = pitch_px * (card.side if card.pitch_mm or not seen else min(seen))
    if side >= MIN_PATCH_PX:
        return ""
    return f"card: its patches are {side:.0f} px wide, {WANTED_PATCH_PX} are needed: photograph nearer"


def _gate_fault(mean: float, worst: float, held: Sequence[PatchReading]) -> str:
    """Refuses residuals beyond the limits, with the three patches that fit worst; empty where they hold."""
    if mean <= MAX_RESIDUAL[0] and worst <= MAX_RESIDUAL[1]:
        return ""
    suspects = sorted(held, key=lambda p: -(p.gate_delta_e_00 or 0.0))[:3]
    named = ", ".join(f"{p.name} {p.gate_delta_e_00:.2f}" for p in suspects)
    return (
        f"card: the residual of its patches is {mean:.2f} CIEDE2000 in the mean and {worst:.2f} at most ({named}), the "
        f"limits are {MAX_RESIDUAL[0]:.0f} and {MAX_RESIDUAL[1]:.0f}: part of it is covered or glares, the photo was "
        "edited, or it is another card. These are residuals of the gate's own fit, which is stiffer than the "
        "correction, so that another chart cannot be explained away"
    )


def _too_dark_to_tell(patches: Sequence[PatchReading], dark: NDArray[np.bool_]) -> tuple[str, ...]:
    """A note where a nearly black patch would have been the only reason to refuse the card."""
    beyond = [
        f"{p.name} ({p.gate_delta_e_00:.2f})"
        for p, d in zip(patches, dark, strict=True)
        if d and (p.gate_delta_e_00 or 0.0) > MAX_RESIDUAL[1]
    ]
    if not beyond:
        return ()
    return (f"patches too dark to count as the gate's largest residual: {', '.join(beyond)}",)


def fit_document(reading: CardReading) -> FitDocument | None:
    """The chosen correction with its residuals, the reason and what else was tried; None without one."""
    if reading.correction is None or reading.fit_mean is None or reading.fit_max is None:
        return None
    assert reading.loo_mean is not None
    assert reading.loo_max is not None
    return FitDocument(
        method=reading.correction.method,
        mean=reading.fit_mean,
        max=reading.fit_max,
        loo_mean=reading.loo_mean,
        loo_max=reading.loo_max,
        why=reading.why,
        candidates=tuple(
            CandidateDocument(
                method=c.method,
                parameters=c.parameters,
                mean=c.fit_mean,
                max=c.fit_max,
                loo_mean=c.loo_mean,
                loo_max=c.loo_max,
                reason=c.reason,
            )
            for c in reading.candidates
        ),
        light_range=reading.light_range,
        gate_mean=reading.gate_mean,
        gate_max=reading.gate_max,
    )


def card_document(shot: Shot, reading: CardReading) -> CardDocument:
    """What leaves the station about a card."""
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
                gate_delta_e_00=p.gate_delta_e_00,
                clipped=p.clipped,
                noise=_triple(p.noise),
                glare=p.glare,
                gradient=p.gradient,
                used=p.used,
                fault=p.fault,
            )
            for p in reading.patches
        ),
        fit=fit_document(reading),
        notes=reading.notes,
    )


def _triple(v: Float) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])
