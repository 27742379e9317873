# Sourced with WIKIPEDIA OUT, as halves.sh, by scripts that train each arm of a recipe with each seed as a comparison of its own, two at a time with one
# thread each. Cells that docs/evidence has are not trained, so that runs can be spread over several machines of one processor model.
. "$(dirname "${BASH_SOURCE[0]}")/halves.sh" "$@"

# known NAME: the file of docs/evidence, which need not exist, with the cells NAME. Cells have the same bytes on processors of one model only; those
# of AVX-512 have the plain name, those of another level of instructions are in files of their own.
known() {
    local level
    level="$("$pliant" doctor --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["level"])')"
    [ "$level" = avx512 ] && level="" || level="-$level"
    echo "$here/docs/evidence/$1$level.csv"
}

# arms_of RECIPE [ARM…]: a line "RECIPE ARM" for each arm of the recipe, or for those that are named.
arms_of() {
    local recipe="$1" wanted=" ${*:2} " arm
    sed -n '/^\[\[arm\]\]$/ { n; s/^name = "\(.*\)"$/\1/p }' "$recipe" | while read -r arm; do
        [ -z "${wanted// /}" ] || [[ "$wanted" == *" $arm "* ]] || continue
        echo "$recipe $arm"
    done
}

# train_cell RECIPE ARM SEED: a divergence is a result.
train_cell() {
    local status=0
    "$pliant" compare --recipe "$1" --arms "$2" --corpus "$text" --set data.cache="$out/data" --seeds "$3" --threads 1 --plain \
        --out "$out/$cells/$2-$3" > "$out/$cells/$2-$3.log" 2>&1 || status=$?
    # To xargs, 255 means that nothing more shall be begun.
    [ $status -eq 0 ] || [ $status -eq 4 ] || exit 255
}
export -f train_cell

# train_arms CELLS SEEDS: the arms of standard input (lines of arms_of) with the seeds FIRST-LAST into $out/CELLS; what is finished there goes into
# $out/CELLS.csv, behind the cells that are known.
train_arms() {
    local recipe arm seed known prepared="" status=0
    known="$(known "$1")"
    export cells="$1" pliant text out
    mkdir -p "$out/$cells"
    while read -r recipe arm; do
        for seed in $(seq "${2%-*}" "${2#*-}"); do
            ! grep -q "^$arm,$seed," "$known" 2> /dev/null || continue
            if [ -z "$prepared" ]; then
                prepared=yes
                prepare "$recipe"
            fi
            echo "$recipe $arm $seed"
        done
    done | xargs -r -L 1 -P 2 bash -c 'train_cell "$@"' train_cell || status=$?
    python3 "$here/runs/cells.py" "$out/$cells" "$known" > "$out/$cells.csv"
    return $status
}

# score_arms CELLS: the loss of every finished model of $out/CELLS on half B into $out/CELLS-half-b.csv, behind those that are known.
score_arms() {
    local results comparisons=()
    for results in "$out/$1"/*/results.json; do
        comparisons+=("$1/$(basename "$(dirname "$results")")")
    done
    score_half_b "$out" "$out/scored.csv" "${comparisons[@]}"
    {
        cat "$(known "$1-half-b")" 2> /dev/null || echo "arm,seed,loss"
        tail -n +2 "$out/scored.csv" | cut -d, -f2-
    } | awk -F, '!seen[$1 "," $2]++' > "$out/$1-half-b.csv"
}

# join_arms CELLS RECIPE SEEDS ARM…: the cells of $out/CELLS as one comparison in $out/CELLS-joined: the program holds the hashes of their weights,
# batches and masks together and draws its report. Without cells that were trained on another machine there is nothing whole to join.
join_arms() {
    local cells="$1" recipe="$2" seeds="$3" arm seed comparisons=()
    shift 3
    for arm in "$@"; do
        for seed in $(seq "${seeds%-*}" "${seeds#*-}"); do
            if [ ! -f "$out/$cells/$arm-$seed/compare.json" ]; then
                echo "$cells: $arm with seed $seed is not among the runs of this folder, so they are not drawn together" >&2
                return
            fi
            comparisons+=("$out/$cells/$arm-$seed")
        done
    done
    python3 "$here/runs/join.py" "$recipe" "$out/$cells-joined" "${comparisons[@]}"
    compare_all --recipe "$recipe" --arms "$(IFS=,; echo "$*")" --corpus "$text" --set data.cache="$out/data" --seeds "$seeds" --threads 1 --plain \
        --out "$out/$cells-joined" > "$out/$cells-joined.log" 2>&1
}
