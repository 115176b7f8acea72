mod refusals;

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::sync::Arc;

use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, User, mkfifo};
use tempfile::TempDir;

use super::*;
use crate::change::{Change, Effect};
use crate::options::{FileConfig, GroupConfig, GroupKey};
use crate::transaction::{Swap, write_all};

fn output(path: &Path, content: &str) -> Additional {
    let (user, group) = (String::new(), String::new());
    Additional {
        path: path.into(),
        user,
        group,
        mode: 0o640,
        function: "writeToFile",
        append: false,
        content: content.into(),
    }
}

fn appended(path: &Path, content: &str) -> Additional {
    Additional {
        append: true,
        ..output(path, content)
    }
}

/// Templates with destinations in a temporary directory.
struct Fixture {
    directory: TempDir,
    writer: Writer,
}

impl Fixture {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            writer: Writer::new("ctmpl", None),
        }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    fn apply(
        &self,
        destination: &str,
        text: &str,
        outputs: Vec<Additional>,
        fresh: bool,
    ) -> Result<Effect, String> {
        let change = Change {
            job: 0,
            group: Arc::new(GroupConfig::of_key(GroupKey::Alone("out".into()))),
            source: None,
            destination: self.at(destination),
            content: text.as_bytes().to_vec(),
            outputs,
            fresh,
            is_approved: false,
            is_restoration: false,
            file: FileConfig::default(),
        };
        let Swap { applied, .. } = write_all(&self.writer, vec![change]);
        let outcome = applied.into_iter().next().unwrap().outcome;
        outcome.map_err(|error| format!("{error}: {}", std::error::Error::source(&error).unwrap()))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn an_output_is_written_with_its_mode_and_only_when_it_differs() {
    let fixture = Fixture::new();
    let side = fixture.at("deep/er/side");
    assert_eq!(
        fixture.apply("out", "a", vec![output(&side, "1")], true),
        Ok(Effect::Written)
    );
    assert_eq!(
        (
            fixture.read("out"),
            fixture.read("deep/er/side"),
            mode(&side)
        ),
        ("a".into(), "1".into(), 0o640)
    );
    let before = fs::metadata(&side).unwrap();
    assert_eq!(
        fixture.apply("out", "a", vec![output(&side, "1")], true),
        Ok(Effect::Unchanged)
    );
    assert_eq!(fs::metadata(&side).unwrap().ino(), before.ino());
    // Only the output has changed; the command is owed nevertheless.
    assert_eq!(
        fixture.apply("out", "a", vec![output(&side, "2")], true),
        Ok(Effect::Written)
    );
    assert_eq!(fixture.read("deep/er/side"), "2");
    let private = Additional {
        mode: 0o600,
        ..output(&side, "2")
    };
    assert_eq!(
        fixture.apply("out", "a", vec![private], true),
        Ok(Effect::Written)
    );
    assert_eq!(mode(&side), 0o600);
    // A change by another process is reverted, as for the template's own file.
    fs::write(&side, "x").unwrap();
    assert_eq!(
        fixture.apply("out", "a", vec![output(&side, "2")], false),
        Ok(Effect::Written)
    );
    assert_eq!(
        (fixture.read("deep/er/side"), mode(&side)),
        ("2".into(), 0o640)
    );
}

#[test]
fn an_output_is_replaced_and_not_written_in_place() {
    let fixture = Fixture::new();
    let side = fixture.at("side");
    fs::write(&side, "old").unwrap();
    let mut reader = File::open(&side).unwrap();
    assert!(
        fixture
            .apply("out", "a", vec![output(&side, "new")], true)
            .is_ok()
    );
    let mut held = String::new();
    reader.read_to_string(&mut held).unwrap();
    assert_eq!(
        (held.as_str(), fixture.read("side").as_str()),
        ("old", "new")
    );
    assert_eq!(fixture.names(), ["out", "side"]);
}

#[test]
fn content_is_appended_once() {
    let mut fixture = Fixture::new();
    let log = fixture.at("log");
    fs::write(&log, "begin\n").unwrap();
    let line = || vec![appended(&log, "1\n")];
    assert_eq!(fixture.apply("out", "a", line(), true), Ok(Effect::Written));
    assert_eq!(
        (fixture.read("log"), mode(&log)),
        ("begin\n1\n".into(), 0o640)
    );
    assert_eq!(
        fixture.apply("out", "a", line(), false),
        Ok(Effect::Unchanged),
        "rendered again without a change"
    );
    fixture.writer = Writer::new("ctmpl", None);
    assert_eq!(
        fixture.apply("out", "a", line(), true),
        Ok(Effect::Unchanged),
        "another process, nothing changed"
    );
    assert_eq!(fixture.read("log"), "begin\n1\n");
    assert_eq!(
        fixture.apply("out", "b", line(), true),
        Ok(Effect::Written),
        "another text"
    );
    assert_eq!(
        fixture.apply("out", "b", vec![appended(&log, "2\n")], true),
        Ok(Effect::Written),
        "another line"
    );
    assert_eq!(fixture.read("log"), "begin\n1\n1\n2\n");
    let both = vec![output(&log, "x"), appended(&log, "y"), appended(&log, "z")];
    assert_eq!(
        fixture.apply("out", "b", both.clone(), true),
        Ok(Effect::Written)
    );
    assert_eq!(fixture.apply("out", "c", both, true), Ok(Effect::Written));
    assert_eq!(fixture.read("log"), "xyz");
}

#[test]
fn owners_are_given_by_name_or_number() {
    let fixture = Fixture::new();
    let side = fixture.at("side");
    let (uid, gid) = (Uid::effective(), Gid::effective());
    let own = User::from_uid(uid)
        .unwrap()
        .map_or_else(|| uid.to_string(), |user| user.name);
    for (user, group) in [
        (own, String::new()),
        (uid.to_string(), gid.to_string()),
        (String::new(), gid.to_string()),
    ] {
        let owned = Additional {
            user,
            group,
            ..output(&side, "1")
        };
        assert!(fixture.apply("out", "a", vec![owned], true).is_ok());
        let metadata = fs::metadata(&side).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid()),
            (uid.as_raw(), gid.as_raw())
        );
    }
    for (user, group, wanted) in [
        ("no-such-one", "", "no such user"),
        ("", "no-such-one", "no such group"),
        ("-1", "", "no such user"),
    ] {
        let unknown = Additional {
            user: user.into(),
            group: group.into(),
            ..output(&fixture.at("other"), "1")
        };
        let error = fixture.apply("out", "b", vec![unknown], true).unwrap_err();
        assert!(error.contains(wanted), "{error}");
        assert!(
            !error.contains("no-such-one"),
            "it may come from data: {error}"
        );
        assert!(!fixture.at("other").exists());
        assert_eq!(fixture.read("out"), "a");
    }
}

