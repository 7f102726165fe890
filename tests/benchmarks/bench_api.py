"""The API under generated requests and under load.

    python tests/benchmarks/bench_api.py fuzz [CASES_PER_OPERATION]
    python tests/benchmarks/bench_api.py load [SECONDS] [REQUESTS_A_SECOND]
    python tests/benchmarks/bench_api.py uploads [FILES]
    python tests/benchmarks/bench_api.py killed [KILLS]

``load``: a server of its own with 1,000 units, mixed reading and deciding at a steady rate; a request's time runs from
the moment it was due, so that waiting behind a slow one counts. One decision in ten is sent twice under its key, as
after a lost answer. One request in 25 claims a unit. ``uploads``: bombs, polyglots and random files, see
``upload_fuzz.py``. ``killed``: twenty clients decide while the server is killed with SIGKILL and started again. Exit
code 1 where a decision is lost or doubled, or an answer is not as described.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

UNITS, THREADS = 1_000, 24


def home_with(folder: Path, units: int) -> Path:
    """A home with a lot of so many units, of which three in four are flagged."""
    spec = importlib.util.spec_from_file_location("shared_fixtures", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    fixtures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fixtures)
    home = folder / "home"
    fixtures.build_home(home)

    from station.service.station import open_database
    from station.settings import Settings
    from station.store import inspections
    from station.store.evidence import Evidence
    from station.store.rows import File, NewUnit

    db = open_database(Settings(home=home))
    evidence = Evidence(home / "evidence")
    models = inspections.units(db)
    for number in range(len(models), units):
        like = models[number % len(models)]
        data = f"picture {number}".encode()
        photo = File(evidence.put(data), len(data), "image/jpeg")
        row = replace(like, unit=f"unit-{number + 1}", photo=f"unit-{number + 1}.jpg")
        inspections.add_unit(
            db,
            NewUnit(
                ingest_key=f"key {number}", unit=row.unit, photo=row.photo, photo_file=photo, frame_file=None,
                annotated_file=None, golden_id=1, lot="L/1", verdict=row.verdict, margin=row.margin,
                document=row.document, digest=row.digest, inspected_at=row.inspected_at, findings=(),
            ),
        )  # fmt: skip
    db.close()
    return home


@contextmanager
def served(home: Path) -> Iterator[tuple[str, int]]:
    """Address and process of ``station serve`` on this home."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code = "import sys; from station.cli import main; sys.argv[0] = 'station'; main()"
    command = [sys.executable, "-c", code, "--home", str(home), "serve", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Told:
    """What the threads noted. decided : by key, the unit and the id that was answered."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"read": [], "claim": [], "decide": []})
    statuses: Counter[int] = field(default_factory=Counter)
    decided: dict[str, tuple[int, int]] = field(default_factory=dict)


def worker(address: str, due: queue.Queue[float | None], told: Told, seed: int) -> None:
    """Sends what is due until it is told to stop."""
    from station.client import Client, Refused

    chance = random.Random(seed)
    with Client(address, timeout=60) as client:
        while (at := due.get()) is not None:
            kind, unit = "read", chance.randint(1, UNITS)
            roll, key, record, status = chance.random(), str(uuid.uuid4()), None, 200
            try:
                if roll < 0.25:
                    kind, said = "decide", {"reason": "fine by eye", "reviewer": f"reviewer {seed}"}
                    record = client.review(unit, "accept", **said, take_over=True, key=key)
                    if chance.random() < 0.1:
                        again = client.review(unit, "accept", **said, take_over=True, key=key)
                        assert again.id == record.id
                elif roll < 0.29:
                    kind = "claim"
                    claim(client, unit, seed)
                elif roll < 0.6:
                    client.unit_document(unit)
                elif roll < 0.8:
                    client.get(f"/units/{unit}/reviews")
                elif roll < 0.95:
                    client.get("/units", lot="L/1", limit=20, cursor=unit)
                else:
                    client.get("/health")
            except Refused as refused:
                status = refused.status
            with told.lock:
                told.seconds[kind].append(time.monotonic() - at)
                told.statuses[status] += 1
                if record is not None:
                    told.decided[key] = (unit, record.id)


def claim(client: Any, unit: int, seed: int) -> None:
    """As a page does that goes to a unit; another reviewer may look at it already."""
    from station.client import Refused

    try:
        client.claim(unit, reviewer=f"reviewer {seed}", window=f"window-{seed}")
    except Refused as refused:
        if refused.code != "claimed":
            raise


def load(seconds: float, rate: float) -> int:
    """Mixed reading and deciding at a steady rate."""
    with tempfile.TemporaryDirectory() as folder:
        home = home_with(Path(folder), UNITS)
        with served(home) as (address, _):
            told, due = Told(), queue.Queue[float | None]()
            threads = [threading.Thread(target=worker, args=(address, due, told, i)) for i in range(THREADS)]
            for thread in threads:
                thread.start()
            began = time.monotonic()
            for number in range(int(seconds * rate)):
                at = began + number / rate
                time.sleep(max(0.0, at - time.monotonic()))
                due.put(at)
            for _ in threads:
                due.put(None)
            for thread in threads:
                thread.join()
            took = time.monotonic() - began
        lost, doubled = held_to_records(home, told)
    count = sum(told.statuses.values())
    print(f"{count} requests in {took:.0f} s, {count / took:.0f} a second; answers {dict(told.statuses)}")
    for kind, times in told.seconds.items():
        print(f"{kind}: {len(times)}, " + ", ".join(f"p{p} {1000 * quantile(times, p):.0f} ms" for p in (50, 95, 99)))
    print(f"decisions acknowledged {len(told.decided)}, lost {lost}, doubled {doubled}")
    return int(bool(lost or doubled) or any(s >= 400 for s in told.statuses))


def quantile(times: list[float], percent: int) -> float:
    """The time that so many per cent do not exceed."""
    ordered = sorted(times) or [float("nan")]
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def held_to_records(home: Path, told: Told) -> tuple[int, int]:
    """Decisions that were acknowledged and are not in the records, and records that nobody was told of."""
    from station.service import Station
    from station.settings import Settings

    with Station(Settings(home=home)) as station:
        recorded: set[tuple[int, int]] = set()
        for unit in station.units():
            recorded |= {(unit.id, r.id) for r in station.reviews(unit.id)}
    acknowledged = set(told.decided.values())
    return len(acknowledged - recorded), len(recorded - acknowledged)


def killed(kills: int) -> int:
    """Decisions while the server is killed so many times."""
    import killed_server

    with tempfile.TemporaryDirectory() as folder:
        home = home_with(Path(folder), 100)
        server = killed_server.Server(home)
        began = time.monotonic()
        try:
            found = killed_server.decide(server, clients=20, each=10 * kills, units=100, kills=kills)
        finally:
            server.stop()
        took = time.monotonic() - began
        lost, doubled = killed_server.held_to_records(home, found)
    print(f"{found.kills} kills in {took:.0f} s, {found.broken} requests without an answer")
    print(f"decisions acknowledged {len(found.acknowledged)}, lost {lost}, doubled {doubled}")
    return int(bool(lost or doubled))


def fuzz_all(examples: int) -> int:
    """Thousands of generated requests."""
    from api_fuzz import fuzz

    with tempfile.TemporaryDirectory() as folder:
        home = home_with(Path(folder), 8)
        with served(home) as (address, _):
            began = time.monotonic()
            found = fuzz(address, examples=examples, seconds=3600, seed=random.randrange(2**32))
    print(f"{found.cases} requests in {time.monotonic() - began:.0f} s, answers {dict(sorted(found.statuses.items()))}")
    for line in dict.fromkeys(found.wrong):
        print(line)
    return int(bool(found.wrong))


def upload_all(count: int) -> int:
    """Files from strangers, against a golden sample that is there."""
    from upload_fuzz import peak_mb, upload

    sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
    from shown_golden import NUMBER, build

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        build(home)
        with served(home) as (address, pid):
            began, seed = time.monotonic(), random.randrange(2**32)
            found = upload(address, home, count=count, seed=seed, golden=NUMBER, tell=progress)
            took, peak = time.monotonic() - began, peak_mb(pid)
    print(f"seed {seed}: {sum(found.statuses.values())} files in {took:.0f} s, answers {dict(found.statuses)}")
    print(f"refused as {dict(found.codes)}; slowest {found.slowest_s:.2f} s ({found.slowest}); peak {peak:.0f} MB")
    for line in found.wrong:
        print(line)
    return int(bool(found.wrong))


def progress(done: int) -> None:
    """Tell of every thousandth."""
    if done % 1000 == 0:
        print(f"{done} ...", flush=True)


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    numbers: list[Any] = [float(a) for a in arguments[1:]]
    if arguments[:1] == ["fuzz"]:
        return fuzz_all(int(numbers[0]) if numbers else 60)
    if arguments[:1] == ["uploads"]:
        return upload_all(int(numbers[0]) if numbers else 10_000)
    if arguments[:1] == ["killed"]:
        return killed(int(numbers[0]) if numbers else 10)
    if arguments[:1] == ["load"]:
        return load(numbers[0] if numbers else 300.0, numbers[1] if len(numbers) > 1 else 200.0)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
