//! The certificate authority of the service mesh: roots and leaf certificates, with Consul's
//! extensions.
//!
//! Input: a trust domain, the names of services. Output: certificates and keys in PEM, and Consul's
//! JSON.

mod issue;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

pub(crate) use issue::CertificateError;
use issue::{Content, KeyPair, issue};

use super::ids;

/// The validity of the root certificate.
const ROOT_VALIDITY: Duration = Duration::from_secs(3650 * 24 * 3600);
/// The validity of a leaf certificate, as in Consul.
const LEAF_VALIDITY: Duration = Duration::from_secs(72 * 3600);
/// A leaf certificate of this age is replaced by the next request.
const LEAF_RENEWAL: Duration = Duration::from_secs(48 * 3600);
/// A certificate is valid from this time before its creation, for clocks that are slow.
const BACKDATED: Duration = Duration::from_secs(60);
/// The maximum number of services with a leaf certificate.
const MAX_LEAVES: usize = 1000;

/// A leaf certificate with the index of its creation.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Consul's JSON without indexes.
    pub(crate) body: Value,
    /// The index of its creation.
    pub(crate) index: u64,
    issued: SystemTime,
}

/// The certificate authority of one datacenter.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    /// The index of its creation.
    pub(crate) index: u64,
    trust_domain: String,
    datacenter: String,
    root: Value,
    key: KeyPair,
    subject: String,
    serial: u64,
    leaves: BTreeMap<String, Leaf>,
}

impl Authority {
    /// Creates an authority with a new root certificate.
    pub(crate) fn create(
        datacenter: &str,
        index: u64,
        now: SystemTime,
    ) -> Result<Self, CertificateError> {
        let cluster = ids::random();
        let trust_domain = format!("{cluster}.consul");
        let short = &cluster[..8];
        let subject = format!("pri-{short}.consul.ca.{short}.consul");
        let key = KeyPair::generate()?;
        let serial = 7;
        let end = now + ROOT_VALIDITY;
        let uri = format!("spiffe://{trust_domain}");
        let content = Content {
            subject: &subject,
            uri: &uri,
            serial,
            valid: (now, end),
            is_ca: true,
            key: &key,
        };
        let root = issue(&content, &subject, &key)?;
        let body = json!({
            "ID": root.fingerprint, "Name": "Consul CA Root Cert", "SerialNumber": serial,
            "SigningKeyID": key.id(), "ExternalTrustDomain": cluster, "NotBefore": root.not_before,
            "NotAfter": root.not_after, "RootCert": root.pem, "IntermediateCerts": null, "Active": true,
            "PrivateKeyType": "ec", "PrivateKeyBits": 256, "CreateIndex": index, "ModifyIndex": index,
        });
        Ok(Self {
            index,
            trust_domain,
            datacenter: datacenter.to_owned(),
            root: body,
            key,
            subject,
            serial,
            leaves: BTreeMap::new(),
        })
    }

    /// Returns the roots as Consul's JSON.
    pub(crate) fn roots(&self) -> Value {
        json!({
            "ActiveRootID": self.root["ID"], "TrustDomain": self.trust_domain, "Roots": [self.root],
        })
    }

    /// Returns the leaf certificate of a service.
    pub(crate) fn leaf(&self, service: &str) -> Option<&Leaf> {
        self.leaves.get(service)
    }

    /// Returns `true` if the service has a leaf certificate that is not due for renewal.
    pub(crate) fn has_fresh_leaf(&self, service: &str, now: SystemTime) -> bool {
        self.leaves.get(service).is_some_and(|leaf| {
            let age = now.duration_since(leaf.issued).unwrap_or_default();
            age < LEAF_RENEWAL
        })
    }

