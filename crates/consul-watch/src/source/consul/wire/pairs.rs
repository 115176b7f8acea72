//! Reads entries of the key/value store.
//!
//! A prefix may have many entries, and mostly one of them changes. So an entry that equals that of the previous answer is
//! shared with it, and nothing is allocated for it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::json::{WireError, json_of};
use crate::answer::Pair;
use crate::query::KeyQuery;

#[derive(Deserialize)]
#[serde(default, rename_all = "PascalCase")]
#[derive(Default)]
struct WirePair<'a> {
    lock_index: u64,
    #[serde(borrow)]
    key: Cow<'a, str>,
    flags: u64,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    session: Cow<'a, str>,
    create_index: u64,
    modify_index: u64,
}

/// A text that is borrowed if it has no escapes. serde does not borrow inside an `Option` without it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the entries of an answer. `known` are those of the previous one, or none.
pub(super) fn pairs(
    query: &KeyQuery,
    body: &[u8],
    known: &[Arc<Pair>],
) -> Result<Vec<Arc<Pair>>, WireError> {
    let mut reader = Reader {
        query,
        known,
        value: Vec::new(),
        is_base64: true,
    };
    let read = json_of(body, &mut reader);
    if reader.is_base64 {
        read
    } else {
        Err(WireError::Base64)
    }
}

struct Reader<'q> {
    query: &'q KeyQuery,
    /// The entries of the previous answer that may equal those that follow. Consul sorts them by their keys.
    known: &'q [Arc<Pair>],
    /// The decoded value of the present entry.
    value: Vec<u8>,
    /// `false` once a value is not base64.
    is_base64: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'_> {
    type Value = Vec<Arc<Pair>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = Vec<Arc<Pair>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(self.known.len());
        while let Some(wire) = entries.next_element::<WirePair<'_>>()? {
            self.value.clear();
            let text = wire.value.as_ref().map_or("", |text| &text.0);
            if STANDARD.decode_vec(text, &mut self.value).is_err() {
                self.is_base64 = false;
                return Err(A::Error::custom("a value is not base64"));
            }
            pairs.push(self.known(&wire).unwrap_or_else(|| self.pair(&wire)));
        }
        Ok(pairs)
    }
}

impl Reader<'_> {
    /// Returns the same entry of the previous answer.
    fn known(&mut self, wire: &WirePair<'_>) -> Option<Arc<Pair>> {
        let passed = self.known.iter().take_while(|pair| *pair.path < *wire.key);
        self.known = &self.known[passed.count()..];
        let pair = self.known.first()?;
        let Pair {
            path,
            key: _,
            value,
            bytes,
            create_index,
            modify_index,
            lock_index,
            flags,
            session,
        } = &**pair;
        let is_same = *path == wire.key
            && *modify_index == wire.modify_index
            && *create_index == wire.create_index
            && *lock_index == wire.lock_index
            && *flags == wire.flags
            && *session == wire.session
            && bytes.as_deref().unwrap_or(value.as_bytes()) == self.value;
        is_same.then(|| Arc::clone(pair))
    }

    fn pair(&self, wire: &WirePair<'_>) -> Arc<Pair> {
        let path = &*wire.key;
        // The prefix is removed as text, with all slashes after it: below "app", "app2" is the key "2".
        let key = path.strip_prefix(&*self.query.key).unwrap_or(path);
        let (value, bytes) = match std::str::from_utf8(&self.value) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (
                String::from_utf8_lossy(&self.value).into_owned(),
                Some(self.value.as_slice().into()),
            ),
        };
        Arc::new(Pair {
            path: path.to_owned(),
            key: key.trim_start_matches('/').to_owned(),
            value,
            bytes,
            create_index: wire.create_index,
            modify_index: wire.modify_index,
            lock_index: wire.lock_index,
            flags: wire.flags,
            session: wire.session.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::{ConsulQuery, Query};

    fn query() -> KeyQuery {
        let Query::Consul(ConsulQuery::Pairs(query)) = Query::pairs("a").unwrap() else {
            panic!("a query for pairs")
        };
        query
    }

    fn body(pairs: &[(u8, u8, u64)]) -> String {
        let entry = |(key, value, index): &(u8, u8, u64)| {
            let value = STANDARD.encode([b'x', *value]);
            format!(r#"{{"Key":"a/{key}\n","Value":"{value}","Flags":0,"ModifyIndex":{index}}}"#)
        };
        format!(
            "[{}]",
            pairs.iter().map(entry).collect::<Vec<_>>().join(",")
        )
    }

    #[test]
    fn an_unchanged_entry_is_shared_with_the_previous_answer() {
        let first = pairs(
            &query(),
            body(&[(1, 1, 1), (2, 200, 1), (3, 3, 1)]).as_bytes(),
            &[],
        );
        let first = first.unwrap();
        let second = body(&[(0, 0, 1), (1, 1, 1), (2, 200, 1), (3, 4, 1)]);
        let second = pairs(&query(), second.as_bytes(), &first).unwrap();
        let shared = |a: usize, b: usize| Arc::ptr_eq(&first[a], &second[b]);
        assert!(shared(0, 1) && shared(1, 2));
        // The same index with another value is another entry.
        assert_eq!(second[3].value, "x\u{4}");
    }

    #[test]
    fn null_has_no_entries_and_a_value_that_is_not_base64_is_an_error() {
        assert_eq!(pairs(&query(), b"null", &[]), Ok(Vec::new()));
        let error = pairs(&query(), br#"[{"Key":"a","Value":"!"}]"#, &[]);
        assert_eq!(error, Err(WireError::Base64));
        let error = pairs(&query(), br#"[{"Key":"a","Value":null},3]"#, &[]);
        assert!(matches!(error, Err(WireError::Shape { .. })), "{error:?}");
        let error = pairs(&query(), br#"{"Key":"a"}"#, &[]);
        assert!(matches!(error, Err(WireError::Shape { .. })), "{error:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_previous_answer_never_changes_the_next(
            before in prop::collection::vec((0u8..6, 0u8..3, 0u64..3), 0..12),
            after in prop::collection::vec((0u8..6, 0u8..3, 0u64..3), 0..12),
        ) {
            // In any order: a server that does not sort costs only the sharing.
            let before = pairs(&query(), body(&before).as_bytes(), &[]).unwrap();
            let after = body(&after);
            let alone = pairs(&query(), after.as_bytes(), &[]).unwrap();
            prop_assert_eq!(pairs(&query(), after.as_bytes(), &before).unwrap(), alone);
        }
    }
}
