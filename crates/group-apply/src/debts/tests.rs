use proptest::prelude::*;

use super::*;
use crate::options::{CommandConfig, CommandOutput, EnvironmentConfig, ReloadRate};
use process_tree::CommandLine;

/// A group with the command `name`.
fn command(name: &str) -> Arc<GroupConfig> {
    let line = CommandLine::Direct(vec![name.to_owned()]);
    Arc::new(GroupConfig::of_command(CommandConfig {
        line,
        action: None,
        timeout: Duration::from_secs(30),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    }))
}

fn names(groups: &[Arc<GroupConfig>]) -> Vec<String> {
    groups.iter().map(|group| group.key.to_string()).collect()
}

/// Starts all due commands.
fn start_due(debts: &mut Debts, now: Instant) -> Vec<Arc<GroupConfig>> {
    std::iter::from_fn(|| debts.start_next(now, |_| false)).collect()
}

/// The time at which the next command is due.
fn next_wake(debts: &Debts) -> Option<Instant> {
    debts.due().map(|(_, due)| due).min()
}

#[test]
fn a_held_command_waits_and_others_run() {
    let (mut debts, now, a, b) = (Debts::default(), Instant::now(), command("a"), command("b"));
    debts.owe(&a, 0, ["1"], now);
    debts.owe(&b, 1, ["2"], now);
    assert_eq!(debts.start_next(now, |group| group.key == a.key), Some(b));
    assert_eq!(debts.start_next(now, |group| group.key == a.key), None);
    assert_eq!(debts.start_next(now, |_| false), Some(a));
}

#[test]
fn one_run_settles_all_files_and_then_nothing_is_owed() {
    let (mut debts, now, a) = (Debts::default(), Instant::now(), command("a"));
    assert_eq!(next_wake(&debts), None);
    debts.owe(&a, 0, ["1", "2"], now);
    debts.owe(
        &Arc::new(GroupConfig {
            rate: Some(ReloadRate {
                count: 1,
                period: Duration::from_secs(1),
                burst: 1,
            }),
            ..GroupConfig::clone(&a)
        }),
        0,
        ["3"],
        now,
    );
    assert_eq!(debts.unapplied().count(), 3);
    assert_eq!(next_wake(&debts), Some(now));
    assert_eq!(
        start_due(&mut debts, now),
        std::slice::from_ref(&a),
        "the first one's settings hold"
    );
    assert_eq!(start_due(&mut debts, now), [], "it is running");
    assert_eq!(next_wake(&debts), None);
    assert_eq!(debts.finished(&a.key, true, now, 1.0), None);
    assert!(debts.is_settled());
}

#[test]
fn commands_start_in_the_order_of_their_ranks() {
    let (mut debts, now) = (Debts::default(), Instant::now());
    debts.owe(&command("b"), 1, ["2"], now);
    debts.owe(&command("a"), 0, ["1"], now);
    assert_eq!(names(&start_due(&mut debts, now)), ["a", "b"]);
}

