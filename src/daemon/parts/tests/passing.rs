//! Templates with `passing_for`: instances count only after they have been passing for a while.

use super::*;
use consul_watch::answer::Instance;

const TEMPLATE: &str = r#"{{ range service "web" "passing_for=5s" }}{{ .ID }} {{ end }}"#;

impl Bench {
    /// Answers the query with these instances.
    fn instances(&mut self, ids: &[&str]) {
        let instance = |id: &&str| {
            Arc::new(Instance {
                node: "n1".into(),
                id: (*id).to_owned(),
                ..Instance::default()
            })
        };
        let answer = Answer::Service(ids.iter().map(instance).collect());
        let query = Query::service("web").unwrap();
        self.step(Event::Watched(vec![WatchEvent::current(
            Arc::new(query),
            Arc::new(answer),
        )]));
    }

    /// The number of seconds until the next wake-up.
    fn wakes_in(&self) -> Option<u64> {
        self.parts
            .next_wake()
            .map(|wake| (wake - self.now.instant).as_secs())
    }
}

#[test]
fn instances_at_the_start_count_at_once_and_later_ones_after_passing_for() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, None)]);
    assert_eq!(bench.followed(), ["health.service(web|passing)"]);
    bench.instances(&["a", "b"]);
    assert_eq!(bench.write(), ["a b "]);
    assert_eq!(bench.wakes_in(), None, "nothing is polled");

    bench.instances(&["a", "b", "c"]);
    assert_eq!(bench.write(), ["a b "], "the text is the same");
    assert_eq!(bench.wakes_in(), Some(5));
    bench.pass(Duration::from_secs(2));
    bench.instances(&["a", "b", "c", "d"]);
    assert_eq!(bench.write(), ["a b "]);
    assert_eq!(bench.wakes_in(), Some(3));
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.write(), ["a b c "]);
    assert_eq!(bench.wakes_in(), Some(2));
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.write(), ["a b c d "]);
    assert_eq!(bench.wakes_in(), None);
}

#[test]
fn an_instance_that_leaves_is_removed_at_once_and_starts_over_when_it_returns() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, None)]);
    bench.instances(&["a", "b"]);
    assert_eq!(bench.write(), ["a b "]);
    bench.instances(&["a"]);
    assert_eq!(bench.write(), ["a "]);
    bench.instances(&["a", "b"]);
    bench.pass(Duration::from_secs(4));
    assert_eq!(bench.write(), ["a "]);
    bench.instances(&["a"]);
    assert_eq!(bench.write(), ["a "]);
    assert_eq!(bench.wakes_in(), None);
    bench.instances(&["a", "b"]);
    assert_eq!(bench.write(), ["a "]);
    bench.pass(Duration::from_secs(4));
    assert_eq!(bench.wakes_in(), Some(1));
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.write(), ["a b "]);
}

#[test]
fn the_longest_passing_for_of_all_templates_is_kept_and_others_are_not_delayed() {
    let ten = TEMPLATE.replace("5s", "10s");
    let plain = r#"{{ range service "web" }}{{ .ID }} {{ end }}"#;
    let mut bench = Bench::start(
        Mode::Daemon,
        vec![job(TEMPLATE, None), job(&ten, None), job(plain, None)],
    );
    assert_eq!(
        bench.followed(),
        ["health.service(web|passing)"],
        "all have the same query"
    );
    bench.instances(&["a"]);
    assert_eq!(bench.write(), ["a ", "a ", "a "]);
    bench.instances(&["a", "b"]);
    assert_eq!(bench.write(), ["a ", "a ", "a b "]);
    bench.pass(Duration::from_secs(5));
    assert_eq!(bench.write(), ["a b "]);
    // Answers in between do not reset the age of an instance.
    bench.pass(Duration::from_secs(1));
    bench.instances(&["a", "b", "c"]);
    assert_eq!(bench.write(), ["a b ", "a ", "a b c "]);
    bench.pass(Duration::from_secs(4));
    assert_eq!(bench.write(), ["a b "]);
}

#[test]
fn a_template_is_not_rendered_for_each_of_its_first_answers() {
    let keys: Vec<_> = (0..50)
        .map(|key| format!("{{{{ key \"{key}\" }}}}"))
        .collect();
    let keys = keys.concat();
    let mut bench = Bench::start(Mode::Daemon, vec![job(&keys, None)]);
    let before = bench.passes;
    for key in 0..49 {
        bench.news(&key.to_string(), "x");
    }
    assert_eq!(bench.passes, before, "one answer is missing");
    bench.pass(Duration::from_millis(100));
    assert_eq!(
        bench.passes,
        before + 1,
        "further queries may depend on these answers"
    );
    bench.news("49", "x");
    assert_eq!(bench.write(), ["x".repeat(50)]);
    assert_eq!(bench.passes, before + 2);
}
