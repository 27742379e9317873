#!/usr/bin/env python3
"""The table of docs/bench/cpu.md from the raw outputs of runs/bench-cpu.sh, on standard output.

    python python/bench/table.py docs/bench/raw/COMMIT > docs/bench/cpu.md

A round of a row has one measurement of each side, one after the other; the ratio is taken inside the round, against the
better of the other sides, and the median of the ratios counts. Needs nothing but Python.
"""
import json
import statistics
import sys
from pathlib import Path


def tokens(measurement):
    return measurement["tokens_per_second"]


def memory(measurement):
    return measurement["peak_rss_mib"]


def activation(name):
    """Nanoseconds of one activation, from our report of several or from PyTorch's of one."""

    def nanoseconds(measurement):
        rows = measurement.get("results", [measurement])
        return next(row["forward_backward"] for row in rows if row["activation"].split("(")[0] == name)

    return nanoseconds


def ratios(rounds, ours, theirs, ours_value, theirs_value=None, less_is_better=False):
    """One ratio per round, ours over the better of theirs, or theirs over ours where less is better."""
    found = []
    for sides in rounds.values():
        best = min if less_is_better else max
        other = best((theirs_value or ours_value)(sides[name]) for name in theirs)
        own = ours_value(sides[ours])
        found.append(other / own if less_is_better else own / other)
    return found


TORCH = ["torch eager", "torch compile"]


def step(rounds):
    return ratios(rounds, "ours", TORCH, tokens)


def step_memory(rounds):
    # Ours over theirs: here a small ratio is good.
    return [1 / ratio for ratio in ratios(rounds, "ours", TORCH, memory, less_is_better=True)]


# Row, what is compared, ratios of its rounds, target, whether the ratio must stay below it.
MEASURES = [
    ("step-mini-f32", "step mini, f32, rational over PyTorch gelu, tokens/s", step, 1.5, False),
    ("step-base-f32", "step base, f32, rational over PyTorch gelu, tokens/s", step, 1.4, False),
    ("step-mini-bf16", "step mini, bf16, rational over PyTorch gelu, tokens/s", step, 1.4, False),
    ("step-base-bf16", "step base, bf16, rational over PyTorch gelu, tokens/s", step, 1.4, False),
    ("rational-mini", "step mini, rational over gelu, both ours, tokens/s", lambda rounds: ratios(rounds, "rational", ["gelu"], tokens), 1.0, False),
    ("rational-base", "step base, rational over gelu, both ours, tokens/s", lambda rounds: ratios(rounds, "rational", ["gelu"], tokens), 1.0, False),
    ("stacked-mini", "step mini, rational over PyTorch rational as a stack of powers, tokens/s", lambda rounds: ratios(rounds, "ours", ["torch stacked"], tokens), 3.6, False),
    ("step-mini-f32", "peak memory of a step mini, f32, of PyTorch's", step_memory, 0.4, True),
    ("step-base-f32", "peak memory of a step base, f32, of PyTorch's", step_memory, 0.62, True),
    ("step-mini-bf16", "peak memory of a step mini, bf16, of PyTorch's", step_memory, 0.4, True),
    ("step-base-bf16", "peak memory of a step base, bf16, of PyTorch's", step_memory, 0.62, True),
    ("activation", "rational forward + backward, PyTorch gelu's time over ours", lambda rounds: ratios(rounds, "ours", TORCH, activation("rational"), activation("gelu"), True), 2.0, False),
    ("activation", "the same, PyTorch with the bias that ours adds as well", lambda rounds: ratios(rounds, "ours", [f"{side}, bias" for side in TORCH], activation("rational"), activation("gelu"), True), None, False),
    ("activation", "rational forward + backward, share of copy bandwidth", lambda rounds: [copy_share(sides["ours"]) for sides in rounds.values()], 0.8, False),
    ("infer-base-1", "inference base, batch 1, f32, over PyTorch, tokens/s", step, 1.2, False),
    ("infer-base-32", "inference base, batch 32, f32, over PyTorch, tokens/s", step, 1.2, False),
    ("data", "preparation of text, over `tokenizers` from Python, tokens/s", lambda rounds: ratios(rounds, "ours", ["tokenizers, 2 processes", "tokenizers, 2 threads"], tokens), 1.5, False),
]


def copy_share(report):
    return next(row["share_of_copy"] for row in report["results"] if row["activation"].split("(")[0] == "rational")


def read(file):
    """Measurements by round and side."""
    rounds = {}
    for line in file.read_text().splitlines():
        measurement = json.loads(line)
        rounds.setdefault(measurement["round"], {})[measurement["side"]] = measurement
    return rounds


def figure(measurement):
    """The median of one measurement, in its own unit."""
    if "ms_per_step" in measurement:
        return f"{measurement['ms_per_step']['median']:.1f} ms, {measurement['peak_rss_mib']:.0f} MiB"
    if "ms" in measurement:
        return f"{measurement['megabytes_per_second']:.1f} MB/s"
    rows = measurement.get("results", [measurement])
    return ", ".join(f"{row['activation']} {row['forward_backward']:.2f} ns" for row in rows)


def main():
    raw = Path(sys.argv[1])
    machine = json.loads((raw / "machine.json").read_text())
    torch = json.loads((raw / "torch.json").read_text())
    # The rows of fine-tuning have a table of their own.
    rows = {file.stem: read(file) for file in sorted(raw.glob("*.jsonl")) if not file.stem.startswith("finetune-")}
    features = " ".join(feature["name"] for feature in machine["features"] if feature["found"])
    print("# Beside PyTorch on a CPU\n")
    print("Written by `python/bench/table.py` from the raw outputs of [`runs/bench-cpu.sh`](../../runs/bench-cpu.sh); do not edit.\n")
    print(f"- commit `{raw.name}`, raw outputs in [`raw/{raw.name}`](raw/{raw.name})")
    print(f"- {machine['processor']}, {machine['cores']} cores, {machine['threads']} threads; {features}")
    print(f"- PyTorch {torch['torch']}, {torch['threads']} threads; `gelu` is its exact GELU, bf16 its autocast\n")
    print("Ours and theirs ran in turn. A ratio is taken inside a round, against the better of PyTorch eager and `torch.compile`; the")
    print("median of the rounds counts, the least and the greatest stand behind it. Peak memory is that of the process, libraries included.\n")
    print("| measure | target | median | of the rounds | rounds | reached |")
    print("|---|--:|--:|--:|--:|---|")
    for row, name, compute, target, below in MEASURES:
        sign = "≤" if below else "≥"
        wanted = "" if target is None else f"{sign} {target:g}"
        if row not in rows:
            print(f"| {name} | {wanted} | not measured | | | |")
            continue
        found = compute(rows[row])
        median = statistics.median(found)
        reached = "" if target is None else "yes" if (median <= target if below else median >= target) else "no"
        print(f"| {name} | {wanted} | {median:.2f} | {min(found):.2f} to {max(found):.2f} | {len(found)} | {reached} |")
    print("\n## Medians of each measurement\n")
    print("| row | round | side | figure |")
    print("|---|--:|---|---|")
    for row, rounds in rows.items():
        for number, sides in rounds.items():
            for side, measurement in sides.items():
                print(f"| {row} | {number} | {side} | {figure(measurement)} |")


if __name__ == "__main__":
    main()
