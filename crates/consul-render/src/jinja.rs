//! Jinja, the native template language, based on minijinja.
//!
//! Input: the source of a template, and the directory of its includes. Output: a [`JinjaTemplate`],
//! which is parsed once and renders for a [`RenderContext`].
//!
//! Undefined names are errors. Values are escaped only if a format requires it. The final newline
//! is kept. A tag alone on its line leaves no empty line. Work and depth are limited, so an endless
//! template is an error.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::error::{Place, TemplateError};
use super::functions;
use super::render_context::{JinjaCall, RenderContext};
use super::undefined::Undefined;
use crate::options::Permissions;
use ::functions::{Function, Group};
use file_formats::Format;
use gotemplate::with_large_stack;

mod bridge;
mod call_sites;
mod depth;
mod failure;
mod go_builtins;
mod includes;
mod limits;
mod macros;
mod print;
mod survey;
mod tags;

use includes::Includes;
use limits::{DEPTH, FUEL};
use survey::Found;

/// A parsed Jinja template.
pub struct JinjaTemplate {
    name: String,
    environment: Environment<'static>,
    includes: Arc<Includes>,
}

impl fmt::Debug for JinjaTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JinjaTemplate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The settings of a template besides its source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The file format for which values are escaped.
    pub format: Format,
    /// The directory of the includes.
    pub directory: Option<&'a Path>,
    /// The directory that must contain every included file after links are resolved; `None`: no
    /// restriction.
    pub sandbox: Option<&'a Arc<Path>>,
    /// The allowed functions with side effects.
    pub allow: Permissions,
}

/// The environment shared by all templates.
static COMMON: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // With debug information, errors would print values of variables.
    environment.set_debug(false);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(print::print);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(DEPTH);
    environment.set_auto_reload(false);
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        environment.set_syntax(syntax);
    }
    bridge::add_functions(&mut environment, |function| function.group != Group::Sprig);
    go_builtins::add_builtins(&mut environment);
    environment
});

/// The shared environment with the functions of sprig, which are many and rarely used.
static WITH_SPRIG: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = COMMON.clone();
    bridge::add_functions(&mut environment, |function| function.group == Group::Sprig);
    environment
});

/// Selects the environment for a template. Its includes may call functions that it does not call itself.
fn environment_for(source: &str) -> &'static Environment<'static> {
    let more = ["sprig_", "include", "import", "extends"];
    if more.iter().any(|word| source.contains(word)) {
        &WITH_SPRIG
    } else {
        &COMMON
    }
}

/// Returns `true` if a function of the library is also registered as a filter. If Jinja has a
/// filter of that name, it is not.
pub fn is_filter(function: &Function) -> bool {
    bridge::is_filter(function) && !bridge::has_filter(&Environment::new(), function.jinja)
}

impl JinjaTemplate {
    /// Parses a template and the files that it includes by a literal name.
    ///
    /// # Errors
    /// [`TemplateError`] if the template or an include is not valid Jinja, or calls a function that
    /// does not exist.
    pub fn parse(name: &str, source: &str, options: Options<'_>) -> Result<Self, TemplateError> {
        let Options {
            format,
            directory,
            sandbox,
            allow,
        } = options;
        if let Some(at) = depth::too_deep(source) {
            return Err(TemplateError::at(
                name,
                source,
                Place::of_byte(source, at),
                depth::message(),
            ));
        }
        let mut environment = environment_for(source).clone();
        if format != Format::None {
            print::check_values(&mut environment);
        }
        for function in functions::all().filter(|function| !allow.allow(function.go)) {
            environment.remove_global(function.jinja);
        }
        let includes = Arc::new(Includes::of(name, source, directory, sandbox));
        let loader = Arc::clone(&includes);
        environment.set_loader(move |include| loader.load(include));
        let template = Self {
            name: name.to_owned(),
            environment,
            includes,
        };
        match template.check() {
            Ok(()) => Ok(template),
            Err(error) => Err(error.with_sources(template.included())),
        }
    }

