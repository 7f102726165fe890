"""A unit ready to be photographed: a height field and a map of surfaces in the part's own frame.

The part frame is in millimetres, x right, y down, its origin at the centre of the nominal outline's box. Array pixels
are ``(x, y)`` with the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING = 0
"""Value of :attr:`Part.surface` where there is no part (the bench shows)."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One material of a part.

    name : a label such as ``gold`` or ``enamel:sky``. metal : for a metal the finish whose spectrum it has (``gold``,
        ``nickel``, ``black nickel``, ``antique brass`` ...); empty takes ``name`` for it.
    kind : decides texture and gloss: ``metal`` (polished), ``sandblasted metal``, ``oxide``, ``soft enamel``,
        ``hard enamel``, ``print``, ``dust``, ``fibre``.
    recipe : for enamel, print and dust the Kubelka-Munk pigment concentrations by pigment name; a metal may carry
        ``{"oxide": 0..1}``, the darkening of an antique, tarnished or spotted plating.
    roughness : microfacet roughness 0-1. clearcoat : share 0-1 of a thin gloss layer on top.
    spectrum : (81,) reflectance that an enamel or print scatters, instead of its recipe's; empty takes the recipe.
    """

    name: str
    kind: str
    recipe: Mapping[str, float] = field(default_factory=dict)
    roughness: float = 0.3
    clearcoat: float = 0.0
    metal: str = ""
    spectrum: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A unit as a height field with materials.

    pitch_mm : raster pitch. origin_px : (x, y) raster position of 0 mm, 0 mm of the part frame.
    height_mm : (H, W) float32 height of the face over the bench; runs on a few samples beyond the edge.
    surface : (H, W) uint8, ``NOTHING`` outside, else 1 + index into ``surfaces``.
    thickness_mm : height of the struck metal face over the bench.
    coverage : (H, W) share 0-1 of each sample's cell inside the struck outline; None takes ``surface`` for it.
    under, share : at a border of two surfaces the cell shows share * surface + (1 - share) * under; None is share 1.
    lift_mm : height of the underside over the bench (0 for a part that lies flat).
    """

    name: str
    pitch_mm: float
    origin_px: tuple[float, float]
    height_mm: NDArray[np.float32]
    surface: NDArray[np.uint8]
    surfaces: tuple[Surface, ...]
    thickness_mm: float
    coverage: NDArray[np.float32] | None = None
    under: NDArray[np.uint8] | None = None
    share: NDArray[np.float32] | None = None
    lift_mm: float = 0.0

    @property
    def mask(self) -> NDArray[np.bool_]:
        """(H, W) true where there is part."""
        return np.asarray(self.surface != NOTHING)

    def flipped(self) -> Part:
        """The part struck from artwork that was flipped left to right."""

        def flip(raster: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if raster is None else np.ascontiguousarray(raster[:, ::-1])

        return replace(
            self,
            origin_px=(self.surface.shape[1] - 1 - self.origin_px[0], self.origin_px[1]),
            height_mm=np.ascontiguousarray(self.height_mm[:, ::-1]),
            surface=np.ascontiguousarray(self.surface[:, ::-1]),
            coverage=flip(self.coverage),
            under=flip(self.under),
            share=flip(self.share),
        )
