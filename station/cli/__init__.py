"""The commands. Thin: they read options, call ``station.service`` and print.

``conduct``    exit codes, one-line errors, JSON and tables, progress: the same for every command
``demo``       demo, the main job on the sample data
``bench``      rig add, rig list, card, capture
``calibrating`` calibrate lens, board, light, check, status
``goldens``    golden seal, golden statement, golden list, golden tolerance
``signing_off`` golden artefact, sign, approval-sheet, countersign, acknowledge, status, export, verify
``golden_record`` golden record, photo, item, resolve, change, hold, checklist, lint, template
``copies``     golden copy
``cloning``    golden clone, origin, artwork
``ledger``     ledger list, ledger head, key show, key list, key trust
``inspecting`` inspect
``entering``  enter, entered
``gauging``   gauge run, gauge from, gauge show, gauge list
``comparing``  compare
``lots``       lot add, lot decide, lot tally, lot map, lot explain, lot list
``draws``      lot draw, lot pulled
``planning``   plan
``orders``     order plan, order check
``gates``      gate open, list, answer, task, plan, start, made, bonded, check, lot, release, waive, escalate,
               resolve, first-article
``gates_shown`` the tables of ``gates``
``order_exchange`` order export, verify, import, received, compare
``streams``    stream open, lot, production, consent, resume, direct, void, status, plan, history
``nonconformity`` nc draft, list, show, answer, class, ask, disposition, cost, send, message, report, package, reorder,
               close
``seen``       nc seen, kinds, photo
``traceability`` nc records, cause
``corrective`` ca add, due, done, verify, withdraw, list
``photos``     photo
``pairing``    align, model run, model card
``capability`` model capability
``reviewing``  review, model recalibrate
``picturing``  picture card, vectors, map, drawing, residual, findings, heat, uniformity, drift
``processes``  chart control, chart trend
``documents``  doc control-sheet, certificate, first-article, unit, lot, approval, message, rfq
``accounts``   account add, list, role, password, disable
``upkeep``     serve, check, upgrade, schema, docs

Nothing heavy is imported before a command runs, so that ``station --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from station import __version__
from station.cli import (
    accounts,
    bench,
    capability,
    comparing,
    corrective,
    demo,
    documents,
    draws,
    entering,
    gates,
    gauging,
    goldens,
    inspecting,
    ledger,
    lots,
    nonconformity,
    orders,
    pairing,
    photos,
    picturing,
    planning,
    processes,
    reviewing,
    streams,
    upkeep,
)
from station.cli.conduct import Context, run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
demo.register(app)
bench.register(app)
goldens.register(app)
ledger.register(app)
inspecting.register(app)
entering.register(app)
gauging.register(app)
comparing.register(app)
lots.register(app)
draws.register(app)
planning.register(app)
orders.register(app)
gates.register(app)
streams.register(app)
nonconformity.register(app)
corrective.register(app)
photos.register(app)
pairing.register(app)
capability.register(app)
reviewing.register(app)
picturing.register(app)
processes.register(app)
documents.register(app)
accounts.register(app)
upkeep.register(app)


@app.callback(invoke_without_command=True)
def station(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help="Database, evidence, rigs; STATION_HOME does the same.")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of what goes wrong.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Seals a golden sample into a measured master and holds every unit of a lot to it."""
    context.obj = Context(home=home, debug=debug)
    if version:
        print(f"station {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


def main() -> None:
    """Entry point of the ``station`` command. Libraries' warnings are for developers: the user gets one line."""
    if not sys.warnoptions and "--debug" not in sys.argv:
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")  # the worker processes' too
    sys.exit(run(app))
