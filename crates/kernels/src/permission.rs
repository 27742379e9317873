//! Asks the operating system for the AMX tile registers.
#![allow(unsafe_code)]

use std::sync::OnceLock;

/// Whether AMX tiles with bf16 can be used; asks Linux for them once, which grants them to the whole process.
pub(crate) fn tiles() -> bool {
    static TILES: OnceLock<bool> = OnceLock::new();
    *TILES.get_or_init(request)
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
fn request() -> bool {
    use std::arch::asm;
    use std::arch::x86_64::{__cpuid, __cpuid_count};

    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XFEATURE_XTILEDATA: i64 = 18;
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;

    let wanted = AMX_BF16 | AMX_TILE;
    if __cpuid(0).eax < 7 || __cpuid_count(7, 0).edx & wanted != wanted {
        return false;
    }
    let result: i64;
    // SAFETY: this system call reads two numbers and changes only what the process may use; `rcx` and `r11` are the
    // registers that a system call overwrites.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// Other systems, and the interpreter: tiles are not used.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
fn request() -> bool {
    false
}
