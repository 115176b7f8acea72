//! Renders templates of the repository with the real binary and its embedded server, and parses
//! command lines without running them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use config_blocks::Environment;
use ctmpl_options::cli;
use ctmpl_options::config::{self, Config};

use super::ctmpl::{Ended, Folder, run, text};

/// No data except what a server registers itself.
pub const NONE: &str = "{}\n";

/// One instance of each service that the templates query, and one key.
pub const ONE: &str = r"
kv: {app/config/name: x, app/config/db/host: db.example.net}
services:
  - {name: nginx, node: n1, address: 10.0.0.1, port: 80, tags: [metrics], status: passing}
  - {name: web, node: n1, address: 10.0.0.1, port: 8080, tags: [metrics], status: passing}
  - {name: api, node: n1, address: 10.0.0.1, port: 9000, status: passing}
";

/// Many instances, with all characters in names, tags and values that Consul allows and that are
/// dangerous in a file.
pub const MANY: &str = r#"
kv:
  app/config/db/host: db.example.net
  app/config/plain: x
  app/config/empty: ""
  app/config/9 lives-of/Ä: "two\nlines; $HOME `id` $(id) 'q' \"dq\" \\ end\\"
  app/config/lines: "\n a\r\n\n"
  app/configuration: belongs to another user
  shop/max_body: "1m; } evil {"
nodes:
  - {name: "bad host;", address: 10.0.0.7}
  - {name: "v6", address: "fd00::9"}
  - {name: named, address: db.example.net}
services:
  - {name: nginx, id: a, node: n1, address: 10.0.0.1, port: 80, tags: [metrics, 'q"uote', 'back\slash']}
  - {name: nginx, id: b, node: n2, address: 10.0.0.2, port: 80, weights: {passing: 65535, warning: 1}}
  - {name: nginx, id: c, node: n2, address: 10.0.0.2, port: 81, status: critical, tags: [metrics]}
  - {name: web, id: 'we b;1', node: n1, address: 10.0.0.1, port: 80, tags: [metrics], meta: {a-b: 'x"; }'}}
  - {name: web, id: 'we b;2', node: n1, address: 10.0.0.1, port: 81, tags: [metrics]}
  - {name: web, id: 'we b 2', node: n1, address: 10.0.0.1, port: 82, weights: {passing: 300, warning: 1}}
  - {name: api, id: api-1, node: n1, address: 10.0.0.1, port: 9000}
  - {name: api, id: api-2, node: n2, address: 10.0.0.2, port: 9000}
  - {name: 'dotted.name; }', node: n1, address: 10.0.0.1, port: 1, tags: [metrics]}
  - {name: Big_Name-1, node: n1, address: 10.0.0.1, port: 1}
  - {name: down, node: n2, port: 1, status: critical, tags: [metrics]}
"#;

/// Additional instances for some templates only: addresses of other kinds, and instances without a
/// port.
pub const ODD: &str = r#"
  - {name: web, id: v6, node: n1, address: "fd00::1", port: 80, tags: [metrics]}
  - {name: web, id: without, node: n1, address: 10.0.0.1, tags: [metrics]}
  - {name: web, id: evil, node: n1, address: "10.0.0.1:1; } evil {\n", port: 80}
  - {name: odd, id: evil-odd, node: n1, address: "10.0.0.1\" } evil", port: 80}
  - {name: WEB, node: n1, address: 10.0.0.1, port: 84}
"#;

/// Runs `ctmpl dev -once` with this seed and these templates. Each renders to `out/NAME` in the
/// folder.
pub fn render(folder: &Folder, seed: &str, templates: &[PathBuf]) -> Ended {
    let seed = folder.write("seed.yaml", seed);
    let mut args = [
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--seed",
        &text(&seed),
        "-once",
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(["--timeout".to_owned(), "10s".to_owned()]);
    for template in templates {
        let name = template.file_name().unwrap().to_str().unwrap();
        args.extend([
            "--template".to_owned(),
            format!("{}:{}", text(template), text(&output(folder, name))),
        ]);
    }
    run(args)
}

/// Returns the path of the file that a template renders.
pub fn output(folder: &Folder, name: &str) -> PathBuf {
    folder.path(&format!("out/{name}"))
}

/// Parses a command line without running it; panics on a wrong flag or value.
pub fn read_flags(words: &[String]) -> Config {
    let words: Vec<_> = std::iter::once("ctmpl")
        .chain(words.iter().map(String::as_str))
        .map(OsString::from)
        .collect();
    let arguments = match cli::parse(words.clone()) {
        Ok(cli::Command::Run(arguments)) => *arguments,
        other => panic!("{words:?} is no command line of ctmpl: {other:?}"),
    };
    config::load(arguments, &Environment::default())
        .unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

/// Runs a shell script in which every program does nothing. Returns the arguments of each call of
/// `ctmpl`.
pub fn read_script(folder: &Folder, directory: &Path, script: &str) -> Vec<Vec<String>> {
    let calls = folder.path("calls");
    // Each call ends with an empty word.
    let ctmpl = format!(
        "#!/bin/sh\nprintf '%s\\0' \"$@\" '' >>'{}'\n",
        calls.display()
    );
    let idle = [
        "apt",
        "sha256sum",
        "tar",
        "nginx",
        "haproxy",
        "systemctl",
        "install",
        "curl",
        "docker",
        "consul",
        "consul-template",
        "diff",
        "sed",
        "cp",
        "journalctl",
        "kubectl",
    ];
    let idle = idle.map(|name| (name, "#!/bin/sh\n"));
    let dirname = ("dirname", "#!/bin/sh\nprintf '%s\\n' \"${1%/*}\"\n");
    for (name, text) in idle.into_iter().chain([dirname, ("ctmpl", ctmpl.as_str())]) {
        folder.program(&format!("idle/{name}"), text);
    }
    let mut command = Command::new("/bin/sh");
    command
        .args(["-eu", "-c", script])
        .current_dir(directory)
        .env_clear()
        .env("PATH", folder.path("idle"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let called = folder.read("calls");
    let _ = std::fs::remove_file(calls);
    let words = |call: &str| call.split('\0').map(str::to_owned).collect();
    called.split_terminator("\0\0").map(words).collect()
}
