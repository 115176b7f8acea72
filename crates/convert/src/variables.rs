//! Finds the variables that change after their declaration, and what nodes use.
//!
//! Input: the tree of a template. Output: for each declaration, how the variable is assigned to
//! ([`Assigned`]); and whether nodes use their dot, a variable, a function or a template.
//!
//! A loop in Jinja cannot change a variable of an outer scope. A variable that a Go template
//! changes there becomes an attribute of a `namespace`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gotemplate::ast::{Branches, Command, List, Node, Operand, OperandKind, Pipeline, Range};

/// The declaration of a variable: the offset of the pipeline, and the position among its variables.
pub(crate) type Key = (usize, usize);

/// The place of an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assigned {
    /// In the loop that declares the variable.
    Here,
    /// In an inner loop.
    Within,
}

/// Returns the variables of a template that change, with the innermost assignment.
pub(crate) fn assigned(list: &List) -> BTreeMap<Key, Assigned> {
    let mut walk = Walk {
        scopes: Vec::new(),
        by_name: HashMap::new(),
        loops: 0,
        found: BTreeMap::new(),
    };
    walk.list(list);
    walk.found
}

struct Declared<'t> {
    name: &'t str,
    key: Key,
    /// The nesting depth of loops at the declaration.
    loops: usize,
}

struct Walk<'t> {
    /// The variables in scope.
    scopes: Vec<Declared<'t>>,
    /// The indexes in `scopes` of the variables with a name.
    by_name: HashMap<&'t str, Vec<usize>>,
    /// The nesting depth of loops at the current node.
    loops: usize,
    found: BTreeMap<Key, Assigned>,
}

impl<'t> Walk<'t> {
    fn list(&mut self, list: &'t List) {
        for node in &list.0 {
            match node {
                Node::Action(pipeline) => self.pipeline(pipeline),
                Node::If(branches) | Node::With(branches) => self.branches(branches),
                Node::Range(range) => self.range(range),
                Node::Template(invocation) => invocation
                    .pipeline
                    .iter()
                    .for_each(|pipeline| self.pipeline(pipeline)),
                Node::Text(_) | Node::Comment(_) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn branches(&mut self, branches: &'t Branches) {
        let outside = self.scopes.len();
        for (pipeline, body) in &branches.arms {
            self.pipeline(pipeline);
            self.scoped(body);
        }
        branches.else_body.iter().for_each(|body| self.scoped(body));
        self.leave(outside);
    }

    fn range(&mut self, range: &'t Range) {
        let outside = self.scopes.len();
        self.loops += 1;
        self.pipeline(&range.pipeline);
        self.scoped(&range.body);
        self.loops -= 1;
        self.leave(outside);
        range.else_body.iter().for_each(|body| self.scoped(body));
    }

    fn scoped(&mut self, list: &'t List) {
        let outside = self.scopes.len();
        self.list(list);
        self.leave(outside);
    }

    fn leave(&mut self, outside: usize) {
        for declared in self.scopes.drain(outside..) {
            if let Some(places) = self.by_name.get_mut(declared.name) {
                places.pop();
            }
        }
    }

    fn pipeline(&mut self, pipeline: &'t Pipeline) {
        for (index, variable) in pipeline.variables.iter().enumerate() {
            if !pipeline.is_assignment {
                let places = self.by_name.entry(&variable.name).or_default();
                places.push(self.scopes.len());
                self.scopes.push(Declared {
                    name: &variable.name,
                    key: (pipeline.offset, index),
                    loops: self.loops,
                });
                continue;
            }
            let places = self.by_name.get(&*variable.name);
            if let Some(declared) = places
                .and_then(|places| places.last())
                .map(|at| &self.scopes[*at])
            {
                let how = if declared.loops < self.loops {
                    Assigned::Within
                } else {
                    Assigned::Here
                };
                let found = self.found.entry(declared.key).or_insert(how);
                *found = how.max(*found);
            }
        }
    }
}

/// Returns `true` if nodes use this variable.
pub(crate) fn uses_variable(list: &List, name: &str) -> bool {
    any_operand(
        list,
        true,
        &|kind| matches!(kind, OperandKind::Variable(variable, _) if &*variable.name == name),
    )
}

/// Returns `true` if nodes use the dot of their context.
pub(crate) fn uses_dot(list: &List) -> bool {
    any_operand(list, false, &|kind| {
        matches!(kind, OperandKind::Dot | OperandKind::Field(_))
    })
}

/// Returns `true` if a template uses its argument: its dot, or `$`.
pub(crate) fn uses_argument(list: &List) -> bool {
    uses_dot(list) || uses_variable(list, "$")
}

/// Returns the templates that a template calls by name.
pub(crate) fn called(list: &List) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for node in &list.0 {
        match node {
            Node::Template(invocation) => {
                names.insert(&*invocation.name);
            }
            Node::If(branches) | Node::With(branches) => {
                let lists = branches
                    .arms
                    .iter()
                    .map(|(_, body)| body)
                    .chain(&branches.else_body);
                lists.for_each(|list| names.extend(called(list)));
            }
            Node::Range(range) => {
                names.extend(called(&range.body));
                range
                    .else_body
                    .iter()
                    .for_each(|list| names.extend(called(list)));
            }
            Node::Text(_) | Node::Comment(_) | Node::Action(_) | Node::Break | Node::Continue => {}
        }
    }
    names
}

/// Visits every operand of nodes.
pub(crate) fn for_each_operand(list: &List, look: &mut dyn FnMut(&OperandKind)) {
    let look = std::cell::RefCell::new(look);
    any_operand(list, true, &|kind| {
        (look.borrow_mut())(kind);
        false
    });
}

/// Returns `true` if `found` accepts an operand; with `inside`, also operands in nodes that change
/// the dot.
fn any_operand(list: &List, inside: bool, found: &dyn Fn(&OperandKind) -> bool) -> bool {
    let in_list = |list: &List| any_operand(list, inside, found);
    let in_pipeline = |pipeline: &Pipeline| in_pipeline(pipeline, found);
    list.0.iter().any(|node| match node {
        Node::Action(pipeline) => in_pipeline(pipeline),
        Node::If(branches) => {
            branches
                .arms
                .iter()
                .any(|(pipeline, body)| in_pipeline(pipeline) || in_list(body))
                || branches.else_body.as_ref().is_some_and(in_list)
        }
        Node::With(branches) => {
            branches
                .arms
                .iter()
                .any(|(pipeline, body)| in_pipeline(pipeline) || (inside && in_list(body)))
                || branches.else_body.as_ref().is_some_and(in_list)
        }
        Node::Range(range) => {
            in_pipeline(&range.pipeline)
                || (inside && in_list(&range.body))
                || range.else_body.as_ref().is_some_and(in_list)
        }
        Node::Template(invocation) => invocation.pipeline.as_ref().is_some_and(in_pipeline),
        Node::Text(_) | Node::Comment(_) | Node::Break | Node::Continue => false,
    })
}

fn in_pipeline(pipeline: &Pipeline, found: &dyn Fn(&OperandKind) -> bool) -> bool {
    let in_command = |command: &Command| {
        std::iter::once(&command.first)
            .chain(&command.arguments)
            .any(|one| in_operand(one, found))
    };
    pipeline.commands.iter().any(in_command)
}

fn in_operand(operand: &Operand, found: &dyn Fn(&OperandKind) -> bool) -> bool {
    found(&operand.kind)
        || match &operand.kind {
            OperandKind::Chain(head, _) => in_operand(head, found),
            OperandKind::Pipeline(pipeline) => in_pipeline(pipeline, found),
            _ => false,
        }
}
