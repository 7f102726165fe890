"""What a first-article form is set from: the form, first pieces, photos, functional test, the gate's release."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from station.quality.gates import find_gate
from station.store import nonconformities, records
from station.values.documents import UnitDocument

if TYPE_CHECKING:
    from station.report.drawings import Float
    from station.report.first_article_paper import ShownFirstArticle, ShownPiece, Tried
    from station.report.golden_papers import Sealed
    from station.service.station import Station
    from station.store.database import Database
    from station.store.rows import UnitRow
    from station.values.documents import Verdict
    from station.values.gates import FirstArticleDocument, GateEvent
    from station.values.geometry import Frame
    from station.values.line import Master

_MOST_PHOTOS: Final = 6
_BALLOONED_PX: Final = 560
"""Width of the ballooned golden: its numbers are then 2 mm wide on the page."""
Place = tuple[float, float]


def shown_first_article(
    station: Station, db: Database, sealed: Sealed, frame: Frame, order: str, sku: str
) -> ShownFirstArticle:
    """A first-article form as its paper shows it. frame : of the golden's raster."""
    from station.report.drawings import ballooned_jpeg
    from station.report.first_article_paper import ShownFirstArticle

    row, found, facts = station.gates.stand(order, sku)
    gate, events, form = find_gate(found, "first-off"), station.gates.events(row), facts.form
    units = [u for lot in form.lots for u in station.standing_units(lot)]
    pieces = tuple(_piece(u) for u in units)
    days = [p.on for p in pieces] or [found.record.at.date()]
    if gate.release is not None:
        days.append(gate.release.at.date())
    first = next((u for u in units if u.frame_sha256 is not None), None)
    master = station.master(sealed.number, sealed.version)
    numbers = list(_numbers(form, master, [UnitDocument.model_validate_json(u.document) for u in units]))
    return ShownFirstArticle(
        form=form, sealed=sealed, order_units=found.record.units, pieces=pieces,
        ballooned=ballooned_jpeg(sealed.picture, frame, numbers, width_px=_BALLOONED_PX),
        piece=None if first is None else _jpeg(station.unit_picture(first.id).data),
        photos=tuple(_photos(station, events)), tried=_tried(events),
        nonconformities=tuple(_complaints(db, form)), gate=gate.state, release=gate.release, on=max(days),
    )  # fmt: skip


def _piece(u: UnitRow) -> ShownPiece:
    from station.report.first_article_paper import ShownPiece

    document = UnitDocument.model_validate_json(u.document)
    return ShownPiece(
        unit=u.unit, lot=u.lot or "", on=u.inspected_at.date(), standing=u.standing,
        reviewer=u.review.reviewer if u.review is not None and not u.overtaken else "", photo_sha256=u.photo_sha256,
        program=document.program, calibration=document.calibration,
    )  # fmt: skip


def _tried(events: list[GateEvent]) -> Tried | None:
    from station.report.first_article_paper import Tried

    said = next((e for e in reversed(events) if e.kind == "checked" and e.gate == "first-off"), None)
    return None if said is None else Tried(n=said.n, failed=said.wrong, text=said.text, by=said.by, at=said.at)


def _photos(station: Station, events: list[GateEvent]) -> Iterator[tuple[str, bytes]]:
    """The newest photos of the first piece, of each kind one at most."""
    from station.report.pictures import jpeg
    from station.service.nonconformity_reporting import readable

    newest: dict[str, str] = {}
    for e in events:
        if (e.kind, e.key) == ("sample", "first-article"):
            newest |= {x.about: x.sha256 for x in e.evidence if x.kind == "file"}
    for what, sha256 in list(newest.items())[:_MOST_PHOTOS]:
        yield what, jpeg(readable(station, sha256))


def _complaints(db: Database, form: FirstArticleDocument) -> Iterator[str]:
    for lot in form.lots:
        found = nonconformities.nonconformity_of_lot(db, records.lot(db, lot).id)
        if found is not None:
            yield found.number


def _numbers(
    form: FirstArticleDocument, master: Master, documents: list[UnitDocument]
) -> Iterator[tuple[int, Place, Verdict]]:
    """Where each characteristic lies on the golden; what has no place, such as a weight, has no number there."""
    import numpy as np

    regions = {r.name: r.centre_mm for r in master.regions}
    marks = {m.name: np.asarray(m.polygon_mm, dtype=np.float64).mean(axis=0) for m in master.marks}
    for row in form.rows:
        kind, _, name = row.key.partition(":")
        place: Place | Float | None = None
        if kind in ("colour", "boundary-shift"):
            place = regions.get(name)
        elif kind in ("offset", "offset-x", "offset-y", "rotation", "scale"):
            place = marks.get(name)
        elif kind not in ("entered", "defect"):
            place = _read_at(row.key, documents)
        if place is not None:
            yield row.number, (float(place[0]), float(place[1])), row.verdict


def _read_at(key: str, documents: list[UnitDocument]) -> Float | None:
    """The last of the points between which a size was read on a first piece: of a circle one on its rim."""
    import numpy as np

    for document in documents:
        for m in document.measurements:
            points = m.detail.get("points_mm")
            if m.characteristic == key and isinstance(points, list | tuple) and len(points) > 0:
                return np.asarray(points[-1], dtype=np.float64)
    return None


def _jpeg(picture: bytes) -> bytes:
    """A picture as the JPEG that goes on a page."""
    import numpy as np
    from PIL import Image

    from station.report.pictures import jpeg

    return jpeg(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")))
