//! The functions that the linker is told to lay beside each other are functions that there are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::path::Path;

/// The last name in a mangled path: `step` of `_ZN5ctmpl9supervise5state5State4step17h*`.
fn last_name(mangled: &str) -> Option<String> {
    let mut rest = mangled.strip_prefix("_ZN")?;
    let mut last = None;
    while let Some(digits) = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits > 0) {
        let length: usize = rest[..digits].parse().ok()?;
        // What follows the last name is a hash, of which only `17h` is there.
        let Some(name) = rest[digits..].get(..length) else { break };
        rest = &rest[digits + length..];
        last = Some(name.to_owned());
    }
    last
}

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn most_of_our_own_functions_in_the_order_of_the_linker_are_still_there() {
    let mut text = String::new();
    sources(Path::new("src"), &mut text);
    let order = fs::read_to_string("link/order.ld").unwrap();
    let own = order.lines().filter_map(|line| {
        let mangled = line.trim().strip_prefix("*(.text.")?.split(' ').next()?;
        mangled.starts_with("_ZN5ctmpl").then(|| last_name(mangled))?
    });
    let named: Vec<String> = own.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect();
    assert!(named.len() > 100, "link/order.ld was not understood: {named:?}");
    let gone: Vec<_> = named.iter().filter(|name| !text.contains(&format!("fn {name}"))).collect();
    assert!(gone.len() * 5 < named.len(), "run link/order; these functions are no more: {gone:?}");
}
