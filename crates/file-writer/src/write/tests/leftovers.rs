//! Tests of temporary files: whose they are, when they are removed, and where they are not created.

use std::error::Error as _;
use std::fs::File;
use std::process::Command;

use super::attributes::put_as;
use super::*;

fn stage(writer: &Writer, out: &Path, content: &[u8]) -> Box<Staged> {
    match writer.stage(out, content, None, &FileOptions::default()) {
        Ok(Stage::Staged(staged)) => staged,
        other => panic!("not staged: {other:?}"),
    }
}

#[test]
fn files_of_killed_processes_are_removed_at_the_start_and_those_in_use_stay() {
    let directory = temporary_directory();
    let [out, other] = ["out", "sub/other"].map(|name| directory.path().join(name));
    fs::create_dir(directory.path().join("sub")).unwrap();
    let running = Writer::new("ctmpl");
    let staged = stage(&running, &out, b"new");
    for name in [
        ".out.ctmpl-abcdefgh",
        "sub/.other.ctmpl-abcdefgh",
        ".third.ctmpl-abcdefgh",
    ] {
        fs::write(directory.path().join(name), "half").unwrap();
    }
    let missing = directory.path().join("missing/out");
    let removed = Writer::new("ctmpl").remove_leftovers([&*out, &*other, &*missing]);
    assert_eq!(removed, 2);
    assert!(names(&directory.path().join("sub")).is_empty());
    Swapped::flush(vec![staged.swap().unwrap()]);
    assert_eq!(
        names(directory.path()),
        [".third.ctmpl-abcdefgh", "out", "sub"]
    );
    assert_eq!(fs::read(&out).unwrap(), b"new");
    // The replaced file is no longer locked.
    assert!(File::open(&out).unwrap().try_lock().is_ok());
}

#[test]
fn a_large_group_does_not_use_all_files_of_the_process() {
    const VARIABLE: &str = "FILE_WRITER_TEST_GROUP";
    const NAME: &str =
        "write::tests::leftovers::a_large_group_does_not_use_all_files_of_the_process";
    if std::env::var_os(VARIABLE).is_none() {
        let line = "ulimit -n 40 && exec \"$0\" --exact \"$1\" --test-threads=1";
        let status = Command::new("sh")
            .args(["-c", line])
            .arg(std::env::current_exe().unwrap())
            .arg(NAME)
            .env(VARIABLE, "1")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(
            status.status.success() && text.contains("1 passed"),
            "{text}"
        );
        return;
    }
    let directory = temporary_directory();
    let writer = Writer::new("ctmpl");
    let staged: Vec<_> = (0..100)
        .map(|number| stage(&writer, &directory.path().join(number.to_string()), b"x"))
        .collect();
    let swapped = staged.into_iter().map(|staged| staged.swap().unwrap());
    Swapped::flush(swapped.collect());
    assert_eq!(names(directory.path()).len(), 100);
}

#[test]
fn an_append_only_directory_collects_no_files() {
    let directory = temporary_directory();
    let out = directory.path().join("out");
    fs::write(&out, "old").unwrap();
    let chattr = |flag: &str| {
        Command::new("chattr")
            .arg(flag)
            .arg(directory.path())
            .output()
    };
    if !chattr("+a").is_ok_and(|ended| ended.status.success()) {
        return;
    }
    let replace = FileOptions {
        write: WriteMode::Rename,
        ..FileOptions::default()
    };
    let error = put_as(&out, b"new", &replace).unwrap_err();
    assert!(
        error.source().unwrap().to_string().contains("chattr -a"),
        "{error:?}"
    );
    // The file itself can be written.
    assert!(put_as(&out, b"new", &FileOptions::default()).unwrap());
    let found = names(directory.path());
    chattr("-a").unwrap();
    assert_eq!(
        (found, fs::read(&out).unwrap()),
        (vec!["out".to_owned()], b"new".to_vec())
    );
}
