//! Resolves TLS.
//!
//! Input: an [`SslBlock`]. Output: whether `http` means `https`, and a [`TlsConfig`]. The files are read by the client.

use std::path::PathBuf;

use crate::config::error::{ConfigError, Located, Origin};
use crate::config::layer::SslBlock;
use crate::config::resolved::{Authorities, Identity, TlsConfig};

/// Resolves the block.
pub(super) fn resolve(block: SslBlock) -> Result<(bool, TlsConfig), ConfigError> {
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
    let authorities = match (
        named(ca_cert),
        ca_cert_bytes.filter(|set| !set.value.is_empty()),
        named(ca_path),
    ) {
        (Some(file), _, _) => Authorities::File(file.value),
        (None, Some(text), _) => Authorities::Text(text.value),
        (None, None, Some(directory)) => Authorities::Directory(directory.value),
        (None, None, None) => Authorities::System,
    };
    let identity = match (named(cert), named(key)) {
        (Some(cert), Some(key)) => Some(Identity {
            certificate: cert.value,
            key: key.value,
        }),
        (Some(both), None) => Some(Identity {
            certificate: both.value.clone(),
            key: both.value,
        }),
        (None, Some(key)) => return Err(ConfigError::KeyWithoutCertificate { origin: key.origin }),
        (None, None) => None,
    };
    let tls = TlsConfig {
        verify: verify.is_none_or(|set| set.value),
        authorities,
        identity,
        server_name: server_name
            .map(|set| set.value)
            .filter(|name| !name.is_empty()),
    };
    Ok((wanted, tls))
}

/// An empty path names nothing.
fn named(path: Option<Located<PathBuf>>) -> Option<Located<PathBuf>> {
    path.filter(|set| !set.value.as_os_str().is_empty())
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
    let paths = [ca_cert, ca_path, cert, key].into_iter().flatten();
    let paths = paths
        .filter(|set| !set.value.as_os_str().is_empty())
        .map(|set| &set.origin);
    let texts = [ca_cert_bytes, server_name].into_iter().flatten();
    let texts = texts
        .filter(|set| !set.value.is_empty())
        .map(|set| &set.origin);
    let mut origins = paths
        .chain(texts)
        .chain(verify.as_ref().map(|set| &set.origin));
    origins.any(|origin| !is_variable(origin)) || enabled.as_ref().is_some_and(|set| set.value)
}

fn is_variable(origin: &Origin) -> bool {
    matches!(origin, Origin::Variable(_))
}
