//! The commands in the documents.
//!
//! in:  a page in Markdown
//! out: its blocks of commands, and a place where they can be run

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::ctmpl::{Folder, text};

/// What a block can be: to be tried anywhere, meant for a server, or one of the project's own scripts; without a word
/// it is no command.
const KINDS: [&str; 14] = [
    "",
    "sh",
    "sh pages",
    "sh convert",
    "sh migrate",
    "sh server",
    "sh demo",
    "sh build",
    "sh test",
    "sh config",
    "sh exec",
    "hcl",
    "yaml",
    "toml",
];

/// The blocks of a README that begin with exactly these words after the three backticks.
pub fn blocks(readme: &str, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if let Some(own) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            if own == words {
                found.push(block.join("\n"));
            } else {
                assert!(
                    KINDS.contains(&own),
                    "no test reads a block that begins with ```{own}"
                );
            }
        }
    }
    found
}

/// The examples and the templates as they are, in a folder where commands may write.
pub fn copy(folder: &Folder) {
    let mut copied = 0;
    let mut left: Vec<_> = ["examples", "templates"].map(PathBuf::from).to_vec();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            let copy = folder.path(&text(&path));
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&path, copy).unwrap();
            copied += 1;
        }
    }
    assert!(copied > 20, "{copied} files");
    fs::create_dir(folder.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_ctmpl"), folder.path("bin/ctmpl")).unwrap();
}

/// A shell in a directory of such a folder, for which `ctmpl` is the binary under test.
pub fn shell(folder: &Folder, directory: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    let path = format!("{}:/usr/bin:/bin", text(&folder.path("bin")));
    shell
        .arg("-eu")
        .current_dir(folder.path(directory))
        .env_clear()
        .env("PATH", path);
    shell.stdin(Stdio::null());
    shell
}
