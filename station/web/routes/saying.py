"""What a request says in somebody's name, and the words that such requests share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from station.values.documents import Document
from station.web.routes.common import By

Text = Annotated[str, Field(max_length=4000)]
"""What people write at length."""
Word = Annotated[str, Field(max_length=200)]
"""A name, a place, a title."""
Kind = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z-]*$")]
"""One of a list that the station knows; it names the others where it does not know this one."""


class Said(Document):
    """Something that somebody says."""

    by: By = ""
