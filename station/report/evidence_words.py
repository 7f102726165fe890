"""What speaks for and against a cause, put into words of a language from the phrases that the analysis leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from station.report.languages import Language
from station.report.words import characteristic, defect, unit_of
from station.values.lot_analysis import EvidenceDocument, PlaceTestDocument
from station.values.phrase import Phrase

_COORDINATES: Final = ("lightness", "chroma", "hue")
"""What the analysis splits a colour into: ``colour:sky lightness``."""
_NONCONFORMING: Final = "nonconforming"


def evidence_words(e: EvidenceDocument, language: Language) -> str:
    """A piece of evidence in the language; in English in the words of the record itself."""
    if language.code == "en" or not e.said:
        return e.words
    return said_words(
        e.said, language, name=lambda n: split_colour(n, language), factor=lambda f: factor_words(f, language),
        unit=unit_of,
    )  # fmt: skip


def said_words(
    said: Sequence[Phrase], language: Language, *, name: Callable[[str], str], factor: Callable[[str], str],
    unit: Callable[[str], str],
) -> str:  # fmt: skip
    """Phrases in words, one directly after another: what goes on says so in its own text.

    name, factor, unit : how a characteristic, a factor and a unit are called.
    """
    return "".join(_text(p, language, name, factor, unit) for p in said)


def split_colour(name: str, language: Language) -> str:
    """A characteristic in words, a colour's lightness, chroma or hue too."""
    kind, _, rest = name.partition(":")
    region, _, coordinate = rest.rpartition(" ")
    if kind == "colour" and region and coordinate in _COORDINATES:
        return language.text(f"coordinate.{coordinate}", name=region)
    return language.text("fact.nonconforming-units") if name == _NONCONFORMING else characteristic(name, language)


def factor_words(name: str, language: Language) -> str:
    """A factor in words: the station's own are translated, an identifier keeps the name that people gave it."""
    return language.texts.get(f"factor.{name}", name.replace("_", " "))


def level_words(factor: str, level: str, language: Language) -> str:
    """A level of a factor: what the station made of the draw is translated, what people gave stays."""
    return language.texts.get(f"{factor}_level.{level}", level)


def place_words(place: PlaceTestDocument, language: Language) -> str:
    """A kind of finding with how many there are on how many units."""
    counts = {
        thing: language.text(f"picture.{thing}-one" if n == 1 else f"picture.{thing}", count=n)
        for thing, n in (("findings", place.findings), ("units", place.units))
    }
    return language.text("picture.map-kind", kind=defect(place.kind, language), **counts)


def clock_words(clock: str, language: Language) -> str:
    """A direction from the middle of the part as on a clock face, ``3 o'clock`` in the record, in words."""
    return language.text("lot_said.clock", hour=clock.partition(" ")[0])


def _text(
    p: Phrase, language: Language, name: Callable[[str], str], factor: Callable[[str], str],
    unit: Callable[[str], str],
) -> str:  # fmt: skip
    given = p.values
    values = dict(given)
    count = given.get("count")
    if "name" in given:
        values["name"] = name(given["name"])
    if "defect" in given:
        values["defect"] = name(given["defect"])
    if "unit" in given:
        values["unit"] = unit(given["unit"])
    if "what" in given:
        values["what"] = language.text(f"told_what.{given['what']}")
    if "level" in given:
        values["level"] = level_words(given["factor"], given["level"], language)
    if "levels" in given:
        levels = [level_words(given["factor"], x, language) for x in given["levels"].split("|")]
        values["levels"] = language.listed.join(levels)
    if "factor" in given:
        values["factor"] = factor(given["factor"])
    if "names" in given:
        names, more = [name(n) for n in given["names"].split("|")], int(given["more"])
        names += [language.text("told.more", count=more)] if more else []
        count = str(len(names))
        last = names.pop()
        values["names"] = language.text("told.and", first=", ".join(names), last=last) if names else last
    one = f"{p.key}-one"
    key = one if count == "1" and one in language.texts else p.key
    return language.texts[key].format(**values)
