//! When the accepted answers are written for the next process.

use super::restoring::{start, take_writes, written_in};
use super::*;
use crate::daemon::event::KeptWrite;
use crate::daemon::renderer::RestorePolicy;

#[test]
fn changes_are_written_together_then_at_the_end_and_again_after_a_failure() {
    let mut bench = start(RestorePolicy::Kept, vec![job(r#"{{ key "a" }}"#, None)]);
    let (seconds, half) = (Duration::from_secs, Duration::from_millis(500));
    bench.news("a", "1");
    bench.pass(half);
    bench.news("a", "2");
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(half);
    let writes = take_writes(&mut bench);
    assert_eq!((writes.len(), writes[0].len()), (1, 1));
    // A write is in progress.
    bench.news("a", "3");
    bench.pass(seconds(100));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.step(Event::AnswersKept(server(), Err(writes[0].clone())));
    bench.pass(seconds(59));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(seconds(1));
    let again = take_writes(&mut bench);
    assert_eq!((again.len(), again[0].len()), (1, 1));
    assert!(again[0] != writes[0], "the latest answer is written");
    // A write that takes long is repeated less often.
    bench.step(Event::AnswersKept(server(), Ok(written_in(seconds(1)))));
    bench.news("a", "4");
    bench.pass(seconds(49));
    assert_eq!(take_writes(&mut bench).len(), 0);
    while !bench.write().is_empty() {}
    bench.step(Event::SignalAction(SignalAction::End(
        nix::sys::signal::Signal::SIGTERM,
    )));
    let last = take_writes(&mut bench);
    assert_eq!((last.len(), last[0].len()), (1, 1));
}

#[test]
fn without_changes_the_time_is_written_every_ten_minutes() {
    let mut bench = start(RestorePolicy::Kept, vec![job(r#"{{ key "a" }}"#, None)]);
    bench.news("a", "1");
    bench.pass(Duration::from_secs(1));
    bench.step(Event::AnswersKept(server(), Ok(written_in(Duration::ZERO))));
    take_writes(&mut bench);
    bench.pass(Duration::from_secs(599));
    assert_eq!(take_writes(&mut bench).len(), 0);
    bench.pass(Duration::from_secs(1));
    let writes = take_writes(&mut bench);
    assert_eq!((writes.len(), writes[0].len()), (1, 0));
}

#[test]
fn all_answers_are_written_again_after_the_file_was_created_again() {
    let text = r#"{{ key "a" }}{{ key "b" }}"#;
    let mut bench = start(RestorePolicy::Kept, vec![job(text, None)]);
    bench.news("a", "1");
    bench.news("b", "1");
    for (is_new, changes) in [(true, 2), (false, 1), (true, 1), (false, 2)] {
        bench.pass(Duration::from_secs(1));
        let writes = take_writes(&mut bench);
        assert_eq!((writes.len(), writes[0].len()), (1, changes), "{is_new}");
        let took = Duration::ZERO;
        bench.step(Event::AnswersKept(server(), Ok(KeptWrite { took, is_new })));
        let value = format!("{}", bench.passes);
        bench.news("a", &value);
    }
}

/// They would have been written for the new server.
#[test]
fn changes_that_could_not_be_written_for_the_server_before_a_reload_are_dropped() {
    let jobs = vec![job(r#"{{ key "a" }}"#, None)];
    let mut bench = start(RestorePolicy::Kept, jobs.clone());
    bench.news("a", "1");
    bench.pass(Duration::from_secs(1));
    let writes = take_writes(&mut bench);
    let other = bench.renew_server(jobs, EarlierAnswers::Kept);
    bench.step(Event::AnswersKept(server(), Err(writes[0].clone())));
    bench.pass(Duration::from_secs(600));
    let later = bench.actions.iter().filter_map(|action| match action {
        Action::KeepAnswers(write) => Some((&write.server, write.changes.len())),
        _ => None,
    });
    assert_eq!(later.collect::<Vec<_>>(), [(&other, 0)]);
    assert_eq!(writes[0].len(), 1);
}

/// They were dropped, so the file went back to older answers at the next start without Consul.
#[test]
fn changes_before_a_reload_with_another_server_are_written_for_the_server_before() {
    let jobs = vec![job(r#"{{ key "a" }}"#, None)];
    let mut bench = start(RestorePolicy::Kept, jobs.clone());
    let writes = |bench: &mut Bench| {
        let all = bench.actions.iter().filter_map(|action| match action {
            Action::KeepAnswers(write) => Some((Arc::clone(&write.server), write.changes.len())),
            _ => None,
        });
        let all: Vec<_> = all.collect();
        take_writes(bench);
        all
    };
    let second = Duration::from_secs(1);
    bench.news("a", "1");
    bench.pass(second);
    assert_eq!(writes(&mut bench), [(server(), 1)]);
    // The write is in progress.
    bench.news("a", "2");
    let other = bench.renew_server(jobs.clone(), EarlierAnswers::Kept);
    assert_eq!(writes(&mut bench), [(server(), 1)]);
    bench.news("a", "3");
    bench.step(Event::AnswersKept(server(), Ok(written_in(Duration::ZERO))));
    bench.pass(second);
    assert_eq!(writes(&mut bench), [], "one write is still in progress");
    bench.step(Event::AnswersKept(server(), Ok(written_in(Duration::ZERO))));
    bench.pass(second);
    assert_eq!(writes(&mut bench), [(Arc::clone(&other), 1)]);
    bench.step(Event::AnswersKept(
        Arc::clone(&other),
        Ok(written_in(Duration::ZERO)),
    ));
    // The same server again.
    bench.news("a", "4");
    bench.renew_server(jobs, EarlierAnswers::Kept);
    assert_eq!(writes(&mut bench), []);
    bench.pass(second);
    assert_eq!(writes(&mut bench), [(other, 1)]);
}
