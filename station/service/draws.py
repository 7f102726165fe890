"""Pick lists: which units of a lot are pulled, kept with the seed they came from, and held against what was pulled."""

from __future__ import annotations

import csv
import io
import random
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError
from station.service.lots import vet_lot_id
from station.service.values_file import read_table
from station.store import records, streams
from station.store.database import Database
from station.store.rows import UnitRow
from station.values.digest import digest
from station.values.draw import DrawDocument, IntegrityDocument, PickDocument

if TYPE_CHECKING:
    from station.lots.draw import Carton, Pick
    from station.sheet import Aql

RULES = ("standard", "receipt")
LARGEST_SEED = 2**31
_PICKED = ("carton", "position", "third")  # columns of a pick list between its units and what cartons are marked with


class Draws:
    """The use cases of pick lists, for one :class:`station.service.Station`. units_of : a lot's units as it counts
    them."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], units_of: Callable[[str], Sequence[UnitRow]]
    ) -> None:
        self._db, self._clock, self._units_of = db, clock, units_of

    def draw(
        self,
        lot: str,
        *,
        size: int | None = None,
        cartons: Path | int | None = None,
        rule: str = "standard",
        units: int | None = None,
        seed: int | None = None,
    ) -> DrawDocument:
        """Draw the sample of a lot and keep the list; the newest list of a lot is in force.

        Parameters
        ----------
        size
            Units in the lot; with a file of cartons their sum.
        cartons
            A CSV file with the columns carton and units, in pack order, and lot_code, plated, assembler, line where the
            cartons carry them; or how many cartons share the lot evenly; one without it.
        rule
            ``standard``, the largest sample of the control sheet's plans (of AQL 2.5 and 4.0 for a lot that is not
            known yet); ``receipt``, 32 to 50 units of lots below 5,000, 50 to 80 up to 20,000. Neither where ``units``
            is given.
        seed
            Draws the same list again; without it a random one.

        Raises
        ------
        RequestError
            Sizes that do not agree, an unknown rule, more units than the lot has, a file that cannot be used.
        """
        from station.lots.draw import IDENTIFIERS, draw, even_cartons, receipt_sample, strata_of
        from station.lots.plans import one_of

        vet_lot_id(lot)
        one_of("rule", rule, RULES)
        if seed is not None and not 0 <= seed < LARGEST_SEED:
            raise RequestError(
                f"The seed {seed} is not between 0 and {LARGEST_SEED - 1}", "Leave it out for a random one"
            )
        packed = _read_cartons(cartons) if isinstance(cartons, Path) else None
        total = size if packed is None else sum(c.units for c in packed)
        if total is None:
            raise RequestError("The size of the lot is not given", "Give --size N, or a file of its cartons.")
        if size is not None and size != total:
            raise RequestError(f"The cartons hold {total} units, the lot {size}", "Correct one of them.")
        if packed is None:
            packed = even_cartons(total, cartons if isinstance(cartons, int) else 1)
        remarks: list[str] = []
        if units is not None:
            n, told = units, "as asked for"
        elif rule == "receipt" and (found := receipt_sample(total, len(strata_of(packed)))) is not None:
            n, told = found, f"receipt of a lot of {total}"
        else:
            if rule == "receipt":
                remarks.append(f"a receipt of {total} units is sampled by the standard")
            n, told = self._standard(lot, total)
        seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
        picks = draw(packed, n, random.Random(seed))
        cover: dict[str, dict[str, int]] = {}
        for name in ("carton", "third", *IDENTIFIERS):
            values = _values(packed, name)
            counts = {v: sum(_value(p, name) == v for p in picks) for v in values}
            if not counts:
                continue
            cover[name] = counts
            lacking = [v for v, count in counts.items() if not count]
            if lacking and name != "carton":
                remarks.append(f"no unit is drawn of {name} {', '.join(lacking)}: {n} are too few")
        document = DrawDocument(
            lot=lot, size=total, n=n, rule=told, seed=seed, at=self._clock(), cartons=len(packed),
            picks=tuple(PickDocument(label=p.label, **asdict(p)) for p in picks), cover=cover, remarks=tuple(remarks),
        )  # fmt: skip
        content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
        document = document.model_copy(update={"digest": digest(content)})
        streams.add_draw(
            self._db, lot=lot, document=document.model_dump_json(by_alias=True), digest=document.digest, at=document.at
        )
        return document

    def newest(self, lot: str) -> DrawDocument:
        """The pick list of a lot that is in force. Raises NotFoundError where none was drawn."""
        return DrawDocument.model_validate_json(streams.newest_draw(self._db, lot))

    def in_drawn_order(self, lot: str, units: Sequence[UnitRow]) -> list[UnitRow]:
        """The units of a lot in an order that the pick list's seed gives, those that are not on it last.

        A class with a smaller sample counts the first of them, and these are from all over the lot; in the order of
        their names they would be the first cartons'. As they are where nothing was drawn.
        """
        try:
            drawn = self.newest(lot)
        except NotFoundError:
            return list(units)
        listed = {p.label for p in drawn.picks}

        def place(unit: str) -> tuple[bool, str]:
            return unit not in listed, sha256(f"{drawn.seed}:{unit}".encode()).hexdigest() if unit in listed else ""

        return sorted(units, key=lambda u: place(u.unit))

    def pulled(self, lot: str, file: Path | None = None) -> IntegrityDocument:
        """The pulled units of a lot against its pick list.

        file : a CSV file with a column unit, a row for each unit as it was pulled, perhaps the pick list filled in;
        without it the units that were inspected, which are known once each.
        """
        from station.lots.draw import IDENTIFIERS, integrity

        drawn = self.newest(lot)
        if file is None:
            here = [u.unit for u in self._units_of(lot)]
        else:
            here = [row.text("unit") for row in read_table(file, required=("unit",), optional=(*_PICKED, *IDENTIFIERS))]
        found = integrity([p.label for p in drawn.picks], here)
        return IntegrityDocument(
            lot=lot, draw=drawn.digest, drawn=drawn.n, pulled=len(here), missing=found.missing, doubled=found.doubled,
            foreign=found.foreign, ok=found.ok,
        )  # fmt: skip

    def _standard(self, lot: str, size: int) -> tuple[int, str]:
        from station.lots.plans import code_letter, stages
        from station.sheet import Aql, load_sheet

        known = next((x for x in records.lots(self._db) if x.name == lot), None)
        aql: Aql = Aql()
        if known is not None:
            aql = load_sheet(records.golden_by_id(self._db, known.golden_id).sheet_toml.encode()).aql
        letter = code_letter(size, aql.level)
        values = [a for a in (aql.critical, aql.major, aql.minor) if a > 0]
        n = max(stages(letter, float(a), severity=aql.severity, edition=aql.edition).n[0] for a in values or [2.5])
        of = "its control sheet" if known is not None else "AQL 2.5 and 4.0"
        return min(n, size), f"{aql.edition}, level {aql.level}, {aql.severity}, {of}"


def picks_csv(document: DrawDocument) -> str:
    """The pick list as CSV, to print or to fill in: label, carton, position, third, what the carton is marked with."""
    names = list(dict.fromkeys(k for p in document.picks for k in p.identifiers))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["unit", *_PICKED, *names])
    for p in document.picks:
        writer.writerow([p.label, p.carton, p.position, p.third, *(p.identifiers.get(n, "") for n in names)])
    return out.getvalue()


def write_picks(document: DrawDocument, out: Path) -> None:
    """Write the pick list as CSV. Raises RequestError where the file cannot be written."""
    try:
        out.write_text(picks_csv(document), "utf-8", newline="")
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}", "Give another place.") from error


def _read_cartons(file: Path) -> list[Carton]:
    from station.lots.draw import IDENTIFIERS, Carton

    found = []
    for row in read_table(file, required=("carton", "units"), optional=IDENTIFIERS):
        units = row.number("units")
        if units != int(units) or units < 1:
            raise RequestError(f"{row.where}: {units:g} are no units of a carton", "Give a whole number from 1.")
        marks = {k: v for k in IDENTIFIERS if (v := row.text(k, default=""))}
        found.append(Carton(row.text("carton"), int(units), marks))
    return found


def _values(cartons: Sequence[Carton], name: str) -> list[str]:
    from station.lots.draw import THIRDS, strata_of

    if name == "carton":
        return [c.name for c in cartons]
    if name == "third":
        there = {key[0] for key in strata_of(cartons)}
        return [t for t in THIRDS if t in there]
    return list(dict.fromkeys(c.identifiers[name] for c in cartons if name in c.identifiers))


def _value(pick: Pick, name: str) -> str:
    if name in ("carton", "third"):
        return str(getattr(pick, name))
    return pick.identifiers.get(name, "")
