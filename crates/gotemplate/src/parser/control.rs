//! The actions: `if`, `with`, `range`, `template`, `break`, `continue`, `else` and `end`.

use super::{Ending, Item, Parser, Position};
use crate::ast::{Branches, Invocation, List, Node, Range};
use crate::error::Result;
use crate::quote::unquoted;
use crate::token::{Keyword, Token, TokenKind};

impl Parser<'_> {
    /// Parses text or an action.
    pub(super) fn text_or_action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.text.into()))),
            TokenKind::Comment => Ok(Item::Node(Node::Comment(token.text.into()))),
            TokenKind::LeftDelimiter => {
                self.frame.action = Some(Position {
                    line: token.line,
                    offset: token.offset,
                });
                let item = self.action();
                self.frame.action = None;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Keyword(Keyword::Block) => {
                self.open.push(("block", token.offset));
                Node::Template(self.block()?)
            }
            TokenKind::Keyword(Keyword::Break) => {
                self.loop_control("{{break}}", token.offset, Node::Break)?
            }
            TokenKind::Keyword(Keyword::Continue) => {
                self.loop_control("{{continue}}", token.offset, Node::Continue)?
            }
            TokenKind::Keyword(Keyword::Else) => {
                self.terminator = token.offset;
                return self.else_clause().map(Item::Ending);
            }
            TokenKind::Keyword(Keyword::End) => {
                self.terminator = token.offset;
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            TokenKind::Keyword(Keyword::If) => {
                self.open.push(("if", token.offset));
                Node::If(self.branches("if", Keyword::If)?)
            }
            TokenKind::Keyword(Keyword::With) => {
                self.open.push(("with", token.offset));
                Node::With(self.branches("with", Keyword::With)?)
            }
            TokenKind::Keyword(Keyword::Range) => {
                self.open.push(("range", token.offset));
                Node::Range(self.range()?)
            }
            TokenKind::Keyword(Keyword::Template) => Node::Template(self.invocation()?),
            _ => {
                self.push_back(token.clone());
                // Variables declared here stay in scope until the `end`.
                Node::Action(self.pipeline("command", TokenKind::RightDelimiter)?)
            }
        };
        if matches!(
            token.kind,
            TokenKind::Keyword(Keyword::Block | Keyword::If | Keyword::With | Keyword::Range)
        ) {
            self.open.pop();
        }
        Ok(Item::Node(node))
    }

    /// Parses the rest of a `break` or `continue`.
    fn loop_control(&mut self, shown: &str, offset: usize, node: Node) -> Result<Node> {
        self.expect(TokenKind::RightDelimiter, shown)?;
        if self.frame.ranges == 0 {
            return Err(self.error_at_offset(offset, format!("{shown} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    /// Parses the rest of an `else`. The caller handles `else if` and `else with`.
    fn else_clause(&mut self) -> Result<Ending> {
        let next = self.peek_non_space();
        if !matches!(next.kind, TokenKind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(TokenKind::RightDelimiter, "else")?;
        }
        Ok(Ending::Else)
    }

    fn branches(&mut self, context: &str, keyword: Keyword) -> Result<Branches> {
        let outer = self.frame.variables.len();
        let mut branches = Branches {
            arms: Vec::new(),
            else_body: None,
        };
        loop {
            let pipeline = self.pipeline(context, TokenKind::RightDelimiter)?;
            let (list, ending) = self.list()?;
            branches.arms.push((pipeline, list));
            if ending == Ending::End {
                break;
            }
            if self.peek().kind == TokenKind::Keyword(keyword) {
                self.next();
            } else {
                branches.else_body = Some(self.else_body()?);
                break;
            }
        }
        self.frame.variables.truncate(outer);
        Ok(branches)
    }

    fn range(&mut self) -> Result<Range> {
        let outer = self.frame.variables.len();
        let pipeline = self.pipeline("range", TokenKind::RightDelimiter)?;
        self.frame.ranges += 1;
        let (body, ending) = self.list()?;
        self.frame.ranges -= 1;
        let else_body = if ending == Ending::Else {
            Some(self.else_body()?)
        } else {
            None
        };
        self.frame.variables.truncate(outer);
        Ok(Range {
            pipeline,
            body,
            else_body,
        })
    }

    /// Parses the body of `else`, which must end with `end`.
    fn else_body(&mut self) -> Result<List> {
        let (list, ending) = self.list()?;
        if ending == Ending::End {
            return Ok(list);
        }
        Err(self.error_at_offset(
            self.terminator,
            format!("expected end; found {}", ending.shown()),
        ))
    }

    /// Parses a `template` action after its keyword.
    fn invocation(&mut self) -> Result<Invocation> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let next = self.next_non_space();
        if next.kind == TokenKind::RightDelimiter {
            return Ok(Invocation {
                offset: token.offset,
                name,
                pipeline: None,
            });
        }
        self.push_back(next);
        let pipeline = self.pipeline(context, TokenKind::RightDelimiter)?;
        Ok(Invocation {
            offset: token.offset,
            name,
            pipeline: Some(pipeline),
        })
    }

    pub(super) fn template_name(&mut self, token: &Token<'_>, context: &str) -> Result<Box<str>> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = unquoted(&token.text).ok_or_else(|| self.error("invalid syntax".to_owned()))?;
        Ok(String::from_utf8_lossy(&name).into())
    }
}
