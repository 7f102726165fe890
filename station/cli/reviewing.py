"""``review``: what a reviewer says of single findings; ``model recalibrate``: the thresholds that follow from it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import Json, context_of, document, emit, say, show, table
from station.cli.pairing import model
from station.errors import RequestError

if TYPE_CHECKING:
    from station.service.finding_reviews import NewAnswer
    from station.service.views import NumberedFindingView, UnitFindingsView
    from station.values.reviewed import Answer, GroupDocument, RecalibrationDocument, ShareDocument, ThresholdsDocument

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("review")(review)
    model.command("recalibrate")(recalibrate)


def review(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The unit's name.")],
    confirm: Annotated[
        list[str] | None, typer.Option("--confirm", metavar="N", help="These are defects: 3, or 1,4, or 2-6.")
    ] = None,
    refuse: Annotated[
        list[str] | None, typer.Option("--refuse", metavar="N", help="These are no defects: false alarms.")
    ] = None,
    undecidable: Annotated[
        list[str] | None, typer.Option("--undecidable", metavar="N", help="Of these nobody can tell.")
    ] = None,
    undo: Annotated[
        list[str] | None, typer.Option("--undo", metavar="N", help="Take your own answers about these back.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="What it is, where the station calls it otherwise.")
    ] = None,
    new_kind: Annotated[
        bool, typer.Option("--new-kind", help="The kind is meant, though neither sheet nor models know it.")
    ] = False,
    by: By = "",
    reason: Reason = "",
    everything: Annotated[bool, typer.Option("--all", help="Also findings at less than half their limit.")] = False,
    golden: Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="The unit's golden sample.")] = None,
    lot: Annotated[str | None, typer.Option("--lot", metavar="ID", help="The unit's lot.")] = None,
    json: Json = False,
) -> None:
    """Show a unit's findings, or say which are defects and which are not. Every answer is kept; none changes a verdict.

    What is kept teaches from which score a finding counts: station model recalibrate.
    """
    with context_of(context).open() as station:
        unit_id = station.finding_reviews.find(unit, golden=golden, lot=lot)
        given: dict[Answer, list[str] | None]
        given = {"confirm": confirm, "refuse": refuse, "undecidable": undecidable, "undo": undo}
        answers = _answers(given, kind, reason, new_kind=new_kind)
        if answers:
            if not by.strip():
                raise RequestError("the reviewer is missing", "Say who decides: --by NAME")
            station.finding_reviews.answer(unit_id, answers, by)
        found = station.finding_reviews.findings(unit_id)
    if json:
        emit(document(found))
        return
    if answers:
        say(f"note: {len(answers)} recorded; the unit's verdict is decided on the review page, station serve.")
        numbers = {a.number for a in answers}
        _tell_findings("Answered", [n for n in found.findings if n.number in numbers])
        return
    _show(found, everything=everything)


def _answers(
    given: dict[Answer, list[str] | None], kind: str | None, reason: str, *, new_kind: bool
) -> list[NewAnswer]:
    from station.service.finding_reviews import NewAnswer

    answers = [
        NewAnswer(number, answer, kind, reason, new_kind)
        for answer, texts in given.items()
        for text in texts or ()
        for number in _numbers(text)
    ]
    if not answers and (kind or reason):
        raise RequestError("no finding is named", "Add --confirm N, --refuse N, --undecidable N or --undo N.")
    if new_kind and kind is None:
        raise RequestError("--new-kind goes with --kind", "Name the kind: --kind KIND --new-kind.")
    if kind is not None and len(answers) > 1:
        raise RequestError("--kind is given for several findings", "Name one finding with --confirm or --refuse.")
    return answers


def _numbers(text: str) -> list[int]:
    """Numbers of ``3``, ``1,4`` or ``2-6``."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not first.strip().isdecimal() or (last and not last.strip().isdecimal()) or part.endswith("-"):
            raise RequestError(f"{text[:40]!r} names no findings", "Write their numbers: 3, or 1,4, or 2-6.")
        low, high = int(first), int(last or first)
        if not low <= high < 100_000:
            raise RequestError(f"{text[:40]!r} names no findings", "Write the smaller number first: 2-6.")
        found += range(low, high + 1)
    return found


def _show(found: UnitFindingsView, *, everything: bool) -> None:
    from station.judge.folding import folded, is_well_within

    lot = f" of lot {found.lot}" if found.lot else ""
    show(
        f"Unit {found.unit}{lot} ({found.photo}) against {found.golden} version {found.golden_version}: {found.verdict}"
    )
    if found.others:
        show(f"The newest of its {found.others + 1} photos.")
    told = [n for n in found.findings if everything or n.answers or not is_well_within(n.finding)]
    _tell_findings("Findings", told)
    more = folded(len(found.findings) - len(told))
    if more:
        show(f"{more}: station review {found.unit} --all")
    for d in found.disagreements:
        show(f"{f'Finding {d.number}' if d.number else 'No finding'}, the models disagree: {d.words}.")
    if found.findings:
        which = f" --lot {shlex.quote(found.lot)}" if found.lot else ""
        show(
            f"See them large: station picture findings {shlex.quote(found.unit)} --golden {found.golden}{which} "
            "--out findings.png"
        )


def _tell_findings(title: str, findings: Sequence[NumberedFindingView]) -> None:
    """Findings as a table, and below it by number why each is judged so and what was said of it."""
    table(title, *_rows(findings))
    for n in findings:
        if n.finding.reason:
            show(f"{n.number}: {n.finding.reason}.")
        if n.answers:
            said = "; ".join(f"{a.answer} {a.reviewer}" + (f" ({a.named})" if a.named else "") for a in n.answers)
            show(f"{n.number}: {said}.")


