"""What needs no home: plans, cards, pairs of pictures, cameras, schemas; and upgrading a home."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from station.errors import RequestError, StationError
from station.settings import Settings, is_loopback
from station.values.documents import CardDocument, LotDocument, PlanDocument, UnitDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from station.lots.requests import AnyPlan
    from station.measure.boxes import Compared
    from station.measure.prepared import PreparedGolden
    from station.service.views import AlignDocument, BoxesDocument, PhotoDocument
    from station.values.line import Shot
    from station.values.model_card import ModelCardDocument

MODELS = ("similarity", "affine", "homography")
_MUCH = 0.25  # of the compared pixels; what registration leaves along edges covers less
MAX_LINES = 1_000_000


def plan(request: Mapping[str, Any]) -> AnyPlan:
    """A sampling plan from the command's options as keys. Raises RequestError."""
    from station.lots.requests import plan_from_request

    return plan_from_request(request)


def read_card(photo: Path, card: str | None, settings: Settings) -> CardDocument:
    """Find the colour card in a photo and say whether its correction may be used."""
    from station.calibrate.card import load_cards
    from station.calibrate.card_finding import find_card
    from station.calibrate.card_reading import card_document

    cards = load_cards(card or settings.card)
    shot = read(photo, settings)
    return card_document(shot, find_card(shot, cards))


def shows_card(shot: Shot) -> bool:
    """Whether a colour card of known size lies in the photo, by which sizes can be told."""
    from station.calibrate.card import load_cards
    from station.calibrate.card_finding import find_card

    return find_card(shot, load_cards(None)).found


def read(photo: Path, settings: Settings) -> Shot:
    """Decode a photo within the limits of the settings. Raises PhotoError."""
    from station.devices.photo import read_photo

    return read_photo(photo, max_megapixels=settings.max_megapixels, max_photo_mb=settings.max_photo_mb)


def describe_photo(photo: Path, settings: Settings) -> PhotoDocument:
    """What the decoder makes of a photo, and what speaks of editing. Raises PhotoError."""
    from station.devices.photo_header import recognise
    from station.service.views import EditSignDocument, PhotoDocument

    shot = read(photo, settings)
    _, known_as = recognise(photo.read_bytes())
    width, height = shot.size
    return PhotoDocument(
        photo=shot.name,
        sha256=shot.sha256,
        format=known_as,
        width=width,
        height=height,
        bits=8 * shot.photo.pixels.itemsize,
        primaries=shot.photo.space,
        taken_at=shot.taken_at,
        metadata=shot.metadata,
        notes=shot.notes,
        edits=tuple(EditSignDocument.model_validate(asdict(s)) for s in shot.edits),
    )


# --- pairs of pictures -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of the same thing."""

    golden: Path
    unit: Path


@dataclass(frozen=True, slots=True)
class AlignPair:
    """Registers a pair; can be sent to a worker process. model : similarity, affine or homography."""

    model: str
    settings: Settings

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise RequestError(f"{self.model!r} is no alignment model", f"Use one of {', '.join(MODELS)}.")

    def __call__(self, pair: Pair) -> AlignDocument:
        """The map from golden pixels to unit pixels. Raises PhotoError."""
        from station.measure.pair import register_pair
        from station.service.views import AlignDocument

        golden = _prepared(pair.golden, _version(pair.golden), self.settings)
        found = register_pair(golden, read(pair.unit, self.settings).photo, cast(Any, self.model))
        known = math.isfinite(found.rms_px)  # else nothing was found, and JSON knows no infinity
        return AlignDocument(
            transform=_rows(found.transform) if known else None,
            model=found.model,
            rms_px=found.rms_px if known else None,
            covariance=_rows(found.covariance) if known else None,
            registered=found.registered,
            reason=found.reason,
            method=found.method,
        )


