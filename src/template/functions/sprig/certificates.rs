//! Certificates, with the fields and the extensions that sprig gives them.
//!
//! in:  a name, addresses, the days that it is to be valid, and maybe keys and whose certificate signs it
//! out: a certificate and its private key, both in PEM
//!
//! They are made once for the same arguments, and stay until two thirds of their time are over: see
//! [`kept`](crate::template::kept). Unlike sprig's, a key that is made for a certificate is one of ECDSA.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use minijinja::Value;
use minijinja::value::ValueKind;
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::der::{self, BITS, BOOLEAN, INTEGER, LONG_TIME, OBJECT, OCTETS, SEQUENCE, SET, SHORT_TIME, TEXT};
use super::keys::{self, Key, pem, public_bits};
use super::secrets::random;
use super::sprig;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{Outcome, integer, list, refuse, text, wrong_type};
use crate::template::record::{Field, Fields, Record, Schema};

pub(in crate::template::functions) static TABLE: &[Function] = &[
    sprig(
        ["sprig_genPrivateKey", "sprig_gen_private_key"],
        "(type string) string",
        "A new private key in PEM, ecdsa or ed25519; the same while the process runs.",
        keys::generate,
    ),
    sprig(
        ["sprig_buildCustomCert", "sprig_build_custom_cert"],
        "(certificate string, key string) {Cert, Key}",
        "A certificate and its key, both given in PEM in base64.",
        custom,
    ),
    sprig(
        ["sprig_genCA", "sprig_gen_ca"],
        "(name string, days int) {Cert, Key}",
        "A new certificate that can sign others, and its key.",
        |call| {
            let [name, days] = call.exactly("sprig_genCA")?;
            Wish { name, ips: None, hosts: None, days, ca: Signer::Authority, key: None }.grant(call, "genCA")
        },
    ),
    sprig(
        ["sprig_genCAWithKey", "sprig_gen_ca_with_key"],
        "(name string, days int, key string) {Cert, Key}",
        "A new certificate that can sign others, for a private key in PEM.",
        |call| {
            let [name, days, key] = call.exactly("sprig_genCAWithKey")?;
            Wish { name, ips: None, hosts: None, days, ca: Signer::Authority, key: Some(key) }.grant(call, "genCA")
        },
    ),
    sprig(
        ["sprig_genSelfSignedCert", "sprig_gen_self_signed_cert"],
        "(name string, addresses []string, hosts []string, days int) {Cert, Key}",
        "A new certificate that nobody else signs, and its key.",
        |call| {
            let [name, ips, hosts, days] = call.exactly("sprig_genSelfSignedCert")?;
            Wish { name, ips: Some(ips), hosts: Some(hosts), days, ca: Signer::Itself, key: None }
                .grant(call, "genSelfSignedCert")
        },
    ),
    sprig(
        ["sprig_genSelfSignedCertWithKey", "sprig_gen_self_signed_cert_with_key"],
        "(name string, addresses []string, hosts []string, days int, key string) {Cert, Key}",
        "A new certificate that nobody else signs, for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, key] = call.exactly("sprig_genSelfSignedCertWithKey")?;
            Wish { name, ips: Some(ips), hosts: Some(hosts), days, ca: Signer::Itself, key: Some(key) }
                .grant(call, "genSelfSignedCert")
        },
    ),
    sprig(
        ["sprig_genSignedCert", "sprig_gen_signed_cert"],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}) {Cert, Key}",
        "A new certificate that another one signs, and its key.",
        |call| {
            let [name, ips, hosts, days, ca] = call.exactly("sprig_genSignedCert")?;
            Wish { name, ips: Some(ips), hosts: Some(hosts), days, ca: Signer::Other(ca), key: None }
                .grant(call, "genSignedCert")
        },
    ),
    sprig(
        ["sprig_genSignedCertWithKey", "sprig_gen_signed_cert_with_key"],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}, key string) {Cert, Key}",
        "A new certificate that another one signs, for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, ca, key] = call.exactly("sprig_genSignedCertWithKey")?;
            Wish { name, ips: Some(ips), hosts: Some(hosts), days, ca: Signer::Other(ca), key: Some(key) }
                .grant(call, "genSignedCert")
        },
    ),
];

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const OTHER_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// What a template sees of a certificate.
struct Pair {
    certificate: String,
    key: String,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pair")
    }
}

const KIND: &str = "sprig.certificate";

impl Fields for Pair {
    fn schema(&self) -> &'static Schema {
        static SCHEMA: Schema = Schema {
            name: KIND,
            fields: &[
                Field { go: "Cert", jinja: "cert", json: "Cert", omit_empty: false },
                Field { go: "Key", jinja: "key", json: "Key", omit_empty: false },
            ],
        };
        &SCHEMA
    }

    fn get(&self, index: usize) -> Value {
        match index {
            0 => Value::from(self.certificate.as_str()),
            1 => Value::from(self.key.as_str()),
            _ => Value::UNDEFINED,
        }
    }
}

