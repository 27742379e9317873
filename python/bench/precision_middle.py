"""Distances between the loss curves of runs/precision-middle.sh; writes them step by step to a CSV file.

    python precision_middle.py OUT FROM STEPS FILE.csv
"""

import json
import sys
from pathlib import Path

NAMES = ["f32", "bf16", "f32-vectors"]


def losses(path):
    events = map(json.loads, path.read_text().splitlines())
    return {event["step"]: event["loss"] for event in events if event["event"] == "step"}


def main(out, start, steps, table):
    runs = {name: losses(out / name / "metrics.jsonl") for name in NAMES}
    span = range(start + 1, start + steps + 1)
    rows = [",".join([str(step)] + [f"{runs[name][step]:.6f}" for name in NAMES]) for step in span]
    table.write_text("\n".join(["step," + ",".join(NAMES)] + rows) + "\n")
    for name in NAMES[1:]:
        for window in (1, 20, 100):
            mean = lambda run, last: sum(run[step] for step in range(last - window + 1, last + 1)) / window
            ends = span[window - 1 :]
            apart = [(mean(runs[name], last) - mean(runs["f32"], last)) / mean(runs["f32"], last) for last in ends]
            worst = max(range(len(apart)), key=lambda index: abs(apart[index]))
            print(
                f"{name:11} means over {window:3} steps: at most {abs(apart[worst]):.2%} from f32 (step {ends[worst]}),"
                f" on average {sum(map(abs, apart)) / len(apart):.3%}, at the end {apart[-1]:+.2%}"
            )


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
