"""The bench calibration that a recorded unit was measured with, found by its digest among all that were ever stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from station.errors import RequestError, RigError
from station.store import records

if TYPE_CHECKING:
    from station.service.station import Station
    from station.sheet.models import Viewing
    from station.store.database import Database
    from station.store.rows import RigRow
    from station.values.bench import Calibration, CardReference, LensCalibration, LightCalibration


@dataclass(frozen=True, slots=True)
class Past:
    """A bench with what was known of it at a time. exact : its digest is that on record, with a card known here; else
    it is the golden sample's bench as the calibrations stored then say. newest : none was stored since."""

    rig: str
    lens: LensCalibration | None
    light: LightCalibration | None
    exact: bool
    newest: bool


def past(
    station: Station, db: Database, *, digest: str, at: datetime, viewing: Viewing, golden_rig: str | None
) -> Past | None:
    """The bench of a unit that was inspected ``at`` some time; None where no bench matches and the golden has none.

    A record names card, rig, lens and light by one digest, and cards of the user's own are not kept. So each bench is
    tried as it stood then, with each card known here; where none matches, it is told for the golden sample's bench.
    """
    cards = tuple(_cards(station))
    likely = None
    for name in sorted({row.name for row in records.rig_versions(db)}, key=lambda name: name != golden_rig):
        for row in [row for row in records.rig_versions(db) if row.name == name and row.added_at <= at]:
            found, newest = _as_of(db, row, at)
            if any(_digest(db, row, found, one, at, viewing) == digest for one in cards):
                return Past(name, found.lens, found.light, exact=True, newest=newest)
            if likely is None and name == golden_rig:
                likely = Past(name, found.lens, found.light, exact=False, newest=newest)
    return likely


def _as_of(db: Database, row: RigRow, at: datetime) -> tuple[Calibration, bool]:
    from station.values.bench import Calibration, LensCalibration, LightCalibration, Rig

    stored = {kind: records.calibrations(db, row.id, kind) for kind in ("lens", "light")}
    then = {kind: next((c for c in rows if c.made_at <= at), None) for kind, rows in stored.items()}
    lens, light = then["lens"], then["light"]
    found = Calibration(
        cards=(),
        rig=Rig.model_validate_json(row.document),
        lens=LensCalibration.from_dict(json.loads(lens.document)) if lens else None,
        light=LightCalibration.from_dict(json.loads(light.document)) if light else None,
    )
    newest = all(rows[0] is then[kind] for kind, rows in stored.items() if rows)
    return found, newest and records.rig(db, row.name).id == row.id


def _digest(
    db: Database, row: RigRow, found: Calibration, cards: Sequence[CardReference], at: datetime, viewing: Viewing
) -> str:
    from station.calibrate.bounds import hold_to_viewing, with_faults
    from station.values.light import LightCheck

    checks = records.light_checks(db, row.id, since=found.light.made_at) if found.light else []
    before = [LightCheck.from_dict(json.loads(c.document)) for c in checks if c.at <= at]
    then = with_faults(replace(found, cards=tuple(cards)), before[-1] if before else None, now=at)
    return hold_to_viewing(then, viewing, now=at).digest


def _cards(station: Station) -> Iterator[tuple[CardReference, ...]]:
    """The cards known here: that of the settings, the built-in ones, and that of the sample data where it is there."""
    from station.calibrate.card import BUILT_IN, load_cards
    from station.values.samples import samples_folder

    known: list[str | None] = [station.settings.card, *BUILT_IN]
    with suppress(RequestError):  # the sample pictures may not be installed
        known.append(str(samples_folder() / "bench" / "card.toml"))
    for name in known:
        try:
            yield load_cards(name)
        except RigError:
            continue
