//! Another source after a reload.

use super::*;

fn keys(count: usize) -> BTreeSet<Arc<Query>> {
    let key = |n| Arc::new(Query::key(&format!("k{n}")).unwrap());
    (0..count).map(key).collect()
}

/// Answers that had arrived before the switch counted as those of the new source.
#[tokio::test(start_paused = true)]
async fn answers_of_the_source_before_a_switch_are_not_received_after_it() {
    let always = |text| Script::new([Line::Answers(NOW, text, 5), Line::Blocks(text, 5)]);
    // One that waits for room for its next event, too.
    for capacity in [64, 1] {
        let (mut watcher, before) = Watcher::with_capacity(always("a"), RULES, capacity);
        watcher.follow_exactly(&keys(3));
        sleep(Duration::from_millis(100)).await;
        assert!(!before.is_empty());
        let mut events = watcher.use_client(always("b"), RULES);
        drop(before);
        for _ in 0..3 {
            assert_eq!(next_answer(&mut events).await, "b", "{capacity}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_ends_when_the_receiver_after_a_switch_is_dropped() {
    let script = Script::new([Line::Down]);
    let (mut watcher, before) = Watcher::with_capacity(Script::new([Line::Down]), RULES, 1);
    watcher.follow_exactly(&keys(3));
    drop(watcher.use_client(script.clone(), RULES));
    drop(before);
    sleep(Duration::from_secs(10)).await;
    let polls = script.polls().len();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(script.polls().len(), polls);
}
