# Sourced by the scripts of this folder: `here` (the repository), `pliant` (the program that PLIANT names, or the release, built first), and
# what several of them do with it.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ -z "${PLIANT:-}" ]; then
    (cd "$here" && cargo build --release --quiet)
    PLIANT="${CARGO_TARGET_DIR:-$here/target}/release/pliant"
fi
pliant="$(realpath "$PLIANT")"

# compare_all …: `pliant compare …`. A run that diverged is a result, and the others are trained.
compare_all() {
    "$pliant" compare "$@" || [ $? -eq 4 ]
}

# score_half_b OUT CSV COMPARISON…: the loss of every finished model of these comparisons on half B of the validation articles.
score_half_b() {
    local out="$1" file="$2" model cell comparison arm seed loss
    shift 2
    echo "comparison,arm,seed,loss" > "$file"
    for comparison in "$@"; do
        for model in "$out/$comparison"/*/seed-*/model; do
            [ -d "$model" ] || continue
            cell="${model#"$out/$comparison"/}"
            IFS=/ read -r arm seed _ <<< "$cell"
            loss="$("$pliant" eval --model "$model" --corpus "$out/half-b" --cache "$out/data-b" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])')"
            echo "$comparison,$arm,${seed#seed-},$loss" >> "$file"
        done
    done
}
