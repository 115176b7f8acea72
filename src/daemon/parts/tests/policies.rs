//! What templates do while a query fails.

use super::*;
use consul_render::SubstituteKind;
use consul_watch::answer::{Instance, LeafCertificate, Node, NodeServices};
use consul_watch::query::{ConsulQuery, DatacentersQuery};

const LOOP: &str = r#"{{ range datacenters }}{{ . }}:{{ range service (printf "web@%s" .) }}{{ .ID }}{{ end }} {{ end }}"#;

fn web(datacenter: &str) -> Arc<Query> {
    Query::service(&format!("web@{datacenter}")).unwrap().into()
}

fn answered(query: Arc<Query>, answer: Answer) -> Event {
    Event::Watched(vec![WatchEvent::current(query, Arc::new(answer))])
}

fn instance(id: &str) -> Answer {
    Answer::Service(vec![Arc::new(Instance {
        id: id.to_owned(),
        ..Instance::default()
    })])
}

fn failed(query: Arc<Query>, error: Error) -> Event {
    Event::Watched(vec![WatchEvent::Failed(query, Arc::new(error))])
}

fn no_path() -> Error {
    Error::Status {
        server: "s".to_owned(),
        status: 500,
        message: "No path to datacenter".to_owned(),
        retry_after: None,
    }
}

fn unreachable() -> Error {
    Error::Unreachable {
        server: "s".to_owned(),
        reason: "refused".to_owned(),
    }
}

/// Starts a template that loops over two datacenters; only the list is answered.
fn looping() -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![job(LOOP, None)]);
    let list = ConsulQuery::Datacenters(DatacentersQuery {
        ignore_failing: false,
    });
    let names = ["dc1", "eu"].map(str::to_owned).to_vec();
    let list: Query = list.into();
    bench.step(answered(list.into(), Answer::Datacenters(names)));
    bench
}

impl Bench {
    fn substitutes(&self) -> Vec<(String, SubstituteKind)> {
        let template = self.parts.report().templates.remove(0);
        let pair = |one: crate::report::SubstituteReport| (one.query, one.kind);
        template.substitutes.into_iter().map(pair).collect()
    }
}

#[test]
fn a_dead_datacenter_is_left_out_when_another_one_has_answered_and_then_added() {
    for is_first in [true, false] {
        let mut bench = looping();
        let failure = || failed(web("eu"), no_path());
        if is_first {
            bench.step(failure());
            assert!(bench.take_changes().is_none(), "nothing is known yet");
        }
        bench.step(answered(web("dc1"), instance("a")));
        if !is_first {
            assert!(bench.take_changes().is_none());
            bench.step(failure());
        }
        assert_eq!(bench.write(), ["dc1:a eu: "]);
        let name = "health.service(web@eu|passing)".to_owned();
        assert_eq!(bench.substitutes(), [(name, SubstituteKind::Empty)]);
        let passes = bench.passes;
        bench.step(failure());
        assert_eq!(bench.passes, passes, "a retry that fails changes nothing");
        bench.step(answered(web("eu"), instance("b")));
        assert_eq!(bench.write(), ["dc1:a eu:b "]);
        assert_eq!(bench.substitutes(), []);
    }
}

#[test]
fn an_outage_of_consul_leaves_no_datacenter_out() {
    let mut bench = looping();
    bench.step(answered(web("dc1"), instance("a")));
    bench.step(failed(web("eu"), unreachable()));
    assert!(bench.take_changes().is_none());
    // Consul answers again, and now the datacenter is the reason.
    bench.step(failed(web("eu"), no_path()));
    assert_eq!(bench.write(), ["dc1:a eu: "]);
}

#[test]
fn a_datacenter_that_dies_later_keeps_its_instances() {
    let mut bench = looping();
    bench.step(answered(web("dc1"), instance("a")));
    bench.step(answered(web("eu"), instance("b")));
    assert_eq!(bench.write(), ["dc1:a eu:b "]);
    bench.step(failed(web("eu"), no_path()));
    assert_eq!(bench.write(), ["dc1:a eu:b "], "the text is the same");
    let name = "health.service(web@eu|passing)".to_owned();
    assert_eq!(bench.substitutes(), [(name, SubstituteKind::Stale)]);
    bench.step(answered(web("dc1"), instance("c")));
    assert_eq!(bench.write(), ["dc1:c eu:b "]);
    bench.step(Event::Watched(vec![WatchEvent::Recovered(web("eu"))]));
    assert_eq!(bench.substitutes(), []);
}

#[test]
fn a_stale_answer_is_used_for_its_time() {
    let text = r#"{{ range service "web@eu" "on_error=stale" "stale_for=1h" }}{{ .ID }}{{ end }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    bench.step(answered(web("eu"), instance("a")));
    assert_eq!(bench.write(), ["a"]);
    bench.step(failed(web("eu"), unreachable()));
    assert_eq!(bench.write(), ["a"], "the text is the same");
    let failed_at = bench.now.instant;
    assert_eq!(
        bench.parts.next_wake(),
        Some(failed_at + Duration::from_secs(3600))
    );
    let state = |bench: &Bench| bench.parts.report().templates.remove(0).state;
    bench.pass(Duration::from_secs(3599));
    assert_eq!(state(&bench), crate::report::TemplatePhase::UpToDate);
    bench.pass(Duration::from_secs(1));
    assert_eq!(state(&bench), crate::report::TemplatePhase::Failed);
    bench.step(answered(web("eu"), instance("b")));
    assert_eq!(bench.write(), ["b"]);
    assert_eq!(state(&bench), crate::report::TemplatePhase::UpToDate);
}

