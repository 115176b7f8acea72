//! What functions make only once, though each call could yield something else: a salted hash, a key, a certificate.
//!
//! in:  a function and its arguments
//! out: what the first such call made, as long as it lasts
//!
//! A file that held something new after each rendering would never stay the same. So a result stays for the length of the
//! process, and changes when the arguments do. Arguments are not kept, but a code of them, under a key that only this
//! process has: it says nothing about a password. Nothing is there before the first call.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use ring::hmac;
use ring::rand::SystemRandom;
use secrecy::{ExposeSecret as _, SecretString};

use gotemplate::FunctionError;

/// More results are not kept: what was not used for longest is forgotten.
const MOST: usize = 4096;

/// The results of one process.
#[derive(Default)]
pub struct Memo(Mutex<Option<Memory>>);

/// Which call it was. Two calls with the same arguments have the same one, within a process.
pub(crate) type Code = [u8; 32];

/// What a call made.
#[derive(Clone)]
pub(crate) struct Made<const N: usize> {
    pub(crate) texts: [String; N],
    /// The time at which it is computed again.
    pub(crate) until: Option<Timestamp>,
}

struct Memory {
    key: hmac::Key,
    results: HashMap<Code, Remembered>,
    calls: u64,
}

struct Remembered {
    texts: Vec<SecretString>,
    until: Option<Timestamp>,
    used: u64,
}

impl Memo {
    /// The code of a call.
    pub(crate) fn code(&self, function: &str, arguments: &[&str]) -> Result<Code, FunctionError> {
        let mut memory = self.memory();
        let memory = match &mut *memory {
            Some(memory) => memory,
            empty => empty.insert(Memory::new()?),
        };
        let mut context = hmac::Context::with_key(&memory.key);
        for part in std::iter::once(&function).chain(arguments) {
            context.update(&part.len().to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut code = Code::default();
        code.copy_from_slice(context.sign().as_ref());
        Ok(code)
    }

    /// What this call made, unless its time is over.
    pub(crate) fn find<const N: usize>(&self, code: &Code, now: Timestamp) -> Option<Made<N>> {
        let mut memory = self.memory();
        let memory = memory.as_mut()?;
        memory.calls += 1;
        let result = memory
            .results
            .get_mut(code)
            .filter(|result| result.until.is_none_or(|until| now < until))?;
        result.used = memory.calls;
        let texts: Vec<String> = result
            .texts
            .iter()
            .map(|text| text.expose_secret().to_owned())
            .collect();
        Some(Made {
            texts: texts.try_into().ok()?,
            until: result.until,
        })
    }

    /// Keeps what this call made.
    pub(crate) fn keep<const N: usize>(&self, code: Code, made: &Made<N>) {
        let mut memory = self.memory();
        let Some(memory) = memory.as_mut() else {
            return;
        };
        if memory.results.len() >= MOST
            && let Some(oldest) = memory
                .results
                .iter()
                .min_by_key(|(_, result)| result.used)
                .map(|(code, _)| *code)
        {
            memory.results.remove(&oldest);
        }
        let texts = made
            .texts
            .iter()
            .map(|text| SecretString::from(text.as_str()))
            .collect();
        memory.results.insert(
            code,
            Remembered {
                texts,
                until: made.until,
                used: memory.calls,
            },
        );
    }

    fn memory(&self) -> MutexGuard<'_, Option<Memory>> {
        // The lock is held for one look-up or insertion; a panic in between leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn new() -> Result<Self, FunctionError> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| FunctionError::new("the system gives no random numbers"))?;
        Ok(Self {
            key,
            results: HashMap::new(),
            calls: 0,
        })
    }
}

/// Only how many: all of it is secret.
impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self
            .memory()
            .as_ref()
            .map_or(0, |memory| memory.results.len());
        write!(f, "Memo({count})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, until: Option<i64>) -> Made<1> {
        Made {
            texts: [text.to_owned()],
            until: until.map(|second| Timestamp::from_second(second).unwrap()),
        }
    }

    fn found(kept: &Memo, code: &Code, second: i64) -> Option<String> {
        let [text] = kept
            .find(code, Timestamp::from_second(second).unwrap())?
            .texts;
        Some(text)
    }

    #[test]
    fn a_call_is_its_function_and_its_arguments() {
        let kept = Memo::default();
        let calls: [(&str, &[&str]); 6] = [
            ("f", &["a", "b"]),
            ("f", &["ab"]),
            ("f", &["ab", ""]),
            ("f", &["", "ab"]),
            ("g", &["a", "b"]),
            ("f", &[]),
        ];
        let codes: Vec<Code> = calls
            .iter()
            .map(|(name, args)| kept.code(name, args).unwrap())
            .collect();
        for (index, code) in codes.iter().enumerate() {
            let (name, args) = calls[index];
            assert_eq!(kept.code(name, args).unwrap(), *code);
            assert!(!codes[..index].contains(code), "{name} {args:?}");
        }
        assert_ne!(Memo::default().code("f", &[]).unwrap(), codes[5]);
    }

    #[test]
    fn a_result_stays_until_its_time_is_over() {
        let kept = Memo::default();
        let code = kept.code("f", &["x"]).unwrap();
        assert_eq!(found(&kept, &code, 5), None);
        kept.keep(code, &made("old", Some(10)));
        assert_eq!(
            (found(&kept, &code, 9), found(&kept, &code, 10)),
            (Some("old".to_owned()), None)
        );
        kept.keep(code, &made("new", None));
        assert_eq!(found(&kept, &code, 1_000_000).as_deref(), Some("new"));
    }

    #[test]
    fn what_was_not_used_for_longest_is_forgotten() {
        let kept = Memo::default();
        let code = |number: usize| kept.code("f", &[&number.to_string()]).unwrap();
        for number in 0..MOST {
            assert_eq!(found(&kept, &code(number), 0), None);
            kept.keep(code(number), &made("x", None));
        }
        assert!(found(&kept, &code(0), 0).is_some());
        kept.keep(code(MOST), &made("x", None));
        let known = [0, 1, 2, MOST].map(|number| found(&kept, &code(number), 0).is_some());
        assert_eq!(known, [true, false, true, true]);
    }

    #[test]
    fn nothing_is_shown() {
        let kept = Memo::default();
        assert_eq!(format!("{kept:?}"), "Memo(0)");
        kept.keep(
            kept.code("f", &["password"]).unwrap(),
            &made("secret", None),
        );
        assert_eq!(format!("{kept:?}"), "Memo(1)");
    }
}
