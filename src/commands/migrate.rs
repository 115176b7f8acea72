//! `ctmpl migrate`: rewrites a consul-template configuration.

use super::output::{Failure, print, report};
use crate::cli::MigrateArguments;
use crate::config::migrate::{self, Migration, Notation, NotationError};
use crate::exit_code;

pub(super) fn run(arguments: MigrateArguments) -> Result<u8, Failure> {
    let MigrateArguments { to, file } = arguments;
    let notation = to
        .map_or(Ok(Notation::default()), |name| name.parse())
        .map_err(|error: NotationError| {
            let error = anyhow::Error::new(error).context("cannot use --to");
            Failure::new(exit_code::USAGE, error)
        })?;
    let Migration {
        text,
        notes,
        complete,
    } = migrate::migrate(&file, notation)?;
    print(&text);
    for note in notes {
        report(note);
    }
    Ok(if complete {
        exit_code::SUCCESS
    } else {
        exit_code::INCOMPLETE
    })
}
