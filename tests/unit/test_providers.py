"""Where a network runs, with providers that are not there, do not load, do not start, or start."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np
import onnxruntime
import pytest

from station import models
from station.cli import app
from station.cli.conduct import run
from station.errors import ModelError
from station.models import SHIPPED, as_run, defect_model, model_use
from station.models.providers import ACCELERATORS, CPU, start
from station.settings import Settings

CUDA, ROCM = ACCELERATORS["cuda"], ACCELERATORS["rocm"]
WEIGHTS = SHIPPED / "defects.int8.onnx"
NETWORK = "golden-unit-net"
_REAL = onnxruntime.InferenceSession


@pytest.fixture(autouse=True)
def loaded_anew() -> Iterator[None]:
    """No session of another test, and none of these for the tests that follow."""
    models._network.cache_clear()
    yield
    models._network.cache_clear()


class Runtime:
    """An ONNX Runtime with other providers. present : that it has. unloaded : dropped without a word, as where a
    library is missing. broken : raises at the start. deaf : starts and cannot run."""

    def __init__(self, *present: str, unloaded: str = "", broken: str = "", deaf: str = "") -> None:
        self.present, self.unloaded, self.broken, self.deaf = present, unloaded, broken, deaf
        self.tried: list[list[str]] = []
        self.threads: list[int] = []

    def session(self, data: bytes, options: Any, *, providers: list[str], enable_fallback: int) -> Any:
        assert enable_fallback == 0
        self.tried.append(providers)
        self.threads.append(options.intra_op_num_threads)
        if self.broken in providers:
            raise RuntimeError("no device of compute capability 9.9\nsecond line")
        real = _REAL(data, options, providers=[CPU])
        real.get_providers = lambda: [p for p in providers if p != self.unloaded]
        if self.deaf in providers:
            real.run = lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory"))
        return real


def put(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> Runtime:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [*runtime.present, CPU])
    monkeypatch.setattr(onnxruntime, "InferenceSession", runtime.session)
    return runtime


def started(device: str, threads: int = 1) -> Any:
    def probe(session: Any) -> None:
        picture = np.zeros((1, 3, 16, 16), np.float32)
        feed = {"golden": picture, "unit": picture, "regions": picture[:, :1], "noise": picture[:, :1, :1, :1]}
        session.run(None, feed)

    return start(WEIGHTS.read_bytes(), WEIGHTS, device=device, threads=threads, probe=probe)


def test_an_accelerator_that_starts_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = put(monkeypatch, Runtime(CUDA))
    for device in ("auto", "cuda"):
        found = started(device)
        assert (found.device, found.remark) == ("cuda", "")
    assert runtime.tried == [[CUDA, CPU]] * 2


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_without_an_accelerator_the_processor_needs_no_remark(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = put(monkeypatch, Runtime(*([CUDA] if device == "cpu" else [])))
    found = started(device)
    assert (found.device, found.remark, runtime.tried) == ("cpu", "", [[CPU]])


def test_one_that_was_asked_for_and_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, Runtime())
    found = started("cuda")
    assert found.device == "cpu"
    assert found.remark == (
        "cuda was asked for and this ONNX Runtime does not have it: the network runs on the processor"
    )


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"unloaded": CUDA}, "cuda did not load"),
        ({"broken": CUDA}, "cuda did not start (no device of compute capability 9.9 second line)"),
        ({"deaf": CUDA}, "cuda did not start (out of memory)"),
    ],
)
@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_one_that_does_not_run_falls_back_and_is_said(
    device: str, fault: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = put(monkeypatch, Runtime(CUDA, **fault))
    found = started(device)
    assert (found.device, found.remark) == ("cpu", f"{says}: the network runs on the processor")
    assert runtime.tried == [[CUDA, CPU], [CPU]]


def test_auto_goes_on_to_the_next_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, Runtime(ROCM, CUDA, broken=CUDA))
    found = started("auto")
    assert found.device == "rocm"
    assert found.remark.startswith("cuda did not start")


def test_more_threads_than_cores_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    runtime = put(monkeypatch, Runtime())
    found = started("cpu", threads=9)
    assert (found.threads, runtime.threads) == (2, [2])
    assert found.remark == "9 threads were asked for and there are 2 cores: 2 are used"
    assert started("cpu", threads=2).remark == ""


def test_what_runs_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="there is no device 'tpu'"):
        started("tpu")
    put(monkeypatch, Runtime(broken=CPU))
    with pytest.raises(ModelError, match="is no ONNX model that runs"):
        started("auto")


def test_a_model_tells_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, Runtime(CUDA, broken=CUDA))
    use = as_run(model_use(NETWORK), defect_model(NETWORK, device="cuda", threads=1))
    assert (use.device, use.threads, use.precision) == ("cpu", 1, "int8")
    assert "cuda did not start" in use.remark
    plain = model_use("reference-difference")
    assert as_run(plain, defect_model("reference-difference", device="cuda")) == plain


def test_the_command_says_it_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("STATION_MODEL_DEVICE", "cuda")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CPU])
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((64, 64, 3), 90, np.uint8))
    Path("pairs.jsonl").write_text(json.dumps({"golden": "a.png", "unit": "a.png"}) + "\n")
    with Path("pairs.jsonl").open("a") as file:
        file.write(json.dumps({"golden": "a.png", "unit": "a.png"}) + "\n")
    assert run(app, ["model", "run", "--pairs", "pairs.jsonl", "--jobs", "1"]) == 0
    out, err = capsys.readouterr()
    assert err.count("cuda was asked for") == 1
    assert len(out.splitlines()) == 2
    assert run(app, ["model", "run", "a.png", "a.png", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["remarks"][0].startswith("cuda was asked for")
    assert err.count("cuda was asked for") == 1
    monkeypatch.setenv("STATION_MODEL_DEVICE", "gpu")
    assert run(app, ["model", "run", "a.png", "a.png"]) == 2
    assert "STATION_MODEL_DEVICE in the environment" in capsys.readouterr().err


def test_the_settings_hold_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_args(Settings.model_fields["model_device"].annotation) == ("auto", "cpu", *ACCELERATORS)
    assert (Settings().model_device, Settings().model_threads) == ("auto", 1)
    monkeypatch.setenv("STATION_MODEL_THREADS", "4")
    assert Settings().model_threads == 4
