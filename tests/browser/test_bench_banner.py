"""The bar on the review page that names a bench which does not judge, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from station.service.station import open_database
from station.settings import Settings
from station.store import records


def put_in_use(home: Path, *, expires_in: timedelta, uniformity: float = 0.92) -> None:
    """A bench with a golden sealed on it."""
    now = datetime.now(UTC)
    light = {
        "rig": "bench-a", "gain": [[[1.0, 1.0, 1.0]]], "photo_size": [64, 48], "uniformity": uniformity,
        "residual": 0.003, "lux": 900.0, "images": 2, "made_at": (now - timedelta(days=29)).isoformat(),
        "expires_at": (now + expires_in).isoformat(),
    }  # fmt: skip
    db = open_database(Settings(home=home))
    try:
        rig = {"name": "bench-a", "camera": {"width": 64, "height": 48, "distance_mm": 300.0}}
        records.add_rig(db, name="bench-a", digest="1", document=json.dumps(rig), at=now)
        records.add_calibration(
            db, rig_id=records.rig(db, "bench-a").id, kind="light", document=json.dumps(light), files=[], made_at=now,
            expires_at=now + expires_in,
        )  # fmt: skip
        sealed = records.golden(db, "GS-1")
        values = {
            name: getattr(sealed, name) for name in sealed.__dataclass_fields__ if name not in ("id", "sealed_at")
        }
        records.add_golden(db, {**values, "version": 2, "rig": "bench-a", "digest": "e" * 64}, [], now)
    finally:
        db.close()


@pytest.mark.parametrize(
    ("expires_in", "uniformity", "texts"),
    [
        (timedelta(days=-1), 0.92, ["▲ Bench bench-a does not judge colour", "expired on"]),
        (timedelta(days=9), 0.7, ["▲ Bench bench-a does not judge colour", "darkest of nine places has 70%"]),
        (timedelta(days=2), 0.92, ["◷ Bench bench-a soon will not judge colour", "expires on"]),
        (timedelta(days=9), 0.92, []),
    ],
)  # fmt: skip
def test_the_bar_names_what_is_wrong_and_the_command(
    browser: Browser, review_home: Path, serve: Callable[..., Any], expires_in: timedelta, uniformity: float,
    texts: list[str],
) -> None:  # fmt: skip
    put_in_use(review_home, expires_in=expires_in, uniformity=uniformity)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with serve(review_home) as (address, _app):
        with page.expect_response("**/api/v1/bench"):
            page.goto(address)
        expect(page.locator("#stage")).to_be_visible()
        bar = page.locator("#bench")
        if not texts:
            expect(bar).to_be_hidden()
        else:
            expect(bar.locator("li")).to_have_count(1)
            shown = bar.evaluate(
                "node => getComputedStyle(node.querySelector('b'), '::before').content.replaceAll('\\\"', '')"
            )
            assert shown + bar.locator("b").inner_text() == texts[0]
            expect(bar).to_contain_text(texts[1])
            expect(bar.locator("code")).to_have_text("station calibrate light --rig bench-a GREY.jpg ...")
            box = page.locator("#decide").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 800  # the decision stays on the screen
        page.close()
    assert complaints == []
