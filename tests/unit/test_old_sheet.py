"""A control sheet of a superseded version is not in force again by mistake: G2, G3."""

from __future__ import annotations

from pathlib import Path

import pytest
from entered_line import draw_line, photo
from gated_orders import NUMBER, Home

from station.errors import ConflictError


def test_an_old_sheet_is_refused_and_sealed_on_purpose_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_line(monkeypatch)
    home = Home(tmp_path)
    for plus in (0.15, 0.16, 0.17):
        home.seal(plus=plus)
    home.sign()
    station = home.station
    old = tmp_path / "old.toml"
    old.write_text((tmp_path / "sheet.toml").read_text().replace("plus_mm = 0.17", "plus_mm = 0.16"))
    again = home.station.seal_golden(tmp_path / "sheet.toml", tmp_path / "golden.png")
    assert (again.version, again.new) == (3, False)
    with pytest.raises(ConflictError) as refused:
        station.seal_golden(old, tmp_path / "golden.png")
    assert str(refused.value) == (
        f"the control sheet is that of version 2 of golden {NUMBER}, which was superseded; in force is version 3. "
        "Sealed again, it would supersede version 3. Hand in the newest. To go back on purpose: --old-sheet, old_sheet "
        "in the API."
    )
    assert station.sign_off.status(NUMBER).state == "approved"
    made = station.seal_golden(old, tmp_path / "golden.png", old_sheet=True)
    assert made.version == 4
    assert made.warnings[0] == (
        "version 3, which the buyer and supplier signed, is superseded by version 4: nobody has signed this one yet, "
        "and whoever holds the old one is to be told"
    )
    assert station.sign_off.status(NUMBER).state == "sealed"
    station.close()


def test_an_old_photo_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal()
    other = photo(tmp_path / "other.png", 0, grain=7)
    made = home.station.seal_golden(tmp_path / "sheet.toml", other)
    assert (made.version, made.new) == (2, True)
    assert not any("superseded" in w for w in made.warnings)  # nobody had signed
    with pytest.raises(ConflictError, match="photo and control sheet are those of version 1"):
        home.station.seal_golden(tmp_path / "sheet.toml", tmp_path / "golden.png")
    home.station.close()
