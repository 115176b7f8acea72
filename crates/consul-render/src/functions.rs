//! The functions of templates: the library, and the functions that query Consul, read files, run
//! plugins or write files.
//!
//! Input: the name of a function in one of the languages. Output: the [`Function`] with its names,
//! documentation and code. A new function that needs the data of a rendering becomes a row of a
//! table here; one that needs only its arguments belongs to the crate `functions`.

mod call_args;
mod examples;
mod instances;
mod keys;
mod mesh;
mod rendering;
mod sources;
mod write_to_file;

use std::sync::LazyLock;

pub use ::functions::unsupported;
use ::functions::{Function, Library, TABLES};
use gotemplate::FunctionId;

use crate::options::Permissions;

/// All functions, by group.
pub static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let (environment, further) = TABLES
        .split_first()
        .map_or((&[][..], TABLES), |(first, rest)| (*first, rest));
    let own = [
        instances::TABLE,
        sources::TABLE,
        mesh::TABLE,
        environment,
        write_to_file::TABLE,
    ];
    Library::new(
        own.into_iter().chain(further.iter().copied()),
        examples::ALL,
    )
});

/// All functions of the library, by group.
pub fn all() -> impl Iterator<Item = &'static Function> {
    LIBRARY.all()
}

/// Returns the function with this name in Go templates.
#[must_use]
pub(crate) fn named_in_go(name: &str) -> Option<&'static Function> {
    LIBRARY.named_in_go(name)
}

/// Returns the identifier of the function with this name in Go templates.
#[must_use]
pub fn id_in_go(name: &str) -> Option<FunctionId> {
    LIBRARY.id_in_go(name)
}

/// Returns the function with this identifier.
#[must_use]
pub fn of_id(id: FunctionId) -> Option<&'static Function> {
    LIBRARY.of_id(id)
}

/// The names in Go templates of the functions that may fail when they are called: the unsupported
/// ones, and those that need a permission.
fn failing() -> impl Iterator<Item = &'static str> {
    let guarded = all().map(|function| function.go);
    unsupported::all()
        .map(|function| function.go)
        .chain(guarded.filter(|go| !Permissions::default().allow(go)))
}

/// Returns an identifier for the calls of a function that fails when it is called.
#[must_use]
pub(crate) fn failing_id(name: &str) -> Option<FunctionId> {
    // The identifiers of the library begin at 0.
    let index = failing().position(|failing| failing == name)?;
    Some(FunctionId(usize::MAX - index))
}

/// Returns the name in Go templates of the function with the identifier of [`failing_id`].
#[must_use]
pub(crate) fn failing_of_id(id: FunctionId) -> Option<&'static str> {
    failing().nth(usize::MAX - id.0)
}

/// Returns the function with this name in Jinja.
#[must_use]
pub(crate) fn named_in_jinja(name: &str) -> Option<&'static Function> {
    LIBRARY.named_in_jinja(name)
}

#[cfg(test)]
mod tests;
