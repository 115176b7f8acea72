//! What can be read with a blocking query: where its index stands, what it waits on, and its answer.
//!
//! in:  a [`Question`] and a datacenter
//! out: a [`Look`] (index and watch) and the JSON body; no body is Consul's 404

use serde_json::{Value, json};

use super::catalog::{Catalog, fold};
use super::cluster_state::Datacenter;
use super::json;
use super::ledger::{Ledger, Table, scope};
use super::records::{Check, Instance, Mesh, Stamped};

/// A question that can be asked with `?index`.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// One key.
    Key(String),
    /// All entries below a prefix.
    Entries(String),
    /// The names of the keys below a prefix, folded at a separator.
    Keys(String, String),
    /// The names of all services with their tags.
    Services(Vec<(String, String)>),
    /// The instances of a service that have all these tags, on nodes with all of this.
    Instances {
        name: String,
        tags: Vec<String>,
        meta: Vec<(String, String)>,
    },
    /// All nodes.
    Nodes(Vec<(String, String)>),
    /// One node with its instances.
    Node(String),
    /// The instances of a service with their checks.
    Health {
        name: String,
        tags: Vec<String>,
        meta: Vec<(String, String)>,
        passing: bool,
    },
    /// The instances through which a service is reached in the mesh, with their checks.
    Connect {
        name: String,
        meta: Vec<(String, String)>,
        passing: bool,
    },
    /// The checks on a node.
    NodeChecks(String),
    /// The checks of a service.
    ServiceChecks {
        name: String,
        meta: Vec<(String, String)>,
    },
    /// The checks in a state, or in `any`.
    ChecksInState {
        state: String,
        meta: Vec<(String, String)>,
    },
}

/// Where a question stands.
#[derive(Debug)]
pub(crate) struct Look {
    /// Its index; 0 when nothing was ever written.
    pub(crate) index: u64,
    watch: Watch,
}

#[derive(Debug)]
enum Watch {
    /// Its index alone tells.
    Index,
    /// Only a write below one of these.
    Below(Vec<(Table, Vec<u8>)>),
}

impl Look {
    /// Is the question worth looking at again, when the last look was at this raft index?
    pub(crate) fn stirred(&self, ledger: &Ledger, since: u64) -> bool {
        match &self.watch {
            Watch::Index => true,
            Watch::Below(places) => places
                .iter()
                .any(|(table, scope)| ledger.touched(*table, scope, since)),
        }
    }

    fn by_index(index: u64) -> Self {
        Self {
            index,
            watch: Watch::Index,
        }
    }

    fn below(index: u64, places: Vec<(Table, Vec<u8>)>) -> Self {
        Self {
            index,
            watch: Watch::Below(places),
        }
    }
}

impl Question {
    /// Is this asked of the key-value store, whose answers lack some headers of the catalog's?
    pub(crate) fn of_kv(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Entries(_) | Self::Keys(..))
    }

    /// Where the question stands now.
    pub(crate) fn look(&self, dc: &Datacenter) -> Look {
        let Datacenter { kv, catalog, .. } = dc;
        let tables = catalog.tables();
        match self {
            Self::Key(key) => Look::below(
                kv.key_index(key),
                vec![(Table::Keys, scope(kv.entries(), &format!("{key}\0")))],
            ),
            Self::Entries(prefix) | Self::Keys(prefix, _) => Look::below(
                kv.prefix_index(prefix),
                vec![(Table::Keys, scope(kv.entries(), prefix))],
            ),
            Self::Services(meta) if meta.is_empty() => {
                Look::below(tables.services, vec![(Table::ServiceInstances, Vec::new())])
            }
            Self::Services(_) => Look::below(
                tables.services.max(tables.nodes),
                vec![
                    (Table::ServiceInstances, Vec::new()),
                    (Table::Nodes, Vec::new()),
                ],
            ),
            Self::Nodes(_) => Look::below(tables.nodes, vec![(Table::Nodes, Vec::new())]),
            Self::Node(name) => match catalog.node(name) {
                None => Look::below(0, vec![(Table::Nodes, scope(catalog.nodes(), &fold(name)))]),
                Some(_) => Look::below(
                    tables.nodes.max(tables.services),
                    vec![
                        (Table::Nodes, fold(name).into()),
                        (Table::NodeInstances, fold(name).into()),
                    ],
                ),
            },
            Self::Instances { name, .. } => Look::below(
                catalog.service_index(name, false),
                instance_places(catalog, name),
            ),
            Self::Health { name, .. } if catalog.services().contains_key(&fold(name)) => {
                Look::by_index(catalog.service_index(name, true))
            }
            Self::Health { name, .. } => Look::below(
                catalog.service_index(name, true),
                instance_places(catalog, name),
            ),
            // Any of them may come to be a proxy of the service: every change of the catalog wakes, which is more often
            // than with the real thing.
            Self::Connect { .. } => {
                Look::by_index(tables.nodes.max(tables.services).max(tables.checks))
            }
            Self::NodeChecks(name) => {
                Look::below(tables.checks, vec![(Table::NodeChecks, fold(name).into())])
            }
            Self::ServiceChecks { name, .. } => Look::below(
                tables.checks,
                vec![(Table::ServiceChecks, fold(name).into())],
            ),
            Self::ChecksInState { .. } => {
                Look::below(tables.checks, vec![(Table::NodeChecks, Vec::new())])
            }
        }
    }

    /// The answer; nothing stands for Consul's 404.
    pub(crate) fn answer(&self, dc: &Datacenter) -> Option<Value> {
        let Datacenter {
            kv,
            catalog,
            name: datacenter,
            ..
        } = dc;
        let answer = match self {
            Self::Key(key) => json!([json::entry(key, kv.get(key)?)]),
            Self::Entries(prefix) => {
                let found: Vec<Value> = kv
                    .below(prefix)
                    .map(|(key, entry)| json::entry(key, entry))
                    .collect();
                return (!found.is_empty()).then(|| json!(found));
            }
            Self::Keys(prefix, separator) => {
                let found = fold_keys(kv.below(prefix).map(|(key, _)| key), prefix, separator);
                return (!found.is_empty()).then(|| json!(found));
            }
            Self::Services(meta) => json::services(
                catalog
                    .instances()
                    .filter(|found| node_has(catalog, &found.value.node, meta)),
            ),
            Self::Nodes(meta) => {
                let nodes = catalog
                    .nodes()
                    .values()
                    .filter(|node| node_has(catalog, &node.value.name, meta));
                nodes.map(|node| json::node(node, datacenter)).collect()
            }
            Self::Node(name) => catalog.node(name).map_or(Value::Null, |node| {
                let found = catalog
                    .instances_on(name)
                    .map(|it| (it.value.id.clone(), json::instance(it)));
                let services: serde_json::Map<String, Value> = found.collect();
                json!({"Node": json::node(node, datacenter), "Services": services})
            }),
            Self::Instances { name, tags, meta } => instances(catalog, name, tags)
                .filter(|it| node_has(catalog, &it.value.node, meta))
                .filter_map(|it| {
                    Some(json::catalog_instance(
                        it,
                        catalog.node(&it.value.node)?,
                        datacenter,
                    ))
                })
                .collect(),
            Self::Health {
                name,
                tags,
                meta,
                passing,
            } => instances(catalog, name, tags)
                .filter(|it| node_has(catalog, &it.value.node, meta))
                .filter_map(|it| health(dc, it, *passing))
                .collect(),
            Self::Connect {
                name,
                meta,
                passing,
            } => {
                let reaches = |it: &&Stamped<Instance>| {
                    reaches(&it.value, name) && node_has(catalog, &it.value.node, meta)
                };
                catalog
                    .instances()
                    .filter(reaches)
                    .filter_map(|it| health(dc, it, *passing))
                    .collect()
            }
            Self::NodeChecks(node) => catalog.checks_on(node).map(json::check).collect(),
            Self::ServiceChecks { name, meta } => {
                let of = |check: &&Stamped<Check>| {
                    fold(&check.value.service_name) == fold(name)
                        && node_has(catalog, &check.value.node, meta)
                };
                catalog.checks().filter(of).map(json::check).collect()
            }
            Self::ChecksInState { state, meta } => {
                let of = |check: &&Stamped<Check>| {
                    (state == "any" || check.value.status == *state)
                        && node_has(catalog, &check.value.node, meta)
                };
                catalog.checks().filter(of).map(json::check).collect()
            }
        };
        Some(answer)
    }
}

