"""``calibrate``: lens, light, check, status. What is known of a bench, and what stands against judging on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import Card, Json, context_of, document, emit, progress, show, table
from station.errors import RequestError
from station.values.light import LIGHT_DAYS

if TYPE_CHECKING:
    from station.service.bench_views import BenchView, CalibrationView, LensView, LightCheckView, LightView

calibrate = typer.Typer(help="Measure a bench's lens and light, check them.", no_args_is_help=True)
calibrate.rich_markup_mode = None

RigName = Annotated[str, typer.Option("--rig", metavar="NAME", help="The bench.")]

BAR = 24
"""Characters that a drift of exactly its limit takes in the chart."""


@calibrate.command("lens")
def calibrate_lens(
    context: typer.Context,
    rig: RigName,
    boards: Annotated[
        list[Path],
        typer.Argument(metavar="BOARD.jpg", help="Four to eight pictures of the board, and one of the empty bench."),
    ],
    spacer: Annotated[
        float | None, typer.Option("--spacer", min=0.1, metavar="MM", help="Height of the spacer under the board.")
    ] = None,
    on_spacer: Annotated[
        list[Path] | None,
        typer.Option(
            "--on-spacer", metavar="BOARD.jpg", help="A picture of the board on the spacer, camera untouched."
        ),
    ] = None,
    u_spacer: Annotated[
        float | None,
        typer.Option("--u-spacer", min=1e-4, metavar="MM", help="Its standard uncertainty; 0.01 if not given."),
    ] = None,
    measured: Annotated[
        float | None,
        typer.Option("--measured-mm", min=1, metavar="MM", help="A row of squares as measured on the print."),
    ] = None,
    over: Annotated[
        int | None, typer.Option("--over", min=1, metavar="N", help="Over how many squares; all across if not given.")
    ] = None,
    u_measured: Annotated[
        float | None,
        typer.Option("--u-measured", min=1e-4, metavar="MM", help="Its standard uncertainty; 0.03 if not given."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also in the place of a surer calibration that still holds.")
    ] = False,
    json: Json = False,
) -> None:
    """Measure the lens on pictures of the ChArUco board."""
    with context_of(context).open() as station, progress("Calibrating the lens"):
        made = station.bench.calibrate_lens(
            rig, boards, raised=on_spacer or (), spacer_mm=spacer, u_spacer_mm=u_spacer, measured_mm=measured,
            over=over, u_measured_mm=u_measured, replace=replace,
        )  # fmt: skip
    if json:
        emit(document(made))
        return
    show(f"Lens of {made.rig}: {made.images} pictures, reprojection residual {made.residual:.3f} px{_until(made)}")
    assert made.lens is not None
    _show_lens(made.lens)
    for remark in made.remarks:
        show(f"Note: {remark}")


@calibrate.command("board")
def print_board(
    context: typer.Context,
    rig: Annotated[str, typer.Option("--rig", metavar="NAME|RIG.toml", help="The bench, or its file.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.pdf", help="The PDF to write.")],
) -> None:
    """Draw the ChArUco board and the bench mat as a PDF, to be printed at 100 %."""
    from station.service.out_files import write_file

    if not out.parent.is_dir():
        raise RequestError(f"there is no folder {out.parent}", "Make it, or give another path after --out.")
    with context_of(context).open() as station:
        data = station.bench.print_board(rig)
    write_file(out, data)
    show(f"{out}: print it at 100 %, not fitted to the page, and check that both long lines are 100 mm.")


@calibrate.command("light")
def calibrate_light(
    context: typer.Context,
    rig: RigName,
    greys: Annotated[list[Path], typer.Argument(metavar="GREY.jpg", help="Pictures of the grey card, 16 are good.")],
    lux: Annotated[
        list[float] | None,
        typer.Option("--lux", min=0, metavar="LUX", help="Illuminance read from a meter; once for each position."),
    ] = None,
    cct: Annotated[
        float | None, typer.Option("--cct", metavar="K", help="Colour temperature that the meter reads, in kelvin.")
    ] = None,
    meter: Annotated[str, typer.Option("--meter", metavar="TEXT", help="The lux meter and its number.")] = "",
    measured_on: Annotated[
        datetime | None,
        typer.Option("--measured-on", formats=["%Y-%m-%d"], help="Day of the meter's reading; today if not given."),
    ] = None,
    second_rate: Annotated[
        list[Path] | None,
        typer.Option(
            "--second-rate", metavar="GREY.jpg", help="A picture at another frame rate or exposure, against flicker."
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, metavar="N", help="How long it is to hold.")
    ] = LIGHT_DAYS,
    json: Json = False,
) -> None:
    """Measure the light on pictures of the grey card."""
    with context_of(context).open() as station, progress("Calibrating the light"):
        made = station.bench.calibrate_light(
            rig, greys, lux=lux or (), cct_k=cct, instrument=meter,
            measured_on=measured_on.date() if measured_on else None, second_rate=second_rate or (), valid_days=days,
        )  # fmt: skip
        now = station.bench.status(rig)
    if json:
        emit(document(made))
        return
    uniformity = made.detail["uniformity"] or 0.0
    show(
        f"Light of {made.rig}: {made.images} pictures, darkest place {uniformity:.0%} of the brightest, "
        f"{made.residual:.2%} left after correction{_until(made)}"
    )
    assert now.light is not None
    _show_light(now.light)
    for remark in made.remarks:
        show(f"Note: {remark}")
    for fault in made.faults:
        show(f"COLOUR IS NOT JUDGED: {fault}")


@calibrate.command("check")
def check_light(
    context: typer.Context,
    rig: RigName,
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The bench with the colour card on it.")],
    card: Card = None,
    json: Json = False,
) -> None:
    """Check the light at the start of a session: the colour card's grey patches against the first check."""
    with context_of(context).open() as station:
        made = station.bench.check_light(rig, photo, card)
        history = station.bench.drift_history(rig)
    if json:
        emit(document(made))
        return
    if made.reference:
        show(f"{made.photo} is the reference for the light of {rig}, read through card {made.card}.")
    else:
        show(
            f"{made.photo}: since the reference {made.lightness:+.1f} in lightness, {made.tint:.1f} CIEDE2000 in tint, "
            f"level {made.level:.0%}: {'within bounds' if made.ok else made.reason}"
        )
    show(_lux_line(made))
    if not made.ok:
        show(
            f"COLOUR IS NOT JUDGED: put lamp and camera back and run this again, or calibrate the light: "
            f"station calibrate light --rig {rig} GREY.jpg ..."
        )
    _show_drift(history)


