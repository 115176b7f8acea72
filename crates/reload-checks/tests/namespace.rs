//! Checks in mount namespaces: what they see, and what stays unchanged.
//!
//! The program is its own launcher, so it has no test harness. Each case is a process of its own,
//! because some of them mount file systems or have no privileges.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by a panic, and prints why a case is skipped"
)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::Uid;
use reload_checks::{Availability, CANNOT_CHECK, Launcher, Method, Mounts, ShadowOptions};
use reload_checks::{ShadowTree, StagedFile, probe, run_role};
use tempfile::TempDir;

/// The user of the case without privileges.
const OTHER_USER: u32 = 65534;

fn main() -> ExitCode {
    if let Some(code) = run_role(std::env::args_os()) {
        return ExitCode::from(code);
    }
    let words: Vec<String> = std::env::args().collect();
    if words.get(1).is_some_and(|word| word == "--case") {
        run_case(&words[2]);
        return ExitCode::SUCCESS;
    }
    if let Availability::Unavailable(reason) = probe() {
        println!("skipped: no mount namespace: {reason}");
        return ExitCode::SUCCESS;
    }
    for case in ["overlay", "new-directory", "refused", "missing-program"] {
        assert!(succeeds(case, None), "{case}");
    }
    if Uid::effective().is_root() {
        for case in ["mounts-below", "binds", "owner"] {
            assert!(succeeds(case, None), "{case}");
        }
        assert!(succeeds("without-privileges", Some(OTHER_USER)));
    } else {
        println!("skipped: the cases that mount or change owners need root");
    }
    ExitCode::SUCCESS
}

/// Runs a case in a process of its own.
fn succeeds(case: &str, user: Option<u32>) -> bool {
    // Another user may not reach the build directory.
    let copy = tempfile::tempdir().unwrap();
    let program = copy.path().join("namespace-test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(copy.path(), Permissions::from_mode(0o755)).unwrap();
    // A case cannot remove the directories on which it has mounted file systems.
    let scenes = copy.path().join("scenes");
    fs::create_dir(&scenes).unwrap();
    fs::set_permissions(&scenes, Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(program);
    command.env("TMPDIR", scenes);
    command.args(["--case", case]).current_dir("/");
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.status().unwrap().success()
}

fn run_case(name: &str) {
    match name {
        "overlay" => {
            staged_files_are_seen_and_the_tree_is_unchanged(Mounts::Overlay, &Scene::new());
        }
        "without-privileges" => staged_files_are_seen_without_privileges(),
        "new-directory" => a_new_file_in_a_new_directory_is_seen(Mounts::Overlay, &Scene::new()),
        "mounts-below" => file_systems_in_the_tree_are_seen(),
        "binds" => bind_mounts_take_the_place_of_an_overlay(),
        "owner" => mode_and_owner_are_those_of_the_staged_file(),
        "refused" => a_destination_outside_the_tree_is_refused(),
        "missing-program" => a_check_that_cannot_be_executed_has_its_own_exit_code(),
        other => panic!("no case {other}"),
    }
}

/// A tree with a staged file for `conf.d/a`, and one for the new file `conf.d/b`.
struct Scene {
    root: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for name in ["conf.d", "sites"] {
            fs::create_dir_all(scene.path(name)).unwrap();
        }
        symlink("conf.d/a", scene.path("link")).unwrap();
        scene.fill();
        scene
    }

    fn fill(&self) {
        for (name, text) in [
            ("main", "main"),
            ("conf.d/a", "old a,"),
            ("conf.d/c", "c"),
            ("conf.d/.a.new", "staged-a,"),
            ("conf.d/.b.new", "staged-b,"),
        ] {
            fs::write(self.path(name), text).unwrap();
        }
    }

    fn tree(&self) -> PathBuf {
        self.root.path().join("tree")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.tree().join(name)
    }

    fn file(&self, staged: &str, destination: &str) -> StagedFile {
        StagedFile {
            staged: self.path(staged),
            destination: self.path(destination),
        }
    }

    fn prepare(&self, files: &[StagedFile]) -> ShadowTree {
        ShadowTree::prepare(&self.tree(), files, &ShadowOptions::of("test")).unwrap()
    }

    /// Returns the files and directories of the tree with their content, mode and inode.
    fn content(&self) -> BTreeMap<PathBuf, (Vec<u8>, u32, u64)> {
        let mut open = vec![self.tree()];
        let mut found = BTreeMap::new();
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                let text = fs::read(&path).unwrap_or_default();
                found.insert(path.clone(), (text, metadata.mode(), metadata.ino()));
                if metadata.is_dir() {
                    open.push(path);
                }
            }
        }
        found
    }
}

