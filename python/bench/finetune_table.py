#!/usr/bin/env python3
"""The table of docs/bench/finetune.md from the raw outputs of runs/bench-finetune.sh, on standard output.

    python python/bench/finetune_table.py docs/bench/raw/COMMIT > docs/bench/finetune.md

A round of a task has one measurement of each side, one after the other; the ratio is taken inside the round, against the
better of PyTorch eager and `torch.compile`, and the median of the ratios counts. Needs nothing but Python.
"""
import json
import statistics
import sys
from pathlib import Path

from table import read

PADDED = ["torch eager", "torch compile"]
LONGEST = ["torch eager, padded to the longest"]
MEASURES = [
    ("gelu", "ours gelu", PADDED, "PyTorch gelu, padded to 128"),
    ("rational", "ours rational", PADDED, "PyTorch gelu, padded to 128"),
    ("gelu", "ours gelu", LONGEST, "PyTorch gelu eager, padded to the longest of the batch"),
    ("rational", "ours rational", LONGEST, "PyTorch gelu eager, padded to the longest of the batch"),
]


def speed(measurement):
    return measurement["examples_per_second"]


def main():
    raw = Path(sys.argv[1])
    machine = json.loads((raw / "machine.json").read_text())
    torch = json.loads((raw / "torch.json").read_text())
    tasks = {file.stem.removeprefix("finetune-"): read(file) for file in sorted(raw.glob("finetune-*.jsonl"))}
    features = " ".join(feature["name"] for feature in machine["features"] if feature["found"])
    print("# Fine-tuning beside PyTorch on a CPU\n")
    print("Written by `python/bench/finetune_table.py` from the raw outputs of [`runs/bench-finetune.sh`](../../runs/bench-finetune.sh); do not edit.\n")
    print(f"- commit `{raw.name}`, raw outputs in [`raw/{raw.name}`](raw/{raw.name})")
    print(f"- {machine['processor']}, {machine['cores']} cores, {machine['threads']} threads; {features}")
    print(f"- PyTorch {torch['torch']}, {torch['threads']} threads\n")
    print("A classifier of size mini, 30,522 words, all of it trained in f32 with batches of 32 rows, dropout 0.1, clipping and AdamW, on the rows of")
    print("tasks of GLUE cut to 128 tokens. Ours and theirs ran in turn. Both count real rows per second; a ratio is taken inside a round, against the")
    print("better of the named sides; the median of the rounds counts, the least and the greatest stand behind it.\n")
    print("| task | tokens per row | ours | beside | median | of the rounds | rounds |")
    print("|---|--:|---|---|--:|--:|--:|")
    for task, rounds in tasks.items():
        for name, ours, theirs, beside in MEASURES:
            found = [speed(sides[ours]) / max(speed(sides[side]) for side in theirs) for sides in rounds.values()]
            lengths = [sides[ours]["tokens"] / sides[ours]["examples"] for sides in rounds.values()]
            print(
                f"| {task} | {statistics.median(lengths):.0f} | {name} | {beside} | {statistics.median(found):.2f} "
                f"| {min(found):.2f} to {max(found):.2f} | {len(found)} |"
            )
    print("\n## Each measurement\n")
    print("| task | round | side | examples per second | ms per step, median |")
    print("|---|--:|---|--:|--:|")
    for task, rounds in tasks.items():
        for number, sides in rounds.items():
            for side, measurement in sides.items():
                print(f"| {task} | {number} | {side} | {speed(measurement):.1f} | {measurement['ms_per_step']['median']:.1f} |")


if __name__ == "__main__":
    main()
