"""A server that is killed while clients decide, and started again: what was acknowledged must be there, once."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from held_port import held_port

COMMAND = "import sys; from station.cli import main; sys.argv[0] = 'station'; main()"


class Server:
    """``station serve`` on a home, in a process of its own that may be killed and started again at the same address."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._held = ExitStack()
        self._port = self._held.enter_context(held_port())
        self.address = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-c", COMMAND, "--home", str(self._home), "serve", "--port", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                assert self._process.poll() is None, "the server did not start"
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """As the power would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def stop(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(30)
        self._held.close()


@dataclass
class Outcome:
    """acknowledged : by request key, the unit and the id that was answered. broken : requests without an answer."""

    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    broken: int = 0
    kills: int = 0


def decide(server: Server, *, clients: int, each: int, units: int, kills: int) -> Outcome:
    """Let so many clients record so many decisions each, and kill the server in between so many times.

    A client sends a decision under its key until it is acknowledged.
    """
    from station.client import Client, Refused

    found, lock, done = Outcome(), threading.Lock(), threading.Event()

    def work(number: int) -> None:
        chance = random.Random(number)
        with Client(server.address, timeout=20, tries=1) as client:
            for _ in range(each):
                unit, key = chance.randint(1, units), str(uuid.uuid4())
                while True:
                    try:
                        made = client.review(unit, "accept", reason="by eye", reviewer=f"reviewer {number}", key=key)
                    except (OSError, HTTPException):
                        with lock:
                            found.broken += 1
                        time.sleep(0.05)
                    except Refused as refused:
                        if refused.status < 500:
                            raise
                        time.sleep(0.05)
                    else:
                        with lock:
                            found.acknowledged[key] = (unit, made.id)
                        break

    def kill() -> None:
        for turn in range(1, kills + 1):
            wanted = turn * clients * each // (kills + 1)
            while len(found.acknowledged) < wanted and not done.is_set():
                time.sleep(0.002)
            server.kill()
            found.kills += 1
            server.start()

    with ThreadPoolExecutor(clients + 1) as pool:
        killing = pool.submit(kill)
        working = [pool.submit(work, number) for number in range(clients)]
        try:
            for one in working:
                one.result()
        finally:
            done.set()
        killing.result()
    return found


def held_to_records(home: Path, found: Outcome) -> tuple[int, int]:
    """Decisions that were acknowledged and are not in the records, and records beyond those."""
    from station.service import Station
    from station.settings import Settings

    with Station(Settings(home=home)) as station:
        recorded = [(u.id, r.id) for u in station.units() for r in station.reviews(u.id)]
    acknowledged = set(found.acknowledged.values())
    return len(acknowledged - set(recorded)), len(recorded) - len(acknowledged)
