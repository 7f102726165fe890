"""The approval sheet, as PDF: one page that both parties sign by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from station.report.qr import qr_svg
from station.report.typesetting import CJK_FONT, LATIN_FONT, typeset

_TEMPLATE: Final = Path(__file__).with_name("approval_sheet.typ")


def approval_sheet(data: Mapping[str, Any], picture: bytes) -> bytes:
    """PDF bytes; the same data give the same bytes. picture : of the golden sample, JPEG.

    data : ``title``, ``subtitle``, ``date`` (year, month, day), ``version``, ``facts`` (pairs), ``digest`` (eight
    groups), ``text``, ``limits`` (characteristic, limit, class), ``more`` (limits left out), ``artefacts`` (kind,
    version, file, digest), ``parties``, ``command``, ``code`` (text of the QR code), ``footer``.
    """
    told = {**data, "picture": "picture.jpg", "fonts": [LATIN_FONT, CJK_FONT]}
    return typeset(_TEMPLATE, told, {"picture.jpg": picture, "code.svg": qr_svg(str(data["code"]))})
