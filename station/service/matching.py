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
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.names import natural_key

if TYPE_CHECKING:
    from station.comparison import Look
    from station.measure.sets import PairDifference
    from station.service.station import Station
    from station.sheet import GuardBand, Sets, Sheet

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

    seen = look_at(station, photo, standard, choice, rig, card)
    look = seen.look
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
                names = (f"part {a.found.number}", f"part {b.found.number}")
                pairs[d.name].append(PairDifference(*names, d.value, d.u, d.u_none))
    rows = [
        region_of_set(name, found, standard.sheet, why=why.get(name, ""), gate=look.fault)
        for name, found in pairs.items()
    ]
    left = [
        f"part {p.found.number} is left out: {next(g.reason for g in p.gates if not g.ok)}"
        for p in look.parts
        if not p.usable
    ]
    document = _document(
        standard,
        rows,
        name=photo.stem,
        source=photo.name,
        basis=look.basis,
        sha256=look.corrected.shot.sha256,
        calibration=seen.calibration.digest,
        members=tuple(f"part {p.found.number}" for p in usable),
        remarks=tuple(left),
    )
    return sealed_with_digest(document), look


def match_lot(station: Station, lot: str, name: str | None = None) -> list[SetDocument]:
    """Every set of a lot's recorded units, or the one of that name.

    Each unit was read through the card in its own photo, so the parts of a pair do not share one photo: what both
    photos have in common with the golden's (camera, rig, card) cancels between them, the rest of both uncertainties
    stays. The golden's own scatter is in both and is counted twice; that is to the safe side. Of several inspections of
    a unit the one counts that its lot counts; a colour that a gate forbade to judge is none.

    Raises NotFoundError where the lot or its sets are not known.
    """
    from station.sheet import load_sheet

    view = station.lot(lot)
    golden = station.golden(view.golden, view.golden_version)
    sheet = load_sheet(station.golden_sheet(view.golden, view.golden_version).encode())
    standard = Standard(sheet, None, view.golden, view.golden_version, golden.digest)
    sets: dict[str, dict[str, UnitDocument]] = {}
    for row in station.standing_units(lot):
        key = row.identifiers.get(SET, "")
        if key:
            sets.setdefault(key, {})[row.unit] = UnitDocument.model_validate_json(row.document)
    if not sets:
        raise NotFoundError(
            f"no unit of lot {lot} names a set",
            f"Give the units file a column {SET}: station inspect FOLDER --golden NUMBER --lot {lot} --units UNITS.csv",
        )
    if name is not None and name not in sets:
        raise NotFoundError(f"lot {lot} has no set {name!r}", f"Its sets are {', '.join(sorted(sets))}.")
    wanted = sorted(sets) if name is None else [name]
    return [_recorded(key, lot, sets[key], standard) for key in wanted]


def _recorded(key: str, lot: str, members: Mapping[str, UnitDocument], standard: Standard) -> SetDocument:
    names = sorted(members, key=natural_key)
    colours = {
        name: {m.characteristic.partition(":")[2]: m for m in members[name].measurements if m.kind == "colour"}
        for name in names
    }
    rows = []
    for region in standard.sheet.regions:
        lacking = {name: why for name in names if (why := _lacking(name, colours[name].get(region.name)))}
        known = [(name, colours[name][region.name]) for name in names if name not in lacking]
        found = [_pair(a, b, first, second) for (a, first), (b, second) in combinations(known, 2)]
        rows.append(region_of_set(region.name, found, standard.sheet, why="; ".join(lacking.values())))
    document = _document(
        standard,
        rows,
        name=key,
        source=lot,
        basis="records",
        members=tuple(names),
        unit_digests=tuple(members[name].digest for name in names),
    )
    if len(members) < 2:
        alone = f"set {key} has one unit in the records: inspect the others"
        document = document.model_copy(update={"verdict": Verdict.UNDECIDED, "reasons": (alone,)})
    return sealed_with_digest(document)


def _lacking(unit: str, colour: MeasurementDocument | None) -> str:
    """Why a recorded unit's colour cannot be held to another's, or nothing."""
    from station.judge import is_blocked

    if colour is None:
        return f"no colour of {unit} is recorded"
    if colour.lab is None or is_blocked(colour):
        return f"the colour of {unit} cannot be used: {colour.reason}"
    return ""


def _pair(a: str, b: str, first: MeasurementDocument, second: MeasurementDocument) -> PairDifference:
    """Two units of the records in one region; the difference's uncertainty is that of both against the golden."""
    import numpy as np

    from station.measure.sets import PairDifference
    from station.values.colour import Lab
    from station.values.difference import delta_e_2000

    value = float(delta_e_2000(Lab(np.array(first.lab)), Lab(np.array(second.lab))))
    least = [float(m.detail.get("best_limit", m.u)) for m in (first, second)]
    return PairDifference(a, b, value, math.hypot(first.u, second.u) / 2, math.hypot(*least) / 2)


