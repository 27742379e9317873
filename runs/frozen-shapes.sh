#!/usr/bin/env bash
# Does a fixed, learned shape keep what learning it gave? The shapes that one run of runs/clean-tiny.sh learned, held as they are, against gelu
# and a rational that learns, on new seeds, in the setting of that script where rational was ahead: a deviation of 0.02.
#
#     runs/frozen-shapes.sh OUT
#
# OUT is the folder of runs/clean-tiny.sh, where normal/rational/seed-1 is finished. PLIANT names another program.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
out="$(realpath "$1")"
if [ -z "${PLIANT:-}" ]; then
    (cd "$here" && cargo build --release --quiet)
    PLIANT="${CARGO_TARGET_DIR:-$here/target}/release/pliant"
fi
pliant="$(realpath "$PLIANT")"
if [ ! -f "$out/shapes.toml" ]; then
    "$pliant" freeze "$out/normal/rational/seed-1" --out "$out/frozen-model" --library "$out/shapes.toml" --name learned
fi
"$pliant" compare --recipe "$here/recipes/wikipedia-tiny.toml" --corpus "$out/text" --set data.cache="$out/data" --set train.precision=bf16 --steps 2500 \
    --set model.initialisation=0.02 \
    --arms "gelu,rational,@$out/shapes.toml:learned" --seeds 11-13 --out "$out/frozen" --plain > "$out/frozen.log" 2>&1
echo "comparison,arm,seed,loss" > "$out/half-b-frozen.csv"
for model in "$out"/frozen/*/seed-*/model; do
    cell="${model#"$out"/}"
    IFS=/ read -r comparison arm seed _ <<< "$cell"
    loss="$("$pliant" eval --model "$model" --corpus "$out/half-b" --cache "$out/data-b" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])')"
    echo "$comparison,$arm,${seed#seed-},$loss" >> "$out/half-b-frozen.csv"
done
