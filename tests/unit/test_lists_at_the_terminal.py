"""How lists and forms are told at the terminal: values as their uncertainty leaves them, cuts that show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from station.cli.gates_shown import show_form
from station.cli.nonconformity import _WHAT, _shortened
from station.values.gates import FirstArticleDocument


def test_a_first_article_shows_values_with_the_digits_that_their_uncertainty_leaves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """W6: as its paper does."""
    value = SimpleNamespace(unit="fo-03", value=29.98765432, u=0.0123456)
    row = SimpleNamespace(
        number=1, characteristic="width", requirement="30 mm", values=[value], verdict="conforms", reason=""
    )
    form = SimpleNamespace(
        order="PO-1", sku="MAS", golden="GS-1", golden_version=1, units=("fo-03",), needed=1, verdict="conforms",
        rows=[row], functional="",
    )  # fmt: skip
    show_form(cast("FirstArticleDocument", form))
    assert "fo-03: 29.988 ± 0.012" in " ".join(capsys.readouterr().out.split())


def test_what_is_cut_shows_that_it_is() -> None:
    long = ", ".join(["missing enamel"] * 9)
    assert _shortened(long).endswith("…")
    assert len(_shortened(long)) <= _WHAT
    assert _shortened("rock, snow") == "rock, snow"
