//! Pipelines: declarations, and commands joined by `|`.

use super::Parser;
use crate::ast::{Command, Operand, OperandKind, Pipeline, Variable, VariableId};
use crate::error::Result;
use crate::token::{Token, TokenKind};

impl<'s> Parser<'s> {
    /// Parses a pipeline, and consumes the token `end` after it.
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<Pipeline> {
        self.enter_level()?;
        let mut pipeline = Pipeline {
            offset: self.peek_non_space().offset,
            is_assignment: false,
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
            self.push_back(token);
            pipeline.commands.push(self.command()?);
        }
        self.nesting -= 1;
        self.check(&pipeline, context)?;
        Ok(pipeline)
    }

    /// Parses a variable before `:=`, `=` or `,`, if there is one. Returns `true` if another one may follow.
    fn declaration(&mut self, pipeline: &mut Pipeline, context: &str) -> Result<bool> {
        let variable = self.next_non_space();
        if variable.kind != TokenKind::Variable {
            self.push_back(variable);
            return Ok(false);
        }
        // Keep the space after the variable: `$x.y` and `$x .y` differ.
        let after = self.next();
        let next = if after.kind == TokenKind::Space {
            self.next_non_space()
        } else {
            after.clone()
        };
        if matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
            pipeline.is_assignment = next.kind == TokenKind::Assign;
            self.declare(pipeline, variable);
            return Ok(false);
        }
        if next.kind != TokenKind::Character || next.text != "," {
            self.push_back(next);
            if after.kind == TokenKind::Space {
                self.push_back(after);
            }
            self.push_back(variable);
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

    fn check(&self, pipeline: &Pipeline, context: &str) -> Result<()> {
        if pipeline.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        let is_value = |command: &Command| {
            matches!(
                command.first.kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(..)
                    | OperandKind::String(..)
            )
        };
        // Only functions and methods can take a piped argument.
        match pipeline.commands.iter().skip(1).position(is_value) {
            Some(at) => Err(self.error(format!(
                "non executable command in pipeline stage {}",
                at + 2
            ))),
            None => Ok(()),
        }
    }

    fn command(&mut self) -> Result<Command> {
        let offset = self.peek_non_space().offset;
        let mut operands = Vec::new();
        loop {
            self.peek_non_space();
            operands.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                TokenKind::Space => {}
                TokenKind::RightDelimiter | TokenKind::RightParen => {
                    self.push_back(token);
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
