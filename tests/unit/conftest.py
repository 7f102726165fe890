"""Fixtures of the unit tests: a PostgreSQL of their own, and one store over both databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from station.store.database import Database, sqlite_url


def _postgres_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.fail("PostgreSQL is missing: apt-get install postgresql", pytrace=False)
    return found[-1].parent if found else Path(str(on_path)).resolve().parent


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The socket folder of a temporary PostgreSQL cluster; it listens on no network address."""
    binaries = _postgres_bin()
    folder = Path(tempfile.mkdtemp(prefix="station-pg-"))
    # PostgreSQL refuses to run as root, so there it runs as the user that the Debian package made
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    data = str(folder / "data")
    run(str(binaries / "initdb"), "-D", data, "-U", "station", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield folder
    finally:
        run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


class Postgres:
    """Makes databases in the temporary cluster and drops them again."""

    def __init__(self, socket: Path) -> None:
        self._address = f"postgresql+psycopg://station@/{{}}?host={socket}"
        self._admin = sa.create_engine(self._address.format("postgres"), isolation_level="AUTOCOMMIT")
        self._count = 0

    def make(self, template: str = "template1") -> tuple[str, str]:
        """Name and URL of a new database."""
        self._count += 1
        name = f"station_{self._count}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name, self._address.format(name)

    def run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)

    def close(self) -> None:
        self._admin.dispose()


@pytest.fixture(scope="session")
def postgres(postgres_socket: Path) -> Iterator[Postgres]:
    """The temporary cluster."""
    cluster = Postgres(postgres_socket)
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def empty_stores(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, str]:
    """One store of each kind with its tables and nothing in them, made once: a file, and a database to copy."""
    made: dict[str, str] = {}
    file = tmp_path_factory.mktemp("empty")
    name, url = request.getfixturevalue("postgres").make()
    for kind, address, copied in (("sqlite", sqlite_url(file), str(file / "station.db")), ("postgresql", url, name)):
        database = Database(address, home=file)
        database.ensure()
        database.close()
        made[kind] = copied
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a new database without tables, of each kind."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    cluster = request.getfixturevalue("postgres")
    name, url = cluster.make()
    yield url
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path, empty_stores: dict[str, str]) -> Iterator[str]:
    """URL of a new database with its tables, of each kind."""
    if request.param == "sqlite":
        shutil.copy(empty_stores["sqlite"], tmp_path / "station.db")
        yield sqlite_url(tmp_path)
        return
    cluster = request.getfixturevalue("postgres")
    name, url = cluster.make(empty_stores["postgresql"])
    yield url
    cluster.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drawn photos of a golden beside units, with a card and without, and their sheet."""
    from drawn_scenes import GOLDEN_AT, THREE, photo, sheet_text

    folder = tmp_path_factory.mktemp("scenes")
    photo(folder / "card.png", THREE, card=True, slope=0.12)
    photo(folder / "bare.png", THREE[:2], slope=0.12)
    (folder / "sheet.toml").write_text(sheet_text(GOLDEN_AT))
    return folder
