"""kill -9 at every step of sealing, signing, deciding, releasing a gate, writing a document, exporting and receiving:
nothing told is lost, nothing half-made is seen.

A step is a call that changes the disk (open, write, fsync, link, rename, unlink, mkdir) or the database (begin,
execute, commit). A dry run counts them; a forked child then dies before a step, after it, or with half of what it was
to write.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from signed_home import NUMBER, ORDER, add_gates, build, detached, release_gate, seal

from station.quality.gates import find_gate
from station.service import Station
from station.service.order_exchange import verify as verify_order
from station.service.packages import verify
from station.service.papers import written
from station.settings import Settings
from station.store import records, sign_offs
from station.store.package_file import DIRECTORY
from station.values.digest import canonical_json, digest

MODES = ("before", "half", "after")
_CALLS = ("open", "write", "fsync", "link", "replace", "unlink", "mkdir")


class Steps:
    """Counts the steps of an operation, and dies at one of them."""

    def __init__(self, at: int = -1, mode: str = "before") -> None:
        self.count, self._at, self._mode = 0, at, mode

    def watch(self, station: Station) -> None:
        """Watch the calls of this process and the connection that writes."""
        for name in _CALLS:
            setattr(os, name, self._wrapped(getattr(os, name), name))
        engine = station._db._writer
        sa.event.listen(engine, "begin", lambda _c: self._step())
        sa.event.listen(engine, "before_cursor_execute", lambda *_a: self._step())
        sa.event.listen(engine, "commit", lambda _c: self._step())
        sa.event.listen(engine, "checkin", lambda *_a: self._step())

    def _step(self) -> bool:
        """Whether this is the step to die at, where the caller is to choose the moment."""
        self.count += 1
        return self.count == self._at and (self._mode != "before" or self._die())

    def _die(self) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def _wrapped(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **more)
            mine = self._step()
            if mine and self._mode == "half" and name == "write":
                real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
                self._die()
            answer = real(*args, **more)
            if mine:
                self._die()
            return answer

        return call


def sealing(station: Station, _out: Path) -> None:
    seal(station._db, station._evidence, 3)


def signing(station: Station, _out: Path) -> None:
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")


def importing(station: Station, out: Path) -> None:
    station.sign_off.import_signature(NUMBER, detached(station, out.with_name("li.json")), party="supplier")


def exporting(station: Station, out: Path) -> None:
    station.packages.export(NUMBER, out)


def deciding(station: Station, _out: Path) -> None:
    """Decide a lot otherwise than before."""
    said = {"lot": "L-1", "decision": "rejected"}
    text = canonical_json({**said, "digest": digest(said)}).decode()
    lot = records.lot(station._db, "L-1").id
    records.add_lot_decision(
        station._db, lot_id=lot, decision="rejected", document=text, digest=digest(said), at=station._clock()
    )


def exporting_order(station: Station, out: Path) -> None:
    station.packages.orders.export(NUMBER, out, pictures=True)


def receiving_order(station: Station, _out: Path) -> None:
    """Keep the archive that lies in the home's folder."""
    file = station.settings.home / "other.zip"
    station.packages.orders.receive(file, party="other", keys=[file.with_suffix(".key").read_text()])


def releasing(station: Station, _out: Path) -> None:
    release_gate(station)


def writing(station: Station, out: Path) -> None:
    """The annex to an order as a spreadsheet: a PDF is written by the same call, but is set by threads, which a fork of
    a process that has set one lacks."""
    written(station.papers.quotation(NUMBER, "en"), "rfq", NUMBER, out.with_suffix(".xlsx"))


OPERATIONS: dict[str, Callable[[Station, Path], None]] = {
    "sealing": sealing, "signing": signing, "importing": importing, "exporting": exporting, "deciding": deciding,
    "exporting an order": exporting_order, "receiving an order": receiving_order, "releasing a gate": releasing,
    "writing a document": writing,
}  # fmt: skip


def ready(home: Path, operation: str) -> None:
    """A home in which the operation is the next thing to do, with no key yet where it is to seal."""
    if operation in ("deciding", "releasing a gate", "writing a document") or "order" in operation:
        build(home)
        if operation == "releasing a gate" or "order" in operation:
            add_gates(home, release="order" in operation)
        if operation == "receiving an order":
            other = home.with_name("other-home")
            build(other)
            add_gates(other)
            with Station(Settings(home=other)) as station:
                key = station.packages.orders.export(NUMBER, home / "other.zip").key
            (home / "other.key").write_text(key)
            shutil.rmtree(other)
        return
    with Station(Settings(home=home)) as station:
        if operation == "sealing":
            return
        seal(station._db, station._evidence, 2)
        if operation == "exporting":
            signing(station, home)


