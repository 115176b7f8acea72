//! Certificates, with the fields and the extensions that sprig gives them.
//!
//! in:  a name, addresses, the days that it is to be valid, and maybe keys and whose certificate signs it
//! out: a certificate and its private key, both in PEM
//!
//! They are made once for the same arguments, and stay until two thirds of their time are over: see
//! [`kept`](crate::template::memo). Unlike sprig's, a key that is made for a certificate is one of ECDSA.

mod draft;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;
use minijinja::value::ValueKind;

use draft::{Authority, Draft, common_name, other_names, validity};

use super::keys::{self, KEY_STEPS, Key};
use super::sprig;
use crate::template::function::{Call, Function, FunctionError};
use crate::template::functions::args::{FunctionResult, integer, refuse, text, wrong_type};
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
            SignalAction {
                name,
                ips: None,
                hosts: None,
                days,
                ca: Signer::Authority,
                key: None,
            }
            .grant(call, "genCA")
        },
    ),
    sprig(
        ["sprig_genCAWithKey", "sprig_gen_ca_with_key"],
        "(name string, days int, key string) {Cert, Key}",
        "A new certificate that can sign others, for a private key in PEM.",
        |call| {
            let [name, days, key] = call.exactly("sprig_genCAWithKey")?;
            SignalAction {
                name,
                ips: None,
                hosts: None,
                days,
                ca: Signer::Authority,
                key: Some(key),
            }
            .grant(call, "genCA")
        },
    ),
    sprig(
        ["sprig_genSelfSignedCert", "sprig_gen_self_signed_cert"],
        "(name string, addresses []string, hosts []string, days int) {Cert, Key}",
        "A new certificate that nobody else signs, and its key.",
        |call| {
            let [name, ips, hosts, days] = call.exactly("sprig_genSelfSignedCert")?;
            SignalAction {
                name,
                ips: Some(ips),
                hosts: Some(hosts),
                days,
                ca: Signer::Itself,
                key: None,
            }
            .grant(call, "genSelfSignedCert")
        },
    ),
    sprig(
        [
            "sprig_genSelfSignedCertWithKey",
            "sprig_gen_self_signed_cert_with_key",
        ],
        "(name string, addresses []string, hosts []string, days int, key string) {Cert, Key}",
        "A new certificate that nobody else signs, for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, key] = call.exactly("sprig_genSelfSignedCertWithKey")?;
            SignalAction {
                name,
                ips: Some(ips),
                hosts: Some(hosts),
                days,
                ca: Signer::Itself,
                key: Some(key),
            }
            .grant(call, "genSelfSignedCert")
        },
    ),
    sprig(
        ["sprig_genSignedCert", "sprig_gen_signed_cert"],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}) {Cert, Key}",
        "A new certificate that another one signs, and its key.",
        |call| {
            let [name, ips, hosts, days, ca] = call.exactly("sprig_genSignedCert")?;
            SignalAction {
                name,
                ips: Some(ips),
                hosts: Some(hosts),
                days,
                ca: Signer::Other(ca),
                key: None,
            }
            .grant(call, "genSignedCert")
        },
    ),
    sprig(
        [
            "sprig_genSignedCertWithKey",
            "sprig_gen_signed_cert_with_key",
        ],
        "(name string, addresses []string, hosts []string, days int, ca {Cert, Key}, key string) {Cert, Key}",
        "A new certificate that another one signs, for a private key in PEM.",
        |call| {
            let [name, ips, hosts, days, ca, key] = call.exactly("sprig_genSignedCertWithKey")?;
            SignalAction {
                name,
                ips: Some(ips),
                hosts: Some(hosts),
                days,
                ca: Signer::Other(ca),
                key: Some(key),
            }
            .grant(call, "genSignedCert")
        },
    ),
];

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
                Field {
                    go: "Cert",
                    jinja: "cert",
                    json: "Cert",
                    omit_empty: false,
                },
                Field {
                    go: "Key",
                    jinja: "key",
                    json: "Key",
                    omit_empty: false,
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
    if !call.pass.is_complete() {
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
    Authority::read(&certificate)?;
    Key::read(&key)?;
    Ok(pair(certificate, key))
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
struct SignalAction<'a> {
    name: &'a Value,
    ips: Option<&'a Value>,
    hosts: Option<&'a Value>,
    days: &'a Value,
    ca: Signer<'a>,
    key: Option<&'a Value>,
}

impl SignalAction<'_> {
    fn grant(self, call: &Call<'_>, function: &str) -> FunctionResult {
        let Self {
            name,
            ips,
            hosts,
            days,
            ca,
            key,
        } = self;
        let (name, written_days, key) = (text(name)?, integer(days)?, key.map(text).transpose()?);
        let (ips, hosts) = (texts(call, ips)?, texts(call, hosts)?);
        let authority = match ca {
            Signer::Other(value) => Some(pair_of(value)?),
            _ => None,
        };
        let (days, count) = (written_days.to_string(), ips.len().to_string());
        let mut arguments = vec![
            name,
            &days,
            if key.is_some() { "with" } else { "" },
            key.unwrap_or_default(),
            &count,
        ];
        arguments.extend(ips.iter().chain(&hosts).map(String::as_str));
        arguments.extend(authority.iter().flatten().map(String::as_str));
        // Two thirds of its days.
        let span = u64::try_from(written_days).ok().filter(|days| *days > 0);
        let span = span
            .and_then(|days| days.checked_mul(24 * 3600 * 2 / 3))
            .map(Duration::from_secs);
        let [certificate, key] = call.pass.made_once(function, &arguments, span, || {
            call.spend(KEY_STEPS)?;
            let key = key.map_or_else(Key::make, Key::read)?;
            let signer = match &authority {
                None => None,
                Some([certificate, key]) => Some((Authority::read(certificate)?, Key::read(key)?)),
            };
            if signer
                .as_ref()
                .is_some_and(|(authority, key)| authority.public != key.public)
            {
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
            Ok([
                certificate.sign(signer.as_ref().map(|(authority, key)| (authority, key)))?,
                key.pem,
            ])
        })?;
        Ok(pair(certificate, key))
    }
}

/// A list of texts, which may be left out.
fn texts(call: &Call<'_>, value: Option<&Value>) -> Result<Vec<String>, FunctionError> {
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
        None => refuse(wrong_type(KIND, value)),
    }
}

#[cfg(test)]
mod tests;
