//! A change that a template does not see must not change its text.

use std::cell::Cell;
use std::time::{Duration, Instant};

use proptest::test_runner::TestRunner;

use super::*;
use consul_watch::answer::{Check, NodeService, ServiceTags, TaggedAddress};

mod answers;
mod grammar;

use answers::changed_answers;
use grammar::{Kind, template};

/// The span of `passing_for` in the grammar.
const PASSING_FOR: Duration = Duration::from_secs(5);

/// Renders at four seconds after the first answer.
fn rendered(template: &Template, snapshot: &Snapshot) -> Rendering {
    let env = RenderEnv {
        host: "host".into(),
        ..RenderEnv::default()
    };
    template.render(snapshot, &Arc::new(env), Timestamp::UNIX_EPOCH)
}

#[test]
fn a_change_that_is_not_seen_does_not_change_the_text() {
    let mut counts = [const { Cell::new(0_u32) }; 2];
    let failed = Cell::new(0_u32);
    let cases = (0..Kind::ALL.len(), 0..2_usize).prop_flat_map(|(kind, language)| {
        let kind = Kind::ALL[kind];
        let language = [Language::Go, Language::Jinja][language];
        (
            Just((kind, language)),
            template(kind, language),
            changed_answers(kind),
        )
    });
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let checked = runner.run(&cases, |((kind, language), text, answers)| {
        let template = inline(&text, language).unwrap();
        let query = Arc::new(kind.query());
        let [first, before, after] = answers.map(Arc::new);
        let start = Instant::now();
        let mut snapshot = Snapshot::default();
        snapshot.turn_to(start);
        snapshot.record(Arc::clone(&query), first);
        snapshot.turn_to(start + Duration::from_secs(3));
        snapshot.record_timed(Arc::clone(&query), Arc::clone(&before), PASSING_FOR);
        snapshot.turn_to(start + Duration::from_secs(4));
        let earlier = rendered(&template, &snapshot);
        let is_seen = earlier
            .dependencies
            .sees_change(&query, Some(&before), &after);
        if before != after {
            let count = &counts[usize::from(is_seen)];
            count.set(count.get() + 1);
        }
        failed.set(failed.get() + u32::from(earlier.text.is_err()));
        if !is_seen {
            snapshot.record_timed(Arc::clone(&query), after, PASSING_FOR);
            let later = rendered(&template, &snapshot);
            prop_assert_eq!(&earlier.text, &later.text, "{}", text);
            prop_assert_eq!(earlier.dependencies, later.dependencies, "{}", text);
        }
        Ok(())
    });
    checked.unwrap();
    let [not_seen, seen] = counts.each_mut().map(|count| *count.get_mut());
    assert!(not_seen > 300 && seen > 300, "{not_seen} {seen}");
    assert!(failed.get() < 1500, "{}", failed.get());
}

/// An instance with a few values, and one change.
fn with_instance(change: fn(&mut Instance)) -> Answer {
    let mut instance = Instance {
        address: "10.0.0.1".into(),
        port: 80,
        tags: vec!["blue".into()],
        checks: Nullable::from([Arc::new(Check::default())]),
        ..Instance::default()
    };
    change(&mut instance);
    Answer::Service(vec![Arc::new(instance)])
}

/// An instance whose check has one change.
fn with_check(change: fn(&mut Check)) -> Answer {
    let mut check = Check::default();
    change(&mut check);
    Answer::Service(vec![Arc::new(Instance {
        checks: Nullable::from([Arc::new(check)]),
        ..Instance::default()
    })])
}

fn with_index(index: u64) -> Answer {
    Answer::Key(Some(Arc::new(Pair {
        value: "1".into(),
        modify_index: index,
        lock_index: index,
        ..Pair::default()
    })))
}

/// Returns `true` if a template sees the difference between two answers.
fn sees(query: &Query, template: (&str, Language), before: &Answer, after: &Answer) -> bool {
    let (text, language) = template;
    let mut snapshot = Snapshot::default();
    snapshot.record(query.clone(), Arc::new(before.clone()));
    let rendering = render(&inline(text, language).unwrap(), &snapshot);
    assert!(rendering.text.is_ok(), "{text}");
    rendering
        .dependencies
        .sees_change(query, Some(before), after)
}

const ADDRESSES: &[(&str, Language)] = &[
    (
        r#"{{ range service "web" }}{{ .Address }}:{{ .Port }}{{ end }}"#,
        Language::Go,
    ),
    (
        "{% for s in service('web') %}{{ s.address }}:{{ s.Port }}{% endfor %}",
        Language::Jinja,
    ),
    (
        "{{ service('web') | map(attribute='address') | join }}",
        Language::Jinja,
    ),
];
const ADDRESSES_BY_TAG: &[(&str, Language)] = &[
    (
        r#"{{ range service "web" "tag=blue" }}{{ .Address }}{{ end }}"#,
        Language::Go,
    ),
    (
        "{% for s in service('web', tag='blue') %}{{ s.address }}{% endfor %}",
        Language::Jinja,
    ),
];
const STATUSES: &[(&str, Language)] = &[
    (
        r#"{{ range service "web" }}{{ range .Checks }}{{ .Status }}{{ end }}{{ end }}"#,
        Language::Go,
    ),
    (
        "{% for s in service('web') %}{{ s.checks[0].status }}{% endfor %}",
        Language::Jinja,
    ),
];

#[test]
fn a_change_of_a_field_that_no_template_reads_is_not_seen() {
    let web = Query::service("web").unwrap();
    let unchanged = with_instance(|_| {});
    let new_meta = with_instance(|one| one.node_meta = TextMap::new());
    let no_checks = with_instance(|one| one.checks = Nullable::new());
    let more_tags = with_instance(|one| one.tags = vec!["BLUE".into(), "green".into()]);
    let other_tag = with_instance(|one| one.tags = vec!["green".into()]);
    let moved = with_instance(|one| one.address = "10.0.0.2".into());
    for (after, by_address, by_tag) in [
        (&new_meta, false, false),
        (&no_checks, false, false),
        (&more_tags, false, false),
        (&other_tag, false, true),
        (&moved, true, true),
    ] {
        for (templates, expected) in [(ADDRESSES, by_address), (ADDRESSES_BY_TAG, by_tag)] {
            assert!(!templates.is_empty());
            for template in templates {
                let found = sees(&web, *template, &unchanged, after);
                assert_eq!(found, expected, "{template:?}: {after:?}");
            }
        }
    }
}

#[test]
fn nested_records_and_values_of_keys_are_told_apart_too() {
    let web = Query::service("web").unwrap();
    let unchanged = with_check(|_| {});
    let new_output = with_check(|check| check.output = "slow".into());
    let new_status = with_check(|check| check.status = "critical".into());
    assert!(!STATUSES.is_empty());
    for template in STATUSES {
        assert!(!sees(&web, *template, &unchanged, &new_output));
        assert!(sees(&web, *template, &unchanged, &new_status));
    }
    let key = Query::key("web").unwrap();
    for template in [
        (r#"{{ key "web" }}"#, Language::Go),
        ("{{ key('web') }}", Language::Jinja),
    ] {
        assert!(!sees(&key, template, &with_index(1), &with_index(2)));
        assert!(sees(&key, template, &with_index(1), &Answer::Key(None)));
    }
}