#[test]
fn a_failure_during_a_pass_is_not_missed() {
    let text = r#"{{ range service "web@eu" "on_error=empty" }}{{ .ID }}{{ end }}."#;
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    let mut requests = Vec::new();
    let first = answered(web("eu"), instance("a"));
    for action in bench.parts.step(&first, bench.now) {
        match action {
            Action::Render(all) => requests.extend(all),
            other => panic!("{other:?}"),
        }
    }
    bench.step(failed(web("eu"), unreachable()));
    assert_eq!(requests.len(), 1);
    let rendered = requests
        .into_iter()
        .map(|request| request.run(&Arc::default()));
    bench.step(Event::Rendered(rendered.collect()));
    let mut texts = bench.write();
    texts.extend(bench.write());
    assert_eq!(texts.last().map(String::as_str), Some("."), "{texts:?}");
}

#[test]
fn a_call_without_a_policy_keeps_its_answer_without_a_limit_and_is_not_rendered() {
    let text = r#"{{ range service "web@eu" }}{{ .ID }}{{ end }}"#;
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None)]);
    bench.step(failed(web("eu"), no_path()));
    assert!(bench.take_changes().is_none(), "it waits");
    bench.step(answered(web("eu"), instance("a")));
    assert_eq!(bench.write(), ["a"]);
    let passes = bench.passes;
    bench.step(failed(web("eu"), no_path()));
    bench.pass(Duration::from_secs(1_000_000));
    assert_eq!(bench.passes, passes);
    assert_eq!(bench.substitutes(), []);
}

/// Calls with options, their query, and its answer with the value `x`.
fn calls_for_a_single_item() -> [(&'static str, Query, Answer); 5] {
    let node = NodeServices {
        node: Arc::new(Node {
            address: "x".to_owned(),
            ..Node::default()
        }),
        services: Vec::new(),
    };
    let leaf = LeafCertificate {
        service: "x".to_owned(),
        ..LeafCertificate::default()
    };
    [
        (
            r#"(key "a" OPTIONS)"#,
            Query::key("a").unwrap(),
            (*value("x")).clone(),
        ),
        (
            r#"(keyOrDefault "a" "" OPTIONS)"#,
            Query::key("a").unwrap(),
            (*value("x")).clone(),
        ),
        (
            r#"(node "n" OPTIONS).Node.Address"#,
            Query::node("n").unwrap(),
            Answer::Node(Some(Arc::new(node))),
        ),
        (
            r#"(caLeaf "w" OPTIONS).Service"#,
            Query::ca_leaf("w").unwrap(),
            Answer::CaLeaf(Arc::new(leaf)),
        ),
        (
            r#"(and (keyExists "a" OPTIONS) "x")"#,
            Query::key("a").unwrap(),
            (*value("x")).clone(),
        ),
    ]
}

#[test]
fn calls_for_a_single_item_obey_their_policy() {
    for (call, query, answer) in calls_for_a_single_item() {
        let query = Arc::new(query);
        let start = |policy: &str| {
            let text = format!("[{{{{ {} }}}}]", call.replace("OPTIONS", policy));
            let mut bench = Bench::start(Mode::Daemon, vec![job(&text, None)]);
            bench.step(answered(Arc::clone(&query), answer.clone()));
            assert_eq!(bench.write(), ["[x]"], "{text}");
            bench.step(failed(Arc::clone(&query), unreachable()));
            bench
        };
        let phase = |bench: &Bench| bench.parts.report().templates.remove(0).state;
        let mut bench = start(r#""on_error=fail""#);
        assert_eq!(
            phase(&bench),
            crate::report::TemplatePhase::Failed,
            "{call}"
        );
        assert_eq!(bench.write(), [""; 0]);
        let mut bench = start(r#""on_error=stale" "stale_for=1h""#);
        assert_eq!(bench.write(), ["[x]"], "{call}: the text is the same");
        bench.pass(Duration::from_secs(3600));
        assert_eq!(
            phase(&bench),
            crate::report::TemplatePhase::Failed,
            "{call}"
        );
        let mut bench = start(r#""on_error=empty""#);
        let empty = if call.contains("keyExists") {
            "[false]"
        } else {
            "[]"
        };
        assert_eq!(bench.write(), [empty], "{call}");
        bench.step(Event::Watched(vec![WatchEvent::Recovered(query)]));
        assert_eq!(bench.write(), ["[x]"], "{call}");
    }
}

#[test]
fn once_waits_for_the_retries_before_a_call_fails() {
    let text = r#"{{ range service "web@eu" "on_error=fail" }}{{ .ID }}{{ end }}"#;
    let mut bench = Bench::start(ONCE, vec![job(text, None)]);
    // The number of retries has no limit, so the call waits until the timeout.
    for _ in 0..10 {
        bench.step(failed(web("eu"), no_path()));
    }
    let template = bench.parts.report().templates.remove(0);
    assert_eq!(template.state, crate::report::TemplatePhase::Waiting);
    assert!(bench.end().is_none());
    bench.step(answered(web("eu"), instance("a")));
    assert_eq!(bench.write(), ["a"]);
}
