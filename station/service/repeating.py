"""A request that is sent twice under one key is done once: the first answer is kept and given again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from station.errors import BeingDoneError, ConflictError, RequestError
from station.store import repeats as store
from station.store.database import Database

_KEY = re.compile(r"[A-Za-z0-9._~-]{8,100}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the status and the JSON."""

    status: int
    text: str


class Repeats:
    """The use cases of repeated requests, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock
        self._holder = secrets.token_hex(8)

    def begin(self, key: str, digest: str) -> Answer | None:
        """Claim a key for the request of this digest; the answer where it was done before.

        Raises RequestError for what is no key, ConflictError where the key was used for another request, BeingDoneError
        where the same one is being done at this moment.
        """
        if _KEY.fullmatch(key) is None:
            raise RequestError(
                "this Idempotency-Key is none", "Send 8 to 100 letters, digits, '.', '_', '~' or '-', such as a UUID."
            )
        found = store.begin(self._db, key, digest, holder=self._holder, at=self._clock())
        if found.digest != digest:
            raise ConflictError("this request key was used for another request", "Send a new key.")
        if found.mine:
            return None
        if found.status is None or found.answer is None:
            raise BeingDoneError("this request is being done already", "Send it again in some seconds.")
        return Answer(found.status, found.answer)

    def finish(self, key: str, answer: Answer) -> None:
        """Keep the answer."""
        store.finish(self._db, key, holder=self._holder, status=answer.status, answer=answer.text)

    def forget(self, key: str) -> None:
        """Give the key back: the request was refused and recorded nothing."""
        store.forget(self._db, key, holder=self._holder)
