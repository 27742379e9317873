#!/usr/bin/env bash
# What a confirmed arm means downstream: gelu and that arm with preset mini, pre-trained on 49 million tokens, then fine-tuned on seven tasks of GLUE
# with 100 examples each, ten seeds (docs/evidence.md). Interrupt it whenever you like and call it again.
#
#     runs/downstream.sh WIKIPEDIA GLUE OUT ARM
#
# ARM is one of recipes/larger-gain.toml; setting and seed of the pre-training are those of recipes/wikipedia-mini.toml but for the initialisation,
# which is that of the arm. MODES are the modes of fine-tuning (full and activations, if it does not say otherwise), PLIANT names another program.
set -euo pipefail
glue="$(realpath "$2")"
arm="$4"
. "$(dirname "$0")/halves.sh" "$1" "$3"
{
    cat "$here/recipes/wikipedia-mini.toml"
    sed -n '/^\[\[arm\]\]$/,$p' "$here/recipes/larger-gain.toml"
} > "$out/pre-training.toml"
pre_train() {
    "$pliant" compare --recipe "$out/pre-training.toml" --arms "$1" --corpus "$text" --set data.cache="$out/data" --set model.initialisation=released_equal --seeds 1 --threads 1 \
        --plain --out "$out/pre-training-$1" > "$out/pre-training-$1.log" 2>&1
}
export -f pre_train
export pliant text out
prepare "$out/pre-training.toml"
printf '%s\n' gelu "$arm" | xargs -L 1 -P 2 bash -c 'pre_train "$1"' pre_train
python3 - "$here/recipes/glue-100.toml" "$glue" "$arm" "${MODES:-full activations}" > "$out/downstream.toml" <<'PYTHON'
import json, re, sys

recipe, glue, arm, modes = sys.argv[1:]
text = open(recipe).read().partition("[[model]]")[0]
text = re.sub(r"(?m)^data = .*$", f"data = {json.dumps(glue)}", text)
text = re.sub(r"(?m)^modes = .*$", f"modes = {json.dumps(modes.split())}", text)
print(text, end="")
for name in ("gelu", arm):
    print(f'[[model]]\nname = "{name}"\nfolder = "pre-training-{name}/{name}/seed-1/model"\n')
PYTHON
cd "$out"
"$pliant" sweep downstream.toml --out sweep --plain
