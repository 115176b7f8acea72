//! Converts actions and conditions.
//!
//! Input: the nodes of a Go template. Output: [`Piece`]s.

use gotemplate::ast::{Branches, Invocation, List, Node, Pipeline};

use crate::expression::Expr;
use crate::mark::Cannot;
use crate::piece::Piece;
use crate::types::Type;
use crate::variables::uses_dot;
use crate::writer::{MAX_DEPTH, Writer};

/// A condition with its body.
struct Arm {
    /// The tags that set the variables of the condition.
    before: Vec<Piece>,
    condition: String,
    body: Vec<Piece>,
}

impl<'t> Writer<'t> {
    pub(crate) fn list(&mut self, list: &'t List) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for node in &list.0 {
            match node {
                Node::Text(text) => pieces.push(Piece::Text(text.to_string())),
                Node::Comment(text) => pieces.push(Piece::Comment(text.to_string())),
                Node::Action(pipeline) => self.action(pipeline, &mut pieces),
                Node::If(branches) => pieces.extend(self.branches(branches, "if")),
                Node::With(branches) => pieces.extend(self.branches(branches, "with")),
                Node::Range(range) => {
                    let outside = self.enter();
                    pieces.extend(self.range(range));
                    self.leave(outside);
                }
                Node::Template(invocation) => self.invocation(invocation, &mut pieces),
                Node::Break => pieces.push(Piece::Leave("break")),
                Node::Continue => pieces.push(Piece::Leave("continue")),
            }
        }
        pieces
    }

    fn action(&mut self, pipeline: &'t Pipeline, pieces: &mut Vec<Piece>) {
        match self.value(pipeline) {
            Err(cannot) => {
                let mark = self.mark(cannot);
                pieces.push(mark);
            }
            Ok(value) if !pipeline.variables.is_empty() => {
                pieces.extend(self.bind(pipeline, &value));
            }
            Ok(Expr {
                literal: Some(text),
                ..
            }) => pieces.push(Piece::Text(text)),
            Ok(value) if value.has_effect => {
                pieces.push(Piece::Tag(format!("do {}", value.text)));
            }
            Ok(value) if value.kind == Type::Nil => {
                pieces.push(Piece::Text("<no value>".to_owned()));
            }
            Ok(value) if value.kind.prints_alike() && !value.maybe_undefined => {
                pieces.push(Piece::Print(value.text));
            }
            Ok(value) => pieces.push(Piece::Print(value.filter("go_text", Type::Text).text)),
        }
    }

    fn invocation(&mut self, invocation: &'t Invocation, pieces: &mut Vec<Piece>) {
        let mut argument = None;
        if let Some(pipeline) = &invocation.pipeline {
            let value = self.value_or_mark(pipeline, pieces);
            pieces.extend(self.bind(pipeline, &value));
            argument = Some(value);
        }
        let whole = invocation.to_string();
        let call = self.invoke(invocation.offset, &whole, &invocation.name, argument);
        let piece = match call {
            Ok(call) => Piece::Print(call.text),
            Err(cannot) => self.mark(cannot),
        };
        pieces.push(piece);
    }

    /// Converts an `if` or a `with`.
    fn branches(&mut self, branches: &'t Branches, keyword: &str) -> Vec<Piece> {
        let Branches { arms, else_body } = branches;
        let depth = self.depth;
        if depth + arms.len() > MAX_DEPTH {
            let offset = arms.first().map_or(0, |(pipeline, _)| pipeline.offset);
            let what = format!("{keyword} with {} branches", arms.len());
            let why = format!("Jinja takes {MAX_DEPTH} of them within each other");
            return vec![self.mark(Cannot::new(offset, what, &why))];
        }
        let outside = self.enter();
        let mut written = Vec::new();
        for (pipeline, body) in arms {
            self.depth += 1;
            written.push(self.arm(pipeline, body, keyword == "with"));
        }
        let else_body = else_body.as_ref();
        let else_body = else_body.map(|list| self.inside(None, list));
        self.depth = depth;
        self.leave(outside);
        nested(written, else_body.unwrap_or_default())
    }

    fn arm(&mut self, pipeline: &'t Pipeline, body: &'t List, is_with: bool) -> Arm {
        let mut before = Vec::new();
        let mut value = self.value_or_mark(pipeline, &mut before);
        if let Some(variable) = pipeline.variables.first() {
            before.extend(self.bind(pipeline, &value));
            value = self.lookup(&variable.name).unwrap_or(value);
        }
        let dot = if !is_with || !uses_dot(body) {
            None
        } else if value.is_path() && self.is_constant(&value) {
            Some(value.clone())
        } else {
            let hint = value.noun.as_deref().unwrap_or(value.kind.noun());
            let name = self.names.fresh(hint);
            let Expr { text, kind, .. } = value.clone().defined();
            before.push(Piece::Tag(format!("set {name} = {text}")));
            value = Expr::primary(name, kind);
            Some(value.clone())
        };
        let condition = Self::condition(&value);
        let dot = dot.or_else(|| is_with.then(|| self.dot()));
        Arm {
            before,
            condition,
            body: self.inside(dot, body),
        }
    }
}

/// Joins arms to `if … elif … else`; an arm that sets variables before its condition is nested in
/// an `else`.
fn nested(arms: Vec<Arm>, else_body: Vec<Piece>) -> Vec<Piece> {
    let last = arms.len().saturating_sub(1);
    let mut other = else_body;
    for (index, arm) in arms.into_iter().enumerate().rev() {
        let mut written = vec![(arm.condition, arm.body)];
        if let [Piece::If { arms, else_body }] = other.as_mut_slice()
            && index != last
        {
            written.append(arms);
            other = std::mem::take(else_body);
        }
        let mut pieces = arm.before;
        pieces.push(Piece::If {
            arms: written,
            else_body: other,
        });
        other = pieces;
    }
    other
}
