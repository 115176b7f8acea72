//! Tests with many queries and servers that answer only some of them.

use super::*;

async fn all_answered(count: usize, events: &mut mpsc::Receiver<WatchEvent>) {
    let mut answered = 0;
    while answered < count {
        if let Some(WatchEvent::Answered(..)) = events.recv().await {
            answered += 1;
        }
    }
}

/// A proxy in front of a stopped Consul closes connections like a Consul with too many of them.
#[tokio::test(start_paused = true)]
async fn all_queries_are_answered_within_two_seconds_when_throttling_is_over() {
    let script = Script::new([Line::Throttled]);
    let (_watcher, mut events) = follow(script.clone(), RULES, 50);
    sleep(Duration::from_secs(3600)).await;
    while events.try_recv().is_ok() {}
    script.replace([Line::Answers(Duration::from_millis(1), "a", 5)]);
    let back = Instant::now();
    all_answered(50, &mut events).await;
    assert!(
        back.elapsed() < Duration::from_secs(2),
        "{:?}",
        back.elapsed()
    );
}

/// A source that denies the prober's query after the outage and answers the others.
#[derive(Clone)]
struct DeniesTheFirst {
    down: Arc<std::sync::atomic::AtomicBool>,
}

impl Source for DeniesTheFirst {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        1
    }

    fn preferred(&self) -> usize {
        0
    }

    async fn poll(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        let server = "a.test:8500".to_owned();
        if self.down.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Error::Unreachable {
                server,
                reason: "refused".to_owned(),
            });
        }
        if query.to_string() == "kv.get(k0)" {
            return Err(Error::Status {
                server,
                status: 403,
                message: "Permission denied".to_owned(),
                retry_after: None,
            });
        }
        sleep(if poll.index > 0 { poll.wait } else { NOW }).await;
        Ok(Reply {
            answer: Answer::Key(None),
            index: Some(5),
            last_contact: NOW,
            is_filtered: false,
            bytes: 0,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_prober_that_is_denied_wakes_the_others() {
    let ask = DeniesTheFirst {
        down: Arc::new(true.into()),
    };
    let (_watcher, mut events) = follow(ask.clone(), RULES, 50);
    sleep(Duration::from_secs(3600)).await;
    while events.try_recv().is_ok() {}
    ask.down.store(false, std::sync::atomic::Ordering::Relaxed);
    let back = Instant::now();
    all_answered(49, &mut events).await;
    assert!(
        back.elapsed() < Duration::from_secs(2),
        "{:?}",
        back.elapsed()
    );
}

/// A source with two servers: the first never answers, the second one does.
#[derive(Clone, Default)]
struct FirstIsABlackHole {
    preferred: Arc<std::sync::atomic::AtomicUsize>,
}

impl Source for FirstIsABlackHole {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        2
    }

    fn preferred(&self) -> usize {
        self.preferred.load(std::sync::atomic::Ordering::Relaxed)
    }

    async fn poll(&self, _: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        if poll.server == 0 {
            sleep(Duration::from_secs(10)).await;
            return Err(Error::Unreachable {
                server: "a.test:8500".to_owned(),
                reason: "timed out".to_owned(),
            });
        }
        self.preferred
            .store(1, std::sync::atomic::Ordering::Relaxed);
        sleep(if poll.index > 0 { poll.wait } else { NOW }).await;
        Ok(Reply {
            answer: Answer::Key(None),
            index: Some(5),
            last_contact: NOW,
            is_filtered: false,
            bytes: 0,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_first_few_queries_wait_for_a_server_that_answers_nothing() {
    let begun = Instant::now();
    let (_watcher, mut events) = follow(FirstIsABlackHole::default(), RULES, 1000);
    all_answered(1000, &mut events).await;
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
}

/// A source that recovers from an outage, except that the answer to one query is never valid.
#[derive(Clone)]
struct HalfBroken(Arc<Mutex<bool>>);

impl Source for HalfBroken {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        1
    }

    fn preferred(&self) -> usize {
        0
    }

    async fn poll(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        let server = "a.test:8500".to_owned();
        if query.to_string().contains("broken") {
            return Err(Error::Unreadable {
                server,
                reason: "line 1".to_owned(),
            });
        }
        if !*self.0.lock().unwrap() {
            return Err(Error::Unreachable {
                server,
                reason: "refused".to_owned(),
            });
        }
        sleep(if poll.index > 0 { poll.wait } else { NOW }).await;
        Ok(Reply {
            answer: Answer::Datacenters(vec!["back".to_owned()]),
            index: Some(5),
            last_contact: NOW,
            is_filtered: false,
            bytes: 0,
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_never_answered_does_not_hide_the_end_of_an_outage() {
    let server = HalfBroken(Arc::default());
    let names = ["broken", "a", "b", "c"];
    let (_watcher, mut events) = follow_keys(server.clone(), RULES, &names);
    sleep(Duration::from_secs(3600)).await;
    while events.try_recv().is_ok() {}
    *server.0.lock().unwrap() = true;
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(next_answer(&mut events).await, "back");
    }
    assert!(
        begun.elapsed() <= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}
