"""Vague words: refused, with what to write in their place."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from station.errors import RequestError
from station.quality.wording import refuse_vague
from station.sheet import words as wording
from station.sheet.words import vague_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's different from the sample.", ["different from the sample"]),
        ("The quality is bad.", ["quality is bad"]),
        ("Unacceptable.", ["Unacceptable"]),
        ("The color differs noticeably.", ["differs", "noticeably"]),
        ("The colour is about right, the feel is similar.", ["about right", "feel is similar"]),
        ("Same as last time, but improve QC.", ["Same as last time", "improve QC"]),
        ("Premium finish and a good antique effect, strong magnet, looks even", None),
        ("品質不好，跟樣品不一樣，不能接受", ["品質不好", "不一樣", "不能接受"]),
    ],
)
def test_the_vague_words_of_the_sources_are_found(text: str, words: list[str] | None) -> None:
    """N1, N18, G10."""
    found = [v.word for v in vague_words(text)]
    assert found == (words or ["Premium finish", "good antique effect", "strong magnet", "looks even"])


@pytest.mark.parametrize(
    "text",
    [
        "The logo lies 5 mm to the right of its place, limit 0.3 mm.",
        "9 of 32 units are darker by 3.9 L*, limit 3.0 CIEDE2000.",
        "Replace the jig of line 2 by 12 June and send 20 measured values.",
        "標誌偏右 5 mm，限值 0.3 mm。",
        "badge, normalised, subdued",
    ],
)
def test_words_with_numbers_and_words_that_only_contain_them_pass(text: str) -> None:
    """N1."""
    assert vague_words(text) == []


def test_a_number_saves_words_of_degree_in_its_own_sentence_alone() -> None:
    """N1."""
    assert vague_words("Darker by 3.9 L*. Many units show it.")[0].word == "Many"
    assert vague_words("Bad: 3 of 32.")[0].word == "Bad"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The quality is b\u0430d", "quality is b\u0430d"), ("ＢＡＤ quality", "ＢＡＤ quality"),
        ("un\u00adacceptable", "un\u00adacceptable"), ("It is b\u00e1d", "b\u00e1d"), ("It is b-a-d, a bit", "b-a-d"),
        ("very b a d", "b a d"), ("質量很差", "質量很差"), ("很 差", "很 差"), ("品質 不好", "品質 不好"),
        ("质量不好，有问题", "质量不好"), ("颜色不一样", "不一样"), ("The goods are rubbish", "rubbish"),
        ("bad-quality", "bad-quality"), ("unacceptable_goods", "unacceptable"),
    ],
)  # fmt: skip
def test_a_vague_word_is_known_in_whatever_characters(text: str, word: str) -> None:
    """N1: Cyrillic and full-width letters, accents, words that are spelled, simplified Chinese."""
    assert vague_words(text)[0].word == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("darker, see photo 1", "darker"), ("many, order 4711", "many"), ("Bigger than in version 2", "Bigger"),
        ("明顯，照片 3", "明顯"), ("slightly, PO-4711", "slightly"), ("many on 2026-05-10", "many"),
    ],
)  # fmt: skip
def test_a_number_that_is_a_name_measures_nothing(text: str, word: str) -> None:
    """N1."""
    assert vague_words(text)[0].word == word


@pytest.mark.parametrize(
    "text",
    [
        "darker: 4.8", "many: 12 of 32", "bigger by 3", "偏移 5 mm", "色差 4.8", "slightly, -3", "larger than 30",
        "many, 12 %", "部分 9/32", "shifted 5mm, see photo 1", "３ mm shifted", "些微偏移 0.4 公厘",
    ],
)  # fmt: skip
def test_a_number_with_a_unit_or_a_comparison_measures(text: str) -> None:
    """N1."""
    assert vague_words(text) == []


def test_the_refusal_says_what_to_write_instead() -> None:
    """N1, N5."""
    with pytest.raises(RequestError) as error:
        refuse_vague("The colour is wrong and looks off.", "the answer")
    assert str(error.value).startswith('the answer says "colour is wrong", "looks off", which nobody can measure')
    assert "give the colour difference in CIEDE2000 and its direction" in str(error.value)
    with pytest.raises(RequestError, match="the answer is empty"):
        refuse_vague("  ", "the answer")
    assert refuse_vague(" logo  5 mm right ", "the answer") == "logo 5 mm right"


def test_no_word_stands_in_two_rows_and_every_row_says_what_to_write() -> None:
    tables = tomllib.loads((Path(wording.__file__).parent / "vague_words.toml").read_text("utf-8"))
    rows = [*tables["empty"], *tables["degree"], *tables["praise"]]
    words = [w.casefold() for row in rows for w in row["words"]]
    assert len(words) == len(set(words)) > 100
    assert all(re.match(r"(give|name|say)\b", row["instead"]) for row in rows)
