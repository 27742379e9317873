#!/usr/bin/env python3
"""Table of the cells of runs/larger-gain.sh: every arm against rational and against gelu, paired by seed, in the order of the mean loss.

    python runs/larger-gain-table.py docs/evidence/larger-gain.csv recipes/larger-gain.toml recipes/larger-gain-rates.toml > table.md

The recipes say which arms there should be, so that missing cells are named. An arm "ahead" has a lower loss than rational with every seed.
Arms whose other weights begin as gelu's do are its twins; those of another shape cannot be.
"""

import csv
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from statistics import mean

from run_records import paired, spread


def difference(own, base):
    count, value, interval, p = paired(own, base)
    if count == 0:
        return "– | –"
    if not interval:
        return f"{value:+.4f} | –"
    # Equal in every seed: no test.
    test = "" if interval[0] == interval[1] else f", p = {p:.2g}"
    return f"{value:+.4f} | {interval[0]:+.4f} to {interval[1]:+.4f}{test}"


def main(cells, recipes):
    loss, left, stopped, weights = (defaultdict(dict) for _ in range(4))
    with cells.open() as file:
        for line in csv.DictReader(file):
            arm, seed = line["arm"], int(line["seed"])
            if line["diverged"]:
                stopped[arm][seed] = line["diverged"]
            else:
                loss[arm][seed] = float(line["validation_loss"])
                left[arm][seed] = line["left_plateau"]
                weights[arm][seed] = line["initial_weights"]
    arms = [arm["name"] for recipe in recipes for arm in tomllib.loads(recipe.read_text())["arm"]]
    seeds = sorted({seed for runs in loss.values() for seed in runs})
    print("| arm | half A | − rational | 95 % interval | − gelu | 95 % interval | leaves the plateau at step | |\n|---|--:|--:|---|--:|---|---|---|")
    for arm in sorted(arms, key=lambda arm: mean(loss[arm].values()) if loss[arm] else float("inf")):
        own = loss[arm]
        notes = [f"seed {seed} diverged at step {step}" for seed, step in stopped[arm].items()]
        notes += [f"seed {seed} missing" for seed in seeds if seed not in own and seed not in stopped[arm]]
        if own and any(weights[arm][seed] != weights["gelu"].get(seed) for seed in own):
            notes.append("other weights")
        if arm not in ("gelu", "rational") and len(own) == len(seeds) and all(own[seed] < loss["rational"].get(seed, 0.0) for seed in own):
            notes.append("ahead")
        against = [difference(own, loss[base]) if arm != base else "– | –" for base in ("rational", "gelu")]
        steps = ", ".join(left[arm][seed] for seed in sorted(own))
        print(f"| {arm} | {spread(own.values()) if own else '–'} | {' | '.join(against)} | {steps} | {'; '.join(notes)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(path) for path in sys.argv[2:]])
