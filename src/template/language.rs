//! The two template languages behind one door.
//!
//! in:  a source, and how it is to be read
//! out: an [`Engine`]: the parsed template, which renders for a [`RenderContext`]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::Value;

use super::budget::Budget;
use super::error::TemplateError;
use super::go::{self, GoTemplate};
use super::jinja::{self, JinjaTemplate, Undefined};
use super::render_context::RenderContext;
use super::{functions, go_failure};
use crate::config::resolved::{Delimiters, Format, Language, MissingKey, Permissions};

/// What a template is, beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) language: Language,
    pub(super) missing_key: MissingKey,
    pub(super) delimiters: &'a Delimiters,
    /// What values are written for.
    pub(super) format: Format,
    /// Where includes are found.
    pub(super) directory: Option<&'a Path>,
    /// What it may do beside rendering.
    pub(super) allow: Permissions,
    /// Where everything lies that it reads; `None`: anywhere.
    pub(super) sandbox: Option<&'a Arc<Path>>,
    /// The work that parsing may do.
    pub(super) budget: &'a Arc<Budget>,
}

/// A parsed template of either language.
#[derive(Debug)]
pub(super) enum Engine {
    Go {
        template: Box<GoTemplate>,
        name: Box<str>,
        source: Box<str>,
    },
    Jinja(Box<JinjaTemplate>),
}

impl Engine {
    pub(super) fn parse(
        name: &str,
        source: &str,
        settings: Settings<'_>,
    ) -> Result<Self, TemplateError> {
        let Settings {
            language,
            missing_key,
            delimiters,
            format,
            directory,
            allow,
            sandbox,
            budget,
        } = settings;
        match language {
            Language::Jinja => {
                let options = jinja::Options {
                    format,
                    directory,
                    sandbox,
                    allow,
                };
                Ok(Self::Jinja(Box::new(JinjaTemplate::parse(
                    name, source, options,
                )?)))
            }
            Language::Go => {
                let options = go::Options {
                    delimiters: delimiters.clone(),
                    missing_key,
                    budget: Arc::clone(budget),
                    ..go::Options::default()
                };
                let template = GoTemplate::parse(name, source, &options, |name| {
                    functions::named_in_go(name).filter(|_| allow.allow(name))
                })
                .map_err(|error| go_failure::told(name, source, &error))?;
                Ok(Self::Go {
                    template: Box::new(template),
                    name: name.into(),
                    source: source.into(),
                })
            }
        }
    }

    /// Renders. Where undefined is taken for empty, it is for the sake of what the template asks: it goes on as far as
    /// it can, and the text is worth nothing.
    pub(super) fn render(
        &self,
        pass: &Arc<RenderContext>,
        undefined: Undefined,
    ) -> Result<String, TemplateError> {
        match self {
            Self::Go {
                template,
                name,
                source,
            } => {
                let rendered = match undefined {
                    Undefined::Refused => template.execute(&Value::from(()), pass),
                    Undefined::Empty => template.survey(&Value::from(()), pass),
                };
                rendered.map_err(|error| go_failure::told(name, source, &error))
            }
            Self::Jinja(template) => template.render(pass, undefined),
        }
    }

    /// The name under which errors show it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Go { name, .. } => name,
            Self::Jinja(template) => template.name(),
        }
    }

    /// The text that was parsed.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Go { source, .. } => source,
            Self::Jinja(template) => template.source(),
        }
    }

    /// Whether the included files hold what they held when they were read.
    pub(super) fn includes_are_current(&self) -> bool {
        match self {
            Self::Go { .. } => true,
            Self::Jinja(template) => template.includes_are_current(),
        }
    }

    /// The files that the template includes; Go templates have no includes.
    pub(super) fn included(&self) -> Vec<PathBuf> {
        match self {
            Self::Go { .. } => Vec::new(),
            Self::Jinja(template) => template.included(),
        }
    }
}

/// The trees of a Go template.
pub(super) fn go_trees(
    name: &str,
    source: &str,
    delimiters: &Delimiters,
) -> Result<go::Templates, TemplateError> {
    go::trees(name, source, delimiters, functions::named_in_go)
        .map_err(|error| go_failure::told(name, source, &error))
}
