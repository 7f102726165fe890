"""A small home with a bit of everything: two versions of a golden sample, artefacts, signatures, units, a decided lot;
with gates also the golden's record and an order whose first gate is to be released, or is.

Its master is a few pixels large, so that a walk over the whole home takes milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from station.lots.orders import Order
from station.quality.gates import find_gate
from station.quality.signing import SIGN_OFF, public_of, sign
from station.service import Station
from station.settings import Settings
from station.sheet import load_sheet
from station.store import entered, inspections, records, streams
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.masters import master_digest, save_master
from station.store.rows import File, GoldenRow, NewEntered, NewUnit
from station.values.colour import LinearRGB
from station.values.digest import digest
from station.values.documents import Verdict
from station.values.geometry import Frame, Similarity
from station.values.line import Master, RegionMaster

NUMBER, ORDER = "GS-20260510", "PO-4711"
NOON = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SUPPLIER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

SHEET = """schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
type = "pin"
[golden]
number = "GS-20260510"
received_on = 2026-05-10
[[regions]]
name = "sky"
seed_mm = [0.0, -4.0]
surface = "soft enamel"
accept = 2.0
reject = {reject}
class = "major"
[aql]
level = "II"
critical = 0
major = 2.5
minor = 4.0
"""


def master(number: str, version: int, sheet_digest: str, photo_sha256: str) -> Master:
    """A measured golden of six by six pixels."""
    region = RegionMaster(
        name="sky", surface="soft enamel", label=1, lab=np.array([61.0, -8.0, -32.0]), u_lab=0.2,
        centre_mm=(0.0, -4.0), area_mm2=20.0, rgb=None, cov=None, scatter=None, u_placement=None,
    )  # fmt: skip
    return Master(
        number=number, version=version, sheet_digest=sheet_digest, photo_sha256=photo_sha256,
        frame=Frame(0.5, 6, 6, (3.0, 3.0)), image=LinearRGB(np.linspace(0, 1, 108, dtype=np.float32).reshape(6, 6, 3)),
        correction=None, labels=np.ones((6, 6), np.uint8), outline_mm=np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
        holes_mm=(), thickness_mm=None, regions=(region,), marks=(), sizes_mm={"width": 3.0}, u_scale=0.01,
        scale_source="part", noise=0.01, blur_px=1.0, pose=Similarity(0.0, 0.0, 0.0, 1.0),
    )  # fmt: skip


def seal(
    db: Database, evidence: Evidence, version: int, *, number: str = NUMBER, sku: str = "MAS-PIN-30", notes: str = ""
) -> GoldenRow:
    """Seal a version as the station does: files first, then the record."""
    sheet_toml = SHEET.format(reject=3.0 + version / 10).replace(NUMBER, number).replace("MAS-PIN-30", sku)
    if notes:
        sheet_toml = sheet_toml.replace('type = "pin"\n', f'type = "pin"\nnotes = "{notes}"\n')
    sheet_digest = load_sheet(sheet_toml.encode()).digest
    photo = _keep(evidence, b"\xff\xd8\xff\xe0 photo of " + f"{number} {version}".encode(), "image/jpeg")
    arrays, document = save_master(master(number, version, sheet_digest, photo.sha256))
    file = _keep(evidence, arrays, "application/x-npz")
    frame = _keep(evidence, b"\xff\xd8\xff\xe0 frame of " + f"{number} {version}".encode(), "image/jpeg")
    content = {
        "number": number, "version": version, "sheet_digest": sheet_digest, "photo_sha256": photo.sha256,
        "master_digest": master_digest(document),
    }  # fmt: skip
    values = {
        **content, "sku": sku, "product": "Alpine society pin", "digest": digest(content), "sheet_toml": sheet_toml,
        "master_document": json.dumps(document), "master_sha256": file.sha256, "frame_sha256": frame.sha256,
        "photo": "front.jpg", "rig": None, "calibration_digest": "c" * 64, "warnings": '["a warning"]',
    }  # fmt: skip
    return records.add_golden(db, values, [photo, file, frame], NOON)


def picture() -> bytes:
    """A small JPEG photo, of a signed sheet for example."""
    import cv2

    ok, data = cv2.imencode(".jpg", np.full((120, 160, 3), 200, np.uint8))
    assert ok
    return bytes(data.tobytes())


def detached(station: Station, path: Path, *, party: str = "supplier", number: str = NUMBER) -> Path:
    """A signature as the supplier's station would make it."""
    said = station.sign_off.statement(number, party=party, name="Li Wei", role="QA", at=NOON)
    made = {
        "what": SIGN_OFF,
        "statement": said,
        "key": public_of(SUPPLIER),
        "signature": sign(SUPPLIER, SIGN_OFF, said),
    }
    path.write_text(json.dumps(made))
    return path


