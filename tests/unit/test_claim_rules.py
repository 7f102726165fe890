"""Rules of complaints: shares, matrix and context, costs, evidence, and whether corrective actions work."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from scipy.stats import binomtest, fisher_exact

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality.answers import answers, lot_share
from station.quality.asking import proposed_asks
from station.quality.catalogue import KINDS, kind_of, kind_of_measurement
from station.quality.corrective import effect, fell, find, lacking, replay_actions, vet_new, vet_step, wanted
from station.quality.cost import Quantities, compare
from station.quality.disposition import SOON_DAYS, allowed, propose, remedy, slight
from station.quality.evidence import strength
from station.quality.nonconformity import share_bounds
from station.report.languages import language
from station.sheet import FUNCTIONAL
from station.values.claim_costs import CostInput
from station.values.nonconformity import (
    Context,
    EvidencePart,
    Facts,
    Item,
    LotShare,
    NcEvent,
    Point,
)

TODAY = date(2026, 6, 1)
EN = language("en")


def item(kind: str = "colour", **changes: Any) -> Item:
    found = kind_of(kind)
    fields: dict[str, Any] = {
        "key": f"colour:{kind}", "name": "sky", "source": "measured", "kind": kind, "category": found.category,
        "characteristics": ("colour:sky",), "class": "major", "units": 8, "of": 32, "low": 0.115, "high": 0.434,
        "value": 3.6, "median": 3.4, "u": 0.4, "limit": 3.0, "unit_of_measure": "CIEDE2000", "proven": 6,
        "worst_unit": "u-3", "clause": "regions: sky",
    }  # fmt: skip
    return Item.model_validate(fields | changes)


def facts(**changes: Any) -> Facts:
    fields: dict[str, Any] = {
        "lot": "L1", "size": 1200, "decision": "rejected", "decided_on": TODAY, "lot_digest": "1" * 64, "inspected": 32,
        "aql": {"major": 2.5},
        "nonconforming": 8, "sku": "MAS", "product": "Pin", "product_type": "pin", "supplier": "S", "order": "PO-1",
        "undecided": 0,
        "artwork": "r4.ai", "approved_by": "B", "confirmed_by": "C", "golden": "GS-1", "golden_version": 1,
        "golden_digest": "2" * 64, "sheet_digest": "3" * 64, "cartons": ("C1", "C2"), "identifiers": {}, "items": (),
        "drawn": True, "photos": 32, "scaled": 32, "studied": 32, "suspect": (), "cause": None, "ask_for": (),
    }  # fmt: skip
    return Facts.model_validate(fields | changes)


def point(of: Item, disposition: str = "replace") -> Point:
    return Point(number=1, item=of, answers=(), remedy=disposition, why=(), preference=False)  # type: ignore[arg-type]


# --- shares ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "of"), [(0, 32), (1, 32), (8, 32), (31, 32), (32, 32)])
def test_bounds_of_a_share_are_those_of_clopper_and_pearson(units: int, of: int) -> None:
    """N1: how many it affects."""
    interval = binomtest(units, of).proportion_ci(0.95, "exact")
    assert share_bounds(units, of) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_what_is_asked_names_the_defect_in_the_reader_s_language() -> None:
    """N5: a kind of the catalogue in the reader's language, what a control sheet or a person named by that name."""
    pit = item("pit", source="finding", name="pit", clause="defects: pit")
    zh = language("zh-Hant")

    def said(of: Item) -> str:
        return "".join(zh.say(a.phrase) for a in proposed_asks([point(of)], facts(), False, TODAY) if a.phrase)

    assert "「針孔」" in said(pit)
    assert "pit" not in said(pit)
    assert "「sky」" in said(item())
    assert "「針孔」" in said(item("pit", source="seen", name="pit"))
    assert "「pit on the crest」" in said(item("pit", source="seen", name="pit on the crest"))


