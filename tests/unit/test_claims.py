"""The three example complaints of the source, drafted from drawn lots: nine answers, message, report (N1-N5)."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from claimed_lots import COLOUR, LABEL, LOGO, SIZE, Days, draw_claimed, inspect_lot, make_home, photo
from test_report import pages

from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, NotFoundError, RequestError
from station.quality.answers import QUESTIONS
from station.report.languages import language, languages
from station.report.nonconformity import report_data, said, supplier_message
from station.report.typesetting import missing_glyphs
from station.service import Station
from station.service.nonconformity_reporting import message_text, report_pdf
from station.settings import Settings
from station.values.nonconformity import NonconformityDocument, Share

DAYS = Days()
BY = "M. Weber"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("claims"), DAYS)


@pytest.fixture
def station(made: Path, tmp_path: Path) -> Iterator[Station]:
    """A home of its own for every test, with the three lots decided."""
    home = shutil.copytree(made, tmp_path / "home")
    clock = Days()
    clock.now = DAYS.now
    with Station(Settings(home=home), clock=clock) as opened:
        yield opened


def answers(d: NonconformityDocument, point: int = 1, code: str = "en") -> dict[str, str]:
    return {a.question: said(a, language(code)) for a in d.points[point - 1].answers}


def asks(d: NonconformityDocument, code: str = "en") -> str:
    return "\n".join(language(code).say(a.phrase) if a.phrase else a.text for a in d.asks)


def test_a_logo_5_mm_to_the_right_is_a_complete_complaint(station: Station) -> None:
    """N1, N2, N5, N8: which, which standard, how big, how many, function, sales, packaging, rework, pause."""
    d = station.nonconformities.draft(LOGO, by=BY, use="retail")
    (point,) = d.points
    assert (point.item.key, point.item.units, point.item.of, point.item.proven) == ("mark-place:logo", 20, 20, 20)
    told = answers(d)
    assert list(told) == list(QUESTIONS)
    assert told["item"] == "Position of the mark “logo” on the front of the product."
    assert told["standard"].startswith("Golden sample GS-20260510 version 1 (digest ")
    assert "marks: logo. Limit: 0.30 mm. Artwork: alpine-r4.ai." in told["standard"]
    assert "5.04 mm to the right. The limit is 0.30 mm: 16.8 times the limit. Median" in told["size"]
    assert "U = 0.06 mm" in told["size"]
    assert "20 of 20 inspected units: 100 %, surely between 83 % and 100 % (95 %)." in told["quantity"]
    assert "In the lot of 3,000 that means about 3,000 units, between 2,494 and 3,000." in told["quantity"]
    assert told["function"].startswith("No: a matter of appearance")
    assert told["sales"] == "Yes: it lies in the front visible area and affects retail display."
    assert told["packaging"].startswith("No")
    assert told["rework"].startswith("No")
    assert told["pause"] == "Yes: lot L-LOGO is rejected by its sampling plan (major nonconformity)."
    for wanted in ("pause the shipment", "whole batch has the same offset", "plan of correction", "by 2026-06-15"):
        assert wanted in asks(d)
    assert (d.faults, d.pause, point.remedy, d.status) == ((), True, "replace", "draft")


def test_a_carton_label_without_sku_and_carton_number_is_a_complete_complaint(station: Station) -> None:
    """N1, N3, N5, N7, C5, C7: the values of eight cartons that nobody photographed, with the inspector's note."""
    d = station.nonconformities.draft(LABEL, by=BY, use="retail", carton="transit")
    told = answers(d)
    assert "SKU and carton number are missing, old label format" in told["item"]
    assert "entered: carton label fields. Nominal 7 fields, limit 7 fields." in told["standard"]
    assert told["size"] == "Only 5 of 7 fields are there (L-LABEL carton 1)."
    assert told["quantity"].startswith("8 of 8 inspected cartons: 100 %, surely between 63 % and 100 %")
    assert told["sales"].startswith("No: the outer carton is a transit carton")
    assert told["packaging"].startswith("Yes: the carton cannot be identified at inbound")
    assert told["rework"] == "Yes: it can be re-labelled."
    assert told["pause"] == "Yes, until it is put right (major nonconformity)."
    wanted = asks(d)
    order = [wanted.index(w) for w in ("Do not ship", "Re-label every carton", "send photos of the outer cartons")]
    assert order == sorted(order)
    assert (d.faults, d.points[0].remedy, d.facts.decision) == ((), "rework", "accepted")
    retail = station.nonconformities.draft(LABEL, carton="retail")
    assert answers(retail)["sales"].startswith("Yes: the carton is the retail packaging")


