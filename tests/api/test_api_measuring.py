"""The API on entered values and gauge studies: a unit's document has them, and they are listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from station.service import Station
from station.service.entering import NewValue
from station.service.station import open_database
from station.settings import Settings
from station.store import capability, records
from station.values.capability import CapabilityDocument, FalseAlarmDocument

API = "/api/v1"
JUNE = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def measured_by_hand(home: Path) -> None:
    """Width of unit-2 and unit-3 by calliper, one of them too large; and a study of the calliper."""
    calliper = NewValue(
        where="width", unit="unit-3", name="width", value=30.1, u=0.02, instrument="calliper C-1",
        calibrated_on=date(2026, 5, 1), golden="GS-1", by="M. Weber",
    )  # fmt: skip
    table = home / "values.csv"
    table.write_text("part,value\n1,30.0\n1,30.01\n2,30.1\n2,30.12\n")
    with Station(Settings(home=home), clock=lambda: JUNE) as station:
        station.entered.enter([calliper])
        too_wide = NewValue(**{k: getattr(calliper, k) for k in calliper.__slots__} | {"value": 30.9})
        station.entered.enter([too_wide])
        station.gauge.from_values(table, golden="GS-1", characteristic="width", by="M. Weber")


@pytest.fixture
def client(review_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    measured_by_hand(review_home)
    with serve(review_home) as (address, _app), httpx.Client(base_url=address, trust_env=False, timeout=60) as found:
        yield found


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(API + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_units_document_has_what_was_entered(client: httpx.Client) -> None:
    unit = next(u for u in get(client, "/units")["items"] if u["unit"] == "unit-3")
    assert (unit["verdict"], unit["standing"]) == ("nonconforms", "nonconforms")
    found = get(client, f"/units/{unit['id']}/document")
    entered = found["measurements"][-1]
    assert (entered["characteristic"], entered["value"], entered["verdict"]) == ("entered:width", 30.9, "nonconforms")
    assert found["reasons"][0].startswith("width is 30.90 mm, upper limit")
    tally = get(client, "/lots/L/1/tally?size=8")
    assert tally["counts"]["entered:width"] == 1
    assert get(client, "/lots/L/1")["nonconforms"] == 2


def test_entered_values_are_listed_with_their_history(client: httpx.Client) -> None:
    (stands,) = get(client, "/entered?lot=L/1&unit=unit-3")
    assert (stands["judged"]["value"], stands["instrument"], stands["by"]) == (30.9, "calliper C-1", "M. Weber")
    assert [v["judged"]["value"] for v in get(client, "/entered?unit=unit-3&history=true")] == [30.1, 30.9]
    assert get(client, "/entered?lot=other") == []


def test_the_newest_capability_study_of_a_golden_is_answered(client: httpx.Client, review_home: Path) -> None:
    answer = client.get(f"{API}/goldens/GS-1/capability")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")
    db = open_database(Settings(home=review_home))
    golden = records.golden(db, "GS-1")
    alarms = FalseAlarmDocument(
        parts=9, alarms=0, per_part=0.0, per_part_upper=0.33, parts_with=0, share_upper=0.28, kinds={}
    )
    for seed in (1, 2):
        study = CapabilityDocument(
            golden="GS-1", golden_version=1, golden_digest=golden.digest, model="reference-difference", program="p",
            made_at=JUNE, seed=seed, pitch_mm=0.03, noise=0.001, blur_px=0.8, searched_share=0.9, wanted=60,
            renderings=9, method="m", limits=(), curves=(), false_alarms=alarms, warnings=(), trials=(),
        )  # fmt: skip
        capability.add_study(
            db, golden_id=golden.id, model=study.model, document=study.model_dump_json(by_alias=True), digest="d",
            at=JUNE,
        )  # fmt: skip
    db.close()
    found = get(client, "/goldens/GS-1/capability")
    assert (found["golden"], found["seed"], found["false_alarms"]["parts"]) == ("GS-1", 2, 9)


def test_gauge_studies_are_listed(client: httpx.Client) -> None:
    (row,) = get(client, "/gauge/studies?golden=GS-1")
    assert row["study"] == get(client, f"/gauge/studies/{row['id']}")
    (width,) = row["study"]["characteristics"]
    assert (width["parts"], width["trials"], width["in_budget"], width["unit"]) == (2, 2, False, "mm")
    answer = client.get(f"{API}/gauge/studies/99")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found")


def test_a_unit_says_that_entered_values_overtook_its_review(client: httpx.Client) -> None:
    unit = next(u for u in get(client, "/units")["items"] if u["unit"] == "unit-2")
    said = {"decision": "accept", "reviewer": "M. Weber", "reason": "seen by daylight"}
    assert client.post(f"{API}/units/{unit['id']}/reviews", json=said).status_code == 201
    before = get(client, f"/units/{unit['id']}")
    value = {
        "unit": "unit-2", "name": "width", "value": 32.0, "u": 0.01, "instrument": "C-1",
        "calibrated_on": "2026-11-01", "golden": "GS-1", "lot": "L/1",
    }  # fmt: skip
    assert client.post(f"{API}/entered", json={"values": [value], "by": "M. Weber"}).status_code == 201
    after = get(client, f"/units/{unit['id']}")
    assert (before["overtaken"], before["standing"]) == (False, "conforms")
    assert (after["overtaken"], after["standing"]) == (True, "nonconforms")
    assert after["review"] == before["review"]  # nothing is erased
