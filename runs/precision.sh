#!/usr/bin/env bash
# The loss curve of bf16 beside that of f32, the same run otherwise, and beside that of f32 with other instructions, which
# round differently: how far two runs part by rounding alone. Writes docs/bench/precision-<shape>.csv.
#
#     CORPUS=…/wikitext-2 VOCAB=…/vocab.txt [SHAPE=tiny] [STEPS=500] [RATE=3e-3] [PLIANT=target/release/pliant] runs/precision.sh
#
# Losses of single steps are means over some 600 tokens; the curves are compared as means over 20 steps.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CORPUS:?text to train on}" "${VOCAB:?vocab.txt of BERT}"
shape="${SHAPE:-tiny}"
steps="${STEPS:-500}"
rate="${RATE:-3e-3}"
if [ -z "${PLIANT:-}" ]; then
    cargo build --release --quiet
    PLIANT="${CARGO_TARGET_DIR:-target}/release/pliant"
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$PLIANT" doctor | grep -E "^(pliant|processor|kernels|products)"
for name in f32 bf16 f32-vectors; do
    precision="${name%-vectors}"
    PLIANT_SIMD="$([ "$name" = f32-vectors ] && echo avx2 || echo "${PLIANT_SIMD:-amx}")" "$PLIANT" pretrain --recipe recipes/default.toml --out "$work/$name" --json --quiet \
        --set "model.preset=$shape" --set "data.corpus=$CORPUS" --set "data.tokenizer=$VOCAB" --set "data.cache=$work/data" \
        --set "train.steps=$steps" --set "optimizer.learning_rate=$rate" --set "train.precision=$precision" --set validation.every=0 --set checkpoint.every=0 \
        > "$work/$name.json"
done
python3 - "$work" "docs/bench/precision-$shape.csv" <<'PYTHON'
import json, pathlib, sys

work, table = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
WINDOW = 20

def losses(precision):
    events = map(json.loads, (work / precision / "metrics.jsonl").read_text().splitlines())
    return [event["loss"] for event in events if event["event"] == "step"]

def smoothed(values):
    return [sum(values[max(0, i + 1 - WINDOW) : i + 1]) / len(values[max(0, i + 1 - WINDOW) : i + 1]) for i in range(len(values))]

full, rounded, control = losses("f32"), losses("bf16"), losses("f32-vectors")
assert len(full) == len(rounded) == len(control) and full != rounded
curves = smoothed(full), smoothed(rounded)
drift = smoothed(control)
with table.open("w") as file:
    file.write("step,f32,bf16,f32_other_instructions,f32_mean_of_20,bf16_mean_of_20,f32_other_instructions_mean_of_20\n")
    for step, values in enumerate(zip(full, rounded, control, *curves, drift), start=1):
        file.write(f"{step}," + ",".join(f"{value:.6f}" for value in values) + "\n")

def largest(a, b):
    distance, step = max((abs(x - y) / x, step) for step, (x, y) in enumerate(zip(a, b), start=1))
    return f"{100 * distance:.3f} % at step {step}"

print("steps:", len(full), " loss of the first 20:", f"{curves[0][WINDOW - 1]:.4f}", " of the last 20:", f"{curves[0][-1]:.4f} f32, {curves[1][-1]:.4f} bf16")
print("largest relative distance of the smoothed curves:", largest(*curves))
print("of single steps:", largest(full, rounded))
print("the same of f32 with other instructions:", largest(curves[0], drift), "and", largest(full, control))
for precision in ("f32", "bf16", "f32-vectors"):
    summary = json.loads((work / f"{precision}.json").read_text())
    print(f"{precision}: validation loss {summary['validation_loss']:.4f}, {summary['step_milliseconds']:.1f} ms per step")
print("written:", table)
sys.exit(max(abs(x - y) / x for x, y in zip(*curves)) > 0.005)
PYTHON