def _rows(findings: Sequence[NumberedFindingView]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of findings."""
    rows = []
    for n in findings:
        f = n.finding
        long = f.kind == "scratch"
        others = ", ".join(f"{k} {v:.2f}" for k, v in list(f.kind_scores.items())[:3] if k != f.kind)
        rows.append(
            [
                str(n.number),
                f.kind,
                others,
                f"{f.length_mm:.2f} long" if long else f"{f.size_mm:.2f} across",
                f"{f.u_mm:.2f}",
                "none" if f.limit_mm is None else f"{f.limit_mm:g}",
                f"{f.x_mm:+.1f}, {f.y_mm:+.1f}",
                f.region,
                f"{f.contrast_to_noise:.0f}",
                f"{f.score:.3f}",
                "set aside" if n.set_aside else f.verdict.value,
                n.standing,
            ]
        )
    columns = ["no.", "kind", "or", "size mm", "u", "limit", "x, y mm", "region", "contrast", "score", "verdict",
               "standing"]  # fmt: skip
    return columns, rows


def recalibrate(
    context: typer.Context,
    golden: Annotated[str, typer.Option("--golden", metavar="NUMBER", help="The sealed golden sample.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Set the proposed thresholds; without it nothing changes.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Take the thresholds back: every finding counts again.")
    ] = False,
    history: Annotated[bool, typer.Option("--history", help="Show who set them or took them back, and why.")] = False,
    by: By = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Propose, from reviewed findings, the score from which a finding counts, with what that keeps and drops."""
    if apply + reset + history > 1:
        raise RequestError("--apply, --reset and --history exclude each other", "Give one of them.")
    if (by or reason) and not (apply or reset):
        raise RequestError("--by and --reason go with --apply or --reset", "Add one of them, or leave both out.")
    with context_of(context).open() as station:
        use = station.recalibration
        if history:
            records = use.history(golden)
        elif apply or reset:
            records = [(use.apply if apply else use.reset)(golden, by=by, reason=reason)]
        else:
            report = use.propose(golden)
            if json:
                emit(document(report))
            else:
                _tell(report)
            return
    if json:
        for _, record in records:
            emit(document(record))
        return
    if not records:
        show(f"No thresholds were ever set for golden {golden}.")
    for number, record in records:
        _tell_record(number, record)
    if not history:
        show(
            f"A capability study holds for the thresholds it was made with: station model capability --golden {golden}"
        )


def _tell(report: RecalibrationDocument) -> None:
    from station.values.reviewed import in_words

    show(f"Reviewed findings of golden {report.golden} version {report.golden_version} by {report.model}")
    if not report.groups and not report.left_out:
        show(
            f"No finding was reviewed yet. Say which findings of a unit are defects: station review UNIT --golden "
            f"{report.golden}"
        )
        return
    rows = []
    for g in report.groups:
        for which, scores, real, false in (
            ("now", g.old, g.confirmed_old, g.refused_old),
            ("proposed", g.new, g.confirmed_new, g.refused_new),
        ):
            if real is None or false is None:
                rows.append([g.kind, which, "insufficient", "", "", ""])
                continue
            label = ", ".join(g.kinds) if len(g.kinds) > 1 and which == "now" else ""
            rows.append([g.kind, which, in_words(scores) or "every finding counts", _drops(real), _drops(false), label])
    table("Thresholds", ["kind", "", "counts", "confirmed dropped", "refused dropped", ""], rows)
    for g in report.groups:
        more = [f"{n} {word}" for n, word in ((g.undecidable, "undecidable"), (g.disputed, "disputed")) if n]
        told = f"; {', '.join(more)}" if more else ""
        where = f" on {_counted(g.units, 'unit')}" if g.confirmed else ""
        show(f"{g.kind}: {_counted(g.confirmed, 'confirmed finding')}{where}, {g.refused} refused{told}.")
        if g.state == "insufficient":
            show(f"  Until a proposal: {_missing(g)}.")
    for why, count in report.left_out.items():
        show(f"Left out: {_counted(count, 'finding')} {why}.")
    show(f"Method: {report.method}.")
    if report.proposed and report.proposed != report.old:
        show(
            f"Nothing is changed. To set them: station model recalibrate --golden {report.golden} --apply --by NAME "
            "--reason TEXT"
        )
    else:
        show("Nothing is proposed." if not report.proposed else "This is what is in force.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _missing(g: GroupDocument) -> str:
    """What a group of reviewed findings lacks until a threshold can be proposed."""
    from station.quality.thresholds import LEAST_CONFIRMED, LEAST_UNITS

    lacks = [
        f"needs {least} {what}, has {has}"
        for least, what, has in ((LEAST_CONFIRMED, "confirmed findings", g.confirmed), (LEAST_UNITS, "units", g.units))
        if has < least
    ]
    return "; ".join(lacks) or g.reason


def _drops(share: ShareDocument) -> str:
    if not share.of:
        return "none reviewed"
    return f"{share.dropped} of {share.of} ({share.low:.1%} to {share.high:.1%})"


def _tell_record(number: int, record: ThresholdsDocument) -> None:
    from station.values.reviewed import in_words

    what = f"a finding counts where its score is {in_words(record.scores)}" if record.scores else "taken back"
    show(
        f"Record {number}, {record.made_at:%Y-%m-%d %H:%M} UTC, golden {record.golden} version "
        f"{record.golden_version}, {record.model}: {what}; by {record.by}: {record.reason}"
    )
