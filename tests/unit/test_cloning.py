"""Re-orders and siblings made from a sealed golden sample, and the artwork file it was made by: G11, G16."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from signed_home import NOON, NUMBER, seal

from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, RequestError
from station.quality import cloning as rules
from station.service import Station
from station.service.cloning import origin, write_clone
from station.settings import Settings
from station.sheet import dump_sheet, load_sheet

SHEET = """schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
order = "PO-1"
[golden]
number = "GS-1"
version = 2
received_on = 2026-05-09
approved_on = 2026-05-10
approved_by = "M. Weber"
confirmed_by = "Li Wei"
artwork = "alpine-r4.ai"
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[[defects]]
kind = "pit"
limit_mm = 0.2
surface = "plating"
"""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as made:
        seal(made._db, made._evidence, 1)
        seal(made._db, made._evidence, 2)
        yield made


def test_a_re_order_keeps_what_was_agreed_and_loses_the_approval() -> None:
    """G16, G4: date, names and version are those of an approval to come."""
    made = rules.clone(load_sheet(SHEET), "GS-1 version 2 (0123456789ab)", order="PO-2")
    assert (made.golden.number, made.golden.artwork) == ("GS-1", "alpine-r4.ai")
    assert (made.golden.version, made.golden.received_on, made.golden.approved_on) == (None, None, None)
    assert (made.golden.approved_by, made.golden.confirmed_by) == ("", "")
    assert rules.origin_of(made) == ("GS-1", 2, "0123456789ab")
    assert [(c.where, c.was, c.now) for c in rules.sheet_differences(load_sheet(SHEET), made)] == [
        ("product.order", '"PO-1"', '"PO-2"')
    ]
    assert load_sheet(dump_sheet(made)) == made


def test_a_sibling_has_a_number_of_its_own_and_lists_what_changed() -> None:
    """G16."""
    made = rules.clone(
        load_sheet(SHEET), "GS-1 version 2 (0123456789ab)", sku="MAS-PIN-32", name="Alpine society pin, large",
        changes=["sizes.width.nominal_mm=32.0", "product.finish=black nickel", "defects.pit plating.limit_mm=0.25"],
    )  # fmt: skip
    assert made.golden.number is None
    changed = {c.where: (c.was, c.now) for c in rules.sheet_differences(load_sheet(SHEET), made)}
    assert changed == {
        "product.sku": ('"MAS-PIN-30"', '"MAS-PIN-32"'),
        "product.name": ('"Alpine society pin"', '"Alpine society pin, large"'),
        "product.finish": ("", '"black nickel"'), "product.order": ('"PO-1"', ""),
        "sizes.width.nominal_mm": ("30.0", "32.0"), "defects.pit plating.limit_mm": ("0.2", "0.25"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("width=3", "is no change"), ("sizes.height.plus_mm=0.1", r"\[\[sizes\]\] has no row 'height'"),
        ("product.sku.x=1", "has no rows"), ("golden.approved_by=me", "is not carried over"),
        ("sizes.width.nominal_mm=-3.0", "sizes.0.nominal_mm"), ("product.weight=3", "product.weight"),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sheet_is_refused(change: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        rules.clone(load_sheet(SHEET), "GS-1 version 2 (0123456789ab)", changes=[change])


def test_a_clone_is_written_sealed_and_unsigned_until_it_is_signed(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G16: through the record too; the sealed clone leads back to its origin."""
    import signed_home

    station.record.write(NUMBER, by="M. Weber", values=["packing=one by one", "carton.quantity=24"])
    folder = tmp_path / "sibling"
    found = write_clone(station, NUMBER, folder, sku="MAS-PIN-32", changes=["regions.sky.accept=1.5"])
    assert (found.origin, found.origin_version, found.state) == (NUMBER, 2, "a sheet, not sealed")
    assert {c.where for c in found.changes} == {"product.sku", "regions.sky.accept"}
    with pytest.raises(RequestError, match="is there already"):
        write_clone(station, NUMBER, folder)
    toml = (folder / "sheet.toml").read_text()
    escaped = toml.replace(f"{NUMBER} version", f"\\u0047{NUMBER[1:]} version")  # sealing renames the number elsewhere
    monkeypatch.setattr(signed_home, "SHEET", escaped.replace("{", "{{").replace("}", "}}"))
    seal(station._db, station._evidence, 1, number="GS-20260511", sku="MAS-PIN-32")
    back = origin(station, "GS-20260511")
    assert (back.origin, back.origin_version, back.state) == (NUMBER, 2, "sealed")
    assert {c.where for c in back.changes} == {"product.sku", "regions.sky.accept"}
    assert {c.where for c in back.record_changes} == {"packing", "carton.quantity"}
    station.record.write("GS-20260511", by="M. Weber", file=folder / "record.toml")
    assert origin(station, "GS-20260511").record_changes == ()
    assert station.sign_off.status("GS-20260511").state == "sealed"  # its origin's signatures are not its own
    with pytest.raises(ConflictError, match="cannot be approved without its day"):  # that of its origin is not its own
        station.sign_off.sign("GS-20260511", party="buyer", name="M. Weber")
    dated = signed_home.SHEET.replace("[golden]\n", "[golden]\nreceived_on = 2026-06-01\n")
    monkeypatch.setattr(signed_home, "SHEET", dated)
    seal(station._db, station._evidence, 2, number="GS-20260511", sku="MAS-PIN-32")
    station.sign_off.sign("GS-20260511", party="buyer", name="M. Weber")
    assert station.sign_off.status("GS-20260511").state == "signed by one party"
    with pytest.raises(ConflictError, match="was made from no other"):
        origin(station, NUMBER)


def test_the_artwork_file_is_held_to_its_digest(
    station: Station, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """G11: recorded once, then every byte of the file is held to it."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    file = tmp_path / "alpine-r4.ai"
    file.write_bytes(b"%PDF artwork revision 4")
    assert run(app, ["golden", "artwork", NUMBER, str(file)]) == 2
    assert "no digest of the artwork" in capsys.readouterr().err
    assert run(app, ["golden", "artwork", NUMBER, str(file), "--by", "M. Weber"]) == 0
    assert station.record.show(NUMBER).entry.artwork.sha256 == station.record.artwork_digest(NUMBER)
    assert run(app, ["golden", "artwork", NUMBER, str(file)]) == 0
    assert f"is the artwork of {NUMBER}" in capsys.readouterr().out
    file.write_bytes(b"%PDF artwork revision 5")
    assert run(app, ["golden", "artwork", NUMBER, str(file), "--by", "M. Weber"]) == 2
    assert "is not the artwork of golden" in capsys.readouterr().err
    assert station.check().ok
