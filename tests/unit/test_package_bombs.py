"""Packages made to eat memory: nothing is read before the seal holds, and no more than a file has after it."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from signed_home import NOON, NUMBER, build, master

from station.errors import StoreError
from station.quality import package as rules
from station.quality.signing import PACKAGE, public_of, sign
from station.service import Station
from station.service.packages import verify
from station.settings import Settings
from station.store import package_file
from station.store.masters import load_master, master_digest, save_master
from station.values.digest import canonical_json, sha256_hex

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(7, 39)))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], str]:
    """Files of a package and the key that sealed it."""
    folder = tmp_path_factory.mktemp("bombs")
    build(folder / "home", clock=lambda: NOON)
    with Station(Settings(home=folder / "home"), clock=lambda: NOON) as station:
        station.packages.export(NUMBER, folder / "golden.zip")
        files, faults = package_file.unpack((folder / "golden.zip").read_bytes())
        assert faults == []
        return files, station.ledger.key().key


def resealed(files: dict[str, bytes], **change: bytes) -> dict[str, bytes]:
    """The files with others in their place, sealed by a key that the receiver may trust."""
    made = files | change
    manifest = json.loads(made[rules.MANIFEST])
    for name, data in change.items():
        manifest["files"][name] = {"sha256": sha256_hex(data), "size": len(data)}
    made[rules.MANIFEST] = canonical_json(manifest)
    signature = sign(KEY, PACKAGE, rules.sealed(made[rules.MANIFEST]))
    return made | {rules.SEAL: canonical_json({"key": public_of(KEY), "signature": signature})}


def member(header: Callable[[io.BytesIO], None], body: bytes, how: int = zipfile.ZIP_STORED) -> bytes:
    """An ``.npz`` with one array of this header and body."""
    out, head = io.BytesIO(), io.BytesIO()
    header(head)
    with zipfile.ZipFile(out, "w", how) as file:
        file.writestr("image.npy", head.getvalue() + body)
    return out.getvalue()


def of_shape(*shape: int) -> Callable[[io.BytesIO], None]:
    told = {"descr": "|u1", "fortran_order": False, "shape": shape}
    return lambda head: np.lib.format.write_array_header_1_0(head, told)


BOMBS = {
    "deflated": lambda: member(of_shape(50_000_000), bytes(50_000_000), zipfile.ZIP_DEFLATED),
    "a header of 200 TB": lambda: member(of_shape(2 * 10**14), bytes(1000)),
    "a header below nothing": lambda: member(of_shape(-5), bytes(1000)),
    "a header with a huge number": lambda: member(of_shape(10**40), bytes(1000)),
    "a text for a header": lambda: member(lambda head: None, b"no array"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_masters_file_takes_no_more_than_its_own_size(what: str) -> None:
    _, document = save_master(master(NUMBER, 1, "s" * 64, "p" * 64))
    bomb = BOMBS[what]()
    tracemalloc.start()
    with pytest.raises(StoreError, match="the master's file cannot be read"):
        load_master(bomb, document, master_digest(document))
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_in_a_sealed_package_is_named(package: tuple[dict[str, bytes], str], tmp_path: Path, what: str) -> None:
    file = tmp_path / "golden.zip"
    file.write_bytes(package_file.pack(resealed(package[0], **{rules.ARRAYS: BOMBS[what]()})))
    found = verify(file, [public_of(KEY)])
    assert any(f.where == rules.MASTER and "cannot be read" in f.what for f in found.faults), found.faults


UNREAD = {
    rules.SHEET: (".".join(["a"] * 400_000) + " = 1").encode(),
    rules.GOLDEN: b"[" + b"0," * 5_000_000 + b"0]",
    rules.MASTER: b"[" * 200_000,
    rules.MANIFEST: b"[" + b"0," * 6_000_000 + b"0]",
}


@pytest.mark.parametrize("name", UNREAD)
def test_nothing_is_read_that_nobody_vouches_for(
    package: tuple[dict[str, bytes], str], tmp_path: Path, name: str
) -> None:
    files, key = package
    file = tmp_path / "golden.zip"
    file.write_bytes(package_file.pack(files | {name: UNREAD[name]}))
    tracemalloc.start()
    begin = time.process_time()
    found = verify(file, [key])
    assert time.process_time() - begin < 2
    assert tracemalloc.get_traced_memory()[1] < 60_000_000  # the file's bytes a few times over
    tracemalloc.stop()
    assert name in {f.where for f in found.faults}
    strange = resealed(files, **{rules.SHEET: b"x = 1", rules.GOLDEN: b"[" * 200_000})
    file.write_bytes(package_file.pack(strange))
    assert [f.where for f in verify(file, [key]).faults] == [rules.SEAL]


@pytest.mark.parametrize("entry", [1, None, [], "x", True])
def test_a_manifest_that_says_no_digest_of_a_file_is_named(
    package: tuple[dict[str, bytes], str], tmp_path: Path, entry: object
) -> None:
    files = dict(package[0])
    manifest = json.loads(files[rules.MANIFEST])
    manifest["files"]["golden.json"] = entry
    files[rules.MANIFEST] = canonical_json(manifest)
    signature = sign(KEY, PACKAGE, rules.sealed(files[rules.MANIFEST]))
    files[rules.SEAL] = canonical_json({"key": public_of(KEY), "signature": signature})
    (tmp_path / "a.zip").write_bytes(package_file.pack(files))
    found = verify(tmp_path / "a.zip", [public_of(KEY)])
    assert [(f.where, f.what) for f in found.faults] == [("golden.json", "the manifest does not say its SHA-256")]
