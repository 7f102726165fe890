"""Canonical JSON (RFC 8785) and digests: the same value gives the same digest on every machine."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON-compatible value. Raises ``rfc8785.CanonicalizationError`` for NaN and infinities."""
    return bytes(rfc8785.dumps(value))


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data`` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 over the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))


def document_digest(text: str) -> str | None:
    """SHA-256 over a document's canonical JSON without its own ``digest``; None where it is no document any more."""
    try:
        return digest({k: v for k, v in json.loads(text).items() if k != "digest"})
    except (ValueError, AttributeError, RecursionError):
        return None


def array_digest(array: NDArray[np.generic]) -> str:
    """SHA-256 over dtype, shape and the bytes of ``array`` in C order."""
    head = f"{array.dtype.str}{array.shape}".encode()
    return sha256_hex(head + array.tobytes(order="C"))
