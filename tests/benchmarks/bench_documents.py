"""How long a document of many rows takes, as PDF and as spreadsheet.

    python tests/benchmarks/bench_documents.py [ROWS]

Prints the best wall and processor time of each over five runs, after one that loads compiler and fonts, beside the goal
of 1 s for 500 rows; asserts nothing. On a busy machine the wall time is that of the others too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import date

from station.report.blocks import Paper, Section
from station.report.languages import language
from station.report.paper import paper_pdf
from station.report.unit_paper import values_table
from station.report.workbook import paper_xlsx
from station.values.documents import MeasurementDocument

GOAL_S = 1.0


def paper(rows: int, code: str, run: int) -> Paper:
    """A unit's sheet of as many measurements, other ones in every run: the compiler remembers what it has set."""
    measured = [
        MeasurementDocument.model_validate(
            {
                "characteristic": f"size:width {i}", "kind": "size", "value": 30 + run / 100 + i / 1000,
                "unit": "mm", "u": 0.012,
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


def times(write: Callable[[Paper], object], papers: Sequence[Paper]) -> tuple[float, float]:
    """Best wall and processor time in seconds."""
    write(papers[0])
    wall, processor = [], []
    for one in papers[1:]:
        start, begun = time.perf_counter(), time.process_time()
        write(one)
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - begun)
    return min(wall), min(processor)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for code in ("en", "zh-Hant"):
        papers = [paper(rows, code, run) for run in range(6)]
        for name, write in (("PDF", paper_pdf), ("XLSX", paper_xlsx)):
            wall, processor = times(write, papers)
            took = f"{wall:.2f} s, of the processor {processor:.2f} s"
            print(f"{rows} rows, {code}, {name}: {took} (goal {GOAL_S:g} s for 500 rows)")


if __name__ == "__main__":
    main()
