//! The environment of renderings, which persists from pass to pass.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ::functions::memo::Memo;

/// The environment of renderings, which persists from pass to pass.
#[derive(Clone, Default)]
pub struct RenderEnv {
    /// The environment variables for `env` and similar functions.
    pub variables: BTreeMap<String, String>,
    /// The name of this host, which seeds values that differ between hosts.
    pub host: String,
    /// Results that functions compute once and then reuse.
    pub memo: Arc<Memo>,
}

impl RenderEnv {
    /// Creates an environment with these variables and the name of this host.
    #[must_use]
    pub fn here(variables: BTreeMap<String, String>) -> Self {
        let host = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        Self {
            variables,
            host: host.unwrap_or_default(),
            memo: Arc::default(),
        }
    }
}

/// Shows only the names of the variables: their values may be secret.
impl fmt::Debug for RenderEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
