"""doc control-sheet, certificate, first-article, unit, lot, approval, message, rfq."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import Json, context_of, document, emit, progress, show

if TYPE_CHECKING:
    from station.report.blocks import Paper
    from station.values.papers import PaperKind

doc = typer.Typer(
    help="Documents to be sent: PDF, and spreadsheets where people calculate.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The golden sample, such as GS-20260510.")]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="Where to write it: NAME.pdf, or NAME.xlsx for tables only.")
]
LetterOut = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="NAME.pdf, NAME.txt or NAME.xlsx; without it the text is printed."
    ),
]
Tongue = Annotated[str, typer.Option("--language", metavar="CODE", help="en, zh-Hant, or another file's name.")]
Xlsx = Annotated[bool, typer.Option("--xlsx", help="Write the spreadsheet too, beside the PDF.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.add_typer(doc, name="doc")


@doc.command("control-sheet")
def control_sheet(
    context: typer.Context, number: Number, out: Out, language: Tongue = "en", xlsx: Xlsx = False, json: Json = False
) -> None:
    """What units of this SKU are held to, on one page: limits beside the golden's own values, defects, classes."""
    with context_of(context).open() as station, progress("Setting the control sheet"):
        paper = station.papers.control_sheet(number, language)
    _write(paper, "control-sheet", number, out, xlsx=xlsx, json=json)


@doc.command("certificate")
def certificate(
    context: typer.Context, number: Number, out: Out, language: Tongue = "en", xlsx: Xlsx = False, json: Json = False
) -> None:
    """The certificate of a golden sample: version, signatures, digests, its own values with their uncertainty."""
    with context_of(context).open() as station, progress("Setting the certificate"):
        paper = station.papers.certificate(number, language)
    _write(paper, "certificate", number, out, xlsx=xlsx, json=json)


@doc.command("first-article")
def first_article(
    context: typer.Context,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The purchase order, such as PO-4711.")],
    out: Out,
    sku: Annotated[str | None, typer.Option("--sku", help="Which SKU, where the order has several.")] = None,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """The first-article form: every characteristic beside the master, what each first piece measured, who released."""
    with context_of(context).open() as station, progress("Setting the first-article form"):
        paper = station.papers.first_article(order, language, sku=sku)
    _write(paper, "first-article", order, out, xlsx=xlsx, json=json)


@doc.command("unit")
def unit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="UNIT", help="The unit; its newest photo.")],
    out: Out,
    golden: Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="Inspected against it.")] = None,
    lot: Annotated[str | None, typer.Option("--lot", metavar="ID", help="Of this lot.")] = None,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """One unit beside the golden sample: its findings enlarged, every value with its uncertainty and limit."""
    with context_of(context).open() as station, progress("Setting the unit's sheet"):
        paper = station.papers.unit(name, language, golden=golden, lot=lot)
    _write(paper, "unit", name, out, xlsx=xlsx, json=json)


@doc.command("lot")
def lot(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LOT", help="A decided lot.")],
    out: Out,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """A decided lot: Ac and Re by class, what the plan lets through, where its defects lie, what they come from."""
    with context_of(context).open() as station, progress("Setting the lot's report"):
        paper = station.papers.lot(name, language)
    _write(paper, "lot", name, out, xlsx=xlsx, json=json)


@doc.command("approval")
def approval(
    context: typer.Context,
    number: Number,
    out: LetterOut = None,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """The statement in which the buyer approves the sample, with places for both signatures."""
    with context_of(context).open() as station, progress("Setting the approval"):
        paper, text = station.papers.approval(number, language)
    _write_letter(paper, text, "approval", number, out, xlsx=xlsx, json=json)


@doc.command("message")
def message(
    context: typer.Context,
    number: Number,
    out: LetterOut = None,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """The message to the supplier before mass production, with the seven items that he confirms."""
    with context_of(context).open() as station, progress("Setting the message"):
        paper, text = station.papers.message(number, language)
    _write_letter(paper, text, "message", number, out, xlsx=xlsx, json=json)


@doc.command("rfq")
def rfq(
    context: typer.Context,
    number: Number,
    out: Out,
    use: Annotated[str, typer.Option("--use", help="internal, giveaway, tool, retail, display, gift ...")] = "",
    budget: Annotated[
        str, typer.Option("--budget", metavar="WORDS", help="Target budget, such as 'USD 0.80 FOB'.")
    ] = "",
    quantity: Annotated[
        list[int] | None, typer.Option("--quantity", min=1, metavar="N", help="To be quoted beside the usual tiers.")
    ] = None,
    language: Tongue = "en",
    xlsx: Xlsx = False,
    json: Json = False,
) -> None:
    """The annex to a request for quotation or an order: tiers, lead times, controls, standard, what failed before."""
    with context_of(context).open() as station, progress("Setting the annex"):
        paper = station.papers.quotation(number, language, use=use, budget=budget, quantities=quantity or ())
    _write(paper, "rfq", number, out, xlsx=xlsx, json=json)


def _write_letter(
    paper: Paper, text: str, kind: PaperKind, about: str, out: Path | None, *, xlsx: bool, json: bool
) -> None:
    if out is None:
        emit(text.rstrip("\n"))
        return
    _write(paper, kind, about, out, text=text, xlsx=xlsx, json=json)


def _write(
    paper: Paper, kind: PaperKind, about: str, out: Path, *, text: str | None = None, xlsx: bool, json: bool
) -> None:
    from station.service.papers import written

    found = written(paper, kind, about, out, text=text, xlsx=xlsx)
    if json:
        emit(document(found))
        return
    for one in found.files:
        show(f"Written: {one.file}")
    for remark in found.remarks:
        show(f"Note: {remark}.")
