"""The network: golden and unit beside each other in, where the unit is not as it should be, and what it is, out.

A U-Net of three levels on a stem that halves the picture. What it sees is made from linear light inside the network, so
that whoever calls the ONNX file hands in nothing but pictures: square roots (about even to the eye), their difference,
the difference over the photo's own noise, and the region map. Whether a pixel is defective is answered for every pixel,
of which kind for every two by two of them: kinds do not change from one pixel to the next, and a third of the time goes
with it. What goes up is narrowed and added to what went down instead of laid beside it, for the same reason.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KINDS = 11
_BLACK = 0.01  # linear light added before the root
_TYPICAL_NOISE = 0.004
_SEEN = 14  # channels of what it sees
_LARGEST_LOGIT = 20.0


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
    noise : (n, 1, 1, 1) standard deviation of a pixel at mid tone, linear. h and w are multiples of 16. Answers logits:
    (n, 1, h, w) of what is not as it should be, and (n, ``KINDS``, h / 2, w / 2) of what kind it is if so."""

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 96, 128)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Conv2d(_SEEN, a, 4, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(a)
        self.down = nn.ModuleList([Block(a, a), Block(a, b), Block(b, c), Block(c, d, 2)])
        self.narrow = nn.ModuleList([nn.Conv2d(d, c, 1), nn.Conv2d(c, b, 1), nn.Conv2d(b, a, 1)])
        self.up = nn.ModuleList([Block(c, c), Block(b, b), Block(a, a)])
        self.head = nn.Conv2d(a, 4 + KINDS, 3, padding=1)

    def forward(self, golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu(self.norm(self.stem(_seen(golden, unit, regions, noise))))
        kept = []
        for i, block in enumerate(self.down):
            x = block(x if i == 0 else F.max_pool2d(x, 2))
            kept.append(x)
        for narrow, block, past in zip(self.narrow, self.up, kept[-2::-1], strict=True):
            x = block(F.interpolate(narrow(x), scale_factor=2.0, mode="nearest") + past)
        answer = self.head(x)
        return F.pixel_shuffle(answer[:, :4], 2), answer[:, 4:]


def scores_of(there: Tensor, kinds: Tensor) -> Tensor:
    """(n, 1 + ``KINDS``, h, w) scores that sum to 1, the first of what is as it should be."""
    chance = torch.sigmoid(there)
    weight = torch.exp(
        torch.clamp(kinds, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    )  # softmax over channels is slow in ONNX Runtime
    share = F.interpolate(weight / weight.sum(dim=1, keepdim=True), scale_factor=2.0, mode="nearest")
    return torch.cat([1 - chance, share * chance], dim=1)


def _seen(golden: Tensor, unit: Tensor, regions: Tensor, noise: Tensor) -> Tensor:
    """(n, ``_SEEN``, h, w)"""
    g, u = (torch.sqrt(torch.clamp(p, 0.0, 1.5) + _BLACK) for p in (golden, unit))
    over = torch.tanh((unit - golden) / (6 * noise + 0.002))
    grain = torch.log(noise / _TYPICAL_NOISE).clamp(-3, 3) * torch.ones_like(regions)
    maps = [F.relu(1 - (regions - k).abs()) for k in (1, 2, 3)]
    most = (u - g).abs().amax(dim=1, keepdim=True)
    return torch.cat([2 * g - 1, 4 * (u - g), over, 4 * most, grain, *maps], dim=1)
