//! Contents whose command failed, so that the previous files are restored, and when they are tried again.

use super::*;

/// A group whose command has failed with the content `bad`, and then with the previous file, which is restored.
fn failing_after_its_rollback() -> Bench {
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", rolls_back)]);
    bench.news("a", "bad");
    let changes = bench.take_changes().unwrap();
    let path = changes[0].destination.clone();
    bench.written(changes, Effect::Written);
    bench.reload_ended(false);
    bench.restore(&[path.to_str().unwrap()]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    bench
}

#[test]
fn a_command_that_fails_after_a_rollback_does_not_block_the_next_content() {
    let mut bench = failing_after_its_rollback();
    bench.news("a", "good");
    assert_eq!(bench.write(), ["good"]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    assert!(!bench.parts.apply.is_owed());
}

#[test]
fn a_content_is_tried_again_if_the_command_failed_for_the_previous_files_too() {
    let mut bench = failing_after_its_rollback();
    assert!(bench.write().is_empty(), "not at once");
    // The program is started again.
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.write(), ["bad"], "it was not to blame");
    bench.reload_ended(true);
    assert!(!bench.parts.apply.is_owed());
    assert_eq!(bench.parts.report().applies.refused, []);
    assert!(bench.end().is_none());
}

/// Passes the time until the content is tried again. The command is repeated with the previous file, and fails.
fn next_attempt(bench: &mut Bench) -> Vec<Change> {
    for _ in 0..1000 {
        if let Some(changes) = bench.take_changes() {
            return changes;
        }
        if !bench.take_runs().is_empty() {
            bench.ended_of(named(), false);
        }
        bench.pass(Duration::from_millis(100));
    }
    panic!("the content is not tried again");
}

#[test]
fn a_content_that_is_rolled_back_again_and_again_waits_longer_each_time() {
    let mut bench = failing_after_its_rollback();
    let mut pauses = Vec::new();
    for _ in 0..4 {
        let failed = bench.now.instant;
        let changes = next_attempt(&mut bench);
        pauses.push((bench.now.instant - failed).as_secs_f64());
        let path = changes[0].destination.clone();
        bench.written(changes, Effect::Written);
        bench.pass(COMMAND_COOLDOWN);
        bench.reload_ended(false);
        bench.restore(&[path.to_str().unwrap()]);
        bench.pass(COMMAND_COOLDOWN);
        bench.reload_ended(false);
    }
    let is_longer = |pair: &[f64]| pair[1] > 1.5 * pair[0];
    assert!(pauses.windows(2).all(is_longer), "{pauses:?}");
    assert!(pauses[0] <= 1.0, "{pauses:?}");
}

#[test]
fn a_content_whose_check_failed_is_not_blamed_for_the_command_of_the_one_in_the_files() {
    let group = |group: &mut GroupConfig| {
        checked(group);
        rolls_back(group);
    };
    let mut bench = Bench::start(Mode::Daemon, vec![member("{{ key \"a\" }}", group)]);
    let swap = |bench: &mut Bench, text| {
        bench.news("a", text);
        let changes = bench.stage();
        let path = changes[0].destination.clone();
        bench.passes();
        bench.swap(changes);
        path
    };
    let path = swap(&mut bench, "first");
    let path = path.to_str().unwrap();
    bench.reload_ended(false);
    bench.restore(&[path]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    // Another content does not wait for the repetition.
    swap(&mut bench, "second");
    bench.news("a", "third");
    assert_eq!(bench.stage().len(), 1, "the command of the second waits");
    bench.is_refused("the certificate is missing");
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    bench.restore(&[path]);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(true);
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.stage()[0].content, b"third", "its command never ran");
}

/// The content before it was blamed, so that the failed one was written again every second.
#[test]
fn a_content_is_blamed_although_another_file_of_its_command_is_parked() {
    let with_rollback = |text| {
        let mut job = job(text, Some("reload"));
        let mut group = GroupConfig::clone(&job.applied_with());
        rolls_back(&mut group);
        job.group = Some(Arc::new(group));
        job
    };
    let jobs = vec![
        with_rollback("{{ key \"a\" }}"),
        with_rollback("-{{ key \"b\" }}"),
    ];
    let group = jobs[0].applied_with().key.clone();
    let mut bench = Bench::start(Mode::Daemon, jobs);
    let ends = |bench: &mut Bench, succeeded| {
        bench.pass(COMMAND_COOLDOWN);
        assert_eq!(bench.take_runs().len(), 1);
        bench.ended_of(group.clone(), succeeded);
    };
    bench.news("a", "1");
    bench.news("b", "1");
    while !bench.write().is_empty() {}
    ends(&mut bench, true);
    let news = [("a", "bad"), ("b", "2")];
    let news = news.map(|(name, text)| WatchEvent::current(key(name), value(text)));
    bench.step(Event::Watched(news.to_vec()));
    let changes = bench.take_changes().unwrap();
    let path = changes[0].destination.clone();
    let outcomes = [Effect::Written, Effect::Parked(None)];
    let applied = changes.into_iter().zip(outcomes);
    let applied = applied.map(|(change, outcome)| Applied {
        job: change.job,
        destination: change.destination,
        outcome: Ok(outcome),
        size: None,
    });
    bench.step(Event::Applied(applied.collect()));
    ends(&mut bench, false);
    assert_eq!(bench.take(restores).len(), 1);
    let restored = Restored {
        files: vec![previous(path.to_str().unwrap())],
        errors: Vec::new(),
    };
    bench.step(Event::Restored(group.clone(), restored));
    ends(&mut bench, true);
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.write(), [""; 0], "the failed content is refused");
}

