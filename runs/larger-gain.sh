#!/usr/bin/env bash
# Where a gain of the learnable activation comes from, and what makes it larger: the arms of recipes/larger-gain.toml and
# recipes/larger-gain-rates.toml with preset tiny on three seeds (docs/evidence.md). Interrupt it whenever you like and call it again.
#
#     runs/larger-gain.sh OUT
#
# OUT is the folder of runs/clean-tiny.sh: training text, half A for validation, prepared data. Everything is chosen on half A; what wins is
# confirmed elsewhere. PLIANT names another program, SEEDS other seeds than 31-33.
set -euo pipefail
out="$(realpath "$1")"
. "$(dirname "$0")/program.sh"
for recipe in larger-gain larger-gain-rates; do
    compare_all --recipe "$here/recipes/$recipe.toml" --corpus "$out/text" --set data.cache="$out/data" --seeds "${SEEDS:-31-33}" --out "$out/$recipe" --plain \
        > "$out/$recipe.log" 2>&1
done
