"""A pick list to print and to tick off at the cartons, in English and Traditional Chinese."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from station.report.typesetting import typeset
from station.values.draw import DrawDocument

_TEMPLATE: Final = Path(__file__).with_name("pick_list.typ")
_THIRDS: Final = {"early": "early 前段", "mid": "mid 中段", "late": "late 後段"}


def pick_list_pdf(drawn: DrawDocument) -> bytes:
    """The list as PDF/A, carton by carton in pack order, of the sample that was drawn last. Position counts from the
    carton's first unit."""
    last = drawn.last
    picks = [p for p in drawn.picks if p.sample == last]
    marks = list(dict.fromkeys(k for p in picks for k in p.identifiers))
    cartons: dict[str, list[list[str]]] = {}
    for p in picks:
        row = [p.label, str(p.position), _THIRDS.get(p.third, p.third), *(p.identifiers.get(m, "") for m in marks)]
        cartons.setdefault(p.carton, []).append(row)
    held = [] if drawn.golden is None else [f"Golden sample 標準樣 {drawn.golden} v{drawn.golden_version}"]
    whole = [] if last == 1 else [
        f"Sample {last}: {len(picks)} more units, none of those pulled before; {drawn.n} with them. "
        f"第 {last} 次抽樣：另取 {len(picks)} 件，不含先前所抽；合計 {drawn.n} 件。"
    ]  # fmt: skip
    data: dict[str, Any] = {
        "title": f"Pick list 抽樣清單: lot 批 {drawn.lot}",
        "lines": [
            *whole,
            f"Pull {len(picks)} of {drawn.size} units from {drawn.cartons} cartons ({drawn.rule}). "
            f"從 {drawn.cartons} 箱共 {drawn.size} 件中抽取 {len(picks)} 件。",
            "Call each unit by its name in this list; take exactly these. 每件依清單名稱標示，只取清單所列。",
            *held,
            *drawn.remarks,
        ],
        "date": [drawn.at.year, drawn.at.month, drawn.at.day],
        "foot": f"seed 種子 {drawn.seed}, {drawn.at:%Y-%m-%d %H:%M}, {drawn.digest[:16]}",
        "columns": ["unit 件", "position 位置", "packed 裝箱"],
        "marks": [m.replace("_", " ") for m in marks],
        "note": "note 備註",
        "cartons": [
            {"name": f"Carton 箱 {name}: {len(rows)} unit{'s' * (len(rows) > 1)}", "rows": rows}
            for name, rows in cartons.items()
        ],
    }
    return typeset(_TEMPLATE, data, {})
