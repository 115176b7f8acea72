//! The arguments of subcommands.

use super::*;

/// One that was forgotten printed the JSON Schema.
#[test]
fn each_declared_command_is_read() {
    let declared = documented();
    let names = declared.get_subcommands().map(clap::Command::get_name);
    for name in names {
        if let Err(CliError::UnknownCommand { name, .. }) = read(&[name]) {
            panic!("{name} is declared, but not read");
        }
    }
    assert!(matches!(read(&["schema"]), Ok(Command::Schema)));
}

#[test]
fn a_conversion_takes_a_file_and_its_own_flags() {
    let convert = |words: &[&str]| match read(&[&["convert"], words].concat()) {
        Ok(Command::Convert(arguments)) => *arguments,
        other => panic!("{words:?}: {other:?}"),
    };
    let path =
        |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let arguments = convert(&[
        "-data",
        "d.yaml",
        "a.ctmpl",
        "-o",
        "a.j2",
        "--left-delimiter=<<",
    ]);
    assert_eq!(arguments.file.to_str(), Some("a.ctmpl"));
    assert_eq!(path(&arguments.data).as_deref(), Some("d.yaml"));
    assert_eq!(path(&arguments.output).as_deref(), Some("a.j2"));
    assert_eq!(arguments.left_delimiter.as_deref(), Some("<<"));
    assert_eq!(
        convert(&["--consul-addr=x:1", "dev"])
            .consul
            .last("--consul-addr")
            .and_then(std::ffi::OsStr::to_str),
        Some("x:1")
    );
    assert_eq!(convert(&["--", "--data"]).file.to_str(), Some("--data"));
    assert!(printed(&["convert", "-h"]).contains("--data"));
}

#[test]
fn functions_takes_one_name() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Functions(name)) => name,
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(parsed(&["functions"]), None);
    assert_eq!(parsed(&["functions", "key"]).as_deref(), Some("key"));
    // An operand, not the subcommand of that name.
    assert_eq!(parsed(&["functions", "dev"]).as_deref(), Some("dev"));
    assert!(printed(&["functions", "-help"]).contains("ctmpl functions [NAME]"));
    assert!(printed(&["-help"]).contains("ctmpl functions [NAME]"));
    assert!(refused(&["functions", "key", "ls"]).contains("unexpected word \"ls\""));
    assert_eq!(
        parsed(&["functions", "--", "--once"]).as_deref(),
        Some("--once")
    );
    for words in [
        ["functions", "--once"],
        ["functions", "--listen=x"],
        ["functions", "--data=x"],
    ] {
        assert!(
            refused(&words).contains("does not go with `ctmpl functions`"),
            "{words:?}"
        );
    }
    assert!(refused(&["functions", "--nonsense"]).contains("unknown flag --nonsense"));
    assert!(refused(&["--once", "functions"]).contains("`functions` must come first"));
}

#[test]
fn migrate_takes_one_file_and_a_format() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Migrate(MigrateArguments { to, file })) => (to, file.display().to_string()),
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(parsed(&["migrate", "a.hcl"]), (None, "a.hcl".to_owned()));
    for words in [
        ["migrate", "-to=toml", "a.hcl"].as_slice(),
        &["migrate", "a.hcl", "--to", "toml"],
    ] {
        assert_eq!(parsed(words), (Some("toml".to_owned()), "a.hcl".to_owned()));
    }
    assert!(refused(&["migrate"]).contains("migrate"));
    assert!(refused(&["migrate", "a", "b"]).contains("unexpected word \"b\""));
    assert!(refused(&["migrate", "a", "--once"]).contains("does not go with `ctmpl migrate`"));
}

#[test]
fn schema_takes_nothing() {
    assert!(matches!(read(&["schema"]), Ok(Command::Schema)));
    assert!(refused(&["schema", "x"]).contains("unexpected word \"x\""));
    assert!(refused(&["schema", "--once"]).contains("does not go with `ctmpl schema`"));
}

#[test]
fn render_takes_one_file_and_its_data() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Render(RenderArguments { data, file })) => (data, file),
        other => panic!("{words:?}: {other:?}"),
    };
    let (data, file) = parsed(&["render", "--data", "d.yaml", "a.ctmpl"]);
    assert_eq!(
        (data, file),
        (Some("d.yaml".into()), std::path::PathBuf::from("a.ctmpl"))
    );
    assert_eq!(parsed(&["render", "a.ctmpl"]).0, None);
    assert!(refused(&["render"]).contains("write `ctmpl render [FLAGS] FILE`"));
    assert!(matches!(read(&["init"]), Ok(Command::Init)));
    assert!(refused(&["init", "x"]).contains("unexpected word \"x\""));
}

#[test]
fn history_takes_at_most_one_file() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::History(arguments)) => arguments,
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(parsed(&["history"]).destination, None);
    assert!(!parsed(&["history"]).json);
    let arguments = parsed(&["history", "-json", "--state-dir", "/s", "/a"]);
    assert_eq!(arguments.destination, Some("/a".into()));
    assert_eq!(arguments.state_dir, Some("/s".into()));
    assert!(arguments.json);
    assert!(refused(&["history", "a", "b"]).contains("unexpected word \"b\""));
}

#[test]
fn diff_takes_a_file_and_up_to_two_generations() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Diff(arguments)) => (arguments.from, arguments.to),
        other => panic!("{words:?}: {other:?}"),
    };
    assert_eq!(parsed(&["diff", "/a"]), (None, None));
    assert_eq!(parsed(&["diff", "/a", "3"]), (Some(3), None));
    assert_eq!(parsed(&["diff", "/a", "3", "5"]), (Some(3), Some(5)));
    assert!(refused(&["diff"]).contains("write `ctmpl diff [FLAGS] DEST`"));
    let wrong = refused(&["diff", "/a", "x"]);
    assert!(wrong.contains("invalid value 'x' for '[A]'"), "{wrong}");
    assert!(refused(&["diff", "/a", "0"]).contains("'0'"));
    assert!(refused(&["diff", "/a", "1", "2", "3"]).contains("unexpected word \"3\""));
}

#[test]
fn approve_takes_a_file_or_lists_all() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Approve(arguments)) => arguments,
        other => panic!("{words:?}: {other:?}"),
    };
    let arguments = parsed(&["approve", "--json"]);
    assert_eq!((arguments.destination, arguments.json), (None, true));
    let arguments = parsed(&["approve", "/a", "--state-dir=/s"]);
    assert_eq!(arguments.destination.as_deref(), Some("/a".as_ref()));
    assert_eq!(arguments.state_dir.as_deref(), Some("/s".as_ref()));
    assert!(refused(&["approve", "a", "b"]).contains("unexpected word \"b\""));
}

#[test]
fn rollback_takes_a_file_and_a_generation() {
    let parsed = |words: &[&str]| match read(words) {
        Ok(Command::Rollback(arguments)) => arguments,
        other => panic!("{words:?}: {other:?}"),
    };
    let arguments = parsed(&["rollback", "/a", "3", "--hold", "1h"]);
    assert_eq!(arguments.generation, Some(3));
    assert_eq!(arguments.hold.as_deref(), Some("1h"));
    assert!(!arguments.release);
    let arguments = parsed(&["rollback", "--release", "/a"]);
    assert_eq!((arguments.release, arguments.generation), (true, None));
    assert!(refused(&["rollback"]).contains("DEST"));
    assert!(refused(&["rollback", "/a", "--json"]).contains("does not go with"));
}
