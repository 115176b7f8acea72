//! A module imports only modules that stand above it in `lib.rs`: what travels, travels one way.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the library, in their order.
fn modules() -> Vec<String> {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    let names: Vec<_> = names.map(str::to_owned).collect();
    assert!(names.len() > 10, "lib.rs was not understood: {names:?}");
    names
}

fn files_below(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files_below(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// The modules that a file names after `crate::`, with the line.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found.push((number + 1, name));
        }
    }
    found
}

#[test]
fn modules_import_only_what_stands_above_them() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|module| module == name);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (own, module) in modules.iter().enumerate() {
        let mut files = Vec::new();
        files_below(&PathBuf::from(format!("src/{module}.rs")), &mut files);
        files_below(&PathBuf::from(format!("src/{module}")), &mut files);
        files.retain(|file| file.exists());
        assert!(!files.is_empty(), "{module} has no file");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for (line, name) in imports(&text) {
                seen += 1;
                if place(&name).is_some_and(|other| other > own) {
                    wrong.push(format!(
                        "{}:{line}: {module} imports {name}, which stands below it",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} imports were seen");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
