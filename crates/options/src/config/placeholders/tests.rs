//! Lines with placeholders, with the shell that runs them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn shell(line: &str) -> CommandLine {
    CommandLine::Shell(line.to_owned())
}

fn direct(words: &[&str]) -> CommandLine {
    CommandLine::Direct(words.iter().map(|word| (*word).to_owned()).collect())
}

/// The arguments that a program gets: the line begins with `printf '%s\0'`, in place of a program.
fn arguments_of(line: &CommandLine, staged: &[PathBuf], tree: Option<&Path>) -> Vec<String> {
    let Expanded { line, environment } = expand(line, staged, tree).expect("expanded");
    let CommandLine::Direct(words) = line else {
        panic!("the shell gets arguments: {line:?}");
    };
    let output = Command::new(&words[0])
        .args(&words[1..])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(environment)
        .output()
        .expect("a process");
    assert!(output.status.success(), "{words:?}: {output:?}");
    let output = String::from_utf8(output.stdout).expect("a text");
    let mut arguments: Vec<_> = output.split('\0').map(str::to_owned).collect();
    assert_eq!(arguments.pop().as_deref(), Some(""), "{words:?}");
    arguments
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

#[test]
fn each_file_is_one_argument_whatever_its_name() {
    let files = [
        "/a b", "/c'd", "/e\"f", "/$HOME", "/`id`", "/g\nh", "/*", "/{tree}", "-n",
    ];
    let cases = [
        ("{staged}", &files[..]),
        ("\"{staged}\"", &files),
        ("'{staged}'", &files),
    ];
    for (word, expected) in cases {
        let line = shell(&format!("printf '%s\\0' {word}"));
        assert_eq!(
            arguments_of(&line, &paths(&files), None),
            expected,
            "{word}"
        );
    }
    let line = direct(&["printf", "%s\\0", "{staged}"]);
    assert_eq!(arguments_of(&line, &paths(&files), None), files);
}

#[test]
fn a_part_of_an_argument_of_a_list_is_repeated() {
    let line = direct(&[
        "p",
        "-t",
        "--file={staged}:{tree}/x",
        "{tree}",
        "{staged}",
        "{}",
    ]);
    let expanded = expand(
        &line,
        &paths(&["/a", "/{tree}"]),
        Some(Path::new("/t {staged}")),
    );
    let expected = direct(&[
        "p",
        "-t",
        "--file=/a:/t {staged}/x",
        "--file=/{tree}:/t {staged}/x",
        "/t {staged}",
        "/a",
        "/{tree}",
        "{}",
    ]);
    let expanded = expanded.expect("expanded");
    assert_eq!(expanded.line, expected);
    assert_eq!(expanded.environment, [("CTMPL_TREE", "/t {staged}".into())]);
    let nothing = expand(&direct(&["p", "{staged}"]), &[], None);
    assert_eq!(nothing.expect("expanded").line, direct(&["p"]));
}

#[test]
fn a_line_gets_the_quotes_that_its_position_needs() {
    let cases = [
        ("nginx -t -c {staged}", "nginx -t -c \"$@\""),
        (
            "nginx -p {tree} -c {tree}/nginx.conf",
            "nginx -p \"$CTMPL_TREE\" -c \"$CTMPL_TREE\"/nginx.conf",
        ),
        ("nginx -c \"{tree}/a b\"", "nginx -c \"${CTMPL_TREE}/a b\""),
        (
            "sh -c 'x {staged} {tree}_y'",
            "sh -c 'x '\"$@\"' '\"$CTMPL_TREE\"'_y'",
        ),
        ("x \"it's {staged}\"", "x \"it's $@\""),
        (
            "x \"$(y {staged} \"{tree}\")\" '{staged}'",
            "x \"$(y \"$@\" \"${CTMPL_TREE}\")\" ''\"$@\"''",
        ),
        (
            "x ${A:-{tree}} \"${A:-{tree}}\"",
            "x ${A:-\"$CTMPL_TREE\"} \"${A:-${CTMPL_TREE}}\"",
        ),
        (
            "(cd {tree} && x) # don't {staged}\ny",
            "(cd \"$CTMPL_TREE\" && x) # don't {staged}\ny",
        ),
        ("x \\{staged} \\\" {staged}", "x \\{staged} \\\" \"$@\""),
        ("x a#b' {staged}'", "x a#b' '\"$@\"''"),
        ("x {other} {staged", "x {other} {staged"),
        ("x $((1 + 2)) {staged}", "x $((1 + 2)) \"$@\""),
        (
            "case $1 in a) x {staged} ;; esac",
            "case $1 in a) x \"$@\" ;; esac",
        ),
    ];
    for (line, expected) in cases {
        let (replaced, _) = super::shell::replace(line).expect(line);
        assert_eq!(replaced, expected, "{line}");
    }
}

#[test]
fn the_placeholders_of_a_line_are_found() {
    let found = |staged, part_of_word, tree| Used {
        staged,
        part_of_word,
        tree,
    };
    let cases = [
        (shell("x {staged}"), found(true, false, false)),
        (shell("x {tree}/a;y '{staged}'"), found(true, false, true)),
        (
            shell("x \"{staged}\" >/dev/null"),
            found(true, false, false),
        ),
        (shell("x --file={staged}"), found(true, true, false)),
        (shell("x {staged}.new"), found(true, true, false)),
        (shell("sh -c 'x {staged}'"), found(true, true, false)),
        (shell("x \"a{staged}\""), found(true, true, false)),
        (shell("x \\{staged} # {tree}"), found(false, false, false)),
        (direct(&["x", "--file={staged}"]), found(true, false, false)),
        (direct(&["x", "{tree}/a"]), found(false, false, true)),
        (direct(&["{tree}/x"]), found(false, false, true)),
        (direct(&["x", "{Staged}"]), found(false, false, false)),
    ];
    for (line, expected) in cases {
        assert_eq!(used(&line), Ok(expected), "{line:?}");
    }
}

#[test]
fn a_line_whose_placeholders_cannot_be_replaced_is_an_error() {
    let cases = [
        (shell("x '{staged}"), "the line has no closing `'`"),
        (shell("x \"{staged}"), "the line has no closing `\"`"),
        (shell("x $(y {tree}"), "the line has no closing `)`"),
        (shell("x ${y {tree}"), "the line has no closing `}`"),
        (
            shell("x `y {tree}`"),
            "a placeholder cannot be in backticks; write $(…) instead",
        ),
        (
            shell("x {tree} <<EOF\n'\nEOF"),
            "cannot have a here-document",
        ),
        (direct(&["{staged}"]), "{staged} cannot be the program"),
    ];
    for (line, expected) in cases {
        let error = used(&line).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
        assert!(expand(&line, &[], None).is_err());
    }
    let name = PathBuf::from(OsStr::from_bytes(b"/\xff"));
    let error = expand(&shell("x {staged}"), std::slice::from_ref(&name), None);
    assert_eq!(error, Err(PlaceholderError::NotText(name)));
}

/// A file name; it cannot have a NUL.
fn a_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^\0]{1,12}",
        r#"[ '"$`\\\n*?{}()#;&|<>~=!-]{1,8}"#,
        Just("{staged}".to_owned()),
        Just("$(exit 3)".to_owned()),
    ]
}

