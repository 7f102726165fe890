"""How often each sign of editing fires on photos as cameras wrote them, and on the same photos edited here.

    git clone https://github.com/thorsted/digicam_corpus /tmp/corpus
    python tests/benchmarks/bench_edited.py /tmp/corpus [--each 3] [--edit-every 2]

FOLDER holds photographs straight from cameras, in a folder for each camera; the corpus above is one (CC0). Cameras are
dealt into two halves by the checksum of their folder's name: thresholds were chosen on the first. The second is no
independent test: it was looked at before two thresholds were loosened, and those of combs in lossless files were chosen
with both in view. Up to --each photos of a camera are read; every --edit-every'th of them is edited in fifteen ways.
With --samples FOLDER the rendered photos of sample_data are edited too. Prints, for each
part and each edit, the share of photos in which a sign is at least that grade, and the time of the signs at 12 MP.
"""

from __future__ import annotations

import argparse
import io
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from station.devices.edited import edit_signs
from station.devices.photo import read_photo
from station.devices.photo_pillow import decode_by_pillow
from station.errors import PhotoError

LEAST_SIDE = 600
NAMES = (
    "software", "adjustments", "thumbnail", "comb", "screenshot", "size", "tables", "recompressed", "format", "camera",
)  # fmt: skip


def pick(folder: Path, half: int, each: int) -> list[Path]:
    """Photos of the cameras of one half, evenly spread over each camera's."""
    cameras = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg"):
            cameras["/".join(path.relative_to(folder).parts[:2])].append(path)
    chosen = []
    for name, paths in sorted(cameras.items()):
        if zlib.crc32(name.encode()) % 2 == half:
            chosen += paths[:: max(1, len(paths) // each)][:each]
    return chosen


def filtered(picture: Image.Image) -> Image.Image:
    """A filter as phones offer it: an S curve and warmer colours."""
    x = np.arange(256) / 255
    s = np.clip(x - 0.07 * np.sin(2 * np.pi * x), 0, 1)
    tables = [np.clip(v, 0, 1) * 255 for v in (s * 1.05, s, s * 0.93 + 0.01)]
    return picture.point([round(v) for table in tables for v in table])


def toned(curve: Callable[[float], float]) -> list[int]:
    """A tone curve over 0-1 as a table for three channels."""
    return [round(255 * curve(v / 255)) for v in range(256)] * 3


def edits(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The photo edited in fifteen ways, with and without the EXIF of the original."""
    original = Image.open(io.BytesIO(data))
    kept = {"icc_profile": original.info.get("icc_profile")}
    exif = {"exif": original.info.get("exif", b"")} | kept
    picture = original.convert("RGB")
    width, height = picture.size

    def save(changed: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
        out = io.BytesIO()
        changed.save(out, kind, **options)
        return out.getvalue()

    bright, vivid = ImageEnhance.Brightness(picture).enhance(1.15), ImageEnhance.Color(picture).enhance(1.4)
    yield "brighter by 15 %, EXIF kept, quality 90", save(bright, quality=90, **exif)
    yield "brighter by 15 %, no EXIF, quality 95", save(bright, quality=95, **kept)
    yield "filter curve, EXIF kept, quality 92", save(filtered(picture), quality=92, **exif)
    yield "filter curve, no EXIF, quality 95", save(filtered(picture), quality=95, **kept)
    yield "filter curve, PNG", save(filtered(picture), "PNG", compress_level=1, **kept)
    yield "times 0.9, PNG", save(picture.point(toned(lambda x: 0.9 * x)), "PNG", compress_level=1, **kept)
    yield "gamma 0.8, PNG", save(picture.point(toned(lambda x: x**0.8)), "PNG", compress_level=1, **kept)
    yield "gamma 0.8, EXIF kept, PNG", save(picture.point(toned(lambda x: x**0.8)), "PNG", compress_level=1, **exif)
    yield "only saved as PNG, no EXIF", save(picture, "PNG", compress_level=1, **kept)
    yield "saturation + 40 %, EXIF kept, quality 90", save(vivid, quality=90, **exif)
    yield "saturation + 40 %, no EXIF, quality 95", save(vivid, quality=95, **kept)
    scale = min(1, 1600 / max(width, height))
    small = picture.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    yield "messenger: 1600 px, quality 80, no EXIF", save(small, quality=80)
    yield "saved again, EXIF kept, quality 85", save(picture, quality=85, **exif)
    yield "saved again, no EXIF, quality 95", save(picture, quality=95)
    screen = Image.new("RGB", (1170, 2532))
    shown = picture.resize((1170, round(1170 * height / width)))
    screen.paste(shown, (0, (2532 - shown.size[1]) // 2))
    yield "screenshot of a phone", save(screen, "PNG", compress_level=1)


def table(title: str, paths: Sequence[Path], every: int) -> None:
    """Read and edit one part, and print its table."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    read = 0
    for path in paths:
        try:
            shot = read_photo(path)
        except PhotoError as error:
            print(f"  {error}")
            continue
        if min(shot.size) < LEAST_SIDE:
            continue
        rows = [("as the camera wrote it", path.read_bytes())]
        rows += list(edits(rows[0][1])) if read % every == 0 else []
        read += 1
        for name, data in rows:
            signs = read_photo(data, name=path.name).edits
            seen[name]["photos"] += 1
            seen[name]["strong"] += any(s.grade == "strong" for s in signs)
            seen[name]["suspect"] += any(s.grade in ("strong", "suspect") for s in signs)
            for sign in {s.name for s in signs if s.grade != "note" or s.name == "camera"}:
                seen[name][sign] += 1
    print(f"\n{title}: share of photos, %")
    print(f"{'':44}{'n':>4}{'strong':>8}{'suspect+':>9} |" + "".join(f"{n:>13}" for n in NAMES))
    for name, counts in seen.items():
        n = counts["photos"]
        shares = "".join(f"{100 * counts[k] / n:13.0f}" for k in NAMES)
        print(f"{name:44}{n:4}{100 * counts['strong'] / n:8.0f}{100 * counts['suspect'] / n:9.0f} |{shares}")


def timing() -> None:
    """Time of all signs on a textured JPEG of 12 megapixels with a thumbnail-less header, median of nine."""
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(60, 200, (3000, 4000, 3), dtype=np.uint8)).save(out, "JPEG", quality=92)
    decoded = decode_by_pillow(out.getvalue(), "JPEG", "noise", 60.0)
    assert decoded.stored is not None
    took = []
    for _ in range(9):
        start = time.perf_counter()
        edit_signs("JPEG", decoded.stored, decoded.metadata, tables=decoded.tables)
        took.append(1000 * (time.perf_counter() - start))
    print(f"\nall signs at 12 megapixels: median {np.median(took):.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--edit-every", type=int, default=2)
    parser.add_argument("--samples", type=Path, help="sample_data of this repository")
    chosen = parser.parse_args()
    timing()
    for half, title in enumerate(("first half (chosen on)", "second half (seen before two thresholds were changed)")):
        table(title, pick(chosen.folder, half, chosen.each), chosen.edit_every)
    if chosen.samples is not None:
        table("rendered photos of sample_data", sorted(chosen.samples.glob("*/units/*.jpg"))[::8], 1)
