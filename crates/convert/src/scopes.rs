//! The variables in scope.

use std::collections::HashMap;

use crate::variables::Key;

/// A variable of the Go template and its counterpart.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// The name in the Go template.
    pub(crate) go: String,
    /// The expression in the Jinja template: a name, or an attribute of a `namespace`.
    pub(crate) jinja: String,
    /// The declaration.
    pub(crate) key: Key,
    /// Whether it is assigned to after the declaration.
    pub(crate) changes: bool,
}

impl Variable {
    fn base(&self) -> &str {
        self.jinja.split('.').next().unwrap_or_default()
    }
}

/// The variables in scope, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    variables: Vec<Variable>,
    /// The indexes in `variables` of those with a Go name.
    by_name: HashMap<String, Vec<usize>>,
    /// The number of changing variables with this Jinja name.
    changing: HashMap<String, usize>,
}

impl Scopes {
    /// Returns the number of variables, for [`leave`](Self::leave).
    pub(crate) fn enter(&self) -> usize {
        self.variables.len()
    }

    /// Ends the scope of the variables since [`enter`](Self::enter).
    pub(crate) fn leave(&mut self, outside: usize) {
        for variable in self.variables.drain(outside..) {
            if let Some(places) = self.by_name.get_mut(&variable.go) {
                places.pop();
            }
            if variable.changes
                && let Some(count) = self.changing.get_mut(variable.base())
            {
                *count -= 1;
            }
        }
    }

    pub(crate) fn declare(&mut self, variable: Variable) {
        let places = self.by_name.entry(variable.go.clone()).or_default();
        places.push(self.variables.len());
        if variable.changes {
            *self.changing.entry(variable.base().to_owned()).or_default() += 1;
        }
        self.variables.push(variable);
    }

    /// Returns the innermost variable with this Go name.
    pub(crate) fn find(&self, go: &str) -> Option<&Variable> {
        let place = self.by_name.get(go)?.last()?;
        self.variables.get(*place)
    }

    /// Returns `true` if the variable with this Jinja name is assigned to after its declaration.
    pub(crate) fn changes(&self, base: &str) -> bool {
        self.changing.get(base).is_some_and(|count| *count > 0)
    }
}
