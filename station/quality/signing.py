"""Ed25519 signatures (RFC 8032) over canonical JSON, and how public keys are written and told apart.

What is signed names its own purpose, so that a signature made for one thing can never be passed off as one for another.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from station.errors import RequestError
from station.values.digest import canonical_json, sha256_hex

LEDGER_HEAD = "head of a ledger"
SIGN_OFF = "sign-off of a golden sample"
PACKAGE = "package of a golden sample"
GATE = "gate of an order"

_HEX = re.compile(r"[0-9a-f]{64}")
_DO = "Give the file that `station key show --out FILE` wrote, or its key's 64 hexadecimal digits."


def sign(private: Ed25519PrivateKey, purpose: str, value: Any) -> str:
    """Signature over ``purpose`` and ``value``, in hexadecimal. Ed25519 is deterministic: the same gives the same."""
    return private.sign(_message(purpose, value)).hex()


def verify(public: str, purpose: str, value: Any, signature: str) -> bool:
    """Whether ``signature`` was made for exactly this with the key whose public half is ``public`` (hexadecimal)."""
    try:
        if not _HEX.fullmatch(public):  # one spelling of a key, so that it cannot pass for another one
            return False
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        if signature != signature.lower() or len(signature) != 128:  # one spelling of a signature, no other
            return False
        key.verify(bytes.fromhex(signature), _message(purpose, value))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def public_of(private: Ed25519PrivateKey) -> str:
    """The public half of a key: 64 hexadecimal digits."""
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def public_pem(public: str) -> str:
    """A public key as PEM text (SubjectPublicKeyInfo)."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def read_public(text: str, *, name: str) -> str:
    """A public key from PEM, from 64 hexadecimal digits or from base64 of its 32 bytes; answers its hexadecimal digits.

    name : of the file or option, for the message. Raises RequestError.
    """
    stripped = text.strip()
    if _HEX.fullmatch(stripped.lower()):
        return stripped.lower()
    if "PRIVATE KEY" in stripped:
        raise RequestError(f"{name} is a private key, which nobody else may have", "Hand out the public one only.")
    try:
        if stripped.startswith("-----"):
            key = load_pem_public_key(stripped.encode("ascii"))
            if not isinstance(key, Ed25519PublicKey):
                raise RequestError(f"{name} is a key of another kind than Ed25519", _DO)
            return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        raw = base64.b64decode(stripped, validate=True)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        raw = b""
    if len(raw) != 32:
        raise RequestError(f"{name} is no public key", _DO)
    return raw.hex()


def fingerprint(public: str) -> str:
    """How people compare keys, by telephone for instance: eight groups of four digits of the key's SHA-256."""
    digits = sha256_hex(bytes.fromhex(public))[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def _message(purpose: str, value: Any) -> bytes:
    return canonical_json({"signed by": "golden-sample-station 1", "purpose": purpose, "value": value})
