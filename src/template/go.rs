//! Go's template language, `text/template`, as consul-template has it.
//!
//! in:  a source, the functions of the library, a value for the dot, and the [`RenderContext`] of a rendering
//! out: the text, or a [`GoError`] with the place and Go's words
//!
//! A [`GoTemplate`] is parsed once and executed as often as needed. Whatever the source and the data are, neither
//! panics, and both end: the nesting, the number of iterations and the size of the text have limits.

use std::sync::Arc;

use minijinja::Value;

use super::budget::Budget;
use super::function::Function;
use super::render_context::RenderContext;
use crate::config::resolved::{Delimiters, MissingKey};

pub(crate) mod builtins;
mod compare;
mod complex;
mod elements;
mod error;
mod escape;
mod evaluate;
mod go_value;
mod lexer;
pub(crate) mod node;
mod number;
mod parser;
mod printf;
mod quote;
pub(crate) mod show;
mod stack;
#[cfg(test)]
mod tests;
mod token;
mod unicode;
mod words;

pub use error::{About, GoError, Phase, Thing, Unknown};
use evaluate::Manner;
use lexer::{Comments, Lexer};
pub(crate) use parser::Templates;
pub(in crate::template) use stack::with_room;
pub(in crate::template) use words::{WORDS, Word};

/// What can be chosen about a template.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What opens and closes an action; an empty one stands for the usual one.
    pub delimiters: Delimiters,
    /// What a missing key of a map does.
    pub missing_key: MissingKey,
    /// How much it may do.
    pub limits: Limits,
    /// The work that parsing may do; a rendering has the budget of its [`RenderContext`].
    pub budget: Arc<Budget>,
}

/// How much a template may do before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many iterations and calls of templates there may be in one execution.
    pub steps: usize,
    /// How many bytes of text it may make, in the output and by functions such as `printf` together.
    pub text: usize,
    /// How many templates may be executed, each called by the one before.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 10_000_000,
            text: 64 << 20,
            depth: 5_000,
        }
    }
}

/// The trees of a template, with its comments: what `convert` writes anew.
pub(crate) fn trees(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
    resolve: impl Fn(&str) -> Option<&'static Function>,
) -> Result<Templates, GoError> {
    let options = Options {
        delimiters: delimiters.clone(),
        ..Options::default()
    };
    parsed(name, source, &options, Comments::Kept, &resolve)
}

fn parsed(
    name: &str,
    source: &str,
    options: &Options,
    comments: Comments,
    resolve: &dyn Fn(&str) -> Option<&'static Function>,
) -> Result<Templates, GoError> {
    let resolve = |name: &str| match name {
        "executeTemplate" => Some(node::Target::ExecuteTemplate),
        _ => builtins::Builtin::of_name(name)
            .map(node::Target::Builtin)
            .or_else(|| resolve(name).map(node::Target::Library)),
    };
    let usual = Delimiters::default();
    let or_usual = |one: &str, usual: String| {
        if one.is_empty() {
            usual
        } else {
            one.to_owned()
        }
    };
    let delimiters = Delimiters {
        left: or_usual(&options.delimiters.left, usual.left),
        right: or_usual(&options.delimiters.right, usual.right),
    };
    let lexer = Lexer::new(source, &delimiters, comments, &options.budget);
    parser::parse(name, source, lexer, &resolve).map_err(GoError::from)
}

/// The names of the functions that are part of the language.
pub(super) fn own_functions() -> impl Iterator<Item = &'static str> {
    builtins::Builtin::names().chain(["executeTemplate"])
}

/// A template that has been parsed.
#[derive(Debug)]
pub struct GoTemplate {
    name: Box<str>,
    source: Box<str>,
    templates: parser::Templates,
    missing_key: MissingKey,
    limits: Limits,
    /// It may need a large stack.
    deep: bool,
}

impl GoTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// If it is not well formed, or if it calls a function that `resolve` does not know.
    pub fn parse(
        name: &str,
        source: &str,
        options: &Options,
        resolve: impl Fn(&str) -> Option<&'static Function>,
    ) -> Result<Self, GoError> {
        let templates = parsed(name, source, options, Comments::Dropped, &resolve)?;
        Ok(Self {
            deep: stack::is_deep(name, &templates),
            name: name.into(),
            source: source.into(),
            templates,
            missing_key: options.missing_key,
            limits: options.limits,
        })
    }

    /// Executes it.
    ///
    /// # Errors
    /// If the data is not what the template expects, if a function fails, or if a limit is reached.
    pub fn execute(&self, dot: &Value, pass: &RenderContext) -> Result<String, GoError> {
        self.run(dot, pass, Manner::Strict)
    }

    /// Executes it for the sake of what it asks, while data is missing: whatever fails is passed over.
    ///
    /// # Errors
    /// If it asks what the pass [traps](RenderContext::trapping), or if there is no room to execute it in.
    pub fn survey(&self, dot: &Value, pass: &RenderContext) -> Result<String, GoError> {
        self.run(dot, pass, Manner::Survey)
    }

    fn run(&self, dot: &Value, pass: &RenderContext, manner: Manner) -> Result<String, GoError> {
        let dot = go_value::GoValue::bare(dot.clone()).unboxed();
        let rendered = stack::with_room(self.deep, || evaluate::execute(self, &dot, pass, manner));
        match rendered {
            Ok(rendered) => rendered.map_err(GoError::from),
            Err(error) => Err(GoError {
                phase: Phase::Execute,
                line: 1,
                column: 1,
                offset: 0,
                prefix: format!("template: {}: ", self.name),
                message: format!("cannot start a thread: {error}"),
                about: About::Nothing,
                around: None,
            }),
        }
    }
}
