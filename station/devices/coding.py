"""How coarsely a photo's file was coded: what averaging over an even area cannot bring back."""

from __future__ import annotations

LOSSY_STEP = (0.5, 0.5)
"""Taken for files whose quantiser is not read (WebP, HEIC, AVIF): as a JPEG of quality 90."""


def coding_step(data: bytes, kind: str) -> tuple[float, float]:
    """Quantiser steps of a block's mean luma and chroma, in codes of 255; 0 for a file without loss.

    JPEG codes the sum of a block of 8 x 8 over 8 (ITU-T T.81, A.3.3), so a step of its table's first entry is an eighth
    of it in the block's mean. A file with one table codes chroma with it too, or has none.
    """
    if kind in ("PNG", "TIFF", "RAW"):
        return (0.0, 0.0)
    if kind != "JPEG":
        return LOSSY_STEP
    tables = _first_entries(data)
    if not tables:
        return LOSSY_STEP
    luma = tables.get(0, max(tables.values()))
    return luma / 8, tables.get(1, luma) / 8


def _first_entries(data: bytes) -> dict[int, int]:
    """First entry (the mean's) of every quantisation table before the first scan."""
    entries: dict[int, int] = {}
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA or length < 2:
            break
        if marker == 0xDB:
            table, end = at + 4, min(at + 2 + length, len(data))
            while table + 3 <= end:
                wide = data[table] >> 4
                entries[data[table] & 15] = int.from_bytes(data[table + 1 : table + 2 + wide], "big")
                table += 1 + 64 * (1 + wide)
        at += 2 + length
    return entries
