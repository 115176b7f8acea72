use super::*;
use consul_watch::answer::{Check, Nullable};
use consul_watch::query::Health;

fn pairs(entries: &[(&str, &str)]) -> Answer {
    let pair = |(key, value): &(&str, &str)| Pair {
        path: format!("app/{key}"),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        ..Pair::default()
    };
    Answer::Pairs(entries.iter().map(pair).map(Arc::new).collect())
}

fn instance(id: &str, port: i64) -> Instance {
    Instance {
        node: "n1".into(),
        id: id.into(),
        address: "10.0.0.1".into(),
        tags: vec!["blue".into()],
        checks: Nullable::from([Arc::new(Check::default())]),
        status: Health::Passing,
        port,
        ..Instance::default()
    }
}

fn service(instances: impl IntoIterator<Item = Instance>) -> Answer {
    Answer::Service(instances.into_iter().map(Arc::new).collect())
}

fn all(fields: FieldSet) -> Reading {
    Reading {
        selection: Selection::All,
        fields,
    }
}

#[test]
fn only_entries_that_are_read_count_as_a_change() {
    let sees = |depth, before: &Answer, after: &Answer| {
        let reading = Reading {
            selection: Selection::Depth(depth),
            fields: FieldSet::named(Pair::SCHEMA, &["Key", "Value"]),
        };
        reading.sees_change(before, after)
    };
    let before = [("", "folder"), ("a", "1"), ("sub/", ""), ("sub/b", "2")];
    for (after, level, tree) in [
        (
            vec![("", "folder"), ("a", "1"), ("sub/", ""), ("sub/b", "2")],
            false,
            false,
        ),
        (vec![("a", "1"), ("sub/b", "2")], false, false),
        (vec![("a", "1"), ("sub/b", "3")], false, true),
        (vec![("a", "1")], false, true),
        (vec![("a", "2"), ("sub/b", "2")], true, true),
        (vec![("a", "1"), ("c", "1"), ("sub/b", "2")], true, true),
        (vec![], true, true),
    ] {
        let (before, after) = (pairs(&before), pairs(&after));
        let found = [Depth::Level, Depth::Tree].map(|depth| sees(depth, &before, &after));
        assert_eq!(found, [level, tree], "{after:?}");
    }
}

#[test]
fn an_answer_of_another_kind_is_compared_as_a_whole() {
    let names = |name: &str| Answer::Datacenters(vec![name.to_owned()]);
    let choice = Choice::default();
    for selection in [
        Selection::Whole,
        Selection::All,
        Selection::Depth(Depth::Level),
        Selection::Instances(choice, Order::Name),
    ] {
        let reading = Reading {
            selection,
            fields: FieldSet::default(),
        };
        assert!(reading.sees_change(&names("a"), &names("b")), "{reading:?}");
        assert!(
            !reading.sees_change(&names("a"), &names("a")),
            "{reading:?}"
        );
    }
}

#[test]
fn the_number_of_items_always_counts_and_a_field_only_if_it_is_read() {
    let [nothing, port] =
        [&[][..], &["Port"]].map(|names| all(FieldSet::named(Instance::SCHEMA, names)));
    let before = service([instance("a", 80)]);
    let more = service([instance("a", 80), instance("b", 80)]);
    let moved = service([instance("a", 81)]);
    let renamed = service([instance("b", 80)]);
    assert!(nothing.sees_change(&before, &more) && nothing.sees_change(&more, &before));
    assert!(!nothing.sees_change(&before, &moved));
    assert!(port.sees_change(&before, &moved));
    assert!(!port.sees_change(&before, &renamed));
}

#[test]
fn a_nil_list_of_checks_differs_from_an_empty_one() {
    let with = |checks| {
        service([Instance {
            checks,
            ..instance("a", 80)
        }])
    };
    let (nil, empty) = (with(Nullable::default()), with(Nullable::new()));
    assert!(all(FieldSet::named(Instance::SCHEMA, &["Checks"])).sees_change(&nil, &empty));
    assert!(!all(FieldSet::named(Instance::SCHEMA, &["Tags"])).sees_change(&nil, &empty));
}
