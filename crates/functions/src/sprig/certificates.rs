//! Functions for certificates, with the fields and extensions of sprig.
//!
//! Input: a name, addresses, the days of validity, and optionally a key and a CA. Output: a
//! certificate and its private key in PEM.
//!
//! A certificate is reused for the same arguments during two thirds of its validity: see
//! [`memo`](crate::memo). Unlike in sprig, generated keys are ECDSA keys.

mod issue;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;
use minijinja::value::ValueKind;

use issue::{Content, Issuer, parse};

use super::keys::{self, KEY_STEPS, Key};
use super::sprig;
use crate::args::{FunctionResult, fail, integer, text, wrong_type};
use crate::function::{Call, Function, FunctionError};
use gotemplate::record::{Field, Fields, InJson, Record, Schema};

pub(crate) static TABLE: &[Function] = &[
    sprig(
        ["sprig_genPrivateKey", "sprig_gen_private_key"],
        "(type string) string",
        "A new private key in PEM for ecdsa or ed25519; it stays the same while the process runs.",
        keys::generate,
    ),
    sprig(
        ["sprig_buildCustomCert", "sprig_build_custom_cert"],
        "(certificate string, key string) {Cert, Key}",
        "A certificate and its key from PEM in base64.",
        custom,
    ),
    sprig(
        ["sprig_genCA", "sprig_gen_ca"],
        "(name string, days int) {Cert, Key}",
        "A new certificate of a CA and its key.",
        |call| {
            let [name, days] = call.exactly("sprig_genCA")?;
            Request::ca(name, days).issue(call)
        },
    ),
    sprig(
        ["sprig_genCAWithKey", "sprig_gen_ca_with_key"],
        "(name string, days int, key string) {Cert, Key}",
        "A new certificate of a CA for a private key in PEM.",
        |call| {
            let [name, days, key] = call.exactly("sprig_genCAWithKey")?;
            Request::ca(name, days).with_key(key).issue(call)
        },
    ),
    sprig(
        ["sprig_genSelfSignedCert", "sprig_gen_self_signed_cert"],
        "(name string, addresses []string, hosts []string, days int) {Cert, Key}",
        "A new self-signed certificate and its key.",
        |call| {
            let [name, ips, hosts, days] = call.exactly("sprig_genSelfSignedCert")?;
            Request::self_signed(name, ips, hosts, days).issue(call)
        },
    ),
    sprig(
        [
            "sprig_genSelfSignedCertWithKey",
            "sprig_gen_self_signed_cert_with_key",
        ],
        "(name string, addresses []string, hosts []string, days int, key string) {Cert, Key}",
        "A new self-signed certificate for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, key] = call.exactly("sprig_genSelfSignedCertWithKey")?;
            Request::self_signed(name, ips, hosts, days)
                .with_key(key)
                .issue(call)
        },
    ),
    sprig(
        ["sprig_genSignedCert", "sprig_gen_signed_cert"],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}) {Cert, Key}",
        "A new certificate that a CA signs, and its key.",
        |call| {
            let [name, ips, hosts, days, ca] = call.exactly("sprig_genSignedCert")?;
            Request::signed(name, ips, hosts, days, ca).issue(call)
        },
    ),
    sprig(
        [
            "sprig_genSignedCertWithKey",
            "sprig_gen_signed_cert_with_key",
        ],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}, key string) {Cert, Key}",
        "A new certificate that a CA signs, for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, ca, key] = call.exactly("sprig_genSignedCertWithKey")?;
            Request::signed(name, ips, hosts, days, ca)
                .with_key(key)
                .issue(call)
        },
    ),
];

/// A certificate and its key, as a template value.
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
                Field {
                    go: "Cert",
                    jinja: "cert",
                    json: "Cert",
                    in_json: InJson::Always,
                },
                Field {
                    go: "Key",
                    jinja: "key",
                    json: "Key",
                    in_json: InJson::Always,
                },
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

fn custom(call: &Call<'_>) -> FunctionResult {
    let [certificate, key] = call.exactly("sprig_buildCustomCert")?;
    let (certificate, key) = (text(certificate)?, text(key)?);
    if !call.context.is_complete() {
        return Ok(pair(String::new(), String::new()));
    }
    let decoded = |text: &str, what| {
        let bytes = STANDARD.decode(text.replace(['\r', '\n'], "")).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| FunctionError::new(format!("unable to decode base64 {what}")))
    };
    let (certificate, key) = (
        decoded(certificate, "certificate")?,
        decoded(key, "private key")?,
    );
    parse(&certificate)?;
    Key::from_pem(&key)?;
    Ok(pair(certificate, key))
}