fn pair(certificate: String, key: String) -> Value {
    Record::value(Arc::new(Pair { certificate, key }))
}

fn custom(call: &Call<'_>) -> Outcome {
    let [certificate, key] = call.exactly("sprig_buildCustomCert")?;
    let (certificate, key) = (text(certificate)?, text(key)?);
    if call.pass.is_incomplete() {
        return Ok(pair(String::new(), String::new()));
    }
    let decoded = |text: &str, what| {
        let bytes = STANDARD.decode(text.replace(['\r', '\n'], "")).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| FunctionError::new(format!("unable to decode base64 {what}")))
    };
    let (certificate, key) = (decoded(certificate, "certificate")?, decoded(key, "private key")?);
    Authority::read(&certificate)?;
    Key::read(&key)?;
    Ok(pair(certificate, key))
}

/// What is of use of a certificate that signs others.
struct Authority {
    subject: Vec<u8>,
    public: Vec<u8>,
    key_id: Option<Vec<u8>>,
}

impl Authority {
    fn read(text: &str) -> Result<Self, FunctionError> {
        let bytes = CertificateDer::from_pem_slice(text.as_bytes())
            .map_err(|_| FunctionError::new("unable to decode certificate: there is none in PEM in it"))?;
        Self::of(&bytes).ok_or_else(|| FunctionError::new("error parsing certificate"))
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        let outer = der::read_as(SEQUENCE, bytes).filter(|outer| outer.rest.is_empty())?;
        let inner = der::read_as(SEQUENCE, outer.content)?;
        der::read_as(BITS, der::read_as(SEQUENCE, inner.rest)?.rest)?;
        // The version is left out in the oldest ones.
        let first = der::read(inner.content)?;
        let serial = der::read_as(INTEGER, if first.tag == 0xa0 { first.rest } else { inner.content })?;
        let issuer = der::read_as(SEQUENCE, der::read_as(SEQUENCE, serial.rest)?.rest)?;
        let subject = der::read_as(SEQUENCE, der::read_as(SEQUENCE, issuer.rest)?.rest)?;
        let public = der::read_as(SEQUENCE, subject.rest)?;
        public_bits(public.whole)?;
        let extensions = der::elements(public.rest).find(|element| element.tag == 0xa3);
        let key_id = extensions.and_then(|extensions| {
            der::elements(der::read_as(SEQUENCE, extensions.content)?.content).find_map(|extension| {
                let name = der::read_as(OBJECT, extension.content).filter(|name| name.content == SUBJECT_KEY)?;
                let value = der::elements(name.rest).find(|element| element.tag == OCTETS)?;
                Some(der::read_as(OCTETS, value.content)?.content.to_vec())
            })
        });
        Some(Self { subject: subject.whole.to_vec(), public: public.whole.to_vec(), key_id })
    }
}

/// Who signs a certificate.
#[derive(Clone, Copy)]
enum Signer<'a> {
    /// Itself, and it may sign others.
    Authority,
    Itself,
    Other(&'a Value),
}

/// A certificate that a template wants.
struct Wish<'a> {
    name: &'a Value,
    ips: Option<&'a Value>,
    hosts: Option<&'a Value>,
    days: &'a Value,
    ca: Signer<'a>,
    key: Option<&'a Value>,
}

impl Wish<'_> {
    fn grant(self, call: &Call<'_>, function: &str) -> Outcome {
        let Self { name, ips, hosts, days, ca, key } = self;
        let (name, written_days, key) = (text(name)?, integer(days)?, key.map(text).transpose()?);
        let (ips, hosts) = (texts(ips)?, texts(hosts)?);
        let authority = match ca {
            Signer::Other(value) => Some(pair_of(value)?),
            _ => None,
        };
        let (days, count) = (written_days.to_string(), ips.len().to_string());
        let mut arguments = vec![name, &days, if key.is_some() { "with" } else { "" }, key.unwrap_or_default(), &count];
        arguments.extend(ips.iter().chain(&hosts).map(String::as_str));
        arguments.extend(authority.iter().flatten().map(String::as_str));
        // Two thirds of its days.
        let span = u64::try_from(written_days).ok().filter(|days| *days > 0);
        let span = span.and_then(|days| days.checked_mul(24 * 3600 * 2 / 3)).map(Duration::from_secs);
        let [certificate, key] = call.pass.made_once(function, &arguments, span, || {
            let key = key.map_or_else(Key::make, Key::read)?;
            let signer = match &authority {
                None => None,
                Some([certificate, key]) => Some((Authority::read(certificate)?, Key::read(key)?)),
            };
            if signer.as_ref().is_some_and(|(authority, key)| authority.public != key.public) {
                return refuse("the private key of the certificate that is to sign is not its own");
            }
            let may_sign = matches!(ca, Signer::Authority);
            let certificate = Draft {
                subject: common_name(name),
                names: other_names(&ips, &hosts)?,
                validity: validity(call.pass.now(), written_days)?,
                may_sign,
                key: &key,
            };
            Ok([certificate.sign(signer.as_ref().map(|(authority, key)| (authority, key)))?, key.pem])
        })?;
        Ok(pair(certificate, key))
    }
}

