"""kill -9 at every step of sealing, signing, countersigning, deciding, releasing a gate, setting a document, making a
corrective package, exporting and receiving: nothing told is lost, nothing half-made is seen.

A step is a call that changes the disk (open, write, fsync, link, rename, unlink, mkdir) or the database (begin,
execute, commit). A dry run names them; a forked child then dies before a step, after it, or with half of what it was
to write. Right after a step of the database is right before the next one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from shown_lot import LOT as CLAIMED
from shown_lot import SHEET as CLAIMED_SHEET
from shown_lot import build as build_claimed
from signed_home import NUMBER, ORDER, add_gates, build, detached, release_gate, seal

from station.quality.gates import find_gate
from station.service import Station
from station.service.corrective_package import corrective_package
from station.service.order_exchange import verify as verify_order
from station.service.out_files import write_file
from station.service.packages import verify
from station.service.papers import written
from station.settings import Settings
from station.store import records, sign_offs
from station.store.package_file import DIRECTORY
from station.store.signers import COUNTERSIGNED
from station.values.digest import canonical_json, digest

MODES = ("before", "half", "after")
_CALLS = ("open", "write", "fsync", "link", "replace", "unlink", "mkdir")
_DATABASE = "database"


def modes_of(step: str) -> tuple[str, ...]:
    """How a process can die at a step of that name."""
    return MODES if step == "write" else ("before",) if step == _DATABASE else ("before", "after")


class Steps:
    """Names the steps of an operation, and dies at one of them, counted from 1."""

    def __init__(self, at: int = -1, mode: str = "before") -> None:
        self.names: list[str] = []
        self._at, self._mode = at, mode

    def watch(self, station: Station) -> None:
        """Watch the calls of this process and the connection that writes."""
        for name in _CALLS:
            setattr(os, name, self._wrapped(getattr(os, name), name))
        engine = station._db._writer
        sa.event.listen(engine, "begin", lambda _c: self._step(_DATABASE))
        sa.event.listen(engine, "before_cursor_execute", lambda *_a: self._step(_DATABASE))
        sa.event.listen(engine, "commit", lambda _c: self._step(_DATABASE))
        sa.event.listen(engine, "checkin", lambda *_a: self._step(_DATABASE))

    def _step(self, name: str) -> bool:
        """Whether this is the step to die at, where the caller is to choose the moment."""
        self.names.append(name)
        return len(self.names) == self._at and (self._mode != "before" or self._die())

    def _die(self) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def _wrapped(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **more)
            mine = self._step(name)
            if mine and self._mode == "half" and name == "write":
                real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
                self._die()
            try:
                return real(*args, **more)
            finally:
                if mine:
                    self._die()

        return call


def sealing(station: Station, _out: Path) -> None:
    seal(station._db, station._evidence, 3)


def signing(station: Station, _out: Path) -> None:
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")


def importing(station: Station, out: Path) -> None:
    station.sign_off.import_signature(NUMBER, detached(station, out.with_name("li.json")), party="supplier")


def countersigning(station: Station, out: Path) -> None:
    """Sign the package of another station that lies in the home's folder."""
    file = station.settings.home / "other.zip"
    key = file.with_suffix(".key").read_text()
    station.packages.countersign(file, out.with_suffix(".json"), keys=[key], party="supplier", name="Li Wei")


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
    """The annex to an order as a spreadsheet."""
    written(station.papers.quotation(NUMBER, "en"), "rfq", NUMBER, out.with_suffix(".xlsx"))


def setting(station: Station, out: Path) -> None:
    """The annex to an order as PDF, and the spreadsheet beside it."""
    written(station.papers.quotation(NUMBER, "en"), "rfq", NUMBER, out.with_suffix(".pdf"), xlsx=True)


def packing(station: Station, out: Path) -> None:
    """The corrective package of the lot that is complained about."""
    (claim,) = station.nonconformities.rows()
    sheet = station.settings.home / "revised.toml"
    corrective_package(station, claim.number, sheet, by="M. Weber", write=lambda data: write_file(out, data, ".zip"))


