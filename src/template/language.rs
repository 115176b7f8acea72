//! The two template languages behind one door.
//!
//! in:  a source, and how it is to be read
//! out: an [`Engine`]: the parsed template, which renders for a [`Pass`]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::Value;

use super::error::{Place, TemplateError};
use super::go::{self, GoError, GoTemplate, Phase};
use super::jinja::{self, JinjaTemplate, Undefined};
use super::pass::Pass;
use super::{functions, hints};
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
}

/// A parsed template of either language.
#[derive(Debug)]
pub(super) enum Engine {
    Go { template: Box<GoTemplate>, name: Box<str>, source: Box<str> },
    Jinja(Box<JinjaTemplate>),
}

impl Engine {
    pub(super) fn parse(name: &str, source: &str, settings: Settings<'_>) -> Result<Self, TemplateError> {
        let Settings { language, missing_key, delimiters, format, directory, allow } = settings;
        match language {
            Language::Jinja => {
                let options = jinja::Options { format, directory, allow };
                Ok(Self::Jinja(Box::new(JinjaTemplate::parse(name, source, options)?)))
            }
            Language::Go => {
                let options = go::Options { delimiters: delimiters.clone(), missing_key, ..go::Options::default() };
                let template = GoTemplate::parse(name, source, &options, |name| {
                    functions::named_in_go(name).filter(|_| allow.allow(name))
                })
                .map_err(|error| go_error(name, source, &error))?;
                Ok(Self::Go { template: Box::new(template), name: name.into(), source: source.into() })
            }
        }
    }

    /// Renders. Where undefined is taken for empty, it is for the sake of what the template asks: it goes on as far as
    /// it can, and the text is worth nothing.
    pub(super) fn render(&self, pass: &Arc<Pass>, undefined: Undefined) -> Result<String, TemplateError> {
        match self {
            Self::Go { template, name, source } => {
                let rendered = match undefined {
                    Undefined::Refused => template.execute(&Value::from(()), pass),
                    Undefined::Empty => template.survey(&Value::from(()), pass),
                };
                rendered.map_err(|error| go_error(name, source, &error))
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

    /// The files that the template includes; Go templates have no includes.
    pub(super) fn included(&self) -> Vec<PathBuf> {
        match self {
            Self::Go { .. } => Vec::new(),
            Self::Jinja(template) => template.included(),
        }
    }
}

/// The trees of a Go template.
pub(super) fn go_trees(name: &str, source: &str, delimiters: &Delimiters) -> Result<go::Templates, TemplateError> {
    go::trees(name, source, delimiters, functions::named_in_go).map_err(|error| go_error(name, source, &error))
}

/// An error of the Go engine, with its place and a hint.
fn go_error(name: &str, source: &str, error: &GoError) -> TemplateError {
    if let (Phase::Parse, Some((message, hint))) = (error.phase, error.function.as_deref().and_then(hints::forbidden)) {
        return TemplateError::at(name, source, Place::of_byte(source, error.offset), message).with_hint(Some(hint));
    }
    let mut message = error.message.clone();
    let hint = match (error.phase, &error.function) {
        (Phase::Parse, Some(function)) => {
            if functions::unsupported::in_go(function).is_some() {
                message = hints::not_there(function, true);
            }
            hints::for_go_function(function).or_else(|| hints::for_go(source))
        }
        (Phase::Parse, None) => hints::for_go(source),
        (Phase::Execute, _) => hints::for_go_field(&message),
    };
    let place = Place::of_byte(source, error.offset);
    TemplateError::at(name, source, place, message).with_hint(hint)
}
