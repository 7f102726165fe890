"""Worker processes, each with one item at a time, so that a worker that dies takes exactly one known item with it.

The standard pools cannot promise that: when one worker is killed they fail everything that is under way.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic

from station.batch.engine import Item, Outcome, Result, Tally, explain
from station.batch.worker import work
from station.errors import RequestError, StationError

_MAX_ATTEMPTS = 2
_LOOK_UP_S = 0.05  # how long a stop request may go unnoticed
_FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class _Task(Generic[Item]):
    index: int
    item: Item
    attempts: int = 1


class _Worker(Generic[Item]):
    def __init__(self, pickled_function: bytes) -> None:
        # spawn: a fork would copy locks held by the other threads of a web service.
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, pickled_function), daemon=True)
        self.process.start()
        theirs.close()  # so that the worker's death ends the connection
        self.task: _Task[Item] | None = None

    def give(self, task: _Task[Item]) -> None:
        self.task = task
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its death is noticed by collect()
            self.connection.send_bytes(pickle.dumps(task.item))

    def collect(self) -> bytes | None:
        """The answer, or None where the worker died."""
        try:
            return self.connection.recv_bytes() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def end(self) -> int | None:
        """Let an idle worker finish, kill a busy one; the exit code, negative for a signal."""
        self.connection.close()
        if self.task is not None:
            self.process.kill()
        self.process.join(_FAREWELL_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


class Processes:
    """See :class:`station.batch.engine.Engine`. Function, items and results travel by pickle.

    A worker that dies is replaced and its item tried once more; a second death is that item's error. Each worker uses
    one thread. Raises ``RequestError`` for fewer than one job.
    """

    def __init__(self, jobs: int) -> None:
        if jobs < 1:
            raise RequestError(f"{jobs} jobs make no sense", "Give 1 or more.")
        self.jobs = jobs

    def run(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        *,
        on_done: Callable[[Outcome[Item, Result]], None],
        stop: threading.Event | None = None,
    ) -> Tally:
        pickled_function = pickle.dumps(function)
        again: deque[_Task[Item]] = deque()
        fresh: Iterator[_Task[Item]] = (_Task(i, item) for i, item in enumerate(items))
        busy: list[_Worker[Item]] = []
        idle: list[_Worker[Item]] = []
        succeeded = failed = 0
        try:
            while True:
                if stop is not None and stop.is_set():
                    return Tally(succeeded, failed, stopped=True)
                while len(busy) < self.jobs and (task := again.popleft() if again else next(fresh, None)) is not None:
                    worker = _living(idle) or _Worker[Item](pickled_function)
                    busy.append(worker)
                    worker.give(task)
                if not busy:
                    return Tally(succeeded, failed, stopped=False)
                wait([w.connection for w in busy] + [w.process.sentinel for w in busy], _LOOK_UP_S)
                for worker, task in [(w, w.task) for w in busy if w.task and _reports(w)]:
                    busy.remove(worker)
                    answer = worker.collect()
                    if answer is None:
                        code = worker.end()
                        if task.attempts < _MAX_ATTEMPTS:
                            again.append(_Task(task.index, task.item, task.attempts + 1))
                            continue
                        outcome: Outcome[Item, Result] = Outcome(
                            task.index, task.item, None, _died(code), attempts=task.attempts
                        )
                    else:
                        worker.task = None
                        idle.append(worker)
                        outcome = _outcome(task, answer)
                    succeeded += outcome.error is None
                    failed += outcome.error is not None
                    on_done(outcome)
        finally:
            for worker in busy + idle:
                worker.end()


def _living(idle: list[_Worker[Item]]) -> _Worker[Item] | None:
    while idle:
        worker = idle.pop()
        if worker.process.is_alive():
            return worker
        worker.end()
    return None


def _reports(worker: _Worker[Any]) -> bool:
    return worker.connection.poll() or not worker.process.is_alive()


def _outcome(task: _Task[Item], answer: bytes) -> Outcome[Item, Any]:
    try:
        result, error, trace = pickle.loads(answer)
    except Exception as unreadable:
        reported, why = explain(unreadable)
        return Outcome(task.index, task.item, None, reported, task.attempts, why)
    return Outcome(task.index, task.item, result, error, task.attempts, trace)


def _died(code: int | None) -> StationError:
    how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
    return StationError(
        f"The worker on this item {how}, {_MAX_ATTEMPTS} times",
        "Free some memory or use fewer jobs, then run it again; what is done is kept.",
    )
