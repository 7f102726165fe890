"""Peak memory and time of inspecting one 12-megapixel photo: a process of its own, from its start to its document.

    python tests/benchmarks/bench_memory.py

The bench of the sample data is enlarged to 4000 x 3000 pixels (bicubic, JPEG quality 95), rig, boards, grey cards,
golden and unit alike; calibrating and sealing are done in another process. The child prints its own peak resident set,
and what of it was there after its imports. Prints; asserts nothing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

SAMPLES = Path(__file__).parents[2] / "sample_data"
SIZE = (4000, 3000)


def enlarge(source: Path, target: Path) -> None:
    """The same scene by a camera of twelve megapixels."""
    picture = cv2.imread(str(source), cv2.IMREAD_COLOR_BGR)
    picture = cv2.resize(picture, SIZE, interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111])


def prepare(folder: Path) -> None:
    """A calibrated home and a sealed golden, all at twelve megapixels."""
    from station.service import Station
    from station.settings import Settings

    bench = SAMPLES / "bench"
    alpine = SAMPLES / "alpine"
    for source in [*bench.glob("*.jpg"), alpine / "golden.jpg", alpine / "units" / "unit-06.jpg"]:
        enlarge(source, folder / source.name)
    rig = (bench / "rig.toml").read_text("utf-8").replace("width = 2000", "width = 4000")
    (folder / "rig.toml").write_text(rig.replace("height = 1500", "height = 3000"), "utf-8")
    lines = []
    for line in (SAMPLES / "alpine" / "sheet.toml").read_text("utf-8").splitlines():
        name, _, value = line.partition(" = ")
        if name in ("seed_px", "polygon_px"):
            line = f"{name} = {scaled(json.loads(value))}"
        lines.append(line)
    (folder / "sheet.toml").write_text("\n".join(lines), "utf-8")
    with Station(Settings(home=folder / "home")) as station:
        name = station.bench.add_rig(folder / "rig.toml").name
        station.bench.calibrate_lens(name, sorted(folder.glob("board-*.jpg")))
        station.bench.calibrate_light(name, sorted(folder.glob("grey-*.jpg")))
        station.seal_golden(folder / "sheet.toml", folder / "golden.jpg", rig=name, card=str(bench / "card.toml"))


def scaled(points: object) -> object:
    """Photo pixels at twice the size; pixel centres lie at whole numbers."""
    return [scaled(p) for p in points] if isinstance(points, list) else 2 * float(str(points)) + 0.5


def peak_mb() -> float:
    """Peak resident set of this program. The kernel's own figure, where there is one: ``getrusage`` keeps that of the
    process which started it, where that was larger."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(float(line.split()[1]) for line in status.read_text().splitlines() if line[:6] == "VmHWM:") / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(folder: Path) -> None:
    from station import pipeline  # noqa: F401
    from station.service import Station
    from station.settings import Settings

    cv2.setNumThreads(1)
    with Station(Settings(home=folder / "home")) as station:
        imported, began = peak_mb(), time.process_time()
        card = str(SAMPLES / "bench" / "card.toml")
        found = station.inspect(folder / "unit-06.jpg", golden="GS-ALPINE-01", rig="bench-a", card=card)
        seconds = time.process_time() - began
    print(f"  {seconds:.1f} s CPU, peak {peak_mb():.0f} MB, of which {imported:.0f} MB before it began")
    if found.document is not None:
        print(f"  {found.document.verdict}; {len(found.document.measurements)} measurements")


def main() -> None:
    if len(sys.argv) == 3:
        prepare(Path(sys.argv[2]))
        return
    if len(sys.argv) == 2:
        child(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "--prepare", folder], check=True)
        print(f"one unit, {SIZE[0]} x {SIZE[1]} px")
        subprocess.run([sys.executable, __file__, folder], check=True)


if __name__ == "__main__":
    main()
