"""What the page of the reviewer is drawn from: the queue in columns, pictures by width, layers, sources, packed
files."""

from __future__ import annotations

import gzip
import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from station.client import Client
from station.store.masters import load_labels

API = "/api/v1"


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(API + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pixels(answer: httpx.Response) -> Any:
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGBA"))


def test_the_queue_in_columns_says_what_the_queue_says(client: httpx.Client) -> None:
    whole, columns = get(client, "/queue"), get(client, "/queue/columns")
    assert columns["ids"] == [u["id"] for u in whole] == [4, 2, 1]
    assert columns["units"] == ["unit-4", "unit-2", "unit-1"]
    assert columns["verdicts"] == ["undecided", "undecided", "nonconforms"]
    assert (columns["reviews"], columns["decisions"]) == ([0, 0, 0], ["", "", ""])
    word = {"decision": "defer", "reason": "ask", "reviewer": "M. Weber"}
    review = client.post(f"{API}/units/2/reviews", json=word).json()["id"]
    now = get(client, "/queue/columns?lot=L/1")
    assert (now["reviews"], now["decisions"]) == ([0, review, 0], ["", "defer", ""])
    client.post(f"{API}/units/4/reviews", json={**word, "decision": "accept"})
    assert get(client, "/queue/columns?settled=true")["ids"] == [4]
    assert get(client, "/lots")[0]["waiting"] == 2
    assert get(client, "/queue/columns?lot=other")["ids"] == []


def test_units_of_a_list_are_answered_in_its_order(reader: httpx.Client) -> None:
    assert [u["unit"] for u in get(reader, "/queue/units?unit=3&unit=1")] == ["unit-3", "unit-1"]
    assert reader.get(f"{API}/queue/units?unit=99").status_code == 404
    assert reader.get(f"{API}/queue/units").status_code == 422
    assert reader.get(f"{API}/queue/units?unit=0").status_code == 422


def test_a_picture_is_answered_no_wider_than_it_is_asked_for(reader: httpx.Client) -> None:
    frame = f"{API}/pictures/{get(reader, '/units/1')['frame_sha256']}"
    whole, narrow = reader.get(frame), reader.get(f"{frame}?width=60")
    assert pixels(narrow).shape == (60, 60, 4)
    middle = [pixels(p)[h // 2, h // 2, :3].astype(int) for p, h in ((whole, 240), (narrow, 60))]
    assert np.abs(middle[0] - middle[1]).max() <= 3
    assert reader.get(f"{frame}?width=4000").content == whole.content
    assert narrow.headers["etag"] != whole.headers["etag"]
    again = reader.get(f"{frame}?width=60", headers={"If-None-Match": narrow.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert reader.get(f"{frame}?width=10").status_code == 422


def test_a_part_of_a_picture_is_answered_pixel_for_pixel(reader: httpx.Client) -> None:
    frame = f"{API}/pictures/{get(reader, '/units/1')['frame_sha256']}"
    part = pixels(reader.get(f"{frame}?part=121,86,40,30"))
    assert part.shape == (30, 40, 4)
    whole = pixels(reader.get(frame))[86:116, 121:161, :3].astype(int)
    assert np.abs(whole - part[..., :3]).mean() < 3
    assert pixels(reader.get(f"{frame}?part=230,0,40,30")).shape == (30, 10, 4)  # what lies beyond is left out
    assert reader.get(f"{frame}?part=240,0,10,10").status_code == 422
    for wrong in ("1,2,3", "-1,0,5,5", "0,0,0,5", "a,b,c,d"):
        assert reader.get(f"{frame}?part={wrong}").status_code == 422


def test_the_heat_map_is_clear_off_the_enamel_and_hot_where_the_pit_is(reader: httpx.Client) -> None:
    (layer,) = get(reader, "/units/1/layers")
    assert (layer["kind"], layer["reason"], layer["top"]) == ("heat", "", 6.0)
    assert layer["marks"] == [{"value": 2.0, "name": "accept"}, {"value": 3.0, "name": "reject"}]
    answer = reader.get(layer["href"])
    heat = pixels(answer)
    height, width = heat.shape[:2]
    assert heat[0, 0, 3] == 0  # off the part
    at = lambda x, y: heat[round((0.5 + y / 33.6) * height), round((0.5 + x / 33.6) * width)]  # noqa: E731
    assert at(3.0, -2.0).tolist() == [254, 232, 56, 255]  # the end of cividis: the pit
    assert at(-6.0, 4.0).tolist()[:3] == pytest.approx([0, 34, 78], abs=40)  # its beginning: nothing
    again = reader.get(layer["href"], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_unit_that_was_not_laid_over_the_golden_says_why_it_has_no_layer(reader: httpx.Client) -> None:
    (layer,) = get(reader, "/units/4/layers")
    assert (layer["href"], layer["reason"]) == (
        "",
        "unit unit-4 was not laid over the golden: not the golden's product",
    )
    refused = reader.get(f"{API}/units/4/layers/heat")
    assert refused.status_code == 404
    assert "not the golden's product" in refused.json()["error"]["message"]


def test_numbers_have_their_sources(server: tuple[str, Any]) -> None:
    with Client(server[0]) as station:
        found = station.sources(1)
        assert found.rig is None
        assert "no bench and card known here" in found.told
        rows = {r.characteristic: r.text for r in found.rows}
        assert set(rows) == {"colour:sky", "size:width"}
        assert rows["size:width"].splitlines()[:3] == ["[[sizes]]", 'name = "width"', "nominal_mm = 30.0"]
        assert rows["colour:sky"].endswith('class = "major"')
        assert [layer.kind for layer in station.layers(2)] == ["heat"]
        assert station.queue_columns().units == ("unit-4", "unit-2", "unit-1")


def test_scripts_go_out_packed_and_pages_do_not(reader: httpx.Client) -> None:
    with reader.stream("GET", "/static/review.js", headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    plain = reader.get("/static/review.js", headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content
    assert "content-encoding" not in plain.headers
    refused = reader.get("/static/review.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers
    tag = {"If-None-Match": answer.headers["etag"], "Accept-Encoding": "gzip"}
    assert reader.get("/static/review.js", headers=tag).status_code == 304
    assert "content-encoding" not in reader.get("/", headers={"Accept-Encoding": "gzip"}).headers
    assert "content-encoding" not in reader.get(f"{API}/queue", headers={"Accept-Encoding": "gzip"}).headers


def test_a_file_that_is_no_master_is_said_to_be_damaged() -> None:
    from station.errors import StoreError

    with pytest.raises(StoreError, match="cannot be read"):
        load_labels(b"arrays of a master")
