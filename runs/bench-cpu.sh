#!/usr/bin/env bash
# The comparison with PyTorch on this machine's CPU: ours and theirs in turn, A B A B, and the table of docs/bench/cpu.md.
#
#     runs/bench-cpu.sh
#     PAIRS=2 ROWS="step-mini-f32 infer-base-1" CORPUS=…/text VOCAB=…/vocab.txt PYTHON=…/python runs/bench-cpu.sh
#
# PAIRS   rounds of each row, 5
# ROWS    rows to measure, all of them: see below
# STEPS   timed steps of each measurement, 10
# CORPUS, VOCAB  text (file or folder) and vocab.txt for the row `data`, which is left out without them
# PYTHON  a Python with torch, numpy and tokenizers; without it one is made with venv and pip
# WORK    folder for that Python, below the build's target folder
#
# Raw outputs go to docs/bench/raw/COMMIT/ROW.jsonl, one line for each measurement. A row that has its outputs is not
# measured again, so the script goes on where it was stopped; the table is made of all that is there.
set -euo pipefail
cd "$(dirname "$0")/.."
all="step-mini-f32 step-mini-bf16 step-base-f32 step-base-bf16 rational-mini rational-base stacked-mini
activation infer-base-1 infer-base-32 data"
rows="${ROWS:-$all}"
pairs="${PAIRS:-5}"
steps="${STEPS:-10}"
target="${CARGO_TARGET_DIR:-target}"
for row in $rows; do
    if [[ " ${all//$'\n'/ } " != *" $row "* ]]; then
        echo "error: no row is called $row" >&2
        echo "hint: the rows are" $all >&2
        exit 2
    fi
done

python="${PYTHON:-}"
if [[ -z "$python" ]]; then
    work="${WORK:-$target/bench-python}"
    python="$work/bin/python"
    if [[ ! -x "$python" ]]; then
        python3 -m venv "$work"
        "$python" -m pip install --quiet torch numpy tokenizers
    fi
fi
"$python" -c 'import torch, numpy' || { echo "hint: PYTHON must name a Python with torch and numpy" >&2; exit 2; }

cargo build --release --quiet --workspace
pliant="$target/release/pliant"
# The last commit that changed the program: later ones that touch documents alone measure the same thing.
commit="$(git log -1 --format=%h --abbrev=12 -- crates Cargo.toml Cargo.lock)"
if [[ -n "$(git status --porcelain -- crates Cargo.toml Cargo.lock)" ]]; then
    commit="$commit-changed"
fi
raw="docs/bench/raw/$commit"
mkdir -p "$raw"
"$pliant" doctor --json > "$raw/machine.json"
"$python" -c 'import json, torch; print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}))' > "$raw/torch.json"

# side NAME COMMAND…: one measurement, as a line of the row's raw output.
side() {
    local name="$1"
    shift
    "$@" | "$python" -c '
import json, sys
row = {"round": int(sys.argv[1]), "side": sys.argv[2]}
print(json.dumps({**row, **json.load(sys.stdin)}))' "$round" "$name" >> "$part"
}

ours() { side "$1" "$pliant" bench "${@:2}" --steps "$steps" --json; }
torch() { side "$1" "$python" python/bench/step.py "${@:2}" --steps "$steps"; }

measure() {
    case "$1" in
    step-*)
        IFS=- read -r _ preset precision <<< "$1"
        ours "ours" step --preset "$preset" --activation rational --precision "$precision"
        torch "torch eager" --preset "$preset" --precision "$precision"
        torch "torch compile" --preset "$preset" --precision "$precision" --compile
        ;;
    rational-*)
        ours "rational" step --preset "${1#rational-}" --activation rational
        ours "gelu" step --preset "${1#rational-}" --activation gelu
        ;;
    stacked-mini)
        ours "ours" step --preset mini --activation rational
        torch "torch stacked" --preset mini --activation stacked
        ;;
    activation)
        side "ours" "$pliant" act bench rational --json
        side "torch eager" "$python" python/bench/activation.py gelu
        side "torch compile" "$python" python/bench/activation.py gelu --compile
        side "torch eager, bias" "$python" python/bench/activation.py gelu --bias
        side "torch compile, bias" "$python" python/bench/activation.py gelu --bias --compile
        ;;
    infer-*)
        IFS=- read -r _ preset batch <<< "$1"
        ours "ours" infer --preset "$preset" --activation rational --batch "$batch"
        torch "torch eager" --preset "$preset" --batch "$batch" --forward-only
        torch "torch compile" --preset "$preset" --batch "$batch" --forward-only --compile
        ;;
    data)
        side "ours" "$pliant" bench data --corpus "$CORPUS" --vocabulary "$VOCAB" --threads 2 --json
        side "tokenizers, 2 processes" "$python" python/bench/data.py --corpus "$CORPUS" --vocabulary "$VOCAB" --processes
        side "tokenizers, 2 threads" "$python" python/bench/data.py --corpus "$CORPUS" --vocabulary "$VOCAB"
        ;;
    esac
}

for row in $rows; do
    file="$raw/$row.jsonl"
    part="$raw/$row.part"
    if [[ -s "$file" ]]; then
        echo "$row: measured already" >&2
        continue
    fi
    if [[ "$row" == data && ( -z "${CORPUS:-}" || -z "${VOCAB:-}" ) ]]; then
        echo "data: left out; set CORPUS and VOCAB" >&2
        continue
    fi
    rm -f "$part"
    for round in $(seq "$pairs"); do
        echo "$row: round $round of $pairs" >&2
        measure "$row"
    done
    mv "$part" "$file"
done
"$python" python/bench/table.py "$raw" > docs/bench/cpu.md
echo "docs/bench/cpu.md" >&2
