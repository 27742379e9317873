#!/usr/bin/env bash
# The activation kernels, ours beside PyTorch's, in one run: the raw output of docs/bench/activation-*.txt.
#
#     TORCH_ACTIVATION=…/torch_activation.py PYTHON=…/python runs/activation.sh
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TORCH_ACTIVATION:?path of torch_activation.py}"
python="${PYTHON:-python3}"
cargo build --release --quiet
pliant="${CARGO_TARGET_DIR:-target}/release/pliant"
"$pliant" doctor
for round in 1 2; do
    echo "round $round"
    "$pliant" act bench
    "$python" "$TORCH_ACTIVATION" --act gelu --act horner
    "$python" "$TORCH_ACTIVATION" --act stacked --repeats 3
done
