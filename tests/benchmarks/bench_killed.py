"""kill -9 two hundred times at random steps of sealing, signing, importing, deciding, releasing a gate,
writing a document, exporting and receiving.

    python tests/benchmarks/bench_killed.py [COUNT]

Exit code 1 where anything told was lost, or anything half-made was seen.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from killed import some


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        steps, wrong = some(Path(folder), count, seed=20260510)
    print("steps:", ", ".join(f"{name} {n}" for name, n in steps.items()))
    print(f"{min(count, 3 * sum(steps.values()))} kills, {len(wrong)} faults")
    print(*wrong[:20], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
