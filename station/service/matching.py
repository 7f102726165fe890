"""Matched sets: parts of one photo, or recorded units that share a set identifier, held pair by pair to each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import AlignmentError, NotFoundError
from station.service.comparing import LEFTMOST, Choice, Standard, look_at, program, sealed_with_digest, worst
from station.values.comparison import PairDocument, SetDocument, SetRegionDocument
from station.values.documents import MeasurementDocument, Verdict

if TYPE_CHECKING:
    from station.comparison import Look
    from station.measure.sets import PairDifference
    from station.service.station import Station
    from station.sheet import Sets, Sheet

SET = "set"
"""The identifier in the units file that says which set a unit belongs to."""


def match_photo(
    station: Station,
    photo: Path,
    standard: Standard,
    *,
    choice: Choice = LEFTMOST,
    rig: str | None = None,
    card: str | None = None,
) -> tuple[SetDocument, Look]:
    """Hold the parts of one photo to each other; the golden need not be among them.

    Raises PhotoError, SheetError, AlignmentError where fewer than two parts can be compared.
    """
    from station.measure.sets import PairDifference

    look, _ = look_at(station, photo, standard, choice, rig, card)
    usable = [p for p in look.parts if p.usable]
    if len(usable) < 2:
        told = "; ".join(
            f"part {p.found.number}: {next(g.reason for g in p.gates if not g.ok)}" for p in look.parts if not p.usable
        )
        raise AlignmentError(
            f"{photo.name} does not show two parts that can be compared" + (f" ({told})" if told else ""),
            "Lay the whole set side by side, clear of each other.",
        )
    pairs: dict[str, list[PairDifference]] = {r.name: [] for r in look.master.regions}
    why: dict[str, str] = {}
    for a, b in combinations(usable, 2):
        for d in look.difference(a, b):
            if d.value is None:
                why.setdefault(d.name, d.why)
            else:
                pairs[d.name].append(PairDifference(f"part {a.found.number}", f"part {b.found.number}", d.value, d.u))
    failed = next((f"{g.name}: {g.reason}" for g in look.gates if not g.ok), "")
    rows = [
        region_of_set(name, found, limits_of(standard.sheet), why.get(name, ""), failed)
        for name, found in pairs.items()
    ]
    left = [
        f"part {p.found.number} is left out: {next(g.reason for g in p.gates if not g.ok)}"
        for p in look.parts
        if not p.usable
    ]
    document = _document(
        photo.stem,
        photo.name,
        "card" if look.carded else "assumed sRGB",
        [f"part {p.found.number}" for p in usable],
        rows,
    )
    return sealed_with_digest(document.model_copy(update={"remarks": tuple(left)})), look


def match_lot(station: Station, lot: str, name: str | None = None) -> list[SetDocument]:
    """Every set of a lot's recorded units, or the one of that name.

    Each unit was read through the card in its own photo, so the parts of a pair do not share one photo: what both
    photos have in common with the golden's (camera, rig, card) cancels between them, the rest of both uncertainties
    stays. The golden's own scatter is in both and is counted twice; that is to the safe side.

    Raises NotFoundError where the lot or its sets are not known.
    """
    from station.sheet import load_sheet

    view = station.lot(lot)
    sheet = load_sheet(station.golden_sheet(view.golden, view.golden_version).encode())
    sets: dict[str, dict[str, Mapping[str, MeasurementDocument]]] = {}
    for unit in station.units(lot=lot):
        key = unit.identifiers.get(SET, "")
        if not key:
            continue
        document = station.unit_document(unit.id)
        colours = {m.characteristic.partition(":")[2]: m for m in document.measurements if m.kind == "colour"}
        sets.setdefault(key, {})[unit.unit] = colours
    if not sets:
        raise NotFoundError(
            f"no unit of lot {lot} names a set",
            f"Give the units file a column {SET}: station inspect FOLDER --golden NUMBER --lot {lot} --units UNITS.csv",
        )
    if name is not None and name not in sets:
        raise NotFoundError(f"lot {lot} has no set {name!r}", f"Its sets are {', '.join(sorted(sets))}.")
    wanted = sorted(sets) if name is None else [name]
    return [_recorded(key, lot, sets[key], sheet) for key in wanted]


def _recorded(
    key: str, lot: str, members: Mapping[str, Mapping[str, MeasurementDocument]], sheet: Sheet
) -> SetDocument:
    rows = []
    for region in sheet.regions:
        found, why = [], ""
        for a, b in combinations(sorted(members), 2):
            first, second = members[a].get(region.name), members[b].get(region.name)
            pair = None if first is None or second is None else _pair(a, b, first, second)
            if pair is None:
                lacking = [n for n, m in ((a, first), (b, second)) if m is None or m.lab is None]
                why = why or f"no colour of {', '.join(lacking)} is recorded"
            else:
                found.append(pair)
        rows.append(region_of_set(region.name, found, limits_of(sheet), why, ""))
    document = _document(key, lot, "records", sorted(members), rows)
    if len(members) < 2:
        alone = f"set {key} has one unit in the records: inspect the others"
        document = document.model_copy(update={"verdict": Verdict.UNDECIDED, "reasons": (alone,)})
    return sealed_with_digest(document)


def _pair(a: str, b: str, first: MeasurementDocument, second: MeasurementDocument) -> PairDifference | None:
    """Two units of the records in one region; the difference's uncertainty is that of both against the golden."""
    import numpy as np

    from station.measure.sets import PairDifference
    from station.values.colour import Lab
    from station.values.difference import delta_e_2000

    if first.lab is None or second.lab is None:
        return None
    value = float(delta_e_2000(Lab(np.array(first.lab)), Lab(np.array(second.lab))))
    return PairDifference(a, b, value, math.hypot(first.u, second.u) / 2)


