"""How far a use case is that takes a while, told as it goes on."""

from __future__ import annotations

from collections.abc import Callable

OnStep = Callable[[str, int, int], None]
"""Hears what is done now, how many steps are done, and how many there are. Steps: ``reading`` a picture, ``measuring``,
``placing`` further photos of a golden sample onto it, ``keeping`` what was found."""


def silent(_what: str, _done: int, _of: int) -> None:
    """Tells nobody."""


class Steps:
    """Counts steps and tells of each as it begins. of : how many there will be."""

    def __init__(self, on_step: OnStep, of: int) -> None:
        self._on_step, self._of, self._done = on_step, of, 0

    def __call__(self, what: str) -> None:
        """A step begins; the one before it is done."""
        self._on_step(what, min(self._done, self._of), self._of)
        self._done += 1
