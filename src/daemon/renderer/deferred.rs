//! Files that another template is about to write.
//!
//! In `-once`, a file is read once. If it is the destination of a template, it is read when that template is written, so
//! that a template that reads it renders the new content. The daemon watches files, and renders again instead.
//!
//! Input: the new files that templates request, and the templates that are settled. Output: the files to read.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path};

use super::template_state::TemplateState;
use crate::query::{FileQuery, Query};

/// The files that are not read yet.
#[derive(Debug)]
pub(super) struct DeferredFiles {
    is_on: bool,
    files: Vec<FileQuery>,
}

impl DeferredFiles {
    /// Creates the list; files are deferred if it `is_on`.
    pub(super) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            files: Vec::new(),
        }
    }

    /// Returns `true` if no file is deferred.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Puts aside the files that other templates write. Returns the others.
    pub(super) fn defer(
        &mut self,
        new: Vec<FileQuery>,
        templates: &[TemplateState],
    ) -> Vec<FileQuery> {
        if !self.is_on {
            return new;
        }
        let (deferred, others): (Vec<_>, Vec<_>) = new
            .into_iter()
            .partition(|file| writer(templates, file).is_some());
        self.files.extend(deferred);
        others
    }

    /// Takes the files whose templates are settled: written, or unable to be.
    pub(super) fn take_ready(
        &mut self,
        templates: &[TemplateState],
        settled: &BTreeSet<usize>,
    ) -> Vec<FileQuery> {
        let files = std::mem::take(&mut self.files);
        let is_awaited = |file: &FileQuery| {
            writer(templates, file).is_some_and(|writer| !settled.contains(&writer.number()))
        };
        // Templates that wait for one another would wait forever.
        let mut unsettled = templates
            .iter()
            .filter(|template| !settled.contains(&template.number()));
        let is_stuck = unsettled.all(|template| files.iter().any(|file| requests(template, file)));
        let (awaited, ready) = files
            .into_iter()
            .partition(|file| !is_stuck && is_awaited(file));
        self.files = awaited;
        ready
    }
}

/// The template that writes this file, unless it is the file of a template that reads it, or of its group, whose files are
/// written together.
fn writer<'a>(templates: &'a [TemplateState], file: &FileQuery) -> Option<&'a TemplateState> {
    let is_destination = |template: &&TemplateState| {
        let destination = template.job().destination.as_deref();
        destination.is_some_and(|destination| is_same(destination, &file.path))
    };
    let writer = templates.iter().find(is_destination)?;
    let mut readers = templates.iter().filter(|other| requests(other, file));
    let is_own =
        readers.any(|reader| reader.number() == writer.number() || shares_group(reader, writer));
    (!is_own).then_some(writer)
}

fn requests(template: &TemplateState, file: &FileQuery) -> bool {
    let mut queries = template.queries();
    queries.any(|query| matches!(&**query, Query::File(own) if own == file))
}

fn shares_group(one: &TemplateState, other: &TemplateState) -> bool {
    let (one, other) = (one.job(), other.job());
    match (&one.group, &other.group) {
        (None, None) => one.command.is_some() && one.command == other.command,
        (one, other) => one == other,
    }
}

/// Returns `true` if the paths are the same, apart from `.` in them.
fn is_same(one: &Path, other: &Path) -> bool {
    let parts = |path| -> Vec<&OsStr> {
        let parts = Path::components(path);
        let named = parts.filter(|part| *part != Component::CurDir);
        named.map(Component::as_os_str).collect()
    };
    parts(one) == parts(other)
}