    /// Issues the leaf certificate of a service.
    pub(crate) fn issue_leaf(
        &mut self,
        service: &str,
        index: u64,
        now: SystemTime,
    ) -> Result<(), CertificateError> {
        let name: String =
            percent_encoding::utf8_percent_encode(service, percent_encoding::NON_ALPHANUMERIC)
                .map(|part| if part == "%2D" { "-" } else { part })
                .collect();
        let uri = format!(
            "spiffe://{}/ns/default/dc/{}/svc/{name}",
            self.trust_domain, self.datacenter
        );
        let subject = format!("{service}.svc.default.{}.consul", &self.trust_domain[..8]);
        let key = KeyPair::generate()?;
        self.serial += 1;
        let content = Content {
            subject: &subject,
            uri: &uri,
            serial: self.serial,
            valid: (now - BACKDATED, now - BACKDATED + LEAF_VALIDITY),
            is_ca: false,
            key: &key,
        };
        let leaf = issue(&content, &self.subject, &self.key)?;
        let serial = self.serial.to_be_bytes();
        let first = serial.iter().position(|byte| *byte != 0).unwrap_or(7);
        let body = json!({
            "SerialNumber": ids::hex(&serial[first..], ":"), "CertPEM": leaf.pem,
            "PrivateKeyPEM": key.pem()?, "Service": service, "ServiceURI": uri,
            "ValidAfter": leaf.not_before, "ValidBefore": leaf.not_after, "CreateIndex": index,
            "ModifyIndex": index,
        });
        if self.leaves.len() >= MAX_LEAVES && !self.leaves.contains_key(service) {
            self.leaves.pop_first();
        }
        let leaf = Leaf {
            body,
            index,
            issued: now,
        };
        self.leaves.insert(service.to_owned(), leaf);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::RootCertStore;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
    use rustls::server::WebPkiClientVerifier;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn text<'a>(value: &'a Value, name: &str) -> &'a str {
        value[name].as_str().unwrap_or_default()
    }

    fn root_of(authority: &Authority) -> &str {
        text(&authority.root, "RootCert")
    }

    /// Returns `true` if a server that trusts the root accepts the certificate of a client.
    fn is_trusted(root: &str, leaf: &Value, at: SystemTime) -> bool {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(root.as_bytes()).expect("a certificate");
        roots.add(root).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .expect("a verifier");
        let leaf = CertificateDer::from_pem_slice(text(leaf, "CertPEM").as_bytes());
        let since = at.duration_since(SystemTime::UNIX_EPOCH).expect("a time");
        let at = UnixTime::since_unix_epoch(since);
        verifier
            .verify_client_cert(&leaf.expect("a certificate"), &[], at)
            .is_ok()
    }

    #[test]
    fn a_leaf_is_signed_by_its_root_for_three_days() {
        let now = SystemTime::now();
        let mut authority = Authority::create("dc1", 5, now).expect("an authority");
        let other = Authority::create("dc1", 5, now).expect("an authority");
        authority.issue_leaf("web", 6, now).expect("a leaf");
        let leaf = &authority.leaf("web").expect("a leaf").body;
        assert!(is_trusted(root_of(&authority), leaf, now));
        assert!(is_trusted(root_of(&authority), leaf, now + 2 * DAY));
        assert!(!is_trusted(root_of(&authority), leaf, now + 3 * DAY));
        assert!(!is_trusted(root_of(&other), leaf, now));
        assert!(text(leaf, "ServiceURI").ends_with("/ns/default/dc/dc1/svc/web"));
        assert_eq!(text(leaf, "SerialNumber"), "08");
        let key = text(leaf, "PrivateKeyPEM");
        assert!(key.starts_with("-----BEGIN EC PRIVATE KEY-----\n"), "{key}");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("a P-256 key");
        let certificate = CertificateDer::from_pem_slice(text(leaf, "CertPEM").as_bytes());
        let public = key.public_key().expect("a public key");
        let certificate = certificate.expect("a certificate");
        let has_key = certificate
            .windows(public.len())
            .any(|part| part == public.as_ref());
        assert!(
            has_key,
            "the certificate has the public key of the private key"
        );
    }

    #[test]
    fn a_leaf_is_renewed_after_two_days_and_the_number_of_leaves_is_limited() {
        let now = SystemTime::now();
        let mut authority = Authority::create("dc1", 5, now).expect("an authority");
        assert!(!authority.has_fresh_leaf("web", now));
        authority.issue_leaf("web", 6, now).expect("a leaf");
        assert!(authority.has_fresh_leaf("web", now + DAY));
        assert!(!authority.has_fresh_leaf("web", now + 2 * DAY));
        for number in 0..=MAX_LEAVES {
            let name = format!("service {number} ü/?");
            authority.issue_leaf(&name, 7, now).expect("a leaf");
        }
        assert_eq!(authority.leaves.len(), MAX_LEAVES);
    }
}
