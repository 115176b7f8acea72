//! Keys of elliptic curves: their public and private forms.

use der::asn1::{Any, BitString, ObjectIdentifier};
use der::{Decode as _, Encode as _};
use sec1::{EcParameters, EcPrivateKey};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::pem;

const PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

/// The length of a private key of the curve P-256, in bytes.
const P256_LENGTH: usize = 32;

/// ECDSA with SHA-256, as the algorithm of a signature.
#[must_use]
pub fn sha256() -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid: WITH_SHA256,
        parameters: None,
    }
}

/// Returns a public key of the curve P-256, which is given as a point.
///
/// # Errors
/// [`der::Error`] if it cannot be encoded.
pub fn public_key(point: &[u8]) -> der::Result<SubjectPublicKeyInfoOwned> {
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: PUBLIC_KEY,
            parameters: Some(Any::from(P256)),
        },
        subject_public_key: BitString::from_bytes(point)?,
    })
}

/// Returns a private key of the curve P-256 or P-384 as PEM, in the format of SEC 1 with the name of the curve, as openssl
/// writes it. `key` is what PKCS #8 holds: a key in the format of SEC 1, in which the curve may be missing.
///
/// # Errors
/// [`der::Error`] if `key` is not such a key.
pub fn private_key_pem(key: &[u8], public_point: &[u8]) -> der::Result<String> {
    let EcPrivateKey { private_key, .. } = EcPrivateKey::from_der(key)?;
    let curve = if private_key.len() == P256_LENGTH {
        P256
    } else {
        P384
    };
    let key = EcPrivateKey {
        private_key,
        parameters: Some(EcParameters::NamedCurve(curve)),
        public_key: Some(public_point),
    };
    Ok(pem("EC PRIVATE KEY", &key.to_der()?))
}
