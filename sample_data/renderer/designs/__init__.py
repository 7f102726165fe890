"""The products of the sample set. Each module draws one; they are imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample_data.renderer.relief import Design

DESIGN_NAMES = ("alpine", "shield", "keychain", "fox", "hexagon")
"""The products of the curated set."""
FURTHER_NAMES = ("coin", "back")
"""Products of which there are no curated pictures."""


def design_named(name: str) -> Design:
    """The design of a name; ``KeyError`` for an unknown one."""
    from sample_data.renderer.relief import Design

    if name not in DESIGN_NAMES + FURTHER_NAMES:
        raise KeyError(name)
    design = getattr(import_module(f"sample_data.renderer.designs.{name}"), name.upper())
    if not isinstance(design, Design):
        raise TypeError(f"{name}.py defines no Design called {name.upper()}")
    return design
