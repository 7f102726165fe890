"""Materials as spectra: enamel by Kubelka-Munk with Saunderson's correction, metal by its reflectance.

An enamel is a recipe: pigment name to concentration. Absorption and scattering add up over the pigments (Duncan 1940),
the reflectance of the opaque layer follows from their ratio (Kubelka and Munk 1931) and its surface from Saunderson
(1942), specular excluded. So a colour shift is a change of recipe, and Lab under any light is computed, not painted.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import spectra
from station.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

Float = NDArray[np.float64]

K1: Final = 0.04
"""Fresnel reflection at the outer surface, air to binder of index 1.5."""
K2: Final = 0.60
"""Diffuse reflection at the inner surface, binder to air."""

# Absorption bands (centre nm, width nm, height) of a pigment at concentration 1, absorption floor, and scattering.
_BANDS: Final[dict[str, tuple[tuple[tuple[float, float, float], ...], float, float]]] = {
    "white": (((358, 18, 0.9),), 0.0015, 1.0),
    "black": ((), 18.0, 0.05),
    "yellow": (((405, 48, 9.0), (460, 22, 5.0)), 0.004, 0.20),
    "orange": (((410, 60, 9.0), (500, 36, 9.0)), 0.006, 0.16),
    "red": (((400, 60, 5.0), (500, 40, 8.5), (555, 25, 8.0)), 0.010, 0.12),
    "magenta": (((530, 36, 10.0), (565, 22, 7.0), (400, 30, 1.2)), 0.012, 0.08),
    "violet": (((560, 42, 9.0), (610, 26, 6.0), (420, 30, 0.5)), 0.020, 0.06),
    "blue": (((600, 50, 10.0), (690, 60, 7.0), (520, 24, 0.9)), 0.015, 0.06),
    "cyan": (((625, 38, 9.0), (690, 40, 8.0), (580, 22, 2.0)), 0.010, 0.05),
    "green": (((630, 45, 9.0), (430, 34, 8.0), (700, 45, 5.0)), 0.014, 0.07),
    "brown": (((400, 80, 9.0), (490, 70, 6.5), (600, 90, 2.2)), 0.30, 0.25),
}
PIGMENTS: Final[tuple[str, ...]] = tuple(_BANDS)

_TRADE: Final[dict[str, tuple[float, float, float]]] = {
    "white": (90.0, -0.5, 3.0),
    "cream": (86.0, 2.0, 18.0),
    "grey": (58.0, -0.5, -1.5),
    "charcoal": (30.0, 0.0, -1.0),
    "black": (12.0, 0.2, -0.5),
    "sky": (64.0, -14.0, -33.0),
    "blue": (36.0, 8.0, -48.0),
    "navy": (21.0, 6.0, -26.0),
    "teal": (46.0, -32.0, -9.0),
    "green": (42.0, -38.0, 20.0),
    "leaf": (60.0, -36.0, 42.0),
    "yellow": (80.0, 10.0, 76.0),
    "orange": (62.0, 42.0, 58.0),
    "red": (42.0, 56.0, 32.0),
    "burgundy": (25.0, 32.0, 10.0),
    "pink": (66.0, 38.0, -2.0),
    "purple": (31.0, 26.0, -32.0),
    "brown": (34.0, 16.0, 20.0),
}
"""Lab D50 aimed at by the enamels of the trade; the recipe gives the nearest colour these pigments can make."""

_STARTS: Final[tuple[dict[str, float], ...]] = (
    {"white": 1.0, "black": 0.001},
    {"white": 1.0, "black": 0.3},
    {"white": 0.08, "black": 1.0},
    {"white": 1.0, "cyan": 0.05, "blue": 0.02},
    {"white": 0.5, "blue": 0.3},
    {"white": 0.5, "green": 0.3, "yellow": 0.1},
    {"white": 0.5, "yellow": 0.3, "orange": 0.02},
    {"white": 0.3, "orange": 0.4},
    {"white": 0.3, "red": 0.4},
    {"white": 1.0, "magenta": 0.08},
    {"white": 0.5, "violet": 0.3},
    {"white": 0.5, "brown": 0.3},
)
_DIRECTIONS: Final[dict[str, dict[str, float]]] = {
    "lighter": {"white": 1.0},
    "darker": {"black": 1.0},
    "redder": {"red": 1.0},
    "yellower": {"yellow": 1.0},
    "greener": {"green": 1.0},
    "bluer": {"blue": 1.0},
}
_STRENGTH: Final[dict[str, float]] = {"white": 1.0, "black": 0.15}
"""How much of a pigment goes into one unit of a shift; one of the coloured ones is 0.3."""


class Coloured(Protocol):
    """What this module needs to know of a surface."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def recipe(self) -> Mapping[str, float]: ...
    @property
    def metal(self) -> str: ...
    @property
    def spectrum(self) -> tuple[float, ...]: ...


