use super::*;
use serde_json::json;

fn kept(filter: &str) -> usize {
    let query = Query::Health {
        name: "web".into(),
        tags: Vec::new(),
        meta: Vec::new(),
        passing: false,
    };
    let filter = Filter::parse(filter, &query).expect("a good filter");
    let mut body = json!([
        {"Node": {"Node": "a", "Meta": null}, "Service": {"Port": 80, "Tags": ["v1"], "Meta": {"k": "x"}},
         "Checks": [{"Status": "passing"}, {"Status": "critical"}]},
        {"Node": {"Node": "b", "Meta": null}, "Service": {"Port": 81, "Tags": [], "Meta": {}}, "Checks": []},
    ]);
    filter.retain(&mut body);
    body.as_array().map_or(0, Vec::len)
}

#[test]
fn a_filter_keeps_matching_items() {
    let cases = [
        ("Service.Port == 80", 1),
        ("Service.Port==80", 1),
        ("Service.Port != 80", 1),
        ("\"v1\" in Service.Tags", 1),
        ("v1 not in Service.Tags", 1),
        ("Service.Tags contains \"v1\"", 1),
        ("Service.Tags is empty", 1),
        ("Service.Tags is not empty", 1),
        ("Service.Meta.k == x", 1),
        ("Service.Meta.k != x", 1),
        ("Node.Node matches \"^[ab]$\"", 2),
        ("Node.Node not matches a", 1),
        ("Checks.Status == critical", 1),
        ("not (Node.Node == a or Node.Node == b)", 0),
        ("Node.Node == a and Service.Port == 81", 0),
        ("", 2),
    ];
    assert!(!cases.is_empty());
    for (filter, expected) in cases {
        assert_eq!(kept(filter), expected, "{filter}");
    }
}

#[test]
fn invalid_filters_are_refused() {
    let query = Query::NodeChecks("a".into());
    for wrong in [
        "xx",
        "Nope == 1",
        "Status ==",
        "(Status == a",
        "Status == a b",
        "CreateIndex == x",
    ] {
        assert!(Filter::parse(wrong, &query).is_err(), "{wrong}");
    }
}
