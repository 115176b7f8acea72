//! A parsed template of either language, and its renderings.

use config_blocks::Glob;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use answer_guard::Snapshot;

use super::engine::{Engine, Settings};
use super::error::{Place, TemplateError};
use super::output::Output;
use super::render_context::{CallSite, Dependencies, RenderContext, RenderEnv};
use super::source_text::{read, standard_input};
use super::undefined::Undefined;
use crate::options::{TemplateOptions, TemplateSource};
use file_formats::escape::{self, Refusal};
use file_formats::{Format, OutputFormat};
use gotemplate::budget::Budget;

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    file: Option<PathBuf>,
    engine: Engine,
    format: Format,
    output_format: Option<OutputFormat>,
    /// The directory that must contain every file that the template reads; `None`: no restriction.
    sandbox: Option<Arc<Path>>,
    /// The patterns of denied functions.
    denied: Arc<[Glob]>,
}

/// The result of rendering a template once.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The text or the error. While data is missing, it is an empty text that has to be discarded.
    pub text: Result<String, TemplateError>,
    /// The files of `writeToFile`, which are written together with the text; empty while data is missing.
    pub outputs: Vec<Output>,
    /// The dependencies of the template.
    pub dependencies: Dependencies,
}

impl Template {
    /// Reads and parses a template.
    ///
    /// # Errors
    /// [`TemplateError`] if the file cannot be read, is not UTF-8, or has a syntax error. It names
    /// the files to watch for a change.
    pub fn read(source: &TemplateSource, options: &TemplateOptions) -> Result<Self, TemplateError> {
        Self::read_within(source, options, &Arc::default())
    }

    /// Like [`read`](Self::read), within a budget.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), or the budget is exhausted.
    pub fn read_within(
        source: &TemplateSource,
        options: &TemplateOptions,
        budget: &Arc<Budget>,
    ) -> Result<Self, TemplateError> {
        let settings = |directory| Settings {
            options,
            directory,
            budget,
        };
        let (file, engine) = match source {
            TemplateSource::Inline { name, text } => {
                (None, Engine::parse(name, text, settings(None))?)
            }
            TemplateSource::StandardInput => {
                let directory = Some(Path::new(""));
                let text = standard_input()?;
                (
                    None,
                    Engine::parse(&source.name(), &text, settings(directory))?,
                )
            }
            TemplateSource::File(path) => {
                let name = path.display().to_string();
                let engine = read(path).and_then(|text| {
                    // The parent of `a.j2` is the empty path, which is the current directory.
                    Engine::parse(&name, &text, settings(path.parent()))
                });
                let engine = engine.map_err(|error| {
                    let sources = std::iter::once(path.clone())
                        .chain(error.sources.iter().cloned())
                        .collect();
                    error.with_sources(sources)
                })?;
                (Some(path.clone()), engine)
            }
        };
        Ok(Self {
            file,
            engine,
            format: options.format,
            output_format: options.output_format,
            sandbox: options.sandbox.clone(),
            denied: Arc::clone(&options.denied),
        })
    }

    /// Returns `true` if its files are unchanged since it was read, so that it need not be parsed again.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let same = |file: &PathBuf| read(file).is_ok_and(|text| *text == *self.engine.source());
        self.file.as_ref().is_none_or(same) && self.engine.includes_are_current()
    }

    fn context(
        &self,
        snapshot: &Snapshot,
        render_env: &Arc<RenderEnv>,
        now: Timestamp,
    ) -> RenderContext {
        RenderContext::new(snapshot.clone(), Arc::clone(render_env), now)
            .within(self.sandbox.as_ref())
            .denying(&self.denied)
    }

    /// Renders the template with the accepted answers.
    #[must_use]
    pub fn render(
        &self,
        snapshot: &Snapshot,
        render_env: &Arc<RenderEnv>,
        now: Timestamp,
    ) -> Rendering {
        self.render_within(snapshot, render_env, now, &Arc::default())
    }

    /// Renders the template with the accepted answers, within a budget.
    #[must_use]
    pub fn render_within(
        &self,
        snapshot: &Snapshot,
        render_env: &Arc<RenderEnv>,
        now: Timestamp,
        budget: &Arc<Budget>,
    ) -> Rendering {
        let begin = || {
            self.context(snapshot, render_env, now)
                .limited_by(Arc::clone(budget))
        };
        let context = Arc::new(begin().writing(self.format));
        let text = self.engine.render(&context, Undefined::Refused);
        let mut dependencies = context.take_dependencies();
        if dependencies.is_complete() {
            let text = text.and_then(|text| self.finished(text, begin, &dependencies));
            let outputs = if text.is_ok() {
                context.take_outputs()
            } else {
                Vec::new()
            };
            return Rendering {
                text,
                outputs,
                dependencies,
            };
        }
        if text.is_err() {
            // The pass stopped early for lack of data. A second pass finds the remaining
            // dependencies now instead of one round trip later.
            let context = Arc::new(begin());
            let _ = self.engine.render(&context, Undefined::Empty);
            dependencies.add(context.take_dependencies());
        }
        Rendering {
            text: Ok(String::new()),
            outputs: Vec::new(),
            dependencies,
        }
    }

    /// Escapes the values in the text and checks the output format.
    fn finished(
        &self,
        text: String,
        begin: impl Fn() -> RenderContext,
        dependencies: &Dependencies,
    ) -> Result<String, TemplateError> {
        let text = match escape::settle(self.format, text) {
            Ok(text) => text,
            Err(refusal) => return Err(self.refused(refusal, begin(), dependencies)),
        };
        match self
            .output_format
            .map_or(Ok(()), |expected| file_formats::check(expected, &text))
        {
            Ok(()) => Ok(text),
            Err(message) => Err(TemplateError::whole(self.engine.name(), message)),
        }
    }

    /// Returns the error at the place that prints a value. The place is found by another pass in
    /// which printing this value is an error.
    fn refused(
        &self,
        refusal: Refusal,
        again: RenderContext,
        dependencies: &Dependencies,
    ) -> TemplateError {
        let Refusal {
            number,
            text,
            message,
        } = refusal;
        let Some(number) = number else {
            return TemplateError::whole(self.engine.name(), message);
        };
        let message = match dependencies
            .queries
            .iter()
            .find(|query| again.is_origin(query, &text))
        {
            Some(query) => format!("a value of {query} {message}"),
            None => format!("a value {message}"),
        };
        let again = Arc::new(again.writing(self.format).refusing(number, message.clone()));
        let error = self.engine.render(&again, Undefined::Refused).err();
        error
            .unwrap_or_else(|| TemplateError::whole(self.engine.name(), message))
            .with_hint(Some(
                "quote it as a whole, or write `| raw` behind it if it may be more than a value"
                    .to_owned(),
            ))
    }

    /// The calls of functions that are unsupported or not allowed, as errors at their places. The
    /// template fails when it executes one of them.
    #[must_use]
    pub fn failing_calls(&self) -> Vec<TemplateError> {
        self.engine.failing_calls()
    }

    /// The files to watch: the template itself and its includes, whether or not they exist.
    #[must_use]
    pub fn sources(&self) -> Vec<PathBuf> {
        self.file
            .iter()
            .cloned()
            .chain(self.engine.included())
            .collect()
    }

    /// The file and place of a call that requests a query; `None` if it is unknown, for example
    /// because the template has changed.
    #[must_use]
    pub fn place(&self, site: &CallSite) -> Option<(String, Place)> {
        self.engine.place(site)
    }
}

#[cfg(test)]
mod tests;
