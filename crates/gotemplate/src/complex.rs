//! Complex constants (`1i`). A template can only print and compare them.

use minijinja::value::{Object, ObjectRepr};
use std::sync::Arc;

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Complex {
    pub(super) real: f64,
    pub(super) imaginary: f64,
}

impl Object for Complex {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}
