"""The network: golden and unit beside each other in, a class for every pixel of the unit out.

A U-Net of three levels on a stem of 2 x 2 pixels folded into channels. What it sees is made from linear light inside
the network, so that whoever calls the ONNX file hands in nothing but pictures: cube roots (even to the eye), their
difference, the difference over the photo's own noise, and the region map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CLASSES = 12
_BLACK = 0.01  # linear light added before the root
_TYPICAL_NOISE = 0.004


class Block(nn.Module):
    """Two 3 x 3 convolutions and a way past them."""

    def __init__(self, inside: int, outside: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm2 = nn.BatchNorm2d(outside)
        self.past = nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.first(x)))
        return F.relu(self.norm2(self.second(y)) + self.past(x))


class Network(nn.Module):
    """golden, unit : (n, 3, h, w) linear light. regions : (n, 1, h, w), 0 outside, 1 metal, 2 enamel, 3 other.
    noise : (n, 1, 1, 1) standard deviation of a pixel at mid tone, linear. h and w are multiples of 16. Answers (n,
    ``CLASSES``, h, w) logits, the first of them of what is as it should be."""

    def __init__(self, widths: tuple[int, int, int, int] = (32, 56, 80, 96)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Conv2d(4 * 17, a, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(a)
        self.down = nn.ModuleList([Block(a, a), Block(a, b), Block(b, c), Block(c, d, 2)])
        self.up = nn.ModuleList([Block(d + c, c), Block(c + b, b), Block(b + a, a)])
        self.head = nn.Conv2d(a, 4 * CLASSES, 3, padding=1)

    def forward(self, golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(F.pixel_unshuffle(_seen(golden, unit, regions, noise), 2))))
        kept = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            kept.append(x)
        for block, past in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), past], dim=1))
        return F.pixel_shuffle(self.head(x), 2)


def _seen(golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> Tensor:
    """(n, 17, h, w)"""
    g, u = (torch.pow(torch.clamp(p, 0.0, 1.5) + _BLACK, 1 / 3) for p in (golden, unit))
    over = torch.tanh((unit - golden) / (6 * noise + 0.002))
    grain = torch.log(noise / _TYPICAL_NOISE).clamp(-3, 3) * torch.ones_like(regions)
    is_metal, is_enamel, is_other = ((regions - k).abs() < 0.5 for k in (1, 2, 3))
    maps = [m.to(g.dtype) for m in (is_metal, is_enamel, is_other)]
    flat = torch.mean((u - g).abs(), dim=1, keepdim=True)
    return torch.cat([2 * g - 1, 2 * u - 1, 4 * (u - g), over, 4 * flat, grain, *maps], dim=1)
