//! Blocks of consul-template that have no effect: their keys are checked, and a warning names the block.

use std::time;

use config_blocks::{Block, Checked};
use secrecy::SecretString;

type Bool = Checked<bool>;
type Duration = Checked<time::Duration>;
type Number = Checked<i64>;
/// It may be a secret.
type Text = Checked<SecretString>;

/// Declares blocks whose keys are checked only.
macro_rules! checked_blocks {
    ($($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Block, Clone, Debug, Default)]
        pub(crate) struct $name { $($key: $type),+ }
    )+};
}

checked_blocks! {
    /// `deduplicate { … }`
    DeduplicateBlock {
        enabled: Bool,
        prefix: Text,
        ttl: Duration,
        max_stale: Duration,
        block_query_wait: Duration,
    }

    /// `retry { … }` of Vault and Nomad
    Retry {
        enabled: Bool,
        backoff: Duration,
        max_backoff: Duration,
        attempts: Number,
    }

    /// `transport { … }` of Vault and Nomad
    Transport {
        disable_keep_alives: Bool,
        dial_keep_alive: Duration,
        dial_timeout: Duration,
        idle_conn_timeout: Duration,
        tls_handshake_timeout: Duration,
        max_idle_conns: Number,
        max_idle_conns_per_host: Number,
        max_conns_per_host: Number,
    }

    /// `ssl { … }` of Vault and Nomad
    Ssl {
        enabled: Bool,
        verify: Bool,
        ca_cert: Text,
        ca_cert_bytes: Text,
        ca_path: Text,
        cert: Text,
        key: Text,
        server_name: Text,
    }

    /// `nomad { … }`
    NomadBlock {
        enabled: Bool,
        address: Text,
        namespace: Text,
        token: Text,
        auth_username: Text,
        auth_password: Text,
        retry: Checked<Retry>,
        ssl: Checked<Ssl>,
        transport: Checked<Transport>,
    }

    /// `vault { … }`
    VaultBlock {
        enabled: Bool,
        renew_token: Bool,
        unwrap_token: Bool,
        address: Text,
        namespace: Text,
        token: Text,
        vault_agent_token_file: Text,
        client_user_agent: Text,
        k8s_auth_role_name: Text,
        k8s_service_account_token: Text,
        k8s_service_account_token_path: Text,
        k8s_service_mount_path: Text,
        default_lease_duration: Duration,
        lease_renewal_threshold: Checked<f64>,
        retry: Checked<Retry>,
        ssl: Checked<Ssl>,
        transport: Checked<Transport>,
    }
}
