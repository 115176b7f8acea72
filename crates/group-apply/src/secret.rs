//! The content of a file, which may be secret.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A content whose `Debug` shows only its length. Clones share it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Arc<Vec<u8>>);

impl From<Vec<u8>> for Secret {
    fn from(content: Vec<u8>) -> Self {
        Self(Arc::new(content))
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes", self.0.len())
    }
}
