"""``python -m sample_data.renderer``: make a sample set."""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_data.renderer.designs import DESIGN_NAMES
from sample_data.renderer.generate import make_bench, make_set, show_progress


def main() -> None:
    """Reads the arguments and makes the set."""
    parser = argparse.ArgumentParser(prog="python -m sample_data.renderer", description="Renders a sample set.")
    parser.add_argument("--design", action="append", choices=DESIGN_NAMES, help="repeat for several; default alpine")
    parser.add_argument("--units", type=int, default=32, help="units of the lot (default 32)")
    parser.add_argument("--seed", type=int, required=True, help="one seed, one result")
    parser.add_argument("--out", type=Path, required=True, help="folder for bench/ and one folder a design")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--no-disturbed", action="store_true", help="leave out the spoilt photos")
    options = parser.parse_args()
    make_bench(options.out / "bench")
    for design in options.design or ["alpine"]:
        make_set(
            design,
            options.units,
            options.seed,
            options.out,
            disturbed=not options.no_disturbed,
            jobs=options.jobs,
            progress=show_progress,
        )


if __name__ == "__main__":
    main()
