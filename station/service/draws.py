"""Pick lists: which units of a lot are pulled, kept with the seed they came from, and held against what was pulled."""

from __future__ import annotations

import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from station.errors import RequestError
from station.service.lots import draw_of_lot, golden_of_lot, known_golden, vet_lot_id
from station.service.streams import Streams
from station.service.values_file import read_table
from station.store import records, streams
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.digest import digest
from station.values.documents import DefectClass
from station.values.draw import CartonDocument, DrawDocument, IntegrityDocument, PickDocument
from station.values.spreadsheet import csv_text

if TYPE_CHECKING:
    from station.lots.draw import Carton, Pick
    from station.sheet import Aql

RULES = ("standard", "receipt")
LARGEST_SEED = 2**31
_PICKED = ("carton", "position", "third")  # columns of a pick list between its units and what cartons are marked with


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What a lot is sampled by. golden, version, stream : None where they are not known. words : where it comes from.
    samples : of each class."""

    golden: str | None
    version: int | None
    stream: str | None
    words: str
    severities: dict[DefectClass, str]
    samples: dict[DefectClass, int]

    @property
    def known(self) -> bool:
        """Whether somebody agreed to it."""
        return self.golden is not None or self.stream is not None


class Draws:
    """The use cases of pick lists, for one :class:`station.service.Station`. units_of : a lot's units as it counts
    them. require : raises ConflictError where a gate of a lot's order is closed."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], datetime],
        units_of: Callable[[str], Sequence[UnitRow]],
        lot_streams: Streams,
        require: Callable[[str, str], None],
    ) -> None:
        self._db, self._clock, self._units_of, self._streams = db, clock, units_of, lot_streams
        self._require = require

    def draw(
        self,
        lot: str,
        *,
        size: int | None = None,
        cartons: Path | int | None = None,
        rule: str = "standard",
        units: int | None = None,
        seed: int | None = None,
        golden: str | None = None,
        stream: str | None = None,
    ) -> DrawDocument:
        """Draw the sample of a lot and keep the list; the newest list of a lot is in force.

        The lot is held from then on to the golden version, and decided by the stream, that the list names.

        Parameters
        ----------
        size
            Units in the lot; with a file of cartons their sum.
        cartons
            A CSV file with the columns carton and units, in pack order, and lot_code, plated, assembler, line where the
            cartons carry them; or how many cartons share the lot evenly; one without it.
        rule
            ``standard``, the largest sample of the control sheet's plans (of the stream's, or of AQL 2.5 and 4.0, where
            no golden is known); ``receipt``, 32 to 50 units of lots below 5,000, 50 to 80 up to 20,000. Neither where
            ``units`` is given.
        seed
            Draws the same list again; without it a random one.
        golden
            The golden sample that a lot without inspected units will be held to; without it that of the list before.
        stream
            The stream of lots it belongs to, whose severities in force decide the sample; without it that of the list
            before.

        Raises
        ------
        RequestError
            Sizes that do not agree, an unknown rule, more units than the lot has, a file that cannot be used, a stream
            that does not agree with the sheet or whose inspection is discontinued.
        NotFoundError, ConflictError
            There is no such golden or stream; the lot is held to another golden, or a gate before its own is closed.
        """
        from station.lots.draw import draw, even_cartons, receipt_sample, strata_of
        from station.lots.plans import one_of

        vet_lot_id(lot)
        one_of("rule", rule, RULES)
        self._require(lot, "drawn")
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
        agreed = self._agreed(lot, total, golden, stream)
        asked = max(agreed.samples.values())
        if units is not None:
            n, told = units, "as asked for"
        elif rule == "receipt" and (found := receipt_sample(total, len(strata_of(packed)))) is not None:
            n, told = found, f"receipt of a lot of {total}"
        else:
            if rule == "receipt":
                remarks.append(f"a receipt of {total} units is sampled by the standard")
            n, told = asked, agreed.words
        if agreed.known and n < asked:
            remarks.append(f"the plans take {asked} units: with {n} the lot can be rejected, not accepted")
        seed = secrets.randbelow(LARGEST_SEED) if seed is None else seed
        picks = _picks(draw(packed, n, random.Random(seed)), 1)
        cover = _cover(packed, picks)
        for name, counts in cover.items():
            lacking = [v for v, count in counts.items() if not count]
            if lacking and name != "carton":
                remarks.append(f"no unit is drawn of {name} {', '.join(lacking)}: {n} are too few")
        document = DrawDocument(
            lot=lot, size=total, n=n, rule=told, seed=seed, at=self._clock(), cartons=len(packed),
            picks=picks, cover=cover, remarks=tuple(remarks),
            golden=agreed.golden, golden_version=agreed.version, stream=agreed.stream,
            severities=agreed.severities if agreed.known else {}, samples=agreed.samples if agreed.known else {},
            packing=tuple(
                CartonDocument(carton=c.name, units=c.units, identifiers=dict(c.identifiers)) for c in packed
            ),
        )  # fmt: skip
        return self._keep(document)

    def draw_next(self, lot: str, n: int) -> DrawDocument | None:
        """Draw from what is left of a lot the units that complete its pick list to ``n``, as its next sample.

        The list's seed and the sample's number give the same units again. None, and nothing is drawn, where the list
        has as many already, or was drawn when what its cartons hold was not kept. Raises NotFoundError where nothing
        was drawn.
        """
        from station.lots.draw import Carton, draw

        before = self.newest(lot)
        if n <= before.n or not before.packing:
            return None
        packed = [Carton(c.carton, c.units, c.identifiers) for c in before.packing]
        taken: dict[str, set[int]] = {}
        for p in before.picks:
            taken.setdefault(p.carton, set()).add(p.position)
        sample = before.last + 1
        more = _picks(draw(packed, n - before.n, random.Random(f"{before.seed} sample {sample}"), taken), sample)
        order = {c.name: i for i, c in enumerate(packed)}
        picks = tuple(sorted((*before.picks, *more), key=lambda p: (order[p.carton], p.position)))
        return self._keep(
            before.model_copy(update={"n": n, "at": self._clock(), "picks": picks, "cover": _cover(packed, picks)})
        )

    def _keep(self, document: DrawDocument) -> DrawDocument:
        content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
        document = document.model_copy(update={"digest": digest(content)})
        streams.add_draw(
            self._db, lot=document.lot, document=document.model_dump_json(by_alias=True), digest=document.digest,
            at=document.at,
        )  # fmt: skip
        return document

    def newest(self, lot: str) -> DrawDocument:
        """The pick list of a lot that is in force. Raises NotFoundError where none was drawn."""
        return DrawDocument.model_validate_json(streams.newest_draw(self._db, lot))

    def in_drawn_order(self, lot: str) -> tuple[str, ...]:
        """The units of a lot's pick list in an order that its seed gives; empty where nothing was drawn.

        A class with a smaller sample takes the first of them, and these are from all over the lot; in the order of
        their names they would be the first cartons'. A second sample comes after the first.
        """
        drawn = draw_of_lot(self._db, lot)
        if drawn is None:
            return ()
        samples = [[p.label for p in drawn.picks if p.sample == k] for k in range(1, drawn.last + 1)]
        return tuple(label for labels in samples for label in shuffled(drawn.seed, labels))

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
            more = (*_PICKED, "sample", *IDENTIFIERS)
            here = [row.text("unit") for row in read_table(file, required=("unit",), optional=more)]
        found = integrity([p.label for p in drawn.picks], here)
        return IntegrityDocument(
            lot=lot, draw=drawn.digest, drawn=drawn.n, pulled=len(here), missing=found.missing, doubled=found.doubled,
            foreign=found.foreign, ok=found.ok,
        )  # fmt: skip

    def _agreed(self, lot: str, size: int, golden: str | None, stream: str | None) -> _Agreed:
        from station.lots.decide import sample_sizes
        from station.sheet import Aql, load_sheet

        before = draw_of_lot(self._db, lot)
        stream = before.stream if stream is None and before is not None else stream
        opened = any(x.name == lot for x in records.lots(self._db))
        row: GoldenRow | None
        if golden is not None:
            row = golden_of_lot(self._db, golden, lot) if opened else records.golden(self._db, golden)
        else:
            row = known_golden(self._db, lot)
        if row is not None:
            aql, words = load_sheet(row.sheet_toml.encode()).aql, "its control sheet"
        elif stream is not None:
            aql, words = self._streams.agreed(stream), f"stream {stream}"
        else:
            aql, words = Aql(), "AQL 2.5 and 4.0"
        severities: dict[DefectClass, str] = {}
        if stream is not None:
            severities = self._streams.severities(stream, aql, lot)
            aql = self._streams.held(stream, aql)
        names = ", ".join(f"{c} {s}" for c, s in severities.items()) or aql.severity
        kind = "" if aql.type == "single" else f"{aql.type} plans, "
        words = f"{words}, stream {stream}" if row is not None and stream is not None else words
        return _Agreed(
            golden=None if row is None else row.number, version=None if row is None else row.version, stream=stream,
            words=f"{aql.edition}, level {aql.level}, {kind}{names}, {words}",
            severities=severities or dict.fromkeys(_switched(aql), aql.severity),
            samples=sample_sizes(aql, size, severities),
        )  # fmt: skip


