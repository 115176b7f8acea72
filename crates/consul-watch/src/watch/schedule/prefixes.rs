//! Chooses prefixes of the key/value store whose answers contain many single keys.
//!
//! Input: the followed keys. Output: the prefixes that are worth one request in place of many.

use std::collections::BTreeMap;

use crate::query::{KeyQuery, Scope};

/// The number of keys from which one request for their prefix replaces their own.
pub(super) const MIN_KEYS: usize = 16;
/// The number of prefixes into which the keys below a prefix are divided at most.
const MAX_PARTS: usize = 8;

/// A prefix and the followed keys below it.
type Prefix = (KeyQuery, Vec<KeyQuery>);

/// Returns the prefixes that contain enough of these keys, and their keys. A prefix ends with a slash. The root of all
/// keys is not among them, and none that is excluded.
pub fn choose<'a>(
    keys: impl IntoIterator<Item = &'a KeyQuery>,
    is_excluded: impl Fn(&KeyQuery) -> bool,
) -> Vec<Prefix> {
    let mut scopes: BTreeMap<&Scope, Vec<&str>> = BTreeMap::new();
    for query in keys {
        // Consul merges slashes; a key that is written differently is not found in an answer.
        if !query.key.contains("//") {
            scopes.entry(&query.scope).or_default().push(&query.key);
        }
    }
    let mut chosen = Vec::new();
    for (scope, mut keys) in scopes {
        keys.sort_unstable();
        let mut found = Vec::new();
        divide("", &keys, &mut found);
        for (prefix, keys) in found {
            let query = |key: &str| KeyQuery {
                key: key.to_owned(),
                scope: scope.clone(),
            };
            let prefix = query(prefix);
            if !is_excluded(&prefix) {
                chosen.push((prefix, keys.iter().map(|key| query(key)).collect()));
            }
        }
    }
    chosen
}

/// Divides sorted keys below a prefix into the deepest prefixes that contain enough of them.
fn divide<'a>(prefix: &'a str, keys: &[&'a str], found: &mut Vec<(&'a str, Vec<&'a str>)>) {
    let parts: Vec<(&str, &[&str])> = parts(prefix, keys);
    let large = parts.iter().filter(|(_, keys)| keys.len() >= MIN_KEYS);
    let (count, inside) = large.fold((0, 0), |(count, inside), (_, keys)| {
        (count + 1, inside + keys.len())
    });
    let is_divided = count > 0 && count <= MAX_PARTS && keys.len() - inside < MIN_KEYS;
    if !is_divided && !prefix.is_empty() {
        found.push((prefix, keys.to_vec()));
        return;
    }
    for (part, keys) in parts {
        if keys.len() >= MIN_KEYS {
            divide(part, keys, found);
        }
    }
}

/// The next longer prefixes of sorted keys, with their keys.
fn parts<'a, 'k>(prefix: &str, keys: &'k [&'a str]) -> Vec<(&'a str, &'k [&'a str])> {
    let part_of = |key: &'a str| {
        let rest = &key[prefix.len()..];
        rest.find('/').map(|slash| &key[..=prefix.len() + slash])
    };
    keys.chunk_by(|a, b| part_of(a).is_some() && part_of(a) == part_of(b))
        .filter_map(|keys| part_of(keys.first()?).map(|part| (part, keys)))
        // A key that is its own prefix has nothing below it.
        .filter(|(part, keys)| keys.first().is_some_and(|key| key.len() > part.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn key(key: &str) -> KeyQuery {
        KeyQuery {
            key: key.to_owned(),
            scope: Scope::default(),
        }
    }

    fn chosen(keys: &[String]) -> Vec<(String, usize)> {
        let keys: Vec<_> = keys.iter().map(|name| key(name)).collect();
        choose(&keys, |_| false)
            .into_iter()
            .map(|(prefix, keys)| (prefix.key, keys.len()))
            .collect()
    }

    fn many(prefix: &str, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{prefix}k{n}")).collect()
    }

    #[test]
    fn many_keys_of_a_directory_share_a_request_and_few_do_not() {
        assert_eq!(chosen(&many("app/", 16)), [("app/".to_owned(), 16)]);
        assert!(chosen(&many("app/", 15)).is_empty());
        assert!(chosen(&many("", 100)).is_empty(), "the root");
    }

    #[test]
    fn keys_in_many_directories_share_the_prefix_of_these() {
        let keys: Vec<_> = (0..100).map(|n| format!("services/s{n}/port")).collect();
        assert_eq!(chosen(&keys), [("services/".to_owned(), 100)]);
    }

    #[test]
    fn keys_in_a_few_directories_are_divided() {
        let keys = [many("a/b/", 20), many("a/c/", 30), many("z/", 16)].concat();
        let expected = [("a/b/", 20), ("a/c/", 30), ("z/", 16)];
        assert_eq!(chosen(&keys), expected.map(|(p, n)| (p.to_owned(), n)));
    }

    #[test]
    fn an_excluded_prefix_is_not_chosen() {
        let keys: Vec<_> = many("app/", 16).iter().map(|name| key(name)).collect();
        assert!(choose(&keys, |prefix| *prefix == key("app/")).is_empty());
    }

    proptest! {
        #[test]
        fn every_chosen_prefix_contains_its_keys_and_no_key_is_in_two(
            names in prop::collection::btree_set("[ab]{1,2}(/[abc]{0,2}){0,3}", 0..120),
        ) {
            let keys: Vec<_> = names.iter().map(|name| key(name)).collect();
            let mut seen = BTreeSet::new();
            for (prefix, keys) in choose(&keys, |_| false) {
                prop_assert!(prefix.key.ends_with('/') && keys.len() >= MIN_KEYS);
                for key in keys {
                    prop_assert!(key.key.starts_with(&prefix.key));
                    prop_assert!(seen.insert(key));
                }
            }
        }
    }
}
