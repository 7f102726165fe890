"""Whole orders between two stations: sealed, verified offline, received beside the own records, compared.

Requirements G2, G3 (versions of all parties), G16 and G18 (what is kept to the order's end and measured again at the
next), N12 (evidence that a supplier can check).
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signed_home import NOON, NUMBER, SUPPLIER, _keep, build, picture, seal
from tampering import flip

from station.errors import ConflictError, NotFoundError, RequestError, StoreError
from station.lots.orders import Order
from station.quality import order_archive as rules
from station.quality import package
from station.quality.order_comparison import compare_characteristics, compare_unit, normalised_error, units_of
from station.quality.signing import PACKAGE, public_of, sign
from station.service import Station
from station.service.order_exchange import order_schema, verify
from station.settings import Settings
from station.store import gates, inspections, records
from station.store.package_file import pack, unpack
from station.store.rows import NewUnit
from station.values.digest import canonical_json, digest
from station.values.documents import UnitDocument, Verdict

FOUND = "conforms"


def measured(characteristic: str, value: float | None, u: float, unit: str = "mm", **more: Any) -> dict[str, Any]:
    """A judged measurement."""
    return {
        "characteristic": characteristic, "kind": characteristic.partition(":")[0], "value": value, "unit": unit,
        "u": u, "nominal": None, "lower": None, "upper": None, "class": "major", "verdict": FOUND, **more,
    }  # fmt: skip


def inspect(
    station: Station, name: str, measurements: list[dict[str, Any]], *, lot: str | None = "L-7", **more: Any
) -> None:
    """Record a unit with these measurements. more : verdict, photo, number."""
    photo = more.get("photo", f"photo of {name} on {station.settings.home.name}".encode())
    golden = records.golden(station._db, more.get("number", NUMBER))
    file = _keep(station._evidence, photo, "image/jpeg")
    verdict = more.get("verdict", FOUND)
    content = {
        "schema": 1, "unit": name, "photo": f"{name}.jpg", "sha256": file.sha256, "golden": golden.number,
        "golden_version": golden.version, "golden_digest": golden.digest, "sheet_digest": golden.sheet_digest,
        "calibration": "c" * 64, "model": "reference-difference", "program": "golden-sample-station 0",
        "taken_at": None, "verdict": verdict, "reasons": [], "gates": [], "pose": None, "alignment": None,
        "measurements": measurements, "findings": [],
    }  # fmt: skip
    made = UnitDocument.model_validate(content)
    text = made.model_dump(mode="json", by_alias=True, exclude={"digest"})
    document = json.dumps({**text, "digest": digest(text)})
    inspections.add_unit(
        station._db,
        NewUnit(f"{name} {file.sha256}", name, f"{name}.jpg", file, None, None, golden.id, lot, Verdict(verdict), 0.5,
                document, digest(text), NOON),
    )  # fmt: skip


def stations(folder: Path) -> None:
    """A buyer and a supplier who measured the same three units, the second of which they see otherwise."""
    (folder / "signed.jpg").write_bytes(picture())
    build(folder / "buyer", folder / "signed.jpg")
    build(folder / "supplier")
    for home, off in (("buyer", 0.0), ("supplier", 0.03)):
        with Station(Settings(home=folder / home), clock=lambda: NOON) as station:
            for n in range(3):
                wide = 30.0 + n / 100 + (off if n == 1 else 0.0)
                lab = {"lab": [61.0, -8.0, -32.0 + 10 * off], "lab_golden": [61.0, -8.0, -32.0]}
                verdict = "nonconforms" if (home, n) == ("supplier", 1) else FOUND
                found = [measured("size:width", wide, 0.02, verdict=verdict),
                         measured("colour:sky", 0.5, 0.3, "CIEDE2000", **lab)]  # fmt: skip
                inspect(station, f"unit-{n}", found, verdict=verdict)
            inspect(station, f"only-{home}", [])


class Made:
    """Two homes, and the buyer's archive without pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        stations(folder)
        self.buyer, self.supplier, self.file = folder / "buyer", folder / "supplier", folder / "order.zip"
        with Station(Settings(home=self.buyer)) as station:
            self.export = station.packages.orders.export(NUMBER, self.file)
            self.private = station._db.ledger.keys._key()
        self.key = self.export.key
        self.data = self.file.read_bytes()
        self.files = unpack(self.data)[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("orders"))


