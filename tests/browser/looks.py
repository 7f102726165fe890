"""What can be told of a page's looks without an eye: what overflows, is cut, is too small to read or to press, and what
is left in English where it should be Chinese."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SIZES = ((1280, 800), (2560, 1440), (820, 1180))
"""Window sizes that every page must fit: a small and a large screen, a tablet upright."""
LEAST_TEXT_PX, LEAST_TARGET_PX = 12, 24
"""What is read beside a picture, and what is pressed without missing it (WCAG 2.5.8)."""
_LOOK = Path(__file__).with_name("looks.js")


def ugly(page: Page, *, kept: str = "", settle_ms: int = 250) -> list[str]:
    """Look at a page at every size; one line a place. kept : an expression for what may stay in English, being a name.

    The window has its first size again afterwards.
    """
    script = _LOOK.read_text(encoding="utf-8")
    found: dict[str, None] = {}
    asked: dict[str, Any] = {"text": LEAST_TEXT_PX, "target": LEAST_TARGET_PX, "kept": kept}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(settle_ms)  # what follows the window's size is drawn with the next frames
        found |= dict.fromkeys(f"{width}: {line}" for line in page.evaluate(f"(asked) => ({script})(asked)", asked))
    page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    return list(found)
