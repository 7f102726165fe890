"""Documents to send or to confirm: the approval statement, the regions, the one-page summary of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError
from station.values.documents import Verdict

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.service.views import UnitView

PICTURES = 4
"""Annotated pictures on the summary; more would not stay on one page."""


def lot_summary(station: Station, lot: str) -> bytes:
    """PDF bytes of the one-page summary of a decided lot. Raises NotFoundError where it is not decided yet."""
    from station.report.summary import lot_summary as write

    document = station.lot_document(lot)
    units = station.units(lot=lot)
    golden = station.golden(document.golden)
    pictures = [station.unit_picture(u.id, kind="annotated").data for u in worst_units(units)[:PICTURES]]
    return write(
        document,
        [station.unit_document(u.id) for u in units],
        title=golden.product or golden.sku,
        sheet_number=golden.sku,
        pictures=pictures,
    )


def worst_units(units: list[UnitView]) -> list[UnitView]:
    """Flagged units that have an annotated picture: nonconforming first, the one farthest beyond its limit first."""
    flagged = [u for u in units if u.verdict is not Verdict.CONFORMS and u.has_pictures]
    return sorted(flagged, key=lambda u: (u.verdict is not Verdict.NONCONFORMS, u.margin or 0.0, u.unit))


def approval_statement(station: Station, number: str) -> str:
    """The sentence in which the buyer approves the newest version of a golden sample.

    Raises RequestError where its control sheet gives neither ``received_on`` nor ``approved_on``.
    """
    from station.quality.golden import approval_statement as write
    from station.sheet import load_sheet

    record = load_sheet(station.golden_sheet(number).encode()).golden
    received = record.received_on or record.approved_on
    if received is None:
        raise RequestError(
            f"the control sheet of {number} says neither received_on nor approved_on",
            "Add the date to its [golden] table and seal it again.",
        )
    return write(number=number, version=station.golden(number).version, received_on=received)


def region_picture(station: Station, number: str, version: int | None = None) -> bytes:
    """PNG bytes of :func:`region_raster`."""
    from station.report.pictures import png

    return png(region_raster(station, number, version))


def region_raster(station: Station, number: str, version: int | None = None) -> RGB:
    """The golden with every region outlined and named, for a person to confirm. Raises NotFoundError without any."""
    import numpy as np

    from station.measure.coverage import uncovered_enamel
    from station.measure.regions import region_picture as draw

    master = station.master(number, version)
    if not master.regions:
        raise NotFoundError(f"golden {number} has no regions", "Name regions in its control sheet and seal it again.")
    uncovered = np.zeros(master.labels.shape, dtype=bool)
    for piece in uncovered_enamel(master):
        uncovered |= piece.where
    return draw(master.image, master.labels, [r.name for r in master.regions], uncovered)
