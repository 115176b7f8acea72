//! Converts the nodes of one template.
//!
//! Input: the tree of a Go template, and the [`Known`] types of variables and macros. Output:
//! [`Piece`]s, newly inferred types, and [`Mark`]s for parts that could not be converted.

use std::collections::BTreeMap;

use gotemplate::ast::{List, Operand, Pipeline};

use crate::expression::{Expr, Level};
use crate::known::{Known, Macro};
use crate::library::Library;
use crate::mark::{Cannot, Lines, Mark};
use crate::name::{Names, snake};
use crate::piece::Piece;
use crate::scopes::{Scopes, Variable};
use crate::types::{Records, Type};
use crate::variables::{Assigned, Key, assigned};

/// The maximum nesting depth of control structures in Jinja. Each `elif` counts as one.
pub(crate) const MAX_DEPTH: usize = 500;

/// An expression, or the reason why there is none.
pub(crate) type Converted = Result<Expr, Cannot>;

/// The values that all templates of a source share.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'t> {
    pub(crate) lines: &'t Lines,
    pub(crate) library: &'t dyn Library,
    pub(crate) records: &'t Records,
    pub(crate) macros: &'t BTreeMap<String, Macro>,
    /// The types from the previous round.
    pub(crate) before: &'t Known,
}

/// The state of a conversion of one template.
pub(crate) struct Writer<'t> {
    pub(crate) shared: Shared<'t>,
    pub(crate) known: Known,
    pub(crate) names: Names,
    pub(crate) marks: Vec<Mark>,
    /// The nesting depth of control structures at the current node.
    pub(crate) depth: usize,
    assigned: BTreeMap<Key, Assigned>,
    scopes: Scopes,
    root: Expr,
    dots: Vec<Expr>,
}

impl<'t> Writer<'t> {
    /// Creates a writer for a body whose initial dot is `root`.
    pub(crate) fn new(
        shared: Shared<'t>,
        body: &'t List,
        known: Known,
        names: Names,
        root: Expr,
    ) -> Self {
        Self {
            shared,
            known,
            names,
            marks: Vec::new(),
            depth: 0,
            assigned: assigned(body),
            scopes: Scopes::default(),
            root,
            dots: Vec::new(),
        }
    }

    /// Returns the current dot.
    pub(crate) fn dot(&self) -> Expr {
        self.dots.last().unwrap_or(&self.root).clone()
    }

    /// Converts nodes, with another dot if one is given. Their variables and names go out of scope
    /// afterwards.
    pub(crate) fn inside(&mut self, dot: Option<Expr>, list: &'t List) -> Vec<Piece> {
        let outside = self.enter();
        let has_dot = dot.is_some();
        self.dots.extend(dot);
        let pieces = self.list(list);
        if has_dot {
            self.dots.pop();
        }
        self.leave(outside);
        pieces
    }

    /// Returns the number of variables and of names, for [`leave`](Self::leave).
    pub(crate) fn enter(&self) -> (usize, usize) {
        (self.scopes.enter(), self.names.mark())
    }

    /// Ends the scope of the variables and names since [`enter`](Self::enter).
    pub(crate) fn leave(&mut self, (scopes, names): (usize, usize)) {
        self.scopes.leave(scopes);
        self.names.release(names);
    }

    /// Returns the place of assignments to a declared variable; `None` if it does not change.
    pub(crate) fn changes(&self, key: Key) -> Option<Assigned> {
        self.assigned.get(&key).copied()
    }

    /// Declares a variable with the Jinja expression of its value.
    pub(crate) fn declare(&mut self, go: &str, jinja: &str, key: Key, kind: Type) {
        self.known.learn_variable(key, kind);
        self.scopes.declare(Variable {
            go: go.to_owned(),
            jinja: jinja.to_owned(),
            key,
            changes: self.changes(key).is_some(),
        });
    }

    /// Returns the value of a variable; an error if it is not in scope.
    pub(crate) fn variable(&mut self, operand: &Operand, name: &str) -> Converted {
        if name == "$" {
            return Ok(self.root.clone());
        }
        self.lookup(name).ok_or_else(|| {
            let why = format!("{name} has no value of its own here");
            Cannot::new(operand.offset, operand, &why)
        })
    }

