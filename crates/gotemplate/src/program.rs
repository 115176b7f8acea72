//! A parsed template with its settings, as the evaluator reads it.

use crate::ast::Templates;
use crate::options::{Limits, MissingKey};

#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: Box<str>,
    pub(crate) source: Box<str>,
    pub(crate) templates: Templates,
    pub(crate) missing_key: MissingKey,
    pub(crate) limits: Limits,
}
