"""Switching between normal, tightened and reduced inspection, for one class of nonconformity of one stream of lots.

The state after a lot binds the next one. Only lots on original inspection count: resubmitted ones change nothing.

- Normal to tightened: 2 of 5 or fewer consecutive lots not accepted (MIL-STD-105E 4.7.2, ISO 2859-1 9.3.1). Counted are
  the lots inspected under normal inspection since it was last taken up.
- Tightened to normal: 5 consecutive lots accepted (4.7.3; 9.3.2).
- Normal to reduced: under ISO 2859-1 a switching score of 30 or more (9.3.3), under 105E and Z1.4 ten consecutive lots
  accepted; under both, production is steady and the responsible authority agrees. The limit numbers of Table VIII of
  105E are not asked for.
- Reduced to normal: a lot not accepted, under 105E and Z1.4 also one between Ac and Re, or irregular production
  (9.3.4).
- Inspection is discontinued under ISO 2859-1 when 5 lots in all were not accepted in one spell of tightened inspection
  (9.4), under Z1.4-2003 after 5 such lots in a row, under 105E and Z1.4-1993 when 10 lots in a row remain on tightened
  inspection. It is taken up again under tightened inspection, when the supplier has acted.

Switching score (ISO 2859-1, 9.3.3.2), from 0 at the start of normal inspection: single plans with Ac of 2 or more, 3
more where the lot would have been accepted at an AQL one step tighter; Ac of 0 or 1 (and fractional), 2 more where it
is accepted; double plans, 3 more where the first sample accepts, multiple ones by the third; else back to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from station.errors import RequestError
from station.lots.plans import Severity, Stages, stages, step_tighter

Word = Literal["steady", "irregular", "agreed", "not agreed", "resumed"]
"""What is said of a stream beside its lots: how production runs, whether the authority agrees to reduced inspection,
that the supplier has acted after a discontinuation."""

ENOUGH = 30
"""Switching score from which ISO 2859-1 allows reduced inspection."""
RUN_FOR_REDUCED = 10
RUN_FOR_NORMAL = 5
WINDOW = 5
MOST_NOT_ACCEPTED = 5
MOST_ON_TIGHTENED = 10


class Rules(NamedTuple):
    """What editions differ in. scored : reduced inspection takes a switching score, else lots accepted in a row.
    counted, most : what of a spell of tightened inspection leads to a discontinuation, and how many."""

    scored: bool
    counted: Literal["not accepted in all", "not accepted in a row", "in a row on tightened inspection"]
    most: int


_ON_TIGHTENED = Rules(False, "in a row on tightened inspection", MOST_ON_TIGHTENED)
_Z14_2003 = Rules(False, "not accepted in a row", MOST_NOT_ACCEPTED)
RULES: Mapping[str, Rules] = {
    "iso2859-1": Rules(True, "not accepted in all", MOST_NOT_ACCEPTED),
    "z1.4": _Z14_2003,
    "z1.4-2003": _Z14_2003,
    "z1.4-1993": _ON_TIGHTENED,
    "mil-std-105e": _ON_TIGHTENED,
}


class State(NamedTuple):
    """Where a class of a stream stands before its next lot. Counters stop where more of them changes nothing.

    since : lots since one was not accepted under this normal inspection, that one included, 1-4; 0 for longer ago or
    never. run : lots accepted in a row under this severity. score : ISO 2859-1's switching score. towards : a
    discontinuation, by the edition: lots not accepted, such lots in a row, or lots on tightened inspection.
    """

    severity: Severity = "normal"
    discontinued: bool = False
    since: int = 0
    run: int = 0
    score: int = 0
    towards: int = 0
    steady: bool = False
    agreed: bool = False


class LotResult(NamedTuple):
    """What a lot says to the rules. in_gap : accepted between Ac and Re. points : what its switching score gains, 0
    sets it back. original : not resubmitted."""

    accepted: bool
    in_gap: bool = False
    points: int = 0
    original: bool = True


def after_lot(state: State, result: LotResult, edition: str) -> tuple[State, str]:
    """The state for the next lot, and the reason in words where the severity changes or inspection is discontinued.

    Raises RequestError where inspection is discontinued: no lot is inspected until it is resumed.
    """
    if state.discontinued:
        raise RequestError(
            "Inspection of this stream is discontinued",
            "Record what the supplier has done: station stream resume STREAM --by WHO --reason WORDS",
        )
    if not result.original:
        return state, ""
    if state.severity == "normal":
        return _after_normal(state, result, edition)
    if state.severity == "tightened":
        return _after_tightened(state, result, edition)
    if not result.accepted:
        return _to(state, "normal"), "a lot was not accepted under reduced inspection"
    if result.in_gap:
        return _to(state, "normal"), "a lot lay between Ac and Re of reduced inspection"
    return state, ""


def after_word(state: State, word: Word, edition: str) -> tuple[State, str]:
    """The state after something was said of the stream, and the reason where the severity changes."""
    if word == "resumed":
        if not state.discontinued:
            return state, ""
        return _to(state, "tightened"), "the supplier has acted: inspection is resumed under tightened inspection"
    if word in ("steady", "irregular"):
        state = state._replace(steady=word == "steady")
    else:
        state = state._replace(agreed=word == "agreed")
    if state.severity == "reduced" and word in ("irregular", "not agreed"):
        why = "production became irregular" if word == "irregular" else "the authority no longer agrees to reduced"
        return _to(state, "normal"), why
    return _reduced_if_allowed(state, edition) if state.severity == "normal" else (state, "")


def directed(state: State, severity: Severity) -> State:
    """The state when the responsible authority directs this severity; every count starts anew."""
    return _to(state, severity)


def waits_for(state: State, edition: str) -> tuple[str, ...]:
    """What a class under normal inspection lacks for reduced inspection, and one under tightened inspection for normal
    inspection, with when it is discontinued, in words."""
    if state.discontinued:
        return ("what the supplier has done",)
    if state.severity == "tightened":
        back = f"{RUN_FOR_NORMAL} lots accepted in a row, now {state.run}, for normal inspection"
        end = RULES[edition]
        return (back, f"it is discontinued after {end.most} lots {end.counted}, now {state.towards}")
    if state.severity != "normal":
        return ()
    lacking = []
    scored = RULES[edition].scored
    if scored and state.score < ENOUGH:
        lacking.append(f"a switching score of {ENOUGH}, now {state.score}")
    elif not scored and state.run < RUN_FOR_REDUCED:
        lacking.append(f"{RUN_FOR_REDUCED} lots accepted in a row, now {state.run}")
    if not state.steady:
        lacking.append("word that production is steady")
    if not state.agreed:
        lacking.append("the responsible authority's consent")
    return tuple(lacking)


def _to(state: State, severity: Severity) -> State:
    return State(severity=severity, steady=state.steady, agreed=state.agreed)


def _after_normal(state: State, result: LotResult, edition: str) -> tuple[State, str]:
    if not result.accepted:
        if state.since:
            return _to(state, "tightened"), f"2 of {state.since + 1} consecutive lots were not accepted"
        return state._replace(since=1, run=0, score=0), ""
    since = 0 if state.since in (0, WINDOW - 1) else state.since + 1
    score = min(state.score + result.points, ENOUGH) if result.points else 0
    return _reduced_if_allowed(
        state._replace(since=since, run=min(state.run + 1, RUN_FOR_REDUCED), score=score), edition
    )


def _reduced_if_allowed(state: State, edition: str) -> tuple[State, str]:
    if not (state.steady and state.agreed):
        return state, ""
    if RULES[edition].scored:
        if state.score >= ENOUGH:
            return _to(state, "reduced"), f"the switching score reached {ENOUGH}, production is steady, it is agreed"
    elif state.run >= RUN_FOR_REDUCED:
        return _to(
            state, "reduced"
        ), f"{RUN_FOR_REDUCED} lots in a row were accepted, production is steady, it is agreed"
    return state, ""


def _after_tightened(state: State, result: LotResult, edition: str) -> tuple[State, str]:
    run = state.run + 1 if result.accepted else 0
    if run >= RUN_FOR_NORMAL:
        return _to(state, "normal"), f"{RUN_FOR_NORMAL} consecutive lots were accepted under tightened inspection"
    rules, count = RULES[edition], state.towards + 1
    if rules.counted == "not accepted in all":
        count = state.towards + (not result.accepted)
        why = f"{rules.most} lots in all were not accepted under tightened inspection"
    elif rules.counted == "not accepted in a row":
        count = 0 if result.accepted else count
        why = f"{rules.most} lots in a row were not accepted under tightened inspection"
    else:
        why = f"{rules.most} lots in a row remained on tightened inspection"
    if count >= rules.most:
        return _to(state, "tightened")._replace(discontinued=True), why
    return state._replace(run=run, towards=count), ""


# --- from the counts of a lot to what it says ------------------------------------------------------------------------


class ClassResult(NamedTuple):
    """A lot in one class. stage : at which it was decided, from 0. found : up to that stage."""

    accepted: bool
    in_gap: bool
    points: int
    stage: int
    found: int


def class_result(plan: Stages, found: Sequence[int], *, aql: float, edition: str, ac: int | None = None) -> ClassResult:
    """What the counts of a lot say under a plan.

    Parameters
    ----------
    found
        Nonconforming units (or nonconformities) up to the end of each stage that was inspected, cumulative.
    ac
        The acceptance number in force where the plan's is fractional, 0 or 1.

    Raises
    ------
    RequestError
        Counts that fall or are negative, too few stages to decide, or stages after the decision.
    """
    if not found or found[0] < 0 or any(b < a for a, b in pairwise(found)):
        raise RequestError(
            f"{list(found)} are no counts of a lot's stages", "Give what was found up to each stage, 0 or more."
        )
    for stage, count in enumerate(found):
        last = stage == len(plan.n) - 1
        limit = plan.ac[stage] if ac is None else ac
        reject = plan.re[stage] if ac is None else ac + 1
        if count > limit and count < reject and not last:
            continue
        if stage < len(found) - 1:
            raise RequestError(
                f"The lot was decided at stage {stage + 1} with {count} found, yet more stages are given",
                "Leave out what was inspected after the decision.",
            )
        accepted = count < reject
        points = _points(plan, stage, count, aql, edition) if accepted else 0
        return ClassResult(accepted, accepted and count > limit, points, stage, count)
    raise RequestError(
        f"After {len(found)} of {len(plan.n)} stages with {found[-1]} found the lot is not decided",
        f"Inspect stage {len(found) + 1}.",
    )


def _points(plan: Stages, stage: int, found: int, aql: float, edition: str) -> int:
    if not RULES[edition].scored:
        return 0
    if plan.type == "double":
        return 3 if stage == 0 else 0
    if plan.type == "multiple":
        return 3 if stage <= 2 else 0
    gained = gain(plan, aql)
    return gained.points if found <= gained.most else 0


class Gain(NamedTuple):
    """A lot accepted by a single plan under normal inspection gains so many ``points`` of the switching score where at
    most ``most`` are found, else none."""

    points: int
    most: int


def gain(plan: Stages, aql: float) -> Gain:
    """What a single plan's lots gain (ISO 2859-1, 9.3.3.2)."""
    if plan.ac[0] <= 1:
        return Gain(2, 1 if plan.parts else plan.ac[0])
    return Gain(3, tighter_ac(plan, aql))


def tighter_ac(plan: Stages, aql: float) -> int:
    """Acceptance number of the normal single plan one AQL step tighter, of the letter whose n was inspected."""
    return stages(plan.letter, step_tighter(aql), edition="iso2859-1").ac[0]


# --- fractional acceptance numbers -----------------------------------------------------------------------------------

_GAINS = {5: 2, 3: 3, 2: 5}


def acceptance_score(score: int, plan: Stages) -> tuple[int, int]:
    """The acceptance score before a lot is inspected, and the acceptance number in force (ISO 2859-1, clause 13).

    The score starts at 0 whenever the severity changes. Before each lot it gains 2, 3 or 5 for Ac 1/5, 1/3 or 1/2, 7
    for an Ac of 1 and more, nothing for 0; from 9 on a fractional plan has Ac 1, below it 0. Where all lots have the
    same plan this accepts one nonconforming unit after 4, 2 or 1 lots without any.
    """
    if plan.parts:
        score += _GAINS[plan.parts]
        return score, int(score >= 9)
    return (score + 7 if plan.ac[0] > 0 else score), plan.ac[0]


def score_after(score: int, found: int) -> int:
    """The acceptance score when the lot has been inspected: a nonconforming unit sets it back to 0."""
    return 0 if found else score
