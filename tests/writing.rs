//! Destinations: never torn, never changed without need, and a clear error if they cannot be
//! written.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::ctmpl::{Ctmpl, Ended, Folder, run};
use crate::support::mount::Mount;
use consul_dev::{Background, Seed};

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("app/port", "80"))
}

/// Creates a folder with the template `in`.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("in", r#"port {{ key "app/port" }}"#);
    folder
}

/// Renders `in` to this destination, and another template to `beside`, which an error must not
/// affect.
fn once(folder: &Folder, consul: &Background, destination: &str) -> Ended {
    let address = format!("-consul-addr={}", consul.address());
    let (one, other) = (
        folder.template("in", destination, ""),
        folder.template("in", "beside", ""),
    );
    let ended = run([
        &address,
        "-once",
        "-timeout=10s",
        "-log-level=info",
        "-template",
        &one,
        "-template",
        &other,
    ]);
    assert_eq!(
        folder.read("beside"),
        "port 80",
        "the other template is not affected: {}",
        ended.log
    );
    ended
}

/// Returns a value that shows whether it is complete: head, number, many lines, foot.
fn whole(number: u64) -> String {
    let body = format!("line of value {number}\n").repeat(10_000);
    format!("head {number}\n{body}foot {number}")
}

fn is_whole(text: &str) -> bool {
    let number = text
        .strip_prefix("head ")
        .and_then(|rest| rest.split('\n').next())
        .and_then(|text| text.parse().ok());
    number.is_some_and(|number| whole(number) == text)
}

/// Reads a file until `over` is set or it is torn; returns what is torn.
fn read_until_torn(path: &Path, over: &AtomicBool, read: &AtomicU64) -> Option<String> {
    while !over.load(Ordering::SeqCst) {
        if let Ok(text) = fs::read_to_string(path) {
            read.fetch_add(1, Ordering::SeqCst);
            if !is_whole(&text) {
                return Some(format!("{} bytes: {:.40}", text.len(), text));
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// The time limit for all kills.
const KILLS_DEADLINE: Duration = Duration::from_secs(120);

/// Asserts that no `include` of a server would read the temporary files.
fn temporary_files_are_hidden(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        assert!(
            name == "out" || name.to_string_lossy().starts_with(".out."),
            "an include would read {}",
            name.display()
        );
    }
}

#[test]
fn repeated_kills_never_leave_a_torn_file() {
    let (folder, consul) = (Folder::new(), consul());
    fs::create_dir(folder.path("to")).unwrap();
    consul.put_key("big", &whole(0));
    folder.write("in", r#"{{ key "big" }}"#);
    let (over, value, read) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                consul.put_key("big", &whole(value.fetch_add(1, Ordering::SeqCst)));
                std::thread::sleep(Duration::from_millis(7));
            }
        });
        let reader = scope.spawn(|| read_until_torn(&folder.path("to/out"), &over, &read));
        // On a busy machine, 40 kills are over before the file was read and written often.
        let (mut kills, begun) = (0, Instant::now());
        let is_enough = |kills| {
            kills >= 40 && read.load(Ordering::SeqCst) > 100 && value.load(Ordering::SeqCst) > 100
        };
        while !is_enough(kills) && begun.elapsed() < KILLS_DEADLINE {
            kills += 1;
            let ctmpl = Ctmpl::start(
                consul.address(),
                ["-template", &folder.template("in", "to/out", "")],
            );
            std::thread::sleep(Duration::from_millis(fastrand::u64(5..150)));
            drop(ctmpl);
        }
        over.store(true, Ordering::SeqCst);
        assert_eq!(reader.join().unwrap(), None, "the reader saw a torn file");
    });
    assert!(
        read.load(Ordering::SeqCst) > 100 && value.load(Ordering::SeqCst) > 100,
        "too few reads or writes"
    );

    // A killed process may leave a hidden file; the first write of the next process removes it.
    let hidden = || fs::read_dir(folder.path("to")).unwrap().count() - 1;
    assert!(hidden() <= 1, "{} temporary files", hidden());
    temporary_files_are_hidden(&folder.path("to"));
    consul.put_key("big", &whole(u64::MAX));
    let address = format!("-consul-addr={}", consul.address());
    let ended = run([
        &address,
        "-once",
        "-template",
        &folder.template("in", "to/out", ""),
    ]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(is_whole(&folder.read("to/out")));
    assert_eq!(hidden(), 0, "temporary files are removed");
}

