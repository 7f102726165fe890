"""What the records say, for pages in another language: each template is a sentence that the station writes."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from raised_refusals import complaints, refusals, remarks

import station
from station.errors import RequestError
from station.report.languages import language
from station.report.sentences import CLOSED, EVIDENCE, RECORDS, REFUSALS, WITHIN, sentences, templates
from station.web.errors import fields

ROOT = Path(station.__file__).parent
ROOMS = (
    *("judge", "lots", "quality", "sheet", "measure", "service", "values", "calibrate", "devices", "models", "store"),
)
WHOLE, TAILS = templates("en")
TYPED = "typed_said."
"""Where something is wrong with a value: in a field of a request, under a key of a file."""
OWN = {k: v for k, v in (WHOLE | TAILS).items() if not k.startswith((EVIDENCE, RECORDS, "gate_said", *REFUSALS, TYPED))}
_TYPED = {k: v for k, v in WHOLE.items() if k.startswith(TYPED)}
REFUSED = {k: v for k, v in WHOLE.items() if k.startswith(REFUSALS)}
APART = {
    "cli": "the commands, which answer in a terminal",
    "service/help_pages.py": "`station docs`: the pages find the help by themselves",
    "service/schemas.py": "`station schema`",
}
"""Modules whose refusals no page is answered with, and who is."""
NO_WORDS = 6
"""Letters: a refusal of fewer of its own is all value, such as ``{}: {}``."""
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
    english, chinese = language("en").texts, language("zh-Hant").texts
    within = {k: v for k, v in english.items() if k.partition(".")[0] in WITHIN}
    for key, text in (OWN | REFUSED | _TYPED | within).items():
        names = HOLE.findall(text)
        assert len(set(names)) == len(names), key
        assert set(HOLE.findall(chinese[key])) == set(names), key
        assert chinese[key] != text, key


def said_of(file: Path) -> set[str]:
    """The texts of a module's refusals as the API says them, ``{}`` for what is filled in, without a full stop."""
    said = (text for refusal in refusals(file) for text in (*refusal.messages, *refusal.dos))
    return {fields(text.removesuffix(".")) for text in said}


def of_its_own(text: str) -> bool:
    return len(re.sub(r"[^A-Za-z]", "", text.replace("{}", ""))) >= NO_WORDS


def test_every_refusal_that_a_page_may_show_is_a_template() -> None:
    """An English refusal that somebody writes anew is written in the other languages too."""
    files = [f for f in sorted(ROOT.rglob("*.py")) if not any(f.is_relative_to(ROOT / part) for part in APART)]
    told = {HOLE.sub("{}", v) for v in (WHOLE | TAILS).values()}
    texts = {text: f.relative_to(ROOT) for f in files for text in said_of(f) if of_its_own(text)}
    assert len(texts) > 1250
    assert {text: str(where) for text, where in texts.items() if text not in told} == {}


@pytest.mark.parametrize(
    "module", ["lots/streams.py", "service/deciding.py", "service/draws.py", "service/lot_analysis.py"]
)
def test_what_is_remarked_of_lots_and_streams_is_a_template(module: str) -> None:
    told = {HOLE.sub("{}", v) for v in WHOLE.values()}
    found = set(remarks(ROOT / module))
    assert found
    assert found - told == set()


def test_every_template_of_a_refusal_is_one_that_is_raised() -> None:
    raised = set().union(*(said_of(f) for f in ROOT.rglob("*.py")))
    raised |= {d.removesuffix(".") for f in (ROOT / "sheet").glob("*.py") for c in complaints(f) for d in c.dos}
    assert {k: v for k, v in REFUSED.items() if HOLE.sub("{}", v) not in raised} == {}


def test_refusals_are_read_from_the_source(tmp_path: Path) -> None:
    """Texts put together of constants, choices and values; a parameter is a value, whatever it is called elsewhere."""
    file = tmp_path / "rules.py"
    file.write_text(
        """_DO = "Try " + "again."
what = "nothing"
class OwnError(PhotoError):
    code = "own"
def one(name, n):
    more = f" ({n} more)" if n else ""
    raise RequestError(f"{name}: {'one' if n == 1 else 'many'} too  many{more}", _DO)
def two(what):
    raise OwnError(f"{what} is {n + 1}", do="no") from OwnError(f"{what} is gone", "Look.")
"""
    )
    found = [(set(r.messages), set(r.dos)) for r in refusals(file)]
    first = {f"{{}}: {word} too many{more}" for word in ("one", "many") for more in ("", " ({} more)")}
    assert found == [(first, {"Try again."}), ({"{} is gone"}, {"Look."})]


def _shape(hole: re.Match[str]) -> str:
    """A hole, by its kind where no other word may stand in it."""
    kind = hole[1].rstrip("0123456789")
    return f"{{{kind}}}" if kind in (*CLOSED, *WITHIN) else "{}"


def test_no_two_templates_are_the_same_sentence() -> None:
    said = [HOLE.sub(_shape, v) for v in (WHOLE | TAILS).values()]
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
