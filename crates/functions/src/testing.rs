//! A rendering context for tests.

use std::sync::{Arc, Mutex};

use gotemplate::Budget;
use gotemplate::scratch::Scratch;
use jiff::Timestamp;

use crate::context::Context;
use crate::function::Function;
#[cfg(feature = "crypto")]
use crate::memo::Memo;
use crate::tables::TABLES;

/// Returns the function with this name in Go templates.
pub(crate) fn named_in_go(name: &str) -> Option<&'static Function> {
    let mut all = TABLES.iter().copied().flatten();
    all.find(|function| function.go == name)
}

/// A rendering context without environment variables.
#[derive(Debug)]
pub(crate) struct Rendering {
    pub(crate) now: Timestamp,
    pub(crate) complete: bool,
    #[cfg(feature = "crypto")]
    pub(crate) memo: Arc<Memo>,
    pub(crate) budget: Budget,
    pub(crate) scratch: Arc<Scratch>,
    pub(crate) expires: Mutex<Option<Timestamp>>,
}

impl Default for Rendering {
    fn default() -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            complete: true,
            #[cfg(feature = "crypto")]
            memo: Arc::default(),
            budget: Budget::unlimited(),
            scratch: Arc::default(),
            expires: Mutex::default(),
        }
    }
}

impl Rendering {
    /// Returns the time when the rendering expires.
    #[cfg(feature = "crypto")]
    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        *self.expires.lock().unwrap()
    }
}

impl gotemplate::Context for Rendering {
    fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Context for Rendering {
    fn variable(&self, _: &str) -> Option<&str> {
        None
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn scratch(&self) -> Arc<Scratch> {
        Arc::clone(&self.scratch)
    }

    #[cfg(feature = "crypto")]
    fn memo(&self) -> &Memo {
        &self.memo
    }

    fn is_complete(&self) -> bool {
        self.complete
    }

    fn expires(&self, at: Timestamp) {
        *self.expires.lock().unwrap() = Some(at);
    }
}
