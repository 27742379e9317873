#!/usr/bin/env bash
# The tests of the kernels under AddressSanitizer at every level of instructions, or their operations under Miri. The summary
# stands in docs/bench/sanitize.txt.
#
#     runs/sanitize.sh [address|miri]
#
# AddressSanitizer runs on the stable compiler (its runtime comes with it) and sees every load and store that the compiler
# makes, also the masked ones of AVX-512; what AMX instructions read and write is hidden from it and has debug
# assertions instead. Miri needs `rustup +nightly component add miri rust-src`; it interprets the portable level, finds beside
# bounds also races and uninitialised memory, and takes an hour or more.
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-target}/sanitize"
host="$(rustc -vV | sed -n 's/^host: //p')"
what="${1:-address}"

control() {
    echo "== AddressSanitizer sees a masked AVX-512 load beyond the end"
    mkdir -p "$target"
    cat > "$target/control.rs" <<'RUST'
use std::arch::x86_64::{_mm512_maskz_loadu_ps, _mm512_reduce_add_ps};
#[target_feature(enable = "avx512f")]
unsafe fn sum(values: *const f32, count: usize) -> f32 {
    _mm512_reduce_add_ps(unsafe { _mm512_maskz_loadu_ps(((1_u32 << count) - 1) as u16, values) })
}
fn main() {
    let values = vec![1.0_f32; 8].into_boxed_slice();
    let count = std::hint::black_box(std::env::args().count() * 6);
    println!("{}", unsafe { sum(values.as_ptr(), count) });
}
RUST
    RUSTC_BOOTSTRAP=1 rustc -O --edition 2024 -Zsanitizer=address --target "$host" -o "$target/control" "$target/control.rs"
    "$target/control"
    if "$target/control" more 2> "$target/control.txt"; then
        echo "not seen"
        exit 1
    fi
    grep SUMMARY "$target/control.txt" | sed 's/ [^ ]* in / in /'
}

if [[ $what == *address* ]]; then
    if grep -q avx512f /proc/cpuinfo; then control; fi
    for level in amx avx512 avx2 portable; do
        echo "== AddressSanitizer, PLIANT_SIMD=$level"
        RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cdebug-assertions=on" PLIANT_SIMD="$level" CARGO_TARGET_DIR="$target" \
            cargo test --quiet -p pliant-kernels --target "$host" --lib --tests 2>&1 |
            grep -E "^test result|^error|SUMMARY|panicked"
    done
fi

if [[ $what == *miri* ]]; then
    echo "== Miri"
    # The queues of rayon keep pointers as integers, which only the permissive model allows, and tree borrows bear.
    MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-tree-borrows" RAYON_NUM_THREADS=2 \
        CARGO_TARGET_DIR="$target" cargo +nightly miri test -p pliant-kernels --test levels 2>&1 |
        grep -E "^test |^error|Undefined"
fi
