#!/usr/bin/env bash
# What a training step costs with gelu and with rational: preset tiny on Wikipedia, bf16, both in turn, five rounds of 250 steps. The
# machine should be idle.
#
#     runs/clean-cost.sh OUT > docs/bench/clean-cost.txt
#
# OUT is the folder of runs/clean-tiny.sh, whose text and prepared data are used. PLIANT names another program.
set -euo pipefail
out="$(realpath "$1")"
. "$(dirname "$0")/program.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$pliant" --version
"$pliant" doctor | head -12
echo "round  gelu ms  rational ms  ratio"
for round in 1 2 3 4 5; do
    for arm in gelu rational; do
        "$pliant" compare --recipe "$here/recipes/wikipedia-tiny.toml" --corpus "$out/text" --set data.cache="$out/data" --set train.precision=bf16 \
            --set validation.every=250 --set validation.sequences=64 --set checkpoint.every=250 --arms $arm --seeds 1 --steps 250 --quiet \
            --out "$work/$arm-$round" > /dev/null 2>&1
    done
    python3 - "$work" "$round" <<'PYTHON'
import json
import sys
from statistics import median

work, number = sys.argv[1:]
times = []
for arm in ("gelu", "rational"):
    with open(f"{work}/{arm}-{number}/{arm}/seed-1/metrics.jsonl") as lines:
        steps = [event["milliseconds"] for event in map(json.loads, lines) if event["event"] == "step"]
    times.append(median(steps))
print(f"{number:>5}  {times[0]:7.2f}  {times[1]:11.2f}  {times[1] / times[0]:.4f}")
PYTHON
done
