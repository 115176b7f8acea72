//! The two template languages behind one door.
//!
//! in:  a source, and how it is to be read
//! out: an [`Engine`]: the parsed template, which renders for a [`Pass`]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::Value;

use super::error::{Place, TemplateError};
use super::functions;
use super::go::{GoError, GoTemplate, Options};
use super::hints;
use super::jinja::{JinjaTemplate, Undefined};
use super::pass::Pass;
use crate::config::resolved::{Delimiters, Language, MissingKey};

/// What a template is, beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings<'a> {
    pub(super) language: Language,
    pub(super) missing_key: MissingKey,
    pub(super) delimiters: &'a Delimiters,
    /// Where includes are found.
    pub(super) directory: Option<&'a Path>,
}

/// A parsed template of either language.
#[derive(Debug)]
pub(super) enum Engine {
    Jinja(Box<JinjaTemplate>),
    Go { name: Box<str>, source: Box<str>, template: Box<GoTemplate> },
}

impl Engine {
    pub(super) fn parse(name: &str, source: &str, settings: Settings<'_>) -> Result<Self, TemplateError> {
        match settings.language {
            Language::Jinja => Ok(Self::Jinja(Box::new(JinjaTemplate::parse(name, source, settings.directory)?))),
            Language::Go => {
                let options = Options {
                    delimiters: settings.delimiters.clone(),
                    missing_key: settings.missing_key,
                    ..Options::default()
                };
                let parsed = GoTemplate::parse(name, source, &options, functions::named_in_go);
                let template = parsed.map_err(|error| go_error(name, source, &error))?;
                Ok(Self::Go { name: name.into(), source: source.into(), template: Box::new(template) })
            }
        }
    }

    pub(super) fn render(&self, pass: &Arc<Pass>, undefined: Undefined) -> Result<String, TemplateError> {
        match self {
            Self::Jinja(template) => template.render(pass, undefined),
            Self::Go { name, source, template } => {
                template.execute(&Value::from(()), pass).map_err(|error| go_error(name, source, &error))
            }
        }
    }

    /// The files that the template includes.
    pub(super) fn included(&self) -> Vec<PathBuf> {
        match self {
            Self::Jinja(template) => template.included(),
            Self::Go { .. } => Vec::new(),
        }
    }
}

/// An error of the Go engine, with its place and a hint.
fn go_error(name: &str, source: &str, error: &GoError) -> TemplateError {
    let function = error.message.strip_prefix("function \"").and_then(|rest| rest.strip_suffix("\" not defined"));
    let hint = function.and_then(hints::for_go_function).or_else(|| hints::for_go(source));
    TemplateError::at(name, source, Place::of_byte(source, error.offset), &*error.message).with_hint(hint)
}