/// Runs a line of the shell in the tree as the check. Returns its output.
fn output(shadow: &ShadowTree, line: &str) -> String {
    let words = shadow.command(["sh", "-c", line].map(str::to_owned));
    let mut command = Command::new(&words[0]);
    // The working directory is the one of the shadow, although it was entered before.
    command.args(&words[1..]).current_dir(shadow.tree());
    let ended = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(ended.status.success(), "{line}: {}", text(&ended.stderr));
    text(&ended.stdout)
}

fn staged_files_are_seen_and_the_tree_is_unchanged(mounts: Mounts, scene: &Scene) {
    let before = scene.content();
    let files = [("conf.d/.a.new", "conf.d/a"), ("conf.d/.b.new", "conf.d/b")]
        .map(|(staged, destination)| scene.file(staged, destination));
    let shadow = scene.prepare(&files);
    let reason = shadow.fallback_reason();
    assert_eq!(shadow.method(), Method::Namespace(mounts), "{reason:?}");
    assert_eq!(Path::new(shadow.tree()), scene.tree());
    let shown: Vec<_> = shadow.staged().iter().map(PathBuf::from).collect();
    assert_eq!(shown, files.map(|file| file.destination));
    let line = "cat main link conf.d/a conf.d/b conf.d/c && ls conf.d";
    assert_eq!(
        output(&shadow, line),
        "mainstaged-a,staged-a,staged-b,ca\nb\nc\n"
    );
    let line = format!("cat {0}/conf.d/a {0}/conf.d/b", shadow.tree());
    assert_eq!(output(&shadow, &line), "staged-a,staged-b,");
    if mounts == Mounts::Overlay {
        // What a check writes into the tree is lost.
        output(&shadow, "echo x >pid && rm conf.d/c && echo y >conf.d/a");
    }
    assert_eq!(scene.content(), before);
}

fn a_new_file_in_a_new_directory_is_seen(mounts: Mounts, scene: &Scene) {
    let before = scene.content();
    let shadow = scene.prepare(&[scene.file("conf.d/.b.new", "x/y/b")]);
    assert_eq!(shadow.method(), Method::Namespace(mounts));
    assert_eq!(output(&shadow, "cat x/y/b main conf.d/c"), "staged-b,mainc");
    assert_eq!(scene.content(), before);
}

fn staged_files_are_seen_without_privileges() {
    assert!(!Uid::effective().is_root());
    if let Availability::Unavailable(reason) = probe() {
        println!("skipped: no mount namespace without privileges: {reason}");
        return;
    }
    let scene = Scene::new();
    staged_files_are_seen_and_the_tree_is_unchanged(Mounts::Overlay, &scene);
    a_new_file_in_a_new_directory_is_seen(Mounts::Overlay, &scene);
    let shadow = scene.prepare(&[scene.file("conf.d/.a.new", "conf.d/a")]);
    assert_eq!(output(&shadow, "id -u").trim(), OTHER_USER.to_string());
}

/// Moves this process into a mount namespace, so that its mounts end with it.
fn isolate() {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).unwrap();
}

fn mount_at(kind: &str, target: &Path, options: &str) {
    let flags = MsFlags::empty();
    mount(Some("test"), target, Some(kind), flags, Some(options)).unwrap();
}

