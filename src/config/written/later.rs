//! The keys of consul-template that are read and not acted on: what they hold is checked, and their place noted.
//!
//! What is said about each is in `config::later`.

use secrecy::SecretString;

use crate::config::duration::GoDuration;
use crate::config::error::{ConfigError, Said};
use crate::config::file::{At, Fields, FromNode, Node};
use crate::config::signal::SignalName;

type Checked = Result<(), ConfigError>;

/// A block that is checked only.
struct Block<const KIND: u8>;

const DEDUPLICATE: u8 = 2;
const RETRY: u8 = 3;
const TRANSPORT: u8 = 4;
const SSL: u8 = 5;
const NOMAD: u8 = 6;
const VAULT: u8 = 7;

impl<const KIND: u8> FromNode for Block<KIND> {
    fn from_node(node: &Node, at: At<'_>) -> Result<Self, ConfigError> {
        let mut fields = Fields::of(node, at)?;
        let keys = &mut fields;
        match KIND {
            DEDUPLICATE => check(
                keys,
                &["enabled"],
                &["prefix"],
                &["ttl", "max_stale", "block_query_wait"],
                &[],
            )?,
            RETRY => check(
                keys,
                &["enabled"],
                &[],
                &["backoff", "max_backoff"],
                &["attempts"],
            )?,
            TRANSPORT => {
                let durations = [
                    "dial_keep_alive",
                    "dial_timeout",
                    "idle_conn_timeout",
                    "tls_handshake_timeout",
                ];
                let numbers = [
                    "max_idle_conns",
                    "max_idle_conns_per_host",
                    "max_conns_per_host",
                ];
                check(keys, &["disable_keep_alives"], &[], &durations, &numbers)?;
            }
            SSL => check(keys, &["enabled", "verify"], &CERTIFICATES, &[], &[])?,
            NOMAD => {
                check(
                    keys,
                    &["enabled"],
                    &[
                        "address",
                        "namespace",
                        "token",
                        "auth_username",
                        "auth_password",
                    ],
                    &[],
                    &[],
                )?;
                clients(keys)?;
            }
            _ => vault(keys)?,
        }
        fields.done()?;
        Ok(Self)
    }
}

const CERTIFICATES: [&str; 6] = [
    "ca_cert",
    "ca_cert_bytes",
    "ca_path",
    "cert",
    "key",
    "server_name",
];

/// Keys of four kinds; a text may be a secret.
fn check(
    fields: &mut Fields<'_>,
    bools: &[&'static str],
    texts: &[&'static str],
    durations: &[&'static str],
    numbers: &[&'static str],
) -> Checked {
    for name in bools {
        fields.key::<bool>(name)?;
    }
    for name in texts {
        fields.key::<SecretString>(name)?;
    }
    for name in durations {
        fields.key::<GoDuration>(name)?;
    }
    for name in numbers {
        fields.key::<i64>(name)?;
    }
    Ok(())
}

/// Keys beside those of [`Written`](super::Written).
pub(super) fn top(fields: &mut Fields<'_>) -> Checked {
    fields.later::<Block<VAULT>>("vault")?;
    fields.later::<Block<NOMAD>>("nomad")?;
    fields.later::<Block<DEDUPLICATE>>("deduplicate")?;
    Ok(())
}

/// `consul = "ADDRESS"`, as it was written long ago.
pub(super) fn address_alone(node: &Node, at: At<'_>) -> Option<Said<String>> {
    let address = Said::from_node(node, at).ok()?;
    at.note_later();
    Some(address)
}

/// Keys beside the command and its limit in the `exec` block of a template.
pub(super) fn template_exec(fields: &mut Fields<'_>) -> Checked {
    fields.later::<SignalName>("kill_signal")?;
    fields.later::<SignalName>("reload_signal")?;
    fields.later::<GoDuration>("kill_timeout")?;
    fields.later::<GoDuration>("splay")
}

fn vault(fields: &mut Fields<'_>) -> Checked {
    let texts = [
        "address",
        "namespace",
        "token",
        "vault_agent_token_file",
        "client_user_agent",
        "k8s_auth_role_name",
        "k8s_service_account_token",
        "k8s_service_account_token_path",
        "k8s_service_mount_path",
    ];
    check(
        fields,
        &["enabled", "renew_token", "unwrap_token"],
        &texts,
        &["default_lease_duration"],
        &[],
    )?;
    fields.key::<f64>("lease_renewal_threshold")?;
    clients(fields)
}

/// What the clients of Vault and Nomad have in common.
fn clients(fields: &mut Fields<'_>) -> Checked {
    fields.key::<Block<RETRY>>("retry")?;
    fields.key::<Block<SSL>>("ssl")?;
    fields.key::<Block<TRANSPORT>>("transport")?;
    Ok(())
}
