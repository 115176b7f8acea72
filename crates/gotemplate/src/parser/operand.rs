//! Operands: literals, fields, variables, functions and parentheses.

use super::Parser;
use crate::ast::{Operand, OperandKind, Target, Variable};
use crate::builtins::Builtin;
use crate::error::{ErrorSubject, NameKind, Result};
use crate::go_value::text_value;
use crate::number::{character, number};
use crate::quote::{quoted, unquoted};
use crate::token::{Token, TokenKind};

impl Parser<'_> {
    /// Parses an operand with its fields; `None` if there is no operand.
    pub(super) fn operand(&mut self) -> Result<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        let mut names: Vec<Box<str>> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            names.push(field_name(&self.next()));
        }
        let offset = first.offset;
        operand = match operand.kind {
            OperandKind::Field(before) => {
                let names = before.into_iter().chain(names).collect();
                Operand {
                    offset,
                    kind: OperandKind::Field(names),
                }
            }
            OperandKind::Variable(variable, _) => Operand {
                offset,
                kind: OperandKind::Variable(variable, names.into()),
            },
            OperandKind::Bool(_)
            | OperandKind::String(..)
            | OperandKind::Number(..)
            | OperandKind::Nil
            | OperandKind::Dot => {
                let term = quoted(operand.to_string().as_bytes());
                return Err(self.error(format!("unexpected . after term {term}")));
            }
            _ => Operand {
                offset,
                kind: OperandKind::Chain(Box::new(operand), names.into()),
            },
        };
        Ok(Some(operand))
    }

    /// The function with this name, which is called at `offset`.
    fn target(&self, name: &str, offset: usize) -> Option<Target> {
        if name == "executeTemplate" {
            return Some(Target::ExecuteTemplate);
        }
        Builtin::of_name(name)
            .map(Target::Builtin)
            .or_else(|| (self.resolve)(name, offset).map(Target::Function))
    }

    fn term(&mut self) -> Result<Option<Operand>> {
        let token = self.next_non_space();
        let offset = token.offset;
        let kind = match token.kind {
            TokenKind::Identifier => self.function(&token)?,
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => self.variable(&token)?,
            TokenKind::Field => OperandKind::Field(Box::new([field_name(&token)])),
            TokenKind::Bool => OperandKind::Bool(token.text == "true"),
            TokenKind::CharConstant => {
                let value = character(&token.text).map_err(|message| self.error(message))?;
                OperandKind::Number(token.text.into(), Some(value))
            }
            TokenKind::Complex | TokenKind::Number => {
                let value = number(&token.text).map_err(|message| self.error(message))?;
                OperandKind::Number(token.text.into(), value)
            }
            TokenKind::LeftParen => {
                let pipeline = self.pipeline("parenthesized pipeline", TokenKind::RightParen)?;
                let offset = pipeline.offset;
                return Ok(Some(Operand {
                    offset,
                    kind: OperandKind::Pipeline(Box::new(pipeline)),
                }));
            }
            TokenKind::String | TokenKind::RawString => {
                let text =
                    unquoted(&token.text).ok_or_else(|| self.error("invalid syntax".to_owned()))?;
                OperandKind::String(token.text.into(), text_value(text))
            }
            _ => {
                self.push_back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { offset, kind }))
    }

    fn function(&mut self, token: &Token<'_>) -> Result<OperandKind> {
        if let Some(target) = self.target(&token.text, token.offset) {
            return Ok(OperandKind::Function(token.text.as_ref().into(), target));
        }
        let error = self.error_at_offset(
            token.offset,
            format!("function {} not defined", quoted(token.text.as_bytes())),
        );
        Err(error.for_function(&token.text))
    }

    fn variable(&mut self, token: &Token<'_>) -> Result<OperandKind> {
        if !self.frame.variables.contains(&token.text) {
            let error = self.error_at_offset(
                token.offset,
                format!("undefined variable {}", quoted(token.text.as_bytes())),
            );
            let known = self
                .frame
                .variables
                .iter()
                .map(ToString::to_string)
                .filter(|known| known != "$")
                .collect();
            return Err(error.with_subject(ErrorSubject::unknown(
                NameKind::Variable,
                &token.text,
                known,
            )));
        }
        let variable = Variable {
            id: self.id(&token.text),
            name: token.text.as_ref().into(),
        };
        Ok(OperandKind::Variable(variable, Box::default()))
    }
}

fn field_name(token: &Token<'_>) -> Box<str> {
    token.text.strip_prefix('.').unwrap_or(&token.text).into()
}
