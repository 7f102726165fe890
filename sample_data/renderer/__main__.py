"""``python -m sample_data.renderer``: make a sample set; ``together`` and ``again`` make further scenes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sample_data.renderer.designs import DESIGN_NAMES, FURTHER_NAMES
from sample_data.renderer.generate import make_bench, make_set, rewrite_sheets, show_progress
from station.errors import StationError

LIGHTS = ("d65", "d50", "led", "tl84", "a")
LAYOUTS = ("dome", "ring", "bars")


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the arguments and makes the set or the scene."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    scenes = {"together": _together, "again": _again, "sheets": _sheets}
    try:
        if given and given[0] in scenes:
            scenes[given[0]](given[1:])
        else:
            _set(given)
    except StationError as error:
        sys.exit(f"{error}")


def _set(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample_data.renderer",
        description="Renders a sample set.",
        epilog="'together DESIGN', 'again DESIGN' and 'sheets' make other things; ask each for --help.",
    )
    parser.add_argument(
        "--design",
        action="append",
        choices=DESIGN_NAMES + FURTHER_NAMES,
        help="repeat for several; default alpine, with --measured or --defective all",
    )
    parser.add_argument("--units", type=int, default=32, help="units of the lot (default 32)")
    parser.add_argument("--seed", type=int, required=True, help="one seed, one result")
    parser.add_argument("--out", type=Path, required=True, help="folder for bench/ and one folder a design")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--no-disturbed", action="store_true", help="leave out the spoilt photos")
    parser.add_argument(
        "--measured",
        action="store_true",
        help="units that depart in their geometry (border, boundaries, lines, outline, hole, post), with true lengths; "
        "mirrored and upside-down parts for the spoilt photos",
    )
    parser.add_argument("--defective", action="store_true", help="units with many defects and units with none")
    options = parser.parse_args(given)
    make_bench(options.out / "bench")
    every = list(DESIGN_NAMES + (FURTHER_NAMES if options.measured else ()))
    every = every if options.measured or options.defective else ["alpine"]
    for design in options.design or every:
        make_set(
            design,
            options.units,
            options.seed,
            options.out,
            disturbed=not options.no_disturbed,
            measured=options.measured,
            defective=options.defective,
            jobs=options.jobs,
            progress=show_progress,
        )


def _sheets(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample_data.renderer sheets",
        description="Writes the control sheets of finished sets anew; their pictures and truth stay.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the sets")
    for path in rewrite_sheets(parser.parse_args(given).out):
        print(path)


def _together(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample_data.renderer together",
        description="Renders a golden and units side by side in one photo with the colour card, under chosen lights.",
    )
    parser.add_argument("design", choices=DESIGN_NAMES)
    parser.add_argument("--light", action="append", choices=LIGHTS, help="repeat for several; default d50")
    parser.add_argument("--layout", choices=LAYOUTS, default="dome", help="of the lamps (default dome)")
    parser.add_argument("--units", type=int, default=2, help="units beside the golden (default 2)")
    parser.add_argument("--photos", type=int, default=1, help="arrangements, each under every light (default 1)")
    parser.add_argument("--metamer", metavar="REGION", help="the first unit matches there under one light only")
    parser.add_argument("--alike", choices=LIGHTS, default="d50", help="light of the match (default d50)")
    parser.add_argument("--apart", choices=LIGHTS, default="tl84", help="light of the mismatch (default tl84)")
    parser.add_argument("--scale", type=float, default=1.0, help="picture size against 2800 x 2100")
    parser.add_argument("--seed", type=int, required=True, help="one seed, one result")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(given)
    from sample_data.renderer.scenes import make_together

    make_together(
        options.design,
        options.out,
        seed=options.seed,
        lights=options.light or ["d50"],
        units=options.units,
        photos=options.photos,
        metamer=options.metamer,
        alike=options.alike,
        apart=options.apart,
        layout=options.layout,
        scale=options.scale,
    )


def _again(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample_data.renderer again",
        description="Renders one workpiece laid down on the bench again and again.",
    )
    parser.add_argument("design", choices=DESIGN_NAMES)
    parser.add_argument("--unit", type=int, default=0, help="number of the lot's unit; 0, the default, is the golden")
    parser.add_argument("--count", type=int, default=8, help="photos (default 8)")
    parser.add_argument("--seed", type=int, required=True, help="one seed, one result")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(given)
    from sample_data.renderer.scenes import make_again

    make_again(options.design, options.out, seed=options.seed, count=options.count, unit=options.unit)


if __name__ == "__main__":
    main()
