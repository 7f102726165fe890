"""What the next request for quotation says, so that a failed order is not repeated (N15-N17, W14, W15).

Tiers, lead times and minimum quantities are those of the trade for metal promotional goods out of China in 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from station.quality.cost import USUAL_PACKING
from station.values.nonconformity import Facts, Point
from station.values.orders import BULK_DAYS, MORE_DAYS, SAMPLE_DAYS

TIERS: Final = (100, 300, 500, 1000)
"""Units a SKU to be quoted."""
MOQ: Final = {"pin": "100", "coin": "100", "keychain": "100-300", "medal": "100", "magnet": "300 or more, carded"}
SPEND: Final = {
    "pin": "clutch retention", "coin": "consistency of the plating", "magnet": "strength of the magnet's bond",
    "keychain": "gauge of the split ring", "pack": "packing that protects glossy faces",
}  # fmt: skip
"""Where tolerance and inspection effort pay, by product type (N17)."""


def request_for_quotation(facts: Facts, points: Sequence[Point], revised_digest: str) -> Iterator[str]:
    """The annex line by line."""
    kind = facts.product_type
    yield f"Request for quotation, annex: {facts.product or facts.sku} ({facts.sku})"
    yield ""
    yield f"Standard: golden sample {facts.golden} version {facts.golden_version}, control sheet {revised_digest[:16]}."
    yield "The order is held to the revised control sheet and the inspection plan of this package."
    yield ""
    yield "Please quote:"
    yield f"- unit price FOB and MOQ at {', '.join(f'{t:,}' for t in TIERS)} units a SKU" + _moq(kind)
    yield f"- lead time of the pre-production sample (usual: {SAMPLE_DAYS[0]} to {SAMPLE_DAYS[1]} calendar days)"
    yield f"- lead time of mass production (usual: {BULK_DAYS[0]} to {BULK_DAYS[1]} days after sample approval,"
    yield f"  {MORE_DAYS[0]} to {MORE_DAYS[1]} more for antique finishes, epoxy domes, gift boxes, carding, mixed SKUs)"
    yield "- surcharge and days for: upgraded plating control, in-line inspection, 100 % visual sorting"
    low, high = USUAL_PACKING
    yield f"- surcharge for custom packing, printed cards, boxes or bags (usual: {low} to {high} USD a unit FOB)"
    yield "- if several SKUs are packed, before production: packing mockup, carton assortment plan, barcode map"
    if kind in SPEND:
        yield f"- where you would spend tolerance and inspection effort; we watch the {SPEND[kind]}"
    yield ""
    yield f"What failed in lot {facts.lot}:"
    for p in points:
        share = f"{p.item.units} of {p.item.of} {p.item.counted}"
        yield f"- {p.item.name} ({p.item.clause or p.item.kind}): {share}, class {p.item.defect_class}"


def _moq(kind: str) -> str:
    return f" (usual MOQ: {MOQ[kind]})" if kind in MOQ else ""