@functools.cache
def _pigment(name: str) -> tuple[Float, Float]:
    """Absorption and scattering, each (81,), per unit of concentration."""
    bands, floor, scattering = _BANDS[name]
    w = spectra.WAVELENGTHS_NM
    k = np.full_like(w, floor)
    for centre, width, height in bands:
        k += height * np.exp(-0.5 * ((w - centre) / width) ** 2)
    return k, scattering * (w / 550.0) ** -0.6


def reflectance_of(recipe: Mapping[str, float]) -> Float:
    """(81,) diffuse reflectance, specular excluded, of an opaque layer of the recipe.

    R = 1 + q - sqrt(q^2 + 2 q), q = K / S; then (1 - k1)(1 - k2) R / (1 - k2 R). ``RequestError`` for an unknown
    pigment or a recipe without any.
    """
    unknown = sorted(set(recipe) - set(_BANDS))
    if unknown or not any(c > 0 for c in recipe.values()):
        raise RequestError(
            f"a recipe cannot be mixed from {unknown or 'nothing'}", f"Use these pigments: {', '.join(PIGMENTS)}."
        )
    k = sum((c * _pigment(p)[0] for p, c in recipe.items()), np.zeros(len(spectra.WAVELENGTHS_NM)))
    s = sum((c * _pigment(p)[1] for p, c in recipe.items()), np.zeros(len(spectra.WAVELENGTHS_NM)))
    q = k / s
    inner = 1 + q - np.sqrt(q * q + 2 * q)
    return np.asarray((1 - K1) * (1 - K2) * inner / (1 - K2 * inner), dtype=np.float64)


def recipe_for(colour: str | Sequence[float]) -> dict[str, float]:
    """A recipe by trade name (``sky``, ``navy`` ...) or the mixture nearest in Lab D50 to a given (L, a, b).

    The mixture is found by bounded least squares over the logarithms of the concentrations; colours outside the
    pigments' gamut give the nearest one there is.
    """
    if isinstance(colour, str):
        if colour not in _TRADE:
            raise RequestError(f"there is no enamel called {colour!r}", f"Use one of {', '.join(_TRADE)}.")
        colour = _TRADE[colour]
    return dict(_mix(tuple(float(c) for c in colour)))


@functools.cache
def _mix(target: tuple[float, ...]) -> dict[str, float]:
    from scipy.optimize import least_squares

    names, floor = list(PIGMENTS), -9.0

    def residual(x: Float) -> Float:
        recipe = dict(zip(names, np.exp(x).tolist(), strict=True))
        far = spectra.lab(reflectance_of(recipe)) - np.array(target)
        # A slight pull towards few pigments, and towards a sum of 1 because only ratios matter.
        return np.concatenate([far, 0.01 * (x - floor), [np.log(np.exp(x).sum())]])

    near = sorted(_STARTS, key=lambda r: float(np.linalg.norm(spectra.lab(reflectance_of(r)) - target)))[:4]
    fits = [
        least_squares(residual, [np.log(max(start.get(n, 0.0), 2e-4)) for n in names], bounds=(floor, 0.7), max_nfev=40)
        for start in near
    ]
    best = min(fits, key=lambda fit: float(fit.cost))
    mixed = {n: float(np.exp(x)) for n, x in zip(names, best.x, strict=True) if x > floor + 0.1}
    total = sum(mixed.values())
    return {n: round(c / total, 6) for n, c in mixed.items()}


