//! `ctmpl functions`: prints the reference of the template functions.

use super::output::{Failure, print};
use crate::exit_code;
use crate::render::reference;

pub(super) fn run(name: Option<&str>) -> Result<u8, Failure> {
    let text = reference::text(name).map_err(|error| Failure::new(exit_code::USAGE, error))?;
    Ok(print(&text))
}
