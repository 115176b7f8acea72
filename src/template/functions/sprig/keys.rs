//! Private keys: made, read, and written in the forms that sprig writes.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;
use rustls::{SignatureAlgorithm, SignatureScheme};

use super::der::{self, BITS, INTEGER, OCTETS, SEQUENCE};
use super::secrets::random;
use crate::template::function::{Call, FunctionError};
use crate::template::functions::args::{FunctionResult, refuse, text};

const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];

/// The steps to make a key or a certificate, which takes less than a millisecond.
pub(super) const KEY_STEPS: usize = 10_000;

/// A private key, as it is used and as it is written.
pub(super) struct Key {
    signing: Arc<dyn SigningKey>,
    pub(super) pem: String,
    /// The public key in the form that certificates have (`SubjectPublicKeyInfo`).
    pub(super) public: Vec<u8>,
}

/// A text in PEM.
pub(super) fn pem(kind: &str, bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {kind}-----\n");
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + "-----END " + kind + "-----\n"
}

impl Key {
    /// A new key of the kind that certificates get when nothing else is said.
    pub(super) fn make() -> Result<Self, FunctionError> {
        let made =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let made = made.map_err(|_| FunctionError::new("the system gives no random numbers"))?;
        Self::of(&PrivateKeyDer::Pkcs8(made.as_ref().into()))
    }

    fn make_ed25519() -> Result<Self, FunctionError> {
        let seed = der::element(OCTETS, &[&random::<32>()?]);
        let bytes = der::sequence(&[
            &der::number(&[]),
            &der::sequence(&[&der::object(ED25519)]),
            &der::element(OCTETS, &[&seed]),
        ]);
        Self::of(&PrivateKeyDer::Pkcs8(bytes.into()))
    }

    /// Reads a key in PEM.
    pub(super) fn read(text: &str) -> Result<Self, FunctionError> {
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| FunctionError::new("there is no private key in PEM in it"))?;
        Self::of(&key)
    }

    fn of(key: &PrivateKeyDer<'_>) -> Result<Self, FunctionError> {
        const UNKNOWN: &str =
            "the private key is none of RSA (2048 bits or more), ECDSA (P-256, P-384) or Ed25519";
        let signing = any_supported_type(key).map_err(|_| FunctionError::new(UNKNOWN))?;
        let public = signing.public_key().map(|public| public.as_ref().to_vec());
        let Some((public, pem)) =
            public.and_then(|public| written(key, &signing, &public).map(|pem| (public, pem)))
        else {
            return refuse(UNKNOWN);
        };
        Ok(Self {
            signing,
            pem,
            public,
        })
    }

    /// A document that is told how it will be signed (`AlgorithmIdentifier`), with its signature.
    pub(super) fn sign(
        &self,
        document: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<Vec<u8>, FunctionError> {
        const OFFERED: [SignatureScheme; 4] = [
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ED25519,
        ];
        let Some(signer) = self.signing.choose_scheme(&OFFERED) else {
            return refuse("the key does not sign");
        };
        let how = match signer.scheme() {
            SignatureScheme::RSA_PKCS1_SHA256 => {
                der::sequence(&[&der::object(RSA_SHA256), &[0x05, 0x00]])
            }
            SignatureScheme::ECDSA_NISTP256_SHA256 => der::sequence(&[&der::object(ECDSA_SHA256)]),
            SignatureScheme::ECDSA_NISTP384_SHA384 => der::sequence(&[&der::object(ECDSA_SHA384)]),
            _ => der::sequence(&[&der::object(ED25519)]),
        };
        let document = document(&how);
        let signature = signer
            .sign(&document)
            .map_err(|_| FunctionError::new("the key does not sign"))?;
        Ok(der::sequence(&[&document, &how, &der::bits(&signature)]))
    }
}

/// The key as sprig writes it: PKCS #1 for RSA, SEC 1 for ECDSA, PKCS #8 for what is newer.
fn written(
    key: &PrivateKeyDer<'_>,
    signing: &Arc<dyn SigningKey>,
    public: &[u8],
) -> Option<String> {
    let PrivateKeyDer::Pkcs8(pkcs8) = key else {
        let kind = if matches!(key, PrivateKeyDer::Pkcs1(_)) {
            "RSA PRIVATE KEY"
        } else {
            "EC PRIVATE KEY"
        };
        return Some(pem(kind, key.secret_der()));
    };
    let bytes = pkcs8.secret_pkcs8_der();
    let version = der::read_as(INTEGER, der::read_as(SEQUENCE, bytes)?.content)?;
    let inner = der::read_as(OCTETS, der::read_as(SEQUENCE, version.rest)?.rest)?.content;
    match signing.algorithm() {
        SignatureAlgorithm::RSA => Some(pem("RSA PRIVATE KEY", inner)),
        SignatureAlgorithm::ECDSA => {
            let secret = der::read_as(
                OCTETS,
                der::read_as(INTEGER, der::read_as(SEQUENCE, inner)?.content)?.rest,
            )?;
            let curve = if secret.content.len() == 32 {
                P256
            } else {
                P384
            };
            let point = public_bits(public)?;
            let sec1 = der::sequence(&[
                &der::number(&[1]),
                secret.whole,
                &der::element(0xa0, &[&der::object(curve)]),
                &der::element(0xa1, &[&der::bits(point)]),
            ]);
            Some(pem("EC PRIVATE KEY", &sec1))
        }
        _ => Some(pem("PRIVATE KEY", bytes)),
    }
}

/// The bits of a public key, out of the form that certificates have.
pub(super) fn public_bits(public: &[u8]) -> Option<&[u8]> {
    let algorithm = der::read_as(SEQUENCE, der::read_as(SEQUENCE, public)?.content)?;
    der::read_as(BITS, algorithm.rest)?
        .content
        .strip_prefix(&[0])
}

pub(super) fn generate(call: &Call<'_>) -> FunctionResult {
    let [kind] = call.exactly("sprig_genPrivateKey")?;
    let kind = text(kind)?;
    let make = match kind {
        "ecdsa" => Key::make,
        "ed25519" => Key::make_ed25519,
        "" | "rsa" => {
            return refuse(
                "RSA keys are not made here; say \"ecdsa\" or \"ed25519\", or make the key outside (openssl genrsa) and \
                 read it with file",
            );
        }
        "dsa" => {
            return refuse(
                "DSA keys are not made here: hardly anything takes them; say \"ecdsa\" or \"ed25519\"",
            );
        }
        _ => return Ok(Value::from(format!("Unknown type {kind}"))),
    };
    let [pem] = call.pass.made_once("genPrivateKey", &[kind], None, || {
        call.spend(KEY_STEPS)?;
        Ok([make()?.pem])
    })?;
    Ok(Value::from(pem))
}
