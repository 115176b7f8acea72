//! Tests of mode, owner, backup and directories as configured.

use super::*;
use crate::options::Owner;

pub(super) fn put_as(
    destination: &Path,
    content: &[u8],
    config: &FileOptions,
) -> Result<bool, WriteError> {
    match Writer::new("ctmpl").stage(destination, content, None, config)? {
        Stage::Unchanged => Ok(false),
        Stage::Staged(staged) => {
            Swapped::flush(vec![staged.swap()?]);
            Ok(true)
        }
    }
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_configured_mode_is_set() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let with = |mode| FileOptions {
        mode: Some(mode),
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"one", &with(0o640)).unwrap());
    assert_eq!(mode(&out), 0o640);
    assert!(!put_as(&out, b"one", &with(0o640)).unwrap());
    assert!(
        put_as(&out, b"one", &with(0o600)).unwrap(),
        "another mode is a change"
    );
    assert_eq!(mode(&out), 0o600);
    assert!(put_as(&out, b"two", &FileOptions::default()).unwrap());
    assert_eq!(
        mode(&out),
        0o600,
        "an attribute that is not configured is kept"
    );
}

#[test]
fn a_configured_owner_is_set() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let me = fs::metadata(directory.path()).unwrap();
    let own = FileOptions {
        user: Some(Owner::Id(me.uid())),
        group: Some(Owner::Id(me.gid())),
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"one", &own).unwrap());
    assert!(!put_as(&out, b"one", &own).unwrap());
    let by_name = FileOptions {
        user: Some(Owner::Name("root".to_owned())),
        ..FileOptions::default()
    };
    let other = FileOptions {
        user: Some(Owner::Id(1)),
        group: Some(Owner::Id(2)),
        ..FileOptions::default()
    };
    if me.uid() == 0 {
        assert!(
            put_as(&out, b"one", &other).unwrap(),
            "another owner is a change"
        );
        let file = fs::metadata(&out).unwrap();
        assert_eq!((file.uid(), file.gid()), (1, 2));
        assert!(put_as(&out, b"one", &by_name).unwrap());
        let file = fs::metadata(&out).unwrap();
        assert_eq!((file.uid(), file.gid()), (0, 2), "the group is kept");
    } else {
        for config in [by_name, other] {
            let error = put_as(&out, b"two", &config).expect_err("only root gives files away");
            assert!(
                error.to_string().contains("set the owner of the new"),
                "{error}"
            );
        }
        assert_eq!(fs::read(&out).unwrap(), b"one");
    }
    assert_eq!(names(directory.path()), ["out"]);
}

#[test]
fn an_unknown_owner_is_an_error_with_its_name() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let unknown = Some(Owner::Name("no-such-name".to_owned()));
    let user = FileOptions {
        user: unknown.clone(),
        ..FileOptions::default()
    };
    let group = FileOptions {
        group: unknown,
        ..FileOptions::default()
    };
    for (config, kind) in [(user, "user"), (group, "group")] {
        let error = put_as(&out, b"one", &config).expect_err(kind);
        assert!(
            error.to_string().contains(&format!("find the {kind} for")),
            "{error}"
        );
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause, Some(format!("there is no {kind} no-such-name")));
    }
    assert!(!out.exists());
}

#[test]
fn a_backup_has_the_previous_content() {
    let directory = temporary_directory();
    let (out, bak) = (
        directory.path().join("out"),
        directory.path().join("out.bak"),
    );
    let config = FileOptions {
        backup: true,
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"one", &config).unwrap());
    assert!(!bak.exists(), "there was nothing before");
    fs::set_permissions(&out, Permissions::from_mode(0o600)).unwrap();
    for (content, before) in [(b"two", b"one"), (b"six", b"two")] {
        assert!(put_as(&out, content, &config).unwrap());
        assert_eq!(
            (fs::read(&out).unwrap(), fs::read(&bak).unwrap()),
            (content.to_vec(), before.to_vec())
        );
        assert_eq!(mode(&bak), 0o600);
    }
    assert!(!put_as(&out, b"six", &config).unwrap());
    assert_eq!(
        fs::read(&bak).unwrap(),
        b"two",
        "what does not change is not backed up"
    );
    assert_eq!(names(directory.path()), ["out", "out.bak"]);
}

#[test]
fn a_backup_that_cannot_be_kept_changes_nothing() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let config = FileOptions {
        backup: true,
        ..FileOptions::default()
    };
    fs::write(&out, "one").unwrap();
    fs::create_dir(directory.path().join("out.bak")).unwrap();
    let error = put_as(&out, b"two", &config).expect_err("a directory is in the way");
    let backup = directory.path().join("out.bak");
    let expected = format!("cannot keep the backup {}", backup.display());
    assert_eq!(error.to_string(), expected);
    assert!(error.is_of_backup());
    assert_eq!(fs::read(&out).unwrap(), b"one");
    assert_eq!(names(directory.path()), ["out", "out.bak"]);
}

#[test]
fn directories_are_created_unless_the_configuration_forbids_it() {
    let directory = temporary_directory();
    let out = directory.path().join("a/b/out");
    let config = FileOptions {
        create_directories: false,
        ..FileOptions::default()
    };
    let error = put_as(&out, b"one", &config).expect_err("the directory is missing");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
    assert_eq!(names(directory.path()), Vec::<String>::new());
    assert!(put_as(&out, b"one", &FileOptions::default()).unwrap());
    assert!(put_as(&out, b"two", &config).unwrap());
}
