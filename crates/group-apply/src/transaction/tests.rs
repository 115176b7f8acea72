use std::fs;
use std::sync::Arc;
use std::time::Duration;

use process_tree::CommandLine;

use super::*;
use crate::options::{
    CommandConfig, CommandOutput, EnvironmentConfig, FileConfig, GroupConfig, GroupKey, OnFailure,
};
use crate::owed::{Owed, owed};
use crate::write::Writer;
use file_writer::Additional;

/// The group of a command.
fn shell(line: &str, seconds: u64) -> Arc<GroupConfig> {
    Arc::new(GroupConfig::of_command(CommandConfig {
        line: CommandLine::Shell(line.to_owned()),
        action: None,
        timeout: Duration::from_secs(seconds),
        environment: EnvironmentConfig::default(),
        output: CommandOutput::Inherit,
    }))
}

/// The group of a template without a command.
fn alone(job: usize) -> Arc<GroupConfig> {
    Arc::new(GroupConfig::of_key(GroupKey::Alone(job.to_string().into())))
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
        group: alone(job),
        source: None,
        destination: at(name),
        content: b"text".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    });
    let Swap { applied, .. } = write_all(&Writer::new("ctmpl", None), changes.collect());
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
        group: alone(job),
        source: None,
        destination: directory.path().join(job.to_string()),
        content: job.to_string().into_bytes(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    });
    let Swap { applied, .. } = write_all(&Writer::new("ctmpl", None), changes.collect());
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
        group: alone(job),
        source: None,
        destination: at(name),
        content: b"text".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    });
    let Swap { applied, .. } = write_all(&Writer::new("ctmpl", None), changes.collect());
    let (a, c, d) = (at("a"), at("c"), at("d"));
    let expected = [
        Owed {
            group: &reload,
            destinations: vec![&a, &d],
        },
        Owed {
            group: &other,
            destinations: vec![&c],
        },
    ];
    let group_of = |applied: &Applied| plan[applied.job].1.as_ref();
    assert_eq!(owed(&applied, group_of), expected);
}

#[test]
fn debug_does_not_show_the_content() {
    let change = Change {
        job: 1,
        group: alone(1),
        source: None,
        destination: "out".into(),
        content: b"password=hunter2".to_vec(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
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
        let (user, group, content) = (String::new(), String::new(), b"1\n".to_vec());
        Additional {
            path: at(name),
            user,
            group,
            mode: 0o600,
            function: "writeToFile",
            append,
            content,
        }
    };
    let change = || Change {
        job: 0,
        group: alone(0),
        source: None,
        destination: at("out"),
        content: b"text".to_vec(),
        outputs: vec![output("side", false), output("log", true)],
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    };
    let writer = Writer::new("ctmpl", None);
    let staging = Staging::of(&writer, vec![change()]);
    assert!(
        !at("side").exists() && !at("log").exists() && !at("out").exists(),
        "nothing is visible yet"
    );
    // Make the rename fail.
    fs::create_dir(at("out")).unwrap();
    let Swap { mut applied, .. } = staging.swap(&writer);
    let outcome = applied.remove(0).outcome;
    assert_eq!(outcome.unwrap_err().path(), at("out"));
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n");
    // Another process has written the right content; the outputs have changed nevertheless.
    fs::remove_dir(at("out")).unwrap();
    fs::write(at("out"), "text").unwrap();
    let Swap { applied, .. } = write_all(&writer, vec![change()]);
    let reload = shell("reload now", 30);
    assert_eq!(owed(&applied, |_| Some(&reload)).len(), 1);
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n");
    let Swap { applied, .. } = write_all(
        &writer,
        vec![Change {
            content: b"next".to_vec(),
            ..change()
        }],
    );
    let reload = shell("reload now", 30);
    assert_eq!(owed(&applied, |_| Some(&reload)).len(), 1);
    assert_eq!(fs::read_to_string(at("log")).unwrap(), "1\n1\n");
}

/// The changes of one group, whose content is their name.
fn of_one_group(directory: &Path, names: &[&str]) -> Vec<Change> {
    let change = |(job, name): (usize, &&str)| Change {
        job,
        group: Arc::new(GroupConfig::of_key(GroupKey::Named("group".into()))),
        source: None,
        destination: directory.join(name),
        content: name.as_bytes().to_vec(),
        outputs: Vec::new(),
        fresh: true,
        is_approved: false,
        is_restoration: false,
        file: FileConfig::default(),
    };
    names.iter().enumerate().map(change).collect()
}

#[test]
fn a_file_that_cannot_be_staged_holds_its_group_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("b")).unwrap();
    fs::write(at("c"), "old").unwrap();
    let mut changes = of_one_group(directory.path(), &["a", "b", "c"]);
    changes.push(Change {
        job: 3,
        group: alone(3),
        destination: at("d"),
        ..changes[0].clone()
    });
    let Swap { applied, .. } = write_all(&Writer::new("ctmpl", None), changes);
    assert_eq!(applied[0].outcome.as_ref().unwrap(), &Effect::Held);
    assert_eq!(applied[1].outcome.as_ref().unwrap_err().path(), at("b"));
    assert_eq!(applied[2].outcome.as_ref().unwrap(), &Effect::Held);
    assert_eq!(applied[3].outcome.as_ref().unwrap(), &Effect::Written);
    assert!(!at("a").exists());
    assert_eq!(fs::read_to_string(at("c")).unwrap(), "old");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
}

#[test]
fn a_swap_that_fails_restores_the_files_of_its_group() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("b"), "old").unwrap();
    let writer = Writer::new("ctmpl", None);
    let staging = Staging::of(&writer, of_one_group(directory.path(), &["a", "b", "c"]));
    // Make the last rename fail.
    fs::create_dir(at("c")).unwrap();
    let Swap { applied, .. } = staging.swap(&writer);
    assert_eq!(applied[0].outcome.as_ref().unwrap(), &Effect::Held);
    assert_eq!(applied[1].outcome.as_ref().unwrap(), &Effect::Held);
    assert_eq!(applied[2].outcome.as_ref().unwrap_err().path(), at("c"));
    assert!(!at("a").exists());
    assert_eq!(fs::read_to_string(at("b")).unwrap(), "old");
    fs::remove_dir(at("c")).unwrap();
    let changes = of_one_group(directory.path(), &["a", "b", "c"]);
    let Swap { applied, .. } = write_all(&writer, changes);
    assert!(
        applied
            .iter()
            .all(|applied| matches!(applied.outcome, Ok(Effect::Written)))
    );
}

#[test]
fn a_replaced_additional_file_is_kept_with_the_destination_of_its_template() {
    let directory = tempfile::tempdir().unwrap();
    let side = directory.path().join("side");
    let mut changes = of_one_group(directory.path(), &["a"]);
    Arc::make_mut(&mut changes[0].group).on_failure = OnFailure::Rollback;
    changes[0].outputs = vec![Additional {
        path: side.clone(),
        user: String::new(),
        group: String::new(),
        mode: 0o600,
        function: "writeToFile",
        append: false,
        content: b"1".to_vec(),
    }];
    fs::write(directory.path().join("a"), "a").unwrap();
    let Swap { replaced, .. } = write_all(&Writer::new("ctmpl", None), changes);
    let [(_, file)] = replaced.as_slice() else {
        panic!("{replaced:?}")
    };
    assert_eq!(file.previous.destination(), side);
    assert_eq!(file.destination, directory.path().join("a"));
    assert_eq!(file.own(), None);
}