fn bind(source: &Path, target: &Path) {
    let flags = MsFlags::MS_BIND;
    mount(Some(source), target, None::<&str>, flags, None::<&str>).unwrap();
}

/// As in a container: directories of the tree are volumes, and single files are mounted.
fn file_systems_in_the_tree_are_seen() {
    isolate();
    let scene = Scene::new();
    for name in ["conf.d", "sites"] {
        mount_at("tmpfs", &scene.path(name), "mode=0755");
    }
    scene.fill();
    fs::write(scene.path("sites/x"), "x").unwrap();
    for (mounted, over) in [("outside", "main"), ("other", "conf.d/c")] {
        let path = scene.root.path().join(mounted);
        fs::write(&path, mounted).unwrap();
        bind(&path, &scene.path(over));
    }
    let before = scene.content();
    let shadow = scene.prepare(&[
        scene.file("conf.d/.b.new", "conf.d/b"),
        scene.file("conf.d/.a.new", "conf.d/c"),
    ]);
    assert_eq!(shadow.method(), Method::Namespace(Mounts::Overlay));
    let line = "cat main sites/x conf.d/a conf.d/b conf.d/c";
    assert_eq!(output(&shadow, line), "outsidexold a,staged-b,staged-a,");
    assert_eq!(scene.content(), before);
}

/// The kernel refuses an overlay above two others.
fn bind_mounts_take_the_place_of_an_overlay() {
    isolate();
    let scene = Scene::new();
    let tree = scene.tree();
    for level in ["one", "two"] {
        let at = scene.root.path().join(level);
        fs::create_dir(&at).unwrap();
        mount_at("tmpfs", &at, "mode=0755");
        for name in ["upper", "work"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let (tree, at) = (tree.display(), at.display());
        let layers = format!("lowerdir={tree},upperdir={at}/upper,workdir={at}/work");
        mount_at("overlay", &scene.tree(), &layers);
    }
    staged_files_are_seen_and_the_tree_is_unchanged(Mounts::Binds, &scene);
    a_new_file_in_a_new_directory_is_seen(Mounts::Binds, &scene);
}

fn mode_and_owner_are_those_of_the_staged_file() {
    let scene = Scene::new();
    for (name, mode, user, group) in [("conf.d/.a.new", 0o640, 1, 2), ("conf.d", 0o2751, 3, 4)] {
        let path = scene.path(name);
        chown(&path, Some(user), Some(group)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    let shadow = scene.prepare(&[scene.file("conf.d/.a.new", "conf.d/a")]);
    let line = "stat -c '%a %u %g' conf.d/a conf.d";
    assert_eq!(output(&shadow, line), "640 1 2\n2751 3 4\n");
}

fn a_destination_outside_the_tree_is_refused() {
    let scene = Scene::new();
    let files = [scene.file("conf.d/.a.new", "../elsewhere")];
    let options = ShadowOptions::of("test");
    let error = ShadowTree::prepare(&scene.tree(), &files, &options).unwrap_err();
    assert!(
        error.to_string().contains("is not below the tree"),
        "{error}"
    );
}

fn a_check_that_cannot_be_executed_has_its_own_exit_code() {
    let scene = Scene::new();
    let files = [scene.file("conf.d/.a.new", "conf.d/a")];
    let words = scene
        .prepare(&files)
        .command(["no-such-program".to_owned()]);
    let ended = Command::new(&words[0]).args(&words[1..]).output().unwrap();
    assert_eq!(ended.status.code(), Some(CANNOT_CHECK.into()));
    let text = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(text.contains("cannot execute no-such-program"), "{text}");

    for launcher in [None, Some(Launcher::of("/bin/true"))] {
        let options = ShadowOptions {
            launcher,
            ..ShadowOptions::of("test")
        };
        let shadow = ShadowTree::prepare(&scene.tree(), &files, &options).unwrap();
        assert_eq!(shadow.method(), Method::Copy);
        assert!(shadow.fallback_reason().is_some());
        assert_eq!(
            output(&shadow, "cat main link conf.d/a"),
            "mainstaged-a,staged-a,"
        );
    }
}
