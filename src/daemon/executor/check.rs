//! Checks the staged files of a group.
//!
//! Input: the group, and its files. Output: [`Checked`], or a [`CheckFailure`].

mod explain;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ctmpl_options::config::placeholders::expand;
use ctmpl_options::config::resolved::Job;
use error_line::chain;
use group_apply::options::{
    CheckConfig, CheckMethod, CommandConfig, CommandOutput, EnvironmentConfig, GroupConfig,
    Program, Variable,
};
use group_apply::transaction::StagedFile;
use process_tree::CommandLine;
use reload_checks::{
    BuiltinCheck, CheckProgram, PreparedCheck, ShadowOptions, ShadowTree,
    StagedFile as ReplacedFile,
};
use tokio::task::spawn_blocking;

use self::explain::Names;
use crate::command;
use crate::daemon::event::{CheckFailure, Checked};

/// The program in the names of copies of trees.
const PROGRAM: &str = "ctmpl";

/// A check that is ready to run.
struct Prepared {
    command: CommandConfig,
    /// The command without what enters the tree, for messages.
    shown: String,
    /// The tree that the command sees; kept until it has ended.
    shadow: Option<ShadowTree>,
    /// The names that the command sees.
    names: Names,
}

/// Removes the copies of trees that killed processes have left behind.
pub(super) fn remove_leftovers() {
    let options = ShadowOptions::of(PROGRAM);
    reload_checks::remove_leftovers(&options.scratch, PROGRAM);
}

/// Runs the check of a group.
pub(super) async fn check(
    group: &GroupConfig,
    files: Vec<StagedFile>,
    jobs: Vec<Arc<Job>>,
    context: command::Context<'_>,
) -> Result<Checked, CheckFailure> {
    let begun = Instant::now();
    let mut result = run(group, files.clone(), context).await;
    if let Err(failure) = &mut result {
        failure.took = begun.elapsed();
        let lines = failure.last_lines.clone();
        // Reading files blocks.
        let explained = spawn_blocking(move || {
            (
                explain::places(&lines, &files, &jobs),
                explain::size(&files),
            )
        });
        if let Ok((places, change)) = explained.await {
            (failure.places, failure.change) = (places, change);
        }
    }
    result
}

async fn run(
    group: &GroupConfig,
    files: Vec<StagedFile>,
    context: command::Context<'_>,
) -> Result<Checked, CheckFailure> {
    let begun = Instant::now();
    let Some(check) = group.check.clone() else {
        return Ok(Checked {
            took: begun.elapsed(),
            method: None,
        });
    };
    let failed = |error: String| CheckFailure {
        error,
        ..CheckFailure::default()
    };
    // Reading a tree blocks.
    let prepared = spawn_blocking(move || prepare(&check, &files)).await;
    // The text of a lost task may quote values.
    let prepared = prepared.map_err(|_| failed("the check could not be prepared".to_owned()))?;
    let Prepared {
        command,
        shown,
        shadow,
        names,
    } = prepared.map_err(failed)?;
    let method = shadow
        .as_ref()
        .map(|shadow| match shadow.fallback_reason() {
            Some(reason) => format!("{} ({reason})", shadow.method()),
            None => shadow.method().to_string(),
        });
    match command::run(&command, context).await {
        Ok(_) => Ok(Checked {
            took: begun.elapsed(),
            method,
        }),
        Err(failure) => Err(CheckFailure {
            error: names.known(&chain(&failure.error).replace(&command.line.to_string(), &shown)),
            last_lines: failure
                .last_lines
                .iter()
                .map(|line| names.known(line))
                .collect(),
            ..CheckFailure::default()
        }),
    }
}

fn prepare(check: &CheckConfig, files: &[StagedFile]) -> Result<Prepared, String> {
    let is_new = |file: &&StagedFile| file.is_changed;
    let replaced: Vec<_> = files.iter().filter(is_new).filter_map(replaced).collect();
    match &check.method {
        CheckMethod::Command(command) => {
            of_command(command, check.tree.as_deref(), files, &replaced)
        }
        CheckMethod::Builtin(program, timeout) => {
            let check_program = match program {
                Program::Nginx => CheckProgram::Nginx,
                Program::Haproxy => CheckProgram::Haproxy,
                Program::Apache => CheckProgram::Apache,
            };
            let builtin = BuiltinCheck::find(check_program).map_err(|error| chain(&error))?;
            let options = ShadowOptions::of(PROGRAM);
            let prepared = builtin.prepare(check.tree.as_deref(), &replaced, &options);
            let PreparedCheck { words, shadow } = prepared.map_err(|error| chain(&error))?;
            Ok(Prepared {
                names: names(check.tree.as_deref(), shadow.as_ref(), &replaced),
                command: CommandConfig {
                    line: CommandLine::Direct(words),
                    action: None,
                    timeout: *timeout,
                    environment: EnvironmentConfig::default(),
                    output: CommandOutput::Log,
                },
                shown: format!("the built-in check of {check_program}"),
                shadow,
            })
        }
    }
}

fn of_command(
    command: &CommandConfig,
    tree: Option<&Path>,
    files: &[StagedFile],
    replaced: &[ReplacedFile],
) -> Result<Prepared, String> {
    let shadow = tree.map(|tree| ShadowTree::prepare(tree, replaced, &ShadowOptions::of(PROGRAM)));
    let shadow = shadow.transpose().map_err(|error| chain(&error))?;
    let paths: Vec<PathBuf> = match (&shadow, tree) {
        (Some(shadow), Some(tree)) => {
            let shown = |file: &StagedFile| {
                let below = file.destination.strip_prefix(tree);
                below.map_or_else(
                    |_| file.destination.clone(),
                    |below| Path::new(shadow.tree()).join(below),
                )
            };
            files.iter().map(shown).collect()
        }
        // A file that has not changed stands for itself.
        _ => files.iter().map(|file| file.shown().to_owned()).collect(),
    };
    let shown_tree = shadow.as_ref().map(|shadow| Path::new(shadow.tree()));
    let expanded = expand(&command.line, &paths, shown_tree).map_err(|error| chain(&error))?;
    let configured = command.line.to_string();
    let mut command = command.clone();
    command.line = match (&shadow, expanded.line) {
        (Some(shadow), CommandLine::Direct(words)) => CommandLine::Direct(shadow.command(words)),
        (_, line) => line,
    };
    for (name, value) in expanded.environment {
        command.environment.custom.push(Variable {
            name: name.to_owned(),
            value: Some(value.to_string_lossy().into_owned()),
        });
    }
    Ok(Prepared {
        names: names(tree, shadow.as_ref(), replaced),
        command,
        shown: configured,
        shadow,
    })
}

/// The names of the staged files and of the tree, as the command sees them.
fn names(tree: Option<&Path>, shadow: Option<&ShadowTree>, replaced: &[ReplacedFile]) -> Names {
    let mut names = Names::default();
    for file in replaced {
        names.add(&file.staged, &file.destination);
    }
    if let Some(shadow) = shadow {
        for (shown, file) in shadow.staged().iter().zip(replaced) {
            names.add(Path::new(shown), &file.destination);
        }
        if let Some(tree) = tree {
            names.add(Path::new(shadow.tree()), tree);
        }
    }
    names
}

fn replaced(file: &StagedFile) -> Option<ReplacedFile> {
    Some(ReplacedFile {
        staged: file.staged.clone()?,
        destination: file.destination.clone(),
    })
}
