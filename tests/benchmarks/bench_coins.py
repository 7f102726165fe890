"""Struck metal: loop closure of ``station align`` over triples of photographs of coins, and unlike coins.

No truth is known of photographs of different coins of one design, but going A to B to C and back to A must lead to
where one started. A loop counts as closed where the RMS over the coin is within 3 px; one whose three answers were all
handed out as registered and that does not close holds at least one silently wrong answer.

    python tests/benchmarks/bench_coins.py FOLDER [--triples 12]

FOLDER holds one folder of photographs for each kind of coin, as ``original`` of Pitrified/coin-dataset does: its owner
states that all show the common side, and so did 80 of them that were looked at; of the maps on them there are two
issues, which count as one kind. Coins of different kinds and a coin's mirror image must be refused; those of one series
(1, 2 and 5 cent; 10, 20 and 50 cent) share all but the figure.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from bench_align import Picture, by_command, moved

SIDE = 400  # px all pictures are scaled to


def coin(path: Path) -> Picture:
    picture = cv2.imread(str(path))[..., ::-1]
    factor = SIDE / max(picture.shape[:2])
    return np.ascontiguousarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def loops(paths: list[Path], triples: int, rng: np.random.Generator) -> None:
    chosen = [rng.choice(len(paths), 3, replace=False) for _ in range(triples)]
    pictures = [[coin(paths[i]) for i in three] for three in chosen]
    pairs = [(three[i], three[(i + 1) % 3]) for three in pictures for i in range(3)]
    answers = by_command(pairs, "similarity")
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = SIDE / 2 + 0.4 * SIDE * np.column_stack([np.cos(turn), np.sin(turn)])
    closed = wrong = 0
    errors, stated = [], []
    for i in range(triples):
        steps = answers[3 * i : 3 * i + 3]
        if not all(a["registered"] for a in steps):
            continue
        a, b, c = (np.array(s["transform"]) for s in steps)
        error = float(np.sqrt(((moved(rim, c @ b @ a) - rim) ** 2).sum(axis=1).mean()))
        closed += error <= 3
        wrong += error > 3
        errors.append(error)
        stated.append(float(np.sqrt(sum(s["rms_px"] ** 2 for s in steps))))
    registered = sum(bool(a["registered"]) for a in answers)
    print(f"  {registered} of {len(answers)} pairs registered")
    print(f"  {closed} of {triples} loops closed within 3 px, {wrong} registered but open", end="")
    print(f"; RMS {rms(errors):.1f} px where {rms(stated):.1f} px was stated" if errors else "")


def rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--triples", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    kinds = {p.name: sorted(p.glob("*.jpg")) for p in sorted(args.folder.iterdir()) if p.is_dir()}
    for name, paths in kinds.items():
        if len(paths) >= 3:
            print(f"{name}: {len(paths)} photographs")
            loops(paths, args.triples, rng)
    names = [n for n in kinds if kinds[n]]
    pairs = [(coin(rng.choice(kinds[a])), coin(rng.choice(kinds[b]))) for a in names for b in names if a != b]
    if pairs:
        wrong = sum(bool(a["registered"]) for a in by_command(pairs, "similarity"))
        print(f"coins of different kinds: {wrong} of {len(pairs)} registered wrongly")
    mirrored = [(coin(p), coin(p)[:, ::-1].copy()) for n in names for p in rng.choice(kinds[n], 2)]
    wrong = sum(bool(a["registered"]) for a in by_command(mirrored, "similarity"))
    print(f"mirrored coins: {wrong} of {len(mirrored)} registered wrongly")


if __name__ == "__main__":
    main()
