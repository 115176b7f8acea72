use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;

mod mistakes;
mod pages;
mod subcommands;

fn read(words: &[&str]) -> Result<Command, CliError> {
    parse(
        std::iter::once("ctmpl")
            .chain(words.iter().copied())
            .map(OsString::from),
    )
}

fn arguments(words: &[&str]) -> Arguments {
    match read(words) {
        Ok(Command::Run(arguments)) => *arguments,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn printed(words: &[&str]) -> String {
    match read(words) {
        Ok(Command::Print(text)) => text,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn refused(words: &[&str]) -> String {
    let error = read(words).expect_err("refused");
    assert_eq!(error.exit_code(), 13);
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

type Get = fn(&Arguments, &str) -> Option<String>;

/// The value of a flag that sets a key.
fn value(arguments: &Arguments, name: &str) -> Option<String> {
    let flag = match name {
        "retry" => "--consul-retry-backoff".to_owned(),
        name => format!("--{name}"),
    };
    let text = arguments.flags.last(&flag)?;
    Some(text.to_str().expect("text").to_owned())
}

fn config_value(arguments: &Arguments, _: &str) -> Option<String> {
    shown(arguments.config.last())
}

fn shown(path: Option<&std::path::PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

/// Every flag with a value, and the function that returns the parsed value.
const VALUES: &[(&str, Get)] = &[
    ("consul-addr", value),
    ("consul-token", value),
    ("consul-auth", value),
    ("consul-token-file", value),
    ("consul-namespace", value),
    ("consul-partition", value),
    ("consul-ssl-ca-cert", value),
    ("consul-ssl-ca-path", value),
    ("consul-ssl-cert", value),
    ("consul-ssl-key", value),
    ("consul-ssl-server-name", value),
    ("consul-retry-attempts", value),
    ("consul-retry-backoff", value),
    ("retry", value),
    ("consul-retry-max-backoff", value),
    ("consul-transport-dial-timeout", value),
    ("consul-transport-dial-keep-alive", value),
    ("consul-transport-tls-handshake-timeout", value),
    ("consul-transport-max-idle-conns-per-host", value),
    ("default-left-delimiter", value),
    ("default-right-delimiter", value),
    ("template", value),
    ("config", config_value),
    ("allow", value),
    ("write", value),
    ("wait", value),
    ("format", value),
    ("output-format", value),
    ("max-stale", value),
    ("timeout", value),
    ("log-level", value),
    ("log-format", value),
    ("log-file", value),
    ("log-rotate-bytes", value),
    ("log-rotate-duration", value),
    ("log-rotate-max-files", value),
    ("syslog-facility", value),
    ("syslog-name", value),
    ("kill-signal", value),
    ("reload-signal", value),
    ("pid-file", value),
];

const DEV_VALUES: &[(&str, Get)] = &[
    ("listen", |a, _| a.dev.as_ref()?.listen.clone()),
    ("seed", |a, _| shown(a.dev.as_ref()?.seed.as_ref())),
];

const BOOLS: &[&str] = &[
    "once",
    "dry",
    "syslog",
    "parse-only",
    "consul-retry",
    "consul-transport-disable-keep-alives",
    "consul-ssl",
    "consul-ssl-verify",
];

/// The value of a bool flag.
fn bool_value(arguments: &Arguments, name: &str) -> Option<bool> {
    value(arguments, name).map(|text| text.parse().expect("a bool"))
}

fn check_values(before: &[&str], flags: &[(&str, Get)]) {
    assert!(!flags.is_empty());
    for (name, get) in flags {
        for value in ["plain", "-dash", "--once", "a=b", "--", "a b:c"] {
            for dashes in ["-", "--"] {
                let (flag, joined) = (format!("{dashes}{name}"), format!("{dashes}{name}={value}"));
                for words in [vec![flag.as_str(), value], vec![joined.as_str()]] {
                    let words = [before, words.as_slice()].concat();
                    assert_eq!(
                        get(&arguments(&words), name).as_deref(),
                        Some(value),
                        "{words:?}"
                    );
                }
            }
        }
        let flag = format!("--{name}");
        let twice = [before, &[&flag, "first", &flag, "last"]].concat();
        assert_eq!(
            get(&arguments(&twice), name).as_deref(),
            Some("last"),
            "the last {name} wins"
        );
        let canonical = flag.replace("--retry", "--consul-retry-backoff");
        assert!(
            refused(&[before, &[&flag]].concat())
                .starts_with(&format!("the flag {canonical} needs a value"))
        );
    }
}

#[test]
fn every_flag_takes_its_value_in_four_spellings() {
    check_values(&[], VALUES);
}

#[test]
fn dev_takes_the_daemons_flags_and_its_own() {
    check_values(&["dev"], DEV_VALUES);
    let of_daemon = |name: &str| !name.starts_with("consul-") && name != "retry";
    let shared: Vec<_> = VALUES
        .iter()
        .copied()
        .filter(|(name, _)| of_daemon(name))
        .collect();
    check_values(&["dev"], &shared);
    for name in BOOLS.iter().filter(|name| !name.starts_with("consul-")) {
        let arguments = arguments(&["dev", &format!("-{name}")]);
        assert_eq!(bool_value(&arguments, name), Some(true));
    }
    assert!(arguments(&["dev"]).dev.is_some());
    assert!(arguments(&[]).dev.is_none());
}

#[test]
fn validate_and_config_take_the_daemons_flags() {
    let words = [
        "--config=a.hcl",
        "-config",
        "b.d",
        "-consul-addr=h:1",
        "-once",
    ];
    for name in ["validate", "config"] {
        let arguments = match read(&[&[name], &words as &[&str]].concat()) {
            Ok(Command::Validate(arguments)) if name == "validate" => *arguments,
            Ok(Command::Config(arguments)) if name == "config" => *arguments,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(
            arguments.config,
            ["a.hcl", "b.d"].map(std::path::PathBuf::from)
        );
        assert_eq!(value(&arguments, "consul-addr").as_deref(), Some("h:1"));
        assert_eq!(bool_value(&arguments, "once"), Some(true));
        assert!(printed(&[name, "--help"]).contains("--config"));
        assert!(
            refused(&[name, "--seed", "x"]).contains(&format!("does not go with `ctmpl {name}`"))
        );
    }
}

#[test]
fn every_bool_takes_every_spelling_of_go_but_no_separate_word() {
    assert!(!BOOLS.is_empty());
    for name in BOOLS {
        let get = |arguments: &Arguments| bool_value(arguments, name);
        assert_eq!(get(&arguments(&[])), None);
        for flag in [format!("-{name}"), format!("--{name}")] {
            assert_eq!(get(&arguments(&[&flag])), Some(true));
            for (value, spellings) in [
                (true, ["1", "t", "T", "TRUE", "true", "True"]),
                (false, ["0", "f", "F", "FALSE", "false", "False"]),
            ] {
                for spelling in spellings {
                    assert_eq!(
                        get(&arguments(&[&format!("{flag}={spelling}")])),
                        Some(value)
                    );
                }
            }
            assert_eq!(
                get(&arguments(&[&flag, &format!("{flag}=false")])),
                Some(false),
                "the last one wins"
            );
            for value in ["maybe", "", "yes", "tRUE", "on"] {
                let text = refused(&[&format!("{flag}={value}")]);
                assert!(
                    text.starts_with(&format!("invalid boolean value {value:?} for --{name}")),
                    "{text}"
                );
            }
            let text = refused(&[&flag, "false"]);
            assert!(
                text.contains("\"false\"") && text.contains(&format!("write --{name}=true")),
                "{text}"
            );
        }
    }
}

#[test]
fn templates_add_up() {
    let arguments = arguments(&["-template", "a:b", "--once", "--template=c:d:e -f"]);
    assert_eq!(arguments.flags.texts("--template"), ["a:b", "c:d:e -f"]);
}

#[test]
fn two_dashes_end_the_flags_and_no_word_may_follow() {
    assert_eq!(bool_value(&arguments(&["-once", "--"]), "once"), Some(true));
    assert!(refused(&["-once", "--", "-dry"]).starts_with("unexpected word \"-dry\""));
}

#[test]
fn text_that_is_not_utf_8_is_refused_except_in_a_path() {
    let strange = |flag: &str| OsString::from_vec([flag.as_bytes(), b"s3cret\xff"].concat());
    let program = OsString::from("ctmpl");
    let error = parse([program.clone(), strange("-consul-token=")]).expect_err("no text");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(parse([program.clone(), strange("-nope")]).is_err());
    assert!(parse([program.clone(), strange("")]).is_err());
    assert!(parse([program, strange("-pid-file=")]).is_ok());
}

#[test]
fn flags_without_effect_are_noted_once_and_their_bools_take_no_word() {
    let said = |words: &[&str]| {
        arguments(words)
            .ignored
            .into_iter()
            .map(|said| said.flag)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said(&["-vault-addr", "x", "--vault-ssl", "-once", "-vault-addr=y"]),
        ["--vault-addr", "--vault-ssl"]
    );
    assert_eq!(
        said(&["-dedup", "-vault-retry-attempts", "3"]),
        ["--dedup", "--vault-retry-attempts"]
    );
    assert!(refused(&["-vault-renew-token", "false"]).contains("write --vault-renew-token=true"));
    let all = printed(&["--help"]);
    assert!(
        !all.contains("--vault-addr") && all.contains("flags about Vault"),
        "{all}"
    );
    for name in ["dev", "validate", "config"] {
        assert!(read(&[name, "-vault-addr=x"]).is_ok(), "{name}");
    }
    assert!(
        refused(&["convert", "a", "-vault-addr=x"]).contains("does not go with `ctmpl convert`")
    );
}