def shuffled(seed: int, labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in a random order that a draw's seed gives, whatever order they come in."""
    return tuple(sorted(labels, key=lambda label: sha256(f"{seed}:{label}".encode()).hexdigest()))


def _switched(aql: Aql) -> list[DefectClass]:
    from station.lots.decide import CLASSES

    return [c for c in CLASSES if getattr(aql, c) > 0]


def picks_csv(document: DrawDocument) -> str:
    """The pick list as CSV, to print or to fill in: label, carton, position, third, what the carton is marked with, and
    the sample where there are several."""
    several = document.last > 1
    names = list(dict.fromkeys(k for p in document.picks for k in p.identifiers))
    rows: list[list[object]] = [["unit", *_PICKED, *(["sample"] if several else []), *names]]
    for p in document.picks:
        own = [p.label, p.carton, p.position, p.third, *([p.sample] if several else [])]
        rows.append([*own, *(p.identifiers.get(n, "") for n in names)])
    return csv_text(rows)


def picks_as(document: DrawDocument, form: Literal["pdf", "csv"]) -> bytes:
    """The pick list as the bytes of a file: to print, or to fill in."""
    from station.report.pick_list import pick_list_pdf

    return pick_list_pdf(document) if form == "pdf" else picks_csv(document).encode()


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


def _picks(picks: Iterable[Pick], sample: int) -> tuple[PickDocument, ...]:
    return tuple(PickDocument(label=p.label, sample=sample, **asdict(p)) for p in picks)


def _cover(packed: Sequence[Carton], picks: Sequence[PickDocument]) -> dict[str, dict[str, int]]:
    """Units drawn of every carton, third and value of what cartons are marked with."""
    from station.lots.draw import IDENTIFIERS

    cover = {}
    for name in ("carton", "third", *IDENTIFIERS):
        drawn = Counter(_value(p, name) for p in picks)
        counts = {v: drawn[v] for v in _values(packed, name)}
        if counts:
            cover[name] = counts
    return cover


def _value(pick: PickDocument, name: str) -> str:
    if name in ("carton", "third"):
        return str(getattr(pick, name))
    return pick.identifiers.get(name, "")
