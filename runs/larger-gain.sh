#!/usr/bin/env bash
# Where a gain of the learnable activation comes from, and what makes it larger: the arms of recipes/larger-gain.toml and
# recipes/larger-gain-rates.toml with preset tiny on three seeds (docs/evidence.md). Interrupt it whenever you like and call it again.
#
#     runs/larger-gain.sh WIKIPEDIA OUT
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Everything is chosen on half A of the validation articles; what wins is confirmed
# elsewhere. Each arm is a comparison of its own, two at a time with one thread each, the most interesting first. An arm of which
# docs/evidence/larger-gain.csv has the seeds is not trained: so the runs can be spread over several machines of one processor model. What
# is finished goes into OUT/larger-gain.csv, with those lines. PLIANT names another program, SEEDS other seeds than 31-33.
set -euo pipefail
wikipedia="$(realpath "$1")"
mkdir -p "$2/larger-gain"
out="$(realpath "$2")"
. "$(dirname "$0")/program.sh"
. "$(dirname "$0")/halves.sh"
known="$here/docs/evidence/larger-gain.csv"
seeds="${SEEDS:-31-33}"

# train RECIPE ARM: a divergence is a result.
train() {
    local status=0
    "$pliant" compare --recipe "$here/recipes/$1.toml" --arms "$2" --corpus "$text" --set data.cache="$out/data" --seeds "$seeds" --threads 1 --plain \
        --out "$out/larger-gain/$2" > "$out/larger-gain/$2.log" 2>&1 || status=$?
    # To xargs, 255 means that nothing more shall be begun.
    [ $status -eq 0 ] || [ $status -eq 4 ] || exit 255
}
export -f train
export pliant here text out seeds

"$pliant" compare --recipe "$here/recipes/larger-gain.toml" --arms gelu --corpus "$text" --set data.cache="$out/data" --seeds 100 --steps 1 --set optimizer.warmup=0 --plain \
    --out "$out/larger-gain/prepare" > "$out/larger-gain/prepare.log" 2>&1
status=0
for recipe in larger-gain larger-gain-rates; do
    sed -n "/^\[\[arm\]\]\$/ { n; s/^name = \"\(.*\)\"\$/$recipe \1/p }" "$here/recipes/$recipe.toml"
done | while read -r recipe arm; do
    { [ -z "${SEEDS:-}" ] && grep -q "^$arm," "$known" 2> /dev/null; } || echo "$recipe $arm"
done | xargs -L 1 -P 2 bash -c 'train "$@"' train || status=$?
python3 "$here/runs/cells.py" "$out/larger-gain" "$known" > "$out/larger-gain.csv"
exit $status
