"""The help: the Markdown of ``station/docs``, rendered once, with its contents, links and pictures.

A page is named by its file without ``.md``, within the folder of the documents: ``verdicts``, ``decisions/0003-...``.
Markup in the Markdown stays text.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

import station

DOCS: Final = Path(station.__file__).resolve().parent / "docs"
ADDRESS: Final = "/help"
RECORDS: Final = "decisions/"
PICTURES: Final = {".jpg": "image/jpeg", ".png": "image/png", ".svg": "image/svg+xml"}
SUMMARY_LETTERS: Final = 160

_EMPTY_HEADS = re.compile(r"<thead>\s*<tr>\s*(?:<th[^>]*></th>\s*)+</tr>\s*</thead>")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (level 1 to 6) and the text below it up to the next; anchor is "" for the page's own title."""

    level: int
    title: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class ManualPage:
    """title : of its first heading. summary : beginning of its first paragraph. html : what the article shows."""

    name: str
    title: str
    summary: str
    html: str
    sections: tuple[Section, ...]

    @property
    def address(self) -> str:
        return f"{ADDRESS}/{self.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """Pages of the contents under one title; titles by language, pages with their titles in other languages."""

    titles: dict[str, str]
    pages: tuple[tuple[ManualPage, dict[str, str]], ...]


@cache
def pages() -> dict[str, ManualPage]:
    """All pages by name, the records of decisions after the others."""
    names = [path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")]
    ordered = sorted(names, key=lambda name: (name.startswith(RECORDS), name))
    return {name: _page(name, (DOCS / f"{name}.md").read_text(encoding="utf-8")) for name in ordered}


@cache
def pictures() -> dict[str, Path]:
    """Pictures of the documents by their name with its suffix."""
    return {p.relative_to(DOCS).as_posix(): p for p in sorted(DOCS.rglob("*")) if p.suffix in PICTURES}


@cache
def contents() -> tuple[Group, ...]:
    """The groups of ``contents.toml``, then what it does not list, the records of decisions last."""
    listed = tomllib.loads((DOCS / "contents.toml").read_text(encoding="utf-8"))
    left = dict(pages())
    groups = [
        Group(given["title"], tuple((left.pop(name), titles) for name, titles in given["pages"].items()))
        for given in listed["groups"]
    ]
    for titles, of_records in ((listed["other"], False), (listed["records"], True)):
        rest = [page for name, page in left.items() if name.startswith(RECORDS) is of_records]
        groups.append(Group(titles, tuple((page, {}) for page in rest)))
    return tuple(group for group in groups if group.pages)


def neighbours(name: str) -> tuple[ManualPage | None, ManualPage | None]:
    """The pages before and after one in the contents."""
    ordered = [page for group in contents() for page, _ in group.pages]
    at = next(i for i, page in enumerate(ordered) if page.name == name)
    return (ordered[at - 1] if at else None), (ordered[at + 1] if at + 1 < len(ordered) else None)


def anchor_of(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def address_of(href: str, page: str) -> str:
    """Where a link or picture of a page leads on the station; what leads elsewhere stays as it is."""
    if not href or href.startswith("#") or re.match(r"[a-z]+:|//|/", href):
        return href
    path, mark, anchor = href.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    return f"{ADDRESS}/{path.removesuffix('.md')}{mark}{anchor}"


def _page(name: str, text: str) -> ManualPage:
    markdown = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable("table")
    tokens = markdown.parse(text)
    sections = tuple(_sections(tokens))
    paragraph = next((tokens[i + 1] for i, t in enumerate(tokens) if t.type == "paragraph_open"), None)
    for token in _all(tokens):
        for key in ("href", "src"):
            if key in token.attrs:
                token.attrSet(key, address_of(str(token.attrs[key]), name))
        if token.type == "image":
            token.attrSet("loading", "lazy")
    html = str(markdown.renderer.render(tokens, markdown.options, {}))
    html = _EMPTY_HEADS.sub("", html).replace("<th></th>", "<td></td>")
    # a table wider than the screen scrolls, also by keyboard
    html = html.replace("<table>", '<div class="wide" role="group" aria-label="Table" tabindex="0"><table>')
    html = html.replace("</table>", "</table></div>")
    title = sections[0].title if sections else name
    return ManualPage(name, title, _shortened(_plain(paragraph)) if paragraph else "", html, sections)


def _sections(tokens: Sequence[Token]) -> Iterator[Section]:
    """The sections of a page; gives its headings their anchors on the way."""
    taken: dict[str, int] = {}
    level, title, anchor = 0, "", ""
    words: list[str] = []
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            if level:
                yield Section(level, title, anchor, " ".join(words))
            level, title, words = int(token.tag[1]), _plain(tokens[i + 1]), []
            anchor = anchor_of(title)
            taken[anchor] = taken.get(anchor, -1) + 1
            anchor += f"-{taken[anchor]}" if taken[anchor] else ""
            token.attrSet("id", anchor)
            anchor = "" if level == 1 else anchor
        elif token.type in ("fence", "code_block") or (token.type == "inline" and tokens[i - 1].type != "heading_open"):
            words.append(_plain(token))
    if level:
        yield Section(level, title, anchor, " ".join(words))


def _all(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _plain(token: Token) -> str:
    """The words of a token without their markup."""
    if token.children is None:
        return token.content.strip()
    text = "".join(" " if t.type in ("softbreak", "hardbreak") else t.content for t in token.children)
    return text.strip()


def _shortened(text: str) -> str:
    """Its first sentence, or what of it is short enough."""
    first = re.split(r"(?<=\.) ", text, maxsplit=1)[0].rstrip(":")
    return first if len(first) <= SUMMARY_LETTERS else first[:SUMMARY_LETTERS].rpartition(" ")[0] + " …"
