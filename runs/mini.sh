#!/usr/bin/env bash
# Preset mini: gelu, rational, rational as the released code initialises it, and what was confirmed with preset tiny, on three seeds
# (docs/evidence.md, "Protocol of preset mini"). Interrupt it whenever you like and call it again.
#
#     runs/mini.sh WIKIPEDIA OUT [ARM…]
#
# The ARMs are those of recipes/larger-gain.toml, whose setting holds but for the preset. Finished cells are written to OUT/mini.csv, their losses
# on half B to OUT/mini-half-b.csv; cells that these files of docs/evidence have are not trained again. PLIANT names another program.
set -euo pipefail
. "$(dirname "$0")/arms.sh" "$1" "$2"
{
    sed 's/^preset = "tiny"$/preset = "mini"/' "$here/recipes/larger-gain.toml"
    # The gelu of the released code is the arm gelu: released_equal gives both arms its weights.
    printf '\n[[arm]]\nname = "released-rational"\nset = { activation.function = "rational", model.initialisation = "released_raft" }\n'
} > "$out/mini.toml"
arms_of "$out/mini.toml" gelu rational "${@:3}" released-rational | train_arms mini 61-63
score_arms mini
