"""Words for failures, what may never pass, what a photo proves, and what comes of it: S4, S10, S15, C7, N11."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from test_claim_rules import EN, PRICES, TODAY, facts, item, point

from station.errors import RequestError
from station.quality.answers import answers
from station.quality.asking import proposed_asks
from station.quality.catalogue import KINDS, kind_of_measurement
from station.quality.consequences import CONSEQUENCES, threatened
from station.quality.cost import Quantities, compare
from station.quality.disposition import allowed, remedy
from station.quality.evidence import strength
from station.quality.kind_words import kind_meant, kinds_told, near, require_kind, words
from station.report.claim_costs import consequences
from station.report.languages import language
from station.service.reviewing import named_rows
from station.service.seen_file import read_seen
from station.sheet import load_sheet
from station.values.nonconformity import Context, Use

FIVE = ("crack", "leak", "odour", "contamination", "deformation")


# --- S15: what may never pass ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["giveaway", "tool", "retail"])
@pytest.mark.parametrize("kind", FIVE)
def test_what_may_never_pass_has_a_kind_of_its_own_and_no_price(kind: str, use: Use) -> None:
    """S15: slight as it may be, whatever the use, at no discount and under no concession."""
    it = item(kind, source="seen", **{"class": "major"}, value=3.1)
    found, why = remedy(it, Context(use=use), TODAY)
    assert found == "replace"
    assert f"{language('en').text(f'kind.{kind}')} may not pass" in EN.joined(why)
    closed = allowed([point(it)], facts(), Context(use=use))
    assert closed["discount"] != ()
    assert closed["concession"] != ()
    assert closed["remake"] == ()


@pytest.mark.parametrize(
    ("kind", "remedied"),
    [
        ("wrong-material", "replace"), ("missing-mark", "replace"), ("wrong-backstamp", "replace"),
        ("wrong-barcode", "rework"), ("wrong-packing", "rework"), ("missing-accessory", "rework"),
        ("label", "rework"), ("carton-label", "rework"),
    ],
)  # fmt: skip
def test_the_others_of_the_ten_have_no_price_either(kind: str, remedied: str) -> None:
    """S15: material, logo, text, warning and barcode, packing method, accessory: mended, not paid for."""
    it = item(kind, source="seen", value=None, limit=None, **{"class": "major"})
    found, why = remedy(it, Context(use="giveaway"), TODAY)
    assert found == remedied
    assert "may not pass" in EN.joined(why)
    closed = allowed([point(it)], facts(), Context(use="giveaway"))
    assert closed["discount"] != ()
    assert closed["concession"] != ()


@pytest.mark.parametrize(("kind", "open_"), [("label", True), ("carton-label", True), ("wrong-barcode", False)])
def test_a_slight_deviation_of_a_label_may_pass(kind: str, open_: bool) -> None:
    """S14: what is classed minor; a barcode that does not scan is never slight."""
    it = item(kind, source="seen", value=None, limit=None, **{"class": "minor"})
    assert (allowed([point(it)], facts(), Context(use="giveaway"))["concession"] == ()) == open_


def test_the_five_are_told_in_both_languages_and_sorted_out() -> None:
    """S15: names, answers and requests."""
    for code in ("en", "zh-Hant"):
        tongue = language(code)
        assert len({tongue.text(f"kind.{k}") for k in FIVE}) == len(FIVE)
        for kind in FIVE:
            it = item(kind, source="seen", note="on the seam")
            for a in answers(it, facts(), Context(use="retail"), {}):
                assert "@" not in tongue.joined(a.phrases)
            asks = proposed_asks([point(it)], facts(), False, TODAY)
            said = " ".join(tongue.say(a.phrase) for a in asks if a.phrase is not None)
            assert {"en": "Sort the lot", "zh-Hant": "分選"}[code] in said
    assert [KINDS[k].functional for k in FIVE] == [True, True, False, False, False]
    assert kind_of_measurement("entered", "leak test").name == "leak"
    assert kind_of_measurement("entered", "odour, grade").name == "odour"


# --- S4: other words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("darker tone", "plating-tone"), ("greener tone", "plating-tone"), ("Shallower Fill", "low-enamel-fill"),
        ("weak clutches", "weak-clutch"), ("off-center magnets", "off-centre-hardware"),
        ("bent split rings", "ring-deformation"), ("face scuffs", "face-scuff"),
        ("dirty enamel cells", "removable-contamination"), ("heavy front scratches", "front-scratch"),
        ("missing backs", "missing-clutch"), ("wrong cards", "wrong-card"), ("missing inserts", "missing-insert"),
        ("packed before cure", "uncured-magnet"), ("wrong_backstamp", "wrong-backstamp"),
        ("contamination under the epoxy", "trapped-contamination"), ("off-centre casting", "off-centre-hardware"),
        ("loose rings", "loose-ring"), ("smell", "odour"), ("色差", "colour"),
    ],
)  # fmt: skip
def test_the_sources_words_for_failures_are_understood(word: str, kind: str) -> None:
    """S4."""
    assert kind_meant(word) == kind
    assert require_kind(word) == kind


def test_a_word_means_one_kind_and_every_kind_is_known_by_others() -> None:
    """S4."""
    assert set(words()) == set(KINDS)
    assert [w for w, n in Counter(w for listed in words().values() for w in listed).items() if n > 1] == []
    assert all(kind_meant(w) == kind for kind, listed in words().items() for w in listed)
    assert all(kind_meant(kind) == kind for kind in KINDS)


def test_an_unknown_word_is_answered_with_what_is_near() -> None:
    """S4."""
    assert near("epoxi bubble")[0] == "epoxy-bubble"
    with pytest.raises(RequestError, match=r"'clutchs loos' is no kind of nonconformity; near are .*weak-clutch"):
        require_kind("clutchs loos")
    with pytest.raises(RequestError, match=r"is no kind of nonconformity\. Use one of back-scuff"):
        require_kind("xyzzy")
    assert near(" ") == ()


def test_a_reviewers_other_word_names_the_kind() -> None:
    """S4: a rejection that says "missing back" is one of the missing clutch, and a pinhole is the sheet's pit."""
    sheet = load_sheet(
        b'schema = 1\n[product]\nsku = "A"\n[[defects]]\nkind = "pit"\nlimit_mm = 0.2\nclass = "minor"\n'
    )
    assert named_rows("two pinholes in the sky", sheet) == {"pit": "minor"}
    assert named_rows("Missing back on the left post", sheet) == {"missing-clutch": "major"}
    assert named_rows("looks fine", sheet) == {}
    assert kinds_told("two bent split rings, one leaks") == ("ring-deformation", "leak")


