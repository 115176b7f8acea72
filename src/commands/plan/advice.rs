//! Finds calls that cost many queries, and names a cheaper way.

use super::cost::{Budget, Call};
use consul_watch::query::{ConsulQuery, Query};

/// The number of queries of one call from which on it is a loop.
const LOOP: usize = 10;

/// The advice for these calls, one text for each expensive one.
pub(super) fn advice(calls: &[Call], budget: Budget) -> Vec<String> {
    let expensive = calls.iter().filter(|call| call.queries.len() >= LOOP);
    expensive.map(|call| advice_for(call, budget)).collect()
}

fn advice_for(call: &Call, budget: Budget) -> String {
    let Call {
        file,
        line,
        kind,
        queries,
        ..
    } = call;
    let count = queries.len();
    let place = if *line == 0 {
        file.clone()
    } else {
        format!("{file}:{line}")
    };
    let keys: Option<Vec<_>> = queries.iter().map(key).collect();
    let remedy = match (keys, queries.first()) {
        (Some(keys), _) => {
            let prefix = common_folder(&keys);
            if prefix.is_empty() {
                "put the keys below one prefix, and query it with `tree`: one query".to_owned()
            } else {
                format!(
                    "replace the calls by one loop over `tree {prefix:?}` (or `ls`): one query"
                )
            }
        }
        (None, Some(Query::Consul(ConsulQuery::Service(_) | ConsulQuery::Connect(_)))) => {
            "restrict the loop before this call, for example to a tag (`if in .Tags \"http\"`), or name the services"
                .to_owned()
        }
        (None, Some(Query::Consul(ConsulQuery::Node(_)))) => {
            "if only names and addresses are used, `nodes` has them: one query".to_owned()
        }
        _ => "restrict the loop before this call".to_owned(),
    };
    let slots = budget.connections * budget.sharing;
    let sharing = if budget.sharing == 1 && count > slots {
        "; over TLS, 90 queries share one connection"
    } else {
        ""
    };
    format!("{place}: {count} queries of {kind}: {remedy}{sharing}")
}

/// The key of a query for a single key.
fn key(query: &Query) -> Option<&str> {
    match query {
        Query::Consul(ConsulQuery::Key(query)) => Some(&query.key),
        _ => None,
    }
}

/// The longest folder that all keys are in, with its slash; empty if there is none.
fn common_folder<'a>(keys: &[&'a str]) -> &'a str {
    let Some((first, others)) = keys.split_first() else {
        return "";
    };
    let folder = |length: usize| first[..length].rfind('/').map_or("", |at| &first[..=at]);
    let mut common = folder(first.len());
    while !common.is_empty() && !others.iter().all(|key| key.starts_with(common)) {
        common = folder(common.len() - 1);
    }
    common
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BUDGET: Budget = Budget {
        connections: 64,
        sharing: 1,
        wait: Duration::from_secs(60),
        full_read_interval: None,
    };

    fn call(kind: &str, queries: Vec<Query>) -> Call {
        Call {
            file: "web.ctmpl".to_owned(),
            line: 3,
            kind: kind.to_owned(),
            queries,
            bytes: 0,
        }
    }

    #[test]
    fn a_loop_over_services_and_over_keys_is_named_with_its_remedy() {
        let services = (0..100).map(|number| Query::service(&format!("s{number}")).unwrap());
        let keys = (0..10).map(|number| Query::key(&format!("app/eu/k{number}")).unwrap());
        let calls = [
            call("health.service", services.collect()),
            call("kv.get", keys.collect()),
            call("kv.get", vec![Query::key("one").unwrap(); 9]),
        ];
        insta::assert_snapshot!(advice(&calls, BUDGET).join("\n"), @r#"
        web.ctmpl:3: 100 queries of health.service: restrict the loop before this call, for example to a tag (`if in .Tags "http"`), or name the services; over TLS, 90 queries share one connection
        web.ctmpl:3: 10 queries of kv.get: replace the calls by one loop over `tree "app/eu/"` (or `ls`): one query
        "#);
    }

    #[test]
    fn the_common_folder_ends_at_a_slash() {
        for (keys, folder) in [
            (&["a/b/c", "a/b/d"][..], "a/b/"),
            (&["a/bc", "a/bd"], "a/"),
            (&["a/b/c", "a/d"], "a/"),
            (&["a/b", "b/b"], ""),
            (&["a", "b"], ""),
            (&["ä/ö/a", "ä/ö/b"], "ä/ö/"),
            (&[], ""),
        ] {
            assert_eq!(common_folder(keys), folder, "{keys:?}");
        }
    }
}
