"""Requests for plans, as mappings with the command's options as keys, and their documents."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

import numpy as np

from station.errors import RequestError
from station.lots.limiting_quality import LARGEST_EXACT_LOT, nonconforming_units, smallest_sample
from station.lots.oc import acceptance_probabilities, isolated_acceptance, oc_points, qualities_at, search_end
from station.lots.performance import (
    acceptance_from_cartons,
    average_outgoing_quality,
    average_outgoing_quality_limit,
    average_sample_number,
    effective_sample_size,
    largest,
)
from station.lots.plans import Severity, Stages, code_letter, one_of, plan, stages
from station.lots.scheme import SEVERITIES, scheme_performance
from station.lots.variables import Method, VariablesPlan, judge_lot, judge_sample, table_plan, two_point_plan
from station.values.documents import OcPoint, PlanDocument, PlanFigures, PlanPoint
from station.values.sampling import (
    LimitingQualityDocument,
    SampleDocument,
    SchemeDocument,
    SchemePlan,
    SchemePoint,
    VariablesPlanDocument,
)

AnyPlan = PlanDocument | LimitingQualityDocument | VariablesPlanDocument | SchemeDocument

SHOWN_QUALITIES = (0.01, 0.02, 0.04, 0.05, 0.10)
"""Qualities at which a scheme's figures are stated beside the AQL, as far as its curve goes."""
_CURVE = 101  # points of a scheme's curve
_NEAR = 1e-5  # how closely the quality is found at which a scheme lets the most through
_CONSUMER_LEVEL = 0.10  # of acceptance, at the quality that is the consumer's risk
_WORST = 100.0  # nonconformities a unit, at which the search for it ends
_PLAN_KEYS = ("lot_size", "letter", "aql", "level", "severity", "type", "edition", "fractional", "per_100")
_KEYS = {
    "limiting": ("limiting_quality", "consumer_risk", "ac", "lot_size"),
    "variables": (
        *("method", "lot_size", "aql", "level", "severity"),
        *("producer_quality", "consumer_quality", "producer_risk", "consumer_risk"),
        *("values", "lower", "upper", "sigma"),
    ),
    "scheme": (
        *("scheme", "lot_size", "letter", "aql", "level", "type", "edition", "per_100", "with_reduced"),
        *("cartons", "correlation"),
    ),
    "plan": (*_PLAN_KEYS, "cartons", "correlation"),
}


def plan_from_request(request: Mapping[str, Any]) -> AnyPlan:
    """The plan that is asked for, with its figures.

    ``limiting_quality`` (per cent) asks for a computed plan, ``method`` (s or sigma) for one by variables, ``scheme``
    for the whole switching scheme, else ``aql`` for one of the tables. Keys may be written with hyphens.

    Raises
    ------
    RequestError
        An unknown key, a key that the plan has no use for, or a value out of its range.
    """
    options: dict[str, Any] = {}
    every = tuple(dict.fromkeys(k for keys in _KEYS.values() for k in keys))
    for given, value in request.items():
        key = str(given).replace("-", "_")
        one_of("key", key, every)
        if key in options:
            raise RequestError(f"The request has {key} twice", "Give it once.")
        options[key] = value
    kind = next((k for k, first in _FIRST.items() if options.get(first) not in (None, False)), "plan")
    odd = next((k for k in options if k not in _KEYS[kind]), None)
    if odd is not None:
        computed = "by limiting quality" if kind == "limiting" else "by variables"
        what = "A scheme" if kind == "scheme" else f"A plan {'of the tables' if kind == 'plan' else computed}"
        raise RequestError(f"{what} has no use for {odd}", f"It takes {', '.join(_KEYS[kind])}.")
    return _ANSWERS[kind](options)


def _of_tables(options: dict[str, Any]) -> PlanDocument:
    if "aql" not in options:
        raise RequestError("The request has no aql", 'Add "aql", for example 2.5.')
    cartons, correlation = _cartons(options)
    _vet_flags(options, "fractional", "per_100")
    found = plan(**options)
    if found.hundred_percent:
        return found
    return found.model_copy(update={"figures": figures(found, cartons=cartons, correlation=correlation)})


