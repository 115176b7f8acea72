//! Parses a template.
//!
//! Input: the source, and a resolver for the names of functions. Output: the syntax trees of the main template and of
//! those that `define` and `block` define.

use std::collections::HashMap;

use crate::ast::{Invocation, List, Node, Templates, VariableId};
use crate::context::FunctionId;
use crate::error::{BoxedError, Error, ErrorSubject, Phase, Result, line_and_column};
use crate::lexer::{Comments, Lexer};
use crate::options::Options;
use crate::token::{Keyword, Token, TokenKind};

mod control;
mod operand;
mod pipeline;

/// The maximum nesting of control structures and parentheses.
const MAX_NESTING: usize = 200;

/// Resolves the name of a function at a byte offset.
pub(crate) type Resolve<'r> = &'r dyn Fn(&str, usize) -> Option<FunctionId>;

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
        last: Position { line: 1, offset: 0 },
        resolve,
        frame: Frame::default(),
        ids: HashMap::from([("$".into(), 0)]),
        templates: HashMap::new(),
        nesting: 0,
        open: Vec::new(),
        terminator: 0,
    };
    parser.run().map_err(Error::from)
}

struct Parser<'s> {
    name: &'s str,
    source: &'s str,
    lexer: Lexer<'s>,
    /// Tokens that were pushed back; the next one is the last.
    pending: Vec<Token<'s>>,
    /// The position of the last token from the lexer, at which errors are reported.
    last: Position,
    resolve: Resolve<'s>,
    frame: Frame<'s>,
    ids: HashMap<Box<str>, VariableId>,
    templates: Templates,
    nesting: usize,
    /// The open keywords, which need an `end`, with their offsets.
    open: Vec<(&'static str, usize)>,
    /// The offset of the last `end` or `else`.
    terminator: usize,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    line: usize,
    offset: usize,
}

/// The state of one template.
#[derive(Debug)]
struct Frame<'s> {
    /// The variables in scope.
    variables: Vec<std::borrow::Cow<'s, str>>,
    /// The depth of nested `range` actions.
    ranges: usize,
    /// The delimiter that began the current action, for the error of an unclosed action.
    action: Option<Position>,
}

impl Default for Frame<'_> {
    fn default() -> Self {
        Self {
            variables: vec!["$".into()],
            ranges: 0,
            action: None,
        }
    }
}

/// The action that ends a list of nodes.
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

/// A node of a list, or the end of the list.
enum Item {
    Node(Node),
    Ending(Ending),
}

impl<'s> Parser<'s> {
    fn run(mut self) -> Result<Templates> {
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
                self.push_back(token);
                self.push_back(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => main.0.push(node),
                Item::Ending(ending) => {
                    return Err(self.error_at_offset(
                        self.terminator,
                        format!("unexpected {}", ending.shown()),
                    ));
                }
            }
        }
        self.add(self.name.into(), main, 0)?;
        Ok(self.templates)
    }

    /// Parses a definition after its `define`.
    fn definition(&mut self) -> Result<()> {
        let context = "define clause";
        let outer = std::mem::take(&mut self.frame);
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        self.expect(TokenKind::RightDelimiter, context)?;
        let (body, ending) = self.list()?;
        if ending != Ending::End {
            return Err(self.error_at_offset(
                self.terminator,
                format!("unexpected {} in {context}", ending.shown()),
            ));
        }
        self.add(name, body, token.offset)?;
        self.frame = outer;
        Ok(())
    }

    /// Parses a `block` after its keyword: it defines a template, and invokes it.
    fn block(&mut self) -> Result<Invocation> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipeline = self.pipeline(context, TokenKind::RightDelimiter)?;
        let position = self.last;
        let outer = std::mem::take(&mut self.frame);
        let (body, ending) = self.list()?;
        if ending != Ending::End {
            return Err(self.error_at(
                position,
                format!("unexpected {} in {context}", ending.shown()),
            ));
        }
        self.add(name.clone(), body, token.offset)?;
        self.frame = outer;
        Ok(Invocation {
            offset: token.offset,
            name,
            pipeline: Some(pipeline),
        })
    }

    /// Adds a template. As in Go, an empty definition does not replace another one, and can be replaced.
    fn add(&mut self, name: Box<str>, body: List, offset: usize) -> Result<()> {
        match self.templates.get(&name) {
            Some(present) if !present.is_blank() => {
                if !body.is_blank() {
                    let name = crate::quote::quoted(name.as_bytes());
                    return Err(self.error_at_offset(
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

    /// Parses the nodes up to `end` or `else`.
    fn list(&mut self) -> Result<(List, Ending)> {
        self.enter_level()?;
        let mut list = List::default();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.0.push(node),
                Item::Ending(ending) => {
                    self.nesting -= 1;
                    return Ok((list, ending));
                }
            }
        }
        let end = "unexpected EOF".to_owned();
        Err(match self.open.last() {
            Some((keyword, offset)) => self
                .error_at_offset(*offset, end)
                .with_subject(ErrorSubject::Unclosed(keyword)),
            None => self.error(end),
        })
    }

    /// Enters a level of nesting. The caller decrements `nesting` afterwards.
    fn enter_level(&mut self) -> Result<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.error(format!("nesting too deep (more than {MAX_NESTING} levels)")));
        }
        Ok(())
    }

    fn next(&mut self) -> Token<'s> {
        if let Some(token) = self.pending.pop() {
            return token;
        }
        let token = self.lexer.token();
        self.last = Position {
            line: token.line,
            offset: token.offset,
        };
        token
    }

    fn push_back(&mut self, token: Token<'s>) {
        self.pending.push(token);
    }

    fn peek(&mut self) -> Token<'s> {
        let token = self.next();
        self.push_back(token.clone());
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
        self.push_back(token.clone());
        token
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token<'s>> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> BoxedError {
        if token.kind != TokenKind::Error {
            return self.error(format!("unexpected {} in {context}", token.shown()));
        }
        let mut message = token.shown();
        let Some(action) = self.frame.action else {
            return self.error(message);
        };
        let is_unclosed = message == "unclosed action";
        if action.line != token.line {
            if !message.ends_with(" action") {
                message.push_str(" in action");
            }
            message = format!("{message} started at {}:{}", self.name, action.line);
        }
        if is_unclosed {
            return self.error_at_offset(action.offset, message);
        }
        self.error(message)
    }

    fn error(&self, message: String) -> BoxedError {
        self.error_at(self.last, message)
    }

    fn error_at(&self, position: Position, message: String) -> BoxedError {
        self.failure(position.line, position.offset, message)
    }

    /// An error at `offset`. Go's text has the line of the last token.
    fn error_at_offset(&self, offset: usize, message: String) -> BoxedError {
        self.failure(self.last.line, offset, message)
    }

    fn failure(&self, last: usize, offset: usize, message: String) -> BoxedError {
        let (line, column) = line_and_column(self.source, offset);
        BoxedError::from(Error {
            phase: Phase::Parse,
            line,
            column,
            offset,
            prefix: format!("template: {}:{last}: ", self.name),
            message,
            subject: ErrorSubject::Unnamed,
            enclosing: None,
        })
    }
}
