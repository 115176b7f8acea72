//! The scratch pad of a template: `scratch.Set`, `scratch.Get` and their kin.
//!
//! Its methods are called through minijinja's object protocol in both languages, by their Go names (`MapSet`) or
//! their Jinja names (`map_set`).

use std::collections::BTreeMap;
use std::sync::Mutex;

use minijinja::value::{Object, Value};

/// Values that a template keeps for itself, for the length of one pass.
#[derive(Debug, Default)]
pub struct Scratch {
    values: Mutex<BTreeMap<String, Value>>,
}

impl Object for Scratch {}
