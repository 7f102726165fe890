"""The bench: its rigs, the dated calibrations of their lens and light, and checks of the light between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import CalibrationError, RequestError
from station.service import bench_views, tools
from station.service.lots import golden_of_lot
from station.service.measuring import keep_photo
from station.service.showing import bench_view, check_view, lens_remarks, lens_view, rig_view
from station.service.steps import OnStep, Steps, silent
from station.settings import Settings
from station.store import inspections, records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import RigRow
from station.values.bench import Calibration, CardReference, LensCalibration, LightCalibration, Rig
from station.values.light import LIGHT_DAYS, LightCheck, MeterReading

if TYPE_CHECKING:
    from station.sheet import Viewing
    from station.values.line import Shot

SHOWN_CHECKS = 50
"""Checks that a bench's status lists."""
SHOWN_PHOTOS = 100
"""Photos whose card residuals are listed."""
LARGEST_LUX = 200_000
LEAST_CCT, LARGEST_CCT = 1000, 25_000
"""Above full sunlight: a slip of the keyboard."""


class Bench:
    """The use cases of the bench, for one :class:`station.service.Station`."""

    def __init__(self, db: Database, evidence: Evidence, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._db, self._evidence, self._settings, self._clock = db, evidence, settings, clock

    def add_rig(self, path: Path) -> bench_views.RigView:
        """Register a bench from its TOML; a changed bench needs new calibrations."""
        from station.calibrate.rig import load_rig

        rig = load_rig(path)
        records.add_rig(self._db, name=rig.name, digest=rig.digest, document=rig.model_dump_json(), at=self._clock())
        return rig_view(self._db, records.rig(self._db, rig.name))

    def rigs(self) -> list[bench_views.RigView]:
        """Every registered bench."""
        return [rig_view(self._db, r) for r in records.rigs(self._db)]

    def calibrate_lens(
        self,
        rig: str,
        boards: Sequence[Path],
        *,
        raised: Sequence[Path] = (),
        spacer_mm: float | None = None,
        u_spacer_mm: float | None = None,
        measured_mm: float | None = None,
        over: int | None = None,
        u_measured_mm: float | None = None,
        replace: bool = False,
        on_step: OnStep = silent,
    ) -> bench_views.CalibrationView:
        """Measure the lens on pictures of the ChArUco board.

        Parameters
        ----------
        boards
            Pictures of the board, and of the bench markers.
        raised, spacer_mm, u_spacer_mm
            Pictures of the board lying on a spacer; its height and the standard uncertainty of that.
        measured_mm, over, u_measured_mm
            A length on the printed board as measured, over how many squares (by default all across), and its standard
            uncertainty.
        replace
            Also in the place of one that holds and is surer.

        Raises
        ------
        CalibrationError
            The pictures or the lengths do not do; the calibration in force is surer and still holds.
        RequestError
            A picture is handed in twice; an uncertainty or a number of squares without the length that it belongs to.
        """
        from station.calibrate.lens import U_READING_MM, U_SPACER_MM, MeasuredBoard, Spacer, calibrate_lens, lost

        row, bench = self._rig(rig)
        if (measured_mm is None and (over or u_measured_mm)) or (spacer_mm is None and u_spacer_mm):
            raise RequestError("an uncertainty or a number of squares has no length", "Give the length as well.")
        spacer = None if spacer_mm is None else Spacer(spacer_mm, u_spacer_mm or U_SPACER_MM)
        measured = None
        if measured_mm is not None:
            across = bench.board.squares[0] if bench.board is not None else 1
            measured = MeasuredBoard(measured_mm, over or across, u_measured_mm or U_READING_MM)
        step = Steps(on_step, len(boards) + len(raised) + 1)
        low, high = ([self._read(p, step) for p in paths] for paths in (boards, raised))
        step("measuring")
        first: dict[str, str] = {}
        for shot in (*low, *high):
            if shot.sha256 in first:
                raise RequestError(
                    f"{shot.name} is the same picture of the board as {first[shot.sha256]}",
                    "Hand in every picture once: one counted twice makes the lens look better known than it is.",
                )
            first[shot.sha256] = shot.name
        lens = calibrate_lens(low, bench, made_at=self._clock(), raised=high, spacer=spacer, measured=measured)
        standing = None if replace else self._lens(row)
        if standing is not None and standing.expires_at > lens.made_at and (losses := lost(standing, lens, bench)):
            raise CalibrationError(
                f"the lens calibration of {standing.made_at:%Y-%m-%d} ({standing.images} pictures) is surer than this "
                f"one ({lens.images}), and holds until {standing.expires_at:%Y-%m-%d}: {'; '.join(losses)}",
                "Hand in the board flat and tilted to five sides; or, where the lens was changed, refocused or zoomed, "
                "add --replace.",
            )
        self._keep_calibration(
            row, "lens", lens, {p: s.sha256 for p, s in zip([*boards, *raised], [*low, *high], strict=True)}
        )
        seen = lens_view(lens, bench)
        return bench_views.CalibrationView(
            rig=rig, kind="lens", images=lens.images, residual=lens.rms_px, made_at=lens.made_at,
            expires_at=lens.expires_at, detail={"rms_px": lens.rms_px, "u_scale": lens.u_scale}, lens=seen,
            remarks=tuple(lens_remarks(lens, bench)),
        )  # fmt: skip

    def print_board(self, rig: str) -> bytes:
        """PDF of the board and the mat of a bench, to true size; ``rig`` : its name, or the path of a rig TOML."""
        from station.calibrate.rig import load_rig
        from station.report.board import print_board

        return print_board(load_rig(Path(rig)) if rig.lower().endswith(".toml") else self._rig(rig)[1])

    def calibrate_light(
        self,
        rig: str,
        greys: Sequence[Path],
        *,
        lux: Sequence[float] = (),
        cct_k: float | None = None,
        instrument: str = "",
        measured_on: date | None = None,
        second_rate: Sequence[Path] = (),
        valid_days: int = LIGHT_DAYS,
        on_step: OnStep = silent,
    ) -> bench_views.CalibrationView:
        """Measure the light on pictures of the grey card.

        Parameters
        ----------
        lux, cct_k, instrument, measured_on
            Readings of a lux meter, one a position; its colour temperature in kelvin, 1,000 to 25,000; the meter and
            its number; the day, today by default.
        second_rate
            Pictures at another frame rate or exposure, for flicker only.
        valid_days
            How long it holds.

        Raises
        ------
        CalibrationError
            The pictures do not do.
        RequestError
            A picture is handed in twice; a meter without a reading, or a reading that cannot be.
        """
        from station.calibrate.bounds import entry_remarks, light_faults
        from station.calibrate.field import flat_field, remarks_on_field
        from station.calibrate.flicker import remarks

        row, bench = self._rig(rig)
        now = self._clock()
        meter = _meter_reading(lux, cct_k, instrument, measured_on, now.astimezone().date())
        read: dict[Path, str] = {}
        step = Steps(on_step, len(greys) + len(second_rate))

        def each(paths: Sequence[Path]) -> Iterator[Shot]:
            for path in paths:
                shot = self._read(path, step)
                same = next((p for p, sha256 in read.items() if sha256 == shot.sha256), None)
                if same is not None:
                    raise RequestError(
                        f"{path.name} is the same grey picture as {same.name}",
                        "Hand in every picture once: one counted twice hides noise and flicker.",
                    )
                read[path] = shot.sha256
                yield shot

        light = flat_field(
            each(greys), bench, lux=meter.lux if meter else None, made_at=now, valid_days=valid_days, meter=meter,
            second=each(second_rate),
        )  # fmt: skip
        self._keep_calibration(row, "light", light, read)
        notes = entry_remarks(light, dated=measured_on is not None) + remarks_on_field(light)
        if light.flicker:
            notes += remarks(light.flicker)
        if light.settings.get("white_balance") == "auto":
            notes.append("White balance was automatic: lock it, or every photo has its own.")
        return bench_views.CalibrationView(
            rig=rig, kind="light", images=light.images, residual=light.residual, made_at=light.made_at,
            expires_at=light.expires_at, detail={"uniformity": light.uniformity, "lux": light.lux},
            faults=tuple(light_faults(light, None, now=light.made_at)), remarks=tuple(notes),
        )  # fmt: skip

    def check_light(self, rig: str, photo: Path, card: str | None = None) -> bench_views.LightCheckView:
        """Hold the light in a photo of the bench with the colour card against the first check since its calibration.

        The first one is the reference. Raises CalibrationError where the light is not calibrated or the card not read.
        """
        from station.calibrate.card import load_cards
        from station.calibrate.card_finding import find_card
        from station.calibrate.drift import check_light
        from station.calibrate.orientation import bench_turn, light_for, turned_against

        row, bench = self._rig(rig)
        light = self._light(row)
        if light is None:
            raise CalibrationError(
                f"the light of rig {rig} is not calibrated", f"Run: station calibrate light --rig {rig} GREY.jpg ..."
            )
        shot = self._read(photo)
        if shot.size != light.photo_size:
            w, h = light.photo_size
            raise CalibrationError(
                f"{shot.name} is {shot.size[0]} x {shot.size[1]} px, the light was calibrated at {w} x {h} px",
                "Photograph the bench as for the calibration.",
            )
        lying = light_for(shot, light)
        turned = turned_against(shot, light.orientation, bench_turn(shot, bench, None))
        if lying is None or turned:
            raise CalibrationError(
                f"{shot.name}: {turned or 'it is mirrored, or turned by a quarter'}",
                "Photograph the bench as for the calibration.",
            )
        earlier = self._checks(row, light)
        made = check_light(
            shot, find_card(shot, load_cards(card or self._settings.card), lying), lying, bench,
            reference=next((c for c in earlier if c.reference), None), at=self._clock(),
        )  # fmt: skip
        records.add_light_check(
            self._db, rig_id=row.id, photo=shot.name, file=keep_photo(self._evidence, photo, shot.sha256),
            document=json.dumps(made.as_dict()), at=made.at,
        )  # fmt: skip
        return check_view(rig, shot.name, made)

    def drift_history(self, rig: str) -> list[bench_views.LightCheckView]:
        """Every check of a bench's light, oldest first; each reference follows a new calibration."""
        row, _ = self._rig(rig)
        rows = records.light_checks(self._db, row.id)
        return [check_view(rig, r.photo, LightCheck.from_dict(json.loads(r.document))) for r in rows]

    def card_residuals(self, rig: str) -> bench_views.CardResidualsView:
        """How well the colour cards were fitted in the newest photos against golden samples sealed on a bench."""
        from station.calibrate.card_reading import MAX_RESIDUAL
        from station.values.documents import UnitDocument

        row, _ = self._rig(rig)
        shown = []
        for unit in inspections.newest_of_rig(self._db, row.name, SHOWN_PHOTOS):
            document = UnitDocument.model_validate_json(unit.document)
            fit = document.correction
            if fit is not None:
                shown.append(
                    bench_views.CardResidualView(
                        unit_id=unit.id, unit=unit.unit, at=unit.inspected_at, taken_at=document.taken_at,
                        mean=fit.mean, max=fit.max, loo_mean=fit.loo_mean,
                    )
                )  # fmt: skip
        most_mean, most_max = MAX_RESIDUAL
        return bench_views.CardResidualsView(rig=rig, most_mean=most_mean, most_max=most_max, photos=tuple(shown))

    def drift_bounds(self) -> bench_views.DriftBoundsView:
        """By how much a check of the light may differ from its reference."""
        from station.calibrate.drift import CHECK_LIGHTNESS, CHECK_TINT

        return bench_views.DriftBoundsView(lightness=CHECK_LIGHTNESS, tint=CHECK_TINT)

    def light(self, rig: str) -> LightCalibration | None:
        """The newest light calibration of a bench, also an expired one."""
        return self._light(self._rig(rig)[0])

    def status(self, rig: str, golden: str | None = None, lot: str | None = None) -> bench_views.BenchView:
        """What is known of a bench, what stands against judging on it, and what expires soon.

        golden, lot : of units that are to be inspected: the light is then held to the control sheet of the version that
        they are held to, not to those of all golden samples sealed on the bench. Raises NotFoundError for an unknown
        golden, ConflictError for a lot that is held to another.
        """
        from station.calibrate.bounds import hold_to_viewing
        from station.sheet import load_sheet

        row, _ = self._rig(rig)
        now = self._clock()
        found = self._calibration(row, (), now)
        newest = {g.number: g for g in reversed(records.golden_versions(self._db))}
        here = [g for g in newest.values() if g.rig == row.name]
        held_to = here if golden is None else [golden_of_lot(self._db, golden, lot)]
        for viewing in {load_sheet(g.sheet_toml.encode()).viewing for g in held_to}:
            found = hold_to_viewing(found, viewing, now=now)
        return bench_view(found, in_use=bool(here), history=self.drift_history(rig)[-SHOWN_CHECKS:], now=now)

    def statuses(self) -> list[bench_views.BenchView]:
        """The status of every registered bench."""
        return [self.status(r.name) for r in records.rigs(self._db)]

    def calibration(self, rig: str | None, card: str | None = None, viewing: Viewing | None = None) -> Calibration:
        """All that is known of the bench, with what stands against it: an expired calibration, a light out of bounds.

        viewing : the light that the control sheet asks for.
        """
        from station.calibrate.bounds import hold_to_viewing
        from station.calibrate.card import load_cards

        cards = load_cards(card or self._settings.card)
        if rig is None:
            return Calibration(cards=cards)
        now = self._clock()
        found = self._calibration(self._rig(rig)[0], cards, now)
        return found if viewing is None else hold_to_viewing(found, viewing, now=now)

    def _calibration(self, row: RigRow, cards: tuple[CardReference, ...], now: datetime) -> Calibration:
        from station.calibrate.bounds import with_faults

        lens, light = self._lens(row), self._light(row)
        found = Calibration(
            cards=cards,
            rig=Rig.model_validate_json(row.document),
            lens=lens,
            light=light,
        )
        checks = self._checks(row, light) if light else []
        return with_faults(found, checks[-1] if checks else None, now=now)

    def _lens(self, row: RigRow) -> LensCalibration | None:
        found = records.calibration(self._db, row.id, "lens")
        return LensCalibration.from_dict(json.loads(found.document)) if found else None

    def _light(self, row: RigRow) -> LightCalibration | None:
        found = records.calibration(self._db, row.id, "light")
        return LightCalibration.from_dict(json.loads(found.document)) if found else None

    def _checks(self, row: RigRow, light: LightCalibration) -> list[LightCheck]:
        """Checks since a calibration, oldest first."""
        found = records.light_checks(self._db, row.id, since=light.made_at)
        return [LightCheck.from_dict(json.loads(r.document)) for r in found]

    def _read(self, path: Path, step: Callable[[str], None] = lambda _: None) -> Shot:
        step("reading")
        return tools.read(path, self._settings)

    def _rig(self, name: str) -> tuple[RigRow, Rig]:
        row = records.rig(self._db, name)
        return row, Rig.model_validate_json(row.document)

    def _keep_calibration(
        self, row: RigRow, kind: str, calibration: LensCalibration | LightCalibration, read: Mapping[Path, str]
    ) -> None:
        """read : the pictures with the SHA-256 that each had when it was measured.

        Raises CalibrationError for a number that is not finite: it would spoil every measurement on the bench.
        """
        try:
            document = json.dumps(calibration.as_dict(), allow_nan=False)
        except ValueError:
            raise CalibrationError(
                f"the {kind} calibration of rig {row.name} came out without finite numbers",
                "Look at the pictures, and take them again.",
            ) from None
        files = [keep_photo(self._evidence, path, sha256) for path, sha256 in read.items()]
        records.add_calibration(
            self._db, rig_id=row.id, kind=kind, document=document, files=files,
            made_at=calibration.made_at, expires_at=calibration.expires_at,
        )  # fmt: skip


def _meter_reading(
    lux: Sequence[float], cct_k: float | None, instrument: str, measured_on: date | None, today: date
) -> MeterReading | None:
    instrument = instrument.strip()
    if not lux:
        if instrument or measured_on or cct_k is not None:
            raise RequestError("a lux meter is named without its reading", "Add --lux N, once for each position.")
        return None
    if not all(0 < value <= LARGEST_LUX for value in lux):
        raise RequestError(f"a bench has more than 0 and at most {LARGEST_LUX:,} lux", "Read the meter again.")
    if cct_k is not None and not LEAST_CCT <= cct_k <= LARGEST_CCT:
        raise RequestError(
            f"a lamp has {LEAST_CCT:,} to {LARGEST_CCT:,} K, not {cct_k:,g}", "Read the colour temperature again."
        )
    if measured_on is not None and measured_on > today:
        raise RequestError(f"the lux meter was read on {measured_on}, which is yet to come", "Correct the date.")
    if len(instrument) > 200 or not instrument.isprintable():
        raise RequestError("the name of the lux meter is too long or no plain text", "Use up to 200 characters.")
    return MeterReading(tuple(float(v) for v in lux), measured_on or today, instrument, cct_k)
