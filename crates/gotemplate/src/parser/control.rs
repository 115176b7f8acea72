//! The actions: `if`, `with`, `range`, `template` and their kin.

use super::{Ending, Parser, Piece};
use crate::ast::{Branches, Invocation, List, Node, Range};
use crate::error::Outcome;
use crate::quote::unquoted;
use crate::token::{Keyword, Token, TokenKind};

impl Parser<'_> {
    /// A text or an action.
    pub(super) fn text_or_action(&mut self) -> Outcome<Piece> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Piece::Node(Node::Text(token.text.into()))),
            TokenKind::Comment => Ok(Piece::Node(Node::Comment(token.text.into()))),
            TokenKind::LeftDelimiter => {
                self.frame.action_line = Some(token.line);
                let piece = self.action();
                self.frame.action_line = None;
                piece
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Outcome<Piece> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Keyword(Keyword::Block) => {
                self.open.push(("block", token.offset));
                Node::Template(self.block()?)
            }
            TokenKind::Keyword(Keyword::Break) => {
                self.leave("{{break}}", token.offset, Node::Break)?
            }
            TokenKind::Keyword(Keyword::Continue) => {
                self.leave("{{continue}}", token.offset, Node::Continue)?
            }
            TokenKind::Keyword(Keyword::Else) => {
                self.ended_by = token.offset;
                return self.else_().map(Piece::Ending);
            }
            TokenKind::Keyword(Keyword::End) => {
                self.ended_by = token.offset;
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Piece::Ending(Ending::End));
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
                self.give_back(token.clone());
                // Variables declared here live on until the `end`.
                Node::Action(self.pipeline("command", TokenKind::RightDelimiter)?)
            }
        };
        if matches!(
            token.kind,
            TokenKind::Keyword(Keyword::Block | Keyword::If | Keyword::With | Keyword::Range)
        ) {
            self.open.pop();
        }
        Ok(Piece::Node(node))
    }

    /// `break` or `continue`.
    fn leave(&mut self, shown: &str, offset: usize, node: Node) -> Outcome<Node> {
        self.expect(TokenKind::RightDelimiter, shown)?;
        if self.frame.ranges == 0 {
            return Err(self.error_of(offset, format!("{shown} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    /// The rest of an `else`; the caller handles an `if` or a `with` that follows it.
    fn else_(&mut self) -> Outcome<Ending> {
        let next = self.peek_non_space();
        if !matches!(next.kind, TokenKind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(TokenKind::RightDelimiter, "else")?;
        }
        Ok(Ending::Else)
    }

    fn branches(&mut self, context: &str, keyword: Keyword) -> Outcome<Branches> {
        let outside = self.frame.variables.len();
        let mut branches = Branches {
            arms: Vec::new(),
            otherwise: None,
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
                branches.otherwise = Some(self.otherwise()?);
                break;
            }
        }
        self.frame.variables.truncate(outside);
        Ok(branches)
    }

    fn range(&mut self) -> Outcome<Range> {
        let outside = self.frame.variables.len();
        let pipeline = self.pipeline("range", TokenKind::RightDelimiter)?;
        self.frame.ranges += 1;
        let (body, ending) = self.list()?;
        self.frame.ranges -= 1;
        let otherwise = if ending == Ending::Else {
            Some(self.otherwise()?)
        } else {
            None
        };
        self.frame.variables.truncate(outside);
        Ok(Range {
            pipeline,
            body,
            otherwise,
        })
    }

    /// The last branch, which nothing but `end` can end.
    fn otherwise(&mut self) -> Outcome<List> {
        let (list, ending) = self.list()?;
        if ending == Ending::End {
            return Ok(list);
        }
        Err(self.error_of(
            self.ended_by,
            format!("expected end; found {}", ending.shown()),
        ))
    }

    /// What follows `template`.
    fn invocation(&mut self) -> Outcome<Invocation> {
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
        self.give_back(next);
        let pipeline = self.pipeline(context, TokenKind::RightDelimiter)?;
        Ok(Invocation {
            offset: token.offset,
            name,
            pipeline: Some(pipeline),
        })
    }

    pub(super) fn template_name(&mut self, token: &Token<'_>, context: &str) -> Outcome<Box<str>> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = unquoted(&token.text).ok_or_else(|| self.error("invalid syntax".to_owned()))?;
        Ok(String::from_utf8_lossy(&name).into())
    }
}