def test_what_was_seen_is_told_once_and_its_size_takes_a_number_where_it_has_one() -> None:
    """N1: name and note do not repeat one another, a missing field needs no size, an offset does."""

    def told(of: Item) -> dict[str, str]:
        return {a.question: EN.joined(a.phrases) for a in answers(of, facts(), Context(use="retail"), {})}

    seen: dict[str, Any] = {"source": "seen", "value": None, "key": "seen:x"}
    label = told(item("carton-label", name="carton label", note="SKU and carton number are missing", **seen))
    assert (label["item"], label["size"]) == (
        "“carton label”, seen and counted by the inspector.", "SKU and carton number are missing.",
    )  # fmt: skip
    moved = told(item("mark-place", name="logo", note="logo to the right", **seen))
    assert moved["size"] == ""
    assert told(item("mark-place", name="logo", note="logo 5.0 mm to the right", **seen))["size"] != ""
    card = item("wrong-card", name="wrong-card", note="card of the other series", **seen)
    zh = language("zh-Hant")
    assert zh.joined(answers(card, facts(), Context(), {})[0].phrases) == "「卡片錯誤」，由檢驗員目視清點。"


def test_nine_of_fifty_is_known_to_within_its_bounds() -> None:
    """T6: a border that is thin on 18 % of the pieces inspected is thin on 9 to 31 % of the lot."""
    assert share_bounds(9, 50) == pytest.approx((0.086, 0.314), abs=5e-4)


def test_a_share_of_the_lot_is_never_less_than_what_was_found() -> None:
    assert lot_share(item(), facts()) == (300, 138, 521)
    assert lot_share(item(units=30, of=32, low=0.79, high=0.99), facts(size=32)) == (30, 30, 32)
    assert lot_share(item(counted="cartons"), facts()) is None
    with pytest.raises(ValueError, match="is no share"):
        share_bounds(3, 2)


# --- catalogue, matrix, context --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *[(k, "discount") for k in ("back-scuff", "carton-print", "polybag-wrinkle")],
        *[(k, "rework") for k in ("missing-clutch", "loose-ring", "wrong-card", "removable-contamination")],
        ("uncured-magnet", "rework"),
        *[(k, "replace") for k in ("detached-post", "off-centre-hardware", "front-scratch", "wrong-backstamp")],
        *[(k, "replace") for k in ("trapped-contamination", "brand-colour", "size")],
    ],
)
def test_the_matrix_is_the_source_s(kind: str, expected: str) -> None:
    """N6, N7, N8, S14."""
    assert KINDS[kind].remedy == expected


def test_the_fourteen_defects_of_the_source_are_in_the_catalogue_and_functional_ones_are_known() -> None:
    """S3, S7."""
    listed = (
        "plating-tone", "low-enamel-fill", "pit", "exposed-base-metal", "burn-mark", "post-position", "weak-clutch",
        "ring-deformation", "epoxy-bubble", "magnet-detachment", "wrong-card", "wrong-barcode", "count-shortage",
        "transit-damage",
    )  # fmt: skip
    assert set(listed) <= set(KINDS)
    assert all(KINDS[name].functional for name in FUNCTIONAL if name in KINDS)
    assert set(FUNCTIONAL) <= set(KINDS)
    assert set(KINDS) | {"other"} == {k.removeprefix("kind.") for k in EN.texts if k.startswith("kind.")}


def test_every_failure_that_the_sources_name_has_a_kind_with_a_remedy() -> None:
    """S4, G24: under the catalogue's own names; what is in none of them is another kind."""
    named = (
        "plating-tone", "low-enamel-fill", "weak-clutch", "off-centre-hardware", "ring-deformation", "face-scuff",
        "removable-contamination", "front-scratch", "missing-clutch", "wrong-card", "missing-insert", "uncured-magnet",
        "wrong-backstamp", "trapped-contamination", "loose-ring", "colour", "size", "wrong-material", "wrong-packing",
        "label",
    )  # fmt: skip
    assert [name for name in named if kind_of(name).name != name] == []
    assert all(kind_of(name).remedy in ("replace", "rework", "discount") for name in named)
    assert kind_of("ugly").name == "other"


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("offset", "logo", "mark-place"), ("colour", "sky", "colour"), ("size", "width", "size"),
        ("entered", "outer carton label", "carton-label"), ("entered", "pull force", "pull-force"),
        ("entered", "clutch retention", "weak-clutch"), ("entered", "weight", "weight"),
        ("entered", "pieces per carton", "count-shortage"), ("entered", "thickness", "size"),
    ],
)  # fmt: skip
def test_what_was_measured_finds_its_kind(kind: str, name: str, expected: str) -> None:
    assert kind_of_measurement(kind, name).name == expected


