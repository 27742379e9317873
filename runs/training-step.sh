#!/usr/bin/env bash
# One training step, ours beside PyTorch's, interleaved in rounds on the same machine: the raw output of docs/bench/training-step-*.txt.
#
#     TORCH_STEP=…/torch_step.py PYTHON=…/python CORPUS=…/wikitext-2 VOCAB=…/vocab.txt runs/training-step.sh [rounds]
#
# Ours is the whole program: batches from prepared text, masking, forward, backward, clipping, AdamW, the events of the
# run; the figure is the median step. The model is the one of torch_step.py: post-LN, learned positions, dropout 0.1, the
# 30,522 words of BERT. PyTorch's side draws random ids and neither masks, clips nor records.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TORCH_STEP:?path of torch_step.py}" "${CORPUS:?text to train on}" "${VOCAB:?vocab.txt of BERT}"
python="${PYTHON:-python3}"
rounds="${1:-3}"
shape="${SHAPE:-mini}"
cargo build --release --quiet
pliant="${CARGO_TARGET_DIR:-target}/release/pliant"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat > "$work/step.toml" <<TOML
[model]
preset = "$shape"
norm = "post"
positions = "learned"
embedding_norm = true
dropout = 0.1
attention_dropout = 0.1
[data]
corpus = "$CORPUS"
tokenizer = "$VOCAB"
cache = "$work/data"
[train]
steps = 13
[checkpoint]
every = 0
[validation]
every = 0
sequences = 8
TOML

ours() {
    rm -rf "$work/run"
    "$pliant" pretrain --recipe "$work/step.toml" --set "activation.function=$1" --out "$work/run" --json --quiet 2> "$work/err" |
        "$python" -c 'import json, sys; s = json.load(sys.stdin); print(json.dumps({"peer": "pliant", "act": sys.argv[1], "ms_per_step": s["step_milliseconds"], "tokens_per_second": s["tokens_per_second"], "peak_mib": s["peak_memory_bytes"] / 2**20}))' "$1"
}

"$pliant" doctor
"$python" -c 'import torch; print("torch", torch.__version__, "threads", torch.get_num_threads())'
for round in $(seq "$rounds"); do
    echo "round $round"
    ours gelu
    "$python" "$TORCH_STEP" --shape "$shape" --act gelu
    ours rational
    "$python" "$TORCH_STEP" --shape "$shape" --act horner
    "$python" "$TORCH_STEP" --shape "$shape" --act stacked --steps 5 --warmup 2
done