def stages_of(document: PlanDocument) -> Stages:
    """The stages of a plan's document."""
    return stages(
        document.code_letter, document.aql, severity=document.severity, type=document.type,
        edition=document.edition, fractional=document.fraction is not None, per_100=document.per_100_units,
    )  # fmt: skip


def figures(document: PlanDocument, *, cartons: int | None = None, correlation: float = 0.0) -> PlanFigures:
    """ASN, AOQ, AOQL of a plan, and where asked for its curve for samples from cartons. Raises RequestError."""
    found = stages_of(document)
    p = np.array([point.p for point in document.oc])
    size = document.lot_size
    limit, at = average_outgoing_quality_limit(found, size)
    quality = np.array([document.aql / 100])
    extra: dict[str, Any] = {}
    clustered: list[float | None] = [None] * len(p)
    if cartons is not None:
        n, rho = cartons, correlation

        def curve(q: np.ndarray) -> np.ndarray:
            return acceptance_from_cartons(found, q, cartons=n, correlation=rho)

        clustered = [float(v) for v in curve(p)]
        extra = {
            "cartons": n,
            "correlation": rho,
            "effective_sample": effective_sample_size(found.n, n, rho),
            "producer_risk_cartons": max(0.0, 1 - float(curve(quality)[0])),
            "consumer_quality_cartons": qualities_at((0.10,), curve, 1.0)[0],
        }
    asn, aoq = average_sample_number(found, p), average_outgoing_quality(found, p, size)
    return PlanFigures(
        points=tuple(
            PlanPoint(p=float(a), asn=float(b), aoq=float(c), pa_cartons=d)
            for a, b, c, d in zip(p, asn, aoq, clustered, strict=True)
        ),
        asn_at_aql=float(average_sample_number(found, quality)[0]),
        aoql=limit,
        aoql_at=at,
        **extra,
    )


def _by_limiting_quality(options: dict[str, Any]) -> LimitingQualityDocument:
    quality = _number("limiting_quality", options["limiting_quality"]) / 100
    risk = _number("consumer_risk", options.get("consumer_risk", 0.10))
    ac = _whole("ac", options.get("ac", 0))
    size = None if options.get("lot_size") is None else _whole("lot_size", options["lot_size"])
    n = smallest_sample(quality, consumer_risk=risk, ac=ac, lot_size=size)
    exact = size is not None and size <= LARGEST_EXACT_LOT

    def curve(p: np.ndarray) -> np.ndarray:
        return acceptance_probabilities((n,), (ac,), (ac + 1,), p, nonconformities=False)

    if size is not None and exact:  # a lot has whole numbers of nonconforming units: the curve at these
        most = next((d for d in range(size + 1) if isolated_acceptance(n, ac, size, d) < 0.005), size)
        at = sorted({round(most * i / 50) for i in range(51)})
        oc = tuple(OcPoint(p=d / size, pa=isolated_acceptance(n, ac, size, d)) for d in at)
        accepted = isolated_acceptance(n, ac, size, nonconforming_units(size, quality))
        chances = [isolated_acceptance(n, ac, size, d) for d in range(most + 1)]
        good, half = ((sum(pa >= level for pa in chances) - 1) / size for level in (0.95, 0.5))
    else:
        end = search_end((n,), (ac + 1,), nonconformities=False)
        good, half, last = qualities_at((0.95, 0.5, 0.005), curve, end)
        oc = oc_points(curve, quality, last, 1.0)
        accepted = float(curve(np.array([quality]))[0])
    return LimitingQualityDocument(
        lot_size=size,
        limiting_quality=quality,
        consumer_risk=risk,
        n=n,
        ac=ac,
        re=ac + 1,
        accepted=accepted,
        producer_quality=good,
        indifference_quality=half,
        hundred_percent=n == size,
        count="hypergeometric" if exact else "binomial",
        oc=oc,
    )


