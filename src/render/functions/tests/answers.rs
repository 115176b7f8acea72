//! Tests of the functions that query Consul.

use super::*;

fn dependencies(name: &str, args: &[Value]) -> (Value, Vec<(String, Option<Absence>)>) {
    let context = context();
    let value = call_in(&context, name, args).unwrap();
    let dependencies = context.take_dependencies();
    let queries = dependencies
        .queries
        .iter()
        .map(|query| {
            (
                query.to_string(),
                dependencies.missing.get(&**query).copied(),
            )
        })
        .collect();
    (value, queries)
}

/// Each case: a function, its arguments, its result, its query, and the reason of the missing answer.
fn check_queries(cases: &[(&str, &str, &str, &str)]) {
    assert!(!cases.is_empty());
    for (name, args, expected, query) in cases {
        let (value, queries) = dependencies(name, &arguments(args));
        let queries: Vec<String> = queries
            .into_iter()
            .map(|(query, absence)| {
                absence.map_or(query.clone(), |absence| format!("{query} {absence:?}"))
            })
            .collect();
        assert_eq!(
            (written(&value).as_str(), queries.join(" ").as_str()),
            (*expected, *query),
            "{name} {args}"
        );
    }
}

#[test]
fn keys() {
    check_queries(&[
        ("key", r#"["port"]"#, r#""80""#, "kv.get(port)"),
        ("key", r#"["/port"]"#, r#""80""#, "kv.get(port)"),
        ("key", r#"["empty"]"#, r#""""#, "kv.get(empty)"),
        ("key", r#"["none"]"#, r#""""#, "kv.get(none) NoSuchKey"),
        ("key", r#"["gone"]"#, r#""last""#, "kv.get(gone)"),
        ("key", r#"["later"]"#, r#""""#, "kv.get(later) Unanswered"),
        ("key", r#"[""]"#, r#""""#, ""),
        ("keyExists", r#"["port"]"#, "true", "kv.get(port)"),
        ("keyExists", r#"["empty"]"#, "true", "kv.get(empty)"),
        ("keyExists", r#"["none"]"#, "false", "kv.get(none)"),
        ("keyExists", r#"["gone"]"#, "false", "kv.get(gone)"),
        (
            "keyExists",
            r#"["later"]"#,
            "false",
            "kv.get(later) Unanswered",
        ),
        (
            "keyOrDefault",
            r#"["port", "1"]"#,
            r#""80""#,
            "kv.get(port)",
        ),
        (
            "keyOrDefault",
            r#"["empty", "1"]"#,
            r#""1""#,
            "kv.get(empty)",
        ),
        ("keyOrDefault", r#"["none", "1"]"#, r#""1""#, "kv.get(none)"),
        (
            "keyOrDefault",
            r#"["later", "1"]"#,
            r#""1""#,
            "kv.get(later) Unanswered",
        ),
        ("keyOrDefault", r#"["", "1"]"#, r#""1""#, ""),
    ]);
    assert_eq!(result_of("key", r#"["a@b@c d"]"#).chars().next(), Some('!'));
}

#[test]
fn a_key_that_is_not_text_keeps_its_bytes_for_functions_of_bytes() {
    let bytes = vec![0, 0xff, 0xfe, 0x80, b'a'];
    let value = String::from_utf8_lossy(&bytes).into_owned();
    let value = records::value_of(&Pair {
        value,
        bytes: Some(bytes.into()),
        ..Pair::default()
    });
    let cases = [
        ("base64Encode", "AP/+gGE="),
        ("sprig_b64enc", "AP/+gGE="),
        ("base64URLEncode", "AP_-gGE="),
        ("md5sum", "79a7435031053cfc40b1027010c8f126"),
        ("toJSON", r#""\u0000\ufffd\ufffd\ufffda""#),
    ];
    for (name, expected) in cases {
        assert_eq!(
            call(name, std::slice::from_ref(&value)).unwrap().as_str(),
            Some(expected),
            "{name}"
        );
    }
}

#[test]
fn pairs_below_a_prefix() {
    let keys = |name: &str, prefix: &str| -> (Vec<String>, Vec<(String, Option<Absence>)>) {
        let (value, queries) = dependencies(name, &[Value::from(prefix)]);
        let keys = value
            .try_iter()
            .unwrap()
            .map(|pair| pair.get_attr("Key").unwrap().to_string())
            .collect();
        (keys, queries)
    };
    let answered = |prefix: &str| vec![(format!("kv.list({prefix})"), None)];
    assert_eq!(
        keys("ls", "app"),
        (vec!["a".into(), "b".into()], answered("app"))
    );
    assert_eq!(
        keys("safeLs", "app"),
        (vec!["a".into(), "b".into()], answered("app"))
    );
    let all = vec![
        "a".to_owned(),
        "b".into(),
        "folder/c".into(),
        "folder/deep/d".into(),
    ];
    assert_eq!(keys("tree", "app"), (all.clone(), answered("app")));
    assert_eq!(keys("safeTree", "app"), (all, answered("app")));
    assert_eq!(keys("ls", "void"), (vec![], answered("void")));
    let empty = vec![("kv.list(void)".to_owned(), Some(Absence::NothingBelow))];
    assert_eq!(keys("safeLs", "void"), (vec![], empty.clone()));
    assert_eq!(keys("safeTree", "void"), (vec![], empty));
    let later = vec![("kv.list(later)".to_owned(), Some(Absence::Unanswered))];
    assert_eq!(keys("safeTree", "later"), (vec![], later));
    assert_eq!(keys("tree", ""), (vec![], vec![]));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn services_and_nodes() {
    check_queries(&[
        (
            "services",
            "[]",
            r#"[{"Name":"web","Tags":["blue"]}]"#,
            "catalog.services",
        ),
        (
            "services",
            r#"["@", "dc2"]"#,
            "[]",
            "catalog.services(@dc2) Unanswered",
        ),
        (
            "service",
            r#"["api"]"#,
            "[]",
            "health.service(api|passing) Unanswered",
        ),
        ("service", r#"[""]"#, "[]", ""),
        ("service", "[]", "[]", ""),
        ("nodes", r#"["~n1"]"#, "[]", "catalog.nodes(~n1) Unanswered"),
        (
            "node",
            r#"["n2"]"#,
            r#"{"Node":null,"Services":[]}"#,
            "catalog.node(n2)",
        ),
        (
            "datacenters",
            "[]",
            r#"["dc1","dc2"]"#,
            "catalog.datacenters",
        ),
        (
            "datacenters",
            "[true]",
            r#"["dc1"]"#,
            "catalog.datacenters(ignore failing)",
        ),
        (
            "file",
            r#"[" /etc/motd "]"#,
            r#""hello\n""#,
            "file(/etc/motd)",
        ),
        ("file", r#"["/no"]"#, r#""""#, "file(/no) Unanswered"),
        ("file", r#"[""]"#, r#""""#, ""),
    ]);
    let (value, queries) = dependencies("service", &["web".into(), "any".into()]);
    assert_eq!(
        (value.len(), queries),
        (Some(2), vec![("health.service(web|any)".to_owned(), None)])
    );
    let (value, _) = dependencies("nodes", &[]);
    assert_eq!(
        value
            .get_item_by_index(0)
            .unwrap()
            .get_attr("Address")
            .unwrap(),
        Value::from("10.0.0.1")
    );
    let (value, _) = dependencies("node", &["n1".into()]);
    assert_eq!(
        value.get_attr("Node").unwrap().get_attr("Node").unwrap(),
        Value::from("n1")
    );
    let (value, queries) = dependencies("node", &[]);
    assert_eq!(
        value.get_attr("Node").unwrap().get_attr("Address").unwrap(),
        Value::from("")
    );
    assert_eq!(
        queries,
        [("catalog.node()".to_owned(), Some(Absence::Unanswered))]
    );
    assert_eq!(
        result_of("datacenters", "[true, true]"),
        "!datacenters: wrong number of arguments, expected 0 or 1, but got 2"
    );
    assert_eq!(
        result_of("datacenters", r#"["x"]"#),
        "!wrong type for value; expected bool; got string"
    );
    assert!(
        result_of("service", r#"["we b"]"#)
            .starts_with("!health.service: invalid format: \"we b\"")
    );
}

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
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_mesh_and_other_clusters() {
    let empty_leaf = r#"{"SerialNumber":"","Service":"","ServiceURI":"","ValidAfter":"","ValidBefore":"","CreateIndex":0,"ModifyIndex":0}"#;
    check_queries(&[
        (
            "connect",
            r#"["api"]"#,
            "[]",
            "health.connect(api|passing) Unanswered",
        ),
        ("connect", r#"[""]"#, "[]", ""),
        ("connect", "[]", "[]", ""),
        (
            "caRoots",
            "[]",
            r#"[{"ID":"1f","Name":"Root","RootCert":"PEM","Active":false,"CreateIndex":0,"ModifyIndex":0}]"#,
            "connect.caroots",
        ),
        (
            "caLeaf",
            r#"["web"]"#,
            r#"{"SerialNumber":"08","CertPEM":"CERT","PrivateKeyPEM":"KEY","Service":"web","ServiceURI":"","ValidAfter":"","ValidBefore":"","CreateIndex":0,"ModifyIndex":0}"#,
            "connect.caleaf(web)",
        ),
        (
            "caLeaf",
            r#"["api"]"#,
            empty_leaf,
            "connect.caleaf(api) Unanswered",
        ),
        ("caLeaf", r#"[""]"#, "null", ""),
        ("caLeaf", "[]", "null", ""),
        (
            "partitions",
            "[]",
            r#"[{"Name":"default","Description":"Builtin"}]"#,
            "list.partitions",
        ),
        (
            "peerings",
            "[]",
            r#"[{"ID":"","Name":"east","Partition":"","Meta":{},"PeeringState":"ACTIVE","PeerID":"","PeerServerName":"","PeerServerAddresses":[],"StreamStatus":{"ImportedServices":[],"ExportedServices":[],"LastHeartbeat":null,"LastReceive":null,"LastSend":null},"Remote":{"Partition":"","Datacenter":""}}]"#,
            "list.peerings",
        ),
        (
            "peerings",
            r#"["?partition=p"]"#,
            "[]",
            "list.peerings?partition=p Unanswered",
        ),
        (
            "exportedServices",
            "[]",
            r#"[{"Service":"web","Partition":"","Namespace":"","Consumers":{"Peers":["east"],"Partitions":[]}}]"#,
            "list.exportedServices()",
        ),
        (
            "exportedServices",
            r#"["p2"]"#,
            "[]",
            "list.exportedServices(p2) Unanswered",
        ),
        (
            "importedServices",
            r#"["p1"]"#,
            r#"[{"Service":"db","Namespace":"","SourcePartition":"p2"}]"#,
            "list.importedServices(p1)",
        ),
        (
            "importedServices",
            r#"["p2"]"#,
            "[]",
            "list.importedServices(p2) Unanswered",
        ),
    ]);
    let (value, queries) = dependencies("connect", &["web".into()]);
    assert_eq!(
        (value.len(), queries),
        (
            Some(2),
            vec![("health.connect(web|passing)".to_owned(), None)]
        )
    );
    check(&[
        (
            "importedServices",
            "[]",
            "!wrong number of args for importedServices: want 1 got 0",
        ),
        (
            "importedServices",
            r#"[""]"#,
            "!importedServices: the name of the partition is empty",
        ),
        (
            "partitions",
            r#"["p"]"#,
            "!wrong number of args for partitions: want 0 got 1",
        ),
        (
            "peerings",
            r#"["p"]"#,
            r#"!list.peering: invalid format: "p": it begins with ?, not with "p""#,
        ),
        (
            "caLeaf",
            r#"["a/b"]"#,
            r#"!connect.caleaf: invalid format: "a/b": the service name cannot contain '/'"#,
        ),
        (
            "caRoots",
            "[1]",
            "!wrong type for value; expected string; got int",
        ),
    ]);
}

#[test]
fn pairs_are_grouped_by_folder() {
    let context = context();
    let tree = call_in(&context, "tree", &["app".into()]).unwrap();
    let by_key = call_in(&context, "byKey", std::slice::from_ref(&tree)).unwrap();
    let folder = by_key.get_attr("folder").unwrap();
    let keys: Vec<String> = folder
        .try_iter()
        .unwrap()
        .map(|key| key.to_string())
        .collect();
    assert_eq!(keys, ["c", "deep/d"]);
    let c = folder.get_attr("c").unwrap();
    assert_eq!(
        (c.get_attr("Key").unwrap(), c.get_attr("Path").unwrap()),
        ("c".into(), "app/folder/c".into())
    );
    assert_eq!(by_key.len(), Some(1));
    let exploded = call_in(&context, "explode", &[tree]).unwrap();
    assert_eq!(
        written(&exploded),
        r#"{"a":"v","b":"v","folder":{"c":"v","deep":{"d":"v"}}}"#
    );
    let conflict = records::list(&[pair("x", "secret"), pair("x/y", "1")]);
    let error = call_in(&context, "explode", &[conflict]).unwrap_err();
    assert_eq!(
        error,
        r#"explode: not a map: "x/y": "x" is both a key and a folder"#
    );
    assert_eq!(
        written(&call("explode", &[records::list(&[pair("a/", "")])]).unwrap()),
        r#"{"a":{}}"#
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn services_are_grouped_by_tag_port_and_metadata() {
    let services = || records::list(&instances());
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
