//! Groups whose command or verification fails: what follows for the files, and for the next contents.

use std::time::Duration;

use crate::support::ctmpl::{Ctmpl, Folder, text};
use crate::support::eventually;

/// A daemon with the group `g`: these settings, in which `FOLDER` stands for the folder, and the file `out` with the value
/// of the key `version`.
fn follow(folder: &Folder, consul: &super::Background, settings: &str) -> Ctmpl {
    let settings = settings.replace("FOLDER", text(&folder.path("")).trim_end_matches('/'));
    let destination = text(&folder.path("out"));
    let configuration = format!(
        r#"
state_dir = "{state}"
group "g" {{
  {settings}
}}
template {{
  contents    = "{{{{ key \"version\" }}}}"
  destination = "{destination}"
  group       = "g"
}}
"#,
        state = text(&folder.path("state")),
    );
    super::start(folder, consul, &configuration)
}

#[test]
fn a_content_whose_verification_fails_does_not_block_the_correction() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good 1")]));
    let settings = r#"command = "cat FOLDER/out >>FOLDER/runs"
  verify {
    command = "grep -q good FOLDER/out"
    timeout = "300ms"
  }"#;
    let ctmpl = follow(&folder, &consul, settings);
    ctmpl.logs("verified after");
    consul.put_key("version", "bad");
    eventually("the failure is repeated", || {
        ctmpl.log_count("the verification failed") >= 2
    });
    consul.put_key("version", "good 2");
    folder.becomes("out", "good 2");
    eventually("the correction is verified", || {
        ctmpl.log_count("verified after") == 2
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_first_content_that_is_rolled_back_does_not_block_the_correction() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "bad")]));
    let settings = r#"command = "grep good FOLDER/out"
  on_failure = "rollback""#;
    let ctmpl = follow(&folder, &consul, settings);
    // The second failure is that without the file.
    eventually("the command has failed after the rollback", || {
        ctmpl.log_count("runs again in") >= 1
    });
    consul.put_key("version", "good");
    folder.becomes("out", "good");
    ctmpl.logs("succeeded after");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_content_that_changed_while_the_program_was_down_is_applied_when_it_runs_again() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "1")]));
    let settings = r#"command = "test ! -e FOLDER/down"
  on_failure = "rollback""#;
    let ctmpl = follow(&folder, &consul, settings);
    ctmpl.logs("succeeded after");
    folder.write("down", "");
    consul.put_key("version", "2");
    eventually("the command has failed with both contents", || {
        ctmpl.log_count("runs again in") >= 1
    });
    std::fs::remove_file(folder.path("down")).unwrap();
    folder.becomes("out", "2");
    folder.stays("out", "2", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// The content of the other program was restored, and recorded as applied.
#[test]
fn a_rollback_restores_what_succeeded_last_although_another_program_has_changed_the_file() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let settings = r#"command = "cat FOLDER/out >>FOLDER/runs; grep -q good FOLDER/out"
  on_failure = "rollback""#;
    let ctmpl = follow(&folder, &consul, settings);
    ctmpl.logs("succeeded after");
    folder.write("out", "edited");
    consul.put_key("version", "bad 1");
    folder.becomes("runs", "goodbad 1good");
    folder.becomes("out", "good");
    eventually("the command has succeeded with the previous file", || {
        ctmpl.log_count("succeeded after") == 2
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
    // The same while ctmpl does not run.
    folder.write("out", "edited");
    consul.put_key("version", "bad 2");
    let ctmpl = follow(&folder, &consul, settings);
    folder.becomes("runs", "goodbad 1goodbad 2good");
    ctmpl.logs("succeeded after");
    folder.stays("out", "good", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_restores_the_files_of_write_to_file_too() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good 1")]));
    let path = |name: &str| text(&folder.path(name));
    let configuration = format!(
        r#"
state_dir = "{state}"
allow     = ["writeToFile"]
template {{
  contents    = "{{{{ key \"version\" | writeToFile \"{side}\" \"\" \"\" \"0644\" }}}}{{{{ key \"version\" }}}}"
  destination = "{out}"
  command     = "grep -q good {out}"
  on_failure  = "rollback"
}}
"#,
        state = path("state"),
        side = path("side"),
        out = path("out"),
    );
    let ctmpl = super::start(&folder, &consul, &configuration);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    ctmpl.logs("restoring the previous files");
    folder.becomes("out", "good 1");
    folder.becomes("side", "good 1");
    eventually("the command runs with the previous files", || {
        ctmpl.log_count("succeeded after") == 2
    });
    assert!(!ctmpl.log().contains("cannot restore"), "{}", ctmpl.log());
    consul.put_key("version", "good 2");
    folder.becomes("side", "good 2");
    folder.becomes("out", "good 2");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_rollback_leaves_a_file_that_a_reload_has_moved_to_another_group() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let path = |name: &str| text(&folder.path(name));
    let template = |name: &str, more: &str| {
        format!(
            "template {{\n  contents = \"{{{{ key \\\"version\\\" }}}}\"\n  destination = \"{}\"\n{more}\n}}\n",
            path(name)
        )
    };
    let group = format!(
        "state_dir = \"{}\"\ngroup \"g\" {{\n  command = \"true\"\n  on_failure = \"rollback\"\n  \
         verify {{\n    command = \"sleep 2; grep -q good {}\"\n    timeout = \"4s\"\n  }}\n}}\n",
        path("state"),
        path("a")
    );
    let own = "  group = \"g\"";
    let before = [&group, &*template("a", own), &template("b", own)].concat();
    let ctmpl = super::start(&folder, &consul, &before);
    ctmpl.logs("verified after");
    consul.put_key("version", "bad");
    folder.becomes("b", "bad");
    let after = [&group, &*template("a", own), &template("b", "")].concat();
    folder.write("ctmpl.hcl", &after);
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    ctmpl.logs("configuration reloaded");
    ctmpl.logs("restoring the previous files");
    folder.becomes("a", "good");
    folder.stays("b", "bad", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// A group whose command replaces the files of its failed contents by directories, so that they cannot be restored.
const BLOCKING: &str = r#"command = "cat FOLDER/out >>FOLDER/runs; if grep -q bad FOLDER/out; then rm FOLDER/out; mkdir FOLDER/out; exit 1; fi"
  on_failure = "rollback""#;

#[test]
fn a_file_that_cannot_be_restored_is_restored_as_soon_as_it_can_be() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let ctmpl = follow(&folder, &consul, BLOCKING);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    ctmpl.logs("cannot restore a file");
    std::fs::remove_dir(folder.path("out")).unwrap();
    folder.becomes("out", "good");
    ctmpl.logs("the previous files are restored");
    folder.becomes("runs", "goodbadgood");
    folder.stays("out", "good", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_file_that_could_not_be_restored_is_restored_by_the_next_process() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let ctmpl = follow(&folder, &consul, BLOCKING);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    ctmpl.logs("cannot restore a file");
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ctmpl = follow(&folder, &consul, BLOCKING);
    ctmpl.logs("cannot restore a file");
    std::fs::remove_dir(folder.path("out")).unwrap();
    folder.becomes("out", "good");
    folder.becomes("runs", "goodbadgood");
    folder.stays("runs", "goodbadgood", Duration::from_millis(500));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// It was not, although `create_dest_dirs` is on.
#[test]
fn a_rollback_creates_the_directory_that_a_command_has_removed() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let configuration = format!(
        "state_dir = \"{0}/state\"\ntemplate {{\n  contents = \"{{{{ key \\\"version\\\" }}}}\"\n  \
         destination = \"{0}/in/out\"\n  on_failure = \"rollback\"\n  \
         command = \"if grep -q bad {0}/in/out; then rm -r {0}/in; exit 1; fi\"\n}}\n",
        text(&folder.path("")).trim_end_matches('/'),
    );
    let ctmpl = super::start(&folder, &consul, &configuration);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    ctmpl.logs("restoring the previous files");
    folder.becomes("in/out", "good");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_content_is_rolled_back_although_a_reload_changes_the_command_that_identifies_its_group() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let configuration = format!(
        "state_dir = \"{}\"\ntemplate {{\n  contents = \"{{{{ key \\\"version\\\" }}}}\"\n  destination = \"{1}\"\n  \
         command = \"grep -q good {1}\"\n  on_failure = \"rollback\"\n}}\n",
        text(&folder.path("state")),
        text(&folder.path("out")),
    );
    let ctmpl = super::start(&folder, &consul, &configuration);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    eventually("the previous content is applied", || {
        ctmpl.log_count("succeeded after") == 2
    });
    folder.write("ctmpl.hcl", &configuration.replace("grep -q", "grep  -q"));
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    eventually("the content is tried and rolled back again", || {
        ctmpl.log_count("succeeded after") == 3
    });
    folder.stays("out", "good", Duration::from_millis(500));
    assert_eq!(ctmpl.log_count("runs again in"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_reload_that_adds_a_rollback_restores_the_content_of_the_last_success() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let settings = r#"command = "grep -q good FOLDER/out""#;
    let ctmpl = follow(&folder, &consul, settings);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    ctmpl.logs("runs again in");
    let configuration = folder.read("ctmpl.hcl");
    let with_rollback = "group \"g\" {\n  on_failure = \"rollback\"";
    let configuration = configuration.replacen("group \"g\" {", with_rollback, 1);
    folder.write("ctmpl.hcl", &configuration);
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    folder.becomes("out", "good");
    eventually("the command runs with the previous file", || {
        ctmpl.log_count("succeeded after") == 2
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_renamed_group_runs_its_command_after_the_run_in_progress_has_ended() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "1")]));
    let settings = r#"command = "echo begin >>FOLDER/runs; sleep 1; echo end >>FOLDER/runs""#;
    let ctmpl = follow(&folder, &consul, settings);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "2");
    let once = "begin\nend\n";
    folder.becomes("runs", &format!("{once}begin\n"));
    let configuration = folder.read("ctmpl.hcl");
    let renamed = configuration.replace("\"g\"", "\"h\"");
    folder.write("ctmpl.hcl", &renamed);
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    ctmpl.logs("configuration reloaded");
    folder.becomes("runs", &once.repeat(3));
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_content_with_write_to_file_that_was_rolled_back_is_not_applied_by_the_next_process() {
    let (folder, consul) = (Folder::new(), super::consul(&[("version", "good")]));
    let configuration = format!(
        r#"
state_dir = "{0}/state"
allow     = ["writeToFile"]
template {{
  contents    = "{{{{ key \"version\" | writeToFile \"{0}/side\" \"\" \"\" \"0644\" }}}}{{{{ key \"version\" }}}}"
  destination = "{0}/out"
  command     = "cat {0}/side >>{0}/runs; grep -q good {0}/out"
  on_failure  = "rollback"
}}
"#,
        text(&folder.path("")).trim_end_matches('/'),
    );
    let ctmpl = super::start(&folder, &consul, &configuration);
    ctmpl.logs("succeeded after");
    consul.put_key("version", "bad");
    folder.becomes("runs", "goodbadgood");
    eventually("the command has succeeded with the previous files", || {
        ctmpl.log_count("succeeded after") == 2
    });
    assert_eq!(ctmpl.stop().code(), Some(12));
    for _ in 0..2 {
        let ctmpl = super::start(&folder, &consul, &configuration);
        ctmpl.logs("was rolled back before the restart");
        folder.stays("runs", "goodbadgood", Duration::from_secs(1));
        assert_eq!(folder.read("side"), "good");
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}
