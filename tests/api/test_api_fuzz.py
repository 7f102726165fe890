"""Requests made from the description: none is answered with 500, none in a way that is not described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.filterwarnings("ignore")  # of the generator's own libraries
def test_every_answer_to_generated_requests_is_described(server: tuple[str, Any]) -> None:
    from api_fuzz import fuzz

    found = fuzz(server[0], examples=5, seconds=40, seed=20260510)
    assert found.cases > 20  # some hundred where nothing else runs
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert not [s for s in found.statuses if s >= 500]


def test_files_from_strangers_are_refused_or_undecided_and_leave_nothing(golden_home: Path, serve: Any) -> None:
    from shown_golden import NUMBER
    from upload_fuzz import bombs, upload

    with serve(golden_home) as (address, _app):
        found = upload(address, golden_home, count=30, seed=20261130, golden=NUMBER)
    assert sum(found.statuses.values()) == 30 + len(bombs())
    assert found.codes["bad-photo"] > 20
    assert not found.wrong, "\n".join(found.wrong[:20])
