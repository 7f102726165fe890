"""The README's examples run after the demo: they name what the demo makes, and files that are there."""

import re
import tomllib
from pathlib import Path

import pytest

from station.cli import demo

ROOT = Path(__file__).parents[2]


def after_the_demo() -> list[str]:
    """The commands that the README shows for the demo's own records."""
    section = (ROOT / "README.md").read_text("utf-8").split("## The next commands")[1].split("With your own bench")[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)).splitlines()
    return [line.split(" #")[0].strip() for line in lines]


@pytest.mark.parametrize("command", after_the_demo())
def test_an_example_names_what_the_demo_makes(command: str) -> None:
    sheet = tomllib.loads((ROOT / "sample_data" / demo.DESIGN / "sheet.toml").read_text("utf-8"))
    rig = tomllib.loads((ROOT / "sample_data" / "bench" / "rig.toml").read_text("utf-8"))
    assert set(re.findall(r"\bGS-[A-Z0-9-]+", command)) <= {sheet["golden"]["number"]}
    assert set(re.findall(r"\bALPINE-2026\S*", command)) <= {demo.LOT, demo.SPOILT_LOT}
    assert set(re.findall(r"--rig (\S+)", command)) <= {rig["name"]}
    for unit in re.findall(r"\b(unit-\d+)\b", command):
        assert (ROOT / "sample_data" / demo.DESIGN / "units" / f"{unit}.jpg").exists()
    for file in re.findall(r"sample_data/\S+", command):
        assert (ROOT / file).exists()


def test_the_readme_shows_examples() -> None:
    assert len(after_the_demo()) > 20