def said(path: Path, data: bytes, *keys: str) -> list[str]:
    path.write_bytes(data)
    found = verify(path, keys)
    assert found.ok == (not found.faults)
    return [f"{f.where}: {f.what}" for f in found.faults]


def resealed(files: dict[str, bytes], private: Any, format: str = rules.FORMAT) -> bytes:
    """The archive as the holder of a key would seal it after changing it."""
    listed = json.loads(files[package.MANIFEST])
    rest = {n: d for n, d in files.items() if n not in (package.MANIFEST, package.SEAL)}
    manifest = package.listing(rest, format, order=listed["order"], head=listed["head"])
    seal = {"key": public_of(private), "signature": sign(private, PACKAGE, package.sealed(manifest))}
    return pack({**rest, package.MANIFEST: manifest, package.SEAL: canonical_json(seal)})


def edited(made: Made, name: str, change: Callable[[Any], object]) -> dict[str, bytes]:
    content = json.loads(made.files[name])
    change(content)
    return {**made.files, name: canonical_json(content)}


# --- the archive -----------------------------------------------------------------------------------------------------


def test_an_archive_is_verified_with_the_file_and_a_key_alone(made: Made, tmp_path: Path) -> None:
    alone = Path(shutil.copy(made.file, tmp_path / "alone.zip"))
    found = verify(alone, [made.key])
    assert (found.ok, found.faults, found.sealed_by, found.head) == (True, (), made.key, made.export.head)
    assert found.contents is not None
    assert [(g.number, g.version, g.package is not None) for g in found.contents.goldens] == [
        (NUMBER, 1, True), (NUMBER, 2, True),
    ]  # fmt: skip
    counts = {k: v for k, v in found.contents.counts.items() if v}
    assert counts == {
        "evidence": 15, "goldens": 2, "artefacts": 2, "sign_offs": 3, "acknowledgements": 3, "lots": 2, "units": 7,
        "findings": 3, "presentations": 7, "reviews": 3, "entered_values": 1, "lot_decisions": 1,
    }  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["alone.zip"]  # no home was made
    with Station(Settings(home=made.buyer)) as station:
        assert station.check(found.head).ok


def test_the_same_records_give_the_same_bytes_with_pictures_or_without(made: Made, tmp_path: Path) -> None:
    with Station(Settings(home=made.buyer)) as station:
        station.packages.orders.export(NUMBER, tmp_path / "again.zip")
        whole = station.packages.orders.export(NUMBER, tmp_path / "whole.zip", pictures=True)
        with pytest.raises(NotFoundError, match="no control sheet names order 'PO-1'"):
            station.packages.orders.export("PO-1", tmp_path / "a.zip")
        with pytest.raises(RequestError, match=r"is no \.zip file"):
            station.packages.orders.export(NUMBER, tmp_path / "a.pdf")
    assert (tmp_path / "again.zip").read_bytes() == made.data
    files = unpack((tmp_path / "whole.zip").read_bytes())[0]
    photos = sorted(d for n, d in files.items() if n.startswith("evidence/"))
    assert photos == sorted([*(f"photo of unit {i}".encode() * 20 for i in range(3)), b"photo of only-buyer on buyer",
                             *(f"photo of unit-{n} on buyer".encode() for n in range(3))])  # fmt: skip
    assert verify(tmp_path / "whole.zip", [made.key]).ok
    assert whole.contents.pictures
    del files[next(n for n in files if n.startswith("evidence/"))]
    assert any("it is missing" in line for line in said(tmp_path / "less.zip", resealed(files, made.private), made.key))


