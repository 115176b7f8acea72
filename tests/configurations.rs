//! The realistic configurations in `tests/configurations`: they are equal in four formats, valid by
//! the schema, and can be migrated.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use boon::{Compiler, Schemas};
use config_blocks::Environment;
use ctmpl_options::cli::{self, Command};
use ctmpl_options::config;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::ctmpl::{Ended, Folder, command, run_command};
use crate::support::documents::{blocks, copy, shell};

const FORMATS: [&str; 4] = ["hcl", "json", "yaml", "toml"];

/// Returns the names of the configurations.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir("tests/configurations").unwrap();
    let names: BTreeSet<_> = files
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(names.len() >= 4, "{names:?}");
    names
}

fn text(name: &str, format: &str) -> String {
    fs::read_to_string(format!("tests/configurations/{name}.{format}"))
        .unwrap_or_else(|_| panic!("{name}.{format}"))
}

/// Creates a folder with all files that the configurations name.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("consul-token", "t0ken\n");
    folder
}

fn run(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = command();
    command.current_dir(folder.path(".")).args(words);
    run_command(command)
}

/// Returns the lines of `ctmpl config`, without origins.
fn shown(folder: &Folder, file: &str) -> Vec<String> {
    let ended = run(folder, &["config", "--config", file]);
    assert_eq!(ended.code(), Some(0), "{file}: {}", ended.log);
    let value = |line: &str| {
        line.split(" # ")
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    };
    let lines: Vec<_> = ended.output.lines().map(value).collect();
    assert!(lines.len() > 20, "{lines:?}");
    lines
}

/// Returns the resolved configuration of a file, including secrets.
fn resolved(path: &Path) -> String {
    let words = ["ctmpl".into(), "--config".into(), path.into()];
    let Ok(Command::Run(arguments)) = cli::parse(words) else {
        panic!("{}", path.display())
    };
    let config = config::load(*arguments, &Environment::default()).unwrap();
    let auth = config
        .consul
        .client
        .auth
        .as_ref()
        .map(|auth| auth.password.expose_secret().to_owned());
    let token = config
        .consul
        .client
        .token
        .as_ref()
        .map(|token| token.expose_secret().to_owned());
    format!("{config:?} {auth:?} {token:?}")
}

#[test]
fn a_configuration_is_the_same_in_four_formats() {
    let folder = folder();
    for name in names() {
        let texts = FORMATS.map(|format| {
            let text = text(&name, format).replace(
                "consul-token",
                crate::support::ctmpl::text(&folder.path("consul-token")).as_str(),
            );
            folder.write(&format!("{name}.{format}"), &text);
            (
                shown(&folder, &format!("{name}.{format}")),
                resolved(&folder.path(&format!("{name}.{format}"))),
            )
        });
        for (format, other) in FORMATS.iter().zip(&texts) {
            assert_eq!(other, &texts[0], "{name}.{format}");
        }
    }
}

#[test]
fn the_schema_accepts_them() {
    let folder = folder();
    let schema = run(&folder, &["schema"]);
    assert_eq!((schema.code(), schema.log.as_str()), (Some(0), ""));
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("schema.json", serde_json::from_str(&schema.output).unwrap())
        .unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    for name in names() {
        let mut document: Value = serde_json::from_str(&text(&name, "json")).unwrap();
        if let Err(error) = schemas.validate(&document, index) {
            panic!("{name}: {error}");
        }
        document["template"][0]["sorce"] = "x".into();
        assert!(schemas.validate(&document, index).is_err(), "{name}");
    }
}

#[test]
fn a_migrated_configuration_is_equivalent() {
    let folder = folder();
    for name in names() {
        folder.write("old.hcl", &text(&name, "hcl"));
        let expected = shown(&folder, "old.hcl");
        for format in FORMATS {
            let migrated = run(&folder, &["migrate", "--to", format, "old.hcl"]);
            assert_eq!(migrated.code(), Some(0), "{name}: {}", migrated.log);
            let file = format!("new.{format}");
            folder.write(&file, &migrated.output);
            assert_eq!(
                shown(&folder, &file),
                expected,
                "{name} in {format}: {}",
                migrated.output
            );
            // Migrating the result again changes nothing.
            if format == "hcl" {
                let again = run(&folder, &["migrate", "--to", format, &file]);
                let own = |line: &&str| !line.contains("ctmpl migrate: ");
                let lines = |text: &str| {
                    text.lines()
                        .filter(own)
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                };
                assert_eq!(lines(&again.output), lines(&migrated.output), "{name}");
            }
        }
    }
}

