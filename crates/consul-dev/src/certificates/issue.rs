//! Keys and X.509 certificates.
//!
//! Input: the content of a certificate, and the issuer's name and key. Output: the certificate in
//! PEM, with Consul's extensions in Consul's order.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{Any, BitString, Ia5String, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use der::{DateTime, Decode as _, Encode, Sequence, Tag};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use sec1::{EcParameters, EcPrivateKey};
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use crate::ids;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// The reason why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("the system has no random numbers")]
    NoRandomNumbers,
    #[error("the certificate cannot be encoded")]
    Encoding(#[from] der::Error),
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
        let inner = EcPrivateKey::from_der(info.private_key.as_bytes())?;
        let key = EcPrivateKey {
            private_key: inner.private_key,
            parameters: Some(EcParameters::NamedCurve(P256)),
            public_key: Some(self.pair.public_key().as_ref()),
        };
        Ok(pem("EC PRIVATE KEY", &key.to_der()?))
    }

    /// Returns the key's ID as hexadecimal numbers.
    pub(super) fn id(&self) -> String {
        ids::hex(self.key_id().as_ref(), ":")
    }

    fn key_id(&self) -> digest::Digest {
        digest::digest(&digest::SHA256, self.pair.public_key().as_ref())
    }

    fn public(&self) -> der::Result<SubjectPublicKeyInfoOwned> {
        Ok(SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: EC_PUBLIC_KEY,
                parameters: Some(Any::from(P256)),
            },
            subject_public_key: BitString::from_bytes(self.pair.public_key().as_ref())?,
        })
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

/// The signed part of a certificate.
#[derive(Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Extensions,
}

#[derive(Sequence)]
struct SignedCertificate {
    tbs_certificate: Any,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Issues a certificate.
pub(super) fn issue(
    content: &Content<'_>,
    issuer: &str,
    issuer_key: &KeyPair,
) -> Result<Issued, CertificateError> {
    let algorithm = AlgorithmIdentifierOwned {
        oid: ECDSA_WITH_SHA256,
        parameters: None,
    };
    let [not_before, not_after] = [content.valid.0, content.valid.1].map(date);
    let (not_before, not_after) = (not_before?, not_after?);
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&content.serial.to_be_bytes())?,
        signature: algorithm.clone(),
        issuer: name(issuer)?,
        validity: Validity::new(Time::from(not_before), Time::from(not_after)),
        subject: name(content.subject)?,
        subject_public_key_info: content.key.public()?,
        extensions: extensions(content, issuer_key)?,
    };
    let tbs = tbs.to_der()?;
    let signature = issuer_key
        .pair
        .sign(&SystemRandom::new(), &tbs)
        .map_err(|_| CertificateError::NoRandomNumbers)?;
    let certificate = SignedCertificate {
        tbs_certificate: Any::from_der(&tbs)?,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(signature.as_ref())?,
    };
    let certificate = certificate.to_der()?;
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

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

/// Returns a name that consists of a common name.
fn name(text: &str) -> der::Result<Name> {
    let attribute = AttributeTypeAndValue {
        oid: COMMON_NAME,
        value: Any::new(Tag::Utf8String, text.as_bytes())?,
    };
    let mut names = RdnSequence::default();
    names.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    Name::from_der(&names.to_der()?)
}

fn date(time: SystemTime) -> der::Result<DateTime> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    DateTime::from_unix_duration(since.unwrap_or_default())
}

/// Encodes bytes as PEM.
fn pem(label: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + "-----END " + label + "-----\n"
}
