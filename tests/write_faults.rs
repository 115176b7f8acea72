//! Faults of file systems around an apply: a clear error, no mixture of old and new files, nothing lost.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use crate::support::ctmpl::{Ctmpl, Folder, command, text};
use crate::support::eventually;
use crate::support::mount::{HungMount, Mount};

/// The time limit for a group that a fault of another group must not delay.
const FOLLOW_TIMEOUT: Duration = Duration::from_secs(5);

/// A group `g` of two files, `a/out` and `b/out`, with a command that counts its runs.
struct Scene {
    folder: Folder,
    consul: Background,
}

impl Scene {
    /// `settings` are those of the group; `FOLDER` stands for the folder.
    fn new(settings: &str) -> Self {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        let scene = Self { folder, consul };
        let (root, settings) = (scene.root(), settings.replace("FOLDER", &scene.root()));
        let mut configuration =
            format!("group \"g\" {{\n  command = \"echo run >>{root}/runs\"\n  {settings}\n}}\n");
        for name in ["a", "b"] {
            configuration.push_str(&template("g", &format!("{root}/{name}/out")));
            fs::create_dir_all(scene.folder.path(name)).unwrap();
        }
        scene.folder.write("ctmpl.hcl", &configuration);
        scene
    }

    fn root(&self) -> String {
        text(&self.folder.path("")).trim_end_matches('/').to_owned()
    }

    fn start(&self) -> Ctmpl {
        self.start_with(&self.folder.path("state"))
    }

    fn start_with(&self, state: &Path) -> Ctmpl {
        Ctmpl::spawn(self.command(state))
    }

    fn command(&self, state: &Path) -> Command {
        let mut command = command();
        command
            .arg(format!("--consul-addr={}", self.consul.address()))
            .arg(format!("--config={}", text(&self.folder.path("ctmpl.hcl"))))
            .arg("--log-level=debug")
            .env("STATE_DIRECTORY", state);
        command
    }

    fn files(&self) -> [String; 2] {
        ["a/out", "b/out"].map(|name| self.folder.read(name))
    }

    fn runs(&self) -> usize {
        self.folder.read("runs").lines().count()
    }

    /// Waits until both files have this version, and the command has run this many times.
    fn is_applied(&self, version: &str, runs: usize) {
        eventually("both files are written, and the command has run", || {
            self.files() == [version, version] && self.runs() == runs
        });
    }

    /// Asserts that both files keep this version, and that the command does not run.
    fn stays(&self, version: &str, runs: usize) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1500) {
            assert_eq!(self.files(), [version, version]);
            assert_eq!(self.runs(), runs);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asserts that no directory has a temporary file.
    fn is_clean(&self) {
        for directory in ["a", "b"] {
            let entries = fs::read_dir(self.folder.path(directory)).unwrap().flatten();
            let hidden: Vec<_> = entries
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .filter(|name| name.starts_with('.'))
                .collect();
            assert!(hidden.is_empty(), "{hidden:?}");
        }
    }
}

fn template(group: &str, destination: &str) -> String {
    format!(
        "template {{\n  group = \"{group}\"\n  destination = \"{destination}\"\n  \
         contents = \"{{{{ key \\\"version\\\" }}}}\"\n}}\n"
    )
}

#[test]
fn a_disk_that_is_full_while_staging_changes_no_file_of_the_group() {
    let scene = Scene::new("");
    let path = scene.folder.path("b");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start();
    scene.is_applied("1", 1);
    mount.fill();
    let big = "x".repeat(300_000);
    scene.consul.put_key("version", &big);
    ctmpl.logs("No space left on device");
    ctmpl.logs("free space in");
    scene.stays("1", 1);
    scene.is_clean();
    fs::remove_file(scene.folder.path("b/filler")).unwrap();
    scene.is_applied(&big, 2);
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs(), 2);
}

