"""Files from strangers, as bodies of requests: bombs, polyglots, mutated pictures, names that are paths.

Every one is answered as described, in bounded memory and time; of what is a picture nothing is concluded, and what is
refused leaves nothing in the home.
"""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

REFUSED = {400, 404, 409, 413, 415, 422}
"""Statuses with which a file that is no picture of a unit may be answered; 201 where it is one."""
MAGIC = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"II+\x00",
    b"RIFF\x24\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x18ftypheic", b"\x00\x00\x00\x18ftypavif", b"GIF89a", b"BM",
    b"8BPS", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"%PDF-1.7\n", b"PK\x03\x04",
    b"MZ", b"\x7fELF", b"", b"\x76\x2f\x31\x01", b"P6\n9 9\n255\n",
)  # fmt: skip
NAMES = (
    "unit.jpg", "a.png", "b (1).tif", "../../etc/passwd", "..%2f..%2fkeys", "C:\\Windows\\win.ini", "/etc/shadow",
    ".htaccess", "-rf", "~", "con.jpg", "x\x00.jpg", "\u202egpj.exe", "\uff55\uff4e\uff49\uff54.jpg", "a" * 300, "",
    " ", "a\r\nSet-Cookie: x=1.jpg", "'; drop table units;--.jpg", "<img src=x onerror=alert(1)>.jpg", "$(id).jpg",
    "${jndi:ldap://x}.jpg", "{{7*7}}.jpg", "%s%n.jpg",
)  # fmt: skip


