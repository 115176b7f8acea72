//! The limits, and the call that sets them.

/// Sets the limits. Call it before the first thread is started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn set() {
    /// The main arena, and one for the other threads.
    const ARENAS: i32 = 2;
    /// Blocks from this size upwards, in bytes, are mapped each, and unmapped when they are freed.
    const MAPPED: i32 = 256 * 1024;

    let limits = [
        ("MALLOC_ARENA_MAX", libc::M_ARENA_MAX, ARENAS),
        ("MALLOC_MMAP_THRESHOLD_", libc::M_MMAP_THRESHOLD, MAPPED),
    ];
    for (variable, parameter, value) in limits {
        if std::env::var_os(variable).is_none() {
            set_parameter(parameter, value);
        }
    }
}

/// Does nothing: the C library is not glibc.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn set() {}

/// Sets a parameter of glibc's allocator. It refuses unknown parameters and values; then its default stays.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn set_parameter(parameter: i32, value: i32) {
    // SAFETY: `mallopt` reads its two numbers, changes the settings of the allocator under the allocator's lock, and
    // may be called at any time and from any thread.
    unsafe {
        libc::mallopt(parameter, value);
    }
}