#[test]
fn a_full_disk_of_the_state_directory_stops_no_write_and_is_one_warning() {
    let scene = Scene::new("");
    let path = scene.folder.path("full");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start_with(&path.join("state"));
    scene.is_applied("1", 1);
    mount.fill();
    for version in 2..6 {
        let (version, runs) = (format!("{version}").repeat(20_000), version);
        scene.consul.put_key("version", &version);
        scene.is_applied(&version, runs);
    }
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert!(
        ctmpl.log().contains("files are written nevertheless"),
        "{}",
        ctmpl.log()
    );
    // With space, it records again: what is owed at a crash runs.
    fs::remove_file(scene.folder.path("full/filler")).unwrap();
    scene.consul.put_key("version", "6");
    scene.is_applied("6", 6);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ctmpl = scene.start_with(&path.join("state"));
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(scene.runs(), 6, "nothing is owed");
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_file_system_that_becomes_read_only_changes_no_file_of_the_group() {
    let scene = Scene::new("");
    let path = scene.folder.path("b");
    let Some(mount) = Mount::tiny(&path) else {
        return;
    };
    let ctmpl = scene.start();
    scene.is_applied("1", 1);
    assert!(mount.is_made_read_only());
    scene.consul.put_key("version", "2");
    ctmpl.logs("Read-only file system");
    ctmpl.logs("ReadWritePaths=");
    scene.stays("1", 1);
    scene.is_clean();
    assert!(mount.is_made_writable());
    scene.is_applied("2", 2);
    assert_eq!(ctmpl.stop().code(), Some(12));
}

/// A check that waits for the file `go`, so that a test can act between staging and the swap.
const WAITING_CHECK: &str = r#"check = "touch FOLDER/checking; while ! test -e FOLDER/go; do sleep 0.02; done; cat {staged}""#;

/// Applies version 1. Then returns while version 2 is staged.
fn staged() -> (Scene, Ctmpl) {
    let scene = Scene::new(WAITING_CHECK);
    scene.folder.write("go", "");
    let ctmpl = scene.start();
    scene.is_applied("1", 1);
    for name in ["go", "checking"] {
        fs::remove_file(scene.folder.path(name)).unwrap();
    }
    scene.consul.put_key("version", "2");
    eventually("the check runs", || scene.folder.path("checking").exists());
    (scene, ctmpl)
}

#[test]
fn a_directory_that_is_removed_between_stage_and_swap_loses_nothing() {
    let (scene, ctmpl) = staged();
    fs::remove_dir_all(scene.folder.path("b")).unwrap();
    scene.folder.write("go", "");
    ctmpl.logs("[ERR]");
    assert_eq!(scene.folder.read("a/out"), "1", "{}", ctmpl.log());
    let path = text(&scene.folder.path("b"));
    assert!(ctmpl.log().contains(&path), "{}", ctmpl.log());
    // The next attempt creates the directory.
    scene.is_applied("2", 2);
    scene.is_clean();
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_destination_that_becomes_a_directory_between_stage_and_swap_keeps_the_group_old() {
    let (scene, ctmpl) = staged();
    let path = scene.folder.path("b/out");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    scene.folder.write("go", "");
    ctmpl.logs("[ERR]");
    assert!(ctmpl.log().contains("directory"), "{}", ctmpl.log());
    scene
        .folder
        .stays("a/out", "1", Duration::from_millis(1500));
    assert_eq!(scene.runs(), 1);
    fs::remove_dir(&path).unwrap();
    scene.is_applied("2", 2);
    scene.is_clean();
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn a_destination_on_a_file_system_that_hangs_delays_only_its_own_group() {
    let scene = Scene::new("");
    let ctmpl = scene.start();
    scene.is_applied("1", 1);
    drop(ctmpl);
    // A crash leaves the command of the group owed.
    scene.consul.put_key("version", "2");
    let mut crashing = scene.command(&scene.folder.path("state"));
    crashing.env("CTMPL_FAULT_POINT", "swap-recorded");
    assert_eq!(Ctmpl::spawn(crashing).ends().code(), None);

    let root = scene.root();
    let mut configuration = scene.folder.read("ctmpl.hcl");
    let group = format!("group \"other\" {{\n  command = \"echo run >>{root}/others\"\n}}\n");
    configuration.push_str(&group);
    for name in ["hung/out", "beside"] {
        configuration.push_str(&template("other", &format!("{root}/{name}")));
    }
    scene.folder.write("ctmpl.hcl", &configuration);
    let path = scene.folder.path("hung");
    let Some(_mount) = HungMount::at(&path) else {
        return;
    };
    let ctmpl = scene.start();
    scene.is_applied("2", 2);
    for (version, runs) in [("3", 3), ("4", 4)] {
        let begun = Instant::now();
        scene.consul.put_key("version", version);
        scene.is_applied(version, runs);
        assert!(begun.elapsed() < FOLLOW_TIMEOUT, "{:?}", begun.elapsed());
    }
    assert_eq!(scene.folder.read("beside"), "", "its group waits");
    assert_eq!(scene.folder.read("others"), "");
    let begun = Instant::now();
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_damaged_ledger_is_moved_aside_and_the_daemon_works() {
    let scene = Scene::new("");
    let ctmpl = scene.start();
    scene.is_applied("1", 1);
    assert_eq!(ctmpl.stop().code(), Some(12));
    let state = scene.folder.path("state");
    fs::write(state.join("ledger.db"), "x".repeat(10_000)).unwrap();
    // A log that is left would repair it.
    let _ = fs::remove_file(state.join("ledger.db-wal"));

    let ctmpl = scene.start();
    ctmpl.logs("was damaged");
    scene.consul.put_key("version", "2");
    scene.is_applied("2", 2);
    assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    let entries = fs::read_dir(&state).unwrap().flatten();
    let kept = entries.filter(|entry| entry.metadata().is_ok_and(|it| it.len() == 10_000));
    assert_eq!(kept.count(), 1, "the damaged database is kept");

    let ctmpl = scene.start();
    ctmpl.logs("is unchanged in");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(ctmpl.log_count("[WARN]"), 0, "{}", ctmpl.log());
    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(scene.runs(), 2);
}

#[test]
fn a_state_directory_that_cannot_be_written_is_one_warning() {
    let scene = Scene::new("");
    let file = scene.folder.write("file", "");
    for (version, state) in [(1, file.join("state")), (2, "/proc/ctmpl".into())] {
        let version = version.to_string();
        scene.consul.put_key("version", &version);
        let ctmpl = scene.start_with(&state);
        let runs = version.parse().unwrap();
        scene.is_applied(&version, runs);
        assert_eq!(ctmpl.log_count("[WARN]"), 1, "{}", ctmpl.log());
        assert!(
            ctmpl.log().contains("--state-dir") && ctmpl.log().contains(&text(&state)),
            "{}",
            ctmpl.log()
        );
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}
