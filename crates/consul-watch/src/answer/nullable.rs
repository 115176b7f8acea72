//! Maps and lists that may be `null`.

use serde::{Deserialize, Serialize};

/// A map or a list of an answer. A missing field and `null` differ from an empty map or list: they
/// are nil in Go templates, and `null` in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nullable<T>(Option<T>);

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Nullable<T> {
    /// Creates an empty map or list.
    #[must_use]
    pub fn new() -> Self {
        Self(Some(T::default()))
    }
}

impl<T> Nullable<T> {
    /// Returns `None` for `null`, and for a missing field.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// The items; none for `null`.
    pub fn iter<'a>(&'a self) -> impl Iterator<Item = <&'a T as IntoIterator>::Item>
    where
        &'a T: IntoIterator,
    {
        self.0.iter().flatten()
    }
}

impl<T: From<[I; N]>, I, const N: usize> From<[I; N]> for Nullable<T> {
    fn from(items: [I; N]) -> Self {
        Self(Some(items.into()))
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}
