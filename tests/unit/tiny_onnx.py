"""A defect model of four lines as an ONNX file, written without the onnx package: what a customer's own model may be.

A pixel scores by how many times the noise the unit differs from the golden there. Fields are numbered by onnx.proto.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

KINDS = ("speck", "dust")
SPECK = 0.9
"""Share of a score that is a speck's; the rest is dust's."""
_FLOAT, _INTS, _INT = 1, 7, 2
_IR, _OPSET = 8, 13


def own_model(folder: Path, *, gain: float = 1 / 24, version: str = "1", name: str = "our-net") -> Path:
    """Write ``our-net.onnx`` and its card into ``folder``; answers the card. gain : score for each time the noise."""
    data = tiny_model(gain)
    (folder / f"{name}.onnx").write_bytes(data)
    card = folder / f"{name}.toml"
    kinds = ", ".join(f'"{k}"' for k in KINDS)
    card.write_text(
        f'name = "{name}"\nversion = "{version}"\nkinds = [{kinds}]\nmultiple = 16\n'
        f'[[weights]]\nprecision = "fp32"\npath = "{name}.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        '[[trials]]\nkind = "speck"\nfound = 57\nof = 60\n[about]\nmade = "by hand"\n',
        "utf-8",
    )
    return card


def tiny_model(gain: float) -> bytes:
    """Bytes of the model: scores (1, 3, h, w) of good, speck and dust, which sum to 1."""
    nodes = [
        _node("Sub", ["unit", "golden"], "off"),
        _node("Abs", ["off"], "size"),
        _node("ReduceMean", ["size"], "mean", _ints("axes", [1]) + _int("keepdims", 1)),
        _node("Div", ["mean", "noise"], "times"),
        _node("Mul", ["times", "gain"], "raw"),
        _node("Min", ["raw", "one"], "most"),
        _node("Min", ["regions", "one"], "inside"),
        _node("Mul", ["most", "inside"], "all"),
        _node("Sub", ["one", "all"], "good"),
        _node("Mul", ["all", "share"], "speck"),
        _node("Sub", ["all", "speck"], "dust"),
        _node("Concat", ["good", "speck", "dust"], "scores", _int("axis", 1)),
    ]
    numbers = [_scalar("gain", gain), _scalar("one", 1.0), _scalar("share", SPECK)]
    inputs = [
        _value("golden", [1, 3, "h", "w"]), _value("unit", [1, 3, "h", "w"]), _value("regions", [1, 1, "h", "w"]),
        _value("noise", [1, 1, 1, 1]),
    ]  # fmt: skip
    graph = b"".join(_field(1, n) for n in nodes) + _field(2, b"tiny") + b"".join(_field(5, n) for n in numbers)
    graph += b"".join(_field(11, i) for i in inputs) + _field(12, _value("scores", [1, 3, "h", "w"]))
    return _number(1, _IR) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, _OPSET))


def _node(kind: str, inputs: list[str], output: str, attributes: bytes = b"") -> bytes:
    named = b"".join(_field(1, i.encode()) for i in inputs) + _field(2, output.encode())
    return named + _field(4, kind.encode()) + attributes


def _int(name: str, value: int) -> bytes:
    return _field(5, _field(1, name.encode()) + _number(3, value) + _number(20, _INT))


def _ints(name: str, values: list[int]) -> bytes:
    return _field(5, _field(1, name.encode()) + b"".join(_number(8, v) for v in values) + _number(20, _INTS))


def _scalar(name: str, value: float) -> bytes:
    return _number(2, _FLOAT) + _field(8, name.encode()) + _field(9, struct.pack("<f", value))


def _value(name: str, shape: list[int | str]) -> bytes:
    sides = b"".join(_field(1, _number(1, s) if isinstance(s, int) else _field(2, s.encode())) for s in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, _FLOAT) + _field(2, sides)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data
