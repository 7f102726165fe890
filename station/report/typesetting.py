"""From a template and its data to a PDF: archivable (PDF/A-2b), with the station's own fonts; the same data give the
same bytes on every machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

FONTS: Final = Path(__file__).with_name("fonts")
CJK_FONT: Final = "Noto Sans TC"
LATIN_FONT: Final = "Libertinus Serif"
_BIG5_PLANE_2: Final = 0xC9  # lead byte from which Big5's rarer characters begin
_LATIN_END: Final = 0x2E80  # first CJK block; what is below is Latin, Greek, punctuation and signs


def missing_glyphs(text: str) -> str:
    """Characters that the bundled fonts do not have, each once, in order: CJK beyond Big5's first plane, such as
    simplified ones. With them a document takes the system's fonts, where there are any, and another machine may set it
    otherwise."""
    return "".join(dict.fromkeys(c for c in text if ord(c) >= _LATIN_END and not _bundled(c)))


def _bundled(character: str) -> bool:
    code = ord(character)
    if 0x3000 <= code < 0x3020 or 0xFF01 <= code < 0xFF5F:  # CJK punctuation, full-width forms
        return True
    try:
        return character.encode("big5")[0] < _BIG5_PLANE_2
    except UnicodeEncodeError:
        return False


def typeset(template: Path, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """PDF bytes of a template with its data, which it reads from ``data.json``. pictures : by file name."""
    import typst  # a compiler of some 40 MB: loaded when a document is asked for

    text = json.dumps(data, ensure_ascii=False)
    with tempfile.TemporaryDirectory(prefix="station-report-") as folder:
        root = Path(folder)
        for name, content in pictures.items():
            (root / name).write_bytes(content)
        (root / "data.json").write_text(text, encoding="utf-8")
        source = root / template.name
        source.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        return bytes(
            typst.compile(
                str(source), root=folder, format="pdf", font_paths=[str(FONTS)],
                ignore_system_fonts=not missing_glyphs(text), pdf_standards="a-2b",
            )
        )  # fmt: skip
