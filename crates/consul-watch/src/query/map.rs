//! Maps from queries to values.

use std::collections::HashMap;
use std::sync::Arc;

use super::any::Query;

/// A map from queries to values. A rendering hashes each of its queries several times, and a query has many parts, so the
/// hash is a fast one. Its seed is random, because the names of services come from others.
pub type QueryMap<V> = HashMap<Arc<Query>, V, foldhash::fast::RandomState>;
