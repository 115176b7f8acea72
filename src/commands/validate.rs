//! `ctmpl validate`: checks the configuration and parses every template.

use std::error::Error;

use super::output::{Failure, report};
use crate::cli::Arguments;
use crate::config::{self, Config};
use crate::exit_code;
use crate::render::Template;

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    let config = config::load(arguments, &std::env::vars_os().collect())?;
    for warning in &config.warnings {
        report(warning);
    }
    Ok(if templates_parse(&config) {
        exit_code::SUCCESS
    } else {
        exit_code::CONFIG
    })
}

/// Parses every template and reports the invalid ones. Returns `true` if all are valid.
pub(super) fn templates_parse(config: &Config) -> bool {
    let invalid: Vec<_> = config
        .jobs
        .iter()
        .filter_map(|job| Template::read(job).err())
        .collect();
    for error in &invalid {
        report(with_causes(error));
    }
    invalid.is_empty()
}

/// Formats an error with its causes. The text of an error may have several lines.
fn with_causes(error: &dyn Error) -> String {
    error.source().map_or_else(
        || error.to_string(),
        |source| format!("{error}: {}", with_causes(source)),
    )
}
