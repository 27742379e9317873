#!/usr/bin/env bash
# What came out ahead in runs/larger-gain.sh, on eight new seeds and the other half of the validation articles (docs/evidence.md, "Protocol of
# where a gain comes from"). Interrupt it whenever you like and call it again.
#
#     runs/confirm-gain.sh WIKIPEDIA OUT ARM…
#
# The ARMs are trained (gelu and rational too where they are named). Finished cells are written to OUT/confirm-gain.csv, their losses on half B to
# OUT/confirm-gain-half-b.csv; cells that these files of docs/evidence have for this kind of processor are not trained again. PLIANT names
# another program.
set -euo pipefail
. "$(dirname "$0")/arms.sh" "$1" "$2"
for recipe in larger-gain larger-gain-rates; do
    # The ends are compared, so validation waits for the end.
    sed 's/^every = 250$/every = 2500/' "$here/recipes/$recipe.toml" > "$out/$recipe.toml"
    arms_of "$out/$recipe.toml" "${@:3}"
done | train_arms confirm-gain 41-48
score_arms confirm-gain
