//! The common interface of the two template languages.
//!
//! Input: a source and its settings. Output: an [`Engine`]: the parsed template, which renders for
//! a [`RenderContext`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{Place, TemplateError};
use super::go::{self, GoTemplate};
use super::jinja::{self, JinjaTemplate};
use super::render_context::{CallSite, RenderContext};
use super::undefined::Undefined;
use crate::options::{Language, TemplateOptions};
use gotemplate::budget::Budget;

/// The settings of a template besides its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) options: &'a TemplateOptions,
    /// The directory of the includes.
    pub(super) directory: Option<&'a Path>,
    /// The limit of the work for parsing.
    pub(super) budget: &'a Arc<Budget>,
}

/// A parsed template of either language.
#[derive(Debug)]
pub(super) enum Engine {
    Go(Box<GoTemplate>),
    Jinja(Box<JinjaTemplate>),
}

impl Engine {
    pub(super) fn parse(
        name: &str,
        source: &str,
        settings: Settings<'_>,
    ) -> Result<Self, TemplateError> {
        let Settings {
            options,
            directory,
            budget,
        } = settings;
        match options.language {
            Language::Jinja => {
                let options = jinja::Options {
                    format: options.format,
                    directory,
                    sandbox: options.sandbox.as_ref(),
                    allow: options.allow,
                };
                let template = JinjaTemplate::parse(name, source, options)?;
                Ok(Self::Jinja(Box::new(template)))
            }
            Language::Go => {
                let options = go::Options {
                    delimiters: &options.delimiters,
                    missing_key: options.missing_key,
                    allow: options.allow,
                    budget,
                };
                let template = GoTemplate::parse(name, source, &options)?;
                Ok(Self::Go(Box::new(template)))
            }
        }
    }

    /// Renders the template. With [`Undefined::Empty`] it continues past missing data in order to
    /// record its dependencies; that text is discarded.
    pub(super) fn render(
        &self,
        context: &Arc<RenderContext>,
        undefined: Undefined,
    ) -> Result<String, TemplateError> {
        match self {
            Self::Go(template) => template.render(context, undefined),
            Self::Jinja(template) => template.render(context, undefined),
        }
    }

    /// The file and place of a call.
    pub(super) fn place(&self, site: &CallSite) -> Option<(String, Place)> {
        match (self, site) {
            (Self::Go(template), CallSite::Byte(at)) => Some(template.place(*at)),
            (Self::Jinja(template), CallSite::Call(call)) => template.place(call),
            // The language of the template has changed meanwhile.
            _ => None,
        }
    }

    /// The name in error messages.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Go(template) => template.name(),
            Self::Jinja(template) => template.name(),
        }
    }

    /// The parsed source.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Go(template) => template.source(),
            Self::Jinja(template) => template.source(),
        }
    }

    /// Returns `true` if the included files are unchanged since they were read.
    pub(super) fn includes_are_current(&self) -> bool {
        match self {
            Self::Go(_) => true,
            Self::Jinja(template) => template.includes_are_current(),
        }
    }

    /// The calls of functions that are unsupported or not allowed, as errors at their places.
    pub(super) fn failing_calls(&self) -> Vec<TemplateError> {
        match self {
            Self::Go(template) => template.failing_calls(),
            Self::Jinja(template) => template.failing_calls(),
        }
    }

    /// The files that the template includes; a Go template has none.
    pub(super) fn included(&self) -> Vec<PathBuf> {
        match self {
            Self::Go(_) => Vec::new(),
            Self::Jinja(template) => template.included(),
        }
    }
}