@dataclass
class Uploaded:
    """What came of the files. wrong : every answer or trace that should not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    wrong: list[str] = field(default_factory=list)


def seeds() -> list[bytes]:
    """Small pictures of every kind that the station reads without a library of its own format's name."""
    from PIL import Image

    y, x = np.mgrid[0:96, 0:128]
    picture = Image.fromarray(np.stack([x * 2, y * 2, (x + y) % 256], axis=-1).astype(np.uint8))
    made = []
    for kind, options in (
        ("JPEG", {"quality": 85, "exif": _exif()}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("TIFF", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {}),
    ):
        out = io.BytesIO()
        picture.save(out, kind, **options)
        made.append(out.getvalue())
    return made


def _exif() -> bytes:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "<script>alert(1)</script>", "\x1b[31m" * 20, 6
    return exif.tobytes()


def _png(width: int, height: int, row: bytes, rows: int) -> bytes:
    """A grey PNG that says so many pixels and holds so many rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _text_bomb() -> bytes:
    """A PNG of which one text chunk unfolds to 200 MB."""
    plain = _png(64, 64, b"\0" + b"\x80" * 64, 64)
    data = b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return plain[:33] + chunk + plain[33:]


def _tiff_loop() -> bytes:
    """A TIFF whose directory is its own next."""
    return (
        b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 1) + struct.pack("<HHII", 256, 4, 1, 64) + struct.pack("<I", 8)
    )


def _many_scans(seed: bytes) -> bytes:
    """A progressive JPEG with its last scan five thousand times."""
    start = seed.rfind(b"\xff\xda")
    return seed[:start] + seed[start:-2] * 5_000 + seed[-2:]


def bombs() -> list[tuple[str, bytes]]:
    """Small files that ask for much."""
    jpeg, progressive, *_ = seeds()
    frame = jpeg.find(b"\xff\xc0")
    huge = jpeg[: frame + 5] + struct.pack(">HH", 65_500, 65_500) + jpeg[frame + 9 :]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../x", b"\0" * 10_000_000)
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 3) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in ((256, 200_000), (257, 200_000), (273, 8))
    ) + struct.pack("<I", 0)  # fmt: skip
    return [
        ("png that says 60,000 x 60,000", _png(60_000, 60_000, b"\0", 1000)),
        ("png of 20,000 x 20,000, all of it there", _png(20_000, 20_000, b"\0" * 20_001, 20_000)),
        ("png of 1 x 2,000,000,000", _png(1, 2_000_000_000, b"\0", 100_000)),
        ("png with a text of 200 MB", _text_bomb()),
        ("jpeg that says 65,500 x 65,500", huge),
        ("jpeg of five thousand scans", _many_scans(progressive)),
        ("tiff that says 200,000 x 200,000", tiff),
        ("tiff whose directory is its own next", _tiff_loop()),
        ("zip", inner.getvalue()),
        ("jpeg with a zip behind it", jpeg + inner.getvalue()),
        ("jpeg with a page behind it", jpeg + b"<html><script>alert(1)</script>"),
        ("jpeg within a pdf", b"%PDF-1.7\n" + jpeg),
        ("hundred thousand markers", b"\xff\xd8" + b"\xff\xe1\x00\x02" * 100_000),
        ("icc profile of nothing", jpeg[:2] + b"\xff\xe2\x00\x10ICC_PROFILE\x00\x01" + jpeg[2:]),
        ("empty", b""),
    ]


def random_file(chance: random.Random, known: list[bytes]) -> bytes:
    """A file that was changed, cut, doubled, or is none at all."""
    kind = chance.random()
    if kind < 0.25:
        return chance.choice(MAGIC) + chance.randbytes(chance.randint(0, 4_000))
    data = bytearray(chance.choice(known))
    if kind < 0.35:
        return bytes(data) + bytes(chance.choice(known))
    for _ in range(chance.randint(1, 12)):
        where = chance.randrange(min(len(data), 700) if chance.random() < 0.6 else len(data))
        data[where] = chance.choice((0, 1, 127, 128, 254, 255, chance.randrange(256)))
    if kind < 0.6:
        start = chance.randrange(len(data))
        del data[start : start + chance.randint(1, 400)]
    elif kind < 0.7:
        start = chance.randrange(len(data))
        data[start:start] = data[start : start + chance.randint(1, 4_000)] * chance.randint(1, 20)
    return bytes(data)


def upload(
    address: str, home: Path, *, count: int, seed: int, golden: str, tell: Callable[[int], None] = lambda n: None
) -> Uploaded:
    """Every bomb and ``count`` random files as pictures of units, every tenth handed in for later, under wild names."""
    import httpx

    from station.service import Station
    from station.settings import Settings

    chance, known, found = random.Random(seed), seeds(), Uploaded()
    files: list[tuple[str, bytes]] = [
        *bombs(), *((f"random file {i}", random_file(chance, known)) for i in range(count))
    ]  # fmt: skip
    with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
        for number, (what, data) in enumerate(files):
            wild = chance.random() < 0.1
            name = chance.choice(NAMES) if wild else "unit.jpg"
            for_later = number % 10 == 9
            path = "/api/v1/uploads" if for_later else "/api/v1/inspections"
            query = {"name": name} if for_later else {"golden": golden, "photo": name}
            kind = chance.choice(("image/jpeg", "image/png", "image/svg+xml", "application/octet-stream"))
            began = time.monotonic()
            answer = client.post(path, params=query, content=data, headers={"Content-Type": kind})
            _held(answer, found, what, time.monotonic() - began, for_later)
            tell(number + 1)
    with Station(Settings(home=home)) as station:  # every file in the home belongs to a record
        audit = station.check()
        found.wrong += [f"in the home: {x}" for x in (*audit.missing, *audit.extra, *audit.changed, *audit.added)]
    return found


def _held(answer: Any, found: Uploaded, what: str, took: float, for_later: bool) -> None:
    found.statuses[answer.status_code] += 1
    if took > found.slowest_s:
        found.slowest_s, found.slowest = took, what
    allowed = REFUSED | {201, 429} if for_later else REFUSED | {201}
    if answer.status_code not in allowed:
        found.wrong.append(f"{what}: {answer.status_code} {answer.text[:200]}")
        return
    body = answer.json()
    if answer.status_code == 201:
        if not for_later and body["unit"]["verdict"] != "undecided":
            found.wrong.append(f"{what}: {body['unit']['verdict']}")
        return
    if set(body) != {"error"} or set(body["error"]) != {"code", "message", "do"}:
        found.wrong.append(f"{what}: another shape {answer.text[:200]}")
        return
    found.codes[body["error"]["code"]] += 1
    text = body["error"]["message"] + body["error"]["do"]
    if "\x1b" in text or "Traceback" in text or "/tmp" in text:
        found.wrong.append(f"{what}: tells {text[:200]!r}")


def peak_mb(pid: int) -> float:
    """The most memory that a process ever had, in MB; not a number where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))