@pytest.mark.parametrize(
    ("of", "context", "expected", "reason"),
    [
        # a slight tone shift on giveaways for an internal event in 10 days
        ({}, {"use": "internal", "event_on": date(2026, 6, 11)}, "sort", "needed in 10 days"),
        ({}, {"use": "giveaway"}, "discount", "a discount is proportional"),
        ({}, {"use": "giveaway", "brand_colour": True}, "replace", "brand colour"),
        ({}, {"use": "giveaway", "licensed": True}, "replace", "licensed"),
        ({}, {"use": "retail"}, "replace", "The customer sees it (retail display)"),
        ({"value": 4.8}, {"use": "giveaway"}, "replace", "is replaced"),
        ({"class": "minor"}, {"use": "retail", "face": "back"}, "discount", "minor and on the back"),
        ({"class": "critical"}, {"use": "giveaway"}, "replace", "It is critical"),
    ],
)
def test_the_context_changes_the_matrix(
    of: dict[str, Any], context: dict[str, Any], expected: str, reason: str
) -> None:
    """N9, S14, S15, S16."""
    found, why = remedy(item(**of), Context(**context), TODAY)
    assert found == expected
    assert reason in EN.joined(why)


def test_a_carton_for_transit_is_not_a_carton_for_retail() -> None:
    """S16, N6."""
    crease = item("carton-crease", value=None, limit=None, source="seen")
    assert remedy(crease, Context(carton="transit"), TODAY)[0] == "concession"
    assert remedy(crease, Context(carton="retail"), TODAY)[0] == "rework"
    assert remedy(crease, Context(), TODAY)[0] == "discount"


def test_function_is_never_settled_with_money() -> None:
    """S7, N9."""
    clutch = item("weak-clutch", value=None, limit=None)
    barred = allowed([point(clutch)], facts(), Context(use="giveaway"))
    assert [p.key for p in barred["discount"]] == ["modifier.function"]
    assert barred["remake"] == ()
    assert not slight(clutch)
    far = remedy(item(), Context(use="internal", event_on=date(2026, 6, 1 + SOON_DAYS + 1)), TODAY)
    assert far[0] == "discount"


def test_proposed_quantities_are_the_lot() -> None:
    """N6-N8: conforming inspected units are accepted, the rest is sorted unless most of it surely does not conform."""
    shares = propose([point(item())], facts())
    assert {s.disposition: s.quantity for s in shares} == {"accept": 24, "replace": 8, "sort": 1168}
    open_ = propose([point(item())], facts(undecided=6))
    assert {s.disposition: s.quantity for s in open_} == {"accept": 18, "replace": 8, "sort": 1174}
    whole = item(units=32, of=32, low=0.89, high=1.0)
    assert {s.disposition: s.quantity for s in propose([point(whole)], facts(nonconforming=32))} == {"replace": 1200}
    assert {s.disposition: s.quantity for s in propose([], facts())} == {"accept": 1200}
    eye = item("wrong-card", source="seen")
    assert {s.disposition: s.quantity for s in propose([point(eye, "rework")], facts())} == {"rework": 1200}


def test_every_nonconforming_unit_gets_the_remedy_of_its_own_gravest_point() -> None:
    """N6: a speck is reworked, although other units of the lot are replaced."""
    speck = point(item("speck", shown_by=("u1", "u2", "u3", "u4", "u5")), "rework")
    colour = point(item(shown_by=("u5", "u6"), low=0.01), "replace")
    shares = {s.disposition: s.quantity for s in propose([speck, colour], facts(nonconforming=6))}
    assert shares == {"accept": 26, "replace": 2, "rework": 4, "sort": 1168}
    most = point(item("speck", low=0.6, shown_by=("u1",)), "rework")
    shares = {s.disposition: s.quantity for s in propose([most, colour], facts(nonconforming=3))}
    assert shares == {"accept": 29, "replace": 2, "rework": 1169}


