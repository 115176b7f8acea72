//! Proves a conversion: both templates print the same text for the same data.
//!
//! Input: the results of both templates. Output: a [`Proof`].

use similar::TextDiff;

/// The result of the Go template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Go<F> {
    /// The text, and additional files.
    Text(Rendered<F>),
    /// Nothing, with the reason: data is missing, or the template fails.
    Nothing(String),
}

/// The result of the Jinja template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Jinja<F, E> {
    /// The text, and additional files.
    Text(Rendered<F>),
    /// The error of a template that fails.
    Fails(E),
}

/// The result of a rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered<F> {
    /// The text.
    pub text: String,
    /// Additional files that the template wrote.
    pub files: F,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof<E> {
    /// Both print the same text, with this number of bytes.
    Same(usize),
    /// They print different texts; the value is a unified diff.
    Different(String),
    /// Only the Jinja template fails.
    Fails(E),
    /// The Go template prints nothing for this data, so nothing was compared; the value is the
    /// reason.
    Nothing(String),
    /// Both need data that is missing.
    NoData,
}

impl<E> Proof<E> {
    /// Compares what both templates rendered on the same data.
    pub fn compare<F: PartialEq>(go: Go<F>, jinja: Jinja<F, E>) -> Self {
        let go = match go {
            Go::Text(rendered) => rendered,
            Go::Nothing(reason) => return Self::Nothing(reason),
        };
        let jinja = match jinja {
            Jinja::Text(rendered) => rendered,
            Jinja::Fails(error) => return Self::Fails(error),
        };
        if go.text != jinja.text {
            return Self::Different(diff(&go.text, &jinja.text));
        }
        if go.files != jinja.files {
            return Self::Different("the files of writeToFile differ\n".to_owned());
        }
        Self::Same(go.text.len())
    }
}

fn diff(go: &str, jinja: &str) -> String {
    TextDiff::from_lines(go, jinja)
        .unified_diff()
        .header("the Go template", "the Jinja template")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "--- the Go template\n+++ the Jinja template\n";

    fn shown(go: &str, jinja: &str) -> String {
        let shown = diff(go, jinja);
        shown.strip_prefix(HEAD).unwrap_or(&shown).to_owned()
    }

    #[test]
    fn a_difference_has_the_format_of_diff_u() {
        let cases = [
            ("same\n", "same\n", ""),
            (
                "a\nb\nc\n",
                "a\nB\nc\n",
                "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n",
            ),
            (
                "x",
                "x\n",
                "@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n",
            ),
            ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
        ];
        for (go, jinja, expected) in cases {
            assert_eq!(shown(go, jinja), expected);
        }
    }

    #[test]
    fn distant_changes_have_hunks_of_their_own() {
        let lines = (1..=30).map(|line| format!("{line}\n"));
        let go: String = lines.collect();
        let jinja = go.replace("\n2\n", "\ntwo\n").replace("\n29\n", "\n");
        assert_eq!(
            shown(&go, &jinja),
            "@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n@@ -26,5 +26,4 @@\n 26\n 27\n 28\n-29\n 30\n"
        );
    }

    #[test]
    fn texts_and_files_are_compared() {
        let text = |text: &str, files: u8| Rendered {
            text: text.to_owned(),
            files,
        };
        let compare = |jinja| Proof::<&str>::compare(Go::Text(text("a", 1)), jinja);
        assert_eq!(compare(Jinja::Text(text("a", 1))), Proof::Same(1));
        assert_eq!(compare(Jinja::Fails("no")), Proof::Fails("no"));
        assert!(matches!(
            compare(Jinja::Text(text("b", 1))),
            Proof::Different(_)
        ));
        assert!(matches!(
            compare(Jinja::Text(text("a", 2))),
            Proof::Different(_)
        ));
    }
}
