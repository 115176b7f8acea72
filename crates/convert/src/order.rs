//! Sorts templates so that each macro is defined before it is called.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use gotemplate::ast::Templates;

use crate::variables::called;

/// Returns the templates other than `main`, in the order in which the source names them, but each
/// after those that it calls.
pub(crate) fn order<'t>(templates: &'t Templates, main: &str, source: &str) -> Vec<&'t str> {
    let names = templates.keys().map(|name| &**name);
    let mut names: Vec<&str> = names.filter(|name| *name != main).collect();
    let places = places(source, &names);
    names.sort_by_key(|name| (places.get(*name).copied().unwrap_or(usize::MAX), *name));
    let numbers: BTreeMap<&str, usize> = names.iter().copied().zip(0..).collect();
    // For each template: the templates that it calls and that are not sorted yet, and its callers.
    let mut waits_for: Vec<BTreeSet<usize>> = Vec::new();
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    for (number, name) in names.iter().enumerate() {
        let calls = templates.get(*name).map(called).unwrap_or_default();
        let calls = calls.iter().filter_map(|name| numbers.get(name).copied());
        let calls: BTreeSet<usize> = calls.filter(|callee| *callee != number).collect();
        for callee in &calls {
            callers[*callee].push(number);
        }
        waits_for.push(calls);
    }
    let is_ready = |number: &usize| waits_for[*number].is_empty();
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..names.len()).filter(is_ready).map(Reverse).collect();
    let mut left: BTreeSet<usize> = (0..names.len()).collect();
    let mut order = Vec::new();
    while let Some(first) = left.first().copied() {
        // Templates may call each other in a circle. Then the first one is taken, and Jinja reports the unknown macro.
        let next = ready.pop().map_or(first, |Reverse(number)| number);
        if !left.remove(&next) {
            continue;
        }
        order.push(names[next]);
        for caller in &callers[next] {
            waits_for[*caller].remove(&next);
            if waits_for[*caller].is_empty() {
                ready.push(Reverse(*caller));
            }
        }
    }
    order
}

/// Returns the first place of each name in the source, as a string literal.
fn places<'n>(source: &str, names: &[&'n str]) -> BTreeMap<&'n str, usize> {
    let quoted: BTreeMap<String, &str> = names
        .iter()
        .map(|name| (format!("{name:?}"), *name))
        .collect();
    let longest = quoted.keys().map(String::len).max().unwrap_or(0);
    let mut places = BTreeMap::new();
    for (start, _) in source.match_indices('"') {
        let Some(length) = literal(&source.as_bytes()[start..], longest) else {
            continue;
        };
        let literal = source.get(start..start + length);
        if let Some(name) = literal.and_then(|literal| quoted.get(literal)) {
            places.entry(*name).or_insert(start);
        }
    }
    places
}

/// Returns the length of the string literal at the start, if it is no longer than `longest`.
fn literal(bytes: &[u8], longest: usize) -> Option<usize> {
    let mut at = 1;
    while at < bytes.len().min(longest) {
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use gotemplate::{Delimiters, parse_tree};

    use super::*;

    fn order_of(source: &str) -> Vec<String> {
        let templates = parse_tree("main", source, &Delimiters::default(), |_| None).unwrap();
        let order = order(&templates, "main", source);
        order.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn templates_are_in_the_order_of_the_source() {
        let source = r#"{{define "b"}}b{{end}}{{define "a"}}a{{end}}"#;
        assert_eq!(order_of(source), ["b", "a"]);
    }

    #[test]
    fn a_template_is_after_those_that_it_calls() {
        let source =
            r#"{{define "b"}}{{template "a"}}{{end}}{{define "c"}}c{{end}}{{define "a"}}a{{end}}"#;
        // `b` names `a` before `c` is named.
        assert_eq!(order_of(source), ["a", "b", "c"]);
    }

    #[test]
    fn a_circle_starts_with_the_first() {
        let source =
            r#"{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}"#;
        assert_eq!(order_of(source), ["a", "b"]);
    }
}
