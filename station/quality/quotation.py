"""What a request for quotation asks and tells, from the control sheet and the lots that failed (N15-N17, W14, W15).

Tiers, lead times and minimum quantities are those of the trade for metal promotional goods out of China in 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from station.errors import RequestError
from station.sheet import Sheet
from station.values.orders import BULK_DAYS, MORE_DAYS, SAMPLE_DAYS

TIERS: Final = (100, 300, 500, 1000)
"""Units a SKU to be quoted."""
MOQ: Final = {"pin": "100", "coin": "100", "keychain": "100-300", "medal": "100", "magnet": "300 or more, carded"}
SPEND: Final = frozenset({"pin", "coin", "magnet", "keychain", "pack"})
"""Product types of which it is known where tolerance and inspection effort pay (N17)."""
CONTROLS: Final = ("plating", "in-line", "sort", "packing")
"""What is quoted apart: upgraded plating control, in-line inspection, 100 % sorting, custom packing (N11)."""


@dataclass(frozen=True, slots=True)
class FailedLot:
    """A lot of the product that was refused. counts : units by what was wrong. version : of the golden sample, by which
    it was judged; 0 where that is not told."""

    lot: str
    inspected: int
    nonconforming: int
    counts: dict[str, int]
    version: int = 0


@dataclass(frozen=True, slots=True)
class Quotation:
    """What the annex says. sensitive : characteristics of class critical or major, as the sheet names them.

    use, budget : as the buyer says them, "" where he does not. moq, spend : usual for the type, "" where unknown.
    """

    tiers: tuple[int, ...]
    sample_days: tuple[int, int]
    bulk_days: tuple[int, int]
    more_days: tuple[int, int]
    moq: str
    spend: str
    sensitive: tuple[str, ...]
    failed: tuple[FailedLot, ...]
    use: str
    budget: str


def quotation(
    sheet: Sheet, failed: tuple[FailedLot, ...], *, use: str = "", budget: str = "", quantities: tuple[int, ...] = ()
) -> Quotation:
    """The annex of a product. quantities : to be quoted beside the usual tiers.

    Raises RequestError for a quantity below 1, or more than twelve of them.
    """
    if any(q < 1 for q in quantities) or len(quantities) > 12:
        raise RequestError("the quantities make no sense", "Give up to twelve, each 1 or more.")
    kind = sheet.product.type
    rows = [(f"colour:{r.name}", r.defect_class) for r in sheet.regions]
    rows += [(f"mark:{m.name}", m.defect_class) for m in sheet.marks]
    rows += [(s.characteristic, s.defect_class) for s in sheet.sizes]
    rows += [(f"entered:{e.name}", e.counted_class) for e in sheet.entered]
    rows += [(d.kind, d.counted_class) for d in sheet.defects]
    ordered = sorted((c, i, name) for i, (name, c) in enumerate(rows) if c != "minor")
    return Quotation(
        tiers=tuple(sorted({*TIERS, *quantities})), sample_days=SAMPLE_DAYS, bulk_days=BULK_DAYS, more_days=MORE_DAYS,
        moq=MOQ.get(kind, ""), spend=kind if kind in SPEND else "",
        sensitive=tuple(dict.fromkeys(name for _, _, name in ordered)), failed=failed, use=" ".join(use.split()),
        budget=" ".join(budget.split()),
    )  # fmt: skip
