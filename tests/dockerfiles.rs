//! The Dockerfiles. Docker cannot run here, so their instructions are read, and what they name must exist.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::ctmpl::{Ctmpl, Folder, below, command, run_command, text};

/// An instruction with its arguments, for example `USER` and `nginx`.
struct Instruction {
    name: String,
    arguments: String,
}

impl Instruction {
    /// Returns the strings of an argument in the list form, which starts no shell.
    fn list(&self) -> Vec<String> {
        let start = self.arguments.find('[').unwrap();
        serde_json::from_str(&self.arguments[start..]).unwrap()
    }
}

/// Returns the instructions of a file. Comments are left out, continued lines are joined.
fn instructions(path: &Path) -> Vec<Instruction> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let read = |line: &str| {
        let (name, arguments) = line.split_once(' ').unwrap();
        Instruction {
            name: name.to_owned(),
            arguments: arguments.trim().to_owned(),
        }
    };
    joined
        .lines()
        .filter(|line| !line.is_empty())
        .map(read)
        .collect()
}

/// Returns the instructions of each stage, without its `FROM`. Checks the names of images and stages.
fn stages(file: &[Instruction]) -> Vec<Vec<&Instruction>> {
    let mut names = BTreeSet::new();
    let mut stages = Vec::new();
    for instruction in file {
        let words: Vec<_> = instruction.arguments.split(' ').collect();
        if instruction.name == "FROM" {
            assert!(
                words[0] == "ctmpl" || words[0] == "scratch" || words[0].contains(':'),
                "{words:?}"
            );
            assert!(!words[0].contains(['/', '.']), "no registry: {words:?}");
            names.extend(words.get(2).map(|name| (*name).to_owned()));
            stages.push(Vec::new());
        } else if let Some(stage) = instruction.arguments.strip_prefix("--from=") {
            let name = stage.split(' ').next().unwrap();
            assert!(names.contains(name), "no stage {name}");
        }
        if instruction.name != "FROM" {
            stages.last_mut().unwrap().push(instruction);
        }
    }
    stages
}

/// Returns the only instruction with this name.
fn one<'a>(stage: &[&'a Instruction], name: &str) -> &'a Instruction {
    let found: Vec<_> = stage
        .iter()
        .filter(|instruction| instruction.name == name)
        .collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

/// Asserts that what a stage copies and runs exists in the directory of the build.
fn named_files_exist(stage: &[&Instruction], context: &Path) {
    for instruction in stage {
        let words: Vec<_> = instruction.arguments.split([' ', '"', '(', ')']).collect();
        let copied = instruction.name == "COPY" && !words[0].starts_with("--");
        if copied {
            for source in &words[..words.len() - 1] {
                assert!(context.join(source).exists(), "COPY {source}");
            }
        }
        if instruction.name == "RUN" {
            let status = Command::new("sh")
                .args(["-nc", &instruction.arguments])
                .status();
            assert!(status.unwrap().success(), "{}", instruction.arguments);
            for word in words
                .iter()
                .filter(|word| word.starts_with("scripts/") || word.starts_with("packaging/"))
            {
                assert!(context.join(word).exists(), "RUN {word}");
            }
        }
    }
}

