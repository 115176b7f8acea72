//! What the vectors do not say.