def test_a_table_of_what_was_seen_is_read_by_any_of_its_words(tmp_path: Path) -> None:
    """S3, S4, S5, S11."""
    table = tmp_path / "seen.csv"
    table.write_text(
        "kind,note,units,of,class,standard,counted\n"
        "bent split rings,OD 24.1 mm,3,32,major,ring drawing 2,\n"
        "outer label,SKU is missing,5,8,,carton mark 3,cartons\n"
    )
    rows = read_seen(table)
    assert [(r["kind"], r["units"], r["of"], r["defect_class"], r["cartons"]) for r in rows] == [  # type: ignore[typeddict-item]
        ("ring-deformation", 3, 32, "major", False), ("carton-label", 5, 8, None, True),
    ]  # fmt: skip
    for cells, says in (
        ("epoxi bubble,x,1,2,,,", r"line 2, column kind: 'epoxi bubble' is no kind .*epoxy-bubble"),
        ("crack,x,1.5,2,,,", "1.5 is no count"), ("crack,x,1,2,grave,,", "'grave' is no class"),
        ("crack,x,1,2,,,boxes", "'boxes' cannot be counted"),
    ):  # fmt: skip
        table.write_text(f"kind,note,units,of,class,standard,counted\n{cells}\n")
        with pytest.raises(RequestError, match=says):
            read_seen(table)


