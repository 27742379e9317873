#!/usr/bin/env bash
# bf16 beside f32 from one state in the middle of a run, past the plateau of word frequencies, and beside f32 with other
# instructions, which round differently. The raw output of docs/bench/precision-middle.csv.
#
#     CORPUS=…/wikipedia [ARM=rational] [FROM=2000] [STEPS=500] [PLIANT=target/release/pliant] runs/precision-middle.sh OUT
#
# Trains recipes/wikipedia-mini.toml in OUT/start to step FROM, copies the folder three times and goes on with each.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CORPUS:?folder of text}"
out="$(realpath -m "$1")"
arm="${ARM:-rational}" from="${FROM:-2000}" steps="${STEPS:-500}"
if [ -z "${PLIANT:-}" ]; then
    cargo build --release --quiet
    PLIANT="${CARGO_TARGET_DIR:-target}/release/pliant"
fi
until_step() { # step folder command…: ends the run a little after the step, with a checkpoint
    local step="$1" folder="$2"
    shift 2
    "$@" & local pid=$!
    until grep -qs "\"event\":\"step\",\"step\":$step," "$folder/metrics.jsonl" || ! kill -0 $pid 2>/dev/null; do sleep 0.2; done
    kill -INT $pid 2>/dev/null || true
    wait $pid || true
}
mkdir -p "$out"
until_step "$from" "$out/start" "$PLIANT" pretrain --recipe recipes/wikipedia-mini.toml --out "$out/start" --quiet \
    --set "data.corpus=$CORPUS" --set "data.cache=$out/data" --set "activation.function=$arm" --set validation.every=0
for name in f32 bf16 f32-vectors; do
    cp -a "$out/start" "$out/$name"
    sed -i "s/^precision = .*/precision = \"${name%-vectors}\"/" "$out/$name/recipe.toml"
    PLIANT_SIMD="$([ "$name" = f32-vectors ] && echo avx2 || echo amx)" \
        until_step $((from + steps + 20)) "$out/$name" "$PLIANT" pretrain --out "$out/$name" --resume --quiet
done
python3 python/bench/precision_middle.py "$out" "$from" "$steps" docs/bench/precision-middle.csv
