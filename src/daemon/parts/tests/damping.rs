//! Instances that come and go, seen by templates with and without flap damping.

use consul_watch::answer::Instance;
use consul_watch::query::Health;
use consul_watch::source::Circumstances;
use policy_values::Fraction;

use super::*;
use crate::systemd::status_line;

mod restored;

const IDS: &str = "{{ range service \"web\" }}{{ .ID }} {{ end }}";

const DAMPING: FlapDampingConfig = FlapDampingConfig {
    is_on: true,
    max_toggles: 3,
    window: Duration::from_secs(60),
    stable_for: Duration::from_secs(300),
    max_damped: Fraction::HALF,
};

fn damped(text: &str, flap_damping: FlapDampingConfig) -> Job {
    Job {
        flap_damping,
        ..job(text, None)
    }
}

fn service(filter: &str) -> Arc<Query> {
    Query::service(&format!("web{filter}")).unwrap().into()
}

impl Bench {
    /// Answers a query for a service with these instances after two seconds. A failing one is followed by `!`, and a
    /// tag begins with `+`.
    fn lists(&mut self, filter: &str, instances: &str) {
        let instance = |text: &str| {
            let (id, tag) = text.split_once('+').unwrap_or((text, ""));
            let is_failing = id.ends_with('!');
            Arc::new(Instance {
                node: "n1".to_owned(),
                id: id.trim_end_matches('!').to_owned(),
                status: if is_failing {
                    Health::Critical
                } else {
                    Health::Passing
                },
                tags: vec![tag.to_owned()],
                ..Instance::default()
            })
        };
        let answer = Answer::Service(instances.split_whitespace().map(instance).collect());
        self.now.instant += Duration::from_secs(2);
        self.step(Event::Watched(vec![WatchEvent::Answered(
            service(filter),
            Arc::new(answer),
            Circumstances::CURRENT,
        )]));
    }

    /// Lets the instances alternate. Returns the texts that are written.
    fn alternates(&mut self, times: usize, instances: [&str; 2]) -> Vec<String> {
        let instances = instances.into_iter().cycle().take(times);
        instances
            .flat_map(|instances| {
                self.lists("", instances);
                self.write()
            })
            .collect()
    }

    /// Writes all pending changes. Returns the last text.
    fn last(&mut self) -> String {
        let mut last = String::new();
        while let Some(text) = self.write().pop() {
            last = text;
        }
        last
    }

    fn damped(&self) -> Vec<(String, u64, &'static str)> {
        let damped = self.parts.report().dependencies.damped.into_iter();
        damped
            .map(|damped| (damped.instance, damped.toggles, damped.state))
            .collect()
    }

    fn suppressed(&self) -> u64 {
        self.parts.report().dependencies.wake_ups.suppressed
    }
}

#[test]
fn one_of_ten_instances_that_toggles_for_ten_minutes_causes_four_writes_and_the_others_stay() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    let all = "a b c d e f g h i j";
    let others = "b c d e f g h i j";
    bench.lists("", all);
    assert_eq!(bench.write(), [format!("{all} ")]);
    let written = bench.alternates(300, [others, all]);
    assert_eq!(written, [others, all, others].map(|ids| format!("{ids} ")));
    assert_eq!(bench.damped(), [("a".to_owned(), 300, "absent")]);
    assert_eq!(bench.suppressed(), 297);
    let report = bench.parts.report();
    assert_eq!(
        status_line(&report),
        "health.service(web|passing): a on n1 flaps (damped); 1 template written"
    );

    // It returns when it has been stable for five minutes.
    let passes = bench.passes;
    assert_eq!(
        bench.parts.next_wake(),
        Some(bench.now.instant + DAMPING.stable_for)
    );
    bench.pass(Duration::from_secs(299));
    assert_eq!(bench.write(), [""; 0]);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.write(), [format!("{all} ")]);
    assert_eq!((bench.passes, bench.damped()), (passes + 1, vec![]));
    assert_eq!(bench.parts.next_wake(), None);
}

#[test]
fn an_instance_that_is_deregistered_while_it_is_damped_is_released_without_a_render() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.lists("", "a b");
    bench.write();
    bench.alternates(5, ["b", "a b"]);
    assert_eq!(bench.damped().len(), 1);
    let passes = bench.passes;
    bench.pass(DAMPING.stable_for);
    assert_eq!((bench.passes, bench.damped()), (passes, vec![]));
}

