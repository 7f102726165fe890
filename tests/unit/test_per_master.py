"""What is kept of the last masters."""

from __future__ import annotations

from typing import cast

from station.measure.per_master import PerMaster
from station.values.line import Master


def test_the_last_four_masters_are_kept() -> None:
    built: list[Master] = []

    def build(master: Master) -> int:
        built.append(master)
        return len(built)

    of = PerMaster(build)
    masters = [cast(Master, object()) for _ in range(5)]
    assert [of(m) for m in masters[:4]] == [1, 2, 3, 4]
    assert of(masters[0]) == 1
    assert of(masters[4]) == 5  # the second, asked for longest ago, goes
    assert [of(masters[0]), of(masters[1])] == [1, 6]
    assert built == [*masters, masters[1]]
