"""The decision on a lot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.errors import RequestError
from station.lots.decide import UnitOutcome, decide, outcome_of
from station.lots.plans import stages
from station.sheet import Aql, load_sheet
from station.values.documents import (
    ClassDecision,
    DefectClass,
    FindingDocument,
    GateDocument,
    LotDocument,
    MeasurementDocument,
    UnitDocument,
    Verdict,
)

C, N, U = Verdict.CONFORMS, Verdict.NONCONFORMS, Verdict.UNDECIDED
SHEET = load_sheet(
    'schema = 1\n[product]\nsku = "x"\n[[regions]]\nname = "sky"\nseed_mm = [0, 0]\n'
    '[[defects]]\nkind = "pit"\nlimit_mm = 0.2\nclass = "minor"\n'
)


def unit(name: str, wrong: tuple[DefectClass, ...] = (), open_: tuple[DefectClass, ...] = ()) -> UnitOutcome:
    verdict = N if wrong else U if open_ else C
    return UnitOutcome(name, verdict, frozenset(wrong), frozenset(open_), frozenset(f"x:{w}" for w in wrong))


def units(
    n: int, *, major: int = 0, minor: int = 0, critical: int = 0, open_major: int = 0, first: int = 0
) -> list[UnitOutcome]:
    kinds: list[tuple[tuple[DefectClass, ...], tuple[DefectClass, ...]]] = []
    kinds += [(("critical",), ())] * critical + [(("major",), ())] * major + [(("minor",), ())] * minor
    kinds += [((), ("major",))] * open_major
    kinds += [((), ())] * (n - len(kinds))
    return [unit(f"u{first + i}", *kind) for i, kind in enumerate(kinds)]


def lot(inspected: list[UnitOutcome], size: int = 500, **aql: Any) -> LotDocument:
    return decide("lot-1", "GS-20260510", inspected, Aql(**aql), size)


def of(document: LotDocument, c: DefectClass) -> ClassDecision:
    return next(d for d in document.classes if d.defect_class == c)


def test_plans_of_a_lot_of_500() -> None:
    document = lot(units(50))
    assert document.decision == "accepted"
    assert document.sample == 50
    assert [(d.n, d.ac, d.re) for d in document.classes] == [(50, 0, 1), (50, 3, 4), (50, 5, 6)]
    assert of(document, "critical").plan is None
    assert of(document, "major").plan is not None


@pytest.mark.parametrize(
    ("found", "decision"),
    [
        ({"major": 3}, "accepted"),
        ({"major": 4}, "rejected"),
        ({"minor": 5}, "accepted"),
        ({"minor": 6}, "rejected"),
        ({"critical": 1}, "rejected"),
        ({"major": 3, "minor": 5}, "accepted"),
    ],
)
def test_each_class_against_its_own_numbers(found: dict[str, int], decision: str) -> None:
    assert lot(units(50, **found)).decision == decision


def test_undecided_units_keep_it_open_only_while_they_can_change_it() -> None:
    assert lot(units(50, major=2, open_major=1)).decision == "accepted"
    assert "accepted even if the 1 undecided" in of(lot(units(50, major=2, open_major=1)), "major").reason
    document = lot(units(50, major=2, open_major=2))
    assert document.decision == "open"
    assert "decide 2 undecided" in document.reasons[0]
    document = lot(units(50, major=4, open_major=2))
    assert document.decision == "rejected"
    assert "whatever the 2 undecided" in document.reasons[0]


def test_too_few_units_say_how_many_more() -> None:
    document = lot(units(40))
    assert document.decision == "open"
    assert document.reasons[0] == "40 of 50 units inspected: 10 more are needed"
    assert lot(units(49)).reasons[0].endswith("1 more is needed")
    assert lot(units(40, major=4)).decision == "rejected"
    assert lot([]).decision == "open"


def test_the_first_n_units_are_the_sample() -> None:
    late = units(50) + units(10, major=10, first=50)
    document = lot(late)
    assert document.decision == "accepted"
    assert "10 inspected beyond n do not count (10 nonconforming among them)" in of(document, "major").reason
    assert document.counts == {"x:major": 10}
    critical = units(50) + units(1, critical=1, first=50)
    assert lot(critical).decision == "rejected"


def test_a_unit_with_several_nonconformities_counts_once_a_class() -> None:
    """S5."""
    both = [unit("b", ("major", "minor"))] + units(49)
    document = lot(both)
    assert of(document, "major").nonconforming == 1
    assert of(document, "minor").nonconforming == 1
    assert (document.conforms, document.nonconforms, document.undecided) == (49, 1, 0)


def test_small_lot_is_inspected_whole() -> None:
    document = lot(units(5), size=5)
    assert document.sample == 5
    assert document.decision == "accepted"
    assert lot(units(4), size=5).decision == "open"


def test_arrows_give_the_classes_samples_of_their_own() -> None:
    document = lot(units(32), size=200, major=1.5, minor=4.0)
    assert [(d.n, d.ac) for d in document.classes] == [(32, 0), (32, 1), (32, 3)]
    document = lot(units(50), size=200, major=0.25, minor=4.0)  # G at 0.25: an arrow to n 50, Ac 0
    assert [(d.n, d.ac) for d in document.classes] == [(50, 0), (50, 0), (32, 3)]


def test_reduced_gap_accepts_and_returns_to_normal() -> None:
    document = lot(units(80, major=6), size=5000, severity="reduced")
    assert of(document, "major").accepted is True
    assert "next lot is inspected normally" in of(document, "major").reason
    assert lot(units(80, major=8), size=5000, severity="reduced").decision == "rejected"


def test_every_aql_zero_takes_the_code_letters_sample() -> None:
    document = lot(units(50), major=0.0, minor=0.0)
    assert [(d.n, d.ac, d.plan) for d in document.classes] == [(50, 0, None)] * 3


def test_digest_covers_the_content() -> None:
    one, same, other = lot(units(50)), lot(units(50)), lot(units(50, major=1))
    assert one.digest == same.digest != other.digest
    assert len(one.digest) == 64


def test_refusals() -> None:
    with pytest.raises(RequestError, match='"u0" is in the sample twice'):
        lot(units(2) + units(1))
    with pytest.raises(RequestError, match="6 units were inspected of a lot of 5"):
        lot(units(6), size=5)
    with pytest.raises(RequestError, match="cannot be sampled"):
        lot([], size=1)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["good", "major", "open"]), max_size=60), st.data())
def test_a_worse_unit_never_makes_the_decision_better(kinds: list[str], data: st.DataObject) -> None:
    def build(names: list[str]) -> list[UnitOutcome]:
        table: dict[str, Any] = {"good": ((), ()), "major": (("major",), ()), "open": ((), ("major",))}
        return [unit(f"u{i}", *table[k]) for i, k in enumerate(names)]

    order = {"accepted": 0, "open": 1, "rejected": 2}
    before = lot(build(kinds)).decision
    if kinds:
        i = data.draw(st.integers(0, len(kinds) - 1))
        worse = [*kinds[:i], "major", *kinds[i + 1 :]]
        assert order[lot(build(worse)).decision] >= order[before]


def unit_document(verdict: Verdict, **parts: Any) -> UnitDocument:
    empty: dict[str, Any] = {"reasons": (), "gates": (), "measurements": (), "findings": ()} | parts
    return UnitDocument(
        unit="u1",
        photo="u1.jpg",
        sha256="0" * 64,
        golden="GS-20260510",
        golden_version=1,
        golden_digest="",
        sheet_digest="",
        calibration="",
        model="",
        program="",
        taken_at=None,
        verdict=verdict,
        pose=None,
        alignment=None,
        **empty,
    )


def colour(verdict: Verdict, c: DefectClass | None = "major") -> MeasurementDocument:
    return MeasurementDocument(
        characteristic="colour:sky",
        kind="colour",
        value=4.0,
        unit="CIEDE2000",
        u=0.4,
        nominal=0.0,
        lower=None,
        upper=3.0,
        defect_class=c,
        verdict=verdict,
    )


def pit(verdict: Verdict, c: DefectClass | None = "minor") -> FindingDocument:
    return FindingDocument(
        kind="pit",
        x_mm=0.0,
        y_mm=0.0,
        size_mm=0.3,
        length_mm=0.3,
        area_mm2=0.07,
        region="sky",
        score=0.9,
        defect_class=c,
        verdict=verdict,
    )


def test_outcome_of_a_nonconforming_unit() -> None:
    outcome = outcome_of(unit_document(N, measurements=(colour(N),), findings=(pit(N), pit(N), pit(C))), SHEET)
    assert outcome.nonconforming == {"major", "minor"}
    assert outcome.undecided == frozenset()
    assert outcome.characteristics == {"colour:sky", "pit"}
    assert outcome_of(unit_document(N, measurements=(colour(N),), findings=(pit(U),)), SHEET).undecided == {"minor"}


def test_outcome_of_an_undecided_unit() -> None:
    assert outcome_of(unit_document(U, measurements=(colour(U),)), SHEET).undecided == {"major"}
    failed = GateDocument(name="identity", ok=False)
    assert outcome_of(unit_document(U, gates=(failed,)), SHEET).undecided == {"major", "minor"}
    assert outcome_of(unit_document(U, findings=(pit(U, None),)), SHEET).undecided == {"major", "minor"}
    assert outcome_of(unit_document(U), SHEET).undecided == {"major", "minor"}


def test_outcome_of_a_conforming_unit() -> None:
    outcome = outcome_of(unit_document(C, measurements=(colour(C),)), SHEET)
    assert (outcome.nonconforming, outcome.undecided, outcome.characteristics) == (
        frozenset(),
        frozenset(),
        frozenset(),
    )


def test_an_aql_above_10_counts_nonconformities_and_not_units() -> None:
    """Three units of 50 nonconforming, one of them eight times over: ten nonconformities."""
    plenty = replace(unit("u0", ("minor",)), counts={"minor": 8})
    inspected = [plenty, *(unit(f"u{i}", ("minor",)) for i in (1, 2)), *units(47, first=3)]
    many, few = (of(lot(inspected, minor=aql), "minor") for aql in (15.0, 10.0))
    assert (many.plan is not None and many.plan.per_100_units, many.nonconforming) == (True, 10)
    assert (few.plan is not None and few.plan.per_100_units, few.nonconforming) == (False, 3)
    assert "10 nonconformities on 50" in many.reason
    worse = [replace(plenty, counts={"minor": many.re}), *inspected[1:]]
    assert of(lot(worse, minor=15.0), "minor").accepted is False
    open_ = [*inspected[:-1], unit("u49", (), ("minor",))]
    assert (many.accepted, of(lot(open_, minor=15.0), "minor").accepted) == (True, None)  # it may have any number


def test_outcomes_count_every_nonconformity() -> None:
    """S5."""
    found = outcome_of(unit_document(N, findings=(pit(N), pit(N), pit(C)), measurements=(colour(N),)), SHEET)
    assert (found.nonconformities("minor"), found.nonconformities("major")) == (2, 1)
    assert found.nonconformities("critical") == 0


@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, Verdict.NONCONFORMS])
def test_a_unit_that_names_no_class_is_held_to_the_worst(verdict: Verdict) -> None:
    """S5: what is not known to conform is never counted as conforming."""
    none = frozenset[Any]()
    units = [
        UnitOutcome(f"u{i}", verdict if i < 50 else Verdict.CONFORMS, none, none, none, order=i) for i in range(125)
    ]
    found = decide("L", "GS-1", units, Aql(), 1000)
    assert found.decision == ("open" if verdict is Verdict.UNDECIDED else "rejected")


def test_undecided_units_at_their_worst_as_the_sheet_says() -> None:
    none = frozenset[Any]()
    units = [
        UnitOutcome(f"u{i}", Verdict.UNDECIDED if i < 6 else Verdict.CONFORMS, none,
                    frozenset({"major"}) if i < 6 else none, none, order=i)
        for i in range(80)
    ]  # fmt: skip
    assert decide("L", "GS-1", units, Aql(), 1000).decision == "open"  # major Ac 5
    found = decide("L", "GS-1", units, Aql(), 1000, at_worst=True)
    assert found.decision == "rejected"
    assert "6 undecided units count as nonconforming, as the control sheet says" in found.reasons


def test_two_spellings_of_one_name_are_one_unit() -> None:
    none = frozenset[Any]()
    units = [UnitOutcome(name, Verdict.CONFORMS, none, none, none) for name in ("caf\u00e9", "cafe\u0301")]
    with pytest.raises(RequestError, match="in the sample twice"):
        decide("L", "GS-1", units, Aql(), 1000)


def test_a_critical_unit_beyond_n_is_said_of_all_that_were_inspected() -> None:
    none = frozenset[Any]()
    units = [
        UnitOutcome(f"u{i}", Verdict.CONFORMS if i < 125 else Verdict.NONCONFORMS,
                    none if i < 125 else frozenset({"critical"}), none, none, order=i)
        for i in range(126)
    ]  # fmt: skip
    found = decide("L", "GS-1", units, Aql(), 1000)
    assert "critical: 1 nonconforming of 126" in found.reasons[0]


def test_samples_of_a_multiple_plan_one_after_another() -> None:
    """S6: F at AQL 2.5 and 4.0, n 5 a sample of major and of minor; one sample of a multiple plan cannot accept."""
    aql = Aql(type="multiple")
    plan = stages("F", 4.0, type="multiple")
    assert (plan.n, plan.ac[:3], plan.re[:3]) == ((5,) * 7, (-1, 0, 0), (2, 3, 3))
    order = [f"u{i:02d}" for i in range(40)]
    good = [unit(name) for name in order]
    first = of(decide("L", "GS", good[:3], aql, 100, drawn=order), "minor")
    assert (first.stage, first.stages, first.n, first.accepts, first.accepted) == (1, 7, 5, "-", None)
    assert "none accepted yet, Re 2; open: inspect 2 more" in first.reason
    second = of(decide("L", "GS", good[:5], aql, 100, drawn=order), "minor")
    assert (second.stage, second.n, second.next_due) == (2, 10, 5)
    assert second.reason.endswith("open: take the second sample: 5 more")
    accepted = of(decide("L", "GS", good[:10], aql, 100, drawn=order), "minor")
    assert (accepted.stage, accepted.accepted, accepted.found) == (2, True, (0, 0))
    bad = [unit(name, ("minor",)) if i in (1, 6) else unit(name) for i, name in enumerate(order)]
    third = of(decide("L", "GS", bad[:10], aql, 100, drawn=order), "minor")
    assert (third.stage, third.ac, third.re, third.found) == (3, 0, 3, (1, 2, 2))
    rejected = of(decide("L", "GS", [unit(n, ("minor",)) for n in order[:2]], aql, 100, drawn=order), "minor")
    assert (rejected.stage, rejected.accepted) == (1, False)


def test_an_undecided_unit_holds_a_class_at_its_sample() -> None:
    """S6: F double at 4.0 has Ac 0, Re 3: with 1 found and 2 undecided it may be rejected yet, with 1 undecided not."""
    order = [f"u{i:02d}" for i in range(26)]
    aql = Aql(type="double")

    def stage(open_: int) -> int:
        units = [unit(n, ("minor",)) if i == 0 else unit(n, (), ("minor",)) if i <= open_ else unit(n)
                 for i, n in enumerate(order[:13])]  # fmt: skip
        return of(decide("L", "GS", units, aql, 100, drawn=order), "minor").stage

    assert (stage(1), stage(2)) == (2, 1)


def test_iso_double_plans_are_refused_by_the_sheet() -> None:
    with pytest.raises(ValueError, match="only single plans are at hand"):
        Aql(edition="iso2859-1", type="double")