/// What a query of a service's instances waits on: the instances themselves, and the nodes they are on.
fn instance_places(catalog: &Catalog, name: &str) -> Vec<(Table, Vec<u8>)> {
    let mut places = vec![(
        Table::ServiceInstances,
        scope(catalog.services(), &format!("{}\0", fold(name))),
    )];
    places.extend(
        instances(catalog, name, &[]).map(|it| (Table::Nodes, fold(&it.value.node).into())),
    );
    places
}

fn instances<'a>(
    catalog: &'a Catalog,
    name: &'a str,
    tags: &'a [String],
) -> impl Iterator<Item = &'a Stamped<Instance>> {
    catalog.instances().filter(move |found| {
        let has = |tag: &String| found.value.tags.iter().any(|own| fold(own) == fold(tag));
        fold(&found.value.name) == fold(name) && tags.iter().all(has)
    })
}

/// Is a service of this name reached through this instance?
fn reaches(instance: &Instance, name: &str) -> bool {
    match &instance.mesh {
        Mesh::Outside => false,
        Mesh::Native => fold(&instance.name) == fold(name),
        Mesh::ProxyOf(service) => fold(service) == fold(name),
    }
}

fn node_has(catalog: &Catalog, node: &str, meta: &[(String, String)]) -> bool {
    let own = |(key, value): &(String, String)| {
        catalog
            .node(node)
            .is_some_and(|n| n.value.meta.get(key) == Some(value))
    };
    meta.iter().all(own)
}

/// An instance with its node and checks, the node's first; nothing when it must pass and does not.
fn health(dc: &Datacenter, instance: &Stamped<Instance>, passing: bool) -> Option<Value> {
    let node = dc.catalog.node(&instance.value.node)?;
    let of = |id: &str| {
        let id = id.to_owned();
        dc.catalog
            .checks_on(&instance.value.node)
            .filter(move |check| fold(&check.value.service_id) == fold(&id))
    };
    let mut checks = of("").chain(of(&instance.value.id));
    if passing && checks.any(|check| check.value.status != "passing") {
        return None;
    }
    let checks: Vec<Value> = of("")
        .chain(of(&instance.value.id))
        .map(json::check)
        .collect();
    Some(
        json!({"Node": json::node(node, &dc.name), "Service": json::instance(instance), "Checks": checks}),
    )
}

/// Key names, cut after the first separator behind the prefix, each once.
fn fold_keys<'a>(
    keys: impl Iterator<Item = &'a str>,
    prefix: &str,
    separator: &str,
) -> Vec<&'a str> {
    let mut folded: Vec<&str> = Vec::new();
    for key in keys {
        let behind = &key[prefix.len()..];
        let cut = (!separator.is_empty())
            .then(|| behind.find(separator))
            .flatten();
        let name = cut.map_or(key, |at| &key[..prefix.len() + at + separator.len()]);
        if folded.last() != Some(&name) {
            folded.push(name);
        }
    }
    folded
}
