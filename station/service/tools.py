"""What needs no home: plans, cards, photos, models, cameras, addresses; and upgrading a home."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.errors import RequestError
from station.settings import Settings, is_loopback
from station.values.documents import CardDocument

if TYPE_CHECKING:
    from station.lots.requests import AnyPlan
    from station.service.views import PhotoDocument
    from station.values.line import Shot
    from station.values.model_card import ModelCardDocument


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


def model_cards(name: str | None, settings: Settings) -> list[ModelCardDocument]:
    """The card of a defect model, by name or by the path of its card; without a name those of every model that comes
    with the station, and of the one that looks at units. Raises ModelError."""
    from station.models.described import all_described, described

    units = settings.defect_model
    return all_described(units) if name is None else [described(name, units)]


# --- camera, addresses, upkeep ---------------------------------------------------------------------------------------


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
