"""Evidence files and masters: durable, verified, and nothing left behind by a disk that is full."""

from __future__ import annotations

import ast
import dataclasses
import errno
import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station.errors import NotFoundError, StorageFullError, StoreError
from station.store.evidence import TEMPORARY, Evidence
from station.store.masters import load_labels, load_master, master_digest, save_master
from station.values.colour import ColourCorrection, LinearRGB
from station.values.digest import sha256_hex
from station.values.documents import CandidateDocument, FitDocument
from station.values.geometry import Frame, Similarity
from station.values.line import MarkMaster, Master, RegionMaster


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return Evidence(tmp_path / "evidence")


def left(evidence: Evidence) -> list[str]:
    return sorted(p.name for p in evidence.folder.rglob("*") if p.is_file())


def test_a_file_is_named_by_its_content(evidence: Evidence) -> None:
    sha256 = evidence.put(b"photo")
    assert sha256 == sha256_hex(b"photo")
    assert evidence.read(sha256) == b"photo"
    assert evidence.put(b"photo") == sha256
    assert left(evidence) == [sha256]


def test_a_file_that_was_cut_short_is_written_again(evidence: Evidence) -> None:
    sha256 = evidence.put(b"photo")
    evidence.path(sha256).write_bytes(b"ph")
    evidence.put(b"photo")
    assert evidence.read(sha256) == b"photo"


def test_the_order_is_file_flush_rename_folder(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is durable before its content is what leaves empty files after a power cut."""
    evidence.put(b"first, so that the folders exist")
    other = next(b"%d" % i for i in itertools.count() if (evidence.folder / sha256_hex(b"%d" % i)[:2]).is_dir())
    done: list[str] = []

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            kind = "folder" if name == "fsync" and os.path.isdir(f"/proc/self/fd/{args[0]}") else ""  # noqa: PTH112
            done.append(f"{name} {kind}".strip())
            return real(*args)

        return call

    for name in ("write", "fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    evidence.put(other)
    assert done == ["write", "fsync", "replace", "fsync folder"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_or_read_only_disk_is_one_clear_error_and_leaves_nothing(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def fail(*_args: Any, **_more: Any) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageFullError, match="full or read-only") as error:
            evidence.put(b"photo")
    assert "run it again" in error.value.do
    assert left(evidence) == []
    assert evidence.read(evidence.put(b"photo")) == b"photo"


def test_a_failing_disk_is_not_called_full(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="disk failed") as error:
        evidence.put(b"photo")
    assert not isinstance(error.value, StorageFullError)
    assert left(evidence) == []


def test_reading_what_is_missing_or_was_changed(evidence: Evidence) -> None:
    with pytest.raises(NotFoundError, match="missing"):
        evidence.read("0" * 64)
    sha256 = evidence.put(b"photo")
    evidence.path(sha256).write_bytes(b"phot0")
    with pytest.raises(StoreError, match="was changed"):
        evidence.read(sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "0" * 63, "", "0" * 62 + "/."])
def test_only_a_digest_becomes_a_path(evidence: Evidence, name: str) -> None:
    with pytest.raises(NotFoundError, match="no evidence digest"):
        evidence.path(name)


def test_the_janitor_removes_what_dead_writers_left_and_nothing_else(evidence: Evidence) -> None:
    sha256 = evidence.put(b"photo")
    folder = evidence.path(sha256).parent
    old, young = folder / f"{TEMPORARY}old", folder / f"{TEMPORARY}young"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    assert evidence.sweep() == [old]
    assert left(evidence) == sorted([sha256, young.name])
    assert [f.name for f in evidence.files()] == [sha256]


FIT = FitDocument(
    method="root polynomial", mean=0.3, max=0.9, loo_mean=0.4, loo_max=1.1, why="the best of 2 stable models of 2",
    candidates=(CandidateDocument(method="3x3", parameters=9, mean=1, max=2, loo_mean=1.2, loo_max=3, reason="x"),),
)  # fmt: skip


def a_master(*, correction: bool = True, lab: bool = True) -> Master:
    rng = np.random.default_rng(5)
    return Master(
        number="GS-1",
        version=2,
        sheet_digest="s",
        photo_sha256="p",
        frame=Frame(0.03, 7, 5, (3.0, 2.25)),
        image=LinearRGB(rng.random((5, 7, 3), dtype=np.float32)),
        correction=ColourCorrection(rng.random(3), rng.random(3), rng.random((3, 3)), "root polynomial", 0.4)
        if correction
        else None,
        labels=rng.integers(0, 4, (5, 7), dtype=np.uint8),
        outline_mm=rng.random((9, 2)),
        holes_mm=(rng.random((4, 2)), rng.random((6, 2))),
        thickness_mm=1.6 if correction else None,
        regions=(RegionMaster("sky", "soft enamel", 2, rng.random(3) if lab else None, 0.1, (0.5, -1.0), 12.5),),
        marks=(MarkMaster("logo", rng.random((4, 2))),),
        sizes_mm={"width": 30.02, "height": 28.4},
        u_scale=3e-4,
        scale_source="rig",
        noise=0.004,
        blur_px=1.2,
        pose=Similarity(1.0, 2.0, 3.0, 1.0),
        fit=FIT if correction else None,
        again=("a" * 64, "b" * 64) if correction else (),
    )


def same(a: Any, b: Any) -> bool:
    if dataclasses.is_dataclass(a) and not isinstance(a, type):
        return type(a) is type(b) and all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


@pytest.mark.parametrize("full", [True, False])
def test_a_master_comes_back_exactly(full: bool) -> None:
    master = a_master(correction=full, lab=full)
    data, document = save_master(master)
    read = json.loads(json.dumps(document))
    assert same(load_master(data, read, master_digest(document)), master)
    assert save_master(master)[0] == data


def test_a_master_sealed_before_its_fit_was_kept_is_read() -> None:
    master = dataclasses.replace(a_master(), fit=None, again=())
    data, document = save_master(master)
    assert "again" not in document
    del document["fit"]
    assert same(load_master(data, document, master_digest(document)), master)


def test_the_heads_of_arrays_are_parsed_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python before 3.11.8 fails at times where two do so at once."""
    data, document = save_master(a_master())
    sealed, parse = master_digest(document), ast.literal_eval
    inside, most = set[int](), list[int]()

    def watched(text: str) -> Any:
        inside.add(threading.get_ident())
        most.append(len(inside))
        time.sleep(0.001)
        inside.discard(threading.get_ident())
        return parse(text)

    monkeypatch.setattr(ast, "literal_eval", watched)
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(load_master, data, document, sealed) for _ in range(4)]
        labels = [pool.submit(load_labels, data) for _ in range(4)]
    assert {f.result().number for f in found} == {document["number"]}
    assert {m.result().shape for m in labels} == {found[0].result().labels.shape}
    assert len(most) > 4
    assert max(most) == 1


def test_a_master_that_was_changed_is_refused() -> None:
    master = a_master()
    data, document = save_master(master)
    sealed = master_digest(document)
    with pytest.raises(StoreError, match="record does not match its seal"):
        load_master(data, {**document, "thickness_mm": 1.5}, sealed)
    brighter = dataclasses.replace(master, image=LinearRGB(master.image.pixels * np.float32(1.01)))
    with pytest.raises(StoreError, match="image does not match its seal"):
        load_master(save_master(brighter)[0], document, sealed)
    with pytest.raises(StoreError, match="cannot be read"):
        load_master(data[:200], document, sealed)
    with pytest.raises(StoreError, match="format 9"):
        load_master(data, {**document, "format": 9}, sealed)