@calibrate.command("status")
def status(context: typer.Context, rig: RigName, json: Json = False) -> None:
    """All that is known of a bench: uniformity, flicker, warm-up, lux, drift, and what stands against judging on it."""
    with context_of(context).open() as station:
        bench = station.bench.status(rig)
    if json:
        emit(document(bench))
        return
    if bench.lens is not None:
        show(
            f"Lens: calibrated {bench.lens.made_at:%Y-%m-%d} on {bench.lens.images} pictures, "
            f"{bench.lens.rms_px:.3f} px left; until {bench.lens.expires_at:%Y-%m-%d}"
        )
        _show_lens(bench.lens)
    else:
        show("Lens: not calibrated.")
    if bench.light is not None:
        light = bench.light
        show(
            f"Light: calibrated {light.made_at:%Y-%m-%d} on {light.images} pictures, {light.residual:.2%} left; "
            f"until {light.expires_at:%Y-%m-%d}"
        )
        _show_light(light)
    _show_drift(bench.drift)
    show_state(bench)


def show_state(bench: BenchView) -> None:
    """What stands against judging on a bench, and what to do."""
    for fault in bench.faults:
        show(f"NOT JUDGED ({', '.join(fault.blocks)}): {fault.reason}")
        if fault.command.split(" ...")[0] not in fault.reason:
            show(f"  Run: {fault.command}")
    for soon in bench.expiring:
        show(f"Soon: {soon.reason}. Run: {soon.command}")
    if bench.state == "ok":
        what = f"Rig {bench.rig}" if bench.lens is not None else f"The light of rig {bench.rig}"
        show(f"{what} is within bounds.")
    if bench.lens is None:
        show(
            f"Rig {bench.rig} has no lens calibration: lengths come from the colour card, with the larger uncertainty. "
            f"Run: station calibrate lens --rig {bench.rig} BOARD.jpg ..."
        )


