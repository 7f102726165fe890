"""What the records say, for pages in another language: each template is a sentence that the station writes."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field, ValidationError
from raised_refusals import refusals, remarks

import station
from station.errors import RequestError
from station.report.languages import language
from station.report.sentences import CLOSED, EVIDENCE, RECORDS, REFUSALS, sentences, templates
from station.values.documents import Document
from station.web.errors import fields
from station.web.routes.receiving import short_name
from station.web.routes.streams import NewStream

ROOT = Path(station.__file__).parent
ROOMS = ("judge", "lots", "quality", "sheet", "measure", "service", "values", "calibrate", "devices", "models")
WHOLE, TAILS = templates("en")
TYPED = "typed_said."
"""What pydantic says of a field of a request."""
OWN = {k: v for k, v in (WHOLE | TAILS).items() if not k.startswith((EVIDENCE, RECORDS, "gate_said", *REFUSALS, TYPED))}
_TYPED = {k: v for k, v in WHOLE.items() if k.startswith(TYPED)}
REFUSED = {k: v for k, v in WHOLE.items() if k.startswith(REFUSALS)}
SHOWN = (
    *("errors.py", "golden_line.py", "calibrate", "devices", "models", "report", "sheet", "store", "values", "web"),
    *(f"lots/{name}.py" for name in ("decide", "draw", "orders", "plans", "streams", "switching")),
    *(f"measure/{name}.py" for name in ("frame", "golden_features", "master_index", "part", "regions")),
    "measure/round_features.py",
    *(f"quality/{name}.py" for name in (
        "corrective", "cost", "disposition", "escalation", "gate_rules", "gates", "golden_record", "in_line_checks",
        "kind_words", "sign_off", "traceability", "variance_causes", "wording")),
    *(f"service/{name}.py" for name in (
        "accounts", "attempts", "bench", "camera", "capability", "claiming", "corrective", "deciding", "declared",
        "draws", "finding_reviews", "gate_evidence", "gate_release", "gates", "golden_record", "live_view",
        "lot_analysis", "lot_facts", "lots", "measuring", "nonconformities", "ordering", "planning", "recorded",
        "repeating", "review_screen", "reviewing", "sample_line", "sealing", "signatures", "signing_off", "station",
        "streams", "traceability")),
)  # fmt: skip
"""Modules whose refusals a page may be answered with."""
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
    chinese = language("zh-Hant").texts
    for key, text in (OWN | REFUSED | _TYPED).items():
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
    places = [ROOT / part for part in SHOWN]
    files = [f for p in places for f in ([p] if p.is_file() else sorted(p.rglob("*.py")))]
    told = {HOLE.sub("{}", v) for v in (WHOLE | TAILS).values()}
    texts = {text: f.relative_to(ROOT) for f in files for text in said_of(f) if of_its_own(text)}
    assert len(texts) > 900
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
    assert {k: v for k, v in REFUSED.items() if HOLE.sub("{}", v) not in raised} == {}


class Asked(Document):
    """Fields as requests have them."""

    name: Annotated[str | None, AfterValidator(short_name)] = None
    word: str = Field(default="aa", min_length=2, max_length=4, pattern="^a+$")
    letter: str = Field(default="a", min_length=1)
    count: int = Field(default=1, ge=1, le=9)
    share: float = Field(default=0.5, gt=0, lt=1)
    kind: Literal["pin", "coin"] = "pin"
    ids: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("field", "given", "key"),
    [
        ("word", "a", "shortest"), ("letter", "", "shortest-one"), ("word", "aaaaa", "longest"),
        ("word", "bb", "pattern"), ("word", 1, "text"), ("count", 0, "at-least"), ("count", 10, "at-most"),
        ("count", "x", "integer"), ("count", [], "whole"), ("share", 0, "above"), ("share", 1, "below"),
        ("share", "x", "number"), ("kind", "cup", "one-of"), ("ids", 1, "list"), ("more", 1, "extra"),
        ("name", "封" * 90, "name"), (None, None, "required"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_field_is_a_template(field: str | None, given: object, key: str) -> None:
    """As the handler of invalid requests says it, see ``station.web.errors``."""
    values = {} if field is None else {field: given}
    model: type[Document] = Asked if field is not None else NewStream
    with pytest.raises(ValidationError) as error:
        model.model_validate(values)
    said = str(error.value.errors()[0]["msg"])
    text = f"body.field: {said[:1].lower()}{said[1:]}"
    pattern = re.sub(r"\\{\w+\\}", "(.+)", re.escape(WHOLE[TYPED + key]))
    assert re.fullmatch(pattern, text), text


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