def shift_recipe(
    recipe: Mapping[str, float],
    delta_e: float,
    direction: str | None = None,
    rng: np.random.Generator | None = None,
) -> dict[str, float]:
    """The recipe with pigment added until its Lab D50 lies ``delta_e`` CIEDE2000 away (bisection to 0.001).

    direction : ``lighter``, ``darker``, ``redder``, ``yellower``, ``greener``, ``bluer``, a pigment's name, or None for
    a mixture drawn from ``rng``. ``RequestError`` where the pigment cannot move the colour that far.
    """
    if direction is None:
        if rng is None:
            raise RequestError("a shift needs a direction or a random generator", "Give one of the two.")
        names = [str(n) for n in rng.choice([p for p in PIGMENTS if p not in ("brown", "white")], 2, replace=False)]
        weights = {names[0]: float(rng.uniform(0.4, 1.0)), names[1]: float(rng.uniform(0.0, 0.6))}
    else:
        weights = _DIRECTIONS.get(direction, {direction: 1.0})
    total = sum(recipe.values())
    old = spectra.lab(reflectance_of(recipe))

    def moved(amount: float) -> dict[str, float]:
        out = dict(recipe)
        for name, w in weights.items():
            out[name] = out.get(name, 0.0) + amount * total * w * _STRENGTH.get(name, 0.3)
        return out

    def distance(amount: float) -> float:
        return float(delta_e_2000(old, spectra.lab(reflectance_of(moved(amount)))))

    low, high = 0.0, 1e-4
    while distance(high) < delta_e:
        low, high = high, high * 2
        if high > 1e3:
            raise RequestError(
                f"this recipe cannot be shifted by {delta_e:g} {direction or 'at random'}", "Shift it another way."
            )
    for _ in range(60):
        mid = 0.5 * (low + high)
        low, high = (mid, high) if distance(mid) < delta_e else (low, mid)
        if high - low < 1e-4 * high:
            break
    return moved(0.5 * (low + high))


def delta_e_2000(lab_a: Float, lab_b: Float) -> Float:
    """(...,) CIEDE2000 between (..., 3) Lab values, by colour-science."""
    return np.asarray(spectra.colour_science().delta_E(lab_a, lab_b, method="CIE 2000"), dtype=np.float64)


_DIFFUSE: Final[dict[str, tuple[float, float]]] = {"dust": (0.42, 0.55), "paper": (0.80, 0.84), "fibre": (0.45, 0.50)}
"""Reflectance at 400 and 700 nm of loose matter."""

_OXIDE: Final = (0.045, 0.085)
"""Reflectance at 400 and 700 nm of a dark patina."""


def is_metallic(surface: Coloured) -> bool:
    """Whether the surface mirrors with its metal's spectrum instead of scattering with a pigment's."""
    return surface.kind.endswith("metal") or (surface.kind == "oxide" and not surface.recipe.get("matt", 0.0))


def metal_reflectance(surface: Coloured) -> Float:
    """(81,) specular reflectance of a metallic surface; ``recipe["oxide"]`` 0-1 darkens it towards a brown patina."""
    name = surface.metal or surface.name
    try:
        bare = spectra.metal(name)
    except KeyError:
        raise RequestError(
            f"there is no metal called {name!r}", f"Use one of {', '.join(spectra.metal_names())}."
        ) from None
    oxide = min(max(float(surface.recipe.get("oxide", 0.0)), 0.0), 1.0)
    w = (spectra.WAVELENGTHS_NM - 400.0) / 300.0
    film = np.exp(-oxide * (2.6 - 1.1 * w))  # a patina takes blue first
    return np.asarray(bare * film, dtype=np.float64)


def diffuse_reflectance(surface: Coloured) -> Float:
    """(81,) what the surface scatters; a metal's own scatter stands for its fine roughness and patina."""
    w = np.clip((spectra.WAVELENGTHS_NM - 400.0) / 300.0, 0.0, 1.0)
    if surface.kind.endswith("metal") or surface.kind == "oxide":
        oxide = float(surface.recipe.get("oxide", 0.0))
        patina = _OXIDE[0] + (_OXIDE[1] - _OXIDE[0]) * w
        return np.asarray(0.06 * metal_reflectance(surface) + oxide * patina, dtype=np.float64)
    if surface.spectrum:
        return np.array(surface.spectrum, dtype=np.float64)
    if surface.recipe:
        return reflectance_of(surface.recipe)
    low, high = _DIFFUSE.get(surface.kind, _DIFFUSE["dust"])
    return np.asarray(low + (high - low) * w, dtype=np.float64)


def colour_reflectance(surface: Coloured) -> Float:
    """(81,) what a surface's colour is told from: the mirror reflectance of a metal, else what it scatters."""
    return metal_reflectance(surface) if surface.kind.endswith("metal") else diffuse_reflectance(surface)


def lab(surface: Coloured, light: str = "D50") -> tuple[float, float, float]:
    """Lab of a surface under an illuminant, 2 degree observer; a metal's is that of its mirror reflectance."""
    value = spectra.lab(colour_reflectance(surface), light)
    return float(value[0]), float(value[1]), float(value[2])
