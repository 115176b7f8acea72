//! A group of 20 files with one command, for tests that kill the daemon.

use std::fs;

use consul_dev::{Background, Seed};

use super::ctmpl::{Ctmpl, Folder, command, text};

/// The number of files in the group.
pub const FILES: usize = 20;

/// A group of files with one command, which counts its runs.
pub struct Group {
    /// The files in `out`, and `runs`, which the command writes.
    pub folder: Folder,
    /// The server with the key `version`.
    pub consul: Background,
}

impl Group {
    /// Creates a group without further settings.
    pub fn new() -> Self {
        Self::with("")
    }

    /// Creates a group with these settings; `FOLDER` stands for the folder.
    pub fn with(settings: &str) -> Self {
        let folder = Folder::new();
        let consul = crate::support::embedded(Seed::default().key("version", "1"));
        let template = |number: usize| {
            let destination = text(&folder.path(&format!("out/{number}")));
            format!(
                "template {{\n  group = \"g\"\n  destination = \"{destination}\"\n  \
                 contents = \"{number} {{{{ key \\\"version\\\" }}}}\"\n}}\n"
            )
        };
        let templates: String = (0..FILES).map(template).collect();
        let runs = text(&folder.path("runs"));
        let first = text(&folder.path("out/0"));
        let settings = settings.replace("FOLDER", &text(&folder.path("")));
        folder.write(
            "ctmpl.hcl",
            &format!(
                "group \"g\" {{\n  command = \"cat {first} >>{runs}; echo >>{runs}\"\n{settings}}}\n{templates}"
            ),
        );
        Self { folder, consul }
    }

    /// Starts the daemon; with a point, it kills itself there.
    pub fn start(&self, point: Option<&str>) -> Ctmpl {
        let mut command = command();
        command
            .arg(format!("--consul-addr={}", self.consul.address()))
            .arg(format!("--config={}", text(&self.folder.path("ctmpl.hcl"))))
            .arg("--log-level=debug")
            .env("STATE_DIRECTORY", self.folder.path("state"));
        if let Some(point) = point {
            command.env("CTMPL_FAULT_POINT", point);
        }
        Ctmpl::spawn(command)
    }

    /// The version of each file.
    pub fn versions(&self) -> Vec<String> {
        let version = |number: usize| {
            let content = self.folder.read(&format!("out/{number}"));
            content.split(' ').nth(1).unwrap_or_default().to_owned()
        };
        (0..FILES).map(version).collect()
    }

    /// Returns `true` if all files have this version.
    pub fn are_all(&self, version: &str) -> bool {
        self.versions().iter().all(|own| own == version)
    }

    /// The versions that the command has seen.
    pub fn runs(&self) -> Vec<String> {
        let lines = self.folder.read("runs");
        let version = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
        lines.lines().map(version).collect()
    }

    /// The number of temporary files.
    pub fn temporary_files(&self) -> usize {
        let entries = fs::read_dir(self.folder.path("out")).unwrap().flatten();
        let is_temporary = |name: &str| name.starts_with('.');
        entries
            .filter(|entry| is_temporary(&entry.file_name().to_string_lossy()))
            .count()
    }
}
