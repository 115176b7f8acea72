//! A datacenter that gives no answer, while Consul answers all other queries.

use super::*;

/// Answers queries of the own datacenter, and never those of another one.
#[derive(Clone)]
struct SilentDatacenter {
    /// `false` if it gives no answer at all.
    is_alive: bool,
    probes: Arc<Mutex<Vec<Instant>>>,
}

impl SilentDatacenter {
    fn new(is_alive: bool) -> Self {
        Self {
            is_alive,
            probes: Arc::default(),
        }
    }
}

impl Source for SilentDatacenter {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        1
    }

    fn preferred(&self) -> usize {
        0
    }

    async fn probe(&self, _server: usize) -> Result<(), Error> {
        self.probes.lock().unwrap().push(Instant::now());
        if !self.is_alive {
            sleep(Duration::from_secs(5)).await;
            return Err(Error::TimedOut {
                server: "a".to_owned(),
                blocking: false,
            });
        }
        Ok(())
    }

    async fn poll(&self, query: &ConsulQuery, poll: Poll) -> Result<Reply, Error> {
        if let ConsulQuery::Key(key) = query
            && !key.scope.datacenter.is_empty()
        {
            std::future::pending::<()>().await;
        }
        if poll.index > 0 {
            sleep(poll.wait).await;
        }
        Ok(Reply {
            answer: Answer::Datacenters(vec!["a".to_owned()]),
            index: Some(7),
            last_contact: NOW,
            is_filtered: false,
            bytes: 0,
        })
    }
}

/// The failure was found when a request was chosen, and was not reported until a long poll had ended.
#[tokio::test(start_paused = true)]
async fn a_silent_datacenter_is_reported_while_all_other_polls_block() {
    let (mut watcher, mut events) = follow(SilentDatacenter::new(true), RULES, 1);
    // Afterwards, polls block for their whole wait.
    sleep(Duration::from_secs(600)).await;
    while events.try_recv().is_ok() {}
    let names = ["k0", "k1", "k2@eu"];
    let queries = names.map(|name| Arc::new(Query::key(name).unwrap()));
    watcher.follow_exactly(&queries.iter().cloned().collect());
    let begun = Instant::now();
    loop {
        match events.recv().await.expect("the watcher runs") {
            WatchEvent::Failed(query, _) => {
                assert_eq!(query, queries[2]);
                break;
            }
            WatchEvent::Answered(..) | WatchEvent::Recovered(_) => {}
        }
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// Nothing showed that Consul answers, so the failure was found when the request exceeded its limit of 15 s.
#[tokio::test(start_paused = true)]
async fn a_silent_datacenter_is_reported_although_nothing_else_is_requested() {
    let source = SilentDatacenter::new(true);
    let begun = Instant::now();
    let (_watcher, mut events) = follow_keys(source.clone(), RULES, &["k0@eu", "k1@eu"]);
    for _ in 0..2 {
        let event = events.recv().await.expect("the watcher runs");
        assert!(matches!(event, WatchEvent::Failed(..)), "{event:?}");
    }
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    let probes: Vec<_> = source.probes.lock().unwrap().clone();
    assert_eq!(probes, [begun + Duration::from_secs(1)]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(source.probes.lock().unwrap().len(), 1, "once is enough");
}

#[tokio::test(start_paused = true)]
async fn a_datacenter_is_not_to_blame_while_consul_gives_no_answer_at_all() {
    let source = SilentDatacenter::new(false);
    let (_watcher, mut events) = follow_keys(source.clone(), RULES, &["k0@eu"]);
    sleep(Duration::from_secs(60)).await;
    let event = events.try_recv();
    assert!(event.is_err(), "{event:?}");
    let probes = source.probes.lock().unwrap().len();
    assert!((5..15).contains(&probes), "{probes} probes");
}
