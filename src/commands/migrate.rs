//! `ctmpl migrate`: rewrites a consul-template configuration.

use config_blocks::{Format, FormatError};
use ctmpl_options::cli::MigrateArguments;
use ctmpl_options::config::migrate::migrate;
use ctmpl_options::exit_code;

use super::output::{Failure, print, report};

pub(super) fn run(arguments: MigrateArguments) -> Result<u8, Failure> {
    let MigrateArguments { to, file } = arguments;
    let format =
        to.map_or(Ok(Format::Yaml), |name| name.parse())
            .map_err(|error: FormatError| {
                let error = anyhow::Error::new(error).context("cannot use --to");
                Failure::new(exit_code::USAGE, error)
            })?;
    let migration = migrate(&file)?;
    print(&migration.write(format));
    for note in migration.notes {
        report(note);
    }
    Ok(if migration.complete {
        exit_code::SUCCESS
    } else {
        exit_code::INCOMPLETE
    })
}
