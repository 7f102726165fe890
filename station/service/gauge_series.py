"""From captures and tables of values to the readings of each characteristic, and from a study to its document."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.errors import RequestError
from station.service.values_file import read_table
from station.store.rows import GoldenRow
from station.values.documents import UnitDocument
from station.values.gauge import (
    AnovaRowDocument,
    CharacteristicStudyDocument,
    GaugeStudyDocument,
    RiskDocument,
    VariationDocument,
)

if TYPE_CHECKING:
    from station.quality.gauge import Reading, Study, Variation
    from station.sheet import Sheet

_PARTS = ("ev", "av", "interaction", "grr", "pv", "tv")


@dataclass(frozen=True, slots=True)
class Capture:
    """One photo of a study: who laid down which part, and which trial of it this is."""

    path: Path
    part: str
    operator: str
    trial: str


@dataclass(frozen=True, slots=True)
class Series:
    """The readings of one characteristic, its unit and its limits."""

    readings: list[Reading]
    unit: str
    lower: float | None
    upper: float | None


def captured_series(measured: Sequence[tuple[Capture, UnitDocument]]) -> tuple[dict[str, Series], dict[str, str]]:
    """Readings of every characteristic, and why one has none. Values that a failed gate took down do not count."""
    from station.judge import is_blocked
    from station.quality.gauge import Reading

    series: dict[str, Series] = {}
    silent: dict[str, str] = {}
    for capture, document in measured:
        failed = [g.reason or g.name for g in document.gates if not g.ok]
        for m in document.measurements:
            if m.value is None or is_blocked(m):
                silent.setdefault(m.characteristic, f"{document.photo}: {m.reason or 'not measured'}")
                continue
            one = series.setdefault(m.characteristic, Series([], m.unit, m.lower, m.upper))
            one.readings.append(Reading(capture.part, capture.operator, capture.trial, m.value))
        if not document.measurements:
            silent.setdefault(document.photo, failed[0] if failed else "nothing was measured")
    photos = {document.photo for _, document in measured}
    return series, {k: v for k, v in silent.items() if k not in series or k in photos}


def entered_series(
    path: Path, characteristic: str, sheet: Sheet | None, lower: float | None, upper: float | None
) -> dict[str, Series]:
    """Readings of every characteristic of a table. Raises RequestError that names line and column."""
    from station.quality.gauge import Reading

    series: dict[str, Series] = {}
    counted: Counter[tuple[str, str, str]] = Counter()
    trials: set[tuple[str, ...]] = set()
    for row in read_table(path, required=("part", "value"), optional=("operator", "trial", "characteristic")):
        name = row.text("characteristic", default=characteristic)
        if name not in series:
            unit, low, high = _limits(name, sheet)
            series[name] = Series([], unit, lower if low is None else low, upper if high is None else high)
        part, operator = row.text("part"), row.text("operator", default="1")
        counted[name, part, operator] += 1
        trial = row.text("trial", default=str(counted[name, part, operator]))
        if (name, part, operator, trial) in trials:
            raise RequestError(f"{row.where}: trial {trial} of part {part} is there twice", "Number the trials.")
        trials.add((name, part, operator, trial))
        series[name].readings.append(Reading(part, operator, trial, row.number("value")))
    return series


def sheet_of(row: GoldenRow | None) -> Sheet | None:
    """The control sheet that a golden sample was sealed with."""
    from station.sheet import load_sheet

    return None if row is None else load_sheet(row.sheet_toml.encode())


def _limits(name: str, sheet: Sheet | None) -> tuple[str, float | None, float | None]:
    """Unit and limits of a characteristic that the sheet names, with or without its kind."""
    plain = name.partition(":")[2] or name
    entered = sheet.entered_value(plain) if sheet else None
    size = sheet.size(plain) if sheet else None
    if entered is not None:
        found, unit = entered.limits(), entered.unit
    elif size is not None:
        found, unit = size.limits(size.golden_mm), "deg" if size.kind == "angle" else "mm"
    else:
        return "", None, None
    lower, upper = (None if x is None else float(x) for x in (found.lower, found.upper))
    return unit, lower, upper


def characteristic_study(name: str, one: Series, study: Study, *, photos: bool) -> CharacteristicStudyDocument:
    """One characteristic's study as it is kept. photos : the station measured it, so that it may enter a budget."""
    from station.quality.gauge import LEAST_FREEDOM

    known = study.freedom >= LEAST_FREEDOM
    notes = [study.note] if study.note else []
    if photos and not known:
        notes.append(
            f"{study.freedom} degrees of freedom are too few for the budget, it takes {LEAST_FREEDOM}: "
            f"capture one part {LEAST_FREEDOM + 1} times or more"
        )
    variation = functools.partial(_variation, mean=study.mean, lower=one.lower, upper=one.upper)
    return CharacteristicStudyDocument(
        characteristic=name, unit=one.unit, parts=study.parts, operators=study.operators, trials=study.trials,
        readings=study.readings, mean=study.mean, lower=one.lower, upper=one.upper, anova=variation(study.anova),
        average_range=None if study.average_range is None else variation(study.average_range),
        table=tuple(AnovaRowDocument(**asdict(row)) for row in study.table), pooled=study.pooled,
        freedom=study.freedom, risk=_risk(study, one.lower, one.upper), in_budget=photos and known,
        note="; ".join(notes),
    )  # fmt: skip


def _variation(v: Variation, *, mean: float, lower: float | None, upper: float | None) -> VariationDocument:
    from station.quality.gauge import percent_of_tolerance

    sigmas = {part: getattr(v, part) for part in _PARTS}
    told: dict[str, float] = {part: sigma for part, sigma in sigmas.items() if sigma is not None}
    of_tolerance = {part: percent_of_tolerance(sigma, mean, lower, upper) for part, sigma in told.items()}
    kept: dict[str, Any] = {**sigmas, "ndc": v.ndc}
    kept["percent_of_variation"] = {part: 100 * sigma / v.tv for part, sigma in told.items()} if v.tv else {}
    kept["percent_of_tolerance"] = {part: p for part, p in of_tolerance.items() if p is not None}
    return VariationDocument(**kept)


def _risk(study: Study, lower: float | None, upper: float | None) -> RiskDocument | None:
    """Risks of letting the value decide, where the study tells how the parts and the gauge vary."""
    from station.judge.risk import Process, global_risks

    v = study.anova
    if not v.pv or not v.grr or (lower is None and upper is None):
        return None
    found = global_risks(Process("normal", study.mean, v.pv), v.grr, lower, upper)
    return RiskDocument(consumer=found.consumer, producer=found.producer)


def flagged(document: GaugeStudyDocument) -> Iterator[str]:
    """What a study says against its gauge, by the thresholds of MSA (4th edition, III-B): %GRR above 10 and 30, fewer
    than five categories."""
    for c in document.characteristics:
        percent = c.anova.percent_of_tolerance.get("grr", c.anova.percent_of_variation.get("grr"))
        of = "tolerance" if "grr" in c.anova.percent_of_tolerance else "total variation"
        if percent is not None and percent > 10:
            verdict = "not acceptable" if percent > 30 else "acceptable for some uses"
            yield f"{c.characteristic}: the gauge takes {percent:.0f} % of the {of}: {verdict}"
        if c.anova.ndc is not None and c.anova.ndc < 5:
            yield f"{c.characteristic}: it tells {c.anova.ndc} categories of parts apart, 5 are asked for"
