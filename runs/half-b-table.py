#!/usr/bin/env python3
"""Table of losses on half B: every arm against gelu and against rational, paired by seed.

    python runs/half-b-table.py docs/evidence/confirm-gain-half-b.csv > table.md

The file has a line `arm,seed,loss` for every finished model (runs/arms.sh); run_records.py says how arms are compared.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

from run_records import paired, spread

BASES = ("gelu", "rational")


def main(losses):
    loss = defaultdict(dict)
    with losses.open() as file:
        for line in csv.DictReader(file):
            loss[line["arm"]][int(line["seed"])] = float(line["loss"])
    print("| arm | seeds | half B | " + " | ".join(f"− {base} | 95 % interval | p, paired t" for base in BASES) + " |")
    print("|---|--:|--:|" + "--:|--:|--:|" * len(BASES))
    for arm, own in sorted(loss.items(), key=lambda item: sum(item[1].values()) / len(item[1])):
        row = f"| {arm} | {len(own)} | {spread(own.values())} |"
        for base in BASES:
            _, difference, interval, p = paired(own, loss[base])
            row += f" {difference:+.4f} | {interval[0]:+.4f} to {interval[1]:+.4f} | {p:.2g} |" if interval and arm != base else " – | – | – |"
        print(row)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
