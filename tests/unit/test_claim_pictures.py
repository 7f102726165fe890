"""Pictures and digests of a complaint's report: the place of a finding enlarged, without words, the ledger's head."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from shown_lot import LOT, build
from test_report import pages

from station.report.languages import language
from station.report.nonconformity import report_data
from station.service import Station
from station.service.nonconformity_reporting import _enlarged, picture_of, report_pdf
from station.settings import Settings


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    home = tmp_path_factory.mktemp("pictures") / "home"
    build(home)
    with Station(Settings(home=home)) as opened:
        yield opened


def test_the_place_of_a_finding_stands_enlarged_beside_the_whole(station: Station) -> None:
    """N1, S10: what is a third of a millimetre wide is seen; the picture says nothing in any language."""
    d = station.nonconformities.draft(LOT, by="M. Weber", use="retail")
    found = [p for p in d.points if p.item.source == "finding"]
    assert found
    for p in found:
        whole, near = picture_of(station, p, language("en")), _enlarged(station, p)
        assert whole is not None
        assert near is not None
        assert Image.open(io.BytesIO(near)).width > Image.open(io.BytesIO(near)).height
    data = report_data(d, language("en"), {}, enlarged={found[0].item.key: "near.jpg"}, head="7:" + "ab" * 32)
    assert [p["enlarged"] for p in data["points"]].count("near.jpg") == 1
    assert all(p["whole"] for p in data["points"])


def test_the_report_has_the_ledger_s_head_and_says_once_what_is_not_given(station: Station) -> None:
    """S13: each document says under which head of the ledger it stood."""
    d = station.nonconformities.draft(LOT, by="M. Weber", use="retail")
    with_head, _ = report_pdf(station, d.number, "en")
    without, _ = report_pdf(station, d.number, "en", headed=False)
    assert pages(with_head) >= pages(without)
    assert with_head != without
    assert report_pdf(station, d.number, "en")[0] == with_head
    bare = d.model_copy(update={"facts": d.facts.model_copy(update={"order": "", "artwork": "", "approved_by": ""})})
    rows = report_data(bare, language("en"), {}, head=station.papers.head())["four"]
    missing = ["Purchase order", "Artwork", "Approved by", *([] if d.facts.confirmed_by else ["Confirmed by"])]
    assert [value for label, value in rows if label == "not given"] == [language("en").listed.join(missing)]
