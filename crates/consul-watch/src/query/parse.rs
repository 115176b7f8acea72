//! Parses the text form of a query: one grammar per template function.
//!
//! The parser splits off the parts from the end, so that the last part with a wrong character
//! determines the error.

use std::collections::BTreeSet;

use super::any::Query;
use super::consul::{
    ConsulQuery, Health, HealthFilter, KeyQuery, NodeQuery, NodesQuery, Scope, ServiceQuery,
};
use super::written::{QueryError, Written};

/// The parameters in `?a=b&c=d`.
#[derive(Default)]
struct Parameters {
    namespace: String,
    partition: String,
    peer: String,
    sameness_group: String,
}

impl Query {
    /// Parses the argument of `key`, `keyExists` and `keyOrDefault`: `KEY[?QUERY][@DC]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn key(text: &str) -> Result<Self, QueryError> {
        key_query(Written {
            label: "kv.get",
            text,
        })
        .map(|query| ConsulQuery::Key(query).into())
    }

    /// Parses the argument of `ls`, `tree`, `safeLs` and `safeTree`: `PREFIX[?QUERY][@DC]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn pairs(text: &str) -> Result<Self, QueryError> {
        key_query(Written { label: LIST, text }).map(|query| ConsulQuery::Pairs(query).into())
    }

    /// Parses the argument of `service`: `[TAG.]NAME[?QUERY][@DC][~NEAR][|FILTER]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form, or has an unknown filter.
    pub fn service(text: &str) -> Result<Self, QueryError> {
        service_query(Written {
            label: "health.service",
            text,
        })
        .map(|query| ConsulQuery::Service(query).into())
    }

    /// Parses the argument of `connect`, which has the form of that of `service`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form, or has an unknown filter.
    pub fn connect(text: &str) -> Result<Self, QueryError> {
        service_query(Written {
            label: "health.connect",
            text,
        })
        .map(|query| ConsulQuery::Connect(query).into())
    }

    /// Parses the argument of `services`: `[?QUERY][@DC]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn services(text: &str) -> Result<Self, QueryError> {
        let written = Written {
            label: "catalog.services",
            text,
        };
        let (rest, datacenter) = cut(text, '@');
        let (rest, parameters) = cut(rest, '?');
        no_name(written, rest, "service")?;
        Ok(ConsulQuery::Services(scope(
            written,
            read_parameters(written, parameters)?,
            datacenter,
        )?)
        .into())
    }

    /// Parses the argument of `node`: `[NAME][?QUERY][@DC]`. Without a name it is the agent's own node.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn node(text: &str) -> Result<Self, QueryError> {
        let written = Written {
            label: "catalog.node",
            text,
        };
        let (rest, datacenter) = cut(text, '@');
        let (name, parameters) = cut(rest, '?');
        let name = match name {
            "" if text.is_empty() => String::new(),
            name => written.word(name, "the node name", "-.")?,
        };
        Ok(ConsulQuery::Node(NodeQuery {
            name,
            scope: scope(written, read_parameters(written, parameters)?, datacenter)?,
        })
        .into())
    }

    /// Parses the argument of `caLeaf`: the name of a service.
    ///
    /// # Errors
    /// [`QueryError`] if it is not a valid service name.
    pub fn ca_leaf(text: &str) -> Result<Self, QueryError> {
        let written = Written {
            label: "connect.caleaf",
            text,
        };
        if text.chars().all(|c| c == '.') {
            // A URL drops such segments, so another path would be requested.
            return Err(written.refuse("the service name has nothing but dots"));
        }
        written
            .word(text, "the service name", "-.")
            .map(|name| ConsulQuery::CaLeaf(name).into())
    }

    /// Parses the argument of `peerings`: `[?partition=P]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn peerings(text: &str) -> Result<Self, QueryError> {
        let written = Written {
            label: "list.peering",
            text,
        };
        let (rest, parameters) = cut(text, '?');
        if !rest.is_empty() {
            return Err(written.refuse(format!("it begins with ?, not with {rest:?}")));
        }
        Ok(ConsulQuery::Peerings(read_parameters(written, parameters)?.partition).into())
    }

    /// Parses the argument of `nodes`: `[?QUERY][@DC][~NEAR]`.
    ///
    /// # Errors
    /// [`QueryError`] if the text does not have that form.
    pub fn nodes(text: &str) -> Result<Self, QueryError> {
        let written = Written {
            label: "catalog.nodes",
            text,
        };
        let (rest, near) = cut(text, '~');
        let (rest, datacenter) = cut(rest, '@');
        let (rest, parameters) = cut(rest, '?');
        no_name(written, rest, "node")?;
        Ok(ConsulQuery::Nodes(NodesQuery {
            near: optional(near, |near| written.word(near, "the node after ~", "-."))?,
            scope: scope(written, read_parameters(written, parameters)?, datacenter)?,
        })
        .into())
    }
}

