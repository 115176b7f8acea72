//! Cases: services of the server's own node.

use serde_json::{Value, json};

use super::Expect::{Header, Json, NoStanding, Standing, Status};
use super::{Case, REGISTER, case, check, own_node, serf_health};
use crate::conformance::Request;

const WEB: &[Request] = &[
    (
        "PUT",
        REGISTER,
        r#"{"ID":"an-web-1","Name":"an-web","Address":"127.0.0.1","Port":8081,"Tags":["v1","blue"],
            "Meta":{"k":"v"},"Check":{"TTL":"1h","Status":"passing"}}"#,
    ),
    (
        "PUT",
        REGISTER,
        r#"{"ID":"an-web-2","Name":"an-web","Port":8082,"Tags":["v2"],"Check":{"TTL":"1h"}}"#,
    ),
];

fn web_1() -> Value {
    json!({
        "ID": "an-web-1", "Service": "an-web", "Tags": ["v1", "blue"], "Address": "127.0.0.1",
        "TaggedAddresses": {
            "lan_ipv4": {"Address": "127.0.0.1", "Port": 8081}, "wan_ipv4": {"Address": "127.0.0.1", "Port": 8081},
        },
        "Meta": {"k": "v"}, "Port": 8081, "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
        "Proxy": {"MeshGateway": {}, "Expose": {}}, "Connect": {}, "CreateIndex": "#", "ModifyIndex": "#",
    })
}

fn web_2() -> Value {
    json!({
        "ID": "an-web-2", "Service": "an-web", "Tags": ["v2"], "Address": "", "Meta": null, "Port": 8082,
        "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
        "Proxy": {"MeshGateway": {}, "Expose": {}}, "Connect": {}, "CreateIndex": "#", "ModifyIndex": "#",
    })
}

fn healthy_1() -> Value {
    let of: (&str, &str, &[&str]) = ("an-web-1", "an-web", &["v1", "blue"]);
    let own = check(
        "service:an-web-1",
        "Service 'an-web' check",
        "passing",
        "ttl",
        "",
        of,
    );
    json!({"Node": own_node(), "Service": web_1(), "Checks": [serf_health(), own]})
}

fn critical_2() -> Value {
    let of: (&str, &str, &[&str]) = ("an-web-2", "an-web", &["v2"]);
    let own = check(
        "service:an-web-2",
        "Service 'an-web' check",
        "critical",
        "ttl",
        "",
        of,
    );
    json!({"Node": own_node(), "Service": web_2(), "Checks": [serf_health(), own]})
}

