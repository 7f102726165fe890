"""What each part of the recipe is worth: short trainings without it, all from the same start and on the same shards.

python -m models.train.ablations --shards SHARDS --steps 1500 [--only whole --only no-regions] [--half]

Prints for every variant and maker of pairs recall and precision of pixels at a half, their F, and the share of found
pixels whose kind is right, on the shards that are held out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from models.train.network import Network
from models.train.run import Batch, Loss, Schedule, Shards, Training, held_out, loss_of
from models.train.shards import Shard

_TYPICAL_NOISE = 0.004
_UNKNOWN_REGION = 3.0

Change = Callable[[Batch], Batch]


@dataclass(frozen=True)
class Variant:
    """A recipe that differs in one thing. change : of what the network is given, in training and when it is tried.
    makers : of the pairs it is trained on, all where empty."""

    change: Change = lambda batch: batch
    widths: tuple[int, int, int, int] = (32, 64, 96, 128)
    loss: Loss = loss_of
    makers: tuple[str, ...] = ()


def _no_noise(batch: Batch) -> Batch:
    golden, unit, regions, noise, target = batch
    return golden, unit, regions, torch.full_like(noise, _TYPICAL_NOISE), target


def _no_regions(batch: Batch) -> Batch:
    golden, unit, regions, noise, target = batch
    return golden, unit, torch.where(regions > 0, _UNKNOWN_REGION, regions), noise, target


def _no_golden(batch: Batch) -> Batch:
    _, unit, regions, noise, target = batch
    return unit, unit, regions, noise, target


def _grey(batch: Batch) -> Batch:
    golden, unit, regions, noise, target = batch
    return *(p.mean(dim=1, keepdim=True).expand_as(p) for p in (golden, unit)), regions, noise, target


def _entropy_alone(there: torch.Tensor, kinds: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return loss_of(there, kinds, target, overlap_weight=0.0)


VARIANTS = {
    "whole": Variant(),
    "no-golden": Variant(change=_no_golden),
    "no-colour": Variant(change=_grey),
    "no-noise-level": Variant(change=_no_noise),
    "no-regions": Variant(change=_no_regions),
    "no-overlap-loss": Variant(loss=_entropy_alone),
    "narrow": Variant(widths=(16, 32, 48, 64)),
    "drawn-alone": Variant(makers=("drawn",)),
    "rendered-alone": Variant(makers=("rendered",)),
}


def try_out(variant: Variant, shards: Shards, held: dict[str, Shard], schedule: Schedule) -> Iterator[str]:
    """Train a variant and tell how it does on each maker's held shard."""
    torch.manual_seed(1)
    training = Training(Network(variant.widths), schedule, variant.loss)
    training.run((variant.change(b) for b in shards.batches(schedule.batch)), lambda loss: None)
    size = sum(p.numel() for p in training.mean.parameters())
    yield f"{size} parameters, {training.spent:.1f} min"
    for name, shard in held.items():
        recall, precision, right = held_out(training.mean, shard, change=variant.change)
        f = 2 * recall * precision / max(recall + precision, 1e-9)
        yield f"{name}: recall {recall:.3f} precision {precision:.3f} F {f:.3f} kind {right:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--only", action="append", choices=list(VARIANTS), help="repeat for several")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--half", action="store_true", help="bfloat16; only where the processor has it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    schedule = Schedule(options.steps, batch=options.batch, half=options.half)
    held = Shards(options.shards, seed=1).held()
    for name in options.only or VARIANTS:
        variant = VARIANTS[name]
        shards = Shards(options.shards, seed=1, makers=variant.makers)
        print(name, flush=True)
        for line in try_out(variant, shards, held, schedule):
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