def test_the_order_that_sheets_name_takes_all_its_golden_samples(tmp_path: Path) -> None:
    """A purchase order with two products; a third product belongs to another one."""
    with Station(Settings(home=tmp_path / "home")) as station:
        import signed_home

        with pytest.MonkeyPatch.context() as patch:
            for number, order in (("GS-20260510", "PO-4711"), ("GS-20260511", "PO-4711"), ("GS-20260512", "PO-4712")):
                sheet = signed_home.SHEET.replace("[golden]", f'order = "{order}"\n[golden]', 1)
                patch.setattr(signed_home, "SHEET", sheet)
                seal(station._db, station._evidence, 1, number=number)
                patch.undo()
        found = station.packages.orders.export("PO-4711", tmp_path / "a.zip")
    assert [g.number for g in found.contents.goldens] == ["GS-20260510", "GS-20260511"]
    assert verify(tmp_path / "a.zip", [found.key]).ok


def test_an_archive_has_what_belongs_to_its_order_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders of one golden sample, whose sheets or gates name them: each is exported by its name, also after the
    next one's sheet is sealed, and neither archive has the other one's gates and lots."""
    import signed_home

    plain = signed_home.SHEET
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as station:
        for version, order in ((1, "PO-7"), (2, "PO-8")):
            monkeypatch.setattr(signed_home, "SHEET", plain.replace("[golden]", f'order = "{order}"\n[golden]', 1))
            seal(station._db, station._evidence, version)
            inspect(station, f"unit-{order}", [], lot=f"L-{order}")
            inspect(station, f"loose-{order}", [], lot=None)
            station.gates.open(order, Order(units=(500,)), golden=NUMBER, by="M. Weber")
        station.gates.open("PO-9", Order(units=(500,)), golden=NUMBER, by="M. Weber")  # that no sheet names
        inspect(station, "unit-PO-9", [], lot="L-PO-9")
        row = gates.order(station._db, "PO-9", None)
        gates.add_lot(station._db, row, "L-PO-9", "final", by="M. Weber", at=NOON)
        for order in ("PO-7", "PO-8", "PO-9"):
            file = tmp_path / f"{order}.zip"
            made = station.packages.orders.export(order, file)
            assert verify(file, [made.key]).ok
            assert (made.contents.lots, made.contents.orders) == ((f"L-{order}",), (f"{order} (MAS-PIN-30)",))
            files = unpack(file.read_bytes())[0]
            units = {r["unit"] for r in json.loads(files["records/units.json"])}
            assert units == {f"unit-{order}"} | ({f"loose-{order}"} if order != "PO-9" else set())
        whole = station.packages.orders.export(NUMBER, tmp_path / "whole.zip")
        assert len(whole.contents.orders) == 3
        with pytest.raises(NotFoundError, match="no order of this name is opened"):
            station.packages.orders.export("PO-10", tmp_path / "none.zip")


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_any_changed_byte_is_found(made: Made, seed: int) -> None:
    rng = random.Random(seed)
    assert said(made.folder / "changed.zip", flip(made.data, rng), made.key)
    name = rng.choice(sorted(made.files))
    repacked = pack({**made.files, name: flip(made.files[name], rng)})
    assert any(name in line for line in said(made.folder / "repacked.zip", repacked, made.key))


def change_a_value(rows: Any) -> None:
    """A unit made narrower, with its digest put right: what a station would do that rewrites its records."""
    row = next(r for r in rows if r["unit"] == "unit-1")
    document = json.loads(row["document"])
    document["measurements"][0]["value"] = 29.0
    row["digest"] = document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    row["document"] = json.dumps(document)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("records/units.json", change_a_value, "records/units.json: row 5 is not one that the ledger cites"),
        ("records/units.json", lambda r: r[0].update(digest="0" * 64), "row 1: its document does not have its digest"),
        ("records/reviews.json", lambda r: r[0].update(decision="reject"), "row 1 is not one that the ledger cites"),
        ("records/units.json", lambda r: r.append(r[0]), "row 1 is there twice"),
        ("records/units.json", lambda r: r.pop(), "records/units.json: it has 6 rows, order.json says 7"),
        ("records/lots.json", lambda r: r.pop(0), "row 1 belongs to no row of lots that is there"),
        ("records/evidence.json", lambda r: r.clear(), "records/evidence.json: it does not name"),
        ("order.json", lambda o: o["goldens"][0].update(digest="0"), "it is not golden GS-20260510 version 1"),
        ("order.json", lambda o: o["lots"].append("L-9"), "the lots that it names are not those of the records"),
        ("order.json", lambda o: o.update(pictures="maybe"), "order.json: it does not keep to the schema"),
        ("ledger.json", lambda p: p["cites"].popitem(), "the rows that it cites are others"),
        ("ledger.json", lambda p: p["cites"]["1"].pop(), "entry 1: the rows that it cites are others"),
        ("ledger.json", lambda p: p["links"].pop(), "ledger.json: the chain does not lead to its head"),
        ("ledger.json", lambda p: p["head"].update(signature="0" * 128), "is not signed by its key"),
    ],
)  # fmt: skip
def test_what_the_sealing_station_changes_itself_is_named(
    made: Made, tmp_path: Path, name: str, change: Callable[[Any], object], named: str
) -> None:
    """N12: the other party does not have to trust the seal alone."""
    if named.startswith("the rows"):
        named = "is not one that the ledger cites"
    found = said(tmp_path / "a.zip", resealed(edited(made, name, change), made.private), made.key)
    assert any(named in line for line in found), found


def test_an_archive_under_another_seal_is_handed_to_no_reader(made: Made, tmp_path: Path) -> None:
    found = said(tmp_path / "a.zip", resealed(edited(made, "order.json", lambda o: o.clear()), SUPPLIER), made.key)
    assert len(found) == 1
    assert found[0].startswith(f"manifest.sig.json: the package is sealed with key {public_of(SUPPLIER)}")
    assert said(tmp_path / "b.zip", b"PK\5\6" + bytes(18), made.key)
    with pytest.raises(RequestError, match="no key is named"):
        verify(made.file, [])


def test_the_schema_is_in_the_archive_and_says_every_column(made: Made) -> None:
    assert json.loads(made.files[rules.SCHEMA]) == json.loads(canonical_json(order_schema()))
    for name, schema in order_schema()["properties"].items():
        content = json.loads(made.files[name])
        assert isinstance(content, list) == (schema["type"] == "array")
        for row in content if isinstance(content, list) else ():
            columns = schema["items"]["properties"]
            assert set(schema["items"]["required"]) <= row.keys() <= columns.keys()
            assert all(isinstance(v, int) == (columns[k]["type"] == "integer") for k, v in row.items())


# --- received and compared -------------------------------------------------------------------------------------------


def test_what_is_received_stays_the_other_party_s(made: Made, tmp_path: Path) -> None:
    home = Path(shutil.copytree(made.supplier, tmp_path / "home"))
    with Station(Settings(home=home)) as station:
        before = [u.digest for u in inspections.units(station._db)], [g.digest for g in station.goldens()]
        with pytest.raises(RequestError, match="no key is named"):
            station.packages.orders.receive(made.file, party="buyer")
        with pytest.raises(RequestError, match="--from is empty"):
            station.packages.orders.receive(made.file, party=" ", keys=[made.key])
        first = station.packages.orders.receive(made.file, party="buyer", keys=[made.key])
        again = station.packages.orders.receive(made.file, party="buyer")
        assert (first.new, again.new, again.digest) == (True, False, first.digest)
        assert ([u.digest for u in inspections.units(station._db)], [g.digest for g in station.goldens()]) == before
        assert [(r.party, r.contents.order, r.key) for r in station.packages.orders.received()] == [
            ("buyer", NUMBER, made.key)
        ]
        assert [e.kind for e in station.ledger.entries()].count("order of another station received") == 1
        assert station.check().ok
        with pytest.raises(ConflictError, match="One key is one party"):
            station.packages.orders.receive(made.file, party="hongda")
        broken = tmp_path / "broken.zip"
        broken.write_bytes(flip(made.data, random.Random(3)))
        with pytest.raises(RequestError, match=r"broken\.zip does not hold"):
            station.packages.orders.receive(broken, party="buyer")
        assert (len(station.packages.orders.received()), station.check().extra) == (1, ())
    with Station(Settings(home=made.buyer)) as station, pytest.raises(RequestError, match="this station's own archive"):
        station.packages.orders.receive(made.file, party="me", keys=[made.key])


def test_a_past_that_was_written_anew_is_refused(made: Made, tmp_path: Path) -> None:
    """The same station, the same key, and a home put back to before a unit that has been shown already."""
    old = Path(shutil.copytree(made.buyer, tmp_path / "buyer"))
    files = [tmp_path / "long.zip", tmp_path / "other.zip"]
    with Station(Settings(home=old)) as station:
        inspect(station, "unit-9", [])
        station.packages.orders.export(NUMBER, files[0])
    anew = Path(shutil.copytree(made.buyer, tmp_path / "anew"))
    with Station(Settings(home=anew)) as station:
        inspect(station, "unit-9", [], verdict="nonconforms")
        inspect(station, "unit-10", [])
        station.packages.orders.export(NUMBER, files[1])
    for order in (files, files[::-1]):
        with Station(Settings(home=tmp_path / f"to-{order[0].stem}")) as station:
            for good in (made.file, order[0]):
                station.packages.orders.receive(good, party="buyer", keys=[made.key])
            with pytest.raises(ConflictError, match="its past was written anew"):
                station.packages.orders.receive(order[1], party="buyer")
            assert len(station.packages.orders.received()) == 2


def test_two_stations_are_compared_value_by_value(made: Made, tmp_path: Path) -> None:
    """G3, G16: versions, values and verdicts of both sides, with the error that both uncertainties allow."""
    home = Path(shutil.copytree(made.supplier, tmp_path / "home"))
    with Station(Settings(home=home)) as station:
        with pytest.raises(NotFoundError, match="no order of this name was received"):
            station.packages.orders.compare("PO-4711")
        found = station.packages.orders.compare(made.file, keys=[made.key])
        assert found.other == verify(made.file, [made.key]).sealed_by_fingerprint
        station.packages.orders.receive(made.file, party="buyer", keys=[made.key])
        found = station.packages.orders.compare(NUMBER)
    assert found.other == "buyer"
    assert [(v.what, v.own, v.other) for v in found.versions] == [
        (f"golden {NUMBER}, label held by supplier", "", "version 2")
    ]
    assert (found.only_own, found.only_other) == (("only-supplier (lot L-7)",), ("only-buyer (lot L-7)",))
    units = {u.unit: u for u in found.units}
    assert units.keys() == {"u0", "u1", "u2", "unit-0", "unit-1", "unit-2"}
    assert found.remarks == ("3 units were measured in the same photo: only programs and calibrations differ",)
    (colour, width) = units["unit-1"].values
    assert width.en == pytest.approx(0.03 / math.hypot(0.02, 0.02))
    assert (width.agrees, width.own_verdict, width.other_verdict) == (False, "nonconforms", "conforms")
    assert (colour.en, colour.agrees) == (0.0, True)
    assert colour.delta_e_00 == pytest.approx(0.11, abs=0.03)  # of 0.3 in b* at chroma 33
    rows = {c.characteristic: c for c in found.characteristics}
    assert (rows["size:width"].n, rows["size:width"].beyond, rows["size:width"].worst_unit) == (3, 1, "unit-1")
    assert rows["size:width"].mean_difference == pytest.approx(0.01)
    assert rows["size:width"].sd_difference == pytest.approx(math.sqrt(3) / 100)
    assert rows["size:width"].verdicts_differ == 1
    assert [(x.lot, x.own, x.other) for x in found.lots] == [("L-1", "accepted", "accepted"), ("L-7", None, None)]
    assert not found.agrees


def test_a_station_without_the_golden_sample_compares_nothing(made: Made, tmp_path: Path) -> None:
    with (
        Station(Settings(home=tmp_path / "home")) as station,
        pytest.raises(NotFoundError, match="has none of the golden samples"),
    ):
        station.packages.orders.compare(made.file, keys=[made.key])


def test_another_version_held_by_a_party_is_named(tmp_path: Path) -> None:
    """G3: the buyer has version 2 in force, the factory's station version 1."""
    for home, versions in (("buyer", (1, 2)), ("factory", (1,))):
        with Station(Settings(home=tmp_path / home)) as station:
            for version in versions:
                seal(station._db, station._evidence, version)
            station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
            key = station.packages.orders.export(NUMBER, tmp_path / f"{home}.zip").key
    with Station(Settings(home=tmp_path / "buyer")) as station:
        found = station.packages.orders.compare(tmp_path / "factory.zip", keys=[key])
    assert [(v.what, v.own, v.other) for v in found.versions if "sheet" not in v.what] == [
        (f"golden {NUMBER}, product held by factory", "version 2", "version 1"),
        (f"golden {NUMBER}, version in force", "version 2", "version 1"),
    ]
    assert found.remarks == ("no unit is on record on both sides: give the units the same ids",)


