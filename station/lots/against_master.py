"""Whether what was measured of a lot is the master's: the one rule for colours, sizes and hardware.

same  the mean surely lies within the margin, by two one-sided tests. All characteristics of a kind must pass, so none
      is corrected for the others (Berger, Technometrics 24 (1982) 295-300)
off   the mean surely lies beyond the margin, after Holm over the characteristics that are asked about together
open  neither is proven

In both the uncertainty that all values share is part of the error of the mean, since it does not average out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from station.lots.characteristics import Characteristic
from station.lots.groups import beyond, equivalent
from station.lots.multiplicity import ALPHA, holm
from station.values.phrase import Phrase

Float = NDArray[np.float64]

LEAST_VALUES: Final = 5
"""Values of a characteristic from which its mean is held to the master's."""
TESTS: Final = {
    "same": "two one-sided t tests",
    "off": "t test against the margin, Holm",
}


@dataclass(frozen=True, slots=True)
class MasterStanding:
    """One characteristic against the master. mean : of its differences, in its unit. p : of what is proven; of the
    nearer of the two where neither is."""

    characteristic: Characteristic
    state: Literal["same", "off", "open"]
    mean: float
    p: float

    @property
    def words(self) -> str:
        """How far off it is, with its margin."""
        c = self.characteristic
        return f"{c.name} is {self.mean:+.3g} {c.unit} off the master's, beyond its margin of {c.margin:.3g}"

    @property
    def said(self) -> Phrase:
        """The same in no language."""
        c = self.characteristic
        return phrase("off", name=c.name, mean=f"{self.mean:+.3g}", unit=c.unit, margin=f"{c.margin:.3g}")


def phrase(key: str, **values: object) -> Phrase:
    """A phrase of the evidence, ``told.KEY`` in a language's file. name, names, factor, unit, what, defect : as the
    records have them; they are put into words with the sentence."""
    return Phrase(key=f"told.{key}", values={k: str(v) for k, v in values.items()})


def finite(c: Characteristic) -> Float:
    """The values that were measured."""
    return np.asarray(c.values[np.isfinite(c.values)])


def against_master(
    characteristics: Sequence[Characteristic], values: Sequence[Float] | None = None
) -> list[MasterStanding]:
    """Every characteristic that was measured on ``LEAST_VALUES`` units or more.

    values : of each characteristic those to go by, such as the bulk; None for all that were measured.
    """
    chosen = [finite(c) for c in characteristics] if values is None else values
    known = [(c, v) for c, v in zip(characteristics, chosen, strict=True) if len(v) >= LEAST_VALUES]
    if not known:
        return []
    outside = holm([beyond(v, c.margin, c.u) for c, v in known])
    found = []
    for (c, v), off in zip(known, outside.tolist(), strict=True):
        same = equivalent(v, c.margin, c.u)
        if off <= ALPHA:
            found.append(MasterStanding(c, "off", float(v.mean()), off))
        else:
            found.append(MasterStanding(c, "same" if same <= ALPHA else "open", float(v.mean()), min(same, off)))
    return found