def limits_of(sheet: Sheet) -> Sets:
    """The sheet's limits for matched sets, or the usual ones where it has no ``[sets]``."""
    from station.sheet import Sets

    return sheet.sets or Sets()


def region_of_set(name: str, pairs: Sequence[PairDifference], limits: Sets, why: str, gate: str) -> SetRegionDocument:
    """What the pairs of one region say under the limits. why : why some pair has no difference. gate : why nothing of
    the photo is certified."""
    from station.measure.sets import coverage_factor, odd_one, worst_pair

    if not pairs:
        return SetRegionDocument(
            region=name, pairs=(), worst=None, odd="", accept=limits.accept, reject=limits.reject, k=2.0,
            verdict=Verdict.UNDECIDED, reason=f"{name} could not be compared" + (f": {why}" if why else ""),
        )  # fmt: skip
    k = coverage_factor(len(pairs))
    widest = worst_pair(pairs)
    odd = odd_one(pairs)
    beyond = max(pairs, key=lambda p: p.value - k * p.u)
    told = f"{name}: {widest.a} and {widest.b} lie {widest.value:.1f} CIEDE2000 apart (u {2 * widest.u:.1f})"
    if odd:
        told += f", {odd} is the odd one"
    if gate:
        verdict, reason = Verdict.UNDECIDED, f"{told}; not judged, {gate}"
    elif beyond.value - k * beyond.u > limits.reject:
        verdict, reason = Verdict.NONCONFORMS, f"{told}, limit {limits.reject:g}"
    elif why:
        verdict, reason = Verdict.UNDECIDED, f"{told}; {why}"
    elif all(p.value + 2 * p.u <= limits.accept for p in pairs):
        verdict, reason = Verdict.CONFORMS, ""
    else:
        verdict = Verdict.UNDECIDED
        reason = f"{told}, not surely within {limits.accept:g} nor surely above {limits.reject:g}: a person decides"
    return SetRegionDocument(
        region=name,
        pairs=tuple(PairDocument(a=p.a, b=p.b, value=p.value, u=2 * p.u) for p in pairs),
        worst=PairDocument(a=widest.a, b=widest.b, value=widest.value, u=2 * widest.u),
        odd=odd,
        accept=limits.accept,
        reject=limits.reject,
        k=k,
        verdict=verdict,
        reason=reason,
    )


def _document(
    name: str, source: str, basis: str, members: Sequence[str], rows: Sequence[SetRegionDocument]
) -> SetDocument:
    order = (Verdict.NONCONFORMS, Verdict.UNDECIDED)
    reasons = [r.reason for v in order for r in rows if r.verdict is v and r.reason]
    return SetDocument.model_validate(
        {
            "name": name,
            "source": source,
            "basis": basis,
            "members": tuple(members),
            "regions": tuple(rows),
            "verdict": worst([r.verdict for r in rows]),
            "reasons": tuple(reasons),
            "program": program(),
        }
    )
