"""How every command behaves: exit codes, one-line errors, one document for ``--json``, progress for a terminal."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from station.errors import RequestError, StationError

if TYPE_CHECKING:
    from rich.table import Table

    from station.service import Station
    from station.settings import Settings

DONE, NONCONFORMING, REFUSED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141

Json = Annotated[bool, typer.Option("--json", help="Print the document and nothing else.")]
Rig = Annotated[str | None, typer.Option("--rig", metavar="NAME", help="The bench the photos were taken on.")]
Card = Annotated[
    str | None,
    typer.Option(
        "--card",
        metavar="NAME|FILE.toml",
        help="The colour card in the photo; without it colorchecker24, either edition.",
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, metavar="N", help="Worker processes; without it one for each core.")
]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who says so.")]
Day = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Today without it.")
]
GoldenNumber = Annotated[str, typer.Argument(metavar="NUMBER", help="The golden sample.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why.")]
Claim = Annotated[str, typer.Argument(metavar="ID", help="The nonconformity, such as NC-20260510.")]
FailOn = Annotated[bool, typer.Option("--fail-on-nonconforming", help="Exit with 1 where something is nonconforming.")]


class PipeClosedError(Exception):
    """Whoever read our standard output has gone."""


@dataclass(frozen=True, slots=True)
class Context:
    """Options that stand before the command."""

    home: Path | None
    debug: bool

    def settings(self) -> Settings:
        """Settings of the environment, with this command line's home."""
        from pydantic import ValidationError

        from station.settings import read_settings
        from station.values.faults import wrong

        try:
            return read_settings(self.home.expanduser().absolute() if self.home else None)
        except ValidationError as error:
            first = error.errors()[0]
            name = f"STATION_{str(first['loc'][0]).upper()}"
            raise RequestError(f"{name} in the environment: {wrong(first)}", "Correct it or unset it.") from error

    def open(self) -> Station:
        """The station of this command line; close it."""
        from station.service import Station

        return Station(self.settings())


def run(app: typer.Typer, arguments: Sequence[str] | None = None) -> int:
    """Run a command line and answer its exit code. No traceback reaches a user unless asked for."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments or os.environ.get("STATION_DEBUG", "") not in ("", "0")
    try:
        code = app(args=list(arguments), prog_name="station", standalone_mode=False)
        sys.stdout.flush()
    except StationError as error:
        return _refuse(str(error), error, debug)
    except (PipeClosedError, BrokenPipeError):
        _silence()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except typer.Abort:
        return _refuse("aborted. Run it again", None, debug)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a group alone: its help is what was meant
            print(error)
            return DONE
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        command = getattr(getattr(error, "ctx", None), "command_path", "station")
        message = _line(message).rstrip(".")
        if message.endswith("unable to parse string as a number"):  # mostly a decimal comma
            message += "; write decimals with a point, such as 2.5"
        stop = "" if message.endswith("?") else "."
        return _refuse(f"{message}{stop} Run: {command} --help", error, debug)
    except MemoryError as error:
        return _refuse(
            "there is not enough memory. Use --jobs 1, smaller pictures, or close other programs.", error, debug
        )
    except OSError as error:
        return _refuse(_disk(error), error, debug)
    except UnicodeEncodeError as error:  # bytes of the command line that are no text in its encoding
        return _refuse(f"{error.object[:40]!r} is not Unicode text. Write names and ids in UTF-8.", error, debug)
    except Exception as error:
        text = _line(f"{type(error).__name__}: {error}")[:200]
        return _refuse(f"this should not have happened: {text}. Run it again with --debug and report it.", error, debug)
    if code == INTERRUPTED:
        say("interrupted. What was finished is kept; run the same command again to go on.")
    return int(code or DONE)


def say(text: str) -> None:
    """One line on standard error."""
    with contextlib.suppress(OSError, ValueError):
        print(f"station: {_line(text)}", file=sys.stderr, flush=True)


def emit(text: str) -> None:
    """One document, or one line of a table, on standard output."""
    try:
        print(text, flush=True)
    except BrokenPipeError as error:
        raise PipeClosedError from error


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people; where it has no rows, its title says so."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        show(f"{title}: none.")
        return
    show(title)  # not the table's own title, which would wrap at the width of a narrow table
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column in columns:  # a narrow terminal folds texts; it never cuts them, nor the names in the first column
        widest = max(map(len, column.split()), default=0)
        made.add_column(column, overflow="fold", no_wrap=column == columns[0], min_width=widest)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    show(made)


def show(thing: Table | str) -> None:
    """A table or a text for people, on standard output."""
    from rich.console import Console
    from rich.text import Text

    try:
        width = None if sys.stdout.isatty() else 160
        console = Console(highlight=False, soft_wrap=isinstance(thing, str), width=width)
        console.print(Text(thing) if isinstance(thing, str) else thing)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosedError from error


@contextlib.contextmanager
def progress(text: str, total: int | None = None) -> Iterator[Callable[[int | None], None]]:
    """A bar on standard error, only where that is a terminal. Yields a call that moves it on, or sets its total."""
    if not sys.stderr.isatty():
        yield _stand_still
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=total)

        def move(new_total: int | None = None) -> None:
            if new_total is None:
                bar.advance(task)
            else:
                bar.update(task, total=new_total)

        yield move


def _stand_still(new_total: int | None = None) -> None:
    """A bar that nobody sees does not move."""


def _refuse(text: str, error: BaseException | None, debug: bool) -> int:
    if debug and error is not None:
        import traceback

        traceback.print_exception(error)
    say(text)
    return REFUSED


def _line(text: str) -> str:
    return " ".join(text.split())


def _disk(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    do = (
        "Free some space, then run it again; what was finished is kept."
        if full
        else "Check the path and its permissions."
    )
    return f"{error.strerror or type(error).__name__}{where}. {do}"


def _silence() -> None:
    """Let the interpreter's own flush at exit write into nothing."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def document(value: Any) -> str:
    """A pydantic document as JSON, under the names of the contract."""
    return str(value.model_dump_json(by_alias=True))


def context_of(context: typer.Context) -> Context:
    """The options that stood before the command."""
    found = context.obj
    assert isinstance(found, Context)
    return found
