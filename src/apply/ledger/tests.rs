use proptest::prelude::*;

use super::*;
use crate::config::resolved::{CommandOutput, EnvironmentConfig};

fn command(name: &str) -> CommandConfig {
    let line = CommandLine::Direct(vec![name.to_owned()]);
    CommandConfig {
        line,
        timeout: Duration::from_secs(30),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    }
}

fn names(commands: &[CommandConfig]) -> Vec<&str> {
    let name = |command: &CommandConfig| match &command.line {
        CommandLine::Direct(words) => words[0].clone(),
        CommandLine::Shell(line) => line.clone(),
    };
    commands
        .iter()
        .map(name)
        .map(|name| if name == "a" { "a" } else { "b" })
        .collect()
}

/// Starts all due commands.
fn start_due(ledger: &mut Ledger, now: Instant) -> Vec<CommandConfig> {
    std::iter::from_fn(|| ledger.start_next(now, |_| false)).collect()
}

#[test]
fn a_held_command_waits_and_others_run() {
    let (mut ledger, now, a, b) = (
        Ledger::default(),
        Instant::now(),
        command("a"),
        command("b"),
    );
    ledger.owe(&a, 0, ["1"], now);
    ledger.owe(&b, 1, ["2"], now);
    assert_eq!(ledger.start_next(now, |line| *line == a.line), Some(b));
    assert_eq!(ledger.start_next(now, |line| *line == a.line), None);
    assert_eq!(ledger.start_next(now, |_| false), Some(a));
}

#[test]
fn one_run_settles_all_files_and_then_nothing_is_owed() {
    let (mut ledger, now, a) = (Ledger::default(), Instant::now(), command("a"));
    assert_eq!(ledger.next_wake(), None);
    ledger.owe(&a, 0, ["1", "2"], now);
    ledger.owe(
        &CommandConfig {
            timeout: Duration::from_secs(1),
            ..a.clone()
        },
        0,
        ["3"],
        now,
    );
    assert_eq!(ledger.unapplied().count(), 3);
    assert_eq!(ledger.next_wake(), Some(now));
    assert_eq!(
        start_due(&mut ledger, now),
        std::slice::from_ref(&a),
        "the first one's settings hold"
    );
    assert_eq!(start_due(&mut ledger, now), [], "it is running");
    assert_eq!(ledger.next_wake(), None);
    assert_eq!(ledger.finished(&a.line, true, now, 1.0), None);
    assert!(ledger.is_settled());
}

#[test]
fn commands_start_in_the_order_of_their_ranks() {
    let (mut ledger, now) = (Ledger::default(), Instant::now());
    ledger.owe(&command("b"), 1, ["2"], now);
    ledger.owe(&command("a"), 0, ["1"], now);
    assert_eq!(names(&start_due(&mut ledger, now)), ["a", "b"]);
}

#[test]
fn a_failed_command_runs_at_the_end_of_its_cooldown_after_a_reload() {
    let (mut ledger, mut now, a) = (Ledger::default(), Instant::now(), command("a"));
    ledger.owe(&a, 0, ["1"], now);
    for _ in 0..8 {
        assert_eq!(start_due(&mut ledger, now).len(), 1);
        let Retry { after, .. } = ledger
            .finished(&a.line, false, now, 1.0)
            .expect("it is owed");
        now += after;
    }
    start_due(&mut ledger, now);
    ledger.finished(&a.line, false, now, 1.0);
    ledger.retry_now(now);
    assert_eq!(ledger.next_wake(), Some(now + COMMAND_COOLDOWN));
    now += COMMAND_COOLDOWN * 2;
    ledger.retry_now(now);
    assert_eq!(start_due(&mut ledger, now), [a]);
}

#[test]
fn a_command_has_a_cooldown_between_runs_that_does_not_delay_others() {
    let (mut ledger, now, a, b) = (
        Ledger::default(),
        Instant::now(),
        command("a"),
        command("b"),
    );
    ledger.owe(&a, 0, ["1"], now);
    start_due(&mut ledger, now);
    ledger.finished(&a.line, true, now, 1.0);
    ledger.owe(&a, 0, ["1"], now + COMMAND_COOLDOWN / 4);
    ledger.owe(&b, 1, ["2"], now + COMMAND_COOLDOWN / 4);
    assert_eq!(start_due(&mut ledger, now + COMMAND_COOLDOWN / 2), [b]);
    assert_eq!(ledger.next_wake(), Some(now + COMMAND_COOLDOWN));
    assert_eq!(start_due(&mut ledger, now + COMMAND_COOLDOWN), [a]);
}

