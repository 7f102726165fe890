"""A complaint with all that belongs to it over HTTP: records, causes, photos, tables, its papers, its package."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from claimed_lots import LOGO, SHEET, Days, make_home
from entered_line import photo

from station.client import Client, Refused

BY, SKU = "M. Weber", "MAS-PIN-30"
REVISED = SHEET.replace("offset_mm = 0.3", "offset_mm = 0.25") + '\n[[sizes]]\nname = "height"\nnominal_mm = 30.0\n'
REVISED += "plus_mm = 0.15\nminus_mm = 0.15\n"


@pytest.fixture(scope="module")
def claims(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Any]) -> Iterator[Client]:
    home: Path = make_home(tmp_path_factory.mktemp("claims"), Days(), (LOGO,))
    with serve(home) as (address, _app), Client(address, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def number(claims: Client) -> str:
    return claims.draft(LOGO, by=BY, use="retail").number


def test_the_factorys_records_are_asked_for_and_come(claims: Client, number: str, tmp_path: Path) -> None:
    asked = claims.factory_record(number, "lot-dates", "asked", by=BY)
    assert [r.state for r in asked.factory_records if r.record == "drift"] == ["asked"]
    file = tmp_path / "dates.csv"
    file.write_text("lot,date\n1,2026-05-02\n")
    came = claims.factory_record(number, "lot-dates", "came", file=file, text="three lots", by=BY)
    (record,) = [r for r in came.factory_records if r.record == "drift"]
    assert (record.state, record.file_name, record.by) == ("came", "dates.csv", BY)
    assert claims.factory_record_file(number, record.sha256) == file.read_bytes()
    with pytest.raises(Refused, match="no record of the factory"):
        claims.factory_record_file(number, "0" * 64)
    with pytest.raises(Refused, match="file"):
        claims.factory_record(number, "incoming-lots", "refused", file=file, by=BY)
    claims.factory_record(number, "incoming-lots", "refused", text="none kept", by=BY)
    with pytest.raises(Refused, match="2999-01-01 is yet to come"):
        claims.factory_record(number, "incoming-lots", "came", on=date(2999, 1, 1), by=BY)
    with pytest.raises(Refused, match="0001-01-01 is more than ten years ago"):
        claims.factory_record(number, "incoming-lots", "asked", on=date(1, 1, 1), by=BY)
    supplier = came.facts.supplier
    assert claims.sourcing_risk("nobody") == ()
    assert bool(claims.sourcing_risk(supplier)) == bool(supplier)
    history = claims.sourcing_history(golden=came.facts.golden)
    assert (history.supplier, history.reasons) == (supplier, claims.sourcing_risk(supplier))
    assert (history.nonconformities, history.came, history.refused) == (1, 1, 1)
    assert history == claims.sourcing_history(golden=came.facts.golden, version=came.facts.golden_version)
    with pytest.raises(Refused, match="neither a supplier nor a golden sample"):
        claims.get("/sourcing-risk")
    assert [n.number for n in claims.nonconformities(lot=LOGO)] == [number]
    assert list(claims.nonconformities(lot="L-NONE")) == []


def test_causes_are_ruled_out_those_of_the_measurement_first(claims: Client, number: str) -> None:
    found = claims.nonconformity(number).variance
    measurement = next(c for c in found if c.measurement)
    goods = next(c for c in found if not c.measurement)
    told = claims.cause(number, measurement.name, holds=False, text="light checked on 12 May, 905 lx", by=BY)
    assert next(c for c in told.variance if c.name == measurement.name).state == "ruled out"
    confirmed = claims.cause(number, goods.name, holds=True, text="jig 2 stands 0.2 mm off", by=BY)
    assert next(c for c in confirmed.variance if c.name == goods.name).state == "confirmed"
    with pytest.raises(Refused):
        claims.cause(number, goods.name, holds=True, text="", by=BY)
    with pytest.raises(Refused, match="mood"):
        claims.cause(number, "mood", holds=True, text="bad", by=BY)


def test_people_add_tables_photos_and_prices(claims: Client, number: str, tmp_path: Path) -> None:
    table = tmp_path / "seen.csv"
    table.write_text(
        "kind,note,units,of,class\nwrong-card,names another SKU,9,32,major\nscratch,on the sky,2,32,minor\n"
    )
    points = claims.seen_table(number, table, by=BY).points
    assert {p.item.kind for p in points} >= {"wrong-card", "scratch"}
    table.write_text("kind,note,units,of\nmood,bad,1,32\n")
    with pytest.raises(Refused, match="kind"):
        claims.seen_table(number, table, by=BY)
    card = next(p for p in points if p.item.kind == "wrong-card")
    shown = claims.point_photo(number, card.number, photo(tmp_path / "card.png", 3), scale="ruler", by=BY)
    assert next(p for p in shown.points if p.number == card.number).photo_sha256
    priced = claims.say_of(
        number, "costs", by=BY, price="0.80", sort="0.05", remake="0.80", packing="0.10", inbound="12", fines="50"
    )
    assert priced.costs is not None
    assert str(priced.costs.inputs.packing) == "0.10"


def test_a_table_that_does_not_hold_goes_by_its_name(claims: Client, number: str, tmp_path: Path) -> None:
    """Where the station put what was handed in is nothing to anybody."""
    table = tmp_path / "seen in May.csv"
    table.write_text("kind,note\nwrong-card,another SKU\n")
    with pytest.raises(Refused, match=r"^seen in May\.csv line 1 has no column units"):
        claims.seen_table(number, table, by=BY)


def test_spaces_of_any_width_are_read_as_plain_ones(claims: Client, number: str) -> None:
    told = claims.say_of(number, "answers", by="李\u3000雷", question="function", text="刮傷\u3000三處", point=1)
    assert ("刮傷 三處", "李 雷") in [(a.text, a.by) for a in told.points[0].answers]


def test_a_price_that_is_not_known_any_more_is_taken_back_and_the_others_hold_on(claims: Client, number: str) -> None:
    claims.say_of(number, "costs", by=BY, price="0.80", sort="0.05", rework="0.20", sort_days=2)
    told = claims.say_of(number, "costs", by=BY, unknown=["rework", "sort_days"], sort_days=3)
    assert told.costs is not None
    assert (told.costs.inputs.sort, told.costs.inputs.rework, told.costs.inputs.sort_days) == (Decimal("0.05"), None, 3)
    (rework,) = [p for p in told.costs.paths if p.remedy == "rework-all"]
    assert (rework.lines, rework.allowed) == ((), False)
    with pytest.raises(Refused, match="unknown"):
        claims.say_of(number, "costs", by=BY, unknown=["price"])


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_its_papers_are_sent_in_both_languages(claims: Client, number: str, language: str) -> None:
    assert number in claims.supplier_message(number, language=language)
    plain = claims.claim_report(number, language=language)
    assert plain.startswith(b"%PDF-")
    assert claims.claim_report(number, language=language, internal=True) != plain
    with pytest.raises(Refused):
        claims.claim_report(number, language="tlh")


def test_the_product_is_ordered_again_by_the_corrective_package_alone(claims: Client) -> None:
    blocked = claims.reorder(SKU)
    assert blocked.blocked
    number = claims.draft(LOGO, by=BY).number
    for attempt in (SHEET, "schema = 1"):
        with pytest.raises(Refused):
            claims.corrective_package(number, attempt, by=BY)
    with pytest.raises(Refused, match="no lot"):
        claims.reorder("no such product")
    found = claims.nonconformity(number)
    if found.faults:
        for p in found.points:
            if p.item.defect_class is None:
                claims.say_of(number, "classes", by=BY, point=p.number, **{"class": "minor"}, reason="seen by eye")
            for a in p.answers:
                if not a.text and not a.words:
                    claims.say_of(
                        number, "answers", by=BY, point=p.number, question=a.question, text="9 of 32, as counted."
                    )
    made, data = claims.corrective_package(number, REVISED, by=BY)
    assert made.package is not None
    assert "control-sheet.toml" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not claims.reorder(SKU).blocked


def test_kinds_and_the_words_for_them(claims: Client) -> None:
    known = {k.kind: k for k in claims.kinds(language="zh-Hant")}
    assert len(known) > 30
    (meant,) = claims.kinds("wrong card")
    assert (meant.kind, meant.remedy) == ("wrong-card", known["wrong-card"].remedy)
    assert meant.name != known["wrong-card"].name
    with pytest.raises(Refused, match="xyzzy"):
        claims.kinds("xyzzy")


def test_points_and_answers_are_told_in_the_words_of_a_language(claims: Client, number: str) -> None:
    found = claims.nonconformity(number)
    english, chinese = (claims.claim_words(number, language=code) for code in ("en", "zh-Hant"))
    assert [p.number for p in english.points] == [p.number for p in found.points]
    for point, told in zip(found.points, english.points, strict=True):
        assert [a.question for a in told.answers] == [a.question for a in point.answers]
        assert [a.text == "" for a in told.answers] == [a.source == "open" for a in point.answers]
    assert len(english.asks) == len(found.asks)
    assert english.points[0].answers[0].name != chinese.points[0].answers[0].name


def test_remedies_are_told_with_their_arithmetic_in_the_words_of_a_language(claims: Client, number: str) -> None:
    found = claims.say_of(number, "costs", by=BY, price="0.80", sort="0.05", fines="50", unknown=["remake"]).costs
    assert found is not None
    english, chinese = (claims.claim_words(number, language=code).costs for code in ("en", "zh-Hant"))
    assert english is not None
    assert chinese is not None
    assert [r.remedy for r in english.remedies] == [p.remedy for p in found.paths]
    assert [len(r.lines) for r in english.remedies] == [len(p.lines) for p in found.paths]
    assert [r.why_not == "" for r in english.remedies] == [p.allowed for p in found.paths]
    sort = {r.remedy: r for r in english.remedies}["sort"]
    assert (sort.name, sort.lines[0].split(":")[0]) == ("Sort, credit what is sorted out", "sorting")
    assert {r.remedy: r for r in chinese.remedies}["sort"].lines[0].startswith("分選：")
    assert english.consequences.startswith("It has brought about, whatever the remedy: ")
    assert "fines 50.00" in english.consequences