/// The issuer of a certificate.
#[derive(Clone, Copy)]
enum Signer<'a> {
    /// The certificate itself, as a CA.
    SelfAsCa,
    /// The certificate itself.
    SelfSigned,
    /// A CA.
    Ca(&'a Value),
}

/// The arguments of a certificate function.
struct Request<'a> {
    name: &'a Value,
    ips: Option<&'a Value>,
    hosts: Option<&'a Value>,
    days: &'a Value,
    signer: Signer<'a>,
    key: Option<&'a Value>,
}

impl<'a> Request<'a> {
    fn ca(name: &'a Value, days: &'a Value) -> Self {
        Self {
            name,
            ips: None,
            hosts: None,
            days,
            signer: Signer::SelfAsCa,
            key: None,
        }
    }

    fn self_signed(name: &'a Value, ips: &'a Value, hosts: &'a Value, days: &'a Value) -> Self {
        Self {
            ips: Some(ips),
            hosts: Some(hosts),
            signer: Signer::SelfSigned,
            ..Self::ca(name, days)
        }
    }

    fn signed(
        name: &'a Value,
        ips: &'a Value,
        hosts: &'a Value,
        days: &'a Value,
        ca: &'a Value,
    ) -> Self {
        Self {
            signer: Signer::Ca(ca),
            ..Self::self_signed(name, ips, hosts, days)
        }
    }

    fn with_key(self, key: &'a Value) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }

    /// Returns the certificate and its key; both are memoized.
    fn issue(self, call: &Call<'_>) -> FunctionResult {
        let name = text(self.name)?;
        let days = integer(self.days)?;
        let key = self.key.map(text).transpose()?;
        let (ips, hosts) = (strings(call, self.ips)?, strings(call, self.hosts)?);
        let (function, ca) = match self.signer {
            Signer::SelfAsCa => ("genCA", None),
            Signer::SelfSigned => ("genSelfSignedCert", None),
            Signer::Ca(ca) => ("genSignedCert", Some(pair_of(ca)?)),
        };
        let (written_days, count) = (days.to_string(), ips.len().to_string());
        let with_key = if key.is_some() { "with" } else { "" };
        let mut arguments = vec![name, &written_days, with_key];
        arguments.extend([key.unwrap_or_default(), &count]);
        arguments.extend(ips.iter().chain(&hosts).map(String::as_str));
        arguments.extend(ca.iter().flatten().map(String::as_str));
        let lifetime = two_thirds(days);
        let [certificate, key] = call.memoized(function, &arguments, lifetime, || {
            call.spend(KEY_STEPS)?;
            let key = key.map_or_else(Key::generate_ecdsa, Key::from_pem)?;
            let issuer = match &ca {
                Some([certificate, key]) => Some(Issuer::from_pem(certificate, key)?),
                None => None,
            };
            let content = Content {
                common_name: name,
                ips: &ips,
                hosts: &hosts,
                not_before: call.context.now(),
                days,
                is_ca: matches!(self.signer, Signer::SelfAsCa),
                key: &key,
            };
            Ok([content.issue(issuer.as_ref())?, key.pem])
        })?;
        Ok(pair(certificate, key))
    }
}

/// Returns two thirds of a number of days.
fn two_thirds(days: i64) -> Option<Duration> {
    let days = u64::try_from(days).ok().filter(|days| *days > 0)?;
    Some(Duration::from_secs(days.checked_mul(24 * 3600 * 2 / 3)?))
}

/// Returns the strings of a list; an empty list for nil.
fn strings(call: &Call<'_>, value: Option<&Value>) -> Result<Vec<String>, FunctionError> {
    match value {
        Some(value) if !matches!(value.kind(), ValueKind::None | ValueKind::Undefined) => call
            .list(value)?
            .iter()
            .map(|item| text(item).map(str::to_owned))
            .collect(),
        _ => Ok(Vec::new()),
    }
}

fn pair_of(value: &Value) -> Result<[String; 2], FunctionError> {
    match value
        .downcast_object_ref::<Record>()
        .filter(|record| record.schema().name == KIND)
    {
        Some(record) => Ok([record.at(0).to_string(), record.at(1).to_string()]),
        None => fail(wrong_type(KIND, value)),
    }
}

#[cfg(test)]
mod tests;