#[test]
fn a_template_whose_additional_file_was_rolled_back_owes_its_command_after_a_reload_and_is_tried_again()
 {
    let text = "{{ key `a` | writeToFile `/side` `` `` `600` }}x";
    let jobs = || vec![member(text, rolls_back)];
    let mut bench = Bench::start(Mode::Daemon, jobs());
    bench.news("a", "good");
    assert_eq!(bench.write(), ["x"]);
    bench.pass(STARTUP_BATCH_WINDOW);
    bench.reload_ended(true);
    bench.news("a", "bad");
    let changes = bench.take_changes().unwrap();
    let destination = changes[0].destination.clone();
    bench.written(changes, Effect::Written);
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    let directory = tempfile::tempdir().unwrap();
    let additional = ReplacedFile {
        destination,
        previous: Previous::read_additional(&directory.path().join("side")).unwrap(),
    };
    assert_eq!(bench.take(restores).len(), 1);
    let restored = Restored {
        files: vec![additional],
        errors: Vec::new(),
    };
    bench.step(Event::Restored(named(), restored));
    bench.renew(jobs());
    bench.pass(COMMAND_COOLDOWN);
    bench.reload_ended(false);
    let changes = next_attempt(&mut bench);
    assert_eq!(changes[0].outputs[0].content, b"bad", "it was not to blame");
}

/// It was applied and rolled back by each process.
#[test]
fn a_content_with_additional_files_that_an_earlier_process_has_rolled_back_waits_until_one_changes()
{
    let text = "{{ key `a` | writeToFile `/side` `` `` `600` }}x";
    let job = || member(text, rolls_back);
    let mut bench = Bench::start(Mode::Daemon, vec![job()]);
    bench.news("a", "bad");
    assert_eq!(bench.write(), ["x"]);
    bench.reload_ended(false);
    let plans = bench.take(|action| match action {
        Action::Restore(_, plan) => Some(plan.clone()),
        _ => None,
    });
    let outputs = plans[0].outputs[job().destination.as_ref().unwrap()].clone();
    assert!(outputs.is_some());
    let known = |outputs| RolledBack {
        outputs,
        ..file_rolled_back(&job(), "x", true)
    };
    for (outputs, is_repeated) in [(outputs, false), (None, true)] {
        let mut bench = Bench::start(Mode::Daemon, vec![job()]);
        bench.parts.quarantine(&[known(outputs)]);
        bench.news("a", "bad");
        assert_eq!(bench.write().len(), usize::from(is_repeated));
        if !is_repeated {
            bench.news("a", "good");
            assert_eq!(bench.write(), ["x"], "its additional file has changed");
        }
    }
}
