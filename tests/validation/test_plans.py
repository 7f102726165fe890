"""Sampling plans against published spot values, the tables' structure, and an independent computation of Pa."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from station.errors import RequestError
from station.lots.iso_single import iso_single
from station.lots.oc import acceptance_probability
from station.lots.plans import LETTERS, code_letter, plan, sample_size, stages
from station.lots.requests import plan_from_request
from station.sheet import PREFERRED_AQL
from station.values.documents import PlanDocument
from station.values.sampling import SchemeDocument

TABLE: dict[str, Any] = json.loads(files("station.lots.tables").joinpath("mil_std_105e.json").read_text())
SEVERITIES = ("normal", "tightened", "reduced")
TYPES = ("single", "double", "multiple")


def single(**options: Any) -> tuple[int, int, int]:
    p = plan(**options)
    return p.n[0], p.ac[0], p.re[0]


@pytest.mark.parametrize("edition", ["z1.4", "iso2859-1"])
@pytest.mark.parametrize(
    ("letter", "aql", "severity", "expected"),
    [
        ("L", 2.5, "normal", (200, 10, 11)),
        ("L", 2.5, "tightened", (200, 8, 9)),
        ("H", 4.0, "normal", (50, 5, 6)),
        ("H", 4.0, "tightened", (50, 3, 4)),
        ("K", 1.5, "normal", (125, 5, 6)),
        ("J", 1.5, "normal", (80, 3, 4)),
        ("J", 2.5, "normal", (80, 5, 6)),
        ("J", 4.0, "normal", (80, 7, 8)),
        ("L", 0.15, "normal", (315, 1, 2)),
    ],
)
def test_published_spot_values_of_both_editions(
    edition: str, letter: str, aql: float, severity: str, expected: tuple[int, int, int]
) -> None:
    assert single(letter=letter, aql=aql, severity=severity, edition=edition) == expected


def test_reduced_gap_by_edition() -> None:
    assert single(letter="L", aql=2.5, severity="reduced", edition="z1.4") == (80, 5, 8)
    assert single(letter="L", aql=2.5, severity="reduced", edition="iso2859-1") == (80, 6, 7)
    assert single(letter="L", aql=6.5, severity="reduced", edition="iso2859-1") == (80, 10, 11)


def test_iso_refuses_what_is_not_at_hand() -> None:
    with pytest.raises(RequestError, match=r"z1\.4"):
        plan(edition="iso2859-1", letter="L", aql=2.5, type="double")
    with pytest.raises(RequestError, match="option of the single plans of ISO"):
        plan(letter="L", aql=2.5, fractional=True)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_cell_of_105e_is_the_tables(kind: str, severity: str) -> None:
    for letter in LETTERS:
        for column in TABLE["aql"]:
            cell = TABLE[kind][severity][letter][column]
            found = stages(letter, float(column), severity=severity, type=kind)
            if "use" in cell:
                cell = TABLE["single"][severity][letter][column]
                assert found.type == "single"
            n, ac, re = ([cell[k]] if isinstance(cell[k], int) else cell[k] for k in ("n", "ac", "re"))
            assert (list(found.n), list(found.ac), list(found.re)) == (n, ac, re), (kind, severity, letter, column)


def iso(letter: str, severity: str, column: int) -> tuple[int, int]:
    found = stages(letter, PREFERRED_AQL[column], severity=severity, edition="iso2859-1")
    assert found.re == (found.ac[0] + 1,)
    return found.n[0], found.ac[0]


def test_the_rule_gives_the_832_normal_and_tightened_cells_but_one() -> None:
    """Published: normal plans of both agree in all 416 cells, tightened ones in all but letter A at AQL 10."""
    other = []
    for severity in ("normal", "tightened"):
        for letter in LETTERS:
            for j, cell in enumerate(TABLE["single"][severity][letter].values()):
                if iso(letter, severity, j) != (cell["n"], cell["ac"]):
                    other.append((severity, letter, TABLE["aql"][j], iso(letter, severity, j)))
    assert other == [("tightened", "A", "10", (2, 0))]


def test_the_rule_gives_the_published_count_of_reduced_cells_that_differ() -> None:
    """Published: 251 of the 416 reduced cells differ from 105E, in 150 of them only Re."""
    differ = only_re = 0
    for letter in LETTERS:
        for j, cell in enumerate(TABLE["single"]["reduced"][letter].values()):
            n, ac = iso(letter, "reduced", j)
            if (n, ac, ac + 1) != (cell["n"], cell["ac"], cell["re"]):
                differ += 1
                only_re += (n, ac) == (cell["n"], cell["ac"])
    assert (differ, only_re) == (251, 150)


@pytest.mark.parametrize(
    ("letter", "expected"),
    [
        ("K", "32:0 125:1 80:1 50:1 50:2 50:3 50:5 50:6 50:8 50:10 32:10"),
        ("D", "32:0 20:0 13:0 8:0 5:0 3:0 2:0 8:1 5:1 3:1 3:2"),
    ],
)
def test_rows_of_the_reduced_table_of_iso(letter: str, expected: str) -> None:
    """Table 2-C, AQL 0.15 to 15: three arrows between Ac 0 and Ac 1, and no gap between Ac and Re."""
    assert " ".join("{}:{}".format(*iso(letter, "reduced", j)) for j in range(6, 17)) == expected


def test_fractional_plans_stand_where_the_arrows_between_ac_0_and_ac_1_are() -> None:
    for severity, parts in (("normal", [3, 2]), ("tightened", [3, 2]), ("reduced", [5, 3, 2])):
        for letter in LETTERS[1:]:
            row = [iso_single(letter, j, severity, fractional=True) for j in range(26)]
            found = [c.parts for c in row if c.parts]
            assert found == parts[len(parts) - len(found) :]  # R has no room for the first one under 0.010
            assert all(c.letter == letter for c in row if c.parts)
    p = plan(letter="J", aql=0.25, edition="iso2859-1", fractional=True)
    assert (p.n, p.ac, p.re, p.fraction) == ((80,), (0,), (1,), "1/3")
    none = stats.binom.pmf(0, 80, 0.0025)
    assert 1 - p.producer_risk == pytest.approx(none + stats.binom.pmf(1, 80, 0.0025) * none**2, abs=1e-12)


def test_letter_s_is_reached_under_tightened_inspection_alone() -> None:
    for edition in ("z1.4", "iso2859-1"):
        found = stages("R", 0.025, severity="tightened", edition=edition)
        assert (found.letter, found.n, found.ac) == ("S", (3150,), (1,))


def test_double_and_multiple_of_letter_l() -> None:
    double = plan(letter="L", aql=2.5, type="double")
    assert (double.n, double.ac, double.re) == ((125, 125), (5, 12), (9, 13))
    multiple = plan(letter="L", aql=2.5, type="multiple")
    assert multiple.n == (50,) * 7
    assert multiple.ac == (0, 3, 6, 8, 11, 14, 18)
    assert multiple.re == (5, 8, 10, 13, 15, 17, 19)
    assert (double.letter, multiple.letter) == ("L", "L")


def test_double_falls_back_to_single_where_the_table_says_so() -> None:
    p = plan(letter="L", aql=0.065, type="double")
    assert (p.type, p.n, p.ac, p.letter) == ("single", (200,), (0,), "L")


@pytest.mark.parametrize(
    ("lot_size", "level", "letter"),
    [
        (2, "II", "A"),
        (8, "II", "A"),
        (9, "II", "B"),
        (500, "II", "H"),
        (501, "II", "J"),
        (1200, "II", "J"),
        (1201, "II", "K"),
        (3201, "II", "L"),
        (10_000, "II", "L"),
        (10_001, "II", "M"),
        (500_001, "II", "Q"),
        (500_001, "III", "R"),
        (5000, "S-4", "G"),
        (5000, "I", "J"),
    ],
)
def test_code_letters_at_the_edges_of_the_lot_ranges(lot_size: int, level: str, letter: str) -> None:
    assert code_letter(lot_size, level) == letter


def test_n_follows_the_arrow() -> None:
    """A known mistake of calculators: the acceptance number of the arrow's plan with the old sample size."""
    up = plan(letter="J", aql=0.25)  # between Ac 0 and Ac 1 one arrow points up ...
    assert (up.n, up.ac, up.letter) == ((50,), (0,), "H")
    down = plan(letter="J", aql=0.40)  # ... and one points down
    assert (down.n, down.ac, down.letter) == ((125,), (1,), "K")


