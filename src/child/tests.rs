//! Tests of the decisions about the child process, without processes.

use ctmpl_options::config::exec::KillSignal;
use ctmpl_options::config::values::StartWith;
use group_apply::options::EnvironmentConfig;
use process_tree::CommandLine;
use proptest::prelude::*;

use super::*;

fn config(on_change: OnChange) -> ExecConfig {
    ExecConfig {
        line: CommandLine::Direct(vec!["app".to_owned()]),
        environment: EnvironmentConfig::default(),
        on_change,
        kill_signal: KillSignal::Default,
        kill_timeout: Duration::from_secs(30),
        splay: Duration::from_secs(10),
        start_with: StartWith::Current,
    }
}

fn running(on_change: OnChange) -> Child {
    let mut child = Child::new(config(on_change));
    assert_eq!(child.start(), Step::Start);
    child
}

const HUP: OnChange = OnChange::Signal(Signal::SIGHUP);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_change_waits_for_the_splay_and_later_changes_join_it() {
    let (mut child, now) = (running(HUP), Instant::now());
    child.changed(now, 0.5);
    assert_eq!(
        (child.due(now), child.next_wake()),
        (None, Some(now + SECOND * 5))
    );
    child.changed(now + SECOND, 1.0);
    assert_eq!(
        child.next_wake(),
        Some(now + SECOND * 5),
        "the first one decides"
    );
    assert_eq!(
        child.due(now + SECOND * 5),
        Some(Step::Signal(Signal::SIGHUP))
    );
    assert_eq!(
        (child.due(now + SECOND * 60), child.next_wake()),
        (None, None)
    );
}

#[test]
fn without_a_reload_signal_a_change_restarts_it_within_the_kill_timeout() {
    let (mut child, now) = (running(OnChange::Restart), Instant::now());
    child.changed(now, 0.0);
    assert_eq!(child.due(now), Some(Step::Signal(Signal::SIGINT)));
    child.changed(now + SECOND, 0.0);
    assert_eq!(child.due(now + SECOND), None, "the new one sees that, too");
    assert_eq!(child.next_wake(), Some(now + SECOND * 30));
    assert_eq!(child.due(now + SECOND * 30), Some(Step::Kill));
    assert_eq!(
        (child.due(now + SECOND * 90), child.next_wake()),
        (None, None),
        "once"
    );
    assert_eq!(child.ended(), Ended::Restarting);
    assert_eq!(child.ended(), Ended::Unrequested);
    assert!(child.is_over());
}

#[test]
fn a_child_with_reload_signal_none_gets_no_signal() {
    let (mut child, now) = (running(OnChange::Nothing), Instant::now());
    child.changed(now, 0.0);
    assert_eq!((child.due(now), child.next_wake()), (None, None));
}

#[test]
fn a_stop_cancels_a_restart() {
    let (mut child, now) = (running(OnChange::Restart), Instant::now());
    child.changed(now, 0.0);
    child.due(now);
    assert_eq!(child.stop(None, now), None, "it was stopped already");
    assert!(!child.is_over());
    assert_eq!(child.ended(), Ended::Requested);
    let mut waiting = Child::new(config(HUP));
    assert_eq!(
        (
            waiting.stop(None, now),
            waiting.is_over(),
            waiting.is_waiting()
        ),
        (None, true, false)
    );
}

#[test]
fn signals_are_passed_on_or_act_by_their_role() {
    let (mut child, now) = (running(HUP), Instant::now());
    assert_eq!(
        child.handle_signal(Signal::SIGUSR1, now, 0.0),
        Some(Step::Signal(Signal::SIGUSR1))
    );
    assert_eq!(
        child.handle_signal(Signal::SIGHUP, now, 0.1),
        None,
        "with splay"
    );
    assert_eq!(child.due(now + SECOND), Some(Step::Signal(Signal::SIGHUP)));
    assert_eq!(
        child.handle_signal(Signal::SIGINT, now, 0.0),
        Some(Step::Signal(Signal::SIGINT))
    );
    assert_eq!(child.due(now + SECOND * 30), Some(Step::Kill));
    assert_eq!(
        child.ended(),
        Ended::Unrequested,
        "the end was not requested"
    );
    assert_eq!(child.handle_signal(Signal::SIGUSR1, now, 0.0), None);
}

