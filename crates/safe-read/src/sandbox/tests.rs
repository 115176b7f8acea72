use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::unistd::mkfifo;
use tempfile::TempDir;

use super::*;

/// The directory `box/` with files and links in it, and the file `outside` beside it.
fn fixture() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir_all(at("box/deep")).unwrap();
    fs::create_dir(at("box-too")).unwrap();
    for name in ["box/in", "box/deep/in"] {
        fs::write(at(name), "inside").unwrap();
    }
    for name in ["outside", "box-too/outside"] {
        fs::write(at(name), "s3cret").unwrap();
    }
    for (target, link) in [
        ("in", "box/relative"),
        ("deep/../deep/in", "box/winding"),
        ("../outside", "box/leaves"),
        ("..", "box/up"),
        ("box/in", "enters"),
        ("nowhere", "box/dangling"),
        ("loop", "box/loop"),
    ] {
        symlink(target, at(link)).unwrap();
    }
    symlink(at("box/deep"), at("box/absolute")).unwrap();
    symlink(at("outside"), at("box/leaves-absolutely")).unwrap();
    symlink(at("box"), at("other-way")).unwrap();
    directory
}

fn read(path: &Path, sandbox: &Path) -> io::Result<String> {
    let mut text = String::new();
    let sandbox = Sandbox {
        directory: sandbox,
        setting: "--sandbox-path",
    };
    sandbox.open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn files_inside_are_read_by_any_path() {
    let directory = fixture();
    let names = [
        "box/in",
        "box/deep/in",
        "box/./deep/../in",
        "box/relative",
        "box/winding",
        "box/absolute/in",
        "box/up/box/in",
        "enters",
        "other-way/in",
        "box-too/../box/in",
    ];
    for name in names {
        for sandbox in ["box", "other-way", "box/deep/.."] {
            let text = read(
                &directory.path().join(name),
                &directory.path().join(sandbox),
            );
            assert_eq!(
                text.unwrap_or_else(|error| panic!("{name} in {sandbox}: {error}")),
                "inside"
            );
        }
    }
}

#[test]
fn files_outside_are_refused_by_any_path() {
    let directory = fixture();
    let sandbox = directory.path().join("box");
    let names = [
        "outside",
        "box/../outside",
        "box/leaves",
        "box/leaves-absolutely",
        "box/up/outside",
        "box/up",
        "box-too/outside",
        "nowhere",
        "box-too/nowhere/at/all",
        "/etc/passwd",
        "/",
        "/proc/self/root/etc/passwd",
        "Cargo.toml",
    ];
    for name in names {
        let path = if name == "Cargo.toml" {
            name.into()
        } else {
            directory.path().join(name)
        };
        let error = read(&path, &sandbox).expect_err(name);
        assert_eq!(
            error.kind(),
            io::ErrorKind::PermissionDenied,
            "{name}: {error}"
        );
        let wanted = format!("outside the sandbox {}; move it there", sandbox.display());
        assert!(error.to_string().contains(&wanted), "{name}: {error}");
    }
}

#[test]
fn a_relative_path_is_relative_to_the_working_directory() {
    let here = std::env::current_dir().unwrap();
    for sandbox in [Path::new("src"), &here.join("src")] {
        assert!(
            read(Path::new("src/lib.rs"), sandbox)
                .unwrap()
                .contains("pub fn read")
        );
        assert!(read(Path::new("lib.rs"), sandbox).is_err());
    }
}

#[test]
fn missing_and_special_files_have_other_errors_than_files_outside() {
    let directory = fixture();
    let at = |name: &str| directory.path().join(name);
    mkfifo(&at("box/pipe"), Mode::S_IRWXU).unwrap();
    for (name, wanted) in [
        ("box/nothing", "No such file"),
        ("box/nothing/at/all", "No such file"),
        ("box/dangling", "No such file"),
        ("box/in/file", "Not a directory"),
        ("box/loop", "Too many levels"),
        ("box/pipe", "named pipe"),
        ("box", "Is a directory"),
        ("box/deep", "Is a directory"),
    ] {
        let error = read(&at(name), &at("box")).expect_err(name);
        assert!(error.to_string().contains(wanted), "{name}: {error}");
    }
    let error = read(&at("box/in"), &at("none")).unwrap_err().to_string();
    assert!(
        error.contains("cannot open the sandbox") && error.contains("none"),
        "{error}"
    );
}

#[test]
fn a_link_that_changes_before_the_file_is_opened_is_not_followed() {
    type Open = fn(&File, &Path) -> nix::Result<OwnedFd>;
    let ways: [(&str, Open); 2] = [
        ("in one call", resolve_beneath),
        ("step by step", walk_beneath),
    ];
    for (how, open) in ways {
        for target in ["../outside", "ABSOLUTE"] {
            let folder = fixture();
            let at = |name: &str| folder.path().join(name);
            let root = at("box").canonicalize().unwrap();
            let directory = open_directory(&root).unwrap();
            let found = resolve(&at("box/in"), &root).unwrap().unwrap();
            assert!(open(&directory, &found).is_ok(), "{how}");
            fs::remove_file(at("box/in")).unwrap();
            let target = if target == "ABSOLUTE" {
                at("outside")
            } else {
                target.into()
            };
            symlink(target, at("box/in")).unwrap();
            let error = open(&directory, &found).expect_err(how);
            assert!(has_moved(error), "{how}: {error}");
            // The same for a directory on the path.
            let found = resolve(&at("box/deep/in"), &root).unwrap().unwrap();
            fs::remove_dir_all(at("box/deep")).unwrap();
            fs::rename(at("box-too/outside"), at("box-too/in")).unwrap();
            symlink("../box-too", at("box/deep")).unwrap();
            assert!(open(&directory, &found).is_err_and(has_moved), "{how}");
            assert!(
                open(&directory, Path::new("../outside")).is_err_and(has_moved),
                "{how}"
            );
        }
    }
}

#[test]
fn a_link_that_changes_constantly_never_leads_outside() {
    let directory = fixture();
    let at = |name: &str| directory.path().join(name);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for target in ["in", "../outside"].into_iter().cycle() {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                symlink(target, at("box/next")).unwrap();
                fs::rename(at("box/next"), at("box/switched")).unwrap();
            }
        });
        let (mut texts, begun) = (Vec::new(), std::time::Instant::now());
        // On a busy machine, the other thread may hardly have run yet.
        for round in 0.. {
            texts.extend(read(&at("box/switched"), &at("box")).ok());
            if round >= 3_000 && !texts.is_empty()
                || begun.elapsed() > std::time::Duration::from_secs(20)
            {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(!texts.is_empty() && texts.iter().all(|text| text == "inside"));
    });
}