def test_between_ac_0_and_ac_1_lie_two_arrows() -> None:
    """Another known mistake: no gap, or arrow cells filled with plans of the letter's own sample size."""
    for letter in LETTERS[3:13]:
        own = TABLE["sample_size"]["normal_tightened"][letter]
        row = [stages(letter, a) for a in PREFERRED_AQL]
        zero = next(i for i, p in enumerate(row) if p.n == (own,) and p.ac == (0,))
        assert [p.n == (own,) for p in row[zero : zero + 4]] == [True, False, False, True]
        assert row[zero + 3].ac == (1,)


@pytest.mark.parametrize(
    ("severity", "run"),
    [("normal", (1, 2, 3, 5, 7, 10, 14, 21, 30, 44)), ("tightened", (1, 2, 3, 5, 8, 12, 18, 27, 41))],
)
def test_acceptance_numbers_run_along_each_row(severity: str, run: tuple[int, ...]) -> None:
    """Columns shifted or swapped between severities would break the run, or the diagonal below."""
    for letter in LETTERS:
        own = TABLE["sample_size"]["normal_tightened"][letter]
        cells = TABLE["single"][severity][letter].values()
        acs = [c["ac"] for c in cells if c["n"] == own and c["ac"] > 0]
        assert tuple(acs) == run[: len(acs)]


