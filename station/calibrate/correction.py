"""From the patches of a colour card to a ColourCorrection: the family is chosen by leaving patches out.

Every family of :mod:`station.calibrate.colour_models` is fitted, and two of them once more with a smooth displacement
in Lab. The one with the smallest leave-one-out CIEDE2000 is taken, unless it follows the patches' noise or its gain
over a simpler one is too small to be believed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.colour_fits import Fit, bend, deviations, fit_family, fit_plainly
from station.calibrate.colour_models import MODELS, Patches, light_basis, metric, predict
from station.values.colour import ColourCorrection, Lab
from station.values.difference import delta_e_2000
from station.values.line import FitCandidate

Float = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAX_LOO_OVER_FIT = 1.6
"""A model whose leave-one-out error is this many times its fit follows the noise of the patches and is refused."""
HARMLESS = 0.5
"""Leave-one-out CIEDE2000 below which that ratio only compares two noises, neither of which harms."""
MARGIN = 0.02
"""Part of a simpler model's leave-one-out error by which a richer one must be better: the smallest of several
leave-one-out errors flatters itself."""
SPLINE_MARGIN = 0.1
"""The same for a spline, which knows nothing between and beyond the patches and costs more to apply."""
MIN_PATCHES = 10
GATE_MODEL = next(m for m in MODELS if m.name == "offset and gamma per channel, 3x3, perceptual")
LIGHT_MODEL = MODELS[1]
"""The family by which light that falls off over the card is told from even light: the simplest with a tone curve."""
WITH_SPLINE = ("3x3, perceptual", "offset and gamma per channel, shoulder, 3x3, perceptual")
"""Families that are also tried with a displacement in Lab."""


@dataclass(frozen=True, slots=True)
class FittedCorrection:
    """A chosen correction with its errors in CIEDE2000.

    fit, loo : (n,) for every patch; NaN in ``loo`` for patches that took no part.
    candidates : every family tried, the simplest first. why : the choice in words.
    lab : (n, 3) of the patches as corrected, each in the light that falls on it. light : (n,) that light, relative to
    the card's mean.
    """

    correction: ColourCorrection
    fit: Float
    loo: Float
    candidates: tuple[FitCandidate, ...]
    why: str
    lab: Float
    light: Float


def fit_correction(
    rgb: Float,
    lab: Float,
    use: Bools,
    noise: Float | None = None,
    *,
    model: str | None = None,
    places: Float | None = None,
) -> FittedCorrection | None:
    """Fit every family to the patches and keep the one with the smallest leave-one-out CIEDE2000.

    Parameters
    ----------
    rgb
        (n, 3) linear device RGB of the patches.
    lab
        (n, 3) their reference Lab (D50, 2 degrees).
    use
        (n,) false for patches that may not take part (clipped, near black).
    noise
        (n, 3) standard uncertainty of each patch's mean in ``rgb``, for the correction's ``u_lab``; None leaves that
        at zero.
    model
        A ``ColourCorrection.method`` that must be used, stable or not: a unit is corrected by its golden's family, so
        that what the family cannot follow cancels. A name that is not known is as None.
    places
        (n, 2) where the patches lie on the card, its middle at (0, 0) and its longer side ending at 1: light that falls
        unevenly on the card is then fitted along, where it shows. The correction is for the card's mean light.

    Returns
    -------
    The choice, or None where fewer than ``MIN_PATCHES`` patches may be used or no model is stable.
    """
    if int(use.sum()) < MIN_PATCHES:
        return None
    patches, first = _in_its_light(rgb, lab, use, places)
    plain = {
        m.name: f
        for m in MODELS
        if m.size < use.sum() and (f := first if m is LIGHT_MODEL else fit_family(m, patches, use)) is not None
    }
    fits = [*plain.values()]
    for name in WITH_SPLINE:
        if name in plain:
            fits.append(_smoothed(bend(plain[name], patches), lab, model))
    fits.sort(key=lambda f: f.freedom)
    chosen, candidates, why = _choose([_candidate(f, lab) for f in fits], model)
    if chosen is None:
        return None
    best = fits[chosen]
    fit, left_out = best.errors(lab)
    loo = np.full(len(rgb), np.nan)
    loo[use] = left_out
    correction = best.correction(float(left_out.mean()))
    if noise is not None:
        correction = replace(correction, deviations=deviations(best, patches, noise))
    return FittedCorrection(
        correction=correction,
        fit=fit,
        loo=loo,
        candidates=candidates,
        why=why,
        lab=best.lab,
        light=np.exp(-patches.light @ best.p[best.model.size :]),  # fitted is what makes up for it
    )


def _in_its_light(rgb: Float, lab: Float, use: Bools, places: Float | None) -> tuple[Patches, Fit | None]:
    """The patches with uneven light to be fitted along, where leaving patches out shows that it is there, and
    ``LIGHT_MODEL`` fitted to them."""
    even = Patches(rgb, lab, metric(lab), light_basis(None, len(rgb)))
    fitted = fit_family(LIGHT_MODEL, even, use)
    if places is None or fitted is None:
        return even, fitted
    uneven = replace(even, light=light_basis(places, len(rgb)))
    along = fit_family(LIGHT_MODEL, uneven, use)
    if along is not None and along.errors(lab)[1].mean() < (1 - MARGIN) * fitted.errors(lab)[1].mean():
        return uneven, along
    return even, fitted


def gate_residual(rgb: Float, lab: Float, use: Bools) -> Float | None:
    """CIEDE2000 (n,) of the patches under the family that tells a card from its clones and covered cards.

    Rich enough for any camera's tone curve, but too stiff for other pigments: plain least squares in even light, since
    a chosen correction that lets the light fall off or bends Lab explains a clone too. Arguments and None as
    :func:`fit_correction`.
    """
    if int(use.sum()) < MIN_PATCHES:
        return None
    p = fit_plainly(GATE_MODEL, patches := Patches(rgb, lab, metric(lab), light_basis(None, len(rgb))), use)
    return None if p is None else delta_e_2000(Lab(lab), Lab(predict(GATE_MODEL, p, patches)[0]))


def _candidate(fitted: Fit, lab: Float) -> FitCandidate:
    fit, loo = fitted.errors(lab)
    used = fit[fitted.use]
    return FitCandidate(
        fitted.name,
        round(fitted.freedom, 1),
        float(used.mean()),
        float(used.max()),
        float(loo.mean()),
        float(loo.max()),
    )


def _overfits(c: FitCandidate) -> bool:
    return not c.loo_mean <= max(MAX_LOO_OVER_FIT * c.fit_mean, HARMLESS)


def _margin(c: FitCandidate) -> float:
    return SPLINE_MARGIN if "spline" in c.method else MARGIN


def _smoothed(bent: list[Fit], lab: Float, model: str | None) -> Fit:
    """The smoothing to be considered: the one asked for, else the best that does not overfit, else the stiffest."""
    asked = [f for f in bent if f.name == model]
    tried = [(c.loo_mean, f) for f in asked or bent if not _overfits(c := _candidate(f, lab)) or asked]
    return min(tried, key=lambda t: t[0])[1] if tried else bent[-1]


def _choose(tried: list[FitCandidate], model: str | None) -> tuple[int | None, tuple[FitCandidate, ...], str]:
    """Index of the choice, the candidates with their reasons, and the choice in words."""
    chosen: int | None = next((i for i, c in enumerate(tried) if c.method == model), None)
    asked = chosen is not None
    if not asked:
        for i, c in enumerate(tried):
            if not _overfits(c) and (chosen is None or c.loo_mean < (1 - _margin(c)) * tried[chosen].loo_mean):
                chosen = i
    if chosen is None:
        return None, tuple(tried), ""
    best = tried[chosen]

    def reason(c: FitCandidate) -> str:
        if c is best:
            return ""
        if _overfits(c):
            return (
                f"refused: it follows the patches' noise: leaving each out costs {c.loo_mean:.2f}, "
                f"{c.loo_mean / c.fit_mean:.3f} times its fit (at most {MAX_LOO_OVER_FIT:g})"
            )
        if asked:
            return "not asked for"
        if c.loo_mean < best.loo_mean:
            return f"not chosen: its {c.loo_mean:.2f} is less than {100 * _margin(c):g} % under a simpler model's error"
        return f"not chosen: leaving each patch out costs {c.loo_mean:.2f}, the chosen model {best.loo_mean:.2f}"

    candidates = tuple(replace(c, reason=reason(c)) for c in tried)
    figures = f"leaving each patch out costs {best.loo_mean:.2f} CIEDE2000 in the mean, the fit {best.fit_mean:.2f}"
    if asked:
        why = f"{best.method}: the golden was read with it, and a unit is read alike; {figures}"
    else:
        stable = sum(not _overfits(c) for c in tried)
        why = f"{best.method}: the best of {stable} stable models of {len(tried)}; {figures}"
    return chosen, candidates, why
