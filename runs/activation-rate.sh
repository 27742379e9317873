#!/usr/bin/env bash
# The trial behind the default learning rate of activation coefficients, and as many trials for the GELU twin's rate
# (docs/log.md, 2026-11-23).
#
#     runs/activation-rate.sh OUT
set -euo pipefail
cd "$(dirname "$0")/.."
out="$1"
common=(--recipe recipes/default.toml --set validation.every=200 --set "data.cache=$out/data" --quiet)
for rate in 1e-4 3e-4 1e-3 3e-3 1e-2; do
    cargo run --release -- pretrain "${common[@]}" --out "$out/rational-$rate" --set "optimizer.group.activation.learning_rate=$rate"
done
for rate in 2e-3 3e-3 4e-3 6e-3 8e-3; do
    cargo run --release -- pretrain "${common[@]}" --out "$out/gelu-$rate" --set activation.function=gelu --set "optimizer.learning_rate=$rate"
done
