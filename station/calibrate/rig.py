"""Rig files: a bench's camera, markers, mat and board."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from station.calibrate.markers import known_dictionary
from station.errors import CalibrationError, RigError
from station.values.bench import Rig
from station.values.faults import first_fault
from station.values.line import Shot
from station.values.toml_text import read_toml


def load_rig(path: Path | str) -> Rig:
    """A rig from its TOML. Raises RigError: unreadable, not TOML, an unknown key, a wrong type, impossible geometry."""
    path = Path(path)
    try:
        data = read_toml(path.read_bytes().decode("utf-8-sig"))
        rig = Rig.model_validate(data)
    except OSError as error:
        raise RigError(
            f"the rig file {path} cannot be read: {error.strerror}", "Give the path of a rig TOML."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RigError(f"{path.name} is not TOML: {error}", "Correct the file.") from None
    except ValidationError as error:
        raise RigError(f"{path.name}: {first_fault(error, 'the file')}", "Correct the key in the rig file.") from None
    _check(rig, path.name)
    return rig


def _check(rig: Rig, source: str) -> None:
    seen: set[tuple[str, int]] = set()
    for i, marker in enumerate(rig.markers):
        dictionary = known_dictionary(marker.dictionary)
        if not dictionary:
            raise RigError(
                f"{source}: markers.{i}.dictionary {marker.dictionary!r} is no ArUco dictionary",
                "Use a name such as DICT_4X4_50.",
            )
        if marker.id >= len(dictionary.bytesList):
            raise RigError(
                f"{source}: {marker.dictionary} has no marker {marker.id}",
                f"Its ids run from 0 to {len(dictionary.bytesList) - 1}.",
            )
        if (marker.dictionary, marker.id) in seen:
            raise RigError(f"{source}: marker {marker.id} is listed twice", "Give every marker its own id.")
        seen.add((marker.dictionary, marker.id))
    if rig.board is not None:
        board = rig.board
        if min(board.squares) < 3 or board.marker_mm >= board.square_mm:
            raise RigError(
                f"{source}: board needs at least 3 x 3 squares and marker_mm below square_mm", "Correct the board."
            )
        dictionary = known_dictionary(board.dictionary)
        if not dictionary:
            raise RigError(
                f"{source}: board.dictionary {board.dictionary!r} is no ArUco dictionary",
                "Use a name such as DICT_5X5_100.",
            )
        if board.squares[0] * board.squares[1] // 2 > len(dictionary.bytesList):
            raise RigError(
                f"{source}: a board of {board.squares[0]} x {board.squares[1]} squares needs more markers than "
                f"{board.dictionary} has",
                "Correct the squares, or name a larger dictionary.",
            )


def size_of(shots: Sequence[Shot], rig: Rig) -> tuple[int, int]:
    """(width, height) px of the rig's photos. Raises CalibrationError for a shot of another size."""
    size = (rig.camera.width, rig.camera.height)
    for shot in shots:
        if shot.size != size:
            raise CalibrationError(
                f"{shot.name} is {shot.size[0]} x {shot.size[1]} px, rig {rig.name!r} photographs "
                f"{size[0]} x {size[1]} px",
                "Use pictures of this rig's camera at its full size.",
            )
    return size
