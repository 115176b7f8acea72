//! Cases: requests that Consul refuses, with its messages.

use super::Expect::{Header, NoStanding, Status, Text, TextStart};
use super::{Case, REGISTER, case, refusal};

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
    let wrong = |name, target, status, text| {
        let mut case = refusal(name, ("GET", target, ""), status, text);
        case.expect.push(NoStanding);
        case
    };
    let failed = |name, target, text| {
        let expect = vec![
            Status(500),
            Text(text),
            Header("X-Consul-Index", "1"),
            Header("X-Consul-Knownleader", "false"),
        ];
        case(name, &[], ("GET", target, ""), expect)
    };
    vec![
        wrong(
            "a bad index",
            "/v1/health/service/web?index=abc",
            400,
            "Invalid index",
        ),
        wrong(
            "a negative index",
            "/v1/health/service/web?index=-1",
            400,
            "Invalid index",
        ),
        wrong(
            "a bad wait",
            "/v1/health/service/web?index=1&wait=abc",
            400,
            "Invalid wait time",
        ),
        wrong(
            "a wait without unit",
            "/v1/health/service/web?index=1&wait=5",
            400,
            "Invalid wait time",
        ),
        wrong(
            "a bad wait without index",
            "/v1/kv/a?wait=abc",
            400,
            "Invalid wait time",
        ),
        wrong(
            "a bad staleness",
            "/v1/kv/a?max_stale=x",
            400,
            "Invalid max_stale value \"x\"",
        ),
        wrong(
            "a bad passing",
            "/v1/health/service/web?passing=x",
            400,
            "Invalid value for ?passing",
        ),
        wrong(
            "two consistencies",
            "/v1/health/service/web?stale&consistent",
            400,
            "Cannot specify ?stale with ?consistent, conflicting semantics.",
        ),
        wrong(
            "no service name",
            "/v1/health/service/",
            400,
            "Missing service name",
        ),
        wrong(
            "no service name in the catalog",
            "/v1/catalog/service/",
            400,
            "Missing service name",
        ),
        wrong(
            "no node name",
            "/v1/catalog/node/",
            400,
            "Missing node name",
        ),
        wrong("no state", "/v1/health/state/", 400, "Missing check state"),
        wrong(
            "an unknown datacenter for a key",
            "/v1/kv/a?dc=nope",
            500,
            "No path to datacenter",
        ),
        failed(
            "an unknown datacenter",
            "/v1/health/service/web?dc=nope",
            "No path to datacenter",
        ),
        failed(
            "an unknown datacenter, stale",
            "/v1/catalog/services?dc=nope&stale",
            "No path to datacenter",
        ),
        case(
            "a bad filter",
            &[],
            ("GET", "/v1/health/service/web?filter=xx", ""),
            vec![
                Status(500),
                TextStart("Failed to create boolean expression evaluator: 1:3 (2): no match found"),
                Header("X-Consul-Index", "1"),
                Header("X-Consul-Knownleader", "false"),
            ],
        ),
        failed(
            "a filter on a field that is not there",
            "/v1/health/service/web?filter=Service.Nope==8",
            "Failed to create boolean expression evaluator: Selector \"Service.Nope\" is not valid",
        ),
        wrong(
            "a namespace",
            "/v1/kv/a?ns=x",
            400,
            "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature",
        ),
    ]
}

