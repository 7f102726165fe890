"""The pages in their languages: every text that a page shows has a translation, and no translation is left over."""

from __future__ import annotations

import re
import string

import pytest

from station.values.account import ROLES
from station.web.routes.pages import GOLDEN_PARTS, LIGHT_PARTS, REASONS, STREAM_PARTS
from station.web.showing import FOLDER, PLACES, STATIC
from station.web.words import ENGLISH, LANGUAGES, tables, translate

OTHERS = [code for code in LANGUAGES if code != ENGLISH]
TEXT = re.compile(r"""\bt\("((?:[^"\\]|\\.)*)\"""")
CONSTANT = re.compile(r"""_REASON = "([^"]*)\"""")
COUNTED = re.compile(r"""\bcount\([^"]*?"([^"]*)", "([^"]*)\"""")


def shown() -> set[str]:
    """The texts that templates and scripts ask for, and those that come to a template from a table."""
    found = {name for _, name in (*PLACES, *GOLDEN_PARTS, *STREAM_PARTS, *LIGHT_PARTS)} | {
        text for reason in REASONS for text in reason[:2]
    }
    for path in (*(FOLDER / "templates").glob("*.html"), *STATIC.glob("*.js")):
        source = path.read_text(encoding="utf-8")
        found |= set(TEXT.findall(source)) | set(CONSTANT.findall(source))
        for pair in COUNTED.findall(source):
            found |= set(pair)
    return found


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_the_pages_is_translated_and_no_translation_is_left_over(language: str) -> None:
    texts = tables(language)["texts"]
    assert len(texts) > 150
    assert shown() - set(texts) == set()
    assert set(texts) - shown() == set()
    for text, translated in texts.items():
        assert fields(text) == fields(translated), text
        assert translated.strip(), text
        assert re.search(r"[\u3400-\u9fff]", translated) or text == "PIN" or not re.search(r"\w", text), text


@pytest.mark.parametrize("language", OTHERS)
def test_words_of_records_have_names(language: str) -> None:
    names = tables(language)["names"]
    words = {"conforms", "nonconforms", "undecided", "accepted", "rejected", "open", "critical", "major", "minor"}
    assert words <= set(names)
    assert not set(names) & set(ROLES)


@pytest.mark.parametrize("language", OTHERS)
def test_every_keyed_text_is_translated_and_no_translation_is_left_over(language: str) -> None:
    source = (STATIC / "messages.js").read_text(encoding="utf-8")
    english = dict(re.findall(r'^  "([^"]+)": "((?:[^"\\]|\\.)*)",$', source, re.MULTILINE))
    keyed = tables(language)["keyed"]
    assert len(english) > 150
    assert set(keyed) == set(english)
    for key, text in english.items():
        assert fields(text) == fields(keyed[key]), key
        assert keyed[key].strip(), key


def test_a_text_without_a_translation_stays_in_english_and_values_stay_text() -> None:
    t = translate("zh-Hant")
    assert t("A text of a page to come") == "A text of a page to come"
    assert t("1 place for “{question}”.", question="{n} <b>") == "「{n} <b>」有 1 處。"
    assert translate(ENGLISH)("{n} places for “{question}”.", n=2, question="x") == "2 places for “x”."
