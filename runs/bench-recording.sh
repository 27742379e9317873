#!/usr/bin/env bash
# What recording costs: a run with everything (health, TensorBoard, the default intervals) beside the program before there was
# any, in turn. The raw output of docs/bench/recording.txt.
#
#     BASE=program-before PLIANT=target/release/pliant [SHAPES="tiny mini"] [STEPS=1000] [ROUNDS=5] runs/bench-recording.sh
#
# BASE is the program at commit 5865eed66292, the last one without health and TensorBoard. Both write metrics.jsonl. The ratio
# is that of the time of all steps and validations, from the first step to the end of the last.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${BASE:?the program before}" "${PLIANT:?the program now}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$BASE" doctor | grep -E "^(pliant|processor|kernels)"
"$PLIANT" doctor | grep -E "^(pliant|threads)" || true
for shape in ${SHAPES:-tiny mini}; do
    for round in $(seq "${ROUNDS:-5}"); do
        for name in before now; do
            program="$PLIANT" extra="--tensorboard"
            if [ "$name" = before ]; then program="$BASE" extra=""; fi
            "$program" pretrain --recipe recipes/default.toml --out "$work/$shape-$name-$round" --quiet $extra \
                --set "model.preset=$shape" --set "data.cache=$work/data" --set "train.steps=${STEPS:-1000}" --set validation.every=500 --set checkpoint.every=500 > /dev/null
        done
    done
done
python3 - "$work" <<'PYTHON'
import json, pathlib, statistics, sys

def seconds(run):
    """Whole time, time inside steps, time inside validations."""
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    validations = [event for event in events if event["event"] == "validation"]
    inside = sum(event["milliseconds"] for event in steps) / 1000
    judged = sum(event["milliseconds"] for event in validations[1:]) / 1000
    return steps[-1]["elapsed_seconds"] - steps[0]["elapsed_seconds"], inside, judged

work = pathlib.Path(sys.argv[1])
runs = {}
for run in sorted(work.glob("*-*-*")):
    shape, name, number = run.name.split("-")
    runs.setdefault(shape, {}).setdefault(int(number), {})[name] = seconds(run)
for shape, rounds in runs.items():
    ratios = []
    for number, pair in sorted(rounds.items()):
        ratios.append(pair["now"][0] / pair["before"][0])
        for name in ("before", "now"):
            whole, inside, judged = pair[name]
            print(f"{shape} round {number} {name:6} {whole:7.2f} s, of which steps {inside:7.2f} s, validations {judged:5.2f} s")
    print(f"{shape}: now over before {statistics.median(ratios):.4f} (rounds {', '.join(f'{ratio:.4f}' for ratio in ratios)})")
PYTHON
