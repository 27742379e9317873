#!/usr/bin/env bash
# The comparison of docs/evidence.md on Wikipedia text. Interrupt it whenever you like and call it again.
#
#     runs/wikipedia-tiny.sh FOLDER-OF-TEXT [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --release -- compare --recipe recipes/wikipedia-tiny.toml --corpus "$1" --seeds 1,2,3 --out "${2:-wikipedia-tiny}"
