"""Artefacts, sign-off by both parties, acknowledgements, and what they stop: rows G1-G4, G9, G17, G20."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import signed_home
from signed_home import NOON, NUMBER, SUPPLIER, build, detached, picture, seal

from station.errors import ConflictError, NotFoundError, PhotoError, RequestError
from station.quality import sign_off as rules
from station.quality.signing import SIGN_OFF, public_of, sign
from station.service import Station, views
from station.service.reporting import approval_sheet
from station.settings import Settings


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as made:
        seal(made._db, made._evidence, 1)
        yield made


def seal_version(station: Station, version: int) -> None:
    seal(station._db, station._evidence, version)


# --- the version-chaos story (G3) ------------------------------------------------------------------------------------


def test_the_version_chaos_is_stopped_by_a_message_that_names_each_partys_version(station: Station) -> None:
    """G3, G24: buyer version 4, salesperson 3, factory 2, packing plant's label 1: all "followed the data"."""
    label = station.settings.home / "label.pdf"
    label.write_bytes(b"%PDF label, first")
    station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber")
    station.sign_off.acknowledge(NUMBER, party="packing", name="Chen", artefact="label")
    label.write_bytes(b"%PDF label, second")
    station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber")
    for version, party, name in ((2, "factory", "Li Wei"), (3, "sales", "Ms Wu"), (4, "buyer", "M. Weber")):
        seal_version(station, version)
        station.sign_off.acknowledge(NUMBER, party=party, name=name)
    with pytest.raises(ConflictError) as stopped:
        station.inspect(Path("unit.jpg"), golden=NUMBER)
    assert str(stopped.value) == (
        f"golden {NUMBER} is held in different versions: product: buyer version 4, sales version 3, factory version 2, "
        "in force is version 4; label: packing version 1, in force is version 2. Give sales, factory and packing the "
        "version in force and record that they have it: "
        f"station golden acknowledge {NUMBER} --party sales --artefact product --name WHO"
    )
    status = station.sign_off.status(NUMBER)
    assert not status.one_version
    assert status.reason == str(stopped.value)
    held = {(h.party, a.artefact): (h.version, h.current) for a in status.artefacts for h in a.held}
    assert held == {
        ("buyer", "product"): (4, True), ("sales", "product"): (3, False), ("factory", "product"): (2, False),
        ("packing", "label"): (1, False),
    }  # fmt: skip
    for party, artefact in (("sales", "product"), ("factory", "product"), ("packing", "label")):
        station.sign_off.acknowledge(NUMBER, party=party, name="now they have it", artefact=artefact)
    assert station.sign_off.status(NUMBER).one_version
    with pytest.raises(PhotoError, match=r"unit\.jpg"):  # nothing but the missing photo stands in the way
        station.inspect(Path("unit.jpg"), golden=NUMBER)


def test_a_superseded_version_is_refused_with_who_holds_which(station: Station, tmp_path: Path) -> None:
    """G2, G3."""
    photo = tmp_path / "unit.jpg"
    photo.write_bytes(b"no picture, and not looked at")
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    seal_version(station, 2)
    row = station.golden(NUMBER)
    assert row.version == 2
    with pytest.raises(ConflictError) as refused:
        station.inspect_many([photo], golden=NUMBER, engine=None, on_done=print, golden_version=1)  # type: ignore[arg-type]
    assert str(refused.value).startswith(
        f"version 1 of golden {NUMBER} is superseded by version 2 (buyer version 1, factory version 1). Take version 2"
    )


def test_a_golden_that_nobody_signed_is_inspected_as_before(station: Station) -> None:
    seal_version(station, 2)
    with pytest.raises(PhotoError, match=r"unit\.jpg"):
        station.inspect(Path("unit.jpg"), golden=NUMBER)


def test_one_active_golden_a_sku(station: Station) -> None:
    """G2: the golden sample sealed last for a SKU is in force, whatever its number."""
    seal(station._db, station._evidence, 1, number="GS-20270101")
    status = station.sign_off.status(NUMBER)
    assert (status.state, status.superseded_by) == ("superseded", "GS-20270101 version 1")
    with pytest.raises(ConflictError, match="is superseded by GS-20270101 version 1"):
        station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
    with pytest.raises(ConflictError, match=r"superseded by GS-20270101 version 1 \(factory version 1\)"):
        station.inspect(Path("unit.jpg"), golden=NUMBER)


# --- sign-off (G1, G4, G9) -------------------------------------------------------------------------------------------


