use super::*;
use crate::source::{InstanceIndex, fingerprint};

const QUERIES: usize = 100;

fn surveys(nodes: &[&str], now: Instant) -> Surveys {
    let mut surveys = Surveys::default();
    let names = nodes.iter().map(|name| (*name).to_owned());
    surveys.set_nodes(&Scope::default(), names.collect(), now);
    surveys
}

fn due(surveys: &Surveys, queries: usize) -> Option<Instant> {
    surveys.due(|_| queries).map(|(due, _)| due)
}

fn next(surveys: &mut Surveys, now: Instant) -> Option<String> {
    due(surveys, QUERIES).filter(|due| *due <= now)?;
    surveys.next(&Scope::default(), now)
}

fn record(surveys: &mut Surveys, node: &str, index: u64, bytes: usize) -> BTreeSet<u64> {
    let instance = InstanceIndex {
        id: fingerprint("web-1"),
        service: fingerprint("web"),
        index,
    };
    let snapshot = NodeSnapshot::new(1, vec![instance], bytes);
    let scope = Scope::default();
    surveys.record((&scope, node), snapshot, QUERIES, Instant::now())
}

#[test]
fn a_survey_reads_each_node_once_and_names_what_has_changed() {
    let mut now = Instant::now();
    let mut surveys = surveys(&["n1", "n2"], now);
    now += MIN_INTERVAL;
    assert_eq!(next(&mut surveys, now).as_deref(), Some("n1"));
    assert_eq!(next(&mut surveys, now).as_deref(), Some("n2"));
    assert_eq!(next(&mut surveys, now), None);
    assert!(record(&mut surveys, "n1", 5, 100).is_empty(), "the first");
    now += MAX_INTERVAL;
    assert_eq!(next(&mut surveys, now), None, "no tick has moved");
    surveys.moved(&Scope::default());
    assert_eq!(next(&mut surveys, now).as_deref(), Some("n1"));
    let changed = record(&mut surveys, "n1", 6, 100);
    assert_eq!(changed, BTreeSet::from([fingerprint("web")]));
    let there = surveys.services_at(&Scope::default(), "n1");
    assert_eq!(there, changed);
}

#[test]
fn many_nodes_or_large_answers_are_not_worth_a_survey() {
    let mut now = Instant::now();
    let mut surveys = surveys(&["n1", "n2"], now);
    assert_eq!(due(&surveys, 2 * MIN_QUERIES_PER_NODE - 1), None);
    now += MIN_INTERVAL;
    next(&mut surveys, now).unwrap();
    record(&mut surveys, "n1", 5, QUERIES * MAX_BYTES_PER_QUERY + 1);
    surveys.moved(&Scope::default());
    assert!(due(&surveys, QUERIES).unwrap() > now + Duration::from_secs(500));
}

#[test]
fn surveys_are_rarer_the_larger_they_are_and_the_less_they_find() {
    let begun = Instant::now();
    let mut survey = Survey::new(begun);
    survey.nodes = BTreeMap::from([("n1".to_owned(), None)]);
    assert_eq!(survey.interval(), MIN_INTERVAL);
    survey.bytes = 8_000_000;
    assert_eq!(survey.interval(), Duration::from_millis(500));
    survey.next(begun).unwrap();
    survey.bytes = 8_000_000;
    assert_eq!(survey.interval(), Duration::from_secs(1));
    for _ in 0..40 {
        survey.next(begun).unwrap();
    }
    survey.bytes = 8_000_000;
    assert_eq!(survey.interval(), MAX_INTERVAL);
    survey.is_useful = true;
    survey.next(begun).unwrap();
    assert_eq!(survey.interval(), MIN_INTERVAL);
}

#[test]
fn other_datacenters_are_not_surveyed() {
    let mut surveys = Surveys::default();
    let scope = Scope {
        datacenter: "eu".to_owned(),
        ..Scope::default()
    };
    surveys.set_nodes(&scope, BTreeSet::from(["n1".to_owned()]), Instant::now());
    assert_eq!(due(&surveys, QUERIES), None);
}
