"""Who looks at which unit, so that two reviewers do not work on one at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from station.errors import RequestError
from station.service import review_views
from station.store import unit_claims
from station.store.database import Database
from station.values.names import plain_spaces

MAX_NAME = 200


class Claiming:
    """The use cases of claims on units, for one :class:`station.service.Station`.

    A claim holds for 90 seconds unless it is renewed; a window of a browser has one at a time. It hinders other
    reviewers from deciding the unit, unless they take it over, and proves nothing.
    """

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock

    def standing(self) -> list[review_views.UnitClaimView]:
        """The claims that hold now, by unit."""
        return [_view(r) for r in unit_claims.claims(self._db, self._clock())]

    def take(self, unit_id: int, reviewer: str, window: str, *, take_over: bool = False) -> review_views.UnitClaimView:
        """Claim a unit, or renew the claim; the window's claims on other units end.

        window : names the window of a browser, or a program. take_over : although another reviewer looks at it.
        Raises RequestError without a reviewer, NotFoundError, ClaimedError where another reviewer looks at it.
        """
        name = plain_spaces(reviewer).strip()
        if not name or not name.isprintable() or len(name) > MAX_NAME:
            raise RequestError("the reviewer is missing or no plain text", "Say who looks at the unit.")
        at = self._clock()
        return _view(unit_claims.take(self._db, unit_id, reviewer=name, window=window, at=at, take_over=take_over))

    def release(self, unit_id: int, window: str, *, reviewer: str | None = None) -> None:
        """End a window's claim; nothing where it has none. reviewer : whose it has to be, None for whose ever."""
        unit_claims.release(self._db, unit_id, window, reviewer)


def _view(row: unit_claims.ClaimRow) -> review_views.UnitClaimView:
    return review_views.UnitClaimView(**{k: v for k, v in asdict(row).items() if k != "window"})
