"""kill -9 two hundred times at random steps of sealing, signing, importing, countersigning, deciding, releasing a
gate, writing and setting a document, making a corrective package, exporting and receiving.

    python tests/benchmarks/bench_killed.py [COUNT]

With a COUNT beyond the number of steps and ways to die at them, each of them once. Exit code 1 where anything told was
lost, anything half-made was seen, work could not be done again, or a process was not killed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from killed import some


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        steps, kills, wrong = some(Path(folder), count, seed=20260510)
    print("kills:", ", ".join(f"{name} {kills[name]} at {n} steps" for name, n in steps.items()))
    print(f"{sum(kills.values())} kills, {len(wrong)} faults")
    print(*wrong[:20], sep="\n", end="\n" if wrong else "")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
