"""Finished cells of comparisons, a line each, behind those that are known already.

    python runs/cells.py FOLDER KNOWN > cells.csv

FOLDER holds comparisons whose names do not matter; KNOWN is a file of this kind, which need not exist. A run that diverged has no loss. The hashes
are those of initial weights, batches and masks, by which twins are told.
"""

import csv
import json
import sys
from pathlib import Path

from run_records import diverged, plateau

COLUMNS = ("arm", "seed", "validation_loss", "left_plateau", "diverged", "step_milliseconds", "initial_weights", "batches", "masks", "program")


def cell(run, program):
    """The line of a finished or diverged run, none of another."""
    line = {"arm": run.parent.name, "seed": run.name.removeprefix("seed-"), "program": program}
    summary = run / "summary.json"
    if summary.is_file():
        result = json.loads(summary.read_text())
        line |= {"validation_loss": repr(result["validation_loss"]), "left_plateau": plateau(run), "step_milliseconds": f"{result['step_milliseconds']:.1f}"}
        line |= {name: digest[:12] for name, digest in result["fairness"].items()}
        return line
    step = diverged(run) if (run / "metrics.jsonl").is_file() else None
    return line | {"diverged": step} if step is not None else None


def main(folder, known):
    lines = []
    if known.is_file():
        with known.open() as file:
            lines = list(csv.DictReader(file))
    have = {(line["arm"], line["seed"]) for line in lines}
    for results in sorted(folder.glob("*/results.json")):
        program = json.loads(results.read_text())["origin"]["version"]
        for run in sorted(results.parent.glob("*/seed-*")):
            line = cell(run, program)
            if line and (line["arm"], line["seed"]) not in have:
                lines.append(line)
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
