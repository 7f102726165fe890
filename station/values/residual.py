"""How far a registered unit lies off the golden from place to place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

SURE = 13.8
"""Squared shift over its covariance from which it is significant: chi-squared of two numbers, one place in a
thousand."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A stretch of neighbouring places that departs significantly and far, told by its farthest place.

    at_mm : (x, y) of that place. shift_mm : (x, y) of the unit's detail there against the golden's. u_mm : expanded
    uncertainty (k = 2) of the shift's length. extent_mm : longest distance between two places of it. places : how many.
    """

    at_mm: tuple[float, float]
    shift_mm: tuple[float, float]
    u_mm: float
    extent_mm: float
    places: int

    @property
    def length_mm(self) -> float:
        """How far the unit lies off there."""
        return float(np.hypot(*self.shift_mm))


@dataclass(frozen=True, slots=True)
class ResidualMap:
    """Residual shifts of the registration at places of the golden frame, and the field between them.

    at_mm : (n, 2) places, each in the middle of the edges that tell of it. shift_mm : (n, 2) how far the unit's detail
    lies off the golden's, x to the right, y down. covariance_mm2 : (n, 2, 2) of it, standard (k = 1); along a single
    straight edge hardly anything is known. asked : places with edges on the golden, of which n could be read.
    nodes_mm : (rows, columns, 2) places of a grid over the part. field_mm : (rows, columns, 2) the shift there,
    smoothed over the places about it, zero far from all of them.
    """

    at_mm: Float
    shift_mm: Float
    covariance_mm2: Float
    asked: int
    nodes_mm: Float
    field_mm: Float

    @property
    def u_mm(self) -> Float:
        """(n, 2) expanded uncertainty (k = 2) of each shift in x and in y."""
        return np.asarray(2 * np.sqrt(np.diagonal(self.covariance_mm2, axis1=1, axis2=2)))

    @property
    def u_length_mm(self) -> Float:
        """(n,) expanded uncertainty (k = 2) of each shift's length; of no shift the larger of its directions'."""
        length = np.hypot(*self.shift_mm.T)
        along = self.shift_mm / np.maximum(length, 1e-12)[:, None]
        variance = np.einsum("ni,nij,nj->n", along, self.covariance_mm2, along)
        return 2 * np.sqrt(np.where(length > 0, variance, np.linalg.eigvalsh(self.covariance_mm2)[:, 1]))

    @property
    def significant(self) -> Bool:
        """(n,) shifts that are none only once in a thousand places."""
        told = np.linalg.solve(self.covariance_mm2, self.shift_mm[..., None])[..., 0]
        return np.asarray((self.shift_mm * told).sum(axis=1) > SURE)

    @property
    def rms_mm(self) -> float:
        """Root mean square length of the shifts, each direction counted by how well it is known."""
        weight = np.linalg.inv(self.covariance_mm2)
        total = np.einsum("ni,nij,nj->", self.shift_mm, weight, self.shift_mm)
        return float(np.sqrt(2 * total / np.trace(weight, axis1=1, axis2=2).sum()))

    @property
    def worst(self) -> int:
        """The place whose shift exceeds its uncertainty by most, or falls short of it by least."""
        return int(np.argmax(np.hypot(*self.shift_mm.T) - self.u_length_mm))

    def departure(self, far_mm: float, reach_mm: float, least: int) -> Departure | None:
        """The stretch with the farthest shift, of places that are significantly and for certain ``far_mm`` off; None
        where there is none of ``least`` places. reach_mm : distance up to which two places are neighbours."""
        length = np.hypot(*self.shift_mm.T)
        left = set(np.flatnonzero(self.significant & (length - self.u_length_mm >= far_mm)).tolist())
        found: list[list[int]] = []
        while left:
            group = [left.pop()]
            for i in group:
                near = [j for j in sorted(left) if np.hypot(*(self.at_mm[i] - self.at_mm[j])) <= reach_mm]
                left.difference_update(near)
                group.extend(near)
            if len(group) >= least:
                found.append(group)
        if not found:
            return None
        group = max(found, key=lambda g: float(length[g].max()))
        k = max(group, key=lambda i: float(length[i]))
        apart = self.at_mm[group][:, None] - self.at_mm[group][None]
        return Departure(
            at_mm=(float(self.at_mm[k, 0]), float(self.at_mm[k, 1])),
            shift_mm=(float(self.shift_mm[k, 0]), float(self.shift_mm[k, 1])),
            u_mm=float(self.u_length_mm[k]),
            extent_mm=float(np.hypot(apart[..., 0], apart[..., 1]).max()),
            places=len(group),
        )
