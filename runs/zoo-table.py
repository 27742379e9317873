#!/usr/bin/env python3
"""Table of runs/zoo.sh: every arm against gelu, paired by seed, in the order of the mean loss.

    python runs/zoo-table.py OUT > table.md

OUT/arms holds the finished runs, OUT/trial-RATE the trials of both rates; run_records.py says how they are read and compared.
"""

import json
import sys
import tomllib
from pathlib import Path
from statistics import mean

from run_records import diverged, paired, plateau, spread

RATES = ("1.5e-3", "3e-3")


def losses(arm):
    """Validation loss of every finished seed."""
    return {
        int(path.parent.name.removeprefix("seed-")): json.loads(path.read_text())["validation_loss"]
        for path in sorted(arm.glob("seed-*/summary.json"))
    }


def main(out):
    recipe = tomllib.loads((out / "chosen.toml").read_text())
    base = losses(out / "arms" / "gelu")
    rows = []
    for arm in recipe["arm"]:
        name = arm["name"]
        folder = out / "arms" / name
        own = losses(folder)
        stopped = {run.name.removeprefix("seed-"): diverged(run) for run in sorted(folder.glob("seed-*"))}
        trials = [next(iter(losses(out / f"trial-{rate}" / name).values()), None) for rate in RATES]
        count, difference, interval, p = paired(own, base)
        shown = f"{difference:+.3f} | {interval[0]:+.3f} to {interval[1]:+.3f} | {p:.2g}" if interval and name != "gelu" else "– | – | –"
        steps = ", ".join(str(plateau(folder / f"seed-{seed}")) for seed in own)
        notes = "; ".join(f"seed {seed} diverged at step {step}" for seed, step in stopped.items() if step is not None)
        tried = " / ".join("diverged" if trial is None else f"{trial:.3f}" for trial in trials)
        rate = arm["set"]["optimizer"]["learning_rate"]
        row = f"| {name} | {rate:g} ({tried}) | {len(own)} | {spread(own.values(), 3) if own else '–'} | {shown} | {steps} | {notes} |"
        rows.append((mean(own.values()) if own else float("inf"), row))
    print("| arm | rate (trials of " + " / ".join(RATES) + ") | seeds | validation loss | − gelu | 95 % interval | p | leaves the plateau at step | |")
    print("|---|---|--:|--:|--:|--:|--:|---|---|")
    for _, row in sorted(rows):
        print(row)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
