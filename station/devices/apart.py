"""HEIC and raw files are decoded in a process of their own, with limits on its memory and time.

Their decoders are large C and C++ libraries, and a hostile file can crash them (one did in the first minute of
fuzzing) or keep them busy: that ends the child, not the station. The child also swallows what they print.

The child is this module run as a program: ``python -P -m station.devices.apart KIND MAX_MEGAPIXELS``. It reads the file
from standard input and answers on standard output the length of a header in eight bytes, the header as JSON, and the
pixels. A picture over the cap is answered without pixels: it is not decoded.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import struct
import subprocess
import sys
from typing import Any

from station.errors import PhotoError

COPY = "Copy it again from the camera or ask the sender for it again."
MEMORY_BYTES = 3_000_000_000
SECONDS = 120


def decode_apart(kind: str, data: bytes, label: str, max_megapixels: float) -> tuple[dict[str, Any], memoryview]:
    """Decode a file in a child process.

    kind : ``HEIF`` or ``RAW``. Returns the child's header (``width``, ``height`` and what else the decoder said; bytes
    in base64) and the pixels, empty where the picture is over the cap. Raises PhotoError where the child failed.
    """
    command = [sys.executable, "-P", "-m", "station.devices.apart", kind, f"{max_megapixels:g}"]
    # the parent's module path goes along, so that the child finds the same station
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False, env=paths)
    except subprocess.TimeoutExpired as error:
        raise PhotoError(
            f"{label} took more than {SECONDS} s to decode", "Export it as JPEG and hand that in."
        ) from error
    answer = memoryview(done.stdout)
    try:
        (length,) = struct.unpack_from(">Q", answer)
        header = json.loads(bytes(answer[8 : 8 + length]))
    except (struct.error, ValueError) as error:  # the child died before it could say anything
        raise PhotoError(f"{label} is damaged: its decoder failed on it", COPY) from error
    if header.get("memory"):
        raise PhotoError(f"{label} needs more memory than it may take", "Hand in a smaller picture.")
    if header.get("damaged"):
        raise PhotoError(f"{label} is damaged or cut off", COPY)
    return header, answer[8 + length :]


def _heif(data: bytes, most_pixels: float) -> tuple[dict[str, Any], Any]:
    import pi_heif

    opened = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False, hdr_to_16bit=False)
    picture = opened[opened.primary_index]
    width, height = picture.size
    info = picture.info
    header: dict[str, Any] = {"width": width, "height": height, "mode": picture.mode, "pictures": len(opened)}
    header |= {"bits": int(info["bit_depth"]), "nclx": info.get("nclx_profile")}
    for name in ("exif", "xmp", "icc_profile"):
        header[name] = base64.b64encode(info.get(name) or b"").decode()
    if width * height > most_pixels:
        return header, b""
    pixels = bytes(picture.data)  # a copy: the view does not keep the memory that it shows
    if picture.size != (width, height):
        raise ValueError("another size than its header says")
    return header, pixels


def _raw(data: bytes, most_pixels: float) -> tuple[dict[str, Any], Any]:
    import rawpy

    with rawpy.RawPy() as raw:
        raw.open_buffer(io.BytesIO(data))
        sizes = raw.sizes
        header: dict[str, Any] = {"width": sizes.width, "height": sizes.height}
        if sizes.raw_width * sizes.raw_height > most_pixels:
            return header | {"width": sizes.raw_width, "height": sizes.raw_height}, b""
        raw.unpack()
        linear = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            output_bps=16,
            gamma=(1, 1),
            output_color=rawpy.ColorSpace.Rec2020,
        )
    return header | {"shape": linear.shape}, linear.data.cast("B")


def _child(kind: str, max_megapixels: float) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # where the system has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the pixels
    data = sys.stdin.buffer.read()
    try:
        header, pixels = (_raw if kind == "RAW" else _heif)(data, max_megapixels * 1e6)
    except MemoryError:
        header, pixels = {"memory": True}, b""
    except Exception:  # the libraries raise nearly anything
        header, pixels = {"damaged": True}, b""
    text = json.dumps(header).encode()
    out.write(struct.pack(">Q", len(text)) + text)
    out.write(pixels)
    out.close()


if __name__ == "__main__":
    _child(sys.argv[1], float(sys.argv[2]))
