"""The words under which a version of a golden sample is approved."""

from __future__ import annotations

from collections.abc import Sequence

from station.quality import sign_off as rules


def approval_text(number: str, version: int, sheet_toml: str, *, photo: bool, controlled: Sequence[str] = ()) -> str:
    """The approval statement of a sealed version, in English, as it is signed.

    photo : whether the golden sample's photo is there. controlled : attributes that the record names. Raises
    ConflictError where the version has no day, photo or specification: what does not say these cannot be approved (G4).
    """
    from station.report.approval import approval_words
    from station.report.languages import language
    from station.sheet import load_sheet

    sheet = load_sheet(sheet_toml.encode())
    rules.require_approvable(number, sheet, version=version, photo=photo)
    return approval_words(language("en"), sheet, number=number, version=version, controlled=controlled)
