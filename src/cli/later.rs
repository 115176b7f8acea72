//! The flags of consul-template 0.42.1 that are still to come.

/// Their names, without dashes, in the order of consul-template's documentation.
pub(super) const LATER: &[&str] = &["template-error-fatal"];
