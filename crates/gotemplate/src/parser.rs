//! Parses a template.
//!
//! in:  the source, its tokens, and a resolver of function names
//! out: the tree of every template in it: the main one, and those defined by `define` and `block`

use std::collections::HashMap;

use crate::ast::{Invocation, List, Node, Templates, VariableId};
use crate::context::FunctionId;
use crate::error::{About, Error, Failure, Outcome, Phase, line_and_column};
use crate::lexer::{Comments, Lexer};
use crate::options::Options;
use crate::token::{Keyword, Token, TokenKind};

mod control;
mod operand;
mod pipeline;

/// How deep control structures and parentheses may be nested.
const MOST_NESTING: usize = 200;

/// Finds functions by their names.
pub(crate) type Resolve<'r> = &'r dyn Fn(&str) -> Option<FunctionId>;

/// Parses `source`.
pub(crate) fn parse(
    name: &str,
    source: &str,
    options: &Options,
    comments: Comments,
    resolve: Resolve<'_>,
) -> Result<Templates, Error> {
    let delimiters = options.delimiters.or_default();
    let parser = Parser {
        name,
        source,
        lexer: Lexer::new(source, &delimiters, comments, &options.budget),
        pending: Vec::with_capacity(4),
        last: Place { line: 1, offset: 0 },
        resolve,
        frame: Frame::default(),
        ids: HashMap::from([("$".into(), 0)]),
        templates: HashMap::new(),
        nesting: 0,
        open: Vec::new(),
        ended_by: 0,
    };
    parser.run().map_err(Error::from)
}

struct Parser<'s> {
    name: &'s str,
    source: &'s str,
    lexer: Lexer<'s>,
    /// Tokens that were read and given back, the next one last.
    pending: Vec<Token<'s>>,
    /// Where the token is that was read last from the lexer: errors are reported there.
    last: Place,
    resolve: Resolve<'s>,
    frame: Frame<'s>,
    ids: HashMap<Box<str>, VariableId>,
    templates: Templates,
    nesting: usize,
    /// The keywords that still need an `end`, and where they are.
    open: Vec<(&'static str, usize)>,
    /// Where the `end` or `else` is that was read last.
    ended_by: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    line: usize,
    offset: usize,
}

/// What each template has for itself.
#[derive(Debug)]
struct Frame<'s> {
    /// The variables that can be used.
    variables: Vec<std::borrow::Cow<'s, str>>,
    /// How many `range` there are around.
    ranges: usize,
    /// The line on which the current action began, for the message that it has no end.
    action_line: Option<usize>,
}

impl Default for Frame<'_> {
    fn default() -> Self {
        Self {
            variables: vec!["$".into()],
            ranges: 0,
            action_line: None,
        }
    }
}

/// What a list of nodes ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    End,
    Else,
}

impl Ending {
    fn shown(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// One thing in a list, or its ending.
enum Piece {
    Node(Node),
    Ending(Ending),
}

impl<'s> Parser<'s> {
    fn run(mut self) -> Outcome<Templates> {
        let mut main = List::default();
        while self.peek().kind != TokenKind::End {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let delimiter = self.next();
                let token = self.next_non_space();
                if token.kind == TokenKind::Keyword(Keyword::Define) {
                    self.open.push(("define", token.offset));
                    self.definition()?;
                    self.open.pop();
                    continue;
                }
                self.give_back(token);
                self.give_back(delimiter);
            }
            match self.text_or_action()? {
                Piece::Node(node) => main.0.push(node),
                Piece::Ending(ending) => {
                    return Err(
                        self.error_of(self.ended_by, format!("unexpected {}", ending.shown()))
                    );
                }
            }
        }
        self.add(self.name.into(), main, 0)?;
        Ok(self.templates)
    }

    /// What follows `define`.
    fn definition(&mut self) -> Outcome<()> {
        let context = "define clause";
        let outer = std::mem::take(&mut self.frame);
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        self.expect(TokenKind::RightDelimiter, context)?;
        let (body, ending) = self.list()?;
        if ending != Ending::End {
            return Err(self.error_of(
                self.ended_by,
                format!("unexpected {} in {context}", ending.shown()),
            ));
        }
        self.add(name, body, token.offset)?;
        self.frame = outer;
        Ok(())
    }

    /// What follows `block`: defines a template, and runs it on the spot.
    fn block(&mut self) -> Outcome<Invocation> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipeline = self.pipeline(context, TokenKind::RightDelimiter)?;
        let here = self.last;
        let outer = std::mem::take(&mut self.frame);
        let (body, ending) = self.list()?;
        if ending != Ending::End {
            return Err(self.error_at(here, format!("unexpected {} in {context}", ending.shown())));
        }
        self.add(name.clone(), body, token.offset)?;
        self.frame = outer;
        Ok(Invocation {
            offset: token.offset,
            name,
            pipeline: Some(pipeline),
        })
    }

