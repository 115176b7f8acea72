//! The typed failures of TLS.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};

/// The reason for which a TLS connection is unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFailure {
    /// The server does not speak TLS.
    #[error("it does not speak TLS on this port")]
    NotTls,
    /// No trusted authority signed the certificate.
    #[error("its certificate is not signed by a trusted authority")]
    UnknownIssuer,
    /// The certificate is for other names.
    #[error("its certificate is not for {expected} but for {}", presented.join(", "))]
    WrongName {
        /// The expected name.
        expected: String,
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate has expired.
    #[error("its certificate has expired; renew it there")]
    Expired,
    /// The certificate is not valid yet.
    #[error("its certificate is not valid yet; is the clock of this host right?")]
    NotValidYet,
    /// The certificate has another defect.
    #[error("its certificate is not valid: {0}")]
    BadCertificate(String),
    /// The server requires a client certificate, or rejects the presented one; with the name of the alert.
    #[error("it does not accept the certificate of this host ({0})")]
    ClientCertificate(String),
    /// Another failure.
    #[error("{0}")]
    Other(String),
}

/// The alerts of a server that requires a client certificate, or rejects the presented one.
const ABOUT_CLIENT_CERTIFICATE: [AlertDescription; 8] = [
    AlertDescription::CertificateRequired,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
];

impl From<&rustls::Error> for TlsFailure {
    fn from(error: &rustls::Error) -> Self {
        use CertificateError as Bad;
        let problem = match error {
            rustls::Error::InvalidCertificate(problem) => problem,
            rustls::Error::AlertReceived(alert) if ABOUT_CLIENT_CERTIFICATE.contains(alert) => {
                return Self::ClientCertificate(format!("{alert:?}"));
            }
            rustls::Error::InvalidMessage(_) => return Self::NotTls,
            error => return Self::Other(error.to_string()),
        };
        match problem {
            Bad::UnknownIssuer => Self::UnknownIssuer,
            Bad::NotValidForNameContext {
                expected,
                presented,
            } => Self::WrongName {
                expected: expected.to_str().into_owned(),
                presented: presented.clone(),
            },
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotValidYet,
            problem => Self::BadCertificate(problem.to_string()),
        }
    }
}

/// Finds an error of `rustls` among the causes of an error.
pub(crate) fn tls_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // The `source` of an `io::Error` skips the error that it wraps.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = wrapped
            .map(|wrapped| wrapped as &(dyn StdError + 'static))
            .or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;

    #[test]
    fn a_failed_handshake_becomes_a_typed_failure_with_a_remedy() {
        let bad = rustls::Error::InvalidCertificate;
        let alert = rustls::Error::AlertReceived;
        let names = CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("a.example").unwrap(),
            presented: vec!["b".into(), "c".into()],
        };
        let cases = [
            (
                bad(CertificateError::UnknownIssuer),
                "not signed by a trusted authority",
            ),
            (bad(names), "not for a.example but for b, c"),
            (bad(CertificateError::Expired), "has expired"),
            (bad(CertificateError::NotValidYet), "the clock of this host"),
            (bad(CertificateError::BadSignature), "is not valid: "),
            (
                alert(AlertDescription::UnknownCA),
                "does not accept the certificate of this host (UnknownCA)",
            ),
            (alert(AlertDescription::ProtocolVersion), "ProtocolVersion"),
            (
                rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
                "does not speak TLS",
            ),
        ];
        for (error, expected) in cases {
            let error = io::Error::other(error);
            let text = TlsFailure::from(tls_cause(&error).unwrap()).to_string();
            assert!(text.contains(expected), "{text}");
        }
        assert!(tls_cause(&io::Error::other("connection closed")).is_none());
    }
}
