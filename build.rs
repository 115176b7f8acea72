//! Lets the linker lay the functions that every run calls beside each other, in a release.
//!
//! in:  `link/order.ld`, which `link/order` writes
//! out: an argument for the linker, or nothing where the linker does not understand it
//!
//! Most of a small daemon's memory is its program: the system brings it in by pieces of 64 KiB, and the few functions
//! that are ever called are strewn over all of it. Nothing but the order changes; a function that the file does not
//! know, or one that is no more, does no harm.

use std::env::{self, var_os};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=link/order.ld");
    let is = |name: &str, value: &str| var_os(name).is_some_and(|own| own == value);
    let is_wanted = is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let (true, Some(root), Some(out)) = (is_wanted, var_os("CARGO_MANIFEST_DIR"), var_os("OUT_DIR")) else { return };
    let argument = format!("link-arg=-Wl,-T,{}", Path::new(&root).join("link/order.ld").display());
    if links(&PathBuf::from(out), &argument) {
        println!("cargo:rustc-{}", argument.replacen("link-arg=", "link-arg-bins=", 1));
    } else {
        println!("cargo:warning=the linker cannot order functions, so ctmpl will take more memory than it needs");
    }
}

/// Can a program be linked with this argument?
fn links(folder: &Path, argument: &str) -> bool {
    let source = folder.join("probe.rs");
    if fs::write(&source, "fn main() {}\n").is_err() {
        return false;
    }
    let mut rustc = Command::new(var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
    rustc.arg(&source).arg("-o").arg(folder.join("probe")).args(["-C", argument]);
    rustc.arg("--target").arg(var_os("TARGET").unwrap_or_default());
    if let Some(linker) = var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={}", linker.display()));
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    rustc.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