# --- S10: a photo without a scale ------------------------------------------------------------------------------------


def test_a_photo_without_a_scale_is_evidence_without_measure() -> None:
    """S10: the claim is the weaker for it, and says so."""
    two = [item(), item()]
    measured, bare = strength(facts(), two, ["calliper", "ruler"]), strength(facts(), two, ["calliper", ""])
    assert measured.score == strength(facts(), two, [None, "ruler"]).score == strength(facts(), two).score
    assert (measured.score - bare.score, measured.score - strength(facts(), two, ["", ""]).score) == (5, 10)
    scale = {p.name: p for p in bare.parts}["scale"]
    assert EN.say(scale.words) == "1 of 2 photos handed in show no scale: ask for photos beside a ruler or calliper"
    by_eye = strength(facts(photos=0, scaled=0), [item()], ["ruler"])
    assert {p.name: p.points for p in by_eye.parts}["scale"] == 10
    assert EN.say({p.name: p for p in by_eye.parts}["scale"].words) == "1 of 1 photos handed in show their scale"


# --- C7, N11: consequences and custom packing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("carton-label", ("inbound", "relabelling", "fines", "delay")),
        ("wrong-packing", ("inbound", "returns", "delay")),
        ("crack", ("returns", "fines", "delay")), ("colour", ("returns", "delay")),
    ],
)  # fmt: skip
def test_what_may_come_of_a_point_follows_from_its_kind(kind: str, expected: tuple[str, ...]) -> None:
    """C7."""
    assert threatened(item(kind), facts()) == expected
    assert "delay" not in threatened(item(kind), facts(decision="accepted")) or kind == "count-shortage"


def test_consequences_are_told_apart_and_change_no_remedy() -> None:
    """C7: failed inbound, returns, relabelling, fines, delay; each with its amount, beside every remedy."""
    arguments: dict[str, Any] = {"today": TODAY, "event_on": None, "product_type": "pin"}
    plain = compare(PRICES, Quantities(1000, 100, 180), {}, **arguments)
    amounts = {c: Decimal(f"{10 * (i + 1)}.50") for i, c in enumerate(CONSEQUENCES)}
    found = compare(PRICES.model_copy(update=amounts), Quantities(1000, 100, 180), {}, **arguments)
    assert [(c.what, c.amount) for c in found.consequences] == list(amounts.items())
    assert found.consequences_total == Decimal("152.50")
    assert (found.paths, found.best) == (plain.paths, plain.best)
    assert plain.consequences == ()
    assert consequences(found, EN) == (
        "It has brought about, whatever the remedy: failed inbound 10.50; returns 20.50; relabelling 30.50; "
        "fines 40.50; delay 50.50; together 152.50 USD."
    )
    assert "入倉失敗 10.50" in consequences(found, language("zh-Hant"))


def test_custom_packing_is_part_of_what_a_unit_costs() -> None:
    """N11: usually 0.08 to 0.35 USD a unit."""
    arguments: dict[str, Any] = {"today": TODAY, "event_on": None, "product_type": "pin"}
    packed = compare(
        PRICES.model_copy(update={"packing": Decimal("0.20")}), Quantities(1000, 100, 180), {}, **arguments
    )
    assert packed.usual_packing == (Decimal("0.08"), Decimal("0.35"))
    lines = {x.what: x.arithmetic for p in packed.paths if p.remedy == "sort-rework" for x in p.lines}
    assert lines["failed"] == "10 × 1.00 = 10.00"
    euros = compare(PRICES.model_copy(update={"currency": "EUR"}), Quantities(1000, 100, 180), {}, **arguments)
    assert euros.usual_packing is None
