"""What takes longer than a request may: done one after another in a thread, looked at while it goes on.

Jobs and the files that are handed in for them live as long as the server. A job that was cut short left nothing
half-written; it is asked for again.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from station.errors import NotFoundError, StationError, TooManyError
from station.values.digest import sha256_hex
from station.values.documents import Document
from station.web.errors import ErrorBody

logger = logging.getLogger("station.web")

Kind = Literal[
    "seal", "draft", "capability", "lens", "light", "check", "sample", "package", "archive", "archive check",
    "archive received", "archive compared", "corrective package", "records check", "comparison", "gauge", "chart",
    "pair",
]  # fmt: skip
KEPT_S = 3600.0
"""How long a file that was handed in is kept."""
MOST_FILES, MOST_BYTES = 400, 2_000_000_000
"""Of files that wait to be used."""
MOST_JOBS, MOST_WAITING = 100, 20
"""Jobs that are remembered; of them waiting."""


class UploadDocument(Document):
    """A file that was handed in, to be named in a request. It is kept for an hour, or until the server ends."""

    id: str = Field(examples=["u-5rT0mEXAMPLE"])
    name: str = Field(examples=["golden.jpg"])
    size: int
    sha256: str


class JobDocument(Document):
    """A job as it stands. about : number of the golden sample, SKU or bench. step : what it does now. result : of a job
    that is done, in the shape that its request names; error : of one that failed. picture : there is one of it.
    file : the name of a file that it made, None where it made none."""

    id: str = Field(examples=["j-5rT0mEXAMPLE"])
    kind: Kind
    about: str
    state: Literal["waiting", "running", "done", "failed", "stopped"]
    step: str = Field(examples=["measuring"])
    done: int
    of: int
    asked_at: datetime
    ended_at: datetime | None
    result: dict[str, Any] | None
    error: ErrorBody | None
    picture: bool
    file: str | None = None


@dataclass
class Progress:
    """What a job is given to tell of itself. stop : set where somebody wants it to end. picture : JPEG, to be shown.
    place : where a file of a name is to be written, to be fetched; the newest asked for is the job's file."""

    tell: Callable[[str, int, int], None]
    stop: threading.Event
    place: Callable[[str], Path]
    picture: bytes | None = None
    file: Path | None = None


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

    def place(self, name: str) -> tuple[str, Path]:
        """An id, and where the file of that name is to be written. Raises TooManyError."""
        with self._lock:
            self._sweep()
            for done in [k for k, f in self._known.items() if f.used and not f.held]:  # the oldest first
                if not self._full():
                    break
                self._forget(done)
            if self._full():
                text = "too many files wait to be used"
                raise TooManyError(text, "Use them, or wait until they are dropped after an hour.", 600)
        made = f"u-{secrets.token_urlsafe(12)}"
        folder = self._folder / made
        folder.mkdir()
        return made, folder / name

    def keep(self, made: str, path: Path) -> UploadDocument:
        """The file is whole."""
        data = path.read_bytes()
        document = UploadDocument(id=made, name=path.name, size=len(data), sha256=sha256_hex(data))
        with self._lock:
            self._known[made] = _Kept(document, path, self._clock())
        return document

    def drop(self, made: str) -> None:
        """The file is not wanted, or not whole."""
        with self._lock:
            self._known.pop(made, None)
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

    def _full(self) -> bool:
        return len(self._known) >= MOST_FILES or sum(f.document.size for f in self._known.values()) > MOST_BYTES

    def _sweep(self) -> None:
        for made in [k for k, f in self._known.items() if not f.held and self._clock() - f.at > KEPT_S]:
            self._forget(made)

    def _forget(self, made: str) -> None:
        path = self._known.pop(made).path
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


@dataclass
class _Job:
    document: JobDocument
    work: Callable[[Progress], BaseModel | None]
    progress: Progress = field(init=False)
    files: Held | None = None
    change: int = 0


