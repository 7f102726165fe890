"""Files with bytes changed here and there, or cut off, for whatever reads files from strangers."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import strategies as st

from station.devices.photo import read_photo
from station.errors import PhotoError

Edits = list[tuple[int, int, bool]]

EDITS: Any = st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255), st.booleans()), min_size=1, max_size=8)
"""Place, value, and whether the place is in the header."""
CUT: Any = st.none() | st.floats(0, 1)
"""The share of the file that is left."""


def read_or_refused(seed: bytes, edits: Edits, cut: float | None, *, header: int) -> None:
    """Anything but a photo or a PhotoError escapes and fails the test. header : bytes that count as the header."""
    data = bytearray(seed)
    for place, value, in_header in edits:
        data[place % min(len(data), header if in_header else len(data))] = value
    data = data if cut is None else data[: int(len(data) * cut)]
    with contextlib.suppress(PhotoError):
        shot = read_photo(bytes(data), max_megapixels=1.0)
        assert min(shot.size) >= 64
