"""Sealed packages: the same records the same bytes; verified with file and key alone; every changed byte is named."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signed_home import NUMBER, SUPPLIER, build, picture, seal
from tampering import flip, places, tamper_with_package

from station.errors import RequestError, StationError, StoreError
from station.quality import package as rules
from station.quality.signing import PACKAGE, public_of, sign
from station.service import Station
from station.service.packages import verify
from station.settings import Settings
from station.store import package_file
from station.store.package_file import DIRECTORY, _by_directory, pack, unpack
from station.values.digest import canonical_json


class Made:
    """A home with a package of it."""

    def __init__(self, folder: Path) -> None:
        photo = folder / "signed.jpg"
        photo.write_bytes(picture())
        self.home = folder / "home"
        build(self.home, photo)
        self.file = folder / "whole.zip"
        with Station(Settings(home=self.home)) as station:
            self.key = station.packages.export(NUMBER, self.file).key
        self.data = self.file.read_bytes()
        parts = _by_directory(self.data)
        assert parts is not None
        self.place = places(self.data, [(p.name, p.offset, p.begin, p.end) for p in parts])
        self.files = unpack(self.data)[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("package"))


def said(path: Path, data: bytes, *keys: str) -> list[str]:
    path.write_bytes(data)
    found = verify(path, keys)
    assert found.ok == (not found.faults)
    return [f"{f.where}: {f.what}" for f in found.faults]


def test_a_package_is_verified_with_the_file_and_a_key_alone(made: Made, tmp_path: Path) -> None:
    alone = Path(shutil.copy(made.file, tmp_path / "alone.zip"))
    found = verify(alone, [made.key])
    assert found.ok
    assert (found.number, found.version, found.sku, found.sealed_by) == (NUMBER, 2, "MAS-PIN-30", made.key)
    assert [(s.party, s.artefact, s.method, s.trusted) for s in found.signers] == [
        ("buyer", "product", "local key", True), ("supplier", "product", "detached", False),
        ("supplier", "label", "printed sheet", False),
    ]  # fmt: skip
    assert found.remarks == (
        "the supplier signed product version 2 with a key that you did not name: compare it",
        "the supplier signed on paper: look at the photo",
    )
    assert verify(alone, [made.key, public_of(SUPPLIER)]).remarks == found.remarks[1:]
    assert [p.name for p in tmp_path.iterdir()] == ["alone.zip"]  # no home was made


def test_the_head_in_a_package_holds_the_home_to_it(made: Made) -> None:
    head = verify(made.file, [made.key]).head
    assert head is not None
    with Station(Settings(home=made.home)) as station:
        assert station.check(head).ok
        assert station.ledger.head().head == head


def test_it_holds_everything_that_the_golden_is(made: Made) -> None:
    assert sorted(made.files) == [
        "acknowledgements.json", "artefacts.json", "artefacts/label-v2.pdf", "gates.json", "golden.json",
        "ledger.json",
        "manifest.json", "manifest.sig.json", "master.json", "master.npz", "photos/frame.jpg", "photos/golden.jpg",
        "record.json", "sheet.toml", "signatures.json", "signatures/supplier-label-v2.jpg",
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:  # any program opens it
        assert archive.testzip() is None
        assert {i.filename: archive.read(i) for i in archive.infolist()} == made.files
    entries = [
        json.loads(x["content"]) for x in json.loads(made.files["ledger.json"])["links"] if not isinstance(x, str)
    ]
    assert {e["kind"] for e in entries} == {"golden sealed", "signed off", "artefact added", "version acknowledged"}
    assert b"u1.jpg" not in made.data  # nothing of the units that were inspected


def test_the_same_records_give_the_same_bytes(made: Made, tmp_path: Path) -> None:
    with Station(Settings(home=made.home)) as station:
        again = station.packages.export(NUMBER, tmp_path / "again.zip")
        old = station.packages.export(NUMBER, tmp_path / "old.zip", version=1)
    assert (tmp_path / "again.zip").read_bytes() == made.data
    assert (again.number, again.version, old.version) == (NUMBER, 2, 1)
    assert verify(tmp_path / "old.zip", [made.key]).ok


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_any_change_of_its_bytes_is_found_and_named(made: Made, seed: int) -> None:
    data, tampered = tamper_with_package(made.data, made.place, random.Random(seed))
    found = said(made.file.with_name("changed.zip"), data, made.key)
    assert any(word in line for word in tampered.named for line in found), (tampered, found)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_file_changed_within_a_whole_archive_is_named_by_the_manifest(made: Made, seed: int) -> None:
    rng = random.Random(seed)
    name = rng.choice(sorted(made.files))
    files = {**made.files, name: flip(made.files[name], rng)}
    assert any(name in line for line in said(made.file.with_name("repacked.zip"), pack(files), made.key))


def resealed(files: dict[str, bytes], key: Any = SUPPLIER) -> bytes:
    """The package as somebody with another key would seal it after changing it."""
    listed = json.loads(files[rules.MANIFEST])
    rest = {n: d for n, d in files.items() if n not in (rules.MANIFEST, rules.SEAL)}
    manifest = rules.manifest(
        rest, number=listed["number"], version=listed["version"], digest=listed["digest"], head=listed["head"]
    )
    seal = {"key": public_of(key), "signature": sign(key, PACKAGE, rules.sealed(manifest))}
    return pack({**rest, rules.MANIFEST: manifest, rules.SEAL: canonical_json(seal)})


def test_a_package_sealed_by_somebody_else_is_named(made: Made, tmp_path: Path) -> None:
    found = said(tmp_path / "a.zip", resealed(made.files), made.key)
    assert found[0].startswith(f"manifest.sig.json: the package is sealed with key {public_of(SUPPLIER)}, which is not")


def test_a_key_that_signed_nothing_is_named(made: Made) -> None:
    found = verify(made.file, [made.key, "ab" * 32])
    assert [f.what for f in found.faults] == [f"nothing in the package is signed with key {'ab' * 32}, which you named"]
    with pytest.raises(RequestError, match="no key is named"):
        verify(made.file, [])


def edited(files: dict[str, bytes], name: str, change: Any) -> dict[str, bytes]:
    content = json.loads(files[name])
    change(content)
    return {**files, name: canonical_json(content)}


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("golden.json", lambda g: g.update(version=3), "golden.json: its digest is not that"),
        ("signatures.json", lambda s: s[0]["statement"].update(name="X"), "the signature of the buyer under product"),
        ("signatures.json", lambda s: s[0].update(signature=s[1]["signature"]), "the signature of the buyer under"),
        ("signatures.json", lambda s: s[0]["statement"].update(artefact_digest="0"), "is for something else than"),
        ("signatures.json", lambda s: s[2].update(sheet_photo_sha256="0"), "it is not the photo of the signature"),
        ("signatures.json", lambda s: s[2]["statement"].update(name="X"), "under label version 2: it is not the state"),
        ("signatures.json", lambda s: s[2]["statement"].update(role=5), "under label version 2: its role is not"),
        ("signatures.json", lambda s: s[0].pop("key"), "a document lacks what it should say"),
        ("artefacts.json", lambda a: a[1].update(note="x"), "artefacts.json: the record of label version 2"),
        ("artefacts.json", lambda a: a[1].update(sha256="0"), "it is not the file of label version 2"),
        ("acknowledgements.json", lambda a: a[0].update(version=2), "the record of factory for product version 2"),
        ("ledger.json", lambda p: p["links"].pop(), "ledger.json: the chain does not lead to its head"),
        ("ledger.json", lambda p: p.update(links=["0" * 64] * len(p["links"])), "no entry says that this golden"),
        ("ledger.json", lambda p: p["head"].update(signature="0" * 128), "is not signed by its key"),
        ("master.json", lambda m: m.update(noise=0.5), "master.json: the master's record does not match its seal"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_named_even_under_a_trusted_seal(
    made: Made, tmp_path: Path, name: str, change: Any, named: str
) -> None:
    files = edited(made.files, name, change)
    found = said(tmp_path / "a.zip", resealed(files), public_of(SUPPLIER), made.key)
    assert any(named in line for line in found), found


@pytest.mark.parametrize("name", ["sheet.toml", "photos/golden.jpg", "photos/frame.jpg", "master.npz", "ledger.json"])
def test_a_file_that_is_missing_is_named(made: Made, tmp_path: Path, name: str) -> None:
    files = {n: d for n, d in made.files.items() if n != name}
    assert f"{name}: it is missing" in said(tmp_path / "a.zip", pack(files), made.key)


def test_a_file_that_was_added_is_named(made: Made, tmp_path: Path) -> None:
    found = said(tmp_path / "a.zip", pack({**made.files, "run.me": b"x"}), made.key)
    assert "run.me: it was added: the manifest does not name it" in found


# --- archives that are none of ours ----------------------------------------------------------------------------------


def zipped(name: str, data: bytes = b"x", compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"hello", b"PK\3\4" * 100, b"PK\5\6" + bytes(18), bytes(1000),
        zipped("bomb", bytes(10**6), zipfile.ZIP_DEFLATED), zipped("../../etc/passwd"), zipped("/etc/passwd"),
        zipped("C:\\x"),
    ],
    ids=["empty", "text", "heads", "end", "zeros", "bomb", "parent", "absolute", "drive"],
)  # fmt: skip
def test_an_archive_that_is_no_package_is_refused_without_unpacking(made: Made, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.zip"
    found = said(path, data, made.key)
    assert any(line.startswith((DIRECTORY, "manifest.json: it is missing")) for line in found)
    assert [p.name for p in tmp_path.iterdir()] == ["foreign.zip"]


def test_the_same_name_twice_is_named(made: Made, tmp_path: Path) -> None:
    parts = [package_file._Part("a.txt", 0, 0, 0), package_file._Part("a.txt", 0, 0, 35)]
    data = parts[0].header + parts[1].header + package_file._directory(parts, 70)
    assert any(line.startswith("a.txt: its name is there twice") for line in said(tmp_path / "a.zip", data, made.key))


def test_files_that_are_too_large_are_refused_before_they_are_read(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_file, "MAX_BYTES", 1000)
    with pytest.raises(RequestError, match="at most 0 are read"):
        verify(made.file, [made.key])
    with pytest.raises(RequestError, match="the package would have 0 MB in 1 files"):
        pack({"a.bin": bytes(2000)})
    for path in (tmp_path, tmp_path / "none.zip"):
        with pytest.raises(StationError):
            verify(path, [made.key])
    with pytest.raises(RequestError, match="is no name of a package"):
        pack({"../a": b""})


# --- exporting and countersigning ------------------------------------------------------------------------------------


def test_a_home_that_does_not_hold_together_exports_nothing(made: Made, tmp_path: Path) -> None:
    import sqlite3

    home = Path(shutil.copytree(made.home, tmp_path / "home"))
    with sqlite3.connect(home / "station.db") as c:
        c.execute("DROP TRIGGER goldens_no_update")
        c.execute("UPDATE goldens SET sheet_toml = replace(sheet_toml, 'accept = 2.0', 'accept = 1.9')")
    c.close()
    with (
        Station(Settings(home=home)) as station,
        pytest.raises(StoreError, match=r"do not hold together: sheet\.toml: it is not the control sheet") as refused,
    ):
        station.packages.export(NUMBER, tmp_path / "a.zip")
    assert refused.value.do == "Run: station check"
    assert not (tmp_path / "a.zip").exists()
    with Station(Settings(home=made.home)) as station, pytest.raises(RequestError, match=r"is no \.zip file"):
        station.packages.export(NUMBER, tmp_path / "a.pdf")


def test_the_other_party_signs_on_its_own_station(tmp_path: Path) -> None:
    """A supplier verifies what the buyer exported, signs it, and the buyer's station takes the signature in."""
    buyer_home = tmp_path / "buyer"
    with Station(Settings(home=buyer_home)) as buyer:
        seal(buyer._db, buyer._evidence, 1)
        buyer.record.write(NUMBER, by="M. Weber", values=['controlled=["label", "manual"]'])
        words = buyer.sign_off.sign(NUMBER, party="buyer", name="M. Weber").statement.text
        key = buyer.packages.export(NUMBER, tmp_path / "to-sign.zip").key
    out = tmp_path / "li.json"
    with Station(Settings(home=tmp_path / "supplier")) as supplier:
        for place, error in ((tmp_path / "missing" / "li.json", StoreError), (tmp_path, RequestError)):
            with pytest.raises(error, match=r"no folder can be made|is a folder"):
                supplier.packages.countersign(
                    tmp_path / "to-sign.zip", place, keys=[key], party="supplier", name="Li Wei"
                )
        assert supplier.ledger.entries() == []  # what was refused was not signed
        signed = supplier.packages.countersign(
            tmp_path / "to-sign.zip", out, keys=[key], party="supplier", name="Li Wei", role="QA"
        )
        assert signed.statement["text"] == words  # with the attributes that the record names
        assert [e.kind for e in supplier.ledger.entries()] == ["countersigned for another station"]
        assert supplier.check().ok
        with pytest.raises(RequestError, match="has no label"):
            supplier.packages.countersign(
                tmp_path / "to-sign.zip", out, keys=[key], party="supplier", name="Li", artefact="label"
            )
        broken = flip((tmp_path / "to-sign.zip").read_bytes(), random.Random(1))
        (tmp_path / "broken.zip").write_bytes(broken)
        with pytest.raises(RequestError, match=r"broken\.zip does not hold: "):
            supplier.packages.countersign(tmp_path / "broken.zip", out, keys=[key], party="supplier", name="Li")
    with Station(Settings(home=buyer_home)) as buyer:
        imported = buyer.sign_off.import_signature(NUMBER, out, party="supplier")
        assert imported.key == signed.key
        assert buyer.sign_off.status(NUMBER).state == "approved"
        with pytest.raises(StationError, match="this key has signed for the buyer"):
            buyer.packages.countersign(tmp_path / "to-sign.zip", out, keys=[key], party="supplier", name="Li")
        buyer.packages.export(NUMBER, tmp_path / "approved.zip")
        assert verify(tmp_path / "approved.zip", [key, signed.key]).remarks == ()
