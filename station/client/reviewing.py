"""The queue of flagged units, who looks at which, and what reviewers say."""

from __future__ import annotations

from station.client.connection import API, Connection, settled
from station.service import review_views, views


class Reviewing(Connection):
    """Reviewing. All raise Refused."""

    def queue(self, lot: str | None = None, *, second_look: bool = False) -> list[views.UnitView]:
        """Flagged units that wait for a reviewer; second_look : only what was deferred or reviewers disagree about."""
        return [views.UnitView.model_validate(u) for u in self.get("/queue", lot=lot, second_look=second_look)]

    def queue_columns(self, lot: str | None = None, *, done: bool = False) -> review_views.QueueDocument:
        """The queue as one small answer, however long. done : those accepted or rejected instead."""
        return review_views.QueueDocument.model_validate(self.get("/queue/columns", lot=lot, settled=done))

    def claims(self) -> list[review_views.UnitClaimView]:
        """Who looks at which unit now."""
        return [review_views.UnitClaimView.model_validate(c) for c in self.get("/claims")]

    def claim(self, unit_id: int, *, reviewer: str, window: str, take_over: bool = False) -> review_views.UnitClaimView:
        """Say that a reviewer looks at a unit, for 90 seconds; said again it is renewed. window : any name of 8 letters
        and digits or more, which has one claim at a time. Refused where another reviewer looks at it."""
        body = {"reviewer": reviewer, "window": window, "take_over": take_over}
        answer = self.request("PUT", f"{API}/units/{unit_id}/claim", body, again=True)
        return review_views.UnitClaimView.model_validate(settled(answer).json())

    def release(self, unit_id: int, *, window: str) -> None:
        """Say that a window looks at a unit no longer."""
        settled(self.request("DELETE", f"{API}/units/{unit_id}/claim", query={"window": window}))

    def layers(self, unit_id: int) -> list[review_views.LayerView]:
        """The layers that can be laid over a unit."""
        return [review_views.LayerView.model_validate(x) for x in self.get(f"/units/{unit_id}/layers")]

    def sources(self, unit_id: int) -> review_views.SourcesView:
        """Where a unit's numbers come from."""
        return review_views.SourcesView.model_validate(self.get(f"/units/{unit_id}/sources"))

    def review(
        self,
        unit_id: int,
        decision: str,
        *,
        reviewer: str,
        reason: str = "",
        supersedes: int | None = None,
        take_over: bool = False,
        key: str | None = None,
    ) -> views.ReviewView:
        """Record a reviewer's word on a unit; on return it is durable. take_over : although another reviewer looks at
        it."""
        body = {
            "decision": decision, "reason": reason, "reviewer": reviewer, "supersedes": supersedes,
            "take_over": take_over,
        }  # fmt: skip
        return views.ReviewView.model_validate(self.post(f"/units/{unit_id}/reviews", body, key=key))
