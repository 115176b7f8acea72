//! Tests with tasks that are fast, slow, hung, or panic.

use std::sync::mpsc;

use super::*;
use crate::daemon::event::Event;

fn named(key: Key, name: &'static str) -> TaskResult {
    TaskResult::event(key, Event::TaskLost(name.to_owned()))
}

fn task(
    number: usize,
    limit: Duration,
    work: impl FnOnce() -> &'static str + Send + 'static,
) -> Task {
    let key = Key::Source(number);
    let (own, late) = (key.clone(), key.clone());
    Task {
        key,
        limit,
        work: Box::new(move || named(own, work())),
        substitute: Box::new(move |reason| {
            let name = match reason {
                NoResult::Overdue => "overdue",
                NoResult::TooManyStuck => "too many",
                NoResult::NoThread => "no thread",
                NoResult::Panicked => "panicked",
            };
            named(late.clone(), name)
        }),
    }
}

fn name(result: TaskResult) -> String {
    match result.output {
        super::super::task::TaskOutput::Event(Event::TaskLost(name)) => name,
        _ => panic!("another result"),
    }
}

/// Collects results until there are `count`.
async fn results(workers: &mut Workers, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        let turn = tokio::time::timeout(Duration::from_secs(10), workers.next()).await;
        if let Turn::Results(results) = turn.expect("a result comes") {
            found.extend(results.into_iter().map(name));
        }
    }
    found
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn tasks_are_done_in_their_order() {
    let mut workers = Workers::new();
    workers.begin([
        task(0, LONG, || "a"),
        task(1, LONG, || "b"),
        task(2, LONG, || "c"),
    ]);
    assert_eq!(results(&mut workers, 3).await, ["a", "b", "c"]);
    workers.begin([task(0, LONG, || "again")]);
    assert_eq!(results(&mut workers, 1).await, ["again"]);
}

#[tokio::test]
async fn a_slow_task_delays_no_other() {
    let mut workers = Workers::new();
    let (release, held) = mpsc::channel::<()>();
    let slow = move || {
        let _ = held.recv();
        "slow"
    };
    workers.begin([task(0, LONG, slow), task(1, LONG, || "quick")]);
    assert_eq!(results(&mut workers, 1).await, ["quick"]);
    assert!(!workers.are_briefly_busy());
    drop(release);
    assert_eq!(results(&mut workers, 1).await, ["slow"]);
}

#[tokio::test]
async fn a_hung_task_is_given_up_and_its_result_comes_late() {
    let mut workers = Workers::new();
    let (release, held) = mpsc::channel::<()>();
    let hung = move || {
        let _ = held.recv();
        "late"
    };
    workers.begin([task(0, Duration::from_millis(50), hung)]);
    assert_eq!(results(&mut workers, 1).await, ["overdue"]);
    workers.begin([task(0, LONG, || "the same"), task(1, LONG, || "another")]);
    let mut both = results(&mut workers, 2).await;
    both.sort();
    assert_eq!(both, ["another", "overdue"], "one thread hangs per key");
    drop(release);
    assert_eq!(results(&mut workers, 1).await, ["late"]);
    workers.begin([task(0, LONG, || "the same")]);
    assert_eq!(results(&mut workers, 1).await, ["the same"]);
}

#[tokio::test]
async fn a_task_waits_for_the_one_with_the_same_key() {
    let mut workers = Workers::new();
    let (release, held) = mpsc::channel::<()>();
    let slow = move || {
        let _ = held.recv();
        "first"
    };
    workers.begin([task(0, LONG, slow), task(0, LONG, || "second")]);
    assert!(
        workers
            .next_results_within(Duration::from_millis(100))
            .await
            .is_none()
    );
    drop(release);
    assert_eq!(results(&mut workers, 2).await, ["first", "second"]);
}

#[tokio::test]
async fn a_panic_fails_only_its_task() {
    let mut workers = Workers::new();
    workers.begin([task(0, LONG, || panic!("a bug")), task(1, LONG, || "next")]);
    let mut both = results(&mut workers, 2).await;
    both.sort();
    assert_eq!(both, ["next", "panicked"]);
}

impl Workers {
    async fn next_results_within(&mut self, span: Duration) -> Option<Vec<TaskResult>> {
        tokio::time::timeout(span, async {
            loop {
                if let Turn::Results(results) = self.next().await {
                    return results;
                }
            }
        })
        .await
        .ok()
    }
}