def test_records_that_do_not_hold_together_are_not_exported(made: Made, tmp_path: Path) -> None:
    import sqlite3

    home = Path(shutil.copytree(made.buyer, tmp_path / "home"))
    with sqlite3.connect(home / "station.db") as c:
        c.execute("DROP TRIGGER reviews_no_update")
        c.execute("UPDATE reviews SET decision = 'reject' WHERE id = 2")
    c.close()
    with Station(Settings(home=home)) as station, pytest.raises(StoreError, match="row 2 is not one that the ledger"):
        station.packages.orders.export(NUMBER, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_units_whose_lots_are_called_otherwise_are_matched_by_their_names(tmp_path: Path) -> None:
    for home, lot in (("buyer", "L-7"), ("supplier", "HD-0711")):
        with Station(Settings(home=tmp_path / home)) as station:
            seal(station._db, station._evidence, 1)
            inspect(station, "unit-1", [measured("size:width", 30.0, 0.02)], lot=lot)
            inspect(station, "unit-1", [measured("size:width", 30.1, 0.02)], lot=lot, photo=b"again")
            key = station.packages.orders.export(NUMBER, tmp_path / f"{home}.zip").key
    with Station(Settings(home=tmp_path / "buyer")) as station:
        found = station.packages.orders.compare(tmp_path / "supplier.zip", keys=[key])
    (unit,) = found.units
    assert (unit.own_lot, unit.other_lot) == ("L-7", "HD-0711")
    assert unit.values[0].own == unit.values[0].other == 30.1  # the newest inspection of each
    assert unit.same_photo


# --- the rules -------------------------------------------------------------------------------------------------------

reals = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)


