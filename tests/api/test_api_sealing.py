"""A golden sample over HTTP: sheet linted, photo handed in, drafted, sealed, signed, completed; a bench calibrated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from drawn_scenes import RADIUS
from entered_line import SHEET as LINE_SHEET
from entered_line import draw_line
from entered_line import photo as line_photo
from shown_golden import DRAWN, DRAWN_REGIONS, ITEM, NUMBER, REGIONS, drawn_golden, drawn_sheet, sheet

import sample_data
from station.client import Client, Refused

API = "/api/v1"
BENCH = Path(sample_data.__file__).parent / "bench"


@pytest.fixture(scope="module")
def sealed(unchanged_golden_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    """Speaks to a station that the tests here share; they change nothing in it."""
    with serve(unchanged_golden_home) as (address, _app), httpx.Client(base_url=address, trust_env=False) as found:
        found.timeout = httpx.Timeout(300)
        yield found


@pytest.fixture
def station(golden_home: Path, serve: Callable[..., Any]) -> Iterator[httpx.Client]:
    with serve(golden_home) as (address, _app), httpx.Client(base_url=address, trust_env=False) as found:
        found.timeout = httpx.Timeout(300)
        yield found


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(API + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client: httpx.Client, path: str, body: Any, status: int = 201) -> Any:
    answer = client.post(API + path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def hand_in(client: httpx.Client, file: Path) -> str:
    headers = {"Content-Type": "image/png" if file.suffix == ".png" else "image/jpeg"}
    answer = client.post(f"{API}/uploads?name={file.name}", content=file.read_bytes(), headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["size"] == file.stat().st_size
    return str(answer.json()["id"])


def ended(client: httpx.Client, job: Any) -> Any:
    until = time.monotonic() + 600
    while job["ended_at"] is None:
        assert time.monotonic() < until
        time.sleep(0.05)
        job = get(client, f"/jobs/{job['id']}")
    return job


def test_limits_stand_beside_what_can_be_proven(sealed: httpx.Client) -> None:
    found = get(sealed, f"/goldens/{NUMBER}/limits")
    rows = {(r["what"], r["name"]): r for r in found["rows"]}
    assert found["below"] == 2
    sky, sun, width, pit = (
        rows[k] for k in (("colour", "sky"), ("colour", "sun"), ("size", "diameter"), ("defect", "pit"))
    )
    assert (sky["state"], sun["state"], width["state"], pit["state"]) == ("below", "proven", "below", "unknown")
    assert 0.05 < sky["proven_from"] < 9.0
    assert 0.05 < sun["proven_from"] < 9.0
    assert width["tolerance"] == 0.001 < width["proven_from"] < 1.0
    assert "agree a wider limit" in sky["reason"]
    assert found["command"] == f"station model capability --golden {NUMBER}"


def test_the_master_in_outlines_lies_in_its_frame(sealed: httpx.Client) -> None:
    found = get(sealed, f"/goldens/{NUMBER}/master")
    frame = found["frame"]
    half = frame["pitch_mm"] * max(frame["width"], frame["height"])
    assert [r["name"] for r in found["regions"]] == REGIONS
    for r in found["regions"]:
        assert r["lab"][0] > 0
        area = sum(shoelace(ring) for ring in r["rings"])
        assert abs(area) == pytest.approx(r["area_mm2"], rel=0.15)
        assert all(abs(v) < half for ring in r["rings"] for p in ring for v in p)


def shoelace(ring: list[list[float]]) -> float:
    """Area of a closed line, of a hole with the other sign."""
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def test_record_checklist_and_standing_are_told(sealed: httpx.Client) -> None:
    (status,) = get(sealed, "/sign-offs")["items"]
    assert (status["number"], status["state"]) == (NUMBER, "sealed")
    found = get(sealed, f"/goldens/{NUMBER}/checklist")
    assert (found["of"], found["score"]) == (20, sum(i["ok"] for i in found["items"]))
    assert [i["text"] for i in get(sealed, f"/goldens/{NUMBER}/record")["open_items"]] == [ITEM]
    paper = sealed.get(f"{API}/goldens/{NUMBER}/paper?kind=control-sheet&language=zh-Hant")
    assert paper.content.startswith(b"%PDF-")
    for path in ("master", "limits", "record", "checklist", "paper"):
        assert sealed.get(f"{API}/goldens/GS-0/{path}").status_code == 404


def test_a_sheet_is_linted_as_it_is_written(sealed: httpx.Client) -> None:
    found = post(sealed, "/sheets/lint", {"sheet": sheet()}, 200)
    assert (found["error"], found["sku"], found["regions"]) == ("", "MAS-PIN-30", REGIONS)
    assert "G6" in {r["rule"] for r in found["remarks"]}
    wrong = post(sealed, "/sheets/lint", {"sheet": sheet().replace("seed_px", "sead_px", 1)}, 200)
    assert wrong["error"].startswith('[[regions]] 1 "sky": unknown key "sead_px"')
    assert wrong["do"] == 'Did you mean "seed_px"?'
    assert "[viewing]" in sealed.get(f"{API}/sheets/templates/pin").text
    assert sealed.get(f"{API}/sheets/templates/ship").status_code == 422


def test_a_golden_is_drafted_sealed_and_signed_over_http(station: httpx.Client, tmp_path: Path) -> None:
    photo = hand_in(station, drawn_golden(tmp_path))
    text = drawn_sheet()
    border = '[[regions]]\nname = "lake"\npolygon_px = [[145, 260], [165, 255], [160, 270]]\n'
    alone = text[: text.index("[[regions]]")] + border + text[text.index("[[sizes]]") :]
    bordered = ended(station, post(station, "/goldens/drafts", {"sheet": alone, "photo": photo}, 202))
    assert bordered["state"] == "done", bordered["error"]
    assert list(bordered["result"]["borders"]) == ["lake"]  # in millimetres of the frame: 25 mm over the drawn width
    x, y = bordered["result"]["borders"]["lake"][0]
    assert (x, y) == pytest.approx((-5 * 25 / (2 * RADIUS), 50 * 25 / (2 * RADIUS)), abs=0.15)
    drafted = ended(station, post(station, "/goldens/drafts", {"sheet": text, "photo": photo}, 202))
    assert drafted["state"] == "done", drafted["error"]
    assert [r["name"] for r in drafted["result"]["master"]["regions"]] == DRAWN_REGIONS
    assert drafted["result"]["borders"] == {}
    assert station.get(f"{API}/jobs/{drafted['id']}/picture").content.startswith(b"\xff\xd8")
    assert {g["number"] for g in get(station, "/goldens")} == {NUMBER}
    asked = {"sheet": text, "photo": photo}
    key = {"Idempotency-Key": "seal-of-ten"}
    answers = [station.post(f"{API}/goldens", json=asked, headers=key) for _ in range(2)]
    assert [a.status_code for a in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    made = ended(station, answers[0].json())
    assert made["state"] == "done", made["error"]
    assert (made["result"]["number"], made["result"]["version"], made["result"]["new"]) == (DRAWN, 1, True)
    again = ended(station, post(station, "/goldens", asked, 202))
    assert (again["result"]["version"], again["result"]["new"]) == (1, False)
    post(station, f"/goldens/{DRAWN}/sign-offs", {"party": "buyer", "name": "M. Weber"})
    assert {s["number"]: s["state"] for s in get(station, "/sign-offs")["items"]} == {
        DRAWN: "signed by one party",
        NUMBER: "sealed",
    }


def test_what_cannot_be_sealed_is_refused_with_what_to_do(station: httpx.Client, tmp_path: Path) -> None:
    photo = hand_in(station, drawn_golden(tmp_path))
    asked = {"sheet": "schema = 1\n", "photo": photo}
    failed = ended(station, post(station, "/goldens", asked, 202))
    assert (failed["state"], failed["error"]["code"]) == ("failed", "bad-sheet")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    failed = ended(station, post(station, "/goldens", {"sheet": drawn_sheet(), "photo": hand_in(station, broken)}, 202))
    assert failed["error"]["code"] == "bad-photo"
    assert station.post(f"{API}/goldens", json={"sheet": drawn_sheet(), "photo": "u-notthere"}).status_code == 404
    assert len(get(station, "/goldens")) == 1


def test_the_client_seals_and_says_why_it_may_not(
    station: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_line(monkeypatch)
    with Client(str(station.base_url), timeout=120) as client:
        made = client.seal(LINE_SHEET, line_photo(tmp_path / "golden.png", 0))
        assert (made.number, made.version, made.photo) == ("GS-1", 1, "golden.png")
        with pytest.raises(Refused, match="handed in twice"):
            client.seal(LINE_SHEET, tmp_path / "golden.png", again=[tmp_path / "golden.png"])
        newer = LINE_SHEET.replace("plus_mm = 0.15", "plus_mm = 0.16")
        assert client.seal(newer, tmp_path / "golden.png").version == 2
        with pytest.raises(Refused, match="is that of version 1 of golden GS-1, which was superseded"):
            client.seal(LINE_SHEET, tmp_path / "golden.png")
        assert client.seal(LINE_SHEET, tmp_path / "golden.png", old_sheet=True).version == 3


def test_an_open_item_is_named_and_settled(station: httpx.Client) -> None:
    named = post(station, f"/goldens/{NUMBER}/items", {"text": "backing card", "by": "M. Weber"})
    assert [i["text"] for i in named["open_items"]] == [ITEM, "backing card"]
    settled = post(station, f"/goldens/{NUMBER}/items/settled", {"item": ITEM, "how": "as sealed", "by": "M. Weber"})
    assert [i["text"] for i in settled["open_items"]] == ["backing card"]
    assert [(i["text"], i["by"]) for i in settled["settled_items"]] == [(ITEM, "M. Weber")]


def test_a_bench_is_registered_and_its_light_calibrated_over_http(station: httpx.Client) -> None:
    made = post(station, "/rigs", {"rig": (BENCH / "rig.toml").read_text(encoding="utf-8")})
    rig = made["name"]
    assert made["light_expires_at"] is None
    greys = [hand_in(station, p) for p in sorted(BENCH.glob("grey-*.jpg"))]
    asked = {"greys": greys, "lux": [900.0], "instrument": "LX-1"}
    done = ended(station, post(station, f"/bench/{rig}/light", asked, 202))
    assert done["state"] == "done", done["error"]
    assert (done["of"], done["result"]["kind"], done["result"]["detail"]["lux"]) == (2, "light", 900.0)
    assert get(station, f"/bench/{rig}")["light"]["meter"]["instrument"] == "LX-1"
    twice = ended(station, post(station, f"/bench/{rig}/light", {"greys": [greys[0], greys[0]]}, 202))
    assert (twice["state"], twice["error"]["code"]) == ("failed", "bad-request")
    assert station.post(f"{API}/bench/none/light", json={"greys": greys}).status_code == 404
    assert station.post(f"{API}/rigs", json={"rig": "name = 1"}).status_code == 422


@pytest.mark.parametrize(
    "sheet",
    ["schema = " + "9" * 5000, "schema = 0x" + "f" * 50_000, "schema = " + "1_" * 5000 + "1",
     ".".join("a" * 29_000) + "=1"],
    ids=("decimal", "hexadecimal", "underscores", "dotted"),
)  # fmt: skip
@pytest.mark.parametrize(("path", "more"), [("/sheets/lint", {}), ("/goldens/drafts", {"photo": "u-nothing-here"})])
def test_numbers_and_keys_without_end_are_refused(
    sealed: httpx.Client, path: str, more: dict[str, str], sheet: str
) -> None:
    answer = sealed.post(API + path, json={"sheet": sheet, **more})
    assert answer.status_code in (200, 400, 404, 422), answer.text[:300]


@pytest.mark.parametrize("where", ["key", "signature", "statement"])
def test_a_signature_that_is_no_text_is_refused(sealed: httpx.Client, where: str) -> None:
    given: dict[str, Any] = {
        "what": "sign-off of a golden sample", "statement": {"number": NUMBER}, "key": "0" * 64, "signature": "0" * 128
    }  # fmt: skip
    given[where] = {"number": "\ud800"} if where == "statement" else "\ud800"
    answer = sealed.post(
        f"{API}/goldens/{NUMBER}/sign-offs/detached",
        content=json.dumps({"party": "supplier", "signature": given}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422), answer.text
