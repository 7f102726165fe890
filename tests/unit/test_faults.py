"""What is said of a value that a request or a file may not have: of every kind that there is, in each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import AfterValidator, AwareDatetime, Field, ValidationError
from raised_refusals import complaints

import station
from station.report.languages import language
from station.report.sentences import templates
from station.values.documents import Document
from station.values.faults import EMPTY, WORDS, first_fault, wrong
from station.web.app import ROUTERS
from station.web.routes.receiving import short_name

ROOT = Path(station.__file__).parent
HOLE = re.compile(r"\{(\w+)\}")
FAULTS = {k: v for k, v in language("en").texts.items() if k.startswith("fault.")}
PATTERNS = [re.sub(r"\\{\w+\\}", "(?:.+)", re.escape(v)).replace(r"\ ", " ") for v in FAULTS.values()]
SHAPES = {HOLE.sub("{}", v) for v in FAULTS.values()}
ADVICE = {HOLE.sub("{}", v) for k, v in templates("en")[0].items() if k.startswith("advice_said.")}
RAISED_BY = {
    "str": ("string_type",), "int": ("int_type", "int_parsing", "int_parsing_size", "int_from_float"),
    "float": ("float_type", "float_parsing", "finite_number"), "decimal": ("decimal_type", "decimal_parsing"),
    "bool": ("bool_type", "bool_parsing"), "literal": ("literal_error",), "enum": ("enum",),
    "date": ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
    "datetime": ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"),
    "list": ("list_type",), "tuple": ("tuple_type",), "dict": ("dict_type",),
    "model": ("model_type", "model_attributes_type"), "model-fields": ("missing", "extra_forbidden"),
}  # fmt: skip
"""Kinds of errors by the kinds of pydantic's schemas."""
RAISED_BY_LIMIT = {
    "ge": "greater_than_equal", "gt": "greater_than", "le": "less_than_equal", "lt": "less_than",
    "pattern": "string_pattern_mismatch", "min_length": "too_short", "max_length": "too_long",
}  # fmt: skip
WORDLESS = frozenset({
    "default", "nullable", "union", "chain", "lax-or-strict", "json-or-python", "function-after", "function-wrap",
    "no-info", "is-instance", "any", "model-field", "definitions", "definition-ref",
})  # fmt: skip
"""Schemas that put others together, or hand on to a validator of ours."""


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema within one."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node
        for key, value in node.items():
            if key not in ("metadata", "serialization"):
                yield from schemas(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from schemas(value)


def asked(dependant: Dependant) -> Iterator[Any]:
    """The fields of a route's requests, and those of what it depends on."""
    yield from (*dependant.body_params, *dependant.query_params, *dependant.path_params, *dependant.header_params)
    for one in dependant.dependencies:
        yield from asked(one)


@cache
def refusable() -> frozenset[str]:
    """The kinds of errors that requests can be refused with."""
    found = set()
    for route in (r for router in ROUTERS for r in router.routes):
        for field in asked(route.dependant):  # type: ignore[attr-defined]
            for schema in schemas(field._type_adapter.core_schema):
                kind = schema["type"]
                if kind in WORDLESS:
                    continue
                found |= set(RAISED_BY[kind])
                limits = (RAISED_BY_LIMIT[k] for k in schema if k in RAISED_BY_LIMIT)
                found |= {f"string_{x}" if kind == "str" and x.startswith("too") else x for x in limits}
    return frozenset(found)


def test_every_request_is_refused_in_words_of_our_own() -> None:
    assert len(refusable()) > 25
    assert refusable() - WORDS.keys() == set()


@pytest.mark.parametrize("words", sorted({*WORDS.values(), EMPTY}))
def test_words_are_templates(words: str) -> None:
    assert HOLE.sub("{}", words) in SHAPES


def files() -> Iterable[Path]:
    """Modules whose validators raise what people read."""
    return (*sorted((ROOT / "sheet").glob("*.py")), ROOT / "values" / "bench.py", ROOT / "web/routes/receiving.py")


def test_what_validators_say_is_a_template() -> None:
    said = [c for f in files() for c in complaints(f)]
    assert len(said) > 20
    heads = "|".join(PATTERNS + [p.partition("; ")[0] for p in PATTERNS if "; " in p])
    wordless = {m for c in said for m in c.messages if not re.fullmatch(heads, m.replace("{}", "x"))}
    assert wordless == set()
    of_sheets = [c for f in files() if f.parent.name == "sheet" for c in complaints(f)]
    assert {d.removesuffix(".") for c in of_sheets for d in c.dos} - ADVICE == set()


class Asked(Document):
    """Fields as requests have them."""

    name: Annotated[str | None, AfterValidator(short_name)] = None
    word: str = Field(default="aa", min_length=2, max_length=4, pattern="^a+$")
    letter: str = Field(default="a", min_length=1)
    count: int = Field(default=1, ge=1, le=9)
    share: float = Field(default=0.5, gt=0, lt=1, allow_inf_nan=False)
    price: Decimal = Decimal(1)
    kind: Literal["pin", "coin"] = "pin"
    ids: tuple[int, ...] = Field(default=(1, 2), min_length=2, max_length=3)
    named: dict[str, int] | None = None
    on: date | None = None
    at: AwareDatetime | None = None
    whole: bool = True


class Needed(Document):
    """A field without a value of its own, and a table."""

    name: str
    inner: Asked = Asked()


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("word", "a", "should have 2 characters or more"), ("letter", "", "should not be empty"),
        ("word", "aaaaa", "should have at most 4 characters"), ("word", "bb", "should match the pattern ^a+$"),
        ("word", 1, "should be a valid string"), ("count", 0, "should be greater than or equal to 1"),
        ("count", 10, "should be less than or equal to 9"), ("count", "x", "should be a valid integer"),
        ("count", 1.5, "should be a valid integer"), ("count", [], "should be a valid integer"),
        ("share", 0, "should be greater than 0.0"), ("share", 1, "should be less than 1.0"),
        ("share", "x", "should be a valid number"), ("share", "nan", "should be a finite number (not nan or inf)"),
        ("price", "x", "should be a valid number"), ("kind", "cup", "should be 'pin' or 'coin'"),
        ("ids", 1, "should be a list"), ("ids", [1], "should have 2 entries or more"),
        ("ids", [1, 2, 3, 4], "should have at most 3 entries"), ("named", 1, "should be a table of keys and values"),
        ("on", "1.5.26", "should be a date, such as 2026-05-01"),
        ("at", "noon", "should be a time, such as 2026-05-01T08:30:00Z"),
        ("at", datetime(2026, 5, 1), "should be a time, such as 2026-05-01T08:30:00Z"),
        ("whole", "x", "should be true or false"), ("more", 1, "is no key that is known here"),
        ("name", "封" * 90, "a name has at most 200 bytes; give a shorter one"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_value(field: str, given: object, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Asked.model_validate({field: given})
    assert wrong(error.value.errors()[0]) == said
    assert re.fullmatch("|".join(PATTERNS), said)


def test_where_it_is_wrong() -> None:
    for given, said in (
        ({}, "name: is missing"),
        ({"name": "a", "inner": {"ids": [1, "x"]}}, "inner.ids.1: should be a valid integer"),
        ("nothing", "the file: should be a table of keys and values"),
    ):
        with pytest.raises(ValidationError) as error:
            Needed.model_validate(given)
        assert first_fault(error.value, "the file") == said


def test_a_kind_of_error_that_nobody_foresaw_is_said_by_pydantic() -> None:
    told: Any = {"type": "url_scheme", "loc": (), "msg": "URL scheme should be https", "input": "", "ctx": {}}
    assert wrong(told) == "URL scheme should be https"
