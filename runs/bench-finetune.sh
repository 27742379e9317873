#!/usr/bin/env bash
# Fine-tuning beside PyTorch on this machine's CPU: a mini classifier on rows of GLUE, ours with batches of like lengths and
# nothing computed for padding, PyTorch's padded to 128 tokens, in turn, A B A B; the table of docs/bench/finetune.md.
#
#     GLUE=…/glue VOCAB=…/vocab.txt runs/bench-finetune.sh
#     GLUE=…/glue VOCAB=…/vocab.txt PAIRS=1 TASKS=rte STEPS=5 PYTHON=…/python runs/bench-finetune.sh
#
# GLUE    folder of GLUE
# VOCAB   vocab.txt of BERT
# TASKS   tasks whose rows are used: rte has long rows, sst2 short ones, qnli and qqp lie between [default: rte sst2 qnli]
# PAIRS   rounds of each task [default: 5]
# STEPS   timed steps of each measurement [default: 25]
# PLIANT  the program; without it the release is built
# PYTHON  a Python with torch and tokenizers; without it one is made with venv and pip
# WORK    folder for that Python, the model and our runs, below the build's target folder
#
# Raw outputs go to docs/bench/raw/COMMIT/finetune-TASK.jsonl, one line for each measurement. A task that has its outputs is not
# measured again, so the script goes on where it was stopped; the table is made of all that is there.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${GLUE:?set GLUE to the folder of GLUE}" "${VOCAB:?set VOCAB to the vocab.txt of BERT}"
tasks="${TASKS:-rte sst2 qnli}"
pairs="${PAIRS:-5}"
steps="${STEPS:-25}"
warmup=5
batch=32
target="${CARGO_TARGET_DIR:-target}"
work="${WORK:-$target/bench-finetune}"
mkdir -p "$work"

python="${PYTHON:-}"
if [[ -z "$python" ]]; then
    python="$work/python/bin/python"
    if [[ ! -x "$python" ]]; then
        python3 -m venv "$work/python"
        "$python" -m pip install --quiet torch numpy tokenizers
    fi
fi
"$python" -c 'import torch, tokenizers' || { echo "hint: PYTHON must name a Python with torch and tokenizers" >&2; exit 2; }

pliant="${PLIANT:-}"
if [[ -z "$pliant" ]]; then
    cargo build --release --quiet --workspace
    pliant="$target/release/pliant"
fi
# The last commit that changed the program: later ones that touch documents alone measure the same thing.
commit="$(git log -1 --format=%h --abbrev=12 -- crates Cargo.toml Cargo.lock)"
if [[ -n "$(git status --porcelain -- crates Cargo.toml Cargo.lock)" ]]; then
    commit="$commit-changed"
fi
raw="docs/bench/raw/$commit"
mkdir -p "$raw"
"$pliant" doctor --json > "$raw/machine.json"
"$python" -c 'import json, torch; print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}))' > "$raw/torch.json"

# The models of our side: BERT of size mini with its vocabulary, once with GELU and once with the learnable rational. They have to
# come from a run; one step is enough, the speed does not depend on the weights.
for activation in gelu rational; do
    if [[ ! -d "$work/$activation/model" ]]; then
        rm -rf "${work:?}/$activation"
        "$pliant" pretrain --recipe recipes/default.toml --out "$work/$activation" --quiet > /dev/null \
            --set model.preset=mini --set model.positions=learned --set model.norm=post --set model.embedding_norm=true \
            --set model.initialisation=0.02 --set activation.function=$activation --set data.generated_words=200000 \
            --set data.tokenizer="$VOCAB" --set train.steps=1 --set validation.sequences=32
    fi
done

# The rows of both sides: the first ones of the training file, and a few that validate, which costs time that is not measured.
declare -A folders=([rte]=RTE [sst2]=SST-2 [qnli]=QNLI [qqp]=QQP)
rows="$work/glue-$((batch * (steps + warmup)))"
cut_rows() {
    local name="${folders[$1]:-}"
    if [[ -z "$name" ]]; then
        echo "error: no rows are known for the task $1" >&2
        echo "hint: the tasks are ${!folders[*]}" >&2
        exit 2
    fi
    mkdir -p "$rows/$name"
    head -n $((1 + batch * (steps + warmup))) "$GLUE/$name/train.tsv" > "$rows/$name/train.tsv"
    head -n 33 "$GLUE/$name/dev.tsv" > "$rows/$name/dev.tsv"
}

# side NAME COMMAND…: one measurement, as a line of the task's raw output.
side() {
    local name="$1"
    shift
    "$@" | "$python" -c '
import json, sys
row = {"round": int(sys.argv[1]), "side": sys.argv[2]}
print(json.dumps({**row, **json.load(sys.stdin)}))' "$round" "$name" >> "$part"
}

# One epoch of our fine-tuning; its steps are read from its metrics.
ours() {
    local out="$work/run"
    rm -rf "$out"
    "$pliant" finetune --model "$work/$2/model" --task "$1" --data "$rows" --protocol standard \
        --epochs 1 --batch $batch --max-length 128 --out "$out" --quiet > /dev/null
    "$python" python/bench/finetune.py --metrics "$out/seed-1/metrics.jsonl" --warmup $warmup
}

torch() {
    "$python" python/bench/finetune.py --task "$1" --data "$rows" --vocabulary "$VOCAB" \
        --batch $batch --steps "$steps" --warmup $warmup "${@:2}"
}

for task in $tasks; do
    file="$raw/finetune-$task.jsonl"
    part="$raw/finetune-$task.part"
    if [[ -s "$file" ]]; then
        echo "$task: measured already" >&2
        continue
    fi
    rm -f "$part"
    cut_rows "$task"
    for round in $(seq "$pairs"); do
        echo "$task: round $round of $pairs" >&2
        side "ours gelu" ours "$task" gelu
        side "ours rational" ours "$task" rational
        side "torch eager" torch "$task"
        side "torch compile" torch "$task" --compile
        side "torch eager, padded to the longest" torch "$task" --padding longest
    done
    mv "$part" "$file"
done
"$python" python/bench/finetune_table.py "$raw" > docs/bench/finetune.md
echo "docs/bench/finetune.md" >&2
