"""One item after another in this process: the reference that the other engines are held to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from station.batch.engine import Item, Outcome, Result, Tally, explain


class Serial:
    """See :class:`station.batch.engine.Engine`."""

    def run(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        on_done: Callable[[Outcome[Item, Result]], None],
        stop: threading.Event | None = None,
    ) -> Tally:
        succeeded = failed = 0
        for index, item in enumerate(items):
            if stop is not None and stop.is_set():
                return Tally(succeeded, failed, stopped=True)
            try:
                outcome = Outcome(index, item, function(item))
                succeeded += 1
            except Exception as error:
                reported, trace = explain(error)
                outcome = Outcome(index, item, None, reported, trace=trace)
                failed += 1
            on_done(outcome)
        return Tally(succeeded, failed, stopped=False)
