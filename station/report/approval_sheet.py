"""The approval sheet, as PDF: one page that both parties sign by hand."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TEMPLATE = Path(__file__).with_name("approval_sheet.typ")


def approval_sheet(data: Mapping[str, Any], picture: bytes) -> bytes:
    """PDF bytes; the same data give the same bytes. picture : of the golden sample, JPEG.

    data : ``title``, ``subtitle``, ``version``, ``facts`` (pairs), ``digest`` (eight groups), ``text``, ``limits``
    (characteristic, limit, class), ``more`` (limits left out), ``artefacts`` (kind, version, file, digest),
    ``parties``, ``command``, ``footer``.
    """
    import typst  # a compiler of some 40 MB: loaded when a document is asked for

    with tempfile.TemporaryDirectory(prefix="station-report-") as folder:
        root = Path(folder)
        (root / "picture.jpg").write_bytes(picture)
        (root / "data.json").write_text(json.dumps({**data, "picture": "picture.jpg"}), encoding="utf-8")
        source = root / "approval_sheet.typ"
        source.write_text(_TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
        return bytes(typst.compile(str(source), root=folder, format="pdf", ignore_system_fonts=True))
