//! Names for values that have no name in the Go template, or a name that Jinja does not accept.
//!
//! Input: a hint, such as `$max_body`, `ServiceMeta`, `node-line`. Output: a name that is not in
//! use in the scope.

use std::collections::{BTreeSet, HashMap};

/// Words that Jinja does not accept as names, or that the converted template uses itself.
const RESERVED: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "endif",
    "for",
    "endfor",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
    "loop",
    "self",
    "set",
    "endset",
    "block",
    "endblock",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "filter",
    "endfilter",
    "import",
    "include",
    "from",
    "extends",
    "with",
    "endwith",
    "do",
    "break",
    "continue",
    "raw",
    "endraw",
    "recursive",
    "as",
    "ignore",
    "missing",
    "context",
    "without",
    "varargs",
    "kwargs",
    "caller",
    "super",
    "autoescape",
    "endautoescape",
    "namespace",
    "range",
    "default",
    "items",
    "join",
    "length",
];

/// The names that are in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// The names of functions.
    taken: BTreeSet<String>,
    live: BTreeSet<String>,
    /// The names in `live`, oldest first.
    order: Vec<String>,
    /// For each name, the lowest number that may be free: 1 is the name itself, 2 is `name_2`.
    first_free: HashMap<String, usize>,
}

impl Names {
    /// Creates a set in which the given names are in use.
    pub(crate) fn new(taken: impl IntoIterator<Item = String>) -> Self {
        Self {
            taken: taken.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Returns a free name that is similar to the hint, and marks it as used.
    pub(crate) fn fresh(&mut self, hint: &str) -> String {
        let base = snake(hint);
        let mut number = self.first_free.get(&base).copied().unwrap_or(1);
        let name = loop {
            let name = match number {
                1 => base.clone(),
                _ => format!("{base}_{number}"),
            };
            number += 1;
            if self.is_free(&name) {
                break name;
            }
        };
        self.first_free.insert(base, number);
        self.live.insert(name.clone());
        self.order.push(name.clone());
        name
    }

    fn is_free(&self, name: &str) -> bool {
        !RESERVED.contains(&name)
            && !name.starts_with("go_")
            && !self.taken.contains(name)
            && !self.live.contains(name)
    }

    /// Returns the number of names in use, for [`release`](Self::release).
    pub(crate) fn mark(&self) -> usize {
        self.order.len()
    }

    /// Releases the names that were added since the mark.
    pub(crate) fn release(&mut self, mark: usize) {
        let released = self.order.split_off(mark.min(self.order.len()));
        for name in released {
            self.live.remove(&name);
            if let Some((base, number)) = name.rsplit_once('_')
                && let Ok(number) = number.parse()
            {
                self.lower(base, number);
            }
            self.lower(&name, 1);
        }
    }

    fn lower(&mut self, base: &str, number: usize) {
        if let Some(first) = self.first_free.get_mut(base) {
            *first = number.min(*first);
        }
    }
}

/// Converts a hint to snake case: `service_meta` for `ServiceMeta` and `$serviceMeta`.
pub(crate) fn snake(hint: &str) -> String {
    let mut name = String::new();
    let mut before = '_';
    for c in hint.chars() {
        if c.is_ascii_uppercase() {
            if before.is_ascii_lowercase() || before.is_ascii_digit() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = c;
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("value{name}")
    } else {
        name.to_owned()
    }
}

/// Returns `true` if the name can be written after a dot.
pub(crate) fn is_plain(name: &str) -> bool {
    let first = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED[..45].contains(&name)
}

/// Returns a name for the items of a list with this name.
pub(crate) fn singular(name: &str) -> Option<&str> {
    let name = name.rsplit('_').next().unwrap_or(name);
    match name {
        "addresses" => Some("address"),
        _ => name
            .strip_suffix('s')
            .filter(|one| one.len() > 1 && !one.ends_with('s')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_snake_case() {
        let cases = [
            ("$max_body", "max_body"),
            ("ServiceMeta", "service_meta"),
            ("NodeID", "node_id"),
            ("$x2Y", "x2_y"),
            ("node-line", "node_line"),
            ("$é", "value"),
            ("9", "value9"),
            ("", "value"),
        ];
        assert!(!cases.is_empty());
        for (hint, name) in cases {
            assert_eq!(snake(hint), name, "{hint}");
        }
    }

    #[test]
    fn a_name_is_in_use_once_at_a_time() {
        let mut names = Names::new(["key".to_owned()]);
        assert_eq!(names.fresh("key"), "key_2");
        let mark = names.mark();
        assert_eq!(
            [names.fresh("a"), names.fresh("a"), names.fresh("loop")],
            ["a", "a_2", "loop_2"]
        );
        names.release(mark);
        assert_eq!(names.fresh("a"), "a");
    }

    #[test]
    fn the_lowest_number_is_used_again() {
        let mut names = Names::default();
        let all: Vec<_> = (0..3).map(|_| names.fresh("a")).collect();
        assert_eq!(all, ["a", "a_2", "a_3"]);
        names.release(1);
        assert_eq!(names.fresh("a_2"), "a_2");
        assert_eq!(names.fresh("a"), "a_3");
        names.release(1);
        assert_eq!(names.fresh("a"), "a_2");
    }
}