def test_both_parties_sign_and_the_golden_is_approved(station: Station, tmp_path: Path) -> None:
    """G1, G2, G4, G9: date, version, digest, names, roles."""
    assert station.sign_off.status(NUMBER).state == "sealed"
    made = station.sign_off.sign(NUMBER, party="buyer", name=" M.  Weber ", role="Buying")
    assert made.new
    assert (made.method, made.key) == ("local key", station.ledger.key().key)
    said = made.statement
    assert (said.name, said.role, said.version) == ("M. Weber", "Buying", 1)
    assert said.artefact_digest == station.golden(NUMBER).digest
    assert said.text.startswith("We confirm the first-version sample received on 2026-05-10 as the mass-production")
    assert station.sign_off.status(NUMBER).state == "signed by one party"
    other = station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
    assert (other.method, other.key) == ("detached", public_of(SUPPLIER))
    status = station.sign_off.status(NUMBER)
    assert status.state == "approved"
    assert status.artefacts[0].signed_by == {"buyer": "local key", "supplier": "detached"}
    assert [h.party for h in status.artefacts[0].held] == ["buyer", "supplier"]
    assert status.remarks == ()
    assert station.check().ok


def test_an_approval_names_what_the_record_controls(station: Station, tmp_path: Path) -> None:
    """G5, G19: the same words as in the letter; other words of the other party are remarked upon."""
    station.record.write(NUMBER, by="M. Weber", values=['controlled=["label", "manual"]'])
    made = station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    assert "according to this version's label and manual." in made.statement.text
    assert made.statement.text == station.sign_off.approval_statement(NUMBER)
    early = detached(station, tmp_path / "early.json")
    station.record.write(NUMBER, by="M. Weber", values=['controlled=["label"]'])
    with pytest.raises(ConflictError, match="signs text We confirm the first-version sample"):
        station.sign_off.import_signature(NUMBER, early, party="supplier")
    other = station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
    assert "according to this version's label." in other.statement.text
    assert other.remarks == (f"the buyer signed this version in other words: station golden status {NUMBER}",)


def test_signing_again_is_the_same_signature_and_another_name_is_refused(station: Station) -> None:
    first = station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    again = station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    assert (again.new, again.digest) == (False, first.digest)
    with pytest.raises(
        ConflictError, match=r"was signed for the buyer already, by M\. Weber \(local key, 2026-05-10\)"
    ):
        station.sign_off.sign(NUMBER, party="buyer", name="Somebody")


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            signed_home.SHEET[signed_home.SHEET.index("[[regions]]") : signed_home.SHEET.index("[aql]")],
            '[[sizes]]\nname = "w{reject}"\nnominal_mm = 30.0\n',
            "without its specification (a limit in",
        ),
        ("received_on = 2026-05-10\n", "", "without its day (received_on or approved_on)"),
    ],
)
def test_what_has_no_day_or_no_limit_cannot_be_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: str, now: str, says: str
) -> None:
    """G4: not "OK" alone; by neither party, on no paper, and the refusal says what is missing."""
    assert was in signed_home.SHEET
    monkeypatch.setattr(signed_home, "SHEET", signed_home.SHEET.replace(was, now))
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as bare:
        seal(bare._db, bare._evidence, 1)
        for party in ("buyer", "supplier"):
            with pytest.raises(ConflictError) as refused:
                bare.sign_off.sign(NUMBER, party=party, name="M. Weber")
            assert f"golden {NUMBER} version 1 cannot be approved {says}" in str(refused.value)
            assert "station golden seal" in str(refused.value)
        with pytest.raises(ConflictError, match="cannot be approved without"):
            approval_sheet(bare, NUMBER)
        assert bare.sign_off.status(NUMBER).state == "sealed"
        assert bare.sign_off.status(NUMBER).sign_offs == ()


def test_a_golden_whose_photo_is_gone_cannot_be_signed(station: Station) -> None:
    """G4."""
    station.evidence_path(station.golden(NUMBER).photo_sha256).unlink()
    with pytest.raises(ConflictError, match=r"cannot be approved without its photo\."):
        station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")


def test_one_key_does_not_sign_for_both_parties(station: Station) -> None:
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    with pytest.raises(ConflictError, match="this key has signed for the buyer, so it cannot sign for the supplier"):
        station.sign_off.sign(NUMBER, party="supplier", name="Li Wei")


def test_a_new_version_needs_new_signatures(station: Station) -> None:
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    seal_version(station, 2)
    status = station.sign_off.status(NUMBER)
    assert (status.version, status.state) == (2, "sealed")
    assert status.artefacts[0].held[0].version == 1


