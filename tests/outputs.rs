//! `writeToFile`: it requires permission, writes together with the template's own file, and never
//! from an incomplete rendering.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use consul_dev::Seed;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, daemon, run};
use crate::support::embedded;

fn once(folder: &Folder, consul: &consul_dev::Background, more: &[&str]) -> Ended {
    let mut args = vec![
        "-once".to_owned(),
        format!("--consul-addr={}", consul.address()),
        "--timeout=10s".to_owned(),
    ];
    args.extend(["--template".to_owned(), folder.template("in", "out", "")]);
    args.extend(more.iter().map(|word| (*word).to_owned()));
    run(args)
}

/// Creates a template that writes the key `side` to a file with these flags. Returns its argument.
fn template(folder: &Folder, name: &str, flags: &str) -> String {
    let side = folder.path(name);
    format!(
        "{{{{ key \"a\" }}}}{{{{ key \"side\" | writeToFile \"{}\" \"\" \"\" \"0640\" \"{flags}\" }}}}",
        side.display()
    )
}

#[test]
fn without_permission_nothing_is_written() {
    let consul = embedded(Seed::default().key("a", "1").key("side", "2"));
    let folder = Folder::new();
    folder.write("in", &template(&folder, "side", ""));
    let ended = once(&folder, &consul, &["--allow=plugin"]);
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended
            .log
            .contains("function \"writeToFile\" is not allowed"),
        "{}",
        ended.log
    );
    assert!(!folder.path("side").exists() && !folder.path("out").exists());
}

#[test]
fn outputs_are_written_with_the_template_and_appended_once() {
    let consul = embedded(Seed::default().key("side", "1"));
    let folder = Folder::new();
    let (side, log) = (
        template(&folder, "deep/side", ""),
        template(&folder, "log", "append,newline"),
    );
    folder.write("in", &format!("{side}{log}"));
    let line = folder.template(
        "in",
        "out",
        &format!("echo x >>{}", folder.path("runs").display()),
    );
    let ctmpl = Ctmpl::start(
        consul.address(),
        ["--allow=writeToFile", "--template", &line],
    );
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        !folder.path("deep").exists() && !folder.path("log").exists(),
        "a key is still missing"
    );
    consul.put_key("a", "x");
    folder.becomes("out", "xx");
    assert_eq!(
        (folder.read("deep/side"), folder.read("log")),
        ("1".into(), "1\n".into())
    );
    assert_eq!(
        fs::metadata(folder.path("deep/side"))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777,
        0o640
    );
    folder.becomes("runs", "x\n");
    // Only the additional file changes.
    consul.put_key("side", "2");
    folder.becomes("deep/side", "2");
    folder.becomes("log", "1\n2\n");
    folder.becomes("runs", "x\nx\n");
    // A reload without any change.
    ctmpl.signal(nix::sys::signal::Signal::SIGHUP);
    folder.stays("log", "1\n2\n", Duration::from_millis(400));
    assert_eq!(ctmpl.stop().code(), Some(12));
    let ended = once(&folder, &consul, &["--allow=writeToFile"]);
    assert_eq!(
        (ended.code(), folder.read("log")),
        (Some(0), "1\n2\n".into()),
        "nothing is new for another process"
    );
}

#[test]
fn a_link_is_refused_and_no_log_shows_the_content() {
    let consul = embedded(Seed::default().key("a", "1").key("side", "s3cret"));
    let folder = Folder::new();
    folder.write("target", "old");
    symlink("target", folder.path("side")).unwrap();
    folder.write("in", &template(&folder, "side", ""));
    let ended = once(
        &folder,
        &consul,
        &["--allow=writeToFile", "--log-level=trace"],
    );
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("side: it is a symlink") && !ended.log.contains("s3cret"),
        "{}",
        ended.log
    );
    assert_eq!(folder.read("target"), "old");
    assert!(!folder.path("out").exists());
    fs::remove_file(folder.path("side")).unwrap();
    let ended = once(
        &folder,
        &consul,
        &["--allow=writeToFile", "--log-level=trace"],
    );
    assert!(
        ended.code() == Some(0) && !ended.log.contains("s3cret"),
        "{}",
        ended.log
    );
    assert_eq!(
        (folder.read("side"), folder.read("out")),
        ("s3cret".into(), "1".into())
    );
}

#[test]
fn a_dry_run_prints_outputs_and_writes_nothing() {
    let consul = embedded(Seed::default().key("a", "1\n").key("side", "2"));
    let folder = Folder::new();
    let (side, log) = (
        template(&folder, "deep/side", "newline"),
        template(&folder, "log", "append"),
    );
    folder.write("in", &format!("{side}{log}"));
    let ended = once(&folder, &consul, &["--allow=writeToFile", "-dry"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    let [out, side, log] =
        ["out", "deep/side", "log"].map(|name| folder.path(name).display().to_string());
    assert_eq!(
        ended.output,
        format!("> {out}\n1\n1\n> {side}\n2\n>> {log}\n2")
    );
    assert!(
        !folder.path("out").exists()
            && !folder.path("deep").exists()
            && !folder.path("log").exists()
    );
}

#[test]
fn a_crash_after_only_an_output_has_changed_does_not_forget_the_command() {
    for point in ["swapped", "swap-recorded"] {
        let consul = embedded(Seed::default().key("side", "1"));
        let folder = Folder::new();
        let (side, runs) = (folder.path("side"), folder.path("runs"));
        let (side, runs) = (side.display(), runs.display());
        let configuration = format!(
            r#"
allow = ["writeToFile"]
template {{
  contents    = "constant{{{{ key \"side\" | writeToFile \"{side}\" \"\" \"\" \"0640\" }}}}"
  destination = "{out}"
  command     = "cat {side} >>{runs}; echo >>{runs}"
}}
"#,
            out = folder.path("out").display(),
        );
        folder.write("ctmpl.hcl", &configuration);
        let start = |point: Option<&str>| {
            let mut daemon = daemon(&folder, consul.address());
            daemon.envs(point.map(|point| ("CTMPL_FAULT_POINT", point)));
            Ctmpl::spawn(daemon)
        };
        let ctmpl = start(None);
        folder.becomes("runs", "1\n");
        ctmpl.logs("succeeded after");
        assert_eq!(ctmpl.stop().code(), Some(12));
        consul.put_key("side", "2");
        assert_eq!(start(Some(point)).ends().code(), None, "{point}");
        assert_eq!(
            (folder.read("side"), folder.read("runs")),
            ("2".into(), "1\n".into())
        );
        let ctmpl = start(None);
        folder.becomes("runs", "1\n2\n");
        ctmpl.logs("succeeded after");
        assert_eq!(ctmpl.stop().code(), Some(12));
        let ctmpl = start(None);
        ctmpl.logs("is unchanged in");
        folder.stays("runs", "1\n2\n", Duration::from_millis(1200));
        assert_eq!(ctmpl.stop().code(), Some(12));
    }
}
