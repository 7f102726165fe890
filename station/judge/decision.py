"""The decision rule of one number: an expanded uncertainty laid against inclusive limits, as exact decimals.

Which side the guard band protects is agreed in the control sheet (``[decision] guard_band``):

========  ==============================================================================  =====================
both      conforms where the interval value +- u lies within the limits, nonconforms      ISO 14253-1
          where it lies outside, undecided between
consumer  guarded acceptance: conforms where the interval lies within, else nonconforms   JCGM 106:2012, 8.3.2
producer  guarded rejection: nonconforms where the interval lies outside, else conforms   JCGM 106:2012, 8.3.3
none      simple acceptance: the value itself decides                                     JCGM 106:2012, 8.2
========  ==============================================================================  =====================
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from station.sheet import GuardBand
from station.values.documents import Verdict

DECISION_RULES: Mapping[GuardBand, str] = MappingProxyType(
    {
        "both": "guard band u on both sides, undecided between (ISO 14253-1)",
        "consumer": "guarded acceptance, for the consumer: conforming only where proven (JCGM 106, 8.3.2)",
        "producer": "guarded rejection, for the producer: nonconforming only where proven (JCGM 106, 8.3.3)",
        "none": "simple acceptance: the value decides, without a guard band (JCGM 106, 8.2)",
    }
)
"""What each choice means, as the unit document says it."""


def compare(
    value: Decimal, u: Decimal, lower: Decimal | None, upper: Decimal | None, guard_band: GuardBand = "both"
) -> Verdict:
    """``value`` with expanded uncertainty ``u`` >= 0 (k = 2) against inclusive limits; None is an open side."""
    # Fractions, since sums of decimals are rounded to 28 digits.
    reach = Fraction(0) if guard_band == "none" else Fraction(u)
    low, high = Fraction(value) - reach, Fraction(value) + reach
    within = (upper is None or high <= upper) and (lower is None or low >= lower)
    outside = (upper is not None and low > upper) or (lower is not None and high < lower)
    if outside or (guard_band == "consumer" and not within):
        return Verdict.NONCONFORMS
    if within or guard_band == "producer":
        return Verdict.CONFORMS
    return Verdict.UNDECIDED


def compare_tiers(value: Decimal, u: Decimal, accept: Decimal, reject: Decimal, guard_band: GuardBand) -> Verdict:
    """A colour against its two tiers, each by the rule: conforms to ``accept``, does not to ``reject``, or a person
    decides between them."""
    if compare(value, u, None, reject, guard_band) is Verdict.NONCONFORMS:
        return Verdict.NONCONFORMS
    if compare(value, u, None, accept, guard_band) is Verdict.CONFORMS:
        return Verdict.CONFORMS
    return Verdict.UNDECIDED


def compare_share(detail: Mapping[str, object], allowed: Decimal, guard_band: GuardBand) -> Verdict:
    """The share of a border's length below its lower limit against the largest that is ``allowed``, both 0-1.

    detail : ``share_below`` by the widths themselves; ``share_below_surely`` by the widths with u added to them and
    ``share_below_possibly`` with u taken off, which are the ends of the interval that the rule looks at.
    """
    as_read, surely, possibly = (
        Decimal(repr(float(str(detail[key])))) for key in ("share_below", "share_below_surely", "share_below_possibly")
    )
    if guard_band == "none":
        return Verdict.CONFORMS if as_read <= allowed else Verdict.NONCONFORMS
    if surely > allowed or (guard_band == "consumer" and possibly > allowed):
        return Verdict.NONCONFORMS
    return Verdict.CONFORMS if possibly <= allowed or guard_band == "producer" else Verdict.UNDECIDED
