"""Findings below a reviewed threshold: set aside with their verdict, never those that the sheet calls critical."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from station.judge.finding_rules import NOT_OF_A_MODEL
from station.judge.reviewed import judge_aside, set_aside, threshold_remark, threshold_use
from station.measure.hidden import CUT_OFF, GLARE
from station.measure.hole_rims import CLOSED_HOLE
from station.measure.off_colour import KIND as OFF_COLOUR
from station.sheet import load_sheet
from station.values.line import Finding, Gate
from station.values.reviewed import ThresholdsInForce, in_words

SHEET = load_sheet(
    b"""schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[[defects]]
kind = "pit"
limit_mm = 0.2
[[defects]]
kind = "exposed-metal"
limit_mm = 0.1
class = "critical"
"""
)
FORCE = ThresholdsInForce("r" * 64, "2026-05-10T12:00:00+00:00", "M. Weber", {"pit": 0.7, "exposed-metal": 0.9})
PIT = Finding(
    kind="pit", x_mm=1.0, y_mm=2.0, size_mm=0.5, length_mm=0.5, area_mm2=0.2, region="sky", score=0.699, u_mm=0.02,
    contrast_to_noise=9.0, polygon_mm=np.zeros((3, 2)), kind_scores={"pit": 0.6},
)  # fmt: skip


def test_a_finding_counts_from_the_threshold_of_its_kind_on() -> None:
    at, other = replace(PIT, score=0.7), replace(PIT, kind="speck", score=0.1)
    assert set_aside([at, PIT, other], FORCE, SHEET) == ((at, other), (PIT,))
    assert set_aside([PIT], None, SHEET) == ((PIT,), ())
    assert set_aside([PIT], replace(FORCE, scores={}, lapsed="sealed anew"), SHEET) == ((PIT,), ())


def test_what_may_be_critical_always_counts() -> None:
    critical = replace(PIT, kind="exposed-metal", score=0.5)
    doubtful = replace(PIT, kind_scores={"pit": 0.4, "exposed-metal": 0.1})
    assert set_aside([critical, doubtful], FORCE, SHEET) == ((critical, doubtful), ())


def test_what_was_found_without_a_model_always_counts() -> None:
    assert {CLOSED_HOLE, OFF_COLOUR, GLARE, CUT_OFF} == NOT_OF_A_MODEL
    everything = replace(FORCE, scores=dict.fromkeys((*NOT_OF_A_MODEL, "dust"), 1.0))
    found = tuple(replace(PIT, kind=kind) for kind in everything.scores)
    assert set_aside(found, everything, SHEET) == (found, ())


def test_what_is_set_aside_keeps_its_verdict_and_is_named_where_it_would_count() -> None:
    small = replace(PIT, size_mm=0.05)
    aside = judge_aside([PIT, small], FORCE, SHEET, ())
    assert [(f.verdict.value, f.threshold) for f in aside] == [("nonconforms", 0.7), ("conforms", 0.7)]
    (remark,) = threshold_remark(FORCE, aside)
    assert (remark.name, remark.ok, remark.blocks) == ("reviewed-thresholds", True, ())
    assert "exposed-metal from 0.900; pit from 0.700, set by M. Weber" in remark.reason
    assert "2 set aside, of which would count against the unit pit 0.50 mm across in sky" in remark.reason
    assert "(score 0.699, counts from 0.700)" in remark.reason
    assert remark.reason.count("mm across") == 1
    many = judge_aside([PIT] * 8, FORCE, SHEET, ())
    assert threshold_remark(FORCE, many)[0].reason.endswith("and 3 more")
    assert threshold_remark(FORCE, ())[0].reason.endswith("none was set aside")


def test_no_thresholds_say_nothing_and_lapsed_ones_say_why() -> None:
    assert threshold_remark(None, ()) == ()
    assert threshold_use(None) is None
    taken_back = replace(FORCE, scores={})
    assert threshold_remark(taken_back, ()) == ()
    assert judge_aside([], None, SHEET, ()) == ()
    lapsed = replace(taken_back, lapsed="they are of another version")
    assert threshold_remark(lapsed, ()) == (Gate("reviewed-thresholds", True, "they are of another version"),)
    use = threshold_use(lapsed)
    assert use is not None
    assert (use.scores, use.lapsed) == ({}, "they are of another version")


def test_thresholds_in_words_put_equal_ones_together() -> None:
    assert in_words({"pit": 0.7, "speck": 0.61, "lint": 0.7}) == "lint, pit from 0.700; speck from 0.610"
