//! Cases: other nodes, and the server itself.

use serde_json::json;

use super::Expect::{Json, NoStanding, Standing, Status, Text, TextStart};
use super::{Case, case, check, own_node};
use crate::conformance::Request;

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    const FAR: &[Request] = &[(
        "PUT",
        "/v1/catalog/register",
        r#"{"Node":"an-far","Address":"10.0.0.5","NodeMeta":{"an":"far"},"TaggedAddresses":{"lan":"1.1.1.1"},
            "Service":{"Service":"an-six-far","Address":"1.2.3.4","Port":6,"Tags":["t1"]},
            "Checks":[{"CheckID":"an-c1","Name":"c1","ServiceID":"an-six-far","Status":"passing"},
                      {"CheckID":"an-c2","Name":"c2"}]}"#,
    )];
    let node = || {
        json!({
            "ID": "", "Node": "an-far", "Address": "10.0.0.5", "Datacenter": "dc1",
            "TaggedAddresses": {"lan": "1.1.1.1"}, "Meta": {"an": "far"}, "CreateIndex": "#", "ModifyIndex": "#",
        })
    };
    let service = || {
        json!({
            "ID": "an-six-far", "Service": "an-six-far", "Tags": ["t1"], "Address": "1.2.3.4", "Meta": null, "Port": 6,
            "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
            "Proxy": {"MeshGateway": {}, "Expose": {}}, "Connect": {}, "CreateIndex": "#", "ModifyIndex": "#",
        })
    };
    let far = |id, name, status, of| {
        let mut check = check(id, name, status, "", "", of);
        check["Node"] = json!("an-far");
        check
    };
    let c1 = || {
        far(
            "an-c1",
            "c1",
            "passing",
            ("an-six-far", "an-six-far", &["t1"]),
        )
    };
    let c2 = || far("an-c2", "c2", "critical", ("", "", &[]));
    let asked = |name, target, body| {
        case(
            name,
            FAR,
            ("GET", target, ""),
            vec![Status(200), Standing, Json(body)],
        )
    };
    vec![
        asked(
            "health elsewhere has the node's checks first",
            "/v1/health/service/an-six-far",
            json!([{"Node": node(), "Service": service(), "Checks": [c2(), c1()]}]),
        ),
        asked(
            "a critical node is not passing",
            "/v1/health/service/an-six-far?passing",
            json!([]),
        ),
        asked(
            "checks on a node",
            "/v1/health/node/an-far",
            json!([c1(), c2()]),
        ),
        asked(
            "a node with its services",
            "/v1/catalog/node/an-far",
            json!({"Node": node(), "Services": {"an-six-far": service()}}),
        ),
        asked(
            "nodes with a pair",
            "/v1/catalog/nodes?node-meta=an:far",
            json!([node()]),
        ),
        asked(
            "services on nodes with a pair",
            "/v1/catalog/services?node-meta=an:far",
            json!({"an-six-far": ["t1"]}),
        ),
        asked(
            "instances on nodes with a pair",
            "/v1/health/service/an-six-far?node-meta=an:far",
            json!([{"Node": node(), "Service": service(), "Checks": [c2(), c1()]}]),
        ),
        asked(
            "instances on nodes with another pair",
            "/v1/health/service/an-six-far?node-meta=an:near",
            json!([]),
        ),
        asked(
            "catalog instances on nodes with another pair",
            "/v1/catalog/service/an-six-far?node-meta=x",
            json!([]),
        ),
        asked(
            "a service's checks on nodes with a pair",
            "/v1/health/checks/an-six-far?node-meta=an:far",
            json!([c1()]),
        ),
        asked(
            "checks in a state on nodes with a pair",
            "/v1/health/state/critical?node-meta=an:far",
            json!([c2()]),
        ),
        asked(
            "the own node among the nodes",
            "/v1/catalog/nodes?filter=Node==s1",
            json!([own_node()]),
        ),
        case(
            "the datacenters",
            &[],
            ("GET", "/v1/catalog/datacenters", ""),
            vec![Json(json!(["dc1"])), NoStanding],
        ),
        case(
            "the leader",
            &[],
            ("GET", "/v1/status/leader", ""),
            vec![TextStart("\"127.0.0.1:"), NoStanding],
        ),
        case(
            "who leads an unknown datacenter",
            &[],
            ("GET", "/v1/status/leader?dc=nope", ""),
            vec![Text("No path to datacenter")],
        ),
        case(
            "pretty",
            FAR,
            ("GET", "/v1/catalog/services?node-meta=an:far&pretty", ""),
            vec![Text("{\n    \"an-six-far\": [\n        \"t1\"\n    ]\n}\n")],
        ),
    ]
}