    /// The name in error messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compiles the template and its includes, to find errors.
    fn check(&self) -> Result<(), TemplateError> {
        let compiled = self
            .environment
            .get_template(&self.name)
            .map_err(|error| self.failure(&error))?;
        for found in survey::includes(&self.name, &self.includes) {
            match self.environment.get_template(&found.name) {
                Ok(_) => {}
                // `ignore missing` takes effect when the file is included.
                Err(error) if error.kind() == minijinja::ErrorKind::TemplateNotFound => {}
                Err(error) => return Err(self.include_failure(&error, &found)),
            }
        }
        survey::unknown_functions(&self.name, &compiled, &self.environment)
    }

    /// Renders the template in a render context.
    ///
    /// # Errors
    /// [`TemplateError`] if the template fails.
    pub fn render(
        &self,
        context: &Arc<RenderContext>,
        undefined: Undefined,
    ) -> Result<String, TemplateError> {
        let mut environment = self.environment.clone();
        environment.set_undefined_behavior(match undefined {
            Undefined::Refused => UndefinedBehavior::Strict,
            Undefined::Empty => UndefinedBehavior::Chainable,
        });
        bridge::enter(&mut environment, context, undefined);
        let known = self.includes.count();
        let render = || {
            environment
                .get_template(&self.name)
                .and_then(|template| template.render(()))
        };
        let rendered = with_large_stack(self.may_nest(), render).map_err(|error| {
            TemplateError::whole(&self.name, format!("cannot start a thread: {error}"))
        })?;
        if self.includes.count() > known {
            self.keep_compiled();
        }
        rendered.map_err(|error| self.failure(&error))
    }

    /// The calls of functions that are unsupported or not allowed, in the template and its includes,
    /// as errors at their places.
    pub(crate) fn failing_calls(&self) -> Vec<TemplateError> {
        let included = survey::includes(&self.name, &self.includes);
        let names = std::iter::once(self.name.as_str())
            .chain(included.iter().map(|include| include.name.as_str()));
        names
            .filter_map(|name| Some((name, self.environment.get_template(name).ok()?)))
            .flat_map(|(name, template)| {
                survey::failing_calls(&self.includes.shown(name), &template, &self.environment)
            })
            .collect()
    }

    /// The file and place of a call; `None` if the source does not contain it.
    pub fn place(&self, call: &JinjaCall) -> Option<(String, Place)> {
        let source = self.includes.source(&call.template)?;
        let at = call_sites::of_call(&source, call.function, &call.args)?;
        let name = self.includes.shown(&call.template);
        Some((name, Place::of_byte(&source, at)))
    }

    /// Returns `true` if the template may build unbounded nested lists, whose drop recurses.
    fn may_nest(&self) -> bool {
        let nests = |source: &str| source.contains("namespace");
        let included = || {
            self.includes
                .names()
                .iter()
                .any(|name| self.includes.source(name).is_some_and(|s| nests(&s)))
        };
        nests(self.includes.main_source()) || included()
    }

    /// Compiles includes with computed names in the shared environment, too, so that the next
    /// rendering reuses them.
    fn keep_compiled(&self) {
        for include in self.includes.names() {
            // The rendering has already reported an error of the include.
            let _ = self.environment.get_template(&include);
        }
    }

    /// The source, without the includes.
    pub fn source(&self) -> &str {
        self.includes.main_source()
    }

    /// Returns `true` if the included files are unchanged since they were read.
    pub(crate) fn includes_are_current(&self) -> bool {
        self.includes.are_current()
    }

    /// The files that the template includes, whether or not they exist.
    pub(crate) fn included(&self) -> Vec<PathBuf> {
        self.includes.paths()
    }

    /// Translates an error of an include. If it has no place in the included file, the place is
    /// that of the include tag.
    fn include_failure(&self, error: &minijinja::Error, found: &Found) -> TemplateError {
        let failure = self.failure(error);
        if failure.place.is_some() {
            return failure;
        }
        let source = self.includes.source(&found.by).unwrap_or_default();
        TemplateError::at(
            &self.includes.shown(&found.by),
            &source,
            Place::of_byte(&source, found.at),
            failure.message,
        )
    }

    fn failure(&self, error: &minijinja::Error) -> TemplateError {
        failure::translate(error, &self.name, &self.includes, &self.environment)
    }
}

#[cfg(test)]
mod tests;
