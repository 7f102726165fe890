"""Sentences in no language, as rules leave them."""

from __future__ import annotations

from pydantic import Field

from station.values.documents import Document


class Phrase(Document):
    """A sentence in no language. key : of its template in a language file. A value that begins with ``@`` is a key
    itself."""

    key: str
    values: dict[str, str] = Field(default_factory=dict)