#[test]
fn a_file_written_during_a_run_owes_another_run() {
    let (mut ledger, now, a) = (Ledger::default(), Instant::now(), command("a"));
    ledger.owe(&a, 0, ["1"], now);
    start_due(&mut ledger, now);
    ledger.owe(&a, 0, ["1"], now);
    assert_eq!(ledger.unapplied().count(), 1);
    assert_eq!(start_due(&mut ledger, now), []);
    ledger.finished(&a.line, true, now, 1.0);
    assert_eq!(start_due(&mut ledger, now + COMMAND_COOLDOWN).len(), 1);
    ledger.owe(&a, 0, ["1"], now);
    let retry = ledger.finished(&a.line, false, now, 1.0);
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
    let (mut ledger, mut now, a) = (Ledger::default(), Instant::now(), command("a"));
    ledger.owe(&a, 0, ["1"], now);
    for (failures, seconds) in (1..).zip([1, 2, 4, 8]) {
        assert_eq!(start_due(&mut ledger, now).len(), 1);
        let retry = ledger.finished(&a.line, false, now, 1.0);
        assert_eq!(
            retry,
            Some(Retry {
                failures,
                after: Duration::from_secs(seconds)
            })
        );
        let wake = ledger.next_wake().unwrap();
        assert_eq!(wake - now, Duration::from_secs(seconds));
        assert_eq!(start_due(&mut ledger, now + Duration::from_millis(999)), []);
        now = wake;
    }
    assert_eq!(start_due(&mut ledger, now).len(), 1);
    ledger.finished(&a.line, true, now, 1.0);
    assert!(ledger.is_settled());
    ledger.owe(&a, 0, ["1"], now);
    start_due(&mut ledger, now + COMMAND_COOLDOWN);
    assert_eq!(
        ledger.finished(&a.line, false, now, 1.0).unwrap().failures,
        1,
        "the count starts over"
    );
}

#[test]
fn new_content_does_not_wait_for_the_backoff() {
    let (mut ledger, now, a) = (Ledger::default(), Instant::now(), command("a"));
    ledger.owe(&a, 0, ["1"], now);
    start_due(&mut ledger, now);
    ledger.finished(&a.line, false, now, 1.0);
    assert_eq!(start_due(&mut ledger, now + COMMAND_COOLDOWN), []);
    ledger.owe(&a, 0, ["1"], now);
    assert_eq!(start_due(&mut ledger, now + COMMAND_COOLDOWN).len(), 1);
    assert_eq!(
        ledger.finished(&a.line, false, now, 1.0).unwrap().failures,
        2
    );
}

#[test]
fn the_end_of_a_run_that_was_not_started_changes_nothing() {
    let (mut ledger, now, a) = (Ledger::default(), Instant::now(), command("a"));
    ledger.owe(&a, 0, ["1"], now);
    assert_eq!(ledger.finished(&a.line, true, now, 1.0), None);
    assert_eq!(ledger.finished(&command("b").line, true, now, 1.0), None);
    assert_eq!(start_due(&mut ledger, now).len(), 1);
}

/// An event for a ledger. The numbers identify commands and files.
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
    /// Compares the ledger with a simple model: the files for which no successful run has been
    /// started, and the running commands.
    #[test]
    fn nothing_owed_is_dropped_and_nothing_runs_twice(events in prop::collection::vec(event(), 1..80)) {
        let commands: Vec<_> = (0..3).map(|number| command(&number.to_string())).collect();
        let command_of: [usize; 4] = [0, 1, 2, 0];
        let number_of = |line: &CommandLine| commands.iter().position(|command| command.line == *line).unwrap();
        let file_names = ["0", "1", "2", "3"];
        let mut unpaid: BTreeSet<usize> = BTreeSet::new();
        let mut running: [Option<BTreeSet<usize>>; 3] = [None, None, None];
        let mut earliest: [Option<Instant>; 3] = [None; 3];
        let mut rested: [Option<Instant>; 3] = [None; 3];
        let mut ledger = Ledger::default();
        let mut now = Instant::now();
        for event in events {
            match event {
                Event::Write { file } => {
                    let number = command_of[file];
                    ledger.owe(&commands[number], 0, [file_names[file]], now);
                    unpaid.insert(file);
                    earliest[number] = rested[number];
                    if let Some(ran_for) = &mut running[number] {
                        ran_for.remove(&file);
                    }
                }
                Event::Start => {
                    for started in start_due(&mut ledger, now) {
                        let number = number_of(&started.line);
                        prop_assert!(running[number].is_none(), "two runs at once");
                        prop_assert!(earliest[number].is_none_or(|earliest| now >= earliest), "too early");
                        let files = unpaid.iter().copied().filter(|file| command_of[*file] == number).collect();
                        running[number] = Some(files);
                    }
                }
                Event::End { command, succeeded, jitter } => {
                    let Some(ran_for) = running[command].take() else { continue };
                    let retry = ledger.finished(&commands[command].line, succeeded, now, jitter);
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
            let owed: BTreeSet<usize> = ledger.unapplied().map(|(path, _)| path.to_str().unwrap().parse().unwrap()).collect();
            prop_assert_eq!(&owed, &unpaid, "after {:?}", event);
        }
        // From any state, time and successful runs settle all debts.
        for _ in 0..3 {
            for command in &commands {
                ledger.finished(&command.line, true, now, 1.0);
            }
            now += Duration::from_secs(300);
            start_due(&mut ledger, now);
        }
        prop_assert!(ledger.is_settled());
    }
}
