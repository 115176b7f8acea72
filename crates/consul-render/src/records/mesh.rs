//! The records of answers about the mesh and other clusters.

use minijinja::Value;

use super::kind::{Kind, by_value, nullable_texts, record, text, text_map, texts};
use consul_watch::answer::{
    CaRoot, Consumers, ExportedService, ImportedService, LeafCertificate, Partition, Peering,
    PeeringRemote, StreamStatus,
};
use gotemplate::record::{Field, Record, Schema};

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

record!(CaRoot, "*api.CARoot", |root, reads| {
    ID id [id] => text(&root.id),
    Name name [name] => text(&root.name),
    RootCertPEM root_cert_pem as "RootCert" [certificate] => text(&root.certificate),
    Active active [active] => Value::from(root.active),
    NotBefore not_before (UnlessEmpty) [not_before] => time(root.not_before.as_deref()),
    NotAfter not_after (UnlessEmpty) [not_after] => time(root.not_after.as_deref()),
    DaysRemaining days_remaining (UnlessEmpty) [days_remaining] => {
        root.days_remaining.map_or_else(|| Record::nil(&DAYS), Value::from)
    },
    CreateIndex create_index [create_index] => Value::from(root.create_index),
    ModifyIndex modify_index [modify_index] => Value::from(root.modify_index),
});

record!(LeafCertificate, "*api.LeafCert", |leaf, reads| {
    SerialNumber serial_number [serial_number] => text(&leaf.serial_number),
    CertPEM cert_pem (UnlessEmpty) [certificate] => text(&leaf.certificate),
    PrivateKeyPEM private_key_pem (UnlessEmpty) [private_key] => text(leaf.private_key.expose()),
    Service service [service] => text(&leaf.service),
    ServiceURI service_uri [service_uri] => text(&leaf.service_uri),
    ValidAfter valid_after [valid_after] => text(&leaf.valid_after),
    ValidBefore valid_before [valid_before] => text(&leaf.valid_before),
    CreateIndex create_index [create_index] => Value::from(leaf.create_index),
    ModifyIndex modify_index [modify_index] => Value::from(leaf.modify_index),
});

record!(Partition, "*dependency.Partition", |partition, reads| {
    Name name [name] => text(&partition.name),
    Description description [description] => text(&partition.description),
});

record!(Peering, "*dependency.Peering", |peering, reads| {
    ID id [id] => text(&peering.id),
    Name name [name] => text(&peering.name),
    Partition partition [partition] => text(&peering.partition),
    Meta meta [meta] => text_map(&peering.meta),
    PeeringState peering_state [state] => text(&peering.state),
    PeerID peer_id [peer_id] => text(&peering.peer_id),
    PeerServerName peer_server_name [peer_server_name] => text(&peering.peer_server_name),
    PeerServerAddresses peer_server_addresses [peer_server_addresses] => nullable_texts(&peering.peer_server_addresses),
    StreamStatus stream_status [stream_status] => by_value(&peering.stream_status),
    Remote remote [remote] => by_value(&peering.remote),
});

record!(StreamStatus, "dependency.PeeringStreamStatus", |status, reads| {
    ImportedServices imported_services [imported_services] => nullable_texts(&status.imported_services),
    ExportedServices exported_services [exported_services] => nullable_texts(&status.exported_services),
    LastHeartbeat last_heartbeat [last_heartbeat] => time(status.last_heartbeat.as_deref()),
    LastReceive last_receive [last_receive] => time(status.last_receive.as_deref()),
    LastSend last_send [last_send] => time(status.last_send.as_deref()),
});

record!(PeeringRemote, "dependency.PeeringRemoteInfo", |remote, reads| {
    Partition partition [partition] => text(&remote.partition),
    Datacenter datacenter [datacenter] => text(&remote.datacenter),
});

record!(ExportedService, "dependency.ExportedService", |service, reads| {
    Service service [service] => text(&service.service),
    Partition partition [partition] => text(&service.partition),
    Namespace namespace [namespace] => text(&service.namespace),
    Consumers consumers [consumers] => by_value(&service.consumers),
});

record!(Consumers, "dependency.ResolvedConsumers", |consumers, reads| {
    Peers peers [peers] => texts(&consumers.peers),
    Partitions partitions [partitions] => texts(&consumers.partitions),
});

record!(ImportedService, "dependency.ImportedService", |service, reads| {
    Service service [service] => text(&service.service),
    Namespace namespace [namespace] => text(&service.namespace),
    SourcePartition source_partition [source_partition] => text(&service.source_partition),
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
