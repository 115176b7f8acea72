//! Certificates before they are signed, and what is of use of those that sign.
//!
//! in:  the parts of a certificate, and who signs it
//! out: the certificate in PEM, with the extensions that sprig gives it, in their order

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::super::der::{
    self, BITS, BOOLEAN, INTEGER, LONG_TIME, OBJECT, OCTETS, SEQUENCE, SET, SHORT_TIME, TEXT,
};
use super::super::keys::{Key, pem, public_bits};
use super::super::secrets::random;
use crate::template::function::FunctionError;
use crate::template::functions::args::refuse;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const OTHER_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// What is of use of a certificate that signs others.
pub(super) struct Authority {
    subject: Vec<u8>,
    pub(super) public: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl Authority {
    pub(super) fn read(text: &str) -> Result<Self, FunctionError> {
        let bytes = CertificateDer::from_pem_slice(text.as_bytes()).map_err(|_| {
            FunctionError::new("unable to decode certificate: there is none in PEM in it")
        })?;
        Self::of(&bytes).ok_or_else(|| FunctionError::new("error parsing certificate"))
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let outer = der::read_as(SEQUENCE, bytes).filter(|outer| outer.rest.is_empty())?;
        let inner = der::read_as(SEQUENCE, outer.content)?;
        der::read_as(BITS, der::read_as(SEQUENCE, inner.rest)?.rest)?;
        // The version is left out in the oldest ones.
        let first = der::read(inner.content)?;
        let serial = der::read_as(
            INTEGER,
            if first.tag == 0xa0 {
                first.rest
            } else {
                inner.content
            },
        )?;
        let issuer = der::read_as(SEQUENCE, der::read_as(SEQUENCE, serial.rest)?.rest)?;
        let subject = der::read_as(SEQUENCE, der::read_as(SEQUENCE, issuer.rest)?.rest)?;
        let public = der::read_as(SEQUENCE, subject.rest)?;
        public_bits(public.whole)?;
        let extensions = der::elements(public.rest).find(|element| element.tag == 0xa3);
        let key_id = extensions.and_then(|extensions| {
            der::elements(der::read_as(SEQUENCE, extensions.content)?.content).find_map(
                |extension| {
                    let name = der::read_as(OBJECT, extension.content)
                        .filter(|name| name.content == SUBJECT_KEY)?;
                    let value = der::elements(name.rest).find(|element| element.tag == OCTETS)?;
                    Some(der::read_as(OCTETS, value.content)?.content.to_vec())
                },
            )
        });
        Some(Self {
            subject: subject.whole.to_vec(),
            public: public.whole.to_vec(),
            key_id,
        })
    }
}

/// A certificate before it is signed.
pub(super) struct Draft<'a> {
    pub(super) subject: Vec<u8>,
    pub(super) names: Vec<u8>,
    pub(super) validity: Vec<u8>,
    pub(super) may_sign: bool,
    pub(super) key: &'a Key,
}

impl Draft<'_> {
    pub(super) fn sign(&self, signer: Option<(&Authority, &Key)>) -> Result<String, FunctionError> {
        let issuer = signer.map_or(&self.subject, |(authority, _)| &authority.subject);
        let extensions = self.extensions(
            signer
                .map(|(authority, _)| authority)
                .filter(|_| *issuer != self.subject),
        );
        let mut serial = random::<16>()?;
        serial[0] &= 0x7f;
        let draft = |how: &[u8]| {
            der::sequence(&[
                &der::element(0xa0, &[&der::number(&[2])]),
                &der::number(&serial),
                how,
                issuer,
                &self.validity,
                &self.subject,
                &self.key.public,
                &der::element(0xa3, &[&der::sequence(&[&extensions])]),
            ])
        };
        Ok(pem(
            "CERTIFICATE",
            &signer.map_or(self.key, |(_, key)| key).sign(draft)?,
        ))
    }

    fn extensions(&self, authority: Option<&Authority>) -> Vec<u8> {
        // Digital signatures, the encipherment of keys, and maybe the signing of certificates.
        let usage: &[u8] = if self.may_sign {
            &[2, 0xa4]
        } else {
            &[5, 0xa0]
        };
        let constraints = if self.may_sign {
            der::element(BOOLEAN, &[&[0xff]])
        } else {
            Vec::new()
        };
        let mut out = extension(KEY_USAGE, true, &der::element(BITS, &[usage]));
        out.extend(extension(
            EXTENDED_USAGE,
            false,
            &der::sequence(&[&der::object(SERVER), &der::object(CLIENT)]),
        ));
        out.extend(extension(
            CONSTRAINTS,
            true,
            &der::sequence(&[&constraints]),
        ));
        if self.may_sign {
            let hash = digest::digest(
                &digest::SHA256,
                public_bits(&self.key.public).unwrap_or_default(),
            );
            out.extend(extension(
                SUBJECT_KEY,
                false,
                &der::element(OCTETS, &[&hash.as_ref()[..20]]),
            ));
        }
        if let Some(id) = authority.and_then(|authority| authority.key_id.as_ref()) {
            out.extend(extension(
                AUTHORITY_KEY,
                false,
                &der::sequence(&[&der::element(0x80, &[id])]),
            ));
        }
        if !self.names.is_empty() {
            let nameless =
                der::read(&self.subject).is_some_and(|subject| subject.content.is_empty());
            out.extend(extension(
                OTHER_NAMES,
                nameless,
                &der::sequence(&[&self.names]),
            ));
        }
        out
    }
}

fn extension(name: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical {
        der::element(BOOLEAN, &[&[0xff]])
    } else {
        Vec::new()
    };
    der::sequence(&[
        &der::object(name),
        &critical,
        &der::element(OCTETS, &[value]),
    ])
}

pub(super) fn common_name(name: &str) -> Vec<u8> {
    if name.is_empty() {
        return der::sequence(&[]);
    }
    let attribute = der::sequence(&[
        &der::object(COMMON_NAME),
        &der::element(TEXT, &[name.as_bytes()]),
    ]);
    der::sequence(&[&der::element(SET, &[&attribute])])
}

pub(super) fn other_names(ips: &[String], hosts: &[String]) -> Result<Vec<u8>, FunctionError> {
    let mut out = Vec::new();
    for host in hosts {
        if !host.is_ascii() {
            return refuse("a host has letters beyond ASCII; write it in punycode");
        }
        out.extend(der::element(0x82, &[host.as_bytes()]));
    }
    for ip in ips {
        match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(ip)) => out.extend(der::element(0x87, &[&ip.octets()])),
            Ok(IpAddr::V6(ip)) => out.extend(der::element(0x87, &[&ip.octets()])),
            Err(_) => return refuse("error parsing ip: this is no address"),
        }
    }
    Ok(out)
}

pub(super) fn validity(now: Timestamp, days: i64) -> Result<Vec<u8>, FunctionError> {
    let end = days
        .checked_mul(24 * 3600)
        .and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    let Some(end) = end else {
        return refuse("the certificate would be valid for too long");
    };
    Ok(der::sequence(&[&time(now), &time(end)]))
}

fn time(time: Timestamp) -> Vec<u8> {
    let written = time.strftime("%Y%m%d%H%M%SZ").to_string();
    match written.get(2..) {
        Some(short) if ("1950".."2050").contains(&&written[..4]) => {
            der::element(SHORT_TIME, &[short.as_bytes()])
        }
        _ => der::element(LONG_TIME, &[written.as_bytes()]),
    }
}
