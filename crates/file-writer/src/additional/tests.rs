use std::error::Error as _;
use std::os::unix::fs::{MetadataExt as _, symlink};

use super::*;
use crate::options::FileOptions;
use crate::write::Swapped;

fn file(path: &Path, content: &str) -> Additional {
    Additional {
        path: path.into(),
        user: String::new(),
        group: String::new(),
        mode: 0o640,
        function: "write_file",
        append: false,
        content: content.into(),
    }
}

fn reason(error: &WriteError) -> String {
    error.source().unwrap().to_string()
}

#[test]
fn a_file_is_replaced_with_its_mode_unless_it_is_current() {
    let directory = tempfile::tempdir().unwrap();
    let (out, side) = (
        directory.path().join("out"),
        directory.path().join("a/side"),
    );
    let writer = Writer::new("example");
    assert!(!file(&side, "text").is_current().unwrap());
    let Stage::Staged(staged) = writer.stage_additional(&out, &file(&side, "text")).unwrap() else {
        panic!("it is missing")
    };
    assert!(!side.exists());
    Swapped::flush(vec![staged.swap().unwrap()]);
    assert_eq!(fs::read(&side).unwrap(), b"text");
    assert_eq!(fs::metadata(&side).unwrap().mode() & 0o7777, 0o640);
    assert!(file(&side, "text").is_current().unwrap());
    let again = writer.stage_additional(&out, &file(&side, "text"));
    assert!(matches!(again, Ok(Stage::Unchanged)));
}

#[test]
fn content_is_appended_unless_it_is_present() {
    let directory = tempfile::tempdir().unwrap();
    let (out, side) = (directory.path().join("out"), directory.path().join("side"));
    fs::write(&side, "1\n").unwrap();
    let writer = Writer::new("example");
    let append = |content: &str, unless_present| {
        let append = writer.stage_append(&out, file(&side, content)).unwrap();
        append.run(unless_present).unwrap().is_some()
    };
    assert!(append("2\n", true));
    assert!(!append("2\n", true), "the file ends with it");
    assert!(append("2\n", false));
    assert_eq!(fs::read_to_string(&side).unwrap(), "1\n2\n2\n");
}

#[test]
fn a_link_is_refused_as_the_file_and_as_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("target"), "old").unwrap();
    symlink("target", at("link")).unwrap();
    symlink("folder", at("linked")).unwrap();
    let writer = Writer::new("example");
    for path in [at("link"), at("linked/file")] {
        for error in [
            file(&path, "new").check().unwrap_err(),
            file(&path, "new").is_current().unwrap_err(),
            writer
                .stage_additional(&at("out"), &file(&path, "new"))
                .unwrap_err(),
            writer
                .stage_append(&at("out"), file(&path, "new"))
                .unwrap_err(),
        ] {
            assert!(reason(&error).contains("is a symlink"), "{error}");
        }
    }
    assert_eq!(fs::read(at("target")).unwrap(), b"old");
}

#[test]
fn one_file_has_one_template_that_writes_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let writer = Writer::new("example");
    writer
        .stage_additional(&at("out"), &file(&at("side"), "text"))
        .unwrap();
    let other = writer.stage_additional(&at("other"), &file(&at("side"), "text"));
    let error = other.unwrap_err();
    assert_eq!(
        reason(&error),
        format!("the template of {} writes it as well", at("out").display())
    );
    let own = writer.stage(&at("side"), b"text", None, &FileOptions::default());
    assert_eq!(
        reason(&own.unwrap_err()),
        format!(
            "the template of {} writes it with write_file",
            at("out").display()
        )
    );
}

#[test]
fn a_path_with_two_dots_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    fs::create_dir(directory.path().join("certs")).unwrap();
    let writer = Writer::new("example");
    for name in [
        "certs/../escaped",
        "certs/../../escaped",
        "certs/a/../b",
        "..",
        "../escaped",
        "certs/..",
    ] {
        let path = directory.path().join(name);
        let file = file(&path, "x");
        let errors = [
            writer.stage_additional(&out, &file).unwrap_err(),
            writer.stage_append(&out, file.clone()).unwrap_err(),
            file.check().unwrap_err(),
            file.is_current().unwrap_err(),
        ];
        for error in errors {
            assert!(reason(&error).contains("contains .."), "{name}: {error}");
        }
    }
    for name in ["certs/..hidden", "certs/a..b", "certs/...", "certs/./a"] {
        let path = directory.path().join(name);
        let staged = writer.stage_additional(&out, &file(&path, "x"));
        assert!(matches!(staged, Ok(Stage::Staged(_))), "{name}");
    }
    assert!(!directory.path().join("escaped").exists());
}

fn write(path: &str, append: bool, content: &str) -> Additional {
    Additional {
        append,
        ..file(Path::new(path), content)
    }
}

#[test]
fn several_writes_to_one_file_are_merged() {
    let steps = [
        ("a", true, "1"),
        ("b", false, "2"),
        ("a", true, "3"),
        ("b", true, "4"),
        ("c", true, "5"),
    ];
    let merged = Additional::merged(
        steps
            .iter()
            .map(|(path, append, text)| write(path, *append, text))
            .collect(),
    );
    assert_eq!(
        merged,
        [
            write("a", true, "13"),
            write("b", false, "24"),
            write("c", true, "5")
        ]
    );
    let replaced = Additional::merged(vec![
        write("a", true, "1"),
        Additional {
            mode: 0o644,
            ..write("a", false, "2")
        },
    ]);
    assert_eq!(
        replaced,
        [Additional {
            mode: 0o644,
            ..write("a", false, "2")
        }]
    );
}

#[test]
fn the_content_is_not_in_the_debug_form() {
    let text = format!("{:?}", write("a", true, "hunter2"));
    assert!(
        text.contains("7 bytes") && !text.contains("hunter2"),
        "{text}"
    );
}
