//! A template: parsed once, rendered as often as needed.

use minijinja::Value;

use crate::ast::Templates;
use crate::context::{Context, FunctionId};
use crate::error::{About, Error, Phase};
use crate::evaluate::{self, Manner};
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
    /// Whether it may need a large stack.
    deep: bool,
}

impl Template {
    /// Parses a template. `resolve` finds the functions that are not part of the language.
    ///
    /// # Errors
    /// [`Error`] with [`Phase::Parse`] if it is not well formed, or if it calls an unknown function.
    pub fn parse(
        name: &str,
        source: &str,
        options: &Options,
        resolve: impl Fn(&str) -> Option<FunctionId>,
    ) -> Result<Self, Error> {
        let templates = parser::parse(name, source, options, Comments::Dropped, &resolve)?;
        Ok(Self {
            deep: stack::is_deep(name, &templates),
            program: Program {
                name: name.into(),
                source: source.into(),
                templates,
                missing_key: options.missing_key,
                limits: options.limits,
            },
        })
    }

    /// Renders the template. `dot` is the data, `.` in the template.
    ///
    /// # Errors
    /// [`Error`] with [`Phase::Execute`] if the data is not what the template expects, if a function fails, or if a
    /// limit is reached.
    pub fn render(&self, dot: &Value, context: &dyn Context) -> Result<String, Error> {
        self.run(dot, context, Manner::Strict)
    }

    /// Renders the template for the sake of the functions that it calls: an action that fails prints nothing.
    ///
    /// # Errors
    /// If the budget of the context is exhausted.
    pub fn survey(&self, dot: &Value, context: &dyn Context) -> Result<String, Error> {
        self.run(dot, context, Manner::Survey)
    }

    /// The text that was parsed.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.program.source
    }

    fn run(&self, dot: &Value, context: &dyn Context, manner: Manner) -> Result<String, Error> {
        let program = &self.program;
        let dot = GoValue::bare(dot.clone()).unboxed();
        let rendered = stack::with_large_stack(self.deep, || {
            evaluate::execute(program, &dot, context, manner)
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
                about: About::Nothing,
                around: None,
            }),
        }
    }
}

/// Parses a template into its syntax tree, with comments.
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
    parser::parse(name, source, &options, Comments::Kept, &resolve)
}
