//! Parses the text of a filter expression.
//!
//! Input: `Service.Port == 80 and "v1" in Service.Tags`. Output: an [`Expression`], or the position
//! of the error.

/// The maximum nesting of parentheses and `not`. Consul's own parser takes minutes for ten levels.
const MAX_DEPTH: usize = 64;

/// A condition.
#[derive(Debug)]
pub(crate) enum Expression {
    /// True if all conditions are true.
    And(Vec<Self>),
    /// True if at least one condition is true.
    Or(Vec<Self>),
    /// True if the condition is false.
    Not(Box<Self>),
    /// The comparison of a field.
    Match(Match),
}

/// The comparison of a field.
#[derive(Debug)]
pub(crate) struct Match {
    /// The path of names to the field.
    pub(crate) selector: Vec<String>,
    /// The kind of comparison.
    pub(crate) operator: Operator,
    /// The value to compare with; empty for operators without one.
    pub(crate) value: String,
}

/// The kind of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    NotContains,
    IsEmpty,
    IsNotEmpty,
    Matches,
    NotMatches,
}

/// The reason why an expression cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    /// No grammar rule matches at this byte. The text is Consul's.
    #[error("1:{} ({at}): no match found", at + 1)]
    NoMatch { at: usize },
    /// A number goes on with something else at this byte. The text is Consul's.
    #[error("1:{} ({at}): rule \"number\": Invalid number literal", at + 1)]
    InvalidNumber { at: usize },
    /// The nesting is too deep.
    #[error("the filter is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

impl Expression {
    /// Adds all comparisons in the expression to `found`.
    pub(crate) fn matches<'a>(&'a self, found: &mut Vec<&'a Match>) {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.matches(found);
                }
            }
            Self::Not(inner) => inner.matches(found),
            Self::Match(one) => found.push(one),
        }
    }
}

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        end: text.len(),
        depth: 0,
    };
    let expression = parser.alternatives()?;
    if parser.at < parser.tokens.len() {
        Err(parser.no_match())
    } else {
        Ok(expression)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `(`, `)`, `==` or `!=`.
    Sign(&'static str),
    /// A word without quotes.
    Word(String),
    /// A text in quotes.
    Text(String),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if let Some(sign) = ["(", ")", "==", "!="]
            .into_iter()
            .find(|sign| rest.starts_with(sign))
        {
            found.push((at, Token::Sign(sign)));
            at += sign.len();
        } else if first == '"' || first == '`' {
            let end = rest[1..].find(first);
            let length = end.ok_or(SyntaxError::NoMatch { at: text.len() })?;
            found.push((at, Token::Text(rest[1..=length].to_owned())));
            at += length + 2;
        } else {
            let ends = |c: char| c.is_whitespace() || "()=!".contains(c);
            let length = rest
                .find(ends)
                .filter(|length| *length > 0)
                .unwrap_or(rest.len());
            found.push((at, Token::Word(rest[..length].to_owned())));
            at += length;
        }
    }
    Ok(found)
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn alternatives(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.conjunction()?];
        while self.word("or") {
            parts.push(self.conjunction()?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn conjunction(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.term()?];
        while self.word("and") {
            parts.push(self.term()?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn term(&mut self) -> Result<Expression, SyntaxError> {
        if self.word("not") {
            let inner = self.nested(Self::term)?;
            return Ok(Expression::Not(Box::new(inner)));
        }
        if self.sign("(") {
            let inner = self.nested(Self::alternatives)?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                Err(self.no_match())
            };
        }
        self.comparison()
    }

    /// Parses one nesting level deeper.
    fn nested(
        &mut self,
        parse: fn(&mut Self) -> Result<Expression, SyntaxError>,
    ) -> Result<Expression, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(SyntaxError::TooDeep);
        }
        self.depth += 1;
        let inner = parse(self);
        self.depth -= 1;
        inner
    }

    fn comparison(&mut self) -> Result<Expression, SyntaxError> {
        let first = self.value()?;
        let (selector, operator, value) = if self.sign("==") {
            (first, Operator::Equal, self.value()?)
        } else if self.sign("!=") {
            (first, Operator::NotEqual, self.value()?)
        } else if self.word("in") {
            (self.value()?, Operator::Contains, first)
        } else if self.word("contains") {
            (first, Operator::Contains, self.value()?)
        } else if self.word("matches") {
            (first, Operator::Matches, self.value()?)
        } else if self.word("is") {
            let operator = if self.word("not") {
                Operator::IsNotEmpty
            } else {
                Operator::IsEmpty
            };
            if !self.word("empty") {
                return Err(self.no_match());
            }
            (first, operator, String::new())
        } else if self.word("not") {
            self.negated(first)?
        } else {
            return Err(self.no_match());
        };
        let selector = selector
            .replace("[\"", ".")
            .replace("\"]", "")
            .split('.')
            .map(str::to_owned)
            .collect();
        Ok(Expression::Match(Match {
            selector,
            operator,
            value,
        }))
    }

    fn negated(&mut self, first: String) -> Result<(String, Operator, String), SyntaxError> {
        if self.word("in") {
            Ok((self.value()?, Operator::NotContains, first))
        } else if self.word("contains") {
            Ok((first, Operator::NotContains, self.value()?))
        } else if self.word("matches") {
            Ok((first, Operator::NotMatches, self.value()?))
        } else {
            Err(self.no_match())
        }
    }

    fn value(&mut self) -> Result<String, SyntaxError> {
        match self.tokens.get(self.at) {
            Some((_, Token::Text(text))) => {
                self.at += 1;
                Ok(text.clone())
            }
            Some((start, Token::Word(text))) => {
                check_word(text, *start)?;
                self.at += 1;
                Ok(text.clone())
            }
            _ => Err(self.no_match()),
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        self.skip(|token| matches!(token, Token::Word(word) if word == wanted))
    }

    fn sign(&mut self, wanted: &str) -> bool {
        self.skip(|token| matches!(token, Token::Sign(sign) if *sign == wanted))
    }

    fn skip(&mut self, wanted: impl Fn(&Token) -> bool) -> bool {
        let found = self
            .tokens
            .get(self.at)
            .is_some_and(|(_, token)| wanted(token));
        self.at += usize::from(found);
        found
    }

    fn no_match(&self) -> SyntaxError {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        SyntaxError::NoMatch { at }
    }
}

/// Refuses a word that Consul accepts only in quotes. Without quotes, a value is a number or looks
/// like the name of a field.
fn check_word(word: &str, start: usize) -> Result<(), SyntaxError> {
    if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        let length = number_length(word);
        return if length == word.len() {
            Ok(())
        } else {
            Err(SyntaxError::InvalidNumber { at: start + length })
        };
    }
    let mut rest = word;
    loop {
        let at = start + word.len() - rest.len();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(SyntaxError::NoMatch { at });
        }
        rest = rest.trim_start_matches(is_name);
        while let Some(key) = rest.strip_prefix("[\"") {
            let Some((_, after)) = key.split_once("\"]") else {
                break;
            };
            rest = after;
        }
        let at = start + word.len() - rest.len();
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(()),
            None => return Err(SyntaxError::NoMatch { at }),
        }
    }
}

/// Returns the length of the number at the start of a word.
fn number_length(word: &str) -> usize {
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let sign = usize::from(word.starts_with('-'));
    let whole = if word[sign..].starts_with('0') {
        1
    } else {
        digits(&word[sign..])
    };
    let end = sign + whole;
    match word[end..].strip_prefix('.').map(digits) {
        Some(fraction @ 1..) => end + 1 + fraction,
        _ => end,
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

#[cfg(test)]
mod tests;
