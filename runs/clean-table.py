#!/usr/bin/env python3
"""Tables of runs/clean-tiny.sh: every arm against gelu of the same comparison, paired by seed.

    python runs/clean-table.py OUT > tables.md

OUT holds half-b.csv and the run folders; run_records.py says how they are read and compared.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

from run_records import events, paired, plateau, spread


def row(name, own, base):
    count, difference, interval, p = paired(own, base)
    shown = f"{interval[0]:+.4f} to {interval[1]:+.4f}" if interval else "–"
    return f"| {name} | {count} | {spread(own.values())} | {difference:+.4f} | {shown} | {p:.3g} |" if interval else f"| {name} | {count} | {spread(own.values())} | {difference:+.4f} | – | – |"


def main(out):
    half_b = defaultdict(dict)
    with open(out / "half-b.csv") as file:
        for line in csv.DictReader(file):
            # Further seeds of a comparison lie in a folder of their own.
            comparison = line["comparison"].removesuffix("-more")
            half_b[comparison, line["arm"]][int(line["seed"])] = float(line["loss"])
    half_a, left = defaultdict(dict), {}
    curves = defaultdict(dict)
    for comparison, arm in half_b:
        for run in sorted(out.glob(f"{comparison}/{arm}/seed-*")) + sorted(out.glob(f"{comparison}-more/{arm}/seed-*")):
            seed = int(run.name.removeprefix("seed-"))
            summary = json.loads((run / "summary.json").read_text())
            half_a[comparison, arm][seed] = summary["validation_loss"]
            left[comparison, arm, seed] = plateau(run)
            for event in events(run):
                if event["event"] == "validation":
                    curves[comparison, arm].setdefault(event["step"], {})[seed] = event["loss"]
    print("| comparison | arm | seeds | loss on half B | arm − baseline | 95 % interval | p |\n|---|---|--:|--:|--:|--:|--:|")
    baselines = {"released-rational": ("released-gelu", "gelu")}
    for comparison, arm in half_b:
        base = baselines.get(comparison, (comparison, "gelu"))
        print(f"| {comparison} " + row(arm, half_b[comparison, arm], half_b[base]))
    print("\n| comparison | arm | half A | leaves the plateau at step |\n|---|---|--:|---|")
    for (comparison, arm), losses in half_a.items():
        steps = ", ".join(str(left[comparison, arm, seed]) for seed in sorted(losses))
        print(f"| {comparison} | {arm} | {spread(losses.values())} | {steps} |")
    print("\nMean difference on half A by step (pair):")
    own, base = curves["pair", "rational"], curves["pair", "gelu"]
    for step in sorted(own):
        count, difference, interval, _ = paired(own[step], base.get(step, {}))
        print(f"| {step} | {difference:+.4f} | {interval[0]:+.4f} to {interval[1]:+.4f} |" if interval else f"| {step} | {difference:+.4f} | – |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
