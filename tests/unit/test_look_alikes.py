"""Names that cannot be told apart: of lots, orders and products, they go round no gate."""

from __future__ import annotations

from pathlib import Path

import pytest
from entered_line import draw_line
from gated_orders import BUYER, NUMBER, ORDER, Home

from station.errors import ConflictError
from station.lots.orders import Order
from station.values.look_alikes import look, look_alike

ALIKE = ["l-77", "L\u201077", "L\u221277", "L-\uff17\uff17", "L-7\u0667", "\uff2c-77", "L-77\u0301", "L-77\ufe0f"]


@pytest.mark.parametrize("name", ALIKE)
def test_names_look_alike_whatever_their_characters(name: str) -> None:
    assert look(name) == "l-77"
    assert look_alike(name, ["L-1", "L-77"]) == "L-77"
    assert look_alike(name, ["L-77", name]) is None  # on record already


def test_names_that_differ_are_other_names() -> None:
    assert look_alike("L-78", ["L-77", "L-7", "LL-77"]) is None
    assert look("L-\u00c9") == look("L-E\u0301") != look("L-E")
    assert look("\u041fO-7") != look("PO-7")  # drawn otherwise
    assert look("\u0420\u041e-7") == look("PO-7")


def test_a_look_alike_goes_round_no_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lot that looks like the one at a gate is held to nothing else; it is no other lot, nor an order another."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal()
    home.sign()
    home.open()
    home.station.gates.assign(ORDER, "final", "L-77", by=BUYER)
    for name in ALIKE:
        if name.isprintable():
            with pytest.raises(ConflictError, match="there is a lot L-77, which cannot be told apart from"):
                home.inspect(name, 1, grain=50)
            with pytest.raises(ConflictError, match="there is a lot L-77"):
                home.station.entered.enter([home.value("u", "weight", 34.0, name)])
            with pytest.raises(ConflictError, match="there is a lot L-77"):
                home.station.gates.assign(ORDER, "final", name, by=BUYER)
            with pytest.raises(ConflictError, match="there is a lot L-77"):
                home.station.draws.draw(name, size=100, golden=NUMBER)
    for name in ("po-7", "PO\u20107", "PO-\uff17"):
        with pytest.raises(ConflictError, match="there is an order PO-7"):
            home.station.gates.open(name, Order(units=(1,)), golden=NUMBER, by=BUYER)
    sheet = (tmp_path / "sheet.toml").read_text()
    (tmp_path / "other.toml").write_text(sheet.replace('"MAS"', '"mas"').replace('"GS-1"', '"GS-2"'))
    with pytest.raises(ConflictError, match="there is a product MAS"):
        home.station.seal_golden(tmp_path / "other.toml", tmp_path / "golden.png")
