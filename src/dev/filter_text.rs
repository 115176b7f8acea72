//! Reads the text of a filter expression.
//!
//! in:  `Service.Port == 80 and "v1" in Service.Tags`
//! out: an [`Expression`], or where the text stops making sense

/// A condition.
#[derive(Debug)]
pub(crate) enum Expression {
    /// Both hold.
    And(Box<Self>, Box<Self>),
    /// At least one holds.
    Or(Box<Self>, Box<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// A field compares like this.
    Match(Match),
}

/// The comparison of a field.
#[derive(Debug)]
pub(crate) struct Match {
    /// The names on the way to the field.
    pub(crate) selector: Vec<String>,
    /// How it is compared.
    pub(crate) operator: Operator,
    /// What it is compared with; empty for the operators that need nothing.
    pub(crate) value: String,
}

/// How a field is compared.
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

impl Operator {
    /// Is the value a regular expression?
    pub(crate) fn is_pattern(self) -> bool {
        matches!(self, Self::Matches | Self::NotMatches)
    }
}

impl Expression {
    /// All comparisons in it.
    pub(crate) fn matches(&self) -> Vec<&Match> {
        match self {
            Self::And(one, other) | Self::Or(one, other) => {
                [one.matches(), other.matches()].concat()
            }
            Self::Not(inner) => inner.matches(),
            Self::Match(found) => vec![found],
        }
    }
}

/// Reads an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let mut reader = Reader {
        tokens: tokens(text)?,
        at: 0,
        end: text.len(),
    };
    let expression = reader.alternatives()?;
    if reader.at < reader.tokens.len() {
        Err(reader.nonsense())
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

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
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
            let length = rest[1..].find(first).ok_or_else(|| no_match(text.len()))?;
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

/// The words of Consul's parser for a text that stops making sense at this place.
fn no_match(at: usize) -> String {
    format!("1:{} ({at}): no match found", at + 1)
}

struct Reader {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
}

impl Reader {
    fn alternatives(&mut self) -> Result<Expression, String> {
        let one = self.conjunction()?;
        if !self.word("or") {
            return Ok(one);
        }
        Ok(Expression::Or(
            Box::new(one),
            Box::new(self.alternatives()?),
        ))
    }

    fn conjunction(&mut self) -> Result<Expression, String> {
        let one = self.term()?;
        if !self.word("and") {
            return Ok(one);
        }
        Ok(Expression::And(
            Box::new(one),
            Box::new(self.conjunction()?),
        ))
    }

    fn term(&mut self) -> Result<Expression, String> {
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.term()?)));
        }
        if self.sign("(") {
            let inner = self.alternatives()?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                Err(self.nonsense())
            };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, String> {
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
                return Err(self.nonsense());
            }
            (first, operator, String::new())
        } else if self.word("not") {
            self.negated(first)?
        } else {
            return Err(self.nonsense());
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

    fn negated(&mut self, first: String) -> Result<(String, Operator, String), String> {
        if self.word("in") {
            Ok((self.value()?, Operator::NotContains, first))
        } else if self.word("contains") {
            Ok((first, Operator::NotContains, self.value()?))
        } else if self.word("matches") {
            Ok((first, Operator::NotMatches, self.value()?))
        } else {
            Err(self.nonsense())
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some((_, Token::Word(text) | Token::Text(text))) => {
                self.at += 1;
                Ok(text.clone())
            }
            _ => Err(self.nonsense()),
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        self.skip(|token| *token == Token::Word(wanted.to_owned()))
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

    fn nonsense(&self) -> String {
        no_match(self.tokens.get(self.at).map_or(self.end, |(at, _)| *at))
    }
}
