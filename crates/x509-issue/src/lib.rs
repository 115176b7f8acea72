#![doc = include_str!("../README.md")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{Any, BitString, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use der::{Decode as _, Encode, Sequence, Tag};
use x509_cert::Version;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::Validity;

pub use {der, x509_cert};

pub mod ec;

/// The purpose of a certificate that proves the identity of a server.
pub const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
/// The purpose of a certificate that proves the identity of a client.
pub const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The reason why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A value cannot be encoded.
    #[error("the certificate cannot be encoded")]
    Encoding(#[from] der::Error),
    /// The function that signs has failed.
    #[error("the private key cannot sign")]
    Signing,
}

/// The content of a certificate.
#[derive(Clone, Debug)]
pub struct Content {
    /// The serial number.
    pub serial: SerialNumber,
    /// The name of the issuer.
    pub issuer: Name,
    /// The times between which the certificate is valid.
    pub validity: Validity,
    /// The name of the owner.
    pub subject: Name,
    /// The public key of the owner.
    pub public_key: SubjectPublicKeyInfoOwned,
    /// The extensions, in the order of the certificate.
    pub extensions: Extensions,
}

/// The signed part of a certificate. The type of `x509-cert` cannot be built field by field.
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

impl Content {
    /// Signs the certificate. Returns it in DER. `sign` signs a message with the key of the issuer and this algorithm;
    /// `None` if it cannot.
    ///
    /// # Errors
    /// [`IssueError`]
    pub fn sign(
        self,
        algorithm: &AlgorithmIdentifierOwned,
        sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, IssueError> {
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: self.serial,
            signature: algorithm.clone(),
            issuer: self.issuer,
            validity: self.validity,
            subject: self.subject,
            subject_public_key_info: self.public_key,
            extensions: self.extensions,
        };
        let tbs = tbs.to_der()?;
        let signature = sign(&tbs).ok_or(IssueError::Signing)?;
        let certificate = SignedCertificate {
            tbs_certificate: Any::from_der(&tbs)?,
            signature_algorithm: algorithm.clone(),
            signature: BitString::from_bytes(&signature)?,
        };
        Ok(certificate.to_der()?)
    }
}

/// Returns a name that consists of a common name; an empty one for an empty text.
///
/// # Errors
/// [`der::Error`] if the text is too long.
pub fn common_name(text: &str) -> der::Result<Name> {
    let mut names = RdnSequence::default();
    if !text.is_empty() {
        let attribute = AttributeTypeAndValue {
            oid: COMMON_NAME,
            value: Any::new(Tag::Utf8String, text.as_bytes())?,
        };
        names.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    }
    Name::from_der(&names.to_der()?)
}

/// Encodes an extension.
///
/// # Errors
/// [`der::Error`] if the value cannot be encoded.
pub fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

/// Encodes bytes as PEM, in lines of 64 characters.
#[must_use]
pub fn pem(label: &str, bytes: &[u8]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_empty() {
        assert!(common_name("").expect("a name").is_empty());
        assert_eq!(common_name("a b").expect("a name").to_string(), "CN=a b");
    }

    #[test]
    fn a_line_of_pem_has_at_most_64_characters() {
        for (length, lines) in [(0, 0), (1, 1), (48, 1), (49, 2), (96, 2)] {
            let text = pem("X", &vec![0; length]);
            assert_eq!(text.lines().count(), lines + 2, "{text}");
            assert!(text.lines().all(|line| line.len() <= 64), "{text}");
            assert!(text.ends_with("-----END X-----\n"), "{text}");
        }
    }

    #[test]
    fn a_key_that_cannot_sign_is_an_error() {
        let content = Content {
            serial: SerialNumber::new(&[1]).expect("a number"),
            issuer: common_name("a").expect("a name"),
            validity: Validity::from_now(std::time::Duration::from_secs(1)).expect("times"),
            subject: common_name("a").expect("a name"),
            public_key: ec::public_key(&[4; 65]).expect("a key"),
            extensions: Extensions::default(),
        };
        let error = content.sign(&ec::sha256(), |_| None).expect_err("no key");
        assert_eq!(error.to_string(), "the private key cannot sign");
    }
}
