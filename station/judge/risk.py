"""How often a decision rule errs: conformance probability, and the global risks of consumer and producer.

JCGM 106:2012, clauses 7 (conformance probability), 9.5 (global risks) and 8.3 (acceptance limits apart from the
tolerance limits). The measuring system is normal with a standard uncertainty; what is made is a :class:`Process`.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError

Float = NDArray[np.float64]

REACH: Final = 12.0
"""Standard deviations on both sides of its mean over which a process is integrated."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


@dataclass(frozen=True, slots=True)
class Process:
    """The distribution of what is made. kind : ``normal``, or ``gamma`` for what cannot be negative (JCGM 106, 9.5.4
    and A.4). mean, sd : of the process, sd > 0; a gamma distribution has mean > 0."""

    kind: Literal["normal", "gamma"]
    mean: float
    sd: float

    def __post_init__(self) -> None:
        if not (self.sd > 0 and math.isfinite(self.mean) and math.isfinite(self.sd)):
            raise RequestError(f"a process of spread {self.sd:g} is none", "Give a standard deviation above 0.")
        if self.kind == "gamma" and self.mean <= 0:
            raise RequestError(f"a gamma distribution has no mean {self.mean:g}", "Give a mean above 0.")

    @property
    def support(self) -> tuple[float, float]:
        """Where practically all of it lies."""
        low, high = self.mean - REACH * self.sd, self.mean + REACH * self.sd
        return (max(0.0, low), high + REACH * self.sd) if self.kind == "gamma" else (low, high)

    def density(self, x: Float) -> Float:
        """Probability density at ``x``, of any shape."""
        if self.kind == "normal":
            z = (x - self.mean) / self.sd
            return np.asarray(np.exp(-0.5 * z**2) / (self.sd * math.sqrt(2 * math.pi)), dtype=np.float64)
        shape, scale = (self.mean / self.sd) ** 2, self.sd**2 / self.mean
        x = np.maximum(x, np.finfo(np.float64).tiny)
        log = (shape - 1) * np.log(x) - x / scale - math.lgamma(shape) - shape * math.log(scale)
        return np.asarray(np.exp(log), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Risks:
    """Shares of everything made. consumer : accepted although it does not conform. producer : rejected although it
    conforms. nonconforming : does not conform, whatever is decided."""

    consumer: float
    producer: float
    nonconforming: float


def conformance_probability(value: float, u: float, lower: float | None, upper: float | None) -> float:
    """Probability that the true value lies within the limits, where ``value`` was measured with standard uncertainty
    ``u`` > 0 and nothing was known before (JCGM 106:2012, equation 7); None is an open side."""
    below = 0.0 if lower is None else _normal((lower - value) / u)
    return (1.0 if upper is None else _normal((upper - value) / u)) - below


def global_risks(
    process: Process,
    u: float,
    lower: float | None,
    upper: float | None,
    *,
    guard: float = 0.0,
) -> Risks:
    """Global risks of accepting what measures within the limits, each drawn in by ``guard`` (JCGM 106:2012, 9.5).

    u : standard uncertainty of the measuring system, >= 0. guard : width of the guard band in the same unit; above 0
    it protects the consumer, below 0 the producer.

    Raises RequestError for a negative u, or without any limit.
    """
    from scipy.special import ndtr

    if u < 0:
        raise RequestError(f"an uncertainty of {u:g} is none", "Give u of 0 or more.")
    if lower is None and upper is None:
        raise RequestError("there is no limit to decide by", "Give a lower or an upper limit.")
    low, high = process.support
    least = -math.inf if lower is None else lower
    most = math.inf if upper is None else upper

    def accepted(x: Float) -> Float:
        if u == 0:
            return ((x >= least + guard) & (x <= most - guard)).astype(np.float64)
        inside = ndtr((most - guard - x) / u) - ndtr((least + guard - x) / u)
        return np.asarray(np.maximum(inside, 0.0), dtype=np.float64)

    # a Gauss rule of its own on each stretch between places where the integrand bends
    bends = [b + k * u for b in (least, most) if math.isfinite(b) for k in (-8, -2, 0, 2, 8)]
    bends += [b + s * guard for b, s in ((least, 1), (most, -1)) if math.isfinite(b)]
    bends += [process.mean + k * process.sd for k in (-4, 0, 4)]
    edges = sorted({low, high, *(b for b in bends if low < b < high)})
    consumer = producer = nonconforming = 0.0
    for a, b in itertools.pairwise(edges):
        x = 0.5 * (b - a) * _NODES + 0.5 * (a + b)
        weight = 0.5 * (b - a) * _WEIGHTS * process.density(x)
        share = accepted(x)
        if least <= 0.5 * (a + b) <= most:
            producer += float((weight * (1.0 - share)).sum())
        else:
            consumer += float((weight * share).sum())
            nonconforming += float(weight.sum())
    return Risks(consumer, producer, nonconforming)


def guard_band(process: Process, u: float, lower: float | None, upper: float | None, *, consumer: float) -> float:
    """Width of the guard band that leaves the consumer a global risk of ``consumer`` (JCGM 106:2012, 9.5.4).

    Negative where the risk may be larger than that of simple acceptance. Raises RequestError where no width does it.
    """
    span = 10.0 * u if u > 0 else process.sd
    low, high = -span, span
    if upper is not None and lower is not None:
        high = min(high, (upper - lower) / 2)
    if (
        not global_risks(process, u, lower, upper, guard=high).consumer
        <= consumer
        <= global_risks(process, u, lower, upper, guard=low).consumer
    ):
        raise RequestError(
            f"no guard band leaves a consumer's risk of {consumer:g}", "Ask for another risk, or measure better."
        )
    while high - low > 1e-12 * max(1.0, abs(high)):
        middle = 0.5 * (low + high)
        if global_risks(process, u, lower, upper, guard=middle).consumer > consumer:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
