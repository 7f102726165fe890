"""Sampling plans as tables of numbers and as pictures, from their documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from station.errors import RequestError
from station.service.out_files import write_file
from station.values.documents import PlanDocument
from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument
from station.values.spreadsheet import csv_text

if TYPE_CHECKING:
    from station.lots.requests import AnyPlan
    from station.report.pictures import RGB
    from station.report.plan_charts import QualityMark


def plan_of(request: Mapping[str, Any]) -> AnyPlan:
    """The plan that is asked for by the command's options as keys. Raises RequestError."""
    from station.service.tools import plan

    if "values" in request:
        request = {**request, "values": list(request["values"])}
    return plan(request)


def curve_as(document: AnyPlan, form: Literal["png", "csv"]) -> bytes:
    """A plan's curve as the bytes of a picture or of a table. Raises RequestError where there is none to draw."""
    from station.report.pictures import png

    return png(plan_chart(document)) if form == "png" else plan_csv(document).encode()


def plan_table(document: AnyPlan) -> tuple[tuple[str, ...], list[tuple[float | None, ...]]]:
    """Columns and rows of a plan's curve. Qualities are fractions, or nonconformities a unit."""
    if isinstance(document, SchemeDocument):
        names = ("p", "pa", "asn", "normal", "tightened", "reduced", "until_discontinued")
        return names, [tuple(getattr(point, name) for name in names) for point in document.points]
    if isinstance(document, PlanDocument) and document.figures is not None:
        rows = zip(document.oc, document.figures.points, strict=True)
        return ("p", "pa", "asn", "aoq", "pa_cartons"), [(o.p, o.pa, f.asn, f.aoq, f.pa_cartons) for o, f in rows]
    return ("p", "pa"), [(o.p, o.pa) for o in getattr(document, "oc", ())]


def read_values(file: Path) -> list[float]:
    """The column ``value`` of a CSV file. Raises RequestError with line and column."""
    from station.service.values_file import read_table

    return [row.number("value") for row in read_table(file, required=("value",), optional=("unit",))]


def plan_csv(document: AnyPlan) -> str:
    """The curve as CSV: a header, then a row for each quality; empty where there is no figure."""
    columns, rows = plan_table(document)
    return csv_text([columns, *(["" if v is None else repr(v) for v in row] for row in rows)])


def write_csv(document: AnyPlan, out: Path) -> None:
    """Write the curve as CSV. Raises as :func:`write_file`."""
    write_file(out, plan_csv(document).encode())


def plan_chart(document: AnyPlan) -> RGB:
    """The operating characteristic as a picture, with the AQL or the qualities agreed on.

    Raises RequestError for a lot of which every unit is measured: it has none.
    """
    from station.report.plan_charts import CurveLine, QualityMark, plan_picture

    per_100 = getattr(document, "per_100_units", False)
    axis = "nonconformities per 100 units" if per_100 else "per cent nonconforming"
    columns, rows = plan_table(document)
    p = [100 * float(row[0] or 0) for row in rows]

    def column(name: str) -> list[float]:
        return [float(row[columns.index(name)] or 0) for row in rows]

    curves = [CurveLine("probability of acceptance", p, column("pa"))]
    if isinstance(document, SchemeDocument):
        title = f"{document.edition}, code letter {document.code_letter}, AQL {document.aql:g}: the switching scheme"
        marks = [
            QualityMark(document.aql, f"AQL {document.aql:g}"),
            QualityMark(100 * document.consumer_quality, f"{100 * document.consumer_quality:.3g}: 10 % accepted"),
        ]
        curves += [CurveLine(f"lots under {s} inspection", p, column(s)) for s in ("normal", "tightened", "reduced")]
        plans = "; ".join(
            f"{s.severity} {' + '.join(map(str, s.n))}, Ac {' '.join(map(str, s.ac))}" for s in document.plans
        )
        notes = [plans, "Long-run shares at constant quality, inspection resumed at once where it is discontinued."]
    elif isinstance(document, PlanDocument):
        if document.producer_risk is None or document.consumer_quality is None:
            raise RequestError(
                "Every unit of this lot is inspected, so no probability of acceptance is left to draw",
                "Leave out --picture.",
            )
        n = " + ".join(map(str, document.n))
        title = f"{document.edition}, {document.severity}, code letter {document.letter}, AQL {document.aql:g}: n = {n}"
        marks = [
            QualityMark(document.aql, f"AQL {document.aql:g}: {1 - document.producer_risk:.1%} accepted"),
            QualityMark(100 * document.consumer_quality, f"{100 * document.consumer_quality:.3g}: 10 % accepted"),
        ]
        notes = [f"Ac {' '.join(map(str, document.ac))}, Re {' '.join(map(str, document.re))}"]
        figures = document.figures
        if figures is not None and figures.cartons is not None:
            name = f"from {figures.cartons} cartons, correlation {figures.correlation:g}"
            curves.append(CurveLine(name, p, column("pa_cartons")))
    elif isinstance(document, LimitingQualityDocument):
        title = f"n = {document.n}, Ac {document.ac}: limiting quality {100 * document.limiting_quality:g} %"
        marks = [QualityMark(100 * document.limiting_quality, f"limiting quality: {document.accepted:.1%} accepted")]
        notes = [f"{document.count} count" + (f", lot of {document.lot_size}" if document.lot_size else "")]
    else:
        title, marks, notes = _variables(document)
    return plan_picture(curves, marks, title=title, notes=notes, axis=axis)


def _variables(document: VariablesPlanDocument) -> tuple[str, list[QualityMark], list[str]]:
    from station.report.plan_charts import QualityMark

    if document.producer_risk is None or document.consumer_quality is None or document.consumer_risk is None:
        raise RequestError(
            "Every unit of this lot is measured, so no probability of acceptance is left to draw",
            "Leave out --picture.",
        )
    title = f"{document.edition}, {document.method} method: n = {document.n}, k = {document.k:.4g}"
    marks = [
        QualityMark(
            100 * document.producer_quality,
            f"{100 * document.producer_quality:.3g} %: {1 - document.producer_risk:.1%} accepted",
        ),
        QualityMark(
            100 * document.consumer_quality, f"{100 * document.consumer_quality:.3g} %: {document.consumer_risk:.1%}"
        ),
    ]
    return title, marks, ["One limit; measurements normally distributed."]