@pytest.mark.parametrize("severity", ["normal", "tightened"])
def test_a_cell_depends_only_on_its_diagonal(severity: str) -> None:
    seen: dict[int, set[int]] = {}
    for i, letter in enumerate(LETTERS):
        own = TABLE["sample_size"]["normal_tightened"][letter]
        for j, cell in enumerate(TABLE["single"][severity][letter].values()):
            if cell["n"] == own:
                seen.setdefault(i + j, set()).add(cell["ac"])
    assert all(len(acs) == 1 for acs in seen.values()), seen


def test_tightened_is_never_laxer_than_normal() -> None:
    for letter in LETTERS:
        for column in TABLE["aql"]:
            normal, tightened = (TABLE["single"][s][letter][column] for s in ("normal", "tightened"))
            if normal["n"] == tightened["n"]:
                assert tightened["ac"] <= normal["ac"]


@pytest.mark.parametrize("kind", ["double", "multiple"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_stages_are_consistent_and_equal_plans_have_equal_n(kind: str, severity: str) -> None:
    for column in TABLE["aql"]:
        sizes: dict[tuple[tuple[int, ...], tuple[int, ...]], set[int]] = {}
        for letter in LETTERS:
            cell = TABLE[kind][severity][letter][column]
            if "use" in cell:
                continue
            ac, re = cell["ac"], cell["re"]
            assert all(a < r for a, r in zip(ac, re, strict=True)), (letter, column)
            assert all(a <= b for a, b in pairwise(ac))
            assert all(a <= b for a, b in pairwise(re))
            assert severity == "reduced" or re[-1] == ac[-1] + 1, (letter, column)
            sizes.setdefault((tuple(ac), tuple(re)), set()).add(cell["n"][0])
        assert all(len(n) == 1 for n in sizes.values()), column


def test_every_cell_makes_a_plan_whose_letter_has_its_sample_size() -> None:
    steps = {"single": 0, "double": 1, "multiple": 3}
    for kind in TYPES:
        for severity in SEVERITIES:
            sizes = TABLE["sample_size"]["reduced" if severity == "reduced" else "normal_tightened"]
            letters = list(sizes)
            for letter in ("A", "E", "L", "R"):
                for aql in PREFERRED_AQL[3::4]:
                    p = stages(letter, aql, severity=severity, type=kind)
                    assert sizes[letters[letters.index(p.letter) - steps[p.type]]] == p.n[0]


@pytest.mark.parametrize(("p", "pa"), [(0.05, 0.7604), (0.10, 0.2503)])
def test_probability_of_acceptance_of_n_50_ac_3(p: float, pa: float) -> None:
    assert acceptance_probability((50,), (3,), (4,), p, nonconformities=False) == pytest.approx(pa, abs=5e-5)


@settings(deadline=None)
@given(n=st.integers(2, 3150), ac=st.integers(0, 44), p=st.floats(1e-5, 1.0))
def test_single_pa_equals_scipy(n: int, ac: int, p: float) -> None:
    binomial = acceptance_probability((n,), (ac,), (ac + 1,), p, nonconformities=False)
    assert binomial == pytest.approx(stats.binom.cdf(ac, n, p), abs=1e-9)
    poisson = acceptance_probability((n,), (ac,), (ac + 1,), p, nonconformities=True)
    assert poisson == pytest.approx(stats.poisson.cdf(ac, n * p), abs=1e-9)


@settings(deadline=None)
@given(p=st.floats(0.001, 0.3))
def test_double_pa_equals_the_sum_over_first_samples(p: float) -> None:
    first, second = stats.binom(125, p), stats.binom(125, p)
    expected = first.cdf(5) + sum(first.pmf(d) * second.cdf(12 - d) for d in range(6, 9))
    assert acceptance_probability((125, 125), (5, 12), (9, 13), p, nonconformities=False) == pytest.approx(expected)


def test_reduced_gap_accepts_the_lot() -> None:
    p = plan(letter="L", aql=2.5, severity="reduced")
    assert 1 - p.producer_risk == pytest.approx(stats.binom.cdf(7, 80, 0.025))


@pytest.mark.parametrize("aql", [0.65, 2.5, 40.0])
def test_oc_falls_from_1_and_carries_the_two_risks(aql: float) -> None:
    p = plan(letter="J", aql=aql)
    assert p.oc[0].p == 0
    assert p.oc[0].pa == 1
    assert all(a.pa >= b.pa for a, b in pairwise(p.oc))
    assert p.oc[-1].pa < 0.0051
    at_aql = next(point for point in p.oc if point.p == aql / 100)
    assert at_aql.pa == pytest.approx(1 - p.producer_risk)
    law = stats.poisson(p.n[0] * p.consumer_quality) if aql > 10 else stats.binom(p.n[0], p.consumer_quality)
    assert law.cdf(p.ac[0]) == pytest.approx(0.10, abs=1e-6)


def test_ac_0_with_22_units_is_the_10_10_plan() -> None:
    assert acceptance_probability((22,), (0,), (1,), 0.10, nonconformities=False) <= 0.10
    assert acceptance_probability((21,), (0,), (1,), 0.10, nonconformities=False) > 0.10


def test_hundred_percent_from_n_equal_to_the_lot() -> None:
    assert not plan(lot_size=51, aql=0.25).hundred_percent  # n 50
    assert plan(lot_size=50, aql=0.25).hundred_percent
    assert plan(lot_size=20, aql=0.25).hundred_percent
    assert not plan(letter="A", aql=0.25).hundred_percent


@pytest.mark.parametrize(("size", "aql"), [(2, 0.01), (5, 0.65), (100, 0.065), (10, 1.0), (50, 0.25)])
def test_a_lot_that_is_inspected_whole_has_its_own_n_and_no_risk(size: int, aql: float) -> None:
    found = plan_from_request({"lot_size": size, "aql": aql})
    assert isinstance(found, PlanDocument)
    assert found.n == (size,)
    assert (found.producer_risk, found.consumer_quality, found.oc, found.figures) == (None, None, (), None)
    assert isinstance(plan_from_request({"lot_size": size, "aql": aql, "scheme": True}), SchemeDocument)


def test_stages_take_no_more_than_the_lot() -> None:
    found = stages("L", 2.5, type="double")  # 125 + 125
    assert [found.of_lot(size) for size in (1000, 250, 200, 60)] == [(125, 125), (125, 125), (125, 75), (60, 0)]


def test_a_scheme_states_the_aql_and_round_qualities_and_its_plans() -> None:
    found = plan_from_request({"letter": "J", "aql": 2.5, "scheme": True})
    assert isinstance(found, SchemeDocument)
    assert {0.01, 0.02, 0.025, 0.04, 0.05, 0.10} <= {point.p for point in found.points}
    assert [(s.severity, s.n, s.ac, s.re) for s in found.plans] == [
        ("normal", (80,), (5,), (6,)), ("tightened", (80,), (3,), (4,)), ("reduced", (32,), (2,), (5,)),
    ]  # fmt: skip


def test_the_letter_that_only_tightened_inspection_has() -> None:
    """105E: R at 0.025 under tightened inspection leads to 3150 units, Ac 1, the row S of its master table."""
    found = plan(letter="R", aql=0.025, severity="tightened", edition="mil-std-105e")
    assert (found.n, found.ac, found.re) == ((3150,), (1,), (2,))


def test_sample_size_is_at_most_the_lot() -> None:
    assert sample_size(5000) == 200
    assert sample_size(5000, severity="reduced") == 80
    assert sample_size(2, "III") == 2


def test_request_with_the_options_as_keys() -> None:
    found = plan_from_request({"lot-size": 5000, "aql": 2.5})
    assert found.model_copy(update={"figures": None}) == plan(lot_size=5000, aql=2.5)
    lower = plan_from_request({"letter": "h", "aql": 4})
    assert isinstance(lower, PlanDocument)
    assert lower.n == (50,)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"lot_size": 5000}, "no aql"),
        ({"aql": 2.5}, "lot size or a code letter"),
        ({"aql": 2.5, "lot_size": 5000, "letter": "L"}, "exactly one"),
        ({"aql": 2.4, "lot_size": 5000}, r"nearest are 1\.5 and 2\.5"),
        ({"aql": "2.5", "lot_size": 5000}, "not a positive number"),
        ({"aql": float("nan"), "lot_size": 5000}, "not a positive number"),
        ({"aql": 10**400, "lot_size": 5000}, "not a positive number"),
        ({"aql": 2.5, "lot_size": 5000, "lot-size": 6000}, "lot_size twice"),
        ({"aql": 2.5, "lot_size": 1}, "cannot be sampled"),
        ({"aql": 2.5, "lot_size": 50.5}, "not a whole number"),
        ({"aql": 2.5, "lot_size": True}, "not a whole number"),
        ({"aql": 2.5, "letter": "I"}, "Unknown letter"),
        ({"aql": 2.5, "letter": "L", "severity": "tight"}, 'Did you mean "tightened"'),
        ({"aql": 2.5, "letter": "L", "lvl": "II"}, 'Did you mean "level"'),
        ({"aql": 2.5, "letter": "L", "level": ["II"]}, "Unknown level"),
    ],
)
def test_requests_that_make_no_sense(request_: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        plan_from_request(request_)


def test_the_sheet_knows_the_columns_of_the_table() -> None:
    assert tuple(float(a) for a in TABLE["aql"]) == PREFERRED_AQL


def test_the_corrections_of_the_table_are_in_it() -> None:
    """Each of the table's ``corrections`` by its figures, from the rule that it names."""
    double, multiple, sizes = TABLE["double"]["normal"], TABLE["multiple"]["normal"], TABLE["sample_size"]
    for letter in "LMNP":
        assert double[letter]["100"] == double["E"]["100"], letter
        assert (double[letter]["100"]["ac"][-1], double[letter]["100"]["re"][-1]) == (26, 27)
    for aql in ("100", "150"):
        assert multiple["F"][aql] == multiple["E"][aql]
        assert multiple["F"][aql]["n"] == [sizes["normal_tightened"]["B"]] * 7
    assert len(TABLE["corrections"]) == 2


@pytest.mark.parametrize(
    ("letter", "row"),
    [
        ("F", {"1.5": (32, 1), "2.5": (20, 1), "4.0": (20, 2), "6.5": (20, 3), "10": (20, 5), "15": (20, 7)}),
        ("J", {"0.65": (80, 1), "1.0": (80, 2), "1.5": (80, 3), "2.5": (80, 5), "4.0": (80, 7), "6.5": (80, 10)}),
        ("N", {"0.10": (500, 1), "0.15": (500, 2), "0.25": (500, 3), "0.40": (500, 5), "1.0": (500, 10)}),
    ],
)
def test_rows_of_table_ii_a_transcribed_again(letter: str, row: dict[str, tuple[int, int]]) -> None:
    """Normal inspection, single sampling, by hand from the printed master table."""
    found = {aql: (cell["n"], cell["ac"]) for aql, cell in TABLE["single"]["normal"][letter].items() if aql in row}
    assert found == row
