//! Issues X.509 certificates.
//!
//! Input: the content of a certificate, and its issuer. Output: the certificate in PEM, with
//! sprig's extensions in sprig's order.

use std::net::IpAddr;
use std::time::Duration;

use der::asn1::{Any, BitString, Ia5String, ObjectIdentifier, OctetString};
use der::oid::AssociatedOid;
use der::{Decode as _, Encode, Sequence, Tag};
use jiff::{SignedDuration, Timestamp};
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
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
use x509_cert::{Certificate, Version};

use super::super::keys::{Key, pem};
use super::super::secrets::random;
use crate::args::fail;
use crate::function::FunctionError;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");

/// A CA certificate and its private key.
pub(super) struct Issuer {
    certificate: Certificate,
    key: Key,
}

impl Issuer {
    /// Reads a certificate and its key in PEM.
    pub(super) fn from_pem(certificate: &str, key: &str) -> Result<Self, FunctionError> {
        let certificate = parse(certificate)?;
        let key = Key::from_pem(key)?;
        let public = certificate.tbs_certificate().subject_public_key_info();
        if public.to_der().ok().as_deref() == Some(&key.public[..]) {
            Ok(Self { certificate, key })
        } else {
            fail("the private key does not belong to the certificate of the CA")
        }
    }

    fn subject(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Returns the subject key identifier of the certificate.
    fn key_id(&self) -> Option<OctetString> {
        let tbs = self.certificate.tbs_certificate();
        let (_, SubjectKeyIdentifier(id)) = tbs.get_extension().ok().flatten()?;
        Some(id)
    }
}

/// Reads a certificate in PEM.
pub(super) fn parse(text: &str) -> Result<Certificate, FunctionError> {
    let bytes = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        FunctionError::new("unable to decode certificate: it has no PEM certificate")
    })?;
    Certificate::from_der(&bytes).map_err(|_| FunctionError::new("error parsing certificate"))
}

/// The content of a certificate.
pub(super) struct Content<'a> {
    pub(super) common_name: &'a str,
    pub(super) ips: &'a [String],
    pub(super) hosts: &'a [String],
    pub(super) not_before: Timestamp,
    pub(super) days: i64,
    pub(super) is_ca: bool,
    pub(super) key: &'a Key,
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

impl Content<'_> {
    /// Issues the certificate. Without an issuer, it is self-signed.
    pub(super) fn issue(&self, issuer: Option<&Issuer>) -> Result<String, FunctionError> {
        let alternative_names = self.alternative_names()?;
        let (not_before, not_after) = self.validity()?;
        let signer = issuer.map_or(self.key, |issuer| &issuer.key).signer()?;
        let encode = || {
            let subject = common_name(self.common_name)?;
            let tbs = TbsCertificate {
                version: Version::V3,
                serial_number: serial_number()?,
                signature: signer.algorithm.clone(),
                issuer: issuer.map_or_else(|| subject.clone(), |issuer| issuer.subject().clone()),
                validity: Validity::new(not_before, not_after),
                subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&self.key.public)?,
                extensions: self.extensions(&subject, alternative_names, issuer)?,
                subject,
            };
            tbs.to_der()
        };
        let tbs = encode().map_err(|_| cannot_encode())?;
        let signature = signer.sign(&tbs)?;
        let encode = || {
            let certificate = SignedCertificate {
                tbs_certificate: Any::from_der(&tbs)?,
                signature_algorithm: signer.algorithm.clone(),
                signature: BitString::from_bytes(&signature)?,
            };
            certificate.to_der()
        };
        let certificate = encode().map_err(|_| cannot_encode())?;
        Ok(pem("CERTIFICATE", &certificate))
    }

    fn extensions(
        &self,
        subject: &Name,
        alternative_names: Vec<GeneralName>,
        issuer: Option<&Issuer>,
    ) -> der::Result<Extensions> {
        let mut usages = KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment;
        if self.is_ca {
            usages |= KeyUsages::KeyCertSign;
        }
        let mut extensions = vec![
            extension(true, &KeyUsage(usages))?,
            extension(false, &ExtendedKeyUsage(vec![SERVER_AUTH, CLIENT_AUTH]))?,
            extension(
                true,
                &BasicConstraints {
                    ca: self.is_ca,
                    path_len_constraint: None,
                },
            )?,
        ];
        if self.is_ca {
            let public = SubjectPublicKeyInfoOwned::from_der(&self.key.public)?;
            let hash = digest::digest(&digest::SHA256, public.subject_public_key.raw_bytes());
            let id = OctetString::new(&hash.as_ref()[..20])?;
            extensions.push(extension(false, &SubjectKeyIdentifier(id))?);
        }
        let issuer = issuer.filter(|issuer| issuer.subject() != subject);
        if let Some(id) = issuer.and_then(Issuer::key_id) {
            let identifier = AuthorityKeyIdentifier {
                key_identifier: Some(id),
                ..AuthorityKeyIdentifier::default()
            };
            extensions.push(extension(false, &identifier)?);
        }
        if !alternative_names.is_empty() {
            let names = SubjectAltName(alternative_names);
            extensions.push(extension(subject.is_empty(), &names)?);
        }
        Ok(extensions)
    }

    fn alternative_names(&self) -> Result<Vec<GeneralName>, FunctionError> {
        let mut names = Vec::new();
        for host in self.hosts {
            let Ok(host) = Ia5String::new(host) else {
                return fail("a host has letters beyond ASCII; write it in punycode");
            };
            names.push(GeneralName::DnsName(host));
        }
        for ip in self.ips {
            match ip.parse::<IpAddr>() {
                Ok(ip) => names.push(GeneralName::from(ip.to_canonical())),
                Err(_) => return fail("error parsing ip: it is not an IP address"),
            }
        }
        Ok(names)
    }

    fn validity(&self) -> Result<(Time, Time), FunctionError> {
        let seconds = self.days.checked_mul(24 * 3600);
        let end = seconds
            .map(SignedDuration::from_secs)
            .and_then(|duration| self.not_before.checked_add(duration).ok());
        match (time(self.not_before), end.and_then(time)) {
            (Some(start), Some(end)) => Ok((start, end)),
            _ => fail("the validity must end between the years 1970 and 9999"),
        }
    }
}

fn cannot_encode() -> FunctionError {
    FunctionError::new("the certificate cannot be encoded")
}

/// Converts to an X.509 time; `None` before 1970 and after the year 9999.
fn time(time: Timestamp) -> Option<Time> {
    let seconds = u64::try_from(time.as_second()).ok()?;
    let time = der::DateTime::from_unix_duration(Duration::from_secs(seconds)).ok()?;
    Some(Time::from(time))
}

/// Returns a random serial number of 127 bits.
fn serial_number() -> der::Result<SerialNumber> {
    let mut bytes = random::<16>().map_err(|_| der::ErrorKind::Failed)?;
    bytes[0] &= 0x7f;
    SerialNumber::new(&bytes)
}

fn common_name(name: &str) -> der::Result<Name> {
    let mut names = RdnSequence::default();
    if !name.is_empty() {
        let attribute = AttributeTypeAndValue {
            oid: COMMON_NAME,
            value: Any::new(Tag::Utf8String, name.as_bytes())?,
        };
        names.push(RelativeDistinguishedName::try_from(vec![attribute])?);
    }
    Name::from_der(&names.to_der()?)
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}
