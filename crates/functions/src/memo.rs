//! Memoizes the results of functions that return another result each time: a salted hash, a key, a certificate.
//!
//! Input: the name of a function and its arguments. Output: the result of the first such call, until it expires.
//!
//! Without this, a file with such a result would change with each rendering. A result is kept until the process ends, and
//! computed again if the arguments change. Instead of the arguments, which may be passwords, the memo has their HMAC
//! with a random key. The key is created by the first call.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret as _, SecretString};

use gotemplate::FunctionError;

/// The maximum number of results. The least recently used one is removed.
const MAX_RESULTS: usize = 4096;

/// The memoized results of one process.
#[derive(Default)]
pub struct Memo(Mutex<Option<Results>>);

/// Identifies a call: the HMAC of the function and its arguments.
pub(crate) type CallId = [u8; 32];

/// The result of a call.
#[derive(Clone)]
pub(crate) struct Memoized<const N: usize> {
    pub(crate) texts: [String; N],
    /// The time at which it expires.
    pub(crate) expires: Option<Timestamp>,
}

struct Results {
    key: hmac::Key,
    entries: HashMap<CallId, Entry>,
    calls: u64,
}

struct Entry {
    texts: Vec<SecretString>,
    expires: Option<Timestamp>,
    /// The number of the last call that used it.
    last_used: u64,
}

impl Memo {
    /// The identity of a call.
    pub(crate) fn call_id(
        &self,
        function: &str,
        arguments: &[&str],
    ) -> Result<CallId, FunctionError> {
        let mut results = self.results();
        let results = match &mut *results {
            Some(results) => results,
            empty => empty.insert(Results::new()?),
        };
        let mut context = hmac::Context::with_key(&results.key);
        for part in std::iter::once(&function).chain(arguments) {
            context.update(&part.len().to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut id = CallId::default();
        id.copy_from_slice(context.sign().as_ref());
        Ok(id)
    }

    /// The result of a call, unless it has expired.
    pub(crate) fn get<const N: usize>(&self, id: &CallId, now: Timestamp) -> Option<Memoized<N>> {
        let mut results = self.results();
        let results = results.as_mut()?;
        results.calls += 1;
        let result = results
            .entries
            .get_mut(id)
            .filter(|result| result.expires.is_none_or(|expires| now < expires))?;
        result.last_used = results.calls;
        let texts: Vec<String> = result
            .texts
            .iter()
            .map(|text| text.expose_secret().to_owned())
            .collect();
        Some(Memoized {
            texts: texts.try_into().ok()?,
            expires: result.expires,
        })
    }

    /// Stores the result of a call.
    pub(crate) fn insert<const N: usize>(&self, id: CallId, result: &Memoized<N>) {
        let mut results = self.results();
        let Some(results) = results.as_mut() else {
            return;
        };
        if results.entries.len() >= MAX_RESULTS
            && let Some(oldest) = results
                .entries
                .iter()
                .min_by_key(|(_, result)| result.last_used)
                .map(|(id, _)| *id)
        {
            results.entries.remove(&oldest);
        }
        let texts = result
            .texts
            .iter()
            .map(|text| SecretString::from(text.as_str()))
            .collect();
        results.entries.insert(
            id,
            Entry {
                texts,
                expires: result.expires,
                last_used: results.calls,
            },
        );
    }

    fn results(&self) -> MutexGuard<'_, Option<Results>> {
        // The lock is held for one look-up or insertion; a panic cannot leave a partial change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Results {
    fn new() -> Result<Self, FunctionError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| FunctionError::new("the system gives no random numbers"))?;
        Ok(Self {
            key,
            entries: HashMap::new(),
            calls: 0,
        })
    }
}

/// The number of results; everything else is secret.
impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self
            .results()
            .as_ref()
            .map_or(0, |results| results.entries.len());
        write!(f, "Memo({count})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memoized(text: &str, expires: Option<i64>) -> Memoized<1> {
        Memoized {
            texts: [text.to_owned()],
            expires: expires.map(|second| Timestamp::from_second(second).unwrap()),
        }
    }

    fn found(memo: &Memo, id: &CallId, second: i64) -> Option<String> {
        let [text] = memo.get(id, Timestamp::from_second(second).unwrap())?.texts;
        Some(text)
    }

    #[test]
    fn a_call_is_identified_by_its_function_and_arguments() {
        let memo = Memo::default();
        let calls: [(&str, &[&str]); 6] = [
            ("f", &["a", "b"]),
            ("f", &["ab"]),
            ("f", &["ab", ""]),
            ("f", &["", "ab"]),
            ("g", &["a", "b"]),
            ("f", &[]),
        ];
        let ids: Vec<CallId> = calls
            .iter()
            .map(|(name, args)| memo.call_id(name, args).unwrap())
            .collect();
        for (index, id) in ids.iter().enumerate() {
            let (name, args) = calls[index];
            assert_eq!(memo.call_id(name, args).unwrap(), *id);
            assert!(!ids[..index].contains(id), "{name} {args:?}");
        }
        assert_ne!(Memo::default().call_id("f", &[]).unwrap(), ids[5]);
    }

    #[test]
    fn a_result_stays_until_it_expires() {
        let memo = Memo::default();
        let id = memo.call_id("f", &["x"]).unwrap();
        assert_eq!(found(&memo, &id, 5), None);
        memo.insert(id, &memoized("old", Some(10)));
        assert_eq!(
            (found(&memo, &id, 9), found(&memo, &id, 10)),
            (Some("old".to_owned()), None)
        );
        memo.insert(id, &memoized("new", None));
        assert_eq!(found(&memo, &id, 1_000_000).as_deref(), Some("new"));
    }

    #[test]
    fn the_least_recently_used_result_is_removed() {
        let memo = Memo::default();
        let id = |number: usize| memo.call_id("f", &[&number.to_string()]).unwrap();
        for number in 0..MAX_RESULTS {
            assert_eq!(found(&memo, &id(number), 0), None);
            memo.insert(id(number), &memoized("x", None));
        }
        assert!(found(&memo, &id(0), 0).is_some());
        memo.insert(id(MAX_RESULTS), &memoized("x", None));
        let known = [0, 1, 2, MAX_RESULTS].map(|number| found(&memo, &id(number), 0).is_some());
        assert_eq!(known, [true, false, true, true]);
    }

    #[test]
    fn debug_shows_only_the_number_of_results() {
        let memo = Memo::default();
        assert_eq!(format!("{memo:?}"), "Memo(0)");
        memo.insert(
            memo.call_id("f", &["password"]).unwrap(),
            &memoized("secret", None),
        );
        assert_eq!(format!("{memo:?}"), "Memo(1)");
    }
}
