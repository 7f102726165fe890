"""Requests made from the description: none is answered with 500, none in a way that is not described."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.filterwarnings("ignore")  # of the generator's own libraries
def test_every_answer_to_generated_requests_is_described(server: tuple[str, Any]) -> None:
    from api_fuzz import fuzz

    found = fuzz(server[0], examples=5, seconds=40, seed=20260510)
    assert found.cases > 20  # some hundred where nothing else runs
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert not [s for s in found.statuses if s >= 500]
