"""An exported network as the start of training: its weights, and the normalisations that export folds away put back."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.train.network import Network


@torch.no_grad()  # type: ignore[untyped-decorator]
def take_over(network: Network, path: Path, golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> None:
    """Give ``network`` the weights of an ONNX file that :mod:`models.train.export` wrote.

    Export multiplies each normalisation into the convolution before it. It is put back as one that changes nothing:
    mean and deviation are those of the convolution over the pairs (``golden``, ``unit``, ``regions``, ``noise``, as the
    network takes them), and scale and offset undo them. Raises SystemExit where the file is of another network.
    """
    there = {
        i.name.removeprefix("network."): numpy_helper.to_array(i).copy() for i in onnx.load(path).graph.initializer
    }
    norms = {_norm_of(name): name for name in there if name.endswith(".weight_bias")}
    state = network.state_dict()
    for name, old in state.items():
        layer, _, what = name.rpartition(".")
        if layer in norms:
            new = {"weight": 1.0, "bias": there[norms[layer]], "running_mean": 0.0, "running_var": 1.0 - 1e-5}.get(what)
            if new is not None:
                old.copy_(torch.as_tensor(new))
        elif name in there and there[name][: len(old)].shape == tuple(old.shape):  # export fills the head up with zeros
            old.copy_(torch.from_numpy(there[name][: len(old)]))
        else:
            raise SystemExit(f"{path} is not of this network: it has no {name} of {tuple(old.shape)}")
    network.load_state_dict(state)
    before: dict[nn.BatchNorm2d, Tensor] = {}
    hooks = [
        module.register_forward_pre_hook(lambda norm, given: before.__setitem__(norm, given[0]))
        for module in network.modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    network.eval()
    network(golden, unit, regions, noise)
    for hook in hooks:
        hook.remove()
    for norm, values in before.items():
        mean, variance = values.mean(dim=(0, 2, 3)), values.var(dim=(0, 2, 3))
        norm.running_mean, norm.running_var = mean, variance
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.copy_(norm.bias + mean)


def _norm_of(folded: str) -> str:
    """Name of the normalisation after a convolution, from that of the bias export gives the convolution for it."""
    layer = folded.removesuffix(".weight_bias")
    if layer == "stem":
        return "norm"
    return (
        layer.removesuffix(".first") + ".norm1"
        if layer.endswith(".first")
        else layer.removesuffix(".second") + ".norm2"
    )
