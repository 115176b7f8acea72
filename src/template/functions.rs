//! The function library: one table for both template languages.
//!
//! Input: the name of a function in one of the languages. Output: the [`Function`]: its names, its documentation and its
//! code. To add a function, add a row to the table of the file for its group, and its code.

/// Defines a function that makes the table rows of one group.
macro_rules! row_constructor {
    ($visibility:vis $name:ident, $group:expr) => {
        $visibility const fn $name(
            names: [&'static str; 2],
            signature: &'static str,
            summary: &'static str,
            code: fn(
                &$crate::template::function::Call<'_>,
            ) -> $crate::template::functions::args::FunctionResult,
        ) -> $crate::template::function::Function {
            $crate::template::functions::row($group, names, signature, summary, code)
        }
    };
}

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
pub mod reference;
mod sockaddr;
mod sources;
mod spew;
mod sprig;
mod text;
mod title;
pub mod unsupported;
mod write_to_file;

use std::sync::LazyLock;

use gotemplate::{FunctionId, pattern, time, toml, yaml};
use minijinja::Value;

use super::function::{Call, Function, FunctionError, Group};

/// All functions, group by group.
static TABLE: &[&[Function]] = &[
    instances::TABLE,
    sources::TABLE,
    mesh::TABLE,
    environment::TABLE,
    write_to_file::TABLE,
    sockaddr::TABLE,
    text::TABLE,
    hash::TABLE,
    lists::TABLE,
    numbers::TABLE,
    documents::TABLE,
    group_by::TABLE,
    math::TABLE,
    sprig::text::TABLE,
    sprig::join::TABLE,
    sprig::words::TABLE,
    sprig::lists::build::TABLE,
    sprig::lists::parts::TABLE,
    sprig::lists::filter::TABLE,
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
    sprig::master_password::TABLE,
    sprig::certificates::TABLE,
    spew::TABLE,
];

/// All functions of the library, group by group.
pub fn all() -> impl Iterator<Item = &'static Function> {
    TABLE.iter().copied().flatten()
}

/// Returns the function with this name in Go templates.
#[must_use]
pub fn named_in_go(name: &str) -> Option<&'static Function> {
    all().find(|function| function.go == name)
}

/// Returns the identifier of the function with this name in Go templates.
#[must_use]
pub fn id_in_go(name: &str) -> Option<FunctionId> {
    all()
        .position(|function| function.go == name)
        .map(FunctionId)
}

/// Returns the function with this identifier.
#[must_use]
pub fn of_id(FunctionId(index): FunctionId) -> Option<&'static Function> {
    static ALL: LazyLock<Vec<&'static Function>> = LazyLock::new(|| all().collect());
    ALL.get(index).copied()
}

/// Returns the function with this name in Jinja.
#[must_use]
pub fn named_in_jinja(name: &str) -> Option<&'static Function> {
    all().find(|function| function.jinja == name)
}

/// Makes a row of a table.
const fn row(
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
