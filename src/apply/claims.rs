//! Which destination writes which file: no two write the same one, and none writes a template.
//!
//! in:  a destination, where it really is, and the template that is rendered to it
//! out: nothing, or why it cannot be written
//!
//! The configuration compares destinations as texts; here links are followed.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::WriteError;
use super::place::Place;
use crate::template::output::Output;

/// The files that are written, each by one destination.
#[derive(Debug, Default)]
pub(super) struct Claims {
    files: HashMap<File, PathBuf>,
    /// What templates write beside their destinations, with the destination of each.
    outputs: HashMap<File, PathBuf>,
    /// The destinations that were looked at.
    known: BTreeSet<PathBuf>,
}

/// A file by its directory and its name in there, whatever path leads to it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct File {
    device: u64,
    directory: u64,
    name: OsString,
}

impl Claims {
    /// Lets `destination` write the file at `place`, whose directory exists, from now on.
    pub(super) fn claim(
        &mut self,
        destination: &Path,
        place: &Place,
        template: Option<&Path>,
    ) -> Result<(), WriteError> {
        if self.known.contains(destination) {
            return Ok(());
        }
        let refused = |reason: String| {
            Err(WriteError::new(
                "write",
                destination,
                io::Error::other(reason),
            ))
        };
        let found = place.present.as_ref().map(|present| &present.metadata);
        if let Some(template) =
            template.filter(|template| is_same(found, fs::metadata(template).ok().as_ref()))
        {
            return refused(format!("it is its own template {}", template.display()));
        }
        let directory =
            fs::metadata(&place.directory).map_err(WriteError::when("read", &place.directory))?;
        let file = File {
            device: directory.dev(),
            directory: directory.ino(),
            name: place.name.clone(),
        };
        if let Some(other) = self.outputs.get(&file) {
            return refused(format!(
                "the template of {} writes it with writeToFile",
                other.display()
            ));
        }
        if let Some(other) = self.files.get(&file).filter(|other| leads_to(other, &file)) {
            return refused(format!(
                "it is the same file as {}, which another template writes",
                other.display()
            ));
        }
        self.files.insert(file, destination.to_owned());
        self.known.insert(destination.to_owned());
        Ok(())
    }

    /// Lets the template of `destination` write the file `name` in a directory as well, from now on. Several templates
    /// may append to one file.
    pub(super) fn claim_output(
        &mut self,
        destination: &Path,
        output: &Output,
        directory: &Metadata,
        name: &OsStr,
    ) -> Result<(), WriteError> {
        let file = File {
            device: directory.dev(),
            directory: directory.ino(),
            name: name.to_owned(),
        };
        let refused = |reason: String| {
            Err(WriteError::new(
                "write",
                &output.path,
                io::Error::other(reason),
            ))
        };
        if let Some(other) = self.files.get(&file) {
            return refused(format!(
                "it is the same file as {}, which a template is rendered to",
                other.display()
            ));
        }
        match self.outputs.get(&file) {
            Some(owner) if owner == destination || output.append => Ok(()),
            Some(owner) => refused(format!(
                "the template of {} writes it as well",
                owner.display()
            )),
            None => {
                self.outputs.insert(file, destination.to_owned());
                Ok(())
            }
        }
    }
}

/// Does the path still lead to the file? Its directory may have been removed, and another one made that has its number.
fn leads_to(path: &Path, file: &File) -> bool {
    let place = Place::find(path).ok();
    let directory = place
        .as_ref()
        .and_then(|place| fs::metadata(&place.directory).ok());
    place.zip(directory).is_some_and(|(place, directory)| {
        (directory.dev(), directory.ino(), &place.name) == (file.device, file.directory, &file.name)
    })
}

fn is_same(one: Option<&Metadata>, other: Option<&Metadata>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| (one.dev(), one.ino()) == (other.dev(), other.ino()))
}
