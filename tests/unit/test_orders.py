"""The inspection plan of an order: profiles (W12), gates (W10, W11), AQLs (S6), chances, commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import Clock, draw_line, photo
from scipy.stats import binom, hypergeom

from station.cli import app
from station.cli.conduct import run
from station.errors import RequestError
from station.lots.order_chances import order_chances
from station.lots.orders import PROFILES, Order, plan_order, profiles_of
from station.lots.plans import plan
from station.service import Station, ordering
from station.settings import Settings
from station.sheet import Aql
from station.values.orders import GatePlan, OrderDocument, OrderGate


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        yield opened


def profile(*units: int, **facts: Any) -> str:
    return plan_order(Order(units, **facts)).profile


def gate(found: OrderDocument, name: str, sku: int | None = 1) -> OrderGate:
    return next(g for g in found.gates if g.gate == name and g.sku in (sku, None))


def of(found: OrderDocument, name: str, c: str | None) -> GatePlan:
    return next(p for p in gate(found, name).plans if p.defect_class == c)


@pytest.mark.parametrize(
    ("units", "facts", "expected"),
    [
        ((100,), {}, "simple"),
        ((300,), {}, "simple"),
        ((301,), {}, "carded"),  # between 300 and 500 the stricter neighbour
        ((500,), {}, "carded"),
        ((1999,), {}, "carded"),
        ((2000,), {}, "mixed"),  # in both profiles: the stricter one
        ((10_000,), {}, "mixed"),
        ((50_000,), {}, "mixed"),
        ((200,), {"carded": True}, "carded"),
        ((100, 100), {}, "mixed"),
        ((200,), {"hardware": True}, "mixed"),
        ((200,), {"finishes": 2}, "mixed"),
        ((200,), {"premium": True}, "premium"),
        ((5000,), {"deadline": True}, "premium"),
    ],
)
def test_w12_the_strictest_profile_that_a_fact_asks_for(
    units: tuple[int, ...], facts: dict[str, Any], expected: str
) -> None:
    assert profile(*units, **facts) == expected


@pytest.mark.parametrize(("usd", "expected"), [(5000.0, "carded"), (5000.01, "mixed")])
def test_w11_stage_gates_pay_above_5000_dollars(usd: float, expected: str) -> None:
    assert profile(800, value_usd=usd) == expected


def test_w11_stage_gates_pay_above_3000_units() -> None:
    reasons = [[why for _, why in profiles_of(Order((n,)))] for n in (3000, 3001)]
    assert [any("more than 3,000 units" in why for why in found) for found in reasons] == [False, True]


def test_w12_gates_and_days_of_each_profile() -> None:
    def gates(*units: int, **facts: Any) -> tuple[list[str], tuple[int, int]]:
        found = plan_order(Order(units, **facts))
        return [g.gate for g in found.gates], found.lead_days

    assert gates(200) == (["first-off", "final"], (1, 2))
    assert gates(1500) == (["first-off", "in-line", "final"], (2, 4))
    six = ["incoming", "first-off", "in-line", "post-plating", "pre-pack", "final"]
    assert gates(3000) == (six, (3, 6))
    assert gates(3000, premium=True) == ([*six[:-1], "sort", "final"], (4, 7))
    assert gates(200, premium=True) == (["first-off", "sort", "final"], (4, 7))
    several, _ = gates(1500, 1500, 1500)
    assert (several.count("incoming"), several.count("first-off"), several.count("final")) == (1, 3, 3)


def test_w10_sizes_of_the_gates() -> None:
    small, large = plan_order(Order((200,))), plan_order(Order((3000,), hardware=True))
    assert (gate(small, "first-off").n, gate(large, "first-off").n) == (5, 10)
    assert gate(plan_order(Order((3,))), "first-off").n == 3
    inline = gate(plan_order(Order((1500,))), "in-line")
    assert (inline.lot, inline.n) == (300, 50)  # a fifth of 1,500: level II, letter H
    assert gate(large, "incoming").n == 22  # at 10 % with risk 10 %
    batch = gate(large, "post-plating")
    assert hypergeom.pmf(0, 3000, 300, batch.n) <= 0.10 < hypergeom.pmf(0, 3000, 300, batch.n - 1)
    assert gate(plan_order(Order((200,), premium=True)), "sort").hundred_percent


def test_s6_aqls_of_plain_and_premium_orders() -> None:
    plain, premium = plan_order(Order((1500,))), plan_order(Order((1500,), premium=True))
    aqls = [[p.aql for p in gate(found, "final").plans] for found in (plain, premium)]
    assert aqls == [[0.0, 2.5, 4.0], [0.0, 1.5, 4.0]]
    assert (of(plain, "final", "critical").ac, of(plain, "final", "critical").n) == (0, 125)
    strict = plan_order(Order((1500,), premium=True), agreed=Aql(major=4.0))
    assert of(strict, "final", "major").aql == 4.0
    assert strict.remarks == ("a premium order usually agrees on major AQL 1.5; 4 is agreed",)


@pytest.mark.parametrize("units", [40, 200, 1500, 8000, 20_000])
def test_the_final_sample_is_the_standard_s_and_its_chances_are_its_own(units: int) -> None:
    found = plan_order(Order((units,)), qualities=(0.03, 0.2))
    for c, aql in (("major", 2.5), ("minor", 4.0)):
        made, table = of(found, "final", c), plan(lot_size=units, aql=aql)
        assert ((made.n,), (made.ac,), (made.re,)) == (table.n, table.ac, table.re)
        assert made.accepted_at_aql == pytest.approx(1 - table.producer_risk, abs=1e-12)
        assert made.one_in_ten == pytest.approx(table.consumer_quality, rel=1e-6)
        expected = [binom.cdf(made.ac, made.n, q) for q in (0.03, 0.2)]
        assert [x.accepted for x in made.chances] == pytest.approx(expected, abs=1e-12)


def test_the_chances_of_the_other_gates() -> None:
    found = plan_order(Order((1200,), hardware=True), qualities=(0.04,))
    first, batch = of(found, "first-off", None), of(found, "pre-pack", None)
    assert first.chances[0].accepted == pytest.approx(0.96**10)
    assert batch.chances[0].accepted == pytest.approx(hypergeom.pmf(0, 1200, 48, batch.n))
    assert batch.one_in_ten is not None
    assert 0.09 < batch.one_in_ten <= 0.10
    few = plan_order(Order((2, 2000)), qualities=(0.04,))
    assert gate(few, "final").hundred_percent
    assert all(not p.chances and p.one_in_ten is None for p in gate(few, "final").plans)


def test_cartons_whose_units_are_alike_let_more_through() -> None:
    plain = of(plan_order(Order((1200,))), "final", "major")
    alike = of(plan_order(Order((1200,)), cartons=8, correlation=0.2), "final", "major")
    assert alike.chances[1].accepted == pytest.approx(0.324, abs=5e-4)  # n 80, Ac 5 at 10 %, 8 cartons of 10
    assert plain.chances[1].accepted == pytest.approx(0.177, abs=5e-4)


@pytest.mark.parametrize(
    ("order", "names", "words"),
    [
        (Order(()), {}, "An order of 0 SKUs"),
        (Order((100, 0)), {}, "An SKU of 0 units"),
        (Order((100,), finishes=0), {}, "0 finishes"),
        (Order((100,), value_usd=-1.0), {}, "no value of an order"),
        (Order((100,)), {"qualities": (1.0,)}, "100 per cent nonconforming"),
    ],
)
def test_orders_that_cannot_be(order: Order, names: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        plan_order(order, **names)


def test_more_never_makes_an_order_s_profile_less_strict() -> None:
    for units in (50, 300, 400, 1999, 2500, 20_000):
        bare = PROFILES.index(profile(units))
        for fact in ("carded", "hardware", "premium", "deadline"):
            assert PROFILES.index(profile(units, **{fact: True})) >= bare


def test_golden_and_stream_give_aqls_and_severities(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_line(monkeypatch)
    head = 'schema = 1\n[product]\nsku = "MAS"\nthickness_mm = 1.6\n[golden]\nnumber = "GS-1"\n'
    Path("sheet.toml").write_text(head + "[aql]\nmajor = 1.0\nminor = 6.5\n")
    station.seal_golden(Path("sheet.toml"), photo(Path("golden.png"), 0))
    found = ordering.plan_order(station, Order((1200,)), golden="GS-1")
    assert [p.aql for p in gate(found, "final").plans] == [0.0, 1.0, 6.5]
    station.streams.open("pins", sku="", supplier="", process="", aql={"major": 1.5})
    station.streams.direct("pins", severity="tightened", by="QA", reason="complaints")
    found = ordering.plan_order(station, Order((1200,)), stream="pins")
    major = of(found, "final", "major")
    assert (major.severity, major.aql, found.stream) == ("tightened", 1.5, "pins")
    assert (major.n, major.ac) == (80, 2)
    with pytest.raises(RequestError, match="other AQLs"):
        ordering.plan_order(station, Order((1200,)), golden="GS-1", stream="pins")
    with pytest.raises(RequestError, match="belong together"):
        ordering.plan_order(station, Order((1200,)), cartons=8)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(app, ["order", "plan", *words]) == 0
    return capsys.readouterr().out


def test_the_command_in_words_as_document_and_as_picture(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "1500", "--carded", "--picture", "order.png")
    assert "Profile carded: 1,500 units; packed on cards. The inspections add 2 to 4 days." in text
    assert "125 of 1,500: none critical, major Ac 7, minor Ac 10" in text
    assert (
        "Final inspection, major: a lot with 10 of 100 units wrong is accepted 6 times in 100; only from 9.2 of 100 "
        "units wrong on are nine of ten lots stopped." in text
    )
    picture = cv2.imread("order.png")
    assert picture is not None
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 10
    found = OrderDocument.model_validate_json(said(capsys, "1500", "--carded", "--quality", "8", "--json"))
    assert [c.quality for c in of(found, "final", "minor").chances] == [0.08]
    several = said(capsys, "1200", "800", "--hardware")
    assert "Final, SKU 2" in several
    assert "spread the final sample over the cartons" in several


def test_the_command_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    for words, says in (
        (["0"], "An SKU of 0 units cannot be planned"),
        (["200", "--quality", "120"], "120 per cent nonconforming cannot be"),
        (["200", "--golden", "GS-9"], "no golden"),
        (["200", "--stream", "x"], "no stream"),
        (["3", "--picture", "a.png"], "no curve to draw"),
        (["200", "--picture", "a.txt"], "no JPEG or PNG"),
    ):
        assert run(app, ["order", "plan", *words]) == 2
        assert says in capsys.readouterr().err
    assert json.loads(said(capsys, "3", "--json"))["gates"][-1]["hundred_percent"]


@pytest.mark.parametrize("cartons", [None, 10])
def test_an_order_passes_as_often_as_its_gates_do_together(cartons: int | None) -> None:
    """W10: the product over gates and SKUs where nothing is looked at twice, the strictest gate of each SKU else."""
    found = plan_order(Order((600, 900)), cartons=cartons, correlation=0.2)
    assert [g.gate for g in found.gates if g.sku == 1] == ["first-off", "in-line", "post-plating", "pre-pack", "final"]
    rows = {(x.defect_class, x.quality): x for x in found.chances}
    assert set(rows) == {(c, q) for c in ("major", "minor") for q in (0.025 if c == "major" else 0.04, 0.05, 0.10)}
    for (c, q), x in rows.items():
        low = high = 1.0
        for sku in (1, 2):
            each = []
            for name in ("first-off", "in-line", "post-plating", "pre-pack", "final"):
                g = gate(found, name, sku)
                if g.plans[0].defect_class is None:
                    each.append(float(binom.pmf(0, g.n, q)))
                elif name == "final" and cartons:
                    p = of_sku(g, c)
                    each.append(next((y.accepted for y in p.chances if y.quality == q), p.accepted_at_aql or 0.0))
                else:
                    each.append(float(binom.cdf(of_sku(g, c).ac, of_sku(g, c).n, q)))
            low, high = low * float(np.prod(each)), high * min(each)
        assert (x.at_least, x.at_most) == pytest.approx((low, high), abs=1e-9)
        assert x.at_least <= x.at_most


def of_sku(g: OrderGate, c: str) -> GatePlan:
    return next(p for p in g.plans if p.defect_class == c)


def test_gates_that_see_the_same_units_stay_within_the_bounds() -> None:
    """All ways in which 6 units may turn out, two samples of which share two units: Ac 0 of 3 and Ac 1 of 4."""
    q = 0.3
    both = 0.0
    for wrong in product((0, 1), repeat=6):
        chance = float(np.prod([q if w else 1 - q for w in wrong]))
        both += chance * (sum(wrong[:3]) == 0 and sum(wrong[1:5]) <= 1)
    plans = [
        GatePlan.model_validate({"class": c, "aql": a, "severity": None, "n": n, "ac": k, "re": k + 1,
                                 "accepted_at_aql": float(binom.cdf(k, n, q)), "chances": [], "one_in_ten": None})
        for c, a, n, k in (("major", 100 * q, 4, 1), (None, None, 3, 0))
    ]  # fmt: skip
    gates = [OrderGate(gate=name, when="", sku=1, lot=6, n=p.n, hundred_percent=False, plans=(p,))
             for name, p in zip(("final", "pre-pack"), plans, strict=True)]  # fmt: skip
    (found,) = order_chances(gates)
    assert found.at_least < both < found.at_most


def test_gates_that_inspect_every_unit_leave_nothing_to_chance(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan_order(Order((4,))).chances == ()
    alone = plan_order(Order((300,)))
    told = list(ordering.sentences(alone))[-1]
    assert told.startswith(
        "Of 100 such orders so many pass all gates, if every SKU has this share wrong in class minor: "
    )
    assert "(the first number where no unit is looked at twice)" in told
    assert run(app, ["order", "plan", "300"]) == 0
    assert "Of 100 such orders" in capsys.readouterr().out


def test_nonconformities_pass_a_gate_of_units_by_their_chance_of_none() -> None:
    """Above AQL 10 a unit may have several: none wrong among n has chance exp(-n q)."""
    found = plan_order(Order((2000,)), agreed=Aql(major=15.0, minor=0.0))
    x = next(x for x in found.chances if x.quality == 0.15)
    assert x.per_100_units
    none = [gate(found, name).n for name in ("first-off", "post-plating", "pre-pack")]
    standard = [of(found, name, "major").accepted_at_aql or 0.0 for name in ("in-line", "final")]
    assert x.at_least == pytest.approx(np.exp(-0.15 * sum(none)) * np.prod(standard), rel=1e-9)
