#!/usr/bin/env bash
# Does a fixed, learned shape keep what learning it gave? The shapes that one run of runs/clean-tiny.sh learned, held as they are, against gelu
# and a rational that learns, on new seeds, in the setting of that script where rational was ahead: a deviation of 0.02.
#
#     runs/frozen-shapes.sh OUT
#
# OUT is the folder of runs/clean-tiny.sh, where normal/rational/seed-1 is finished. PLIANT names another program.
set -euo pipefail
out="$(realpath "$1")"
. "$(dirname "$0")/program.sh"
if [ ! -f "$out/shapes.toml" ]; then
    "$pliant" freeze "$out/normal/rational/seed-1" --out "$out/frozen-model" --library "$out/shapes.toml" --name learned
fi
"$pliant" compare --recipe "$here/recipes/wikipedia-tiny.toml" --corpus "$out/text" --set data.cache="$out/data" --set train.precision=bf16 --steps 2500 \
    --set model.initialisation=0.02 \
    --arms "gelu,rational,@$out/shapes.toml:learned" --seeds 11-13 --out "$out/frozen" --plain > "$out/frozen.log" 2>&1
score_half_b "$out" "$out/half-b-frozen.csv" frozen