@pytest.mark.parametrize(
    ("party", "name", "match"),
    [("packing", "x", "'packing' is no signing party"), ("buyer", " ", "--name is empty"),
     ("buyer", "a" * 121, "--name is no name"), ("buyer", "a\x00b", "--name is no name")],
)  # fmt: skip
def test_nobody_signs_without_a_name_or_a_role_in_it(station: Station, party: str, name: str, match: str) -> None:
    with pytest.raises(RequestError, match=match):
        station.sign_off.sign(NUMBER, party=party, name=name)


def test_a_photo_of_the_signed_sheet_is_kept_as_evidence(station: Station, tmp_path: Path) -> None:
    photo = tmp_path / "signed.jpg"
    photo.write_bytes(picture())
    made = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=photo)
    assert (made.method, made.key, made.signature) == ("printed sheet", None, None)
    assert made.sheet_photo_sha256 is not None
    assert station.picture(made.sheet_photo_sha256).data == photo.read_bytes()
    assert "the supplier signed on paper: compare the photo with the sheet's digest" in (
        station.sign_off.status(NUMBER).remarks
    )
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    with pytest.raises(PhotoError):
        station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", sheet_photo=tmp_path / "no.jpg")


def forged(path: Path, **change: object) -> Path:
    made = json.loads(path.read_text())
    made["statement"] |= change
    path.write_text(json.dumps(made))
    return path


def resigned(path: Path, **change: object) -> Path:
    forged(path, **change)
    made = json.loads(path.read_text())
    path.write_text(json.dumps(made | {"signature": sign(SUPPLIER, SIGN_OFF, made["statement"])}))
    return path


