//! What `Cargo.toml` promises: the oldest Rust, and the description of each package.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// Returns the packages of the lock file, those of the workspace included.
fn packages() -> Vec<Value> {
    // Those of other systems may not be downloaded.
    let linux = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", &linux])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn is_own(package: &Value) -> bool {
    package["source"].is_null()
}

/// Parses a version, for example `1.89` or `1.63.0`.
fn version(text: &str) -> Vec<u32> {
    let numbers = text.split('.').map(|number| number.parse().unwrap());
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.resize(3, 0);
    numbers
}

/// `scripts/msrv` builds with this Rust where it can be installed. This is a part of that check which needs no network.
#[test]
fn no_dependency_needs_a_newer_rust_than_the_manifest_promises() {
    let promised = env!("CARGO_PKG_RUST_VERSION");
    let packages = packages();
    assert!(packages.len() > 150, "{}", packages.len());
    for package in packages {
        let needed = package["rust_version"].as_str();
        if is_own(&package) {
            assert_eq!(needed, Some(promised), "{}", package["name"]);
        } else if let Some(needed) = needed {
            let is_enough = version(needed) <= version(promised);
            assert!(is_enough, "{} needs {needed}", package["name"]);
        }
    }
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/src/operations/install.md",
    ] {
        let text = fs::read_to_string(page).unwrap();
        assert!(
            text.contains(&format!("Rust {promised} or newer")),
            "{page}"
        );
    }
}

#[test]
fn each_package_describes_itself() {
    let own: Vec<_> = packages().into_iter().filter(is_own).collect();
    assert!(own.len() > 15, "{}", own.len());
    for package in own {
        let name = &package["name"];
        for field in ["description", "license"] {
            assert!(package[field].is_string(), "{name}: {field}");
        }
        let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
        let readme = package["readme"].as_str().unwrap_or("missing");
        assert!(
            manifest.with_file_name(readme).is_file(),
            "{name}: {readme}"
        );
        // A package that is not for others has neither.
        let is_published = package["publish"].is_null();
        for (field, most) in [("keywords", 5), ("categories", 5)] {
            let words = package[field].as_array().unwrap();
            assert!(words.len() <= most, "{name}: {field}");
            assert!(!words.is_empty() || !is_published, "{name}: {field}");
        }
    }
}

/// One call of the C library needs unsafe code; it has a package of its own.
#[test]
fn only_one_package_may_have_unsafe_code() {
    let lints = |package: &Value| {
        let manifest = fs::read_to_string(package["manifest_path"].as_str().unwrap()).unwrap();
        manifest.contains("\n[lints]\nworkspace = true\n")
    };
    let packages = packages();
    let others = packages.iter().filter(|package| is_own(package));
    let others: Vec<_> = others.filter(|package| !lints(package)).collect();
    let names: Vec<_> = others.iter().map(|package| &package["name"]).collect();
    assert_eq!(names, ["malloc-limits"]);
    let workspace = fs::read_to_string("Cargo.toml").unwrap();
    assert!(workspace.contains("\nunsafe_code = \"forbid\"\n"));
}
