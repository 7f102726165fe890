"""Files that are handed in for requests that follow, and jobs that use them."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from station.errors import NotFoundError, TooManyError
from station.values.documents import Document

KEPT_S = 3600.0
"""How long a file that was handed in is kept."""
MOST_FILES, MOST_BYTES = 400, 2_000_000_000
"""Of files that wait to be used or are on their way in."""
SHARE = 0.5
"""Of both for one account: another can still hand something in."""


class UploadDocument(Document):
    """A file that was handed in, to be named in a request. It is kept for an hour, or until the server ends."""

    id: str = Field(examples=["u-5rT0mEXAMPLE"])
    name: str = Field(examples=["golden.jpg"])
    size: int
    sha256: str


@dataclass
class _Kept:
    """A file that was handed in. used : by a request that has ended, held : by so many that have not, and jobs."""

    document: UploadDocument
    path: Path
    at: float
    used: bool = False
    held: int = 0


class Uploads:
    """Files that were handed in, in a folder of their own. clock : seconds that only go on.

    A file that a request or a job holds stays as long as it does. One that was used and is held by nobody stays for its
    hour, to be named again, and makes room for others where there is none.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._lock = threading.Lock()
        self._known: dict[str, _Kept] = {}
        self._places: dict[str, tuple[str, int]] = {}  # owner and bytes, of those on their way in too

    def place(self, name: str, *, owner: str = "", size: int = 0) -> tuple[str, Path]:
        """An id, and where the file of that name is to be written; the place is taken from now on.

        owner : the account that hands it in, "" without accounts. size : bytes, as far as they are known yet.
        Raises TooManyError.
        """
        made = f"u-{secrets.token_urlsafe(12)}"
        with self._lock:
            self._sweep()
            self._take(made, owner, size)
        folder = self._folder / made
        try:
            folder.mkdir()
        except OSError:  # the disk is full: nobody will give the place back
            self.drop(made)
            raise
        return made, folder / name

    def grow(self, made: str, size: int) -> None:
        """So many bytes of the file have come. Raises TooManyError where there is no room for them."""
        with self._lock:
            owner, taken = self._places.get(made, ("", 0))
            if size > taken:
                self._take(made, owner, size)

    def keep(self, made: str, path: Path) -> UploadDocument:
        """The file is whole. Raises TooManyError."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        document = UploadDocument(id=made, name=path.name, size=size, sha256=sha256)
        with self._lock:
            owner, _ = self._places.get(made, ("", 0))
            self._take(made, owner, size)
            self._known[made] = _Kept(document, path, self._clock())
        return document

    def drop(self, made: str) -> None:
        """The file is not wanted, or not whole."""
        with self._lock:
            self._known.pop(made, None)
            self._places.pop(made, None)
        folder = self._folder / made
        for path in folder.glob("*"):
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def hold(self, made: str) -> Path:
        """Where a file lies, which stays there until :meth:`release`. Raises NotFoundError."""
        with self._lock:
            self._sweep()
            found = self._known.get(made)
            if found is not None:
                found.held += 1
                return found.path
        raise NotFoundError(f"no file {made[:40]!r} was handed in", "Hand it in again: files are kept for an hour.")

    def release(self, made: str) -> None:
        """What held the file has ended."""
        with self._lock:
            found = self._known.get(made)
            if found is not None:
                found.used, found.held = True, found.held - 1

    def _take(self, made: str, owner: str, size: int) -> None:
        """Take a place of so many bytes; files that were used go for it, the oldest first. Raises TooManyError."""
        while (lacking := self._lacking(made, owner, size)) is not None:
            used = (k for k, f in self._known.items() if f.used and not f.held and k != made)
            done = next((k for k in used if not lacking or self._places[k][0] == lacking), None)
            if done is None:
                whose = f" of {lacking}" if lacking else ""
                text = f"too many files{whose} wait to be used"
                raise TooManyError(text, "Use them, or wait until they are dropped after an hour.", 600)
            self._forget(done)
        self._places[made] = (owner, size)

    def _lacking(self, made: str, owner: str, size: int) -> str | None:
        """Whose files leave no room for one more: the owner's, everybody's as ""; None where there is room."""
        others = [(o, n) for k, (o, n) in self._places.items() if k != made]
        if len(others) >= MOST_FILES or sum(n for _, n in others) + size > MOST_BYTES:
            return ""
        own = [n for o, n in others if o == owner]
        if owner and (len(own) >= MOST_FILES * SHARE or sum(own) + size > MOST_BYTES * SHARE):
            return owner
        return None

    def _sweep(self) -> None:
        for made in [k for k, f in self._known.items() if not f.held and self._clock() - f.at > KEPT_S]:
            self._forget(made)

    def _forget(self, made: str) -> None:
        path = self._known.pop(made).path
        self._places.pop(made, None)
        path.unlink(missing_ok=True)
        path.parent.rmdir()


class Held:
    """The files that a request uses, or a job: held until it ends."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._ids: list[str] = []

    def path(self, made: str) -> Path:
        """Where a file lies. Raises NotFoundError."""
        found = self._uploads.hold(made)
        self._ids.append(made)
        return found

    def given(self, made: str | None) -> Path | None:
        """:meth:`path` of a file that need not be."""
        return None if made is None else self.path(made)

    def again(self) -> Held:
        """The same files held once more, by a job that goes on behind the request."""
        other = Held(self._uploads)
        for made in self._ids:
            other.path(made)
        return other

    def release(self) -> None:
        """It has ended."""
        while self._ids:
            self._uploads.release(self._ids.pop())
