//! Who is trusted over TLS, and who this host is.
//!
//! in:  a [`TlsConfig`] and the files that it names
//! out: the settings of `rustls`, or which file cannot be used and why; and, in words, what a handshake failed by

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use super::error::reason;
use super::verifier::Verifier;
use crate::config::resolved::{Authorities, Identity, TlsConfig};

/// Why TLS cannot be set up. No message shows what a file holds.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file or directory is not there, or not for us.
    #[error("cannot read {what}")]
    Unreadable {
        /// What it is for, and its path.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// A file holds something else.
    #[error(
        "there is no certificate in {0}; it should hold PEM, which begins with -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate(String),
    /// A certificate is none.
    #[error("{what} holds a certificate that cannot be used")]
    Certificate {
        /// Where it is.
        what: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The key's file holds something else.
    #[error(
        "there is no private key in {0}; it should hold PEM, which has a line -----BEGIN PRIVATE KEY-----"
    )]
    NoKey(String),
    /// Nobody is here to type a password.
    #[error(
        "the key in {0} is encrypted; store it decrypted, readable for ctmpl alone: openssl pkey -in OLD -out NEW"
    )]
    EncryptedKey(String),
    /// Certificate and key do not go together, or are of a kind that is not known.
    #[error("the certificate {certificate} and the key {key} cannot be used together")]
    Identity {
        /// The file with the certificate.
        certificate: String,
        /// The file with the key.
        key: String,
        /// Why.
        source: rustls::Error,
    },
    /// A system without certificates, as in a minimal container.
    #[error(
        "this system has no certificates of authorities; name the file with that of Consul's: --consul-ssl-ca-cert"
    )]
    NoneOfTheSystem,
    /// No certificate can be for it.
    #[error("no certificate can be for {0:?}; --consul-ssl-server-name takes the name of a host")]
    ServerName(String),
    /// `rustls` does not like it.
    #[error("cannot set up TLS")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
}

/// What every connection over TLS needs.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    pub(super) settings: ClientConfig,
    /// Which authorities are trusted: those of which this can be said.
    trusted: String,
    /// Where this host's certificate is.
    certificate: Option<String>,
}

impl Tls {
    pub(super) fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        let TlsConfig {
            verify,
            authorities,
            identity,
            server_name,
        } = config;
        let provider = Arc::new(ring::default_provider());
        let name = server_name
            .clone()
            .map(|name| ServerName::try_from(name.clone()).map_err(|_| name))
            .transpose();
        let name = name.map_err(TlsError::ServerName)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| TlsError::Setup(error.into()))?;
        let judge = if *verify {
            Some(judge(authorities, &provider)?)
        } else {
            None
        };
        let verifier: Arc<dyn ServerCertVerifier> = match (judge, name) {
            (Some(judge), None) => judge,
            (judge, name) => Arc::new(Verifier::new(judge, name, provider)),
        };
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut settings = match identity {
            Some(identity) => {
                let (chain, key) = own(identity)?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|source| TlsError::Identity {
                        certificate: identity.certificate.display().to_string(),
                        key: identity.key.display().to_string(),
                        source,
                    })?
            }
            None => builder.with_no_client_auth(),
        };
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let trusted = match authorities {
            Authorities::System => "this system trusts".to_owned(),
            Authorities::Text(_) => "is configured".to_owned(),
            Authorities::File(path) | Authorities::Directory(path) => {
                format!("is in {}", path.display())
            }
        };
        let certificate = identity
            .as_ref()
            .map(|identity| identity.certificate.display().to_string());
        Ok(Self {
            settings,
            trusted,
            certificate,
        })
    }

    /// For servers that are plain, behind a proxy that may be reached over TLS: whom this system trusts, if anybody.
    pub(super) fn for_proxies() -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Setup(error.into()))?;
        let settings = builder
            .with_root_certificates(of_the_system())
            .with_no_client_auth();
        Ok(Self {
            settings,
            trusted: "this system trusts".to_owned(),
            certificate: None,
        })
    }

    /// What a connection failed by, if it was TLS, and what to do about it.
    pub(super) fn explain(&self, error: &(dyn Error + 'static)) -> Option<String> {
        use CertificateError as Bad;
        // HTTP/2 keeps just the words of an alert that comes behind the handshake.
        let Some(error) = find(error) else {
            return alert_in(&reason(error)).map(|alert| self.about_us(alert));
        };
        let problem = match error {
            rustls::Error::InvalidCertificate(problem) => problem,
            rustls::Error::AlertReceived(alert) if ABOUT_US.contains(alert) => {
                return Some(self.about_us(*alert));
            }
            rustls::Error::InvalidMessage(_) => {
                return Some("it does not speak TLS; is this its port for https?".into());
            }
            error => return Some(error.to_string()),
        };
        Some(match problem {
            Bad::UnknownIssuer => format!(
                "its certificate is not signed by an authority that {}; --consul-ssl-ca-cert names the file with the \
                 certificate of the one that signed it",
                self.trusted
            ),
            Bad::NotValidForNameContext {
                expected,
                presented,
            } => {
                let (expected, names) = (expected.to_str(), presented.join(", "));
                format!(
                    "its certificate is not for {expected} but for {names}; --consul-ssl-server-name says which"
                )
            }
            Bad::Expired | Bad::ExpiredContext { .. } => {
                "its certificate has expired; renew it there".to_owned()
            }
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is the clock of this host right?".to_owned()
            }
            problem => format!("its certificate is not valid: {problem}"),
        })
    }

    /// What a connection that ended without a word may have failed by.
    pub(super) fn guess(&self) -> Option<&'static str> {
        let guess = "it closed the connection; it may want to see a certificate of this host: --consul-ssl-cert";
        self.certificate.is_none().then_some(guess)
    }

    fn about_us(&self, alert: AlertDescription) -> String {
        match &self.certificate {
            None => {
                "it wants to see a certificate of this host; give --consul-ssl-cert and --consul-ssl-key".to_owned()
            }
            Some(certificate) => format!("it does not accept the certificate {certificate} ({alert:?})"),
        }
    }
}

