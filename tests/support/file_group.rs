//! A group of files with one command, for tests that kill the daemon or break its file systems.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use consul_dev::{Background, Seed};

use super::ctmpl::{Ctmpl, Folder, daemon, text};
use super::eventually;

/// The number of files in the usual group.
pub const FILES: usize = 20;

/// How long files and commands are observed that must not change or run.
const QUIET: Duration = Duration::from_millis(1500);

/// The group `g`: files with a number and the value of the key `version`, and a command that counts its runs.
pub struct Group {
    /// The files, and `runs`, which the command writes.
    pub folder: Folder,
    /// The server with the key `version`.
    pub consul: Background,
    files: Vec<String>,
}

impl Group {
    /// Creates a group without further settings.
    pub fn new() -> Self {
        Self::with("")
    }

    /// Creates a group with these settings; `FOLDER` stands for the folder.
    pub fn with(settings: &str) -> Self {
        let files = (0..FILES).map(|number| format!("out/{number}"));
        Self::of(files.collect(), settings)
    }

    /// Creates a group of these files.
    pub fn of(files: Vec<String>, settings: &str) -> Self {
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        let group = Self {
            folder: Folder::new(),
            consul,
            files,
        };
        group.add("g", &group.files, "runs", settings);
        group
    }

    /// Adds a group of files to the configuration. Its command writes the first file to `runs`.
    pub fn add(&self, name: &str, files: &[String], runs: &str, settings: &str) {
        let path = |name: &str| text(&self.folder.path(name));
        let settings = settings.replace("FOLDER", path("").trim_end_matches('/'));
        let (first, runs) = (path(&files[0]), path(runs));
        let before = self.folder.read("ctmpl.hcl");
        let group = format!(
            "group \"{name}\" {{\n  command = \"cat {first} >>{runs}; echo >>{runs}\"\n{settings}\n}}\n"
        );
        let template = |(number, file): (usize, &String)| {
            let destination = path(file);
            format!(
                "template {{\n  group = \"{name}\"\n  destination = \"{destination}\"\n  \
                 contents = \"{number} {{{{ key \\\"version\\\" }}}}\"\n}}\n"
            )
        };
        let templates: String = files.iter().enumerate().map(template).collect();
        self.folder
            .write("ctmpl.hcl", &[before, group, templates].concat());
    }

    /// Starts the daemon; with a point, it kills itself there.
    pub fn start(&self, point: Option<&str>) -> Ctmpl {
        let mut command = self.command(&self.folder.path("state"));
        if let Some(point) = point {
            command.env("CTMPL_FAULT_POINT", point);
        }
        Ctmpl::spawn(command)
    }

    /// Starts the daemon, and waits until version 1 is applied.
    pub fn start_applied(&self) -> Ctmpl {
        let ctmpl = self.start(None);
        self.applies("1", 1);
        ctmpl
    }

    /// Starts the daemon with another state directory.
    pub fn start_with(&self, state: &Path) -> Ctmpl {
        Ctmpl::spawn(self.command(state))
    }

    fn command(&self, state: &Path) -> Command {
        let mut command = daemon(&self.folder, self.consul.address());
        command.env("STATE_DIRECTORY", state);
        command
    }

    /// The version of each file.
    pub fn versions(&self) -> Vec<String> {
        let files = self.files.iter();
        files.map(|file| self.version_of(file)).collect()
    }

    /// The version of a file; empty if there is none.
    pub fn version_of(&self, file: &str) -> String {
        version_in(&self.folder.read(file))
    }

    /// Returns `true` if all files have this version.
    pub fn are_all(&self, version: &str) -> bool {
        self.versions().iter().all(|own| own == version)
    }

    /// The versions that the command has seen.
    pub fn runs(&self) -> Vec<String> {
        self.runs_of("runs")
    }

    /// The versions that the command of an [added](Self::add) group has seen.
    pub fn runs_of(&self, runs: &str) -> Vec<String> {
        self.folder.read(runs).lines().map(version_in).collect()
    }

    /// Waits until all files have this version, and the command has run this many times.
    pub fn applies(&self, version: &str, runs: usize) {
        eventually("the files are written, and the command has run", || {
            self.are_all(version) && self.runs().len() == runs
        });
    }

    /// Asserts that the files keep this version, and that the command does not run.
    pub fn stays(&self, version: &str, runs: usize) {
        let begun = Instant::now();
        while begun.elapsed() < QUIET {
            assert!(self.are_all(version), "{:?}", self.versions());
            assert_eq!(self.runs().len(), runs);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The number of temporary files.
    pub fn temporary_files(&self) -> usize {
        let paths = self.files.iter().map(|file| self.folder.path(file));
        let directories = paths.filter_map(|path| path.parent().map(Path::to_owned));
        let directories: std::collections::BTreeSet<_> = directories.collect();
        let entries = directories
            .iter()
            .flat_map(|own| fs::read_dir(own).unwrap());
        let is_temporary = |name: &str| name.starts_with('.');
        entries
            .flatten()
            .filter(|entry| is_temporary(&entry.file_name().to_string_lossy()))
            .count()
    }
}

fn version_in(content: &str) -> String {
    content.split(' ').nth(1).unwrap_or_default().to_owned()
}
