"""Where the numbers of a recorded unit come from: bench, card and calibrations, and the control sheet's own words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from station.service import review_views
from station.service.past_calibrations import past
from station.store import inspections, records

if TYPE_CHECKING:
    from station.service.station import Station
    from station.store.database import Database
    from station.store.rows import GoldenRow, UnitRow

_TABLES = {"colour": "regions", "boundary-shift": "regions", "size": "sizes", "entered": "entered"}
"""The table of a sheet in which a characteristic stands, by its first word; that of the others is ``marks``."""
_LONGEST = 120
"""Characters of a line of the sheet that are shown: polygons have hundreds."""


def sources(station: Station, db: Database, unit_id: int) -> review_views.SourcesView:
    """What is known of it now. Raises NotFoundError for an unknown unit."""
    unit = inspections.unit(db, unit_id)
    golden = records.golden(db, unit.golden, unit.golden_version)
    document = json.loads(unit.document)
    rig, told, dates = _bench(station, db, unit, golden, str(document["calibration"]))
    blocks = sheet_blocks(golden.sheet_toml)
    rows = []
    for name in dict.fromkeys(m["characteristic"] for m in document["measurements"]):
        first, _, own = name.partition(":")
        text = blocks.get((_TABLES.get(first, "marks"), own))
        if text is not None:
            rows.append(review_views.SheetRowView(characteristic=name, text=text))
    return review_views.SourcesView(
        rig=rig, told=told, dates=dates, golden_sealed_at=golden.sealed_at, golden_rig=golden.rig, rows=tuple(rows)
    )


def sheet_blocks(toml: str) -> dict[tuple[str, str], str]:
    """The text of each named row of a control sheet, by its table and its name: ``[[regions]]`` to the next table."""
    found: dict[tuple[str, str], str] = {}
    for block in re.split(r"(?m)^(?=\s*\[)", toml):
        head = re.match(r"\s*\[\[\s*(\w+)\s*\]\]", block)
        name = re.search(r"(?m)^\s*name\s*=\s*[\"'](.*?)[\"']", block)
        if head and name:
            lines = [line.rstrip() for line in block.strip().splitlines()]
            found[head[1], name[1]] = "\n".join(f"{x[:_LONGEST]} …" if len(x) > _LONGEST else x for x in lines)
    return found


def _bench(
    station: Station, db: Database, unit: UnitRow, golden: GoldenRow, digest: str
) -> tuple[str | None, str, tuple[review_views.SourceDate, ...]]:
    from station.calibrate.card import BUILT_IN
    from station.service.recorded import with_calibration
    from station.sheet import load_sheet

    viewing = load_sheet(golden.sheet_toml.encode()).viewing
    found = past(station, db, digest=digest, at=unit.inspected_at, viewing=viewing, golden_rig=golden.rig)
    if found is None or not found.exact:
        card_alone = with_calibration(station, digest, viewing, [None], [None, *BUILT_IN])
        if card_alone is not None:
            return None, f"no bench: the photo's own colour card ({card_alone[1] or 'the usual one'}) was all", ()
    if found is None:
        return None, (
            "the record names its calibration by digest, and no bench and card known here had it then: the colour card "
            "was one of your own, and the golden sample names no bench"
        ), ()  # fmt: skip
    since = "as it is calibrated now" if found.newest else "as it was calibrated then; it was calibrated anew since"
    told = f"bench {found.rig}, {since}"
    if not found.exact:
        told = (
            f"bench {found.rig} by the golden sample's record, {since}. The digest on record cannot be compared: it "
            "covers the colour card, which was one of your own and is not known here"
        )
    dates = []
    if found.lens is not None:
        figure = f"reprojection {found.lens.rms_px:.2f} px, from {found.lens.images} pictures"
        dates.append(
            review_views.SourceDate(
                kind="lens", made_at=found.lens.made_at, expires_at=found.lens.expires_at, figure=figure
            )
        )
    if found.light is not None:
        figure = f"uniformity {found.light.uniformity:.3f}, from {found.light.images} pictures"
        dates.append(
            review_views.SourceDate(
                kind="light", made_at=found.light.made_at, expires_at=found.light.expires_at, figure=figure
            )
        )
    return found.rig, told, tuple(dates)
