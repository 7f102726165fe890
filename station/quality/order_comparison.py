"""Two stations' records of one order side by side: rules over rows as an archive holds them.

A difference of two values is held to both expanded uncertainties (k = 2) by the score
E_n = (x - y) / sqrt(U_x^2 + U_y^2) of ISO 13528:2022, 9.7, and ISO/IEC 17043:2023, annex B: up to 1 it is explained by
them, above 1 one of the two stations measures otherwise than it says. E_n takes the two for independent; what both have
in common, such as one instrument, makes it smaller than it should be.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import Any

from station.quality.order_archive import Rows
from station.quality.shown_records import releases
from station.quality.sign_off import PARTIES
from station.values.names import natural_key
from station.values.order_exchange import (
    CharacteristicComparison,
    GateComparison,
    LotComparison,
    UnitComparison,
    ValueComparison,
    VersionDifference,
)

_STANDING = {"accept": "conforms", "reject": "nonconforms", "defer": "undecided"}


@dataclass(slots=True)
class Unit:
    """A unit of one station's records: its newest inspection, and what was entered of it. values : judged measurements
    by characteristic."""

    name: str
    golden: str
    version: int
    sheet_digest: str
    lot: str | None
    photo_sha256: str = ""
    verdict: str = ""
    standing: str = ""
    program: dict[str, str] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


Place = tuple[str, str | None, str]
Cites = Mapping[str, Sequence[tuple[str, str, str]]]


def normalised_error(x: float, u_x: float, y: float, u_y: float) -> float | None:
    """E_n of two values with their expanded uncertainties (k = 2); None where both are 0."""
    u = math.hypot(u_x, u_y)
    return (x - y) / u if u > 0 else None


def units_of(records: Rows) -> dict[Place, Unit]:
    """Units by golden sample, lot and name; of a unit that was inspected several times the newest."""
    goldens = {r["id"]: r for r in records["goldens"]}
    lots = {r["id"]: r["name"] for r in records["lots"]}
    reviews = {
        r["unit_id"]: "defer" if r.get("disputes") else r["decision"]
        for r in sorted(records["reviews"], key=lambda r: int(r["id"]))
    }
    found: dict[Place, Unit] = {}
    for row in sorted(records["units"], key=lambda r: int(r["id"])):
        unit = _unit(row["unit"], goldens[row["golden_id"]], lots.get(row.get("lot_id")))
        document = json.loads(row["document"])
        unit.photo_sha256, unit.verdict = row["photo_sha256"], row["verdict"]
        unit.standing = _STANDING.get(reviews.get(row["id"], ""), unit.verdict)
        unit.program = {k: str(document.get(k, "")) for k in ("program", "model")}
        unit.findings.update(f["kind"] for f in document.get("findings", ()) if f["verdict"] != "conforms")
        unit.values = {m["characteristic"]: m for m in document.get("measurements", ())}
        found[unit.golden, unit.lot, unit.name] = unit
    superseded = {r.get("supersedes") for r in records["entered_values"]}
    for row in records["entered_values"]:
        if row["id"] in superseded:
            continue
        unit = _unit(row["unit"], goldens[row["golden_id"]], lots.get(row.get("lot_id")))
        unit = found.setdefault((unit.golden, unit.lot, unit.name), unit)
        judged = json.loads(row["document"]).get("judged")
        if judged is not None:
            unit.values[judged["characteristic"]] = judged
    return found


def _unit(name: str, golden: Mapping[str, Any], lot: str | None) -> Unit:
    return Unit(name, golden["number"], int(golden["version"]), golden["sheet_digest"], lot)


def pairs_of(own: Mapping[Place, Unit], other: Mapping[Place, Unit]) -> list[tuple[Unit, Unit]]:
    """Units that both have: of one golden sample, lot and name, or, where the lots are called otherwise, of one golden
    sample and a name that each side has once."""
    pairs = [(own[p], other[p]) for p in own if p in other]
    left = _once(u for p, u in own.items() if p not in other)
    right = _once(u for p, u in other.items() if p not in own)
    pairs += [(left[p], right[p]) for p in left if p in right]
    return sorted(pairs, key=lambda p: (p[0].golden, natural_key(p[0].lot or ""), natural_key(p[0].name)))


def _once(units: Iterable[Unit]) -> dict[tuple[str, str], Unit]:
    by: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        by[unit.golden, unit.name].append(unit)
    return {place: found[0] for place, found in by.items() if len(found) == 1}


def compare_unit(own: Unit, other: Unit) -> UnitComparison:
    """One unit as both have it, characteristic by characteristic."""
    names = sorted(own.values.keys() | other.values.keys(), key=natural_key)
    return UnitComparison(
        unit=own.name, golden=own.golden, own_lot=own.lot, other_lot=other.lot, own_version=own.version,
        other_version=other.version, same_sheet=own.sheet_digest == other.sheet_digest,
        same_photo=own.photo_sha256 == other.photo_sha256 != "", own_verdict=own.verdict, other_verdict=other.verdict,
        own_standing=own.standing, other_standing=other.standing, own_findings=dict(sorted(own.findings.items())),
        other_findings=dict(sorted(other.findings.items())),
        values=tuple(compare_value(n, own.values.get(n), other.values.get(n)) for n in names),
    )  # fmt: skip


def compare_value(name: str, own: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> ValueComparison:
    """One characteristic as both have it. own, other : judged measurements, None where there is none."""
    a, b = own or {}, other or {}
    x, y = a.get("value"), b.get("value")
    difference = en = None
    if x is not None and y is not None and a["unit"] == b["unit"]:
        difference = float(x) - float(y)
        en = normalised_error(float(x), float(a["u"]), float(y), float(b["u"]))
    return ValueComparison(
        characteristic=name, unit=a.get("unit") or b.get("unit") or "", own=x, own_u=a.get("u"),
        own_verdict=a.get("verdict"), other=y, other_u=b.get("u"), other_verdict=b.get("verdict"),
        difference=difference, en=en, agrees=None if en is None else abs(en) <= 1.0,
        delta_e_00=_between(a.get("lab"), b.get("lab")),
    )  # fmt: skip


def _between(lab: Sequence[float] | None, other: Sequence[float] | None) -> float | None:
    if lab is None or other is None:
        return None
    import numpy as np

    from station.values.colour import Lab
    from station.values.difference import delta_e_2000

    return float(delta_e_2000(Lab(np.array([lab], dtype=float)), Lab(np.array([other], dtype=float)))[0])


def compare_characteristics(units: Sequence[UnitComparison]) -> Iterator[CharacteristicComparison]:
    """Each characteristic of each golden sample over all units."""
    by: dict[tuple[str, str], list[tuple[str, ValueComparison]]] = defaultdict(list)
    for u in units:
        for v in u.values:
            by[u.golden, v.characteristic].append((u.unit, v))
    for (golden, name), values in sorted(by.items(), key=lambda x: (x[0][0], natural_key(x[0][1]))):
        differences = [v.difference for _, v in values if v.difference is not None]
        scores = [(abs(v.en), v.en, unit) for unit, v in values if v.en is not None]
        worst = max(scores, default=None)
        yield CharacteristicComparison(
            golden=golden, characteristic=name, unit=values[0][1].unit, n=len(differences),
            mean_difference=fmean(differences) if differences else None,
            sd_difference=stdev(differences) if len(differences) > 1 else None, compared=len(scores),
            beyond=sum(s[0] > 1.0 for s in scores), worst_en=worst[1] if worst else None,
            worst_unit=worst[2] if worst else None,
            verdicts_differ=sum(
                v.own_verdict is not None and v.other_verdict is not None and v.own_verdict != v.other_verdict
                for _, v in values
            ),
        )  # fmt: skip


def compare_lots(own: Rows, other: Rows) -> Iterator[LotComparison]:
    """Every lot's newest decision on both sides."""
    a, b = _decisions(own), _decisions(other)
    for name in sorted(a.keys() | b.keys(), key=natural_key):
        (x, plans), (y, other_plans) = a.get(name, (None, ())), b.get(name, (None, ()))
        yield LotComparison(lot=name, own=x, other=y, own_plans=plans, other_plans=other_plans)


