//! Reads answers about the mesh and other clusters, sorted as in consul-template. Ties are broken
//! by the other fields, so that the same items in another order are an equal answer.

use std::sync::Arc;

use serde::Deserialize;

use super::json::{WireError, json};
use crate::answer::{
    Answer, CaRoot, ExportedService, ImportedService, LeafCertificate, Partition, Peering,
    or_default,
};

pub(super) fn ca_roots(body: &[u8]) -> Result<Answer, WireError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Trusted {
        #[serde(deserialize_with = "or_default")]
        roots: Vec<Arc<CaRoot>>,
    }
    Ok(Answer::CaRoots(json::<Trusted>(body)?.roots))
}

pub(super) fn ca_leaf(body: &[u8]) -> Result<Answer, WireError> {
    let leaf: Arc<LeafCertificate> = json(body)?;
    if leaf.certificate.is_empty() {
        return Err(WireError::NoCertificate);
    }
    Ok(Answer::CaLeaf(leaf))
}

pub(super) fn partitions(body: &[u8]) -> Result<Answer, WireError> {
    let mut partitions: Vec<Arc<Partition>> = json::<Option<_>>(body)?.unwrap_or_default();
    partitions.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Answer::Partitions(partitions))
}

pub(super) fn peerings(body: &[u8]) -> Result<Answer, WireError> {
    let mut peerings: Vec<Arc<Peering>> = json::<Option<_>>(body)?.unwrap_or_default();
    peerings
        .sort_by(|a, b| (&a.state, &a.partition, &a.name).cmp(&(&b.state, &b.partition, &b.name)));
    Ok(Answer::Peerings(peerings))
}

pub(super) fn exported_services(body: &[u8]) -> Result<Answer, WireError> {
    let mut services: Vec<Arc<ExportedService>> = json::<Option<_>>(body)?.unwrap_or_default();
    services.sort_by(|a, b| {
        (&a.service, &a.partition, &a.namespace).cmp(&(&b.service, &b.partition, &b.namespace))
    });
    Ok(Answer::ExportedServices(services))
}

/// Reads imported services. They come as a list or in an object, depending on the version of Consul.
pub(super) fn imported_services(body: &[u8]) -> Result<Answer, WireError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Imported {
        List(Option<Vec<Arc<ImportedService>>>),
        #[serde(rename_all = "PascalCase")]
        Within {
            #[serde(deserialize_with = "or_default")]
            imported_services: Vec<Arc<ImportedService>>,
        },
    }
    let mut services = match json(body)? {
        Imported::List(services) => services.unwrap_or_default(),
        Imported::Within { imported_services } => imported_services,
    };
    services.sort_by(|a, b| {
        (&a.service, &a.source_partition, &a.namespace).cmp(&(
            &b.service,
            &b.source_partition,
            &b.namespace,
        ))
    });
    Ok(Answer::ImportedServices(services))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in the order of the answer.
    fn names(answer: Answer) -> Vec<String> {
        match answer {
            Answer::CaRoots(roots) => roots.iter().map(|root| root.name.clone()).collect(),
            Answer::Partitions(partitions) => partitions
                .iter()
                .map(|partition| partition.name.clone())
                .collect(),
            Answer::Peerings(peerings) => peerings
                .iter()
                .map(|peering| peering.name.clone())
                .collect(),
            Answer::ExportedServices(services) => services
                .iter()
                .map(|one| format!("{}/{}", one.namespace, one.service))
                .collect(),
            Answer::ImportedServices(services) => services
                .iter()
                .map(|one| format!("{}/{}", one.source_partition, one.service))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_list_has_several_forms() {
        type Read = fn(&[u8]) -> Result<Answer, WireError>;
        let cases: [(Read, &str); 8] = [
            (ca_roots, r#"{"Roots":null}"#),
            (partitions, "null"),
            (partitions, "[]"),
            (peerings, "null"),
            (exported_services, "null"),
            (imported_services, "null"),
            (imported_services, "[]"),
            (imported_services, r#"{"ImportedServices":null}"#),
        ];
        for (read, body) in cases {
            assert!(read(body.as_bytes()).unwrap().is_empty(), "{body}");
        }
    }

    #[test]
    fn lists_are_sorted_down_to_the_last_tie() {
        type Read = fn(&[u8]) -> Result<Answer, WireError>;
        let cases: [(Read, &[&str], &[&str]); 5] = [
            // Consul's order is significant here: the result is not sorted.
            (
                ca_roots,
                &[r#"{"Name":"b"}"#, r#"{"Name":"a"}"#],
                &["b", "a"],
            ),
            (
                partitions,
                &[r#"{"Name":"b"}"#, r#"{"Name":"B"}"#, r#"{"Name":"a"}"#],
                &["B", "a", "b"],
            ),
            (
                peerings,
                &[
                    r#"{"Name":"c-2","State":"ACTIVE"}"#,
                    r#"{"Name":"c-1","State":"PENDING"}"#,
                    r#"{"Name":"c-12","State":"ACTIVE","Meta":null,"StreamStatus":null}"#,
                    r#"{"Name":"a","State":"ACTIVE","Partition":"p"}"#,
                ],
                &["c-12", "c-2", "a", "c-1"],
            ),
            (
                exported_services,
                &[
                    r#"{"Service":"web","Namespace":"ops","Consumers":null}"#,
                    r#"{"Service":"web"}"#,
                    r#"{"Service":"db"}"#,
                ],
                &["/db", "/web", "ops/web"],
            ),
            (
                imported_services,
                &[
                    r#"{"Service":"web","SourcePartition":"b"}"#,
                    r#"{"Service":"web","SourcePartition":"a"}"#,
                ],
                &["a/web", "b/web"],
            ),
        ];
        for (place, (read, items, sorted)) in cases.into_iter().enumerate() {
            let body = |items: &[&str]| match place {
                0 => format!(r#"{{"Roots":[{}]}}"#, items.join(",")),
                _ => format!("[{}]", items.join(",")),
            };
            assert_eq!(names(read(body(items).as_bytes()).unwrap()), sorted);
            if place > 0 {
                let backwards: Vec<&str> = items.iter().rev().copied().collect();
                assert_eq!(names(read(body(&backwards).as_bytes()).unwrap()), sorted);
            }
        }
    }

    #[test]
    fn an_error_does_not_quote_the_body() {
        let error = ca_leaf(br#"{"PrivateKeyPEM":["secret"]}"#)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("another shape") && !error.contains("secret"),
            "{error}"
        );
        for body in ["{}", "7", "[7]"] {
            assert!(partitions(body.as_bytes()).is_err(), "{body}");
            assert!(exported_services(body.as_bytes()).is_err(), "{body}");
            assert!(imported_services(body.as_bytes()).is_err(), "{body}");
            assert!(ca_roots(body.as_bytes()).is_err(), "{body}");
            assert!(ca_leaf(body.as_bytes()).is_err(), "{body}");
        }
    }
}
