"""Languages of the documents: of each a file in ``languages/`` and in every folder there, with the same keys and the
same names in braces.

A sentence leaves the rules as a phrase, a key with values; here it becomes words. A value that begins with ``@`` is a
key itself, several of them joined by ``|``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from station.errors import RequestError
from station.values.nonconformity import Phrase

_FOLDER: Final = Path(__file__).with_name("languages")
_PARTS: Final = ("documents", "sentences", "refusals", "advice")


@dataclass(frozen=True, slots=True)
class Language:
    """tag, region : of BCP 47, for hyphenation and glyph variants. joint : between sentences, listed : between the
    things of a list, colon : between a name and what is said of it. texts : by key."""

    code: str
    name: str
    tag: str
    region: str
    joint: str
    listed: str
    colon: str
    texts: dict[str, str]

    def text(self, key: str, **values: object) -> str:
        """The text of a key with its values. Raises KeyError for a key that the language does not have."""
        return self.texts[key].format(**{k: self._value(str(v)) for k, v in values.items()})

    def say(self, phrase: Phrase) -> str:
        """A phrase in words, its numbers and units set together."""
        return " ".join(self.text(phrase.key, **phrase.values).split())

    def of(self, name: str, said: str) -> str:
        """A name and what is said of it."""
        return f"{name}{self.colon}{said}"

    def joined(self, phrases: Iterable[Phrase]) -> str:
        """Phrases one after another."""
        return self.joint.join(self.say(p) for p in phrases)

    def _value(self, value: str) -> str:
        if not value.startswith("@"):
            return value
        return self.listed.join(self._word(key) for key in value.split("|"))

    def _word(self, key: str) -> str:
        """The word of a key; a kind of defect that a control sheet alone knows keeps its name."""
        table, _, name = key.removeprefix("@").partition(".")
        return self.texts.get(f"{table}.{name}", name.replace("-", " ") if table == "kind" else key)


def languages() -> tuple[str, ...]:
    """Codes of the languages that there are, in their order."""
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.toml")))


@cache
def language(code: str) -> Language:
    """The language of that code, such as ``en`` or ``zh-Hant``. Raises RequestError where there is none."""
    known = {c.casefold(): c for c in languages()}
    found = known.get(code.casefold())
    if found is None:
        raise RequestError(f"there is no language {code[:20]!r}", f"Use one of {', '.join(languages())}.")
    tables = tomllib.loads((_FOLDER / f"{found}.toml").read_text("utf-8"))
    others = [_FOLDER / folder / f"{found}.toml" for folder in _PARTS]
    more = [tomllib.loads(file.read_text("utf-8")) for file in others if file.exists()]
    rows = ((t, table) for file in (tables, *more) for t, table in file.items() if isinstance(table, dict))
    texts = {f"{t}.{key}": text for t, table in rows for key, text in table.items()}
    return Language(
        code=found, name=tables["name"], tag=tables["tag"], region=tables["region"], joint=tables["joint"],
        listed=tables["list"], colon=tables["colon"], texts=texts,
    )  # fmt: skip
