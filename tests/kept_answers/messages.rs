//! What the log says about earlier answers.

use super::*;

/// It said that the files stay as they are.
#[test]
fn the_log_says_that_in_an_outage_only_calls_with_stale_answers_use_earlier_ones() {
    let folder = Folder::new();
    let consul = embedded(Seed::default().key("name", "first"));
    let address = consul.address();
    configure(&folder, r#"{{ key "name" "on_error=stale" }}"#, "");
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("ran", "ran\n");
    ctmpl.stop();
    drop(consul);
    std::fs::remove_file(folder.path("out")).unwrap();
    let ctmpl = Ctmpl::spawn(daemon(&folder, address));
    folder.becomes("out", "first");
    ctmpl.logs(
        "; calls that use stale answers use those of the process before, the other files stay as they are, and it is \
         retried",
    );
}