OPERATIONS: dict[str, Callable[[Station, Path], None]] = {
    "sealing": sealing, "signing": signing, "importing": importing, "countersigning": countersigning,
    "exporting": exporting, "deciding": deciding, "exporting an order": exporting_order,
    "receiving an order": receiving_order, "releasing a gate": releasing, "writing a document": writing,
}  # fmt: skip
SETTING: dict[str, Callable[[Station, Path], None]] = {
    "setting a document": setting, "making a corrective package": packing,
}  # fmt: skip
"""Set in type by threads, which the fork of a process that has set anything before lacks: only for processes that have
not. Here children alone set."""
EVERY = OPERATIONS | SETTING
FILES = {
    "countersigning": (".json",), "exporting": (".zip",), "exporting an order": (".zip",),
    "writing a document": (".xlsx",), "setting a document": (".pdf", ".xlsx"),
    "making a corrective package": (".zip",),
}  # fmt: skip
"""What an operation writes, the last one last."""


def ready(home: Path, operation: str) -> None:
    """A home in which the operation is the next thing to do, with no key yet where it is to seal."""
    if operation == "making a corrective package":
        build_claimed(home)
        (home / "revised.toml").write_text(CLAIMED_SHEET.replace("limit_mm = 0.2", "limit_mm = 0.15"))
        with Station(Settings(home=home)) as station:
            station.nonconformities.draft(CLAIMED, by="M. Weber", use="retail")
        return
    if operation in ("deciding", "releasing a gate") or "document" in operation or "order" in operation:
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
        if operation == "countersigning":
            other = home.with_name("other-home")
            with Station(Settings(home=other)) as theirs:
                seal(theirs._db, theirs._evidence, 2)
                key = theirs.packages.export(NUMBER, home / "other.zip").key
            (home / "other.key").write_text(key)
            shutil.rmtree(other)
            return
        seal(station._db, station._evidence, 2)
        if operation == "exporting":
            signing(station, home)


def run(home: Path, out: Path, operation: str, at: int, mode: str) -> tuple[int, list[str], bool]:
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
                EVERY[operation](station, out)
                tell(write, json.dumps(steps.names).encode())
            os._exit(0)
        finally:
            os._exit(9)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    _, ended = os.waitpid(child, 0)
    return ended, json.loads(said) if said else [], bool(said)


def decisions(station: Station) -> list[str]:
    """What was decided of the lot, newest first."""
    return [d.decision for d in records.lot_decisions(station._db, records.lot(station._db, "L-1").id)]


def released(station: Station) -> bool:
    """Whether the first gate of the order is."""
    return find_gate(station.gates.show(ORDER), "pre-production").state == "released"


def packed(station: Station) -> bool:
    """Whether the corrective package is on record."""
    (claim,) = station.nonconformities.rows()
    return station.nonconformities.show(claim.number).package is not None


def holds(out: Path, key: str, operation: str) -> list[str]:
    """What is wrong with a package, or the archive of an order."""
    hold = verify_order if "order" in operation else verify
    return [f"{f.where}: {f.what}" for f in hold(out, [key]).faults]


def countersigned(station: Station) -> list[str]:
    """Digests of the statements that the station signed for another one, by its ledger."""
    return [e.about["digest"] for e in station.ledger.entries() if e.kind == COUNTERSIGNED]


def is_done(station: Station, out: Path, operation: str) -> bool:
    """Whether the operation's work is there, all of it."""
    if any(not out.with_suffix(suffix).exists() for suffix in FILES.get(operation, ())):
        return False
    party = {"signing": "buyer", "importing": "supplier"}.get(operation)
    if party is not None:
        return any(s.party == party for s in sign_offs.sign_offs(station._db, NUMBER))
    match operation:
        case "sealing":
            return any(g.version == 3 for g in records.golden_versions(station._db))
        case "countersigning":
            return len(countersigned(station)) == 1
        case "deciding":
            return decisions(station) == ["rejected", "accepted"]
        case "receiving an order":
            return bool(station.packages.orders.received())
        case "releasing a gate":
            return released(station)
        case "making a corrective package":
            return packed(station)
    return True


