"""A master as ``.npz`` for its arrays and JSON for the rest; the digest covers both and is verified on reading."""

from __future__ import annotations

import io
import math
import threading
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.lib import format as _format
from numpy.typing import NDArray

from station.errors import StoreError
from station.values.colour import ColourCorrection, LinearRGB
from station.values.digest import array_digest, digest
from station.values.documents import FitDocument
from station.values.geometry import Frame, Similarity
from station.values.line import U_THICKNESS_MM, FeatureMaster, MarkMaster, Master, RegionMaster, Variation

FORMAT = 1

_READING = threading.Lock()
"""One array at a time: numpy parses its head as Python, which fails at times before Python 3.11.8 where two threads do
so at once (https://github.com/python/cpython/issues/106905)."""


def load_labels(data: bytes) -> NDArray[np.uint8]:
    """The region map (H, W) alone, out of the bytes of a master's ``.npz``: its picture, which is large, stays packed.

    Raises StoreError where the file is no master.
    """
    try:
        with _READING, np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return np.asarray(arrays["labels"], dtype=np.uint8)
    except (ValueError, OSError, LookupError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        restore = "Restore the home from a copy, or seal the golden sample again."
        raise StoreError(f"the master's file cannot be read: {error}", restore) from error


def save_master(master: Master) -> tuple[bytes, dict[str, Any]]:
    """Bytes of the ``.npz`` and the JSON document that describes them.

    The document holds the SHA-256 of every array, so :func:`master_digest` does not depend on how the file is packed.
    """
    arrays = _arrays(master)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    document: dict[str, Any] = {
        "format": FORMAT,
        "number": master.number,
        "version": master.version,
        "sheet_digest": master.sheet_digest,
        "photo_sha256": master.photo_sha256,
        "frame": {
            "pitch_mm": master.frame.pitch_mm,
            "width": master.frame.width,
            "height": master.frame.height,
            "origin_px": [float(v) for v in master.frame.origin_px],
        },
        "correction": master.correction.as_dict() if master.correction else None,
        "thickness_mm": master.thickness_mm,
        "u_thickness_mm": master.u_thickness_mm,
        "regions": [
            {
                "name": r.name,
                "surface": r.surface,
                "label": int(r.label),
                "lab": None if r.lab is None else [float(v) for v in r.lab],
                "u_lab": float(r.u_lab),
                "centre_mm": [float(v) for v in r.centre_mm],
                "area_mm2": float(r.area_mm2),
                "rgb": None if r.rgb is None else [float(v) for v in r.rgb],
                "cov": None if r.cov is None else [[float(v) for v in row] for row in r.cov],
                "scatter": r.scatter,
                "u_placement": r.u_placement,
            }
            for r in master.regions
        ],
        "marks": [m.name for m in master.marks],
        "holes": len(master.holes_mm),
        "sizes_mm": {name: float(value) for name, value in master.sizes_mm.items()},
        "u_scale": float(master.u_scale),
        "scale_source": master.scale_source,
        "noise": float(master.noise),
        "blur_px": float(master.blur_px),
        "card": master.card,
        **({"card_colours": master.card_colours} if master.card_colours else {}),
        "card_light": None if master.card_light is None else _light(master.card_light),
        "coding_step": [float(v) for v in master.coding_step],
        "bench": master.bench,
        "fit": None if master.fit is None else master.fit.model_dump(mode="json"),
        **({"again": list(master.again)} if master.again else {}),
        **({"features": [_feature(f) for f in master.features]} if master.features else {}),
        **({"variation": master.variation.count} if master.variation else {}),
        "pose": {
            "x": float(master.pose.x),
            "y": float(master.pose.y),
            "rotation_deg": float(master.pose.rotation_deg),
            "scale": float(master.pose.scale),
        },
        "arrays": {name: array_digest(a) for name, a in arrays.items()},
    }
    return buffer.getvalue(), document


def master_digest(document: dict[str, Any]) -> str:
    """SHA-256 of a master's document, which names the digest of every array."""
    return digest(document)


def load_master(data: bytes, document: dict[str, Any], expected_digest: str) -> Master:
    """Inverse of :func:`save_master`.

    Raises
    ------
    StoreError
        The document or an array is not what was sealed.
    """
    restore = "Restore the home from a copy, or seal the golden sample again."
    if document.get("format") != FORMAT:
        raise StoreError(f"master format {document.get('format')} is not known to this version", "Update the station.")
    if master_digest(document) != expected_digest:
        raise StoreError("the master's record does not match its seal", restore)
    try:
        with _READING:
            _vet_members(data, document["arrays"])
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays: dict[str, NDArray[Any]] = {name: file[name] for name in document["arrays"]}
    except (
        ValueError, OSError, LookupError, EOFError, RuntimeError, MemoryError, OverflowError, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise StoreError(f"the master's file cannot be read: {error}", restore) from error
    for name, sealed in document["arrays"].items():
        if array_digest(arrays[name]) != sealed:
            raise StoreError(f"the master's {name} does not match its seal", restore)
    frame, pose = document["frame"], document["pose"]
    return Master(
        number=document["number"],
        version=document["version"],
        sheet_digest=document["sheet_digest"],
        photo_sha256=document["photo_sha256"],
        frame=Frame(frame["pitch_mm"], frame["width"], frame["height"], (frame["origin_px"][0], frame["origin_px"][1])),
        image=LinearRGB(arrays["image"]),
        correction=ColourCorrection.from_dict(document["correction"]) if document["correction"] else None,
        labels=arrays["labels"],
        outline_mm=arrays["outline_mm"],
        holes_mm=tuple(arrays[f"hole_{i}"] for i in range(document["holes"])),
        thickness_mm=document["thickness_mm"],
        u_thickness_mm=document.get("u_thickness_mm", U_THICKNESS_MM),
        regions=tuple(
            RegionMaster(
                name=r["name"],
                surface=r["surface"],
                label=r["label"],
                lab=None if r["lab"] is None else np.array(r["lab"], dtype=np.float64),
                u_lab=r["u_lab"],
                centre_mm=(r["centre_mm"][0], r["centre_mm"][1]),
                area_mm2=r["area_mm2"],
                rgb=_floats(r.get("rgb")),
                cov=_floats(r.get("cov")),
                scatter=r.get("scatter"),
                u_placement=r.get("u_placement"),
            )
            for r in document["regions"]
        ),
        marks=tuple(MarkMaster(name, arrays[f"mark_{i}"]) for i, name in enumerate(document["marks"])),
        sizes_mm=dict(document["sizes_mm"]),
        u_scale=document["u_scale"],
        scale_source=document["scale_source"],
        noise=document["noise"],
        blur_px=document["blur_px"],
        pose=Similarity(pose["x"], pose["y"], pose["rotation_deg"], pose["scale"]),
        card=document["card"],
        card_light=_floats(document.get("card_light")),
        coding_step=tuple(document.get("coding_step", (0.0, 0.0))),
        bench=document.get("bench"),
        fit=FitDocument.model_validate(document["fit"]) if document.get("fit") else None,
        again=tuple(document.get("again", ())),
        card_colours=document.get("card_colours"),
        variation=Variation(arrays["variation_mean"], arrays["variation_sigma"], document["variation"])
        if "variation" in document
        else None,
        features=tuple(
            FeatureMaster(
                name=f["name"],
                feature=f["feature"],
                value=f["value"],
                at_mm=_point(f.get("at_mm")),
                to_mm=_point(f.get("to_mm")),
                source=f.get("source", ""),
            )
            for f in document.get("features", ())
        ),
    )


def _vet_members(data: bytes, names: Iterable[str]) -> None:
    """Raises ValueError where a member of the ``.npz`` is compressed or not of the size that its own header says: what
    is read takes no more memory than the file has."""
    left = len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        for name in names:
            member = file.getinfo(f"{name}.npy")
            left -= member.file_size
            if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size or left < 0:
                raise ValueError(f"{name} is compressed, or larger than the file")
            with file.open(member) as part:
                read = {(1, 0): _format.read_array_header_1_0, (2, 0): _format.read_array_header_2_0}
                version = _format.read_magic(part)
                if version not in read:
                    raise ValueError(f"{name} has a header of version {version}")
                shape, _, dtype = read[version](part)
                if math.prod(shape) * dtype.itemsize != member.file_size - part.tell():
                    raise ValueError(f"{name} has not the size that its header says")


def _feature(f: FeatureMaster) -> dict[str, Any]:
    row: dict[str, Any] = {"name": f.name, "feature": f.feature, "value": float(f.value)}
    for key in ("at_mm", "to_mm"):
        point = getattr(f, key)
        if point is not None:
            row[key] = [float(v) for v in point]
    return row | ({"source": f.source} if f.source else {})


def _point(row: list[float] | None) -> tuple[float, float] | None:
    return None if row is None else (row[0], row[1])


def _light(patches: NDArray[np.float64]) -> list[list[float] | None]:
    """Patches (n, 3) with None for one that was not read: JSON has no NaN."""
    return [[float(v) for v in row] if np.isfinite(row).all() else None for row in patches]


def _floats(rows: list[Any] | None) -> NDArray[np.float64] | None:
    """Inverse of :func:`_light`; also reads vectors and matrices."""
    if rows is None:
        return None
    return np.array([[np.nan] * 3 if row is None else row for row in rows], dtype=np.float64)


def _arrays(master: Master) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "image": np.ascontiguousarray(master.image.pixels),
        "labels": np.ascontiguousarray(master.labels),
        "outline_mm": np.ascontiguousarray(master.outline_mm),
    }
    arrays |= {f"hole_{i}": np.ascontiguousarray(h) for i, h in enumerate(master.holes_mm)}
    if master.variation is not None:
        arrays |= {"variation_mean": master.variation.mean, "variation_sigma": master.variation.sigma}
    arrays |= {f"mark_{i}": np.ascontiguousarray(m.polygon_mm) for i, m in enumerate(master.marks)}
    return arrays
