"""What is wrong with a value that a model does not take, in words: by the kind of the error and what it holds, so that
no version of pydantic words what people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_TABLE: Final = "should be a table of keys and values"
_LIST: Final = "should be a list"
_TEXT: Final = "should be a valid string"
_WHOLE: Final = "should be a valid integer"
_NUMBER: Final = "should be a valid number"
_FLAG: Final = "should be true or false"
_DAY: Final = "should be a date, such as 2026-05-01"
_TIME: Final = "should be a time, such as 2026-05-01T08:30:00Z"
WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no key that is known here",
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": "should have {min_length} characters or more",
    "string_too_long": "should have at most {max_length} characters",
    "string_pattern_mismatch": "should match the pattern {pattern}",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": "should be a finite number (not nan or inf)",
    "greater_than": "should be greater than {gt}",
    "greater_than_equal": "should be greater than or equal to {ge}",
    "less_than": "should be less than {lt}",
    "less_than_equal": "should be less than or equal to {le}",
    "bool_type": _FLAG,
    "bool_parsing": _FLAG,
    "literal_error": "should be {expected}",
    "enum": "should be {expected}",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": _TIME,
    "timezone_naive": _TIME,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dict_attributes_type": _TABLE,
    "too_short": "should have {min_length} entries or more",
    "too_long": "should have at most {max_length} entries",
}
"""By the types of pydantic's errors; in braces what their context holds."""
EMPTY: Final = "should not be empty"
"""Of what is to have one character or entry and more."""


def wrong(error: ErrorDetails) -> str:
    """What is wrong with one value, to stand after its name. What a validator of ours raises stays in its own words."""
    told: dict[str, Any] = dict(error.get("ctx", {}))
    if error["type"] == "value_error":
        return str(told["error"])
    if told.get("min_length") == 1:
        return EMPTY
    words = WORDS.get(error["type"])
    return error["msg"] if words is None else words.format_map(told)


def first_fault(error: Any, name: str) -> str:
    """The first of a model's errors, as ``key: what is wrong``. name : of the whole, where the error is of no key."""
    entry = error.errors()[0]
    return f"{'.'.join(str(p) for p in entry['loc']) or name}: {wrong(entry)}"