def _decisions(records: Rows) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    newest = {r["lot_id"]: r for r in sorted(records["lot_decisions"], key=lambda r: int(r["id"]))}
    found: dict[str, tuple[str | None, tuple[str, ...]]] = {}
    for lot in records["lots"]:
        row = newest.get(lot["id"])
        classes = () if row is None else json.loads(row["document"]).get("classes", ())
        plans = tuple(f"{c['class']}: n {c['n']}, Ac {c['ac']}" for c in classes)
        found[lot["name"]] = (None if row is None else row["decision"], plans)
    return found


def compare_gates(own: Rows, other: Rows) -> Iterator[GateComparison]:
    """The gates that at least one side released, each with the newest release: by whom, when, on which versions. One
    that only one side released is none on which they differ: each station keeps the releases that it signed."""
    a, b = _releases(own), _releases(other)
    for place in sorted(a.keys() | b.keys()):
        x, y = a.get(place), b.get(place)
        differs = x is not None and y is not None and _rests_on(x) != _rests_on(y)
        order, sku, gate = place
        yield GateComparison(
            order=order, sku=sku, gate=gate, own=_release_words(x), other=_release_words(y), differs=differs
        )


def _releases(records: Rows) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = releases(records["orders"], records["order_events"])
    return {
        (x["order"]["order"], x["order"]["sku"], x["event"]["gate"]): x["event"]
        for x in found
        if x["event"]["kind"] == "released"
    }


