//! The differences of functions and their results.

use super::difference::Difference;
use super::difference::Touch::{Call, Functions, Text};

/// The rows of the table.
pub(super) const ROWS: &[Difference] = &[
    Difference {
        subject: "`spew_dump`, `spew_printf`",
        theirs: "values are printed",
        ours: "types and lengths in the log",
        reason: "values may be secret",
        touched_by: &[Functions(&["spew_dump", "spew_printf"])],
    },
    Difference {
        subject: "`spew_sdump`, `spew_sprintf`",
        theirs: "addresses of pointers and capacities of lists, maps in no order",
        ours: "no addresses and capacities, maps sorted by key, `[]interface {}` for every list",
        reason: "otherwise the file changes each time",
        touched_by: &[Functions(&["spew_sdump", "spew_sprintf"])],
    },
    Difference {
        subject: "the type of a value: `sprig_typeOf` and similar",
        theirs: "int, int64 or uint64; the type of a list has that of its items",
        ours: "always int; `[]interface {}`",
        reason: "one type is enough",
        touched_by: &[Functions(&[
            "sprig_typeOf",
            "sprig_typeIs",
            "sprig_typeIsLike",
            "sprig_kindOf",
            "sprig_kindIs",
        ])],
    },
    Difference {
        subject: "`%T` and `%#v` of `printf`",
        theirs: "Go's types, for example int64 or []string",
        ours: "int for all integers, `[]interface {}` for all lists",
        reason: "one type is enough",
        // The language itself has printf, so it is not among the functions.
        touched_by: &[Text(|text| {
            text.contains("printf") && (text.contains("%T") || text.contains("%#v"))
        })],
    },
    Difference {
        subject: "a list or map of pointers that is printed as a whole",
        theirs: "addresses",
        ours: "its content",
        reason: "an address is of no use",
        touched_by: &[],
    },
    Difference {
        subject: "`scratch` printed as a whole",
        theirs: "its address and content",
        ours: "its type",
        reason: "an address is of no use",
        touched_by: &[Call(&["scratch"], uses_the_whole_scratch)],
    },
    Difference {
        subject: "`sprig_keys`, `sprig_values`",
        theirs: "in no order",
        ours: "sorted by key",
        reason: "otherwise the file changes each time",
        touched_by: &[Functions(&["sprig_keys", "sprig_values"])],
    },
    Difference {
        subject: "`sprig_nospace`",
        theirs: "breaks characters that are not ASCII",
        ours: "removes white space only",
        reason: "this is what sprig documents",
        touched_by: &[Functions(&["sprig_nospace"])],
    },
    Difference {
        subject: "`toTOML` of an inline table that ends with a nil value",
        theirs: "a comma after the last value, which is not TOML",
        ours: "no comma",
        reason: "the file can be read",
        touched_by: &[Functions(&["toTOML"])],
    },
    Difference {
        subject: "`toYAML` of a text with the line or paragraph separator of Unicode",
        theirs: "may be written as it is, which is a line break in YAML 1.1",
        ours: "escaped",
        reason: "the value stays the same",
        touched_by: &[Functions(&["toYAML"])],
    },
    Difference {
        subject: "`parseYAML` of U+2028, U+2029 and U+0085, of `[a:]` and `{a:}`, and of more than a million values, counted with all repeated aliases",
        theirs: "line breaks; the text `a:`; read",
        ours: "text; the key `a`; an error",
        reason: "YAML 1.2; a document that expands without end must not stop the daemon",
        touched_by: &[Functions(&["parseYAML"])],
    },
    Difference {
        subject: "`sprig_toDate` for a time without a zone",
        theirs: "local time",
        ours: "UTC",
        reason: "hosts with different zones write the same file",
        touched_by: &[Functions(&["sprig_toDate", "sprig_mustToDate"])],
    },
    Difference {
        subject: "`Month` and `Weekday` of a time",
        theirs: "numbers with a name",
        ours: "the name as text",
        reason: "printed, they are the same",
        touched_by: &[Call(&["sprig_toDate", "sprig_mustToDate"], |text| {
            text.contains(".Month") || text.contains(".Weekday")
        })],
    },
    Difference {
        subject: "the durations in the `Definition` of a check, printed as a whole",
        theirs: "some as nanoseconds",
        ours: "`10s`",
        reason: "this is how Consul writes them",
        touched_by: &[Text(|text| text.contains(".Definition"))],
    },
];

/// Returns `true` if a template uses the scratch space other than through its methods.
fn uses_the_whole_scratch(text: &str) -> bool {
    text.match_indices("scratch")
        .any(|(at, word)| !text[at + word.len()..].starts_with('.'))
}