def test_a_minor_colour_on_a_tool_touches_sales_little_and_one_on_display_does() -> None:
    """S16."""
    sales = {
        use: next(a for a in answers(item(), facts(), Context(use=use), {}) if a.question == "sales")
        for use in ("tool", "matched-set", "display")
    }  # fmt: skip
    assert EN.joined(sales["tool"].phrases).startswith("Little")
    assert all(EN.joined(sales[use].phrases).startswith("Yes") for use in ("matched-set", "display"))


# --- costs -----------------------------------------------------------------------------------------------------------

PRICES = CostInput(
    price=Decimal("0.80"), sort=Decimal("0.03"), rework=Decimal("0.12"), rework_yield=Decimal("0.9"),
    remake=Decimal("0.85"), expedite=Decimal(150), freight=Decimal(220), discount=Decimal("0.2"), loss=Decimal("2.5"),
    sort_days=2, rework_days=5, remake_days=14,
)  # fmt: skip


def test_the_remedies_are_compared_with_their_arithmetic() -> None:
    """N10: sort labour, salvageable quantity, rework, remake, shipping, event date."""
    found = compare(PRICES, Quantities(1000, 100, 180), {}, today=TODAY, event_on=None, product_type="pin")
    paths = {p.remedy: p for p in found.paths}
    assert [(x.what, x.arithmetic, x.amount) for x in paths["sort-rework"].lines] == [
        ("sort", "1,000 × 0.03 = 30.00", Decimal("30.00")),
        ("rework", "100 × 0.12 = 12.00", Decimal("12.00")),
        ("failed", "10 × 0.80 = 8.00", Decimal("8.00")),
    ]
    totals = {
        "concession": "250.00", "discount": "250.00", "sort": "110.00", "sort-rework": "50.00",
        "sort-replace": "485.00", "rework-all": "200.00", "remake": "1220.00",
    }  # fmt: skip
    assert {r: str(p.total) for r, p in paths.items()} == totals
    assert (paths["discount"].supplier, paths["discount"].buyer) == (Decimal("160.00"), Decimal("90.00"))
    assert {r: p.good_units for r, p in paths.items()} == {
        "concession": 900, "discount": 900, "sort": 900, "sort-rework": 990, "sort-replace": 1000, "rework-all": 900,
        "remake": 1000,
    }  # fmt: skip
    assert (found.best, found.steady, found.share_of_order) == ("sort-rework", True, pytest.approx(50 / 800))
    assert paths["sort-rework"].total_high == Decimal("66.00")
    assert found.usual == (Decimal("0.45"), Decimal("1.10"))
    assert paths["sort-rework"].ready_on == date(2026, 6, 8)


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("pin", "0.45", "1.10"), ("coin", "1.20", "2.80"), ("keychain", "0.85", "2.20")]
)
def test_the_usual_price_stands_beside_the_costs_in_dollars_alone(kind: str, low: str, high: str) -> None:
    """N11: USD FOB at 1,000 units."""
    arguments: dict[str, Any] = {"today": TODAY, "event_on": None, "product_type": kind}
    assert compare(PRICES, Quantities(1000, 100, 180), {}, **arguments).usual == (Decimal(low), Decimal(high))
    euros = PRICES.model_copy(update={"currency": "EUR"})
    assert compare(euros, Quantities(1000, 100, 180), {}, **arguments).usual is None


