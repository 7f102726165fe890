"""The review page names every script that it uses at its head, and no other."""

from __future__ import annotations

import re

from station.web.routes.pages import REVIEW_MODULES
from station.web.showing import STATIC


def test_every_script_of_the_review_page_is_fetched_at_once() -> None:
    found, open_ones = set[str](), ["review.js", "head.js"]
    while open_ones:
        name = open_ones.pop()
        if name not in found:
            found.add(name)
            open_ones += re.findall(r'from "\./([\w-]+\.js)"', (STATIC / name).read_text(encoding="utf-8"))
    assert set(REVIEW_MODULES) == found - {"review.js"}
    assert len(REVIEW_MODULES) == len(set(REVIEW_MODULES))
