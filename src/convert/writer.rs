//! Writes one template anew.
//!
//! in:  the tree of a Go template, and what is [`Known`] of its variables and macros
//! out: [`Piece`]s; what more is known now; and [`Mark`]s where something could not be converted

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Mark;
use super::expression::{Expr, Level};
use super::name::{Names, snake};
use super::piece::Piece;
use super::types::Type;
use super::values::Outcome;
use super::variables::{Assigned, Key, assigned};
use crate::template::Place;
use gotemplate::ast::{List, Operand, Pipeline};

/// A template that another one calls.
#[derive(Clone, Debug)]
pub(super) struct Macro {
    pub(super) name: String,
    /// What its argument is called, if it takes one.
    pub(super) takes: Option<String>,
}

/// What was found out about types; it grows from round to round until nothing is new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// What macros are called with, by the name of the template.
    pub(super) arguments: BTreeMap<String, Type>,
    /// What that is called, where all calls agree.
    pub(super) nouns: BTreeMap<String, Option<String>>,
    /// What variables hold.
    pub(super) variables: BTreeMap<Key, Type>,
}

impl Known {
    pub(super) fn learn_argument(&mut self, template: &str, kind: Type, noun: Option<&str>) {
        let known = self
            .nouns
            .entry(template.to_owned())
            .or_insert_with(|| noun.map(str::to_owned));
        if known.as_deref() != noun {
            *known = None;
        }
        let known = self
            .arguments
            .entry(template.to_owned())
            .or_insert(Type::Unseen);
        *known = std::mem::replace(known, Type::Unseen).join(kind);
    }

    fn learn_variable(&mut self, key: Key, kind: Type) {
        let known = self.variables.entry(key).or_insert(Type::Unseen);
        *known = std::mem::replace(known, Type::Unseen).join(kind);
    }
}

/// Why something cannot be converted.
#[derive(Debug)]
pub(super) struct Cannot {
    offset: usize,
    what: String,
    why: String,
}

impl Cannot {
    pub(super) fn new(offset: usize, what: impl Display, why: &str) -> Self {
        Self {
            offset,
            what: what.to_string(),
            why: why.to_owned(),
        }
    }
}

/// A variable that can be used.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    go: String,
    jinja: String,
    key: Key,
}

/// What one run over a template needs and finds.
pub(super) struct Writer<'t> {
    pub(super) source: &'t str,
    pub(super) macros: &'t BTreeMap<String, Macro>,
    pub(super) before: &'t Known,
    pub(super) known: Known,
    pub(super) names: Names,
    pub(super) marks: Vec<Mark>,
    assigned: BTreeMap<Key, Assigned>,
    scopes: Vec<Variable>,
    root: Expr,
    dots: Vec<Expr>,
}

