"""Several reviewers' words on one unit: who may settle it, and when they disagree."""

from __future__ import annotations

import pytest

from station.judge.second_look import Word, disputed_by, may_settle


def said(*words: str) -> list[Word]:
    """Words such as ``Ada accept``, each with what it disputes."""
    made: list[Word] = []
    for text in words:
        name, decision, *approver = text.split()
        disputes = disputed_by(made, decision, name, approves=bool(approver))
        made.append(Word(len(made) + 1, decision, name, disputes))
    return made


@pytest.mark.parametrize(
    ("words", "disputes"),
    [
        (("Ada accept", "Bo reject"), 1),
        (("Ada accept", "Bo accept"), None),
        (("Ada accept", "ADA reject"), None),  # a change of mind
        (("Ada accept", "Bo reject", "Ada reject"), None),  # came round
        (("Ada accept", "Bo reject", "Ada accept"), 2),  # insists
        (("Ada accept", "Bo reject", "Cy accept"), None),  # a third settles
        (("Ada accept", "Bo reject", "Cy accept", "Bo reject"), 3),  # what a third settled may be disputed anew
        (("Ada accept", "Bo reject", "Cy accept", "Bo accept"), None),
        (("Ada accept", "Bo reject", "Ada accept approver"), None),  # an approver settles, the first one too
        (("Ada accept", "Bo reject approver"), None),
        (("Ada accept", "Bo reject", "Ada undo", "Bo accept"), None),  # undo withdraws every word before it
        (("Ada accept", "Bo defer", "Cy reject"), 1),  # a deferral settles nothing
        (("Ada accept", "Bo reject", "Cy defer", "Cy reject"), None),
        (("Ada accept", "Bo defer"), None),
    ],
)
def test_the_word_that_another_contradicts(words: tuple[str, ...], disputes: int | None) -> None:
    assert said(*words)[-1].disputes == disputes


def test_words_from_before_disagreements_were_kept_are_taken_as_overruling() -> None:
    before = [Word(1, "accept", "Ada"), Word(2, "reject", "Bo")]
    assert disputed_by(before, "reject", "Ada") is None
    assert disputed_by(before, "accept", "Cy") == 2


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ((), True),
        (("Ada defer",), False),
        (("Bo defer",), True),
        (("Ada defer", "Bo defer"), False),
        (("Ada defer", "Ada undo"), True),
        (("Ada defer", "Bo accept"), True),
    ],
)
def test_who_deferred_does_not_settle(words: tuple[str, ...], may: bool) -> None:
    assert may_settle(said(*words), " ada") is may
