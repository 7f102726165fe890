"""Jobs as one person may see them: which there are everybody sees, what one made only the roles that may start it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from station.errors import AccessError, NotFoundError
from station.values.account import Role, Who
from station.web.jobs import JobDocument, Jobs, Kind, Progress
from station.web.uploads import Held

_STOPPERS = frozenset[Role]({"reviewer", "approver"})
"""Roles that may stop what others asked for."""


class AskedJobs:
    """The jobs as somebody may ask for them, see them and stop them.

    who : who asks. roles : that may send the request that is being answered. Everybody sees which jobs there are; what
    one made, its picture and its file, only roles that may start it.
    """

    def __init__(self, jobs: Jobs, who: Who, roles: frozenset[Role]) -> None:
        self._jobs, self._who, self._roles = jobs, who, roles

    def start(
        self, kind: Kind, about: str, work: Callable[[Progress], BaseModel | None], files: Held | None = None
    ) -> JobDocument:
        """:meth:`Jobs.start` for who asks."""
        return self._jobs.start(kind, about, work, files, by=self._who, roles=self._roles)

    def get(self, made: str) -> JobDocument:
        """A job as it stands, for who asks. Raises NotFoundError."""
        return self._shown(self._jobs.get(made))

    def all(self) -> list[JobDocument]:
        """Every job that is remembered, the newest first."""
        return [self._shown(j) for j in self._jobs.all()]

    def changed(self, since: int) -> tuple[list[JobDocument], int]:
        """:meth:`Jobs.changed` for who asks."""
        found, now = self._jobs.changed(since)
        return [self._shown(j) for j in found], now

    def picture(self, made: str) -> bytes:
        """The picture of a job, as JPEG. Raises NotFoundError, AccessError."""
        self._vet(made)
        return self._jobs.picture(made)

    def file(self, made: str) -> Path:
        """The file that a job made. Raises NotFoundError, AccessError."""
        self._vet(made)
        return self._jobs.file(made)

    def stop(self, made: str) -> JobDocument:
        """:meth:`Jobs.stop` by whoever asked for the job, a reviewer or an approver. Raises AccessError."""
        by, _ = self._jobs.asked(made)
        if self._who.role is not None and self._who.role not in _STOPPERS and self._who.name != by.name:
            text = f"this job was asked for by {by.name or 'somebody else'}"
            raise AccessError(text, "Ask them, a reviewer or an approver to stop it.")
        return self._shown(self._jobs.stop(made))

    def _sees(self, made: str) -> bool:
        _, roles = self._jobs.asked(made)
        return self._who.role is None or roles is None or self._who.role in roles

    def _vet(self, made: str) -> None:
        if not self._sees(made):
            raise AccessError("what this job made is not for this role", "Ask somebody who may start such a job.")

    def _shown(self, job: JobDocument) -> JobDocument:
        try:
            return (
                job if self._sees(job.id) else job.model_copy(update={"result": None, "picture": False, "file": None})
            )
        except NotFoundError:  # forgotten just now
            return job.model_copy(update={"result": None, "picture": False, "file": None})
