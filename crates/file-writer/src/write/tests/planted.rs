//! Tests of files and links that another user has put into a directory such as `/tmp`. They need
//! root, which can replace them.

use std::error::Error as _;
use std::os::unix::fs::{chown, lchown};

use super::attributes::put_as;
use super::*;
use crate::additional::Additional;
use crate::options::Owner;

const OTHER: u32 = 65_534;

/// A directory like `/tmp`; `None` without root.
fn sticky() -> Option<TempDir> {
    if !Uid::effective().is_root() {
        return None;
    }
    let directory = temporary_directory();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o1777)).unwrap();
    Some(directory)
}

fn plant(path: &Path, content: &str, mode: u32) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    chown(path, Some(OTHER), Some(OTHER)).unwrap();
}

fn attributes(path: &Path) -> (u32, u32, u32) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
}

#[test]
fn the_new_file_does_not_belong_to_the_other_user() {
    let Some(directory) = sticky() else { return };
    let out = directory.path().join("out");
    for (content, old_mode, new_mode) in [
        ("other", 0o666, 0o644),
        ("new", 0o666, 0o644),
        ("other", 0o600, 0o600),
        ("other", 0o4777, 0o644),
    ] {
        plant(&out, content, old_mode);
        assert!(put_as(&out, b"new", &FileOptions::default()).unwrap());
        assert_eq!(attributes(&out), (0, 0, new_mode), "{content} {old_mode:o}");
        assert!(!put_as(&out, b"new", &FileOptions::default()).unwrap());
    }
    plant(&out, "other", 0o666);
    let secret = FileOptions {
        mode: Some(0o600),
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"new", &secret).unwrap());
    assert_eq!(attributes(&out), (0, 0, 0o600));
}

#[test]
fn a_configured_owner_is_kept() {
    let Some(directory) = sticky() else { return };
    let out = directory.path().join("out");
    plant(&out, "old", 0o640);
    let named = FileOptions {
        user: Some(Owner::Id(OTHER)),
        ..FileOptions::default()
    };
    assert!(put_as(&out, b"new", &named).unwrap());
    assert_eq!(attributes(&out), (OTHER, OTHER, 0o640));
    assert!(!put_as(&out, b"new", &named).unwrap());
}

#[test]
fn in_other_directories_the_owner_is_kept() {
    let Some(directory) = sticky() else { return };
    let out = directory.path().join("out");
    for mode in [0o755, 0o777, 0o1775] {
        plant(&out, "old", 0o666);
        fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
        assert!(put_as(&out, b"new", &FileOptions::default()).unwrap());
        assert_eq!(attributes(&out), (OTHER, OTHER, 0o666));
    }
}

#[test]
fn nothing_is_written_into_a_file_of_the_other_user() {
    let Some(directory) = sticky() else { return };
    let out = directory.path().join("out");
    plant(&out, "old", 0o666);
    let in_place = FileOptions {
        write: WriteMode::InPlace,
        ..FileOptions::default()
    };
    let error = put_as(&out, b"new", &in_place).unwrap_err();
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("remove it first"),
        "{error:?}"
    );
    let file = Additional {
        path: out.clone(),
        user: String::new(),
        group: String::new(),
        mode: 0o600,
        function: "write_file",
        append: false,
        content: b"new".to_vec(),
    };
    let destination = directory.path().join("destination");
    let append = Writer::new("ctmpl").stage_append(&destination, file);
    let error = append.unwrap().run(false).unwrap_err();
    assert!(error.to_string().starts_with("cannot append to"), "{error}");
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["out"]);
}

#[test]
fn a_link_of_the_other_user_is_not_followed() {
    let Some(directory) = sticky() else { return };
    let outside = temporary_directory();
    let victim = outside.path().join("victim");
    fs::write(&victim, "victim").unwrap();
    let [link, folder] = ["link", "folder"].map(|name| directory.path().join(name));
    symlink(&victim, &link).unwrap();
    symlink(outside.path(), &folder).unwrap();
    for own in [false, true] {
        for path in [&link, &folder] {
            lchown(path, Some(if own { 0 } else { OTHER }), None).unwrap();
        }
        for path in [&link, &folder.join("victim"), &folder.join("new/file")] {
            let result = put_as(path, b"new", &FileOptions::default());
            assert_eq!(result.is_ok(), own, "{}: {result:?}", path.display());
            if let Err(error) = result {
                let reason = error.source().unwrap().to_string();
                assert!(reason.contains("belongs to user 65534"), "{reason}");
            }
        }
        assert_eq!(fs::read(&victim).unwrap() == b"victim", !own);
        assert_eq!(outside.path().join("new").exists(), own);
    }
}

#[test]
fn a_directory_of_the_other_user_is_not_trusted_either() {
    let Some(directory) = sticky() else { return };
    let outside = temporary_directory();
    let victim = outside.path().join("victim");
    fs::write(&victim, "victim").unwrap();
    let folder = directory.path().join("folder");
    fs::create_dir_all(folder.join("sub")).unwrap();
    chown(&folder, Some(OTHER), None).unwrap();
    let (out, link) = (folder.join("sub/out"), folder.join("sub/link"));
    symlink(&victim, &link).unwrap();
    lchown(&link, Some(OTHER), None).unwrap();
    let error = put_as(&link, b"new", &FileOptions::default()).unwrap_err();
    let reason = error.source().unwrap().to_string();
    assert!(reason.contains("another user has created"), "{reason}");
    assert_eq!(fs::read(&victim).unwrap(), b"victim");
    plant(&out, "old", 0o666);
    assert!(put_as(&out, b"new", &FileOptions::default()).unwrap());
    assert_eq!(attributes(&out), (0, 0, 0o644));

    // The directory of a service, with its own files and links.
    chown(&folder, Some(0), None).unwrap();
    chown(folder.join("sub"), Some(OTHER), None).unwrap();
    plant(&out, "old", 0o640);
    assert!(put_as(&out, b"new", &FileOptions::default()).unwrap());
    assert_eq!(attributes(&out), (OTHER, OTHER, 0o640));
    assert!(put_as(&link, b"new", &FileOptions::default()).unwrap());
    assert_eq!(fs::read(&victim).unwrap(), b"new");
}
