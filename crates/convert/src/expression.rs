//! Jinja expressions, with the type of their values.

use crate::types::Type;

/// The precedence of an expression, from loose to tight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Or,
    And,
    Not,
    Compare,
    Concat,
    Filter,
    Primary,
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) text: String,
    pub(crate) level: Level,
    pub(crate) kind: Type,
    /// Whether the value may be undefined where Go has nil.
    pub(crate) maybe_undefined: bool,
    /// The text, if it is a string literal.
    pub(crate) literal: Option<String>,
    /// A name for a variable with this value.
    pub(crate) noun: Option<String>,
    /// Whether it is evaluated for a side effect.
    pub(crate) has_effect: bool,
}

impl Expr {
    pub(crate) fn new(text: impl Into<String>, level: Level, kind: Type) -> Self {
        Self {
            text: text.into(),
            level,
            kind,
            maybe_undefined: false,
            literal: None,
            noun: None,
            has_effect: false,
        }
    }

    pub(crate) fn primary(text: impl Into<String>, kind: Type) -> Self {
        Self::new(text, Level::Primary, kind)
    }

    pub(crate) fn none() -> Self {
        Self::primary("none", Type::Nil)
    }

    /// Creates a string literal.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            literal: Some(text.to_owned()),
            ..Self::primary(quoted(text), Type::Text)
        }
    }

    /// Creates a call with arguments.
    pub(crate) fn call(name: &str, args: impl IntoIterator<Item = Self>, kind: Type) -> Self {
        let args: Vec<String> = args.into_iter().map(|arg| arg.defined().text).collect();
        Self::primary(format!("{name}({})", args.join(", ")), kind)
    }

    /// Applies a filter.
    pub(crate) fn filter(self, filter: &str, kind: Type) -> Self {
        Self::new(
            format!("{} | {filter}", self.at(Level::Filter)),
            Level::Filter,
            kind,
        )
    }

    /// Joins operands by an operator.
    pub(crate) fn operator(
        operands: Vec<Self>,
        operator: &str,
        level: Level,
        inside: Level,
        kind: Type,
    ) -> Self {
        let operands: Vec<String> = operands
            .into_iter()
            .map(|one| one.defined().at(inside))
            .collect();
        Self::new(operands.join(&format!(" {operator} ")), level, kind)
    }

    /// Returns the text, in parentheses if its precedence is lower than `level`.
    pub(crate) fn at(&self, level: Level) -> String {
        if self.level < level {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }

    /// Replaces undefined by none.
    pub(crate) fn defined(self) -> Self {
        if !self.maybe_undefined {
            return self;
        }
        let Self { kind, noun, .. } = self.clone();
        Self {
            noun,
            ..self.filter("default(none)", kind)
        }
    }

    /// Sets the name for a variable with this value.
    pub(crate) fn called(self, noun: impl Into<String>) -> Self {
        Self {
            noun: Some(noun.into()),
            ..self
        }
    }

    /// Returns `true` for a name, or a path of attributes from one.
    pub(crate) fn is_path(&self) -> bool {
        self.level == Level::Primary
            && self
                .text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    }
}

/// Returns the text as a string literal of Jinja.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() && u32::from(c) < 0x100 => {
                out.extend(format!("\\x{:02x}", u32::from(c)).chars());
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
