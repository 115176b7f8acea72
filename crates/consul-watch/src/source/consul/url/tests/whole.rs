//! Tests of whole URLs, and of invalid arguments.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_argument_that_is_not_valid_is_refused_with_the_reason() {
    let cases = [
        (
            Query::service("we b"),
            r#"health.service: invalid format: "we b": the service name cannot contain ' '"#,
        ),
        (
            Query::service(""),
            r#"health.service: invalid format: "": the service name is empty"#,
        ),
        (
            Query::service("web|any@dc1"),
            r#"health.service: invalid format: "web|any@dc1": unknown filter "any@dc1"; any, passing, warning, critical and maintenance are known"#,
        ),
        (
            Query::service("web|"),
            r#"health.service: invalid format: "web|": nothing follows |"#,
        ),
        (
            Query::service("web?x=1"),
            r#"health.service: invalid format: "web?x=1": unknown parameter "x"; ns, partition, peer and sameness-group are known"#,
        ),
        (
            Query::service("web?peer=a&sameness-group=b"),
            r#"health.service: invalid format: "web?peer=a&sameness-group=b": peer and sameness-group exclude each other"#,
        ),
        (
            Query::service("web@"),
            r#"health.service: invalid format: "web@": the datacenter is empty"#,
        ),
        (
            Query::services("web"),
            r#"catalog.services: invalid format: "web": it takes no name; for one service, use service "web""#,
        ),
        (
            Query::connect("we b"),
            r#"health.connect: invalid format: "we b": the service name cannot contain ' '"#,
        ),
        (
            Query::ca_leaf("a/b"),
            r#"connect.caleaf: invalid format: "a/b": the service name cannot contain '/'"#,
        ),
        (
            Query::ca_leaf(".."),
            r#"connect.caleaf: invalid format: "..": the service name has nothing but dots"#,
        ),
        (
            Query::peerings("p"),
            r#"list.peering: invalid format: "p": it begins with ?, not with "p""#,
        ),
        (
            Query::node("a b"),
            r#"catalog.node: invalid format: "a b": the node name cannot contain ' '"#,
        ),
        (
            Query::key("/"),
            r#"kv.get: invalid format: "/": the key is empty"#,
        ),
        (
            Query::key("a@b@c"),
            r#"kv.get: invalid format: "a@b@c": the datacenter cannot contain '@'"#,
        ),
        (
            Query::key("a/../b"),
            r#"kv.get: invalid format: "a/../b": a part of a key that is only dots cannot be addressed over HTTP"#,
        ),
    ];
    for (refused, expected) in cases {
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_query_becomes_the_url_that_consul_expects() {
    let poll = Poll {
        server: 0,
        index: 0,
        wait: Duration::from_secs(60),
        stale: true,
    };
    let later = Poll {
        index: 7,
        stale: false,
        ..poll
    };
    let service = Query::service("t1.web?ns=a&partition=p@dc2~n.1").unwrap();
    let cases = [
        (
            "http://c:8500",
            service,
            poll,
            "http://c:8500/v1/health/service/web?dc=dc2&near=n.1&ns=a&partition=p&passing=1&stale=&tag=t1&wait=60000ms",
        ),
        (
            "http://c:8500",
            Query::key("a b/c%d").unwrap(),
            later,
            "http://c:8500/v1/kv/a%20b/c%25d?index=7&wait=60000ms",
        ),
        (
            "http://c:8500",
            Query::key("//a//b").unwrap(),
            later,
            "http://c:8500/v1/kv/a/b?index=7&wait=60000ms",
        ),
        (
            "http://c:8500",
            Query::pairs("p//").unwrap(),
            later,
            "http://c:8500/v1/kv/p/?index=7&recurse=&wait=60000ms",
        ),
        (
            "http://c:8500",
            Query::pairs("p/").unwrap(),
            poll,
            "http://c:8500/v1/kv/p/?recurse=&stale=&wait=60000ms",
        ),
        (
            "https://c/up",
            Query::services("").unwrap(),
            later,
            "https://c/up/v1/catalog/services?index=7&wait=60000ms",
        ),
        (
            "unix:///run/c.sock",
            Query::key("a").unwrap(),
            later,
            "unix:///v1/kv/a?index=7&wait=60000ms",
        ),
        (
            "http://c:8500/",
            ConsulQuery::Datacenters(DatacentersQuery {
                ignore_failing: false,
            })
            .into(),
            poll,
            "http://c:8500/v1/catalog/datacenters",
        ),
    ];
    for (server, query, poll, expected) in cases {
        let server: Url = server.parse().unwrap();
        assert_eq!(
            target(&query).url(&config(), &server, poll).as_str(),
            expected
        );
    }
}

#[test]
fn the_configured_namespace_and_partition_apply_unless_the_query_names_its_own() {
    let config = ClientConfig {
        namespace: Some("n".to_owned()),
        partition: Some("p".to_owned()),
        ..config()
    };
    let server: Url = "http://c:8500".parse().unwrap();
    for (key, expected) in [
        ("k", "http://c:8500/v1/kv/k?ns=n&partition=p&wait=0ms"),
        (
            "k?ns=own",
            "http://c:8500/v1/kv/k?ns=own&partition=p&wait=0ms",
        ),
    ] {
        let url = target(&Query::key(key).unwrap()).url(&config, &server, Poll::once(0));
        assert_eq!(url.as_str(), expected);
    }
}
