//! One declared configuration: read, layered, shown and described.

mod described;
mod labelled;
mod layers;

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::reference::{self, Described};
use crate::{
    Block, Checked, Choice, Environment, Error, FileMode, Flags, Input, Located, Origin,
    Overridden, Page, Position, Setting, Source, Unsupported, schema,
};

/// A whole file.
#[derive(Block, Clone, Debug, Default)]
#[block(heading = "Program")]
struct Configuration {
    /// Log level
    #[key(default = "\"warn\"", flag = "--log-level", env = "LOG_LEVEL, LEVEL")]
    level: Setting<LogLevel>,
    /// Directory of the program's data
    #[key(flag = "--data", skip_empty, resolved = Resources)]
    data: Setting<PathBuf>,
    /// Number of threads
    #[key(default = "4", flag = "--threads", resolved = Resources)]
    threads: Setting<u32>,
    /// Print the configuration and exit
    #[key(flag = "--check", flag_only)]
    check: Setting<bool>,
    /// Account at the registry
    #[key(always_shown)]
    account: Account,
    /// Site to serve; repeatable
    #[key(flag = "--site", parse = Site::from_flag)]
    site: Vec<Site>,
    /// JSON Schema of the file
    #[key(name = "$schema", undocumented)]
    schema: Checked<String>,
    /// Number of processes
    #[key(unsupported = "there is one process")]
    processes: Unsupported<u32>,
}

/// `account { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(text = Account::from_name)]
struct Account {
    /// Name
    name: Setting<String>,
    /// Password
    #[key(env = "PASSWORD", decided_by = "password_file")]
    password: Setting<SecretString>,
    /// File with the password
    #[key(env = "PASSWORD_FILE", decided_by = "password")]
    password_file: Setting<PathBuf>,
}

/// `site { … }`
#[derive(Block, Clone, Debug, Default)]
#[block(finish = Site::with_newer_names)]
struct Site {
    /// Where the block begins.
    #[key(origin)]
    origin: Origin,
    /// Host name
    host: Setting<String>,
    /// Maximum time for a request
    #[key(default = "\"30s\"", resolved = Limits)]
    timeout: Setting<Duration>,
    /// Mode of the log file
    mode: Setting<FileMode>,
    /// Other host names
    #[key(default = "[]")]
    aliases: Vec<Located<String>>,
    /// Older name of `aliases`
    #[key(default = "[]", newer = "aliases")]
    names: Vec<Located<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Choice)]
enum LogLevel {
    Info,
    Warn,
}

impl Account {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the text of a block may be invalid"
    )]
    fn from_name(name: &str, position: Position<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: Some(position.origin().locate(name.to_owned())),
            ..Self::default()
        })
    }
}

impl Site {
    fn from_flag(input: &Input) -> Result<Vec<Self>, Error> {
        let host = input.last().map_err(|error| input.origin.refuse(error))?;
        Ok(vec![Self {
            origin: input.origin.clone(),
            host: Some(input.origin.locate(host.to_owned())),
            ..Self::default()
        }])
    }

    fn with_newer_names(mut self) -> Self {
        self.aliases.append(&mut self.names);
        self
    }
}

fn read(name: &str, text: &str) -> Result<Configuration, Error> {
    let source = Source::of_file(Path::new(name), text.into())?;
    Ok(Configuration::from_source(&source)?.0)
}

