"""Where two defect models disagree on a unit, and that the line tells of it."""

from __future__ import annotations

import numpy as np

from station.judge.cross_check import NAME, cross_check, cross_check_remark, doubts
from station.judge.finding_rules import judge_finding
from station.sheet import load_sheet
from station.values.documents import FindingDocument
from station.values.line import Finding

SHEET = load_sheet(
    """
schema = 1
[product]
sku = "x"
thickness_mm = 1.6
[[defects]]
kind = "pit"
limit_mm = 0.20
[[defects]]
kind = "scratch"
limit_mm = 1.5
"""
)


def seen(kind: str, x: float, y: float, size: float, *, length: float = 0.0, u: float = 0.02) -> FindingDocument:
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = np.stack([x + size / 2 * np.cos(turn), y + size / 2 * np.sin(turn)], axis=1)
    if length:
        ring = np.array(
            [[x - length / 2, y], [x + length / 2, y], [x + length / 2, y + size], [x - length / 2, y + size]]
        )
    return judge_finding(Finding(kind, x, y, size, length or size, size**2, "sky", 0.9, u, 9.0, ring), SHEET)


def remark(found: list[FindingDocument], reference: list[FindingDocument]) -> str:
    gates = cross_check_remark(cross_check(found, reference, model="net", reference_model="the reference"))
    assert all(g.ok and g.name == NAME and not g.blocks and not g.doubts for g in gates)
    return gates[0].reason if gates else ""


def test_two_models_that_agree_are_no_remark() -> None:
    assert remark([], []) == ""
    assert remark([seen("pit", 1, 1, 0.3)], [seen("pit", 1.02, 1.0, 0.26)]) == ""
    assert remark([seen("pit", 1, 1, 0.3)], [seen("speck", 1.1, 1.0, 0.6)]) == ""  # both flag the place
    assert remark([seen("pit", 1, 1, 0.1)], []) == ""  # within its limit anyway
    assert remark([seen("dust", 1, 1, 2.0)], []) == ""


def test_what_only_one_of_them_finds_is_named_with_its_place() -> None:
    said = remark([seen("pit", 3.2, -4.1, 0.31)], [seen("pit", 5, 5, 0.3)])
    mine, theirs = "0.31 mm across in sky at x 3.2, y -4.1 mm", "0.30 mm across in sky at x 5.0, y 5.0 mm"
    assert f"net finds a pit {mine}, limit 0.20 (u 0.02), the reference nothing there" in said
    assert f"the reference finds a pit {theirs}, limit 0.20 (u 0.02), net nothing there" in said


def test_what_the_other_makes_of_the_place_is_said() -> None:
    assert remark([seen("pit", 1, 1, 0.3)], [seen("dust", 1.05, 1, 0.2)]).endswith("the reference a dust of 0.20 mm")
    assert remark([seen("pit", 1, 1, 0.3)], [seen("pit", 1.05, 1, 0.1)]).endswith("the reference a pit of 0.10 mm")
    assert remark([seen("pit", 1, 1, 0.21)], [seen("pit", 1, 1, 0.19)]) == ""  # not surely within: no disagreement


def test_an_area_of_another_colour_accounts_for_what_the_reference_sees_there() -> None:
    assert remark([seen("off-colour", 1, 1, 3.0)], [seen("missing-enamel", 1.5, 1, 0.9)]) == ""
    assert remark([seen("off-colour", 1, 1, 3.0)], []) == ""


def test_a_place_is_told_by_outlines_and_not_by_middles() -> None:
    scratch = seen("scratch", 0, 0, 0.1, length=4.0)
    assert remark([scratch], [seen("scratch", 1.5, 0.05, 0.1, length=1.6)]) == ""
    assert "nothing there" in remark([scratch], [seen("scratch", 0, 1.0, 0.1, length=4.0)])
    large = seen("missing-enamel", 0, 0, 3.0)
    assert remark([large], [seen("missing-enamel", 0.2, 0, 0.9)]) == ""  # inside it


def test_the_farthest_over_come_first_and_the_rest_are_counted() -> None:
    many = [seen("pit", float(k), 0, 0.3 + 0.01 * k) for k in range(8)]
    parts = remark(many, []).split("; ")
    assert len(parts) == 6
    assert "0.37 mm across" in parts[0]
    assert parts[-1] == "and 3 more"


def test_a_disagreement_names_the_units_own_finding_and_what_the_reference_sees() -> None:
    fine, deep, dust = seen("pit", 8, 8, 0.1), seen("pit", 1, 1, 0.31), seen("dust", 5, 5, 0.2)
    shadow, hole, nick = seen("pit", 1.02, 1, 0.1), seen("pit", 5.05, 5, 0.4), seen("pit", -3, 0, 0.22)
    places = cross_check([fine, deep, dust], [shadow, hole, nick], model="net", reference_model="the reference")
    assert [(p.over, p.number, p.reference) for p in places] == [
        ("reference", 3, hole), ("model", 2, shadow), ("reference", None, nick),
    ]  # fmt: skip
    assert places[1].words.endswith("the reference a pit of 0.10 mm")
    assert places[2].words.endswith("net nothing there")


def test_what_the_reference_alone_finds_of_a_kind_the_model_misses_is_left_to_a_person() -> None:
    scratch, pit = seen("scratch", 0, 0, 0.1, length=1.6), seen("pit", 5, 5, 0.4)
    places = cross_check(
        [seen("scratch", -5, 0, 0.1, length=2.0)], [scratch, pit], model="net", reference_model="plain"
    )
    ((words, reason),) = doubts(places, {"scratch"}, model="net").items()
    assert reason.startswith(words)
    assert reason.startswith("plain finds a scratch 1.60 mm long")
    assert reason.endswith("net nothing there: net seldom finds a scratch, a person decides")
    assert doubts(places, (), model="net") == {}
