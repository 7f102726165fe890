"""What a control sheet holds units to, row by row, beside what the golden sample itself is (G11, G12, T2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from station.sheet import Sheet, decimal_of
from station.values.documents import DefectClass
from station.values.line import Master

_MARK_UNITS = {"offset": "mm", "rotation": "deg", "scale": "1"}


@dataclass(frozen=True, slots=True)
class OwnValue:
    """The golden sample's own value. u : expanded uncertainty (k = 2), None where it is none. lab : of a colour."""

    value: float | None = None
    u: float | None = None
    lab: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A limit of a characteristic. review : of a colour, what is above it is refused; between ``upper`` and it a person
    decides. own : of the golden sample; None where the sheet alone knows it."""

    characteristic: str
    nominal: Decimal | None
    lower: Decimal | None
    upper: Decimal | None
    unit: str
    defect_class: DefectClass
    review: Decimal | None = None
    own: OwnValue | None = None
    surface: str = ""


def criteria(sheet: Sheet, master: Master, sizes: Mapping[str, OwnValue]) -> Iterator[Criterion]:
    """Every characteristic of the sheet that has a limit, in the sheet's order: colours, marks, sizes, values by hand.

    sizes : the golden's own, by characteristic. Limits are inclusive.
    """
    regions = {r.name: r for r in master.regions}
    for r in sheet.regions:
        region = regions.get(r.name)
        own = None
        if region is not None and region.lab is not None:
            lightness, a, b = (float(v) for v in region.lab)
            own = OwnValue(u=2 * float(region.u_lab), lab=(lightness, a, b))
        yield Criterion(
            f"colour:{r.name}", None, None, decimal_of(r.accept), "CIEDE2000", r.defect_class,
            review=decimal_of(r.reject), own=own, surface=r.surface,
        )  # fmt: skip
        if r.boundary_mm is not None:
            bound = decimal_of(r.boundary_mm)
            yield Criterion(f"boundary-shift:{r.name}", None, None, bound, "mm", r.defect_class)
    for m in sheet.marks:
        for kind, unit in _MARK_UNITS.items():
            limits = m.limits(kind)
            if limits is not None:
                yield Criterion(
                    f"{kind}:{m.name}", limits.nominal, limits.lower, limits.upper, unit, m.defect_class
                )  # fmt: skip
    for s in sheet.sizes:
        known = master.sizes_mm.get(s.name)
        mine = sizes.get(s.characteristic) or (None if known is None else OwnValue(value=known))
        limits = s.limits(known)
        unit = "deg" if s.kind == "angle" else "mm"
        yield Criterion(
            s.characteristic, limits.nominal, limits.lower, limits.upper, unit, s.defect_class, own=mine
        )  # fmt: skip
    for e in sheet.entered:
        limits = e.limits()
        yield Criterion(
            f"entered:{e.name}", limits.nominal, limits.lower, limits.upper, e.unit, e.counted_class
        )  # fmt: skip
