#!/usr/bin/env bash
# Fuzzes every target (or those that are named) for SECONDS_EACH, PARALLEL of them at a time; a line of each into fuzz/target/runs.txt.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${SECONDS_EACH:-660}
parallel=${PARALLEL:-2}
[ -d corpus ] || ./seeds.sh
mkdir -p target/logs
run() {
    # A larger allocation than half a gigabyte is a finding, for all inputs are small.
    cargo +nightly fuzz run "$1" -- -max_total_time="$2" -max_len=65536 -timeout=20 -malloc_limit_mb=512 -rss_limit_mb=3072 > "target/logs/$1.txt" 2>&1
    echo "$1: $(grep -E '^Done|SUMMARY' "target/logs/$1.txt" | tail -1); $(grep -oE 'cov: [0-9]+' "target/logs/$1.txt" | tail -1)" | tee -a target/runs.txt
}
export -f run
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list)
printf '%s\n' "${targets[@]}" | xargs -P "$parallel" -I{} bash -c "run {} $seconds || echo '{}: a finding, see target/logs/{}.txt and artifacts/{}'"
