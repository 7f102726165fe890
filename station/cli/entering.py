"""``enter``: values measured with an instrument; ``entered``: what was entered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, progress, say, show, table
from station.errors import RequestError

if TYPE_CHECKING:
    from station.service.entering import NewValue
    from station.values.entered import EnteredDocument

MANY = 40
"""Rows of a table that a person still reads; a table of ten thousand takes longer to draw than its values to record."""

WORST_FIRST = ("nonconforms", "undecided")

Golden = Annotated[str | None, typer.Option("--golden", metavar="NUMBER", help="The golden sample of the unit.")]
Lot = Annotated[str | None, typer.Option("--lot", metavar="ID", help="The lot the unit belongs to.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("enter")(enter)
    app.command("entered")(entered)


def enter(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="What was measured, as the control sheet calls it.")
    ] = None,
    value: Annotated[str | None, typer.Argument(metavar="[VALUE]", help="The value, such as 33.9")] = None,
    unit_id: Annotated[str | None, typer.Option("--unit-id", metavar="UNIT", help="The unit's name.")] = None,
    golden: Golden = None,
    lot: Lot = None,
    instrument: Annotated[
        str | None, typer.Option("--instrument", metavar="NAME", help="As in its certificate.")
    ] = None,
    calibrated_on: Annotated[
        str | None, typer.Option("--calibrated-on", metavar="DATE", help="The instrument's calibration, 2026-05-01.")
    ] = None,
    due_on: Annotated[
        str | None,
        typer.Option("--due-on", metavar="DATE", help="Until when it holds; without it a year from the calibration."),
    ] = None,
    u: Annotated[
        str | None, typer.Option("--u", metavar="U", help="Expanded uncertainty (k = 2), in the value's unit.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="UNIT", help="Unit of measure; without it the control sheet's.")
    ] = None,
    measured_on: Annotated[str | None, typer.Option("--measured-on", metavar="DATE", help="Without it today.")] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who measured.")] = "",
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What else should be kept with it.")] = "",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="VALUES.csv", help="Columns unit, name, value, u, instrument, calibrated_on and others."
        ),
    ] = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Enter values of units, which the control sheet judges. A corrected value supersedes the older one."""
    with context_of(context).open() as station:
        if file is not None:
            alone = {"NAME": name, "--unit-id": unit_id, "--u": u, "--instrument": instrument, "--unit": unit}
            alone |= {"--calibrated-on": calibrated_on, "--due-on": due_on, "--measured-on": measured_on}
            given = [key for key, one in alone.items() if one is not None]
            if given:
                raise RequestError(f"{given[0]} is given beside --file", "Write it into the file's own column.")
            values = station.entered.read(file, golden=golden, lot=lot, by=by)
        else:
            values = [
                _one(
                    name, value, u, unit_id=unit_id, golden=golden, instrument=instrument, calibrated_on=calibrated_on,
                    due_on=due_on, measured_on=measured_on, lot=lot, unit=unit, by=by, note=note,
                )
            ]  # fmt: skip
        with progress("Judging", total=len(values)) as move:
            judged = station.entered.judge(values, lambda: move(None))
        with progress("Recording", total=len(judged)) as move:
            answers = station.entered.record(judged, lambda: move(None))
    for answer in answers:
        if answer.remark:
            say(f"note: {answer.remark}.")
    if json:
        for answer in answers:
            emit(document(answer.document))
    else:
        _show_new([a.document for a in answers])
        known = sum(not a.new for a in answers)
        show(
            f"{len(answers) - known} of {len(answers)} values recorded"
            + (f", {known} known already." if known else ".")
        )
    if fail and any(a.document.judged.verdict == "nonconforms" for a in answers):
        raise typer.Exit(NONCONFORMING)


def entered(
    context: typer.Context,
    golden: Golden = None,
    lot: Lot = None,
    unit_id: Annotated[str | None, typer.Option("--unit-id", metavar="UNIT", help="The unit's name.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Also the values that were corrected.")] = False,
    json: Json = False,
) -> None:
    """Entered values that stand, oldest first."""
    with context_of(context).open() as station:
        found = station.entered.values(golden=golden, lot=lot, unit=unit_id, history=history)
    if json:
        for one in found:
            emit(document(one))
    else:
        _show("Entered values", found)


def _one(
    name: str | None,
    value: str | None,
    u: str | None,
    *,
    unit_id: str | None,
    golden: str | None,
    instrument: str | None,
    calibrated_on: str | None,
    due_on: str | None,
    measured_on: str | None,
    lot: str | None,
    unit: str | None,
    by: str,
    note: str,
) -> NewValue:
    """The one value of a command line. Raises RequestError that names what is missing."""
    from station.service.entering import NewValue
    from station.service.values_file import day, number

    needed = {"NAME": name, "VALUE": value, "--unit-id": unit_id, "--golden": golden, "--instrument": instrument}
    needed |= {"--calibrated-on": calibrated_on, "--u": u}
    missing = [key for key, one in needed.items() if one is None]
    if missing:
        raise RequestError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing",
            "For example: station enter weight 33.9 --unit-id unit-07 --golden NUMBER --instrument S-3 "
            "--calibrated-on 2026-05-01 --u 0.05",
        )
    return NewValue(
        where=f"{name}", unit=str(unit_id), name=str(name), value=number(str(value), f"{name}"),
        u=number(str(u), "--u"), instrument=str(instrument), calibrated_on=day(str(calibrated_on), "--calibrated-on"),
        golden=str(golden), lot=lot, due_on=None if due_on is None else day(due_on, "--due-on"),
        measured_on=None if measured_on is None else day(measured_on, "--measured-on"), unit_of_measure=unit, by=by,
        note=note,
    )  # fmt: skip


def _show_new(found: Sequence[EnteredDocument]) -> None:
    """What was entered: all of a few values; of many, those that a person must look at, worst first."""
    if len(found) <= MANY:
        _show("Entered", found)
        return
    count = Counter(str(e.judged.verdict) for e in found)
    looked_at = [e for verdict in WORST_FIRST for e in found if e.judged.verdict == verdict]
    if looked_at:
        _show("Entered, of which these do not conform", looked_at[:MANY])
    if len(looked_at) > MANY:
        show(f"{len(looked_at) - MANY} more do not conform. All: station entered --golden {found[0].golden}")
    show(f"{count['conforms']} conforming, {count['nonconforms']} nonconforming, {count['undecided']} undecided.")


def _show(title: str, found: Sequence[EnteredDocument]) -> None:
    rows = [
        [
            e.unit, e.lot or "", e.name, f"{e.judged.value:g} {e.judged.unit}", f"{e.judged.u:g}",
            str(e.judged.verdict), e.instrument, f"{e.measured_on}", e.judged.reason,
        ]
        for e in found
    ]  # fmt: skip
    table(title, ["unit", "lot", "name", "value", "u", "verdict", "instrument", "measured", "reason"], rows)