def test_a_colour_that_is_off_is_a_complete_complaint(station: Station) -> None:
    """N1, N4, N5, N9."""
    d = station.nonconformities.draft(COLOUR, by=BY, use="retail", brand_colour=True)
    told = answers(d)
    assert told["item"] == "Colour of “sky” on the front of the product."
    assert "It differs from the golden sample by 4.90 CIEDE2000" in told["size"]
    assert "Yellower by 5.5 b*. Darker by 4.4 L*. The limit is 3.00 CIEDE2000: 1.6 times the limit." in told["size"]
    assert told["sales"].endswith("It is a brand colour.")
    assert "side by side under the same light source" in asks(d)
    assert "difference of material batches" in asks(d)
    assert d.points[0].remedy == "replace"
    assert d.faults == ()


@pytest.mark.parametrize("lot", [LOGO, LABEL, COLOUR])
def test_every_answer_and_request_is_told_in_every_language(station: Station, lot: str) -> None:
    """N1, N5, G21: the message names golden sample, numbers and requests, and asks for the seven confirmations."""
    d = station.nonconformities.draft(lot, by=BY, use="retail", carton="transit")
    assert languages() == ("en", "zh-Hant")
    for code in languages():
        told = answers(d, code=code)
        assert all(told.values())
        assert not any("{" in t or "@" in t for t in (*told.values(), asks(d, code)))
        text = message_text(station, d.number, code)
        assert "GS-20260510" in text
        assert text.count("\n1. ") == 2
    text = message_text(station, d.number, "en")
    assert "Please use the approved sample (GS-20260510, version 1) as the production standard." in text
    assert "material, color, size, logo position, packaging, label and carton marks" in text


def test_production_is_asked_by_the_version_in_force(station: Station) -> None:
    """G2, G21: a lot is judged by the version that it was made by; the next units are made by the one in force."""
    d = station.nonconformities.draft(LOGO, by=BY, use="retail")
    text = supplier_message(d, language("en"), 6)
    assert "against golden sample GS-20260510 version 1" in text
    assert "That version is superseded: version 6 is in force." in text
    assert "Please use the approved sample (GS-20260510, version 6) as the production standard." in text
    chinese = supplier_message(d, language("zh-Hant"), 6)
    assert "請以核准樣品（GS-20260510 第 6 版）為大貨生產標準" in chinese
    assert "superseded" not in supplier_message(d, language("en"), 1)


def test_whoever_signed_the_golden_sample_is_named(station: Station) -> None:
    """N12, S13: the signatures say who approved it, above the sheet."""
    station.sign_off.sign("GS-20260510", party="buyer", name="A. Roth", role="")
    facts = station.nonconformities.draft(LOGO, by=BY, use="retail").facts
    assert (facts.approved_by, facts.confirmed_by) == ("A. Roth", "Chen Wei")