def run(home: Path, out: Path, operation: str, at: int, mode: str) -> tuple[int, int, bool]:
    """Do the operation in a child that dies at a step: how it ended, its steps, whether it told of its end."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            steps = Steps(at, mode)
            tell = os.write
            with Station(Settings(home=home)) as station:
                steps.watch(station)
                OPERATIONS[operation](station, out)
                tell(write, b"done %d" % steps.count)
            os._exit(0)
        finally:
            os._exit(9)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    _, ended = os.waitpid(child, 0)
    return ended, int(said.split()[1]) if said else 0, bool(said)


def decisions(station: Station) -> list[str]:
    """What was decided of the lot, newest first."""
    return [d.decision for d in records.lot_decisions(station._db, records.lot(station._db, "L-1").id)]


def released(station: Station) -> bool:
    """Whether the first gate of the order is."""
    return find_gate(station.gates.show(ORDER), "pre-production").state == "released"


def half_made(out: Path, whole: Path) -> bool:
    """Whether a document is there that is not, byte by byte, that of a run that nobody killed."""
    made = out.with_suffix(".xlsx")
    return made.exists() and made.read_bytes() != whole.read_bytes()


def holds(out: Path, key: str, operation: str) -> list[str]:
    """What is wrong with a package, or the archive of an order."""
    hold = verify_order if "order" in operation else verify
    return [f"{f.where}: {f.what}" for f in hold(out, [key]).faults]


def faults(home: Path, out: Path, operation: str, told: bool) -> list[str]:
    """What is wrong in a home after a child died in it: damage, something told and lost, something half-made."""
    found = []
    with Station(Settings(home=home)) as station:
        audit = station.check()
        found += [*audit.missing, *audit.changed, *audit.added]
        there = {
            "sealing": any(g.version == 3 for g in records.golden_versions(station._db)),
            "signing": any(s.party == "buyer" for s in sign_offs.sign_offs(station._db, NUMBER)),
            "importing": any(s.party == "supplier" for s in sign_offs.sign_offs(station._db, NUMBER)),
            "exporting": out.exists(),
            "exporting an order": out.exists(),
            "deciding": operation == "deciding" and decisions(station) == ["rejected", "accepted"],
            "receiving an order": bool(station.packages.orders.received()),
            "releasing a gate": operation == "releasing a gate" and released(station),
            "writing a document": out.with_suffix(".xlsx").exists(),
        }[operation]
        if told and not there:
            found.append(f"{operation} was told and is lost")
        if out.exists():
            held = holds(out, station.ledger.key().key, operation)
            found += held
            assert not any(f.startswith(DIRECTORY) for f in held)
        if operation == "writing a document" and half_made(out, out.with_name("whole.xlsx")):
            found.append("the document is half-made")
        if not there:
            OPERATIONS[operation](station, out)  # the same work done again
        again = station.check()
        found += [*again.missing, *again.changed, *again.added, *again.extra]
    return found


def kill(folder: Path, operation: str, at: int, mode: str) -> tuple[bool, list[str]]:
    """One kill in a home of its own: whether the child was killed, and what is wrong afterwards."""
    home, out = folder / "home", folder / "out.zip"
    shutil.copytree(folder / f"ready-{operation}", home)
    ended, _, told = run(home, out, operation, at, mode)
    wrong = faults(home, out, operation, told)
    shutil.rmtree(home)
    for left in (*folder.glob("out.*"), *folder.glob(".*.writing*"), *folder.glob("*.json")):
        left.unlink()
    return os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL, wrong


def count_steps(folder: Path, operation: str) -> int:
    """Make the home that the operation starts from, and count its steps in a copy that nobody kills."""
    ready(folder / f"ready-{operation}", operation)
    shutil.copytree(folder / f"ready-{operation}", folder / "dry")
    _, steps, told = run(folder / "dry", folder / "dry.zip", operation, -1, "before")
    assert told
    shutil.rmtree(folder / "dry")
    if operation == "writing a document":
        (folder / "dry.xlsx").replace(folder / "whole.xlsx")
    for left in folder.glob("dry.*"):
        left.unlink()
    return steps


def some(folder: Path, kills: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Kills spread over the steps of all operations: steps of each, and what went wrong, a kill that did not happen
    too."""
    rng, wrong = random.Random(seed), []
    steps = {name: count_steps(folder, name) for name in OPERATIONS}
    every = [(name, at, mode) for name, n in steps.items() for at in range(1, n + 1) for mode in MODES]
    chosen = rng.sample(every, min(kills, len(every)))
    for n, (name, at, mode) in enumerate(chosen, 1):
        if n % 20 == 0:
            print(f"{n} of {len(chosen)} kills", file=sys.stderr, flush=True)
        killed, found = kill(folder, name, at, mode)
        if not killed and mode == "before":
            found = [*found, "it was not killed"]
        wrong += [f"{name}, step {at} {mode}: {f}" for f in found]
    return steps, wrong