def half_made(station: Station, out: Path, operation: str) -> list[str]:
    """What is there of the operation's files and is not whole: held together by itself, or byte by byte that of a run
    that nobody killed."""
    if operation in ("exporting", "exporting an order"):
        held = holds(out, station.ledger.key().key, operation) if out.exists() else []
        assert not any(f.startswith(DIRECTORY) for f in held)
        return held
    if operation == "countersigning":
        file = out.with_suffix(".json")
        said = [digest(json.loads(file.read_text())["statement"])] if file.exists() else []
        return [] if set(said) <= set(countersigned(station)) else ["a signature that the ledger does not know of"]
    made = [out.with_suffix(suffix) for suffix in FILES.get(operation, ())]
    return [
        f"{file.suffix} is half-made" for file in made
        if file.exists() and file.read_bytes() != file.with_stem(f"whole-{operation}").read_bytes()
    ]  # fmt: skip


def faults(home: Path, out: Path, operation: str, told: bool) -> list[str]:
    """What is wrong in a home after a child died in it: damage, something told and lost, something half-made, work
    that cannot be done again."""
    with Station(Settings(home=home)) as station:
        audit = station.check()
        found = [*audit.missing, *audit.changed, *audit.added, *half_made(station, out, operation)]
        done = is_done(station, out, operation)
    if told and not done:
        found.append(f"{operation} was told and is lost")
    if not done and not run(home, out, operation, -1, "before")[2]:
        found.append("the same work cannot be done again")
    with Station(Settings(home=home)) as station:
        again = station.check()
        found += [*again.missing, *again.changed, *again.added, *again.extra, *half_made(station, out, operation)]
        if not is_done(station, out, operation):
            found.append("it is not done after all")
    return found


def kill(folder: Path, operation: str, at: int, mode: str) -> list[str]:
    """One kill in a home of its own: what is wrong afterwards, that it did not happen too."""
    home, out = folder / "home", folder / "out.zip"
    shutil.copytree(folder / f"ready-{operation}", home)
    ended, _, told = run(home, out, operation, at, mode)
    killed = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
    wrong = [*([] if killed else ["it was not killed"]), *faults(home, out, operation, told)]
    shutil.rmtree(home)
    for left in (*folder.glob("out.*"), *folder.glob(".*.writing*"), *folder.glob("*.json")):
        left.unlink(missing_ok=True)  # one may fit two of the patterns
    return wrong


def steps_of(folder: Path, operation: str) -> list[str]:
    """Make the home that the operation starts from, and name its steps in a copy that nobody kills."""
    ready(folder / f"ready-{operation}", operation)
    shutil.copytree(folder / f"ready-{operation}", folder / "dry")
    _, steps, told = run(folder / "dry", folder / "dry.zip", operation, -1, "before")
    assert told
    shutil.rmtree(folder / "dry")
    for made in folder.glob("dry.*"):
        made.replace(made.with_stem(f"whole-{operation}"))
    return steps


def some(folder: Path, kills: int, seed: int) -> tuple[dict[str, int], dict[str, int], list[str]]:
    """Kills spread over the steps of all operations, at each as many as there are ways to die: steps and kills of
    each, and what went wrong."""
    rng, wrong = random.Random(seed), []
    tempfile.gettempdir()  # tries the folder out when first asked, which is no step of any operation
    steps = {name: steps_of(folder, name) for name in EVERY}
    every = [(name, at, mode) for name, names in steps.items() for at, step in enumerate(names, 1)
             for mode in modes_of(step)]  # fmt: skip
    chosen = rng.sample(every, min(kills, len(every)))
    done = dict.fromkeys(EVERY, 0)
    for n, (name, at, mode) in enumerate(chosen, 1):
        if n % 20 == 0:
            print(f"{n} of {len(chosen)} kills", file=sys.stderr, flush=True)
        found = kill(folder, name, at, mode)
        done[name] += "it was not killed" not in found
        wrong += [f"{name}, step {at} {mode}: {f}" for f in found]
    return {name: len(names) for name, names in steps.items()}, done, wrong
