"""``plan``: sampling plans with their operating characteristic, computed ones, and whole switching schemes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import REFUSED, Json, document, emit, say, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.lots.requests import AnyPlan
    from station.values.documents import PlanDocument
    from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument

Percent = "in per cent"


def register(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command("plan")(plan)


def plan(
    lot_size: Annotated[int | None, typer.Option("--lot-size", metavar="N", help="Units in the whole lot.")] = None,
    aql: Annotated[
        float | None, typer.Option("--aql", metavar="A", help="Acceptance quality limit, for example 2.5.")
    ] = None,
    letter: Annotated[str | None, typer.Option("--letter", help="Code letter, in place of the lot size.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="S-1 ... S-4, I, II (without it), III.")] = None,
    severity: Annotated[str | None, typer.Option("--severity", help="normal (without it), tightened, reduced.")] = None,
    type: Annotated[str | None, typer.Option("--type", help="single (without it), double, multiple.")] = None,
    edition: Annotated[
        str | None,
        typer.Option("--edition", help="z1.4 (without it, of 2003), z1.4-1993, mil-std-105e or iso2859-1."),
    ] = None,
    fractional: Annotated[
        bool, typer.Option("--fractional", help="ISO 2859-1's plans with Ac 1/2, 1/3, 1/5 in place of arrows.")
    ] = False,
    per_100: Annotated[
        bool, typer.Option("--per-100", help="Count nonconformities per 100 units, at an AQL up to 10 too.")
    ] = False,
    cartons: Annotated[
        int | None, typer.Option("--cartons", metavar="C", help="The sample comes from so many cartons.")
    ] = None,
    correlation: Annotated[
        float | None, typer.Option("--correlation", metavar="R", help="How alike units of a carton are, 0 to 0.95.")
    ] = None,
    scheme: Annotated[
        bool, typer.Option("--scheme", help="The whole scheme of normal, tightened and reduced inspection.")
    ] = False,
    without_reduced: Annotated[
        bool, typer.Option("--without-reduced", help="A scheme in which nobody agrees to reduced inspection.")
    ] = False,
    limiting_quality: Annotated[
        float | None,
        typer.Option("--limiting-quality", metavar="Q", help=f"Compute n so that a lot this bad fails, {Percent}."),
    ] = None,
    ac: Annotated[int | None, typer.Option("--ac", metavar="C", help="With --limiting-quality; 0 without it.")] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="A plan by variables: s (Z1.9 or computed) or sigma.")
    ] = None,
    producer_quality: Annotated[
        float | None, typer.Option("--producer-quality", metavar="P", help=f"With --method: accepted, {Percent}.")
    ] = None,
    consumer_quality: Annotated[
        float | None, typer.Option("--consumer-quality", metavar="P", help=f"With --method: refused, {Percent}.")
    ] = None,
    producer_risk: Annotated[
        float | None, typer.Option("--producer-risk", metavar="R", help="With --method; 0.05 without it.")
    ] = None,
    consumer_risk: Annotated[
        float | None,
        typer.Option("--consumer-risk", metavar="R", help="With --limiting-quality or --method; 0.10 without it."),
    ] = None,
    values: Annotated[
        Path | None, typer.Option("--values", metavar="VALUES.csv", help="With --method: column value, the sample.")
    ] = None,
    lower: Annotated[float | None, typer.Option("--lower", metavar="L", help="With --values: lower limit.")] = None,
    upper: Annotated[float | None, typer.Option("--upper", metavar="U", help="With --values: upper limit.")] = None,
    sigma: Annotated[
        float | None, typer.Option("--sigma", metavar="S", help="With --values: the known standard deviation.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="OUT.png", help="Draw the operating characteristic here.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="OUT.csv", help="Write the curve's numbers here.")
    ] = None,
    requests: Annotated[
        Path | None, typer.Option("--requests", metavar="FILE.jsonl", help="One request a line, one answer a line.")
    ] = None,
    json: Json = False,
) -> None:
    """Look up or compute a sampling plan with its operating characteristic and risks."""
    from station.service import picturing, planning, tools

    if requests is not None:
        if any(v is not None for v in (lot_size, aql, letter, limiting_quality, method, values, picture, csv)):
            raise RequestError("--requests takes everything from its file", "Leave out the other options.")
        _answer(requests)
        return
    if letter is not None and lot_size is not None:
        raise RequestError("--letter and --lot-size are both given", "Give one of them.")
    if limiting_quality is None and method is None:
        given_not = (("--aql", aql is None), ("--lot-size", lot_size is None and letter is None))
        missing = [name for name, without in given_not if without]
        if missing:
            example = f"station plan --lot-size {lot_size or 1200} --aql {2.5 if aql is None else aql:g}"
            raise RequestError(
                f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing", f"For example: {example}"
            )
    given: dict[str, object] = {
        "lot_size": lot_size, "letter": letter, "aql": aql, "level": level, "severity": severity, "type": type,
        "edition": edition, "fractional": fractional or None, "per_100": per_100 or None,
        "cartons": cartons, "correlation": correlation,
        "scheme": scheme or None, "with_reduced": False if without_reduced else None,
        "limiting_quality": limiting_quality, "ac": ac, "method": method, "producer_quality": producer_quality,
        "consumer_quality": consumer_quality, "producer_risk": producer_risk, "consumer_risk": consumer_risk,
        "values": None if values is None else planning.read_values(values), "lower": lower, "upper": upper,
        "sigma": sigma,
    }  # fmt: skip
    if picture is not None:
        picturing.vet(picture)
    found = tools.plan({k: v for k, v in given.items() if v is not None})
    if picture is not None:
        picturing.write(planning.plan_chart(found), picture)
    if csv is not None:
        planning.write_csv(found, csv)
    if json:
        emit(document(found))
        return
    _show(found)
    for file in (picture, csv):
        if file is not None:
            show(f"Written: {file}")


def _small(share: float) -> str:
    """A share in per cent, two decimals or as many as it takes for two digits that count."""
    return f"{share:.2%}" if share >= 0.001 else f"{100 * share:.2g}%"


def _quality(p: float, per_100_units: bool) -> str:
    return f"{100 * p:.4g} nonconformities per 100 units" if per_100_units else f"{p:.2%} nonconforming"


def _answer(requests: Path) -> None:
    from station.service import json_lines, tools

    failed = 0
    for answer, error in json_lines.answer_lines(requests, tools.plan):
        failed += error is not None
        emit(answer)
    if failed:
        say(f"{failed} of the requests in {requests} were refused; their lines say why. Correct them.")
        raise typer.Exit(REFUSED)


def _show(found: AnyPlan) -> None:
    from station.values.documents import PlanDocument
    from station.values.sampling import LimitingQualityDocument, SchemeDocument

    if isinstance(found, PlanDocument):
        _show_plan(found)
    elif isinstance(found, LimitingQualityDocument):
        _show_limiting(found)
    elif isinstance(found, SchemeDocument):
        _show_scheme(found)
    else:
        _show_variables(found)


def _show_plan(p: PlanDocument) -> None:
    arrow = "" if p.letter == p.code_letter else f", by the arrow {p.letter}"
    of = f"lot of {p.lot_size}, " if p.lot_size else ""
    show(f"{p.edition}: {of}level {p.level}, {p.severity}, {p.type}, AQL {p.aql:g}: code letter {p.code_letter}{arrow}")
    rows = [
        [str(i + 1), str(n), p.fraction or ("none" if ac < 0 else str(ac)), str(re)]
        for i, (n, ac, re) in enumerate(zip(p.n, p.ac, p.re, strict=True))
    ]
    if p.producer_risk is None or p.consumer_quality is None:
        show(f"The plan's sample is the whole lot: inspect every unit, all {p.lot_size} (100 % inspection).")
        allowed = p.fraction or str(p.ac[-1])
        what = "units with nonconformities" if p.per_100_units else "nonconforming units"
        show(f"Take out the {what}; nothing is left to chance. The lot itself has Ac {allowed}, Re {p.re[-1]}.")
        return
    table("Stages", ["stage", "n", "Ac", "Re"], rows)
    show(
        f"Producer's risk {p.producer_risk:.1%} at the AQL; at {_quality(p.consumer_quality, p.per_100_units)} one lot "
        "in ten is accepted."
    )
    if p.fraction:
        lots = int(p.fraction[2:]) - 1
        show(
            f"Ac {p.fraction}: one is accepted only if none was found in the {lots} lot{'s' * (lots > 1)} just before."
        )
    if p.figures is not None:
        f = p.figures
        show(
            f"On average {f.asn_at_aql:.1f} units inspected at the AQL; after sorting what is not accepted at most "
            f"{_quality(f.aoql, p.per_100_units)} is let through (AOQL)."
        )
        if f.cartons is not None and f.consumer_quality_cartons is not None and f.producer_risk_cartons is not None:
            show(
                f"From {f.cartons} cartons with correlation {f.correlation:g} the sample tells as much as "
                f"{f.effective_sample:.0f} units at random: producer's risk {f.producer_risk_cartons:.1%}, one lot in "
                f"ten is accepted at {f.consumer_quality_cartons:.2%}."
            )


def _show_limiting(p: LimitingQualityDocument) -> None:
    of = f" of {p.lot_size}" if p.lot_size else ""
    show(f"Inspect {p.n} units{of}, Ac {p.ac}, Re {p.re}.")
    show(
        f"A lot with {_small(p.limiting_quality)} nonconforming is accepted with {p.accepted:.2%}; half of the lots at "
        f"{_small(p.indifference_quality)}, 95 % of them at {_small(p.producer_quality)}."
    )
    if p.hundred_percent:
        show("The sample is the whole lot: inspect every unit.")


def _show_variables(p: VariablesPlanDocument) -> None:
    asked = [
        f"lot of {p.lot_size}" if p.lot_size else "", f"level {p.level}" if p.level else "", p.severity or "",
        f"{p.method} method", "" if p.aql is None else f"AQL {p.aql:g}",
    ]  # fmt: skip
    show(f"{p.edition}: {', '.join(x for x in asked if x)}")
    if p.producer_risk is None or p.consumer_quality is None or p.consumer_risk is None:
        more = "more than" if p.plan_n > p.n else "all of"
        by = "Z1.9 takes" if p.edition == "z1.9" else "The plan takes"
        show(f"{by} {p.plan_n} units, {more} the {p.n} of the lot: measure every unit (100 % inspection).")
        show(
            "Hold each to its limits by itself and take out those beyond; k is not used, and nothing is left to chance."
        )
    else:
        spread = "the sample's standard deviation" if p.method == "s" else "the known standard deviation"
        show(f"Measure {p.n} units; accept where the mean lies at least k = {p.k:.4f} times {spread} within the limit.")
        show(
            f"Producer's risk {p.producer_risk:.1%} at {p.producer_quality:.2%} beyond the limit; of lots with "
            f"{p.consumer_quality:.2%} beyond it {p.consumer_risk:.1%} are accepted."
        )
    if p.sample is not None:
        s = p.sample
        for name, limit, distance in (("lower", s.lower, s.to_lower), ("upper", s.upper, s.to_upper)):
            if limit is not None:
                far = "any number of" if distance is None else f"{distance:.3f}"
                show(
                    f"Mean {s.mean:g}, standard deviation {s.spread:g}: {far} of them from the {name} limit {limit:g}."
                )
        if p.hundred_percent:
            show(f"{s.beyond} of {p.n} units lie beyond the limits.")
        show("The lot is accepted." if s.accepted else "The lot is not accepted.")


def _show_scheme(p: SchemeDocument) -> None:
    from station.lots.requests import SHOWN_QUALITIES

    reduced = "" if p.with_reduced else ", without reduced inspection"
    packed = "" if p.cartons is None else f", samples from {p.cartons} cartons with correlation {p.correlation:g}"
    show(f"{p.edition}: code letter {p.code_letter}, {p.type}, AQL {p.aql:g}{reduced}{packed}: the whole scheme")
    table("Plans", ["inspection", "n", "Ac", "Re"], [[s.severity, *map(_stages, (s.n, s.ac, s.re))] for s in p.plans])
    stated = {p.aql / 100, *SHOWN_QUALITIES}
    rows = [
        [
            _quality_cell(point.p, p), f"{point.pa:.1%}", f"{point.asn:.1f}", f"{point.normal:.1%}",
            f"{point.tightened:.1%}", f"{point.reduced:.1%}",
            _small_or_per_100(point.aoq, p.per_100_units), _lots(point.until_discontinued),
        ]
        for point in p.points
        if point.p in stated or point.p == 0
    ]  # fmt: skip
    columns = ["quality", "accepted", "units a lot", "normal", "tightened", "reduced", "let through",
               "lots until discontinued"]  # fmt: skip
    table("In the long run", columns, rows)
    show(
        f"Producer's risk {p.producer_risk:.2%} at the AQL; at {_quality(p.consumer_quality, p.per_100_units)} one lot "
        "in ten is accepted."
    )
    of = f"lots of {p.lot_size}" if p.lot_size else "very large lots"
    show(
        f"Where what is not accepted is sorted, at most {_quality(p.aoql, p.per_100_units)} of {of} is let through "
        f"(AOQL), at {_quality(p.aoql_at, p.per_100_units)}."
    )


def _small_or_per_100(quality: float, per_100: bool) -> str:
    return f"{100 * quality:.3g} per 100" if per_100 else f"{quality:.3%}"


def _stages(values: tuple[int, ...]) -> str:
    return " ".join("-" if v < 0 else str(v) for v in values)


def _quality_cell(quality: float, p: SchemeDocument) -> str:
    said = f"{100 * quality:g} per 100" if p.per_100_units else f"{100 * quality:g}%"
    return f"{said} (AQL)" if quality == p.aql / 100 else said


def _lots(mean: float | None) -> str:
    return "practically never" if mean is None else f"{mean:.0f}"
