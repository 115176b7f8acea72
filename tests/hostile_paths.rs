//! Paths that an attacker influences: names from Consul with `..`, and links and files that another
//! user has put into a directory such as `/tmp`.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};

use consul_dev::Seed;
use nix::unistd::Uid;

use crate::support::ctmpl::{Ended, Folder, run, text};
use crate::support::embedded;

/// The user `nobody`.
const OTHER: u32 = 65_534;

fn once(folder: &Folder, seed: Seed, more: &[&str]) -> Ended {
    let consul = embedded(seed);
    let mut args = vec![
        "-once".to_owned(),
        format!("--consul-addr={}", consul.address()),
        "--timeout=10s".to_owned(),
    ];
    args.extend(more.iter().map(|word| (*word).to_owned()));
    let ended = run(args);
    assert!(!folder.path("escaped").exists(), "{}", ended.log);
    ended
}

#[test]
fn a_key_cannot_lead_write_to_file_out_of_its_directory() {
    let write = |folder: &Folder| {
        let directory = text(&folder.path("box/certs"));
        folder.write(
            "in",
            &format!(
                "{{{{ range tree \"certs\" }}}}{{{{ .Value | writeToFile (print \"{directory}/\" .Key) \"\" \"\" \"0600\" }}}}{{{{ end }}}}"
            ),
        );
        folder.write("other", "other");
    };
    for sandboxed in [false, true] {
        for key in ["../../escaped", "../escaped", "a/../../../escaped"] {
            let folder = Folder::new();
            fs::create_dir_all(folder.path("box/certs/a")).unwrap();
            write(&folder);
            let seed = Seed::default().key(&format!("certs/{key}"), "s3cret");
            let template = folder.template("in", "out", "");
            let other = folder.template("other", "other.out", "");
            let mut flags = vec!["--allow=writeToFile", "--template", &template];
            flags.extend(["--template", &other]);
            let sandbox = format!("--sandbox-path={}", text(&folder.path("box")));
            if sandboxed {
                flags.push(&sandbox);
            }
            let ended = once(&folder, seed, &flags);
            assert_eq!(ended.code(), Some(14), "{key}: {}", ended.log);
            assert!(
                ended.log.contains("its path contains .."),
                "{key}: {}",
                ended.log
            );
            assert!(!ended.log.contains("s3cret"), "{}", ended.log);
            assert!(!folder.path("box/escaped").exists() && !folder.path("out").exists());
            assert_eq!(folder.read("other.out"), "other");
        }
    }
    // Names with dots that stay in the directory.
    let folder = Folder::new();
    write(&folder);
    let seed = Seed::default()
        .key("certs/a..b", "1")
        .key("certs/sub/.c", "2");
    let template = folder.template("in", "out", "");
    let ended = once(
        &folder,
        seed,
        &["--allow=writeToFile", "--template", &template],
    );
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(folder.read("box/certs/a..b"), "1");
    assert_eq!(folder.read("box/certs/sub/.c"), "2");
}

/// A folder with the directory `open` that all users may write; `None` without root.
fn sticky() -> Option<Folder> {
    if !Uid::effective().is_root() {
        return None;
    }
    let folder = Folder::new();
    fs::create_dir(folder.path("open")).unwrap();
    fs::set_permissions(folder.path("open"), Permissions::from_mode(0o1777)).unwrap();
    folder.write("in", "new");
    Some(folder)
}

#[test]
fn a_link_of_another_user_does_not_redirect_a_write() {
    let Some(folder) = sticky() else { return };
    folder.write("victim", "victim");
    symlink("../victim", folder.path("open/out")).unwrap();
    lchown(folder.path("open/out"), Some(OTHER), None).unwrap();
    let template = folder.template("in", "open/out", "");
    let ended = once(&folder, Seed::default(), &["--template", &template]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("cannot follow the link"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains("name the file that it leads to"),
        "{}",
        ended.log
    );
    assert_eq!(folder.read("victim"), "victim");
    // The own link is followed.
    lchown(folder.path("open/out"), Some(0), None).unwrap();
    let ended = once(&folder, Seed::default(), &["--template", &template]);
    assert_eq!(
        (ended.code(), folder.read("victim").as_str()),
        (Some(0), "new")
    );
}

#[test]
fn a_file_of_another_user_does_not_get_the_content() {
    let Some(folder) = sticky() else { return };
    let out = folder.write("open/out", "old");
    chown(&out, Some(OTHER), None).unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o666)).unwrap();
    let template = folder.template("in", "open/out", "");
    let ended = once(&folder, Seed::default(), &["--template", &template]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert!(
        ended.log.contains("to keep the owner, set user"),
        "{}",
        ended.log
    );
    let metadata = fs::metadata(&out).unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o7777), (0, 0o644));
    let again = once(&folder, Seed::default(), &["--template", &template]);
    assert!(!again.log.contains("to keep the owner"), "{}", again.log);
}
