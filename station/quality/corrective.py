"""Corrective actions: their life, and whether lots that came later show them to work (N13, W9).

open -> done, by the owner's word -> verified. A prevention is verified by the measured data of later lots alone, any
other action also by a person's word. What later lots refute is ``not effective`` and needs another action.

Effective is an action where no later lot was rejected for what it is against and their common share is surely lower
than before: Fisher's exact test, one-sided, 5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, get_args

from station.errors import ConflictError, NotFoundError, RequestError
from station.values.nonconformity import Action, ActionKind, ActionState, Effect, LotShare, NcEvent, Phrase

LEVEL: Final = 0.05
KINDS: Final[tuple[ActionKind, ...]] = get_args(ActionKind)
WANTED: Final[tuple[ActionKind, ...]] = KINDS
"""What a corrective action request after a rejected lot must hold: one of each (W9, N13)."""
_MOST_UNITS: Final = 5000


def replay_actions(events: Sequence[NcEvent], today: date) -> tuple[Action, ...]:
    """The actions as they stand today, in their order.

    A day that an event is dated on has come: a clock that was set back since makes no action due later again.
    """
    today = max([today, *(e.at.date() for e in events)])
    found: dict[int, Action] = {}
    for e in events:
        if e.kind == "action" and e.action is not None and e.due is not None:
            number = len(found) + 1
            found[number] = Action(
                number=number, kind=e.action, words=e.text, owner=e.owner, due=e.due, items=e.keys, state="open",
                overdue=False, added_at=e.at,
            )  # fmt: skip
        elif e.number in found:
            found[e.number] = _changed(found[e.number], e)
    return tuple(a.model_copy(update={"overdue": is_overdue(a, today)}) for a in found.values())


def _changed(a: Action, e: NcEvent) -> Action:
    if e.kind == "due":
        put_off = a.delays + (e.due is not None and e.due > a.due)
        return a.model_copy(update={"due": e.due, "delays": put_off})
    if e.kind == "done":
        return a.model_copy(update={"state": "done", "done_on": e.at.date(), "done_at": e.at, "result": e.text})
    if e.kind == "withdrawn":
        return a.model_copy(update={"state": "withdrawn", "verification": e.text, "verified_by": e.by})
    if e.kind == "verified":
        state: ActionState = "verified"
        if e.effect is not None:
            states: dict[str, ActionState] = {"effective": "verified", "not effective": "not effective"}
            state = states.get(e.effect.verdict, "done")
        told = {"state": state, "verification": e.text, "verified_by": e.by, "effect": e.effect}
        return a.model_copy(update=told)
    return a


def is_overdue(action: Action, today: date) -> bool:
    """Whether it is past its due date and not done yet. An action that later lots refuted is due again at once."""
    return action.state == "not effective" or (action.state == "open" and today > action.due)


def find(actions: Sequence[Action], number: int, nonconformity: str) -> Action:
    """The action of that number. Raises NotFoundError."""
    found = next((a for a in actions if a.number == number), None)
    if found is None:
        raise NotFoundError(
            f"{nonconformity} has no corrective action {number}", f"List them: station ca list {nonconformity}"
        )
    return found


def vet_step(action: Action, kind: str, nonconformity: str) -> None:
    """Raises ConflictError for a step that the action's state does not allow."""
    allowed: dict[str, tuple[ActionState, ...]] = {
        "due": ("open", "not effective"), "done": ("open", "not effective"), "verified": ("done", "verified"),
        "withdrawn": ("open", "done", "not effective"),
    }  # fmt: skip
    if action.state in allowed[kind]:
        return
    do = {
        "open": f"Say what was done first: station ca done {nonconformity} {action.number} TEXT",
        "done": "Verify it, or withdraw it.",
        "verified": "It needs nothing more; add another one if it came back.",
        "not effective": f"Add another action: station ca add {nonconformity}",
        "withdrawn": f"Add another action: station ca add {nonconformity}",
    }[action.state]
    raise ConflictError(f"corrective action {action.number} of {nonconformity} is {action.state}", do)


def vet_new(kind: str, owner: str, due: date, today: date) -> ActionKind:
    """The kind of a new action. Raises RequestError for another kind, nobody in charge, or a day that is past."""
    found = next((k for k in KINDS if k == kind), None)
    if found is None:
        raise RequestError(f"{kind[:40]!r} is no kind of corrective action", f"Use one of {', '.join(KINDS)}.")
    if not owner.strip():
        raise RequestError("nobody is in charge of the action", "Give --owner NAME.")
    if due < today:
        raise RequestError(f"{due} is past", "Give the day by which it will be done.")
    return found


def effect(before: LotShare, after: Sequence[LotShare]) -> Effect:
    """Whether later lots show that the share fell. before : the lot of the nonconformity. after : later lots, each with
    at least one inspected unit.

    Raises RequestError without a later lot.
    """
    if not after:
        raise RequestError("no later lot was inspected for it", "Inspect and decide a lot made after the action.")
    units, of = sum(x.units for x in after), sum(x.of for x in after)
    refused = [x for x in after if not x.accepted and x.units]
    p = fell(before.units, before.of, units, of)
    values = {"units": str(units), "of": str(of), "before": str(before.units), "before_of": str(before.of)}
    if refused:
        values["lots"] = ", ".join(x.lot for x in refused)
        words = Phrase(key="effect.refused", values=values)
        return Effect(verdict="not effective", before=before, after=tuple(after), p=p, wanted=None, words=words)
    if p <= LEVEL:
        words = Phrase(key="effect.fell", values={**values, "p": f"{p:.2g}"})
        return Effect(verdict="effective", before=before, after=tuple(after), p=p, wanted=None, words=words)
    more = wanted(before.units, before.of, units, of)
    key = "effect.more" if more is not None else "effect.never"
    words = Phrase(key=key, values={**values, "p": f"{p:.2g}", "wanted": str(more)})
    return Effect(verdict="not shown", before=before, after=tuple(after), p=p, wanted=more, words=words)


def fell(units: int, of: int, later: int, later_of: int) -> float:
    """One-sided p of Fisher's exact test that the later share is lower: the probability of as few units among the later
    ones, given their sum (Fisher, Statistical Methods for Research Workers, 1934, 21.02)."""
    from scipy.stats import hypergeom

    return float(hypergeom.cdf(later, of + later_of, units + later, later_of))


def wanted(units: int, of: int, later: int, later_of: int) -> int | None:
    """Fewest further units without the item that would show the share fell; None where 5,000 would not."""
    low, high = 0, _MOST_UNITS
    if fell(units, of, later, later_of + high) > LEVEL:
        return None
    while low < high:  # p falls with every further unit
        middle = (low + high) // 2
        if fell(units, of, later, later_of + middle) <= LEVEL:
            high = middle
        else:
            low = middle + 1
    return low


def lacking(actions: Sequence[Action]) -> list[str]:
    """What the corrective action request lacks before it can be closed, in words (W9, N13)."""
    standing = [a for a in actions if a.state != "withdrawn"]
    said = [f"no {k.replace('-', ' ')} is recorded" for k in WANTED if k not in {a.kind for a in standing}]
    for a in standing:
        replaced = a.state == "not effective" and any(
            b.kind == a.kind and b.number > a.number and b.state == "verified" for b in standing
        )
        if a.state != "verified" and not replaced:
            said.append(f"corrective action {a.number} ({a.kind.replace('-', ' ')}) is {a.state}, not verified")
    return said
