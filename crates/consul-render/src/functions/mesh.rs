//! The functions for the service mesh and other clusters.

use minijinja::Value;

use super::call_args::{CallArgs, named_args, query_and_options};
use super::rendering::{refusal, rendering};
use super::sources::{empty_list, source};
use crate::call_options::{AGENT_ITEM_NAMES, ITEM_NAMES};
use crate::reading::Selection;
use crate::records;
use ::functions::args::{FunctionResult, fail, text};
use ::functions::{Call, Function};
use consul_watch::answer::Answer;
use consul_watch::query::{ConsulQuery, Query};
use gotemplate::record::Record;

pub(super) static TABLE: &[Function] = &[
    source(
        ["caRoots", "ca_roots"],
        "() []root",
        "The root certificates of the mesh's certificate authority.",
        ca_roots,
    ),
    Function {
        options: AGENT_ITEM_NAMES,
        ..source(
            ["caLeaf", "ca_leaf"],
            "(service string) certificate",
            "The leaf certificate of a service in the mesh, with its private key; the agent renews it.",
            ca_leaf,
        )
    },
    source(
        ["partitions", "partitions"],
        "() []partition",
        "All admin partitions (Consul Enterprise).",
        partitions,
    ),
    source(
        ["peerings", "peerings"],
        "(query ...string) []peering",
        "The cluster peerings of the agent's partition, or of \"?partition=P\".",
        peerings,
    ),
    source(
        ["exportedServices", "exported_services"],
        "(partition ...string) []exported",
        "The services that a partition exports, with their consumers.",
        exported_services,
    ),
    source(
        ["importedServices", "imported_services"],
        "(partition string) []imported",
        "The services that a partition imports, with their source partitions.",
        imported_services,
    ),
];

fn ca_roots(call: &Call<'_>) -> FunctionResult {
    // consul-template accepts arguments and ignores them.
    call.texts()?;
    let (answer, reads) =
        rendering(call)?.request_part(&ConsulQuery::CaRoots.into(), Selection::All);
    Ok(match answer.as_deref() {
        Some(Answer::CaRoots(roots)) => records::list(roots, &reads),
        _ => empty_list(),
    })
}

fn ca_leaf(call: &Call<'_>) -> FunctionResult {
    let named = named_args(call);
    let is_option = |position, name: &str| position > 0 && ITEM_NAMES.contains(&name);
    let CallArgs { texts, options } = CallArgs::read(call, &named, is_option)?;
    let service = match texts.first() {
        None | Some(&"") => return Ok(Value::from(())),
        Some(service) => *service,
    };
    let (query, rendering) = (Query::ca_leaf(service).map_err(refusal)?, rendering(call)?);
    let (query, options) = query_and_options(rendering, query, options, AGENT_ITEM_NAMES)?;
    let options = options.requiring_an_answer();
    let (answer, reads) = rendering.request_with(&query, options, Selection::All)?;
    Ok(match answer.as_deref() {
        Some(Answer::CaLeaf(leaf)) => records::single(leaf, &reads),
        // Empty fields instead of nil, so that the template continues and all its queries are found.
        _ => Record::value(records::unmarked(
            consul_watch::answer::LeafCertificate::default(),
        )),
    })
}

fn partitions(call: &Call<'_>) -> FunctionResult {
    let [] = call.exactly("partitions")?;
    let (answer, reads) =
        rendering(call)?.request_part(&ConsulQuery::Partitions.into(), Selection::All);
    Ok(match answer.as_deref() {
        Some(Answer::Partitions(partitions)) => records::list(partitions, &reads),
        _ => empty_list(),
    })
}

fn peerings(call: &Call<'_>) -> FunctionResult {
    let query = Query::peerings(&call.texts()?.concat()).map_err(refusal)?;
    let (answer, reads) = rendering(call)?.request_part(&query, Selection::All);
    Ok(match answer.as_deref() {
        Some(Answer::Peerings(peerings)) => records::list(peerings, &reads),
        _ => empty_list(),
    })
}

fn exported_services(call: &Call<'_>) -> FunctionResult {
    let partition = match call.texts()?.as_slice() {
        [] => "",
        [partition] => *partition,
        _ => return fail("exportedServices: wrong number of arguments, expected 0 or 1"),
    };
    let (answer, reads) = rendering(call)?.request_part(
        &ConsulQuery::ExportedServices(partition.to_owned()).into(),
        Selection::All,
    );
    Ok(match answer.as_deref() {
        Some(Answer::ExportedServices(services)) => records::list(services, &reads),
        _ => empty_list(),
    })
}

fn imported_services(call: &Call<'_>) -> FunctionResult {
    let [partition] = call.exactly("importedServices")?;
    let partition = text(partition)?;
    if partition.is_empty() {
        return fail("importedServices: the name of the partition is empty");
    }
    let (answer, reads) = rendering(call)?.request_part(
        &ConsulQuery::ImportedServices(partition.to_owned()).into(),
        Selection::All,
    );
    Ok(match answer.as_deref() {
        Some(Answer::ImportedServices(services)) => records::list(services, &reads),
        _ => empty_list(),
    })
}
