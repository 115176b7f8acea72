//! Template options for destination files and for failures.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::support::ctmpl::{Ctmpl, Ended, Folder, command, run_command};
use crate::support::mount::Mount;
use consul_dev::{Background, Seed};

fn consul() -> Background {
    crate::support::embedded(Seed::default().key("a", "1").key("n", "5"))
}

/// Returns a daemon's command in the folder with this configuration.
fn with(folder: &Folder, consul: &Background, configuration: &str, flags: &[&str]) -> Command {
    folder.write("ct.hcl", configuration);
    let mut command = command();
    command
        .current_dir(folder.path("."))
        .args(["--config=ct.hcl", "--log-level=info"])
        .args(flags);
    command.arg(format!("--consul-addr={}", consul.address()));
    command
}

fn once(folder: &Folder, consul: &Background, configuration: &str) -> Ended {
    run_command(with(
        folder,
        consul,
        configuration,
        &["--once", "--timeout=10s"],
    ))
}

/// Returns a template that prints the key `a`.
fn of_key(more: &str) -> String {
    format!(
        "template {{\n contents = \"{{{{ key \\\"a\\\" }}}}\"\n destination = \"out\"\n {more}\n}}\n"
    )
}

#[test]
fn a_mount_point_is_written_in_place_with_one_warning() {
    let (folder, consul) = (Folder::new(), consul());
    let (outside, out) = (
        folder.write("outside", "old, and longer"),
        folder.write("out", ""),
    );
    let Some(_mount) = Mount::of_file(&outside, &out) else {
        return;
    };
    let mut ctmpl = Ctmpl::spawn(with(&folder, &consul, &of_key("backup = true"), &[]));
    folder.becomes("outside", "1");
    consul.put_key("a", "2");
    folder.becomes("outside", "2");
    consul.put_key("a", "3");
    folder.becomes("out", "3");
    assert_eq!(folder.read("out.bak"), "2");
    assert_eq!(
        ctmpl.log_count("out: written in place, because it is a mount point"),
        1,
        "{}",
        ctmpl.log()
    );
    assert!(ctmpl.is_running());
    ctmpl.stop();
    assert_eq!(hidden_files(&folder), 0, "no temporary file is left");
}

/// The number of temporary files of `out`.
fn hidden_files(folder: &Folder) -> usize {
    let names = fs::read_dir(folder.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_string_lossy().starts_with(".out"))
        .count()
}

#[test]
fn the_write_mode_decides_about_a_mount_point() {
    let (folder, consul) = (Folder::new(), consul());
    let (outside, out) = (folder.write("outside", "3"), folder.write("out", ""));
    let Some(_mount) = Mount::of_file(&outside, &out) else {
        return;
    };
    consul.put_key("a", "4");
    let ended = once(&folder, &consul, &of_key("write = \"rename\""));
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
    assert!(
        ended.log.contains("a mount point cannot be replaced")
            && ended.log.contains("write = \"inplace\""),
        "{}",
        ended.log
    );
    assert_eq!(folder.read("out"), "3");
    let ended = once(
        &folder,
        &consul,
        &format!("write = \"inplace\"\n{}", of_key("")),
    );
    assert_eq!(
        (ended.code(), folder.read("outside").as_str()),
        (Some(0), "4"),
        "{}",
        ended.log
    );
    assert!(
        !ended.log.contains("in place"),
        "no warning where it is configured: {}",
        ended.log
    );
    consul.put_key("a", "5");
    let flags = ["--once", "--timeout=10s", "-write=inplace"];
    let ended = run_command(with(&folder, &consul, &of_key(""), &flags));
    assert_eq!(
        (ended.code(), folder.read("outside").as_str()),
        (Some(0), "5"),
        "{}",
        ended.log
    );
    assert!(
        !ended.log.contains("in place"),
        "no warning with the flag: {}",
        ended.log
    );
    assert_eq!(hidden_files(&folder), 0, "no temporary file is left");
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn a_file_in_a_directory_of_another_user_is_written_in_place() {
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("skipped: only root can become another user");
        return;
    }
    let (folder, consul) = (Folder::new(), consul());
    fs::set_permissions(folder.path("."), fs::Permissions::from_mode(0o755)).unwrap();
    let out = folder.write("out", "old");
    std::os::unix::fs::chown(&out, Some(65_534), Some(65_534)).unwrap();
    let inode = fs::metadata(&out).unwrap().ino();
    // The other user may not be able to enter the directory of the binary.
    let program = folder.path("ctmpl");
    // A separate process copies it; see `Folder::program`.
    let mut copy = Command::new("cp");
    copy.args([Path::new(env!("CARGO_BIN_EXE_ctmpl")), &program]);
    assert!(copy.status().unwrap().success());
    let as_nobody = |mode: &str| {
        let inner = with(
            &folder,
            &consul,
            &of_key(&format!("write = \"{mode}\"")),
            &["--once", "--timeout=10s"],
        );
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(inner.get_args());
        command.current_dir(folder.path("."));
        run_command(command)
    };
    let ended = as_nobody("rename");
    assert_eq!(
        (ended.code(), folder.read("out").as_str()),
        (Some(14), "old"),
        "{}",
        ended.log
    );
    let ended = as_nobody("auto");
    assert_eq!(
        (ended.code(), folder.read("out").as_str()),
        (Some(0), "1"),
        "{}",
        ended.log
    );
    assert!(
        ended.log.contains("its directory is not writable"),
        "{}",
        ended.log
    );
    assert_eq!(fs::metadata(&out).unwrap().ino(), inode);
}