def _show_lens(lens: LensView) -> None:
    """Method, parameters with their uncertainties, and what they mean for a part."""
    show(f"By {lens.method}.")
    rows = []
    for f in lens.figures:
        places = 1 if f.unit == "px" else 4
        u = "not known" if f.u is None else f"{f.u:.{places}f}"
        rows.append([f.name, f"{f.value:.{places}f}", u, f.unit if f.unit == "px" else ""])
    table("Lens", ["", "value", "± (k = 2)", ""], rows)
    low, high = lens.u_length_mm
    show(f"The calibration leaves ± {low:.3f} mm in 30 mm on the bench, ± {high:.3f} mm at 3 mm over it (k = 2).")


def _show_light(light: LightView) -> None:
    from station.calibrate.flicker import LARGEST_BANDING, LARGEST_TEMPORAL
    from station.calibrate.warm_up import LARGEST_LEVEL_PER_MINUTE, LARGEST_TINT_PER_MINUTE

    if light.nine is not None:
        rows = [[f"{v:.0%}" for v in row] for row in light.nine]
        table("Nine positions, of the brightest, lamp and lens together", ["left", "centre", "right"], rows)
    if light.flicker is not None:
        f = light.flicker
        frames = (
            "one frame" if f.temporal is None else f"frame to frame {f.temporal:.2%} ({LARGEST_TEMPORAL:.0%} allowed)"
        )
        show(f"Flicker: {frames}, bands {f.banding:.2%} ({LARGEST_BANDING:.1%} allowed)")
        if f.second_banding is not None:
            frames = "" if f.second_temporal is None else f"frame to frame {f.second_temporal:.2%}, "
            show(f"  at the second rate: {frames}bands {f.second_banding:.2%}")
        for remark in f.remarks:
            show(f"  {remark}")
    if light.warm_up is not None:
        w = light.warm_up
        said = {True: "settled", False: "NOT settled", None: "too short or too noisy to say, take frames for 5 minutes"}
        show(
            f"Warm-up over {w.minutes:.0f} min: level {w.level_per_minute:+.2%} a minute "
            f"({LARGEST_LEVEL_PER_MINUTE:.1%} allowed), tint {w.tint_per_minute:.2f} CIEDE2000 a minute "
            f"({LARGEST_TINT_PER_MINUTE:g} allowed): {said[w.settled]}"
        )
    if light.meter is not None:
        places = "" if light.meter.uniformity is None else f", lowest {light.meter.uniformity:.0%} of the highest"
        by = f" by {light.meter.instrument}" if light.meter.instrument else ""
        readings = len(light.meter.readings_lux)
        kelvin = "" if light.meter.cct_k is None else f", {light.meter.cct_k:,.0f} K"
        by = f"{kelvin}{by}"
        show(f"Lux: {light.lux:,.0f}, {readings} position{'s' * (readings > 1)}{places}, {light.meter.measured_on}{by}")
    elif light.lux is not None:
        show(f"Lux: {light.lux:,.0f}")
    else:
        show("Lux: none entered, a camera cannot read it. Read a meter and add --lux N.")
    if light.settings:
        show("Camera: " + ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in light.settings.items()))


def _show_drift(history: Sequence[LightCheckView]) -> None:
    """The checks as a chart: a bar's length is the drift over its limit."""
    from station.calibrate.drift import CHECK_LIGHTNESS, CHECK_TINT

    rows = []
    for one in history[-20:]:
        share = max(abs(one.lightness) / CHECK_LIGHTNESS, one.tint / CHECK_TINT)
        full = min(round(share * BAR), 2 * BAR)
        bar = "#" * min(full, BAR) + "!" * max(0, full - BAR)
        note = "reference" if one.reference else "" if one.ok else "out of bounds"
        lux = "" if one.lux is None else f"{one.lux:,.0f}"
        rows.append([f"{one.at:%Y-%m-%d %H:%M}", f"{one.lightness:+.1f}", f"{one.tint:.1f}", lux, bar, note])
    if rows:
        title = f"Drift of the light ({BAR} # are the limit: lightness {CHECK_LIGHTNESS:g}, tint {CHECK_TINT:g})"
        table(title, ["checked (UTC)", "lightness", "tint", "lux, estimated", "", ""], rows)


def _lux_line(made: LightCheckView) -> str:
    if made.lux is None:
        return f"Lux cannot be estimated: {made.lux_reason}."
    return f"Lux: {made.lux:,.0f}, estimated from the grey patches, not measured."


def _until(made: CalibrationView) -> str:
    return f"; holds until {made.expires_at:%Y-%m-%d}."
