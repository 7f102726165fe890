"""The commands of the record, checklist and linter, as a user types them: rows G6-G8, G18, G20, G22, G23, T7."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from signed_home import NUMBER, build
from test_cli_signing import Terminal
from test_golden_record import photo

from station.cli.conduct import NONCONFORMING, REFUSED


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("built") / "home"
    build(home)
    return home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture
def station(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def test_a_record_from_the_first_word_to_the_checklist(station: Terminal, home: Path, tmp_path: Path) -> None:
    by = ("--by", "M. Weber")
    code, out, _ = station(home, "golden", "record", NUMBER, "--set", "packing=bag of 0.04 mm", *by)
    assert code == 0
    assert "bag of 0.04 mm" in out
    assert "name under [product] of the control sheet" not in out  # the sheet has it
    assert "material under [product] of the control sheet, sealed" in out
    code, out, _ = station(home, "golden", "photo", NUMBER, "label", str(photo(tmp_path / "a.jpg")), *by)
    assert out == (
        "1 of 8 kinds of photo are there, missing: overall, detail, dimensions, colour, packing, logo, problem-areas.\n"
    )
    code, out, _ = station(home, "golden", "photo", NUMBER, "logo", str(photo(tmp_path / "b.jpg", blur=6.0)), *by)
    assert out.startswith("Does not count (logo): b.jpg: its edges are blurred by")
    copy = ("--role", "buyer-retained", "--holder", "Weber", "--place", "safe")
    assert "buyer-retained" in station(home, "golden", "copy", "add", NUMBER, "B1", *copy, *by)[1]
    assert station(home, "golden", "item", "add", NUMBER, "clutch colour", *by)[0] == 0
    assert station(home, "golden", "item", "list", NUMBER, "--fail-on-nonconforming")[0] == NONCONFORMING
    assert station(home, "golden", "item", "settle", NUMBER, "1", "--how", "black", *by)[1].startswith("Nothing is")
    mail = tmp_path / "mail.eml"
    mail.write_text("We confirm.")
    proof = ("--attach", f"customer-confirmation={mail}")
    assert "WAITING" in station(home, "golden", "change", "add", NUMBER, "label", "3 mm to 5 mm", *proof, *by)[1]
    assert "Li Wei" in station(home, "golden", "change", "acknowledge", NUMBER, "1", "--by", "Li Wei")[1]
    assert "Li Wei" in station(home, "golden", "change", "list", NUMBER)[1]
    assert "restocked" in station(home, "golden", "hold", NUMBER, "--reason", "restocked", *by)[1]
    code, _, err = station(home, "golden", "copy", "remove", NUMBER, "B1", "--reason", "sold", *by)
    assert code == REFUSED
    assert "a hold ends with its last day and by no command" in err
    checked = station.document(home, "golden", "checklist", NUMBER)
    code, out, _ = station(home, "golden", "checklist", NUMBER, "--fail-on-nonconforming")
    assert (code, f"{checked['score']} of 20" in out) == (NONCONFORMING, True)
    found = station.document(home, "golden", "record", NUMBER)
    assert (found["settled"], len(list(found["fields"]))) == (True, 19)  # type: ignore[call-overload]
    assert station(home, "check")[0] == 0


def test_lint_and_template(station: Terminal, home: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.toml"
    code, out, _ = station(home, "golden", "template", "pin", "-o", str(sheet))
    assert (code, sheet.read_text().startswith("# Control sheet of a 30 mm pin")) == (0, True)
    assert station(home, "golden", "template", "pin", "-o", str(sheet))[0] == REFUSED
    assert station(home, "golden", "template", "pin")[1] == sheet.read_text()
    found = station.document(home, "golden", "lint", "--sheet", str(sheet))
    assert found["sku"] == "YOUR-SKU"
    code, out, _ = station(home, "golden", "lint", NUMBER, "--fail-on-nonconforming")
    assert code == NONCONFORMING
    assert out.startswith(f"Golden {NUMBER}: ")
    assert station(home, "golden", "lint")[0] == REFUSED


def test_one_line_of_error_and_nothing_kept(station: Terminal, home: Path) -> None:
    for words in (
        ("golden", "record", NUMBER, "--set", "packing=x"),  # nobody says so
        ("golden", "record", "GS-0", "--set", "packing=x", "--by", "W"),
        ("golden", "photo", NUMBER, "label", "missing.jpg", "--by", "W"),
        ("golden", "change", "add", NUMBER, "label", "new", "--attach", "x", "--by", "W"),
        ("golden", "hold", NUMBER, "--reason", "whim", "--by", "W"),
    ):
        code, out, err = station(home, *words)
        assert (code, out, err.count("\n")) == (REFUSED, "", 1)
    assert not list(station.document(home, "golden", "record", NUMBER)["copies"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "name", ["golden-record", "golden-record-entry", "golden-record-event", "golden-checklist", "golden-lint"]
)
def test_schemas(station: Terminal, home: Path, name: str) -> None:
    code, out, _ = station(home, "schema", name)
    assert code == 0
    assert json.loads(out)["additionalProperties"] is False
