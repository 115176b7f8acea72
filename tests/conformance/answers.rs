//! Requests, and what comes back.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::shape::shape;
use super::{Request, make, set_up};

/// A request and what has to come back.
struct Case {
    name: &'static str,
    setup: &'static [Request],
    request: Request,
    expect: Vec<Expect>,
}

/// Something an answer has to be.
enum Expect {
    /// It has this status.
    Status(u16),
    /// It has this header with this value.
    Header(&'static str, &'static str),
    /// It has an index above 0, a leader, and this is no old copy.
    Standing,
    /// It has none of the headers that tell a query's standing.
    NoStanding,
    /// Its body is this text.
    Text(&'static str),
    /// Its body starts with this text.
    TextStart(&'static str),
    /// Its body is this JSON, with indexes and IDs that differ from run to run as `#`.
    Json(Value),
}
use Expect::{Header, Json, NoStanding, Standing, Status, Text, TextStart};

fn case(name: &'static str, setup: &'static [Request], request: Request, expect: Vec<Expect>) -> Case {
    Case { name, setup, request, expect }
}

/// A refusal in plain text.
fn refusal(name: &'static str, request: Request, status: u16, text: &'static str) -> Case {
    let expect = vec![Status(status), Text(text), Header("Content-Type", "text/plain; charset=utf-8")];
    case(name, &[], request, expect)
}

const REGISTER: &str = "/v1/agent/service/register";

fn all() -> Vec<Case> {
    [keys(), refusals(), registrations(), services(), checks(), elsewhere()].into_iter().flatten().collect()
}

fn entry(key: &str, value: Option<&str>, flags: u64) -> Value {
    json!({"LockIndex": 0, "Key": key, "Flags": flags, "Value": value, "CreateIndex": "#", "ModifyIndex": "#"})
}

fn keys() -> Vec<Case> {
    const SOME: &[Request] = &[
        ("PUT", "/v1/kv/an/one", "hello"),
        ("PUT", "/v1/kv/an/empty", ""),
        ("PUT", "/v1/kv/an/sub/deep?flags=42", "x"),
        ("PUT", "/v1/kv/an/sub/deeper", "y"),
    ];
    let missing = || vec![Status(404), Standing, Text("")];
    vec![
        case("a missing key has an index", &[], ("GET", "/v1/kv/an/none", ""), missing()),
        case("an empty prefix has an index", &[], ("GET", "/v1/kv/an-none/?recurse", ""), missing()),
        case("no keys have an index", &[], ("GET", "/v1/kv/an-none/?keys", ""), missing()),
        case("a write says true", &[], ("PUT", "/v1/kv/an/w", "1"), vec![Status(200), Json(json!(true)), NoStanding]),
        case(
            "a key",
            SOME,
            ("GET", "/v1/kv/an/one", ""),
            vec![
                Status(200),
                Standing,
                Header("Content-Type", "application/json"),
                Header("Vary", "Accept-Encoding"),
                Json(json!([entry("an/one", Some("aGVsbG8="), 0)])),
            ],
        ),
        case(
            "an empty value is null",
            SOME,
            ("GET", "/v1/kv/an/empty", ""),
            vec![Json(json!([entry("an/empty", None, 0)]))],
        ),
        case(
            "a prefix",
            SOME,
            ("GET", "/v1/kv/an/sub?recurse", ""),
            vec![Json(json!([entry("an/sub/deep", Some("eA=="), 42), entry("an/sub/deeper", Some("eQ=="), 0)]))],
        ),
        case(
            "names of keys",
            SOME,
            ("GET", "/v1/kv/an/sub/?keys", ""),
            vec![Status(200), Standing, Json(json!(["an/sub/deep", "an/sub/deeper"]))],
        ),
        case(
            "names of keys up to a separator",
            SOME,
            ("GET", "/v1/kv/an/?keys&separator=/", ""),
            vec![Json(json!(["an/empty", "an/one", "an/sub/", "an/w"]))],
        ),
        case(
            "a raw value",
            SOME,
            ("GET", "/v1/kv/an/one?raw", ""),
            vec![Status(200), Standing, Text("hello"), Header("Content-Type", "text/plain")],
        ),
        case(
            "a key with other letters",
            &[("PUT", "/v1/kv/an-caf%C3%A9%20x%2Fy+z", "1")],
            ("GET", "/v1/kv/an-caf%C3%A9%20x/y+z", ""),
            vec![Json(json!([entry("an-café x/y+z", Some("MQ=="), 0)]))],
        ),
        case("a condition that does not hold", SOME, ("PUT", "/v1/kv/an/one?cas=0", "2"), vec![Json(json!(false))]),
        case("a key that must be new", &[], ("PUT", "/v1/kv/an-new?cas=0", "2"), vec![Json(json!(true))]),
        case("a conditional deletion", SOME, ("DELETE", "/v1/kv/an/one?cas=1", ""), vec![Json(json!(false))]),
        case("the deletion of nothing", &[], ("DELETE", "/v1/kv/an/nothing", ""), vec![Json(json!(true))]),
        case(
            "what is deleted is gone",
            &[("PUT", "/v1/kv/an-gone/a", "1"), ("DELETE", "/v1/kv/an-gone/?recurse", "")],
            ("GET", "/v1/kv/an-gone/?recurse", ""),
            missing(),
        ),
        refusal("a key without a name", ("GET", "/v1/kv/", ""), 400, "Missing key name"),
        refusal("a write without a name", ("PUT", "/v1/kv/", "x"), 400, "Missing key name"),
        refusal("a deletion without a name", ("DELETE", "/v1/kv/", ""), 400, "Missing key name"),
        refusal("bad flags", ("PUT", "/v1/kv/a?flags=x", "1"), 500, "strconv.ParseUint: parsing \"x\": invalid syntax"),
        refusal(
            "a bad condition",
            ("PUT", "/v1/kv/a?cas=x", "1"),
            500,
            "strconv.ParseUint: parsing \"x\": invalid syntax",
        ),
    ]
}

fn refusals() -> Vec<Case> {
    let wrong = |name, target, status, text| {
        let mut case = refusal(name, ("GET", target, ""), status, text);
        case.expect.push(NoStanding);
        case
    };
    let failed = |name, target, text| {
        let expect =
            vec![Status(500), Text(text), Header("X-Consul-Index", "1"), Header("X-Consul-Knownleader", "false")];
        case(name, &[], ("GET", target, ""), expect)
    };
    vec![
        wrong("a bad index", "/v1/health/service/web?index=abc", 400, "Invalid index"),
        wrong("a negative index", "/v1/health/service/web?index=-1", 400, "Invalid index"),
        wrong("a bad wait", "/v1/health/service/web?index=1&wait=abc", 400, "Invalid wait time"),
        wrong("a wait without unit", "/v1/health/service/web?index=1&wait=5", 400, "Invalid wait time"),
        wrong("a bad wait without index", "/v1/kv/a?wait=abc", 400, "Invalid wait time"),
        wrong("a bad staleness", "/v1/kv/a?max_stale=x", 400, "Invalid max_stale value \"x\""),
        wrong("a bad passing", "/v1/health/service/web?passing=x", 400, "Invalid value for ?passing"),
        wrong(
            "two consistencies",
            "/v1/health/service/web?stale&consistent",
            400,
            "Cannot specify ?stale with ?consistent, conflicting semantics.",
        ),
        wrong("no service name", "/v1/health/service/", 400, "Missing service name"),
        wrong("no service name in the catalog", "/v1/catalog/service/", 400, "Missing service name"),
        wrong("no node name", "/v1/catalog/node/", 400, "Missing node name"),
        wrong("no state", "/v1/health/state/", 400, "Missing check state"),
        wrong("an unknown datacenter for a key", "/v1/kv/a?dc=nope", 500, "No path to datacenter"),
        failed("an unknown datacenter", "/v1/health/service/web?dc=nope", "No path to datacenter"),
        failed("an unknown datacenter, stale", "/v1/catalog/services?dc=nope&stale", "No path to datacenter"),
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
        case("an unknown path", &[], ("GET", "/v1/nope", ""), vec![Status(404), Text(""), NoStanding]),
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
            vec![Status(405), Text("method POST not allowed"), Header("Allow", "OPTIONS,GET")],
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

fn registrations() -> Vec<Case> {
    let agent = |name, body, status, text| refusal(name, ("PUT", REGISTER, body), status, text);
    let catalog = |name, body, status, text| refusal(name, ("PUT", "/v1/catalog/register", body), status, text);
    let bad_json = "Request decode failed: invalid character 'b' looking for beginning of object key string";
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
        agent("an unknown field", r#"{"Name":"a","Foo":1}"#, 400, "Request decode failed: json: unknown field \"Foo\""),
        agent(
            "a port that is none",
            r#"{"Name":"a","Port":"x"}"#,
            400,
            "Request decode failed: json: cannot unmarshal string into Go struct field .Port of type int",
        ),
        agent("an address that is none", r#"{"Name":"a","Address":"0.0.0.0"}"#, 400, "Invalid service address"),
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
        catalog("nothing for the catalog", "", 400, "Request decode failed: EOF"),
        catalog("no node", r#"{"Address":"10.0.0.1"}"#, 500, "Must provide node"),
        catalog("no address", r#"{"Node":"n"}"#, 500, "Must provide address if SkipNodeUpdate is not set"),
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
        refusal("a deregistration of nothing", ("PUT", "/v1/catalog/deregister", "{}"), 500, "Must provide node"),
    ]
}

fn own_node() -> Value {
    json!({
        "ID": "#", "Node": "s1", "Address": "127.0.0.1", "Datacenter": "dc1",
        "TaggedAddresses": {"lan": "127.0.0.1", "lan_ipv4": "127.0.0.1", "wan": "127.0.0.1", "wan_ipv4": "127.0.0.1"},
        "Meta": {"consul-network-segment": ""}, "CreateIndex": "#", "ModifyIndex": "#",
    })
}

/// A check of the own node; `of` is the ID, name and tags of its service.
fn check(id: &str, name: &str, status: &str, kind: &str, output: &str, of: (&str, &str, &[&str])) -> Value {
    json!({
        "Node": "s1", "CheckID": id, "Name": name, "Status": status, "Notes": "", "Output": output,
        "ServiceID": of.0, "ServiceName": of.1, "ServiceTags": of.2, "Type": kind, "Definition": {},
        "CreateIndex": "#", "ModifyIndex": "#",
    })
}

fn serf_health() -> Value {
    check("serfHealth", "Serf Health Status", "passing", "", "Agent alive and reachable", ("", "", &[]))
}

const WEB: &[Request] = &[
    (
        "PUT",
        REGISTER,
        r#"{"ID":"an-web-1","Name":"an-web","Address":"127.0.0.1","Port":8081,"Tags":["v1","blue"],
            "Meta":{"k":"v"},"Check":{"TTL":"1h","Status":"passing"}}"#,
    ),
    ("PUT", REGISTER, r#"{"ID":"an-web-2","Name":"an-web","Port":8082,"Tags":["v2"],"Check":{"TTL":"1h"}}"#),
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
    let own = check("service:an-web-1", "Service 'an-web' check", "passing", "ttl", "", of);
    json!({"Node": own_node(), "Service": web_1(), "Checks": [serf_health(), own]})
}

fn critical_2() -> Value {
    let of: (&str, &str, &[&str]) = ("an-web-2", "an-web", &["v2"]);
    let own = check("service:an-web-2", "Service 'an-web' check", "critical", "ttl", "", of);
    json!({"Node": own_node(), "Service": web_2(), "Checks": [serf_health(), own]})
}

fn services() -> Vec<Case> {
    let asked = |name, target, body| case(name, WEB, ("GET", target, ""), vec![Status(200), Standing, Json(body)]);
    let leader = |mut case: Case, how| {
        case.expect.push(Header("X-Consul-Effective-Consistency", how));
        case
    };
    vec![
        leader(asked("an unknown service is empty", "/v1/health/service/an-none", json!([])), "leader"),
        leader(asked("stale", "/v1/health/service/an-none?stale", json!([])), "stale"),
        leader(asked("consistent", "/v1/health/service/an-none?consistent", json!([])), "consistent"),
        asked("all instances", "/v1/health/service/an-web", json!([healthy_1(), critical_2()])),
        asked("passing instances", "/v1/health/service/an-web?passing", json!([healthy_1()])),
        asked("passing=false is all", "/v1/health/service/an-web?passing=false", json!([healthy_1(), critical_2()])),
        asked("instances with a tag", "/v1/health/service/an-web?tag=blue", json!([healthy_1()])),
        asked("tags in other letters", "/v1/health/service/AN-WEB?tag=BLUE", json!([healthy_1()])),
        asked("instances with two tags", "/v1/health/service/an-web?tag=blue&tag=v1", json!([healthy_1()])),
        asked("no instance has both tags", "/v1/health/service/an-web?tag=blue&tag=v2", json!([])),
        asked("near somebody", "/v1/health/service/an-web?passing&near=_agent", json!([healthy_1()])),
        asked("filtered", "/v1/health/service/an-web?filter=Service.Port==8081", json!([healthy_1()])),
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
        asked("an unknown service in the catalog", "/v1/catalog/service/an-none", json!([])),
        asked("an unknown node", "/v1/catalog/node/an-none", json!(null)),
        case(
            "the agent's own services",
            &[("PUT", REGISTER, r#"{"name":"an-low","port":8,"enable_tag_override":true,"weights":{"passing":3}}"#)],
            ("GET", "/v1/agent/services", ""),
            vec![Status(200), NoStanding],
        ),
        case(
            "an address of six bytes",
            &[("PUT", REGISTER, r#"{"Name":"an-six","Address":"::1","Port":6}"#)],
            ("GET", "/v1/catalog/service/an-six?filter=ServiceTaggedAddresses.lan_ipv6.Port==6", ""),
            vec![Status(200)],
        ),
    ]
}

fn checks() -> Vec<Case> {
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
            check("service:an-multi-1:1", "Service 'an-multi' check", "passing", "ttl", "", of),
            check("service:an-multi-1:2", "second", "critical", "ttl", "", of),
        ]
    };
    let mut drained =
        check("_service_maintenance:an-multi-1", "Service Maintenance Mode", "critical", "maintenance", "", of);
    drained["Notes"] = json!("drain");
    let reported =
        check("service:an-ttl", "Service 'an-ttl' check", "passing", "ttl", "good", ("an-ttl", "an-ttl", &[]));
    let put = |name, target, status, text| refusal(name, ("PUT", target, ""), status, text);
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
            &[MULTI, ("PUT", "/v1/agent/service/maintenance/an-multi-1?enable=true&reason=drain", "")],
            ("GET", "/v1/health/checks/an-multi", ""),
            vec![Json(json!([drained, mine, one, two]))],
        ),
        case(
            "maintenance of a service ends",
            &[("PUT", "/v1/agent/service/maintenance/an-multi-1?enable=false", "")],
            ("GET", "/v1/health/checks/an-multi", ""),
            vec![Json(json!(three()))],
        ),
        case(
            "a report reaches the catalog with the status, not alone",
            &[
                ("PUT", REGISTER, r#"{"Name":"an-ttl","Check":{"TTL":"1h"}}"#),
                ("PUT", "/v1/agent/check/pass/service:an-ttl?note=good", ""),
                ("PUT", "/v1/agent/check/update/service:an-ttl", r#"{"Status":"passing","Output":"better"}"#),
            ],
            ("GET", "/v1/health/checks/an-ttl", ""),
            vec![Json(json!([reported]))],
        ),
        case(
            "a registration again keeps the status of its check",
            &[("PUT", REGISTER, r#"{"Name":"an-ttl","Check":{"TTL":"1h","Status":"critical"}}"#)],
            ("GET", "/v1/health/checks/an-ttl?filter=Status==passing", ""),
            vec![Status(200), TextStart("[")],
        ),
        case(
            "a state nobody is in",
            &[],
            ("GET", "/v1/health/state/bogus", ""),
            vec![Status(200), Standing, Json(json!([]))],
        ),
        case("checks of an unknown node", &[], ("GET", "/v1/health/node/an-none", ""), vec![Standing, Json(json!([]))]),
        put("a report of nobody", "/v1/agent/check/pass/an-no", 500, "CheckID \"an-no\" does not have associated TTL"),
        put(
            "maintenance of nobody",
            "/v1/agent/service/maintenance/an-no?enable=true",
            404,
            "No service registered with ID \"an-no\"",
        ),
        put("maintenance of no name", "/v1/agent/service/maintenance/?enable=true", 400, "Missing service ID"),
        put("maintenance without a wish", "/v1/agent/maintenance", 400, "Missing value for enable"),
        put("maintenance with a bad wish", "/v1/agent/maintenance?enable=x", 400, "Invalid value for enable: \"x\""),
        refusal(
            "a bad report",
            ("PUT", "/v1/agent/check/update/service:an-ttl", r#"{"Status":"bogus"}"#),
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
            ("PUT", "/v1/agent/check/register", r#"{"Name":"x","ServiceID":"an-no","TTL":"1s"}"#),
            500,
            "ServiceID \"an-no\" does not exist",
        ),
        case(
            "a deregistration of nobody",
            &[],
            ("PUT", "/v1/agent/service/deregister/an-no", ""),
            vec![Status(200), Text("")],
        ),
    ]
}

fn elsewhere() -> Vec<Case> {
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
    let c1 = || far("an-c1", "c1", "passing", ("an-six-far", "an-six-far", &["t1"]));
    let c2 = || far("an-c2", "c2", "critical", ("", "", &[]));
    let asked = |name, target, body| case(name, FAR, ("GET", target, ""), vec![Status(200), Standing, Json(body)]);
    vec![
        asked(
            "health elsewhere has the node's checks first",
            "/v1/health/service/an-six-far",
            json!([{"Node": node(), "Service": service(), "Checks": [c2(), c1()]}]),
        ),
        asked("a critical node is not passing", "/v1/health/service/an-six-far?passing", json!([])),
        asked("checks on a node", "/v1/health/node/an-far", json!([c1(), c2()])),
        asked(
            "a node with its services",
            "/v1/catalog/node/an-far",
            json!({"Node": node(), "Services": {"an-six-far": service()}}),
        ),
        asked("nodes with a pair", "/v1/catalog/nodes?node-meta=an:far", json!([node()])),
        asked("services on nodes with a pair", "/v1/catalog/services?node-meta=an:far", json!({"an-six-far": ["t1"]})),
        asked("the own node among the nodes", "/v1/catalog/nodes?filter=Node==s1", json!([own_node()])),
        case("the datacenters", &[], ("GET", "/v1/catalog/datacenters", ""), vec![Json(json!(["dc1"])), NoStanding]),
        case("the leader", &[], ("GET", "/v1/status/leader", ""), vec![TextStart("\"127.0.0.1:"), NoStanding]),
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

/// Makes every request and holds its answer to what is expected.
pub fn run(server: &str, address: SocketAddr) {
    let cases = all();
    assert!(!cases.is_empty());
    for Case { name, setup, request, expect } in cases {
        let case = format!("{server}: {name}");
        set_up(&case, address, setup);
        let answer = make(address, request);
        assert!(!expect.is_empty(), "{case} expects nothing");
        for wanted in expect {
            let is = format!("{case}: {answer:?}");
            match wanted {
                Status(status) => assert_eq!(answer.status, status, "{is}"),
                Header(header, value) => assert_eq!(answer.header(header), Some(value), "{is}"),
                Standing => {
                    assert!(answer.index() > 0, "{is}");
                    assert_eq!(answer.header("X-Consul-Knownleader"), Some("true"), "{is}");
                    assert_eq!(answer.header("X-Consul-Lastcontact"), Some("0"), "{is}");
                }
                NoStanding => assert_eq!(answer.header("X-Consul-Index"), None, "{is}"),
                Text(text) => assert_eq!(answer.body, text, "{is}"),
                TextStart(text) => assert!(answer.body.starts_with(text), "{is}"),
                Json(body) => assert_eq!(shape(&answer), body, "{is}"),
            }
        }
    }
}
