//! Names for what has none in a Go template, or one that Jinja does not take.
//!
//! in:  a hint: `$max_body`, `ServiceMeta`, `node-line`
//! out: a name that nothing else has at that place

use std::collections::BTreeSet;

/// What is no name in Jinja, or what the conversion itself makes use of.
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
pub(super) struct Names {
    taken: BTreeSet<String>,
    /// Those of variables, the innermost last.
    live: Vec<String>,
}

impl Names {
    /// With names that nothing may be called.
    pub(super) fn new(taken: impl IntoIterator<Item = String>) -> Self {
        Self {
            taken: taken.into_iter().collect(),
            live: Vec::new(),
        }
    }

    /// A name like the hint, in use from now on.
    pub(super) fn fresh(&mut self, hint: &str) -> String {
        let name = snake(hint);
        let free = |name: &str| {
            !RESERVED.contains(&name)
                && !name.starts_with("go_")
                && !self.taken.contains(name)
                && !self.live.iter().any(|live| live == name)
        };
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let found = std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| free(name))
            .unwrap_or(name);
        self.live.push(found.clone());
        found
    }

    /// How many names are in use.
    pub(super) fn mark(&self) -> usize {
        self.live.len()
    }

    /// Gives back the names that came into use since.
    pub(super) fn release(&mut self, mark: usize) {
        self.live.truncate(mark);
    }
}

/// `ServiceMeta` and `$serviceMeta` as `service_meta`.
pub(super) fn snake(hint: &str) -> String {
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

/// Can this be written after a dot?
pub(super) fn is_plain(name: &str) -> bool {
    let first = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED[..45].contains(&name)
}

/// One of a list with this name.
pub(super) fn singular(name: &str) -> Option<&str> {
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
    fn names_are_jinjas() {
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
    fn a_name_is_given_once_at_a_time() {
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
}
