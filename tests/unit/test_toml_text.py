"""TOML of strangers within bounds: every dotted key is found wherever it stands, and nothing else is taken for one."""

from __future__ import annotations

import time
import tomllib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.calibrate.card import parse_card
from station.calibrate.rig import load_rig
from station.errors import ModelError, RequestError, RigError, SheetError
from station.models.card import read_card
from station.service.record_entry import entry_file, set_value
from station.sheet import load_sheet
from station.values.toml_text import MAX_PARTS, read_toml

LONG = ".".join(["a"] * (MAX_PARTS + 1))
LONGEST = ".".join(["a"] * 15_000)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} = 1", f"[{LONG}]", f"[[ {LONG} ]]", f"x = {{ {LONG} = 1 }}", f'x = {{ z = """b"""", {LONG} = "c" }}',
        f"x = {{ z = '''b'''', {LONG} = 'c' }}", " . ".join(['"a"'] * (MAX_PARTS + 1)) + " = 1",
        "\t.\t".join(["'a'"] * (MAX_PARTS + 1)) + " = 1", f'y = "\\""\n{LONG} = 1', f"y = '\\'\n{LONG} = 1 # '",
        f'y = """\n""" # "\n{LONG} = 1', f"# \"\n{LONG} = '1'", f'y = ["#", """"""]\n[b]\n{LONG} = ""',
    ],
)  # fmt: skip
def test_a_long_key_is_refused_wherever_it_stands(text: str) -> None:
    tomllib.loads(text)  # it is TOML
    with pytest.raises(tomllib.TOMLDecodeError, match="a key of more than 10 parts"):
        read_toml(text)


@pytest.mark.parametrize(
    "text",
    [
        f'x = "{LONG}"', f"x = '{LONG}' # {LONG}", f'x = """\n{LONG} = 1\n"""', f"x = '''\n{LONG} = 1\n'''",
        f'"{LONG}" = 1', ".".join(["a"] * MAX_PARTS) + " = 1", f"x = [{'1.5, ' * 20}]",
        'x = """a\\""" b"""', 'x = """a\\\\"""', "x = 1979-05-27T00:32:00.999999-07:00",
    ],
)  # fmt: skip
def test_what_is_no_long_key_is_read_as_ever(text: str) -> None:
    assert read_toml(text) == tomllib.loads(text)


@given(st.text(alphabet="ab.=\"'\\\n#[]{}, 1", max_size=60))
def test_what_the_library_reads_is_read_the_same(text: str) -> None:
    def read(by: Callable[[str], dict[str, Any]]) -> object:
        try:
            return by(text)
        except tomllib.TOMLDecodeError as error:
            return str(error)

    assert read(read_toml) in (read(tomllib.loads), "a key of more than 10 parts (at line 1)")


def test_a_number_that_is_too_long_is_no_toml() -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match="digits"):
        read_toml("x = " + "1" * 5000)


def test_every_reader_of_strangers_files_refuses_a_long_key(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f"{LONGEST} = 1")
    tracemalloc.start()
    begin = time.process_time()
    for read, error in (
        (lambda: load_sheet(file), SheetError), (lambda: load_rig(file), RigError),
        (lambda: parse_card(file.read_bytes(), "x"), RigError), (lambda: read_card(file), ModelError),
        (lambda: entry_file(file), RequestError),
    ):  # fmt: skip
        with pytest.raises(error, match="a key of more than 10 parts"):
            read()
    table: dict[str, object] = {}
    set_value(table, f"packing={{{LONGEST} = 1}}")
    assert table == {"packing": f"{{{LONGEST} = 1}}"}
    assert time.process_time() - begin < 2
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("piece", ['"""\\', "'''a", '"\\', '"""a"', "#'", "a.", "[", '"" ', "''''"])
def test_looking_takes_time_with_the_length_alone(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    begin = time.process_time()
    with pytest.raises((tomllib.TOMLDecodeError, RecursionError)):
        read_toml(text + "\n\n=")
    assert time.process_time() - begin < 2


@pytest.mark.parametrize("number", ["0x" + "f" * 50_000, "9" * 400, "9223372036854775808"])
def test_a_number_of_more_than_64_bits_is_no_toml(number: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match="64 bits"):
        read_toml(f"x = [{{ y = {number} }}]")
    assert read_toml("x = -9223372036854775807") == {"x": -9223372036854775807}
