use std::fs;
use std::time::Duration;

use crate::config::resolved::CommandLine;

use super::*;
use crate::config::resolved::{CommandOutput, EnvironmentConfig};

fn shell(line: &str, seconds: u64) -> CommandConfig {
    CommandConfig {
        line: CommandLine::Shell(line.to_owned()),
        timeout: Duration::from_secs(seconds),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    }
}

#[test]
fn a_failure_does_not_affect_other_files() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("directory")).unwrap();
    fs::write(at("same"), "text").unwrap();
    let destinations = ["first", "directory", "same", "deep/last"];
    let changes = destinations.iter().enumerate().map(|(job, name)| Change {
        job,
        source: None,
        destination: at(name),
        content: b"text".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        file: FileConfig::default(),
    });
    let applied = write_all(&mut Writer::default(), changes.collect());
    let jobs: Vec<_> = applied.iter().map(|applied| applied.job).collect();
    assert_eq!(jobs, [0, 1, 2, 3]);
    assert_eq!(applied[0].outcome.as_ref().unwrap(), &Effect::Written);
    let error = applied[1].outcome.as_ref().unwrap_err();
    assert_eq!(error.path(), at("directory"));
    assert_eq!(applied[2].outcome.as_ref().unwrap(), &Effect::Unchanged);
    assert_eq!(applied[3].outcome.as_ref().unwrap(), &Effect::Written);
    for name in ["first", "same", "deep/last"] {
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "text");
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        4,
        "no temporary file is left"
    );
}

#[test]
fn a_thousand_files_do_not_need_a_thousand_descriptors() {
    let directory = tempfile::tempdir().unwrap();
    let changes = (0..1_500).map(|job| Change {
        job,
        source: None,
        destination: directory.path().join(job.to_string()),
        content: job.to_string().into_bytes(),
        outputs: Vec::new(),
        fresh: true,
        file: FileConfig::default(),
    });
    let applied = write_all(&mut Writer::default(), changes.collect());
    assert_eq!(applied.len(), 1_500);
    assert!(
        applied
            .iter()
            .all(|applied| matches!(applied.outcome, Ok(Effect::Written)))
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1_500);
}

#[test]
fn commands_are_owed_once_each_in_the_order_of_the_templates() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("same"), "text").unwrap();
    let (reload, other) = (shell("nginx -s reload", 30), shell("true true", 30));
    let plan = [
        ("same", Some(shell("not owed", 30))),
        ("a", Some(reload.clone())),
        ("b", None),
        ("c", Some(other.clone())),
        ("d", Some(shell("nginx -s reload", 5))),
        ("same/impossible", Some(shell("not owed either", 30))),
    ];
    let changes = plan.iter().enumerate().map(|(job, (name, _))| Change {
        job,
        source: None,
        destination: at(name),
        content: b"text".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        file: FileConfig::default(),
    });
    let applied = write_all(&mut Writer::default(), changes.collect());
    let (a, c, d) = (at("a"), at("c"), at("d"));
    let expected = [
        Owed {
            command: &reload,
            destinations: vec![&a, &d],
        },
        Owed {
            command: &other,
            destinations: vec![&c],
        },
    ];
    let command_of = |applied: &Applied| plan[applied.job].1.as_ref();
    assert_eq!(owed(&applied, command_of), expected);
}

#[test]
fn debug_does_not_show_the_content() {
    let change = Change {
        job: 1,
        source: None,
        destination: "out".into(),
        content: b"password=hunter2".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        file: FileConfig::default(),
    };
    let text = format!("{change:?}");
    assert!(
        text.contains("16 bytes") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn an_error_after_an_output_was_written_appends_once_and_owes_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let output = |name: &str, append| {
        let (user, group, content) = (String::new(), String::new(), "1\n".to_owned());
        Output {
            path: at(name),
            user,
            group,
            mode: 0o600,
            append,
            content,
        }
    };
    let change = || Change {
        job: 0,
        source: None,
        destination: at("out"),
        content: b"text".to_vec(),
        outputs: vec![output("side", false), output("log", true)],
        fresh: true,
        file: FileConfig::default(),
    };
    let mut writer = Writer::default();
    let (applied, ready) = stage(&mut writer, change());
    assert!(
        !at("side").exists() && !at("log").exists() && !at("out").exists(),
        "nothing is visible yet"
    );
    // Make the rename fail.
    fs::create_dir(at("out")).unwrap();
    let applied = swap(&mut writer, applied, ready, &mut Vec::new());
    assert_eq!(applied.outcome.unwrap_err().path(), at("out"));
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n");
    // Another process has written the right content; the outputs have changed nevertheless.
    fs::remove_dir(at("out")).unwrap();
    fs::write(at("out"), "text").unwrap();
    let applied = write_all(&mut writer, vec![change()]);
    let reload = shell("reload now", 30);
    assert_eq!(owed(&applied, |_| Some(&reload)).len(), 1);
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n");
    let applied = write_all(
        &mut writer,
        vec![Change {
            content: b"next".to_vec(),
            ..change()
        }],
    );
    let reload = shell("reload now", 30);
    assert_eq!(owed(&applied, |_| Some(&reload)).len(), 1);
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n1\n");
}