def limits_of(sheet: Sheet) -> Sets:
    """The sheet's limits for matched sets, or the usual ones where it has no ``[sets]``."""
    from station.sheet import Sets

    return sheet.sets or Sets()


def region_of_set(
    name: str, pairs: Sequence[PairDifference], sheet: Sheet, *, why: str = "", gate: str = ""
) -> SetRegionDocument:
    """What the pairs of one region say under the sheet's limits and by its guard band.

    why : why some pair has no difference. gate : why nothing of the photo is certified.
    """
    from station.judge.wording import unproven
    from station.measure.sets import coverage_factor, odd_one, worst_pair

    limits, band = limits_of(sheet), sheet.decision.guard_band
    if not pairs:
        return SetRegionDocument(
            region=name, pairs=(), worst=None, odd="", accept=limits.accept, reject=limits.reject, k=2.0,
            verdict=Verdict.UNDECIDED, reason=f"{name} could not be compared" + (f": {why}" if why else ""),
        )  # fmt: skip
    k = coverage_factor(len(pairs))
    judged = [pair_verdict(p, limits, k, band) for p in pairs]
    widest = worst_pair(pairs)
    odd = odd_one(pairs)
    told = f"{name}: {widest.a} and {widest.b} lie {widest.value:.2f} CIEDE2000 apart (u {2 * widest.u:.2f})"
    if odd:
        told += f", {odd} is the odd one"
    verdict, reason = Verdict.UNDECIDED, ""
    poor = max((2 * p.u_none for p in pairs), default=0.0)
    if gate:
        reason = f"{told}; not judged, {gate}"
    elif Verdict.NONCONFORMS in judged:
        verdict, reason = Verdict.NONCONFORMS, f"{told}, limit {limits.reject:g}"
        if all(pair_verdict(p, limits, k, "both") is not verdict for p in pairs):
            reason += unproven(band)
    elif why:
        reason = f"{told}; {why}"
    elif all(v is Verdict.CONFORMS for v in judged):
        verdict = Verdict.CONFORMS
    elif poor > limits.accept:
        best = math.ceil(10 * poor) / 10
        reason = f"{told}: the photos can support a limit of {best:.1f} at best, {limits.accept:g} is asked for"
    else:
        reason = f"{told}, not surely within {limits.accept:g} nor surely above {limits.reject:g}: a person decides"
    return SetRegionDocument(
        region=name,
        pairs=tuple(PairDocument(a=p.a, b=p.b, value=p.value, u=2 * p.u) for p in pairs),
        worst=PairDocument(a=widest.a, b=widest.b, value=widest.value, u=2 * widest.u),
        odd=odd,
        accept=limits.accept,
        reject=limits.reject,
        k=_factors(k, band)[0],
        verdict=verdict,
        reason=reason,
    )


def pair_verdict(pair: PairDifference, limits: Sets, k: float, band: GuardBand) -> Verdict:
    """One pair against both limits by the guard band. k : that proves the widest of all pairs to be beyond a limit.

    A pair whose uncertainty would leave even two like parts undecided is undecided under every guard band, unless it is
    proven to be beyond ``reject``.
    """
    from station.judge import compare, compare_tiers
    from station.sheet import decimal_of

    value, accept, reject = decimal_of(pair.value), decimal_of(limits.accept), decimal_of(limits.reject)
    proven = compare(value, decimal_of(k * pair.u), None, reject) is Verdict.NONCONFORMS
    if decimal_of(2 * pair.u_none) > accept and not proven:
        return Verdict.UNDECIDED
    beyond, within = (compare_tiers(value, decimal_of(f * pair.u), accept, reject, band) for f in _factors(k, band))
    if beyond is Verdict.NONCONFORMS:
        return beyond
    return Verdict.CONFORMS if within is Verdict.CONFORMS else Verdict.UNDECIDED


def _factors(k: float, band: GuardBand) -> tuple[float, float]:
    """Coverage factors to reject and to accept a pair with. That every pair is within needs of each its own proof, with
    2; that some pair is beyond needs k. The consumer's rule asks for the one proof alone, the producer's for the other.
    """
    return {"both": (k, 2.0), "consumer": (2.0, 2.0), "producer": (k, k), "none": (0.0, 0.0)}[band]


def _document(standard: Standard, rows: Sequence[SetRegionDocument], **own: object) -> SetDocument:
    """own : the fields in which a photo's set and a lot's set differ."""
    from station.judge import DECISION_RULES

    order = (Verdict.NONCONFORMS, Verdict.UNDECIDED)
    reasons = [r.reason for v in order for r in rows if r.verdict is v and r.reason]
    return SetDocument.model_validate(
        {
            "sha256": None,
            "calibration": None,
            **own,
            "sealed": standard.number,
            "golden_version": standard.version,
            "golden_digest": standard.digest,
            "sheet_digest": standard.sheet.digest,
            "regions": tuple(rows),
            "verdict": worst([r.verdict for r in rows]),
            "reasons": tuple(reasons),
            "decision_rule": DECISION_RULES[standard.sheet.decision.guard_band],
            "program": program(),
        }
    )
