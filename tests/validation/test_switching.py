"""Switching against a second, naive reading of the rules, and whole schemes against chains and formulas of their
own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from station.errors import RequestError
from station.lots.performance import acceptance_from_cartons, average_outgoing_quality_limit
from station.lots.plans import LETTERS, Stages, stages
from station.lots.requests import plan_from_request
from station.lots.scheme import performance_of, scheme_performance
from station.lots.switching import (
    LotResult,
    State,
    acceptance_score,
    after_lot,
    after_word,
    class_result,
    directed,
    score_after,
    tighter_ac,
    waits_for,
)
from station.sheet import PREFERRED_AQL
from station.values.sampling import SchemeDocument

EDITIONS = ("iso2859-1", "z1.4", "z1.4-1993", "mil-std-105e")
NO, YES = LotResult(False), LotResult(True)


@dataclass
class ByTheBook:
    """The rules as their text has them, over the whole list of lots instead of counters."""

    edition: str
    severity: str = "normal"
    stopped: bool = False
    steady: bool = False
    agreed: bool = False
    spell: list[LotResult] = field(default_factory=list)  # original lots under the present severity

    def go(self, severity: str) -> None:
        self.severity, self.stopped, self.spell = severity, False, []

    def may_reduce(self) -> bool:
        if not (self.steady and self.agreed):
            return False
        if self.edition != "iso2859-1":
            return len(self.spell) >= 10 and all(lot.accepted for lot in self.spell[-10:])
        score = 0
        for lot in self.spell:
            score = score + lot.points if lot.accepted and lot.points else 0
        return score >= 30

    def lot(self, lot: LotResult) -> None:
        if not lot.original:
            return
        self.spell.append(lot)
        bad = [i for i, x in enumerate(self.spell) if not x.accepted]
        if self.severity == "normal":
            if any(j - i < 5 for i, j in itertools.pairwise(bad)):
                self.go("tightened")
            elif self.may_reduce():
                self.go("reduced")
        elif self.severity == "tightened":
            if len(self.spell) >= 5 and all(x.accepted for x in self.spell[-5:]):
                self.go("normal")
            elif (
                (self.edition == "iso2859-1" and len(bad) == 5)
                or (self.edition == "z1.4" and [x.accepted for x in self.spell[-5:]] == [False] * 5)
                or (self.edition in ("z1.4-1993", "mil-std-105e") and len(self.spell) == 10)
            ):
                self.stopped = True
        elif not lot.accepted or lot.in_gap:
            self.go("normal")

    def word(self, word: str) -> None:
        if word in ("steady", "irregular"):
            self.steady = word == "steady"
        elif word == "resumed":
            if self.stopped:
                self.go("tightened")
            return
        else:
            self.agreed = word == "agreed"
        if self.severity == "reduced" and word in ("irregular", "not agreed"):
            self.go("normal")
        elif self.severity == "normal" and self.may_reduce():
            self.go("reduced")


LOTS = st.builds(
    LotResult,
    accepted=st.sampled_from([True] * 4 + [False]),
    in_gap=st.sampled_from([False] * 5 + [True]),
    points=st.sampled_from([3, 3, 2, 0]),
    original=st.sampled_from([True] * 5 + [False]),
).map(lambda lot: lot if lot.accepted else lot._replace(points=0, in_gap=False))
WORDS = st.sampled_from(["steady", "steady", "irregular", "agreed", "agreed", "not agreed", "resumed"])


@pytest.mark.parametrize("edition", EDITIONS)
@settings(deadline=None, max_examples=60)
@given(story=st.lists(st.one_of(LOTS, LOTS, LOTS, LOTS, WORDS), max_size=120), luck=st.booleans())
def test_the_machine_and_the_book_agree(edition: str, story: list[LotResult | str], luck: bool) -> None:
    """luck : nothing is rejected, so that reduced inspection is reached."""
    book, state = ByTheBook(edition), State()
    for happening in story:
        if isinstance(happening, str):
            book.word(happening)
            state, why = after_word(state, happening, edition)  # type: ignore[arg-type]
        else:
            lot = YES._replace(points=3) if luck and not happening.accepted else happening
            if book.stopped:
                with pytest.raises(RequestError, match="discontinued"):
                    after_lot(state, lot, edition)
                continue
            before = state
            book.lot(lot)
            state, why = after_lot(state, lot, edition)
            assert bool(why) == ((before.severity, before.discontinued) != (state.severity, state.discontinued))
        assert (state.severity, state.discontinued) == (book.severity, book.stopped)


START = State()


def walk(edition: str, lots: list[LotResult], state: State = START) -> State:
    for lot in lots:
        state, _ = after_lot(state, lot, edition)
    return state


def test_two_of_five_and_not_two_of_six() -> None:
    for edition in EDITIONS:
        assert walk(edition, [NO, YES, YES, YES, NO]).severity == "tightened"
        assert walk(edition, [NO, YES, YES, YES, YES, NO]).severity == "normal"
        assert walk(edition, [NO, NO]).severity == "tightened"
        assert walk(edition, [NO, NO._replace(original=False)]).severity == "normal"
        assert walk(edition, [NO, NO, *[YES] * 5]).severity == "normal"


def test_discontinuation_by_edition() -> None:
    tight = [NO, NO]
    mixed = [NO, NO, YES, NO, YES, NO, YES, YES, NO]
    assert walk("iso2859-1", [*tight, *mixed]).discontinued  # 5 in all
    assert not walk("z1.4", [*tight, *mixed]).discontinued  # never 5 in a row
    assert walk("z1.4", [*tight, *[NO] * 5]).discontinued
    assert walk("z1.4-1993", [*tight, *mixed, YES]).discontinued  # 10 lots on tightened
    back, why = after_word(walk("z1.4", [*tight, *[NO] * 5]), "resumed", "z1.4")
    assert (back.severity, back.discontinued) == ("tightened", False)
    assert "supplier has acted" in why


def test_reduced_needs_word_and_consent_and_says_what_it_waits_for() -> None:
    state = walk("iso2859-1", [YES._replace(points=3)] * 12)
    assert state.severity == "normal"
    assert waits_for(state, "iso2859-1") == ("word that production is steady", "the responsible authority's consent")
    state, _ = after_word(state, "steady", "iso2859-1")
    state, why = after_word(state, "agreed", "iso2859-1")
    assert state.severity == "reduced"
    assert "30" in why
    assert waits_for(State(), "z1.4")[0] == "10 lots accepted in a row, now 0"
    assert walk("z1.4", [YES._replace(in_gap=True)], state).severity == "normal"
    assert walk("z1.4", [NO], state).severity == "normal"
    assert directed(State(), "tightened").severity == "tightened"


# --- what counts say -------------------------------------------------------------------------------------------------


def test_points_of_the_switching_score() -> None:
    two = stages("J", 1.5, edition="iso2859-1")  # 80, Ac 3; a step tighter Ac 2
    assert tighter_ac(two, 1.5) == 2
    for found, points in ((2, 3), (3, 0), (4, 0)):
        assert class_result(two, [found], aql=1.5, edition="iso2859-1").points == points
    one = stages("J", 0.65, edition="iso2859-1")
    assert [class_result(one, [d], aql=0.65, edition="iso2859-1").points for d in (0, 1, 2)] == [2, 2, 0]
    double = stages("L", 2.5, type="double")
    assert class_result(double, [5], aql=2.5, edition="iso2859-1").points == 3
    assert class_result(double, [7, 12], aql=2.5, edition="iso2859-1").points == 0
    multiple = stages("L", 2.5, type="multiple")
    assert class_result(multiple, [1, 4, 6], aql=2.5, edition="iso2859-1").points == 3
    assert class_result(multiple, [1, 4, 7, 8], aql=2.5, edition="iso2859-1").points == 0
    assert class_result(two, [2], aql=1.5, edition="z1.4").points == 0


def test_a_step_tighter_has_the_same_n_and_a_smaller_ac() -> None:
    for letter, aql in itertools.product(LETTERS, PREFERRED_AQL):
        plan = stages(letter, aql, edition="iso2859-1")
        if plan.ac[0] >= 2:
            tighter = stages(plan.letter, PREFERRED_AQL[PREFERRED_AQL.index(aql) - 1], edition="iso2859-1")
            assert tighter.n == plan.n
            assert tighter.ac[0] < plan.ac[0]


@pytest.mark.parametrize(
    ("found", "words"),
    [([], "no counts"), ([-1], "no counts"), ([7, 3], "no counts"), ([7], "not decided"), ([3, 4], "more stages")],
)
def test_counts_that_decide_nothing(found: list[int], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        class_result(stages("L", 2.5, type="double"), found, aql=2.5, edition="z1.4")


def test_gap_of_reduced_inspection() -> None:
    plan = stages("L", 2.5, severity="reduced")
    said = [class_result(plan, [d], aql=2.5, edition="z1.4") for d in (5, 6, 7, 8)]
    assert [(s.accepted, s.in_gap) for s in said] == [(True, False), (True, True), (True, True), (False, False)]


@pytest.mark.parametrize(
    ("severity", "aql", "before"), [("normal", 0.40, 1), ("normal", 0.25, 2), ("reduced", 0.25, 4)]
)
@settings(deadline=None)
@given(found=st.lists(st.sampled_from([0, 0, 0, 0, 0, 1]), max_size=40))
def test_the_acceptance_score_is_the_rule_of_the_lots_just_before(
    severity: str, aql: float, before: int, found: list[int]
) -> None:
    """ISO 2859-1, 13: with one plan for all lots, one is accepted where the 1, 2 or 4 lots just before had none."""
    plan = stages("J", aql, severity=severity, edition="iso2859-1", fractional=True)
    if severity == "reduced":
        plan = Stages(plan.n, (0,), (1,), "single", "J", 5, False)
    assert plan.parts == before + 1
    score = 0
    for i, d in enumerate(found):
        score, ac = acceptance_score(score, plan)
        assert ac == int(i >= before and not any(found[i - before : i]))
        score = score_after(score, d)


# --- schemes ---------------------------------------------------------------------------------------------------------


def book_chain(edition: str, chances: dict[str, dict[LotResult, float]]) -> tuple[dict[str, float], float]:
    """Long-run shares of the severities and of accepted lots, by a chain over the book's own histories."""

    def key(book: ByTheBook) -> tuple[Any, ...]:
        """What the rules' texts can still see of a history."""
        accepted = tuple(x.accepted for x in book.spell)
        if book.severity == "reduced":
            return (book.severity,)
        if book.severity == "tightened":
            counted = {"iso2859-1": accepted.count(False), "z1.4": 0}.get(edition, len(accepted))
            return (book.severity, accepted[-4:], counted)
        if edition != "iso2859-1":
            return (book.severity, accepted[-10:])
        score = 0
        for lot in book.spell:
            score = score + lot.points if lot.accepted and lot.points else 0
        return (book.severity, accepted[-4:], score)

    start = ByTheBook(edition, steady=True, agreed=True)
    index = {key(start): 0}
    books, rows = [start], []
    for book in books:
        row: dict[int, float] = {}
        for lot, chance in chances[book.severity].items():
            after = ByTheBook(edition, book.severity, False, True, True, list(book.spell))
            after.lot(lot)
            if after.stopped:
                after.go("tightened")
            if key(after) not in index:
                index[key(after)] = len(books)
                books.append(after)
            to = index[key(after)]
            row[to] = row.get(to, 0.0) + chance
        rows.append(row)
    move = np.zeros((len(books), len(books)))
    for i, row in enumerate(rows):
        for j, chance in row.items():
            move[i, j] = chance
    held = np.full(len(books), 1 / len(books))
    power = np.linalg.matrix_power((move + np.eye(len(books))) / 2, 2**40)
    held = held @ power
    held /= held.sum()
    shares = {s: float(sum(held[i] for i, b in enumerate(books) if b.severity == s)) for s in chances}
    taken = sum(shares[s] * sum(c for lot, c in chances[s].items() if lot.accepted) for s in chances)
    return shares, taken