@given(x=reals, y=reals, u=positive, v=positive, scale=st.floats(1e-3, 1e3))
def test_the_normalised_error_is_antisymmetric_and_knows_no_unit(
    x: float, y: float, u: float, v: float, scale: float
) -> None:
    """ISO 13528, 9.7: the difference over the root of the sum of squares of the expanded uncertainties."""
    en = normalised_error(x, u, y, v)
    assert en is not None
    assert en == pytest.approx((x - y) / math.sqrt(u * u + v * v))
    assert normalised_error(y, v, x, u) == -en
    assert normalised_error(x * scale, u * scale, y * scale, v * scale) == pytest.approx(en, rel=1e-6, abs=1e-6)


def test_values_that_cannot_be_compared_have_no_error() -> None:
    assert normalised_error(1.0, 0.0, 2.0, 0.0) is None
    golden = {"id": 1, "number": "G", "version": 1, "sheet_digest": "s"}
    base = {"goldens": [golden], "lots": [], "reviews": [], "entered_values": []}

    def unit(*measurements: dict[str, Any]) -> Any:
        text = json.dumps({"measurements": measurements})
        row = {"id": 1, "unit": "u", "golden_id": 1, "photo_sha256": "", "verdict": "conforms", "document": text}
        return units_of({**base, "units": [row]})["G", None, "u"]

    own = unit(measured("weight", 33.9, 0.1, "g"), measured("size:a", None, 0.1), measured("size:b", 1.0, 0.1))
    other = unit(measured("weight", 0.0339, 0.0001, "kg"), measured("size:a", 1.0, 0.1))
    found = compare_unit(own, other)
    assert [(v.characteristic, v.difference, v.en, v.agrees) for v in found.values] == [
        ("size:a", None, None, None), ("size:b", None, None, None), ("weight", None, None, None),
    ]  # fmt: skip
    assert all((c.n, c.compared, c.beyond, c.worst_unit) == (0, 0, 0, None) for c in compare_characteristics([found]))
