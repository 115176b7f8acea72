//! Previous files that cannot be restored at once.

use super::*;
use crate::daemon::state_dir::OwedFile;

/// A group whose command has failed with the content `bad`, and whose file cannot be restored.
fn unrestored() -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", rolls_back)]);
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["bad"]);
    bench.reload_ended(false);
    bench.restoration_fails();
    bench
}

impl Bench {
    fn restoration_fails(&mut self) {
        assert_eq!(self.take(restores).len(), 1);
        let path = self.parts.apply.paths().remove(0);
        let errors = vec![(path, "no space".to_owned())];
        let files = Vec::new();
        self.step(Event::Restored(named(), Restored { files, errors }));
    }

    fn refusal_of_group(&self) -> String {
        let refused = self.parts.report().applies.refused;
        refused.into_iter().map(|it| it.reason).collect()
    }
}

#[test]
fn a_file_that_cannot_be_restored_is_restored_later_and_then_the_command_runs() {
    let mut bench = unrestored();
    for _ in 0..3 {
        assert!(
            bench
                .refusal_of_group()
                .contains("not restored yet: no space")
        );
        assert_eq!(bench.take(restores).len(), 0, "not at once");
        bench.now.instant = bench.parts.next_wake().unwrap();
        bench.step(Event::Time);
        bench.pass(Duration::from_secs(4));
        assert_eq!(bench.take_runs(), [], "a file is not restored");
        bench.restoration_fails();
    }
    bench.pass(Duration::from_secs(8));
    let path = bench.parts.apply.paths().remove(0);
    bench.restore(&[path.to_str().unwrap()]);
    let reason = "its command failed, so the previous files are restored";
    assert_eq!(bench.refusal_of_group(), reason);
    bench.reload_ended(true);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.take(restores).len(), 0);
    assert_eq!(bench.write(), [""; 0], "bad was rolled back");
}

#[test]
fn a_new_content_does_not_wait_for_a_file_that_cannot_be_restored() {
    let mut bench = unrestored();
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.take(restores).len(), 0);
    bench.reload_ended(true);
    assert_eq!(bench.parts.report().applies.refused, []);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.take(restores).len(), 0);
}

/// The file has the content already, so that it was taken for applied.
#[test]
fn a_failed_content_that_is_tried_again_while_it_is_in_the_file_runs_its_command() {
    let mut bench = unrestored();
    bench.step(Event::SignalAction(SignalAction::Reload));
    let changes = bench.take_changes().unwrap();
    bench.written(changes, Effect::Unchanged);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    bench.restoration_fails();
    assert!(bench.refusal_of_group().contains("not restored yet"));
}

#[test]
fn a_file_that_an_earlier_process_could_not_restore_is_restored_before_the_command_runs() {
    let job = member("{{ key \"a\" }}", rolls_back);
    let path = job.destination.clone().unwrap();
    let known = [file_rolled_back(&job, "bad", true)];
    let mut bench = Bench::start(Mode::Daemon, vec![job]);
    let owed = OwedFile {
        previous: Some(Previous::recorded(path.clone(), Some(b"old".to_vec()))),
        is_unrestored: true,
        destination: path.clone(),
        intent: failures::owed_intents(1).remove(0),
    };
    assert_eq!(bench.parts.owe(vec![owed], bench.now).len(), 1);
    bench.parts.quarantine(&known);
    bench.step(Event::Time);
    assert_eq!(bench.take_runs(), []);
    bench.restoration_fails();
    bench.news("a", "bad");
    assert_eq!(bench.write(), [""; 0], "it was to be rolled back");
    assert!(
        bench
            .refusal_of_group()
            .contains("not restored yet: no space")
    );
    bench.pass(Duration::from_secs(2));
    bench.restore(&[path.to_str().unwrap()]);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.reload_ended(true);
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
}

#[test]
fn once_fails_if_a_file_cannot_be_restored() {
    let mut bench = Bench::start(ONCE, vec![member("{{ key \"a\" }}", rolls_back)]);
    bench.news("a", "bad");
    bench.write();
    bench.reload_ended(false);
    bench.restoration_fails();
    assert_eq!(bench.end(), Some(End::Failed));
}
