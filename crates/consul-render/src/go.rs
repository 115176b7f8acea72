//! Go's template language, the language of consul-template, based on the crate `gotemplate`.
//!
//! Input: a source and its settings. Output: a [`GoTemplate`], which renders for a [`RenderContext`].

use std::sync::Arc;

use gotemplate::{Delimiters, MissingKey};
use minijinja::Value;

use super::error::{Place, TemplateError};
use super::functions::{self, unsupported};
use super::hints::absent;
use super::render_context::RenderContext;
use super::undefined::Undefined;
use crate::options::Permissions;
use gotemplate::budget::Budget;

mod context;
mod failure;

pub use failure::translate;

/// A parsed Go template.
#[derive(Debug)]
pub(super) struct GoTemplate {
    template: gotemplate::Template,
    name: Box<str>,
    source: Box<str>,
}

/// The settings of a template besides its source.
#[derive(Debug)]
pub(super) struct Options<'a> {
    pub(super) delimiters: &'a Delimiters,
    pub(super) missing_key: MissingKey,
    /// The allowed functions with side effects.
    pub(super) allow: Permissions,
    /// The limit of the work for parsing.
    pub(super) budget: &'a Arc<Budget>,
}

impl GoTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateError`] if it is not a valid Go template, or calls a function that does not exist.
    pub(super) fn parse(
        name: &str,
        source: &str,
        options: &Options<'_>,
    ) -> Result<Self, TemplateError> {
        let go_options = gotemplate::Options {
            delimiters: options.delimiters.clone(),
            missing_key: options.missing_key,
            budget: Arc::clone(options.budget),
            ..gotemplate::Options::default()
        };
        let template = gotemplate::Template::parse(name, source, &go_options, |name| {
            let callable = functions::id_in_go(name).filter(|_| options.allow.allow(name));
            callable.or_else(|| functions::failing_id(name))
        })
        .map_err(|error| failure::translate(name, source, &error))?;
        Ok(Self {
            template,
            name: name.into(),
            source: source.into(),
        })
    }

    /// Renders the template in a render context.
    ///
    /// # Errors
    /// [`TemplateError`] if the template fails.
    pub(super) fn render(
        &self,
        context: &RenderContext,
        undefined: Undefined,
    ) -> Result<String, TemplateError> {
        let rendered = match undefined {
            Undefined::Refused => self.template.render(&Value::from(()), context),
            Undefined::Empty => self.template.discover(&Value::from(()), context),
        };
        rendered.map_err(|error| failure::translate(&self.name, &self.source, &error))
    }

    /// The calls of functions that are unsupported or not allowed, as errors at their places.
    pub(super) fn failing_calls(&self) -> Vec<TemplateError> {
        let calls = self.template.calls().iter();
        let failing = calls.filter_map(|(id, at)| Some((functions::failing_of_id(*id)?, *at)));
        failing
            .map(|(name, at)| {
                let unsupported = unsupported::in_go(name);
                absent::failing_call(&self.name, &self.source, at, name, unsupported)
            })
            .collect()
    }

    /// The file and place of a byte offset in the source.
    pub(super) fn place(&self, byte: usize) -> (String, Place) {
        (self.name.to_string(), Place::of_byte(&self.source, byte))
    }

    /// The name in error messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The parsed source.
    pub(super) fn source(&self) -> &str {
        &self.source
    }
}
