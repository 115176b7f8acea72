//! One read from the leader, besides the long poll.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_read_reports_an_answer_that_equals_the_previous_one() {
    let script = Script::new([
        Line::Answers(NOW, "a", 7),
        Line::Answers(NOW, "a", 7),
        Line::Blocks("a", 7),
    ]);
    let query: Arc<Query> = Query::nodes("").unwrap().into();
    let (mut watcher, mut events) = Watcher::new(script.clone(), RULES);
    watcher.follow_exactly(&BTreeSet::from([Arc::clone(&query)]));
    let mut answers = Vec::new();
    for is_fresh in [false, true] {
        let Some(WatchEvent::Answered(of, answer, circumstances)) = events.recv().await else {
            panic!("no answer");
        };
        assert_eq!((&of, circumstances.is_fresh), (&query, is_fresh));
        answers.push(answer);
        if !is_fresh {
            watcher.read_again(&query);
        }
    }
    assert_eq!(answers[0], answers[1]);
    let read = script.polls()[1].1;
    assert_eq!((read.index, read.stale), (0, false));
}
