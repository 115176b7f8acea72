//! `--sandbox-path`: templates can read only files inside of it, and symbolic links do not lead
//! outside.

use std::fs;
use std::os::unix::fs::symlink;

use consul_dev::Seed;

use crate::support::ctmpl::{Ctmpl, Folder, run, text};
use crate::support::embedded;

/// Creates `box/` with a file and a link that leads outside, and a file that must not be read.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("box/part", "one");
    folder.write("secret", "s3cret");
    symlink("../secret", folder.path("box/link")).unwrap();
    folder
}

fn once(folder: &Folder, template: &str, more: &[&str]) -> crate::support::ctmpl::Ended {
    let consul = embedded(Seed::default());
    let mut args = vec![
        "-once".to_owned(),
        format!("--consul-addr={}", consul.address()),
        "--timeout=10s".to_owned(),
    ];
    args.extend([
        "--template".to_owned(),
        folder.template(template, "out", ""),
    ]);
    args.extend(more.iter().map(|word| (*word).to_owned()));
    run(args)
}

#[test]
fn a_file_in_the_sandbox_is_read_and_followed() {
    let folder = folder();
    let consul = embedded(Seed::default());
    folder.write(
        "in",
        &format!("{{{{ file \"{}\" }}}}", folder.path("box/part").display()),
    );
    let (template, sandbox) = (folder.template("in", "out", ""), text(&folder.path("box")));
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["--template", &template, "-sandbox-path", &sandbox],
    );
    folder.becomes("out", "one");
    folder.write("box/part", "two");
    folder.becomes("out", "two");
    // A link that leads outside is not read, and the destination is kept.
    symlink("../secret", folder.path("box/next")).unwrap();
    fs::rename(folder.path("box/next"), folder.path("box/part")).unwrap();
    ctmpl.logs("outside the sandbox");
    assert_eq!(folder.read("out"), "two");
    fs::remove_file(folder.path("box/part")).unwrap();
    folder.write("box/part", "three");
    folder.becomes("out", "three");
    let ended = ctmpl.stop();
    assert!(
        ended.code() == Some(12) && !ended.log.contains("s3cret"),
        "{}",
        ended.log
    );
}

#[test]
fn a_file_outside_the_sandbox_is_an_error_with_a_remedy() {
    let folder = folder();
    let sandbox = format!("--sandbox-path={}", folder.path("box").display());
    for name in ["box/link", "box/../secret", "secret"] {
        let path = text(&folder.path(name));
        folder.write("in", &format!("{{{{ file \"{path}\" }}}}"));
        let ended = once(&folder, "in", &[&sandbox]);
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        for said in [
            &format!("cannot read {path}: it is outside the sandbox"),
            "change --sandbox-path",
        ] {
            assert!(ended.log.contains(said), "{}", ended.log);
        }
        assert!(
            !ended.log.contains("s3cret") && !folder.path("out").exists(),
            "{}",
            ended.log
        );
        // The file itself is readable.
        assert_eq!(once(&folder, "in", &[]).code(), Some(0));
        assert_eq!(folder.read("out"), "s3cret");
        fs::remove_file(folder.path("out")).unwrap();
    }
}

#[test]
fn includes_are_confined_to_the_sandbox() {
    let folder = folder();
    let sandbox = format!("--sandbox-path={}", folder.path("box").display());
    folder.write("box/in.j2", "<{% include 'part' %}>");
    assert_eq!(once(&folder, "box/in.j2", &[&sandbox]).code(), Some(0));
    assert_eq!(folder.read("out"), "<one>");
    fs::remove_file(folder.path("out")).unwrap();
    for (name, include) in [
        ("box/in.j2", "{% include 'link' %}"),
        ("box/in.j2", "{% include 'li' ~ 'nk' %}"),
        ("box/in.j2", "{% extends 'link' %}"),
        ("box/in.j2", "{% import 'link' as x %}"),
        ("in.j2", "{% include 'secret' %}"),
    ] {
        folder.write(name, include);
        let ended = once(&folder, name, &[&sandbox]);
        assert_eq!(ended.code(), Some(14), "{include}: {}", ended.log);
        assert!(
            ended.log.contains("outside the sandbox") && !ended.log.contains("s3cret"),
            "{}",
            ended.log
        );
        assert!(!folder.path("out").exists());
    }
}
