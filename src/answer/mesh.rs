//! Answers about the mesh and about other clusters: certificates, partitions, peerings, exported and imported services.
//!
//! Times are kept as Consul writes them, in RFC 3339.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::catalog::{TextMap, or_default};

/// A root certificate that the mesh trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CaRoot {
    /// Its ID, made of its fingerprint.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// The certificate in PEM.
    #[serde(rename = "RootCert")]
    pub certificate: String,
    /// Whether it signs new certificates; one root does.
    pub active: bool,
    /// The index at which it was made.
    pub create_index: u64,
    /// The index at which it last changed.
    pub modify_index: u64,
}

/// The certificate of a service in the mesh, with its private key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct LeafCertificate {
    /// The serial number.
    pub serial_number: String,
    /// The certificate in PEM.
    #[serde(rename = "CertPEM")]
    pub certificate: String,
    /// The private key in PEM.
    #[serde(rename = "PrivateKeyPEM")]
    pub private_key: PrivateKey,
    /// The name of the service.
    pub service: String,
    /// The service's identity in the mesh (`spiffe://…`).
    #[serde(rename = "ServiceURI")]
    pub service_uri: String,
    /// From when on it is valid.
    pub valid_after: String,
    /// Until when it is valid.
    pub valid_before: String,
    /// The index at which it was made.
    pub create_index: u64,
    /// The index at which it last changed.
    pub modify_index: u64,
}

/// A private key. Its `Debug` form does not contain it.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct PrivateKey(SecretString);

impl PrivateKey {
    /// The key in PEM.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for PrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for PrivateKey {}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// An admin partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// What a human wrote about it.
    pub description: String,
}

/// A peering with another cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Peering {
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name of the peer.
    pub name: String,
    /// The partition that is peered.
    pub partition: String,
    /// Free pairs.
    #[serde(deserialize_with = "or_default")]
    pub meta: TextMap,
    /// `PENDING`, `ESTABLISHING`, `ACTIVE`, `FAILING`, `DELETING`, `TERMINATED`.
    pub state: String,
    /// The ID that the peering has at the peer.
    #[serde(rename = "PeerID")]
    pub peer_id: String,
    /// The name by which the peer's servers are known in TLS.
    pub peer_server_name: String,
    /// Where the peer's servers are.
    #[serde(deserialize_with = "or_default")]
    pub peer_server_addresses: Vec<String>,
    /// How the exchange with the peer stands.
    #[serde(deserialize_with = "or_default")]
    pub stream_status: StreamStatus,
    /// Where the peer is.
    #[serde(deserialize_with = "or_default")]
    pub remote: PeeringRemote,
}

/// How the exchange with a peer stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct StreamStatus {
    /// The names of the services that come from the peer.
    #[serde(deserialize_with = "or_default")]
    pub imported_services: Vec<String>,
    /// The names of the services that go to the peer.
    #[serde(deserialize_with = "or_default")]
    pub exported_services: Vec<String>,
    /// When the peer was last heard of.
    pub last_heartbeat: Option<String>,
    /// When something was last received.
    pub last_receive: Option<String>,
    /// When something was last sent.
    pub last_send: Option<String>,
}

/// Where a peer is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PeeringRemote {
    /// Its partition.
    pub partition: String,
    /// Its datacenter.
    pub datacenter: String,
}

/// A service that others may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ExportedService {
    /// Its name.
    pub service: String,
    /// Its partition.
    pub partition: String,
    /// Its namespace.
    pub namespace: String,
    /// Who may use it.
    #[serde(deserialize_with = "or_default")]
    pub consumers: Consumers,
}

/// Who may use an exported service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Consumers {
    /// The names of peers.
    #[serde(deserialize_with = "or_default")]
    pub peers: Vec<String>,
    /// The names of partitions.
    #[serde(deserialize_with = "or_default")]
    pub partitions: Vec<String>,
}

/// A service that comes from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImportedService {
    /// Its name.
    pub service: String,
    /// Its namespace.
    pub namespace: String,
    /// The partition that it comes from.
    pub source_partition: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_not_shown() {
        let leaf: LeafCertificate =
            serde_json::from_str(r#"{"PrivateKeyPEM":"BEGIN secret","Service":"web"}"#).unwrap();
        assert_eq!(
            (leaf.private_key.expose(), leaf.service.as_str()),
            ("BEGIN secret", "web")
        );
        let shown = format!(
            "{leaf:?} {leaf:#?} {:?}",
            crate::answer::Answer::CaLeaf(leaf.clone().into())
        );
        assert!(
            shown.contains("[redacted]") && !shown.contains("secret"),
            "{shown}"
        );
        let other = LeafCertificate {
            private_key: PrivateKey::default(),
            ..leaf.clone()
        };
        assert!(leaf == leaf.clone() && leaf != other);
    }
}