#[test]
fn an_unchanged_file_is_not_written_and_its_command_does_not_run() {
    let (folder, consul) = (folder(), consul());
    folder.write("out", "port 80");
    let before = fs::metadata(folder.path("out")).unwrap();
    let ran = format!("touch {}", folder.path("ran").display());
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["-template", &folder.template("in", "out", &ran)],
    );
    ctmpl.logs("is unchanged in");
    consul.put_key("unrelated", "x");
    folder.stays("out", "port 80", Duration::from_millis(300));
    let after = fs::metadata(folder.path("out")).unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
    assert!(!folder.path("ran").exists());

    consul.put_key("app/port", "81");
    folder.becomes("out", "port 81");
    crate::support::eventually("the command runs", || folder.path("ran").exists());
}

#[test]
fn mode_and_owner_are_kept_and_a_new_file_is_readable_for_all() {
    let (folder, consul) = (folder(), consul());
    folder.write("out", "old");
    fs::set_permissions(folder.path("out"), fs::Permissions::from_mode(0o640)).unwrap();
    let root = nix::unistd::Uid::effective().is_root();
    if root {
        std::os::unix::fs::chown(folder.path("out"), Some(12_345), Some(23_456)).unwrap();
    }
    assert_eq!(once(&folder, &consul, "out").code(), Some(0));
    let metadata = fs::metadata(folder.path("out")).unwrap();
    assert_eq!(
        (folder.read("out").as_str(), metadata.mode() & 0o7777),
        ("port 80", 0o640)
    );
    assert!(!root || (metadata.uid(), metadata.gid()) == (12_345, 23_456));
    assert_eq!(
        fs::metadata(folder.path("beside")).unwrap().mode() & 0o7777,
        0o644
    );
}

#[test]
fn links_are_followed_and_missing_directories_are_created() {
    let (folder, consul) = (folder(), consul());
    let real = folder.write("real/file", "old");
    symlink(&real, folder.path("link")).unwrap();
    symlink("real/new", folder.path("dangling")).unwrap();
    for (destination, holds) in [
        ("link", "real/file"),
        ("dangling", "real/new"),
        ("a/b/c/out", "a/b/c/out"),
    ] {
        let ended = once(&folder, &consul, destination);
        assert_eq!(ended.code(), Some(0), "{}", ended.log);
        assert_eq!(folder.read(holds), "port 80");
    }
    assert!(folder.path("link").is_symlink() && folder.path("dangling").is_symlink());
}

#[test]
fn a_destination_that_is_not_a_file_is_an_error_with_a_remedy() {
    let (folder, consul) = (folder(), consul());
    fs::create_dir(folder.path("directory")).unwrap();
    folder.write("file", "");
    nix::unistd::mkfifo(&folder.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (destination, expected) in [
        ("directory", "Is a directory"),
        ("file/below", "is a file, but must be a directory"),
        ("pipe", "it is a named pipe, not a regular file"),
    ] {
        let ended = once(&folder, &consul, destination);
        assert_eq!(ended.code(), Some(14), "{destination}: {}", ended.log);
        assert!(ended.log.contains(expected), "{destination}: {}", ended.log);
        assert!(
            ended
                .log
                .contains(folder.path(destination).to_str().unwrap()),
            "{destination}: {}",
            ended.log
        );
    }
}

#[test]
fn a_write_that_fails_is_logged_once_and_retried_by_the_daemon() {
    let (folder, consul) = (folder(), consul());
    // Use a full file system, because root may write to any directory.
    let path = folder.path("full");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    fs::write(folder.path("full/out"), "old").unwrap();
    mount.fill();
    consul.put_key("big", &"x".repeat(300_000));
    folder.write("big.in", r#"{{ key "big" }}"#);
    let (big, small) = (
        folder.template("big.in", "full/out", ""),
        folder.template("in", "beside", ""),
    );
    let mut ctmpl = Ctmpl::start(consul.address(), ["-template", &big, "-template", &small]);
    ctmpl.logs("No space left on device");
    folder.becomes("beside", "port 80");
    consul.put_key("app/port", "81");
    folder.becomes("beside", "port 81");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(folder.read("full/out"), "old");
    assert_eq!(
        ctmpl.log_count("No space left on device"),
        1,
        "the error is logged once:\n{}",
        ctmpl.log()
    );
    assert!(ctmpl.log().contains("free space in"), "{}", ctmpl.log());
    assert_eq!(
        fs::read_dir(folder.path("full")).unwrap().count(),
        2,
        "no temporary file is left"
    );

    fs::remove_file(folder.path("full/filler")).unwrap();
    crate::support::eventually("it is written as soon as there is space", || {
        folder.read("full/out").len() == 300_000
    });
    assert!(ctmpl.is_running());
}

#[test]
fn a_read_only_directory_is_an_error_with_a_remedy() {
    let (folder, consul) = (folder(), consul());
    let path = folder.path("fixed");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    assert!(mount.is_made_read_only());
    let ended = once(&folder, &consul, "fixed/out");
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("Read-only file system") && ended.log.contains("ReadWritePaths="),
        "{}",
        ended.log
    );
}
