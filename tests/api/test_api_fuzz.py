"""Requests made from the description: none is answered with 500, none in a way that is not described."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shown_lot import CLEAN, GOLDEN, LOT, ORDER

from station.client import Client


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


@pytest.mark.filterwarnings("ignore")
def test_every_answer_to_requests_that_reach_the_records_is_described(
    lot_home: Path, tmp_path: Path, serve: Callable[..., Any]
) -> None:
    from api_fuzz import fuzz

    with serve(lot_home) as (address, _app):
        with Client(address, timeout=120) as client:
            known = reached(client, tmp_path)
        found = fuzz(address, examples=4, seconds=60, seed=20260511, known=known)
    assert found.cases > 20
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert not [s for s in found.statuses if s >= 500]
    assert found.statuses[200] + found.statuses[201] > 5


def reached(client: Client, folder: Path) -> dict[str, list[Any]]:
    """Names and files that requests may name, with which they reach what answers them."""
    table, picture = folder / "table.csv", folder / "picture.png"
    table.write_text("unit,carton,units,kind,note,of,part,value\nu-1,1,60,scratch,on the sky,32,1,30.0\n")
    import cv2
    import numpy as np

    cv2.imwrite(str(picture), np.full((64, 64, 3), 90, dtype=np.uint8))
    files = [client.upload(table), client.upload(picture)]
    claim = next(client.nonconformities()).number
    unit = next(client.units(lot=LOT))
    return {
        "number": [GOLDEN, claim], "order": [ORDER], "lot": [LOT, CLEAN], "golden": [GOLDEN], "unit_id": [unit.id],
        "unit": [unit.unit], "by": ["M. Weber"], "sku": ["MAS-PIN-30"], "gate": ["pre-production", "final"],
        "file": files, "photo": files[1:], "front": files[1:], "back": files[1:], "carton_file": files[:1],
    }  # fmt: skip
