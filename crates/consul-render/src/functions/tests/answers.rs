//! Tests of the functions that query Consul.

use super::*;

/// Returns the result of a call, and its queries with the reason of a missing answer.
pub(super) fn dependencies(name: &str, args: &[Value]) -> (Value, Vec<(String, Option<Absence>)>) {
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
pub(super) fn check_queries(cases: &[(&str, &str, &str, &str)]) {
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
    let value = records::value_of(
        &Pair {
            value,
            bytes: Some(bytes.into()),
            ..Pair::default()
        },
        &Reads::default(),
    );
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
            r#"{"Node":null,"Services":null}"#,
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
    let conflict = records::list(&[pair("x", "secret"), pair("x/y", "1")], &Reads::default());
    let error = call_in(&context, "explode", &[conflict]).unwrap_err();
    assert_eq!(
        error,
        r#"explode: not a map: "x/y": "x" is both a key and a folder"#
    );
    assert_eq!(
        written(
            &call(
                "explode",
                &[records::list(&[pair("a/", "")], &Reads::default())]
            )
            .unwrap()
        ),
        r#"{"a":{}}"#
    );
}
