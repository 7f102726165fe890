"""How long a document of many rows takes, as PDF and as spreadsheet.

    python tests/benchmarks/bench_documents.py [ROWS]

Prints the best and median wall time of each over five runs, after one that loads compiler and fonts, beside the goal of
1 s for 500 rows; asserts nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import date

from station.report.blocks import Paper, Section
from station.report.languages import language
from station.report.paper import paper_pdf
from station.report.unit_paper import values_table
from station.report.workbook import paper_xlsx
from station.values.documents import MeasurementDocument

GOAL_S = 1.0


def paper(rows: int, code: str) -> Paper:
    """A unit's sheet of as many measurements."""
    measured = [
        MeasurementDocument.model_validate(
            {
                "characteristic": f"size:width {i}", "kind": "size", "value": 30 + i / 1000, "unit": "mm", "u": 0.012,
                "nominal": 30.0, "lower": 29.85, "upper": 30.15, "class": "major", "verdict": "conforms",
            }
        )
        for i in range(rows)
    ]  # fmt: skip
    tongue = language(code)
    section = Section(tongue.text("section.values"), [values_table(measured, tongue)])
    return Paper(
        title="Benchmark", subtitle=f"{rows} rows", stamp="", on=date(2026, 5, 10), sections=[section],
        language=tongue, footer="", head=f"1:{'ab' * 32}",
    )  # fmt: skip


def times(run: Callable[[], object], count: int = 5) -> tuple[float, float]:
    """Best and median wall time in seconds."""
    run()
    found = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found), statistics.median(found)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for code in ("en", "zh-Hant"):
        made = paper(rows, code)
        for name, write in (("PDF", paper_pdf), ("XLSX", paper_xlsx)):
            best, middle = times(lambda write=write, made=made: write(made))  # type: ignore[misc]
            print(f"{rows} rows, {code}, {name}: best {best:.2f} s, median {middle:.2f} s (goal {GOAL_S:g} s for 500)")


if __name__ == "__main__":
    main()