#[test]
fn a_template_without_damping_sees_every_change_and_the_strictest_numbers_decide() {
    let raw = format!("raw {IDS}");
    let lenient = format!("lenient {IDS}");
    let jobs = vec![
        damped(IDS, DAMPING),
        job(&raw, None),
        damped(
            &lenient,
            FlapDampingConfig {
                max_toggles: 100,
                ..DAMPING
            },
        ),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.lists("", "a b c");
    assert_eq!(bench.write(), ["a b c ", "raw a b c ", "lenient a b c "]);
    assert_eq!(bench.alternates(3, ["b c", "a b c"]).len(), 9);
    assert_eq!(
        bench.alternates(3, ["a b c", "b c"]),
        ["raw a b c ", "raw b c ", "raw a b c "]
    );
    // Each of these answers is useful to one template.
    assert_eq!(bench.suppressed(), 0);
    // Another change is seen by all, with the answer that each of them sees.
    bench.lists("", "a b c d");
    assert_eq!(bench.write(), ["b c d ", "raw a b c d ", "lenient b c d "]);
    bench.pass(DAMPING.stable_for);
    assert_eq!(bench.write(), ["a b c d ", "lenient a b c d "]);
}

#[test]
fn what_the_guard_holds_back_is_no_toggle_and_the_held_answer_is_damped_too() {
    let latest = "latest {{ range service \"web\" \"on_collapse=render\" }}{{ .ID }} {{ end }}";
    let jobs = vec![damped(IDS, DAMPING), damped(latest, DAMPING)];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.lists("", "a b c d");
    bench.write();
    // A service that vanishes again and again is one that the guard holds.
    let written = bench.alternates(20, ["", "a b c d"]);
    assert!(
        written.iter().all(|text| text.starts_with("latest")),
        "{written:?}"
    );
    assert_eq!(bench.damped(), []);
    bench.alternates(4, ["b c d", "a b c d"]);
    assert_eq!(bench.damped(), [("a".to_owned(), 4, "absent")]);
    // Now the guard holds a loss back, of which `a` is not a part.
    bench.lists("", "a");
    assert_eq!(bench.parts.report().dependencies.held.len(), 1);
    assert_eq!(bench.write(), ["latest a "]);
    bench.lists("", "a b c d");
    assert_eq!(bench.write(), ["latest b c d "]);
    assert_eq!(bench.parts.report().dependencies.held, []);
    // The end of the damping is seen in both views, also while an answer is held back.
    bench.lists("", "a");
    assert_eq!(bench.write(), ["latest a "]);
    bench.pass(DAMPING.stable_for);
    assert_eq!(bench.write(), ["a b c d "]);
}

#[test]
fn the_guard_compares_what_consul_has_answered() {
    // Half of the instances are damped. The loss of one of the others is no collapse.
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.lists("", "a b c d");
    bench.write();
    bench.alternates(4, ["b c d", "a b c d"]);
    bench.alternates(4, ["a c d", "a b c d"]);
    assert_eq!(bench.damped().len(), 2);
    assert_eq!(
        status_line(&bench.parts.report()),
        "2 instances flap (damped); 1 template written"
    );
    bench.lists("", "a b c");
    assert_eq!(bench.parts.report().dependencies.held, []);
    // One of them has to return: at most half of three may be damped.
    assert_eq!(bench.write(), ["b c "]);
}

#[test]
fn the_instances_that_a_call_requires_are_kept() {
    for on_collapse in ["hold", "fail"] {
        let text = format!(
            "{{{{ range service \"web\" \"min=3\" \"on_collapse={on_collapse}\" }}}}{{{{ .ID }}}} {{{{ end }}}}"
        );
        let mut bench = Bench::start(Mode::Daemon, vec![damped(&text, DAMPING)]);
        bench.lists("", "a b c d");
        assert_eq!(bench.write(), ["a b c d "]);
        bench.alternates(4, ["b c d", "a b c d"]);
        assert_eq!(bench.damped().len(), 1, "{on_collapse}");
        assert!(!bench.parts.renderer.templates()[0].is_rendering_broken());
        bench.lists("", "a b c");
        assert_eq!(bench.write(), ["a b c "], "{on_collapse}");
        bench.lists("", "a b c d");
        assert_eq!(bench.write(), ["b c d "], "{on_collapse}");
    }
}

#[test]
fn a_call_that_selects_by_tag_keeps_its_last_instance() {
    let text = "{{ range service \"web\" \"tag=blue\" }}{{ .ID }} {{ end }}";
    let mut bench = Bench::start(Mode::Daemon, vec![damped(text, DAMPING)]);
    bench.lists("", "a+blue b c d");
    assert_eq!(bench.write(), ["a "]);
    bench.alternates(4, ["b c d", "a+blue b c d"]);
    assert_eq!(bench.damped().len(), 1);
    bench.lists("", "a+blue b c d e+blue");
    assert_eq!(bench.write(), ["e "]);
    bench.lists("", "a+blue b c d e");
    assert_eq!(bench.write(), ["a "]);
}

#[test]
fn a_template_that_lists_all_instances_sees_a_flapping_one_as_failing() {
    let text = "{{ range service \"web|any\" }}{{ .ID }}={{ .Status }} {{ end }}";
    let mut bench = Bench::start(Mode::Daemon, vec![damped(text, DAMPING)]);
    bench.lists("|any", "a b c");
    for instances in ["a! b c", "a b c", "a! b c", "a b c", "a! b c", "a b c"] {
        bench.lists("|any", instances);
    }
    assert_eq!(bench.last(), "a=critical b=passing c=passing ");
    assert_eq!(bench.damped(), [("a".to_owned(), 6, "critical")]);
}

#[test]
fn a_reload_that_turns_it_off_shows_the_answer_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.lists("", "a b c");
    bench.write();
    bench.alternates(4, ["b c", "a b c"]);
    assert_eq!(bench.damped().len(), 1);
    bench.renew(vec![job(IDS, None)]);
    assert_eq!(bench.write(), ["a b c "]);
    assert_eq!(bench.damped(), []);
    assert_eq!(bench.alternates(9, ["b c", "a b c"]).len(), 9);
}

