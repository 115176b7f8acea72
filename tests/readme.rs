//! Commands of the README and the book that `book.rs` cannot run, with stand-ins for parts of a
//! real server.

use std::fs;
use std::process::Command;

use consul_dev::{Background, Options, Service};
use consul_render::TemplateSource;

use crate::support::ctmpl::{Ctmpl, Folder, command};
use crate::support::documents::{blocks, copy, shell};
use crate::support::rendering::{read_flags, read_script};

fn page(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_conversion_is_proven() {
    let folder = Folder::new();
    copy(&folder);
    let block = blocks(&page("docs/src/how-to/convert.md"), "sh convert").remove(0);
    let output = shell(&folder, "").args(["-c", &block]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("proven: both templates print the same"),
        "{said}"
    );
    assert!(
        folder
            .read("out/lp.conf.j2")
            .contains("{% for instance in service(\"nginx\") %}")
    );
}

#[test]
fn shells_and_man_find_the_installed_files() {
    let folder = Folder::new();
    copy(&folder);
    let block = blocks(&page("docs/src/operations/install.md"), "sh pages").remove(0);
    let files = [
        ".local/share/bash-completion/completions/ctmpl",
        ".local/share/man/man1/ctmpl.1",
    ];
    for file in files {
        folder.write(file, "");
    }
    let output = shell(&folder, "")
        .args(["-c", &block])
        .env("HOME", folder.path(""))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        folder.read(files[0]).contains("complete -F _ctmpl"),
        "{}",
        folder.read(files[0])
    );
    assert!(folder.read(files[1]).starts_with(".TH CTMPL 1"));
}

#[test]
fn the_tutorials_command_follows_the_service() {
    let folder = Folder::new();
    copy(&folder);
    let block = blocks(&page("README.md"), "sh server").remove(0);
    let calls = read_script(&folder, &folder.path(""), &block);
    assert_eq!(calls.len(), 1);
    let job = read_flags(&calls[0]).jobs.remove(0);
    assert!(
        matches!(&job.source, TemplateSource::File(source) if folder.path("").join(source).is_file()),
        "{job:?}"
    );

    let consul = Background::start(Options::default()).unwrap();
    let mut run = command();
    // The same arguments, except for those that need a real server.
    let here = |word: &String| {
        let word = word.replace("127.0.0.1:8500", &consul.address().to_string());
        word.replace("/etc/nginx/conf.d/", "out/")
            .replace("nginx -s reload", "touch out/reloaded")
    };
    run.args(calls[0].iter().map(here))
        .current_dir(folder.path(""));
    let ctmpl = Ctmpl::spawn(run);
    folder.eventually("out/lp.conf", "a site without instances", |text| {
        text.contains("503")
    });
    consul.register(Service::new("nginx").address("10.0.0.7").port(80));
    folder.eventually("out/lp.conf", "a site with one", |text| {
        text.contains("server 10.0.0.7:80;")
    });
    ctmpl.logs("succeeded");
    assert_eq!(ctmpl.stop().code(), Some(12));
}

#[test]
fn exec_exits_with_the_code_of_the_program() {
    let folder = Folder::new();
    copy(&folder);
    let block = blocks(&page("docs/src/how-to/containers.md"), "sh exec").remove(0);
    let calls = read_script(&folder, &folder.path(""), &block);
    let consul = Background::start(Options::default()).unwrap();
    let mut run = command();
    let here = |word: &String| {
        word.replace("/etc/nginx/conf.d/", "out/")
            .replace("nginx -g 'daemon off;'", "sh -c 'cat out/lp.conf; exit 7'")
    };
    run.args(calls[0].iter().map(here))
        .current_dir(folder.path(""));
    run.env("CONSUL_HTTP_ADDR", consul.address().to_string());
    let output = run.output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(7),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("upstream http_backend"));
}

#[test]
fn the_demo_shows_a_change_arriving() {
    let block = blocks(&page("README.md"), "sh demo").remove(0);
    let mut demo = Command::new("bash");
    demo.args(["-euc", &block]);
    // Cargo's variables for tests would make the inner cargo rebuild everything.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_")
            && !["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name.as_str())
        {
            demo.env_remove(name);
        }
    }
    let output = demo.output().unwrap();
    let (said, shown) = (
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout),
    );
    assert!(output.status.success(), "{said}\n{shown}");
    assert!(
        shown.contains('+') && shown.contains("10.0.0.19"),
        "{shown}"
    );
}

#[test]
fn ci_runs_the_scripts() {
    let ci = fs::read_to_string(".ci/run").unwrap();
    for words in ["sh build", "sh test"] {
        let block = blocks(&page("README.md"), words).remove(0);
        assert!(
            ci.contains(&format!("step {block}\n")),
            "CI does not run {block}"
        );
    }
    let mut checked = 0;
    for script in fs::read_dir("scripts")
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        assert!(
            Command::new("bash")
                .arg("-n")
                .arg(&script)
                .status()
                .unwrap()
                .success(),
            "{}",
            script.display()
        );
        checked += 1;
    }
    assert!(checked >= 4);
}
