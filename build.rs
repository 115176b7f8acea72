//! Links the program with packed relocations. Ordinary relocations take 1.2 MB, all of which the loader reads at the start, so that
//! they count as memory of the process.

use std::env;
use std::process::Command;

/// The environment variable whose value `0` keeps ordinary relocations, for a program that an older C library has to load.
const SWITCH: &str = "CTMPL_PACKED_RELOCATIONS";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed={SWITCH}");
    let is_on = env::var_os(SWITCH).is_none_or(|value| value != "0");
    if is_on && is_for_this_machine() && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bin=ctmpl=-Wl,-z,pack-relative-relocs");
    }
}

/// Returns `true` if the program uses the C library of this machine.
fn is_for_this_machine() -> bool {
    let variable = |name| env::var(name).unwrap_or_default();
    variable("HOST") == variable("TARGET") && variable("CARGO_CFG_TARGET_ENV") == "gnu"
}

/// The version of the C library, which reads packed relocations since 2.36. `None`: unknown.
fn glibc() -> Option<(u32, u32)> {
    let known = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(known.stdout).ok()?;
    let (major, rest) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = rest.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
