//! The library: the function tables of this crate and of the program.

use gotemplate::FunctionId;

use crate::function::Function;

/// An example of a function in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The function's name in Go templates.
    pub function: &'static str,
    /// The example in a Go template.
    pub in_go: &'static str,
    /// The same in Jinja.
    pub in_jinja: &'static str,
    /// The output of both.
    pub output: &'static str,
}

/// All functions of a program, by group, with their examples.
#[derive(Debug)]
pub struct Library {
    functions: Vec<&'static Function>,
    examples: &'static [Example],
}

impl Library {
    /// Creates a library from tables. The reference lists the functions in this order, under a
    /// heading for each [`Group`](crate::Group).
    #[must_use]
    pub fn new(
        tables: impl IntoIterator<Item = &'static [Function]>,
        examples: &'static [Example],
    ) -> Self {
        Self {
            functions: tables.into_iter().flatten().collect(),
            examples,
        }
    }

    /// Returns all functions.
    pub fn all(&self) -> impl Iterator<Item = &'static Function> + '_ {
        self.functions.iter().copied()
    }

    /// Returns the function with this name in Go templates.
    #[must_use]
    pub fn named_in_go(&self, name: &str) -> Option<&'static Function> {
        self.all().find(|function| function.go == name)
    }

    /// Returns the function with this name in Jinja.
    #[must_use]
    pub fn named_in_jinja(&self, name: &str) -> Option<&'static Function> {
        self.all().find(|function| function.jinja == name)
    }

    /// Returns the identifier of the function with this name in Go templates, for
    /// [`gotemplate::Template::parse`].
    #[must_use]
    pub fn id_in_go(&self, name: &str) -> Option<FunctionId> {
        let index = self.all().position(|function| function.go == name);
        index.map(FunctionId)
    }

    /// Returns the function with this identifier.
    #[must_use]
    pub fn of_id(&self, FunctionId(index): FunctionId) -> Option<&'static Function> {
        self.functions.get(index).copied()
    }

    /// Returns the example of the function with this name in Go templates.
    #[must_use]
    pub fn example(&self, go: &str) -> Option<&'static Example> {
        self.examples.iter().find(|example| example.function == go)
    }
}
