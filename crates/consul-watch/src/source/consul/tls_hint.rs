//! Explains a TLS failure, with the setting that fixes it.

use http_client::{Authorities, TlsConfig, TlsFailure};

use super::setting_names::SettingNames;

/// The text for a server that closes the connection after the handshake, if no client certificate
/// is configured.
pub(super) fn for_closed(names: &SettingNames) -> String {
    let certificate = names.certificate;
    format!("it closed the connection; it may require a certificate of this host: {certificate}")
}

/// Returns the failure and its remedy.
pub(super) fn for_failure(
    failure: &TlsFailure,
    config: &TlsConfig,
    names: &SettingNames,
) -> String {
    match (failure, &config.identity) {
        (TlsFailure::UnknownIssuer, _) => format!(
            "its certificate is not signed by an authority that {}; {} names the file with the certificate of the authority \
             that signed it",
            trusted(&config.authorities),
            names.authorities
        ),
        (TlsFailure::WrongName { .. }, _) => {
            format!("{failure}; {} sets the expected name", names.server_name)
        }
        (TlsFailure::NotTls, _) => {
            let tls = names
                .tls
                .map_or(String::new(), |tls| format!(", without {tls},"));
            format!("{failure}; write http://{tls} or the port of Consul's HTTPS API (often 8501)")
        }
        (TlsFailure::ClientCertificate(_), None) => format!(
            "it requires a certificate of this host; give {} and {}",
            names.certificate, names.key
        ),
        (TlsFailure::ClientCertificate(alert), Some(identity)) => format!(
            "it does not accept the certificate {} ({alert})",
            identity.certificate.display()
        ),
        _ => failure.to_string(),
    }
}

fn trusted(authorities: &Authorities) -> String {
    match authorities {
        Authorities::System => "this system trusts".to_owned(),
        Authorities::Text(_) => "is configured".to_owned(),
        Authorities::File(path) | Authorities::Directory(path) => {
            format!("is in {}", path.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::consul::setting_names::FLAGS;
    use http_client::Identity;

    #[test]
    fn a_failed_handshake_is_reported_with_a_remedy() {
        let alert = |name: &str| TlsFailure::ClientCertificate(name.to_owned());
        let names = TlsFailure::WrongName {
            expected: "a.example".to_owned(),
            presented: vec!["b".to_owned(), "c".to_owned()],
        };
        let cases = [
            (
                TlsFailure::UnknownIssuer,
                None,
                "an authority that this system trusts; --consul-ssl-ca-cert",
            ),
            (
                names,
                None,
                "not for a.example but for b, c; --consul-ssl-server-name",
            ),
            (
                TlsFailure::NotTls,
                None,
                "; write http://, without --consul-ssl, or the port of Consul's HTTPS API",
            ),
            (TlsFailure::Expired, None, "has expired"),
            (TlsFailure::NotValidYet, None, "the clock of this host"),
            (
                alert("CertificateRequired"),
                None,
                "give --consul-ssl-cert and --consul-ssl-key",
            ),
            (alert("BadCertificate"), None, "a certificate of this host"),
            (
                alert("UnknownCA"),
                Some("/c.pem"),
                "does not accept the certificate /c.pem (UnknownCA)",
            ),
        ];
        for (failure, certificate, expected) in cases {
            let config = TlsConfig {
                identity: certificate.map(|certificate| Identity {
                    certificate: certificate.into(),
                    key: "/k.pem".into(),
                }),
                ..TlsConfig::DEFAULT
            };
            let text = for_failure(&failure, &config, &FLAGS);
            assert!(text.contains(expected), "{text}");
        }
    }
}