def _by_variables(options: dict[str, Any]) -> VariablesPlanDocument:
    method = options["method"]
    one_of("method", method, get_args(Method))
    size = None if options.get("lot_size") is None else _whole("lot_size", options["lot_size"])
    if size is not None and size < 2:
        raise RequestError(f"A lot of {size} cannot be sampled", "Give 2 units or more; measure a single unit itself.")
    if "aql" in options:
        if method != "s":
            raise RequestError("Of Z1.9 only plans by the s method are at hand", "Give producer and consumer quality.")
        if size is None:
            raise RequestError("A plan of Z1.9 needs the lot size", "Give lot_size.")
        level, severity = options.get("level", "II"), options.get("severity", "normal")
        one_of("severity", severity, get_args(Severity))
        aql = _number("aql", options["aql"])
        found = table_plan(size, aql, level=level, severity=severity)
        producer = aql / 100
        consumer = None
    else:
        if not {"producer_quality", "consumer_quality"} <= options.keys():
            raise RequestError(
                "A plan by variables needs an aql, or producer_quality and consumer_quality",
                "For example producer_quality 1 and consumer_quality 8, in per cent.",
            )
        level = severity = aql = None
        producer, consumer = (_number(k, options[k]) / 100 for k in ("producer_quality", "consumer_quality"))
        risk = _number("consumer_risk", options.get("consumer_risk", 0.10))
        found = two_point_plan(
            producer, consumer, method=method, consumer_risk=risk,
            producer_risk=_number("producer_risk", options.get("producer_risk", 0.05)),
        )  # fmt: skip
    whole = size is not None and found.n >= size
    if consumer is None and not whole:
        consumer = qualities_at((_CONSUMER_LEVEL,), found.acceptance, 1.0)[0]
    return VariablesPlanDocument(
        edition="computed" if aql is None else "z1.9",
        method=method,
        lot_size=size,
        level=level,
        severity=severity,
        aql=aql,
        n=size if size is not None and whole else found.n,
        plan_n=found.n,
        k=found.k,
        producer_quality=producer,
        producer_risk=None if whole else max(0.0, 1 - float(found.acceptance(producer)[0])),
        consumer_quality=consumer,
        consumer_risk=None if whole or consumer is None else float(found.acceptance(consumer)[0]),
        hundred_percent=whole,
        oc=()
        if whole
        else oc_points(found.acceptance, producer, qualities_at((0.005,), found.acceptance, 1.0)[0], 1.0),
        sample=_sample(found, options, size if whole else None),
    )


def _sample(plan: VariablesPlan, options: dict[str, Any], whole_lot: int | None) -> SampleDocument | None:
    given = options.get("values")
    numbers = {k: None if options.get(k) is None else _number(k, options[k]) for k in ("lower", "upper", "sigma")}
    if given is None:
        odd = next((k for k, v in numbers.items() if v is not None), None)
        if odd is not None:
            raise RequestError(f"{odd} is given without measured values", "Give values, or leave it out.")
        return None
    if not isinstance(given, list):
        raise RequestError("values are no list of numbers", "For example [29.98, 30.02, 30.01].")
    values = [_number("a value", v) for v in given]
    if whole_lot is None:
        found = judge_sample(plan, values, **numbers)
    else:
        found = judge_lot(values, whole_lot, lower=numbers["lower"], upper=numbers["upper"])
    lower, upper = (v if v is not None and math.isfinite(v) else None for v in (found.to_lower, found.to_upper))
    return SampleDocument(
        lower=numbers["lower"], upper=numbers["upper"], mean=found.mean, spread=found.spread, to_lower=lower,
        to_upper=upper, beyond=found.beyond, accepted=found.accepted,
    )  # fmt: skip


