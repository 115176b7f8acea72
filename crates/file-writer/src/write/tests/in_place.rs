//! Tests of files that are written in place.

use super::attributes::{names, put_as};
use super::refusals::as_nobody;
use super::*;
use crate::in_place::Reason;

fn with(write: WriteMode) -> FileOptions {
    FileOptions {
        write,
        ..FileOptions::default()
    }
}

#[test]
fn a_file_written_in_place_stays_the_same_file() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let config = FileOptions {
        mode: Some(0o640),
        backup: true,
        ..with(WriteMode::InPlace)
    };
    assert!(
        put_as(&out, b"first and long", &config).unwrap(),
        "a missing file is created"
    );
    let file = fs::metadata(&out).unwrap().ino();
    fs::set_permissions(&out, Permissions::from_mode(0o600)).unwrap();
    for (content, before) in [
        (&b"short"[..], &b"first and long"[..]),
        (b"long, and longer again", b"short"),
        (b"", b"long, and longer again"),
    ] {
        assert!(put_as(&out, content, &config).unwrap());
        assert_eq!(fs::read(&out).unwrap(), content);
        assert_eq!(fs::read(directory.path().join("out.bak")).unwrap(), before);
        assert_eq!(
            (fs::metadata(&out).unwrap().ino(), mode(&out)),
            (file, 0o640)
        );
    }
    assert!(!put_as(&out, b"", &config).unwrap());
    assert_eq!(names(directory.path()), ["out", "out.bak"]);
}

#[test]
fn a_file_in_an_unwritable_directory_is_written_in_place_if_permitted() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    fs::write(&out, "old and longer").unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o555)).unwrap();
    let file = fs::metadata(&out).unwrap().ino();
    let refused =
        as_nobody(|| put_as(&out, b"new", &with(WriteMode::Rename))).expect_err("rename refuses");
    assert!(
        refused.to_string().contains("create a new file beside"),
        "{refused}"
    );
    let backup = FileOptions {
        backup: true,
        ..FileOptions::default()
    };
    let refused =
        as_nobody(|| put_as(&out, b"new", &backup)).expect_err("a backup cannot be kept there");
    assert!(
        refused.to_string().contains("keep a backup of"),
        "{refused}"
    );
    assert_eq!(fs::read(&out).unwrap(), b"old and longer");
    let staged = as_nobody(|| {
        match Writer::new("ctmpl")
            .stage(&out, b"new", None, &FileOptions::default())
            .unwrap()
        {
            Stage::Staged(staged) => staged.swap().unwrap(),
            Stage::Unchanged => panic!("the content differs"),
        }
    });
    assert_eq!(staged.in_place, Some(Reason::UnwritableDirectory));
    assert_eq!(
        (fs::read(&out).unwrap(), fs::metadata(&out).unwrap().ino()),
        (b"new".to_vec(), file)
    );
    fs::set_permissions(&out, Permissions::from_mode(0o444)).unwrap();
    let refused = as_nobody(|| put_as(&out, b"six", &FileOptions::default()))
        .expect_err("neither can be written");
    assert!(
        refused.to_string().contains("create a new file beside"),
        "{refused}"
    );
    fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(names(directory.path()), ["out"]);
}

#[test]
fn a_poller_never_sees_a_wrong_mode_or_owner() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    let is_privileged = Uid::effective().is_root();
    let owner = is_privileged.then_some(crate::options::Owner::Id(12_345));
    let config = FileOptions {
        mode: Some(0o640),
        user: owner,
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"0", &config).unwrap());
    let (over, looks) = (
        AtomicBool::new(false),
        std::sync::atomic::AtomicUsize::new(0),
    );
    let attributes = |file: &std::fs::Metadata| (file.mode() & 0o7777, file.uid());
    let right = attributes(&fs::metadata(&out).unwrap());
    assert!(!is_privileged || right == (0o640, 12_345));
    std::thread::scope(|scope| {
        let poller = scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                let seen = attributes(&fs::metadata(&out).expect("it is always there"));
                looks.fetch_add(1, Ordering::SeqCst);
                if seen != right {
                    return Some(seen);
                }
            }
            None
        });
        for number in 1..=10_000_u32 {
            assert!(put_as(&out, number.to_string().as_bytes(), &config).unwrap());
        }
        over.store(true, Ordering::SeqCst);
        assert_eq!(poller.join().unwrap(), None, "not {right:?}");
    });
    assert!(looks.load(Ordering::SeqCst) > 1000, "too few checks");
}