#[test]
fn an_output_must_not_be_a_destination_or_the_output_of_another_template() {
    let fixture = Fixture::new();
    let (out, side, log) = (fixture.at("out"), fixture.at("side"), fixture.at("log"));
    let error = fixture
        .apply("out", "a", vec![output(&out, "x")], true)
        .unwrap_err();
    assert!(error.contains("which a template is rendered to"), "{error}");
    assert!(
        fixture
            .apply(
                "out",
                "a",
                vec![output(&side, "x"), appended(&log, "1\n")],
                true
            )
            .is_ok()
    );
    let error = fixture
        .apply("other", "a", vec![output(&side, "y")], true)
        .unwrap_err();
    assert!(error.contains("writes it as well"), "{error}");
    let error = fixture.apply("side", "a", Vec::new(), true).unwrap_err();
    assert!(error.contains("writes it with writeToFile"), "{error}");
    assert!(
        fixture
            .apply("third", "a", vec![appended(&log, "3\n")], true)
            .is_ok()
    );
    assert_eq!(
        (fixture.read("side"), fixture.read("log")),
        ("x".into(), "1\n3\n".into())
    );
}

#[test]
fn a_thousand_outputs_do_not_need_a_thousand_descriptors() {
    let fixture = Fixture::new();
    let outputs = (0..1_500)
        .map(|number| output(&fixture.at(&format!("side-{number}")), "x"))
        .collect();
    assert_eq!(
        fixture.apply("out", "a", outputs, true),
        Ok(Effect::Written)
    );
    assert_eq!(fixture.names().len(), 1_501);
}