/// A part of a word: what is written, and the text that it stands for in a directory.
#[derive(Clone, Debug)]
enum Part {
    Bare(String),
    Single(String),
    Double(String),
    BareTree,
    SingleTree,
    DoubleTree,
    Substitution,
}

impl Part {
    fn written(&self) -> String {
        match self {
            Self::Bare(text) => text.clone(),
            Self::Single(text) => format!("'{text}'"),
            Self::Double(text) => format!("\"{text}\""),
            Self::BareTree => TREE.to_owned(),
            Self::SingleTree => format!("'a {TREE} b'"),
            Self::DoubleTree => format!("\"a {TREE} b\""),
            // Without the last dot, the shell drops line ends.
            Self::Substitution => format!("\"$(printf '%s.' {TREE} \"{TREE}\" '{TREE}')\""),
        }
    }

    fn meaning(&self, tree: &str) -> String {
        match self {
            Self::Bare(text) | Self::Single(text) | Self::Double(text) => text.clone(),
            Self::BareTree => tree.to_owned(),
            Self::SingleTree | Self::DoubleTree => format!("a {tree} b"),
            Self::Substitution => format!("{tree}.{tree}.{tree}."),
        }
    }
}

fn a_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        "[a-z0-9/._-]{1,5}".prop_map(Part::Bare),
        r#"[a-z "$`\\\n#(){}<>;]{0,5}"#.prop_map(Part::Single),
        r"[a-z '\n#(){}<>;]{0,5}".prop_map(Part::Double),
        Just(Part::BareTree),
        Just(Part::SingleTree),
        Just(Part::DoubleTree),
        Just(Part::Substitution),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_program_gets_the_names_as_they_are(
        files in vec(a_name(), 1..4),
        tree in a_name(),
        words in vec(vec(a_part(), 1..4), 0..4),
        quotes in "['\"]?",
    ) {
        let mut line = format!("printf '%s\\0' {quotes}{STAGED}{quotes}");
        let mut expected = files.clone();
        for word in words {
            line.push(' ');
            line.extend(word.iter().map(Part::written));
            expected.push(word.iter().map(|part| part.meaning(&tree)).collect());
        }
        let files: Vec<_> = files.iter().map(PathBuf::from).collect();
        let arguments = arguments_of(&shell(&line), &files, Some(Path::new(&tree)));
        prop_assert_eq!(arguments, expected, "{}", line);
    }

    #[test]
    fn no_line_is_a_panic(line in r#"([ a-z'"$`\\(){}#<\n]|\{staged\}|\{tree\}){0,16}"#) {
        if let Ok((replaced, found)) = super::shell::replace(&line) {
            prop_assert_eq!(found == Used::default(), replaced == line, "{}", line);
        }
    }
}
