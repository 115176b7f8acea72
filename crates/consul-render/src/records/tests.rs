use super::*;
use consul_watch::answer::TextMap;
use consul_watch::answer::{
    CaRoot, Consumers, ExportedService, ImportedService, LeafCertificate, Nullable, Partition,
    Peering, PeeringRemote, StreamStatus,
};
use consul_watch::query::Health;
use gotemplate::json;
use gotemplate::record::InJson;

fn listing(schema: &Schema) -> String {
    let names: Vec<String> = schema
        .fields
        .iter()
        .map(|field| {
            let empty = field.in_json == InJson::UnlessEmpty;
            format!("{}{}", field.go, if empty { "?" } else { "" })
        })
        .collect();
    assert!(!names.is_empty());
    format!("{}: {}", schema.name, names.join(" "))
}

#[test]
fn the_fields_are_those_of_consul_template() {
    let listings = [
        listing(Pair::SCHEMA),
        listing(Instance::SCHEMA),
        listing(TaggedAddress::SCHEMA),
        listing(Weights::SCHEMA),
        listing(Check::SCHEMA),
        listing(ServiceTags::SCHEMA),
        listing(Node::SCHEMA),
        listing(NodeServices::SCHEMA),
        listing(NoSuchNode::SCHEMA),
        listing(NodeService::SCHEMA),
        listing(CaRoot::SCHEMA),
        listing(LeafCertificate::SCHEMA),
        listing(Partition::SCHEMA),
        listing(Peering::SCHEMA),
        listing(StreamStatus::SCHEMA),
        listing(PeeringRemote::SCHEMA),
        listing(ExportedService::SCHEMA),
        listing(Consumers::SCHEMA),
        listing(ImportedService::SCHEMA),
    ];
    insta::assert_snapshot!(listings.join("\n"), @r"
    *dependency.KeyPair: Path Key Value CreateIndex ModifyIndex LockIndex Flags Session
    *dependency.HealthService: Node NodeID NodeAddress NodeTaggedAddresses NodeMeta ServiceMeta Address ServiceTaggedAddresses ID Name Tags Checks Status Port Weights
    api.ServiceAddress: Address Port
    api.AgentWeights: Passing Warning
    *api.HealthCheck: Node CheckID Name Status Notes Output ServiceID ServiceName ServiceTags Type Namespace? Partition? ExposedPort PeerName? Definition CreateIndex ModifyIndex
    *dependency.CatalogSnippet: Name Tags
    *dependency.Node: ID Node Address Datacenter TaggedAddresses Meta
    *dependency.CatalogNode: Node Services
    *dependency.CatalogNode: Node Services
    *dependency.CatalogNodeService: ID Service Tags Meta Port Address EnableTagOverride
    *api.CARoot: ID Name RootCertPEM Active NotBefore? NotAfter? DaysRemaining? CreateIndex ModifyIndex
    *api.LeafCert: SerialNumber CertPEM? PrivateKeyPEM? Service ServiceURI ValidAfter ValidBefore CreateIndex ModifyIndex
    *dependency.Partition: Name Description
    *dependency.Peering: ID Name Partition Meta PeeringState PeerID PeerServerName PeerServerAddresses StreamStatus Remote
    dependency.PeeringStreamStatus: ImportedServices ExportedServices LastHeartbeat LastReceive LastSend
    dependency.PeeringRemoteInfo: Partition Datacenter
    dependency.ExportedService: Service Partition Namespace Consumers
    dependency.ResolvedConsumers: Peers Partitions
    dependency.ImportedService: Service Namespace SourcePartition
    ");
}

#[test]
fn jinja_names_are_snake_case_and_unique() {
    let schemas = [
        Pair::SCHEMA,
        Instance::SCHEMA,
        Check::SCHEMA,
        NodeService::SCHEMA,
        CaRoot::SCHEMA,
        LeafCertificate::SCHEMA,
        Peering::SCHEMA,
        StreamStatus::SCHEMA,
        ExportedService::SCHEMA,
        ImportedService::SCHEMA,
    ];
    assert!(!schemas.is_empty());
    for schema in schemas {
        assert!(!schema.fields.is_empty());
        let mut seen = std::collections::BTreeSet::new();
        for field in schema.fields {
            let squeezed = field.jinja.replace('_', "");
            assert_eq!(squeezed, field.go.to_lowercase(), "{}", schema.name);
            assert!(seen.insert(field.jinja));
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "the expected texts")]
fn every_field_has_its_value() {
    let record = Record::value(unmarked(instance()));
    insta::assert_snapshot!(json::write(&record, json::Style { pretty: true, escape_html: true }).unwrap(), @r#"
    {
      "Node": "n1",
      "NodeID": "id",
      "NodeAddress": "10.0.0.1",
      "NodeTaggedAddresses": {
        "lan": "10.0.0.1"
      },
      "NodeMeta": {},
      "ServiceMeta": {
        "version": "2"
      },
      "Address": "10.0.0.9",
      "ServiceTaggedAddresses": {
        "lan": {
          "Address": "a",
          "Port": 1
        }
      },
      "ID": "web-1",
      "Name": "web",
      "Tags": [
        "blue"
      ],
      "Checks": [
        {
          "Node": "",
          "CheckID": "c",
          "Name": "",
          "Status": "",
          "Notes": "",
          "Output": "",
          "ServiceID": "",
          "ServiceName": "",
          "ServiceTags": null,
          "Type": "http",
          "ExposedPort": 0,
          "Definition": {
            "Interval": "0s",
            "Timeout": "0s",
            "DeregisterCriticalServiceAfter": "0s",
            "HTTP": "",
            "Header": null,
            "Method": "",
            "Body": "",
            "TLSServerName": "",
            "TLSSkipVerify": false,
            "TCP": "",
            "TCPUseTLS": false,
            "UDP": "",
            "GRPC": "",
            "OSService": "",
            "GRPCUseTLS": false
          },
          "CreateIndex": 0,
          "ModifyIndex": 0
        }
      ],
      "Status": "passing",
      "Port": 80,
      "Weights": {
        "Passing": 1,
        "Warning": 2
      }
    }
    "#);
    let pair = Pair {
        path: "app/a".into(),
        key: "a".into(),
        value: "1".into(),
        flags: u64::MAX,
        ..Pair::default()
    };
    let record = Record::value(unmarked(pair));
    insta::assert_snapshot!(json::write(&record, json::Style { pretty: false, escape_html: true }).unwrap(), @r#"{"Path":"app/a","Key":"a","Value":"1","CreateIndex":0,"ModifyIndex":0,"LockIndex":0,"Flags":18446744073709551615,"Session":""}"#);
    let record = Record::value(unmarked(NoSuchNode));
    insta::assert_snapshot!(json::write(&record, json::Style { pretty: false, escape_html: true }).unwrap(), @r#"{"Node":null,"Services":null}"#);
}

#[test]
fn an_index_past_the_end_is_undefined() {
    assert!(Kind::field(&Pair::default(), 8, &Reads::default()).is_undefined());
}

#[test]
fn a_record_is_true_even_when_it_is_empty() {
    assert!(Record::value(unmarked(Weights::default())).is_true());
}

fn instance() -> Instance {
    Instance {
        node: "n1".into(),
        node_id: "id".into(),
        node_address: "10.0.0.1".into(),
        node_tagged_addresses: TextMap::from([("lan".into(), "10.0.0.1".into())]),
        node_meta: TextMap::new(),
        service_meta: TextMap::from([("version".into(), "2".into())]),
        address: "10.0.0.9".into(),
        service_tagged_addresses: Nullable::from([(
            "lan".into(),
            TaggedAddress {
                address: "a".into(),
                port: 1,
            },
        )]),
        id: "web-1".into(),
        name: "web".into(),
        tags: vec!["blue".into()],
        checks: Nullable::from([Arc::new(Check {
            check_id: "c".into(),
            kind: "http".into(),
            ..Check::default()
        })]),
        status: Health::Passing,
        port: 80,
        weights: Weights {
            passing: 1,
            warning: 2,
        },
    }
}

#[test]
fn the_fields_of_nested_records_have_bits_of_their_own() {
    let count = |schema: &Schema| u8::try_from(schema.fields.len()).unwrap();
    assert!(count(Instance::SCHEMA) <= CHECK && CHECK + count(Check::SCHEMA) <= 64);
    assert!(count(NodeServices::SCHEMA) <= NODE);
    assert!(NODE + count(Node::SCHEMA) <= NODE_SERVICE);
    assert!(NODE_SERVICE + count(NodeService::SCHEMA) <= 64);
    assert_eq!(Pair::SCHEMA.fields[VALUE].go, "Value");
}