@pytest.mark.parametrize("edition", ["z1.4", "iso2859-1"])
@pytest.mark.parametrize("p", [0.02, 0.045])
def test_a_scheme_equals_the_chain_of_whole_histories(edition: str, p: float) -> None:
    binom = stats.binom.cdf
    found = scheme_performance("F", 2.5, [p], edition=edition)
    n, t, r = (stages("F", 2.5, severity=s, edition=edition) for s in ("normal", "tightened", "reduced"))
    normal, tight = binom(n.ac[0], n.n[0], p), binom(t.ac[0], t.n[0], p)
    low, high = binom(r.ac[0], r.n[0], p), binom(r.re[0] - 1, r.n[0], p)
    shares, accepted = book_chain(
        edition,
        {
            "normal": {YES._replace(points=2): normal, NO: 1 - normal},
            "tightened": {YES: tight, NO: 1 - tight},
            "reduced": {YES: low, YES._replace(in_gap=True): high - low, NO: 1 - high},
        },
    )
    assert found.acceptance[0] == pytest.approx(accepted, abs=1e-9)
    for i, s in enumerate(("normal", "tightened", "reduced")):
        assert found.shares[i, 0] == pytest.approx(shares[s], abs=1e-9)
    assert found.sample_number[0] == pytest.approx(
        shares["normal"] * n.n[0] + shares["tightened"] * t.n[0] + shares["reduced"] * r.n[0], abs=1e-7
    )