def test_a_point_without_a_standard_is_told_its_cure_and_the_signed_artefact(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8, G3: nothing becomes a wish in silence."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    number = station.nonconformities.draft(LOGO, by=BY, use="retail").number
    say = ["nc", "seen", number, "--kind", "carton-label", "--note", "SKU is missing", "--units", "5", "--of", "7"]
    assert run(app, [*say, "--by", BY]) == 0
    assert "nothing is claimed. Hold it to one with --standard TEXT, or: station nc answer" in capsys.readouterr().out
    (tmp_path / "carton.pdf").write_bytes(b"carton mark")
    station.sign_off.add_artefact("GS-20260510", "carton-mark", tmp_path / "carton.pdf", by=BY)
    station.sign_off.sign("GS-20260510", party="buyer", name="A. Roth", role="", artefact="carton-mark")
    assert run(app, [*say, "--by", BY]) == 0
    out = capsys.readouterr().out
    assert 'Hold it to one with --standard "carton-mark version 1, carton.pdf"' in out
    assert f'station nc answer {number} standard "carton-mark version 1, carton.pdf" --item 2 --by NAME' in out


def test_every_language_has_the_same_keys_and_names() -> None:
    english, chinese = language("en"), language("ZH-hant")
    assert set(english.texts) == set(chinese.texts)
    names = re.compile(r"{(\w+)}")
    for key, text in english.texts.items():
        told = {"version" if name == "ordinal" else name for name in names.findall(text)}  # English counts versions
        assert told == set(names.findall(chinese.texts[key])), key
    assert missing_glyphs("".join(chinese.texts.values())) == ""
    with pytest.raises(RequestError, match="there is no language 'fr'"):
        language("fr")


def test_the_report_is_the_same_bytes_for_the_same_data(station: Station) -> None:
    """N1: a page or two, archivable, in both languages."""
    d = station.nonconformities.draft(LOGO, by=BY, use="retail")
    for code in languages():
        first, remark = report_pdf(station, d.number, code)
        assert first[:5] == b"%PDF-"
        assert b"pdfaid:part>2<" in first
        assert pages(first) == 2
        assert remark == ""
        assert report_pdf(station, d.number, code)[0] == first
    assert len(report_pdf(station, d.number, "en", internal=True)[0]) != len(first)


def test_characters_that_the_bundled_font_lacks_are_named() -> None:
    assert missing_glyphs("鋁合金別針 Ø 30 mm，品質；「標誌」") == ""
    assert missing_glyphs("东莞宏达") == "东达"


# --- what a complaint needs ------------------------------------------------------------------------------------------


def test_without_the_use_of_the_goods_sales_stays_open_and_it_is_not_sent(station: Station) -> None:
    """N1, S16: none of the nine may be empty."""
    d = station.nonconformities.draft(LOGO, by=BY)
    assert [a.question for a in d.points[0].answers if a.source == "open"] == ["sales"]
    assert "whether it affects sales is not answered; say it: station nc answer NC-20260601 sales" in d.faults[0]
    with pytest.raises(ConflictError, match="cannot be sent yet: point 1"):
        station.nonconformities.send(d.number, by=BY)
    with pytest.raises(RequestError, match='"Unacceptable", which nobody can measure'):
        station.nonconformities.answer(d.number, "sales", "Unacceptable.", by=BY)
    d = station.nonconformities.answer(d.number, "sales", "Shop windows show 3 pins side by side.", point=1, by=BY)
    assert d.faults == ()
    assert answers(d)["sales"] == "Shop windows show 3 pins side by side."
    sent = station.nonconformities.send(d.number, by=BY)
    assert (sent.status, sent.revision) == ("sent", 1)


def test_what_was_seen_needs_class_standard_and_is_never_minor_where_it_is_functional(station: Station) -> None:
    """S7, S8, S11."""
    nc = station.nonconformities
    number = nc.draft(LABEL, by=BY, use="retail", carton="transit").number
    seen = {"kind": "weak-clutch", "name": "clutch", "note": "opens at 2 N, 8 N agreed", "units": 6, "of": 20, "by": BY}
    d = nc.seen(number, **seen)
    assert d.points[1].preference
    assert not any("point 2" in f for f in d.faults)
    d = nc.seen(number, **seen, clause="hardware sheet revision 2")
    assert not d.points[1].preference
    assert any("point 2 (clutch) has no class" in f for f in d.faults)
    with pytest.raises(RequestError, match="is never minor"):
        nc.classify(number, 2, "minor", by=BY)
    assert any("touches function or safety" in f for f in nc.seen(
        number, **seen, clause="hardware sheet revision 2", defect_class="minor").faults)  # fmt: skip
    d = nc.classify(number, 2, "major", by=BY)
    assert [f for f in d.faults if "point 2" in f] == [
        f"point 2 (clutch): {what} is not answered; say it: station nc answer {number} {question} TEXT --item 2"
        for what, question in (
            ("whether it affects packaging or inbound", "packaging"),
            ("whether it can be reworked", "rework"),
        )
    ]
    with pytest.raises(RequestError, match="is no kind of nonconformity"):
        nc.seen(number, **{**seen, "kind": "ugly"})


def test_a_photo_of_ones_own_is_kept_as_evidence_and_shown(station: Station, tmp_path: Path) -> None:
    """S10."""
    d = station.nonconformities.draft(LABEL, by=BY, use="retail", carton="transit")
    before, _ = report_pdf(station, d.number, "en")
    d = station.nonconformities.attach(d.number, 1, photo(tmp_path / "label.png", 40), by=BY)
    assert len(d.points[0].photo_sha256) == 64
    assert report_pdf(station, d.number, "en")[0] != before
    assert station.check().ok
    assert station.check().extra == ()


def test_a_photo_without_a_scale_is_flagged_and_another_one_asked_for(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4, S10: the claim is the weaker for it, its report says so, and a photo beside a calliper makes it good."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    number = station.nonconformities.draft(LABEL, by=BY, use="retail", carton="transit").number
    shot = photo(tmp_path / "label.png", 40)
    assert run(app, ["nc", "photo", number, "1", str(shot), "--by", BY]) == 0
    asked = f"station nc photo {number} 1 FILE --scale WHAT"
    told = " ".join(capsys.readouterr().out.split())
    assert "shows no scale, so it is evidence without measure: hand in one beside a ruler" in told
    assert asked in told
    d = station.nonconformities.show(number)
    bare = d.evidence.score
    assert report_data(d, language("en"), {d.points[0].item.key: "x.jpg"})["points"][0]["caption"] == (
        "Photo without a scale: evidence of what is wrong, of no size."
    )
    assert run(app, ["nc", "photo", number, "1", str(shot), "--scale", "calliper", "--by", BY]) == 0
    d = station.nonconformities.show(number)
    assert (d.points[0].photo_scale, d.evidence.score) == ("calliper", bare + 10)
    assert not any("shows no scale" in r for r in d.remarks)
    capsys.readouterr()
    count = ["--note", "OD 24.1 mm", "--units", "3", "--of", "20", "--by", BY]
    assert run(app, ["nc", "seen", number, "--kind", "bent split rings", *count]) == 0
    assert station.nonconformities.show(number).points[1].item.kind == "ring-deformation"
    assert run(app, ["nc", "seen", number, "--kind", "epoxi bubble", *count]) == 2
    told = capsys.readouterr().err
    assert "near are epoxy-bubble" in told
    assert told.count("epoxy-bubble") == 1
    table = tmp_path / "seen.csv"
    table.write_text("kind,note,units,of\nsmell,solvent in 4 cartons,4,20\n")
    assert run(app, ["nc", "seen", number, "--file", str(table), "--by", BY]) == 0
    assert [p.item.kind for p in station.nonconformities.show(number).points] == [
        "carton-label", "ring-deformation", "odour",
    ]  # fmt: skip
    capsys.readouterr()
    assert run(app, ["nc", "kinds", "bent ring", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "ring-deformation"


def test_what_people_said_stays_when_the_lot_is_drafted_again(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1: the data are renewed, the answers kept; the same again adds nothing."""
    nc = station.nonconformities
    number = nc.draft(LOGO, by=BY, use="retail").number
    nc.answer(number, "rework", "The plate is stamped: 0 of 3 trials moved it.", by=BY)
    nc.send(number, by=BY)
    count = len(nc.events(number))
    assert nc.draft(LOGO, by=BY, use="retail").status == "sent"
    nc.answer(number, "rework", "The plate is stamped: 0 of 3 trials moved it.", by="somebody else")
    nc.send(number, by=BY)
    assert len(nc.events(number)) == count
    draw_claimed(monkeypatch)
    photo(tmp_path / "more" / f"{LOGO}_77.png", 0, grain=333)
    station.inspect(tmp_path / "more" / f"{LOGO}_77.png", golden="GS-20260510", lot=LOGO)
    with pytest.raises(ConflictError, match="has 21 inspected units, its decision counts 20"):
        nc.draft(LOGO)
    station.decide_lot(LOGO, SIZE)
    again = nc.draft(LOGO)
    assert (again.status, again.revision, again.points[0].item.units) == ("draft", 1, 21)
    assert answers(again)["rework"].startswith("The plate is stamped")
    assert nc.send(number, by=BY).revision == 2


def test_numbers_are_by_day_and_a_lot_has_one(station: Station) -> None:
    nc = station.nonconformities
    assert [nc.draft(lot).number for lot in (LOGO, LABEL, LOGO)] == ["NC-20260601", "NC-20260601-2", "NC-20260601"]
    assert [d.facts.lot for d in nc.all()] == [LOGO, LABEL]
    with pytest.raises(NotFoundError, match="no nonconformity"):
        nc.show("NC-1")
    with pytest.raises(NotFoundError, match="no lot"):
        nc.draft("L-9")


def test_the_record_has_what_the_source_asks_for(station: Station) -> None:
    """S6, S9, S12, S13: SKU, order, cartons, codes, inspected, counts by item and class; four documents; clusters."""
    d = station.nonconformities.draft(LOGO, use="retail")
    f = d.facts
    assert (f.sku, f.order, f.inspected, f.nonconforming) == ("MAS-PIN-30", "PO-4711", 20, 20)
    assert (f.cartons, f.identifiers) == (("C1", "C2", "C3", "C4"), {"plating_date": ("2026-05-18", "2026-05-19")})
    assert [(x.name, x.units, x.of) for x in d.points[0].item.levels] == [(f"C{n}", 5, 5) for n in (1, 2, 3, 4)]
    assert (f.artwork, f.golden, len(f.sheet_digest)) == ("alpine-r4.ai", "GS-20260510", 64)
    assert d.points[0].item.extent is not None
    assert d.remarks == ()
    premium = station.nonconformities.draft(LOGO, use="premium")
    assert premium.remarks == (
        "the lot was held to AQL 2.5 for major ones; premium retail, licensed and gift programmes usually take 1.5",
    )


def test_quantities_must_add_up_and_close_needs_the_actions(station: Station) -> None:
    """N6-N8, N13, W9."""
    nc = station.nonconformities
    d = nc.draft(LOGO, by=BY, use="retail")
    assert [(s.disposition, s.quantity) for s in d.proposed] == [("replace", SIZE)]
    with pytest.raises(RequestError, match="come to 2,999, 1 less than the 3,000 units"):
        nc.dispose(d.number, [Share(disposition="replace", quantity=2999)], by=BY)
    with pytest.raises(RequestError, match="20 units of lot L-LOGO do not conform"):
        nc.dispose(d.number, [Share(disposition="accept", quantity=3000)], by=BY)
    sorting = [Share(disposition="sort", quantity=2900), Share(disposition="replace", quantity=100)]
    d = nc.dispose(d.number, sorting, by=BY)
    assert "2,900 units are still to be sorted" in d.to_close
    with pytest.raises(ConflictError, match="no root cause is recorded; no containment"):
        nc.close(d.number, by=BY)


def test_what_a_reviewer_rejects_is_a_point_and_what_he_accepts_is_none(station: Station) -> None:
    """N1, S7, S8: the reviewer's word stands above the line's; the row that he names is the standard."""
    units = station.units(lot=LOGO)
    for u in units[:18]:
        station.review(u.id, "accept", "preference: a paler sky", BY)
    good = station.units(lot=LABEL)[0]
    station.review(good.id, "reject", "logo is scratched through, 2 mm", BY)
    station.decide_lot(LOGO, SIZE)
    station.decide_lot(LABEL, SIZE)
    again = station.nonconformities.draft(LOGO, use="retail")
    assert (again.points[0].item.units, again.facts.preferences) == (2, ("a paler sky",))
    assert report_data(again, language("en"), {})["wishes"] == ["a paler sky"]
    found = {p.item.key: p.item for p in station.nonconformities.draft(LABEL, use="retail").points}
    rejected = found["review:logo"]
    assert (rejected.units, rejected.of, rejected.defect_class, rejected.clause) == (1, 20, "major", "marks: logo")
    assert rejected.note == "logo is scratched through, 2 mm"


def test_the_commands_carry_a_lot_to_its_report(
    station: Station, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N1, N10: through the command line, with documents of their own."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    assert run(app, ["nc", "draft", LOGO, "--use", "retail", "--by", BY, "--json"]) == 0
    number = json.loads(capsys.readouterr().out)["number"]
    assert run(app, ["nc", "ask", number, "Improve quality.", "--by", BY]) == 2
    assert "says \"Improve quality\", which nobody can measure. Write instead: say what is changed" in (
        capsys.readouterr().err
    )  # fmt: skip
    assert run(app, ["nc", "cost", number, "--price", "0,80", "--by", BY]) == 2
    assert "--price: '0,80' is no amount" in capsys.readouterr().err
    cost = ["--price", "0.80", "--sort", "0.03", "--remake", "0.85", "--freight", "220", "--by", BY]
    assert run(app, ["nc", "cost", number, *cost]) == 0
    assert "new units: 3,000 × 0.85 = 2,550.00" in capsys.readouterr().out
    assert run(app, ["nc", "cost", number, "--unknown", "sort", "--unknown", "price", "--by", BY]) == 2
    assert "--unknown: 'price' is no price that may be unknown" in capsys.readouterr().err
    assert run(app, ["nc", "cost", number, "--unknown", "sort", "--unknown", "remake", "--by", BY]) == 0
    told = capsys.readouterr().out
    assert "new units: 3,000 × 0.80 = 2,400.00" in told
    assert "price of sorting (--sort)" in told
    assert run(app, ["nc", "disposition", number, "--as-proposed", "--by", BY]) == 0
    assert run(app, ["nc", "send", number, "--by", BY]) == 0
    assert run(app, ["nc", "report", number, "-o", str(tmp_path / "nc.pdf"), "--language", "zh-hant"]) == 0
    assert (tmp_path / "nc.pdf").read_bytes()[:5] == b"%PDF-"
    assert run(app, ["nc", "report", number, "-o", str(tmp_path / "nc.doc")]) == 2
    capsys.readouterr()
    assert run(app, ["nc", "message", number]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Nonconformity NC-")
    assert said.err == ""
    assert run(app, ["nc", "draft", LABEL, "--use", "retail", "--by", BY]) == 0
    open_one = next(w.rstrip(":") for w in capsys.readouterr().out.split() if w.startswith("NC-"))
    assert run(app, ["nc", "message", open_one]) == 0
    assert f"note: {open_one} is not complete: point 1 (carton label fields)" in capsys.readouterr().err
    assert run(app, ["nc", "show", number, "--language", "fr"]) == 2
    assert "there is no language 'fr'. Use one of en, zh-Hant." in capsys.readouterr().err
    assert run(app, ["nc", "show", number]) == 0
    assert "How big is the difference?  It lies 5.04 mm" in capsys.readouterr().out
    assert run(app, ["nc", "list"]) == 0
    assert number in capsys.readouterr().out
    assert run(app, ["nc", "show", number, "--fail-on-nonconforming"]) == 1


def test_events_are_in_the_audit_and_cannot_be_changed(station: Station) -> None:
    import sqlite3

    number = station.nonconformities.draft(LOGO, by=BY).number
    assert station.check().ok
    file = station.settings.home / "station.db"
    with sqlite3.connect(file) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE nonconformity_events SET kind = 'closed'")
    assert station.nonconformities.show(number).status == "draft"


def test_a_second_lot_is_another_complaint(station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """N1: a lot without anything wrong has nothing to be sent."""
    draw_claimed(monkeypatch)
    inspect_lot(station, tmp_path, "L-GOOD", 200)
    d = station.nonconformities.draft("L-GOOD", by=BY)
    assert d.points == ()
    assert d.faults == (f"nothing is named that does not conform; name what was seen: station nc seen {d.number}",)
