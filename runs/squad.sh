#!/usr/bin/env bash
# The question-answering tables of docs/evidence.md: the pair that runs/glue-100.sh pre-trains, fine-tuned on SQuAD v1.1 with
# 1,000 questions and with all, then scored on files it has not seen. Interrupt it whenever you like and call it again.
#
#     runs/squad.sh PAIR SQUAD-FOLDER OUT FILE.json…
#
# PAIR is the folder of the finished `pliant compare` (…/wikipedia-mini); FILE.json are in the form of SQuAD. Two sweeps work on
# one folder with a thread each, which is faster than one with two. Writes OUT/transfer.csv; PLIANT names another program.
set -euo pipefail
pair="$(realpath "$1")"
squad="$(realpath "$2")"
mkdir -p "$3"
out="$(realpath "$3")"
shift 3
. "$(dirname "$0")/program.sh"
for recipe in squad-full squad; do
    sed -e "s|^data = .*|data = \"$squad\"|" -e "s|\"wikipedia-mini/|\"$pair/|" "$here/recipes/$recipe.toml" > "$out/$recipe.toml"
    for _ in 1 2; do
        "$pliant" sweep "$out/$recipe.toml" --out "$out/$recipe" --threads 1 --quiet &
        sleep 3
    done
    wait
    "$pliant" sweep "$out/$recipe.toml" --out "$out/$recipe"
done
echo "size,arm,seed,file,exact_match,f1,questions" > "$out/transfer.csv"
for model in "$out"/squad*/cells/squad/full/*/*/seed-*/run/model; do
    cell="${model#*/cells/squad/full/}"
    IFS=/ read -r size arm seed _ <<< "$cell"
    for file in "$@"; do
        "$pliant" eval --model "$model" --task squad --data "$file" --json |
            python3 -c 'import json, sys; r = json.load(sys.stdin); print(*sys.argv[1:], r["metrics"]["exact_match"], r["metrics"]["f1"], r["rows"], sep=",")' \
                "$size" "$arm" "${seed#seed-}" "$(basename "$file")" >> "$out/transfer.csv"
    done
done
