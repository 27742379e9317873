#!/usr/bin/env bash
# The whole program on processors without AVX-512, without AVX2 and without AVX, emulated by qemu-user, against this
# processor: a short training run in f32 and in bf16, loss by loss. The raw output of docs/bench/portability.txt.
#
#     [PLIANT=target/release/pliant] runs/portability.sh
#
# Needs qemu-x86_64 (Debian: qemu-user), rustc and python3. The second part shows that the emulator does refuse what the
# processor does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${PLIANT:-}" ]; then
    cargo build --release --quiet
    PLIANT="${CARGO_TARGET_DIR:-target}/release/pliant"
fi
pliant="$(realpath "$PLIANT")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat > "$work/recipe.toml" <<TOML
[model]
hidden_size = 48
heads = 3
intermediate_size = 96
dropout = 0.1
attention_dropout = 0.1
[data]
generated_words = 20000
vocabulary_size = 200
cache = "$work/data"
[train]
steps = 12
batch = 4
sequence = 32
[validation]
sequences = 8
TOML

train() { # name, command…
    local name="$1"
    shift
    for precision in f32 bf16; do
        "$@" pretrain --recipe "$work/recipe.toml" --set "train.precision=$precision" --out "$work/$precision/$name" \
            --json --quiet > /dev/null 2> "$work/error" || { cat "$work/error"; exit 1; }
    done
}

echo "== this processor"
"$pliant" doctor | grep -E "^(pliant|processor|features|not found|kernels|products)"
train native "$pliant"
for level in avx512 avx2 portable; do
    PLIANT_SIMD="$level" train "PLIANT_SIMD=$level" "$pliant"
done
qemu-x86_64 --version | head -n 1
# Haswell: AVX2 and FMA. SandyBridge: AVX. Nehalem: SSE4.2. core2duo: SSSE3. The last: nothing beyond the x86-64 of 2003.
for processor in Haswell SandyBridge Nehalem core2duo qemu64,-sse3,-ssse3,-sse4.1,-sse4.2; do
    echo "== $processor"
    qemu-x86_64 -cpu "$processor" "$pliant" doctor 2> /dev/null | grep -E "^(features|kernels|products)"
    train "$processor" qemu-x86_64 -cpu "$processor" "$pliant"
done 2>&1 | grep -v "TCG doesn't support"

echo "== the emulator refuses what a processor has not"
cat > "$work/wide.rs" <<'RUST'
fn main() {
    unsafe { std::arch::asm!("vpaddd ymm0, ymm0, ymm0", out("ymm0") _) }
}
RUST
rustc -O --edition 2024 -o "$work/wide" "$work/wide.rs"
for processor in Haswell SandyBridge Nehalem core2duo; do
    code=0
    (qemu-x86_64 -cpu "$processor" "$work/wide") > /dev/null 2>&1 || code=$?
    echo "an AVX2 addition on $processor: exit code $code"
    if [ "$processor" = Haswell ]; then expected=0; else expected=132; fi
    [ "$code" = "$expected" ]
done 2> /dev/null

python3 - "$work" <<'PYTHON'
import json, pathlib, sys

work = pathlib.Path(sys.argv[1])
print("== losses of 12 steps, relative distance to this processor's")
worst = {}
for precision in ("f32", "bf16"):
    def losses(name):
        lines = (work / precision / name / "metrics.jsonl").read_text().splitlines()
        events = map(json.loads, lines)
        return [event["loss"] for event in events if event["event"] == "step"]
    native = losses("native")
    for folder in sorted((work / precision).iterdir()):
        own = losses(folder.name)
        assert len(own) == len(native) == 12
        distances = [abs(a - b) / a for a, b in zip(native, own)]
        print(f"{precision:5} {folder.name:40} first {own[0]:.7f}  last {own[-1]:.7f}  "
              f"distance at first {distances[0]:.1e}  largest {max(distances):.1e}")
        worst[precision] = max(worst.get(precision, 0.0), max(distances))
print("largest:", ", ".join(f"{precision} {distance:.1e}" for precision, distance in worst.items()))
sys.exit(worst["f32"] > 1e-5 or worst["bf16"] > 5e-3)
PYTHON
