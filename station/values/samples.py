"""What the sample data is called, and where its pictures are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from station.errors import RequestError

DESIGN: Final = "alpine"
LOT: Final = "ALPINE-2026-11"
LOT_SIZE: Final = 280


def samples_folder() -> Path:
    """Where the sample pictures are. Raises RequestError where they were not installed."""
    import sample_data

    folder = Path(sample_data.__file__).parent
    if not (folder / DESIGN / "golden.jpg").exists():
        raise RequestError(
            f"the sample pictures are not in {folder}",
            "Run this in a clone of the repository, or make them: python -m sample_data.renderer --help",
        )
    return folder
