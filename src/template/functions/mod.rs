//! The function library: one table for both template languages.
//!
//! in:  a name, as one of the languages writes it
//! out: the [`Function`]: its names, its documentation and its code
//!
//! A function stands in the file of its group. A new one is one line in that file's table, and its code.

mod args;
mod environment;
mod instances;
mod layout;
mod lists;
mod math;
mod mesh;
mod numbers;
mod pattern;
mod shape;
mod sources;
mod text;
mod title;

use minijinja::Value;

use super::function::{Call, Function, FunctionError, Group};

/// Every function, group by group.
static TABLE: &[&[Function]] = &[
    instances::TABLE,
    sources::TABLE,
    mesh::TABLE,
    environment::TABLE,
    text::TABLE,
    lists::TABLE,
    numbers::TABLE,
    shape::TABLE,
    math::TABLE,
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
    Function { go, jinja, group, signature, options: &[], summary, code }
}

#[cfg(test)]
mod tests;
