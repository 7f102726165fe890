"""What the page of the reviewer is drawn from: a queue of thousands as one small list, pictures of the size at which
they are shown, layers over a unit, and where its numbers come from."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from station.errors import NotFoundError, RequestError
from station.service import review_views, views
from station.service.entering import as_they_stand
from station.service.queueing import queued
from station.service.showing import unit_view
from station.service.sources import sources
from station.store import inspections, records
from station.values.digest import sha256_hex

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.sheet import Sheet
    from station.store.database import Database
    from station.store.evidence import Evidence
    from station.store.rows import UnitRow

_KEPT_MB = 96
"""Pictures made for the screen that are remembered; they are made again where they were forgotten."""
_QUALITY = 92
_DECODED = 2
"""Whole pictures that are kept decoded, for their parts: that of the golden and that of the unit that is looked at."""
_COMMON_TOP = 10.0
"""CIEDE2000 at the end of the heat map's scale where the sheet limits no colour."""


class ReviewScreen:
    """Reached as ``Station.review_screen``."""

    def __init__(self, station: Station, db: Database, evidence: Evidence) -> None:
        self._station, self._db, self._evidence = station, db, evidence
        self._made = _Made(_KEPT_MB * 1_000_000)
        self._decoded: OrderedDict[str, RGB] = OrderedDict()
        self._decoding = threading.Lock()

    def queue(
        self, lot: str | None = None, *, settled: bool = False, second_look: bool = False
    ) -> review_views.QueueDocument:
        """The queue in columns, in the order and with the choices of :meth:`Station.queue`. Raises RequestError as it
        does."""
        rows = queued(self._db, lot, settled=settled, second_look=second_look)
        return review_views.QueueDocument(
            ids=tuple(r.id for r in rows),
            units=tuple(r.unit for r in rows),
            verdicts=tuple(r.verdict for r in rows),
            reviews=tuple(r.review_id or 0 for r in rows),
            decisions=tuple(r.decision or "" for r in rows),
            reviewers=tuple(r.reviewer or "" for r in rows),
            disputes=tuple(r.disputes or 0 for r in rows),
            margins=tuple(None if r.margin is None else round(r.margin, 4) for r in rows),
        )

    def waiting(self, lot: str | None = None) -> Counter[str | None]:
        """How many flagged units wait for a reviewer, by their lots."""
        return Counter(r.lot for r in queued(self._db, lot))

    def units(self, ids: Sequence[int]) -> list[views.UnitView]:
        """Units by their ids, in that order. Raises NotFoundError for one that does not exist."""
        return [unit_view(u) for u in as_they_stand(self._db, inspections.of_ids(self._db, ids))]

    # --- pictures ----------------------------------------------------------------------------------------------------

    def picture(self, sha256: str, width: int) -> views.Picture:
        """A picture no wider than ``width`` pixels; as it is kept where it is that already, or where it cannot be made
        smaller. Raises NotFoundError as :meth:`Station.picture` does."""
        kept = self._station.picture(sha256)
        data = self._made.get((sha256, str(width)), lambda: _narrowed(kept.data, width))
        if not data:
            return kept
        return views.Picture(data, "image/jpeg", sha256_hex(data))

    def part(self, sha256: str, box: tuple[int, int, int, int]) -> views.Picture:
        """A part of a picture, pixel for pixel. box : left, top, width, height in its pixels; what reaches beyond the
        picture is left out. Raises NotFoundError as :meth:`Station.picture` does, RequestError where nothing is left.
        """
        kept = self._station.picture(sha256)
        data = self._made.get((sha256, str(box)), lambda: self._cut(kept, box))
        return views.Picture(data, "image/jpeg", sha256_hex(data))

    def _cut(self, kept: views.Picture, box: tuple[int, int, int, int]) -> bytes:
        from PIL import Image

        from station.report.pictures import decoded, jpeg

        with self._decoding:  # the parts of one picture are asked for at once: it is decoded once
            whole = self._decoded.get(kept.sha256)
            if whole is None:
                try:
                    whole = decoded(kept.data)
                except (OSError, ValueError, Image.DecompressionBombError):
                    raise RequestError("no part can be cut from this picture", "Ask for it whole.") from None
                self._decoded[kept.sha256] = whole
                while len(self._decoded) > _DECODED:
                    self._decoded.popitem(last=False)
            self._decoded.move_to_end(kept.sha256)
        left, top, width, height = box
        found = whole[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)]
        if not found.size:
            raise RequestError("this part lies outside the picture", "Ask for one within it.")
        return jpeg(found, _QUALITY)

    def layer(self, unit_id: int) -> review_views.LayerView:
        """The heat map of a unit, and why there is none where there is none."""
        from station.measure.kept_map import cells

        unit = inspections.unit(self._db, unit_id)
        sheet = self._sheet(unit)
        frame = self._station.golden_frame(unit.golden, unit.golden_version)
        step, across, down = cells(frame.width, frame.height, frame.pitch_mm, _averaged_mm())
        limits = dict.fromkeys(
            (float(v), n) for r in sheet.regions for v, n in ((r.accept, "accept"), (r.reject, "reject"))
        )
        note = (
            "CIEDE2000 of the kept pictures, each averaged in linear light over the square named here, over enamel "
            "only. It is for looking: what is judged are the measurements."
        )
        if self._toned(unit):
            note += " The unit's channels were brought to the golden's level: no colour correction is on record."
        return review_views.LayerView(
            kind="heat", quantity="CIEDE2000", top=_top([v for v, _ in limits]), averaged_mm=_averaged_mm(), note=note,
            marks=tuple(review_views.LayerMark(value=v, name=n) for v, n in sorted(limits)) if len(limits) <= 4 else (),
            href=f"/api/v1/units/{unit_id}/layers/heat" if unit.frame_sha256 else "", reason=_unregistered(unit),
            covers_px=(across * step, down * step),
        )  # fmt: skip

    def layer_picture(self, unit_id: int) -> views.Picture:
        """The heat map of a unit as a PNG over the golden frame, clear where nothing is compared.

        Raises NotFoundError where the unit is not registered, or is kept in another frame.
        """
        unit = inspections.unit(self._db, unit_id)
        if unit.frame_sha256 is None:
            raise NotFoundError(_unregistered(unit), "Look at its photo.")
        golden = records.golden(self._db, unit.golden, unit.golden_version)
        of = (unit.frame_sha256, golden.frame_sha256, golden.digest, unit.digest)
        data = self._made.get((sha256_hex(" ".join(of).encode()), "heat"), lambda: self._heat(unit))
        return views.Picture(data, "image/png", sha256_hex(data))

    def sources(self, unit_id: int) -> review_views.SourcesView:
        """Where a unit's numbers come from."""
        return sources(self._station, self._db, unit_id)

    def _heat(self, unit: UnitRow) -> bytes:
        from station.measure.kept_map import kept_map
        from station.report.colour_pictures import clear_scale_png
        from station.report.pictures import decoded
        from station.store.masters import load_labels

        golden = records.golden(self._db, unit.golden, unit.golden_version)
        frame = self._station.golden_frame(unit.golden, unit.golden_version)
        sheet = self._sheet(unit)
        sealed = decoded(self._evidence.read(golden.frame_sha256))
        kept = decoded(self._evidence.read(str(unit.frame_sha256)))
        if kept.shape != sealed.shape:
            raise NotFoundError(f"the picture of {unit.unit} that is kept is not in the golden's frame", "Look at it.")
        found = kept_map(
            sealed,
            kept,
            load_labels(self._evidence.read(golden.master_sha256)),
            frame.pitch_mm,
            _averaged_mm(),
            one_tone=self._toned(unit),
        )
        limits = [float(v) for r in sheet.regions for v in (r.accept, r.reject)]
        return clear_scale_png(found.difference, found.where, _top(limits))

    def _toned(self, unit: UnitRow) -> bool:
        master = json.loads(records.golden(self._db, unit.golden, unit.golden_version).master_document)
        return json.loads(unit.document).get("correction") is None or master.get("correction") is None

    def _sheet(self, unit: UnitRow) -> Sheet:
        from station.sheet import load_sheet

        return load_sheet(records.golden(self._db, unit.golden, unit.golden_version).sheet_toml.encode())


