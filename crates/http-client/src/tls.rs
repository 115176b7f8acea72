//! TLS: verifies servers and presents the client certificate.
//!
//! Input: a [`TlsConfig`] and its files. Output: a [`Tls`] that turns a stream into a TLS stream,
//! or the unusable file and the reason.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::error::Error;
use crate::settings::{Authorities, Identity, TlsConfig};
use crate::stream::Stream;

mod verifier;

use verifier::Unverified;

/// The reason for which TLS cannot be set up. The text never shows the content of a file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file or directory cannot be read.
    #[error("cannot read {what}")]
    Unreadable {
        /// The purpose of the file, and its path.
        what: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file contains no certificate.
    #[error(
        "there is no certificate in {0}; it should hold PEM, which begins with -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate(String),
    /// Not a valid certificate.
    #[error("{what} holds a certificate that cannot be used")]
    Certificate {
        /// The purpose of the file, and its path.
        what: String,
        /// The error of the parser or of `rustls`.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The key file contains no private key.
    #[error(
        "there is no private key in {0}; it should hold PEM, which has a line -----BEGIN PRIVATE KEY-----"
    )]
    NoKey(String),
    /// Encrypted keys are not supported: there is no passphrase prompt.
    #[error(
        "the key in {0} is encrypted; store it decrypted, readable for ctmpl alone: openssl pkey -in OLD -out NEW"
    )]
    EncryptedKey(String),
    /// Certificate and key do not match, or their type is not supported.
    #[error("the certificate {certificate} and the key {key} cannot be used together")]
    Identity {
        /// The file with the certificate.
        certificate: String,
        /// The file with the key.
        key: String,
        /// The error of `rustls`.
        source: rustls::Error,
    },
    /// The system has no trusted certificates, as in a minimal container.
    #[error("this system has no certificates of authorities")]
    NoneOfTheSystem,
    /// The server name is not a valid host name.
    #[error("no certificate can be for {0:?}")]
    ServerName(String),
    /// `rustls` rejects the settings.
    #[error("cannot set up TLS")]
    Setup(#[source] Box<dyn StdError + Send + Sync>),
}

/// The TLS settings of connections. A clone costs two reference counts.
#[derive(Clone, Debug)]
pub struct Tls {
    settings: Arc<ClientConfig>,
    /// The expected name in the server's certificate; `None`: the host of the address.
    server_name: Option<ServerName<'static>>,
}

impl Tls {
    /// Creates the settings; reads the files in `config`.
    ///
    /// # Errors
    /// [`TlsError`] if a file or a name is not usable.
    pub fn new(config: &TlsConfig) -> Result<Self, TlsError> {
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
        let server_name = name.map_err(TlsError::ServerName)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| TlsError::Setup(error.into()))?;
        let builder = if *verify {
            builder.with_webpki_verifier(verifier_for(authorities, &provider)?)
        } else {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Unverified::new(provider)))
        };
        let mut settings = match identity {
            Some(identity) => {
                let (chain, key) = client_certificate(identity)?;
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
        Ok(Self {
            settings: Arc::new(settings),
            server_name,
        })
    }

    /// Creates settings with the authorities of the system, for proxies.
    pub(crate) fn of_the_system() -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Setup(error.into()))?;
        let settings = builder
            .with_root_certificates(system_roots())
            .with_no_client_auth();
        Ok(Self {
            settings: Arc::new(settings),
            server_name: None,
        })
    }

    /// The configured server name; `None` if it is the host of the address.
    pub(crate) fn alias(&self) -> Option<&str> {
        match &self.server_name {
            Some(ServerName::DnsName(name)) => Some(name.as_ref()),
            _ => None,
        }
    }

    /// Opens a TLS connection to this host over a stream.
    pub(crate) async fn connect(
        &self,
        host: &Host<String>,
        stream: Stream,
    ) -> Result<TlsStream<Stream>, Error> {
        let name = match (&self.server_name, host) {
            (Some(name), _) => name.clone(),
            (None, Host::Ipv4(ip)) => ServerName::from(std::net::IpAddr::from(*ip)),
            (None, Host::Ipv6(ip)) => ServerName::from(std::net::IpAddr::from(*ip)),
            (None, Host::Domain(name)) => ServerName::try_from(name.clone())
                .map_err(|_| Error::Invalid(format!("no certificate can be for {name:?}")))?,
        };
        let connector = TlsConnector::from(Arc::clone(&self.settings));
        let connected = connector.connect(name, stream).await;
        connected.map_err(|error| Error::connect(&error))
    }
}

/// Creates a verifier of server certificates with these authorities.
fn verifier_for(
    authorities: &Authorities,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Authorities::System => {
            roots = system_roots();
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
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    verifier.map_err(|error| TlsError::Setup(error.into()))
}

/// The trusted certificates of the system. Unreadable ones are skipped, as is usual.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Adds the certificates in a text. If `required`, there must be at least one.
fn trust(
    roots: &mut RootCertStore,
    what: &str,
    text: &[u8],
    required: bool,
) -> Result<(), TlsError> {
    let certificates = certificates(what, text)?;
    if required && certificates.is_empty() {
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

/// Reads the client certificate with its chain, and its private key.
fn client_certificate(
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
    // The error of the parser might quote a part of the key.
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
