//! What the log says about earlier answers.

use super::*;
use consul_dev::Fault;

/// It said that the files stay as they are.
#[test]
fn the_log_says_that_in_an_outage_only_calls_with_stale_answers_use_earlier_ones() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("name", "first"));
    configure(&folder, r#"{{ key "name" "on_error=stale" }}"#, "");
    let ctmpl = restarted_without_consul(&folder, consul);
    folder.becomes("out", "first");
    ctmpl.logs(
        "; calls that use stale answers use those of the process before, the other files stay as they are, and it is \
         retried",
    );
}

/// Calls that use stale answers had looked for it first, so the log did not say why the template waits.
#[test]
fn the_log_names_a_missing_answer_when_all_calls_would_use_it() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("name", "first"));
    let template = r#"{{ key "name" "on_error=stale" }}{{ key "name" }}"#;
    configure(&folder, template, "warm_start = true");
    let refusal = Fault::Status(403, "Permission denied".into());
    consul.faults().inject("/v1/kv/name", refusal);
    let ctmpl = Ctmpl::spawn(daemon(&folder, consul.address()));
    ctmpl.logs("Permission denied");
    std::thread::sleep(Duration::from_millis(300));
    let missing =
        "the process before has left no answer, so the templates wait for Consul: kv.get(name)";
    assert_eq!(ctmpl.log_count(missing), 0, "{}", ctmpl.log());
    drop(consul);
    ctmpl.logs(missing);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(ctmpl.log_count(missing), 1, "{}", ctmpl.log());
}
