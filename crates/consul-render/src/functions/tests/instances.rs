//! Instances of services: options, and groups.

use super::answers::{check_queries, dependencies};
use super::*;
use crate::call_options::{AGENT_ITEM_NAMES, ITEM_NAMES, NAMES};
use crate::choose;

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn options_select_instances() {
    let ids = |args: &str| -> (Vec<String>, Vec<String>) {
        let (value, queries) = dependencies("service", &arguments(args));
        let ids = value
            .try_iter()
            .unwrap()
            .map(|one| one.get_attr("ID").unwrap().to_string())
            .collect();
        (ids, queries.into_iter().map(|(query, _)| query).collect())
    };
    let cases: &[(&str, &[&str], &str)] = &[
        (
            r#"["web", "tag=blue"]"#,
            &["web-1", "web-2"],
            "health.service(web|passing)",
        ),
        (
            r#"["web", "tag=blue,v1"]"#,
            &["web-1"],
            "health.service(web|passing)",
        ),
        (
            r#"["web", "any", "tag=v1", "unique=addr:port"]"#,
            &["web-1"],
            "health.service(web|any)",
        ),
        (
            r#"["web", "tag=v1", "any"]"#,
            &["web-1"],
            "health.service(web|any)",
        ),
        (
            r#"["web", "require_port=true", "shuffle=false"]"#,
            &["web-1", "web-2"],
            "health.service(web|passing)",
        ),
        (
            r#"["web", "passing_for=5s"]"#,
            &["web-1", "web-2"],
            "health.service(web|passing)",
        ),
        (
            r#"["web", "shuffle=true"]"#,
            &["web-2", "web-1"],
            "health.service(web|passing)",
        ),
        (
            r#"["web", "sort=near"]"#,
            &[],
            "health.service(web~_agent|passing)",
        ),
        (
            r#"["web~n1", "sort=near"]"#,
            &[],
            "health.service(web~n1|passing)",
        ),
        (
            r#"["later", "tag=v1"]"#,
            &[],
            "health.service(later|passing)",
        ),
    ];
    assert!(!cases.is_empty());
    for (args, chosen, query) in cases {
        let (ids, queries) = ids(args);
        assert_eq!(
            (ids, queries),
            (
                chosen.iter().map(ToString::to_string).collect(),
                vec![(*query).to_owned()]
            ),
            "{args}"
        );
    }
    check(&[
        ("service", r#"["", "tag=v1"]"#, "[]"),
        (
            "service",
            r#"["web", "tags=v1"]"#,
            r#"!unknown option "tags"; did you mean "tag"?"#,
        ),
        (
            "connect",
            r#"["web", "uniqe=v1"]"#,
            r#"!unknown option "uniqe"; did you mean "unique"?"#,
        ),
        ("service", r#"["web", "tag=v1|any"]"#, "[]"),
        // A piped value is the last argument; an option must not precede the name.
        (
            "service",
            r#"["tag=v1", "web"]"#,
            r#"!health.service: invalid format: "tag=v1|web": the service name cannot contain '='"#,
        ),
        (
            "service",
            r#"["web", 5]"#,
            "!wrong type for value; expected string; got int",
        ),
        // A map is not a set of named arguments.
        (
            "service",
            r#"["web", {"tag": "v1"}]"#,
            "!wrong type for value; expected string; got map[string]interface {}",
        ),
    ]);
}

#[test]
fn every_list_accepts_the_call_options() {
    for name in [
        "service", "connect", "services", "nodes", "ls", "tree", "safeLs", "safeTree",
    ] {
        let function = named_in_go(name).unwrap();
        for option in NAMES {
            assert!(function.options.contains(option), "{name} {option}");
        }
    }
    for name in ["service", "connect"] {
        let options: Vec<_> = choose::OPTIONS.iter().chain(NAMES).copied().collect();
        assert_eq!(named_in_go(name).unwrap().options, options, "{name}");
    }
}

#[test]
fn every_single_item_accepts_on_error() {
    for name in ["key", "keyExists", "keyOrDefault", "node"] {
        assert_eq!(named_in_go(name).unwrap().options, ITEM_NAMES, "{name}");
    }
    assert_eq!(named_in_go("caLeaf").unwrap().options, AGENT_ITEM_NAMES);
    check(&[
        ("key", r#"["port", "on_error=empty"]"#, r#""80""#),
        ("keyExists", r#"["port", "on_error=fail"]"#, "true"),
        (
            "keyOrDefault",
            r#"["none", "a=b", "on_error=stale", "stale_for=1h"]"#,
            r#""a=b""#,
        ),
        (
            "key",
            r#"["port@eu", "dc=eu"]"#,
            "!dc and @eu exclude each other",
        ),
        (
            "key",
            r#"["port", "stale_for=1h"]"#,
            "!stale_for needs on_error=stale",
        ),
        (
            "node",
            r#"["n1", "on_error=none"]"#,
            r#"!on_error is "stale" or "empty" or "fail""#,
        ),
        (
            "caLeaf",
            r#"["web", "dc=eu"]"#,
            r#"!unknown option "dc"; there are on_error, stale_for"#,
        ),
        (
            "key",
            r#"["port", "min=1"]"#,
            r#"!unknown option "min"; there are dc, on_error, stale_for"#,
        ),
        (
            "key",
            r#"["port", "more"]"#,
            "!wrong number of args for key: want 1 got 2",
        ),
    ]);
    check_queries(&[
        (
            "key",
            r#"["port", "dc=eu"]"#,
            r#""""#,
            "kv.get(port@eu) Unanswered",
        ),
        (
            "node",
            r#"["dc=eu", "on_error=fail", "n1"]"#,
            r#"{"Node":{"ID":"","Node":"","Address":"","Datacenter":"","TaggedAddresses":null,"Meta":null},"Services":[]}"#,
            "catalog.node(n1@eu) Unanswered",
        ),
    ]);
}

#[test]
fn a_call_counts_the_items_that_it_sees() {
    let fails = |what: &str, min: usize| {
        format!(
            "!{what}: fewer than {min} items are left, and on_collapse=fail keeps the last file"
        )
    };
    let [services, web, tree] = [
        fails("catalog.services", 2),
        fails("health.service(web|passing)", 2),
        fails("kv.list(app)", 5),
    ];
    check(&[
        (
            "services",
            r#"["on_collapse=fail", "min=2"]"#,
            services.as_str(),
        ),
        // The call counts the instances that it chooses.
        (
            "service",
            r#"["web", "tag=v1", "min=2", "on_collapse=fail"]"#,
            web.as_str(),
        ),
        // Folders are no items of `tree`.
        (
            "tree",
            r#"["app", "min=5", "on_collapse=fail"]"#,
            tree.as_str(),
        ),
        ("ls", r#"["later", "min=5", "on_collapse=fail"]"#, "[]"),
        ("nodes", r#"["min=none"]"#, "!min is a number from 1"),
        (
            "ls",
            r#"["app", "mim=1"]"#,
            r#"!unknown option "mim"; did you mean "min"?"#,
        ),
        (
            "ls",
            r#"["app", "tag=a"]"#,
            r#"!unknown option "tag"; there are dc, min, on_collapse, on_error, stale_for"#,
        ),
        (
            "tree",
            r#"["app", "b"]"#,
            "!wrong number of args for tree: want 1 got 2",
        ),
    ]);
    for (name, text) in [
        ("services", r#"["on_collapse=fail", "min=1"]"#),
        (
            "service",
            r#"["web", "tag=v1", "min=1", "on_collapse=fail"]"#,
        ),
        ("tree", r#"["app", "min=4", "on_collapse=fail"]"#),
    ] {
        let (value, _) = dependencies(name, &arguments(text));
        assert!(value.len().is_some_and(|len| len > 0), "{name}");
    }
    let (value, queries) = dependencies("ls", &arguments(r#"["app", "min=2"]"#));
    assert_eq!(value.len(), Some(2));
    assert_eq!(queries.len(), 1);
    // A prefix may look like an option.
    let (_, queries) = dependencies("ls", &arguments(r#"["min=2"]"#));
    assert_eq!(queries[0].0, "kv.list(min=2)");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn services_are_grouped_by_tag_port_and_metadata() {
    let services = || records::list(&instances(), &Reads::default());
    let ids = |groups: &Value| -> Vec<String> {
        let keys: Vec<Value> = groups.try_iter().unwrap().collect();
        let group = |key: &Value| {
            groups
                .get_item(key)
                .unwrap()
                .try_iter()
                .unwrap()
                .collect::<Vec<_>>()
        };
        let id = |instance: &Value| instance.get_attr("ID").unwrap().to_string();
        keys.iter()
            .map(|key| {
                format!(
                    "{key}: {}",
                    group(key).iter().map(id).collect::<Vec<_>>().join(" ")
                )
            })
            .collect()
    };
    assert_eq!(
        ids(&call("byTag", &[services()]).unwrap()),
        ["blue: web-1 web-2", "v1: web-1"]
    );
    assert_eq!(
        ids(&call("byPort", &[services()]).unwrap()),
        ["80: web-1", "81: web-2"]
    );
    let by_meta = call("byMeta", &["version,weight|int".into(), services()]).unwrap();
    assert_eq!(
        ids(&by_meta),
        ["1_0_00007: web-1", "_no_version__00007: web-2"]
    );
    assert_eq!(
        ids(&call("byMeta", &["none|int".into(), services()]).unwrap()),
        ["00000: web-1 web-2"]
    );
    // Names are used verbatim, including spaces and other bars.
    for (names, group) in [
        ("version ,none", "_no_version____no_none_"),
        ("version|x", "_no_version_x_"),
    ] {
        let by_meta = call("byMeta", &[names.into(), services()]).unwrap();
        assert_eq!(ids(&by_meta), [format!("{group}: web-1 web-2")], "{names}");
    }
    assert_eq!(
        ids(&call("byMeta", &["weight|int|int".into(), services()]).unwrap()),
        ["00000: web-1 web-2"]
    );
    let error = call("byMeta", &["version|int".into(), services()]).unwrap_err();
    assert_eq!(
        error,
        "byMeta: strconv.Atoi: parsing the value of \"version\": invalid syntax"
    );
    assert_eq!(
        result_of("byTag", "[[1]]"),
        "!wrong type for value; expected a list of services; got int"
    );
    let error = call("byKey", &[services()]).unwrap_err();
    assert_eq!(
        error,
        "wrong type for value; expected []*dependency.KeyPair; got a list with *dependency.HealthService"
    );
}
