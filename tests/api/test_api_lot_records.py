"""What lies behind a lot, and orders with their gates, over HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from shown_lot import BAD, CLEAN, LOT, ORDER

from station.errors import RequestError
from station.service.lots import vet_lot_id
from station.web.permissions import API, TABLE


@pytest.fixture(scope="module")
def reader(unchanged_lot_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    with (
        serve(unchanged_lot_home) as (address, _app),
        httpx.Client(base_url=f"{address}{API}", trust_env=False, timeout=120) as found,
    ):
        yield found


def read(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_map_counts_what_the_counted_units_show(reader: httpx.Client) -> None:
    """L10: a number on the map leads to the units that it counts."""
    found, units = read(reader, f"/lots/{LOT}/map"), read(reader, f"/lots/{LOT}/counted")["units"]
    table = next(t for t in found["tables"] if t["factor"] == "carton")
    assert {r["level"] for r in table["rows"]} == {"1", "2", "3", "4"}
    for row in table["rows"]:
        here = [u for u in units if u["factors"]["carton"] == row["level"]]
        assert len(here) == row["inspected"]
        assert sum(bool(u["defects"]) for u in here) == row["nonconforming"]
        for kind, n in row["defects"].items():
            assert sum(kind in u["defects"] for u in here) == n
    pits = {u["factors"]["carton"] for u in units if "pit" in u["defects"]}
    assert pits == {BAD}
    assert all(read(reader, f"/units/{u['id']}")["unit"] == u["unit"] for u in units[:3])


def test_each_kind_on_the_map_has_its_picture(reader: httpx.Client) -> None:
    kinds = [p["kind"] for p in read(reader, f"/lots/{LOT}/map")["places"]]
    assert kinds[0] == "pit"
    for kind in kinds:
        answer = reader.get(f"/lots/{LOT}/density", params={"kind": kind})
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
    unknown = reader.get(f"/lots/{LOT}/density", params={"kind": "dent"})
    assert unknown.status_code == 404
    assert unknown.json()["error"]["message"] == f"no finding 'dent' counts in lot {LOT}"


def test_the_cause_is_told_with_its_evidence(reader: httpx.Client) -> None:
    found = read(reader, f"/lots/{LOT}/explanation")
    assert found["clusters"]["clusters"][0]["factor"] == "carton"
    assert found["clusters"]["clusters"][0]["level"] == BAD
    assert {c["cause"] for c in found["diagnosis"]["causes"]} == {"drift", "substitution", "screening"}
    assert all(c["evidence"] for c in found["diagnosis"]["causes"])


def test_the_pick_list_and_what_was_pulled(reader: httpx.Client) -> None:
    listed, pulled = read(reader, f"/lots/{LOT}/draw"), read(reader, f"/lots/{LOT}/pulled")
    assert pulled["missing"] == [listed["picks"][-1]["label"]]
    assert pulled["pulled"] == listed["n"] - 1
    none = reader.get(f"/lots/{CLEAN}/draw")
    assert none.status_code == 404
    assert "station lot draw" in none.json()["error"]["do"]


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize("form", ["pdf", "xlsx"])
def test_the_report_of_a_decided_lot_is_a_file(reader: httpx.Client, language: str, form: str) -> None:
    answer = reader.get(f"/lots/{LOT}/report", params={"language": language, "form": form})
    assert answer.status_code == 200, answer.text
    if form == "pdf":
        assert answer.content.startswith(b"%PDF-")
    else:
        assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    name = unquote(answer.headers["content-disposition"].partition("''")[2])
    assert name == f"L-7 {language}.{form}"


def test_what_cannot_be_reported_is_refused(reader: httpx.Client) -> None:
    assert reader.get(f"/lots/{CLEAN}/report").status_code == 404
    assert reader.get(f"/lots/{LOT}/report", params={"language": "tlh"}).status_code == 422
    assert reader.get(f"/lots/{LOT}/report", params={"form": "docx"}).status_code == 422
    for part in ("map", "explanation", "counted", "density?kind=pit"):
        assert reader.get(f"/lots/nowhere/{part}").status_code == 404


def test_orders_have_their_gates_and_what_opens_them(reader: httpx.Client) -> None:
    listed = read(reader, "/orders")
    assert listed["next"] is None
    assert listed["items"] == [read(reader, f"/orders/{ORDER}")]
    gates = listed["items"][0]["gates"]
    assert [(g["gate"], g["state"]) for g in gates[:2]] == [("pre-production", "closed"), ("first-off", "locked")]
    assert gates[0]["command"].startswith("station golden sign")
    assert reader.get("/orders/PO-8").status_code == 404
    assert reader.get(f"/orders/{ORDER}", params={"sku": "other"}).status_code == 404


@pytest.mark.parametrize("path", [p for _, p, _ in TABLE if "{lot:path}/" in p])
def test_no_lot_takes_the_name_of_what_the_api_tells_of_lots(path: str) -> None:
    """Its own address would be another's."""
    with pytest.raises(RequestError, match="reads like a path"):
        vet_lot_id(f"L/{path.rpartition('/')[2]}")
