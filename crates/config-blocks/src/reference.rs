//! The keys of a configuration, for the tables of the reference page.
//!
//! Input: the declarations. Output: every key with its kind, its default and its purpose.

use crate::block::Block;
use crate::key::{Key, Shape};

/// A key, as the reference page describes it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The key with the blocks around it, `site.tls.cert`.
    pub path: String,
    /// The values that it takes, in the words of the reference page.
    pub kind: String,
    /// Its default: JSON, or words; empty: none.
    pub default: &'static str,
    /// Its purpose.
    pub purpose: &'static str,
}

/// Every key that has an effect, in the order of the tables.
pub fn keys<B: Block>() -> Vec<Described> {
    let mut found = Vec::new();
    walk(B::KEYS, "", &mut |path, key| {
        let documented = key.is_supported() && !key.flag_only && !key.undocumented;
        if documented {
            found.push(Described {
                path: path.to_owned(),
                kind: kind(&(key.shape)()),
                default: key.default,
                purpose: key.doc,
            });
        }
        documented && !key.brief
    });
    found
}

/// Every key that has no effect, with the reason.
pub fn unsupported_keys<B: Block>() -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    walk(B::KEYS, "", &mut |path, key| {
        if !key.is_supported() {
            found.push((path.to_owned(), key.unsupported));
        }
        key.is_supported()
    });
    found.sort_unstable();
    found
}

/// Every key that a flag can set, with its path, in the order of the declarations.
pub fn flag_keys<B: Block>() -> Vec<(String, &'static Key)> {
    let mut found = Vec::new();
    walk(B::KEYS, "", &mut |path, key| {
        if !key.flag.is_empty() {
            found.push((path.to_owned(), key));
        }
        // No flag sets a key of one block of several.
        key.is_supported() && !(key.shape)().repeats && !(key.shape)().labelled
    });
    found
}

/// The path of a key without the numbers and labels of blocks: `site[2].tls.cert` is `site.tls.cert`.
pub fn without_numbers(path: &str) -> String {
    let mut found = String::with_capacity(path.len());
    for part in path.split(']') {
        found.push_str(part.split('[').next().unwrap_or_default());
    }
    found
}

/// The key at a path without numbers, `site.tls.cert`.
pub fn find<B: Block>(path: &str) -> Option<&'static Key> {
    let mut keys = B::KEYS;
    let mut found = None;
    for name in path.split('.') {
        let key = keys.iter().find(|key| key.name == name)?;
        keys = (key.shape)().keys();
        found = Some(key);
    }
    found
}

/// Visits every key with its path; `visit` returns `true` to visit the keys of its block too.
fn walk(keys: &'static [Key], above: &str, visit: &mut dyn FnMut(&str, &'static Key) -> bool) {
    for key in keys {
        let path = if above.is_empty() {
            key.name.to_owned()
        } else {
            format!("{above}.{}", key.name)
        };
        if visit(&path, key) {
            walk((key.shape)().keys(), &path, visit);
        }
    }
}

fn kind(shape: &Shape) -> String {
    let name = shape
        .spelling
        .as_ref()
        .map(|spelling| match spelling.names.as_slice() {
            // The names of all signals would fill the page.
            names if names.is_empty() || names.len() > 10 => spelling.name.to_owned(),
            names => names
                .iter()
                .map(|name| format!("`\"{name}\"`"))
                .collect::<Vec<_>>()
                .join(", "),
        });
    let other = match shape {
        Shape { labelled: true, .. } => "blocks with labels",
        Shape { repeats: true, .. } => "blocks",
        Shape {
            keys: Some(_),
            bool: true,
            ..
        } => "block, true, false",
        Shape { keys: Some(_), .. } => "block",
        Shape { bool: true, .. } => "true, false",
        Shape { list: true, .. } => "list of texts",
        Shape {
            number: Some(_),
            text: false,
            ..
        } => "number",
        _ => "text",
    };
    name.unwrap_or_else(|| other.to_owned())
}