def build(home: Path, photo: Path | None = None, clock: Callable[[], datetime] = lambda: NOON) -> None:
    """Make the home. photo : of a printed sheet, for a signature on paper."""
    with Station(Settings(home=home), clock=clock) as station:
        db, evidence = station._db, station._evidence
        first = seal(db, evidence, 1)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", note="by telephone")
        seal(db, evidence, 2)
        label = home / "label.pdf"
        label.write_bytes(b"%PDF-1.7 a label")
        station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber")
        label.write_bytes(b"%PDF-1.7 a label with its SKU")
        station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber", note="SKU added")
        label.unlink()
        station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", role="Buying")
        station.sign_off.import_signature(NUMBER, detached(station, home / "li.json"), party="supplier")
        (home / "li.json").unlink()
        if photo is not None:
            station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", artefact="label", sheet_photo=photo)
        station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei")
        station.sign_off.acknowledge(NUMBER, party="packing", name="Chen", artefact="label")
        _inspect(db, evidence, first.id)


def add_gates(
    home: Path, clock: Callable[[], datetime] = lambda: NOON, *, release: bool = True, cures: bool = False
) -> None:
    """What people recorded of the golden sample, and an order: everything that its first gate asks answered or waived,
    and the gate released or, without ``release``, ready to be. cures : parts are bonded."""
    with Station(Settings(home=home), clock=clock) as station:
        proof, plan = home / "swatch.pdf", home / "sheet.toml"
        proof.write_bytes(b"%PDF-1.7 a swatch")
        plan.write_text(station.golden_sheet(NUMBER))
        record = station.record
        record.add_copy(NUMBER, "A-1", role="buyer-retained", holder="M. Weber", place="drawer 3", by="M. Weber")
        record.write(NUMBER, by="M. Weber", values=["packing=polybag", "hardware=butterfly clutch"])
        record.change(NUMBER, "colour", "sky 0.3 CIEDE2000 darker", attach=[f"sample-photo={proof}"], by="M. Weber")
        record.acknowledge_change(NUMBER, 1, by="Li Wei", text="agreed", attach=proof)
        station.gates.open(ORDER, Order(units=(1200,)), golden=NUMBER, cures=cures, by="M. Weber")
        station.gates.answer(ORDER, "spec", "as sealed", file=plan, by="M. Weber")
        station.gates.answer(ORDER, "material-colour", "swatch approved", file=proof, by="M. Weber")
        station.gates.assign(ORDER, "final", "L-9", by="M. Weber")
        for r in find_gate(station.gates.show(ORDER), "pre-production").requirements:
            if r.state == "open":
                station.releases.waive(ORDER, "pre-production", r.key, reason="shown by telephone on 2026-05-10",
                                       party="buyer", by="M. Weber")  # fmt: skip
        if release:
            release_gate(station)
        proof.unlink()
        plan.unlink()


def release_gate(station: Station) -> None:
    """The first gate of the order, released by the buyer."""
    station.releases.release(ORDER, "pre-production", party="buyer", by="M. Weber")


def _inspect(db: Database, evidence: Evidence, golden_id: int) -> None:
    for i in range(3):
        content = {"unit": f"u{i}", "reasons": [], "verdict": "undecided"}
        text = json.dumps({**content, "digest": digest(content)})
        file = _keep(evidence, f"photo of unit {i}".encode() * 20, "image/jpeg")
        finding: dict[str, Any] = {
            "kind": "pit", "x_mm": 0.1 + i, "y_mm": -2.0, "size_mm": 0.6, "length_mm": 0.6, "area_mm2": 0.28,
            "region": "sky", "score": 0.9, "class": "major", "verdict": "nonconforms",
        }  # fmt: skip
        unit, _ = inspections.add_unit(
            db,
            NewUnit(f"key {i}", f"u{i}", f"u{i}.jpg", file, None, None, golden_id, "L-1", Verdict.UNDECIDED, 0.5, text,
                    digest(content), NOON, findings=(finding,)),
        )  # fmt: skip
        inspections.add_review(db, unit_id=unit.id, decision="accept", reason="", reviewer="M. Weber", at=NOON)
    value = {"unit": "u1", "value": "33.9"}  # of no lot, so that it is not joined to its unit
    entered.add_entered(
        db,
        [NewEntered(content_key="k1", golden_id=golden_id, lot=None, unit="u1", name="weight",
                    verdict=Verdict.CONFORMS, document=json.dumps({**value, "digest": digest(value)}),
                    digest=digest(value), at=NOON)],
    )  # fmt: skip
    said: dict[str, Any] = {
        "schema": 1, "lot": "L-1", "golden": NUMBER, "size": 3, "sample": 3, "inspected": 3, "conforms": 3,
        "nonconforms": 0, "undecided": 0, "decision": "accepted", "reasons": [], "classes": [], "counts": {},
    }  # fmt: skip
    text = json.dumps({**said, "digest": digest(said)})
    lot = records.lot(db, "L-1").id
    later = NOON + timedelta(seconds=1)  # behind all that it counts
    records.add_lot_decision(db, lot_id=lot, decision="accepted", document=text, digest=digest(said), at=later)
    streams.add_stream(db, name="pins", document=text, digest=digest(said), at=NOON)


def _keep(evidence: Evidence, data: bytes, media_type: str) -> File:
    return File(evidence.put(data), len(data), media_type)
