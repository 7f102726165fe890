"""What a lot is held to the master by: colours, sizes and entered values as differences from the golden's, each with
the margin within which it is the master's.

A colour is three characteristics: its difference in lightness, chroma and hue in units of CIEDE2000, the metric in
which the control sheet limits it. About the golden's colour CIEDE2000 is a length in Lab bent by a fixed matrix
(:func:`station.values.difference.metric_at`); its Cholesky factor gives coordinates in which it is the plain one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from station.values.difference import metric_at

Float = NDArray[np.float64]
Kind = Literal["colour", "geometry", "hardware"]

MARGIN: Final = 0.5
"""Share of a tolerance within which the mean of a lot is the master's for all purposes."""
UNLIMITED: Final = 0.05
"""Share of the nominal that stands for the margin where the sheet gives no tolerance."""
COORDINATES: Final = ("lightness", "chroma", "hue")


@dataclass(frozen=True, slots=True)
class Characteristic:
    """Values of one characteristic over a lot, as differences from the master.

    values : (n,), NaN where it was not measured of a unit. kind : ``colour`` (along one coordinate of CIEDE2000),
    ``geometry`` or ``hardware``. margin : difference up to which it is the master's, in its unit; see
    :func:`margin_of`. u : standard uncertainty that all values share, such as the master's own. unit : of measure.
    """

    name: str
    kind: Kind
    values: Float
    margin: float
    u: float
    unit: str


@dataclass(frozen=True, slots=True)
class RegionColours:
    """The colours of one region. lab : (n, 3) L*, a*, b* of the units, NaN where not measured. golden : (3,) of the
    golden. accept : the sheet's limit in CIEDE2000. u : standard uncertainty of a difference, in CIEDE2000."""

    name: str
    lab: Float
    golden: Float
    accept: float
    u: float

    @property
    def margin(self) -> float:
        """CIEDE2000 up to which the region is the master's."""
        return MARGIN * self.accept

    @property
    def differences(self) -> Float:
        """(n, 3) lightness, chroma and hue off the golden's, whose length is CIEDE2000 to first order. Hue is positive
        counter-clockwise in the a*b* plane."""
        axes = turned(self.golden)
        factor = np.linalg.cholesky(axes @ metric_at(self.golden) @ axes.T).T
        return np.asarray((self.lab - self.golden) @ (factor @ axes).T)


def colours_of(regions: Sequence[RegionColours]) -> list[Characteristic]:
    """Three characteristics of each region. CIEDE2000 itself has no sign: batches on either side of the golden would
    seem alike."""
    return [
        Characteristic(f"{r.name} {name}", "colour", values, r.margin, r.u, "CIEDE2000")
        for r in regions
        for name, values in zip(COORDINATES, r.differences.T, strict=True)
    ]


def margin_of(nominal: float, lower: float | None, upper: float | None) -> float:
    """Half of the wider side of a tolerance; without one ``UNLIMITED`` of the nominal, 0 where that is 0 too."""
    sides = [abs(limit - nominal) for limit in (lower, upper) if limit is not None]
    return MARGIN * max(sides, default=0.0) or UNLIMITED * abs(nominal)


def turned(golden: Float) -> Float:
    """(3, 3) rows along lightness, chroma and hue of a colour."""
    hue = math.atan2(golden[2], golden[1])
    return np.array([
        [1.0, 0.0, 0.0], [0.0, math.cos(hue), math.sin(hue)], [0.0, -math.sin(hue), math.cos(hue)],
    ])  # fmt: skip