/// Returns a template that fails if `n` is not a number, and one that never fails.
fn failing(more: &str) -> String {
    format!(
        "template {{\n contents = \"{{{{ key \\\"n\\\" | parseInt }}}}\"\n destination = \"failing\"\n {more}\n}}\n{}",
        of_key("")
    )
}

#[test]
fn a_failing_template_ends_the_daemon_only_with_error_fatal() {
    for (top, own, flags, ends) in [
        ("", "", &[][..], false),
        ("", "error_fatal = false", &[], false),
        (
            "template_error_fatal = true\n",
            "error_fatal = false",
            &[],
            false,
        ),
        ("", "error_fatal = true", &[], true),
        ("template_error_fatal = true\n", "", &[], true),
        ("", "error_fatal = false", &["-template-error-fatal"], true),
        (
            "template_error_fatal = true\n",
            "error_fatal = true",
            &["--template-error-fatal=false"],
            false,
        ),
    ] {
        let (folder, consul) = (Folder::new(), consul());
        let mut ctmpl = Ctmpl::spawn(with(
            &folder,
            &consul,
            &format!("{top}{}", failing(own)),
            flags,
        ));
        folder.becomes("failing", "5");
        folder.becomes("out", "1");
        consul.put_key("n", "none");
        if ends {
            let ended = ctmpl.ends();
            assert_eq!(ended.code(), Some(14), "{top}{own}{flags:?}: {}", ended.log);
            assert!(ended.log.contains("error_fatal is true"), "{}", ended.log);
        } else {
            ctmpl.logs("parseInt");
            consul.put_key("a", "2");
            folder.becomes("out", "2");
            assert!(ctmpl.is_running(), "{top}{own}{flags:?}");
        }
        assert_eq!(folder.read("failing"), "5");
    }
}

#[test]
fn a_failing_template_fails_once_unless_error_fatal_is_false() {
    for (own, code) in [
        ("", 14),
        ("error_fatal = true", 14),
        ("error_fatal = false", 0),
    ] {
        let (folder, consul) = (Folder::new(), consul());
        consul.put_key("n", "none");
        let ended = once(&folder, &consul, &failing(own));
        assert_eq!(ended.code(), Some(code), "{own}: {}", ended.log);
        assert!(ended.log.contains("parseInt"), "{}", ended.log);
        assert_eq!(
            (folder.read("failing").as_str(), folder.read("out").as_str()),
            ("", "1")
        );
    }
}

#[test]
fn a_failed_write_counts_as_a_failed_template() {
    let (folder, consul) = (Folder::new(), consul());
    fs::create_dir(folder.path("out")).unwrap();
    assert_eq!(
        once(&folder, &consul, &of_key("error_fatal = false")).code(),
        Some(0)
    );
    let ended = Ctmpl::spawn(with(&folder, &consul, &of_key("error_fatal = true"), &[])).ends();
    assert_eq!(ended.code(), Some(14), "{}", ended.log);
}

#[test]
fn a_failed_lookup_ends_the_daemon_with_err_on_failed_lookup() {
    let (folder, consul) = (Folder::new(), consul());
    let configuration = "err_on_failed_lookup = true\n\
        template {\n contents = \"{{ key \\\"nope\\\" }}\"\n destination = \"nope\"\n}\n";
    for flags in [&["--once", "--timeout=0"][..], &[]] {
        let ended = Ctmpl::spawn(with(&folder, &consul, configuration, flags)).ends();
        assert_eq!(ended.code(), Some(14), "{flags:?}: {}", ended.log);
        assert!(
            ended.log.contains("nope") && ended.log.contains("the key does not exist"),
            "{}",
            ended.log
        );
        assert!(ended.log.contains("err_on_failed_lookup"), "{}", ended.log);
    }
    let found = configuration.replace("\\\"nope\\\"", "\\\"a\\\"");
    let ended = once(&folder, &consul, &found);
    assert_eq!(
        (ended.code(), folder.read("nope").as_str()),
        (Some(0), "1"),
        "{}",
        ended.log
    );
}

#[test]
fn a_denied_function_is_an_error_that_names_the_denylist() {
    let (folder, consul) = (Folder::new(), consul());
    for key in ["function_denylist", "function_blacklist"] {
        let ended = once(&folder, &consul, &of_key(&format!("{key} = [\"ke*\"]")));
        assert_eq!(ended.code(), Some(14), "{}", ended.log);
        assert!(
            ended.log.contains("key") && ended.log.contains("function_denylist has \"ke*\""),
            "{}",
            ended.log
        );
    }
}

#[test]
fn a_disabled_command_does_not_run() {
    let (folder, consul) = (Folder::new(), consul());
    for (enabled, ran) in [(false, false), (true, true)] {
        let _ = fs::remove_file(folder.path("out"));
        let more = format!(
            "command = \"touch ran old\"\n exec {{ enabled = {enabled} command = \"touch ran\" }}"
        );
        assert_eq!(once(&folder, &consul, &of_key(&more)).code(), Some(0));
        assert_eq!(
            (folder.read("out").as_str(), folder.path("ran").exists()),
            ("1", ran)
        );
    }
}