/// Cases of unknown or redirected paths, and wrong methods.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn paths() -> Vec<Case> {
    vec![
        case(
            "a path with empty steps",
            &[],
            ("GET", "/v1/kv//a/./b%2F../c?raw", ""),
            vec![
                Status(301),
                Header("Location", "/v1/kv/a/c?raw"),
                NoStanding,
            ],
        ),
        case(
            "a write to a path with empty steps",
            &[],
            ("PUT", "/v1/kv//a", "x"),
            vec![Status(301), Header("Location", "/v1/kv/a"), Text("")],
        ),
        case(
            "an unknown path",
            &[],
            ("GET", "/v1/nope", ""),
            vec![Status(404), Text(""), NoStanding],
        ),
        case(
            "a path without its slash but with a query",
            &[],
            ("GET", "/v1/kv?recurse", ""),
            vec![Status(301), Header("Location", "/v1/kv/?recurse")],
        ),
        refusal(
            "a deregistration without ID",
            ("PUT", "/v1/agent/service/deregister/", ""),
            500,
            "ServiceID missing",
        ),
        refusal(
            "a deregistration of a check without ID",
            ("PUT", "/v1/agent/check/deregister/", ""),
            500,
            "CheckID missing",
        ),
        refusal(
            "a filter of the agent's services that is none",
            ("GET", "/v1/agent/services?filter=Nope==1", ""),
            500,
            "Failed to create boolean expression evaluator: Selector \"Nope\" is not valid",
        ),
        case(
            "a path without its slash",
            &[],
            ("GET", "/v1/health/service", ""),
            vec![Status(301), Header("Location", "/v1/health/service/")],
        ),
        case(
            "a method that is not allowed",
            &[],
            ("POST", "/v1/health/service/web", ""),
            vec![
                Status(405),
                Text("method POST not allowed"),
                Header("Allow", "OPTIONS,GET"),
            ],
        ),
        case(
            "a method keys do not know",
            &[],
            ("POST", "/v1/kv/a", ""),
            vec![Status(405), Header("Allow", "OPTIONS,GET,PUT,DELETE")],
        ),
        case(
            "what is allowed",
            &[],
            ("OPTIONS", "/v1/kv/a", ""),
            vec![Status(200), Header("Allow", "OPTIONS,GET,PUT,DELETE")],
        ),
    ]
}

/// Cases of invalid registrations.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn registrations() -> Vec<Case> {
    let agent = |name, body, status, text| refusal(name, ("PUT", REGISTER, body), status, text);
    let catalog = |name, body, status, text| {
        refusal(name, ("PUT", "/v1/catalog/register", body), status, text)
    };
    let bad_json =
        "Request decode failed: invalid character 'b' looking for beginning of object key string";
    vec![
        agent("bad JSON", "{bad", 400, bad_json),
        agent("no name", r#"{"ID":"a"}"#, 400, "Missing service name"),
        agent(
            "a bad meta key",
            r#"{"Name":"a","Meta":{"a.b":"c"}}"#,
            400,
            "Invalid Service Meta: Couldn't load metadata pair ('a.b', 'c'): Key contains invalid characters",
        ),
        agent(
            "a script",
            r#"{"Name":"a","Check":{"Args":["true"],"Interval":"1s"}}"#,
            500,
            "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
        ),
        agent(
            "an unknown field",
            r#"{"Name":"a","Foo":1}"#,
            400,
            "Request decode failed: json: unknown field \"Foo\"",
        ),
        agent(
            "a port that is none",
            r#"{"Name":"a","Port":"x"}"#,
            400,
            "Request decode failed: json: cannot unmarshal string into Go struct field .Port of type int",
        ),
        agent(
            "an address that is none",
            r#"{"Name":"a","Address":"0.0.0.0"}"#,
            400,
            "Invalid service address",
        ),
        agent(
            "a check without interval",
            r#"{"Name":"a","Check":{"HTTP":"http://127.0.0.1:1/"}}"#,
            400,
            "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
        ),
        agent(
            "a check with a bad status",
            r#"{"Name":"a","Check":{"TTL":"1m","Status":"bogus"}}"#,
            400,
            "Status for checks must 'passing', 'warning', 'critical'",
        ),
        agent(
            "weights of nothing",
            r#"{"Name":"a","Weights":{"Passing":0,"Warning":2}}"#,
            400,
            "Invalid Weights: Passing must be greater than 0",
        ),
        catalog("bad JSON for the catalog", "{bad", 400, bad_json),
        catalog(
            "nothing for the catalog",
            "",
            400,
            "Request decode failed: EOF",
        ),
        catalog(
            "no node",
            r#"{"Address":"10.0.0.1"}"#,
            500,
            "Must provide node",
        ),
        catalog(
            "no address",
            r#"{"Node":"n"}"#,
            500,
            "Must provide address if SkipNodeUpdate is not set",
        ),
        catalog(
            "another datacenter",
            r#"{"Datacenter":"nope","Node":"n","Address":"10.0.0.1"}"#,
            500,
            "No path to datacenter",
        ),
        catalog(
            "a check of no service",
            r#"{"Node":"an-n","Address":"10.0.0.1","Check":{"Name":"x","ServiceID":"no"}}"#,
            500,
            "failed inserting check: Missing service registration on node \"an-n\"",
        ),
        refusal(
            "a deregistration of nothing",
            ("PUT", "/v1/catalog/deregister", "{}"),
            500,
            "Must provide node",
        ),
    ]
}
