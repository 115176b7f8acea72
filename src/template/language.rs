//! The two template languages behind one interface.
//!
//! in:  a source and its settings
//! out: an [`Engine`]: the parsed template, which renders for a [`RenderContext`]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::Value;

use super::budget::Budget;
use super::error::{Place, TemplateError};
use super::jinja::{self, JinjaTemplate, Undefined};
use super::render_context::{CallSite, RenderContext};
use super::{functions, go_failure};
use crate::config::resolved::{Delimiters, Format, Language, MissingKey, Permissions};

/// The settings of a template beside its source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) language: Language,
    pub(super) missing_key: MissingKey,
    pub(super) delimiters: &'a Delimiters,
    /// The file format for which values are escaped.
    pub(super) format: Format,
    /// The directory in which includes are found.
    pub(super) directory: Option<&'a Path>,
    /// The permissions beyond rendering.
    pub(super) allow: Permissions,
    /// The directory that contains every file it may read; `None` for any directory.
    pub(super) sandbox: Option<&'a Arc<Path>>,
    /// The work that parsing may do.
    pub(super) budget: &'a Arc<Budget>,
}

/// A parsed template of either language.
#[derive(Debug)]
pub(super) enum Engine {
    Go {
        template: Box<gotemplate::Template>,
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
                let options = gotemplate::Options {
                    delimiters: delimiters.clone(),
                    missing_key,
                    budget: Arc::clone(budget),
                    ..gotemplate::Options::default()
                };
                let template = gotemplate::Template::parse(name, source, &options, |name| {
                    functions::id_in_go(name).filter(|_| allow.allow(name))
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

    /// Renders. With [`Undefined::Empty`] the template runs as far as it can, to record its dependencies; the text of
    /// that pass is discarded.
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
                    Undefined::Refused => template.render(&Value::from(()), pass.as_ref()),
                    Undefined::Empty => template.survey(&Value::from(()), pass.as_ref()),
                };
                rendered.map_err(|error| go_failure::told(name, source, &error))
            }
            Self::Jinja(template) => template.render(pass, undefined),
        }
    }

    /// The file and place of a call.
    pub(super) fn place(&self, site: &CallSite) -> Option<(String, Place)> {
        match (self, site) {
            (Self::Go { name, source, .. }, CallSite::Byte(at)) => {
                Some((name.to_string(), Place::of_byte(source, *at)))
            }
            (Self::Jinja(template), CallSite::Call(call)) => template.place(call),
            // The language of the template has changed since.
            _ => None,
        }
    }

    /// The name that errors show.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Go { name, .. } => name,
            Self::Jinja(template) => template.name(),
        }
    }

    /// The parsed source.
    pub(super) fn source(&self) -> &str {
        match self {
            Self::Go { source, .. } => source,
            Self::Jinja(template) => template.source(),
        }
    }

    /// Returns `true` if the included files are unchanged since they were read.
    pub(super) fn includes_are_current(&self) -> bool {
        match self {
            Self::Go { .. } => true,
            Self::Jinja(template) => template.includes_are_current(),
        }
    }

    /// The files that the template includes; a Go template has none.
    pub(super) fn included(&self) -> Vec<PathBuf> {
        match self {
            Self::Go { .. } => Vec::new(),
            Self::Jinja(template) => template.included(),
        }
    }
}
