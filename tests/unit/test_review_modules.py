"""The review page names every script that it uses at its head, and no other."""

from __future__ import annotations

from station.web.routes.pages import REVIEW_MODULES
from station.web.showing import STATIC


def test_every_script_of_the_review_page_is_fetched_at_once() -> None:
    assert {"head.js", "words.js", "claims.js", "keys.js", "live.js", "others.js", "second-look.js"} <= set(
        REVIEW_MODULES
    )
    assert not {"review.js", "first-run.js"} & set(REVIEW_MODULES)  # the page itself, and what comes when it is needed
    assert len(REVIEW_MODULES) == len(set(REVIEW_MODULES))
    for name in REVIEW_MODULES:
        for line in (STATIC / name).read_text(encoding="utf-8").splitlines():
            if line.startswith("import "):
                assert line.split('"')[-2].removeprefix("./") in REVIEW_MODULES, name
