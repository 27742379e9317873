#!/usr/bin/env bash
# gelu and rational in the paper's architecture (DeepNorm, learned positions), until the plateau of word frequencies is well behind
# (docs/evidence.md). Interrupt it whenever you like and call it again.
#
#     runs/paper-architecture.sh WIKIPEDIA OUT
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Both arms are tried with 1e-3 and 3e-3 for all weights and coefficients on seed 101 for
# 1,000 steps; each goes on with the rate that had the lower loss on half A. Then one pair of seed 51, 8,000 steps, scored on half B.
# PLIANT names another program.
set -euo pipefail
. "$(dirname "$0")/halves.sh" "$1" "$2"

# train FOLDER ARM RATE SEED STEPS …
train() {
    local status=0 folder="$out/paper-$1"
    "$pliant" compare --recipe "$here/recipes/paper-architecture.toml" --arms "$2" --corpus "$text" --set data.cache="$out/data" --seeds "$4" --steps "$5" --threads 1 --plain \
        --set optimizer.learning_rate="$3" "${@:6}" --out "$folder" > "$folder.log" 2>&1 || status=$?
    [ $status -eq 0 ] || [ $status -eq 4 ] || return 255
}
export -f train
export pliant here text out

prepare "$here/recipes/paper-architecture.toml"
for arm in gelu rational; do
    for rate in 1e-3 3e-3; do
        echo "trial-$arm-$rate $arm $rate 101 1000"
    done
done | xargs -L 1 -P 2 bash -c 'train "$@"' train
for arm in gelu rational; do
    rate="$(python3 - "$out" "$arm" <<'PYTHON'
import json, pathlib, sys

def loss(rate):
    summary = pathlib.Path(sys.argv[1], f"paper-trial-{sys.argv[2]}-{rate}", sys.argv[2], "seed-101", "summary.json")
    return json.loads(summary.read_text())["validation_loss"] if summary.is_file() else float("inf")

print(min(("1e-3", "3e-3"), key=loss))
PYTHON
)"
    echo "pair-$arm $arm $rate 51 8000"
done | xargs -L 1 -P 2 bash -c 'train "$@"' train
score_half_b "$out" "$out/half-b-paper.csv" paper-pair-gelu paper-pair-rational
