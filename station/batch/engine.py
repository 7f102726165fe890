"""What every engine promises."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from station.errors import StationError

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item, Result]):
    """One item done. Exactly one of ``result`` and ``error`` counts: ``error`` is None when the function returned.

    index : place of the item in the input, from 0. attempts : 2 where a worker died on it.
    trace : the traceback of an error that is not a StationError, for the log; never shown to a user.
    """

    index: int
    item: Item
    result: Result | None
    error: StationError | None = None
    attempts: int = 1
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How a run ended. stopped : the stop event was set before every item was done."""

    succeeded: int
    failed: int
    stopped: bool


class Engine(Protocol):
    """Runs a function over items."""

    def run(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        on_done: Callable[[Outcome[Item, Result]], None],
        stop: threading.Event | None = None,
    ) -> Tally:
        """Call ``function`` on each item and ``on_done`` with each outcome as it comes, in order of completion.

        ``on_done`` runs in the calling thread. ``items`` is read no further ahead than there are workers. The function
        may be called twice with one item (after a worker died), so it must have no effect beyond its result. Setting
        ``stop``, or Ctrl-C, ends the run at once: outcomes handed over stand, items under way are dropped. Exceptions
        of ``on_done`` and of ``items`` end the run and are raised.
        """
        ...


def explain(error: BaseException) -> tuple[StationError, str]:
    """The error to report for what a function raised, and its traceback unless it is one of the station's own."""
    if isinstance(error, StationError):
        return error, ""
    text = " ".join(str(error).split())[:200]
    wrapped = StationError(
        f"This item failed inside the station: {type(error).__name__}{': ' if text else ''}{text}",
        "Report it together with the log; the other items are not affected.",
    )
    return wrapped, "".join(traceback.format_exception(error))
