"""A disk that is full from some step on: every call that would write to it fails, in files and in the database.

A step is what it is for kills: a call that changes the disk, or one of the connection that writes. A dry run counts
them. Afterwards there is space again, and the same work is done to its end.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from killed import EVERY

from station.errors import StationError
from station.service import Station

_CALLS = ("open", "write", "fsync", "link", "replace", "mkdir")


class FullDisk:
    """Counts steps; from the given one on none succeeds. at : -1 for a disk with space."""

    def __init__(self, at: int = -1) -> None:
        self.count, self._at = 0, at

    @property
    def full(self) -> bool:
        """Count a step; whether there is no space for it."""
        self.count += 1
        return 0 < self._at <= self.count

    @contextmanager
    def under(self, station: Station) -> Iterator[None]:
        """Stand in for the disk of this process and of the connection that writes."""
        engine = station._db._writer
        listeners = (("before_cursor_execute", self._execute), ("commit", self._commit))
        with pytest.MonkeyPatch.context() as patch:
            for name in _CALLS:
                patch.setattr(os, name, self._wrapped(getattr(os, name), name))
            for name, listener in listeners:
                sa.event.listen(engine, name, listener)
            try:
                yield
            finally:
                for name, listener in listeners:
                    sa.event.remove(engine, name, listener)

    def _execute(self, _c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE")) and self.full:
            raise sqlite3.OperationalError("database or disk is full")

    def _commit(self, _c: Any) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")

    def _wrapped(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **more)
            if name == "write" and args[0] < 3:
                return real(*args, **more)
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]) if name == "open" else None)
            return real(*args, **more)

        return call


def tried(station: Station, out: Path, work: str, disk: FullDisk) -> StationError | None:
    """Do the work on this disk; what the station said where it could not."""
    with disk.under(station):
        try:
            EVERY[work](station, out)
        except StationError as error:
            return error
    return None
