"""Training, resumable: the weights that are exported are a running mean of those that are trained.

python -m models.train.samples --out SHARDS          # in other terminals; training takes what is there already
python -m models.train.rendered --out SHARDS
python -m models.train.run --shards SHARDS --out RUN --steps 12000
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.train.faults import KINDS
from models.train.network import Network
from models.train.samples import ENAMEL, IGNORED, METAL
from models.train.start import take_over

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
Shard = dict[str, NDArray[np.generic]]

_HELD = 1  # of the shards of a maker, the first: never trained on
_DECAY = 0.998
_WEIGHT, _FAINT_WEIGHT = 1.5, 0.6  # of a defect's pixel over a good one's; of kinds that light on metal looks like
_FAINT_KINDS = ("burn-mark", "plating-spot")
_BURN = 1 + KINDS.index("burn-mark")  # not asked for on metal, where lamps look like it, nor where it is
_LEAST_HUE = 0.25  # less coloured than that
_COARSE_MAPS = 0.4  # share of pairs
_DARK = 0.01  # linear light added before ratios


def linear(coded: NDArray[np.uint8]) -> Tensor:
    """(n, 3, h, w) linear light of (n, h, w, 3) uint8 sRGB."""
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(table[coded].transpose(0, 3, 1, 2)))


def makers_of(folder: Path) -> dict[str, list[Path]]:
    """The shards of a folder by the name of what made them."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.npz")):
        found.setdefault(path.name.split("-")[0], []).append(path)
    if not found:
        raise SystemExit(f"no shards in {folder} yet: draw some with models.train.samples")
    return found


class Shards:
    """Pairs drawn at random, of every maker as many, from the shards that are there; new ones are taken up as they
    come. The first shard of each maker is held out and never trained on."""

    def __init__(self, folder: Path, seed: int, kept: int = 24) -> None:
        self.folder, self.kept = folder, kept
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
            for shards in self.loaded.values():
                shard = shards[list(shards)[int(self.rng.integers(len(shards)))]]
                rows = self.rng.choice(len(shard["noise"]), size // len(self.loaded), replace=False)
                parts.append(self._turned(self._mapped(batch_of(shard, rows))))
            yield tuple(torch.cat(each) for each in zip(*parts, strict=True))

    def _exchange(self) -> None:
        for name, paths in makers_of(self.folder).items():
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
        return golden, unit, regions, noise, target


def batch_of(shard: Shard, rows: NDArray[np.intp]) -> Batch:
    golden, unit = (linear(np.asarray(shard[k][rows], dtype=np.uint8)) for k in ("golden", "unit"))
    regions = torch.from_numpy(np.asarray(shard["regions"][rows], dtype=np.float32)[:, None])
    noise = torch.from_numpy(np.asarray(shard["noise"][rows], dtype=np.float32)[:, None, None, None])
    target = torch.from_numpy(np.asarray(shard["target"][rows], dtype=np.int64)[:, None])
    target[(target == _BURN) & ((regions == METAL) | (_hue_change(golden, unit) < _LEAST_HUE))] = IGNORED
    return golden, unit, regions, noise, target


def _hue_change(golden: Tensor, unit: Tensor) -> Tensor:
    """(n, 1, h, w) how much more one channel changes than the others do, as a logarithm of their ratio."""
    change = torch.log((unit + _DARK) / (golden + _DARK))
    return (change - change.mean(dim=1, keepdim=True)).abs().amax(dim=1, keepdim=True)


def loss_of(logits: Tensor, target: Tensor) -> Tensor:
    """Weighted cross-entropy of the classes, and a soft overlap (Dice) of defect against none, which small defects
    count in as much as large ones."""
    target = target[:, 0]
    weight = torch.tensor([1.0, *(_FAINT_WEIGHT if k in _FAINT_KINDS else _WEIGHT for k in KINDS)])
    entropy = F.cross_entropy(logits, target, weight=weight, ignore_index=IGNORED)
    known = (target != IGNORED).float()
    there = ((target > 0) & (target != IGNORED)).float()
    chance = (1 - torch.softmax(logits, dim=1)[:, 0]) * known
    overlap = (2 * (chance * there).sum(dim=(1, 2)) + 8) / (chance.sum(dim=(1, 2)) + there.sum(dim=(1, 2)) + 8)
    return entropy + 0.5 * (1 - overlap).mean()


@torch.no_grad()
def held_out(network: Network, shard: Shard, count: int = 160) -> tuple[float, float, float]:
    """Of pixels, whatever their class: recall and precision at a half; share of those found whose class is right."""
    network.eval()
    hits = found = there = right = 0.0
    for start in range(0, min(count, len(shard["noise"])), 16):
        rows = np.arange(start, min(start + 16, len(shard["noise"])))
        golden, unit, regions, noise, target = batch_of(shard, rows)
        logits = network(golden, unit, regions, noise)
        flagged = torch.softmax(logits, dim=1)[:, 0] < 0.5
        target = target[:, 0]
        bad, known = (target > 0) & (target != IGNORED), target != IGNORED
        hits += float((flagged & bad).sum())
        found += float((flagged & known).sum())
        there += float(bad.sum())
        right += float(((logits[:, 1:].argmax(1) + 1 == target) & flagged & bad).sum())
    return hits / max(there, 1), hits / max(found, 1), right / max(hits, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
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
    network, mean = (Network().to(memory_format=torch.channels_last) for _ in range(2))
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=1e-4)
    first, spent = 0, 0.0
    if state_path.exists():
        state = torch.load(state_path)
        network.load_state_dict(state["network"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        first, spent = state["step"], state["spent"]
    shards = Shards(options.shards, options.seed + first)
    held = shards.held()
    if not first:
        if options.start:
            take_over(network, options.start, *next(shards.batches(64))[:4])
        mean.load_state_dict(network.state_dict())
    started, total = time.monotonic(), 0.0
    for step, batch in enumerate(shards.batches(options.batch), start=first):
        spent_now = spent + (time.monotonic() - started) / 60
        done = max(step / options.steps, spent_now / options.minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-6
        network.train()
        golden, unit, regions, noise, target = batch
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.half):
            logits = network(golden.contiguous(memory_format=torch.channels_last), unit, regions, noise)
        loss = loss_of(logits.float(), target)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        total += float(loss.detach())
        keep = min(_DECAY, step / (step + 50))
        with torch.no_grad():
            for ours, theirs in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
                ours.lerp_(theirs, 1 - keep) if ours.is_floating_point() else ours.copy_(theirs)
        if (step + 1) % 250 == 0:
            print(f"step {step + 1} loss {total / 250:.4f} {spent_now:.1f} min", flush=True)
            for name, shard in held.items():
                recall, precision, right = held_out(mean, shard)
                print(f"  {name}: recall {recall:.3f} precision {precision:.3f} class {right:.3f}", flush=True)
            total = 0.0
            _save(state_path, network, mean, optimizer, step + 1, spent_now)
    _save(state_path, network, mean, optimizer, step, spent + (time.monotonic() - started) / 60)


def _save(path: Path, network: Network, mean: Network, optimizer: torch.optim.AdamW, step: int, spent: float) -> None:
    waiting = path.with_suffix(".part")
    torch.save(
        {
            "network": network.state_dict(),
            "mean": mean.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "spent": spent,
        },
        waiting,
    )
    waiting.rename(path)


if __name__ == "__main__":
    main()
