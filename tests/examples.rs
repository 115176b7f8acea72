//! The set-ups in `examples/`: their templates are rendered and accepted by their programs; their
//! commands are run, or at least parsed.

mod reloads;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use consul_render::TemplateSource;

use crate::support::backend::Backend;
use crate::support::ctmpl::{Ctmpl, Folder, command, text};
use crate::support::documents::{Block, all_blocks, blocks, copy, shell};
use crate::support::haproxy::Haproxy;
use crate::support::rendering::{MANY, NONE, ONE, output, read_flags, read_script, render};
use crate::support::transcript::transcript;
use crate::support::{eventually, free_port, http, is_alive, servers};

const EXAMPLES: &[&str] = &["ci", "container", "dev", "haproxy", "nginx", "systemd"];

/// Returns the path of a file of an example.
fn example(name: &str) -> PathBuf {
    fs::canonicalize("examples").unwrap().join(name)
}

fn renders(template: &str, seed: &str) -> Folder {
    let folder = Folder::new();
    let ended = render(&folder, seed, &[example(template)]);
    assert_eq!(ended.code(), Some(0), "{}", ended.log);
    folder
}

#[test]
fn every_example_has_a_test() {
    let entries = fs::read_dir("examples")
        .unwrap()
        .map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut found: Vec<_> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, EXAMPLES);
    let list = fs::read_to_string("examples/README.md").unwrap();
    for name in EXAMPLES {
        assert!(
            list.contains(&format!("[{name}]({name})")),
            "{name} is not listed"
        );
    }
}

#[test]
fn commands_to_try_have_the_shown_results() {
    let folder = Folder::new();
    copy(&folder);
    let mut run = 0;
    for name in EXAMPLES {
        for block in blocks(
            &fs::read_to_string(example(&format!("{name}/README.md"))).unwrap(),
            "sh",
        ) {
            let output = shell(&folder, &format!("examples/{name}"))
                .args(["-c", &block])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() && said.is_empty(),
                "{name}: {block}\n{said}"
            );
            // Each command shows its result.
            assert!(
                String::from_utf8_lossy(&output.stdout).lines().count() >= 3,
                "{name}: {output:?}"
            );
            run += 1;
        }
    }
    assert_eq!(run, 5, "every example but systemd's can be tried");
}

#[test]
fn commands_for_servers_have_existing_flags() {
    let folder = Folder::new();
    copy(&folder);
    let mut read = 0;
    for name in EXAMPLES {
        let page = fs::read_to_string(example(&format!("{name}/README.md"))).unwrap();
        let is_server =
            |block: &Block| block.info == "sh server" || block.value("terminal").is_some();
        for block in all_blocks(&page).into_iter().filter(is_server) {
            let block = match block.language() {
                "console" => transcript(&block.text).remove(0).0,
                _ => block.text,
            };
            let directory = folder.path(&format!("examples/{name}"));
            for call in read_script(&folder, &directory, &block) {
                for job in read_flags(&call).jobs {
                    let TemplateSource::File(source) = job.source else {
                        panic!("{call:?}")
                    };
                    assert!(
                        directory.join(&source).is_file(),
                        "{name}: there is no {}",
                        source.display()
                    );
                    read += 1;
                }
            }
        }
    }
    assert!(read >= 7, "{read} commands");
}

#[test]
fn nginx_accepts_the_site_and_serves_it() {
    for seed in [NONE, ONE, MANY] {
        let folder = renders("nginx/shop.conf.ctmpl", seed);
        let site = folder.read("out/shop.conf.ctmpl");
        assert!(!site.contains("evil"), "{site}");
        servers::nginx_accepts(&site);
    }
    let backend = Backend::start("the shop");
    let port = backend.port();
    let seed = format!("services: [{{name: web, address: 127.0.0.1, port: {port}}}]");
    let folder = renders("nginx/shop.conf.ctmpl", &seed);
    let site = folder.read("out/shop.conf.ctmpl");
    let Some(answers) = servers::nginx_answers(&site, &["/", "/api/"]) else {
        return;
    };
    assert_eq!(answers[0], (200, "the shop".to_owned()));
    assert_eq!(answers[1].0, 503);
}

#[test]
fn haproxy_accepts_the_configuration() {
    for seed in [NONE, ONE, MANY] {
        let folder = renders("haproxy/haproxy.cfg.j2", seed);
        servers::haproxy_accepts(&output(&folder, "haproxy.cfg.j2"));
    }
}

/// Returns the address in the log of `ctmpl dev`.
fn address_of(dev: &Ctmpl) -> SocketAddr {
    dev.logs("listening on http://");
    let log = dev.log();
    let rest = log.split("listening on http://").nth(1).unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn the_job_exits_with_the_code_of_the_failure() {
    let folder = Folder::new();
    copy(&folder);
    let render = |seed: &str| {
        folder.write("seed.yaml", seed);
        let mut dev = command();
        dev.args([
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--log-level",
            "info",
            "--seed",
        ])
        .arg(folder.path("seed.yaml"));
        let dev = Ctmpl::spawn(dev);
        let mut job = shell(&folder, "examples/ci");
        job.arg("./render.sh")
            .env("CONSUL_HTTP_ADDR", address_of(&dev).to_string())
            .env("RENDER_TIMEOUT", "2s");
        let output = job.output().unwrap();
        dev.stop();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, said) = render(MANY);
    assert_eq!(code, Some(0), "{said}");
    let made = folder.read("examples/ci/build/app.env");
    assert_eq!(
        made,
        "DB_HOST=\"db.example.net\"\nLOG_LEVEL=\"warn\"\nAPI_URL=\"http://10.0.0.1:9000\"\n"
    );

    let (code, said) = render(NONE);
    assert_eq!(code, Some(16), "{said}");
    assert!(
        said.contains("app/config/db/host") && said.contains("app.env.j2"),
        "{said}"
    );
    assert!(
        said.ends_with("render.sh: timed out; the log above lists the missing data\n"),
        "{said}"
    );
    assert_eq!(
        folder.read("examples/ci/build/app.env"),
        made,
        "an incomplete file must not be written"
    );

    folder.write("examples/ci/app.env.j2", "{{ no_such_function() }}");
    let (code, said) = render(ONE);
    assert_eq!(code, Some(14), "{said}");
}

#[test]
fn systemd_accepts_the_unit() {
    let unit = fs::read_to_string("examples/systemd/ctmpl.service").unwrap();
    // The command line of the unit, with its continuation line.
    let command = unit
        .split("ExecStart=/usr/local/bin/")
        .nth(1)
        .unwrap()
        .split("\nExecReload")
        .next()
        .unwrap();
    let calls = read_script(&Folder::new(), Path::new("/"), command);
    assert_eq!(read_flags(&calls[0]).jobs.len(), 1, "{calls:?}");
    for line in [
        "Restart=on-failure",
        "SuccessExitStatus=12",
        "KillMode=mixed",
        "ReadWritePaths=/etc/nginx/conf.d",
    ] {
        assert!(unit.lines().any(|own| own == line), "{line}");
    }
    servers::systemd_accepts(&unit.replace("/usr/local/bin/ctmpl", env!("CARGO_BIN_EXE_ctmpl")));
}
