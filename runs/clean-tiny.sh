#!/usr/bin/env bash
# The clean comparison of preset tiny on Wikipedia (docs/evidence.md, "Protocol of the clean comparison"). Interrupt it whenever
# you like and call it again: finished runs are kept, the one under way goes on where it was.
#
#     runs/clean-tiny.sh WIKIPEDIA OUT
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Validation articles whose checksum is even go to half A, on which everything is
# chosen; the others to half B, on which the finished models are scored once, into OUT/half-b.csv. PLIANT names another program.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
wikipedia="$(realpath "$1")"
mkdir -p "$2"
out="$(realpath "$2")"
if [ -z "${PLIANT:-}" ]; then
    (cd "$here" && cargo build --release --quiet)
    PLIANT="${CARGO_TARGET_DIR:-$here/target}/release/pliant"
fi
pliant="$(realpath "$PLIANT")"
recipe="$here/recipes/wikipedia-tiny.toml"

# The halves.
text="$out/text"
if [ ! -f "$text/done" ]; then
    mkdir -p "$text" "$out/half-b"
    for file in "$wikipedia"/train*; do
        ln -sf "$file" "$text/"
    done
    xz -dc "$wikipedia"/valid.txt.xz | python3 -c '
import sys, zlib
halves = [open(path, "w") for path in sys.argv[1:]]
for article in sys.stdin.read().split("\n\n"):
    if article.strip():
        halves[zlib.crc32(article.strip().encode()) % 2].write(article.strip() + "\n\n")
' "$text/valid.txt" "$out/half-b/valid.txt"
    touch "$text/done"
fi
compare() {
    local name="$1"
    shift
    "$pliant" compare --recipe "$recipe" --corpus "$text" --set data.cache="$out/data" --out "$out/$name" --plain "$@"
}

# 1. Three learning rates of all weights for either arm, on a seed that is used for nothing else; the coefficients have the same.
for rate in 1.5e-3 3e-3 6e-3; do
    compare "trial-$rate" --arms "gelu,rational" --seeds 101 --set optimizer.learning_rate=$rate --set optimizer.group.activation.learning_rate=$rate
done
# 2. The pair, eight seeds.
compare pair --arms "gelu,rational" --seeds 1-8
# 3. Initialisation as in the released code, where it is unequal.
compare released --arms "gelu,rational" --seeds 1-3 --set model.initialisation=released_raft
# 4. The other arms.
compare others --arms "gelu,relu,silu,rational(start=gelu_2020),rational(form=b)" --seeds 1-3

echo "comparison,arm,seed,loss" > "$out/half-b.csv"
for model in "$out"/{pair,released,others}/*/seed-*/model; do
    [ -d "$model" ] || continue
    cell="${model#"$out"/}"
    IFS=/ read -r comparison arm seed _ <<< "$cell"
    loss="$("$pliant" eval --model "$model" --corpus "$out/half-b" --cache "$out/data-b" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])')"
    echo "$comparison,$arm,${seed#seed-},$loss" >> "$out/half-b.csv"
done