class Jobs:
    """Jobs, one at a time in the order in which they were asked for."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._changes = 0
        self._folder: Path | None = None  # of the files that jobs make; there once one does

    def start(
        self, kind: Kind, about: str, work: Callable[[Progress], BaseModel | None], files: Held | None = None
    ) -> JobDocument:
        """Ask for a job. Its ``work`` answers the result, or None where it was stopped. files : that the request holds
        and the job needs. Raises TooManyError."""
        made = f"j-{secrets.token_urlsafe(12)}"
        document = JobDocument(
            id=made, kind=kind, about=about, state="waiting", step="", done=0, of=0, asked_at=datetime.now(UTC),
            ended_at=None, result=None, error=None, picture=False,
        )  # fmt: skip
        job = _Job(document, work)
        job.progress = Progress(
            tell=lambda step, done, of: self._set(job, step=step, done=done, of=of), stop=threading.Event(),
            place=lambda name: self._place(job, name),
        )  # fmt: skip
        with self._lock:
            if sum(j.document.state == "waiting" for j in self._jobs.values()) >= MOST_WAITING:
                raise TooManyError("too many jobs wait", "Wait until some of them are done.", 30)
            ended = [k for k, j in self._jobs.items() if j.document.ended_at is not None]
            for old in ended[: max(0, len(self._jobs) + 1 - MOST_JOBS)]:
                forgotten = self._jobs.pop(old).progress.file
                if forgotten is not None:
                    shutil.rmtree(forgotten.parent, ignore_errors=True)
            self._jobs[made] = job
        job.files = None if files is None else files.again()
        self._set(job)
        self._pool.submit(self._run, job)
        return document

    def get(self, made: str) -> JobDocument:
        """A job as it stands. Raises NotFoundError."""
        return self._job(made).document

    def all(self) -> list[JobDocument]:
        """Every job that is remembered, the newest first."""
        with self._lock:
            return [j.document for j in reversed(self._jobs.values())]

    def picture(self, made: str) -> bytes:
        """The picture of a job, as JPEG. Raises NotFoundError."""
        found = self._job(made).progress.picture
        if found is None:
            raise NotFoundError(f"job {made} has no picture", "Ask for a draft, and wait until it is done.")
        return found

    def file(self, made: str) -> Path:
        """The file that a job made. Raises NotFoundError."""
        job = self._job(made)
        if job.document.file is None or job.progress.file is None:
            raise NotFoundError(f"job {made} has no file", "Wait until it is done; its document says whether it has.")
        return job.progress.file

    def stop(self, made: str) -> JobDocument:
        """Let a job end where it may: one that waits does not begin, a study ends after the picture it is at."""
        job = self._job(made)
        job.progress.stop.set()
        return job.document

    def changed(self, since: int) -> tuple[list[JobDocument], int]:
        """Jobs that changed behind a count of changes, and the count now."""
        with self._lock:
            found = [j.document for j in self._jobs.values() if j.change > since]
            return found, self._changes

    def close(self) -> None:
        """Begin no further job, let the one that runs come to its end."""
        with self._lock:
            for job in self._jobs.values():
                job.progress.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self, job: _Job, name: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="station-jobs-"))
        folder = self._folder / job.document.id
        folder.mkdir(exist_ok=True)
        job.progress.file = folder / name
        return job.progress.file

    def _job(self, made: str) -> _Job:
        with self._lock:
            found = self._jobs.get(made)
        if found is None:
            text = "Look at what it was to make: jobs are forgotten when the server ends."
            raise NotFoundError(f"there is no job {made[:40]!r}", text)
        return found

    def _set(self, job: _Job, **values: Any) -> None:
        with self._lock:
            self._changes += 1
            job.change = self._changes
            job.document = job.document.model_copy(update=values)

    def _run(self, job: _Job) -> None:
        def end(state: str, **values: Any) -> None:
            if job.files is not None:
                job.files.release()
            self._set(job, state=state, ended_at=datetime.now(UTC), **values)

        if job.progress.stop.is_set():
            end("stopped")
            return
        self._set(job, state="running")
        try:
            found = job.work(job.progress)
        except StationError as error:
            end("failed", error=ErrorBody(code=error.code, message=error.message, do=error.do))
        except Exception as error:  # the request that asked for it was answered long ago
            logger.error("job %s %s failed", job.document.kind, job.document.id, exc_info=error)
            text = f"this should not have happened: {type(error).__name__}"
            end("failed", error=ErrorBody(code="unexpected", message=text, do="Report it with the log."))
        else:
            if found is None:
                end("stopped")
            else:
                file = job.progress.file
                end("done", done=job.document.of, result=found.model_dump(mode="json", by_alias=True),
                    picture=job.progress.picture is not None, file=None if file is None else file.name)  # fmt: skip
