//! Templates that write additional files.

use super::*;

const TEMPLATE: &str = r#"{{ key "a" }}{{ key "b" | writeToFile "/side" "" "" "600" "append" }}"#;

/// The text, the outputs and the `fresh` flag of the only change.
fn summary(changes: &[Change]) -> (String, Vec<String>, bool) {
    let [change] = changes else {
        panic!("{changes:?}")
    };
    let outputs = change
        .outputs
        .iter()
        .map(|output| String::from_utf8(output.content.clone()).unwrap())
        .collect();
    (
        String::from_utf8(change.content.clone()).unwrap(),
        outputs,
        change.fresh,
    )
}

fn expected(text: &str, output: &str, fresh: bool) -> (String, Vec<String>, bool) {
    (text.to_owned(), vec![output.to_owned()], fresh)
}

#[test]
fn an_output_is_written_with_its_text_when_all_data_is_available() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, Some("reload"))]);
    bench.news("b", "1");
    assert!(bench.take_changes().is_none(), "the pass is incomplete");
    bench.news("a", "x");
    let changes = bench.take_changes().unwrap();
    assert_eq!(summary(&changes), expected("x", "1", true));
    bench.written(changes, Effect::Written);

    // Only the output has changed, not the text.
    bench.news("b", "2");
    let changes = bench.take_changes().unwrap();
    assert_eq!(summary(&changes), expected("x", "2", true));
    bench.written(changes, Effect::Written);
    let runs = bench.take_runs();
    assert_eq!(runs.len(), 1);

    // Rendered again with the same result, the change is not fresh.
    bench.news("b", "2");
    bench.renew(vec![job(TEMPLATE, Some("reload"))]);
    // The answer that came first may have been written before the sources were read.
    let changes = bench.take_changes().unwrap();
    assert_eq!(summary(&changes), expected("x", "2", false));
}

#[test]
fn an_output_whose_write_failed_is_fresh_at_the_next_attempt() {
    let mut bench = Bench::start(Mode::Daemon, vec![job(TEMPLATE, None)]);
    bench.news("a", "x");
    bench.news("b", "1");
    let changes = bench.take_changes().unwrap();
    let error = || file_writer::is_current(std::path::Path::new("/"), b"").unwrap_err();
    let applied = |change: Change| Applied {
        job: change.job,
        destination: change.destination,
        outcome: Err(error()),
        size: None,
    };
    bench.step(Event::Applied(changes.into_iter().map(applied).collect()));
    bench.pass(Duration::from_secs(60));
    assert_eq!(
        summary(&bench.take_changes().unwrap()),
        expected("x", "1", true)
    );
}
