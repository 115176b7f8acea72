//! Tests the watcher against a script of answers, with a paused clock and no sockets.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::schedule::{CROWDED_WAIT, DENIED_PAUSE, MIN_POLL_INTERVAL};
use super::*;
use crate::answer::Answer;
use crate::query::ConsulQuery;
use crate::source::{Error, Poll, Reply};
use crate::watch::Pauses;

mod many;
mod not_consul;
mod read_again;
mod script;
mod silent_datacenter;
mod switch;
mod together;

use script::{Line, NOW, Script};

const RULES: Rules = Rules {
    wait: Duration::from_secs(60),
    max_stale: Some(Duration::from_secs(2)),
    pause: Duration::ZERO,
    connections: 1 << 20,
    is_limited_by_files: false,
    full_read_interval: None,
    pauses: Pauses::DEFAULT,
};

/// Follows queries for keys `k0`, `k1`, … with these rules.
fn follow<S: Source<Query = ConsulQuery>>(
    source: S,
    rules: Rules,
    count: usize,
) -> (Watcher<S>, mpsc::Receiver<WatchEvent>) {
    let names: Vec<_> = (0..count).map(|n| format!("k{n}")).collect();
    follow_keys(source, rules, &names)
}

fn follow_keys<S: Source<Query = ConsulQuery>>(
    source: S,
    rules: Rules,
    names: &[impl AsRef<str>],
) -> (Watcher<S>, mpsc::Receiver<WatchEvent>) {
    let (mut watcher, events) = Watcher::with_capacity(source, rules, 100_000);
    let key = |name: &str| Arc::new(Query::key(name).unwrap());
    watcher.follow_exactly(&names.iter().map(|name| key(name.as_ref())).collect());
    (watcher, events)
}

fn start(script: &Script) -> (Watcher<Script>, mpsc::Receiver<WatchEvent>) {
    let (mut watcher, events) = Watcher::with_capacity(script.clone(), RULES, 64);
    watcher.follow_exactly(&BTreeSet::from([Query::services("").unwrap().into()]));
    (watcher, events)
}