/// A list of texts, which may be left out.
fn texts(value: Option<&Value>) -> Result<Vec<String>, FunctionError> {
    match value {
        Some(value) if !matches!(value.kind(), ValueKind::None | ValueKind::Undefined) => {
            list(value)?.iter().map(|item| text(item).map(str::to_owned)).collect()
        }
        _ => Ok(Vec::new()),
    }
}

fn pair_of(value: &Value) -> Result<[String; 2], FunctionError> {
    match value.downcast_object_ref::<Record>().filter(|record| record.schema().name == KIND) {
        Some(record) => Ok([record.at(0).to_string(), record.at(1).to_string()]),
        None => refuse(wrong_type(KIND, value)),
    }
}

/// A certificate before it is signed.
struct Draft<'a> {
    subject: Vec<u8>,
    names: Vec<u8>,
    validity: Vec<u8>,
    may_sign: bool,
    key: &'a Key,
}

impl Draft<'_> {
    fn sign(&self, signer: Option<(&Authority, &Key)>) -> Result<String, FunctionError> {
        let issuer = signer.map_or(&self.subject, |(authority, _)| &authority.subject);
        let extensions = self.extensions(signer.map(|(authority, _)| authority).filter(|_| *issuer != self.subject));
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
        let (draft, how, signature) = signer.map_or(self.key, |(_, key)| key).sign(draft)?;
        Ok(pem("CERTIFICATE", &der::sequence(&[&draft, &how, &der::bits(&signature)])))
    }

    fn extensions(&self, authority: Option<&Authority>) -> Vec<u8> {
        // Digital signatures, the encipherment of keys, and maybe the signing of certificates.
        let usage: &[u8] = if self.may_sign { &[2, 0xa4] } else { &[5, 0xa0] };
        let constraints = if self.may_sign { der::element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        let mut out = extension(KEY_USAGE, true, &der::element(BITS, &[usage]));
        out.extend(extension(EXTENDED_USAGE, false, &der::sequence(&[&der::object(SERVER), &der::object(CLIENT)])));
        out.extend(extension(CONSTRAINTS, true, &der::sequence(&[&constraints])));
        if self.may_sign {
            let hash = digest::digest(&digest::SHA256, public_bits(&self.key.public).unwrap_or_default());
            out.extend(extension(SUBJECT_KEY, false, &der::element(OCTETS, &[&hash.as_ref()[..20]])));
        }
        if let Some(id) = authority.and_then(|authority| authority.key_id.as_ref()) {
            out.extend(extension(AUTHORITY_KEY, false, &der::sequence(&[&der::element(0x80, &[id])])));
        }
        if !self.names.is_empty() {
            let nameless = der::read(&self.subject).is_some_and(|subject| subject.content.is_empty());
            out.extend(extension(OTHER_NAMES, nameless, &der::sequence(&[&self.names])));
        }
        out
    }
}

fn extension(name: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { der::element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    der::sequence(&[&der::object(name), &critical, &der::element(OCTETS, &[value])])
}

fn common_name(name: &str) -> Vec<u8> {
    if name.is_empty() {
        return der::sequence(&[]);
    }
    let attribute = der::sequence(&[&der::object(COMMON_NAME), &der::element(TEXT, &[name.as_bytes()])]);
    der::sequence(&[&der::element(SET, &[&attribute])])
}

fn other_names(ips: &[String], hosts: &[String]) -> Result<Vec<u8>, FunctionError> {
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

fn validity(now: Timestamp, days: i64) -> Result<Vec<u8>, FunctionError> {
    let end = days.checked_mul(24 * 3600).and_then(|seconds| now.checked_add(SignedDuration::from_secs(seconds)).ok());
    let Some(end) = end else { return refuse("the certificate would be valid for too long") };
    Ok(der::sequence(&[&time(now), &time(end)]))
}

fn time(time: Timestamp) -> Vec<u8> {
    let written = time.strftime("%Y%m%d%H%M%SZ").to_string();
    match written.get(2..) {
        Some(short) if ("1950".."2050").contains(&&written[..4]) => der::element(SHORT_TIME, &[short.as_bytes()]),
        _ => der::element(LONG_TIME, &[written.as_bytes()]),
    }
}

#[cfg(test)]
mod tests;
