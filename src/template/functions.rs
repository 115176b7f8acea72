//! The function library: one table for both template languages.
//!
//! in:  a name, as one of the languages writes it
//! out: the [`Function`]: its names, its documentation and its code
//!
//! A function stands in the file of its group. A new one is one line in that file's table, and its code.

mod args;
mod documents;
mod environment;
pub mod examples;
mod group_by;
mod hash;
mod instances;
mod lists;
mod math;
mod merge;
mod mesh;
mod numbers;
mod outputs;
mod pattern;
pub mod reference;
mod sockaddr;
mod sources;
mod spew;
mod sprig;
mod text;
mod time;
mod title;
mod toml;
pub mod unsupported;
mod yaml;

use std::sync::LazyLock;

use gotemplate::FunctionId;
use minijinja::Value;

use super::function::{Call, Function, FunctionError, Group};

/// Every function, group by group.
static TABLE: &[&[Function]] = &[
    instances::TABLE,
    sources::TABLE,
    mesh::TABLE,
    environment::TABLE,
    outputs::TABLE,
    sockaddr::TABLE,
    text::TABLE,
    hash::TABLE,
    lists::TABLE,
    numbers::TABLE,
    documents::TABLE,
    group_by::TABLE,
    math::TABLE,
    sprig::text::TABLE,
    sprig::words::TABLE,
    sprig::lists::TABLE,
    sprig::more_lists::TABLE,
    sprig::maps::TABLE,
    sprig::math::TABLE,
    sprig::flow::TABLE,
    sprig::types::TABLE,
    sprig::encodings::TABLE,
    sprig::regex::TABLE,
    sprig::paths::TABLE,
    sprig::dates::TABLE,
    sprig::semver::TABLE,
    sprig::secrets::TABLE,
    sprig::certificates::TABLE,
    spew::TABLE,
];

/// Every function of the library, group by group.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLE.iter().copied().flatten()
}

/// The function that Go templates know under this name.
#[must_use]
pub fn named_in_go(name: &str) -> Option<&'static Function> {
    all().find(|function| function.go == name)
}

/// The function that Go templates know under this name, as a template refers to it.
#[must_use]
pub fn id_in_go(name: &str) -> Option<FunctionId> {
    all()
        .position(|function| function.go == name)
        .map(FunctionId)
}

/// The function that a template refers to.
#[must_use]
pub fn of_id(FunctionId(index): FunctionId) -> Option<&'static Function> {
    static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| all().collect());
    ALL.get(index).copied()
}

/// The function that Jinja templates know under this name.
#[must_use]
pub fn named_in_jinja(name: &str) -> Option<&'static Function> {
    all().find(|function| function.jinja == name)
}

/// One line of a table.
const fn function(
    group: Group,
    names: [&'static str; 2],
    signature: &'static str,
    summary: &'static str,
    code: fn(&Call<'_>) -> Result<Value, FunctionError>,
) -> Function {
    let [go, jinja] = names;
    Function {
        go,
        jinja,
        group,
        signature,
        options: &[],
        summary,
        code,
    }
}

#[cfg(test)]
mod tests;
