"""The trained network as ONNX, in float and in 8 bits, each compared with what PyTorch answers.

python -m models.train.export --run RUN --shards SHARDS --out models
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from models.train.network import KINDS, Network, scores_of
from models.train.run import batch_of
from models.train.shards import Shard, makers_of

NAMES = ("golden", "unit", "regions", "noise")
_CALIBRATION = 192  # pairs that the ranges of the 8-bit network are taken from
_VECTOR = 16
_COMPARED = 80  # pairs of each held shard


class Scores(nn.Module):
    """The network with its logits made scores: (n, 1 + kinds, h, w), summing to 1."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        self.network.head = _filled_up(network.head)

    def forward(self, golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> Tensor:
        there, kinds = self.network(golden, unit, regions, noise)
        return scores_of(there, kinds[:, :KINDS])


def _filled_up(head: nn.Conv2d) -> nn.Conv2d:
    """The same convolution, filled up to whole vectors with channels of zeros: ONNX Runtime is slow on a rest."""
    filled = nn.Conv2d(head.in_channels, -(-head.out_channels // _VECTOR) * _VECTOR, 3, padding=1)
    with torch.no_grad():
        for there, given in ((filled.weight, head.weight), (filled.bias, head.bias)):
            if there is not None and given is not None:
                there.zero_()[: head.out_channels] = given
    return filled


class Pairs(CalibrationDataReader):
    """Pairs of shards, one at a time, as the quantiser asks for them."""

    def __init__(self, shards: Sequence[Shard], count: int) -> None:
        self._pairs = (feeds(shard, np.array([row])) for row in range(count // len(shards)) for shard in shards)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._pairs, None)


def feeds(shard: Shard, rows: NDArray[np.intp]) -> dict[str, NDArray[np.float32]]:
    return {name: x.numpy() for name, x in zip(NAMES, batch_of(shard, rows)[:4], strict=True)}


def load(run: Path) -> Network:
    """The running mean of a run's weights."""
    network = Network()
    network.load_state_dict(torch.load(run / "state.pt")["mean"])
    return network.eval()


def to_onnx(network: Network, path: Path) -> None:
    """Batch, height and width stay free; one file."""
    example = (
        torch.rand(2, 3, 64, 96),
        torch.rand(2, 3, 64, 96),
        torch.ones(2, 1, 64, 96),
        torch.full((2, 1, 1, 1), 0.004),
    )
    n, h, w = (torch.export.Dim(k) for k in ("n", "h", "w"))
    picture = {0: n, 2: 16 * h, 3: 16 * w}
    program = torch.onnx.export(
        Scores(network), example, input_names=list(NAMES), output_names=["scores"], dynamo=True, external_data=False,
        dynamic_shapes={"golden": picture, "unit": picture, "regions": picture, "noise": {0: n}}, opset_version=18,
    )  # fmt: skip
    assert program is not None
    program.optimize()
    onnx.save(program.model_proto, str(path))


def to_int8(path: Path, out: Path, shards: Sequence[Shard]) -> None:
    """Convolutions in 8 bits, weights per channel, ranges from pairs (static QDQ). The first of them stays in float,
    since faint differences are lost there, and so does what makes and ends the picture of the two photos."""
    ready = out.with_suffix(".ready")
    quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
    graph = onnx.load(ready).graph
    first = [n.name for n in graph.node if n.op_type == "Conv" and ".stem." in n.input[1]]
    quantize_static(
        str(ready), str(out), Pairs(shards, _CALIBRATION), quant_format=QuantFormat.QDQ, per_channel=True,
        op_types_to_quantize=["Conv", "Add", "MaxPool", "Resize", "Relu"], activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8, nodes_to_exclude=first,
    )  # fmt: skip
    ready.unlink()


def scores(path: Path, feed: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["scores"], feed)[0], dtype=np.float32)


def _into_card(card: Path, files: tuple[Path, ...]) -> None:
    """Put the files' hashes into the card beside them."""
    text = card.read_text("utf-8")
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        line = rf'(path = "{re.escape(path.name)}"\nsha256 = ")[0-9a-f]{{64}}'
        text, count = re.subn(line, rf"\g<1>{digest}", text)
        if count != 1:
            raise SystemExit(f"{card} has no weights with path {path.name} and a sha256 below it")
    card.write_text(text, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    makers = makers_of(options.shards).values()
    held, other = ([dict(np.load(paths[k])) for paths in makers] for k in (0, 1))
    network = load(options.run)
    whole, small = options.out / "defects.onnx", options.out / "defects.int8.onnx"
    to_onnx(network, whole)
    to_int8(whole, small, other)
    compared = [feeds(shard, np.arange(k, k + 16)) for shard in held for k in range(0, _COMPARED, 16)]
    with torch.no_grad():
        truth = [Scores(network)(*(torch.from_numpy(f[n]) for n in NAMES)).numpy() for f in compared]
    _into_card(options.out / "defects.toml", (whole, small))
    for path in (whole, small):
        found = [scores(path, f) for f in compared]
        worst = max(float(np.abs(a - b).max()) for a, b in zip(found, truth, strict=True))
        flips = np.mean([float(((a[:, 0] < 0.5) != (b[:, 0] < 0.5)).mean()) for a, b in zip(found, truth, strict=True)])
        print(
            f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, largest difference {worst:.2g}, pixels changing sides "
            f"{flips:.2g}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
        )


if __name__ == "__main__":
    main()