def _version(path: Path) -> tuple[int, int]:
    """What tells that a file was written anew; zeros where reading it will say what is wrong."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _prepared(golden: Path, version: tuple[int, int], settings: Settings) -> PreparedGolden:
    """The golden picture of a pair, ready; ``version`` parts what was written to one path at different times.

    Lists of pairs hold many units of the same golden one after another; two are kept in each process.
    """
    from station.measure.prepared import prepare

    del version  # it is part of the key alone
    return prepare(read(golden, settings).photo)


@dataclass(frozen=True, slots=True)
class RunModel:
    """Runs the defect model on a pair; can be sent to a worker process."""

    settings: Settings
    model: str | None = None  # by name or by the path of its card; PAIR_MODEL where it is left out

    def __call__(self, pair: Pair) -> BoxesDocument:
        """Boxes in pixels of the golden picture. Raises PhotoError, ModelError, and RequestError for one too long."""
        from station.measure.boxes import compare_pair
        from station.models import PAIR_MODEL, as_run, defect_model, model_use
        from station.service.views import BoxDocument, BoxesDocument
        from station.values.colour import in_srgb_primaries

        golden, unit = (in_srgb_primaries(read(p, self.settings).photo) for p in (pair.golden, pair.unit))
        name = self.model or PAIR_MODEL
        model = defect_model(name, device=self.settings.model_device, threads=self.settings.model_threads)
        found = compare_pair(golden, unit, model)
        remark = as_run(model_use(name), model).remark
        return BoxesDocument(
            remarks=(remark,) if remark else (),
            boxes=tuple(BoxDocument(x=b.x, y=b.y, w=b.w, h=b.h, kind=b.kind, score=b.score) for b in found.boxes),
            doubts=tuple(_doubts(found, golden.pixels.shape, unit.pixels.shape)),
            registered=not found.unregistered,
            differ_as_a_whole=found.differ_as_a_whole,
            golden_share=found.golden_share,
            unit_share=found.unit_share,
            left_out=found.left_out,
            left_out_share=found.left_out_share,
        )


def _doubts(found: Compared, golden: tuple[int, ...], unit: tuple[int, ...]) -> Iterator[str]:
    """Why boxes do not tell all that differs. golden, unit : shapes of the pictures."""
    if found.unregistered:
        yield f"not registered: {found.unregistered}; the pictures were compared as they lie"
    if golden[:2] != unit[:2]:
        yield (
            f"sizes differ ({golden[1]} x {golden[0]} and {unit[1]} x {unit[0]} px): {found.golden_share:.1%} of the "
            f"golden and {found.unit_share:.1%} of the unit compared"
        )
    if found.differ_as_a_whole:
        yield "the pictures differ as a whole"
    if found.left_out_share > _MUCH:
        yield f"{left_out_words(found.left_out, found.left_out_share)}, which is too much to be that alone"


def left_out_words(count: int, share: float) -> str:
    """That marked places are no boxes. share : of the compared pixels, 0-1."""
    places = f"{count} marked places, {share:.1%} of what was compared, are"
    if count == 1:
        places = f"1 marked place, {share:.1%} of what was compared, is"
    return f"{places} left out as what registration leaves"


def model_cards(name: str | None, settings: Settings) -> list[ModelCardDocument]:
    """The card of a defect model, by name or by the path of its card; without a name those of every model that comes
    with the station, and of the one that looks at units. Raises ModelError."""
    from station.models.described import all_described, described

    units = settings.defect_model
    return all_described(units) if name is None else [described(name, units)]


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a JSON lines file; a path that is not there from the working folder is taken from the file's own."""
    pairs = []
    for where, row in _lines(path):
        if isinstance(row, StationError):
            raise row
        if not isinstance(row, dict) or not all(isinstance(row.get(k), str) and row[k] for k in ("golden", "unit")):
            raise RequestError(f"{where} is no pair", 'Write {"golden": "a.jpg", "unit": "b.jpg"}.')
        given = [Path(row["golden"]), Path(row["unit"])]
        pairs.append(Pair(*(p if p.exists() or not (path.parent / p).exists() else path.parent / p for p in given)))
    if not pairs:
        raise RequestError(f"{path} holds no pairs", 'Write a line {"golden": "a.jpg", "unit": "b.jpg"} for each.')
    return pairs


def answer_lines(path: Path, answer: Callable[[Any], Any]) -> Iterator[tuple[str, StationError | None]]:
    """One line of JSON for each request of a JSON lines file, in order; a refused request answers its error."""
    for where, row in _lines(path):
        try:
            if isinstance(row, StationError):
                raise row
            if not isinstance(row, dict):
                raise RequestError(f"{where} is no request", 'Write {"lot_size": 1200, "aql": 2.5}.')
            yield answer(row).model_dump_json(by_alias=True), None
        except StationError as error:
            yield error_line(error), error


def error_line(error: StationError) -> str:
    """An error as one line of JSON, the shape that the API answers too."""
    return json.dumps({"error": {"code": error.code, "message": error.message, "do": error.do}}, ensure_ascii=False)