/// Removes the indexes of a check, which the agent does not show.
fn unstamped(mut check: Value) -> Value {
    for index in ["CreateIndex", "ModifyIndex"] {
        check[index] = json!(0);
    }
    check
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    let of: (&str, &str, &[&str]) = ("an-kept", "an-kept", &[]);
    let kept = || {
        check(
            "service:an-kept",
            "Service 'an-kept' check",
            "critical",
            "ttl",
            "",
            of,
        )
    };
    let asked = |name, target, body| {
        case(
            name,
            WEB,
            ("GET", target, ""),
            vec![Status(200), Standing, Json(body)],
        )
    };
    let leader = |mut case: Case, how| {
        case.expect
            .push(Header("X-Consul-Effective-Consistency", how));
        case
    };
    vec![
        leader(
            asked(
                "an unknown service is empty",
                "/v1/health/service/an-none",
                json!([]),
            ),
            "leader",
        ),
        leader(
            asked("stale", "/v1/health/service/an-none?stale", json!([])),
            "stale",
        ),
        leader(
            asked(
                "consistent",
                "/v1/health/service/an-none?consistent",
                json!([]),
            ),
            "consistent",
        ),
        asked(
            "all instances",
            "/v1/health/service/an-web",
            json!([healthy_1(), critical_2()]),
        ),
        asked(
            "passing instances",
            "/v1/health/service/an-web?passing",
            json!([healthy_1()]),
        ),
        asked(
            "passing=false is all",
            "/v1/health/service/an-web?passing=false",
            json!([healthy_1(), critical_2()]),
        ),
        asked(
            "instances with a tag",
            "/v1/health/service/an-web?tag=blue",
            json!([healthy_1()]),
        ),
        asked(
            "tags in other letters",
            "/v1/health/service/AN-WEB?tag=BLUE",
            json!([healthy_1()]),
        ),
        asked(
            "instances with two tags",
            "/v1/health/service/an-web?tag=blue&tag=v1",
            json!([healthy_1()]),
        ),
        asked(
            "no instance has both tags",
            "/v1/health/service/an-web?tag=blue&tag=v2",
            json!([]),
        ),
        asked(
            "near another node",
            "/v1/health/service/an-web?passing&near=_agent",
            json!([healthy_1()]),
        ),
        asked(
            "filtered",
            "/v1/health/service/an-web?filter=Service.Port==8081",
            json!([healthy_1()]),
        ),
        asked(
            "filtered by two conditions",
            "/v1/health/service/an-web?filter=%22v1%22+in+Service.Tags+and+Service.Meta.k+!=+x",
            json!([healthy_1()]),
        ),
        asked(
            "filtered by a check of a list",
            "/v1/health/service/an-web?filter=Checks.Status+==+critical",
            json!([critical_2()]),
        ),
        asked(
            "filtered by a missing pair and by none",
            "/v1/health/service/an-web?filter=not+(Service.Meta+is+not+empty)",
            json!([critical_2()]),
        ),
        asked(
            "filtered by a pattern",
            "/v1/health/service/an-web?filter=Service.ID+matches+%221$%22",
            json!([healthy_1()]),
        ),
        asked(
            "instances in the catalog",
            "/v1/catalog/service/an-web?tag=blue",
            json!([{
                "ID": "#", "Node": "s1", "Address": "127.0.0.1", "Datacenter": "dc1",
                "TaggedAddresses": own_node()["TaggedAddresses"], "NodeMeta": {"consul-network-segment": ""},
                "ServiceKind": "", "ServiceID": "an-web-1", "ServiceName": "an-web", "ServiceTags": ["v1", "blue"],
                "ServiceAddress": "127.0.0.1", "ServiceTaggedAddresses": web_1()["TaggedAddresses"],
                "ServiceWeights": {"Passing": 1, "Warning": 1}, "ServiceMeta": {"k": "v"}, "ServicePort": 8081,
                "ServiceEnableTagOverride": false, "ServiceProxy": {"MeshGateway": {}, "Expose": {}},
                "ServiceConnect": {}, "CreateIndex": "#", "ModifyIndex": "#",
            }]),
        ),
        asked(
            "an unknown service in the catalog",
            "/v1/catalog/service/an-none",
            json!([]),
        ),
        asked("an unknown node", "/v1/catalog/node/an-none", json!(null)),
        case(
            "the agent's own services",
            &[(
                "PUT",
                REGISTER,
                r#"{"name":"an-low","port":8,"enable_tag_override":true,"weights":{"passing":3}}"#,
            )],
            ("GET", "/v1/agent/services", ""),
            vec![Status(200), NoStanding],
        ),
        case(
            "the agent's services, filtered",
            &[(
                "PUT",
                REGISTER,
                r#"{"Name":"an-only","Port":9,"Tags":["x"]}"#,
            )],
            (
                "GET",
                "/v1/agent/services?filter=Service==%22an-only%22",
                "",
            ),
            vec![
                Status(200),
                Json(json!({"an-only": {
                    "ID": "an-only", "Service": "an-only", "Tags": ["x"], "Meta": {}, "Port": 9, "Address": "",
                    "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
                }})),
            ],
        ),
        case(
            "the agent's checks, filtered",
            &[(
                "PUT",
                REGISTER,
                r#"{"Name":"an-checked","Check":{"TTL":"1h","Status":"warning"}}"#,
            )],
            (
                "GET",
                "/v1/agent/checks?filter=ServiceName==%22an-checked%22+and+Status==passing",
                "",
            ),
            vec![Status(200), Json(json!({}))],
        ),
        case(
            "checks stay when another word than true asks to replace them",
            &[
                (
                    "PUT",
                    REGISTER,
                    r#"{"Name":"an-kept","Check":{"TTL":"1h"}}"#,
                ),
                (
                    "PUT",
                    "/v1/agent/service/register?replace-existing-checks=1",
                    r#"{"Name":"an-kept"}"#,
                ),
            ],
            (
                "GET",
                "/v1/agent/checks?filter=ServiceName==%22an-kept%22",
                "",
            ),
            vec![
                Status(200),
                Json(json!({"service:an-kept": unstamped(kept())})),
            ],
        ),
        case(
            "an address of six bytes",
            &[(
                "PUT",
                REGISTER,
                r#"{"Name":"an-six","Address":"::1","Port":6}"#,
            )],
            (
                "GET",
                "/v1/catalog/service/an-six?filter=ServiceTaggedAddresses.lan_ipv6.Port==6",
                "",
            ),
            vec![Status(200)],
        ),
    ]
}