def _averaged_mm() -> float:
    from station.measure.unit_map import AVERAGED_MM

    return AVERAGED_MM


def _top(limits: Sequence[float]) -> float:
    """The end of the scale: limits stand in its middle."""
    from station.report.colour_pictures import round_top

    return round_top(2 * max(limits)) if limits else _COMMON_TOP


def _unregistered(unit: UnitRow) -> str:
    if unit.frame_sha256 is not None:
        return ""
    wrong = next((g["reason"] for g in json.loads(unit.document)["gates"] if not g["ok"]), "its photo alone is kept")
    return f"unit {unit.unit} was not laid over the golden: {wrong}"


def _narrowed(data: bytes, width: int) -> bytes:
    """JPEG bytes of a picture at most so wide; nothing where it is no wider or no kind that can be decoded here."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width <= width:
                return b""
            profile = picture.info.get("icc_profile")
            picture.draft("RGB", (width, width * picture.height // picture.width))  # a JPEG is decoded smaller at once
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return b""
    height = max(1, round(upright.height * width / upright.width))
    out = io.BytesIO()
    upright.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0).save(
        out, "JPEG", quality=_QUALITY, subsampling=0, icc_profile=profile
    )
    return out.getvalue()


class _Made:
    """Bytes that were made, by what they were made of, the least lately used forgotten first. Safe to share."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._held = most_bytes, 0
        self._bytes: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str], make: Callable[[], bytes]) -> bytes:
        """What is held under the key, or what ``make`` answers."""
        with self._lock:
            if key in self._bytes:
                self._bytes.move_to_end(key)
                return self._bytes[key]
        data = make()  # not under the lock: two may make the same, and others need not wait
        with self._lock:
            if key not in self._bytes:
                self._bytes[key] = data
                self._held += len(data)
            while self._held > self._most and len(self._bytes) > 1:
                self._held -= len(self._bytes.popitem(last=False)[1])
        return data
