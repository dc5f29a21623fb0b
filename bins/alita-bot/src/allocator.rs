//! The allocator: what it holds, how it gives that back, and that heap profiles are possible.
//!
//! The one place with `unsafe`: jemalloc's purge is reached only through its C interface, and it reads its settings
//! from an exported symbol. Both are one line each. Elsewhere than on unix the system's allocator is used, which tells
//! nothing.
#![allow(unsafe_code, reason = "the purge and the settings of jemalloc have no safe interface")]

#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Heap profiles can be switched on while the bot runs; until then nothing is sampled.
#[cfg(all(target_os = "linux", feature = "profiling"))]
#[expect(non_upper_case_globals, reason = "jemalloc looks for this very name")]
// SAFETY: jemalloc reads a text that ends with a zero byte, and nobody else exports this name.
#[unsafe(export_name = "malloc_conf")]
pub(crate) static malloc_conf: &[u8; 46] = b"prof:true,prof_active:false,lg_prof_sample:19\0";

/// Bytes that are in use by us, as the allocator counts them.
#[cfg(unix)]
pub(crate) fn allocated() -> Option<u64> {
    // The figures stand still until the epoch moves.
    tikv_jemalloc_ctl::epoch::advance().ok()?;
    u64::try_from(tikv_jemalloc_ctl::stats::allocated::read().ok()?).ok()
}

/// Gives back to the system what nobody uses. Jemalloc does it by itself, but takes its time.
#[cfg(unix)]
pub(crate) fn give_back() {
    /// Jemalloc: this number stands for all arenas.
    const PURGE_ALL: &std::ffi::CStr = c"arena.4096.purge";
    use std::ptr::null_mut;
    // SAFETY: the name ends with a zero byte, and this call neither reads nor writes through the other pointers.
    let code =
        unsafe { tikv_jemalloc_sys::mallctl(PURGE_ALL.as_ptr(), null_mut(), null_mut(), null_mut(), 0) };
    if code != 0 {
        tracing::debug!(code, "the allocator gave nothing back");
    }
}

#[cfg(not(unix))]
pub(crate) fn allocated() -> Option<u64> {
    None
}

#[cfg(not(unix))]
pub(crate) fn give_back() {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_counted_and_goes_back() {
        let before = allocated().expect("jemalloc counts");
        let room = vec![1_u8; 64 << 20];
        let during = allocated().expect("jemalloc counts");
        assert!(during >= before + (60 << 20), "{before} {during} {}", room.len());
        drop(room);
        give_back();
        assert!(allocated().expect("jemalloc counts") + (60 << 20) <= during);
    }
}