/// Splits `name?query` into `name` and `query`. Without the separator, `name` is the whole text.
fn cut(text: &str, sign: char) -> (&str, Option<&str>) {
    match text.split_once(sign) {
        Some((rest, part)) => (rest, Some(part)),
        None => (text, None),
    }
}

fn optional(
    part: Option<&str>,
    read: impl Fn(&str) -> Result<String, QueryError>,
) -> Result<String, QueryError> {
    part.map_or_else(|| Ok(String::new()), read)
}

/// Refuses a name; `singular` is the function that takes one.
fn no_name(written: Written<'_>, rest: &str, singular: &str) -> Result<(), QueryError> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(written.refuse(format!(
            "it takes no name; for one {singular}, use {singular} {rest:?}"
        )))
    }
}

fn service_query(written: Written<'_>) -> Result<ServiceQuery, QueryError> {
    let (rest, filter) = cut(written.text, '|');
    let (rest, near) = cut(rest, '~');
    let (rest, datacenter) = cut(rest, '@');
    let (rest, parameters) = cut(rest, '?');
    let (tag, name) = match rest.rsplit_once('.') {
        Some((tag, name)) => (written.word(tag, "the tag", "=:.-")?, name),
        None => (String::new(), rest),
    };
    let parameters = read_parameters(written, parameters)?;
    if !parameters.peer.is_empty() && !parameters.sameness_group.is_empty() {
        return Err(written.refuse("peer and sameness-group exclude each other"));
    }
    Ok(ServiceQuery {
        name: written.word(name, "the service name", "-")?,
        tag,
        peer: parameters.peer.clone(),
        sameness_group: parameters.sameness_group.clone(),
        scope: scope(written, parameters, datacenter)?,
        near: optional(near, |near| written.word(near, "the node after ~", "-."))?,
        health: filter.map_or_else(
            || Ok(HealthFilter::passing()),
            |filter| read_filter(written, filter),
        )?,
    })
}

/// The label of the query for all pairs below a prefix.
const LIST: &str = "kv.list";

fn key_query(written: Written<'_>) -> Result<KeyQuery, QueryError> {
    let (rest, datacenter) = cut(written.text, '@');
    let (key, parameters) = cut(rest, '?');
    // For a list, a single slash is the root of all keys; it is not a key.
    let is_root = key == "/" && written.label == LIST;
    let key = key.strip_prefix('/').unwrap_or(key);
    if key.is_empty() && !is_root {
        return Err(written.refuse("the key is empty"));
    }
    if key.split('/').any(|part| part == "." || part == "..") {
        // A URL drops such segments, so another key would be requested.
        return Err(
            written.refuse("a part of a key that is only dots cannot be addressed over HTTP")
        );
    }
    Ok(KeyQuery {
        key: key.to_owned(),
        scope: scope(written, read_parameters(written, parameters)?, datacenter)?,
    })
}

fn scope(
    written: Written<'_>,
    parameters: Parameters,
    datacenter: Option<&str>,
) -> Result<Scope, QueryError> {
    let datacenter = optional(datacenter, |dc| written.word(dc, "the datacenter", "-."))?;
    let Parameters {
        namespace,
        partition,
        peer: _,
        sameness_group: _,
    } = parameters;
    Ok(Scope {
        datacenter,
        namespace,
        partition,
    })
}

fn read_parameters(written: Written<'_>, text: Option<&str>) -> Result<Parameters, QueryError> {
    let mut parameters = Parameters::default();
    let Some(text) = text else {
        return Ok(parameters);
    };
    if text.is_empty() {
        return Err(written.refuse("nothing follows ?"));
    }
    let mut read = BTreeSet::new();
    for assignment in text.split('&').filter(|assignment| !assignment.is_empty()) {
        let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
        let slot = match name {
            "ns" => &mut parameters.namespace,
            "partition" => &mut parameters.partition,
            "peer" => &mut parameters.peer,
            "sameness-group" => &mut parameters.sameness_group,
            unknown => {
                return Err(written.refuse(format!(
                    "unknown parameter {unknown:?}; ns, partition, peer and sameness-group are known"
                )));
            }
        };
        let value = if value.is_empty() {
            String::new()
        } else {
            written.word(value, "a value after ?", "-=")?
        };
        // As in consul-template, the first value of a repeated parameter counts.
        if read.insert(name) {
            *slot = value;
        }
    }
    Ok(parameters)
}

fn read_filter(written: Written<'_>, text: &str) -> Result<HealthFilter, QueryError> {
    let mut wanted = BTreeSet::new();
    if text.is_empty() {
        return Err(written.refuse("nothing follows |"));
    }
    for word in text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        wanted.insert(match word {
            "any" => return Ok(HealthFilter::Any),
            "passing" => Health::Passing,
            "warning" => Health::Warning,
            "critical" => Health::Critical,
            "maintenance" => Health::Maintenance,
            unknown => {
                return Err(written.refuse(format!(
                    "unknown filter {unknown:?}; any, passing, warning, critical and maintenance are known"
                )));
            }
        });
    }
    Ok(HealthFilter::Only(wanted))
}