    /// Returns the value of a variable in scope.
    pub(crate) fn lookup(&self, name: &str) -> Option<Expr> {
        let found = self.scopes.find(name)?;
        let kinds =
            [&self.known, self.shared.before].map(|known| known.variables.get(&found.key).cloned());
        let kind = kinds.into_iter().flatten().fold(Type::Unseen, Type::join);
        Some(Expr::primary(found.jinja.clone(), kind).called(snake(name)))
    }

    /// Returns `true` for a path from a variable that does not change.
    pub(crate) fn is_constant(&self, value: &Expr) -> bool {
        let base = value.text.split('.').next().unwrap_or_default();
        !self.scopes.changes(base)
    }

    /// Returns the tags that set the variables of a pipeline.
    pub(crate) fn bind(&mut self, pipeline: &'t Pipeline, value: &Expr) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (index, variable) in pipeline.variables.iter().enumerate() {
            let value = value.clone().defined();
            if pipeline.is_assignment {
                pieces.push(self.assign(pipeline.offset, &variable.name, &value));
            } else {
                let key = (pipeline.offset, index);
                pieces.push(self.set(&variable.name, key, &value));
            }
        }
        pieces
    }

    /// Declares a variable with its own name. Returns the tag that sets it.
    pub(crate) fn set(&mut self, go: &str, key: Key, value: &Expr) -> Piece {
        let name = self.names.fresh(go);
        if self.changes(key) == Some(Assigned::Within) {
            self.declare(go, &format!("{name}.value"), key, value.kind.clone());
            Piece::Tag(format!("set {name} = namespace(value={})", value.text))
        } else {
            self.declare(go, &name, key, value.kind.clone());
            Piece::Tag(format!("set {name} = {}", value.text))
        }
    }

    /// Returns the tag that changes an existing variable.
    pub(crate) fn assign(&mut self, offset: usize, name: &str, value: &Expr) -> Piece {
        let Some(Variable { jinja, key, .. }) = self.scopes.find(name).cloned() else {
            return self.mark(Cannot::new(
                offset,
                format!("{name} ="),
                "the variable is not one of this template",
            ));
        };
        self.known.learn_variable(key, value.kind.clone());
        Piece::Tag(format!("set {jinja} = {}", value.text))
    }

    /// Converts a call of another template.
    pub(crate) fn invoke(
        &mut self,
        offset: usize,
        whole: &str,
        template: &str,
        argument: Option<Expr>,
    ) -> Converted {
        let Some(called) = self.shared.macros.get(template) else {
            return Err(Cannot::new(
                offset,
                whole,
                "there is no macro for this template",
            ));
        };
        let argument = argument.unwrap_or_else(Expr::none);
        self.known
            .learn_argument(template, argument.kind.clone(), argument.noun.as_deref());
        let args = called.argument.is_some().then_some(argument);
        Ok(Expr::call(&called.name, args, Type::Text))
    }

    /// Records a mark. Returns the comment that replaces the part.
    pub(crate) fn mark(&mut self, cannot: Cannot) -> Piece {
        let mark = cannot.into_mark(self.shared.lines);
        let comment = format!(" ctmpl convert: {mark} ").replace('\n', " ");
        self.marks.push(mark);
        Piece::Comment(comment)
    }

    /// Returns the value of a pipeline; if it cannot be converted, adds a mark and returns none.
    pub(crate) fn value_or_mark(
        &mut self,
        pipeline: &'t Pipeline,
        pieces: &mut Vec<Piece>,
    ) -> Expr {
        self.value(pipeline).unwrap_or_else(|cannot| {
            let mark = self.mark(cannot);
            pieces.push(mark);
            Expr {
                kind: Type::Any,
                ..Expr::none()
            }
        })
    }

    /// Returns the value as a condition.
    pub(crate) fn condition(value: &Expr) -> String {
        value.clone().defined().at(Level::Or)
    }
}
