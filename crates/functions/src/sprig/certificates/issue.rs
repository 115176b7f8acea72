//! Issues X.509 certificates.
//!
//! Input: the content of a certificate, and its issuer. Output: the certificate in PEM, with
//! sprig's extensions in sprig's order.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_issue::der::asn1::{Ia5String, OctetString};
use x509_issue::der::{self, Decode as _, Encode as _};
use x509_issue::x509_cert::Certificate;
use x509_issue::x509_cert::ext::Extensions;
use x509_issue::x509_cert::ext::pkix::name::GeneralName;
use x509_issue::x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_issue::x509_cert::name::Name;
use x509_issue::x509_cert::serial_number::SerialNumber;
use x509_issue::x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_issue::x509_cert::time::{Time, Validity};
use x509_issue::{CLIENT_AUTH, IssueError, SERVER_AUTH, common_name, extension, pem};

use super::super::keys::Key;
use super::super::secrets::random;
use crate::args::fail;
use crate::function::FunctionError;

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

impl Content<'_> {
    /// Issues the certificate. Without an issuer, it is self-signed.
    pub(super) fn issue(&self, issuer: Option<&Issuer>) -> Result<String, FunctionError> {
        let alternative_names = self.alternative_names()?;
        let (not_before, not_after) = self.validity()?;
        let signer = issuer.map_or(self.key, |issuer| &issuer.key).signer()?;
        let unsigned = || -> der::Result<_> {
            let subject = common_name(self.common_name)?;
            Ok(x509_issue::Content {
                serial: serial_number()?,
                issuer: issuer.map_or_else(|| subject.clone(), |issuer| issuer.subject().clone()),
                validity: Validity::new(not_before, not_after),
                public_key: SubjectPublicKeyInfoOwned::from_der(&self.key.public)?,
                extensions: self.extensions(&subject, alternative_names, issuer)?,
                subject,
            })
        };
        let certificate = unsigned()
            .map_err(Into::into)
            .and_then(|content| content.sign(&signer.algorithm, |message| signer.sign(message)))
            .map_err(|error: IssueError| FunctionError::new(error.to_string()))?;
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
