#!/usr/bin/env bash
# Where a gain of the learnable activation comes from, and what makes it larger: the arms of recipes/larger-gain.toml and
# recipes/larger-gain-rates.toml with preset tiny on three seeds (docs/evidence.md). Interrupt it whenever you like and call it again.
#
#     runs/larger-gain.sh WIKIPEDIA OUT [ARM…]
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Everything is chosen on half A of the validation articles; what wins is confirmed by
# runs/confirm-gain.sh. Cells that docs/evidence/larger-gain.csv has are not trained; what is finished goes into
# OUT/larger-gain.csv, behind those lines. Without ARMs all are trained, the most interesting first. PLIANT names another program.
set -euo pipefail
. "$(dirname "$0")/arms.sh" "$1" "$2"
for recipe in larger-gain larger-gain-rates; do
    arms_of "$here/recipes/$recipe.toml" "${@:3}"
done | train_arms larger-gain 31-33
