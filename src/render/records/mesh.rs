//! The records of answers about the mesh and other clusters.

use minijinja::Value;

use super::kind::{Kind, by_value, nullable_texts, record, text, text_map, texts};
use crate::answer::{
    CaRoot, Consumers, ExportedService, ImportedService, LeafCertificate, Partition, Peering,
    PeeringRemote, StreamStatus,
};
use gotemplate::record::{Field, Fields, Record, Schema};

/// The fields of the records that a function returns, alone or in a list.
pub(super) fn of_function(name: &str) -> Option<&'static Schema> {
    match name {
        "ca_roots" => Some(CaRoot::SCHEMA),
        "ca_leaf" => Some(LeafCertificate::SCHEMA),
        "partitions" => Some(Partition::SCHEMA),
        "peerings" => Some(Peering::SCHEMA),
        "exported_services" => Some(ExportedService::SCHEMA),
        "imported_services" => Some(ImportedService::SCHEMA),
        _ => None,
    }
}

/// The schemas of all record types.
pub(super) const SCHEMAS: [&Schema; 9] = [
    CaRoot::SCHEMA,
    LeafCertificate::SCHEMA,
    Partition::SCHEMA,
    Peering::SCHEMA,
    StreamStatus::SCHEMA,
    PeeringRemote::SCHEMA,
    ExportedService::SCHEMA,
    Consumers::SCHEMA,
    ImportedService::SCHEMA,
];

record!(CaRoot, "*api.CARoot", |root| {
    ID id => text(&root.id),
    Name name => text(&root.name),
    RootCertPEM root_cert_pem as "RootCert" => text(&root.certificate),
    Active active => Value::from(root.active),
    NotBefore not_before (UnlessEmpty) => time(root.not_before.as_deref()),
    NotAfter not_after (UnlessEmpty) => time(root.not_after.as_deref()),
    DaysRemaining days_remaining (UnlessEmpty) => {
        root.days_remaining.map_or_else(|| Record::nil(&DAYS), Value::from)
    },
    CreateIndex create_index => Value::from(root.create_index),
    ModifyIndex modify_index => Value::from(root.modify_index),
});

record!(LeafCertificate, "*api.LeafCert", |leaf| {
    SerialNumber serial_number => text(&leaf.serial_number),
    CertPEM cert_pem (UnlessEmpty) => text(&leaf.certificate),
    PrivateKeyPEM private_key_pem (UnlessEmpty) => text(leaf.private_key.expose()),
    Service service => text(&leaf.service),
    ServiceURI service_uri => text(&leaf.service_uri),
    ValidAfter valid_after => text(&leaf.valid_after),
    ValidBefore valid_before => text(&leaf.valid_before),
    CreateIndex create_index => Value::from(leaf.create_index),
    ModifyIndex modify_index => Value::from(leaf.modify_index),
});

record!(Partition, "*dependency.Partition", |partition| {
    Name name => text(&partition.name),
    Description description => text(&partition.description),
});

record!(Peering, "*dependency.Peering", |peering| {
    ID id => text(&peering.id),
    Name name => text(&peering.name),
    Partition partition => text(&peering.partition),
    Meta meta => text_map(&peering.meta),
    PeeringState peering_state => text(&peering.state),
    PeerID peer_id => text(&peering.peer_id),
    PeerServerName peer_server_name => text(&peering.peer_server_name),
    PeerServerAddresses peer_server_addresses => nullable_texts(&peering.peer_server_addresses),
    StreamStatus stream_status => by_value(&peering.stream_status),
    Remote remote => by_value(&peering.remote),
});

record!(StreamStatus, "dependency.PeeringStreamStatus", |status| {
    ImportedServices imported_services => nullable_texts(&status.imported_services),
    ExportedServices exported_services => nullable_texts(&status.exported_services),
    LastHeartbeat last_heartbeat => time(status.last_heartbeat.as_deref()),
    LastReceive last_receive => time(status.last_receive.as_deref()),
    LastSend last_send => time(status.last_send.as_deref()),
});

record!(PeeringRemote, "dependency.PeeringRemoteInfo", |remote| {
    Partition partition => text(&remote.partition),
    Datacenter datacenter => text(&remote.datacenter),
});

record!(ExportedService, "dependency.ExportedService", |service| {
    Service service => text(&service.service),
    Partition partition => text(&service.partition),
    Namespace namespace => text(&service.namespace),
    Consumers consumers => by_value(&service.consumers),
});

record!(Consumers, "dependency.ResolvedConsumers", |consumers| {
    Peers peers => texts(&consumers.peers),
    Partitions partitions => texts(&consumers.partitions),
});

record!(ImportedService, "dependency.ImportedService", |service| {
    Service service => text(&service.service),
    Namespace namespace => text(&service.namespace),
    SourcePartition source_partition => text(&service.source_partition),
});

/// The types of a time and of a number of days that are nil.
static TIME: Schema = Schema {
    name: "*time.Time",
    fields: &[],
};
static DAYS: Schema = Schema {
    name: "*int",
    fields: &[],
};

/// A time; nil if the event has not happened.
fn time(time: Option<&str>) -> Value {
    time.map_or_else(|| Record::nil(&TIME), text)
}
