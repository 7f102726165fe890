"""A text as QR code (ISO/IEC 18004), as SVG: sharp at any size, the same bytes for the same text."""

from __future__ import annotations

import cv2
import numpy as np

from station.errors import RequestError

_MOST = 1000
"""Characters: what a phone still reads from a square of 20 mm."""


def qr_svg(text: str) -> bytes:
    """SVG bytes; one unit a module, with the quiet zone. Raises RequestError for an empty or a long text."""
    if not 0 < len(text) <= _MOST:
        raise RequestError(f"{len(text)} characters make no QR code", f"Give 1 to {_MOST}.")
    parameters = cv2.QRCodeEncoder.Params()
    parameters.correction_level = cv2.QRCODE_ENCODER_CORRECT_LEVEL_M
    modules = np.asarray(cv2.QRCodeEncoder.create(parameters).encode(text)) == 0
    size = len(modules)
    runs = []
    for y, row in enumerate(modules):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        runs += [f"M{a} {y}h{b - a}v1h{a - b}z" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
        f'<path d="{"".join(runs)}" fill="#000"/></svg>'
    ).encode()