def test_a_detached_signature_is_held_to_what_this_home_has(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "li.json"
    with pytest.raises(RequestError, match="does not hold: it was not made for this statement"):
        station.sign_off.import_signature(NUMBER, forged(detached(station, path), name="Else"), party="supplier")
    with pytest.raises(RequestError, match="signs for the supplier, not for the buyer"):
        station.sign_off.import_signature(NUMBER, detached(station, path), party="buyer")
    with pytest.raises(ConflictError, match="signs artefact digest 000"):
        station.sign_off.import_signature(
            NUMBER, resigned(detached(station, path), artefact_digest="0" * 64), party="supplier"
        )
    with pytest.raises(RequestError, match="is not one that this version of the station knows"):
        station.sign_off.import_signature(NUMBER, resigned(detached(station, path), more=1), party="supplier")
    old = detached(station, path)
    seal_version(station, 2)
    with pytest.raises(ConflictError, match="signs version 1, and this home has 2"):
        station.sign_off.import_signature(NUMBER, old, party="supplier")
    path.write_text("{}")
    with pytest.raises(RequestError, match="is no detached signature"):
        station.sign_off.import_signature(NUMBER, path, party="supplier")


def test_another_key_of_a_party_is_remarked(station: Station, tmp_path: Path) -> None:
    station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
    seal_version(station, 2)
    made = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei")
    assert made.remarks[0].startswith(f"the supplier signed product version 1 of golden {NUMBER} with another key (")


def test_with_open_items_the_approval_is_conditional(station: Station, tmp_path: Path) -> None:
    """G6: items that are still to be confirmed keep an approval conditional."""
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    station.sign_off.import_signature(NUMBER, detached(station, tmp_path / "li.json"), party="supplier")
    assert station.sign_off.status(NUMBER).state == "approved"
    station.record.open_item(NUMBER, "plating colour", by="M. Weber")
    status = station.sign_off.status(NUMBER)
    assert status.state == "conditionally approved"
    assert status.remarks == ("still to be confirmed: plating colour",)


# --- artefacts and acknowledgements (G3, G17) ------------------------------------------------------------------------


def test_artefacts_have_versions_of_their_own(station: Station) -> None:
    """G17."""
    file = station.settings.home / "carton.svg"
    file.write_bytes(b"<svg/>")
    first = station.sign_off.add_artefact(NUMBER, "Carton mark", file, by="M. Weber")
    assert (first.kind, first.version, first.name) == ("carton-mark", 1, "carton.svg")
    assert station.sign_off.add_artefact(NUMBER, "carton-mark", file, by="M. Weber") == first
    file.write_bytes(b"<svg></svg>")
    assert station.sign_off.add_artefact(NUMBER, "carton-mark", file, by="M. Weber", version=7).version == 7
    file.write_bytes(b"<svg>\n</svg>")
    with pytest.raises(RequestError, match="carton-mark has version 7 already"):
        station.sign_off.add_artefact(NUMBER, "carton-mark", file, by="M. Weber", version=7)
    assert station.sign_off.add_artefact(NUMBER, "carton-mark", file, by="M. Weber").version == 8
    signed = station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", artefact="carton-mark")
    assert (signed.statement.artefact, signed.statement.version) == ("carton-mark", 8)
    status = station.sign_off.status(NUMBER)
    assert [a.artefact for a in status.artefacts] == list(rules.ARTEFACTS)
    assert [a.version for a in status.artefacts] == [1, None, None, 8, None, None]
    assert status.state == "sealed"  # a signature under the carton mark is none under the product


def test_what_cannot_be_an_artefact_is_refused(station: Station, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"")
    for kind, path, match in (
        ("product", file, "is the sealed golden sample"), ("box", file, "'box' is no artefact"),
        ("label", file, "is no file of 1 byte"), ("label", tmp_path, "is no file of 1 byte"),
        ("label", tmp_path / "none", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(RequestError, match=match):
            station.sign_off.add_artefact(NUMBER, kind, path, by="M. Weber")
    with pytest.raises(NotFoundError, match="has no label yet"):
        station.sign_off.acknowledge(NUMBER, party="packing", name="Chen", artefact="label")
    with pytest.raises(NotFoundError, match="has no version 9"):
        station.sign_off.acknowledge(NUMBER, party="packing", name="Chen", version=9)
    with pytest.raises(RequestError, match="'nobody' is no party"):
        station.sign_off.acknowledge(NUMBER, party="nobody", name="Chen")


def test_an_acknowledgement_keeps_the_partys_reply(station: Station, tmp_path: Path) -> None:
    """G20: the supplier's reply confirmation stays with the record."""
    reply = tmp_path / "reply.eml"
    reply.write_bytes(b"Subject: Re: GS-20260510\n\nWe have version 1.")
    made = station.sign_off.acknowledge(NUMBER, party="supplier", name="Li Wei", note="e-mail", attach=reply)
    assert made.attached_sha256 is not None
    assert station._evidence.read(made.attached_sha256) == reply.read_bytes()
    assert made.remarks == ()
    seal_version(station, 2)
    late = station.sign_off.acknowledge(NUMBER, party="supplier", name="Li Wei", version=1)
    assert late.remarks == ("in force is version 2: nobody inspects before supplier has it",)


def test_what_a_party_holds_is_the_last_that_it_said_whatever_the_clock_says(tmp_path: Path) -> None:
    times = [datetime(2026, 5, 10, tzinfo=UTC)]
    with Station(Settings(home=tmp_path / "home"), clock=lambda: times[0]) as station:
        seal(station._db, station._evidence, 1)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", version=1)
        seal(station._db, station._evidence, 2)
        times[0] -= timedelta(days=2)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", version=2)
        assert [h.version for h in station.sign_off.status(NUMBER).artefacts[0].held] == [2]
        assert "set back by 48 h" in station.check().remarks[0]


def test_everything_of_it_stands_in_the_ledger(tmp_path: Path) -> None:
    photo = tmp_path / "signed.jpg"
    photo.write_bytes(picture())
    build(tmp_path / "home", photo)
    with Station(Settings(home=tmp_path / "home")) as station:
        assert station.check().ok
        kinds = [e.kind for e in station.ledger.entries()]
    assert kinds[:9] == [
        "golden sealed", "version acknowledged", "golden sealed", "artefact added", "artefact added", "signed off",
        "signed off", "signed off", "version acknowledged",
    ]  # fmt: skip
    assert kinds[-2:] == ["lot decided", "stream opened"]
    assert kinds.count("unit inspected") == kinds.count("unit reviewed") == 3
    assert len(list((tmp_path / "home" / "evidence").iterdir())) > 3
    shutil.rmtree(tmp_path / "home")


def pages(pdf: bytes) -> int:
    """Pages of a PDF, also where their objects lie in compressed streams."""
    found = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found += len(re.findall(rb"/Type\s*/Page\b(?!s)", zlib.decompress(stream)))
    return found


def test_the_sheet_to_sign_is_one_page_whatever_is_on_it(station: Station, tmp_path: Path) -> None:
    frame = station._evidence.put(picture())
    limits = "".join(f'[[defects]]\nkind = "kind-{i}"\nlimit_mm = 0.2\nclass = "major"\n' for i in range(30))
    for kind in rules.ARTEFACTS[1:]:
        (tmp_path / "a").write_bytes(kind.encode())
        station.sign_off.add_artefact(NUMBER, kind, tmp_path / "a", by="M. Weber")
    data = views.Picture(station._evidence.read(frame), "image/jpeg", frame)
    toml = station.golden_sheet(NUMBER).replace("[aql]", f"{limits}[aql]")
    with (
        patch.object(Station, "golden_picture", lambda *_a, **_k: data),
        patch.object(Station, "golden_sheet", lambda *_a, **_k: toml),
    ):
        page = approval_sheet(station, NUMBER)
        assert approval_sheet(station, NUMBER) == page
    assert pages(page) == 1
