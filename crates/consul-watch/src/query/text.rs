//! The text form of a query for log lines and messages: consul-template's names of dependencies.

use std::fmt::{self, Write as _};

use super::any::Query;
use super::consul::{ConsulQuery, DatacentersQuery, HealthFilter, KeyQuery, Scope, ServiceQuery};

/// Formats the query on one line: control characters and backslashes in names are escaped, so that different queries
/// have different texts.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = OneLine(f);
        match self {
            Self::Consul(query) => query.write_to(&mut out),
            Self::File(file) => write!(out, "file({})", file.path.display()),
            // Arguments may contain secrets.
            Self::Plugin(plugin) => write!(out, "plugin({})", plugin.program()),
        }
    }
}

impl fmt::Display for ConsulQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(&mut OneLine(f))
    }
}

/// A writer that escapes control characters and backslashes.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_escaped = |letter: char| letter.is_control() || letter == '\\';
        for part in text.split_inclusive(is_escaped) {
            let plain = part.trim_end_matches(is_escaped);
            self.0.write_str(plain)?;
            part[plain.len()..]
                .chars()
                .try_for_each(|letter| write!(self.0, "{}", letter.escape_default()))?;
        }
        Ok(())
    }
}

impl ConsulQuery {
    fn write_to(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Key(query) => write!(f, "kv.get({query})"),
            Self::Pairs(query) => write!(f, "kv.list({query})"),
            Self::Service(query) => write!(f, "health.service({query})"),
            Self::Connect(query) => write!(f, "health.connect({query})"),
            Self::Services(scope) => match scope.to_string() {
                scope if scope.is_empty() => write!(f, "catalog.services"),
                scope => write!(f, "catalog.services({scope})"),
            },
            Self::Node(query) => write!(f, "catalog.node({}{})", query.name, query.scope),
            Self::Nodes(query) => match format!("{}{}", query.scope, Suffix('~', &query.near)) {
                suffix if suffix.is_empty() => write!(f, "catalog.nodes"),
                suffix => write!(f, "catalog.nodes({suffix})"),
            },
            Self::Datacenters(DatacentersQuery {
                ignore_failing: false,
            }) => write!(f, "catalog.datacenters"),
            Self::Datacenters(DatacentersQuery {
                ignore_failing: true,
            }) => {
                write!(f, "catalog.datacenters(ignore failing)")
            }
            Self::CaRoots => write!(f, "connect.caroots"),
            Self::CaLeaf(service) => write!(f, "connect.caleaf({service})"),
            Self::Partitions => write!(f, "list.partitions"),
            Self::Peerings(partition) if partition.is_empty() => write!(f, "list.peerings"),
            Self::Peerings(partition) => write!(f, "list.peerings?partition={partition}"),
            Self::ExportedServices(partition) => write!(f, "list.exportedServices({partition})"),
            Self::ImportedServices(partition) => write!(f, "list.importedServices({partition})"),
        }
    }
}

/// A part preceded by its separator; empty if the part is empty.
struct Suffix<'a>(char, &'a str);

impl fmt::Display for Suffix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() {
            Ok(())
        } else {
            write!(f, "{}{}", self.0, self.1)
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            datacenter,
            namespace,
            partition,
        } = self;
        write!(f, "{}", Suffix('@', datacenter))?;
        if !partition.is_empty() {
            write!(f, "@partition={partition}")?;
        }
        if !namespace.is_empty() {
            write!(f, "@ns={namespace}")?;
        }
        Ok(())
    }
}

impl fmt::Display for KeyQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.key, self.scope)
    }
}

impl fmt::Display for ServiceQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            tag,
            scope,
            peer,
            sameness_group,
            near,
            health,
        } = self;
        if !tag.is_empty() {
            write!(f, "{tag}.")?;
        }
        write!(f, "{name}{scope}")?;
        if !peer.is_empty() {
            write!(f, "@peer={peer}")?;
        }
        if !sameness_group.is_empty() {
            write!(f, "@sameness-group={sameness_group}")?;
        }
        write!(f, "{}", Suffix('~', near))?;
        match health {
            HealthFilter::Any => write!(f, "|any"),
            HealthFilter::Only(wanted) => {
                let words: Vec<_> = wanted.iter().map(|health| health.as_str()).collect();
                write!(f, "|{}", words.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_queries_have_different_texts_of_one_line() {
        let text = |name: &str| Query::key(name).unwrap().to_string();
        for (name, expected) in [
            ("a\nb", r"kv.get(a\nb)"),
            (r"a\nb", r"kv.get(a\\nb)"),
            (r"a\\nb", r"kv.get(a\\\\nb)"),
        ] {
            assert_eq!(text(name), expected);
        }
    }
}
