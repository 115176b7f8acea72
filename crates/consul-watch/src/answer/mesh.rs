//! Answers about the service mesh and other clusters: certificates, partitions, peerings, exported
//! and imported services.
//!
//! Times are kept as Consul writes them, in RFC 3339.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::catalog::{TextMap, or_default};
use super::nullable::Nullable;

/// A root certificate that the mesh trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CaRoot {
    /// The ID, derived from the fingerprint.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name.
    pub name: String,
    /// The certificate in PEM.
    #[serde(rename = "RootCert")]
    pub certificate: String,
    /// `true` if it signs new certificates; one root does.
    pub active: bool,
    /// The start of its validity; newer versions of Consul have it, and the next two fields.
    pub not_before: Option<String>,
    /// The end of its validity.
    pub not_after: Option<String>,
    /// The number of days until it expires.
    pub days_remaining: Option<i64>,
    /// The index at which it was created.
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
    /// The start of the validity.
    pub valid_after: String,
    /// The end of the validity.
    pub valid_before: String,
    /// The index at which it was created.
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Partition {
    /// The name.
    pub name: String,
    /// The description by the operator.
    pub description: String,
}

/// A peering with another cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Peering {
    /// The ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name of the peer.
    pub name: String,
    /// The local partition of the peering.
    pub partition: String,
    /// The metadata.
    pub meta: TextMap,
    /// `PENDING`, `ESTABLISHING`, `ACTIVE`, `FAILING`, `DELETING`, `TERMINATED`.
    pub state: String,
    /// The ID of the peering at the peer.
    #[serde(rename = "PeerID")]
    pub peer_id: String,
    /// The TLS server name of the peer's servers.
    pub peer_server_name: String,
    /// The addresses of the peer's servers.
    pub peer_server_addresses: Nullable<Vec<String>>,
    /// The state of the replication stream.
    #[serde(deserialize_with = "or_default")]
    pub stream_status: StreamStatus,
    /// The location of the peer.
    #[serde(deserialize_with = "or_default")]
    pub remote: PeeringRemote,
}

/// The state of the replication stream to a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct StreamStatus {
    /// The names of the services imported from the peer.
    pub imported_services: Nullable<Vec<String>>,
    /// The names of the services exported to the peer.
    pub exported_services: Nullable<Vec<String>>,
    /// The time of the last heartbeat of the peer.
    pub last_heartbeat: Option<String>,
    /// The time at which data was last received.
    pub last_receive: Option<String>,
    /// The time at which data was last sent.
    pub last_send: Option<String>,
}

/// The location of a peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PeeringRemote {
    /// The partition.
    pub partition: String,
    /// The datacenter.
    pub datacenter: String,
}

/// A service that is exported to other partitions or peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ExportedService {
    /// The name.
    pub service: String,
    /// The partition.
    pub partition: String,
    /// The namespace.
    pub namespace: String,
    /// The partitions and peers that may use it.
    #[serde(deserialize_with = "or_default")]
    pub consumers: Consumers,
}

/// The consumers of an exported service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Consumers {
    /// The names of peers.
    #[serde(deserialize_with = "or_default")]
    pub peers: Vec<String>,
    /// The names of partitions.
    #[serde(deserialize_with = "or_default")]
    pub partitions: Vec<String>,
}

/// A service that is imported from another partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ImportedService {
    /// The name.
    pub service: String,
    /// The namespace.
    pub namespace: String,
    /// The partition that exports it.
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
