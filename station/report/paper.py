"""A paper set as PDF/A by one template for all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from station.report.blocks import (
    Bars,
    Beside,
    Block,
    Bullets,
    Cell,
    Chart,
    Code,
    Facts,
    Figure,
    Flag,
    Formula,
    Paper,
    Pictures,
    Section,
    Signatures,
    Table,
    Words,
)
from station.report.qr import qr_svg
from station.report.typesetting import CJK_FONT, LATIN_FONT, set_in_type

_TEMPLATE: Final = Path(__file__).with_name("paper.typ")
_LONG: Final = re.compile(r"[!-~\u00a1-\u02af]{22,}")
_PIECE: Final = 11
_BREAK: Final = "\u200b"
"""Zero-width space: where a word that is wider than its column may be broken."""


def paper_pdf(paper: Paper) -> tuple[bytes, str]:
    """PDF bytes, and the characters that no font has; the same paper gives the same bytes."""
    pictures: dict[str, bytes] = {}
    data = paper_data(paper, pictures)
    return set_in_type(_TEMPLATE, data, pictures)


def paper_data(paper: Paper, pictures: dict[str, bytes]) -> dict[str, Any]:
    """What the template sets. pictures : is filled, by file name."""
    tongue = paper.language
    cjk = tongue.tag in ("zh", "ja", "ko")
    if paper.head:
        pictures["head.svg"] = qr_svg(paper.head)
    return {
        "title": _soft(paper.title), "subtitle": _soft(paper.subtitle), "stamp": _soft(paper.stamp),
        "tone": paper.tone, "date": [paper.on.year, paper.on.month, paper.on.day],
        "lang": tongue.tag, "region": tongue.region, "cjk": cjk,
        "fonts": [CJK_FONT] if cjk else [LATIN_FONT, CJK_FONT],
        "sections": [_section(s, pictures) for s in paper.sections],
        "head": _soft(paper.head), "head_title": tongue.text("foot.head"), "head_words": tongue.text("foot.check"),
        "basis": [[_soft(name), _soft(digest)] for name, digest in paper.basis],
        "footer": _soft(paper.footer), "page": tongue.text("foot.page", page="{page}", pages="{pages}"),
        "one_page": paper.one_page,
    }  # fmt: skip


def _section(section: Section, pictures: dict[str, bytes]) -> dict[str, Any]:
    return {"title": _soft(section.title), "blocks": [_block(b, pictures) for b in section.blocks]}


def _block(block: Block, pictures: dict[str, bytes]) -> dict[str, Any]:
    match block:
        case Table():
            return _table(block)
        case Facts():
            pairs = [[_soft(name), _cell(value)] for name, value in block.pairs]
            return {"kind": "facts", "pairs": pairs, "beside": block.beside}
        case Words():
            return {"kind": "words", "text": _soft(block.text), "style": block.style}
        case Bullets():
            return {"kind": "bullets", "texts": [_soft(t) for t in block.texts], "numbered": block.numbered}
        case Pictures():
            items = [
                {"file": _kept(p.data, pictures), "lines": [_soft(x) for x in p.lines], "tone": p.tone}
                for p in block.items
            ]
            return {"kind": "pictures", "items": items, "across": block.across, "height": block.height_mm}
        case Chart():
            return _chart(block)
        case Bars():
            rows = [[_soft(name), round(share, 4), _soft(words)] for name, share, words in block.rows]
            return {"kind": "bars", "title": _soft(block.title), "rows": rows}
        case Signatures():
            places = [
                {
                    "title": _soft(p.title), "facts": [[_soft(k), _cell(v)] for k, v in p.facts],
                    "under": [_soft(u) for u in p.under],
                }
                for p in block.places
            ]  # fmt: skip
            return {"kind": "signatures", "places": places}
        case Beside():
            left, right = ([_block(b, pictures) for b in side] for side in (block.left, block.right))
            return {"kind": "beside", "left": left, "right": right, "left_mm": block.left_mm}


def _table(table: Table) -> dict[str, Any]:
    columns = [{"title": _soft(c.title), "wide": c.wide, "right": c.right} for c in table.columns]
    rows = [[_cell(c) for c in row] for row in table.rows]
    return {"kind": "table", "columns": columns, "rows": rows, "note": _soft(table.note), "roomy": table.roomy}


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "kind": "chart", "x_axis": chart.x_axis, "y_axis": chart.y_axis, "end": chart.x_end,
        "ticks": _ticks(chart.x_end),
        "curves": [
            {"name": _soft(c.name), "points": [[round(x / chart.x_end, 5), round(y, 5)] for x, y in c.points]}
            for c in chart.curves
        ],
        "groups": [
            [[_soft(name), round(x / chart.x_end, 5), round(y, 5)] for name, x, y in sorted(g, key=lambda p: p[1])]
            for g in chart.groups
        ],
    }  # fmt: skip


def _ticks(end: float) -> list[list[Any]]:
    """Places (0-1) and words of five to ten round steps."""
    from station.report.plan_charts import axis_step

    step = axis_step(end)
    return [[round(k * step / end, 5), f"{k * step:g}"] for k in range(int(end / step + 1e-9) + 1)]


def _cell(cell: Cell) -> Any:
    match cell:
        case Figure():
            told = _soft(cell.text)
            return told if cell.tone == "plain" else {"flag": told, "tone": cell.tone}
        case Flag():
            return {"flag": _soft(cell.text), "tone": cell.tone}
        case Code():
            return {"code": _soft(cell.text)}
        case Formula():
            return ""
        case _:
            return _soft(cell)


def _kept(data: bytes, pictures: dict[str, bytes]) -> str:
    """The file name of a picture; the same picture is kept once."""
    for name, known in pictures.items():
        if known == data:
            return name
    suffix = "png" if data.startswith(b"\x89PNG") else "jpg"
    name = f"picture-{len(pictures)}.{suffix}"
    pictures[name] = data
    return name


def _soft(text: str) -> str:
    """Text whose overlong words may be broken."""
    return _LONG.sub(lambda m: _BREAK.join(_pieces(m.group())), text)


def _pieces(word: str) -> Sequence[str]:
    return [word[i : i + _PIECE] for i in range(0, len(word), _PIECE)]
