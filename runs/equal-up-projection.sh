#!/usr/bin/env bash
# gelu and rational with the up-projection that the released code draws for a fixed activation, equal in both arms, on new seeds
# (docs/evidence.md, "Protocol of the pair with the larger up-projection"). Interrupt it whenever you like and call it again.
#
#     runs/equal-up-projection.sh OUT
#
# OUT is the folder of runs/clean-tiny.sh: training text, halves of the validation articles, prepared data. PLIANT names another program.
set -euo pipefail
out="$(realpath "$1")"
. "$(dirname "$0")/program.sh"
"$pliant" compare --recipe "$here/recipes/wikipedia-tiny.toml" --corpus "$out/text" --set data.cache="$out/data" --set train.precision=bf16 --steps 2500 \
    --set model.initialisation=released_equal --arms "gelu,rational" --seeds 21-28 --out "$out/equal-up" --plain > "$out/equal-up.log" 2>&1
score_half_b "$out" "$out/half-b-equal-up.csv" equal-up
