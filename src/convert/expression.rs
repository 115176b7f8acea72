//! Expressions of Jinja, with what is known of their values.

use super::types::Type;

/// How tightly an expression holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
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
pub(super) struct Expr {
    pub(super) text: String,
    pub(super) level: Level,
    pub(super) kind: Type,
    /// It may be undefined, where Go has nil.
    pub(super) open: bool,
    /// The text that it is, if it is a literal.
    pub(super) literal: Option<String>,
    /// What to call it.
    pub(super) noun: Option<String>,
    /// It is called for what it does.
    pub(super) does: bool,
}

impl Expr {
    pub(super) fn new(text: impl Into<String>, level: Level, kind: Type) -> Self {
        Self {
            text: text.into(),
            level,
            kind,
            open: false,
            literal: None,
            noun: None,
            does: false,
        }
    }

    pub(super) fn primary(text: impl Into<String>, kind: Type) -> Self {
        Self::new(text, Level::Primary, kind)
    }

    pub(super) fn none() -> Self {
        Self::primary("none", Type::Nil)
    }

    /// A text as a literal.
    pub(super) fn text(text: &str) -> Self {
        Self {
            literal: Some(text.to_owned()),
            ..Self::primary(quoted(text), Type::Text)
        }
    }

    /// A call, with its arguments.
    pub(super) fn call(name: &str, args: impl IntoIterator<Item = Self>, kind: Type) -> Self {
        let args: Vec<String> = args.into_iter().map(|arg| arg.settled().text).collect();
        Self::primary(format!("{name}({})", args.join(", ")), kind)
    }

    /// The value through a filter.
    pub(super) fn filter(self, filter: &str, kind: Type) -> Self {
        Self::new(
            format!("{} | {filter}", self.at(Level::Filter)),
            Level::Filter,
            kind,
        )
    }

    /// Operands with an operator between them.
    pub(super) fn operator(
        operands: Vec<Self>,
        operator: &str,
        level: Level,
        inside: Level,
        kind: Type,
    ) -> Self {
        let operands: Vec<String> = operands
            .into_iter()
            .map(|one| one.settled().at(inside))
            .collect();
        Self::new(operands.join(&format!(" {operator} ")), level, kind)
    }

    /// The text, in parentheses where it would fall apart.
    pub(super) fn at(&self, level: Level) -> String {
        if self.level < level {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }

    /// The same, but none where it would be undefined.
    pub(super) fn settled(self) -> Self {
        if !self.open {
            return self;
        }
        let Self { kind, noun, .. } = self.clone();
        Self {
            noun,
            ..self.filter("default(none)", kind)
        }
    }

    pub(super) fn called(self, noun: impl Into<String>) -> Self {
        Self {
            noun: Some(noun.into()),
            ..self
        }
    }

    /// Is it a name, or a path from one?
    pub(super) fn is_path(&self) -> bool {
        self.level == Level::Primary
            && self
                .text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
    }
}

/// A text as Jinja writes it.
pub(super) fn quoted(text: &str) -> String {
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
