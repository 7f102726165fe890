"""Training, resumable: the weights that are exported are a running mean of those that are trained.

python -m models.train.samples --out SHARDS          # in other terminals; training takes what is there already
python -m models.train.rendered --out SHARDS
python -m models.train.worn --out SHARDS
python -m models.train.run --shards SHARDS --out RUN --steps 12000
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.train.faults import KINDS
from models.train.network import Network
from models.train.samples import ENAMEL, IGNORED, METAL
from models.train.shards import Shard, linear, makers_of, shares_of, weights_of
from models.train.start import take_over

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

_HELD = 1  # of the shards of a maker, the first: never trained on
_TOLD = 250  # steps
_DECAY = 0.999
_KIND_WEIGHT = 0.25  # of naming a defect over finding it
_BURN = 1 + KINDS.index("burn-mark")  # not asked for on metal, where lamps look like it, nor where it is
_LEAST_HUE = 0.25  # less coloured than that
_COARSE_MAPS = 0.4  # share of pairs
_EXPOSURES = (0.5, 1.1)  # of both pictures
_DARK = 0.01  # linear light added before ratios


class Shards:
    """Pairs drawn at random, of every maker its share, from the shards that are there; new ones are taken up as they
    come. The first shard of each maker is held out and never trained on. makers : whose, of all where empty."""

    def __init__(self, folder: Path, seed: int, kept: int = 24, makers: Sequence[str] = ()) -> None:
        self.folder, self.kept, self.makers = folder, kept, makers
        self.rng = np.random.default_rng(seed)
        self.loaded: dict[str, dict[Path, Shard]] = {}

    def held(self) -> dict[str, Shard]:
        """The shard of each maker that is not trained on."""
        return {name: dict(np.load(paths[0])) for name, paths in makers_of(self.folder).items()}

    def batches(self, size: int) -> Iterator[Batch]:
        step = 0
        while True:
            if step % 100 == 0:
                self._exchange()
            step += 1
            parts = []
            for shards, count in zip(self.loaded.values(), shares_of(list(self.loaded), size), strict=True):
                shard = shards[list(shards)[int(self.rng.integers(len(shards)))]]
                rows = self.rng.choice(len(shard["noise"]), count, replace=False)
                parts.append(self._turned(self._mapped(batch_of(shard, rows))))
            yield tuple(torch.cat(each) for each in zip(*parts, strict=True))

    def _exchange(self) -> None:
        for name, paths in makers_of(self.folder).items():
            if self.makers and name not in self.makers:
                continue
            loaded = self.loaded.setdefault(name, {})
            fresh = [p for p in paths[_HELD:] if p not in loaded]
            if len(loaded) >= self.kept and fresh:
                del loaded[next(iter(loaded))]
            for path in list(self.rng.permutation(np.array(fresh, dtype=object)))[: self.kept - len(loaded)]:
                loaded[path] = dict(np.load(path))
            if not loaded:
                raise SystemExit(f"only one shard of {name} pairs in {self.folder}, which is held out: draw some more")

    def _mapped(self, batch: Batch) -> Batch:
        """Regions as a station knows them: lines and dots of metal that are too thin for its map count as enamel."""
        golden, unit, regions, noise, target = batch
        size = 2 * int(self.rng.integers(2, 8)) + 1
        metal = (regions == METAL).float()
        opened = -F.max_pool2d(-metal, size, 1, size // 2)
        opened = F.max_pool2d(opened, size, 1, size // 2)
        coarse = torch.from_numpy(self.rng.random((len(metal), 1, 1, 1)) < _COARSE_MAPS)
        regions = torch.where(coarse & (metal > opened), float(ENAMEL), regions)
        return golden, unit, regions, noise, target

    def _turned(self, batch: Batch) -> Batch:
        k, mirrored = int(self.rng.integers(4)), bool(self.rng.integers(2))
        order = torch.from_numpy(self.rng.permutation(3))

        def turn(x: Tensor) -> Tensor:
            if x.dim() < 4 or x.shape[-1] == 1:
                return x
            x = torch.rot90(x, k, dims=(2, 3))
            return torch.flip(x, dims=(3,)) if mirrored else x

        golden, unit, regions, noise, target = (turn(x) for x in batch)
        if self.rng.random() < 0.3:  # other colours: no colour of metal or enamel is to be learnt by heart
            golden, unit = golden[:, order], unit[:, order]
        if self.rng.random() < 0.3:  # other exposures of both
            gain = float(self.rng.uniform(*_EXPOSURES))
            golden, unit, noise = golden * gain, unit * gain, noise * gain
        return golden, unit, regions, noise, target


def batch_of(shard: Shard, rows: NDArray[np.intp]) -> Batch:
    golden, unit = (torch.from_numpy(linear(np.asarray(shard[k][rows], dtype=np.uint8))) for k in ("golden", "unit"))
    regions = torch.from_numpy(np.asarray(shard["regions"][rows], dtype=np.float32)[:, None])
    noise = torch.from_numpy(np.asarray(shard["noise"][rows], dtype=np.float32)[:, None, None, None])
    target = torch.from_numpy(np.asarray(shard["target"][rows], dtype=np.int64)[:, None])
    target[(target == _BURN) & ((regions == METAL) | (_hue_change(golden, unit) < _LEAST_HUE))] = IGNORED
    return golden, unit, regions, noise, target


def _hue_change(golden: Tensor, unit: Tensor) -> Tensor:
    """(n, 1, h, w) how much more one channel changes than the others do, as a logarithm of their ratio."""
    change = torch.log((unit + _DARK) / (golden + _DARK))
    return (change - change.mean(dim=1, keepdim=True)).abs().amax(dim=1, keepdim=True)


def loss_of(there: Tensor, kinds: Tensor, target: Tensor, overlap_weight: float = 0.5) -> Tensor:
    """Cross-entropy of defect against none, a soft overlap (Dice) of the two, and the cross-entropy of the kind where
    there is a defect, pixels weighted. there, kinds : the network's logits.
    """
    logit, target = there[:, 0], target[:, 0]
    weight = torch.from_numpy(weights_of(target.numpy()))
    bad = ((target > 0) & (target != IGNORED)).float()
    entropy = (F.binary_cross_entropy_with_logits(logit, bad, reduction="none") * weight).sum() / weight.sum()
    chance, wanted = torch.sigmoid(logit) * weight, bad * weight
    overlap = (2 * (chance * bad).sum(dim=(1, 2)) + 8) / (chance.sum(dim=(1, 2)) + wanted.sum(dim=(1, 2)) + 8)
    n, y, x = torch.nonzero(bad, as_tuple=True)
    named = F.cross_entropy(kinds[n, :, y // 2, x // 2], target[n, y, x] - 1, reduction="none") * weight[n, y, x]
    kind = named.sum() / weight[n, y, x].sum().clamp(min=1)
    return entropy + overlap_weight * (1 - overlap).mean() + _KIND_WEIGHT * kind


@torch.no_grad()
def held_out(
    network: Network, shard: Shard, count: int = 160, change: Callable[[Batch], Batch] = lambda batch: batch
) -> tuple[float, float, float]:
    """Of pixels, whatever their class: recall and precision at a half; share of those found whose class is right.
    change : what is done to a batch before the network is given it."""
    network.eval()
    hits = found = there = right = 0.0
    for start in range(0, min(count, len(shard["noise"])), 16):
        rows = np.arange(start, min(start + 16, len(shard["noise"])))
        golden, unit, regions, noise, target = change(batch_of(shard, rows))
        there_logits, kinds = network(golden, unit, regions, noise)
        flagged = there_logits[:, 0] > 0
        target = target[:, 0]
        bad, known = (target > 0) & (target != IGNORED), target != IGNORED
        hits += float((flagged & bad).sum())
        found += float((flagged & known).sum())
        there += float(bad.sum())
        named = F.interpolate(kinds.argmax(1, keepdim=True).float(), scale_factor=2.0)[:, 0].long() + 1
        right += float(((named == target) & flagged & bad).sum())
    return hits / max(there, 1), hits / max(found, 1), right / max(hits, 1)


@dataclass(frozen=True)
class Schedule:
    """steps, minutes : whichever is reached first. batch : pairs a step. rate : the highest of the learning rate. half
    : convolutions in bfloat16, half of the time where the processor has it and many times it where not."""

    steps: int
    minutes: float = math.inf
    batch: int = 24
    rate: float = 2.5e-3
    half: bool = False


class Training:
    """Weights on their way, and their running mean. loss : of the network's two logits and the target."""

    def __init__(self, network: Network, schedule: Schedule, loss: Loss = loss_of) -> None:
        self.network = network.to(memory_format=torch.channels_last)
        self.mean = copy.deepcopy(self.network)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=schedule.rate, weight_decay=1e-4)
        self.schedule, self.loss = schedule, loss
        self.steps, self.spent = 0, 0.0

    def run(self, batches: Iterable[Batch], every: Callable[[float], None]) -> None:
        """To the end of the schedule. every : called each 250 steps with the mean loss of these."""
        began, total = time.monotonic() - 60 * self.spent, 0.0
        for batch in batches:
            self.spent = (time.monotonic() - began) / 60
            done = max(self.steps / self.schedule.steps, self.spent / self.schedule.minutes)
            if done >= 1:
                break
            rate = self.schedule.rate * min(1.0, (self.steps + 1) / 200) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-6
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            total += self._step(batch)
            if self.steps % _TOLD == 0:
                every(total / _TOLD)
                total = 0.0

    def _step(self, batch: Batch) -> float:
        self.network.train()
        golden, unit, regions, noise, target = batch
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.schedule.half):
            there, kinds = self.network(golden.contiguous(memory_format=torch.channels_last), unit, regions, noise)
        loss = self.loss(there.float(), kinds.float(), target)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimizer.step()
        keep = min(_DECAY, self.steps / (self.steps + 50))
        with torch.no_grad():
            for ours, theirs in zip(self.mean.state_dict().values(), self.network.state_dict().values(), strict=True):
                ours.lerp_(theirs, 1 - keep) if ours.is_floating_point() else ours.copy_(theirs)
        self.steps += 1
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        waiting = path.with_suffix(".part")
        state = {"network": self.network, "mean": self.mean, "optimizer": self.optimizer}
        state_dicts = {name: part.state_dict() for name, part in state.items()}
        torch.save({**state_dicts, "step": self.steps, "spent": self.spent}, waiting)
        waiting.rename(path)

    def go_on(self, path: Path) -> None:
        """Take up what :meth:`save` wrote."""
        state = torch.load(path)
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps, self.spent = state["step"], state["spent"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=18000)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--start", type=Path, help="an exported network to go on from, models/defects.onnx")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--half", action="store_true", help="bfloat16; only where the processor has it")
    parser.add_argument("--minutes", type=float, default=math.inf, help="of the schedule, at most")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    state_path = options.out / "state.pt"
    schedule = Schedule(options.steps, options.minutes, options.batch, options.rate, options.half)
    training = Training(Network(), schedule)
    if state_path.exists():
        training.go_on(state_path)
    shards = Shards(options.shards, options.seed + training.steps)
    if not training.steps and options.start:
        take_over(training.network, options.start, *next(shards.batches(64))[:4])
        training.mean.load_state_dict(training.network.state_dict())
    held = shards.held()

    def every(loss: float) -> None:
        print(f"step {training.steps} loss {loss:.4f} {training.spent:.1f} min", flush=True)
        for name, shard in held.items():
            recall, precision, right = held_out(training.mean, shard)
            print(f"  {name}: recall {recall:.3f} precision {precision:.3f} class {right:.3f}", flush=True)
        training.save(state_path)

    training.run(shards.batches(options.batch), every)
    training.save(state_path)


if __name__ == "__main__":
    main()
