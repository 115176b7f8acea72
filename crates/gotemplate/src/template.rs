//! A template: parsed once, rendered many times.

use std::cell::RefCell;

use minijinja::Value;

use crate::ast::Templates;
use crate::context::{Context, FunctionId};
use crate::error::{Error, ErrorSubject, Phase};
use crate::evaluate::{self, ErrorPolicy};
use crate::go_value::GoValue;
use crate::lexer::Comments;
use crate::options::{Delimiters, Options};
use crate::parser;
use crate::program::Program;
use crate::stack;

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    program: Program,
    /// The functions that it calls, with the byte offsets of the calls.
    calls: Box<[(FunctionId, usize)]>,
    /// The depth of the execution may exceed the stack of a thread.
    needs_large_stack: bool,
}

impl Template {
    /// Parses a template. `resolve` returns the functions that are not part of the language.
    ///
    /// # Errors
    /// [`Error`] with [`Phase::Parse`] if it is not well formed, or if it calls an unknown function.
    pub fn parse(
        name: &str,
        source: &str,
        options: &Options,
        resolve: impl Fn(&str) -> Option<FunctionId>,
    ) -> Result<Self, Error> {
        let calls = RefCell::new(Vec::new());
        let record = |name: &str, offset| {
            let function = resolve(name)?;
            calls.borrow_mut().push((function, offset));
            Some(function)
        };
        let templates = parser::parse(name, source, options, Comments::Skip, &record)?;
        Ok(Self {
            calls: calls.take().into(),
            needs_large_stack: stack::needs_large_stack(name, &templates),
            program: Program {
                name: name.into(),
                source: source.into(),
                templates,
                missing_key: options.missing_key,
                limits: options.limits,
            },
        })
    }

    /// Renders the template. `dot` is the data: `.` in the template.
    ///
    /// # Errors
    /// [`Error`] with [`Phase::Execute`] if the data does not fit the template, a function fails, or a limit is exceeded.
    pub fn render(&self, dot: &Value, context: &dyn Context) -> Result<String, Error> {
        self.run(dot, context, ErrorPolicy::Fail)
    }

    /// Executes the template to find out which functions it calls with which arguments: an action that fails is skipped.
    ///
    /// # Errors
    /// If the budget of the context is exhausted.
    pub fn discover(&self, dot: &Value, context: &dyn Context) -> Result<String, Error> {
        self.run(dot, context, ErrorPolicy::Skip)
    }

    /// The functions of the program that the template calls, with the byte offsets of the calls, in the order of the
    /// source.
    #[must_use]
    pub fn calls(&self) -> &[(FunctionId, usize)] {
        &self.calls
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.program.source
    }

    fn run(
        &self,
        dot: &Value,
        context: &dyn Context,
        error_policy: ErrorPolicy,
    ) -> Result<String, Error> {
        let program = &self.program;
        let dot = GoValue::concrete(dot.clone()).into_concrete();
        let rendered = stack::with_large_stack(self.needs_large_stack, || {
            evaluate::execute(program, &dot, context, error_policy)
        });
        match rendered {
            Ok(rendered) => rendered.map_err(Error::from),
            Err(error) => Err(Error {
                phase: Phase::Execute,
                line: 1,
                column: 1,
                offset: 0,
                prefix: format!("template: {}: ", program.name),
                message: format!("cannot start a thread: {error}"),
                subject: ErrorSubject::Unnamed,
                enclosing: None,
            }),
        }
    }
}

/// Parses a template, and returns its syntax tree with comments.
///
/// # Errors
/// As [`Template::parse`].
pub fn parse_tree(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
    resolve: impl Fn(&str) -> Option<FunctionId>,
) -> Result<Templates, Error> {
    let options = Options {
        delimiters: delimiters.clone(),
        ..Options::default()
    };
    parser::parse(name, source, &options, Comments::Keep, &|name, _| {
        resolve(name)
    })
}
