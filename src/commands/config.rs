//! `ctmpl config`: prints the resolved configuration.

use super::output::{Failure, print};
use crate::cli::Arguments;
use crate::config;

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    let text = config::show(arguments, &std::env::vars_os().collect())?;
    Ok(print(&text))
}
