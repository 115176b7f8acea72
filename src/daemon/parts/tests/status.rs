//! The status line of systemd.

use super::*;
use crate::report::Phase;
use crate::systemd::status_line;

impl Bench {
    fn status(&self) -> (Phase, String) {
        let report = self.parts.report();
        (report.phase, status_line(&report))
    }
}

#[test]
fn it_is_ready_when_everything_was_written_once_and_stays_so() {
    let jobs = vec![
        job("{{ key \"a\" }}", None),
        job("-{{ key \"b\" | parseInt }}", None),
    ];
    let mut bench = Bench::start(Mode::Daemon, jobs);
    assert_eq!(
        bench.status(),
        (Phase::Starting, "0 of 2 templates written".to_owned())
    );
    bench.news("a", "1");
    bench.write();
    assert_eq!(
        bench.status(),
        (Phase::Starting, "1 of 2 templates written".to_owned())
    );
    bench.news("b", "1");
    assert_eq!(bench.status().0, Phase::Starting, "it is not written yet");
    bench.write();
    assert_eq!(
        bench.status(),
        (Phase::Ready, "2 templates up to date".to_owned())
    );

    bench.fails("a", 500);
    assert_eq!(
        bench.status(),
        (
            Phase::Ready,
            "Consul does not answer (retrying); 2 templates written".to_owned()
        )
    );
    bench.news("a", "1");
    bench.fails("a", 403);
    assert_eq!(bench.status().1, "1 query fails; 2 templates written");
    bench.news("a", "1");
    bench.news("b", "no number");
    assert_eq!(
        bench.status(),
        (Phase::Ready, "t fails; 2 templates written".to_owned())
    );
    bench.news("b", "2");
    bench.write();
    assert_eq!(
        bench.status(),
        (Phase::Ready, "2 templates up to date".to_owned())
    );
}

#[test]
fn a_command_that_fails_is_shown_until_it_succeeds() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("x", Some("reload"))]);
    bench.write();
    let run = bench.take_runs().remove(0);
    bench.ended(run, false);
    assert_eq!(
        bench.status(),
        (
            Phase::Ready,
            "command reload failed (retrying); 1 template written".to_owned()
        )
    );
    bench.pass(Duration::from_secs(60));
    let run = bench.take_runs().remove(0);
    bench.ended(run, true);
    assert_eq!(bench.status().1, "1 template up to date");
}

#[test]
fn a_reload_lasts_until_the_sources_are_read_and_an_end_is_shown_at_once() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("x", None)]);
    bench.step(Event::SignalAction(SignalAction::Reload));
    assert_eq!(
        bench.status(),
        (Phase::Starting, "0 of 1 template written".to_owned()),
        "it was never ready"
    );
    bench.write();
    bench.step(Event::SignalAction(SignalAction::Reload));
    assert_eq!(
        bench.status(),
        (
            Phase::Reloading,
            "reloading; 1 template up to date".to_owned()
        )
    );
    bench.renew(vec![job("x", None)]);
    assert_eq!(bench.status().0, Phase::Ready);
    bench.step(Event::SignalAction(SignalAction::End(Signal::SIGTERM)));
    assert_eq!(
        bench.status(),
        (Phase::Ending, "ending; 1 template up to date".to_owned())
    );
}

#[test]
fn a_template_that_waits_says_so_after_five_seconds_and_stops_when_it_has_its_data() {
    let text = "{{ key \"a\" }}{{ key \"b\" }}";
    let mut bench = Bench::start(Mode::Daemon, vec![job(text, None), job("x", None)]);
    assert_eq!(bench.write(), ["x"]);
    let absent = WatchEvent::current(key("b"), Arc::new(Answer::Key(None)));
    bench.step(Event::Watched(vec![absent]));
    bench.news("a", "1");
    assert_eq!(bench.status().1, "1 of 2 templates written");
    bench.pass(Duration::from_secs(4));
    assert_eq!(bench.status().1, "1 of 2 templates written");
    bench.pass(Duration::from_secs(1));
    assert_eq!(
        bench.status().1,
        "t:1: waiting for kv.get(b): the key does not exist; 1 of 2 templates written"
    );
    let next = bench.parts.next_wake().expect("another warning");
    assert_eq!(next, bench.now.instant + Duration::from_secs(10));

    bench.news("b", "2");
    assert_eq!(bench.write(), ["12"]);
    assert_eq!(bench.status().1, "2 templates up to date");
    assert_eq!(bench.parts.next_wake(), None);
}

#[test]
fn an_outage_is_not_reported_again_for_each_template() {
    let mut bench = Bench::start(Mode::Daemon, vec![job("{{ key \"a\" }}", None)]);
    bench.fails("a", 500);
    bench.pass(Duration::from_secs(5));
    assert_eq!(
        bench.status().1,
        "Consul does not answer (retrying); 0 of 1 template written"
    );
}
