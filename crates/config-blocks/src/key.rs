//! What is declared about a key, and which values it takes.

use serde_json::Value;

/// One key of a block, as declared.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an attribute of the declaration"
)]
pub struct Key {
    /// Its name in a file.
    pub name: &'static str,
    /// Its purpose, in Markdown: for the reference page, the schema and `--help`.
    pub doc: &'static str,
    /// Its default, as JSON or in words; empty if it has none.
    pub default: &'static str,
    /// The default on the page of the configuration, where it is not `default`.
    pub shows: &'static str,
    /// The page of the configuration leaves the default out.
    pub hide_default: bool,
    /// The page of the configuration shows the block even if nothing in it is set.
    pub always_shown: bool,
    /// Its flag, `--wait`; empty: none.
    pub flag: &'static str,
    /// Another name of the flag.
    pub flag_alias: &'static str,
    /// The text of `--help`, if it differs from `doc`.
    pub help: &'static str,
    /// The default in `--help`, where it is not `default`.
    pub help_default: &'static str,
    /// The heading in `--help`.
    pub heading: &'static str,
    /// The placeholder of the value in `--help`; empty: the placeholder of its type.
    pub value_name: &'static str,
    /// The flag refuses an empty value.
    pub needs_value: bool,
    /// No file can set it.
    pub flag_only: bool,
    /// An empty value sets nothing.
    pub skip_empty: bool,
    /// An empty value sets nothing, and takes away that of a lower layer; see [`Block::drop_empty`].
    ///
    /// [`Block::drop_empty`]: crate::Block::drop_empty
    pub empty_unsets: bool,
    /// The environment variables that set it, in the order in which they count.
    pub env: &'static [&'static str],
    /// Why the key has no effect; empty: it has one.
    pub unsupported: &'static str,
    /// The newer name of the key; empty: it is not an older one.
    pub newer: &'static str,
    /// The reference page leaves out the keys of this block: it has them elsewhere.
    pub brief: bool,
    /// The reference page leaves out the key.
    pub undocumented: bool,
    /// The values that it takes.
    pub shape: fn() -> Shape,
}

impl Key {
    /// A key without attributes.
    pub const fn new(name: &'static str, doc: &'static str, shape: fn() -> Shape) -> Self {
        Self {
            name,
            doc,
            default: "",
            shows: "",
            hide_default: false,
            always_shown: false,
            flag: "",
            flag_alias: "",
            help: "",
            help_default: "",
            heading: "",
            value_name: "",
            needs_value: false,
            flag_only: false,
            skip_empty: false,
            empty_unsets: false,
            env: &[],
            unsupported: "",
            newer: "",
            brief: false,
            undocumented: false,
            shape,
        }
    }

    /// The default, if it is a value and not a description.
    pub fn default_value(&self) -> Option<Value> {
        serde_json::from_str(self.default).ok()
    }

    /// The default on the page of the configuration, if it shows one.
    pub fn shown_default(&self) -> Option<&'static str> {
        match self.shows {
            "" if self.hide_default => None,
            "" => self.default_value().map(|_| self.default),
            shows => Some(shows),
        }
    }

    /// Returns `true` if the key has an effect.
    pub fn is_supported(&self) -> bool {
        self.unsupported.is_empty()
    }
}

/// Which values a key takes.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one kind of value that may be taken beside others"
)]
pub struct Shape {
    /// `true` and `false`.
    pub bool: bool,
    /// A text.
    pub text: bool,
    /// A number.
    pub number: Option<Number>,
    /// A list of texts.
    pub list: bool,
    /// A block with these keys.
    pub keys: Option<&'static [Key]>,
    /// The key may be there more than once, or be a list of blocks.
    pub repeats: bool,
    /// Each block has a label: `key "LABEL" { … }`.
    pub labelled: bool,
    /// The form of a text.
    pub spelling: Option<Spelling>,
}

/// Which numbers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// Only 0.
    Zero,
    /// Whole numbers from 0.
    Natural,
    /// Whole numbers.
    Whole,
    /// Numbers from 0 to 1.
    Fraction,
    /// All numbers.
    Any,
}

/// The form of a text.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    /// The name of the form.
    pub name: &'static str,
    /// The texts that are complete in a list, for completion.
    pub names: Vec<&'static str>,
    /// The texts that are taken beside those.
    pub pattern: Pattern,
}

/// The texts of a form, as a regular expression. It is made only for the schema: flags are read at each start.
#[derive(Clone, Copy, Debug, Default)]
pub enum Pattern {
    /// None.
    #[default]
    None,
    /// The names in any case.
    AnyCase,
    /// This expression.
    Of(fn() -> String),
}

impl Shape {
    /// `true` and `false`.
    pub fn bool() -> Self {
        Self {
            bool: true,
            ..Self::default()
        }
    }

    /// Any text.
    pub fn text() -> Self {
        Self {
            text: true,
            ..Self::default()
        }
    }

    /// A text of this form.
    pub fn spelled(spelling: Spelling) -> Self {
        Self {
            text: true,
            spelling: Some(spelling),
            ..Self::default()
        }
    }

    /// A text with a name of its own, of any form.
    pub fn named(name: &'static str) -> Self {
        Self::spelled(Spelling {
            name,
            ..Spelling::default()
        })
    }

    /// A number.
    pub fn number(number: Number) -> Self {
        Self {
            number: Some(number),
            ..Self::default()
        }
    }

    /// A list of texts, or one text with commas.
    pub fn list() -> Self {
        Self {
            text: true,
            list: true,
            ..Self::default()
        }
    }

    /// The keys of the block, if it is one.
    pub fn keys(&self) -> &'static [Key] {
        self.keys.unwrap_or_default()
    }
}

impl Spelling {
    /// One of these names, in any case.
    pub fn of_names(name: &'static str, names: Vec<&'static str>) -> Self {
        Self {
            name,
            names,
            pattern: Pattern::AnyCase,
        }
    }

    /// The regular expression of its texts.
    pub fn expression(&self) -> Option<String> {
        match self.pattern {
            Pattern::None => None,
            Pattern::AnyCase => Some(format!("^({})$", in_any_case(&self.names))),
            Pattern::Of(expression) => Some(expression()),
        }
    }
}

/// A regular expression for these names in any case: the patterns of a schema have no flags.
pub fn in_any_case(names: &[&str]) -> String {
    let letter = |letter: char| match (letter.to_ascii_uppercase(), letter.to_ascii_lowercase()) {
        (upper, lower) if upper == lower => letter.to_string(),
        (upper, lower) => format!("[{upper}{lower}]"),
    };
    names
        .iter()
        .map(|name| name.chars().map(letter).collect())
        .collect::<Vec<String>>()
        .join("|")
}

/// The labels of blocks, as a regular expression. They are parts of paths of keys.
pub(crate) const LABEL: &str = "^[0-9A-Za-z][-._0-9A-Za-z]{0,63}$";

/// Returns `true` if a text is a [`LABEL`].
pub(crate) fn is_label(text: &str) -> bool {
    let is_alphanumeric = |letter: char| letter.is_ascii_alphanumeric();
    let is_inner = |letter: char| is_alphanumeric(letter) || "-._".contains(letter);
    text.starts_with(is_alphanumeric) && text.len() <= 64 && text.chars().all(is_inner)
}