def test_what_comes_late_is_charged_or_not_open() -> None:
    """C7, N9, N10: the event's date."""
    event = date(2026, 6, 5)
    arguments: dict[str, Any] = {"today": TODAY, "event_on": event, "product_type": "coin"}
    found = compare(PRICES, Quantities(1000, 100, 180), {}, **arguments)
    paths = {p.remedy: p for p in found.paths}
    assert {r for r, p in paths.items() if p.allowed} == {"concession", "discount", "sort"}
    assert "there on 2026-06-08, 3 days after 2026-06-05" in EN.joined(paths["sort-rework"].why_not)
    assert found.best == "sort"
    charged = compare(PRICES.model_copy(update={"late_loss": Decimal(10)}), Quantities(1000, 100, 180), {}, **arguments)
    assert charged.best == "sort-rework"
    assert charged.paths[0].total == Decimal("60.00")


def test_a_price_that_is_missing_is_named_and_the_upper_bound_may_change_the_remedy() -> None:
    """N10, N12."""
    bare = CostInput(price=Decimal(1), sort=Decimal("0.05"), remake=Decimal(1), remake_days=9)
    found = compare(bare, Quantities(1000, 100, 990), {}, today=TODAY, event_on=None, product_type="other")
    paths = {p.remedy: p for p in found.paths}
    assert EN.joined(paths["discount"].why_not) == (
        "not known: loss by a nonconforming unit in use (--loss); share of the discount (--discount)"
    )
    assert (found.best, found.steady, found.usual) == ("sort", False, None)
    with pytest.raises(RequestError, match="fewer units"):
        compare(bare, Quantities(10, 11, 12), {}, today=TODAY, event_on=None, product_type="pin")


# --- evidence --------------------------------------------------------------------------------------------------------


def test_evidence_is_the_sum_of_what_was_found() -> None:
    """N12, S10, S13."""
    whole = strength(facts(), [item(proven=8)])
    assert (whole.score, whole.level, sum(p.most for p in whole.parts)) == (100, "strong", 100)
    bare = facts(
        decision="open", cartons=(), drawn=False, scaled=0, studied=0, suspect=("light",), order="", artwork="",
        approved_by="", confirmed_by="",
    )  # fmt: skip
    nothing = strength(bare, [item("wrong-card", value=None, limit=None, u=None, source="seen", proven=0)])
    assert (nothing.score, nothing.level) == (0, "weak")
    middle = strength(facts(studied=0, scaled=16, order=""), [item()])
    found: dict[str, EvidencePart] = {p.name: p for p in middle.parts}
    assert (found["proven"].points, found["scale"].points, found["papers"].points) == (15, 5, 5)
    assert EN.say(found["scale"].words) == "16 of 32 photos have their scale from bench or card"
    for d in (whole, bare and nothing, middle):
        assert all(EN.say(p.words) for p in d.parts)


# --- corrective actions ----------------------------------------------------------------------------------------------


def lot(name: str, units: int, of: int, *, accepted: bool = True) -> LotShare:
    return LotShare(lot=name, units=units, of=of, accepted=accepted)


@pytest.mark.parametrize(("a", "n", "b", "m"), [(8, 32, 0, 32), (3, 32, 0, 32), (32, 32, 1, 32), (5, 20, 4, 80)])
def test_the_share_fell_by_fisher_s_exact_test(a: int, n: int, b: int, m: int) -> None:
    """W9."""
    table = [[b, m - b], [a, n - a]]
    assert fell(a, n, b, m) == pytest.approx(float(fisher_exact(table, alternative="less").pvalue), rel=1e-9)


def test_an_action_is_effective_not_effective_or_not_shown_yet() -> None:
    """W9, N13: verification by later lots' data."""
    before = lot("L1", 8, 32, accepted=False)
    assert effect(before, [lot("L2", 0, 32)]).verdict == "effective"
    back = effect(before, [lot("L2", 0, 32), lot("L3", 4, 32, accepted=False)])
    assert back.verdict == "not effective"
    assert EN.say(back.words) == "Lot L3 was rejected for it again: 4 of 64 units since, 8 of 32 before."
    few = effect(lot("L1", 3, 32, accepted=False), [lot("L2", 0, 20)])
    assert few.verdict == "not shown"
    assert few.wanted is not None
    assert fell(3, 32, 0, 20 + few.wanted) <= 0.05 < fell(3, 32, 0, 20 + few.wanted - 1)
    assert f"{few.wanted} further units without it would show it" in EN.say(few.words)
    assert wanted(0, 32, 0, 32) is None
    assert effect(lot("L1", 0, 32), [lot("L2", 0, 32)]).wanted is None
    with pytest.raises(RequestError, match="no later lot"):
        effect(before, [])


