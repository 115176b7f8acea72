//! Templates that write files beside their own.

use super::*;

const TEMPLATE: &str = r#"{{ key "a" }}{{ key "b" | writeToFile "/side" "" "" "600" "append" }}"#;

/// Of the only change: the text, the outputs and whether they are new.
fn told(changes: &[Change]) -> (String, Vec<String>, bool) {
    let [change] = changes else {
        panic!("{changes:?}")
    };
    let outputs = change
        .outputs
        .iter()
        .map(|output| output.content.clone())
        .collect();
    (
        String::from_utf8(change.content.clone()).unwrap(),
        outputs,
        change.fresh,
    )
}

fn wanted(text: &str, output: &str, fresh: bool) -> (String, Vec<String>, bool) {
    (text.to_owned(), vec![output.to_owned()], fresh)
}

#[test]
fn an_output_goes_with_its_text_and_not_before_everything_is_there() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, Some("reload"))]);
    bench.news("b", "1");
    assert!(bench.take_changes().is_none(), "the pass is incomplete");
    bench.news("a", "x");
    let changes = bench.take_changes().unwrap();
    assert_eq!(told(&changes), wanted("x", "1", true));
    bench.written(changes, Outcome::Written);

    // Only the output: the text alone would not show it.
    bench.news("b", "2");
    let changes = bench.take_changes().unwrap();
    assert_eq!(told(&changes), wanted("x", "2", true));
    bench.written(changes, Outcome::Written);
    let runs = bench.take_runs();
    assert_eq!(runs.len(), 1);

    // Rendered again with the same result, nothing is new.
    bench.news("b", "2");
    bench.renew(vec![job(TEMPLATE, Some("reload"))]);
    // News that came first may have been written before the sources were read.
    let changes = bench.take_changes().unwrap();
    assert_eq!(told(&changes), wanted("x", "2", false));
}

#[test]
fn an_output_that_could_not_be_written_is_as_new_the_next_time() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, None)]);
    bench.news("a", "x");
    bench.news("b", "1");
    let changes = bench.take_changes().unwrap();
    let error = || crate::apply::write::is_current(std::path::Path::new("/"), b"").unwrap_err();
    let applied = |change: Change| Applied {
        job: change.job,
        destination: change.destination,
        outcome: Err(error()),
    };
    bench.step(Event::Applied(changes.into_iter().map(applied).collect()));
    bench.pass(Duration::from_secs(60));
    assert_eq!(told(&bench.take_changes().unwrap()), wanted("x", "1", true));
}
