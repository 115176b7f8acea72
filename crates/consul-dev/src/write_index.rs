//! The index at which each name was last written, to wake exactly the blocking queries that Consul
//! would wake.
//!
//! Input: writes of names in tables at indexes. Output: whether a name with a prefix was written
//! since an index, and the prefix that a query watches: [`watch_scope`].
//!
//! Consul keeps its tables in immutable radix trees, and a query waits on one node of a tree. If
//! the query has results, it waits on exactly those. If it has none, it waits on the deepest tree
//! node on the path to the name, so any write below that node wakes it, related or not. This is why
//! a query for a prefix without keys also wakes for other keys.

use std::collections::BTreeMap;
use std::ops::Bound;

/// A table of names that queries can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// A key of the key-value store.
    Keys,
    /// A node's own record.
    Nodes,
    /// The instances of a service, by the service's name.
    ServiceInstances,
    /// The instances on a node, by the node's name.
    NodeInstances,
    /// The checks of a service, by the service's name.
    ServiceChecks,
    /// The checks on a node, by the node's name.
    NodeChecks,
    /// The sessions, by ID.
    Sessions,
}

/// The index of the last write or deletion of each name.
#[derive(Clone, Debug, Default)]
pub(crate) struct WriteIndex {
    written: BTreeMap<(Table, Vec<u8>), u64>,
}

impl WriteIndex {
    /// Records that a name was written or deleted at this index.
    pub(crate) fn record(&mut self, table: Table, name: &str, index: u64) {
        self.written
            .insert((table, name.as_bytes().to_vec()), index);
    }

    /// Returns `true` if a name that starts with `prefix` was written after the index `since`.
    pub(crate) fn is_written_since(&self, table: Table, prefix: &[u8], since: u64) -> bool {
        self.written
            .range((table, prefix.to_vec())..)
            .take_while(|((found, name), _)| *found == table && name.starts_with(prefix))
            .any(|(_, index)| *index > since)
    }
}

/// Returns the prefix of the names whose writes wake a query for `wanted`: the path of the radix
/// tree node where the search for it in `names` ends.
pub(crate) fn watch_scope<V>(names: &BTreeMap<String, V>, wanted: &str) -> Vec<u8> {
    let wanted = wanted.as_bytes();
    let mut path: Vec<u8> = Vec::new();
    loop {
        let Some(next) = wanted.get(path.len()) else {
            return path;
        };
        let mut edge = path.clone();
        edge.push(*next);
        let Some(node) = common_prefix(names, &edge) else {
            return path;
        };
        if !wanted.starts_with(&node) {
            return edge;
        }
        path = node;
    }
}

/// Returns the longest prefix of all names that start with `edge`; `None` if there are none.
fn common_prefix<V>(names: &BTreeMap<String, V>, edge: &[u8]) -> Option<Vec<u8>> {
    // `edge` may end inside a UTF-8 character, so the range starts at its valid part.
    let start = String::from_utf8_lossy(edge);
    let start = start.trim_end_matches(char::REPLACEMENT_CHARACTER);
    let mut below = names
        .range::<str, _>((Bound::Included(start), Bound::Unbounded))
        .map(|(name, _)| name.as_bytes())
        .take_while(|name| name.starts_with(start.as_bytes()))
        .filter(|name| name.starts_with(edge));
    let first = below.next()?;
    let last = below.last().unwrap_or(first);
    // The whole name, if there is only one: in the tree, it ends with a terminator that `wanted`
    // cannot contain.
    let same = first
        .iter()
        .zip(last)
        .take_while(|(one, other)| one == other)
        .count();
    Some(first[..same].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> BTreeMap<String, u64> {
        of.iter().map(|name| ((*name).to_owned(), 1)).collect()
    }

    #[test]
    fn in_an_empty_tree_every_write_wakes() {
        assert_eq!(watch_scope(&names(&[]), "app/"), b"");
    }

    #[test]
    fn an_unknown_first_letter_ends_at_the_root() {
        assert_eq!(watch_scope(&names(&["app/one", "app/two"]), "none/"), b"");
    }

    #[test]
    fn a_missing_sibling_waits_on_the_shared_part() {
        assert_eq!(
            watch_scope(&names(&["app/one", "app/two", "b"]), "app/x"),
            b"app/"
        );
        assert_eq!(
            watch_scope(&names(&["app/one", "app/two", "b"]), "app/tee"),
            b"app/t"
        );
    }

    #[test]
    fn a_prefix_with_keys_waits_on_its_own_keys() {
        assert_eq!(
            watch_scope(&names(&["app/one", "app/two", "b"]), "app/"),
            b"app/"
        );
    }

    #[test]
    fn letters_of_several_bytes_work() {
        assert_eq!(watch_scope(&names(&["é", "è"]), "é"), "é".as_bytes());
    }

    #[test]
    fn only_later_writes_below_the_scope_count() {
        let mut writes = WriteIndex::default();
        writes.record(Table::Keys, "app/one", 5);
        writes.record(Table::Keys, "b", 7);
        assert!(writes.is_written_since(Table::Keys, b"app/", 4));
        assert!(!writes.is_written_since(Table::Keys, b"app/", 5));
        assert!(writes.is_written_since(Table::Keys, b"", 6));
        assert!(!writes.is_written_since(Table::Nodes, b"", 0));
    }
}
