"""What the QR code of the approval sheet says, so that the photo of the signed page shows by itself what it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_BEGIN = "golden-sample approval 1"
_DIGITS = 16


def page_text(number: str, artefacts: Mapping[str, tuple[int, str]]) -> str:
    """The text of the code. artefacts : version and digest of each that the page names, the product among them."""
    rows = [f"{kind} {version} {digest[:_DIGITS]}" for kind, (version, digest) in artefacts.items()]
    return "\n".join([_BEGIN, number, *rows])


def find_page(texts: Iterable[str]) -> str | None:
    """The text of an approval sheet among those that a photo shows, None where none is one."""
    return next((t for t in texts if t.startswith(f"{_BEGIN}\n")), None)


def page_fault(text: str, said: Mapping[str, Any]) -> str | None:
    """Why a page with this code is not the one that a statement is about; None where it is.

    text : of the code, as :func:`find_page` answers it. said : the statement.
    """
    number, *rows = text.split("\n")[1:]
    if number != said["number"]:
        return f"the page is of golden {number[:40]}"
    named = {row.split(" ")[0]: row.split(" ")[1:] for row in rows if row.count(" ") == 2}
    kind = said["artefact"]
    if kind not in named:
        return f"the page names no {kind}"
    version, digest = named[kind]
    if version != str(said["version"]):
        return f"the page is of {kind} version {version[:12]}"
    return None if said["artefact_digest"].startswith(digest) else f"the page is of another {kind}, by its digest"