def enumerated(plan: Stages, p: float) -> dict[tuple[bool, bool], float]:
    """Chance of (accepted, in the gap) of a plan, by walking every course of its stages."""
    found = {(True, False): 0.0, (True, True): 0.0, (False, False): 0.0}
    open_ = {0: 1.0}
    for stage, n in enumerate(plan.n):
        last = stage == len(plan.n) - 1
        grown: dict[int, float] = {}
        for before, chance in open_.items():
            for k, pk in enumerate(stats.binom.pmf(range(n + 1), n, p)):
                d = before + k
                if d >= plan.re[stage]:
                    found[False, False] += chance * pk
                elif d <= plan.ac[stage]:
                    found[True, False] += chance * pk
                elif last:
                    found[True, True] += chance * pk
                else:
                    grown[d] = grown.get(d, 0.0) + chance * pk
        open_ = grown
    return found


@pytest.mark.parametrize(
    ("edition", "type"),
    [("iso2859-1", "single")] + [(e, t) for e in EDITIONS[1:] for t in ("single", "double", "multiple")],
)
@pytest.mark.parametrize("p", [0.02, 0.04])
def test_every_scheme_of_j_at_2_5_equals_the_chain_of_whole_histories(edition: str, type: str, p: float) -> None:
    """Ac 5 of 80: under ISO 2859-1 a lot gains 3 where it would be accepted at AQL 1.5 too, with Ac 3, else nothing."""
    found = scheme_performance("J", 2.5, [p], type=type, edition=edition)
    plans = {s: stages("J", 2.5, severity=s, type=type, edition=edition) for s in ("normal", "tightened", "reduced")}
    chances = {}
    for s, plan in plans.items():
        said = enumerated(plan, p)
        chances[s] = {
            YES: said[True, False], YES._replace(in_gap=True): said[True, True], NO: said[False, False]
        }  # fmt: skip
    if edition == "iso2859-1":
        assert (plans["normal"].n, plans["normal"].ac) == ((80,), (5,))
        at_most_3 = float(stats.binom.cdf(3, 80, p))
        chances["normal"][YES._replace(points=3)] = at_most_3
        chances["normal"][YES] -= at_most_3
    shares, accepted = book_chain(edition, chances)
    assert found.acceptance[0] == pytest.approx(accepted, abs=1e-9)
    for i, s in enumerate(plans):
        assert found.shares[i, 0] == pytest.approx(shares[s], abs=1e-9)


