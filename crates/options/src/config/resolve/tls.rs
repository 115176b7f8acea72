//! Resolves TLS.
//!
//! Input: an [`SslBlock`]. Output: whether `http` means `https`, and a [`TlsConfig`]. The files are read by the client.

use config_blocks::{Located, Origin, Value, filled, value};

use crate::config::layer::SslBlock;
use http_client::{Authorities, Identity, TlsConfig};

/// Resolves the block.
pub(super) fn resolve(block: SslBlock) -> (bool, TlsConfig) {
    let wanted = is_wanted(&block);
    let SslBlock {
        enabled: _,
        verify,
        ca_cert,
        ca_cert_bytes,
        ca_path,
        cert,
        key,
        server_name,
    } = block;
    let authorities = match (filled(ca_cert), filled(ca_cert_bytes), filled(ca_path)) {
        (Some(file), _, _) => Authorities::File(file.value),
        (None, Some(text), _) => Authorities::Text(text.value),
        (None, None, Some(directory)) => Authorities::Directory(directory.value),
        (None, None, None) => Authorities::System,
    };
    let identity = match (filled(cert), filled(key)) {
        (Some(cert), Some(key)) => Some(Identity {
            certificate: cert.value,
            key: key.value,
        }),
        (Some(both), None) => Some(Identity {
            certificate: both.value.clone(),
            key: both.value,
        }),
        (None, _) => None,
    };
    let tls = TlsConfig {
        verify: verify.is_none_or(|set| set.value),
        authorities,
        identity,
        server_name: value(filled(server_name)),
    };
    (wanted, tls)
}

/// The warning about a private key without a certificate: as in consul-template, the key is not used.
pub(super) fn key_warning(block: &SslBlock) -> Option<String> {
    let key = filled(block.key.clone()).filter(|_| filled(block.cert.clone()).is_none())?;
    Some(format!(
        "{}: no effect without a certificate, which ssl.cert or --consul-ssl-cert names",
        key.origin
    ))
}

/// Returns `true` if TLS is on. As in consul-template, any key of the block in a flag or a file turns it on, unless
/// `enabled` turns it off. In the environment, Consul's own client reads only the one variable.
fn is_wanted(block: &SslBlock) -> bool {
    let SslBlock {
        enabled,
        verify,
        ca_cert,
        ca_cert_bytes,
        ca_path,
        cert,
        key,
        server_name,
    } = block;
    if let Some(set) = enabled.as_ref().filter(|set| !is_variable(&set.origin)) {
        return set.value;
    }
    let elsewhere = [
        is_set(verify.as_ref()),
        is_set(ca_cert.as_ref()),
        is_set(ca_cert_bytes.as_ref()),
        is_set(ca_path.as_ref()),
        is_set(cert.as_ref()),
        is_set(key.as_ref()),
        is_set(server_name.as_ref()),
    ];
    elsewhere.contains(&true) || enabled.as_ref().is_some_and(|set| set.value)
}

/// Returns `true` if a flag or a file sets the key to something.
fn is_set<T: Value>(set: Option<&Located<T>>) -> bool {
    set.is_some_and(|set| !set.value.is_blank() && !is_variable(&set.origin))
}

fn is_variable(origin: &Origin) -> bool {
    matches!(origin, Origin::Variable(_))
}
