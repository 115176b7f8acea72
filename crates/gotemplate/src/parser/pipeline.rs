//! Pipelines: declarations, and commands joined by `|`.

use super::Parser;
use crate::ast::{Command, Operand, OperandKind, Pipeline, Variable, VariableId};
use crate::error::Outcome;
use crate::token::{Token, TokenKind};

impl<'s> Parser<'s> {
    /// A pipeline up to and with the token `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Outcome<Pipeline> {
        self.deeper()?;
        let mut pipeline = Pipeline {
            offset: self.peek_non_space().offset,
            assigns: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        while self.declaration(&mut pipeline, context)? {}
        loop {
            let token = self.next_non_space();
            if token.kind == end {
                break;
            }
            if !starts_operand(token.kind) {
                return Err(self.unexpected(&token, context));
            }
            self.give_back(token);
            pipeline.commands.push(self.command()?);
        }
        self.nesting -= 1;
        self.check(&pipeline, context)?;
        Ok(pipeline)
    }

    /// A variable that is declared or assigned to, if there is one; yields whether there may be another one.
    fn declaration(&mut self, pipeline: &mut Pipeline, context: &str) -> Outcome<bool> {
        let variable = self.next_non_space();
        if variable.kind != TokenKind::Variable {
            self.give_back(variable);
            return Ok(false);
        }
        // Whether a blank follows has to be known later on: `$x.y` is not `$x .y`.
        let after = self.next();
        let next = if after.kind == TokenKind::Space {
            self.next_non_space()
        } else {
            after.clone()
        };
        if matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
            pipeline.assigns = next.kind == TokenKind::Assign;
            self.declare(pipeline, variable);
            return Ok(false);
        }
        if next.kind != TokenKind::Character || next.text != "," {
            self.give_back(next);
            if after.kind == TokenKind::Space {
                self.give_back(after);
            }
            self.give_back(variable);
            return Ok(false);
        }
        self.declare(pipeline, variable);
        if context != "range" || pipeline.variables.len() >= 2 {
            return Err(self.error(format!("too many declarations in {context}")));
        }
        let next = self.peek_non_space().kind;
        if matches!(
            next,
            TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen
        ) {
            return Ok(true);
        }
        Err(self.error("range can only initialize variables".to_owned()))
    }

    fn declare(&mut self, pipeline: &mut Pipeline, token: Token<'s>) {
        let id = self.id(&token.text);
        pipeline.variables.push(Variable {
            id,
            name: token.text.as_ref().into(),
        });
        self.frame.variables.push(token.text);
    }

    /// The number of a variable's name.
    pub(super) fn id(&mut self, name: &str) -> VariableId {
        let new = VariableId::try_from(self.ids.len()).unwrap_or(VariableId::MAX);
        *self.ids.entry(name.into()).or_insert(new)
    }

    fn check(&self, pipeline: &Pipeline, context: &str) -> Outcome<()> {
        if pipeline.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        let fixed = |command: &Command| {
            matches!(
                command.first.kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(..)
                    | OperandKind::Text(..)
            )
        };
        // What is piped in needs something that can take it.
        match pipeline.commands.iter().skip(1).position(fixed) {
            Some(at) => Err(self.error(format!(
                "non executable command in pipeline stage {}",
                at + 2
            ))),
            None => Ok(()),
        }
    }

    fn command(&mut self) -> Outcome<Command> {
        let offset = self.peek_non_space().offset;
        let mut operands = Vec::new();
        loop {
            self.peek_non_space();
            operands.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => {
                    self.give_back(token);
                    break;
                }
                TokenKind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        let mut operands: std::vec::IntoIter<Operand> = operands.into_iter();
        let Some(first) = operands.next() else {
            return Err(self.error("empty command".to_owned()));
        };
        Ok(Command {
            offset,
            first,
            arguments: operands.collect(),
        })
    }
}

fn starts_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Complex
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Nil
            | TokenKind::RawString
            | TokenKind::String
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}