#[test]
fn without_a_kill_signal_it_is_killed_after_the_timeout() {
    let mut child = Child::new(ExecConfig {
        kill_signal: KillSignal::Disabled,
        ..config(HUP)
    });
    child.start();
    let now = Instant::now();
    assert_eq!(child.stop(None, now), None);
    assert_eq!(child.due(now + SECOND * 30), Some(Step::Kill));
}

#[test]
fn the_default_kill_signal_is_the_one_that_ctmpl_received() {
    let now = Instant::now();
    let chosen = KillSignal::Explicit(Signal::SIGHUP);
    let cases = [
        (
            KillSignal::Default,
            Some(Signal::SIGTERM),
            Some(Signal::SIGTERM),
        ),
        (
            KillSignal::Default,
            Some(Signal::SIGQUIT),
            Some(Signal::SIGQUIT),
        ),
        (
            KillSignal::Default,
            Some(Signal::SIGUSR1),
            Some(Signal::SIGINT),
        ),
        (KillSignal::Default, None, Some(Signal::SIGINT)),
        (chosen, Some(Signal::SIGTERM), Some(Signal::SIGHUP)),
        (KillSignal::Disabled, Some(Signal::SIGTERM), None),
    ];
    for (kill_signal, stopped, sent) in cases {
        let mut child = Child::new(ExecConfig {
            kill_signal,
            ..config(HUP)
        });
        child.start();
        assert_eq!(
            child.stop(stopped, now),
            sent.map(Step::Signal),
            "{kill_signal:?} {stopped:?}"
        );
    }
}

#[test]
fn a_new_configuration_restarts_it_only_if_the_program_changes() {
    let (mut child, now) = (running(HUP), Instant::now());
    assert_eq!(child.renew(config(HUP), now), None);
    assert_eq!(child.renew(config(OnChange::Restart), now), None);
    child.changed(now, 0.0);
    assert_eq!(
        child.due(now),
        Some(Step::Signal(Signal::SIGINT)),
        "the new rule holds"
    );
    child.ended();
    let line = CommandLine::Direct(vec!["other".to_owned()]);
    assert_eq!(
        child.renew(
            ExecConfig {
                line,
                ..config(HUP)
            },
            now
        ),
        Some(Step::Signal(Signal::SIGINT))
    );
    assert_eq!(child.ended(), Ended::Restarting);
    child.stop(None, now);
    child.renew(config(HUP), now);
    assert_eq!(child.ended(), Ended::Restarting, "it is configured again");
}

proptest! {
    /// After any events: at most one kill per exit, never without a kill signal before, and every
    /// requested exit happens.
    #[test]
    fn every_requested_end_happens_and_no_step_is_repeated(
        events in prop::collection::vec((0..6_u8, 0..40_u64), 0..60),
        restarts: bool,
    ) {
        let mut child = running(if restarts { OnChange::Restart } else { HUP });
        let mut now = Instant::now();
        let (mut stopped, mut killed, mut alive) = (false, false, true);
        for (event, seconds) in events {
            now += Duration::from_secs(seconds);
            let step = match event {
                0 => { child.changed(now, 0.5); None }
                1 => child.handle_signal(Signal::SIGUSR1, now, 0.0),
                2 => child.renew(config(if restarts { OnChange::Restart } else { HUP }), now),
                3 if alive => {
                    (stopped, killed) = (false, false);
                    alive = child.ended() == Ended::Restarting;
                    None
                }
                _ => child.due(now),
            };
            match step {
                Some(Step::Signal(Signal::SIGINT)) => { prop_assert!(!stopped); stopped = true; }
                Some(Step::Kill) => { prop_assert!(stopped && !killed); killed = true; }
                Some(Step::Start) => prop_assert!(false, "it was started without an end"),
                Some(Step::Signal(_)) | None => {}
            }
            prop_assert!(child.next_wake().is_none_or(|wake| alive && wake <= now + Duration::from_secs(30)));
        }
        if alive {
            child.stop(None, now);
            let wake = child.next_wake();
            prop_assert!(killed || wake.is_some());
            if let Some(wake) = wake {
                prop_assert_eq!(child.due(wake), Some(Step::Kill));
            }
            prop_assert_eq!(child.ended(), Ended::Requested);
        }
        prop_assert!(child.is_over());
    }
}