    /// Takes in a template. One that is blank neither replaces another one nor forbids it.
    fn add(&mut self, name: Box<str>, body: List, offset: usize) -> Outcome<()> {
        match self.templates.get(&name) {
            Some(present) if !present.is_blank() => {
                if !body.is_blank() {
                    let name = crate::quote::quoted(name.as_bytes());
                    return Err(self.error_of(
                        offset,
                        format!("template: multiple definition of template {name}"),
                    ));
                }
            }
            _ => {
                self.templates.insert(name, body);
            }
        }
        Ok(())
    }

    /// Everything up to `end` or `else`.
    fn list(&mut self) -> Outcome<(List, Ending)> {
        self.deeper()?;
        let mut list = List::default();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Piece::Node(node) => list.0.push(node),
                Piece::Ending(ending) => {
                    self.nesting -= 1;
                    return Ok((list, ending));
                }
            }
        }
        let end = "unexpected EOF".to_owned();
        Err(match self.open.last() {
            Some((keyword, offset)) => self.error_of(*offset, end).about(About::Unclosed(keyword)),
            None => self.error(end),
        })
    }

    /// Enters a level of nesting; the caller leaves it again.
    fn deeper(&mut self) -> Outcome<()> {
        self.nesting += 1;
        if self.nesting > MOST_NESTING {
            return Err(self.error(format!(
                "nesting too deep (more than {MOST_NESTING} levels)"
            )));
        }
        Ok(())
    }

    fn next(&mut self) -> Token<'s> {
        if let Some(token) = self.pending.pop() {
            return token;
        }
        let token = self.lexer.token();
        self.last = Place {
            line: token.line,
            offset: token.offset,
        };
        token
    }

    fn give_back(&mut self, token: Token<'s>) {
        self.pending.push(token);
    }

    fn peek(&mut self) -> Token<'s> {
        let token = self.next();
        self.give_back(token.clone());
        token
    }

    fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'s> {
        let token = self.next_non_space();
        self.give_back(token.clone());
        token
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Outcome<Token<'s>> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> Failure {
        if token.kind != TokenKind::Error {
            return self.error(format!("unexpected {} in {context}", token.shown()));
        }
        let mut message = token.shown();
        if let Some(line) = self.frame.action_line.filter(|line| *line != token.line) {
            if !message.ends_with(" action") {
                message.push_str(" in action");
            }
            message = format!("{message} started at {}:{line}", self.name);
        }
        self.error(message)
    }

    fn error(&self, message: String) -> Failure {
        self.error_at(self.last, message)
    }

    fn error_at(&self, place: Place, message: String) -> Failure {
        self.failure(place.line, place.offset, message)
    }

    /// An error about what begins at `offset`. Go's text names the line that was read last.
    fn error_of(&self, offset: usize, message: String) -> Failure {
        self.failure(self.last.line, offset, message)
    }

    fn failure(&self, last: usize, offset: usize, message: String) -> Failure {
        let (line, column) = line_and_column(self.source, offset);
        Failure::from(Error {
            phase: Phase::Parse,
            line,
            column,
            offset,
            prefix: format!("template: {}:{last}: ", self.name),
            message,
            about: About::Nothing,
            around: None,
        })
    }
}
