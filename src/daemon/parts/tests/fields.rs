//! Changes of fields that no template reads.

use super::*;
use consul_watch::answer::{Check, Instance, Nullable};

const TEMPLATE: &str = r#"{{ range service "web" }}{{ .Address }} {{ end }}"#;

fn web() -> Arc<Query> {
    Query::service("web").unwrap().into()
}

/// An instance whose check has this output.
fn checked(address: &str, output: &str) -> Arc<Answer> {
    let check = Check {
        output: output.to_owned(),
        ..Check::default()
    };
    Arc::new(Answer::Service(vec![Arc::new(Instance {
        address: address.to_owned(),
        checks: Nullable::from([Arc::new(check)]),
        ..Instance::default()
    })]))
}

fn answered(address: &str, output: &str) -> Event {
    let answer = checked(address, output);
    Event::Watched(vec![WatchEvent::current(web(), answer)])
}

impl Bench {
    /// The numbers of useful and suppressed answers.
    fn wake_ups(&self) -> (u64, u64) {
        let wake_ups = self.parts.report().dependencies.wake_ups;
        (wake_ups.useful, wake_ups.suppressed)
    }
}

#[test]
fn a_thousand_changes_of_the_output_of_a_check_render_nothing_and_are_counted() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, None)]);
    bench.step(answered("a", "0"));
    assert_eq!(bench.write(), ["a "]);
    let passes = bench.passes;
    for output in 1..=1000 {
        bench.step(answered("a", &output.to_string()));
    }
    assert_eq!(bench.passes, passes);
    assert!(bench.take_changes().is_none());
    assert_eq!(bench.wake_ups(), (1, 1000));
    let report = bench.parts.report().dependencies.wake_ups;
    let [query] = report.queries.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(query.query, "health.service(web|passing)");
    assert_eq!((query.useful, query.suppressed), (1, 1000));
    bench.step(answered("b", "1000"));
    assert_eq!(bench.write(), ["b "]);
    assert_eq!(bench.wake_ups(), (2, 1000));
}

#[test]
fn a_template_that_reads_the_field_is_rendered_and_the_others_are_not() {
    let other = "{{ range service \"web\" }}{{ range .Checks }}{{ .Output }}{{ end }}{{ end }}";
    let jobs = vec![job(TEMPLATE, None), job(other, None)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.step(answered("a", "0"));
    let passes = bench.passes;
    bench.step(answered("a", "1"));
    assert_eq!(bench.passes, passes + 1);
    assert_eq!(bench.wake_ups(), (2, 0));
}

#[test]
fn the_next_render_uses_the_newest_answer() {
    // The output is read only if the key is there.
    let text = r#"{{ range service "web" }}{{ .Address }}{{ if keyExists "all" }}{{ range .Checks }} {{ .Output }}{{ end }}{{ end }}{{ end }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    bench.step(answered("a", "old"));
    bench.step(Event::Watched(vec![WatchEvent::current(
        key("all"),
        Arc::new(Answer::Key(None)),
    )]));
    assert_eq!(bench.write(), ["a"]);
    bench.step(answered("a", "new"));
    assert!(bench.take_changes().is_none());
    bench.news("all", "");
    assert_eq!(bench.write(), ["a new"]);
    bench.step(answered("a", "newer"));
    assert_eq!(bench.write(), ["a newer"]);
}

#[test]
fn a_change_during_a_pass_counts_for_the_fields_that_the_pass_reads() {
    let text = r#"{{ range service "web" }}{{ .Address }}{{ if keyExists "all" }}{{ range .Checks }} {{ .Output }}{{ end }}{{ end }}{{ end }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    bench.step(answered("a", "old"));
    bench.step(Event::Watched(vec![WatchEvent::current(
        key("all"),
        Arc::new(Answer::Key(None)),
    )]));
    assert_eq!(bench.write(), ["a"]);
    // The pass that reads the output begins, and the output changes before it ends.
    let begun = Event::Watched(vec![WatchEvent::current(key("all"), value(""))]);
    let mut requests = Vec::new();
    for action in bench.parts.step(&begun, bench.now) {
        match action {
            Action::Render(all) => requests.extend(all),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(requests.len(), 1);
    let suppressed = bench.wake_ups().1;
    bench.step(answered("a", "new"));
    assert_eq!(bench.wake_ups().1, suppressed + 1);
    let rendered = requests
        .into_iter()
        .map(|request| request.run(&Arc::default()));
    bench.step(Event::Rendered(rendered.collect()));
    assert_eq!(bench.wake_ups().1, suppressed);
    let mut texts = bench.write();
    texts.extend(bench.write());
    assert_eq!(texts.last().map(String::as_str), Some("a new"), "{texts:?}");
}
