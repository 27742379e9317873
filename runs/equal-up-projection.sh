#!/usr/bin/env bash
# gelu and rational with the up-projection that the released code draws for a fixed activation, equal in both arms, on new seeds
# (docs/evidence.md, "Protocol of the pair with the larger up-projection"). Interrupt it whenever you like and call it again.
#
#     runs/equal-up-projection.sh OUT
#
# OUT is the folder of runs/clean-tiny.sh: training text, halves of the validation articles, prepared data. PLIANT names another program.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
out="$(realpath "$1")"
if [ -z "${PLIANT:-}" ]; then
    (cd "$here" && cargo build --release --quiet)
    PLIANT="${CARGO_TARGET_DIR:-$here/target}/release/pliant"
fi
pliant="$(realpath "$PLIANT")"
"$pliant" compare --recipe "$here/recipes/wikipedia-tiny.toml" --corpus "$out/text" --set data.cache="$out/data" --set train.precision=bf16 --steps 2500 \
    --set model.initialisation=released_equal --arms "gelu,rational" --seeds 21-28 --out "$out/equal-up" --plain > "$out/equal-up.log" 2>&1
echo "comparison,arm,seed,loss" > "$out/half-b-equal-up.csv"
for model in "$out"/equal-up/*/seed-*/model; do
    cell="${model#"$out"/}"
    IFS=/ read -r comparison arm seed _ <<< "$cell"
    loss="$("$pliant" eval --model "$model" --corpus "$out/half-b" --cache "$out/data-b" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])')"
    echo "$comparison,$arm,${seed#seed-},$loss" >> "$out/half-b-equal-up.csv"
done
