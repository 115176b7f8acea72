//! Finds expressions that are too deep for minijinja's parser, without parsing them.
//!
//! Input: the source. Output: the byte offset at which the depth exceeds the limit.
//!
//! minijinja limits nested brackets and blocks, but not chains: `1 + 1 + 1`, `a.b.c`, `not not a`,
//! consecutive `elif`s. A long chain would overflow the stack.

use super::tags;

/// The maximum length of a chain, including the chains around it.
pub(super) const MAX_CHAIN: usize = 500;

/// The error message for a longer chain.
pub(super) fn message() -> String {
    format!(
        "more than {MAX_CHAIN} operators, dots, filters or elif one after the other; take it apart with `set`"
    )
}

/// The byte offset at which the first chain becomes too long.
pub(super) fn too_deep(source: &str) -> Option<usize> {
    let tags = tags::read(source);
    let expression = tags
        .insides
        .iter()
        .find_map(|(at, inside)| Some(at + chain(inside)?));
    expression.or_else(|| branches(&tags.all))
}

fn branches(tags: &[tags::Tag<'_>]) -> Option<usize> {
    let mut open = Chains::default();
    for tag in tags {
        match tag.name {
            "if" => open.enter(),
            "endif" => open.leave(),
            "elif" if open.link() => return Some(tag.at),
            _ => {}
        }
    }
    None
}

/// The byte offset at which a chain within an expression becomes too long.
fn chain(expression: &str) -> Option<usize> {
    let mut chains = Chains::default();
    let mut quote: Option<char> = None;
    let mut before = ' ';
    let mut word = 0;
    for (at, c) in expression.char_indices() {
        let letter = c.is_alphanumeric() || c == '_';
        let long = match (quote, c) {
            (Some(open), _) => {
                if c == open && before != '\\' {
                    quote = None;
                }
                // The second of two backslashes does not escape.
                before = if before == '\\' { ' ' } else { c };
                continue;
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                false
            }
            (None, '(' | '[' | '{') => {
                let long = chains.link();
                chains.enter();
                long
            }
            (None, ')' | ']' | '}') => {
                chains.leave();
                false
            }
            (None, ',') => {
                chains.leave();
                chains.enter();
                false
            }
            (None, '.') => !before.is_ascii_digit() && chains.link(),
            (None, '+' | '-' | '~' | '|' | '%') => chains.link(),
            (None, '*' | '/' | '=' | '<' | '>' | '!') => {
                !"*/=<>!".contains(before) && chains.link()
            }
            _ if letter && !(before.is_alphanumeric() || before == '_') => {
                word = at;
                false
            }
            _ => false,
        };
        let ends = !letter && (before.is_alphanumeric() || before == '_');
        let operator = ends
            && matches!(
                &expression[word..at],
                "and" | "or" | "not" | "in" | "is" | "if"
            );
        if long || (operator && chains.link()) {
            return Some(at);
        }
        before = c;
    }
    None
}

/// The lengths of the open chains, from the outermost to the innermost.
#[derive(Default)]
struct Chains {
    outer: Vec<usize>,
    length: usize,
    total: usize,
}

impl Chains {
    fn enter(&mut self) {
        self.outer.push(std::mem::take(&mut self.length));
    }

    fn leave(&mut self) {
        self.total -= self.length;
        self.length = self.outer.pop().unwrap_or(0);
    }

    /// Adds a link. Returns `true` if the chain has become too long.
    fn link(&mut self) -> bool {
        self.length += 1;
        self.total += 1;
        self.total > MAX_CHAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKS: [&str; 14] = [
        "1+1",
        "-1",
        "not 1",
        "{}.a",
        "1[0]",
        "f()",
        "f(1, 2)",
        "1**1",
        "1 if 1 else 1",
        "1 and 1",
        "\"a\"|upper",
        "1 is defined",
        "1 == 1",
        "1 ~ 1",
    ];

    /// The repeated part of a link, without its beginning.
    fn repeated(link: &str, times: usize) -> String {
        match link {
            "-1" => format!("{}1", "-".repeat(times)),
            "not 1" => format!("{}1", "not ".repeat(times)),
            _ => {
                let begin = link.find([' ', '+', '.', '[', '(', '*', '|']).unwrap();
                format!("{}{}", &link[..begin], link[begin..].repeat(times))
            }
        }
    }

    #[test]
    fn a_chain_is_found_at_the_place_where_it_becomes_too_long() {
        for link in LINKS {
            let source = |times| format!("x {{{{ {} }}}}", repeated(link, times));
            assert_eq!(too_deep(&source(MAX_CHAIN / 2)), None, "{link}");
            assert!(too_deep(&source(MAX_CHAIN + 1)).is_some(), "{link}");
            assert!(
                too_deep(&source(MAX_CHAIN + 1).replace(" }}", "")).is_some(),
                "{link} without an end"
            );
        }
        let elifs =
            |times: usize| format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}".repeat(times));
        assert_eq!(too_deep(&elifs(MAX_CHAIN)), None);
        assert!(too_deep(&elifs(MAX_CHAIN + 1)).is_some());
    }

    #[test]
    fn expressions_side_by_side_are_not_a_chain() {
        let beside = [
            format!("{{{{ [{}] }}}}", "-1.5, ".repeat(2000)),
            format!("{{{{ f({}) }}}}", "a.b(1) + 2, ".repeat(2000)),
            format!("{{{{ \"{}\" }}}}", "a.b-\\\"".repeat(2000)),
            "{{ a.b }}".repeat(2000),
            "{% if a %}{% elif b %}{% endif %}".repeat(2000),
            format!("{{# {} #}}", "-".repeat(2000)),
            format!("{{% raw %}}{{{{ {} }}}}{{% endraw %}}", "-".repeat(2000)),
        ];
        assert!(!beside.is_empty());
        for source in beside {
            assert_eq!(too_deep(&source), None, "{}", &source[..40]);
        }
    }
}
