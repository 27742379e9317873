#!/usr/bin/env bash
# gelu and rational in the setting in which both are best, on twenty-four new seeds (docs/evidence.md, "Protocol of the pair that decides").
# Interrupt it whenever you like and call it again.
#
#     runs/decide-pair.sh WIKIPEDIA OUT
#
# Finished cells are written to OUT/decide-pair.csv, their losses on half B to OUT/decide-pair-half-b.csv, the report of all of them to
# OUT/decide-pair-joined; cells that these files of docs/evidence have for this kind of processor are not trained again. PLIANT names another program.
set -euo pipefail
. "$(dirname "$0")/arms.sh" "$1" "$2"
arms_of "$here/recipes/larger-gain.toml" gelu rational | train_arms decide-pair 71-94
score_arms decide-pair
join_arms decide-pair "$here/recipes/larger-gain.toml" 71-94 gelu rational
