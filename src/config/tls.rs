//! How Consul is reached over TLS, resolved.
//!
//! in:  an [`SslBlock`]
//! out: whether `http` means `https`, and a [`TlsConfig`]. No file is read: that is done where it is needed

use std::path::PathBuf;

use super::error::{ConfigError, Place, Said};
use super::resolved::{Authorities, Identity, TlsConfig};
use super::written::SslBlock;

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
        ca_cert_bytes.filter(|said| !said.value.is_empty()),
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
        (None, Some(key)) => return Err(ConfigError::KeyWithoutCertificate { place: key.place }),
        (None, None) => None,
    };
    let tls = TlsConfig {
        verify: verify.is_none_or(|said| said.value),
        authorities,
        identity,
        server_name: server_name
            .map(|said| said.value)
            .filter(|name| !name.is_empty()),
    };
    Ok((wanted, tls))
}

/// An empty path names nothing.
fn named(path: Option<Said<PathBuf>>) -> Option<Said<PathBuf>> {
    path.filter(|said| !said.value.as_os_str().is_empty())
}

/// As in consul-template, a flag or a file that says anything about TLS means to use it, unless it says otherwise. Of
/// the environment, Consul's own client heeds just the one variable.
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
    if let Some(said) = enabled.as_ref().filter(|said| !is_variable(&said.place)) {
        return said.value;
    }
    let paths = [ca_cert, ca_path, cert, key].into_iter().flatten();
    let paths = paths
        .filter(|said| !said.value.as_os_str().is_empty())
        .map(|said| &said.place);
    let texts = [ca_cert_bytes, server_name].into_iter().flatten();
    let texts = texts
        .filter(|said| !said.value.is_empty())
        .map(|said| &said.place);
    let mut places = paths
        .chain(texts)
        .chain(verify.as_ref().map(|said| &said.place));
    places.any(|place| !is_variable(place)) || enabled.as_ref().is_some_and(|said| said.value)
}

fn is_variable(place: &Place) -> bool {
    matches!(place, Place::Variable(_))
}