#[test]
fn a_reload_with_other_numbers_applies_to_the_instances_that_are_damped() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.lists("", "a b c");
    bench.write();
    bench.alternates(4, ["b c", "a b c"]);
    let none = Fraction::of(0.0).unwrap();
    bench.renew(vec![damped(
        IDS,
        FlapDampingConfig {
            max_damped: none,
            ..DAMPING
        },
    )]);
    assert_eq!(bench.last(), "a b c ");
    bench.renew(vec![damped(
        IDS,
        FlapDampingConfig {
            stable_for: Duration::from_secs(10),
            ..DAMPING
        },
    )]);
    assert_eq!(bench.last(), "b c ");
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.last(), "a b c ");
}

/// The next process with these templates, and what the earlier one has left.
fn restarted(earlier: &Bench, jobs: Vec<Job>) -> Bench {
    let file = earlier.parts.renderer.sizes().encode();
    let mut bench = Bench::start(Mode::Daemon, jobs);
    bench.now = earlier.now;
    let saved = AnswerSizes::decode(&file, &server()).unwrap();
    bench.parts.expect(saved);
    bench
}

/// The entry was left out at the fourth restart, because no process had written it again.
#[test]
fn an_instance_stays_damped_across_any_number_of_restarts() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.alternates(5, ["a b", "a"]);
    assert_eq!(bench.damped().len(), 1);
    for restart in 0..6 {
        bench = restarted(&bench, vec![damped(IDS, DAMPING)]);
        bench.lists("", "a b");
        assert_eq!(bench.write(), ["a "], "{restart}");
    }
}

/// The earlier answer was taken for one that had been damped, so what was saved was erased.
#[test]
fn an_instance_stays_damped_although_a_template_without_damping_has_its_query_first() {
    let mut bench = Bench::start(Mode::Daemon, vec![damped(IDS, DAMPING)]);
    bench.alternates(5, ["a b", "a"]);
    let later = format!("{{{{ if keyExists \"on\" }}}}{IDS}{{{{ end }}}}");
    let mut bench = restarted(&bench, vec![job(IDS, None), damped(&later, DAMPING)]);
    bench.lists("", "a b");
    bench.step(Event::Watched(vec![WatchEvent::Answered(
        Query::key("on").unwrap().into(),
        Arc::new(Answer::Key(Some(Arc::default()))),
        Circumstances::CURRENT,
    )]));
    bench.write();
    bench.lists("", "a b c");
    assert_eq!(bench.damped().len(), 1);
}
