"""Evidence files, named by the SHA-256 of their content and durable before any row names them.

A file is written under a temporary name in its own folder, flushed (fsync), renamed into place, and the folder is
flushed; only then may a row speak of it. A crash at any point leaves at most a temporary, which the janitor removes,
or a whole file that no row names yet, which the same work done again adopts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from station.errors import NotFoundError, StoreError, disk_error
from station.store.durable import ORPHAN_AGE_S, TEMPORARY, flush_folder, sweep, write_whole
from station.values.digest import sha256_hex


class Evidence:
    """The evidence folder of one home. Safe to write from several processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file of this content lies, whether it is there or not."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise NotFoundError(f"{sha256[:80]!r} is no evidence digest", "Use the sha256 of a unit or golden.")
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Keep ``data`` and answer its SHA-256. On return the file is durable.

        Raises
        ------
        StorageFullError
            The disk is full or read-only; nothing is left behind.
        """
        sha256 = sha256_hex(data)
        target = self.path(sha256)
        try:
            if target.exists() and target.stat().st_size == len(data):
                return sha256
            _make_folder(target.parent)
            write_whole(target, data)
        except OSError as error:
            raise disk_error(error) from error
        return sha256

    def read(self, sha256: str) -> bytes:
        """The content, verified.

        Raises
        ------
        NotFoundError
            The file is missing.
        StoreError
            The file was changed.
        """
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(
                f"evidence {sha256} is missing", "Restore it from a copy, then run: station check"
            ) from None
        except OSError as error:
            raise disk_error(error) from error
        if sha256_hex(data) != sha256:
            raise StoreError(f"evidence {sha256} was changed", "Restore it from a copy, then run: station check")
        return data

    def files(self) -> Iterator[Path]:
        """Every finished file, in order of name."""
        if self.folder.is_dir():
            for folder in sorted(p for p in self.folder.iterdir() if p.is_dir()):
                yield from sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(TEMPORARY))

    def sweep(self, age_s: float = ORPHAN_AGE_S) -> list[Path]:
        """Remove temporaries left by processes that died; answer what was removed."""
        return sweep(self.folder, f"*/{TEMPORARY}*", age_s)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    flush_folder(folder.parent)
    flush_folder(folder.parent.parent)
