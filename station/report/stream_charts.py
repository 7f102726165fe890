"""The course of a stream of lots as a picture: a row for each class, a block for each lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, PAPER, RGB, Colour, write
from station.values.stream import StreamDocument, StreamEvent

MOST_LOTS: Final = 60
"""The newest lots that are drawn."""
_COLOURS: Final[dict[str, Colour]] = {"normal": (0, 114, 178), "tightened": (213, 94, 0), "reduced": (0, 158, 115)}
_CROSS: Colour = (255, 255, 255)
_LEFT, _SIDE, _ROW, _TOP = 170, 20, 62, 110


def stream_picture(found: StreamDocument, lots: Sequence[StreamEvent]) -> RGB:
    """(H, W, 3) of the newest of the ``lots`` that count: a block has the colour of the severity that the lot was
    inspected under, and is crossed where it was not accepted; the last word of a row is the severity of the next
    lot."""
    shown = list(lots)[-MOST_LOTS:]
    width = max(760, _LEFT + (_SIDE + 4) * len(shown) + 170)
    sheet = Image.new("RGB", (width, _TOP + _ROW * len(found.classes) + 30), PAPER)
    draw = ImageDraw.Draw(sheet)
    left_out = len(lots) - len(shown)
    title = f"Stream {found.stream.name}: {found.lots} lot{'' if found.lots == 1 else 's'} counted"
    write(draw, (20, 14), title, 23, width=width - 40)
    x = 20
    for severity, colour in _COLOURS.items():
        draw.rectangle((x, 56, x + 14, 70), fill=colour)
        write(draw, (x + 20, 63), severity, 15, anchor="lm")
        x += 120
    words = "crossed: not accepted" + (f"; {left_out} earlier lots are not drawn" if left_out else "")
    write(draw, (x, 63), words, 15, fill=GREY, anchor="lm", width=width - x - 20)
    for row, c in enumerate(found.classes):
        y = _TOP + _ROW * row
        write(draw, (20, y + _SIDE / 2), f"{c.defect_class}, AQL {c.aql:g}", 16, anchor="lm")
        for k, event in enumerate(shown):
            result = next((r for r in event.results if r.defect_class == c.defect_class), None)
            if result is None:
                continue
            at = _LEFT + (_SIDE + 4) * k
            draw.rectangle((at, y, at + _SIDE, y + _SIDE), fill=_COLOURS[result.severity])
            if not result.accepted:
                draw.line((at + 4, y + 4, at + _SIDE - 4, y + _SIDE - 4), fill=_CROSS, width=3)
                draw.line((at + 4, y + _SIDE - 4, at + _SIDE - 4, y + 4), fill=_CROSS, width=3)
        end = _LEFT + (_SIDE + 4) * len(shown) + 10
        write(draw, (end, y + _SIDE / 2), f"next: {c.severity}", 16, anchor="lm")
    if shown:
        y = _TOP + _ROW * len(found.classes) - 18
        write(draw, (_LEFT, y), f"from {shown[0].lot} to {shown[-1].lot}", 14, fill=GREY)
    return np.asarray(sheet)