fn refused(name: &str, text: &str) -> String {
    let error = read(name, text).expect_err(text);
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn flags(flags: &[(&'static str, &str)]) -> Result<Configuration, Error> {
    let mut set = Flags::default();
    for (flag, text) in flags {
        set.set(flag, vec![text.into()]);
    }
    Configuration::from_inputs(&set)
}

fn shown(configuration: &Configuration) -> String {
    let mut page = Page::default();
    configuration.show(&mut page);
    page.text
}

const HCL: &str = "
Level = \"info\"
data = \"/data\"
account { name = \"a\" password = \"s3cret\" }
site { host = \"one\" timeout = \"1m30s\" mode = 0640 aliases = [\"uno\"] names = \"un\" }
site { host = \"two\" mode = \"600\" }
";

const JSON: &str = r#"{"level": "INFO", "data": "/data", "account": [{"name": "a", "password": "s3cret"}], "threads": null,
  "site": [{"host": "one", "timeout": "1m30s", "mode": 640, "aliases": "uno", "names": ["un"]},
           {"host": "two", "mode": "0600"}]}"#;

const YAML: &str = "
level: info
data: /data
account: {name: a, password: s3cret}
site:
  - host: one
    timeout: 1m30s
    mode: 0640
    aliases: [uno]
    names: un
  - {host: two, mode: '0o600'}
";

const TOML: &str = "
level = 'info'
data = '/data'
account = { name = 'a', password = 's3cret' }
[[site]]
host = 'one'
timeout = '1m30s'
mode = 0o640
aliases = ['uno']
names = ['un']
[[site]]
host = 'two'
mode = 600
";

#[test]
fn four_formats_are_one_configuration() {
    let without_origins = |name: &str, text: &str| {
        let page = shown(&read(name, text).unwrap_or_else(|error| panic!("{name}: {error:?}")));
        let lines = page.lines().map(|line| line.split(" # ").next());
        let lines: Vec<_> = lines.flatten().map(str::trim).collect();
        lines.join("\n")
    };
    let expected = "level = \"info\"\ndata = \"/data\"\nthreads = 4\naccount {\nname = \"a\"\npassword = \"***\"\n}\n\
                    site {\nhost = \"one\"\ntimeout = \"1m30s\"\nmode = 0640\naliases = [\"uno\", \"un\"]\n}\n\
                    site {\nhost = \"two\"\nmode = 0600\n}";
    for (name, text) in [
        ("a.hcl", HCL),
        ("a.json", JSON),
        ("a.hcl", JSON),
        ("a.json", HCL),
        ("a.yaml", YAML),
        ("a.YML", YAML),
        ("a.toml", TOML),
        ("a.conf", HCL),
        ("a.conf", JSON),
        ("a.conf", YAML),
        ("a.conf", TOML),
    ] {
        assert_eq!(without_origins(name, text), expected, "{name}");
    }
    let account = read("a.hcl", HCL).unwrap().account;
    assert_eq!(account.password.unwrap().value.expose_secret(), "s3cret");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn an_error_names_file_line_and_key_and_what_was_meant() {
    let cases = [
        (
            "a.hcl",
            "account {\n nmae = 1 }",
            "account.nmae in a.hcl:2: there is no such key; did you mean name?",
        ),
        (
            "a.toml",
            "[[site]]\n[[site]]\nxyz = 1",
            "site[2].xyz in a.toml:3: there is no such key; there are aliases, host, mode, names, timeout",
        ),
        (
            "a.json",
            "{\n\"level\": 1}",
            "level in a.json:2: it is a number, and should be the name of a log level in quotes",
        ),
        (
            "a.yaml",
            "level: loud",
            "level in a.yaml:1: there is no log level \"loud\"; write info or warn",
        ),
        (
            "a.hcl",
            "data = \"x\"\ndata = \"y\"",
            "data in a.hcl:2: it is set 2 times, first on line 1; set it once",
        ),
        (
            "a.hcl",
            "threads = -1",
            "threads in a.hcl:1: -1 is out of range",
        ),
        (
            "a.hcl",
            "threads = 1.5",
            "threads in a.hcl:1: 1.5 is not a valid whole number",
        ),
        (
            "a.hcl",
            "site { timeout = 5 }",
            "site[1].timeout in a.hcl:1: the duration \"5\" needs a unit",
        ),
        (
            "a.hcl",
            "site { mode = 420 }",
            "site[1].mode in a.hcl:1: 420 is the mode 0644 in decimal digits",
        ),
        (
            "a.hcl",
            "check = true",
            "check in a.hcl:1: there is no such key",
        ),
        (
            "a.hcl",
            "account {} account {}",
            "account in a.hcl:1: it is set 2 times",
        ),
        (
            "a.hcl",
            "processes = \"x\"",
            "processes in a.hcl:1: it is a text, and should be a whole number",
        ),
        (
            "a.hcl",
            "a = ",
            "cannot read the configuration a.hcl:1 as HCL: a has no value",
        ),
        (
            "a.yaml",
            "- a",
            "cannot use a.yaml: it is a list, and should be a block",
        ),
    ];
    for (name, text, expected) in cases {
        let error = refused(name, text);
        assert!(error.contains(expected), "{expected:?} in {error:?}");
    }
    let error = Source::of_file(Path::new("a.hcl"), b"a = 1\n\xff".to_vec()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the configuration a.hcl:2 as HCL: it is not UTF-8"
    );
}

#[test]
fn no_error_shows_a_secret() {
    for text in [
        "account { password = [\"s3cret\"] }",
        "account { password = \"s3cret\" pasword = \"s3cret\" }",
        "account { password = s3cret }",
        "account { password = 1s3cret }",
    ] {
        let error = refused("a.hcl", text);
        assert!(!error.contains("s3cret"), "{error}");
    }
}
