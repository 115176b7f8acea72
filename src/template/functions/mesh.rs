//! Questions to Consul about the mesh and about other clusters.

use std::sync::Arc;

use minijinja::Value;

use super::args::{Outcome, refuse, text};
use super::sources::{empty_list, source};
use crate::answer::Answer;
use crate::query::Query;
use crate::template::function::{Call, Function};
use crate::template::record::Record;
use crate::template::records;

pub(super) static TABLE: &[Function] = &[
    source(
        ["caRoots", "ca_roots"],
        "() []root",
        "The root certificates that the service mesh trusts.",
        ca_roots,
    ),
    source(
        ["caLeaf", "ca_leaf"],
        "(service string) certificate",
        "The certificate of a service in the mesh and its private key, renewed by the agent in time.",
        ca_leaf,
    ),
    source(
        ["partitions", "partitions"],
        "() []partition",
        "All admin partitions (Consul Enterprise).",
        partitions,
    ),
    source(
        ["peerings", "peerings"],
        "(query ...string) []peering",
        "The peerings with other clusters, of the agent's partition or of \"?partition=P\".",
        peerings,
    ),
    source(
        ["exportedServices", "exported_services"],
        "(partition ...string) []exported",
        "The services that a partition exports, and to whom.",
        exported_services,
    ),
    source(
        ["importedServices", "imported_services"],
        "(partition string) []imported",
        "The services that a partition imports, and from where.",
        imported_services,
    ),
];

fn ca_roots(call: &Call<'_>) -> Outcome {
    // Arguments have never meant anything, and never been refused.
    call.texts()?;
    Ok(match call.pass.ask(&Query::CaRoots)?.as_deref() {
        Some(Answer::CaRoots(roots)) => records::list(roots),
        _ => empty_list(),
    })
}

fn ca_leaf(call: &Call<'_>) -> Outcome {
    let service = match call.texts()?.first() {
        None | Some(&"") => return Ok(Value::from(())),
        Some(service) => *service,
    };
    Ok(match call.pass.ask(&Query::ca_leaf(service)?)?.as_deref() {
        Some(Answer::CaLeaf(leaf)) => Record::value(Arc::clone(leaf) as _),
        // Empty rather than none, so that a template gets to ask the rest of its questions.
        _ => Record::value(Arc::new(crate::answer::LeafCertificate::default())),
    })
}

fn partitions(call: &Call<'_>) -> Outcome {
    let [] = call.exactly("partitions")?;
    Ok(match call.pass.ask(&Query::Partitions)?.as_deref() {
        Some(Answer::Partitions(partitions)) => records::list(partitions),
        _ => empty_list(),
    })
}

fn peerings(call: &Call<'_>) -> Outcome {
    Ok(
        match call
            .pass
            .ask(&Query::peerings(&call.texts()?.concat())?)?
            .as_deref()
        {
            Some(Answer::Peerings(peerings)) => records::list(peerings),
            _ => empty_list(),
        },
    )
}

fn exported_services(call: &Call<'_>) -> Outcome {
    let texts = call.texts()?;
    let partition = texts.first().copied().unwrap_or_default();
    Ok(
        match call
            .pass
            .ask(&Query::ExportedServices(partition.to_owned()))?
            .as_deref()
        {
            Some(Answer::ExportedServices(services)) => records::list(services),
            _ => empty_list(),
        },
    )
}

fn imported_services(call: &Call<'_>) -> Outcome {
    let [partition] = call.exactly("importedServices")?;
    let partition = text(partition)?;
    if partition.is_empty() {
        return refuse("importedServices: the name of the partition is empty");
    }
    Ok(
        match call
            .pass
            .ask(&Query::ImportedServices(partition.to_owned()))?
            .as_deref()
        {
            Some(Answer::ImportedServices(services)) => records::list(services),
            _ => empty_list(),
        },
    )
}
