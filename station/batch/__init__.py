"""One function over many items: ``serial`` in this process, ``processes`` in several. The function is passed in.

An item that fails gives an error outcome and the rest goes on. Imports nothing heavy, since every worker imports it
before the number of threads is set.
"""

from __future__ import annotations

import os

from station.batch.engine import Engine, Outcome, Tally

__all__ = ["Engine", "Outcome", "Tally", "choose_engine", "usable_cores"]


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_engine(jobs: int | None = None) -> Engine:
    """``jobs`` worker processes, one for each core by default; with one job everything stays in this process."""
    count = usable_cores() if jobs is None else jobs
    if count <= 1:
        from station.batch.serial import Serial

        return Serial()
    from station.batch.processes import Processes

    return Processes(count)