def test_normal_and_tightened_alone_have_their_closed_form() -> None:
    """Mean runs (Stephens and Larson 1967): (2 - P^4) / (Q (1 - P^4)) lots on normal inspection, and without any
    discontinuation (1 - P^5) / (P^5 Q) on tightened. Under Z1.4-2003 discontinuation starts the count of five anew only
    where it is 0 already, so the shares do not know of it."""
    p = np.array([0.02, 0.05, 0.08])
    found = scheme_performance("J", 2.5, p, edition="z1.4", reduced=False)
    a, b = stats.binom.cdf(5, 80, p), stats.binom.cdf(3, 80, p)
    on_normal = (2 - a**4) / ((1 - a) * (1 - a**4))
    on_tightened = (1 - b**5) / (b**5 * (1 - b))
    assert found.shares[0] == pytest.approx(on_normal / (on_normal + on_tightened), abs=1e-9)
    assert found.shares[1] == pytest.approx(on_tightened / (on_normal + on_tightened), abs=1e-9)


@pytest.mark.parametrize("lot_size", [None, 1000])
@pytest.mark.parametrize("edition", ["z1.4", "iso2859-1"])
def test_what_a_scheme_lets_through(edition: str, lot_size: int | None) -> None:
    """AOQ: nonconforming units left in lots that are accepted, weighed by how often each plan is in force; the AOQL is
    above every point of a grid and lies below what the loosest of its plans lets through."""
    p = np.array([0.01, 0.03, 0.06])
    found = scheme_performance("J", 2.5, p, edition=edition, lot_size=lot_size)
    expected = np.zeros(3)
    for s, share in zip(("normal", "tightened", "reduced"), found.shares, strict=True):
        plan = stages("J", 2.5, severity=s, edition=edition)
        left = 1.0 if lot_size is None else (lot_size - plan.n[0]) / lot_size
        expected += share * p * left * stats.binom.cdf(plan.re[0] - 1, plan.n[0], p)
    assert found.outgoing == pytest.approx(expected, abs=1e-9)
    asked = {"letter": "J"} if lot_size is None else {"lot_size": lot_size}
    told = plan_from_request({"scheme": True, "aql": 2.5, "edition": edition, **asked})
    assert isinstance(told, SchemeDocument)
    grid = scheme_performance("J", 2.5, np.linspace(0, 0.2, 401), edition=edition, lot_size=lot_size).outgoing
    assert grid.max() <= told.aoql <= grid.max() * 1.001
    at = scheme_performance("J", 2.5, [told.aoql_at], edition=edition, lot_size=lot_size).outgoing[0]
    assert told.aoql == pytest.approx(at, abs=1e-12)
    assert max(x.aoq for x in told.points) <= told.aoql * (1 + 1e-9)
    reduced = stages("J", 2.5, severity="reduced", edition=edition)
    assert told.aoql < average_outgoing_quality_limit(reduced, lot_size)[0]


