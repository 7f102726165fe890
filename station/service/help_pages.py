"""The help pages as text, for a terminal; the station serves the same ones at ``/help``."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final

import station
from station.errors import NotFoundError

_DOCS: Final = Path(station.__file__).resolve().parent / "docs"


def help_pages() -> dict[str, str]:
    """Title of every help page by its name, which is that of its file; the records of decisions are not among them."""
    return {path.stem: _title(path) for path in sorted(_DOCS.glob("*.md"))}


def help_page(name: str) -> str:
    """A help page in Markdown. Raises NotFoundError."""
    names = list(help_pages())
    wanted = name.removesuffix(".md")
    if wanted not in names:
        near = get_close_matches(wanted, names, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise NotFoundError(f"there is no help page {name[:60]!r}", f"{meant}See them all: station docs")
    return (_DOCS / f"{wanted}.md").read_text(encoding="utf-8")


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), path.stem)