async fn next_answer(events: &mut mpsc::Receiver<WatchEvent>) -> String {
    loop {
        match events.recv().await.expect("the watcher ended") {
            WatchEvent::Answered(_, answer, _) => match &*answer {
                Answer::Datacenters(names) => return names[0].clone(),
                other => panic!("{other:?}"),
            },
            WatchEvent::Failed(..) | WatchEvent::Recovered(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn new_answers_are_reported_and_each_poll_waits_for_a_higher_index() {
    let long = Duration::from_secs(30);
    let script = Script::new([
        Line::Answers(NOW, "a", 5),
        Line::Answers(long, "b", 9),
        Line::Answers(long, "b", 9),
    ]);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    assert_eq!(next_answer(&mut events).await, "b");
    sleep(Duration::from_secs(100)).await;
    assert!(
        events.try_recv().is_err(),
        "an equal answer is not reported"
    );
    let indexes: Vec<_> = script.polls().iter().map(|(_, poll)| poll.index).collect();
    assert_eq!(indexes[..4], [0, 5, 9, 9]);
}

#[tokio::test(start_paused = true)]
async fn in_two_hours_of_outage_one_query_probes_and_all_recover_within_two_seconds() {
    let script = Script::new([Line::Down]);
    let (_watcher, mut events) = follow(script.clone(), RULES, 50);
    let hours = Duration::from_secs(2 * 3600);
    sleep(hours).await;
    let polls = script.polls().len() as u64;
    // The prober polls about twice a second at most; each of the others about once in half a minute.
    assert!(
        polls < 2 * hours.as_secs() + 50 * hours.as_secs() / 20,
        "{polls} requests"
    );
    while events.try_recv().is_ok() {}

    script.replace([Line::Answers(Duration::from_millis(1), "a", 5)]);
    let back = Instant::now();
    let mut answered = 0;
    while answered < 50 {
        if let Some(WatchEvent::Answered(..)) = events.recv().await {
            answered += 1;
        }
    }
    assert!(
        back.elapsed() < Duration::from_secs(2),
        "{:?}",
        back.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn the_prober_waits_as_long_as_configured() {
    let (first, longest) = (Duration::from_secs(20), Duration::from_secs(300));
    let pauses = Pauses {
        first,
        longest,
        probe: first,
    };
    let script = Script::new([Line::Down]);
    let (_watcher, _events) = follow(script.clone(), Rules { pauses, ..RULES }, 10);
    sleep(Duration::from_secs(3600)).await;
    let polls = script.polls().len();
    // On average the prober polls every 11 s, and each of the nine others every 165 s, once the
    // backoff has grown.
    assert!((300..1000).contains(&polls), "{polls} requests");
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_index_starts_over() {
    let long = Duration::from_secs(60);
    let script = Script::new([
        Line::Answers(NOW, "a", 500),
        Line::Down,
        Line::Answers(NOW, "b", 20),
        Line::Answers(long, "b", 20),
    ]);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    let begun = Instant::now();
    assert_eq!(next_answer(&mut events).await, "b");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let indexes: Vec<_> = script.polls().iter().map(|(_, poll)| poll.index).collect();
    assert_eq!(indexes[..3], [0, 500, 0]);
}

#[tokio::test(start_paused = true)]
async fn no_poll_is_sent_while_the_receiver_is_busy() {
    let long = Duration::from_secs(30);
    let script = Script::new([
        Line::Answers(long, "a", 5),
        Line::Answers(long, "b", 6),
        Line::Answers(long, "c", 7),
    ]);
    let (watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    watcher.set_busy(true);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(script.polls().len(), 1);
    let begun = Instant::now();
    watcher.set_busy(false);
    assert_eq!(next_answer(&mut events).await, "b");
    assert_eq!(begun.elapsed(), long, "then it is polled at once");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_answer_changes_every_time_is_not_polled_in_a_tight_loop() {
    let script = Script::new(
        (0..300).map(|n| Line::Answers(NOW, if n % 2 == 0 { "a" } else { "b" }, n + 1)),
    );
    let (_watcher, mut events) = start(&script);
    let begun = Instant::now();
    for _ in 0..200 {
        next_answer(&mut events).await;
    }
    assert!(begun.elapsed() >= MIN_POLL_INTERVAL * 199);
}

#[tokio::test(start_paused = true)]
async fn another_server_is_tried_at_once_and_nothing_is_reported() {
    let long = Duration::from_secs(60);
    let lines = [
        Line::Answers(NOW, "a", 7),
        Line::Down,
        Line::Answers(NOW, "b", 3),
        Line::Answers(long, "b", 3),
    ];
    let script = Script::with_servers(2, lines);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    let begun = Instant::now();
    match events.recv().await {
        Some(WatchEvent::Answered(..)) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(begun.elapsed(), MIN_POLL_INTERVAL, "only the default pause");
    let polls: Vec<_> = script
        .polls()
        .iter()
        .map(|(_, poll)| (poll.server, poll.index))
        .collect();
    assert_eq!(polls[..3], [(0, 0), (0, 7), (1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_fails_is_polled_rarely_and_one_that_timed_out_at_once() {
    let script = Script::new([Line::Unknown]);
    let (watcher, mut events) = start(&script);
    sleep(Duration::from_secs(3600)).await;
    let polls = script.polls().len();
    assert!((60..240).contains(&polls), "{polls} requests in an hour");
    assert!(matches!(events.recv().await, Some(WatchEvent::Failed(..))));
    drop(watcher);

    let limit = Duration::from_secs(70);
    let script = Script::new([
        Line::Answers(NOW, "a", 5),
        Line::Idle(limit),
        Line::Idle(limit),
    ]);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    sleep(limit * 10).await;
    assert!(events.try_recv().is_err(), "an idle poll is not reported");
    let polls = script.polls().len();
    assert!((9..13).contains(&polls), "{polls} polls");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_stale_is_requested_again_from_the_leader() {
    let long = Duration::from_secs(60);
    let late = Duration::from_secs(9);
    let script = Script::new([
        Line::AnswersStale(NOW, "old", 5, late),
        Line::Answers(NOW, "new", 6),
        Line::Answers(long, "new", 6),
    ]);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "new");
    let stale: Vec<_> = script.polls().iter().map(|(_, poll)| poll.stale).collect();
    assert_eq!(stale[..2], [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_block_is_not_polled_in_a_tight_loop() {
    let script = Script::new([Line::Answers(NOW, "a", 5)]);
    let (_watcher, mut events) = start(&script);
    assert_eq!(next_answer(&mut events).await, "a");
    sleep(Duration::from_secs(60)).await;
    let polls = script.polls().len();
    assert!(polls < 140, "{polls} polls in a minute");
}
