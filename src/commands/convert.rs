//! `ctmpl convert`: converts a Go template to Jinja.

use super::output::{Failure, report};
use crate::cli::ConvertArguments;
use crate::config::Environment;
use crate::convert::command::{self, Report};
use crate::exit_code;

pub(super) fn run(arguments: ConvertArguments) -> Result<u8, Failure> {
    let Report { notes, clean } =
        convert(arguments).map_err(|error| Failure::new(exit_code::FAILURE, error))?;
    for note in notes {
        report(note);
    }
    Ok(if clean {
        exit_code::SUCCESS
    } else {
        exit_code::INCOMPLETE
    })
}

fn convert(arguments: ConvertArguments) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let environment: Environment = std::env::vars_os().collect();
    runtime.block_on(command::run(arguments, &environment))
}