def event(kind: str, **fields: Any) -> NcEvent:
    return NcEvent.model_validate({"kind": kind, "at": datetime(2026, 6, 1, tzinfo=UTC), "by": "W", **fields})


def test_the_life_of_an_action() -> None:
    """N13: owner, due date, overdue, done, verified; refuted ones are due again."""
    add = event("action", action="prevention", text="Pin the plate.", owner="Chen", due=date(2026, 6, 10))
    (one,) = replay_actions([add], date(2026, 6, 10))
    assert (one.state, one.overdue, one.owner) == ("open", False, "Chen")
    (late,) = replay_actions([add], date(2026, 6, 11))
    assert late.overdue
    put_off = event("due", number=1, due=date(2026, 6, 20))
    (again,) = replay_actions([add, put_off], date(2026, 6, 11))
    assert (again.overdue, again.delays) == (False, 1)
    done = event("done", number=1, text="Two dowels of 2 mm.")
    (finished,) = replay_actions([add, done], date(2026, 7, 1))
    assert (finished.state, finished.overdue, finished.done_on) == ("done", False, TODAY)
    refuted = effect(lot("L1", 8, 32), [lot("L2", 4, 32, accepted=False)])
    (failed,) = replay_actions([add, done, event("verified", number=1, effect=refuted)], TODAY)
    assert (failed.state, failed.overdue) == ("not effective", True)
    open_ = effect(lot("L1", 3, 32), [lot("L2", 0, 20)])
    (waiting,) = replay_actions([add, done, event("verified", number=1, effect=open_)], TODAY)
    assert waiting.state == "done"
    vet_step(waiting, "verified", "NC-1")
    with pytest.raises(ConflictError, match=r"is open\. Say what was done first: station ca done NC-1 1 TEXT"):
        vet_step(one, "verified", "NC-1")
    with pytest.raises(NotFoundError, match="no corrective action 2"):
        find([one], 2, "NC-1")


def test_closing_needs_one_of_each_kind_and_all_verified() -> None:
    """W9, N13."""
    events = []
    for n, kind in enumerate(("root-cause", "containment", "correction", "prevention"), 1):
        events.append(event("action", action=kind, text="t", owner="o", due=TODAY))
        events.append(event("done", number=n, text="d"))
        if kind != "prevention":
            events.append(event("verified", number=n, text="v"))
    assert lacking(replay_actions(events, TODAY)) == ["corrective action 4 (prevention) is done, not verified"]
    good = effect(lot("L1", 8, 32), [lot("L2", 0, 32)])
    assert lacking(replay_actions([*events, event("verified", number=4, effect=good)], TODAY)) == []
    bad = effect(lot("L1", 8, 32), [lot("L2", 4, 32, accepted=False)])
    second = [
        event("action", action="prevention", text="u", owner="o", due=TODAY), event("done", number=5, text="d"),
        event("verified", number=5, effect=good),
    ]  # fmt: skip
    assert lacking(replay_actions([*events, event("verified", number=4, effect=bad)], TODAY)) != []
    assert lacking(replay_actions([*events, event("verified", number=4, effect=bad), *second], TODAY)) == []
    assert lacking([])[0] == "no root cause is recorded"


@pytest.mark.parametrize(
    ("kind", "owner", "due", "says"),
    [
        ("cure", "o", TODAY, "is no kind of corrective action"),
        ("prevention", " ", TODAY, "nobody is in charge"),
        ("prevention", "o", date(2026, 5, 31), "2026-05-31 is past"),
    ],
)
def test_an_action_needs_kind_owner_and_a_day_to_come(kind: str, owner: str, due: date, says: str) -> None:
    """N13."""
    with pytest.raises(RequestError, match=says):
        vet_new(kind, owner, due, TODAY)
