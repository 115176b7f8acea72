//! The changes of files that the daemon would make, and the commands that they require.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use consul_render::{Absence, Rendering, Template};
use ctmpl_options::config::resolved::Job;
use error_line::chain;
use file_writer::Additional;
use group_apply::options::STANDARD_OUTPUT;

use crate::additional_files::additional_files;
use crate::commands::diff::unified;
use crate::commands::state::same_file;

/// What would become of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It stays.
    Unchanged,
    /// It does not exist yet.
    Created,
    /// It is replaced.
    Changed,
    /// It would be created or replaced, but `ctmpl rollback` holds it.
    Held,
    /// It stays, because the template fails or data is missing. The texts name the reasons.
    Failed(Vec<String>),
}

/// The plan for the file of a template.
#[derive(Clone, Debug)]
pub(super) struct FilePlan {
    /// The template.
    pub(super) template: String,
    /// The file; empty if the template is only printed.
    pub(super) destination: PathBuf,
    /// What would become of it.
    pub(super) state: State,
    /// The difference; empty without a change.
    pub(super) diff: String,
    /// The files of `writeToFile` that would change.
    pub(super) additional: Vec<PathBuf>,
}

impl FilePlan {
    /// Compares a rendering with the disk.
    pub(super) fn of(job: &Job, template: &Template, rendering: &Rendering) -> Self {
        let name = job.source.name();
        let destination = job.destination.clone().unwrap_or_default();
        let failed = |problems| Self {
            template: name.clone(),
            destination: destination.clone(),
            state: State::Failed(problems),
            diff: String::new(),
            additional: Vec::new(),
        };
        if !rendering.dependencies.is_complete() {
            return failed(missing(&name, template, rendering));
        }
        let text = match &rendering.text {
            Ok(text) => text,
            Err(error) => return failed(vec![chain(error)]),
        };
        let is_printed = destination == Path::new(STANDARD_OUTPUT);
        let old = match content(&destination) {
            _ if is_printed => None,
            Ok(old) => old,
            Err(error) => {
                let path = destination.display();
                return failed(vec![format!("{name}: cannot read {path}: {error}")]);
            }
        };
        let label = |exists: bool| {
            let shown = if exists {
                &*destination
            } else {
                Path::new("/dev/null")
            };
            shown.display().to_string()
        };
        let state = match &old {
            None => State::Created,
            Some(old) if old == text.as_bytes() => State::Unchanged,
            Some(_) => State::Changed,
        };
        let diff = unified(
            old.as_deref().unwrap_or_default(),
            text.as_bytes(),
            &label(old.is_some()),
            &label(true),
        );
        let additional = Additional::merged(additional_files(rendering.outputs.clone()));
        let additional = additional.into_iter().filter(|output| {
            output.append
                || !content(&output.path).is_ok_and(|old| old.as_deref() == Some(&*output.content))
        });
        Self {
            template: name.clone(),
            destination: destination.clone(),
            state,
            diff,
            additional: additional.map(|output| output.path).collect(),
        }
    }

    /// The same plan if `ctmpl rollback` holds these files.
    pub(super) fn with_holds(self, held: &[PathBuf]) -> Self {
        let is_held = std::path::absolute(&self.destination)
            .is_ok_and(|destination| same_file(&destination, held).is_some());
        if !is_held || !self.is_change() {
            return self;
        }
        Self {
            state: State::Held,
            diff: String::new(),
            additional: Vec::new(),
            ..self
        }
    }

    /// Returns `true` if a file would be written.
    pub(super) fn is_change(&self) -> bool {
        matches!(self.state, State::Created | State::Changed) || !self.additional.is_empty()
    }

    /// The reasons for which the file cannot be written.
    pub(super) fn problems(&self) -> &[String] {
        match &self.state {
            State::Failed(problems) => problems,
            State::Unchanged | State::Created | State::Changed | State::Held => &[],
        }
    }
}

/// The content of a file; `None` if it does not exist.
fn content(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match safe_read::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The missing data of a template with the places that request it.
fn missing(name: &str, template: &Template, rendering: &Rendering) -> Vec<String> {
    let dependencies = &rendering.dependencies;
    let line = |(query, absence): (&_, &_)| {
        let site = dependencies.sites.get(query);
        let place = match site.and_then(|site| template.place(site)) {
            Some((file, place)) => format!("{file}:{}", place.line),
            None => name.to_owned(),
        };
        let reason = match absence {
            Absence::Unanswered => "it is not answered",
            Absence::NoSuchKey => "the key does not exist, so the template waits for it",
            Absence::NothingBelow => "there is no such key, so the template waits for one",
        };
        format!("{place}: {query}: {reason}")
    };
    dependencies.missing.iter().map(line).collect()
}

/// The commands that would run, each once, in their order.
pub(super) fn commands(jobs: &[Job], files: &[FilePlan]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let changed = jobs.iter().zip(files).filter(|(_, file)| file.is_change());
    let commands = changed.filter_map(|(job, _)| job.applied_with().command.clone());
    commands
        .map(|command| command.line.to_string())
        .filter(|command| known.insert(command.clone()))
        .collect()
}
