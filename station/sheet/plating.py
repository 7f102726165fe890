"""The plating stack and the lacquer over it, and why a size matters: what a sheet declares and no photo shows."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from station.sheet.fields import Name, Positive, Table, Text

Matter = Literal["assembly", "stacking", "packaging", "storage", "inbound", "freight", "use"]
"""What a size has to fit, so that it needs a tolerance (T3)."""
DECORATIVE_UM = (0.03, 0.08)
"""Usual thickness of a decorative top layer in micrometres, over the supplier's base system (T9)."""


def bounds_um(low: float | None, high: float | None) -> str:
    """``3–5 µm`` of a thickness, ``≥ 3 µm`` of one with an open side; "" of one with two."""
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"{'≥' if high is None else '≤'} {(low or high):g} µm"
    return f"{low:g}–{high:g} µm"


class PlatingLayer(Table):
    """A layer of the plating, from the base metal up (T9). ``min_um``, ``max_um``: its thickness in micrometres, as XRF
    or another instrument finds it; a side left out is open."""

    metal: Name
    min_um: Positive | None = None
    max_um: Positive | None = None
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_um is not None and self.max_um is not None and self.min_um > self.max_um:
            raise ValueError(f"min_um {self.min_um:g} is above max_um {self.max_um:g}; give the lower value first")
        return self

    @property
    def words(self) -> str:
        """``nickel 3-5 µm``."""
        return f"{self.metal} {bounds_um(self.min_um, self.max_um)}".rstrip()


class Lacquer(Table):
    """The clear coat over the plating, where corrosion or abrasion matters (T9). ``look``: the visual result that is
    accepted after pack-out, such as "gloss, no haze at 30 cm"."""

    kind: Annotated[Literal["clear e-coat", "lacquer", "none"], Field(description="none: agreed that there is none")]
    min_um: Positive | None = None
    max_um: Positive | None = None
    look: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min_um is not None and self.max_um is not None and self.min_um > self.max_um:
            raise ValueError(f"min_um {self.min_um:g} is above max_um {self.max_um:g}; give the lower value first")
        if self.kind == "none" and (self.min_um is not None or self.max_um is not None or self.look):
            raise ValueError("kind is none and a thickness or look is given; remove them")
        return self
