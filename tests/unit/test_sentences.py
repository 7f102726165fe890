"""What the records say, for pages in another language: each template is a sentence that the station writes."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import station
from station.errors import RequestError
from station.report.languages import language
from station.report.sentences import CLOSED, EVIDENCE, RECORDS, sentences, templates

ROOT = Path(station.__file__).parent
ROOMS = ("judge", "lots", "quality", "sheet", "measure", "service", "values", "calibrate")
WHOLE, TAILS = templates("en")
OWN = {k: v for k, v in (WHOLE | TAILS).items() if not k.startswith((EVIDENCE, RECORDS, "gate_said"))}
HOLE = re.compile(r"\{(\w+)\}")


@cache
def written() -> str:
    """Every text of the rooms that write records, with ``{}`` for what is filled in."""
    found: set[str] = set()
    for file in (f for room in ROOMS for f in sorted((ROOT / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values))
    needs = tomllib.loads((ROOT / "sheet" / "templates" / "needs.toml").read_text("utf-8"))
    found |= {f"Add {need['add']}" for table in needs.values() for need in table}
    return "\n".join(sorted(found)).casefold()


def pieces(clause: str) -> int:
    """How many pieces of the source a clause is put together of, each as long as can be; words that are nowhere in it
    count ten."""
    words, count = clause.split(), 0
    while words:
        end = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in written()), 0)
        count += 1 if end else 10
        words = words[end or 1 :]
    return count


@pytest.mark.parametrize("key", OWN)
def test_each_template_is_what_the_station_writes(key: str) -> None:
    """Clause by clause, as most sentences are put together, and some clauses of two or three."""
    for part in re.split(r"\{\w+\}|[:;,.(]", OWN[key]):
        clause = part.strip(" )").casefold()
        assert len(clause) < 9 or pieces(clause) <= 3, clause


def test_the_languages_have_the_same_templates_with_the_same_names() -> None:
    """A name stands once in a sentence, and again in the other language."""
    chinese = language("zh-Hant").texts
    for key, text in OWN.items():
        names = HOLE.findall(text)
        assert len(set(names)) == len(names), key
        assert set(HOLE.findall(chinese[key])) == set(names), key
        assert chinese[key] != text, key


def test_no_two_templates_are_the_same_sentence() -> None:
    said = [HOLE.sub("{}", v) for v in (WHOLE | TAILS).values()]
    assert sorted({s for s in said if said.count(s) > 1}) == []


def test_a_page_gets_the_words_of_its_language() -> None:
    found = sentences("zh-Hant")
    assert found["words"]["kind"]["glare"] == "反光"
    assert found["words"]["kind"]["missing-enamel"] == "琺瑯缺料"
    assert found["words"]["what"]["outlines and sizes"] == "外形與尺寸"
    assert found["characteristics"]["colour"] == "{name} 的顏色"
    assert ["before production", "生產前"] in found["sentences"]
    assert all(found["words"][kind] for kind in CLOSED)
    with pytest.raises(RequestError):
        sentences("xx")
