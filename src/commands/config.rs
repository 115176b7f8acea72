//! `ctmpl config`: prints the resolved configuration.

use ctmpl_options::cli::Arguments;
use ctmpl_options::config;

use super::output::{Failure, print};

pub(super) fn run(arguments: Arguments) -> Result<u8, Failure> {
    let text = config::show(arguments, &std::env::vars_os().collect())?;
    Ok(print(&text))
}
