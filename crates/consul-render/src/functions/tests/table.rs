//! The table of functions, and arguments of any kind.

use super::*;

#[test]
fn the_table_is_complete_and_consistent() {
    let required = "connect caRoots caLeaf partitions peerings exportedServices importedServices \
                    service services node nodes datacenters key keyExists keyOrDefault ls tree safeLs safeTree file env \
                    toLower toUpper join split replaceAll contains regexMatch parseInt add subtract multiply divide \
                    modulo minimum maximum toJSON parseJSON byKey byTag scratch timestamp loop mustEnv explode byMeta";
    for name in required.split_whitespace() {
        assert!(named_in_go(name).is_some(), "{name}");
    }
    let (mut go, mut jinja) = (BTreeSet::new(), BTreeSet::new());
    for function in all() {
        assert!(go.insert(function.go), "{} twice", function.go);
        assert!(jinja.insert(function.jinja), "{} twice", function.jinja);
        assert_eq!(function.jinja, function.jinja.to_lowercase());
        assert!(
            function.signature.starts_with('(') && !function.summary.is_empty(),
            "{}",
            function.go
        );
    }
    assert!(go.len() >= 60, "{}", go.len());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::UNDEFINED),
        Just(Value::from(())),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..40).prop_map(Value::from),
        "[a-z/=,.|@~?: %0-9\\[\\](){}\\\\^$*+é\n-]{0,12}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(Value::from_bytes(vec![0xff, 0])),
        Just(records::list(&instances(), &Reads::default())),
        Just(records::list(
            &[pair("a/b", "1"), pair("a/b/c", "2"), pair("", "3")],
            &Reads::default()
        )),
        Just(Value::UNDEFINED),
        Just(TypedMap::nil()),
        Just(Value::from_object(NilList)),
        Just(Record::nil(Pair::SCHEMA)),
        Just(TypedMap::of_text(
            TextMap::from([("k".into(), "v".into())]).iter()
        )),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z/]{0,4}", inner, 0..4).prop_map(Value::from_object),
        ]
    })
}

use crate::records::Kind as _;
use gotemplate::record::{NilList, Record, TypedMap};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn functions_never_panic(args in prop::collection::vec(any_value(), 0..5)) {
        let context = context();
        let mut called = 0;
        for function in all() {
            let _ = (function.code)(&Call { args: &args, context: &context });
            called += 1;
        }
        prop_assert!(called > 0);
    }
}

#[test]
fn wrong_arguments_are_errors_in_the_words_of_go() {
    assert_eq!(
        result_of("split", r#"[","]"#),
        "!wrong number of args for split: want 2 got 1"
    );
    assert_eq!(
        result_of("toLower", "[1]"),
        "!wrong type for value; expected string; got int"
    );
    assert_eq!(
        result_of("toLower", "[null]"),
        "!invalid value; expected string"
    );
    assert_eq!(
        result_of("join", r#"[",", ["a", 1.5]]"#),
        "!wrong type for value; expected string; got float64"
    );
}
