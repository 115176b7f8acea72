//! Private keys: generates, reads and writes them in the formats of sprig.

use std::sync::Arc;

use minijinja::Value;
use pkcs8::{PrivateKeyInfoOwned, PrivateKeyInfoRef};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::{self, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use x509_issue::der::asn1::{Any, ObjectIdentifier, OctetString};
use x509_issue::der::{Decode as _, Encode as _};
use x509_issue::x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoRef};
use x509_issue::{ec, pem};

use super::secrets::random;
use crate::args::{FunctionResult, fail, text};
use crate::function::{Call, FunctionError};

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The signature schemes of the supported keys, with their OIDs.
const SCHEMES: [(SignatureScheme, ObjectIdentifier); 4] = [
    (
        SignatureScheme::RSA_PKCS1_SHA256,
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    ),
    (
        SignatureScheme::ECDSA_NISTP256_SHA256,
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
    ),
    (
        SignatureScheme::ECDSA_NISTP384_SHA384,
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    ),
    (SignatureScheme::ED25519, ED25519),
];

/// The steps for generating a key or a certificate, which takes less than a millisecond.
pub(super) const KEY_STEPS: usize = 10_000;

/// A private key.
pub(super) struct Key {
    signing: Arc<dyn SigningKey>,
    /// The key in PEM, as sprig writes it.
    pub(super) pem: String,
    /// The public key as `SubjectPublicKeyInfo` in DER.
    pub(super) public: Vec<u8>,
}

/// A key with one of its signature schemes.
pub(super) struct Signer {
    signer: Box<dyn sign::Signer>,
    pub(super) algorithm: AlgorithmIdentifierOwned,
}

impl Signer {
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.signer.sign(message).ok()
    }
}

fn cannot_sign() -> FunctionError {
    FunctionError::new("the private key cannot sign")
}

impl Key {
    /// Generates a key for ECDSA with P-256.
    pub(super) fn generate_ecdsa() -> Result<Self, FunctionError> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
        let document =
            document.map_err(|_| FunctionError::new("the system has no random numbers"))?;
        Self::from_der(&PrivateKeyDer::Pkcs8(document.as_ref().into()))
    }

    /// Generates a key for Ed25519.
    fn generate_ed25519() -> Result<Self, FunctionError> {
        let seed = random::<32>()?;
        let encode = || {
            let seed = OctetString::new(&seed[..])?.to_der()?;
            let algorithm = AlgorithmIdentifierOwned {
                oid: ED25519,
                parameters: None,
            };
            PrivateKeyInfoOwned::new(algorithm, OctetString::new(seed)?).to_der()
        };
        let bytes = encode().map_err(|_| FunctionError::new("the key cannot be encoded"))?;
        Self::from_der(&PrivateKeyDer::Pkcs8(bytes.into()))
    }

    /// Reads a key in PEM.
    pub(super) fn from_pem(text: &str) -> Result<Self, FunctionError> {
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| FunctionError::new("the text has no private key in PEM"))?;
        Self::from_der(&key)
    }

    fn from_der(key: &PrivateKeyDer<'_>) -> Result<Self, FunctionError> {
        const UNSUPPORTED: &str = "the private key is not supported: supported are RSA (2048 bits or more), ECDSA (P-256, \
                                   P-384) and Ed25519";
        let signing = any_supported_type(key).map_err(|_| FunctionError::new(UNSUPPORTED))?;
        let public = signing.public_key().map(|public| public.as_ref().to_vec());
        let written = public.and_then(|public| {
            let pem = to_pem(key, signing.algorithm(), &public)?;
            Some((public, pem))
        });
        let Some((public, pem)) = written else {
            return fail(UNSUPPORTED);
        };
        Ok(Self {
            signing,
            pem,
            public,
        })
    }

    /// Creates a signer with the key.
    pub(super) fn signer(&self) -> Result<Signer, FunctionError> {
        let offered = SCHEMES.map(|(scheme, _)| scheme);
        let signer = self.signing.choose_scheme(&offered);
        let signer = signer.ok_or_else(cannot_sign)?;
        let scheme = signer.scheme();
        let oid = SCHEMES.iter().find(|(known, _)| *known == scheme);
        let (_, oid) = oid.ok_or_else(cannot_sign)?;
        let is_rsa = scheme == SignatureScheme::RSA_PKCS1_SHA256;
        let algorithm = AlgorithmIdentifierOwned {
            oid: *oid,
            parameters: is_rsa.then(Any::null),
        };
        Ok(Signer { signer, algorithm })
    }
}

/// Encodes a key in the format of sprig: PKCS #1 for RSA, SEC 1 for ECDSA, PKCS #8 for Ed25519.
fn to_pem(key: &PrivateKeyDer<'_>, algorithm: SignatureAlgorithm, public: &[u8]) -> Option<String> {
    let pkcs8 = match key {
        PrivateKeyDer::Pkcs8(pkcs8) => pkcs8.secret_pkcs8_der(),
        PrivateKeyDer::Pkcs1(_) => return Some(pem("RSA PRIVATE KEY", key.secret_der())),
        _ => return Some(pem("EC PRIVATE KEY", key.secret_der())),
    };
    let info = PrivateKeyInfoRef::try_from(pkcs8).ok()?;
    let inner = info.private_key.as_bytes();
    match algorithm {
        SignatureAlgorithm::RSA => Some(pem("RSA PRIVATE KEY", inner)),
        SignatureAlgorithm::ECDSA => {
            let public = SubjectPublicKeyInfoRef::from_der(public).ok()?;
            ec::private_key_pem(inner, public.subject_public_key.raw_bytes()).ok()
        }
        _ => Some(pem("PRIVATE KEY", pkcs8)),
    }
}

/// The function `genPrivateKey`.
pub(super) fn generate(call: &Call<'_>) -> FunctionResult {
    let [kind] = call.exactly("sprig_genPrivateKey")?;
    let kind = text(kind)?;
    let generate = match kind {
        "ecdsa" => Key::generate_ecdsa,
        "ed25519" => Key::generate_ed25519,
        "" | "rsa" => {
            return fail(
                "RSA keys are not supported; use \"ecdsa\" or \"ed25519\", or generate the key with openssl genrsa and read it \
                 with file",
            );
        }
        "dsa" => {
            return fail("DSA keys are obsolete and not supported; use \"ecdsa\" or \"ed25519\"");
        }
        _ => return Ok(Value::from(format!("Unknown type {kind}"))),
    };
    let [pem] = call.memoized("genPrivateKey", &[kind], None, || {
        call.spend(KEY_STEPS)?;
        Ok([generate()?.pem])
    })?;
    Ok(Value::from(pem))
}
