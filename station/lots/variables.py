"""Plans by variables: a measured dimension held to one limit by the mean and the spread of the sample (k method).

The lot is accepted when (U - mean) / s >= k for an upper limit U, (mean - L) / s >= k for a lower limit L; with a known
process standard deviation sigma in place of s. Measurements are taken for a random sample of a normal distribution.
Where both limits are set, each is held on its own, which bears each risk by itself.

Pa at a fraction p beyond the limit, with z = the upper p quantile of the standard normal distribution:

- s method: P(T >= k sqrt n), T noncentral t with n - 1 degrees of freedom and noncentrality z sqrt n;
- sigma method: Phi(sqrt n (z - k)).

Where the plan takes as many units as the lot has, or more, every unit is measured and held to the limits by itself (the
note under the tables of Z1.9): no share of the lot has to be inferred, so neither k nor a curve belongs to it.

ISO 3951-1; ANSI/ASQ Z1.9 (MIL-STD-414), form 1; Lieberman and Resnikoff, "Sampling plans for inspection by variables",
Journal of the American Statistical Association 50 (1955) 457-516; Wallis in Techniques of Statistical Analysis (1947),
1.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from station.errors import RequestError
from station.lots.oc import Float
from station.lots.plans import Severity, one_of

Method = Literal["s", "sigma"]
LEVELS = ("S-3", "S-4", "I", "II", "III")
LARGEST_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class VariablesPlan:
    """n : units measured. k : acceptability constant. method : spread of the sample (s) or of the process (sigma)."""

    method: Method
    n: int
    k: float

    def acceptance(self, p: ArrayLike) -> Float:
        """(P,) probability of acceptance at a fraction ``p`` in [0, 1] beyond the limit."""
        from scipy.stats import nct, norm

        quality = np.atleast_1d(np.asarray(p, dtype=np.float64))
        inside = (quality > 0) & (quality < 1)
        z = norm.isf(np.where(inside, quality, 0.5))
        root = math.sqrt(self.n)
        pa = norm.cdf(root * (z - self.k)) if self.method == "sigma" else nct.sf(self.k * root, self.n - 1, z * root)
        return np.asarray(np.where(inside, pa, quality <= 0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Sample:
    """Measured values under a plan. spread : s of the values, or the known sigma. to_lower, to_upper : distance of the
    mean from each limit that is set, in spreads; inf where every value is the same. beyond : values outside the limits.
    accepted : no distance is below k, of a whole lot no value lies beyond."""

    mean: float
    spread: float
    to_lower: float | None
    to_upper: float | None
    beyond: int
    accepted: bool


def judge_sample(
    plan: VariablesPlan, values: ArrayLike, *, lower: float | None, upper: float | None, sigma: float | None = None
) -> Sample:
    """Whether measured ``values``, (n,) of the plan's sample, accept the lot at every limit that is set.

    Raises
    ------
    RequestError
        Another number of values, no limit, limits out of order, or a sigma method without ``sigma``.
    """
    x = _vetted(values, plan.n, lower, upper)
    if plan.method == "sigma" and (sigma is None or not sigma > 0):
        raise RequestError("The sigma method needs the known standard deviation of the process", "Give it, above 0.")
    spread = float(x.std(ddof=1)) if plan.method == "s" or sigma is None else sigma
    mean = float(x.mean())
    margins = [None if lower is None else mean - lower, None if upper is None else upper - mean]
    accepted = all(m >= plan.k * spread for m in margins if m is not None)
    return Sample(mean, spread, *_distances(margins, spread), _beyond(x, lower, upper), accepted)


def judge_lot(values: ArrayLike, lot_size: int, *, lower: float | None, upper: float | None) -> Sample:
    """A lot of which every unit was measured, (lot_size,): accepted as it stands where no value lies beyond a limit.

    Raises RequestError as :func:`judge_sample`.
    """
    x = _vetted(values, lot_size, lower, upper, whole=True)
    mean, spread = float(x.mean()), float(x.std(ddof=1))
    margins = [None if lower is None else mean - lower, None if upper is None else upper - mean]
    beyond = _beyond(x, lower, upper)
    return Sample(mean, spread, *_distances(margins, spread), beyond, beyond == 0)


def _vetted(values: ArrayLike, n: int, lower: float | None, upper: float | None, *, whole: bool = False) -> Float:
    x = np.asarray(values, dtype=np.float64)
    if x.shape != (n,) or not np.all(np.isfinite(x)):
        raise RequestError(
            f"{'A lot measured whole' if whole else 'The plan'} needs {n} measured values, here are {x.size}",
            "Measure all of them.",
        )
    if lower is None and upper is None:
        raise RequestError("No limit is set", "Give the lower limit, the upper one, or both.")
    if lower is not None and upper is not None and lower >= upper:
        raise RequestError(f"The limits {lower:g} and {upper:g} are out of order", "Give the lower one as lower.")
    return x


def _distances(margins: Sequence[float | None], spread: float) -> tuple[float | None, float | None]:
    to_lower, to_upper = (
        None if m is None else m / spread if spread > 0 else math.copysign(math.inf, m) for m in margins
    )
    return to_lower, to_upper


def _beyond(x: Float, lower: float | None, upper: float | None) -> int:
    below = 0 if lower is None else int((x < lower).sum())
    return below + (0 if upper is None else int((x > upper).sum()))


def table_plan(lot_size: int, aql: float, *, level: str = "II", severity: Severity = "normal") -> VariablesPlan:
    """The s-method plan of ANSI/ASQ Z1.9 for one limit. Raises RequestError for what its table does not hold."""
    one_of("level", level, LEVELS)
    table = _table()
    columns = [float(a) for a in table["aql"]]
    if aql not in columns:
        raise RequestError(
            f"{aql:g} is not an AQL of Z1.9's plans by variables", f"Give one of {', '.join(table['aql'])}."
        )
    if not 2 <= lot_size <= 10**9:
        raise RequestError(f"A lot of {lot_size} cannot be sampled", "Give 2 units or more.")
    row = sum(first <= lot_size for first in table["first_units"]) - 1
    n, k = table["plans"][severity][level][row][columns.index(aql)]
    return VariablesPlan("s", int(n), float(k))


def two_point_plan(
    producer_quality: float,
    consumer_quality: float,
    *,
    method: Method,
    producer_risk: float = 0.05,
    consumer_risk: float = 0.10,
) -> VariablesPlan:
    """The smallest plan that accepts lots of ``producer_quality`` with at least 1 - ``producer_risk`` and lots of
    ``consumer_quality`` with at most ``consumer_risk``, fractions beyond one limit.

    Raises RequestError for values out of order, or where more than ``LARGEST_SAMPLE`` units were needed.
    """
    from scipy.stats import nct, norm

    if not 0 < producer_quality < consumer_quality < 0.5:
        raise RequestError(
            "A plan by variables needs 0 < producer's quality < consumer's quality < 50 per cent",
            "For example 1 and 8 per cent.",
        )
    if not (0 < producer_risk < 0.5 and 0 < consumer_risk < 0.5):
        raise RequestError("The risks of a plan are between 0 and 0.5", "0.05 and 0.10 are the usual ones.")
    good, bad = float(norm.isf(producer_quality)), float(norm.isf(consumer_quality))
    a, b = float(norm.isf(producer_risk)), float(norm.isf(consumer_risk))

    def at(n: int) -> VariablesPlan:
        root = math.sqrt(n)
        k = bad + b / root if method == "sigma" else float(nct.isf(consumer_risk, n - 1, bad * root)) / root
        return VariablesPlan(method, n, k)

    def enough(n: int) -> bool:
        return bool(at(n).acceptance(producer_quality)[0] >= 1 - producer_risk)

    if method == "sigma":
        n = max(1, math.ceil(((a + b) / (good - bad)) ** 2 - 1e-12))
        if n > LARGEST_SAMPLE:
            raise _too_close()
        return at(n)
    low, high = 1, 2
    while not enough(high):
        if high == LARGEST_SAMPLE:
            raise _too_close()
        low, high = high, min(2 * high, LARGEST_SAMPLE)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return at(high)


def _too_close() -> RequestError:
    return RequestError(
        f"So close qualities need more than {LARGEST_SAMPLE} measured units", "Give qualities further apart."
    )


@cache
def _table() -> dict[str, Any]:
    text = files("station.lots.tables").joinpath("z1_9_s_method.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table