/// What a server says that is not content with this host's certificate, or with none.
const ABOUT_US: [AlertDescription; 8] = [
    AlertDescription::CertificateRequired,
    AlertDescription::BadCertificate,
    AlertDescription::UnsupportedCertificate,
    AlertDescription::CertificateRevoked,
    AlertDescription::CertificateExpired,
    AlertDescription::CertificateUnknown,
    AlertDescription::UnknownCA,
    AlertDescription::AccessDenied,
];

fn alert_in(text: &str) -> Option<AlertDescription> {
    ABOUT_US
        .into_iter()
        .find(|alert| text == rustls::Error::AlertReceived(*alert).to_string())
}

/// The error of `rustls` among the causes of an error.
fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // It does not count what it wraps among its causes.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = wrapped
            .map(|wrapped| wrapped as &(dyn Error + 'static))
            .or_else(|| error.source());
    }
    None
}

/// Whoever judges the certificates of servers.
fn judge(
    authorities: &Authorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Authorities::System => {
            roots = of_the_system();
            if roots.is_empty() {
                return Err(TlsError::NoneOfTheSystem);
            }
        }
        Authorities::Text(text) => trust(
            &mut roots,
            "the configured ca_cert_bytes",
            text.as_bytes(),
            true,
        )?,
        Authorities::File(path) => {
            let what = format!("the certificates of authorities {}", path.display());
            trust(&mut roots, &what, &read(&what, path)?, true)?;
        }
        Authorities::Directory(path) => {
            let what = format!("the directory of authorities {}", path.display());
            let unreadable = |source| TlsError::Unreadable {
                what: what.clone(),
                source,
            };
            for entry in std::fs::read_dir(path).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.is_file() {
                    let what = format!("the certificates of authorities {}", path.display());
                    trust(&mut roots, &what, &read(&what, &path)?, false)?;
                }
            }
            if roots.is_empty() {
                return Err(TlsError::NoCertificate(what));
            }
        }
    }
    let judge =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    judge.map_err(|error| TlsError::Setup(error.into()))
}

/// Those that cannot be read are passed over, as everywhere.
fn of_the_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Trusts the certificates in a text; with `some`, there must be one.
fn trust(roots: &mut RootCertStore, what: &str, text: &[u8], some: bool) -> Result<(), TlsError> {
    let certificates = certificates(what, text)?;
    if some && certificates.is_empty() {
        return Err(TlsError::NoCertificate(what.to_owned()));
    }
    for certificate in certificates {
        let unusable = |source: rustls::Error| TlsError::Certificate {
            what: what.to_owned(),
            source: source.into(),
        };
        roots.add(certificate).map_err(unusable)?;
    }
    Ok(())
}

/// This host's certificate, with those between it and its authority, and its key.
fn own(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let Identity { certificate, key } = identity;
    let what = format!("the certificate {}", certificate.display());
    let chain = certificates(&what, &read(&what, certificate)?)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(what));
    }
    let what = format!("the key {}", key.display());
    let text = read(&what, key)?;
    let key = PrivateKeyDer::from_pem_slice(&text);
    if key.is_err() && text.windows(9).any(|some| some == b"ENCRYPTED") {
        return Err(TlsError::EncryptedKey(what));
    }
    // What is wrong with it could show a part of it.
    Ok((chain, key.map_err(|_| TlsError::NoKey(what))?))
}

fn certificates(what: &str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(text).collect();
    read.map_err(|error| TlsError::Certificate {
        what: what.to_owned(),
        source: error.into(),
    })
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable {
        what: what.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
