//! All tables of the library.

use crate::function::Function;
use crate::{
    documents, environment, group_by, hash, lists, math, numbers, sockaddr, spew, sprig, text,
};

/// The tables of the library, in the order of the reference.
pub static TABLES: &[&[Function]] = &[
    environment::TABLE,
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
    #[cfg(feature = "crypto")]
    sprig::secrets::TABLE,
    #[cfg(feature = "crypto")]
    sprig::master_password::TABLE,
    #[cfg(feature = "crypto")]
    sprig::certificates::TABLE,
    spew::TABLE,
];