#[test]
fn a_failed_command_runs_at_the_end_of_its_cooldown_after_a_reload() {
    let (mut debts, mut now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    for _ in 0..8 {
        assert_eq!(start_due(&mut debts, now).len(), 1);
        let Retry { after, .. } = debts.finished(&a.key, false, now, 1.0).expect("it is owed");
        now += after;
    }
    start_due(&mut debts, now);
    debts.finished(&a.key, false, now, 1.0);
    debts.retry_now(now);
    assert_eq!(next_wake(&debts), Some(now + COMMAND_COOLDOWN));
    now += COMMAND_COOLDOWN * 2;
    debts.retry_now(now);
    assert_eq!(start_due(&mut debts, now), [a]);
}

#[test]
fn a_command_has_a_cooldown_between_runs_that_does_not_delay_others() {
    let (mut debts, now, a, b) = (Debts::default(), Instant::now(), command("a"), command("b"));
    debts.owe(&a, 0, ["1"], now);
    start_due(&mut debts, now);
    debts.finished(&a.key, true, now, 1.0);
    debts.owe(&a, 0, ["1"], now + COMMAND_COOLDOWN / 4);
    debts.owe(&b, 1, ["2"], now + COMMAND_COOLDOWN / 4);
    assert_eq!(start_due(&mut debts, now + COMMAND_COOLDOWN / 2), [b]);
    assert_eq!(next_wake(&debts), Some(now + COMMAND_COOLDOWN));
    assert_eq!(start_due(&mut debts, now + COMMAND_COOLDOWN), [a]);
}

#[test]
fn a_file_written_during_a_run_owes_another_run() {
    let (mut debts, now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    start_due(&mut debts, now);
    debts.owe(&a, 0, ["1"], now);
    assert_eq!(debts.unapplied().count(), 1);
    assert_eq!(start_due(&mut debts, now), []);
    debts.finished(&a.key, true, now, 1.0);
    assert_eq!(start_due(&mut debts, now + COMMAND_COOLDOWN).len(), 1);
    debts.owe(&a, 0, ["1"], now);
    let retry = debts.finished(&a.key, false, now, 1.0);
    assert_eq!(
        retry,
        Some(Retry {
            failures: 1,
            after: COMMAND_COOLDOWN
        }),
        "the new content may be the cure"
    );
}

#[test]
fn a_failed_command_is_retried_with_backoff_until_it_succeeds() {
    let (mut debts, mut now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    for (failures, seconds) in (1..).zip([1, 2, 4, 8]) {
        assert_eq!(start_due(&mut debts, now).len(), 1);
        let retry = debts.finished(&a.key, false, now, 1.0);
        assert_eq!(
            retry,
            Some(Retry {
                failures,
                after: Duration::from_secs(seconds)
            })
        );
        let wake = next_wake(&debts).unwrap();
        assert_eq!(wake - now, Duration::from_secs(seconds));
        assert_eq!(start_due(&mut debts, now + Duration::from_millis(999)), []);
        now = wake;
    }
    assert_eq!(start_due(&mut debts, now).len(), 1);
    debts.finished(&a.key, true, now, 1.0);
    assert!(debts.is_settled());
    debts.owe(&a, 0, ["1"], now);
    start_due(&mut debts, now + COMMAND_COOLDOWN);
    assert_eq!(
        debts.finished(&a.key, false, now, 1.0).unwrap().failures,
        1,
        "the count starts over"
    );
}

#[test]
fn new_content_does_not_wait_for_the_backoff() {
    let (mut debts, now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    start_due(&mut debts, now);
    debts.finished(&a.key, false, now, 1.0);
    assert_eq!(start_due(&mut debts, now + COMMAND_COOLDOWN), []);
    debts.owe(&a, 0, ["1"], now);
    assert_eq!(start_due(&mut debts, now + COMMAND_COOLDOWN).len(), 1);
    assert_eq!(debts.finished(&a.key, false, now, 1.0).unwrap().failures, 2);
}

#[test]
fn the_end_of_a_run_that_was_not_started_changes_nothing() {
    let (mut debts, now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    assert_eq!(debts.finished(&a.key, true, now, 1.0), None);
    assert_eq!(debts.finished(&command("b").key, true, now, 1.0), None);
    assert_eq!(start_due(&mut debts, now).len(), 1);
}

/// An event for a debts. The numbers identify commands and files.
#[derive(Clone, Copy, Debug)]
enum Event {
    Write {
        file: usize,
    },
    Start,
    End {
        command: usize,
        succeeded: bool,
        jitter: f64,
    },
    RenderContext {
        milliseconds: u64,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..4usize).prop_map(|file| Event::Write { file }),
        3 => Just(Event::Start),
        3 => (0..3usize, any::<bool>(), 0.0..=1.0).prop_map(|(command, succeeded, jitter)| Event::End {
            command,
            succeeded,
            jitter
        }),
        2 => (0..600_000u64).prop_map(|milliseconds| Event::RenderContext { milliseconds }),
    ]
}

proptest! {
    /// Compares the debts with a simple model: the files for which no successful run has been
    /// started, and the running commands.
    #[test]
    fn nothing_owed_is_dropped_and_nothing_runs_twice(events in prop::collection::vec(event(), 1..80)) {
        let commands: Vec<_> = (0..3).map(|number| command(&number.to_string())).collect();
        let command_of: [usize; 4] = [0, 1, 2, 0];
        let number_of = |key: &GroupKey| commands.iter().position(|command| command.key == *key).unwrap();
        let file_names = ["0", "1", "2", "3"];
        let mut unpaid: BTreeSet<usize> = BTreeSet::new();
        let mut running: [Option<BTreeSet<usize>>; 3] = [None, None, None];
        let mut earliest: [Option<Instant>; 3] = [None; 3];
        let mut rested: [Option<Instant>; 3] = [None; 3];
        let mut debts = Debts::default();
        let mut now = Instant::now();
        for event in events {
            match event {
                Event::Write { file } => {
                    let number = command_of[file];
                    debts.owe(&commands[number], 0, [file_names[file]], now);
                    unpaid.insert(file);
                    earliest[number] = rested[number];
                    if let Some(ran_for) = &mut running[number] {
                        ran_for.remove(&file);
                    }
                }
                Event::Start => {
                    for started in start_due(&mut debts, now) {
                        let number = number_of(&started.key);
                        prop_assert!(running[number].is_none(), "two runs at once");
                        prop_assert!(earliest[number].is_none_or(|earliest| now >= earliest), "too early");
                        let files = unpaid.iter().copied().filter(|file| command_of[*file] == number).collect();
                        running[number] = Some(files);
                    }
                }
                Event::End { command, succeeded, jitter } => {
                    let Some(ran_for) = running[command].take() else { continue };
                    let retry = debts.finished(&commands[command].key, succeeded, now, jitter);
                    if succeeded {
                        unpaid.retain(|file| !ran_for.contains(file));
                        prop_assert_eq!(retry, None);
                    }
                    rested[command] = Some(now + COMMAND_COOLDOWN);
                    earliest[command] = rested[command];
                    if let Some(Retry { after, .. }) = retry {
                        prop_assert!(after <= Duration::from_secs(300));
                        prop_assert!(after >= COMMAND_COOLDOWN);
                        earliest[command] = Some(now + after);
                    }
                }
                Event::RenderContext { milliseconds } => now += Duration::from_millis(milliseconds),
            }
            let owed: BTreeSet<usize> = debts.unapplied().map(|(path, _)| path.to_str().unwrap().parse().unwrap()).collect();
            prop_assert_eq!(&owed, &unpaid, "after {:?}", event);
        }
        // From any state, time and successful runs settle all debts.
        for _ in 0..3 {
            for command in &commands {
                debts.finished(&command.key, true, now, 1.0);
            }
            now += Duration::from_secs(300);
            start_due(&mut debts, now);
        }
        prop_assert!(debts.is_settled());
    }
}

#[test]
fn a_run_has_the_size_of_all_changes_since_the_last_success() {
    let size = |removed, added| DiffSize { removed, added };
    let (mut debts, mut now, a) = (Debts::default(), Instant::now(), command("a"));
    debts.owe(&a, 0, ["1"], now);
    debts.changed(&a.key, size(1, 2));
    start_due(&mut debts, now);
    assert_eq!(debts.size_of_run(&a.key), Some(size(1, 2)));
    debts.owe(&a, 0, ["1"], now);
    debts.changed(&a.key, size(10, 20));
    assert_eq!(debts.size_of_run(&a.key), Some(size(1, 2)));
    debts.finished(&a.key, false, now, 1.0);
    now += COMMAND_COOLDOWN * 2;
    start_due(&mut debts, now);
    assert_eq!(debts.size_of_run(&a.key), Some(size(11, 22)));
    debts.owe(&a, 0, ["1"], now);
    debts.changed(&a.key, size(3, 3));
    debts.finished(&a.key, true, now, 1.0);
    now += COMMAND_COOLDOWN;
    start_due(&mut debts, now);
    assert_eq!(debts.size_of_run(&a.key), Some(size(3, 3)));
}

#[test]
fn a_new_configuration_divides_debts_whose_files_have_left() {
    let now = Instant::now();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(command);
    let mut debts = Debts::default();
    debts.owe(&a, 0, ["moved", "dropped"], now);
    debts.owe(&b, 1, ["gone"], now);
    debts.owe(&c, 2, ["stays"], now);
    debts.owe(&d, 3, ["moved too", "stays too"], now);
    let divisions = debts.renew(now, |path| match path.to_str() {
        Some("moved" | "moved too" | "stays") => Some((Arc::clone(&c), 0)),
        Some("stays too") => Some((Arc::clone(&d), 0)),
        _ => None,
    });
    let expected = [
        (a, BTreeSet::from([c.key.clone()])),
        (b, BTreeSet::new()),
        (d.clone(), BTreeSet::from([c.key.clone(), d.key.clone()])),
    ];
    let expected = expected.map(|(group, heirs)| Division { group, heirs });
    assert_eq!(divisions, expected);
    assert_eq!(debts.unapplied().count(), 4);
}