#[test]
fn a_migration_comments_on_every_change() {
    let folder = folder();
    folder.write(
        "old.hcl",
        "# Grown over the years.\nconsul = \"10.0.0.1:8500\"\nmax_stale = 600000000000\n\
         vault { address = \"https://vault:8200\" } # for later\nonce = true\n\
         template {\n  source = \"a.j2\"\n  destination = \"/etc/a\"\n  perms = 640\n  uid = 33\n\
         \x20 command = \"echo a,b\"\n  command_timeout = \"0s\"\n}\n",
    );
    let expected = "\
# Grown over the years.
consul:
  address: \"10.0.0.1:8500\"

# ctmpl migrate: max_stale: a number is nanoseconds in consul-template, and an error in ctmpl; this is the same time with its unit
max_stale: \"10m\"
# for later
# ctmpl migrate: vault: left out: ctmpl queries Consul only; a template that queries Vault fails at that line
# ctmpl migrate: once: consul-template ignores it in a file; ctmpl exits when everything is written
once: true

template:
  - source: a.j2
    # ctmpl migrate: source: a source of this name is a Jinja template in ctmpl, and a Go template in consul-template
    language: go
    destination: /etc/a
    # ctmpl migrate: perms: consul-template reads the number as decimal, which gives another mode
    perms: \"0640\"
    user: 33
    # ctmpl migrate: command: consul-template splits it at commas; in ctmpl it is one line
    command: \"echo a,b\"
    # ctmpl migrate: command_timeout: left out: consul-template does not wait for the command then; ctmpl waits, for 30s unless set
";
    let migrated = run(&folder, &["migrate", "old.hcl"]);
    assert_eq!(migrated.code(), Some(1), "something is left out");
    assert_eq!(migrated.output, expected);
    let notes: Vec<_> = migrated.log.lines().collect();
    assert_eq!(notes.len(), 7, "{notes:#?}");
    assert!(
        notes
            .iter()
            .all(|note| note.starts_with("ctmpl: ") && note.contains(" in old.hcl:")),
        "{notes:#?}"
    );
    folder.write("new.yaml", &migrated.output);
    assert_eq!(
        run(&folder, &["config", "--config", "new.yaml"]).code(),
        Some(0)
    );
}

#[test]
fn a_failed_migration_names_the_reason() {
    let folder = folder();
    folder.write("bad.hcl", "\nconsul { adress = \"h\" }");
    folder.write("new.yaml", "once: true");
    fs::create_dir(folder.path("d")).unwrap();
    for (words, code, part) in [
        (
            ["migrate", "bad.hcl"].as_slice(),
            15,
            "consul.adress in bad.hcl:2: there is no such key; did you mean address?",
        ),
        (
            &["migrate", "none.hcl"],
            15,
            "cannot read the configuration none.hcl",
        ),
        (&["migrate", "d"], 15, "cannot read the configuration d"),
        (&["migrate", "new.yaml"], 15, "HCL and JSON only"),
        (
            &["migrate", "--to=xml", "bad.hcl"],
            13,
            "cannot use --to: there is no format \"xml\"",
        ),
        (&["migrate"], 13, "migrate"),
    ] {
        let ended = run(&folder, words);
        assert_eq!(
            (ended.code(), ended.output.as_str()),
            (Some(code), ""),
            "{words:?}: {}",
            ended.log
        );
        assert!(
            ended.log.contains(part) && ended.log.lines().count() == 1,
            "{words:?}: {}",
            ended.log
        );
    }
}

#[test]
fn the_documented_migration_works() {
    let page = fs::read_to_string("docs/src/how-to/migrate.md").unwrap();
    let block = blocks(&page, "sh migrate").remove(0);
    let folder = folder();
    copy(&folder);
    folder.write(
        "consul-template.hcl",
        "template {\n  source = \"templates/nginx.ctmpl\"\n  destination = \"out\"\n  perms = 640\n}\n",
    );
    let output = shell(&folder, "")
        .args(["-c", &block.replace("/etc/", "")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success()
            && said.lines().count() == 2
            && said
                .lines()
                .all(|line| line.contains("template[1].perms in ")),
        "{said}"
    );
    assert!(
        folder.read("ctmpl.yaml").contains("perms: \"0640\""),
        "{}",
        folder.read("ctmpl.yaml")
    );
}