def _rests_on(event: Mapping[str, Any]) -> tuple[Any, Any]:
    """The golden sample's number and version, and every artefact's version."""
    said = event["statement"]
    return (said["golden"], said["golden_version"]), event["versions"]


def _release_words(event: Mapping[str, Any] | None) -> str:
    if event is None:
        return ""
    said = event["statement"]
    versions = ", ".join(f"{k} {v}" for k, v in sorted(event["versions"].items()))
    return f"{said['name']} ({said['party']}), {said['at'][:10]}: {versions}"


def compare_versions(
    own: tuple[Rows, Cites], other: tuple[Rows, Cites], pairs: Sequence[tuple[Unit, Unit]]
) -> list[VersionDifference]:
    """What the two do not have in the same version (G2, G3): golden samples and sheets, artefacts, who holds what, what
    is recorded of the golden and ordered, and the programs that measured. own, other : rows, and what the ledger's
    entries cite of them."""
    a, b = _versions(*own), _versions(*other)
    found = [(what, a.get(what, ""), b.get(what, "")) for what in sorted(a.keys() | b.keys())]
    for key in ("program", "model"):
        x, y = (sorted({pair[side].program[key] for pair in pairs if pair[side].program}) for side in (0, 1))
        found.append((f"{key} that measured", ", ".join(x), ", ".join(y)))
    a, b = _said(own[0]), _said(other[0])
    found += [(what, a[what], b[what]) for what in sorted(a.keys() & b.keys())]  # a side may keep no such record
    return [VersionDifference(what=what, own=x, other=y) for what, x, y in found if x != y]


def _said(records: Rows) -> dict[str, str]:
    """What people wrote into the records of the golden samples, field by field, and the terms of the orders."""
    found: dict[str, str] = {}
    for row in sorted(records["golden_events"], key=lambda r: int(r["sequence"])):
        for name, value in _fields(json.loads(row["document"]).get("entry") or {}):
            found[f"golden {row['number']}, {name} of the record"] = value
    for row in records["orders"]:
        document = json.loads(row["document"])
        for name in ("units", "beside", "golden"):
            found[f"order {row['name']} ({row['sku']}), {name}"] = str(document[name])
    return found


def _fields(entry: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in entry.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{within}{name}.")
        elif value:
            yield f"{within}{name}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _versions(records: Rows, cites: Cites) -> dict[str, str]:
    """What a station has in force, in words; what a party holds is what it said last, whatever the clock said then."""
    entered = {(table, key): int(n) for n, rows in cites.items() for table, key, _ in rows}
    found: dict[str, str] = {}
    for g in sorted(records["goldens"], key=lambda r: int(r["version"])):
        found[f"golden {g['number']}, version in force"] = f"version {g['version']}"
        found[f"golden {g['number']}, control sheet in force"] = f"{g['sheet_digest'][:16]}"
    for row in sorted(records["artefacts"], key=lambda r: int(r["id"])):
        content = json.loads(row["document"])["sha256"][:16]
        found[f"golden {row['number']}, {row['kind']} in force"] = f"version {row['version']} ({content})"
    held = [
        (entered.get((table, str(r["id"])), 0), r)
        for table in ("sign_offs", "acknowledgements")
        for r in records[table]
    ]
    for _, row in sorted(held, key=lambda r: (r[0], int(r[1]["id"]))):
        if row["party"] in PARTIES:
            found[f"golden {row['number']}, {row['artefact']} held by {row['party']}"] = f"version {row['version']}"
    return found
