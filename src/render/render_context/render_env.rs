//! What goes on from pass to pass.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ::functions::memo::Memo;

/// What goes on from pass to pass.
#[derive(Clone, Default)]
pub struct RenderEnv {
    /// The environment variables that `env` and its kin see.
    pub variables: BTreeMap<String, String>,
    /// The name of this host, which seeds what differs from host to host.
    pub host: String,
    /// What functions made once, and go on yielding.
    pub memo: Arc<Memo>,
}

impl RenderEnv {
    /// These variables, on this host.
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

/// Only the names: values may be secret.
impl fmt::Debug for RenderEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