/// Asserts that an image runs ctmpl without root, as process 1, with flags that exist.
fn runs_ctmpl(stage: &[&Instruction], in_image: &str, here: &str) {
    let user = &one(stage, "USER").arguments;
    assert!(
        !user.starts_with('0') && !user.starts_with("root"),
        "{user}"
    );
    assert_eq!(one(stage, "STOPSIGNAL").arguments, "SIGTERM");
    let mut line = one(stage, "ENTRYPOINT").list();
    assert!(line.remove(0).ends_with("ctmpl"));
    line.extend(one(stage, "CMD").list());
    let mut config = command();
    config
        .arg("config")
        .args(line.iter().map(|word| word.replace(in_image, here)));
    let output = config.output().unwrap();
    assert!(
        output.status.success(),
        "{line:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs the check of an image, with its environment, before, while and after the daemon runs.
fn its_check_follows_the_daemon(stage: &[&Instruction]) {
    let (name, value) = one(stage, "ENV").arguments.split_once('=').unwrap();
    // The root of a container may be read-only: no socket that needs a directory.
    assert!(value.starts_with("unix:@"), "{value}");
    // As only this test uses it.
    let value = format!("{value}-{}-test", std::process::id());
    let folder = Folder::new();
    let here = text(&folder.path("ctmpl.d"));
    let (mode, file) = (PermissionsExt::from_mode(0o755), "packaging/ctmpl.hcl");
    folder.write("ctmpl.d/ctmpl.hcl", &fs::read_to_string(file).unwrap());
    fs::set_permissions(folder.path(""), mode).unwrap();

    let (user, group) = one(stage, "USER").arguments.split_once(':').unwrap();
    let in_image = |words: &[String]| {
        assert_eq!(words[0], "/usr/bin/ctmpl");
        let mut inner = command();
        let words = words[1..].iter();
        inner.args(words.map(|word| word.replace("/etc/ctmpl.d", &here)));
        inner.env(name, &value).env_remove("STATE_DIRECTORY");
        if nix::unistd::geteuid().is_root() {
            let words = [
                "setpriv",
                "--reuid",
                user,
                "--regid",
                group,
                "--clear-groups",
            ];
            below(&words, &inner)
        } else {
            inner
        }
    };
    let check = || run_command(in_image(&one(stage, "HEALTHCHECK").list()));
    let ended = check();
    assert_eq!(ended.code(), Some(3), "{}", ended.log);
    assert!(ended.log.contains("no daemon answers"), "{}", ended.log);

    let line = [one(stage, "ENTRYPOINT").list(), one(stage, "CMD").list()].concat();
    let mut daemon = in_image(&line);
    daemon.arg("--log-level=info");
    let ctmpl = Ctmpl::spawn(daemon);
    ctmpl.logs("the status server is listening on unix:@ctmpl");
    let ended = check();
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    assert_eq!(ended.output, "healthy\n");

    assert_eq!(ctmpl.stop().code(), Some(12));
    assert_eq!(check().code(), Some(3));
}

#[test]
fn the_image_of_ctmpl() {
    let file = instructions(Path::new("Dockerfile"));
    let stages = stages(&file);
    assert_eq!(stages.len(), 3);
    for stage in &stages {
        named_files_exist(stage, Path::new("."));
    }
    for stage in &stages[1..] {
        runs_ctmpl(stage, "/etc/ctmpl.d", "packaging/ctmpl.hcl");
        its_check_follows_the_daemon(stage);
    }
}

#[test]
fn the_image_of_the_example() {
    let file = instructions(Path::new("examples/container/Dockerfile"));
    let stages = stages(&file);
    let stage = stages.last().unwrap();
    named_files_exist(stage, Path::new("examples/container"));
    runs_ctmpl(
        stage,
        "/etc/ctmpl/ctmpl.hcl",
        "examples/container/ctmpl.hcl",
    );
    // The check asks the port of the site.
    let check = one(stage, "HEALTHCHECK").list();
    let port = &one(stage, "EXPOSE").arguments;
    assert_eq!(check.first().unwrap(), "curl");
    assert!(
        check.last().unwrap().ends_with(&format!(":{port}/")),
        "{check:?}"
    );
    let site = fs::read_to_string("examples/container/site.conf.j2").unwrap();
    assert!(site.contains(&format!("listen {port};")), "{site}");
}

#[test]
fn the_files_that_docker_gets_are_enough_for_cargo() {
    let folder = Folder::new();
    let list = fs::read_to_string(".dockerignore").unwrap();
    let kept: Vec<_> = list
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    assert!(kept.len() > 5, "{kept:?}");
    let mut copy = Command::new("cp");
    copy.args(["--recursive", "--parents"])
        .args(&kept)
        .arg(folder.path(""));
    assert!(copy.status().unwrap().success());
    // The dependencies of other systems may not be downloaded.
    let linux = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut metadata = Command::new(env!("CARGO"));
    metadata
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .args(["--filter-platform", &linux])
        .current_dir(folder.path(""));
    let output = metadata.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
