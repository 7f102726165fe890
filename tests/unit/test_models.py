import pytest

from station.errors import ModelError
from station.models import REFERENCE_DIFFERENCE, capability_warnings, defect_model


def test_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="no defect model 'other'"):
        defect_model("other")


def test_kinds_that_are_seldom_found_are_named() -> None:
    warnings = capability_warnings(REFERENCE_DIFFERENCE, ["pit", "plating-spot", "burn-mark"])
    assert [w.split(":")[0] for w in warnings] == ["plating-spot", "burn-mark"]
    assert "0 of 16" in warnings[0]
