"""What takes longer than a request may: done one after another in a thread, looked at while it goes on.

Jobs, and the files that are handed in for them (``uploads``), live as long as the server. A job that was cut short left
nothing half-written; it is asked for again. What a job made is shown to the roles that may start it, see
``asked_jobs``.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from station.errors import NotFoundError, StationError, TooManyError
from station.values.account import Role, Who
from station.values.documents import Document
from station.web.errors import ErrorBody, fields, full_disk
from station.web.uploads import Held

logger = logging.getLogger("station.web")

Kind = Literal[
    "seal", "draft", "capability", "lens", "light", "check", "sample", "package", "archive", "archive check",
    "archive received", "archive compared", "corrective package", "records check", "comparison", "gauge", "chart",
    "pair",
]  # fmt: skip
MOST_JOBS, MOST_WAITING, MOST_OF_ONE = 100, 20, 3
"""Jobs that are remembered; of them waiting; of them waiting for one account."""
FIRST: tuple[Kind, ...] = ("seal",)
"""Kinds that are signed with a PIN: they do not wait behind the others, and have places of their own."""


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
class _Job:
    document: JobDocument
    work: Callable[[Progress], BaseModel | None]
    by: Who
    roles: frozenset[Role] | None
    files: Held | None = None
    progress: Progress = field(init=False)
    change: int = 0


class Jobs:
    """Jobs, one at a time in the order in which they were asked for, those of :data:`FIRST` before the others.

    folder : for the files that jobs make, made where it is not given.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._changes = 0
        self._folder = folder

    def start(
        self,
        kind: Kind,
        about: str,
        work: Callable[[Progress], BaseModel | None],
        files: Held | None = None,
        *,
        by: Who = Who(),  # noqa: B008  frozen
        roles: frozenset[Role] | None = None,
    ) -> JobDocument:
        """Ask for a job. Its ``work`` answers the result, or None where it was stopped. Raises TooManyError.

        files : that the request holds and the job needs. by : who asks. roles : those that may, None for all: what it
        made is theirs alone.
        """
        made = f"j-{secrets.token_urlsafe(12)}"
        document = JobDocument(
            id=made, kind=kind, about=about, state="waiting", step="", done=0, of=0, asked_at=datetime.now(UTC),
            ended_at=None, result=None, error=None, picture=False,
        )  # fmt: skip
        job = _Job(document, work, by, roles)
        job.progress = Progress(
            tell=lambda step, done, of: self._set(job, step=step, done=done, of=of), stop=threading.Event(),
            place=lambda name: self._place(job, name),
        )  # fmt: skip
        with self._lock:
            waiting = [j for j in self._jobs.values() if j.document.state == "waiting"]
            if sum((j.document.kind in FIRST) == (kind in FIRST) for j in waiting) >= MOST_WAITING:
                raise TooManyError("too many jobs wait", "Wait until some of them are done.", 30)
            if by.role is not None and sum(j.by.name == by.name for j in waiting) >= MOST_OF_ONE:
                raise TooManyError(f"{MOST_OF_ONE} jobs of {by.name} wait", "Wait, or stop one of them.", 30)
            ended = [k for k, j in self._jobs.items() if j.document.ended_at is not None]
            for old in ended[: max(0, len(self._jobs) + 1 - MOST_JOBS)]:
                forgotten = self._jobs.pop(old).progress.file
                if forgotten is not None:
                    shutil.rmtree(forgotten.parent, ignore_errors=True)
            job.files = None if files is None else files.again()  # before a turn that is due already can take the job
            self._jobs[made] = job
            self._change(job)
        self._pool.submit(self._run_next)
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
        """Let a job end where it may: one that waits ends at once, a study ends after the picture it is at."""
        job = self._job(made)
        with self._lock:
            job.progress.stop.set()
            if job.document.state == "waiting":
                self._change(job, state="stopped", ended_at=datetime.now(UTC))
                if job.files is not None:
                    job.files.release()
        return job.document

    def asked(self, made: str) -> tuple[Who, frozenset[Role] | None]:
        """Who asked for a job, and the roles that may. Raises NotFoundError."""
        job = self._job(made)
        return job.by, job.roles

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
        folder.mkdir(parents=True, exist_ok=True)
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
            self._change(job, **values)

    def _change(self, job: _Job, **values: Any) -> None:
        self._changes += 1
        job.change = self._changes
        job.document = job.document.model_copy(update=values)

    def _run_next(self) -> None:
        with self._lock:
            waiting = [j for j in self._jobs.values() if j.document.state == "waiting"]
            if not waiting:  # the one that this turn was for was stopped
                return
            job = min(waiting, key=lambda j: j.document.kind not in FIRST)
            self._change(job, state="running")
        self._run(job)

    def _run(self, job: _Job) -> None:
        def end(state: str, **values: Any) -> None:
            if job.files is not None:
                job.files.release()
            self._set(job, state=state, ended_at=datetime.now(UTC), **values)

        if job.progress.stop.is_set():  # the server closes
            end("stopped")
            return
        try:
            found = _worked(job)
            result = None if found is None else found.model_dump(mode="json", by_alias=True)
        except StationError as error:
            told = ErrorBody(code=error.code, message=fields(error.message), do=fields(error.do))
            end("failed", error=told)
        except Exception as error:  # the request that asked for it was answered long ago
            logger.error("job %s %s failed", job.document.kind, job.document.id, exc_info=error)
            text = f"this should not have happened: {type(error).__name__}"
            end("failed", error=ErrorBody(code="unexpected", message=text, do="Report it with the log."))
        else:
            if result is None:
                end("stopped")
            else:
                file = job.progress.file
                end("done", done=job.document.of, result=result,
                    picture=job.progress.picture is not None, file=None if file is None else file.name)  # fmt: skip


def _worked(job: _Job) -> BaseModel | None:
    try:
        return job.work(job.progress)
    except OSError as error:
        raise full_disk(error) from error
