//! Cases: checks and maintenance.

use serde_json::json;

use super::Expect::{Json, Standing, Status, Text, TextStart};
use super::{Case, REGISTER, case, check, refusal};
use crate::conformance::Request;

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    const MULTI: Request = (
        "PUT",
        REGISTER,
        r#"{"ID":"an-multi-1","Name":"an-multi","Checks":[{"TTL":"1h","Status":"passing"},{"TTL":"1h","Name":"second"},
            {"CheckID":"an-mine","Name":"third","TTL":"1h","Status":"warning"}]}"#,
    );
    let of: (&str, &str, &[&str]) = ("an-multi-1", "an-multi", &[]);
    let three = || {
        [
            check("an-mine", "third", "warning", "ttl", "", of),
            check(
                "service:an-multi-1:1",
                "Service 'an-multi' check",
                "passing",
                "ttl",
                "",
                of,
            ),
            check("service:an-multi-1:2", "second", "critical", "ttl", "", of),
        ]
    };
    let mut drained = check(
        "_service_maintenance:an-multi-1",
        "Service Maintenance Mode",
        "critical",
        "maintenance",
        "",
        of,
    );
    drained["Notes"] = json!("drain");
    let reported = check(
        "service:an-ttl",
        "Service 'an-ttl' check",
        "passing",
        "ttl",
        "good",
        ("an-ttl", "an-ttl", &[]),
    );
    let [mine, one, two] = three();
    vec![
        case(
            "checks of a service",
            &[MULTI],
            ("GET", "/v1/health/checks/an-multi", ""),
            vec![Standing, Json(json!(three()))],
        ),
        case(
            "maintenance of a service",
            &[
                MULTI,
                (
                    "PUT",
                    "/v1/agent/service/maintenance/an-multi-1?enable=true&reason=drain",
                    "",
                ),
            ],
            ("GET", "/v1/health/checks/an-multi", ""),
            vec![Json(json!([drained, mine, one, two]))],
        ),
        case(
            "maintenance of a service ends",
            &[(
                "PUT",
                "/v1/agent/service/maintenance/an-multi-1?enable=false",
                "",
            )],
            ("GET", "/v1/health/checks/an-multi", ""),
            vec![Json(json!(three()))],
        ),
        case(
            "a report reaches the catalog with the status, not alone",
            &[
                ("PUT", REGISTER, r#"{"Name":"an-ttl","Check":{"TTL":"1h"}}"#),
                ("PUT", "/v1/agent/check/pass/service:an-ttl?note=good", ""),
                (
                    "PUT",
                    "/v1/agent/check/update/service:an-ttl",
                    r#"{"Status":"passing","Output":"better"}"#,
                ),
            ],
            ("GET", "/v1/health/checks/an-ttl", ""),
            vec![Json(json!([reported]))],
        ),
        case(
            "a registration again keeps the status of its check",
            &[(
                "PUT",
                REGISTER,
                r#"{"Name":"an-ttl","Check":{"TTL":"1h","Status":"critical"}}"#,
            )],
            ("GET", "/v1/health/checks/an-ttl?filter=Status==passing", ""),
            vec![Status(200), TextStart("[")],
        ),
        case(
            "a state without checks",
            &[],
            ("GET", "/v1/health/state/bogus", ""),
            vec![Status(200), Standing, Json(json!([]))],
        ),
        case(
            "checks of an unknown node",
            &[],
            ("GET", "/v1/health/node/an-none", ""),
            vec![Standing, Json(json!([]))],
        ),
    ]
}

/// Cases of invalid requests for checks.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn refusals() -> Vec<Case> {
    let put = |name, target, status, text| refusal(name, ("PUT", target, ""), status, text);
    vec![
        put(
            "a report for an unknown check",
            "/v1/agent/check/pass/an-no",
            500,
            "CheckID \"an-no\" does not have associated TTL",
        ),
        put(
            "maintenance of an unknown service",
            "/v1/agent/service/maintenance/an-no?enable=true",
            404,
            "No service registered with ID \"an-no\"",
        ),
        put(
            "maintenance of no name",
            "/v1/agent/service/maintenance/?enable=true",
            400,
            "Missing service ID",
        ),
        put(
            "maintenance without a wish",
            "/v1/agent/maintenance",
            400,
            "Missing value for enable",
        ),
        put(
            "maintenance with a bad wish",
            "/v1/agent/maintenance?enable=x",
            400,
            "Invalid value for enable: \"x\"",
        ),
        refusal(
            "a bad report",
            (
                "PUT",
                "/v1/agent/check/update/service:an-ttl",
                r#"{"Status":"bogus"}"#,
            ),
            400,
            "Invalid check status: 'bogus'",
        ),
        refusal(
            "a check without a name",
            ("PUT", "/v1/agent/check/register", r#"{"TTL":"1m"}"#),
            400,
            "Missing check name",
        ),
        refusal(
            "a check without a time",
            ("PUT", "/v1/agent/check/register", r#"{"Name":"x"}"#),
            400,
            "Invalid check: TTL must be > 0 for TTL checks",
        ),
        refusal(
            "a check of no service of the agent",
            (
                "PUT",
                "/v1/agent/check/register",
                r#"{"Name":"x","ServiceID":"an-no","TTL":"1s"}"#,
            ),
            500,
            "ServiceID \"an-no\" does not exist",
        ),
        case(
            "a deregistration of an unknown check",
            &[],
            ("PUT", "/v1/agent/service/deregister/an-no", ""),
            vec![Status(200), Text("")],
        ),
    ]
}
