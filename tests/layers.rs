//! The order of modules: imports have one direction.
//!
//! Two rules apply to the daemon (`src`) and to each library (`crates/*/src`):
//!
//! - between the modules of `lib.rs`: a module imports only modules listed above it;
//! - between files: no circle of imports.

mod crates;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::source_files;

/// A file's module path, such as `["watch", "cursor"]`.
type Module = Vec<String>;

/// Returns the source folders of the workspace.
fn packages() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("src")];
    if let Ok(entries) = fs::read_dir("crates") {
        found.extend(entries.map(|entry| entry.unwrap().path().join("src")));
    }
    found.sort();
    found
}

/// Returns the modules of a library, in the order of `lib.rs`.
fn modules(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("lib.rs")).unwrap();
    let declared = text.lines().filter_map(|line| {
        let line = line.trim().strip_suffix(';')?;
        let (visibility, name) = line.split_once("mod ")?;
        (visibility.is_empty() || visibility.starts_with("pub")).then(|| name.to_owned())
    });
    declared.collect()
}

/// Returns the files of a package by their module path, without tests.
fn files(root: &Path) -> BTreeMap<Module, PathBuf> {
    let mut found = BTreeMap::new();
    for file in source_files(root) {
        let relative = file.strip_prefix(root).unwrap().with_extension("");
        let module: Module = relative
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        let is_root = module == ["lib"] || module == ["main"];
        if !is_root && !module.iter().any(|part| part == "tests") {
            found.insert(module, file);
        }
    }
    found
}

/// Returns the code of a file without comments, string literals and the test module.
fn code(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut pieces = line.split('"');
        code.push_str(pieces.next().unwrap_or_default());
        for piece in pieces.skip(1).step_by(2) {
            code.push_str("\"\"");
            code.push_str(piece);
        }
        code.push('\n');
    }
    // A path in a visibility is not an import.
    let mut pieces = code.split("pub(in ");
    let mut code = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        code.push_str("pub(");
        code.push_str(&piece[piece.find(')').unwrap_or_default()..]);
    }
    match code.find("#[cfg(test)]\nmod tests {") {
        Some(end) => code[..end].to_owned(),
        None => code,
    }
}

/// Adds the paths of a `use` declaration; its braces are expanded.
fn opened(tree: &str, before: &[String], found: &mut Vec<Module>) {
    let (path, group) = match tree.split_once('{') {
        Some((path, rest)) => (path, rest.rfind('}').map(|end| &rest[..end])),
        None => (tree, None),
    };
    let own = path.split("::").map(str::trim);
    let own = own.filter(|part| !part.is_empty()).map(|part| {
        let name = part.split_whitespace().next().unwrap_or_default();
        name.to_owned()
    });
    let path: Module = before.iter().cloned().chain(own).collect();
    let Some(group) = group else {
        return found.push(path);
    };
    let (mut depth, mut start) = (0, 0);
    for (at, char) in group.char_indices().chain([(group.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = group[start..at].trim();
                start = at + 1;
                if !part.is_empty() {
                    opened(part, &path, found);
                }
            }
            _ => {}
        }
    }
}

/// Returns every path in the code: in `use` declarations, and elsewhere, where a name may come from
/// a `use`.
fn paths(code: &str) -> Vec<Module> {
    let mut used = Vec::new();
    let is_part_of_path = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    let mut rest = String::new();
    for (number, part) in code.split("use ").enumerate() {
        let is_word = rest.is_empty() || rest.ends_with(|char: char| !is_part_of_path(char));
        let is_use = number > 0 && is_word;
        match part.split_once(';') {
            Some((tree, after)) if is_use => {
                opened(tree, &[], &mut used);
                rest.push_str(after);
            }
            _ => rest.push_str(part),
        }
    }
    let name = |path: &Module| path.iter().rfind(|part| *part != "self").cloned();
    let named: BTreeMap<String, Module> = used
        .iter()
        .filter_map(|path| Some((name(path)?, path.clone())))
        .collect();
    let words = rest.split(|char| !is_part_of_path(char));
    let words = words.filter(|word| word.contains("::")).map(|word| {
        let path: Module = word.split("::").map(str::to_owned).collect();
        match named.get(&path[0]) {
            Some(used) => {
                let start = used.iter().filter(|part| *part != "self").cloned();
                start.chain(path[1..].iter().cloned()).collect()
            }
            None => path,
        }
    });
    words.chain(used.iter().cloned()).collect()
}

/// Returns the file that a path in the file `own` refers to; `None` for other crates and for `own`
/// itself.
fn target(own: &Module, path: &Module, files: &BTreeMap<Module, PathBuf>) -> Option<Module> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    let (mut module, rest) = match path.first()?.as_str() {
        "crate" => (Vec::new(), &path[1..]),
        "self" => (own.clone(), &path[1..]),
        "super" => (
            own[..own.len().saturating_sub(supers)].to_vec(),
            &path[supers..],
        ),
        _ => (own.clone(), &path[..]),
    };
    let is_relative = !matches!(path[0].as_str(), "crate" | "self" | "super");
    for part in rest {
        module.push(part.clone());
        if !files.contains_key(&module) {
            module.pop();
            break;
        }
    }
    let is_own = module == *own || (is_relative && module.len() == own.len());
    (!is_own && files.contains_key(&module)).then_some(module)
}

/// Returns the imports of each file.
fn imports(files: &BTreeMap<Module, PathBuf>) -> BTreeMap<&Module, BTreeSet<Module>> {
    let of = |(own, file): (&Module, &PathBuf)| {
        let text = fs::read_to_string(file).unwrap();
        let targets = paths(&code(&text)).into_iter();
        targets
            .filter_map(|path| target(own, &path, files))
            .collect::<BTreeSet<_>>()
    };
    files
        .iter()
        .map(|(own, file)| (own, of((own, file))))
        .collect()
}

/// Returns all files that can be reached from a file by imports.
fn reach(from: &Module, imports: &BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let mut found = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(module) = open.pop() {
        for next in imports.get(&module).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    found
}

#[test]
fn modules_import_only_modules_listed_above_them() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for root in packages() {
        let modules = modules(&root);
        assert!(!modules.is_empty(), "{}: no modules", root.display());
        let place = |name: &String| modules.iter().position(|module| module == name);
        let files = files(&root);
        for (own, targets) in imports(&files) {
            for target in targets.iter().filter(|target| target[0] != own[0]) {
                seen += 1;
                if place(&target[0]) > place(&own[0]) {
                    wrong.push(format!(
                        "{} imports {}, which is listed below it in lib.rs",
                        files[own].display(),
                        target[0],
                    ));
                }
            }
        }
    }
    assert!(seen > 50, "only {seen} imports were seen");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for root in packages() {
        let files = files(&root);
        let imports = imports(&files);
        let reached: BTreeMap<_, _> = files
            .keys()
            .map(|module| (module, reach(module, &imports)))
            .collect();
        for (module, file) in &files {
            let circle = reached[module]
                .iter()
                .filter(|other| *other != module && reached[*other].contains(module));
            let circle: Vec<_> = circle.map(|other| other.join("/")).collect();
            if !circle.is_empty() {
                wrong.push(format!("{}: {}", file.display(), circle.join(" ")));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these files import each other in a circle:\n{}",
        wrong.join("\n")
    );
}