def _lines(path: Path) -> list[tuple[str, Any]]:
    """Where each line that is not blank stands, and what it holds: for one that is not JSON, the error."""
    try:
        texts = path.read_text("utf-8-sig").split("\n")  # U+2028 may stand inside a JSON string
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}", "Give the path of a JSON lines file.") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from error
    if len(texts) > MAX_LINES:
        raise RequestError(f"{path} has more than {MAX_LINES} lines", "Split it.")
    rows = []
    for number, text in enumerate(texts, 1):
        if text.strip():
            where = f"{path} line {number}"
            try:
                rows.append((where, json.loads(text, object_pairs_hook=_once)))
            except RequestError as error:
                rows.append((where, error))
            except (ValueError, RecursionError) as error:
                rows.append((where, RequestError(f"{where} is not JSON: {error}", "Correct that line.")))
    return rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which no key stands twice: JSON would keep the last one silently. Raises RequestError."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RequestError(f'The request has "{key}" twice', "Give it once.")
        found[key] = value
    return found


def _rows(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in matrix)


# --- camera, schemas, upkeep -----------------------------------------------------------------------------------------


def capture(spec: str, folder: Path, count: int) -> Iterator[Path]:
    """Take ``count`` pictures with a camera into a folder, overwriting none; yields each file when it is whole."""
    from station.devices.camera import open_camera
    from station.devices.photo_header import recognise

    with open_camera(spec) as camera:
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        for _ in range(count):
            data = camera.capture()
            kind, _known_as = recognise(data)
            suffix = {"PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}.get(kind or "", ".jpg")
            number += 1
            while any(folder.glob(f"capture-{number:04d}.*")):
                number += 1
            target = folder / f"capture-{number:04d}{suffix}"
            temporary = folder / f".{target.name}.writing"
            try:
                temporary.write_bytes(data)
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
            yield target


def json_schema(name: str) -> str:
    """JSON Schema of a document, as text. Raises RequestError for a name that is none."""
    from station.service import views
    from station.sheet import Sheet
    from station.values import comparison, order_exchange, sign_off
    from station.values.bench import CardReference, Rig
    from station.values.capability import CapabilityDocument
    from station.values.charts import LotTrendsDocument, ProcessDocument
    from station.values.cloning import CloneDocument
    from station.values.draw import DrawDocument, IntegrityDocument
    from station.values.entered import EnteredDocument
    from station.values.gates import FirstArticleDocument, OrderGatesDocument
    from station.values.gauge import GaugeStudyDocument
    from station.values.golden_record import (
        ArtworkDocument,
        ChecklistDocument,
        GoldenLintDocument,
        GoldenRecordDocument,
        RecordEntry,
        RecordEvent,
    )
    from station.values.lot_analysis import LotExplanationDocument, LotMapDocument
    from station.values.model_card import ModelCardDocument
    from station.values.nonconformity import NonconformityDocument, ReorderDocument
    from station.values.orders import OrderAdvice, OrderDocument
    from station.values.reviewed import RecalibrationDocument, ThresholdsDocument
    from station.values.sampling import LimitingQualityDocument, SchemeDocument, VariablesPlanDocument
    from station.values.stream import NextLotDocument, StreamDocument
    from station.values.tolerance import ToleranceDocument

    documents: dict[str, tuple[Any, str]] = {
        "sheet": (Sheet, "validation"),
        "card": (CardDocument, "serialization"),
        "unit": (UnitDocument, "serialization"),
        "lot": (LotDocument, "serialization"),
        "plan": (PlanDocument, "serialization"),
        "limiting-quality-plan": (LimitingQualityDocument, "serialization"),
        "variables-plan": (VariablesPlanDocument, "serialization"),
        "scheme": (SchemeDocument, "serialization"),
        "order-export": (order_exchange.OrderExportDocument, "serialization"),
        "order-check": (order_exchange.OrderCheckDocument, "serialization"),
        "order-received": (order_exchange.ReceivedOrder, "serialization"),
        "order-comparison": (order_exchange.OrderComparisonDocument, "serialization"),
        "order": (OrderDocument, "serialization"),
        "order-advice": (OrderAdvice, "serialization"),
        "gates": (OrderGatesDocument, "serialization"),
        "first-article": (FirstArticleDocument, "serialization"),
        "stream": (StreamDocument, "serialization"),
        "next-lot": (NextLotDocument, "serialization"),
        "draw": (DrawDocument, "serialization"),
        "integrity": (IntegrityDocument, "serialization"),
        "nonconformity": (NonconformityDocument, "serialization"),
        "reorder": (ReorderDocument, "serialization"),
        "rig": (Rig, "validation"),
        "card-reference": (CardReference, "validation"),
        "golden": (views.GoldenView, "serialization"),
        "golden-status": (sign_off.GoldenStatusDocument, "serialization"),
        "golden-record": (GoldenRecordDocument, "serialization"),
        "golden-record-entry": (RecordEntry, "validation"),
        "golden-record-event": (RecordEvent, "serialization"),
        "golden-checklist": (ChecklistDocument, "serialization"),
        "golden-lint": (GoldenLintDocument, "serialization"),
        "golden-clone": (CloneDocument, "serialization"),
        "golden-artwork": (ArtworkDocument, "serialization"),
        "artefact": (sign_off.ArtefactDocument, "serialization"),
        "sign-off": (sign_off.SignOffDocument, "serialization"),
        "detached-signature": (sign_off.DetachedSignature, "serialization"),
        "acknowledgement": (sign_off.AcknowledgementDocument, "serialization"),
        "package": (sign_off.PackageDocument, "serialization"),
        "package-export": (sign_off.ExportDocument, "serialization"),
        "ledger-entry": (sign_off.LedgerEntryDocument, "serialization"),
        "ledger-head": (sign_off.LedgerHeadDocument, "serialization"),
        "key": (sign_off.KeyDocument, "serialization"),
        "check": (views.AuditView, "serialization"),
        "align": (views.AlignDocument, "serialization"),
        "model": (views.BoxesDocument, "serialization"),
        "model-card": (ModelCardDocument, "serialization"),
        "photo": (views.PhotoDocument, "serialization"),
        "comparison": (comparison.ComparisonDocument, "serialization"),
        "two-lights": (comparison.TwoLightsDocument, "serialization"),
        "set": (comparison.SetDocument, "serialization"),
        "tolerance": (ToleranceDocument, "serialization"),
        "entered": (EnteredDocument, "serialization"),
        "gauge": (GaugeStudyDocument, "serialization"),
        "capability": (CapabilityDocument, "serialization"),
        "review": (views.UnitFindingsView, "serialization"),
        "recalibration": (RecalibrationDocument, "serialization"),
        "thresholds": (ThresholdsDocument, "serialization"),
        "lot-map": (LotMapDocument, "serialization"),
        "lot-explanation": (LotExplanationDocument, "serialization"),
        "chart": (ProcessDocument, "serialization"),
        "trends": (LotTrendsDocument, "serialization"),
    }
    if name == "order-archive":  # several files under one name
        from station.service.order_exchange import order_schema

        return json.dumps(order_schema(), indent=2)
    if name not in documents:
        known = ", ".join([*documents, "order-archive"])
        raise RequestError(f"there is no document {name!r}", f"Use one of {known}.")
    model, mode = documents[name]
    return json.dumps(model.model_json_schema(by_alias=True, mode=mode), indent=2)


def vet_address(settings: Settings) -> None:
    """Refuse an address that other machines reach, unless what they send is encrypted or need not be (``plain_http``),
    and it is said under which names. Raises RequestError."""
    if (settings.certificate is None) != (settings.certificate_key is None):
        raise RequestError("certificate and key belong together", "Give both: --certificate and --key.")
    if is_loopback(settings.host):
        return
    if settings.certificate is None and not settings.plain_http:
        raise RequestError(
            f"{settings.host} is no loopback address",
            "Give --certificate and --key, or --plain-http where the network is trusted; or reach the station by an "
            "SSH tunnel and unset STATION_HOST.",
        )
    if settings.host in ("0.0.0.0", "::", "[::]") and not settings.names.strip():
        raise RequestError(
            f"{settings.host} says not under which name the station is reached", "Give --name station.example."
        )


def free_port(settings: Settings) -> None:
    """Refuse an address before a server is started on it: open to others, or taken. Raises RequestError."""
    vet_address(settings)
    host, port = settings.host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host.strip("[]"), port), family=family):
            pass
    except OSError as error:
        raise RequestError(
            f"{host}:{port} cannot be served: {error.strerror or error}", "Choose another with --port N."
        ) from error


def upgrade_database(settings: Settings) -> str:
    """Bring the database to this version's schema; answers in words what was done."""
    from station.service.station import open_database
    from station.store.database import HEAD

    database = open_database(settings)
    try:
        found = database.revision()
        if found == HEAD:
            return f"The database {database.shown} has schema {HEAD} already."
        if found is not None and found > HEAD:
            database.ensure()  # refuses, with the command
        copy = ""
        if database.path is not None and found is not None:
            target = database.path.with_name(f"station-{found}-{datetime.now(UTC):%Y%m%dT%H%M%S}.db")
            database.back_up(target)
            copy = f" A copy of it is {target}."
        database.upgrade()
        return f"The database {database.shown} has schema {HEAD} now.{copy}"
    finally:
        database.close()
