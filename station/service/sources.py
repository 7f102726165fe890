"""Where the numbers of a recorded unit come from: bench, card and calibrations, and the control sheet's own words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from station.service import views
from station.store import inspections, records

if TYPE_CHECKING:
    from station.service.station import Station
    from station.store.database import Database

_TABLES = {"colour": "regions", "boundary-shift": "regions", "size": "sizes", "entered": "entered"}
"""The table of a sheet in which a characteristic stands, by its first word; that of the others is ``marks``."""
_LONGEST = 120
"""Characters of a line of the sheet that are shown: polygons have hundreds."""


def sources(station: Station, db: Database, unit_id: int) -> views.SourcesView:
    """What is known of it now. Raises NotFoundError for an unknown unit."""
    unit = inspections.unit(db, unit_id)
    golden = records.golden(db, unit.golden, unit.golden_version)
    document = json.loads(unit.document)
    rig, told, dates = _bench(station, golden.sheet_toml, str(document["calibration"]))
    blocks = sheet_blocks(golden.sheet_toml)
    rows = []
    for name in dict.fromkeys(m["characteristic"] for m in document["measurements"]):
        first, _, own = name.partition(":")
        text = blocks.get((_TABLES.get(first, "marks"), own))
        if text is not None:
            rows.append(views.SheetRowView(characteristic=name, text=text))
    return views.SourcesView(
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


def _bench(station: Station, toml: str, digest: str) -> tuple[str | None, str, tuple[views.SourceDate, ...]]:
    from station.calibrate.card import BUILT_IN
    from station.service.recorded import with_calibration
    from station.sheet import load_sheet

    rigs = [*(r.name for r in station.bench.rigs()), None]
    found = with_calibration(station, digest, load_sheet(toml.encode()).viewing, rigs, [None, *BUILT_IN])
    if found is None:
        return None, (
            "the record names its calibration by digest, and no bench and card known here have it now: the bench was "
            "calibrated anew since, or the colour card was one of your own"
        ), ()  # fmt: skip
    rig, card = found
    if rig is None:
        return None, f"no bench: the photo's own colour card ({card or 'the usual one'}) is all that was known", ()
    now = station.bench.calibration(rig, card)
    dates = []
    if now.lens is not None:
        figure = f"reprojection {now.lens.rms_px:.2f} px, from {now.lens.images} pictures"
        dates.append(
            views.SourceDate(kind="lens", made_at=now.lens.made_at, expires_at=now.lens.expires_at, figure=figure)
        )
    if now.light is not None:
        figure = f"uniformity {now.light.uniformity:.3f}, from {now.light.images} pictures"
        dates.append(
            views.SourceDate(kind="light", made_at=now.light.made_at, expires_at=now.light.expires_at, figure=figure)
        )
    return rig, f"bench {rig}, as it is calibrated now", tuple(dates)
