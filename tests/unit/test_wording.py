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
