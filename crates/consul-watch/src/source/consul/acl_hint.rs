//! Explains status 403 with the ACL rule that the query needs.

use crate::query::ConsulQuery;

/// The explanation of a 403; `None` if the message of Consul does not concern the token.
pub(super) fn for_denied(query: &ConsulQuery, message: &str, has_token: bool) -> Option<String> {
    if message.contains("ACL not found") {
        return Some("Consul does not know the configured token".to_owned());
    }
    if !message.contains("Permission denied") {
        return None;
    }
    let needed = rule(query).map_or(String::new(), |rule| format!(" with the rule {rule}"));
    Some(if has_token {
        format!("the query needs a token{needed}")
    } else {
        format!("no token is set; the query needs one{needed}")
    })
}

/// The least rule that permits a query; `None` if no single rule does.
fn rule(query: &ConsulQuery) -> Option<String> {
    let named = |kind: &str, name: &str, policy: &str| {
        Some(format!("{kind} {name:?} {{ policy = {policy:?} }}"))
    };
    match query {
        ConsulQuery::Key(key) => named("key", &key.key, "read"),
        ConsulQuery::Pairs(prefix) => named("key_prefix", &prefix.key, "read"),
        ConsulQuery::Service(service) | ConsulQuery::Connect(service) => {
            named("service", &service.name, "read")
        }
        ConsulQuery::Services(_) => named("service_prefix", "", "read"),
        ConsulQuery::Node(node) if !node.name.is_empty() => named("node", &node.name, "read"),
        ConsulQuery::Node(_) | ConsulQuery::Nodes(_) => named("node_prefix", "", "read"),
        ConsulQuery::CaLeaf(service) => named("service", service, "write"),
        ConsulQuery::Datacenters(_)
        | ConsulQuery::CaRoots
        | ConsulQuery::Partitions
        | ConsulQuery::Peerings(_)
        | ConsulQuery::ExportedServices(_)
        | ConsulQuery::ImportedServices(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Query;

    fn hint(query: Query, message: &str, has_token: bool) -> Option<String> {
        let Query::Consul(query) = query else {
            panic!("{query} is not a query to Consul")
        };
        for_denied(&query, message, has_token)
    }

    #[test]
    fn the_rule_is_that_of_the_query() {
        let denied = |query| hint(query, "Permission denied", true).unwrap();
        for (query, rule) in [
            (Query::key("a/b"), r#"key "a/b" { policy = "read" }"#),
            (Query::pairs("a"), r#"key_prefix "a" { policy = "read" }"#),
            (
                Query::service("web"),
                r#"service "web" { policy = "read" }"#,
            ),
            (
                Query::services(""),
                r#"service_prefix "" { policy = "read" }"#,
            ),
            (Query::nodes(""), r#"node_prefix "" { policy = "read" }"#),
            (
                Query::ca_leaf("web"),
                r#"service "web" { policy = "write" }"#,
            ),
        ] {
            let text = denied(query.unwrap());
            assert_eq!(
                text,
                format!("the query needs a token with the rule {rule}")
            );
        }
    }

    #[test]
    fn a_missing_and_an_unknown_token_are_named() {
        let query = || Query::key("a").unwrap();
        assert!(
            hint(query(), "Permission denied", false)
                .unwrap()
                .starts_with("no token is set")
        );
        assert_eq!(
            hint(query(), "ACL not found", true).as_deref(),
            Some("Consul does not know the configured token")
        );
        assert_eq!(hint(query(), "rate limited", true), None);
    }
}
