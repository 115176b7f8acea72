//! The service mesh and other clusters.

use super::answers::{check_queries, dependencies};
use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_mesh_and_other_clusters() {
    let empty_leaf = r#"{"SerialNumber":"","Service":"","ServiceURI":"","ValidAfter":"","ValidBefore":"","CreateIndex":0,"ModifyIndex":0}"#;
    check_queries(&[
        (
            "connect",
            r#"["api"]"#,
            "[]",
            "health.connect(api|passing) Unanswered",
        ),
        ("connect", r#"[""]"#, "[]", ""),
        ("connect", "[]", "[]", ""),
        (
            "caRoots",
            "[]",
            r#"[{"ID":"1f","Name":"Root","RootCert":"PEM","Active":false,"CreateIndex":0,"ModifyIndex":0}]"#,
            "connect.caroots",
        ),
        (
            "caLeaf",
            r#"["web"]"#,
            r#"{"SerialNumber":"08","CertPEM":"CERT","PrivateKeyPEM":"KEY","Service":"web","ServiceURI":"","ValidAfter":"","ValidBefore":"","CreateIndex":0,"ModifyIndex":0}"#,
            "connect.caleaf(web)",
        ),
        (
            "caLeaf",
            r#"["api"]"#,
            empty_leaf,
            "connect.caleaf(api) Unanswered",
        ),
        ("caLeaf", r#"[""]"#, "null", ""),
        ("caLeaf", "[]", "null", ""),
        (
            "partitions",
            "[]",
            r#"[{"Name":"default","Description":"Builtin"}]"#,
            "list.partitions",
        ),
        (
            "peerings",
            "[]",
            r#"[{"ID":"","Name":"east","Partition":"","Meta":null,"PeeringState":"ACTIVE","PeerID":"","PeerServerName":"","PeerServerAddresses":null,"StreamStatus":{"ImportedServices":null,"ExportedServices":null,"LastHeartbeat":null,"LastReceive":null,"LastSend":null},"Remote":{"Partition":"","Datacenter":""}}]"#,
            "list.peerings",
        ),
        (
            "peerings",
            r#"["?partition=p"]"#,
            "[]",
            "list.peerings?partition=p Unanswered",
        ),
        (
            "exportedServices",
            "[]",
            r#"[{"Service":"web","Partition":"","Namespace":"","Consumers":{"Peers":["east"],"Partitions":[]}}]"#,
            "list.exportedServices()",
        ),
        (
            "exportedServices",
            r#"["p2"]"#,
            "[]",
            "list.exportedServices(p2) Unanswered",
        ),
        (
            "importedServices",
            r#"["p1"]"#,
            r#"[{"Service":"db","Namespace":"","SourcePartition":"p2"}]"#,
            "list.importedServices(p1)",
        ),
        (
            "importedServices",
            r#"["p2"]"#,
            "[]",
            "list.importedServices(p2) Unanswered",
        ),
    ]);
    let (value, queries) = dependencies("connect", &["web".into()]);
    assert_eq!(
        (value.len(), queries),
        (
            Some(2),
            vec![("health.connect(web|passing)".to_owned(), None)]
        )
    );
    check(&[
        (
            "importedServices",
            "[]",
            "!wrong number of args for importedServices: want 1 got 0",
        ),
        (
            "importedServices",
            r#"[""]"#,
            "!importedServices: the name of the partition is empty",
        ),
        (
            "partitions",
            r#"["p"]"#,
            "!wrong number of args for partitions: want 0 got 1",
        ),
        (
            "peerings",
            r#"["p"]"#,
            r#"!list.peering: invalid format: "p": it begins with ?, not with "p""#,
        ),
        (
            "caLeaf",
            r#"["a/b"]"#,
            r#"!connect.caleaf: invalid format: "a/b": the service name cannot contain '/'"#,
        ),
        (
            "caRoots",
            "[1]",
            "!wrong type for value; expected string; got int",
        ),
    ]);
}
