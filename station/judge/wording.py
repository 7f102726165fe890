"""Reasons in words: what is off, by how much, which way, against which limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from station.sheet import GuardBand, Limits
from station.values.documents import FindingDocument, Verdict
from station.values.line import Finding, Measurement

NOTICEABLE = 0.5
"""Differences of a Lab coordinate below this are not put into words."""

NOT_THE_ORIGINAL = "; the file was saved again after the camera: ask for the original before you argue"
"""What is added to a colour that counts against a unit where its photo shows suspect signs of editing."""


_SIDES = ("right", "lower right", "lower", "lower left", "left", "upper left", "upper", "upper right")


def deviation(m: Measurement, name: str, limits: Limits, accept: Decimal | None, verdict: Verdict) -> str:
    """Why ``m`` (with a value) does not conform to ``limits``, or why that is not proven."""
    value = m.value if m.value is not None else 0.0
    over = limits.upper is not None and (limits.lower is None or Decimal(repr(float(value))) >= (limits.nominal or 0))
    limit = float(limits.upper if over and limits.upper is not None else limits.lower or 0)
    tail = "" if verdict is Verdict.NONCONFORMS else ": the uncertainty reaches over the limit"
    if m.kind == "colour":
        bounds = [Decimal(repr(limit))] if accept is None else [Decimal(repr(limit)), accept]
        shown, u, digits = colour_digits(
            value, m.u, bounds, by_value=verdict is Verdict.NONCONFORMS and value - m.u <= limit < value
        )
        words, direction = f"{name} is {shown} CIEDE2000 from the golden", _colour_direction(m)
        if verdict is Verdict.UNDECIDED and accept is not None:
            words += f" (u {u})"
            tail = f", not surely within {accept:.{digits}f} nor surely above {limit:.{digits}f}: a person decides"
        else:
            words += f", limit {limit:.{digits}f} (u {u})"
        return f"{words}: {direction}{tail}" if direction else words + tail
    digits = _digits(value, [limit], 2)
    shown, bound, u = f"{value:.{digits}f}", f"{limit:.{digits}f}", f"u {m.u:.{digits}f}"
    if m.kind == "offset":
        way = _offset_direction(m)
        return f"{name} is {shown} mm from its place, limit {bound} ({u})" + (f": {way}" if way else "") + tail
    if m.kind == "boundary-shift":
        return f"the boundary of {name} is shifted by {shown} mm{_boundary_way(m)}, limit {bound} ({u}){tail}"
    if m.kind in ("offset-x", "offset-y"):
        ways = ("right", "left") if m.kind == "offset-x" else ("down", "up")
        return (
            f"{name} is {abs(value):.{digits}f} mm too far {ways[value < 0]}, limit {abs(limit):.{digits}f} ({u}){tail}"
        )
    if m.kind == "rotation":
        way = "clockwise" if value > 0 else "counterclockwise"
        return f"{name} is turned {abs(value):.{digits}f} degrees {way}, limit {abs(limit):.{digits}f} ({u}){tail}"
    if m.kind == "scale":
        way = "larger" if value > 1 else "smaller"
        excess, allowed, u = (f"{100 * x:.2f} %" for x in (abs(value - 1), abs(limit - 1), m.u))
        return f"{name} is {excess} {way} than on the golden, limit {allowed} (u {u}){tail}"
    if m.kind == "border":
        return f"{_border(m, name, shown)}, limit {bound} ({u}){tail}"
    unit = "" if m.unit == "1" else f" {m.unit}"
    side = "upper" if over else "lower"
    return f"{name} is {shown}{unit}, {side} limit {bound} ({u}){tail}"


def _border(m: Measurement, name: str, shown: str) -> str:
    """How wide a border is where it is worst, and which part of the edge that is."""
    words = f"{name} is {shown} mm wide"
    if m.where_mm is not None:
        x, y = m.where_mm
        way = round(math.degrees(math.atan2(y, x)) / 45) % 8
        words += f" at the {_SIDES[way]} edge (x {x:.1f}, y {y:.1f} mm)"
    share = m.detail.get("share_below")
    if isinstance(share, float) and share > 0:
        words += f", {100 * share:.1f} % of it below the limit"
    return words


def departure(m: Measurement, name: str, tolerance: Decimal | None) -> str:
    """Where the outline departs by more than the tolerance of a size that does not show it, or nothing."""
    told = m.detail.get("departure")
    if not isinstance(told, dict) or tolerance is None:
        return ""
    by, (x, y) = float(told["mm"]), told["at_mm"]
    if Decimal(repr(abs(by))) <= tolerance:
        return ""
    side = "outside" if by > 0 else "inside"
    return (
        f"{name} is within its limits, but at x {x:.1f}, y {y:.1f} mm the outline lies {abs(by):.2f} mm {side} the "
        f"golden's (u {told['u_mm']:.2f}), more than the tolerance of {tolerance:f}: look at it there"
    )


def unproven(guard_band: GuardBand) -> str:
    """What is added where a number counts against the unit although its uncertainty reaches over the limit."""
    if guard_band == "consumer":
        return "; it is not surely within, and the sheet's guard band is the consumer's"
    return "; the sheet asks for no guard band" if guard_band == "none" else ""


def unsupported(m: Measurement, name: str, best: float, accept: float) -> str:
    """Why a colour cannot be judged from this photo at all."""
    value = m.value if m.value is not None else 0.0
    best = math.ceil(10 * best) / 10
    if m.detail.get("side_by_side") is True:
        do = "light both more evenly, with a colour card beside them, or agree a wider limit"
    elif "same bench" not in m.method:
        do = "photograph golden and unit side by side, or both on the bench"
    elif "specular_share" in m.detail:
        do = "seal with further photos of the golden laid down again (--again), or agree a wider limit"
    else:
        do = "photograph with less compression (JPEG of quality 95, PNG), or agree a wider limit"
    shown, u, _ = colour_digits(value, m.u, ())
    return (
        f"{name} is {shown} CIEDE2000 from the golden (u {u}): this photo can support a limit of {best:.1f} "
        f"at best, the sheet asks for {accept:g}; {do}"
    )


def colour_digits(value: float, u: float, limits: Sequence[Decimal], *, by_value: bool = False) -> tuple[str, str, int]:
    """A colour difference and its u as they are to be shown, and the decimals that the limits are shown with.

    Two decimals, unless value - u or value + u would then seem to lie on the other side of an inclusive limit than they
    do; then three, with u rounded up or down as need be. by_value : the value decides, whatever u, and must not seem to
    lie on the other side either.
    """
    digits = 2
    while any(Decimal(f"{limit:.{digits}f}") != limit for limit in limits) and digits < 9:
        digits += 1

    def sides(v: Decimal, reach: Decimal) -> list[tuple[bool, bool, bool]]:
        return [(v + reach <= limit, v - reach > limit, by_value and v <= limit) for limit in limits]

    truth = sides(Decimal(repr(float(value))), Decimal(repr(float(u))))
    forms = [(2, ROUND_HALF_EVEN), (3, ROUND_HALF_EVEN), (3, ROUND_CEILING), (3, ROUND_FLOOR)]
    shown = wide = Decimal(0)
    for places, rounding in [*forms, *((d, ROUND_HALF_EVEN) for d in range(4, 10))]:
        shown = Decimal(f"{value:.{places}f}")
        wide = Decimal(u).quantize(Decimal(1).scaleb(-places), rounding)
        if sides(shown, wide) == truth:
            break
    return f"{shown}", f"{wide}", max(digits, -int(shown.as_tuple().exponent))


def finding(f: Finding | FindingDocument, extent_mm: float, limit_mm: float | None, limit_for: str = "") -> str:
    """A finding with its extent, place and limit. limit_for : what the limit is for, "" where it holds everywhere."""
    digits = _digits(extent_mm, [] if limit_mm is None else [limit_mm], 2)
    what = "long" if f.kind == "scratch" else "across"
    place = f" in {f.region}" if f.region else ""
    words = f"{f.kind} {extent_mm:.{digits}f} mm {what}{place} at x {f.x_mm:.1f}, y {f.y_mm:.1f} mm"
    if limit_mm is None:
        return f"{words} (u {f.u_mm:.{digits}f})"
    held = f" for {limit_for}" if limit_for else ""
    return f"{words}, limit {limit_mm:.{digits}f}{held} (u {f.u_mm:.{digits}f})"


def unsure(score: float, below: float) -> str:
    """Of a finding whose score is lower than its model is sure from; ``math.inf`` where it never is."""
    if math.isinf(below):
        return "the model was never tried with such a finding"
    return (
        f"the model is sure of such a finding from a score of {below:.2f} on, here {math.floor(100 * score) / 100:.2f}"
    )


def _digits(value: float, limits: Sequence[float], least: int) -> int:
    """Decimals enough to print every limit exactly and the value apart from it."""
    for digits in range(least, 9):
        exact = all(float(f"{limit:.{digits}f}") == limit for limit in limits)
        if exact and all(value == limit or f"{value:.{digits}f}" != f"{limit:.{digits}f}" for limit in limits):
            return digits
    return 9


def _colour_direction(m: Measurement) -> str:
    lab, golden = m.detail.get("lab"), m.detail.get("lab_golden")
    if not isinstance(lab, list | tuple) or not isinstance(golden, list | tuple):
        return ""
    words = (("lighter", "darker"), ("redder", "greener"), ("yellower", "bluer"))
    shifts = [(float(a) - float(b), pair) for a, b, pair in zip(lab, golden, words, strict=True)]
    strongest = sorted((s for s in shifts if abs(s[0]) >= NOTICEABLE), key=lambda s: -abs(s[0]))[:2]
    return " and ".join(pair[shift < 0] for shift, pair in strongest)


def _boundary_way(m: Measurement) -> str:
    signed = m.detail.get("signed_mm")
    if not isinstance(signed, int | float) or signed == 0:
        return ""
    way = " outwards" if signed > 0 else " inwards"
    return way + (", as where fill is missing" if m.detail.get("shape") == "bay" else "")


def _offset_direction(m: Measurement) -> str:
    parts = []
    for key, ways in (("dx", ("right", "left")), ("dy", ("down", "up"))):
        shift = m.detail.get(key)
        if isinstance(shift, int | float) and abs(shift) >= 0.005:
            parts.append(f"{abs(shift):.2f} mm {ways[shift < 0]}")
    return ", ".join(parts)


def no_thickness(name: str) -> str:
    """What is in millimetres cannot be judged by a sheet without a thickness."""
    return f"{name} is not judged: the control sheet gives no thickness_mm, so there is no scale in millimetres"
