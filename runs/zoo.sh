#!/usr/bin/env bash
# All families of activations on Wikipedia text, preset tiny, equal trials (docs/evidence.md, "The zoo"). Interrupt it whenever you
# like and call it again: finished runs are kept, the one under way goes on where it was.
#
#     runs/zoo.sh WIKIPEDIA OUT
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Every arm of recipes/zoo.toml runs with two learning rates of all its parameters on a
# seed that is used for nothing else, in runs of 600 steps with as many steps of warm-up, and then with the better one on seeds
# 1 to 3. PLIANT names another program.
set -euo pipefail
wikipedia="$(realpath "$1")"
mkdir -p "$2"
out="$(realpath "$2")"
. "$(dirname "$0")/program.sh"
compare() {
    local name="$1" file="$2"
    shift 2
    compare_all --recipe "$file" --corpus "$wikipedia" --set data.cache="$out/data" --out "$out/$name" --plain "$@" > "$out/$name.log" 2>&1
}
trial() {
    compare "trial-$1" "$here/recipes/zoo.toml" --seeds 101 --steps 600 --threads 1 --set optimizer.learning_rate="$1" --set optimizer.group.activation.learning_rate="$1"
}
[ -d "$out/data" ] || compare prepare "$here/recipes/wikipedia-tiny.toml" --arms gelu --seeds 100 --steps 1
trial 1.5e-3 &
first=$!
trial 3e-3
wait $first

# The recipe again, each arm with the rate of its better trial (a trial that diverged has none), and every second arm of it.
python3 - "$here/recipes/zoo.toml" "$out" <<'PYTHON'
import json
import re
import sys

recipe, out = sys.argv[1:]
losses = {}
for rate in ("1.5e-3", "3e-3"):
    with open(f"{out}/trial-{rate}/results.json") as file:
        for arm in json.load(file)["arms"]:
            for seed in arm["seeds"]:
                losses.setdefault(arm["name"], []).append((seed["validation_loss"], rate))
head, *arms = open(recipe).read().split("[[arm]]\n")
for index, arm in enumerate(arms):
    name = re.search(r'^name = "(.*)"$', arm, re.M).group(1)
    if name in losses:
        rate = min(losses[name])[1]
        arms[index] = arm.replace(" }\n", f", optimizer.learning_rate = {rate}, optimizer.group.activation.learning_rate = {rate} }}\n", 1)
for name, part in (("chosen", arms), ("half-0", arms[0::2]), ("half-1", arms[1::2])):
    with open(f"{out}/{name}.toml", "w") as file:
        file.write("[[arm]]\n".join([head, *part]))
PYTHON
# Each half in a process of its own with one thread; a thread more in one process gains less, and the bytes are the same.
half() { compare "half-$1" "$out/half-$1.toml" --seeds 1-3 --threads 1; }
half 1 &
first=$!
half 0
wait $first
# The finished runs in one folder, where the tables of all arms are made from them.
python3 "$here/runs/join.py" "$out/chosen.toml" "$out/arms" "$out/half-0" "$out/half-1"
compare arms "$out/chosen.toml" --seeds 1-3
