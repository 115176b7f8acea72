//! Keys and X.509 certificates.
//!
//! Input: the content of a certificate, and the issuer's name and key. Output: the certificate in
//! PEM, with Consul's extensions in Consul's order.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use x509_issue::der::asn1::{Ia5String, OctetString};
use x509_issue::der::{self, DateTime};
use x509_issue::x509_cert::ext::Extensions;
use x509_issue::x509_cert::ext::pkix::name::GeneralName;
use x509_issue::x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_issue::x509_cert::serial_number::SerialNumber;
use x509_issue::x509_cert::time::{Time, Validity};
use x509_issue::{CLIENT_AUTH, IssueError, SERVER_AUTH, common_name, ec, extension, pem};

use crate::ids;

/// The reason why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("the system has no random numbers")]
    NoRandomNumbers,
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl From<der::Error> for CertificateError {
    fn from(error: der::Error) -> Self {
        Self::Issue(error.into())
    }
}

/// An ECDSA key of the curve P-256.
#[derive(Clone)]
pub(super) struct KeyPair {
    pair: Arc<EcdsaKeyPair>,
    pkcs8: Arc<[u8]>,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair")
    }
}

impl KeyPair {
    /// Generates a key.
    pub(super) fn generate() -> Result<Self, CertificateError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random)
            .map_err(|_| CertificateError::NoRandomNumbers)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|_| CertificateError::NoRandomNumbers)?;
        Ok(Self {
            pair: Arc::new(pair),
            pkcs8: pkcs8.as_ref().into(),
        })
    }

    /// Returns the private key in PEM, in the format of SEC 1.
    pub(super) fn pem(&self) -> Result<String, CertificateError> {
        let info = pkcs8::PrivateKeyInfoRef::try_from(&self.pkcs8[..])
            .map_err(|_| der::Error::from(der::ErrorKind::Failed))?;
        let (inner, point) = (info.private_key.as_bytes(), self.pair.public_key());
        Ok(ec::private_key_pem(inner, point.as_ref())?)
    }

    /// Returns the key's ID as hexadecimal numbers.
    pub(super) fn id(&self) -> String {
        ids::hex(self.key_id().as_ref(), ":")
    }

    fn key_id(&self) -> digest::Digest {
        digest::digest(&digest::SHA256, self.pair.public_key().as_ref())
    }
}

/// The content of a certificate.
pub(super) struct Content<'a> {
    pub(super) subject: &'a str,
    pub(super) uri: &'a str,
    pub(super) serial: u64,
    pub(super) valid: (SystemTime, SystemTime),
    pub(super) is_ca: bool,
    pub(super) key: &'a KeyPair,
}

/// A certificate.
pub(super) struct Issued {
    /// The certificate in PEM.
    pub(super) pem: String,
    /// The hash of the certificate as hexadecimal numbers.
    pub(super) fingerprint: String,
    /// The start and the end of its validity, in RFC 3339.
    pub(super) not_before: String,
    pub(super) not_after: String,
}

/// Issues a certificate.
pub(super) fn issue(
    content: &Content<'_>,
    issuer: &str,
    issuer_key: &KeyPair,
) -> Result<Issued, CertificateError> {
    let [not_before, not_after] = [content.valid.0, content.valid.1].map(date);
    let (not_before, not_after) = (not_before?, not_after?);
    let unsigned = x509_issue::Content {
        serial: SerialNumber::new(&content.serial.to_be_bytes())?,
        issuer: common_name(issuer)?,
        validity: Validity::new(Time::from(not_before), Time::from(not_after)),
        subject: common_name(content.subject)?,
        public_key: ec::public_key(content.key.pair.public_key().as_ref())?,
        extensions: extensions(content, issuer_key)?,
    };
    let certificate = unsigned.sign(&ec::sha256(), |message| {
        let signature = issuer_key.pair.sign(&SystemRandom::new(), message).ok()?;
        Some(signature.as_ref().to_vec())
    })?;
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    Ok(Issued {
        pem: pem("CERTIFICATE", &certificate),
        fingerprint: ids::hex(hash.as_ref(), ":"),
        not_before: not_before.to_string(),
        not_after: not_after.to_string(),
    })
}

fn extensions(content: &Content<'_>, issuer_key: &KeyPair) -> der::Result<Extensions> {
    let usages = if content.is_ca {
        KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign
    } else {
        KeyUsages::DigitalSignature
            | KeyUsages::KeyEncipherment
            | KeyUsages::DataEncipherment
            | KeyUsages::KeyAgreement
    };
    let mut extensions = vec![extension(true, &KeyUsage(usages))?];
    if !content.is_ca {
        let usages = ExtendedKeyUsage(vec![CLIENT_AUTH, SERVER_AUTH]);
        extensions.push(extension(false, &usages)?);
    }
    let constraints = BasicConstraints {
        ca: content.is_ca,
        path_len_constraint: None,
    };
    let own = OctetString::new(content.key.key_id().as_ref())?;
    let issuer = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(issuer_key.key_id().as_ref())?),
        ..AuthorityKeyIdentifier::default()
    };
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(content.uri)?);
    extensions.extend([
        extension(true, &constraints)?,
        extension(false, &SubjectKeyIdentifier(own))?,
        extension(false, &issuer)?,
        extension(false, &SubjectAltName(vec![uri]))?,
    ]);
    Ok(extensions)
}

fn date(time: SystemTime) -> der::Result<DateTime> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    DateTime::from_unix_duration(since.unwrap_or_default())
}
