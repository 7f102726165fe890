"""A lot report in Traditional Chinese has no English sentence: causes with their evidence, clusters, places."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import shown_lot
from hypothesis import given
from hypothesis import strategies as st
from test_lot_causes import SHADES, Made
from test_papers_of_records import told

from station.lots.drift import drift
from station.lots.evidence import held, plain
from station.report.evidence_words import evidence_words, level_words, said_words, split_colour
from station.report.languages import language
from station.report.paper import paper_data
from station.service import Station
from station.settings import Settings
from station.values.lot_analysis import EvidenceDocument

ENGLISH, CHINESE = language("en"), language("zh-Hant")
NAMES = {"sky", "width", "weight", "plating date", "CIEDE2000", "ESD", "mm", "g", "C", "ΔE"}
"""What people and standards call something: it stays as it is in every language."""
LOTS = {
    "drift": Made(shade=SHADES), "light": Made(weight=-1.2, dirty=(3, 40)),
    "mixture": Made(weight=-1.5, part=48, dirty=(3, 40)), "dirty": Made(dirty=(2, 20, 37, 41, 58, 66)),
    "both": Made(shade=SHADES, weight=-1.5, part=40), "outline": Made(shade=SHADES, width=0.4), "good": Made(),
    "whole": Made(shade=(2.6,) * 5), "not weighed": Made(weighed=False, dirty=(3, 40)),
    "few": Made(per=2, dirty=(1, 4)), "one batch": Made(shade=(0.0,), dirty=(1, 5)), "unsure": Made(weight=-0.4),
    "single": Made(dirty=(3,)), "weak": Made(weight=-1.5, part=24, per=8), "wide": Made(width=0.05, dirty=(1, 5)),
}  # fmt: skip
SENTENCE = re.compile(r"[a-z]{2,}(?: [a-z]{2,}){2,}")
"""Three English words after one another."""


def evidence(made: Made) -> list[EvidenceDocument]:
    return [e for c in made.diagnosis().causes for e in c.evidence]


def english(e: EvidenceDocument) -> str:
    """The phrases in English, with the names as the record has them."""
    return said_words(e.said, ENGLISH, name=str, factor=plain, unit=str)


@pytest.mark.parametrize("lot", LOTS)
def test_evidence_is_told_in_chinese_and_says_in_english_what_the_record_says(lot: str) -> None:
    """D1, D2, D3, D4: the phrases are the record's own words, so that no language says anything else."""
    for e in evidence(LOTS[lot]):
        assert e.said
        gathers = any(p.key == "told.gathers" for p in e.said)
        assert gathers or english(e) == e.words
        assert evidence_words(e, ENGLISH) == e.words
        chinese = evidence_words(e, CHINESE)
        left = chinese
        for name in sorted(NAMES, key=len, reverse=True):
            left = left.replace(name, "")
        assert not re.search(r"[A-Za-z]{2,}", re.sub(r"2026-05-\d\d", "", left)), chinese
        assert re.search(r"[\u4e00-\u9fff]{2}", chinese)


def test_these_lots_say_nearly_everything_that_can_be_said() -> None:
    """So that a text that nobody sees is not the one that is wrong."""
    seen = {p.key for made in LOTS.values() for e in evidence(made) for p in e.said}
    known = {k for k in ENGLISH.texts if k.startswith("told.")}
    joints = {"told.more", "told.and", *(k for k in known if k.endswith("-one"))}
    assert len(seen) >= 20
    assert seen <= known - joints
    assert {k for k in CHINESE.texts if k.startswith("told.")} == known


def test_colours_that_nobody_measured_are_told_too() -> None:
    none = held([], "geometry", "outlines and sizes")
    found = drift([], [], none, none, np.random.default_rng(1)).evidence
    assert [english(e) for e in found] == [e.words for e in found]
    assert "沒有樣品的顏色資料" in evidence_words(found[0], CHINESE)


@given(
    st.lists(st.sampled_from(["colour:sky", "size:width", "entered:weight"]), min_size=1, max_size=3), st.integers(0, 4)
)
def test_lists_of_names_in_both_languages(names: list[str], more: int) -> None:
    from station.lots.against_master import phrase

    said = (phrase("unproven", names="|".join(names), more=more),)
    words = said_words(said, ENGLISH, name=str, factor=plain, unit=str)
    assert words.endswith(" not proven to be the master's")
    assert (" is not" in words) == (len(names) + (more > 0) == 1)
    assert (f"{more} more" in words) == (more > 0)
    chinese = evidence_words(EvidenceDocument(speaks="open", words=words, said=said), CHINESE)
    assert (f"另 {more} 項" in chinese) == (more > 0)


def test_a_colours_coordinate_and_the_thirds_of_a_lot_have_names() -> None:
    assert split_colour("colour:sky lightness", CHINESE) == "sky 的明度"
    assert split_colour("colour:sky blue", CHINESE) == "sky blue 的顏色"
    assert split_colour("size:width", CHINESE) == "尺寸：width"
    assert [level_words("third", x, CHINESE) for x in ("early", "mid", "late")] == ["前段", "中段", "後段"]
    assert level_words("carton", "early", CHINESE) == "early"


def test_no_english_sentence_is_in_a_chinese_lot_report(tmp_path: Path) -> None:
    """D4, N1: the whole report of a rejected lot, with clusters, places and findings on struck metal."""
    shown_lot.build(tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=shown_lot.Clock()) as station:
        paper = station.papers.lot(shown_lot.LOT, "zh-Hant")
        chinese = told(paper)
        plainly = told(station.papers.lot(shown_lot.LOT, "en"))
    assert len(SENTENCE.findall(plainly)) > 20
    assert SENTENCE.findall(chinese.replace("Alpine society pin", "")) == []
    whole = json.dumps(paper_data(paper, {}), ensure_ascii=False)  # on the page, narrow cells break their words
    assert SENTENCE.findall(whole.replace("Alpine society pin", "")) == []
    for wanted in ("最終篩選", "集中於箱號 3", "金屬面", "請秤十件", "方向"):
        assert wanted in whole, wanted
