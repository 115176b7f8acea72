//! Cases: the service mesh, with proxies and native services.

use serde_json::{Value, json};

use super::Expect::{Json, Standing, Status};
use super::{Case, REGISTER, case, own_node, refusal, serf_health};
use crate::conformance::Request;

const MESH: &[Request] = &[
    (
        "PUT",
        REGISTER,
        r#"{"Name":"an-mesh","Port":80,"Tags":["v1"],"Connect":{"Native":true}}"#,
    ),
    (
        "PUT",
        REGISTER,
        r#"{"Name":"an-mesh-proxy","Kind":"connect-proxy","Port":20000,"Proxy":{"DestinationServiceName":"an-mesh"}}"#,
    ),
    (
        "PUT",
        REGISTER,
        r#"{"Name":"an-mesh-none","Port":80,"Proxy":{"DestinationServiceName":"an-mesh"}}"#,
    ),
];

fn native() -> Value {
    let service = json!({
        "ID": "an-mesh", "Service": "an-mesh", "Tags": ["v1"], "Address": "", "Meta": null, "Port": 80,
        "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
        "Proxy": {"MeshGateway": {}, "Expose": {}}, "Connect": {"Native": true},
        "CreateIndex": "#", "ModifyIndex": "#",
    });
    json!({"Node": own_node(), "Service": service, "Checks": [serf_health()]})
}

fn proxy() -> Value {
    let service = json!({
        "Kind": "connect-proxy", "ID": "an-mesh-proxy", "Service": "an-mesh-proxy", "Tags": [], "Address": "",
        "Meta": null, "Port": 20000, "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
        "Proxy": {"DestinationServiceName": "an-mesh", "MeshGateway": {}, "Expose": {}}, "Connect": {},
        "CreateIndex": "#", "ModifyIndex": "#",
    });
    json!({"Node": own_node(), "Service": service, "Checks": [serf_health()]})
}

pub(super) fn cases() -> Vec<Case> {
    let asked = |name, target, body| {
        case(
            name,
            MESH,
            ("GET", target, ""),
            vec![Status(200), Standing, Json(body)],
        )
    };
    let wrong = |name, body, text| refusal(name, ("PUT", REGISTER, body), 400, text);
    vec![
        asked(
            "the service itself and its proxy",
            "/v1/health/connect/an-mesh",
            json!([native(), proxy()]),
        ),
        asked(
            "in other letters, and passing",
            "/v1/health/connect/AN-MESH?passing",
            json!([native(), proxy()]),
        ),
        asked(
            "a tag does not matter",
            "/v1/health/connect/an-mesh?tag=v1",
            json!([native(), proxy()]),
        ),
        asked(
            "a proxy is reached through no other service",
            "/v1/health/connect/an-mesh-proxy",
            json!([]),
        ),
        asked(
            "filtered in the mesh",
            "/v1/health/connect/an-mesh?filter=Service.Port==80",
            json!([native()]),
        ),
        refusal(
            "no service name in the mesh",
            ("GET", "/v1/health/connect/", ""),
            400,
            "Missing service name",
        ),
        refusal(
            "a bad passing in the mesh",
            ("GET", "/v1/health/connect/a?passing=x", ""),
            400,
            "Invalid value for ?passing",
        ),
        wrong(
            "a proxy of nothing",
            r#"{"Name":"a","Kind":"connect-proxy"}"#,
            "2 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\t* Port must be set for a Connect proxy\n\n",
        ),
        wrong(
            "a proxy that is native",
            r#"{"Name":"a","Kind":"connect-proxy","Port":9,"Connect":{"Native":true},"Proxy":{"DestinationServiceName":"b"}}"#,
            "1 error occurred:\n\t* A Proxy cannot also be Connect Native, only typical services\n\n",
        ),
    ]
}
