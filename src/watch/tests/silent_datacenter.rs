//! A datacenter that gives no answer, while Consul answers all other queries.

use super::*;

/// Answers queries of the own datacenter, and never those of another one.
#[derive(Clone)]
struct SilentDatacenter;

impl Source for SilentDatacenter {
    type Query = ConsulQuery;

    fn servers(&self) -> usize {
        1
    }

    fn preferred(&self) -> usize {
        0
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
    let (mut watcher, mut events) = follow(SilentDatacenter, RULES, 1);
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
