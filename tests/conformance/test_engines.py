"""One suite for every batch engine."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from station.batch import Engine, Outcome, Tally, choose_engine
from station.batch.processes import Processes
from station.batch.serial import Serial
from station.errors import PhotoError, RequestError


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Workers import what they run by its module's name, so it must be on the path they inherit."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("engine_functions")


@pytest.fixture(params=["serial", "processes"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return Serial() if request.param == "serial" else Processes(2)


def test_every_item_is_done_once(engine: Engine, functions: ModuleType) -> None:
    done: list[Outcome[int, int]] = []
    assert engine.run(functions.square, range(20), on_done=done.append) == Tally(20, 0, stopped=False)
    assert sorted((o.index, o.item, o.result, o.attempts) for o in done) == [(i, i, i * i, 1) for i in range(20)]


def test_nothing_to_do(engine: Engine, functions: ModuleType) -> None:
    done: list[Outcome[int, int]] = []
    assert engine.run(functions.square, [], on_done=done.append) == Tally(0, 0, stopped=False)
    assert done == []


def test_a_failing_item_stops_nothing(engine: Engine, functions: ModuleType) -> None:
    done: dict[int, Outcome[int, int]] = {}
    assert engine.run(functions.picky, range(8), on_done=lambda o: done.update({o.index: o})).failed == 2
    assert isinstance(done[3].error, PhotoError)
    assert done[3].error.do == "Copy it again."
    assert done[3].trace == ""
    assert "KeyError" in str(done[5].error)
    assert "\n" not in str(done[5].error)
    assert "Traceback" in done[5].trace
    assert [o.result for i, o in sorted(done.items()) if o.error is None] == [0, 1, 2, 4, 6, 7]


def test_items_are_read_only_as_far_as_needed(engine: Engine, functions: ModuleType) -> None:
    ahead: list[int] = []
    read = finished = 0

    def items() -> Iterator[int]:
        nonlocal read
        for i in range(12):
            read += 1
            yield i

    def on_done(_: Outcome[int, int]) -> None:
        nonlocal finished
        finished += 1
        ahead.append(read - finished)

    engine.run(functions.square, items(), on_done=on_done)
    assert max(ahead) <= 2


def test_stop_leaves_what_is_done(engine: Engine, functions: ModuleType) -> None:
    stop = threading.Event()
    done: list[Outcome[float, float]] = []

    def on_done(outcome: Outcome[float, float]) -> None:
        done.append(outcome)
        stop.set()

    tally = engine.run(functions.nap, [0.01] + [0.3] * 100, on_done=on_done, stop=stop)
    assert tally.stopped
    assert tally.succeeded == len(done) <= 3


def test_an_error_in_on_done_is_raised(engine: Engine, functions: ModuleType) -> None:
    def on_done(_: Outcome[int, int]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        engine.run(functions.square, range(5), on_done=on_done)


def test_results_come_in_order_of_completion(functions: ModuleType, tmp_path: Path) -> None:
    others = tmp_path / "the others are done"
    order: list[int] = []

    def on_done(outcome: Outcome[str, str]) -> None:
        order.append(outcome.index)
        if len(order) == 2:
            others.touch()

    Processes(2).run(functions.once_there, [str(others), "", ""], on_done=on_done)
    assert order == [1, 2, 0]


def test_stop_interrupts_an_item_that_takes_long(functions: ModuleType) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.5, stop.set)
    timer.start()
    begun = time.monotonic()
    done: list[Outcome[float, float]] = []
    assert Processes(2).run(functions.nap, [600.0, 600.0, 600.0], on_done=done.append, stop=stop) == Tally(
        0, 0, stopped=True
    )
    assert time.monotonic() - begun < 60
    assert done == []


def test_workers_use_one_thread_each(functions: ModuleType) -> None:
    done: list[Outcome[int, tuple[int, str | None, int]]] = []
    Processes(2).run(functions.surroundings, range(4), on_done=done.append)
    assert {o.result[:2] for o in done if o.result} == {(1, "1")}
    assert os.getpid() not in {o.result[2] for o in done if o.result}


def test_a_result_that_cannot_travel_is_that_items_error(functions: ModuleType) -> None:
    done: dict[int, Outcome[int, object]] = {}
    assert Processes(2).run(functions.unsendable, range(3), on_done=lambda o: done.update({o.index: o})) == Tally(
        2, 1, False
    )
    assert done[1].error is not None


def test_choice_of_engine() -> None:
    assert isinstance(choose_engine(1), Serial)
    chosen = choose_engine(3)
    assert isinstance(chosen, Processes)
    assert chosen.jobs == 3
    with pytest.raises(RequestError):
        Processes(0)
