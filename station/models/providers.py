"""Where a network runs: an accelerator where one is asked for and starts, else the processor, which is then said."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from station.errors import ModelError

CPU = "CPUExecutionProvider"
ACCELERATORS = {
    "cuda": "CUDAExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""Names of ONNX Runtime's accelerated execution providers, in the order in which ``auto`` tries them. TensorRT is not
among them: it compiles for minutes before the first picture."""

_FATAL = 4  # of what ONNX Runtime writes to standard error itself: what fails is raised, and told in our own words
_ON_CPU = "the network runs on the processor"


@dataclass(frozen=True, slots=True)
class Started:
    """A session that runs. device : ``cpu`` or a name of ``ACCELERATORS``. threads : of one inference on the processor.
    remark : why it is not what was asked for, "" where it is."""

    session: Any
    device: str
    threads: int
    remark: str


def start(data: bytes, path: Path, *, device: str, threads: int, probe: Callable[[Any], None]) -> Started:
    """Start a session of an ONNX file.

    data : its bytes, from ``path``. device : ``cpu``; ``auto``, the first accelerator that this ONNX Runtime has and
    that starts, else the processor; or a name of ``ACCELERATORS``. threads : of one inference; more than there are
    cores are not used. probe : runs the session once; an accelerator on which that fails is not used.

    Raises ModelError where it does not run on the processor either, and for a device that has no name here.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(_FATAL)
    if device not in ("auto", "cpu", *ACCELERATORS):
        raise ModelError(f"there is no device {device[:40]!r}", f"Use auto, cpu or {', '.join(ACCELERATORS)}.")
    cores = _cores()
    remarks = []
    if threads > cores:
        remarks.append(f"{threads} threads were asked for and there are {cores} cores: {cores} are used")
    threads = min(threads, cores)
    present = onnxruntime.get_available_providers()
    asked = list(ACCELERATORS) if device == "auto" else [device] if device != "cpu" else []
    tried = [name for name in asked if ACCELERATORS[name] in present]
    if asked and device != "auto" and not tried:
        remarks.append(f"{device} was asked for and this ONNX Runtime does not have it: {_ON_CPU}")
    failed = []
    for name in tried:
        provider = ACCELERATORS[name]
        try:
            session = _session(data, threads, [provider, CPU])
            if provider not in session.get_providers():  # ONNX Runtime drops one that does not load without an error
                failed.append(f"{name} did not load")
                continue
            probe(session)
        except Exception as error:  # whatever a driver raises: the processor can still do the work
            failed.append(f"{name} did not start ({_short(error)})")
            continue
        return Started(session, name, threads, "; ".join([*remarks, *failed]))
    if failed:
        remarks.append(f"{'; '.join(failed)}: {_ON_CPU}")
    try:
        return Started(_session(data, threads, [CPU]), "cpu", threads, "; ".join(remarks))
    except Exception as error:
        raise ModelError(
            f"the model file {path} is no ONNX model that runs ({_short(error)})", "Export it again."
        ) from None


def _session(data: bytes, threads: int, providers: list[str]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    # its own fallback prints on standard output, where a document may be
    return onnxruntime.InferenceSession(data, options, providers=providers, enable_fallback=0)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
