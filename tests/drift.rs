//! Destinations that another program edits, truncates or deletes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, text};
use crate::support::{embedded, eventually};

/// The time within which a change is noticed.
const NOTICED: Duration = Duration::from_secs(2);
/// The time in which nothing happens.
const QUIET: Duration = Duration::from_millis(2500);

/// A daemon that has written `out` and run its command once.
fn start(folder: &Folder, settings: &str) -> (Ctmpl, Background) {
    let consul = embedded(Seed::default().key("a", "one"));
    let configuration = format!(
        r#"
template {{
  destination = "{}"
  contents = "text {{{{ key \"a\" }}}}"
  command = "echo ran >> {}"
  {settings}
}}
"#,
        text(&folder.path("out")),
        text(&folder.path("ran")),
    );
    folder.write("ctmpl.hcl", &configuration);
    let config = format!("--config={}", text(&folder.path("ctmpl.hcl")));
    let ctmpl = Ctmpl::start(consul.address(), [config]);
    folder.becomes("out", "text one");
    folder.becomes("ran", "ran\n");
    (ctmpl, consul)
}

fn runs(folder: &Folder) -> usize {
    folder.read("ran").lines().count()
}

fn mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok()?;
    Some(metadata.permissions().mode() & 0o7777)
}

#[test]
fn what_another_program_does_is_restored_within_2_s_and_the_command_runs_once() {
    let folder = Folder::new();
    let (ctmpl, _consul) = start(&folder, "drift = \"restore\" perms = \"0640\"");
    let out = folder.path("out");
    let is_whole = || {
        fs::read_to_string(&out).is_ok_and(|text| text == "text one") && mode(&out) == Some(0o640)
    };
    let chmod = || fs::set_permissions(&out, Permissions::from_mode(0o600)).unwrap();
    let same_length = || fs::write(&out, "text two").unwrap();
    let replace = || {
        folder.write("edited", "text one, edited");
        fs::rename(folder.path("edited"), &out).unwrap();
    };
    let changes: [(&str, &dyn Fn()); 5] = [
        ("deleted", &|| fs::remove_file(&out).unwrap()),
        ("changed", &same_length),
        ("truncated", &|| drop(fs::File::create(&out).unwrap())),
        ("given another mode or owner", &chmod),
        ("changed", &replace),
    ];
    for (index, (what, change)) in changes.into_iter().enumerate() {
        change();
        let begun = Instant::now();
        eventually(what, is_whole);
        assert!(begun.elapsed() < NOTICED, "{what}: {:?}", begun.elapsed());
        eventually("the command runs", || runs(&folder) == index + 2);
        ctmpl.logs(&format!("{what} by another program, and restored"));
    }
    folder.stays("ran", &"ran\n".repeat(6), QUIET);
    assert!(is_whole());
    assert_eq!(ctmpl.log_count("and restored"), 5);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_deleted_file_gets_the_mode_back_that_the_administrator_gave_it() {
    let folder = Folder::new();
    let out = folder.path("out");
    folder.write("out", "by hand");
    fs::set_permissions(&out, Permissions::from_mode(0o600)).unwrap();
    let (ctmpl, _consul) = start(&folder, "drift = \"restore\"");
    fs::remove_file(&out).unwrap();
    folder.becomes("out", "text one");
    assert_eq!(mode(&out), Some(0o600));
    // Without `perms`, another mode is the administrator's choice.
    fs::set_permissions(&out, Permissions::from_mode(0o604)).unwrap();
    eventually("the command runs", || runs(&folder) == 2);
    folder.stays("ran", "ran\nran\n", QUIET);
    assert_eq!(mode(&out), Some(0o604));
    drop(ctmpl);
}

#[test]
fn report_only_reports_and_ignore_does_nothing() {
    for (settings, reports) in [
        ("drift = \"report\"", 3),
        ("drift = \"ignore\"", 0),
        ("", 0),
    ] {
        let folder = Folder::new();
        let (ctmpl, consul) = start(&folder, settings);
        let out = folder.path("out");
        fs::write(&out, "by hand").unwrap();
        let reported = |count: usize| {
            eventually("the change is reported", || {
                reports == 0 || ctmpl.log_count("by another program") == count
            });
        };
        reported(1);
        drop(fs::File::create(&out).unwrap());
        reported(2);
        fs::remove_file(&out).unwrap();
        reported(3);
        folder.stays("ran", "ran\n", QUIET);
        assert!(!out.exists(), "{settings}");
        let log = ctmpl.log();
        assert_eq!(log.matches("by another program").count(), reports, "{log}");
        assert!(!log.contains("by hand"), "{log}");
        consul.put_key("a", "two");
        folder.becomes("out", "text two");
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}

#[test]
fn own_writes_are_no_drift_and_the_file_behind_a_link_is_watched() {
    let folder = Folder::new();
    folder.write("real/out", "old");
    symlink("real/out", folder.path("out")).unwrap();
    let (ctmpl, consul) = start(&folder, "drift = \"restore\"");
    for number in 0..20 {
        consul.put_key("a", &number.to_string());
        folder.becomes("out", &format!("text {number}"));
    }
    fs::remove_file(folder.path("real/out")).unwrap();
    folder.becomes("real/out", "text 19");
    folder.stays("out", "text 19", QUIET);
    assert_eq!(ctmpl.log_count("by another program"), 1, "{}", ctmpl.log());
    assert!(folder.path("out").is_symlink());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// Replaces `out` by a link in one step.
fn link(folder: &Folder, target: &str) {
    symlink(target, folder.path("link")).unwrap();
    fs::rename(folder.path("link"), folder.path("out")).unwrap();
}

#[test]
fn a_file_that_was_never_written_is_not_overwritten_through_a_new_link() {
    let folder = Folder::new();
    folder.write("other", "of another program");
    let (ctmpl, consul) = start(&folder, "drift = \"restore\"");
    for (target, errors) in [("other", 1), ("missing", 2)] {
        link(&folder, target);
        let message = format!("leads to {}", text(&folder.path(target)));
        ctmpl.logs(&message);
        ctmpl.logs("remove the link, and the file is restored");
        assert_eq!(ctmpl.log_count("not restored"), errors, "{}", ctmpl.log());
        // A change of the other file is no further error.
        if target == "other" {
            folder.write("other", "of another program, edited");
        }
        folder.stays("ran", &"ran\n".repeat(errors), QUIET);
        assert_eq!(folder.read("other"), "of another program, edited");
        assert!(!folder.path("missing").exists());
        assert_eq!(ctmpl.log_count("not restored"), errors, "{}", ctmpl.log());
        fs::remove_file(folder.path("out")).unwrap();
        folder.becomes("out", "text one");
        folder.becomes("ran", &"ran\n".repeat(errors + 1));
        assert!(!folder.path("out").is_symlink());
    }
    // A link is followed when the template changes, and what was written there is restored.
    link(&folder, "other");
    ctmpl.logs(&format!("leads to {}", text(&folder.path("other"))));
    consul.put_key("a", "two");
    folder.becomes("other", "text two");
    folder.write("other", "edited");
    folder.becomes("other", "text two");
    assert!(folder.path("out").is_symlink());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_program_that_keeps_writing_the_file_is_met_with_pauses() {
    let folder = Folder::new();
    let (ctmpl, _consul) = start(&folder, "drift = \"restore\"");
    let out = folder.path("out");
    eventually("the pauses begin", || {
        if fs::read_to_string(&out).is_ok_and(|text| text == "text one") {
            fs::write(&out, "another program").unwrap();
        }
        ctmpl.log_count("again and again") == 1
    });
    assert_eq!(ctmpl.log_count("and restored"), 5);
    folder.stays("out", "another program", Duration::from_secs(2));
    folder.becomes("out", "text one");
    assert_eq!(ctmpl.stop().code(), Some(12));
}
