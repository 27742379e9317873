#!/usr/bin/env bash
# Pictures of what every learnable arm of runs/zoo.sh learned: mean over the finished seeds and band from the lowest to the highest.
#
#     runs/zoo-shapes.sh OUT PICTURES
#
# OUT is the folder of runs/zoo.sh; PICTURES gets ARM.svg for every arm with coefficients. PLIANT names another program.
set -euo pipefail
out="$(realpath "$1")"
mkdir -p "$2"
pictures="$(realpath "$2")"
. "$(dirname "$0")/program.sh"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for arm in "$out"/arms/*/; do
    name="$(basename "$arm")"
    runs=()
    for summary in "$arm"seed-*/summary.json; do
        [ -f "$summary" ] || continue
        # Nothing is learned where there are no coefficients.
        python3 -c 'import json, sys; sys.exit(not json.load(open(sys.argv[1]))["coefficients"])' "$summary" && runs+=("$(dirname "$summary")")
    done
    [ ${#runs[@]} -gt 0 ] || continue
    "$pliant" shapes "${runs[@]}" --out "$work/$name" --quiet > /dev/null
    if [ -f "$work/$name/seeds.svg" ]; then
        cp "$work/$name/seeds.svg" "$pictures/$name.svg"
    else
        cp "$work/$name/shapes.svg" "$pictures/$name.svg"
    fi
done