def test_a_scheme_of_alike_cartons_lets_more_through() -> None:
    p = np.array([0.05])
    none = scheme_performance("J", 2.5, p, cartons=8, correlation=0.0, lot_size=1000)
    assert none.outgoing == pytest.approx(scheme_performance("J", 2.5, p, lot_size=1000).outgoing, abs=1e-9)
    assert scheme_performance("J", 2.5, p, cartons=8, correlation=0.2, lot_size=1000).outgoing > none.outgoing


def test_lots_until_discontinuation_at_hopeless_quality() -> None:
    found = scheme_performance("J", 2.5, [1.0], edition="z1.4")
    assert found.until_discontinued[0] == pytest.approx(2 + 5)
    assert scheme_performance("J", 2.5, [1.0], edition="z1.4-1993").until_discontinued[0] == pytest.approx(2 + 10)
    assert np.isinf(scheme_performance("J", 2.5, [0.0]).until_discontinued[0])


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_scheme_falls_and_lies_between_its_plans(edition: str) -> None:
    p = np.linspace(0, 0.2, 15)
    for letter, aql in itertools.product("DJN", (0.65, 4.0)):
        plans = {s: stages(letter, aql, severity=s, edition=edition) for s in ("normal", "tightened", "reduced")}
        found = performance_of(plans, aql, p, edition=edition)  # type: ignore[arg-type]
        curves = np.array([plan.acceptance(p) for plan in plans.values()])
        assert np.all(np.diff(found.acceptance) <= 1e-9)
        assert np.all(found.acceptance <= curves.max(axis=0) + 1e-9)
        assert np.all(found.acceptance >= curves.min(axis=0) - 1e-9)
        assert found.shares.sum(axis=0) == pytest.approx(1, abs=1e-9)


def test_a_scheme_of_samples_from_cartons() -> None:
    p = np.array([0.02, 0.04, 0.08])
    plain = scheme_performance("J", 2.5, p)
    none = scheme_performance("J", 2.5, p, cartons=8, correlation=0.0)
    assert none.acceptance == pytest.approx(plain.acceptance, abs=1e-9)
    alike = scheme_performance("J", 2.5, p, cartons=8, correlation=0.2, reduced=False)
    a, b = (
        acceptance_from_cartons(stages("J", 2.5, severity=s), p, cartons=8, correlation=0.2)
        for s in ("normal", "tightened")
    )
    on_normal, on_tightened = (2 - a**4) / ((1 - a) * (1 - a**4)), (1 - b**5) / (b**5 * (1 - b))
    expected = (a * on_normal + b * on_tightened) / (on_normal + on_tightened)
    assert alike.acceptance == pytest.approx(expected, abs=1e-9)
    assert alike.acceptance[0] < plain.acceptance[0]
    with pytest.raises(RequestError, match="single plans"):
        scheme_performance("L", 2.5, p, type="double", cartons=8, correlation=0.2)


def test_a_scheme_with_fractional_plans_is_refused() -> None:
    plans = {
        s: stages("J", 0.4, severity=s, edition="iso2859-1", fractional=True)
        for s in ("normal", "tightened", "reduced")
    }
    with pytest.raises(RequestError, match="fractional"):
        performance_of(plans, 0.4, [0.01], edition="iso2859-1")  # type: ignore[arg-type]
