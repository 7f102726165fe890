"""Corrective actions of nonconformities: added, put off, done, verified by later lots (N13, W9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from station.errors import RequestError
from station.service.nonconformities import Nonconformities, named
from station.service.values_file import plain_text
from station.values.nonconformity import Action, NcEvent, NonconformityDocument


class CorrectiveActions:
    """The use cases of corrective actions, for one :class:`station.service.Station`."""

    def __init__(self, nonconformities: Nonconformities, clock: Callable[[], datetime]) -> None:
        self._nc, self._clock = nonconformities, clock

    def all(self, number: str | None = None, *, overdue: bool = False) -> list[tuple[str, Action]]:
        """Actions with the number of their nonconformity, the earliest due first. overdue : only those that are."""
        numbers = [r.number for r in self._nc.rows()] if number is None else [number]
        found = [(n, a) for n in numbers for a in self._nc.show(n).actions if a.overdue or not overdue]
        return sorted(found, key=lambda f: (f[1].due, f[0], f[1].number))

    def add(
        self, number: str, kind: str, text: str, *, owner: str, due: date, points: Sequence[int] = (), by: str
    ) -> NonconformityDocument:
        """Add an action; the same one again adds nothing. points : that it is against, all without any.

        Raises RequestError for another kind, vague words, nobody in charge, or a day that is past.
        """
        from station.quality.corrective import vet_new
        from station.quality.wording import refuse_vague

        found = vet_new(kind, owner, due, self._clock().date())
        events = self._nc.events(number)
        keys = tuple(self._nc.point(number, p).item.key for p in points)
        event = NcEvent(
            kind="action", at=self._clock(), by=named(by), action=found, owner=plain_text(owner, "the owner"), due=due,
            text=refuse_vague(plain_text(text, "the action"), "the action"), keys=keys,
        )  # fmt: skip
        return self._nc.say(number, event, events)

    def put_off(self, number: str, action: int, due: date, *, by: str, reason: str) -> NonconformityDocument:
        """Give an action another due date. Raises ConflictError for one that is done, RequestError without a reason."""
        if not reason.strip():
            raise RequestError("no reason is given", "Give --reason WORDS.")
        if due < self._clock().date():
            raise RequestError(f"{due} is past", "Give the day by which it will be done.")
        event = NcEvent(
            kind="due", at=self._clock(), by=named(by), number=action, due=due, text=plain_text(reason, "the reason")
        )
        return self._step(number, event, "due")

    def done(self, number: str, action: int, text: str, *, by: str) -> NonconformityDocument:
        """Record what was done, for a root cause what it is. Raises RequestError for vague words."""
        from station.quality.wording import refuse_vague

        said = refuse_vague(plain_text(text, "what was done"), "what was done")
        return self._step(
            number, NcEvent(kind="done", at=self._clock(), by=named(by), number=action, text=said), "done"
        )

    def withdraw(self, number: str, action: int, *, by: str, reason: str) -> NonconformityDocument:
        """Take an action back that another one replaces; both stay in the records. Raises RequestError without a
        reason."""
        if not reason.strip():
            raise RequestError("no reason is given", "Give --reason WORDS.")
        event = NcEvent(
            kind="withdrawn", at=self._clock(), by=named(by), number=action, text=plain_text(reason, "the reason")
        )
        return self._step(number, event, "withdrawn")

    def verify(
        self, number: str, action: int, *, lots: Sequence[str] = (), text: str = "", by: str
    ) -> NonconformityDocument:
        """Verify an action that was done: by later lots' data, or, where it is no prevention, by a person's word.

        lots : that were made since. Every other decided lot that was opened since the action was done is judged with
        them, so that none is picked out.

        Raises
        ------
        RequestError
            A prevention without a later lot, a lot that is not later, a word that says nothing.
        ConflictError
            An action that is not done yet.
        """
        from station.quality.corrective import effect, find, vet_step
        from station.quality.wording import refuse_vague

        found, events = self._nc.seen_at(number)
        one = find(found.actions, action, number)
        vet_step(one, "verified", number)
        if not lots and one.kind == "prevention":
            raise RequestError(
                f"corrective action {action} is a prevention, which only a later lot can verify",
                "Name the lots made since: --lot ID.",
            )
        items = [i for i in found.facts.items if not one.items or i.key in one.items]
        words = refuse_vague(plain_text(text, "the word"), "the word") if text or not lots else ""
        judged = None
        if lots:
            before = self._nc.facts.share(found.facts.lot, items)
            later = self._vet_later(found.facts.lot, lots, one)
            shares = [self._nc.facts.share(lot, items) for lot in dict.fromkeys(lots)]
            shares += self._nc.facts.shares([x for x in later if x not in lots], items)
            judged = effect(before, shares)
        event = NcEvent(kind="verified", at=self._clock(), by=named(by), number=action, text=words, effect=judged)
        return self._nc.say(number, event, events)

    def _vet_later(self, lot: str, lots: Sequence[str], action: Action) -> list[str]:
        """Every lot that was opened after the action was done. Raises RequestError where one of ``lots`` was not."""
        later = {x.name: x for x in self._nc.facts.later(lot)}
        for name in lots:
            if name not in later:
                raise RequestError(
                    f"{name} is no lot of this product that was opened after {lot}", "Name lots made after the action."
                )
            if action.done_at is not None and later[name].created_at < action.done_at:
                raise RequestError(
                    f"lot {name} was opened on {later[name].created_at:%Y-%m-%d %H:%M} UTC, before the action was done "
                    f"on {action.done_at:%Y-%m-%d %H:%M} UTC",
                    "Name lots made after the action.",
                )
        return [x for x, row in later.items() if action.done_at is None or row.created_at >= action.done_at]

    def _step(self, number: str, event: NcEvent, kind: str) -> NonconformityDocument:
        from station.quality.corrective import find, vet_step

        assert event.number is not None
        found, events = self._nc.seen_at(number)
        one = find(found.actions, event.number, number)
        repeated = {
            "done": one.state == "done" and one.result == event.text,
            "due": one.due == event.due,
            "withdrawn": one.state == "withdrawn",
        }[kind]
        if not repeated:
            vet_step(one, kind, number)
        return found if repeated else self._nc.say(number, event, events)
