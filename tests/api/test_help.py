"""The help: every document a page, every link and anchor leads somewhere, and questions find what answers them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.web import manual, manual_search

NAMES = tuple(manual.pages())


class Outline(HTMLParser):
    """What of a page must hold: addresses, ids, pictures without a text, tags left open."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.unnamed: list[str] = []
        self.opened: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [v for k, v in attrs if k in ("href", "src") and v]
        self.ids += [v for k, v in attrs if k == "id" and v]
        if tag == "img" and given.get("alt") is None:
            self.unnamed.append(str(given.get("src")))
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_every_document_is_a_page_and_every_link_and_anchor_leads_somewhere(reader: httpx.Client) -> None:
    outlines: dict[str, Outline] = {}

    def outline(address: str) -> Outline:
        if address not in outlines:
            answer = reader.get(address)
            assert answer.status_code == 200, address
            is_page = answer.headers["content-type"].startswith("text/html")
            outlines[address] = Outline(answer.text if is_page else "")
        return outlines[address]

    for page in ("/help", *(f"/help/{name}" for name in NAMES)):
        found = outline(page)
        assert found.opened == []
        assert found.unnamed == []
        assert len(found.ids) == len(set(found.ids)), page
        for address in found.addresses:
            assert not re.match(r"[a-z]+:|//", address), (page, address)  # offline: nothing lies elsewhere
            path, _, anchor = address.partition("#")
            there = outline(path or page)
            assert not anchor or anchor in there.ids, (page, address)
    assert len(NAMES) > 60
    assert outline("/help").addresses.count("/help/verdicts") == 2  # in the contents and in the overview


def test_all_that_the_contents_list_exists_and_every_page_is_listed_once() -> None:
    listed = [page.name for group in manual.contents() for page, _ in group.pages]
    assert sorted(listed) == sorted(NAMES)
    for name, page in manual.pages().items():
        assert page.title != name  # the title of its first heading
        assert page.summary


def test_pictures_of_the_documents_are_served_and_nothing_else(reader: httpx.Client) -> None:
    answer = reader.get("/help/flagged-unit.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == (manual.DOCS / "flagged-unit.jpg").read_bytes()
    for name in ("contents.toml", "..%2fsettings.py", "..%2f..%2fpyproject.toml", "nothing", "decisions"):
        missing = reader.get(f"/help/{name}")
        assert missing.status_code == 404, name
        assert Outline(missing.text).opened == []
    assert reader.get("/help/verdicts.md").text == reader.get("/help/verdicts").text


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("calibrate the light", "bench-light"),
        ("acceptance number", "sampling"),
        ("colour card", "colour-card"),
        ("gauge study", "gauge"),
        ("seal", "golden-life golden-record first-steps control-sheet"),
        ("Idempotency-Key", "api"),
        ("抽驗", "sampling"),
        ("校正", "colour-correction"),
        ("how do I recalibrate", "page-light bench-light"),
        ("ΔE", "colour-uncertainty"),
    ],
)
def test_a_question_finds_the_page_that_answers_it_among_the_first(question: str, first: str) -> None:
    found = [hit.page.name for hit in manual_search.search(question).found[:4]]
    assert set(first.split()) & set(found), found


def test_a_question_with_many_answers_says_how_many_there_are(reader: httpx.Client) -> None:
    answers = manual_search.search("undecided")
    assert len(answers.found) == 20 < answers.of
    text = reader.get("/help", params={"q": "undecided"}).text
    assert f"The first 20 of {answers.of} places for “undecided”." in text


def test_what_is_asked_is_shown_as_text_and_marked_in_what_is_found(reader: httpx.Client) -> None:
    answer = reader.get("/help", params={"q": "<b>grey</b> card"})
    assert "“&lt;b&gt;grey&lt;/b&gt; card”" in answer.text
    assert "<b>" not in answer.text
    assert "<mark>grey</mark>" in reader.get("/help", params={"q": "grey card"}).text
    assert "Nothing is found for" in reader.get("/help", params={"q": "zzzzz"}).text
    assert reader.get("/help", params={"q": "x" * 201}).status_code == 422


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_question_is_answered(question: str) -> None:
    for hit in manual_search.search(question).found:
        plain = re.sub(r"</?mark>", "", str(hit.excerpt))
        assert "<" not in plain
        assert hit.page.name in NAMES


@given(st.text(alphabet="<>&\"' ab", max_size=60))
def test_an_excerpt_loses_nothing_and_lets_no_markup_through(text: str) -> None:
    shown = str(manual_search.excerpt(text, ("a",)))
    assert re.sub(r"</?mark>", "", shown) == re.sub(r"</?mark>", "", str(manual_search.excerpt(text, ("zz",))))
    assert re.fullmatch(r"(?:[^<>]|<mark>[^<>]*</mark>)*", shown)


def test_pages_are_light(reader: httpx.Client) -> None:
    """Below 40 kB as sent, scripts and styles with them: review-ui asks for 350 kB compressed."""
    import gzip

    parts = [f"/static/{p}" for p in ("page.css", "help.css", "head.js", "storage.js", "help.js", "icon.svg")]
    shared = sum(len(gzip.compress(reader.get(part).content)) for part in parts)
    heaviest = max(len(gzip.compress(reader.get(f"/help/{name}").content)) for name in NAMES)
    assert shared + heaviest < 40_000


@pytest.mark.parametrize(
    ("headers", "language", "text"),
    [
        ({}, "en", "Contents of the help"),
        ({"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"}, "zh-Hant", "說明目錄"),
        ({"Accept-Language": "de-CH,fr;q=0.7"}, "en", "Contents of the help"),
        ({"Accept-Language": "zh-TW", "Cookie": "station_language=en"}, "en", "Contents of the help"),
        ({"Accept-Language": "en", "Cookie": "station_language=zh-Hant"}, "zh-Hant", "說明目錄"),
        ({"Cookie": "station_language=../../x"}, "en", "Contents of the help"),
    ],
)
def test_pages_speak_the_language_chosen_else_the_one_that_the_browser_asks_for(
    reader: httpx.Client, headers: dict[str, str], language: str, text: str
) -> None:
    answer = reader.get("/help/verdicts", headers=headers)
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert text in answer.text
    assert '<article lang="en">' in answer.text
