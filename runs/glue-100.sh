#!/usr/bin/env bash
# The fine-tuning tables of docs/evidence.md: a pair of encoders pre-trained on Wikipedia text, then fine-tuned on seven tasks of
# GLUE with 100 rows each, in every mode. Interrupt it whenever you like and call it again.
#
#     runs/glue-100.sh FOLDER-OF-TEXT GLUE-FOLDER [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
text="$(realpath "$1")"
glue="$(realpath "$2")"
out="${3:-glue-100}"
mkdir -p "$out"
out="$(realpath "$out")"
cargo build --release --quiet
pliant="${CARGO_TARGET_DIR:-$PWD/target}/release/pliant"
pliant="$(realpath "$pliant")"
"$pliant" compare --recipe recipes/wikipedia-mini.toml --corpus "$text" --arms "gelu,rational" --seeds 1 --out "$out/wikipedia-mini"
# The recipe's paths are relative to the working directory.
sed "s|^data = .*|data = \"$glue\"|" recipes/glue-100.toml > "$out/glue-100.toml"
cd "$out"
"$pliant" sweep glue-100.toml --out sweep