impl<'t> Writer<'t> {
    /// A writer for one body, whose dot is `root` at first.
    pub(super) fn new(
        source: &'t str,
        body: &'t List,
        macros: &'t BTreeMap<String, Macro>,
        before: &'t Known,
        known: Known,
        names: Names,
        root: Expr,
    ) -> Self {
        let assigned = assigned(body);
        let (marks, scopes, dots) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            source,
            macros,
            before,
            known,
            names,
            marks,
            assigned,
            scopes,
            root,
            dots,
        }
    }

    /// The value of the dot.
    pub(super) fn dot(&self) -> Expr {
        self.dots.last().unwrap_or(&self.root).clone()
    }

    /// Nodes whose dot is another one; variables and names that come up in them end with them.
    pub(super) fn inside(&mut self, dot: Option<Expr>, list: &'t List) -> Vec<Piece> {
        let (outside, names) = (self.scopes.len(), self.names.mark());
        let with = dot.is_some();
        self.dots.extend(dot);
        let pieces = self.list(list);
        if with {
            self.dots.pop();
        }
        self.scopes.truncate(outside);
        self.names.release(names);
        pieces
    }

    /// How many variables there are, for [`leave`](Self::leave).
    pub(super) fn enter(&self) -> (usize, usize) {
        (self.scopes.len(), self.names.mark())
    }

    /// Forgets the variables since.
    pub(super) fn leave(&mut self, (scopes, names): (usize, usize)) {
        self.scopes.truncate(scopes);
        self.names.release(names);
    }

    /// How the variable is assigned to that is declared here.
    pub(super) fn changes(&self, key: Key) -> Option<Assigned> {
        self.assigned.get(&key).copied()
    }

    /// Makes a variable known under a name that Jinja has for it.
    pub(super) fn declare(&mut self, go: &str, jinja: &str, key: Key, kind: Type) {
        self.known.learn_variable(key, kind);
        self.scopes.push(Variable {
            go: go.to_owned(),
            jinja: jinja.to_owned(),
            key,
        });
    }

    /// The value of a variable.
    pub(super) fn variable(&mut self, operand: &Operand, name: &str) -> Outcome {
        if name == "$" {
            return Ok(self.root.clone());
        }
        let found = self.lookup(name);
        found.ok_or_else(|| {
            Cannot::new(
                operand.offset,
                operand,
                &format!("{name} has no value of its own here"),
            )
        })
    }

    /// The value of a variable that was declared.
    pub(super) fn lookup(&self, name: &str) -> Option<Expr> {
        let found = self
            .scopes
            .iter()
            .rev()
            .find(|variable| variable.go == name)?;
        let kinds =
            [&self.known, self.before].map(|known| known.variables.get(&found.key).cloned());
        let kind = kinds.into_iter().flatten().fold(Type::Unseen, Type::join);
        Some(Expr::primary(found.jinja.clone(), kind).called(snake(name)))
    }

    /// Is it a path from something that stays what it is?
    pub(super) fn is_steady(&self, value: &Expr) -> bool {
        let base = value.text.split('.').next().unwrap_or_default();
        let changes = |variable: &&Variable| self.changes(variable.key).is_some();
        !self
            .scopes
            .iter()
            .filter(changes)
            .any(|variable| variable.jinja.split('.').next() == Some(base))
    }

    /// What gives variables their value: those that a pipeline declares, or those that it assigns to.
    pub(super) fn bind(&mut self, pipeline: &'t Pipeline, value: &Expr) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (index, variable) in pipeline.variables.iter().enumerate() {
            let value = value.clone().settled();
            if pipeline.assigns {
                pieces.push(self.assign(pipeline.offset, &variable.name, &value));
                continue;
            }
            let key = (pipeline.offset, index);
            let name = self.names.fresh(&variable.name);
            if self.changes(key) == Some(Assigned::Within) {
                pieces.push(Piece::Tag(format!(
                    "set {name} = namespace(value={})",
                    value.text
                )));
                self.declare(&variable.name, &format!("{name}.value"), key, value.kind);
            } else {
                pieces.push(Piece::Tag(format!("set {name} = {}", value.text)));
                self.declare(&variable.name, &name, key, value.kind);
            }
        }
        pieces
    }

    /// A new value for a variable that is there.
    pub(super) fn assign(&mut self, offset: usize, name: &str, value: &Expr) -> Piece {
        let found = self
            .scopes
            .iter()
            .rev()
            .find(|variable| variable.go == name)
            .cloned();
        let Some(Variable { jinja, key, .. }) = found else {
            return self.mark(Cannot::new(
                offset,
                format!("{name} ="),
                "the variable is not one of this template",
            ));
        };
        self.known.learn_variable(key, value.kind.clone());
        Piece::Tag(format!("set {jinja} = {}", value.text))
    }

    /// A call of another template.
    pub(super) fn invoke(
        &mut self,
        offset: usize,
        whole: &str,
        template: &str,
        argument: Option<Expr>,
    ) -> Outcome {
        let Some(Macro { name, takes }) = self.macros.get(template) else {
            return Err(Cannot::new(
                offset,
                whole,
                "there is no macro for this template",
            ));
        };
        let argument = argument.unwrap_or_else(Expr::none);
        self.known
            .learn_argument(template, argument.kind.clone(), argument.noun.as_deref());
        let args = takes.is_some().then_some(argument);
        Ok(Expr::call(name, args, Type::Text))
    }

    /// Says in the template what could not be converted.
    pub(super) fn mark(&mut self, cannot: Cannot) -> Piece {
        let Cannot { offset, what, why } = cannot;
        let line = Place::of_byte(self.source, offset).line;
        let mark = Mark { line, what, why };
        let comment = format!(" ctmpl convert: {mark} ").replace('\n', " ");
        self.marks.push(mark);
        Piece::Comment(comment)
    }

    /// The value of a pipeline; where there is none, a mark, and none.
    pub(super) fn value_or_mark(
        &mut self,
        pipeline: &'t Pipeline,
        pieces: &mut Vec<Piece>,
    ) -> Expr {
        match self.value(pipeline) {
            Ok(value) => value,
            Err(cannot) => {
                let mark = self.mark(cannot);
                pieces.push(mark);
                Expr {
                    kind: Type::Any,
                    ..Expr::none()
                }
            }
        }
    }

    /// As a condition.
    pub(super) fn condition(value: &Expr) -> String {
        value.clone().settled().at(Level::Or)
    }
}
