//! `ctmpl functions`: prints the reference of the template functions.

use consul_render::{functions, reference};
use ctmpl_options::exit_code;

use super::output::{Failure, print};

pub(super) fn run(name: Option<&str>) -> Result<u8, Failure> {
    let text = reference::text(name).map_err(|error| Failure::new(exit_code::USAGE, error))?;
    Ok(print(&text))
}

/// The names of all functions in both languages, for completions.
pub(super) fn names() -> Vec<&'static str> {
    let both = functions::all().flat_map(|function| [function.go, function.jinja]);
    let names: std::collections::BTreeSet<_> = both.collect();
    names.into_iter().collect()
}
