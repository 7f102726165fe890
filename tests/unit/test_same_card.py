"""Golden and unit read through two cards of one name: no colour is judged."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from station.calibrate.card import load_cards
from station.service import Station
from station.service.measuring import Job, inspect_photo
from station.settings import Settings
from station.store.masters import load_master, master_digest, save_master
from station.values.documents import Verdict

SAMPLES = Path(__file__).resolve().parents[2] / "sample_data"
SHIELD, CARD = SAMPLES / "shield", SAMPLES / "bench" / "card.toml"
UNIT = Job(str(SHIELD / "units" / "unit-01.jpg"), "unit-01")


def _redder(line: re.Match[str]) -> str:
    lightness, a, b = (float(v) for v in line[1].split(","))
    return f"lab = [{lightness}, {a + 15}, {b}]"


def test_another_card_of_the_goldens_name_leaves_its_colours_undecided(tmp_path: Path) -> None:
    other, copy = tmp_path / "other.toml", tmp_path / "copy.toml"
    other.write_text(re.sub(r"lab = \[(.*)\]", _redder, CARD.read_text()))
    copy.write_text("# the same card in another file\n" + CARD.read_text())
    assert load_cards(str(other))[0].name == load_cards(str(CARD))[0].name
    with Station(Settings(home=tmp_path / "home")) as station:
        number = station.seal_golden(SHIELD / "sheet.toml", SHIELD / "golden.jpg", card=str(CARD)).number
        master, seen = inspect_photo(station.line(number, card=str(other)), UNIT)
        said = [g for g in seen.document.gates if g.name == "card" and not g.ok]
        assert [g.reason for g in said] == [
            "The golden was read through another card of that name: use the golden's own card file"
        ]
        colours = [m for m in seen.document.measurements if m.kind == "colour"]
        assert colours
        assert all(m.verdict is Verdict.UNDECIDED for m in colours)
        _, seen = inspect_photo(station.line(number, card=str(copy)), UNIT)
        assert all(g.ok for g in seen.document.gates if g.name == "card")
    assert master.card_colours == load_cards(str(CARD))[0].colours


def test_a_master_sealed_before_the_card_was_kept_still_loads(tmp_path: Path) -> None:
    with Station(Settings(home=tmp_path / "home")) as station:
        number = station.seal_golden(SHIELD / "sheet.toml", SHIELD / "golden.jpg", card=str(CARD)).number
        master = station.master(number)
    for colours in (None, master.card_colours):
        data, document = save_master(replace(master, card_colours=colours))
        assert ("card_colours" in document) is (colours is not None)
        assert load_master(data, document, master_digest(document)).card_colours == colours
