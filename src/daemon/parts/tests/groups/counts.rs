//! The numbers of writes and runs in the report.

use group_apply::options::OnFailure;

use super::*;

/// The numbers of written files and of successful runs.
fn count(bench: &Bench) -> (u64, u64) {
    let applies = bench.parts.report().applies;
    (applies.files_written, applies.commands_run)
}

#[test]
fn a_repeated_run_is_counted_and_its_verification_is_not() {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", verified)]);
    bench.news("a", "1");
    bench.write();
    bench.reload_ended(true);
    assert_eq!(count(&bench), (1, 1), "before its verification");
    bench.verification_ended(false);
    assert_eq!(count(&bench), (1, 1));
    bench.pass(Duration::from_secs(2));
    bench.reload_ended(true);
    bench.verification_ended(true);
    assert_eq!(count(&bench), (1, 2));
}

#[test]
fn a_run_for_a_restored_file_is_counted_and_its_restoration_is_not() {
    let rolls_back = |group: &mut GroupConfig| group.on_failure = OnFailure::Rollback;
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", rolls_back)]);
    bench.news("a", "1");
    bench.write();
    bench.reload_ended(false);
    assert_eq!(count(&bench), (1, 0), "it has failed");
    bench.restore(&["/out/13"]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    assert_eq!(count(&bench), (1, 1));
}