def _scheme(options: dict[str, Any]) -> SchemeDocument:
    options.pop("scheme")
    with_reduced = options.pop("with_reduced", True)
    _vet_flags({"with_reduced": with_reduced} | options, "with_reduced", "per_100")
    if "aql" not in options:
        raise RequestError("The request has no aql", 'Add "aql", for example 2.5.')
    cartons, correlation = _cartons(options)
    size, level = options.pop("lot_size", None), str(options.get("level", "II"))
    if (size is None) == ("letter" not in options):
        raise RequestError("A scheme needs either a lot size or a code letter", "Give exactly one of the two.")
    if size is not None:  # a scheme is of a code letter: its lots are as large as they are
        options["letter"] = code_letter(size, level)
    normal = plan(**options)
    asked = str(options.get("type", "single"))

    def at(p: np.ndarray) -> Any:
        return scheme_performance(
            normal.code_letter, normal.aql, p, type=asked, edition=normal.edition, reduced=with_reduced,
            per_100=normal.per_100_units, lot_size=size, cartons=cartons, correlation=correlation,
        )  # fmt: skip

    def curve(p: np.ndarray) -> np.ndarray:
        return np.asarray(at(p).acceptance)

    end = upper = normal.oc[-1].p  # cartons keep the curve up for longer than the plain plan's ends
    while curve(np.array([upper]))[0] > _CONSUMER_LEVEL and (upper < 1 or normal.per_100_units) and upper < _WORST:
        upper = 2 * upper if normal.per_100_units else min(2 * upper, 1.0)
    shown = [normal.aql / 100, *(q for q in SHOWN_QUALITIES if q <= end)]
    found = at(np.unique(np.concatenate([np.linspace(0, end, _CURVE), shown])))
    worst = 2 * upper if normal.per_100_units else min(2 * upper, 1.0)
    limit, limit_at = largest(lambda p: np.asarray(at(p).outgoing), worst, _NEAR)
    columns = zip(
        found.p, found.acceptance, found.sample_number, *found.shares, found.outgoing, found.until_discontinued,
        strict=True,
    )  # fmt: skip
    return SchemeDocument(
        edition=normal.edition,
        lot_size=size,
        code_letter=normal.code_letter,
        level=normal.level,
        aql=normal.aql,
        type=asked,
        plans=_scheme_plans(normal, asked),
        with_reduced=with_reduced,
        per_100_units=normal.per_100_units,
        cartons=cartons,
        correlation=correlation if cartons is not None else None,
        points=tuple(
            SchemePoint(
                p=float(p),
                pa=float(pa),
                asn=float(asn),
                normal=float(a),
                tightened=float(b),
                reduced=float(c),
                aoq=float(aoq),
                until_discontinued=float(lots) if math.isfinite(lots) else None,
            )
            for p, pa, asn, a, b, c, aoq, lots in columns
        ),
        aoql=limit,
        aoql_at=limit_at,
        producer_risk=max(0.0, 1 - float(curve(np.array([normal.aql / 100]))[0])),
        consumer_quality=qualities_at((_CONSUMER_LEVEL,), curve, upper)[0],
    )


def _scheme_plans(normal: PlanDocument, type: str) -> tuple[SchemePlan, ...]:
    """The plans that the scheme switches between."""
    found = []
    for severity in SEVERITIES:
        s = stages(
            normal.code_letter, normal.aql, severity=severity, type=type, edition=normal.edition,
            per_100=normal.per_100_units,
        )  # fmt: skip
        found.append(SchemePlan(severity=severity, n=s.n, ac=s.ac, re=s.re))
    return tuple(found)


_FIRST = {"limiting": "limiting_quality", "variables": "method", "scheme": "scheme"}
_ANSWERS: dict[str, Callable[[dict[str, Any]], AnyPlan]] = {
    "plan": _of_tables,
    "limiting": _by_limiting_quality,
    "variables": _by_variables,
    "scheme": _scheme,
}


def _cartons(options: dict[str, Any]) -> tuple[int | None, float]:
    """Takes cartons and correlation out of the options: None and 0 where they are not asked for."""
    cartons, correlation = options.pop("cartons", None), options.pop("correlation", None)
    if (cartons is None) != (correlation is None):
        raise RequestError("cartons and correlation belong together", "Give both, for example 8 and 0.2.")
    return (None, 0.0) if cartons is None else (_whole("cartons", cartons), _number("correlation", correlation))


def _vet_flags(options: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if not isinstance(options.get(name, False), bool):
            raise RequestError(f"{name} is neither true nor false", "Give true or false.")


def _number(name: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:  # a whole number of hundreds of digits
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(f"{name} is not a number: {str(value)[:40]!r}", "Give a number.")
    return number


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(f"{name} is not a whole number: {str(value)[:40]!r}", "Give a whole number.")
    return value
