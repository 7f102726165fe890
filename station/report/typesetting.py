"""From a template and its data to a PDF: archivable (PDF/A-2b), with the station's own fonts; the same data give the
same bytes on every machine."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from station.errors import StorageFullError

FONTS: Final = Path(__file__).with_name("fonts")
CJK_FONT: Final = "Noto Sans TC"
LATIN_FONT: Final = "Libertinus Serif"
_BIG5_PLANE_2: Final = 0xC9  # lead byte from which Big5's rarer characters begin
_LATIN_END: Final = 0x2E80  # first CJK block; what is below is Latin, Greek, punctuation and signs
_NOT_DISPLAYED: Final = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_INVISIBLE: Final = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F), " ")


def missing_glyphs(text: str) -> str:
    """Characters that the bundled fonts do not have, each once, in order: CJK beyond Big5's first plane, such as
    simplified ones. With them a document takes the system's fonts, where there are any, and another machine may set it
    otherwise."""
    return "".join(dict.fromkeys(c for c in text if ord(c) >= _LATIN_END and not _bundled(c)))


def glyph_remark(text: str, spelled: str) -> str:
    """What a reader should know of how a document was set, "" for nothing. spelled : of :func:`set_in_type`."""
    lacking = missing_glyphs(text)
    if not lacking and not spelled:
        return ""
    said = f"the bundled fonts have no {lacking[:20] or spelled[:20]}"
    if spelled:
        return (
            f"{said}; for {spelled[:20]} no font of this machine has a sign, so that its number stands there, such as "
            f"{_number(spelled[0])} (on Debian apt-get install fonts-noto-cjk)"
        )
    return f"{said}: the system's fonts set them, and another machine may set them otherwise"


def _bundled(character: str) -> bool:
    code = ord(character)
    if 0x3000 <= code < 0x3020 or 0xFF01 <= code < 0xFF5F:  # CJK punctuation, full-width forms
        return True
    try:
        return character.encode("big5")[0] < _BIG5_PLANE_2
    except UnicodeEncodeError:
        return False


def typeset(template: Path, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """PDF bytes of :func:`set_in_type` alone."""
    return set_in_type(template, data, pictures)[0]


def set_in_type(template: Path, data: Mapping[str, Any], pictures: Mapping[str, bytes]) -> tuple[bytes, str]:
    """PDF bytes of a template with its data, which it reads from ``data.json``, and the characters that no font has:
    ``[U+0E01]`` stands for each of them, never a box. pictures : by file name.

    Raises StorageFullError where the folder for temporary files is full."""
    text = json.dumps(_visible(data), ensure_ascii=False)
    try:
        with tempfile.TemporaryDirectory(prefix="station-report-") as folder:
            return _compiled(Path(folder), template, text, pictures)
    except OSError as error:
        raise StorageFullError(
            f"the document cannot be set, as the folder for temporary files does not take it: {error.strerror}",
            "Free some space there, or name another folder in TMPDIR, then run it again.",
        ) from error


def _compiled(root: Path, template: Path, text: str, pictures: Mapping[str, bytes]) -> tuple[bytes, str]:
    import typst  # a compiler of some 40 MB: loaded when a document is asked for

    for name, content in pictures.items():
        (root / name).write_bytes(content)
    source = root / template.name
    source.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    spelled = ""
    while True:
        (root / "data.json").write_text(_spelled(text, spelled), encoding="utf-8")
        own = not missing_glyphs(_spelled(text, spelled))
        try:
            made = typst.compile(
                str(source), root=str(root), format="pdf", font_paths=[str(FONTS)], ignore_system_fonts=own,
                pdf_standards="a-2b",
            )  # fmt: skip
            return bytes(made), spelled
        except typst.TypstError as error:
            lacking = _lacking(str(getattr(error, "diagnostic", error)), text)
            if not set(lacking) - set(spelled):
                raise
            spelled = "".join(dict.fromkeys(spelled + lacking))


def _lacking(diagnostic: str, text: str) -> str:
    """The characters of the text that the compiler could not set."""
    named = "".join(_NOT_DISPLAYED.findall(diagnostic))
    codes = (chr(int(c, 16)) for c in re.findall(r"\\u\{([0-9a-f]+)\}", named))
    return "".join(dict.fromkeys(c for c in (*named, *codes) if ord(c) > 0x7F and c in text))


def _spelled(text: str, lacking: str) -> str:
    return text.translate({ord(c): _number(c) for c in lacking})


def _number(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _visible(value: Any) -> Any:
    """Data with spaces for control characters, which no font has and no reader sees."""
    if isinstance(value, str):
        return value.translate(_INVISIBLE)
    if isinstance(value, Mapping):
        return {k: _visible(v) for k, v in value.items()}
    return [_visible(v) for v in value] if isinstance(value, list | tuple) else value
