"""The commands of sign-off, packages, ledger and keys, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from signed_home import NUMBER, build, seal

from station.cli import app
from station.cli.conduct import run
from station.service import Station
from station.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with Station(Settings(home=home)) as station:
        seal(station._db, station._evidence, 1)
    return home


class Terminal:
    """Runs commands on a home: exit code, what was printed, what was said on standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, home: Path, *words: str) -> tuple[int, str, str]:
        code = run(app, ["--home", str(home), *words])
        out, err = self._capsys.readouterr()
        return code, out, err

    def document(self, home: Path, *words: str) -> dict[str, object]:
        code, out, err = self(home, *words, "--json")
        assert (code, err) == (0, ""), err
        return dict(json.loads(out))


@pytest.fixture
def station(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def test_from_two_signatures_to_a_verified_package(station: Terminal, home: Path, tmp_path: Path) -> None:
    buyer_key, supplier_key = tmp_path / "buyer.pub", tmp_path / "supplier.pub"
    package, signature, supplier = tmp_path / "pack.zip", tmp_path / "li.json", tmp_path / "supplier"
    code, out, _ = station(home, "golden", "sign", NUMBER, "--party", "buyer", "--name", "M. Weber")
    assert code == 0
    assert out.startswith(f"M. Weber signed product version 1 of golden {NUMBER} for the buyer (local key): ")
    assert station(home, "key", "show", "-o", str(buyer_key))[0] == 0
    assert station(supplier, "key", "show", "--out", str(supplier_key))[0] == 0
    assert station(home, "golden", "export", NUMBER, "-o", str(package))[0] == 0
    code, out, _ = station(
        supplier, "golden", "countersign", str(package), "--key", str(buyer_key), "--party", "supplier", "--name",
        "Li Wei", "-o", str(signature),
    )  # fmt: skip
    assert code == 0
    assert f"station golden sign {NUMBER} --party supplier --signature li.json" in out
    made = station.document(home, "golden", "sign", NUMBER, "--party", "supplier", "--signature", str(signature))
    assert made["method"] == "detached"
    exported = station.document(home, "golden", "export", NUMBER, "-o", str(package))
    keys = ("--key", str(buyer_key), "--key", str(supplier_key))
    found = station.document(tmp_path / "no-home", "golden", "verify", str(package), *keys)
    assert (found["ok"], found["remarks"], found["sha256"]) == (True, [], exported["sha256"])
    assert not (tmp_path / "no-home").exists()
    code, out, _ = station(home, "golden", "verify", str(package), *keys)
    assert code == 0
    assert out.startswith(f"pack.zip holds: golden {NUMBER} version 1 (MAS-PIN-30)")
    assert "Li Wei" in out
    status = station.document(home, "golden", "status", NUMBER)
    assert status["state"] == "approved"
    code, out, _ = station(home, "golden", "status", NUMBER)
    assert "MAS-PIN-30): approved." in out
    assert "buyer (local key), supplier (detached)" in out


def test_a_broken_package_is_said_and_fails_only_where_that_is_asked(
    station: Terminal, home: Path, tmp_path: Path
) -> None:
    package = tmp_path / "pack.zip"
    key = str(station.document(home, "golden", "export", NUMBER, "-o", str(package))["key"])
    data = package.read_bytes()
    package.write_bytes(data.replace(b"accept = 2.0", b"accept = 9.0"))
    code, out, _ = station(home, "golden", "verify", str(package), "--key", key)
    assert code == 0
    assert "pack.zip DOES NOT HOLD" in out
    assert "sheet.toml: it was changed: its SHA-256 is not the one in the manifest" in out
    assert station(home, "golden", "verify", str(package), "--key", key, "--fail-on-nonconforming")[0] == 1
    found = json.loads(station(home, "golden", "verify", str(package), "--key", key, "--json")[1])
    assert "sheet.toml" in {f["where"] for f in found["faults"]}


def test_artefacts_and_acknowledgements(station: Terminal, home: Path, tmp_path: Path) -> None:
    label = tmp_path / "label.pdf"
    label.write_bytes(b"%PDF label")
    code, out, _ = station(home, "golden", "artefact", "add", NUMBER, "label", str(label), "--by", "M. Weber")
    assert (code, out.split(":")[0]) == (0, f"The label of golden {NUMBER} has version 1 now")
    made = station.document(
        home, "golden", "acknowledge", NUMBER, "--party", "packing", "--name", "Chen", "--artefact", "label"
    )
    assert (made["artefact"], made["version"], made["schema"]) == ("label", 1, 1)
    label.write_bytes(b"%PDF label with its SKU")
    assert station(home, "golden", "artefact", "add", NUMBER, "label", str(label), "--by", "M. Weber")[0] == 0
    code, out, _ = station(home, "golden", "status", NUMBER)
    assert "packing 1 (old)" in out
    assert "Nobody inspects: golden" in out
    (tmp_path / "unit.jpg").write_bytes(b"no picture, and not looked at")
    code, out, err = station(home, "inspect", str(tmp_path), "--golden", NUMBER)
    assert (code, out) == (2, "")
    assert "label: packing version 1, in force is version 2" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("golden", "sign", NUMBER, "--party", "factory", "--name", "x"), "'factory' is no signing party"),
        (("golden", "sign", NUMBER, "--party", "buyer"), "--name is empty. Give the person who decides"),
        (("golden", "sign", NUMBER, "--party", "buyer", "--signature", "a", "--sheet-photo", "b"), "two ways to sign"),
        (("golden", "sign", NUMBER, "--party", "buyer", "--name", "x", "--signature", "a"), "says who signed what"),
        (("golden", "sign", "GS-0", "--party", "buyer", "--name", "x"), "there is no golden 'GS-0'"),
        (("golden", "verify", "no.zip", "--key", "ab" * 32), "no.zip cannot be read"),
        (("golden", "verify", "no.zip", "--key", "no.pub"), "no.pub is no public key"),
        (("golden", "export", NUMBER, "-o", "a.tar"), "a.tar is no .zip file"),
        (("check", "--head", "abc"), "'abc' is no head of a ledger"),
        (("key", "trust", "no.pub", "--name", "x"), "no.pub is no public key"),
        (("ledger", "list", "--from", "0"), "Invalid value for '--from'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    station: Terminal, home: Path, words: tuple[str, ...], said: str
) -> None:
    code, out, err = station(home, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_the_ledger_is_listed_and_its_head_holds_the_home(station: Terminal, tmp_path: Path) -> None:
    home = tmp_path / "home"
    build(home)
    code, out, _ = station(home, "ledger", "list", "--from", "2")
    assert code == 0
    assert "signed off" in out
    assert "golden sealed" in out
    lines = station(home, "ledger", "list", "--json")[1].splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    head = station(home, "ledger", "head")[1].strip()
    assert station.document(home, "ledger", "head")["head"] == head
    found = station.document(home, "check", "--head", head)
    assert (found["ok"], found["ledger_entries"]) == (True, len(lines))
    code, out, _ = station(home, "check", "--head", f"99:{'0' * 64}", "--fail-on-nonconforming")
    assert code == 1
    assert f"missing: ledger entries {len(lines) + 1} to 99: the head that was given was signed with entry 99" in out


def test_a_key_is_shown_written_and_trusted(station: Terminal, tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "a.pub"
    shown = station.document(home, "key", "show", "--out", str(file))
    assert file.read_text() == shown["pem"]
    assert station(home, "key", "show", "--out", str(file))[0] == 0
    file.write_text("a letter")
    assert "is no public key" in station(home, "key", "show", "--out", str(file))[2]
    assert file.read_text() == "a letter"
    other = tmp_path / "b.pub"
    station(tmp_path / "other", "key", "show", "--out", str(other))
    code, out, _ = station(home, "key", "trust", str(other), "--name", "factory")
    assert (code, out.split()[0]) == (0, "factory")
    lines = [json.loads(line) for line in station(home, "key", "list", "--json")[1].splitlines()]
    assert [k["name"] for k in lines] == ["factory", "this station"]
    assert "fingerprint" in station(home, "key", "list")[1]


def test_an_order_goes_from_one_station_to_the_other(station: Terminal, home: Path, tmp_path: Path) -> None:
    """G3, G18, N12: exported, verified without a home, kept once as the other party's, compared."""
    archive, key, supplier = tmp_path / "order.zip", tmp_path / "buyer.pub", tmp_path / "supplier"
    assert station(home, "key", "show", "-o", str(key))[0] == 0
    code, out, _ = station(home, "order", "export", NUMBER, "-o", str(archive))
    assert code == 0
    assert out.startswith(
        f"order {NUMBER} with 1 golden versions, 0 lots, 0 units, 0 nonconformities, without pictures"
    )
    code, out, _ = station(tmp_path / "none", "order", "verify", str(archive), "--key", str(key))
    assert (code, "order.zip holds: order" in out, (tmp_path / "none").exists()) == (0, True, False)
    with Station(Settings(home=supplier)) as other:
        seal(other._db, other._evidence, 2)
    taken = ("order", "import", str(archive), "--from", "buyer")
    code, _, err = station(supplier, *taken)
    assert (code, "no key is named" in err) == (2, True)
    assert station.document(supplier, *taken, "--key", str(key))["new"] is True
    assert station.document(supplier, *taken)["new"] is False
    code, out, _ = station(supplier, "order", "received")
    assert (code, out.count(NUMBER), out.count("buyer")) == (0, 1, 1)
    code, out, _ = station(supplier, "order", "compare", NUMBER, "--fail-on-nonconforming")
    assert code == 1
    assert "version 2" in out
    assert "Note: no unit is on record on both sides" in out
    archive.write_bytes(archive.read_bytes()[:-40])
    code, out, _ = station(home, "order", "verify", str(archive), "--key", str(key), "--fail-on-nonconforming")
    assert (code, "order.zip DOES NOT HOLD" in out) == (1, True)
    code, _, err = station(supplier, *taken)
    assert (code, "does not hold" in err) == (2, True)
    code, out, _ = station(home, "schema", "order-archive")
    assert (code, "records/units.json" in json.loads(out)["properties"]) == (0, True)
