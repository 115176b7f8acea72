use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::staged::{StagedFile, TreeFiles};

/// A tree `/…/tree` and a directory for copies.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for name in ["tree/conf.d", "scratch"] {
            fs::create_dir_all(root.path().join(name)).unwrap();
        }
        Self(root)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn tree_files(&self, destinations: &[&str]) -> TreeFiles {
        let files: Vec<_> = destinations
            .iter()
            .map(|name| {
                let path = self.path(name);
                let staged = path.with_file_name(format!(
                    ".{}.new",
                    path.file_name().unwrap().to_str().unwrap()
                ));
                StagedFile {
                    staged,
                    destination: path,
                }
            })
            .collect();
        TreeFiles::find(&self.path("tree"), &files).unwrap()
    }

    fn copy(&self, destinations: &[&str], limits: Limits) -> Result<TreeCopy, CopyError> {
        TreeCopy::create(
            &self.tree_files(destinations),
            &self.path("scratch"),
            "test",
            limits,
        )
    }

    /// Returns the files and links of the tree with their content.
    fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut open = vec![self.path("tree")];
        let mut found = BTreeMap::new();
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    open.push(path);
                } else if metadata.is_symlink() {
                    let target = fs::read_link(&path).unwrap();
                    found.insert(path, target.as_os_str().as_encoded_bytes().to_vec());
                } else {
                    let text = fs::read(&path).unwrap();
                    found.insert(path, text);
                }
            }
        }
        found
    }
}

#[test]
fn staged_files_and_paths_are_replaced_and_other_files_are_links() {
    let scene = Scene::new();
    let tree = scene.text("tree");
    scene.write("tree/main.conf", &format!("include {tree}/conf.d/*;\n"));
    scene.write("tree/key.pem", "secret");
    scene.write("tree/conf.d/a", "old");
    scene.write("tree/conf.d/.a.new", &format!("new {tree}/key.pem"));
    fs::create_dir_all(scene.path("tree/new/dir")).unwrap();
    scene.write("tree/new/dir/.b.new", "b");
    let before = scene.content();

    let copy = scene
        .copy(&["tree/conf.d/a", "tree/new/dir/b"], Limits::default())
        .unwrap();
    let root = copy.root().to_owned();
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
    let shown = root.display();
    assert_eq!(read("main.conf"), format!("include {shown}/conf.d/*;\n"));
    assert_eq!(read("conf.d/a"), format!("new {shown}/key.pem"));
    assert_eq!(read("new/dir/b"), "b");
    assert_eq!(
        fs::read_link(root.join("key.pem")).unwrap(),
        scene.path("tree/key.pem")
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(root.parent().unwrap()), 0o700);
    assert_eq!(mode(&root.join("main.conf")), 0o600);

    drop(copy);
    assert_eq!(fs::read_dir(scene.path("scratch")).unwrap().count(), 0);
    assert_eq!(scene.content(), before);
}

#[test]
fn a_staged_file_in_a_new_directory_is_placed() {
    let scene = Scene::new();
    scene.write("staged", "x");
    let files = [StagedFile {
        staged: scene.path("staged"),
        destination: scene.path("tree/a/b/c"),
    }];
    let tree_files = TreeFiles::find(&scene.path("tree"), &files).unwrap();
    let copy = TreeCopy::create(
        &tree_files,
        &scene.path("scratch"),
        "test",
        Limits::default(),
    )
    .unwrap();
    assert_eq!(fs::read_to_string(copy.root().join("a/b/c")).unwrap(), "x");
    assert!(!scene.path("tree/a").exists());
}

#[test]
fn links_lead_into_the_copy_or_to_their_originals() {
    let scene = Scene::new();
    let tree = scene.text("tree");
    fs::create_dir_all(scene.path("outside/dir")).unwrap();
    scene.write("outside/plain", "plain");
    scene.write("outside/paths", &format!("{tree}/x"));
    scene.write("tree/conf.d/a", "old");
    scene.write("tree/conf.d/.a.new", "new");
    let links = [
        (scene.text("tree/conf.d/a"), "tree/absolute"),
        ("conf.d/a".to_owned(), "tree/relative"),
        ("../tree/conf.d".to_owned(), "tree/directory"),
        ("../outside/plain".to_owned(), "tree/plain"),
        ("../outside/paths".to_owned(), "tree/paths"),
        (scene.text("outside/dir"), "tree/dir"),
        ("nowhere".to_owned(), "tree/dangling"),
        (".".to_owned(), "tree/self"),
    ];
    for (target, name) in &links {
        symlink(target, scene.path(name)).unwrap();
    }
    let copy = scene.copy(&["tree/conf.d/a"], Limits::default()).unwrap();
    let read = |name: &str| fs::read_to_string(copy.root().join(name)).unwrap();
    for name in ["absolute", "relative", "directory/a", "self/self/conf.d/a"] {
        assert_eq!(read(name), "new", "{name}");
    }
    assert_eq!(read("plain"), "plain");
    assert_eq!(read("paths"), format!("{}/x", copy.root().display()));
    let target = |name: &str| fs::canonicalize(copy.root().join(name)).unwrap();
    assert_eq!(target("dir"), scene.path("outside/dir"));
    assert!(fs::symlink_metadata(copy.root().join("dangling")).is_ok());
}

#[test]
fn a_tree_above_the_limits_is_an_error() {
    let scene = Scene::new();
    let tree = scene.text("tree");
    for name in ["a", "b"] {
        scene.write(&format!("tree/{name}"), &format!("{tree}/{name}"));
    }
    let small = |entries, bytes| scene.copy(&[], Limits { entries, bytes });
    assert!(matches!(
        small(2, 1000),
        Err(CopyError::TooManyEntries { .. })
    ));
    assert!(matches!(small(100, 30), Err(CopyError::TooLarge { .. })));
    assert!(small(100, 1000).is_ok());
    assert_eq!(fs::read_dir(scene.path("scratch")).unwrap().count(), 0);
}

#[test]
fn a_binary_file_is_not_searched() {
    let scene = Scene::new();
    let text = format!("\0{}/x{}", scene.text("tree"), " ".repeat(5000));
    scene.write("tree/geo.db", &text);
    let limits = Limits {
        entries: 10,
        bytes: 100,
    };
    let copy = scene.copy(&[], limits).unwrap();
    assert!(
        fs::symlink_metadata(copy.root().join("geo.db"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn only_copies_that_no_process_uses_are_removed() {
    let scene = Scene::new();
    let scratch = scene.path("scratch");
    let used = scene.copy(&[], Limits::default()).unwrap();
    for name in ["test-check-left", "test-other", "other-check-left"] {
        fs::create_dir_all(scratch.join(name).join("tree")).unwrap();
    }
    symlink(scene.path("tree"), scratch.join("test-check-link")).unwrap();
    assert_eq!(remove_leftovers(&scratch, "test"), 1);
    assert!(!scratch.join("test-check-left").exists());
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 4);
    assert!(used.root().exists() && scene.path("tree").exists());
}
