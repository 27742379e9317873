#!/usr/bin/env bash
# The clean comparison of preset tiny on Wikipedia (docs/evidence.md, "Protocol of the clean comparison"). Interrupt it whenever
# you like and call it again: finished runs are kept, the one under way goes on where it was.
#
#     runs/clean-tiny.sh WIKIPEDIA OUT
#
# WIKIPEDIA holds train*.txt.xz and valid.txt.xz. Validation articles whose checksum is even go to half A, on which everything is
# chosen; the others to half B, on which the finished models are scored once, into OUT/half-b.csv. PLIANT names another program.
# Two processes of one thread each work side by side. FIXED_RATE and LEARNABLE_RATE are the winners of step 1; without them the
# script ends behind it.
set -euo pipefail
. "$(dirname "$0")/halves.sh" "$1" "$2"
recipe="$here/recipes/wikipedia-tiny.toml"

compare() {
    local name="$1" file="$2"
    shift 2
    "$pliant" compare --recipe "$file" --corpus "$text" --set data.cache="$out/data" --set train.precision=bf16 --threads "${threads:-1}" --out "$out/$name" --plain "$@" \
        > "$out/$name.log" 2>&1
}
rate() {
    echo "--set optimizer.learning_rate=$1 --set optimizer.group.activation.learning_rate=$1"
}

# 1. Three learning rates of all weights for either arm, on seeds that are used for nothing else; the coefficients have the same.
trials() {
    for rate in 1.5e-3 3e-3 6e-3; do
        # shellcheck disable=SC2046
        compare "trial-$rate-seed-$1" "$recipe" --arms "gelu,rational" --seeds "$1" $(rate $rate)
    done
}
prepare "$recipe"
trials 101 &
trials 102 &
wait
for file in "$out"/trial-*/results.json; do
    python3 -c '
import json, sys
for arm in json.load(open(sys.argv[1]))["arms"]:
    print(sys.argv[1].split("/")[-2], arm["name"], arm["validation_loss"]["mean"])' "$file"
done
if [ -z "${FIXED_RATE:-}" ] || [ -z "${LEARNABLE_RATE:-}" ]; then
    exit
fi

# 2. The pair with eight seeds; initialisation as in the released code; the other arms. Each arm has the rate that was chosen for its kind.
arms() {
    local file="$out/$1.toml"
    shift
    cat "$recipe" > "$file"
    for arm in "$@"; do
        local chosen="$LEARNABLE_RATE"
        case "$arm" in gelu | relu | silu) chosen="$FIXED_RATE" ;; esac
        printf '\n[[arm]]\nname = "%s"\nset = { activation.function = "%s", optimizer.learning_rate = %s, optimizer.group.activation.learning_rate = %s }\n' \
            "$(tr -cs 'a-z0-9_\n' '-' <<< "$arm" | sed 's/-$//')" "$arm" "$chosen" "$chosen" >> "$file"
    done
}
# Long enough for gelu to come below a loss of 5.0.
steps=2500
arms pair gelu rational
arms others gelu relu silu "rational(start=gelu_2020)" "rational(form=b)"
(
    compare pair "$out/pair.toml" --steps $steps --seeds 1-8
) &
(
    # Unequal initial weights are the point here, so that neither is the other's twin.
    # shellcheck disable=SC2046
    for arm in gelu rational; do
        compare released-$arm "$recipe" --arms $arm $(rate "$FIXED_RATE") --steps $steps --seeds 1-3 --set model.initialisation=released_raft
    done
    compare others "$out/others.toml" --steps $steps --seeds 1-3
) &
wait

# 3. Added after the results of step 2: the released code's deviation of 0.02, equal in both arms.
threads=2 compare normal "$out/pair.toml" --steps $steps --seeds 1-3 --set model.initialisation=0.02
# The first three seeds were all in favour of rational, so that five more say whether it is so.
threads=2 compare normal-more "$out/pair.toml" --steps $steps --seeds 4-8 --set model.initialisation=0.02

score_half_b "$out" "$out/half-b.csv" pair released-gelu released-rational others normal normal-more
